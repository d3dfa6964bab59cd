//! What is embedded natively: the list of the foundation's files, each with `include_str!`, for `src/template`. The Worker reads them
//! from beside it, and does not change with them.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

#[path = "src/template/folder.rs"]
mod folder;

const FOUNDATION: &str = "templates/foundation";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/template/folder.rs");
    if env::var_os("CARGO_FEATURE_EDGE").is_some() {
        return Ok(());
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    embed_foundation(&package.join(FOUNDATION), &out)
}

fn embed_foundation(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let files = folder::files(root)?;
    // Cargo watches a folder with all that is below it. The top one holds node_modules, which every build touches:
    // there only the files are watched, and a test notices one that was added.
    let folders = files.iter().filter_map(|file| Path::new(file).parent());
    let folders: BTreeSet<&Path> = folders.filter(|folder| *folder != Path::new("")).collect();
    for folder in folders {
        println!("cargo::rerun-if-changed={FOUNDATION}/{}", folder.display());
    }
    let mut list = String::from("&[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={FOUNDATION}/{file}");
        let source = root.join(file).display().to_string();
        writeln!(list, "    ({file:?}, include_str!({source:?})),")?;
    }
    list.push_str("]\n");
    fs::write(out.join("foundation.rs"), list)?;
    Ok(())
}
