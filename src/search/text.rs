//! Text search: one file after another in, bounded hits with exact counts out.

use super::{Query, expression::Expression, share::shares};
use crate::{
    edit::lines::{self, Line},
    project::FileEntry,
};

/// The most lines that are shown for one match that spans lines.
const MAX_SPAN: usize = 10;

/// What bounds a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Hits that are shown of one file.
    pub per_file: usize,
    /// Hits that are shown in all.
    pub total: usize,
    /// Lines that are shown in all, context included; fewer hits are shown when each brings much context.
    pub lines: usize,
    /// Characters that are shown of one line.
    pub line_chars: usize,
    /// The largest file that is searched, in bytes.
    pub file_bytes: u64,
    /// The effort of one search: bytes of text, times what the expression costs.
    pub effort: u64,
}

impl Caps {
    /// What a model reads: at most about 48 KiB.
    pub const MODEL: Self = Self {
        per_file: 40,
        total: 100,
        lines: 300,
        line_chars: 160,
        file_bytes: 256 * 1024,
        effort: 24 << 20,
    };
    /// What a program reads.
    pub const PROGRAM: Self = Self {
        per_file: 200,
        total: 1_000,
        lines: 3_000,
        line_chars: 400,
        ..Self::MODEL
    };

    /// The hits of a query that are shown in all: at least one.
    #[must_use]
    pub fn hits(&self, query: &Query) -> usize {
        let span = if query.expression.is_across() {
            MAX_SPAN
        } else {
            0
        };
        let each = query.context.saturating_mul(2).saturating_add(span + 1);
        self.total.min((self.lines / each).max(1))
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Why the query was searched literally, if it was: a phrase.
    pub literal: Option<String>,
    /// The files with hits, in the order in which they came.
    pub files: Vec<FileHits>,
    /// How many files were searched.
    pub searched: usize,
    /// Files that were meant and not searched.
    pub skipped: Vec<Skipped>,
}

impl Found {
    /// How many hits there are, shown or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.iter().map(|file| file.count).sum()
    }

    /// How many hits are shown.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.files.iter().map(|file| file.hits.len()).sum()
    }
}

/// The hits of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHits {
    /// Which file.
    pub path: String,
    /// How many hits there are, shown or not.
    pub count: usize,
    /// The first of them.
    pub hits: Vec<Hit>,
}

/// A line in which a match starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its number, from 1.
    pub line: usize,
    /// Where in the line the first match starts: in characters, from 1.
    pub column: usize,
    /// The line in which that match ends.
    pub last_line: usize,
    /// The line.
    pub text: Excerpt,
    /// The lines before.
    pub before: Vec<Excerpt>,
    /// The lines after, those that the match reaches into included.
    pub after: Vec<Excerpt>,
}

/// A line, or what is shown of a long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// What is shown, without the line's ending; `…` stands for what is not.
    pub text: String,
    /// Whether something is not shown.
    pub cut: bool,
}

impl Excerpt {
    /// At most `chars` characters of a line, the one at byte `around` among them.
    fn of(line: &str, around: usize, chars: usize) -> Self {
        let count = line.chars().count();
        if count <= chars {
            return Self {
                text: line.to_owned(),
                cut: false,
            };
        }
        let focus = line
            .get(..around)
            .map_or(0, |before| before.chars().count());
        // A third before, the rest after; at the end of a line all of it before.
        let first = focus.saturating_sub(chars / 3).min(count - chars);
        let shown: String = line.chars().skip(first).take(chars).collect();
        let head = if first > 0 { "…" } else { "" };
        let tail = if first + chars < count { "…" } else { "" };
        Self {
            text: format!("{head}{shown}{tail}"),
            cut: true,
        }
    }
}

/// A file that was meant and not searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which file.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file was not searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// Its content is not UTF-8.
    Binary,
    /// It is over [`Caps::file_bytes`].
    Large,
    /// The search had taken [`Caps::effort`] before.
    Effort,
}

/// A search under way. Files come in one at a time, ordered by path, and need not stay in memory.
#[derive(Debug)]
pub struct Search<'a> {
    query: &'a Query,
    caps: Caps,
    effort: u64,
    found: Found,
}

impl<'a> Search<'a> {
    /// Begins one.
    #[must_use]
    pub fn new(query: &'a Query, caps: Caps) -> Self {
        let found = Found {
            literal: query.expression.literal().map(str::to_owned),
            ..Found::default()
        };
        Self {
            query,
            caps,
            effort: caps.effort,
            found,
        }
    }

    /// Whether the content of a file is needed. One that is meant but cannot be searched is named in the result.
    pub fn needs(&mut self, path: &str, entry: &FileEntry) -> bool {
        if !self.query.selection.takes(path) {
            return false;
        }
        let reason = if entry.binary {
            SkipReason::Binary
        } else if entry.size > self.caps.file_bytes {
            SkipReason::Large
        } else {
            return true;
        };
        self.skip(path, reason);
        false
    }

