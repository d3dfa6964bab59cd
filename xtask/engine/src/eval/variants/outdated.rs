//! The lines that are meant have changed since, are gone, or stand in several places.

use overskill::edit::LineEdit;
use overskill_bench::Random;

use super::{
    super::{corpus::Case, trial::Trial},
    moved::{appended, changed, notes},
    written::elidable,
};
use crate::oracle::{self, Change};

/// The lines of one edit as somebody has changed them since, in several ways.
fn touched(edit: &LineEdit) -> Vec<Vec<String>> {
    let lines: Vec<String> = edit.search.split('\n').map(str::to_owned).collect();
    let mut renamed = lines.clone();
    let named = |line: &String| line.find(char::is_alphanumeric);
    if let Some((line, at)) = renamed
        .iter_mut()
        .find_map(|line| named(line).map(|at| (line, at)))
    {
        line.insert(at, 'Q');
    } else if let Some(line) = renamed.first_mut() {
        line.push_str("q();");
    }
    let mut last = lines.clone();
    if let Some(line) = last.last_mut() {
        line.push_str(" // seen");
    }
    let mut ways = vec![renamed, last];
    if lines.len() > 1 {
        let mut parted = lines;
        parted.insert(1, "// put between".to_owned());
        ways.push(parted);
    }
    ways
}

/// Nothing is left of them.
fn gone(edit: &LineEdit) -> Vec<Vec<String>> {
    let rewritten = edit.search.split('\n').enumerate();
    vec![
        rewritten
            .map(|(number, _)| format!("rewritten.since({number});"))
            .collect(),
        Vec::new(),
    ]
}

type Ways = fn(&LineEdit) -> Vec<Vec<String>>;

/// Trials in which the lines of one edit have changed; those where the search text still stands somewhere, or not.
fn outdated(case: &Case, edits: &[LineEdit], ways: Ways, copied: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (edit, meant) in edits.iter().zip(&case.edits) {
        for lines in ways(meant) {
            let change = Change {
                first: meant.first_line,
                last: meant.last_line,
                lines,
            };
            let Some(content) = oracle::splice(&case.content, &[change]) else {
                continue;
            };
            let trial = Trial {
                viewed: case.content.clone(),
                expected: None,
                content,
                edits: edits.to_vec(),
            };
            let alone = Trial {
                viewed: String::new(),
                content: trial.content.clone(),
                edits: vec![edit.clone()],
                expected: None,
            };
            let already = oracle::meant(&trial.content, edit) == oracle::Verdict::Already;
            if oracle::anywhere(&trial.content, &edit.search) == copied
                && alone.as_stated().is_none()
                && !already
            {
                trials.push(trial);
            }
        }
    }
    trials
}

pub(super) fn stale(case: &Case, _: &mut Random) -> Vec<Trial> {
    let mut trials = outdated(case, &case.edits, touched, false);
    trials.extend(outdated(case, &case.edits, gone, false));
    trials
}

/// Where lines are gone, a patch that deletes them has nothing left to do: what is around them proves it.
pub(super) fn stale_touched(case: &Case, _: &mut Random) -> Vec<Trial> {
    outdated(case, &case.edits, touched, false)
}

pub(super) fn stale_ellipsis(case: &Case, _: &mut Random) -> Vec<Trial> {
    let Some(edits) = elidable(&case.edits) else {
        return Vec::new();
    };
    let mut trials = outdated(case, &edits, touched, false);
    trials.extend(outdated(case, &edits, gone, false));
    trials
}

pub(super) fn stale_copied(case: &Case, _: &mut Random) -> Vec<Trial> {
    outdated(case, &case.edits, touched, true)
}

pub(super) fn gone_copied(case: &Case, _: &mut Random) -> Vec<Trial> {
    outdated(case, &case.edits, gone, true)
}

/// The lines of one edit are copied, above or below, and stand no longer where they were.
fn copied(case: &Case, edits: &[LineEdit], random: &mut Random) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (edit, meant) in edits.iter().zip(&case.edits) {
        let shift = random.between(1, 9);
        let copy: Vec<String> = meant.search.split('\n').map(str::to_owned).collect();
        let apart = || vec!["// apart".to_owned()];
        let (above, below) = (
            [notes(shift), copy.clone(), apart()].concat(),
            [apart(), copy].concat(),
        );
        let shifted = changed(&case.content, 1, 0, &notes(shift));
        let below = shifted.and_then(|shifted| appended(&shifted, &below));
        for content in [changed(&case.content, 1, 0, &above), below]
            .into_iter()
            .flatten()
        {
            let trial = Trial {
                viewed: case.content.clone(),
                expected: None,
                content,
                edits: vec![edit.clone()],
            };
            if trial.as_stated().is_none() {
                trials.push(trial);
            }
        }
    }
    trials
}

pub(super) fn duplicated(case: &Case, random: &mut Random) -> Vec<Trial> {
    copied(case, &case.edits, random)
}

pub(super) fn duplicated_ellipsis(case: &Case, random: &mut Random) -> Vec<Trial> {
    elidable(&case.edits)
        .map(|edits| copied(case, &edits, random))
        .unwrap_or_default()
}
