//! A text as lines. Joined again, texts and endings are the content, byte for byte, after a byte order mark.

use std::fmt::Write as _;

use super::anchors::anchor;

/// How much of a line is shown, in characters; the rest of a longer one is counted.
const SHOWN_CHARS: usize = 2_000;

/// One line of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it starts in the content, in bytes.
    pub start: usize,
    /// What it says, without the ending.
    pub text: &'a str,
    /// `"\n"`, `"\r\n"`, or nothing at the end of the content.
    pub ending: &'a str,
}

impl Line<'_> {
    /// Where its text ends in the content, in bytes.
    #[must_use]
    pub const fn text_end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Where the next line starts in the content, in bytes.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.text_end() + self.ending.len()
    }
}

/// The lines of a content. A line break ends a line: after the last one there is no further, empty line.
#[must_use]
pub fn split(content: &str) -> Vec<Line<'_>> {
    let body = content.strip_prefix('\u{feff}').unwrap_or(content);
    let mut start = content.len() - body.len();
    body.split_inclusive('\n')
        .map(|whole| {
            let text = whole
                .strip_suffix("\r\n")
                .or_else(|| whole.strip_suffix('\n'))
                .unwrap_or(whole);
            let line = Line {
                start,
                text,
                ending: whole.get(text.len()..).unwrap_or_default(),
            };
            start = line.end();
            line
        })
        .collect()
}

/// What stands before each line that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// Its number, in five places.
    Lines,
    /// Its anchor, which begins with its number.
    Anchors,
}

/// Lines as a model reads them: what stands before, a tab, the text; `first` is the first one's number.
#[must_use]
pub fn shown<'a>(
    first: usize,
    lines: impl IntoIterator<Item = &'a str>,
    numbering: Numbering,
) -> String {
    match numbering {
        Numbering::Lines => labelled(first, lines, |number, _| format!("{number:>5}")),
        Numbering::Anchors => labelled(first, lines, anchor),
    }
}

fn labelled<'a>(
    first: usize,
    lines: impl IntoIterator<Item = &'a str>,
    label: impl Fn(usize, &str) -> String,
) -> String {
    let mut out = String::new();
    for (number, text) in (first..).zip(lines) {
        let label = label(number, text);
        // Writing to a string cannot fail.
        let _ = match text.char_indices().nth(SHOWN_CHARS) {
            Some((cut, _)) => {
                let (head, rest) = text.split_at(cut);
                writeln!(
                    out,
                    "{label}\t{head} … ({} more characters)",
                    rest.chars().count()
                )
            }
            None => writeln!(out, "{label}\t{text}"),
        };
    }
    out
}
