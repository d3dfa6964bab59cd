//! What is refused before a build, because building it would run the app's own code in the builder.

use std::{fs, io, path::Path};

use overskill::{build::Diagnostic, project::ProjectPath};

use crate::locate::at_rules;

/// Plugins of Tailwind that the builder has itself, if it has extras (`tailwind3.mjs` names the same).
const PLUGINS: [&str; 5] = [
    "tailwindcss-animate",
    "@tailwindcss/typography",
    "@tailwindcss/forms",
    "@tailwindcss/aspect-ratio",
    "@tailwindcss/container-queries",
];
/// What the builder reads as files. A folder of such a name is no mistake of Vite's, and so it is told here.
const FILES: [&str; 4] = [
    "index.html",
    "package-lock.json",
    "package.json",
    "tsconfig.json",
];

/// Looks through the sources. Any error found here means that there is no build. `extras`: whether the builder has plugins
/// of its own.
pub(crate) fn inspect(sources: &Path, extras: bool) -> io::Result<Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    for path in files(sources)? {
        let extension = path.extension().to_ascii_lowercase();
        if matches!(
            extension.as_str(),
            "css" | "pcss" | "postcss" | "scss" | "sass" | "less" | "html" | "htm"
        ) {
            let bytes = fs::read(sources.join(path.as_str()))?;
            let text = String::from_utf8_lossy(&bytes);
            diagnostics.extend(tailwind_code(&path, &text, extras));
        }
    }
    for name in FILES.into_iter().filter(|name| sources.join(name).is_dir()) {
        let told = Diagnostic::error(
            "entry",
            format!("`{name}` is a folder, and must be a file."),
        );
        diagnostics.push(told.advising("Give the folder another name."));
    }
    if !sources.join("index.html").exists() {
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

fn list(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Whether what follows `@plugin` is the plain name of a plugin that the builder has.
fn is_of_the_builder(rest: &str) -> bool {
    let rest = rest.trim_start();
    let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return false;
    };
    let Some((name, after)) = rest.get(1..).and_then(|rest| rest.split_once(quote)) else {
        return false;
    };
    PLUGINS.contains(&name) && after.trim_start().starts_with([';', '{'])
}

/// Tailwind imports the file that a `@plugin` or `@config` names, and runs it.
fn tailwind_code(path: &ProjectPath, style: &str, extras: bool) -> Vec<Diagnostic> {
    at_rules(style)
        .map(|(position, name, rest)| (position, name.to_ascii_lowercase(), rest))
        .filter(|(_, name, rest)| match name.as_str() {
            "plugin" => !(extras && is_of_the_builder(rest)),
            name => name == "config",
        })
        .map(|(position, name, _)| (position, name))
        // More are never told, and each costs a look at the lines around it.
        .take(Diagnostic::MAX_PER_BUILD)
        .map(|((line, column), name)| {
            Diagnostic::error(
                "tailwind_code",
                format!("`@{name}` is not allowed: it would run code while building."),
            )
            .in_file(path.clone())
            .at(style, line, Some(column))
            .advising(if extras {
                format!("Use `@theme`, `@utility` and `@custom-variant` in the style sheet instead. The plugins that the builder has are {}.", list(&PLUGINS))
            } else {
                "Use `@theme`, `@utility` and `@custom-variant` in the style sheet instead.".to_owned()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugins_are_those_that_the_worker_finds_among_the_extras() {
        let script = include_str!("../tailwind3.mjs");
        let list = script
            .split_once("export const PLUGINS = [")
            .and_then(|(_, rest)| rest.split_once(']'))
            .map(|(list, _)| list)
            .unwrap();
        let named: Vec<&str> = list
            .split(", ")
            .map(|name| name.trim_matches('"'))
            .collect();
        assert_eq!(named, PLUGINS);
        let extras: serde_json::Value =
            serde_json::from_str(include_str!("../package.json")).unwrap();
        for name in PLUGINS {
            assert!(extras["dependencies"][name].is_string(), "{name}");
        }
    }

    #[test]
    fn only_the_plain_name_of_a_plugin_is_the_builders_own() {
        for (rest, expected) in [
            (" \"tailwindcss-animate\";", true),
            (" '@tailwindcss/typography' {", true),
            (" \"./tailwindcss-animate\";", false),
            (" \"tailwindcss-animate/../../app/x.js\";", false),
            (" \"tailwindcss-anim\\61te\";", false),
            (" \"tailwindcss-animate\" \"./x.js\";", false),
            (" tailwindcss-animate;", false),
            (" \"tailwindcss-animate", false),
            ("", false),
        ] {
            assert_eq!(is_of_the_builder(rest), expected, "{rest}");
        }
    }
}
