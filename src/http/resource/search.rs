//! What a search answers with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::search;

/// What was found in the files as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchResult {
    /// The newest version. While a turn runs, the files may be ahead of it.
    pub version: Option<u32>,
    /// Why the query was searched as it stands, when it is no regular expression.
    pub literal: Option<String>,
    /// Where the query is defined, when it is a plain name: at most five places.
    pub definitions: Vec<Definition>,
    /// How many lines hold a match, shown or not.
    pub count: u64,
    /// How many of them are shown.
    pub shown: u64,
    /// The files with hits, ordered by path; of some only the count may be shown.
    pub files: Vec<FileHits>,
    /// How many files were searched.
    pub searched: u64,
    /// Files that were meant and not searched.
    pub skipped: Vec<SkippedFile>,
}

/// A symbol that is defined in the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// What it is: `component`, `hook`, `function`, `class`, `type`, `value`, `route`, `style`, `table` or `export`.
    pub kind: String,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
}

/// The hits of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileHits {
    /// Which file.
    pub path: String,
    /// How many of its lines hold a match, shown or not.
    pub count: u64,
    /// The first of them. What is shown is shared out evenly among the files.
    pub hits: Vec<Hit>,
}

/// A line in which a match starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// Its number, from 1.
    pub line: u64,
    /// Where the first match starts, in characters of the whole line, from 1.
    pub column: u64,
    /// The line in which that match ends.
    pub last_line: u64,
    /// The line.
    pub text: Excerpt,
    /// The lines before.
    pub before: Vec<Excerpt>,
    /// The lines after, and those that the match reaches into.
    pub after: Vec<Excerpt>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// What it says, without its ending. Of a long one a part, with `…` for the rest.
    pub text: String,
    /// Whether a part is not shown.
    pub cut: bool,
}

/// A file that was not searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedFile {
    /// Which file.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file was not searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Its content is not UTF-8.
    Binary,
    /// It has more than 256 KiB.
    Large,
    /// The expression takes so long that the files before were enough for one call.
    Effort,
}

impl SearchResult {
    /// What a search has found.
    #[must_use]
    pub fn of(
        version: Option<u32>,
        found: search::Found,
        definitions: Vec<search::Symbol>,
    ) -> Self {
        Self {
            version,
            definitions: definitions.into_iter().map(Into::into).collect(),
            count: found.count() as u64,
            shown: found.shown() as u64,
            literal: found.literal,
            files: found.files.into_iter().map(Into::into).collect(),
            searched: found.searched as u64,
            skipped: found.skipped.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<search::Symbol> for Definition {
    fn from(symbol: search::Symbol) -> Self {
        Self {
            name: symbol.name,
            kind: symbol.kind.to_string(),
            path: symbol.path,
            line: symbol.line as u64,
        }
    }
}

impl From<search::FileHits> for FileHits {
    fn from(file: search::FileHits) -> Self {
        Self {
            path: file.path,
            count: file.count as u64,
            hits: file.hits.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<search::Hit> for Hit {
    fn from(hit: search::Hit) -> Self {
        let excerpts = |lines: Vec<search::Excerpt>| lines.into_iter().map(Into::into).collect();
        Self {
            line: hit.line as u64,
            column: hit.column as u64,
            last_line: hit.last_line as u64,
            text: hit.text.into(),
            before: excerpts(hit.before),
            after: excerpts(hit.after),
        }
    }
}

impl From<search::Excerpt> for Excerpt {
    fn from(excerpt: search::Excerpt) -> Self {
        Self {
            text: excerpt.text,
            cut: excerpt.cut,
        }
    }
}

impl From<search::Skipped> for SkippedFile {
    fn from(skipped: search::Skipped) -> Self {
        Self {
            path: skipped.path,
            reason: match skipped.reason {
                search::SkipReason::Binary => SkipReason::Binary,
                search::SkipReason::Large => SkipReason::Large,
                search::SkipReason::Effort => SkipReason::Effort,
            },
        }
    }
}
