//! What edits cost in output tokens, against a rewrite of the file.
//!
//! Counted are the o200k tokens of the compact JSON `{"name","input"}` of every call, path included, against those of
//! one `write_file` of the new content.

use overskill::edit::{LineEdit, anchors};
use serde_json::{Value, json};

use super::{corpus::Case, table, variants};
use crate::{oracle, tokens::Counter};

/// Lines around a hunk of a patch.
const CONTEXT: usize = 3;

/// How the calls of a case are stated; nothing when they cannot be.
type Way = fn(&Case) -> Option<Vec<Call>>;

/// The ways of writing an edit, in the order of the table.
const WAYS: &[(&str, Way)] = &[
    ("line_replace", |case| {
        Some(
            case.edits
                .iter()
                .map(|edit| line_replace(case, edit))
                .collect(),
        )
    }),
    ("line_replace, ellipsis", |case| {
        Some(
            case.edits
                .iter()
                .map(|edit| line_replace(case, &variants::elided(edit)))
                .collect(),
        )
    }),
    ("edit_lines, a call each", |case| {
        case.edits
            .iter()
            .map(|edit| edit_lines(case, std::slice::from_ref(edit)))
            .collect()
    }),
    ("edit_lines, one call", |case| {
        Some(vec![edit_lines(case, &case.edits)?])
    }),
    ("str_replace, least lines", |case| {
        case.edits
            .iter()
            .map(|edit| str_replace(case, edit))
            .collect()
    }),
    ("unified patch", |case| Some(vec![patch(case)?])),
];

