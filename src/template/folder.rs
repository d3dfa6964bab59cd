//! Which files of the foundation's folder are the foundation: those that are no tool's. Compiled into the build script, for what is
//! embedded natively, and into `xtask`, for what stands beside the Worker.

use std::{fs, io, path::Path};

/// What tools leave behind in the folder and no app starts with.
const LEFT_OUT: [&str; 3] = ["node_modules", "dist", "coverage"];

/// The paths of a foundation's files, relative to its folder, with `/` between names. Sorted.
///
/// # Errors
/// When the folder cannot be read, holds no files, or a name is not UTF-8.
pub(crate) fn files(root: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    if files.is_empty() {
        return Err(io::Error::other(format!(
            "{} holds no files",
            root.display()
        )));
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| io::Error::other(format!("{name:?} is not UTF-8")))?;
        if !belongs(&name) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
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
