//! What a comparison of two versions answers with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    project::{
        FileEntry, ProjectPath,
        diff::{self, Changed, Side, TextDiff},
    },
};

/// A page of the files that differ between two versions, ordered by path. A page ends early when it holds much text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffPage {
    /// The older side; null when the version has no parent and everything is new.
    pub from: Option<u32>,
    /// The newer side.
    pub to: u32,
    /// How many files differ, on all pages.
    pub count: u64,
    /// The files.
    pub files: Vec<FileDiff>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileDiff {
    /// Where it is.
    pub path: ProjectPath,
    /// What became of it.
    pub change: FileChange,
    /// Whether a side is not UTF-8. Then no lines are shown.
    pub binary: bool,
    /// The file before.
    pub before: Option<DiffedFile>,
    /// The file after.
    pub after: Option<DiffedFile>,
    /// Lines that came, shown or not.
    pub added: u64,
    /// Lines that went, shown or not.
    pub deleted: u64,
    /// The changes, with three unchanged lines around each, as in the unified format.
    pub hunks: Vec<Hunk>,
    /// What is not shown: a file's hunks have at most 64 KiB of text.
    pub cut: Option<DiffCut>,
    /// Whether some stretch was too large to be compared line by line, and is shown as replaced as a whole.
    pub coarse: bool,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// There was none.
    Added,
    /// There is none any more.
    Deleted,
    /// It has another content.
    Modified,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffedFile {
    /// The hash of its content.
    pub hash: Digest,
    /// Its length in bytes.
    pub size: u64,
}

/// Changes that stand close together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hunk {
    /// The first old line, from 1; without old lines, the line before.
    pub old_start: u64,
    /// How many old lines are shown.
    pub old_lines: u64,
    /// The first new line, from 1; without new lines, the line before.
    pub new_start: u64,
    /// How many new lines are shown.
    pub new_lines: u64,
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffLine {
    /// What became of it.
    pub change: LineChange,
    /// What it says. A byte order mark, which only a first line can have, is part of it.
    pub text: String,
    /// How it ends.
    pub ending: LineEnding,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineChange {
    /// It stands on both sides.
    Unchanged,
    /// It came.
    Added,
    /// It went.
    Deleted,
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// With a line feed.
    Lf,
    /// With a carriage return and a line feed.
    Crlf,
    /// With the end of the file.
    None,
}

/// What is not shown of a file's changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffCut {
    /// Hunks of which nothing is shown.
    pub hunks: u64,
    /// Lines that are not shown, in these hunks and at the end of the last one that is.
    pub lines: u64,
}

impl FileDiff {
    /// A file that differs; `text` holds its lines, unless it is binary.
    #[must_use]
    pub fn of(changed: Changed, text: Option<TextDiff>) -> Self {
        let binary = !changed.is_text();
        let text = text.unwrap_or_default();
        Self {
            change: match (changed.before, changed.after) {
                (None, _) => FileChange::Added,
                (_, None) => FileChange::Deleted,
                _ => FileChange::Modified,
            },
            path: changed.path,
            binary,
            before: changed.before.map(Into::into),
            after: changed.after.map(Into::into),
            added: text.added as u64,
            deleted: text.deleted as u64,
            hunks: text.hunks.into_iter().map(Into::into).collect(),
            cut: text.cut.map(|cut| DiffCut {
                hunks: cut.hunks as u64,
                lines: cut.lines as u64,
            }),
            coarse: text.coarse,
        }
    }
}

impl From<FileEntry> for DiffedFile {
    fn from(entry: FileEntry) -> Self {
        Self {
            hash: entry.hash,
            size: entry.size,
        }
    }
}

impl From<diff::Hunk> for Hunk {
    fn from(hunk: diff::Hunk) -> Self {
        Self {
            old_start: hunk.old_start as u64,
            old_lines: hunk.old_lines as u64,
            new_start: hunk.new_start as u64,
            new_lines: hunk.new_lines as u64,
            lines: hunk.lines.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<diff::DiffLine> for DiffLine {
    fn from(line: diff::DiffLine) -> Self {
        let (text, ending) = match line.text.strip_suffix('\n') {
            None => (line.text.as_str(), LineEnding::None),
            Some(text) => match text.strip_suffix('\r') {
                None => (text, LineEnding::Lf),
                Some(text) => (text, LineEnding::Crlf),
            },
        };
        Self {
            change: match line.side {
                Side::Both => LineChange::Unchanged,
                Side::Old => LineChange::Deleted,
                Side::New => LineChange::Added,
            },
            text: text.to_owned(),
            ending,
        }
    }
}
