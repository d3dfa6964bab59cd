//! What an edit should come to, by the plainest means: lines in a list, every place tried.
//!
//! Shares no code with the engine, which it judges. Slow, and meant for files of a few hundred lines.

mod place;

pub(crate) use place::{Verdict, anywhere, meant};

/// A line of a text: what it says, and its ending.
pub(crate) type Line<'a> = (&'a str, &'a str);

/// A replacement of the lines from `first` to `last`, counted from 1, by lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) lines: Vec<String>,
}

impl Change {
    /// The empty replacement deletes; any other is lines joined by `\n`.
    pub(crate) fn stated(first: usize, last: usize, replacement: &str) -> Self {
        let lines = replacement.split('\n').map(str::to_owned).collect();
        let lines = if replacement.is_empty() {
            Vec::new()
        } else {
            lines
        };
        Self { first, last, lines }
    }
}

/// A byte order mark, if there is one, and the lines after it.
pub(crate) fn lines(content: &str) -> (&str, Vec<Line<'_>>) {
    let mark = if content.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let (mark, mut rest) = content.split_at(mark);
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        let text = line.trim_end_matches('\n');
        let text = if text.len() < line.len() {
            text.strip_suffix('\r').unwrap_or(text)
        } else {
            text
        };
        lines.push(line.split_at(text.len()));
        rest = after;
    }
    (mark, lines)
}

/// The texts of the lines.
pub(crate) fn texts(content: &str) -> Vec<&str> {
    lines(content).1.into_iter().map(|(text, _)| text).collect()
}

/// The content with all changes made; `None` when they overlap or name lines that are not there.
///
/// New lines end as the first replaced one does, or the one before where that has no ending; the last of them ends as the
/// last replaced one did. A text that had no final line break has none.
pub(crate) fn splice(content: &str, changes: &[Change]) -> Option<String> {
    let (mark, old) = lines(content);
    let mut changes: Vec<&Change> = changes.iter().collect();
    changes.sort_by_key(|change| change.first);
    let mut new: Vec<(String, &str)> = Vec::new();
    let mut next = 1;
    for change in changes {
        if change.first < next || change.last < change.first || change.last > old.len() {
            return None;
        }
        let kept = old.get(next - 1..change.first - 1)?;
        new.extend(kept.iter().map(|(text, end)| ((*text).to_owned(), *end)));
        let (_, own) = old.get(change.first - 1)?;
        let before = change.first.checked_sub(2).and_then(|at| old.get(at));
        let usual = match (own.is_empty(), before) {
            (false, _) => own,
            (true, Some((_, before))) => before,
            (true, None) => "\n",
        };
        let (_, end) = old.get(change.last - 1)?;
        for (number, text) in change.lines.iter().enumerate() {
            let last = number + 1 == change.lines.len();
            new.push((text.clone(), if last { end } else { usual }));
        }
        next = change.last + 1;
    }
    let kept = old.get(next - 1..)?;
    new.extend(kept.iter().map(|(text, end)| ((*text).to_owned(), *end)));
    let unfinished = old.last().is_some_and(|(_, end)| end.is_empty());
    if unfinished && let Some((_, end)) = new.last_mut() {
        *end = "";
    }
    let body: String = new
        .into_iter()
        .flat_map(|(text, end)| [text, end.to_owned()])
        .collect();
    Some(format!("{mark}{body}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_spliced_plainly() {
        for (content, first, last, replacement, expected) in [
            ("a\nb\nc\n", 2, 2, "x\ny", Some("a\nx\ny\nc\n")),
            ("a\nb\nc\n", 2, 2, "", Some("a\nc\n")),
            ("a\nb", 2, 2, "", Some("a")),
            ("a\r\nb", 2, 2, "x\ny", Some("a\r\nx\r\ny")),
            ("a\nb", 2, 2, "y\n", Some("a\ny\n")),
            ("\u{feff}a\n", 1, 1, "x\n", Some("\u{feff}x\n\n")),
            ("a", 1, 1, "", Some("")),
            ("a\rb\n", 1, 1, "x", Some("x\n")),
            ("a\n", 2, 2, "x", None),
            ("a\n", 1, 0, "x", None),
        ] {
            let change = Change::stated(first, last, replacement);
            assert_eq!(
                splice(content, &[change]).as_deref(),
                expected,
                "{content:?}"
            );
        }
        let both = [Change::stated(1, 2, "x"), Change::stated(2, 2, "y")];
        assert_eq!(splice("a\nb\n", &both), None);
    }
}
