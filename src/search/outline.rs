//! The whole app in few words: folders, their files, and what each file has for others.

use std::fmt::Write as _;

use overskill_syntax::{Declaration, DeclarationKind, Facts};

/// The longest outline, in bytes: about 3,000 tokens.
pub const MAX_BYTES: usize = 12 * 1024;
/// How many names are listed of one sort in one file.
const NAMES: usize = 12;
/// What is set aside for the last line.
const RESERVE: usize = 120;

/// One file of an outline.
#[derive(Debug, Clone, Copy)]
pub struct Outlined<'a> {
    /// Where it is.
    pub path: &'a str,
    /// What a parser says of it, when one has read it.
    pub facts: Option<&'a Facts>,
}

/// An outline of files, which come ordered by path. Each folder is a line that ends with `/`, each file below it a line
/// with its exports: components with their props in braces, functions and hooks with their parameters in parentheses,
/// `*name` for the default export, then routes and tables. Files for which there is no room are counted.
#[must_use]
pub fn outline(files: &[Outlined<'_>], max_bytes: usize) -> String {
    let mut out = String::new();
    let mut folder = None;
    // Files of one folder stand together, whatever sorts between them.
    let mut ordered: Vec<(&str, &str, &Outlined<'_>)> = files
        .iter()
        .map(|file| {
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", file.path));
            (folder, name, file)
        })
        .collect();
    crate::sorted::sort_by_key(&mut ordered, |(folder, name, _)| (*folder, *name));
    let total = ordered.len();
    for (number, (of, name, file)) in ordered.into_iter().enumerate() {
        let mut entry = String::new();
        if folder != Some(of) && !of.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(entry, "{of}/");
        }
        let indent = if of.is_empty() { "" } else { " " };
        let summary = file.facts.and_then(summary);
        let summary = summary.map_or_else(String::new, |summary| format!(": {summary}"));
        let _ = writeln!(entry, "{indent}{name}{summary}");
        if out.len() + entry.len() + RESERVE.min(max_bytes) > max_bytes {
            let _ = writeln!(
                out,
                "… {} more of {total} files; `search_files` finds what is in them",
                total - number
            );
            break;
        }
        out.push_str(&entry);
        folder = Some(of);
    }
    out
}

/// What a file has for others, as in an outline; nothing when it has nothing.
#[must_use]
pub fn summary(facts: &Facts) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let exports = facts
        .exports
        .iter()
        .filter(|export| !export.type_only)
        .map(|export| {
            let declared = facts
                .declarations
                .iter()
                .find(|declaration| declaration.name == export.local);
            let mut name = match export.name.as_str() {
                "default" if export.local == "default" || export.local.is_empty() => "*".to_owned(),
                "default" => format!("*{}", export.local),
                "*" => format!("*…{}", export.from.as_deref().unwrap_or_default()),
                name => name.to_owned(),
            };
            name.push_str(&declared.map(signature).unwrap_or_default());
            name
        });
    parts.extend(listed(exports.collect()));
    let types = facts.exports.iter().filter(|export| export.type_only);
    let types = listed(types.map(|export| export.name.clone()).collect());
    parts.extend(types.map(|names| format!("types {names}")));
    let routes = facts.routes.iter().map(|route| match &route.element {
        Some(element) => format!("{} {element}", route.path),
        None => route.path.clone(),
    });
    parts.extend(listed(routes.collect()).map(|names| format!("routes {names}")));
    let mut tables: Vec<String> = facts
        .tables
        .iter()
        .map(|table| table.name.clone())
        .collect();
    crate::sorted::sort(&mut tables);
    tables.dedup();
    parts.extend(listed(tables).map(|names| format!("tables {names}")));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The props of a component, the parameters of a function.
fn signature(declaration: &Declaration) -> String {
    let names = || listed_by(&declaration.parameters, " ");
    match declaration.kind {
        DeclarationKind::Component if declaration.parameters.is_empty() => "{}".to_owned(),
        DeclarationKind::Component => format!("{{{}}}", names()),
        DeclarationKind::Hook | DeclarationKind::Function => format!("({})", names()),
        _ => String::new(),
    }
}

fn listed(names: Vec<String>) -> Option<String> {
    (!names.is_empty()).then(|| listed_by(&names, ", "))
}

/// Names, as many as are listed, and how many there are beyond.
fn listed_by(names: &[String], separator: &str) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
    let shown = shown.join(separator);
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown}{separator}+{more}"),
    }
}

#[cfg(test)]
mod tests;
