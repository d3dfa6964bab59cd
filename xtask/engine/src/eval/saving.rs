//! What edits cost in output tokens, against a rewrite of the file.
//!
//! Counted are the o200k tokens of the compact JSON `{"name","input"}` of every call, path included, against those of
//! one `write_file` of the new content.

use overskill::edit::{LineEdit, TextEdit, anchors};
use serde_json::{Value, json};

use super::{corpus::Case, forms, table, variants};
use crate::tokens::Counter;

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

fn str_replace(case: &Case, edit: &LineEdit) -> Option<Call> {
    let TextEdit { old, new } = forms::str_replace(&case.content, edit)?;
    let input = json!({ "path": case.path, "old_str": old, "new_str": new });
    Some(("str_replace", input))
}

/// A unified patch of all edits.
fn patch(case: &Case) -> Option<Call> {
    let patch = forms::patch(&case.path, &case.content, &case.edits)?;
    Some(("apply_patch", json!({ "patch": patch })))
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
