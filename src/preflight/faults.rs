//! Faults of single files, graded by what the build does with the file.

use overskill_syntax::{DeclarationKind, Fault, FaultKind, Language};

use super::{App, File, Severity, finding::Finding, written};

/// Reports the faults of one file.
pub(super) fn check<'a>(
    app: &App<'a, '_>,
    path: &'a str,
    file: &'a File<'a>,
    findings: &mut Vec<Finding<'a>>,
) {
    let mut unbalanced = false;
    for fault in &file.facts.faults {
        // Where an element is not closed, the rest of the file is read as its text.
        if unbalanced && fault.kind == FaultKind::Syntax {
            continue;
        }
        unbalanced |= is_unbalanced(fault);
        let (code, severity) = match fault.kind {
            FaultKind::Unchecked => ("unchecked", Severity::Warning),
            FaultKind::Shadowed => ("duplicate", Severity::Warning),
            FaultKind::Duplicate => ("duplicate", app.failing(path)),
            FaultKind::Syntax | FaultKind::Misplaced => ("syntax", app.failing(path)),
        };
        let severity = if builds(path, file, fault) {
            Severity::Warning
        } else {
            severity
        };
        let mut message = fault.message.trim_end_matches('.').to_owned();
        if !message.ends_with('?') {
            message.push('.');
        }
        let help = fault
            .help
            .as_ref()
            .map(|help| format!("{}.", help.trim_end_matches('.')));
        findings.push(Finding {
            path,
            start: fault.start,
            severity,
            code,
            message,
            suggestion: help.or_else(|| advice(fault.kind)),
        });
    }
}

/// Whether an element is closed by the tag of another.
fn is_unbalanced(fault: &Fault) -> bool {
    fault
        .message
        .starts_with("Expected corresponding JSX closing")
}

/// Whether Vite builds it all the same.
fn builds(path: &str, file: &File<'_>, fault: &Fault) -> bool {
    match Language::of(path) {
        // A browser makes something of any HTML, and so does Vite, but not of a module in it. Declarations are not built.
        Some(Language::Html) => !written::in_script(file.content, fault.start),
        Some(Language::Declarations) => true,
        Some(language) if language.is_script() && fault.kind == FaultKind::Duplicate => {
            // A type that stands twice is gone with all types.
            let is_type = |kind| matches!(kind, DeclarationKind::Type | DeclarationKind::Interface);
            let mut here = file.facts.declarations.iter();
            here.any(|declaration| {
                declaration.name_start == fault.start && is_type(declaration.kind)
            })
        }
        _ => false,
    }
}

fn advice(kind: FaultKind) -> Option<String> {
    let text = match kind {
        FaultKind::Unchecked => "Split the file into smaller ones, so that it can be checked.",
        FaultKind::Duplicate | FaultKind::Shadowed => "Remove one of the two, or rename it.",
        FaultKind::Misplaced => "Move it to the top level of the file.",
        FaultKind::Syntax => return None,
    };
    Some(text.to_owned())
}
