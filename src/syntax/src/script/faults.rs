//! What the parser and the resolver of names find wrong.

use std::collections::HashMap;

use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use oxc_span::Span;

use crate::{DeclarationKind, Facts, Fault, FaultKind};

/// The errors among diagnostics.
pub(super) fn of(diagnostics: &Diagnostics, text: &str) -> Vec<Fault> {
    diagnostics
        .errors()
        .map(|diagnostic| fault(diagnostic, text))
        .collect()
}

fn fault(diagnostic: &OxcDiagnostic, text: &str) -> Fault {
    let message = diagnostic.message.trim_end_matches('.');
    let twice = (message.starts_with("Identifier `")
        && message.ends_with("has already been declared"))
        || message.starts_with("Duplicate");
    // The second label of a redeclaration is the place that is too many.
    let label = if twice {
        diagnostic.labels.last()
    } else {
        diagnostic.labels.first()
    };
    let (start, length) = label.map_or((0, 0), |label| {
        (label.offset() as usize, label.len() as usize)
    });
    let start = text.floor_char_boundary(start);
    Fault {
        start,
        end: text.ceil_char_boundary(start + length).max(start),
        message: String::from(message),
        help: diagnostic.help.as_ref().map(|help| String::from(&**help)),
        kind: if twice {
            FaultKind::Duplicate
        } else {
            FaultKind::Syntax
        },
    }
}

/// A fault of one name.
pub(super) fn duplicate(start: usize, name: &str, message: String) -> Fault {
    Fault {
        start,
        end: start + name.len(),
        message,
        help: None,
        kind: FaultKind::Duplicate,
    }
}

/// An import or export that stands in a body.
pub(super) fn misplaced(span: Span, word: &str) -> Fault {
    Fault {
        start: span.start as usize,
        end: span.end as usize,
        message: format!("`{word}` stands inside a body"),
        help: Some(format!("`{word}` belongs at the top level of the file")),
        kind: FaultKind::Misplaced,
    }
}

/// Values that are both imported and declared. The resolver lets them pass in TypeScript, where the import might be a
/// type.
pub(super) fn collisions(facts: &Facts) -> Vec<Fault> {
    let names = facts.imports.iter().flat_map(|import| {
        let kept = import
            .names
            .iter()
            .filter(|name| !name.type_only && !import.type_only);
        kept.filter(|_| matches!(import.kind, crate::ImportKind::Static))
    });
    let imported: HashMap<_, _> = names
        .map(|name| (name.local.as_str(), name.start))
        .collect();
    let values = facts.declarations.iter().filter(|declaration| {
        !matches!(
            declaration.kind,
            DeclarationKind::Type | DeclarationKind::Interface
        )
    });
    values
        .filter_map(|declaration| {
            let import = *imported.get(declaration.name.as_str())?;
            let start = declaration.name_start.max(import);
            let name = &declaration.name;
            Some(duplicate(
                start,
                name,
                format!("`{name}` is both imported and declared"),
            ))
        })
        .collect()
}

/// Sorts by place; two faults of one kind at one place are one.
pub(super) fn order(faults: &mut Vec<Fault>) {
    faults.sort_by_key(|fault| (fault.start, fault.end));
    faults.dedup_by(|next, kept| next.start == kept.start && next.kind == kept.kind);
}
