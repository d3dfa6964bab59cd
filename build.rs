//! What the Worker embeds: the list of the foundation's files, each with `include_bytes!`, for `src/template`; of the one that stands
//! beside it, what there is to know.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

const FOUNDATION: &str = "templates/foundation";

/// The file of the foundation that the Worker does not carry.
const BESIDE: &str = "package-lock.json";

/// What tools leave behind in the folder and no app starts with.
const LEFT_OUT: [&str; 3] = ["node_modules", "dist", "coverage"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    embed_foundation(&package.join(FOUNDATION), &out)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

fn embed_foundation(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    if files.is_empty() {
        return Err(format!("{FOUNDATION} holds no files").into());
    }
    files.sort();

    let beside = fs::read(root.join(BESIDE))?;
    let hash: String = Sha256::digest(&beside)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let known = format!("({BESIDE:?}, {hash:?}, {})\n", beside.len());
    fs::write(out.join("beside.rs"), known)?;

    let mut list = String::from("&[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={FOUNDATION}/{file}");
        if file == BESIDE {
            continue;
        }
        let source = root.join(file);
        writeln!(
            list,
            "    ({file:?}, include_bytes!({:?})),",
            source.display().to_string()
        )?;
    }
    list.push_str("]\n");
    fs::write(out.join("foundation.rs"), list)?;
    Ok(())
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    // Cargo watches a folder with all that is below it. The top one holds node_modules, which every build touches:
    // there only the files are watched, and a test notices one that was added.
    if !prefix.is_empty() {
        println!("cargo::rerun-if-changed={FOUNDATION}/{prefix}");
    }
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let entry = entry?;
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| format!("{name:?} is not UTF-8"))?;
        if !belongs(&name) {
            continue;
        }
        let path = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn belongs(name: &str) -> bool {
    // The foundation has no files with a leading dot: what has one belongs to a tool.
    !name.starts_with('.')
        && !LEFT_OUT.contains(&name)
        && !name.ends_with(".tsbuildinfo")
        && !name.ends_with(".log")
        && !name.ends_with('~')
}
