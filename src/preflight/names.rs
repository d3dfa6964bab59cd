//! Names that a file uses and nobody defines.

use overskill_syntax::{Language, Name};

use super::{
    App, File, Severity, exports::is_unreadable, finding::Finding, imports::specifier,
    nearest::nearest,
};

/// The most modules that are named in advice.
const MOST_MODULES: usize = 3;

/// Reports the names of one file that are defined nowhere.
pub(super) fn check<'a>(
    app: &App<'a, '_>,
    path: &'a str,
    file: &'a File<'a>,
    findings: &mut Vec<Finding<'a>>,
) {
    if is_unreadable(file) || is_of_node(app, path) || app.exports.is_common_js(path) {
        return;
    }
    for name in &file.facts.unresolved {
        let Some(start) = place(file.content, name) else {
            continue;
        };
        // A list of exports must name what is there.
        let mut exports = file
            .facts
            .exports
            .iter()
            .filter(|export| export.from.is_none());
        let exported = exports.any(|export| export.local == name.name && !export.type_only);
        let severity = if name.element || exported {
            app.failing(path)
        } else {
            Severity::Warning
        };
        findings.push(Finding {
            path,
            start,
            severity,
            code: "undefined_name",
            message: if name.element {
                format!("The component `{}` is not defined.", name.name)
            } else {
                format!("`{}` is not defined.", name.name)
            },
            suggestion: app.advice(|| advice(app, path, file, &name.name)),
        });
    }
}

/// Where a name stands that nobody defines. Of `process`, Vite knows `process.env.NODE_ENV` and puts its value there.
fn place(content: &str, name: &Name) -> Option<usize> {
    if name.name != "process" {
        return Some(name.start);
    }
    let rest = content.get(name.start..).unwrap_or_default();
    let mut places = rest.match_indices("process").filter_map(|(at, _)| {
        let before = rest.get(..at).and_then(|before| before.chars().next_back());
        let from_here = rest.get(at..).unwrap_or_default();
        let whole = before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.')))
            && from_here.starts_with("process.");
        (whole && !from_here.starts_with("process.env.NODE_ENV")).then_some(name.start + at)
    });
    places.next()
}

/// Files that Node runs have names that a browser has not.
fn is_of_node(app: &App<'_, '_>, path: &str) -> bool {
    let declarations = Language::of(path) == Some(Language::Declarations);
    declarations || (path.contains(".config.") && !app.reach.is_in_browser(path))
}

fn advice(app: &App<'_, '_>, path: &str, file: &File<'_>, name: &str) -> Option<String> {
    match name {
        "React" => {
            return Some(
                "Write `import * as React from \"react\"`, or import what you use by its name."
                    .to_owned(),
            );
        }
        "process" if path.starts_with("functions/") => {
            return Some(
                "A function has no `process`: what it is told comes in `env`, the second argument of its `fetch`.".to_owned(),
            );
        }
        "process" => {
            return Some("A browser has no `process`: write `import.meta.env` instead.".to_owned());
        }
        "require" => {
            return Some(
                "A browser has no `require`: write an `import` at the top of the file.".to_owned(),
            );
        }
        _ => {}
    }
    let modules = exporters(app, path, name);
    match modules.as_slice() {
        [] => {
            let declared = file
                .facts
                .declarations
                .iter()
                .map(|declaration| declaration.name.as_str());
            let imported = file.facts.imports.iter().flat_map(|import| &import.names);
            let known = declared.chain(imported.map(|name| name.local.as_str()));
            match nearest(name, known) {
                Some(meant) => Some(format!(
                    "Did you mean `{meant}`? Otherwise import or define it."
                )),
                None => Some("Import it, or define it.".to_owned()),
            }
        }
        [only] => Some(format!("Write `import {{ {name} }} from \"{only}\"`.")),
        [first, others @ ..] => {
            let others: Vec<String> = others.iter().map(|other| format!("\"{other}\"")).collect();
            Some(format!(
                "Write `import {{ {name} }} from \"{first}\"`, or take it from {}.",
                others.join(" or ")
            ))
        }
    }
}

/// The modules that export a value of this name: files of the app first, then packages.
pub(super) fn exporters(app: &App<'_, '_>, importer: &str, name: &str) -> Vec<String> {
    let defines = |file: &File<'_>| {
        let mut exports = file.facts.exports.iter();
        exports.any(|export| export.name == name && !export.type_only && export.from.is_none())
    };
    let own = app.tree.iter().filter(|(path, file)| {
        **path != importer
            && name != "default"
            && Language::of(path) != Some(Language::Declarations)
            && defines(file)
    });
    let packages = app.vendor.exporters(name).filter(|module| {
        let segments = if module.starts_with('@') { 2 } else { 1 };
        let package: Vec<&str> = module.split('/').take(segments).collect();
        app.resolver.config.declares(app.vendor, &package.join("/"))
    });
    own.map(|(path, _)| specifier(importer, path))
        .chain(packages)
        .take(MOST_MODULES)
        .collect()
}
