//! What the guard makes of recorded edits: people's own changes, which broke nothing.

use overskill::{edit, facts::Known};
use overskill_syntax::{FaultKind, Native};

use super::corpus::Case;

/// What came of all cases.
#[derive(Debug, Default)]
pub(crate) struct Guarded {
    /// Files that can be parsed before and after.
    pub(crate) parsed: usize,
    /// Files that cannot, on one side or both.
    pub(crate) faulty: usize,
    /// Files in a language that is not parsed.
    pub(crate) other: usize,
    /// Those of the parsed ones whose edits are refused, with the reason.
    pub(crate) refused: Vec<String>,
}

/// Puts every case's edits to the guard.
pub(crate) fn judge(cases: &[Case]) -> Guarded {
    let syntax = Known::new(&Native);
    let mut guarded = Guarded::default();
    for case in cases {
        if overskill_syntax::Language::of(&case.path).is_none() {
            guarded.other += 1;
            continue;
        }
        let Ok(applied) = edit::apply(&case.content, &case.edits) else {
            continue;
        };
        let sound = |content: &str| {
            let facts = syntax.facts(&case.path, content);
            let unchecked = |kind| kind == FaultKind::Unchecked;
            facts.faults.iter().all(|fault| unchecked(fault.kind))
        };
        if !sound(&case.content) || !sound(&applied.content) {
            guarded.faulty += 1;
            continue;
        }
        guarded.parsed += 1;
        let broken = syntax.breakages(
            &case.path,
            &case.content,
            &applied.content,
            &applied.changes,
        );
        if let Some(first) = broken.first() {
            guarded
                .refused
                .push(format!("{}: {}", case.id, first.message));
        }
    }
    guarded
}

impl Guarded {
    /// Prints what came of it; whether no sound edit was refused.
    pub(crate) fn print(&self) -> bool {
        println!(
            "guard: {} files can be parsed before and after, {} of their changes are refused; {} cannot be parsed on one side, {} are in no language that is",
            self.parsed,
            self.refused.len(),
            self.faulty,
            self.other
        );
        for refused in &self.refused {
            println!("  {refused}");
        }
        self.refused.is_empty()
    }
}
