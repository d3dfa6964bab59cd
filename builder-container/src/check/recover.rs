//! The imports of a script that no parser takes, from its text: statements that begin a line with `import` or `export`
//! and name a module in quotes before anything else follows.

use overskill_syntax::{Import, ImportKind, ImportedName};

/// The longest statement that is looked at, in bytes.
const LONGEST: usize = 4_000;
/// Statements of one file that are looked at, and names of one statement: for each name all of the text is looked through.
const STATEMENTS: usize = 100;
const NAMES: usize = 100;

/// What such a script imports statically. A name counts as used where the text calls it, opens it as an element, or takes a
/// member of it: of other names it is not known whether they are types.
pub(super) fn imports(text: &str) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        for word in ["import", "export"] {
            if let Some(after) = line.strip_prefix(word)
                && after.starts_with([' ', '{', '"', '\'', '*'])
                && let Some(import) = statement(text, start, word)
            {
                imports.push(import);
                if imports.len() == STATEMENTS {
                    return imports;
                }
            }
        }
    }
    imports
}

fn statement(text: &str, start: usize, word: &str) -> Option<Import> {
    let end = text.floor_char_boundary(start.saturating_add(LONGEST));
    let begin = start + word.len();
    let rest = text.get(begin..end)?;
    let quote = rest.find(['"', '\''])?;
    let clause = rest.get(..quote)?;
    // Something else than names stands between: this is no import, or one that ends elsewhere.
    if clause.contains(['(', '=', ';', '`', '<', ':']) {
        return None;
    }
    let named = clause.trim_end().strip_suffix("from");
    if (word == "export" && named.is_none()) || (named.is_none() && !clause.trim().is_empty()) {
        return None;
    }
    let mark = rest.get(quote..)?.chars().next()?;
    let from = rest.get(quote + 1..)?.split(mark).next()?;
    if from.contains('\n') {
        return None;
    }
    let clause = named.unwrap_or_default();
    let all_types = clause.trim_start().starts_with("type ");
    let from_start = begin + quote + 1;
    let kind = match (word, named) {
        ("export", _) => ImportKind::ReExport,
        (_, None) => ImportKind::SideEffect,
        _ => ImportKind::Static,
    };
    let names = if kind == ImportKind::Static && !all_types {
        names(
            text,
            clause,
            begin,
            offset_of(text, from_start + from.len()),
        )
    } else {
        Vec::new()
    };
    Some(Import {
        from: from.to_owned(),
        kind,
        type_only: all_types,
        names,
        start: from_start,
        end: from_start + from.len(),
    })
}

fn offset_of(text: &str, offset: usize) -> usize {
    offset.min(text.len())
}

/// The names of `a, { b, type c, d as e }`. `begin` is where the clause stands.
fn names(text: &str, clause: &str, begin: usize, after: usize) -> Vec<ImportedName> {
    let rest = text.get(after..).unwrap_or_default();
    let mut names = Vec::new();
    let mut offset = begin;
    let mut inside = false;
    for part in clause.split_inclusive([',', '{', '}']) {
        let start = offset;
        offset += part.len();
        let written = part.trim_end_matches([',', '{', '}']);
        let shift = written.len() - written.trim_start().len();
        let (type_only, plain) = match written.trim().strip_prefix("type ") {
            Some(plain) => (true, plain.trim()),
            None => (false, written.trim()),
        };
        let (imported, local) = plain.split_once(" as ").unwrap_or((plain, plain));
        let (imported, local) = (imported.trim(), local.trim());
        if names.len() < NAMES && is_name(local) && (imported == "*" || is_name(imported)) {
            names.push(ImportedName {
                imported: if inside || imported == "*" {
                    imported.to_owned()
                } else {
                    "default".to_owned()
                },
                local: local.to_owned(),
                type_only,
                used: !type_only && is_used(rest, local),
                eager: false,
                start: start + shift,
            });
        }
        inside = (inside || part.ends_with('{')) && !part.ends_with('}');
    }
    names
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

/// `name(`, `<name`, `name.`, `{name}`.
fn is_used(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text
            .get(at + name.len()..)
            .and_then(|after| after.chars().next());
        let whole =
            |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '$')));
        whole(before)
            && whole(after)
            && before != Some('.')
            && (matches!(after, Some('(' | '.'))
                || (before == Some('<') && matches!(after, Some(' ' | '/' | '>' | '\n')))
                || (before == Some('{') && after == Some('}')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_broken_script_imports_is_read() {
        let text = "import React, { useState, type FC as F } from 'react'\nimport \"./a.css\"\nimport {\n  Card,\n  \
                    type Props,\n  x as y,\n} from \"./card\"\nexport * from './all'\nimport * as all from './ns'\n\
                    import type { T } from './t'\nexport const a = 'b'\nimport('x')\nimport a from\n\
                    const z = useState(y.b) <Card />{{\n";
        let read = imports(text);
        let told: Vec<String> = read
            .iter()
            .map(|import| {
                assert_eq!(
                    text.get(import.start..import.end),
                    Some(import.from.as_str())
                );
                let names = import.names.iter().map(|name| {
                    assert!(
                        text[name.start..].starts_with(&name.imported.replace("default", "React"))
                            || name.type_only
                    );
                    format!("{}:{}:{}", name.imported, name.local, name.used)
                });
                format!(
                    "{} {:?} {}",
                    import.from,
                    import.kind,
                    names.collect::<Vec<_>>().join(" ")
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "react Static default:React:false useState:useState:true FC:F:false",
                "./a.css SideEffect ",
                "./card Static Card:Card:true Props:Props:false x:y:true",
                "./all ReExport ",
                "./ns Static *:all:false",
                "./t Static ",
            ]
        );
    }

    #[test]
    fn any_text_is_read() {
        for text in [
            "import",
            "import \"",
            "import { é",
            "import {}",
            "export from ''",
            "import 'a\nb'",
        ] {
            let _ = imports(text);
        }
        assert_eq!(imports("import \"ü\"").len(), 1);
    }
}
