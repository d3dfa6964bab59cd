//! Repair: what a failed build leads to. A pure decision by what was seen before in the turn.
//!
//! An error that is seen for the first time is told to the model; one that is still there after that, with the advice to look wider
//! and to another model, if there is one; one that is seen a third time ends the repairs. An error is the same when its signature is:
//! its code, its file, and its message without numbers and quotations, which change as lines move and names are tried.

use serde::{Deserialize, Serialize};

use crate::{
    build::{Diagnostic, Severity, repair_text},
    sorted::{SortedMap, SortedSet},
};

const FIRST: &str = include_str!("../../templates/prompts/repair.md");
const AGAIN: &str = include_str!("../../templates/prompts/repair_again.md");

/// How often an error may be seen.
const MOST_SIGHTS: u32 = 3;

/// What the model is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Mend what is named.
    Mend,
    /// Look wider, write anew what was mended in vain; another model has the word if there is one.
    Rethink,
}

/// What was seen of errors in a turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Repair {
    /// How many repairs there were.
    pub(super) count: u32,
    /// How often each signature was seen.
    sights: SortedMap<String, u32>,
    /// Whether another model is to have the word.
    pub(super) wants_other: bool,
}

/// What is to be done about a failed build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The model is told this.
    Repair {
        strategy: Strategy,
        text: String,
        errors: usize,
    },
    /// Nothing that helps; the reason as a sentence, if there was a repair before.
    Stop(Option<String>),
}

impl Repair {
    /// Whether the turn is at it, and what it costs is not billed.
    pub(super) const fn is_on(&self) -> bool {
        self.count > 0
    }

    /// Decides about a build that has failed. `known` are the signatures of a build that had failed before the turn began.
    pub(super) fn decide(
        &mut self,
        diagnostics: &[Diagnostic],
        known: &SortedSet<String>,
        most: u32,
    ) -> Verdict {
        let errors: Vec<&Diagnostic> = diagnostics
            .iter()
            .filter(|one| one.severity == Severity::Error)
            .collect();
        // What is not of the sources' making cannot be mended in them.
        if errors.is_empty() || errors.iter().any(|one| is_ours(one)) {
            return Verdict::Stop(None);
        }
        let of_turn = |one: &&Diagnostic| !known.contains(&signature(one));
        let is_new = errors.iter().any(of_turn);
        let told: Vec<Diagnostic> = diagnostics
            .iter()
            .filter(|one| !is_new || one.severity != Severity::Error || of_turn(one))
            .cloned()
            .collect();
        let told_errors = told.iter().filter(|one| one.severity == Severity::Error);
        let signatures: SortedSet<String> = told_errors.clone().map(signature).collect();
        let mut sights = 0;
        for signature in signatures {
            let count = self.sights.entry(signature).or_default();
            *count += 1;
            sights = sights.max(*count);
        }
        if sights >= MOST_SIGHTS {
            return Verdict::Stop(Some(
                "I have tried twice to mend it, and the same error is still there.".to_owned(),
            ));
        }
        if self.count >= most {
            return Verdict::Stop(Some(format!(
                "I have tried {most} times to mend what came up, and it does not build."
            )));
        }
        self.count += 1;
        let (strategy, advice) = if sights == 1 {
            (Strategy::Mend, FIRST)
        } else {
            (Strategy::Rethink, AGAIN)
        };
        self.wants_other = strategy == Strategy::Rethink;
        Verdict::Repair {
            strategy,
            errors: told_errors.count(),
            text: advice.replace("{{errors}}", repair_text(&told).trim_end()),
        }
    }
}

/// Errors of the builder's or the platform's, which no change of the sources mends.
fn is_ours(diagnostic: &Diagnostic) -> bool {
    let ours = [
        "builder_unavailable",
        "platform_unavailable",
        "builder_token",
        "builder_refused",
    ];
    diagnostic
        .code
        .as_deref()
        .is_some_and(|code| ours.contains(&code))
}

