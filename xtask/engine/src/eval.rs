//! `eval edits`: how the edit engine does on recorded edits, put to it in many ways, and on generated ones.

pub(crate) mod corpus;
mod forms;
mod generated;
mod guarded;
mod saving;
pub(crate) mod table;
mod trial;
mod variants;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use overskill_bench::Random;

use self::{
    corpus::Case,
    trial::{Demand, Dialect, Outcome, Trial},
    variants::{VARIANTS, Variant},
};
use crate::tokens::Counter;

const USAGE: &str =
    "eval edits FILE.jsonl | eval edits --generated COUNT [--seed NUMBER] | eval tokens PATH…";

/// How many trials that went wrong are shown of each variant.
const SHOWN: usize = 5;

/// Runs an evaluation; fails when what must hold does not.
///
/// # Errors
/// When the words are none of the usage, or the corpus cannot be read.
pub(crate) fn run(words: &[&str]) -> Result<ExitCode> {
    let number = |word: &str| {
        word.parse::<u64>()
            .with_context(|| format!("`{word}` is no number; {USAGE}"))
    };
    match words {
        ["edits", "--generated", count] => generated::run(number(count)?, 0),
        ["edits", "--generated", count, "--seed", seed]
        | ["edits", "--seed", seed, "--generated", count] => {
            generated::run(number(count)?, number(seed)?)
        }
        ["edits", file] if !file.starts_with('-') => recorded(Path::new(file)),
        _ => bail!("{USAGE}"),
    }
}

fn recorded(file: &Path) -> Result<ExitCode> {
    let cases = corpus::read(file)?;
    let edits: usize = cases.iter().map(|case| case.edits.len()).sum();
    println!("{} files, {edits} edits", cases.len());
    let other: Vec<&str> = cases
        .iter()
        .filter(|case| case.differs)
        .map(|case| case.id.as_str())
        .collect();
    if let Some(first) = other.first() {
        println!(
            "{} of them record another result than their edits come to (the first is {first}); the edits count",
            other.len()
        );
    }
    println!();
    let tallies: Vec<Tally> = VARIANTS
        .iter()
        .flat_map(|variant| {
            variant
                .dialects
                .iter()
                .map(|dialect| tally(variant, *dialect, &cases))
        })
        .collect();
    let head = [
        "variant",
        "dialect",
        "cases",
        "right",
        "refused",
        "by contract",
        "wrong",
        "demand",
    ];
    let rows: Vec<Vec<String>> = tallies.iter().map(Tally::row).collect();
    table::print(&head, &rows);
    println!(
        "by contract: the stated lines hold exactly what the edit says, or the only other place does, though another was meant; no call can tell."
    );
    let unharmed = guarded::judge(&cases).print();
    println!();
    saving::print(&cases, &Counter::new()?);
    let broken: Vec<&Tally> = tallies.iter().filter(|tally| !tally.holds()).collect();
    for tally in &broken {
        println!(
            "\n{}, {}: does not hold, in {}",
            tally.variant.name,
            tally.dialect.name(),
            tally.faults.join(", ")
        );
    }
    Ok(if broken.is_empty() && unharmed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What came of all trials of a variant.
struct Tally {
    variant: &'static Variant,
    dialect: Dialect,
    right: usize,
    refused: usize,
    by_contract: usize,
    wrong: usize,
    /// Some of the cases that break the demand.
    faults: Vec<String>,
}

fn tally(variant: &'static Variant, dialect: Dialect, cases: &[Case]) -> Tally {
    let mut tally = Tally {
        variant,
        dialect,
        right: 0,
        refused: 0,
        by_contract: 0,
        wrong: 0,
        faults: Vec::new(),
    };
    for (number, case) in cases.iter().enumerate() {
        let mut random = Random::new(number as u64);
        for trial in (variant.trials)(case, &mut random) {
            if trial.can_be_stated(dialect) {
                tally.count(case, &trial);
            }
        }
    }
    tally
}

impl Tally {
    fn count(&mut self, case: &Case, trial: &Trial) {
        let outcome = trial.run(self.dialect);
        match outcome {
            Outcome::Right => self.right += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::ByContract => self.by_contract += 1,
            Outcome::Wrong => self.wrong += 1,
        }
        if !self.variant.demand.allows(outcome)
            && self.faults.len() < SHOWN
            && !self.faults.contains(&case.id)
        {
            self.faults.push(case.id.clone());
        }
    }

    fn cases(&self) -> usize {
        self.right + self.refused + self.by_contract + self.wrong
    }

    fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    fn row(&self) -> Vec<String> {
        let counts = [
            self.cases(),
            self.right,
            self.refused,
            self.by_contract,
            self.wrong,
        ]
        .map(|count| count.to_string());
        let mut row = vec![self.variant.name.to_owned(), self.dialect.name().to_owned()];
        row.extend(counts);
        let demand = match self.variant.demand {
            Demand::Right => "all right",
            Demand::NeverWrong => "none wrong",
            Demand::ByContract => "by contract",
            Demand::Refused => "all refused",
        };
        row.push(format!("{demand} {}", if self.holds() { "✓" } else { "✗" }));
        row
    }
}

impl Demand {
    const fn allows(self, outcome: Outcome) -> bool {
        match self {
            Self::Right => matches!(outcome, Outcome::Right),
            Self::NeverWrong => !matches!(outcome, Outcome::Wrong),
            Self::ByContract => matches!(outcome, Outcome::Refused | Outcome::ByContract),
            Self::Refused => matches!(outcome, Outcome::Refused),
        }
    }
}
