//! What the Worker embeds: the list of the foundation's files, each with `include_bytes!`, for `src/template`; the console's files and
//! the description of the API without what is there for their readers alone, for `src/edge` and `src/http`.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

const FOUNDATION: &str = "templates/foundation";
const CONSOLE: &str = "src/console";
const OPENAPI: &str = "src/http/openapi.json";

/// What tools leave behind in the folder and no app starts with.
const LEFT_OUT: [&str; 3] = ["node_modules", "dist", "coverage"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    embed_foundation(&package.join(FOUNDATION), &out)?;
    embed_console(&package.join(CONSOLE), &out.join("console"))?;
    let description: String = fs::read_to_string(package.join(OPENAPI))?
        .lines()
        .map(str::trim_start)
        .collect();
    fs::write(out.join("openapi.json"), description)?;
    for file in ["build.rs", CONSOLE, OPENAPI] {
        println!("cargo::rerun-if-changed={file}");
    }
    Ok(())
}

fn embed_console(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let is_code = path
            .extension()
            .is_some_and(|kind| kind == "js" || kind == "css");
        let text = if is_code {
            lean(&text).map_err(|line| format!("{}: {line}", path.display()))?
        } else {
            text
        };
        fs::write(to.join(path.file_name().unwrap_or_default()), text)?;
    }
    Ok(())
}

/// Scripts and style sheets without the lines that are comments and nothing else, and without indentation. No text in the console's
/// sources goes over several lines, so that this changes none. A line that is half a comment is an error.
fn lean(text: &str) -> Result<String, String> {
    let mut lean = String::new();
    let mut is_comment = false;
    for line in text.lines().map(str::trim) {
        let begins = !is_comment && line.starts_with("/*");
        if begins || is_comment {
            if line.contains("*/") && !line.ends_with("*/") {
                return Err(format!("code stands behind a comment: {line}"));
            }
            is_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            lean.push_str(line);
            lean.push('\n');
        }
    }
    Ok(lean)
}

fn embed_foundation(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    if files.is_empty() {
        return Err(format!("{FOUNDATION} holds no files").into());
    }
    files.sort();

    let mut list = String::from("&[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={FOUNDATION}/{file}");
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