/// What makes two errors the same one.
pub(super) fn signature(diagnostic: &Diagnostic) -> String {
    let code = diagnostic.code.as_deref().unwrap_or_default();
    let path = diagnostic.path.as_ref().map_or("", |path| path.as_str());
    let mut message = String::new();
    let mut quote = None;
    for letter in diagnostic.message.chars() {
        match (quote, letter) {
            (Some(end), letter) if letter == end => quote = None,
            (Some(_), _) => {}
            (None, '`' | '"' | '\'') => {
                quote = Some(letter);
                message.push('…');
            }
            (None, '“') => {
                quote = Some('”');
                message.push('…');
            }
            (None, digit) if digit.is_ascii_digit() => {
                if !message.ends_with('#') {
                    message.push('#');
                }
            }
            (None, letter) => message.push(letter),
        }
    }
    // A signature tells errors apart; it need not hold all of a long message.
    let message: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let message: String = message.chars().take(200).collect();
    format!("{code}|{path}|{message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, path: &str, message: &str) -> Diagnostic {
        Diagnostic::error(code, message).in_file(path.parse().unwrap())
    }

    fn strategy(verdict: &Verdict) -> Option<Strategy> {
        match verdict {
            Verdict::Repair { strategy, .. } => Some(*strategy),
            Verdict::Stop(_) => None,
        }
    }

    #[test]
    fn an_error_is_mended_then_thought_over_then_left() {
        let mut repair = Repair::default();
        let none = SortedSet::new();
        let seen = |line: u32| {
            [error(
                "syntax",
                "src/a.ts",
                &format!("Line {line}: unexpected `{line}`."),
            )]
        };
        assert_eq!(
            strategy(&repair.decide(&seen(1), &none, 5)),
            Some(Strategy::Mend)
        );
        assert!(repair.is_on() && !repair.wants_other);
        assert_eq!(
            strategy(&repair.decide(&seen(22), &none, 5)),
            Some(Strategy::Rethink)
        );
        assert!(repair.wants_other);
        assert!(matches!(
            repair.decide(&seen(3), &none, 5),
            Verdict::Stop(Some(_))
        ));
        assert_eq!(repair.count, 2);
    }

    #[test]
    fn ever_new_errors_come_to_an_end_as_well() {
        let mut repair = Repair::default();
        let none = SortedSet::new();
        for number in 0..5_u8 {
            let letter = char::from(b'a' + number);
            let seen = [error("syntax", "src/a.ts", &format!("Wrong {letter}."))];
            assert_eq!(
                strategy(&repair.decide(&seen, &none, 5)),
                Some(Strategy::Mend)
            );
        }
        let last = [error("syntax", "src/a.ts", "Wrong z.")];
        assert!(matches!(
            repair.decide(&last, &none, 5),
            Verdict::Stop(Some(_))
        ));
    }

    #[test]
    fn only_what_the_turn_broke_is_told_unless_there_is_nothing_else() {
        let old = error("syntax", "src/old.ts", "Old.");
        let new = error("syntax", "src/new.ts", "New.");
        let known = SortedSet::from([signature(&old)]);
        let text = |seen: &[Diagnostic]| match Repair::default().decide(seen, &known, 5) {
            Verdict::Repair { text, errors, .. } => (text, errors),
            Verdict::Stop(why) => panic!("{why:?}"),
        };
        let (told, errors) = text(&[old.clone(), new]);
        assert!(
            told.contains("src/new.ts") && !told.contains("src/old.ts"),
            "{told}"
        );
        assert_eq!(errors, 1);
        assert!(text(&[old]).0.contains("src/old.ts"));
    }

    #[test]
    fn what_the_sources_are_not_to_blame_for_is_not_repaired() {
        let none = SortedSet::new();
        for seen in [
            vec![],
            vec![error("vite", "src/a.ts", "Odd.").as_warning()],
            vec![Diagnostic::error("builder_unavailable", "Away.")],
        ] {
            let mut repair = Repair::default();
            assert_eq!(repair.decide(&seen, &none, 5), Verdict::Stop(None));
            assert!(!repair.is_on());
        }
    }

    #[test]
    fn a_signature_is_blind_to_numbers_and_names() {
        let same = |one: &str, other: &str| {
            signature(&error("c", "src/a.ts", one)) == signature(&error("c", "src/a.ts", other))
        };
        assert!(same(
            "`x` is not exported by “a”, line 12",
            "`yy` is not exported by “bc”,  line 3"
        ));
        assert!(!same("`x` is not exported", "`x` is not defined"));
        assert!(!same("Expected 2 arguments", "Expected arguments"));
        assert_eq!(
            signature(&error("c", "src/a.ts", "Got  12 of `x`")),
            "c|src/a.ts|Got # of …"
        );
        assert_ne!(
            signature(&error("c", "src/a.ts", "m")),
            signature(&error("c", "src/b.ts", "m"))
        );
    }
}
