//! Generated edits: files full of what is nearly alike, and edits that are exact, stale, moved, elided or in batches.
//!
//! For each call the oracle says where each edit has its one place. The engine comes to that text, byte for byte, or
//! refuses; where there is no such place, or there are two, it refuses. The seed decides everything.

mod fate;
mod file;

use std::process::ExitCode;

use anyhow::Result;
use overskill::edit::{self, LineEdit};
use overskill_bench::Random;

use self::fate::{Call, Fate};
use super::{corpus::Case, table};
use crate::oracle::{self, Change, Verdict};

/// How often progress is told, in calls.
const TOLD: u64 = 20_000;
/// How many calls that went wrong are shown.
const SHOWN: usize = 3;

/// What came of all calls of one fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    calls: u64,
    edits: u64,
    landed: u64,
    refused: u64,
    /// Landed at the stated lines, which hold just what the edit says, though other lines were meant.
    stated: u64,
    /// Landed at the only other place, though the lines that were meant are gone.
    elsewhere: u64,
    /// Landed anywhere else, or at one of several places, or not at all though stated exactly.
    wrong: u64,
}

/// Makes calls until they have as many edits, and judges each.
pub(super) fn run(edits: u64, seed: u64) -> Result<ExitCode> {
    let (tallies, wrong) = judge(edits, seed, |edits| eprintln!("{edits} edits"));
    let rows: Vec<Vec<String>> = Fate::ALL
        .iter()
        .zip(&tallies)
        .map(|(fate, tally)| {
            let counts = [
                tally.calls,
                tally.edits,
                tally.landed,
                tally.refused,
                tally.stated,
                tally.elsewhere,
                tally.wrong,
            ];
            let mut row = vec![fate.name().to_owned()];
            row.extend(counts.map(|count| count.to_string()));
            row
        })
        .collect();
    let sum = |count: fn(&Tally) -> u64| tallies.iter().map(count).sum::<u64>();
    table::print(
        &[
            "generated",
            "calls",
            "edits",
            "right",
            "refused",
            "as stated",
            "elsewhere",
            "wrong",
        ],
        &rows,
    );
    println!(
        "as stated, elsewhere: where the contract has it, though other lines were meant: the stated lines hold what the edit says, or only these do."
    );
    println!(
        "{} edits, seed {seed}: {} at a wrong place",
        sum(|tally| tally.edits),
        sum(|tally| tally.wrong)
    );
    for call in wrong.iter().take(SHOWN) {
        println!("\n{call}");
    }
    Ok(if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The tallies in the order of the fates, and what went wrong in words.
pub(super) fn judge(edits: u64, seed: u64, tell: impl Fn(u64)) -> (Vec<Tally>, Vec<String>) {
    let mut tallies = vec![Tally::default(); Fate::ALL.len()];
    let mut wrong = Vec::new();
    let (mut made, mut told) = (0, TOLD);
    let mut random = Random::new(seed);
    while made < edits {
        let which = random.below(Fate::ALL.len());
        let (Some(fate), Some(tally)) = (Fate::ALL.get(which), tallies.get_mut(which)) else {
            break;
        };
        let call = fate.call(&mut Random::new(random.next()));
        if call.edits.is_empty() {
            continue;
        }
        if let Err(why) = tally.count(&call, *fate) {
            wrong.push(format!(
                "{}: {why}\n  content {:?}\n  edits {:?}",
                fate.name(),
                call.content,
                call.edits
            ));
        }
        made += call.edits.len() as u64;
        if made >= told {
            tell(made);
            told += TOLD;
        }
    }
    (tallies, wrong)
}

impl Tally {
    fn count(&mut self, call: &Call, fate: Fate) -> Result<(), String> {
        self.calls += 1;
        self.edits += call.edits.len() as u64;
        let legal = legal(&call.content, &call.edits);
        let meant = call
            .meant
            .as_ref()
            .and_then(|meant| oracle::splice(&call.content, meant));
        let result = match edit::apply(&call.content, &call.edits) {
            Err(_) if fate != Fate::Exact => {
                self.refused += 1;
                return Ok(());
            }
            Err(refused) => {
                self.wrong += 1;
                return Err(format!("refused though it is exact: {refused}"));
            }
            Ok(applied) => applied.content,
        };
        if legal.as_ref() != Some(&result) {
            self.wrong += 1;
            return Err(format!("came to {result:?} and not to {legal:?}"));
        }
        if meant.as_ref() == Some(&result) {
            self.landed += 1;
        } else if oracle::splice(&call.content, &stated(&call.edits)).as_ref() == Some(&result) {
            self.stated += 1;
        } else {
            self.elsewhere += 1;
        }
        Ok(())
    }
}

/// What the contract has the edits come to: each at its one place. Nothing where one of them has none or several, or
/// where two overlap.
fn legal(content: &str, edits: &[LineEdit]) -> Option<String> {
    let mut changes: Vec<Change> = Vec::new();
    for edit in edits {
        match oracle::meant(content, edit) {
            Verdict::Lands(change) => changes.push(change),
            Verdict::Already => {}
            Verdict::Refused => return None,
        }
    }
    oracle::splice(content, &changes)
}

/// The edits as changes of the lines that they state.
fn stated(edits: &[LineEdit]) -> Vec<Change> {
    Case::changes(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_generated_edit_lands_at_a_wrong_place() {
        let (tallies, wrong) = judge(3_000, 1, |_| ());
        assert_eq!(wrong, Vec::<String>::new());
        // Every fate came up, and what can land did.
        for (fate, tally) in Fate::ALL.iter().zip(&tallies) {
            assert!(tally.calls > 50, "{fate:?}: {tally:?}");
            let landed = match fate {
                Fate::Stale | Fate::Noise => continue,
                // Nothing is recorded as meant: the oracle's only place counts.
                Fate::Spaced => tally.stated + tally.elsewhere,
                _ => tally.landed,
            };
            assert!(landed > 10, "{fate:?}: {tally:?}");
        }
        assert_eq!(judge(300, 7, |_| ()), judge(300, 7, |_| ()));
    }

    #[test]
    fn a_wrong_place_is_seen() {
        let call = Call {
            content: "a\nb\na\n".to_owned(),
            edits: vec![LineEdit {
                search: "a".to_owned(),
                first_line: 2,
                last_line: 2,
                replacement: "x".to_owned(),
            }],
            meant: None,
        };
        assert_eq!(legal(&call.content, &call.edits), None);
        // What is refused counts as refused, but not where it was exact.
        assert!(Tally::default().count(&call, Fate::Moved).is_ok());
        assert!(Tally::default().count(&call, Fate::Exact).is_err());
    }
}