    /// Searches a file, if it is one that is meant. Its text when there are hits in it.
    pub fn file<'c>(&mut self, path: &str, content: &'c [u8]) -> Option<&'c str> {
        if !self.query.selection.takes(path) {
            return None;
        }
        if content.len() as u64 > self.caps.file_bytes {
            self.skip(path, SkipReason::Large);
            return None;
        }
        let Ok(content) = std::str::from_utf8(content) else {
            self.skip(path, SkipReason::Binary);
            return None;
        };
        let Some((count, hits)) = self.hits(content) else {
            self.skip(path, SkipReason::Effort);
            return None;
        };
        self.found.searched += 1;
        if count == 0 {
            return None;
        }
        let path = path.to_owned();
        self.found.files.push(FileHits { path, count, hits });
        self.share();
        Some(content)
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> Found {
        self.found
    }

    fn skip(&mut self, path: &str, reason: SkipReason) {
        let path = path.to_owned();
        self.found.skipped.push(Skipped { path, reason });
    }

    /// Cuts what is shown of each file to its share. Shares only become smaller, so nothing is missed later.
    fn share(&mut self) {
        let wants: Vec<usize> = self
            .found
            .files
            .iter()
            .map(|file| file.count.min(self.caps.per_file))
            .collect();
        let total = self.caps.hits(self.query);
        for (file, share) in self.found.files.iter_mut().zip(shares(&wants, total)) {
            file.hits.truncate(share);
        }
    }

    /// All hits, counted, and the first of them; nothing when they would take too much effort.
    fn hits(&mut self, content: &str) -> Option<(usize, Vec<Hit>)> {
        let expression = &self.query.expression;
        if expression.is_across() {
            let text = content.replace("\r\n", "\n");
            return self.hits_across(&text);
        }
        self.effort = spend(self.effort, content.len(), expression)?;
        let lines = lines::split(content);
        let mut count = 0;
        let mut hits = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            if !expression.is_in(line.text) {
                continue;
            }
            count += 1;
            if hits.len() < self.caps.per_file {
                let start = expression.find(line.text, 0).map_or(0, |(start, _)| start);
                hits.push(self.hit(&lines, number, start, number));
            }
        }
        Some((count, hits))
    }

    /// The same over the whole text. After a hit, what follows is looked for from the next line on.
    fn hits_across(&mut self, text: &str) -> Option<(usize, Vec<Hit>)> {
        let expression = &self.query.expression;
        let lines = lines::split(text);
        let mut count = 0;
        let mut hits = Vec::new();
        let mut next = 0;
        while let Some(from) = lines.get(next) {
            // A search may look ahead to the end, and the next one do so again.
            self.effort = spend(self.effort, text.len() - from.start, expression)?;
            let Some((start, end)) = expression.find(text, from.start) else {
                break;
            };
            let number = line_at(&lines, start);
            // Behind the last line break there is no line.
            let Some(line) = lines.get(number).filter(|line| start <= line.text_end()) else {
                break;
            };
            count += 1;
            if hits.len() < self.caps.per_file {
                let last = line_at(&lines, end.saturating_sub(1).max(start));
                hits.push(self.hit(&lines, number, start - line.start, last));
            }
            next = number + 1;
        }
        Some((count, hits))
    }

    fn hit(&self, lines: &[Line<'_>], number: usize, start: usize, last: usize) -> Hit {
        let chars = self.caps.line_chars;
        let excerpts = |range| -> Vec<Excerpt> {
            let lines: &[Line<'_>] = lines
                .get::<std::ops::Range<usize>>(range)
                .unwrap_or_default();
            lines
                .iter()
                .map(|line| Excerpt::of(line.text, 0, chars))
                .collect()
        };
        let text = lines.get(number).map_or("", |line| line.text);
        let context = self.query.context;
        let end = last.min(number + MAX_SPAN) + context + 1;
        Hit {
            line: number + 1,
            column: text.get(..start).unwrap_or(text).chars().count() + 1,
            last_line: last + 1,
            text: Excerpt::of(text, start, chars),
            before: excerpts(number.saturating_sub(context)..number),
            after: excerpts(number + 1..end.min(lines.len())),
        }
    }
}

/// What is left of an effort.
fn spend(effort: u64, bytes: usize, expression: &Expression) -> Option<u64> {
    effort.checked_sub((bytes as u64).saturating_mul(expression.effort()))
}

/// The line that a byte stands in.
fn line_at(lines: &[Line<'_>], byte: usize) -> usize {
    lines
        .partition_point(|line| line.start <= byte)
        .saturating_sub(1)
}
