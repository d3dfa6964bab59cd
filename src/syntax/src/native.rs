//! The parsers behind the port.

use crate::{Facts, FaultKind, Language, MAX_BYTES, MAX_FAULTS, Parser, css, html, json, script};

/// Parses with what is compiled in: no process and no other module.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Parser for Native {
    fn facts(&self, path: &str, content: &str) -> Facts {
        let Some(language) = Language::of(path) else {
            return Facts::default();
        };
        if content.len() > MAX_BYTES {
            return Facts::unchecked(format!(
                "A file of more than {} KiB is not parsed",
                MAX_BYTES / 1024
            ));
        }
        let text = content.strip_prefix('\u{feff}').unwrap_or(content);
        let mut facts = match language {
            Language::JavaScript
            | Language::Jsx
            | Language::TypeScript
            | Language::Tsx
            | Language::Declarations => script::facts(path, text, language),
            Language::Css => css::facts(text),
            Language::Json => json::facts(text, false),
            Language::JsonWithComments => json::facts(text, true),
            Language::Html => html::facts(text),
        };
        facts.faults.truncate(MAX_FAULTS);
        let mark = content.len() - text.len();
        if mark > 0 {
            shift(&mut facts, mark);
        }
        facts
    }
}

/// Moves every place by the length of what stands before the text that was parsed.
pub(crate) fn shift(facts: &mut Facts, by: usize) {
    for fault in facts
        .faults
        .iter_mut()
        .filter(|fault| fault.kind != FaultKind::Unchecked)
    {
        fault.start += by;
        fault.end += by;
    }
    for declaration in &mut facts.declarations {
        declaration.start += by;
        declaration.end += by;
        declaration.name_start += by;
    }
    for import in &mut facts.imports {
        import.start += by;
        import.end += by;
        for name in &mut import.names {
            name.start += by;
        }
    }
    for member in &mut facts.members {
        member.start += by;
        member.end += by;
        member.container += by;
    }
    let names = [&mut facts.unresolved, &mut facts.tables, &mut facts.styles];
    let names = names.into_iter().flatten().map(|name| &mut name.start);
    let exports = facts.exports.iter_mut().map(|export| &mut export.start);
    let routes = facts.routes.iter_mut().map(|route| &mut route.start);
    let links = facts.links.iter_mut().map(|link| &mut link.start);
    for start in names.chain(exports).chain(routes).chain(links) {
        *start += by;
    }
}
