//! Recorded edits: JSON lines of `{"id","path","before","after"?,"edits":[{"first","last","replacement"}]}`, lines
//! counted from 1 and inclusive, an empty replacement deletes. Other fields are ignored.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use overskill::edit::LineEdit;
use serde::Deserialize;
use serde_json::Value;

use crate::oracle::{self, Change};

#[derive(Deserialize)]
struct Record {
    id: Value,
    path: String,
    before: String,
    after: Option<String>,
    edits: Vec<Hunk>,
}

#[derive(Deserialize)]
struct Hunk {
    first: usize,
    last: usize,
    replacement: String,
}

/// A file and the edits of it, all stated against it.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) content: String,
    pub(crate) edits: Vec<LineEdit>,
    /// What they come to.
    pub(crate) expected: String,
    /// Whether the recorded result is another.
    pub(crate) differs: bool,
}

impl Case {
    /// Several edits as changes of the lines they state.
    pub(crate) fn changes(edits: &[LineEdit]) -> Vec<Change> {
        let change =
            |edit: &LineEdit| Change::stated(edit.first_line, edit.last_line, &edit.replacement);
        edits.iter().map(change).collect()
    }
}

/// Reads a corpus.
///
/// # Errors
/// When the file cannot be read, has no case, or a line is none; the message has its number.
pub(crate) fn read(path: &Path) -> Result<Vec<Case>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut cases = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| format!("{shown}, line {}: cannot be read", number + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        let case = case(&line).with_context(|| format!("{shown}, line {}", number + 1))?;
        cases.push(case);
    }
    ensure!(!cases.is_empty(), "{shown} has no cases");
    Ok(cases)
}

fn case(line: &str) -> Result<Case> {
    let record: Record = serde_json::from_str(line).context(
        "not a record {\"id\",\"path\",\"before\",\"edits\":[{\"first\",\"last\",\"replacement\"}]}",
    )?;
    ensure!(!record.edits.is_empty(), "it has no edits");
    let texts = oracle::texts(&record.before);
    let mut edits = Vec::new();
    for hunk in record.edits {
        let held = hunk
            .first
            .checked_sub(1)
            .and_then(|first| texts.get(first..hunk.last));
        let Some(held) = held.filter(|held| !held.is_empty()) else {
            bail!(
                "`before` has no lines {}–{}, it has {}",
                hunk.first,
                hunk.last,
                texts.len()
            );
        };
        edits.push(LineEdit {
            search: held.join("\n"),
            first_line: hunk.first,
            last_line: hunk.last,
            replacement: hunk.replacement,
        });
    }
    let expected = oracle::splice(&record.before, &Case::changes(&edits));
    let expected = expected.context("two of its edits change the same line")?;
    Ok(Case {
        id: record
            .id
            .as_str()
            .map_or_else(|| record.id.to_string(), str::to_owned),
        path: record.path,
        differs: record.after.is_some_and(|after| after != expected),
        content: record.before,
        edits,
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_case_is_named() {
        let folder = std::env::temp_dir().join(format!("overskill-corpus-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("corpus.jsonl");
        let good = r#"{"id":"a","path":"a.ts","before":"a\nb\n","edits":[{"first":2,"last":2,"replacement":"x"}],"more":1}"#;
        for (lines, message) in [
            (format!("{good}\n\n{{}}\n"), "line 3"),
            (good.replace("\"last\":2", "\"last\":3"), "line 1"),
            (good.replace("\"last\":2", "\"last\":1"), "line 1"),
            ("\n".to_owned(), "has no cases"),
        ] {
            std::fs::write(&file, lines).unwrap();
            let error = read(&file).err().map(|error| format!("{error:#}")).unwrap();
            assert!(error.contains(message), "{error}");
        }
        std::fs::write(&file, good).unwrap();
        let cases = read(&file).unwrap();
        assert_eq!(cases[0].expected, "a\nx\n");
        assert_eq!(cases[0].edits[0].search, "b");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(read(&file).is_err());
    }
}