type Call = (&'static str, Value);

/// Tokens of each way and of the rewrite, a case each.
pub(crate) fn print(cases: &[Case], counter: &Counter) {
    let rewrite = |case: &Case| {
        counter.call(
            "write_file",
            &json!({ "path": case.path, "content": case.expected }),
        )
    };
    let rewrites: Vec<usize> = cases.iter().map(rewrite).collect();
    let mut rows = Vec::new();
    for (name, way) in WAYS {
        let mut spent = Vec::new();
        for (case, rewrite) in cases.iter().zip(&rewrites) {
            if let Some(calls) = way(case) {
                let tokens = calls
                    .iter()
                    .map(|(name, input)| counter.call(name, input))
                    .sum();
                spent.push((tokens, *rewrite));
            }
        }
        rows.push(row(name, &spent));
    }
    let bound: Vec<(usize, usize)> = cases.iter().map(|case| bound(case, counter)).collect();
    rows.push(row("bound: no search, path or name", &bound));
    let head = [
        "saving against a rewrite",
        "cases",
        "p10",
        "median",
        "p90",
        "weighted",
        "dearer",
    ];
    table::print(&head, &rows);
    println!(
        "{} tokens rewritten in all; dearer: cases that cost more than the rewrite.",
        rewrites.iter().sum::<usize>()
    );
}

fn row(name: &str, spent: &[(usize, usize)]) -> Vec<String> {
    let mut saved: Vec<f64> = spent
        .iter()
        .map(|(spent, rewrite)| share(*spent, *rewrite))
        .collect();
    saved.sort_by(f64::total_cmp);
    let whole: (usize, usize) = spent
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let at =
        |tenths: usize| saved.get((saved.len() * tenths / 10).min(saved.len().saturating_sub(1)));
    let quantile = |tenths| at(tenths).copied().map(percent).unwrap_or_default();
    vec![
        name.to_owned(),
        spent.len().to_string(),
        quantile(1),
        quantile(5),
        quantile(9),
        percent(share(whole.0, whole.1)),
        saved
            .iter()
            .filter(|saved| **saved < 0.0)
            .count()
            .to_string(),
    ]
}

/// Token counts are far below 2⁵², where a float is exact.
#[expect(clippy::cast_precision_loss, reason = "counts of tokens are small")]
fn share(spent: usize, rewrite: usize) -> f64 {
    1.0 - spent as f64 / rewrite.max(1) as f64
}

fn line_replace(case: &Case, edit: &LineEdit) -> Call {
    let input = json!({
        "path": case.path,
        "search": edit.search,
        "first_line": edit.first_line,
        "last_line": edit.last_line,
        "replacement": edit.replacement,
    });
    ("line_replace", input)
}

fn triples(case: &Case, edits: &[LineEdit]) -> Option<Vec<Value>> {
    let triple = |edit: &LineEdit| {
        let call = anchors::anchored(
            &case.content,
            edit.first_line,
            edit.last_line,
            &edit.replacement,
        )?;
        Some(json!([call.first, call.last, call.text]))
    };
    edits.iter().map(triple).collect()
}

fn edit_lines(case: &Case, edits: &[LineEdit]) -> Option<Call> {
    Some((
        "edit_lines",
        json!({ "path": case.path, "edits": triples(case, edits)? }),
    ))
}

/// The lines of the edit, with as many around them as make them the only ones; none for the whole file twice.
fn str_replace(case: &Case, edit: &LineEdit) -> Option<Call> {
    let content = case.content.replace("\r\n", "\n");
    let lines = oracle::texts(&content);
    let (mut first, mut last) = (edit.first_line - 1, edit.last_line);
    let mut old = lines.get(first..last)?.join("\n");
    // A blank line says nothing; some text has to be named.
    while old.trim().is_empty() || content.match_indices(&old).nth(1).is_some() {
        if first == 0 && last == lines.len() {
            return None;
        }
        // Alternately above and below.
        if first > 0
            && (edit.first_line - 1 - first <= last - edit.last_line || last == lines.len())
        {
            first -= 1;
        } else {
            last += 1;
        }
        old = lines.get(first..last)?.join("\n");
    }
    let above = lines.get(first..edit.first_line - 1)?;
    let below = lines.get(edit.last_line..last)?;
    let replaced = (!edit.replacement.is_empty()).then_some(edit.replacement.as_str());
    let new: Vec<&str> = above
        .iter()
        .copied()
        .chain(replaced)
        .chain(below.iter().copied())
        .collect();
    Some((
        "str_replace",
        json!({ "path": case.path, "old_str": old, "new_str": new.join("\n") }),
    ))
}

/// A unified patch of all edits, as `diff -u` writes it.
fn patch(case: &Case) -> Option<Call> {
    let old = oracle::texts(&case.content);
    let mut edits: Vec<&LineEdit> = case.edits.iter().collect();
    edits.sort_by_key(|edit| edit.first_line);
    let mut text = format!("--- a/{0}\n+++ b/{0}\n", case.path);
    let mut grown = 0_isize;
    let mut rest = edits.as_slice();
    while let Some(first) = rest.first() {
        let near = rest.windows(2).take_while(|pair| matches!(pair, [one, next] if next.first_line - one.last_line <= 2 * CONTEXT + 1));
        let (group, later) = rest.split_at(near.count() + 1);
        let from = first.first_line.saturating_sub(CONTEXT + 1);
        let to = (group.last()?.last_line + CONTEXT).min(old.len());
        let (mut body, mut next, mut added, mut removed) = (String::new(), from, 0, 0);
        for edit in group {
            lines(&mut body, ' ', old.get(next..edit.first_line - 1)?);
            lines(
                &mut body,
                '-',
                old.get(edit.first_line - 1..edit.last_line)?,
            );
            let new: Vec<&str> = edit
                .replacement
                .split('\n')
                .filter(|_| !edit.replacement.is_empty())
                .collect();
            lines(&mut body, '+', &new);
            added += new.len();
            removed += edit.last_line + 1 - edit.first_line;
            next = edit.last_line;
        }
        lines(&mut body, ' ', old.get(next..to)?);
        let count = to - from;
        let start = (from + 1).checked_add_signed(grown)?;
        text.push_str(&format!(
            "@@ -{},{count} +{start},{} @@\n{body}",
            from + 1,
            count + added - removed
        ));
        grown += added.cast_signed() - removed.cast_signed();
        rest = later;
    }
    Some(("apply_patch", json!({ "patch": text })))
}

fn lines(body: &mut String, mark: char, lines: &[&str]) {
    for line in lines {
        body.push(mark);
        body.push_str(line);
        body.push('\n');
    }
}

/// Nothing but the new lines and where they go, against nothing but the new content.
fn bound(case: &Case, counter: &Counter) -> (usize, usize) {
    let edits = triples(case, &case.edits).unwrap_or_default();
    let text = |value: &Value| {
        value
            .get(2)
            .and_then(Value::as_str)
            .map_or(0, |text| counter.text(text))
    };
    let anchors = |value: &Value| {
        [0, 1]
            .into_iter()
            .filter_map(|at| value.get(at)?.as_str())
            .map(|anchor| counter.text(anchor))
            .sum::<usize>()
    };
    let spent = edits.iter().map(|edit| text(edit) + anchors(edit)).sum();
    (spent, counter.text(&case.expected))
}
