//! What is refused before a build, because building it would run the app's own code in the builder.

use std::{fs, io, path::Path};

use overskill::{build::Diagnostic, project::ProjectPath};

use crate::locate::at_rules;

/// Looks through the sources. Any error found here means that there is no build.
pub(crate) fn inspect(sources: &Path) -> io::Result<Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    for path in files(sources)? {
        let extension = path.extension().to_ascii_lowercase();
        if matches!(
            extension.as_str(),
            "css" | "pcss" | "postcss" | "scss" | "sass" | "less" | "html" | "htm"
        ) {
            let bytes = fs::read(sources.join(path.as_str()))?;
            let text = String::from_utf8_lossy(&bytes);
            diagnostics.extend(tailwind_code(&path, &text));
        }
    }
    if !sources.join("index.html").is_file() {
        diagnostics.push(
            Diagnostic::error("entry", "The project has no `index.html`.").advising(
                "Add `index.html` with a `<script type=\"module\" src=\"/src/main.tsx\">`.",
            ),
        );
    }
    Ok(diagnostics)
}

/// Every source, ordered by path.
pub(crate) fn files(sources: &Path) -> io::Result<Vec<ProjectPath>> {
    let mut files = Vec::new();
    if !sources.symlink_metadata()?.is_dir() {
        // After a build it may be anything.
        return Ok(files);
    }
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(sources.join(&folder))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file()
                && let Ok(path) = path.parse()
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Tailwind imports the file that a `@plugin` or `@config` names, and runs it.
fn tailwind_code(path: &ProjectPath, style: &str) -> Vec<Diagnostic> {
    at_rules(style)
        .map(|(position, name)| (position, name.to_ascii_lowercase()))
        .filter(|(_, name)| matches!(name.as_str(), "plugin" | "config"))
        // More are never told, and each costs a look at the lines around it.
        .take(Diagnostic::MAX_PER_BUILD)
        .map(|((line, column), name)| {
            Diagnostic::error(
                "tailwind_code",
                format!("`@{name}` is not allowed: it would run code while building."),
            )
            .in_file(path.clone())
            .at(style, line, Some(column))
            .advising("Use `@theme`, `@utility` and `@custom-variant` in the style sheet instead.")
        })
        .collect()
}
