//! The file is as it was viewed; how the edits, or its lines, are written is another matter.

use overskill::edit::LineEdit;
use overskill_bench::Random;

use super::super::{corpus::Case, trial::Trial};
use crate::oracle;

/// Searches longer than this are elided, to their first and last two lines.
const LONG: usize = 6;
const ENDS: usize = 2;

/// The edit with a long search text elided.
pub(crate) fn elided(edit: &LineEdit) -> LineEdit {
    let lines: Vec<&str> = edit.search.split('\n').collect();
    if lines.len() <= LONG {
        return edit.clone();
    }
    let (head, rest) = lines.split_at(ENDS);
    let (_, tail) = rest.split_at(rest.len() - ENDS);
    let search = [head, &["..."], tail].concat().join("\n");
    LineEdit {
        search,
        ..edit.clone()
    }
}

pub(super) fn elidable(edits: &[LineEdit]) -> Option<Vec<LineEdit>> {
    let shorter: Vec<LineEdit> = edits.iter().map(elided).collect();
    (shorter != edits).then_some(shorter)
}

pub(super) fn exact(case: &Case, _: &mut Random) -> Vec<Trial> {
    vec![fresh(&case.content, case.edits.clone(), &case.edits)]
}

/// Edits of the text as it was viewed; `meant` is what they are, in whatever way they are written.
fn fresh(content: &str, edits: Vec<LineEdit>, meant: &[LineEdit]) -> Trial {
    Trial {
        viewed: content.to_owned(),
        content: content.to_owned(),
        edits,
        expected: oracle::splice(content, &Case::changes(meant)),
    }
}

pub(super) fn ellipsis(case: &Case, _: &mut Random) -> Vec<Trial> {
    let edits = elidable(&case.edits).into_iter();
    edits
        .map(|edits| fresh(&case.content, edits, &case.edits))
        .collect()
}

pub(super) fn crlf(case: &Case, _: &mut Random) -> Vec<Trial> {
    let content = case.content.replace("\r\n", "\n").replace('\n', "\r\n");
    vec![fresh(&content, case.edits.clone(), &case.edits)]
}

pub(super) fn marked(case: &Case, _: &mut Random) -> Vec<Trial> {
    let content = format!("\u{feff}{}", case.content.trim_start_matches('\u{feff}'));
    vec![fresh(&content, case.edits.clone(), &case.edits)]
}

pub(super) fn unfinished(case: &Case, _: &mut Random) -> Vec<Trial> {
    let content = case.content.strip_suffix('\n').unwrap_or(&case.content);
    let content = content.strip_suffix('\r').unwrap_or(content);
    // Without its break an empty last line is none.
    let gone = content.is_empty() || content.ends_with('\n');
    let trial = || fresh(content, case.edits.clone(), &case.edits);
    (!gone).then(trial).into_iter().collect()
}

pub(super) fn dollars(case: &Case, _: &mut Random) -> Vec<Trial> {
    let edits = case.edits.iter().map(|edit| LineEdit {
        replacement: format!(
            "{}\n$& $$ $1 $` $' ${{x}} $<y> \\1 \\n \\\\",
            edit.replacement
        ),
        ..edit.clone()
    });
    let edits: Vec<LineEdit> = edits.collect();
    vec![fresh(&case.content, edits.clone(), &edits)]
}

pub(super) fn shuffled(case: &Case, random: &mut Random) -> Vec<Trial> {
    if case.edits.len() < 2 {
        return Vec::new();
    }
    let mut reversed = case.edits.clone();
    reversed.reverse();
    let mut orders = vec![reversed];
    for _ in 0..2 {
        let mut order = case.edits.clone();
        random.shuffle(&mut order);
        orders.push(order);
    }
    orders
        .into_iter()
        .map(|edits| fresh(&case.content, edits, &case.edits))
        .collect()
}

/// White space at the ends of some lines that the search text has more, and less, than the file.
pub(super) fn trailing(case: &Case, _: &mut Random) -> Vec<Trial> {
    let spaced = |text: &str, every: usize| {
        let lines = text.split('\n').enumerate();
        let lines = lines.map(|(number, line)| {
            if number % every == 0 {
                format!("{line}  ")
            } else {
                line.to_owned()
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let more: Vec<LineEdit> = case
        .edits
        .iter()
        .map(|edit| LineEdit {
            search: spaced(&edit.search, 2),
            ..edit.clone()
        })
        .collect();
    let plain = case.content.replace("\r\n", "\n");
    vec![
        fresh(&case.content, more, &case.edits),
        fresh(&spaced(&plain, 1), case.edits.clone(), &case.edits),
    ]
}

/// Search and replacement without the indentation that they have in common, and with more than the file has.
pub(super) fn indented(case: &Case, _: &mut Random) -> Vec<Trial> {
    let mut trials = Vec::new();
    let less: Vec<LineEdit> = case.edits.iter().map(outdented).collect();
    if less != case.edits {
        trials.push(fresh(&case.content, less, &case.edits));
    }
    let more: Vec<LineEdit> = case.edits.iter().map(deepened).collect();
    if more != case.edits {
        trials.push(fresh(&case.content, more, &case.edits));
    }
    trials
}

fn deepened(edit: &LineEdit) -> LineEdit {
    // Blank lines have no indentation that could tell by how much the replacement is to be moved.
    if edit.search.trim().is_empty() {
        return edit.clone();
    }
    let more = |text: &str| {
        let lines = text.split('\n');
        let lines = lines.map(|line| {
            if line.trim().is_empty() {
                line.to_owned()
            } else {
                format!("  {line}")
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    LineEdit {
        search: more(&edit.search),
        replacement: more(&edit.replacement),
        ..edit.clone()
    }
}

fn outdented(edit: &LineEdit) -> LineEdit {
    if edit.search.trim().is_empty() {
        return edit.clone();
    }
    let lines = edit.search.split('\n').chain(edit.replacement.split('\n'));
    let indents = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len());
    let common = indents.min().unwrap_or(0);
    let less = |text: &str| {
        let lines = text.split('\n').map(|line| {
            line.get(common..)
                .filter(|_| !line.trim().is_empty())
                .unwrap_or(line)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    LineEdit {
        search: less(&edit.search),
        replacement: less(&edit.replacement),
        ..edit.clone()
    }
}
