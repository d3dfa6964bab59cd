//! What is different between two versions: which files, and which of their lines.
//!
//! Lines are compared with their endings, so that a changed line ending, a byte order mark and a missing final line
//! break show as what they are. What a bound leaves out is counted. Takes contents as values and knows no storage.

mod lines;

use super::{FileEntry, Manifest, ProjectPath};

/// How many unchanged lines are shown around a change.
pub const CONTEXT: usize = 3;
/// The most text of one file's hunks, in bytes.
pub const FILE_BYTES: usize = 64 * 1024;
/// The most text of one page, in bytes: the file that goes past it is the last.
pub const PAGE_BYTES: usize = 512 * 1024;

/// A path at which two manifests differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Where.
    pub path: ProjectPath,
    /// What was there.
    pub before: Option<FileEntry>,
    /// What is there now.
    pub after: Option<FileEntry>,
}

impl Changed {
    /// Whether there are lines to be compared: neither side is binary.
    #[must_use]
    pub fn is_text(&self) -> bool {
        ![self.before, self.after]
            .iter()
            .flatten()
            .any(|entry| entry.binary)
    }
}

/// The paths at which two trees differ, in order.
#[must_use]
pub fn changed(before: &Manifest, after: &Manifest) -> Vec<Changed> {
    let mut all: Vec<Changed> = before
        .iter()
        .map(|(path, entry)| Changed {
            path: path.clone(),
            before: Some(*entry),
            after: after.get(path).copied(),
        })
        .filter(|changed| changed.before != changed.after)
        .collect();
    let added = after.iter().filter(|(path, _)| before.get(path).is_none());
    all.extend(added.map(|(path, entry)| Changed {
        path: path.clone(),
        before: None,
        after: Some(*entry),
    }));
    crate::sorted::sort_by(&mut all, |one, other| one.path.cmp(&other.path));
    all
}

/// The changed lines of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextDiff {
    /// Lines that came, shown or not.
    pub added: usize,
    /// Lines that went, shown or not.
    pub deleted: usize,
    /// The changes with the lines around them, as many as are shown.
    pub hunks: Vec<Hunk>,
    /// What is not shown.
    pub cut: Option<Cut>,
    /// Whether parts were too different to be compared line by line, and are shown as replaced as a whole.
    pub coarse: bool,
}

/// Changes that stand close together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The first of its old lines, from 1; the line before it when it has none.
    pub old_start: usize,
    /// How many old lines are shown.
    pub old_lines: usize,
    /// The first of its new lines, from 1; the line before it when it has none.
    pub new_start: usize,
    /// How many new lines are shown.
    pub new_lines: usize,
    /// Its lines.
    pub lines: Vec<DiffLine>,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// On which side it stands.
    pub side: Side,
    /// What it says, its ending included: `"\n"`, `"\r\n"`, or none at the end of a file.
    pub text: String,
}

/// On which side of a comparison a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On both.
    Both,
    /// On the old one.
    Old,
    /// On the new one.
    New,
}

/// What is not shown of a file's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Hunks of which nothing is shown.
    pub hunks: usize,
    /// Lines of hunks that are not shown.
    pub lines: usize,
}

/// Compares two contents, and shows at most so many bytes of text.
#[must_use]
pub fn compare(before: &str, after: &str, bytes: usize) -> TextDiff {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let (blocks, coarse) = lines::blocks(&old, &new);
    let mut diff = TextDiff {
        added: blocks.iter().map(|block| block.new.len()).sum(),
        deleted: blocks.iter().map(|block| block.old.len()).sum(),
        coarse,
        ..TextDiff::default()
    };
    let mut cut = Cut { hunks: 0, lines: 0 };
    let mut left = bytes;
    for group in group(&blocks) {
        let all = hunk_lines(&old, &new, group);
        let mut full = cut.lines > 0;
        let mut shown: Vec<DiffLine> = Vec::new();
        for (side, text) in &all {
            full |= text.len() > left;
            if full {
                break;
            }
            left -= text.len();
            shown.push(DiffLine {
                side: *side,
                text: (*text).to_owned(),
            });
        }
        cut.lines += all.len() - shown.len();
        cut.hunks += usize::from(shown.is_empty());
        if let Some(first) = group.first().filter(|_| !shown.is_empty()) {
            diff.hunks
                .push(Hunk::of(first.old.start, first.new.start, shown));
        }
    }
    diff.cut = (cut.lines > 0).then_some(cut);
    diff
}

impl Hunk {
    /// A hunk whose first change stands at these lines, from 0, on either side.
    fn of(old: usize, new: usize, lines: Vec<DiffLine>) -> Self {
        let on = |side| lines.iter().filter(|line| line.side != side).count();
        let lead = old.min(new).min(CONTEXT);
        let (old_lines, new_lines) = (on(Side::New), on(Side::Old));
        Self {
            old_start: old - lead + usize::from(old_lines > 0),
            old_lines,
            new_start: new - lead + usize::from(new_lines > 0),
            new_lines,
            lines,
        }
    }
}

/// Runs of blocks whose context touches or overlaps.
fn group(blocks: &[lines::Block]) -> impl Iterator<Item = &[lines::Block]> {
    blocks.chunk_by(|one, other| other.old.start - one.old.end <= 2 * CONTEXT)
}

/// All lines of a hunk, in the order in which they are shown.
fn hunk_lines<'a>(
    old: &[&'a str],
    new: &[&'a str],
    group: &[lines::Block],
) -> Vec<(Side, &'a str)> {
    let mut all = Vec::new();
    let mut take = |side, from: &[&'a str], range: std::ops::Range<usize>| {
        let lines = from.get(range.start.min(from.len())..range.end.min(from.len()));
        all.extend(lines.unwrap_or_default().iter().map(|line| (side, *line)));
    };
    let mut at = group.first().map_or(0, |first| {
        first.old.start - first.old.start.min(first.new.start).min(CONTEXT)
    });
    for block in group {
        take(Side::Both, old, at..block.old.start);
        take(Side::Old, old, block.old.clone());
        take(Side::New, new, block.new.clone());
        at = block.old.end;
    }
    take(Side::Both, old, at..at + CONTEXT);
    all
}

#[cfg(test)]
mod tests;
