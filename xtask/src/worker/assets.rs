//! The files that stand beside the Worker as static assets: the console, minified, the API's description, the foundation
//! in one file, and what its packages export.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::node::Node;
use crate::{place, process};

/// Where they are, in the Worker's folder; `wrangler.toml` names it.
pub(crate) const FOLDER: &str = "static";

#[path = "../../../src/template/folder.rs"]
mod folder;

/// The foundation's files: one JSON object, text by path.
const FOUNDATION: &str = "foundation.json";

/// All that they are made of but the foundation, in a fixed order.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn sources() -> Result<Vec<PathBuf>> {
    let folder = place::root().join("src/console");
    let mut files = fs::read_dir(&folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    files.push(place::root().join("src/http/openapi.json"));
    files.push(place::root().join("templates/vendor-exports.txt"));
    Ok(files)
}

/// The foundation as one file.
///
/// # Errors
/// When a file of it cannot be read, or is not text.
pub(crate) fn foundation() -> Result<String> {
    let root = place::foundation();
    let mut files = BTreeMap::new();
    for path in folder::files(&root)? {
        let text = fs::read_to_string(root.join(&path))
            .with_context(|| format!("the foundation's {path} is no text that can be read"))?;
        files.insert(path, text);
    }
    Ok(serde_json::to_string(&files)?)
}

/// Makes them anew in the Worker's folder.
///
/// # Errors
/// When a script or a style sheet of the console is not one.
pub(crate) fn replace(node: &Node, worker: &Path) -> Result<()> {
    let [staging, out] = [format!("{FOLDER}.new"), FOLDER.to_owned()].map(|name| worker.join(name));
    clear(&staging)?;
    let code = staging.join("console");
    fs::create_dir_all(&code)?;
    fs::write(staging.join(FOUNDATION), foundation()?)?;
    let mut esbuild = node.command();
    esbuild.arg(place::root().join("node_modules/esbuild/bin/esbuild"));
    for file in sources()? {
        match file.extension().and_then(|kind| kind.to_str()) {
            Some("js" | "css") => {
                esbuild.arg(file);
            }
            Some("json") => {
                let description: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
                fs::write(staging.join("openapi.json"), description.to_string())?;
            }
            _ => {
                let name = file.file_name().context("a file without a name")?;
                fs::copy(&file, staging.join(name))?;
            }
        }
    }
    esbuild
        .args(["--minify", "--log-level=warning", "--target=es2024"])
        .arg(format!("--outdir={}", code.display()));
    process::quiet(&mut esbuild)?;
    clear(&out)?;
    fs::rename(staging, out)?;
    Ok(())
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}
