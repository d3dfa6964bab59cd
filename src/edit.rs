//! Changes to a part of a file. Returns the new content, or a refusal that shows the lines as they are.
//!
//! An edit lands where its line numbers say and only if those lines hold exactly its search text; nothing is
//! searched for and nothing is guessed. Bytes outside the lines stay as they are, and so do line endings, a byte
//! order mark and whether the file ends with a line break. Knows nothing of models, trees or syntax.

pub mod lines;

use lines::Line;

use crate::project::ProjectPath;

/// How many lines around the stated ones a refusal shows.
const CONTEXT: usize = 2;
/// How many lines a refusal shows at most.
const SHOWN: usize = 60;
const BOM: char = '\u{feff}';

/// One replacement of whole lines. `search` and `replacement` are lines joined by `\n`, without a line break after
/// the last one; they take the file's own line ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file; only named in refusals.
    pub path: ProjectPath,
    /// What the lines hold now. The empty text is one empty line.
    pub search: String,
    /// The first line, from 1.
    pub first_line: usize,
    /// The last line, included.
    pub last_line: usize,
    /// What they shall hold. The empty text deletes the lines.
    pub replacement: String,
}

/// An edit that has landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The whole new content.
    pub content: String,
    /// Where it landed, from 1.
    pub first_line: usize,
    /// How many lines it took away.
    pub removed: usize,
    /// How many lines it put there.
    pub added: usize,
}

/// Why an edit did not land. The first line is a sentence, the rest shows the file's numbered lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The line numbers are no range.
    #[error(
        "{path}: lines {first}–{last} are no range; lines count from 1 and the last one is included"
    )]
    NoRange {
        /// The file.
        path: ProjectPath,
        /// The stated first line.
        first: usize,
        /// The stated last line.
        last: usize,
    },
    /// The range goes past the end of the file.
    #[error("{path}: there is no line {last}, the file has {count}\n{shown}")]
    PastTheEnd {
        /// The file.
        path: ProjectPath,
        /// The stated last line.
        last: usize,
        /// How many lines the file has.
        count: usize,
        /// Its last lines, numbered.
        shown: String,
    },
    /// The search text has more or fewer lines than the range.
    #[error(
        "{path}: lines {first}–{last} are {range}, but the search text has {search}; nothing was changed\n{shown}"
    )]
    OtherLength {
        /// The file.
        path: ProjectPath,
        /// The stated first line.
        first: usize,
        /// The stated last line.
        last: usize,
        /// How many lines the range has.
        range: usize,
        /// How many lines the search text has.
        search: usize,
        /// The lines as they are, numbered.
        shown: String,
    },
    /// The lines do not hold the search text.
    #[error(
        "{path}: lines {first}–{last} do not hold the search text, line {differs} is different; nothing was changed\n{shown}"
    )]
    Differs {
        /// The file.
        path: ProjectPath,
        /// The stated first line.
        first: usize,
        /// The stated last line.
        last: usize,
        /// The first line that is different.
        differs: usize,
        /// The lines as they are, numbered.
        shown: String,
    },
}

/// Applies one edit to the content of its file.
///
/// Deleting the last lines of a file without a final line break takes the break before them away as well: the file
/// still has none.
///
/// # Errors
/// When the stated lines do not hold exactly the search text.
pub fn apply(content: &str, edit: &Edit) -> Result<Applied, Refusal> {
    let lines = lines::split(content);
    let (before, target, range_start) = locate(&lines, edit)?;

    let starts_with_bom = edit.first_line == 1 && content.starts_with(BOM);
    let search = texts(&edit.search, starts_with_bom);
    compare(&lines, target, &search, edit)?;

    let replacement = if edit.replacement.is_empty() {
        Vec::new()
    } else {
        texts(&edit.replacement, starts_with_bom)
    };
    let last_ending = target.last().map_or("", |line| line.ending);
    let newline = target
        .first()
        .into_iter()
        .chain(before.last())
        .map(|line| line.ending)
        .find(|ending| !ending.is_empty())
        .unwrap_or("\n");

    let end = target.last().map_or(range_start, Line::end);
    let start = match before.last() {
        Some(previous) if replacement.is_empty() && last_ending.is_empty() => previous.text_end(),
        _ => range_start,
    };
    let mut result = String::with_capacity(content.len() + edit.replacement.len());
    result.push_str(content.get(..start).unwrap_or_default());
    for (index, text) in replacement.iter().enumerate() {
        result.push_str(text);
        result.push_str(if index + 1 == replacement.len() {
            last_ending
        } else {
            newline
        });
    }
    result.push_str(content.get(end..).unwrap_or_default());
    Ok(Applied {
        content: result,
        first_line: edit.first_line,
        removed: target.len(),
        added: replacement.len(),
    })
}

/// The lines before the range, those of the range, and the byte where the range starts.
fn locate<'l, 'c>(
    lines: &'l [Line<'c>],
    edit: &Edit,
) -> Result<(&'l [Line<'c>], &'l [Line<'c>], usize), Refusal> {
    let (first, last) = (edit.first_line, edit.last_line);
    if first == 0 || last < first {
        return Err(Refusal::NoRange {
            path: edit.path.clone(),
            first,
            last,
        });
    }
    let past_the_end = || Refusal::PastTheEnd {
        path: edit.path.clone(),
        last,
        count: lines.len(),
        shown: show(
            lines,
            lines.len().saturating_sub(2 * CONTEXT) + 1,
            lines.len(),
        ),
    };
    let before = lines.get(..first - 1).ok_or_else(past_the_end)?;
    let target = lines.get(first - 1..last).ok_or_else(past_the_end)?;
    let start = target.first().map_or(0, |line| line.start);
    Ok((before, target, start))
}

fn compare(
    lines: &[Line<'_>],
    target: &[Line<'_>],
    search: &[&str],
    edit: &Edit,
) -> Result<(), Refusal> {
    let (path, first, last) = (edit.path.clone(), edit.first_line, edit.last_line);
    let shown = || show(lines, first.saturating_sub(CONTEXT).max(1), last + CONTEXT);
    if search.len() != target.len() {
        let (range, search) = (target.len(), search.len());
        return Err(Refusal::OtherLength {
            path,
            first,
            last,
            range,
            search,
            shown: shown(),
        });
    }
    match target
        .iter()
        .zip(search)
        .position(|(line, text)| line.text != *text)
    {
        Some(offset) => Err(Refusal::Differs {
            path,
            first,
            last,
            differs: first + offset,
            shown: shown(),
        }),
        None => Ok(()),
    }
}

/// The lines of a search or replacement text, which may come with the file's own endings and byte order mark.
fn texts(text: &str, at_the_bom: bool) -> Vec<&str> {
    let text = if at_the_bom {
        text.strip_prefix(BOM).unwrap_or(text)
    } else {
        text
    };
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect()
}

fn show(lines: &[Line<'_>], first: usize, last: usize) -> String {
    let shown: Vec<&str> = lines
        .iter()
        .take(last)
        .skip(first.saturating_sub(1))
        .map(|line| line.text)
        .collect();
    let left_out = shown.len().saturating_sub(SHOWN);
    let mut text = lines::numbered(first, shown.into_iter().take(SHOWN));
    if left_out > 0 {
        text.push_str(&format!("… and {left_out} more lines\n"));
    }
    text
}

#[cfg(test)]
mod tests;
