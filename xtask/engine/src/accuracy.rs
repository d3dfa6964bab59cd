//! `eval tokens PATH…`: how far the estimate of tokens is from the exact count, over files, folders and corpora.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use overskill::edit::tokens;
use serde_json::json;

use crate::{
    eval::{corpus, table},
    tokens::Counter,
};

/// Files that are text of some length; what a bundler made is left out.
const KINDS: [&str; 8] = ["ts", "tsx", "js", "jsx", "mjs", "css", "json", "html"];
const BYTES: std::ops::RangeInclusive<u64> = 200..=60_000;
/// Tokens of one sort of text: the estimate and the exact count.
type Counts = Vec<(f64, f64)>;

/// # Errors
/// When a path cannot be read, or there is no text below them.
pub(crate) fn run(paths: &[&str]) -> Result<ExitCode> {
    let counter = Counter::new()?;
    let mut rows = Vec::new();
    for path in paths {
        let texts = texts(Path::new(path))?;
        if texts.is_empty() {
            bail!(
                "{path} has no source files between {} and {} bytes",
                BYTES.start(),
                BYTES.end()
            );
        }
        let count = |text: &str| {
            (
                f64::from(tokens::estimate(text)),
                f64::from(u32::try_from(counter.text(text)).unwrap_or(u32::MAX)),
            )
        };
        let plain: Counts = texts.iter().map(|text| count(text)).collect();
        let calls: Counts = texts
            .iter()
            .map(|text| count(&json!({ "path": "src/a.tsx", "content": text }).to_string()))
            .collect();
        rows.push(row(path, "text", &plain));
        rows.push(row(path, "in a call", &calls));
    }
    table::print(
        &[
            "of",
            "as",
            "texts",
            "median error",
            "p90 error",
            "of the sum",
        ],
        &rows,
    );
    println!(
        "error: |estimate − o200k| ÷ o200k, a text each; of the sum: all estimates against all counts"
    );
    Ok(ExitCode::SUCCESS)
}

fn row(path: &str, form: &str, counts: &[(f64, f64)]) -> Vec<String> {
    let mut errors: Vec<f64> = counts
        .iter()
        .map(|(estimate, exact)| (estimate - exact).abs() / exact.max(1.0))
        .collect();
    errors.sort_by(f64::total_cmp);
    let at = |tenths: usize| {
        errors
            .get((errors.len() * tenths / 10).min(errors.len() - 1))
            .copied()
            .unwrap_or_default()
    };
    let (estimates, exact) = counts
        .iter()
        .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    vec![
        path.to_owned(),
        form.to_owned(),
        counts.len().to_string(),
        percent(at(5)),
        percent(at(9)),
        format!("{:+.1} %", (estimates / exact - 1.0) * 100.0),
    ]
}

/// The texts of a corpus of edits, of a file, or of all source files below a folder.
fn texts(path: &Path) -> Result<Vec<String>> {
    if path.extension().is_some_and(|kind| kind == "jsonl") {
        return Ok(corpus::read(path)?
            .into_iter()
            .map(|case| case.content)
            .collect());
    }
    let mut open: Vec<PathBuf> = vec![path.to_owned()];
    let mut texts = Vec::new();
    while let Some(path) = open.pop() {
        let about = std::fs::symlink_metadata(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let source = path
            .extension()
            .and_then(|kind| kind.to_str())
            .is_some_and(|kind| KINDS.contains(&kind));
        if about.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else if about.is_file() && source && BYTES.contains(&about.len()) {
            texts.extend(std::fs::read_to_string(&path));
        }
    }
    Ok(texts)
}
