//! Files that import each other in a circle: which of them runs first, and whether it then uses what is not there yet.
//!
//! Only what is left once types are stripped counts, and only static imports: `import()` waits.

use overskill_syntax::{DeclarationKind, Import, ImportKind, ImportedName};

use super::{
    App, File, Severity,
    exports::Found,
    finding::Finding,
    form::Form,
    reach::{Loads, is_kept},
    resolve::Resolved,
    written,
};
use crate::sorted::SortedSet;

/// The most circles that one check reports.
const MOST_CYCLES: usize = 20;
/// The most files of a circle that are named.
const MOST_NAMED: usize = 6;

/// A file that is being run, and how many of its imports were followed.
struct Open<'a> {
    path: &'a str,
    imports: Vec<(&'a Import, &'a str)>,
    next: usize,
}

/// Follows the imports in the order in which a browser runs the files.
pub(super) fn check<'a>(app: &App<'a, '_>, findings: &mut Vec<Finding<'a>>) {
    let mut known = SortedSet::new();
    let mut found = 0;
    let pages = app
        .tree
        .keys()
        .copied()
        .filter(|path| *path == "index.html");
    let all = app.tree.keys().copied();
    for start in pages
        .chain(all)
        .filter(|path| app.reach.is_in_browser(path))
    {
        if !known.insert(start) {
            continue;
        }
        let mut stack = vec![open(app, start)];
        while let Some(top) = stack.last_mut() {
            let Some((import, target)) = top.imports.get(top.next).copied() else {
                stack.pop();
                continue;
            };
            top.next += 1;
            if known.insert(target) {
                stack.push(open(app, target));
            } else if let Some(begin) = stack.iter().position(|open| open.path == target) {
                let circle: Vec<&str> = stack.iter().skip(begin).map(|open| open.path).collect();
                findings.extend(reported(app, &circle, import));
                found += 1;
                if found == MOST_CYCLES {
                    return;
                }
            }
        }
    }
}

fn open<'a>(app: &App<'a, '_>, path: &'a str) -> Open<'a> {
    let imports = app.tree.get(path).map(|file| &file.facts.imports);
    let followed = imports.into_iter().flatten().filter_map(|import| {
        let file = app.tree.get(path)?;
        Some((import, target(app, path, file, import)?))
    });
    Open {
        path,
        imports: followed.collect(),
        next: 0,
    }
}

/// The script that an import has run before the file that imports it.
fn target<'a>(
    app: &App<'a, '_>,
    path: &'a str,
    file: &'a File<'a>,
    import: &'a Import,
) -> Option<&'a str> {
    let loads = Loads::of(path, file.content, import, app.resolver);
    let page = import.kind == ImportKind::Asset
        && written::asset(path, file.content, import) == written::Asset::ModuleScript;
    let at_once = page
        || matches!(
            import.kind,
            ImportKind::Static | ImportKind::SideEffect | ImportKind::ReExport
        );
    if loads != Loads::Module || !at_once {
        return None;
    }
    let importer = written::importer(path, import);
    match app.resolver.resolve(&importer, &import.from, loads.way()?) {
        Resolved::File { path, query } if Form::of(path, query) == Form::Script => Some(path),
        _ => None,
    }
}

/// The last file of a circle imports the first, which has not run yet.
fn reported<'a>(app: &App<'a, '_>, circle: &[&'a str], import: &'a Import) -> Option<Finding<'a>> {
    let path = circle.last().copied()?;
    let first = circle.first().copied()?;
    let mut names: Vec<&str> = circle.iter().copied().take(MOST_NAMED).collect();
    if circle.len() > MOST_NAMED {
        names.push("…");
    }
    names.push(first);
    let way = names
        .iter()
        .map(|name| {
            if *name == "…" {
                (*name).to_owned()
            } else {
                format!("`{name}`")
            }
        })
        .collect::<Vec<_>>()
        .join(" → ");
    let waits = import
        .names
        .iter()
        .find(|name| is_too_early(app, circle, name, import));
    let (start, severity, message) = match waits {
        Some(name) => (
            name.start,
            Severity::Error,
            format!(
                "`{}` is used here before it exists: the files import each other in a circle, {way}, and this one is run first.",
                name.local
            ),
        ),
        None => (
            import.start - 1,
            Severity::Warning,
            format!("The files import each other in a circle: {way}."),
        ),
    };
    Some(Finding {
        path,
        start,
        severity,
        code: "circular_import",
        message,
        suggestion: Some(
            "Move what both of them need into a file of its own, which imports neither.".to_owned(),
        ),
    })
}

/// Whether a name is used at once, of a file of the circle that has not run yet. A function is there before anything runs.
fn is_too_early(app: &App<'_, '_>, circle: &[&str], name: &ImportedName, import: &Import) -> bool {
    let (Some(path), Some(first)) = (circle.last().copied(), circle.first().copied()) else {
        return false;
    };
    if !name.eager || name.imported == "*" || !is_kept(path, import, name, app.resolver) {
        return false;
    }
    let Some((target, file)) = app.tree.get_key_value(first) else {
        return false;
    };
    if app.exports.find(target, "", &name.imported) != Found::Value(target) {
        return false;
    }
    let exports = file.facts.exports.iter();
    let mut locals = exports.filter(|export| export.name == name.imported);
    let Some(local) = locals.next().map(|export| export.local.as_str()) else {
        return false;
    };
    let mut declared = file.facts.declarations.iter();
    declared.any(|declaration| {
        let before = file
            .content
            .get(..declaration.name_start)
            .unwrap_or_default();
        let before = before.trim_end().trim_end_matches('*').trim_end();
        let runs = matches!(
            declaration.kind,
            DeclarationKind::Variable
                | DeclarationKind::Class
                | DeclarationKind::Component
                | DeclarationKind::Hook
                | DeclarationKind::Function
        );
        declaration.name == local && runs && !before.ends_with("function")
    })
}
