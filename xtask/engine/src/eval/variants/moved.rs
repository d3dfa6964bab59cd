//! Lines have come or gone since the file was viewed, and those that are meant stand elsewhere.

use overskill::edit::LineEdit;
use overskill_bench::Random;

use super::{
    super::{corpus::Case, trial::Trial},
    written::elidable,
};
use crate::oracle::{self, Change};

/// A text that has changed at some lines since it was viewed. `meant` are the changes in terms of the text now.
fn moved(
    case: &Case,
    edits: &[LineEdit],
    at: usize,
    removed: usize,
    inserted: &[String],
) -> Option<Trial> {
    let content = changed(&case.content, at, removed, inserted)?;
    let mut meant = Case::changes(&case.edits);
    for change in &mut meant {
        if change.first >= at {
            change.first = change.first + inserted.len() - removed;
            change.last = change.last + inserted.len() - removed;
        }
    }
    Some(Trial {
        viewed: case.content.clone(),
        expected: oracle::splice(&content, &meant),
        content,
        edits: edits.to_vec(),
    })
}

/// Lines taken away before line `at`, and others put there.
pub(super) fn changed(
    content: &str,
    at: usize,
    removed: usize,
    inserted: &[String],
) -> Option<String> {
    if removed > 0 {
        let lines = inserted.to_vec();
        return oracle::splice(
            content,
            &[Change {
                first: at - removed,
                last: at - 1,
                lines,
            }],
        );
    }
    let texts = oracle::texts(content);
    let mut lines = inserted.to_vec();
    lines.push((*texts.get(at - 1)?).to_owned());
    oracle::splice(
        content,
        &[Change {
            first: at,
            last: at,
            lines,
        }],
    )
}

pub(super) fn appended(content: &str, more: &[String]) -> Option<String> {
    let texts = oracle::texts(content);
    let mut lines = vec![(*texts.last()?).to_owned()];
    lines.extend_from_slice(more);
    oracle::splice(
        content,
        &[Change {
            first: texts.len(),
            last: texts.len(),
            lines,
        }],
    )
}

pub(super) fn notes(count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("// inserted before {number}"))
        .collect()
}

fn first_line(case: &Case) -> usize {
    case.edits
        .iter()
        .map(|edit| edit.first_line)
        .min()
        .unwrap_or(1)
}

pub(super) fn shifted_down(case: &Case, _: &mut Random) -> Vec<Trial> {
    let shift = |count| moved(case, &case.edits, 1, 0, &notes(count));
    [1, 2, 3, 5, 20].into_iter().filter_map(shift).collect()
}

pub(super) fn shifted_by_blanks(case: &Case, _: &mut Random) -> Vec<Trial> {
    let at = first_line(case);
    let shift = |count| moved(case, &case.edits, at, 0, &vec![String::new(); count]);
    [1, 2, 3].into_iter().filter_map(shift).collect()
}

pub(super) fn shifted_up(case: &Case, _: &mut Random) -> Vec<Trial> {
    let room = first_line(case) - 1;
    let counts = [1, 2, 3, 5, 20].into_iter().filter(|count| *count <= room);
    counts
        .filter_map(|count| moved(case, &case.edits, count + 1, count, &[]))
        .collect()
}

pub(super) fn shifted_between(case: &Case, _: &mut Random) -> Vec<Trial> {
    let mut starts: Vec<usize> = case.edits.iter().map(|edit| edit.first_line).collect();
    starts.sort_unstable();
    let starts = starts.into_iter().skip(1);
    starts
        .flat_map(|at| [1, 2, 7].map(|count| moved(case, &case.edits, at, 0, &notes(count))))
        .flatten()
        .collect()
}

pub(super) fn shifted_ellipsis(case: &Case, _: &mut Random) -> Vec<Trial> {
    let Some(edits) = elidable(&case.edits) else {
        return Vec::new();
    };
    let shift = |count| moved(case, &edits, 1, 0, &notes(count));
    [1, 2, 5, 20].into_iter().filter_map(shift).collect()
}
