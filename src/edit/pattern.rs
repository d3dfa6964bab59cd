//! What an edit says that lines hold: parts of consecutive lines, with elided ones between them.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};

use super::lines::Line;

/// How much two lines may differ and still be taken for the same, from not at all to ways of writing that no language
/// of ours tells apart. Never by likeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// Byte for byte.
    Exact,
    /// But for white space at their ends.
    TrailingSpace,
    /// But for the same white space before each of them.
    Indentation,
    /// But for typographic quotes, dashes and spaces.
    Punctuation,
}

impl Likeness {
    /// From the strictest on.
    pub(super) const ALL: [Self; 4] = [
        Self::Exact,
        Self::TrailingSpace,
        Self::Indentation,
        Self::Punctuation,
    ];

    /// What two lines have in common when they are alike in this way.
    pub(super) fn key(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Exact => Cow::Borrowed(text),
            Self::TrailingSpace => Cow::Borrowed(text.trim_end()),
            Self::Indentation => Cow::Borrowed(text.trim()),
            Self::Punctuation => plain(text.trim_end()),
        }
    }
}

/// Typographic characters as a keyboard has them.
fn plain(text: &str) -> Cow<'_, str> {
    let simple = |letter: char| match letter {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' => Some('\''),
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' => Some('"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        _ => None,
    };
    if text.is_ascii() || !text.contains(|letter| simple(letter).is_some()) {
        return Cow::Borrowed(text);
    }
    let letters = text.chars().map(|letter| simple(letter).unwrap_or(letter));
    Cow::Owned(letters.collect())
}

/// White space that all lines of a place have more, or less, than the search text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift<'a> {
    /// The file's lines start with this before what the search text says.
    More(&'a str),
    /// The search text's lines start with this before what the file says.
    Less(&'a str),
}

impl Shift<'_> {
    /// A line of the replacement, moved as the lines it replaces are. `None` when it cannot be.
    pub(super) fn apply<'t>(self, line: &'t str) -> Option<Cow<'t, str>> {
        if line.trim().is_empty() {
            return Some(Cow::Borrowed(line));
        }
        match self {
            Self::More(space) => Some(Cow::Owned(format!("{space}{line}"))),
            Self::Less(space) => line.strip_prefix(space).map(Cow::Borrowed),
        }
    }
}

/// The search text of an edit, read in one of its two ways.
#[derive(Debug, Clone)]
pub(super) struct Pattern<'a> {
    /// Runs of consecutive lines, in order. None is empty.
    parts: Vec<Vec<&'a str>>,
    /// Whether lines are elided before the first part.
    open_start: bool,
    /// Whether lines are elided after the last part.
    open_end: bool,
}

/// A line that stands for lines that are not shown.
const ELLIPSIS: &str = "...";

impl<'a> Pattern<'a> {
    /// Every line as it is.
    pub(super) fn literal(lines: &[&'a str]) -> Self {
        Self {
            parts: vec![lines.to_vec()],
            open_start: false,
            open_end: false,
        }
    }

    /// Lines of three dots elide; `None` when there are none, or nothing else.
    pub(super) fn elided(lines: &[&'a str]) -> Option<Self> {
        let dots = |line: &&'a str| line.trim() == ELLIPSIS;
        if !lines.iter().any(dots) {
            return None;
        }
        let parts: Vec<Vec<&str>> = lines
            .split(dots)
            .filter(|part| !part.is_empty())
            .map(<[&str]>::to_vec)
            .collect();
        // White space alone holds on to nothing.
        let says = parts.iter().flatten().any(|line| !line.trim().is_empty());
        says.then(|| Self {
            parts,
            open_start: lines.first().is_some_and(dots),
            open_end: lines.last().is_some_and(dots),
        })
    }

    /// How many lines it says in words.
    pub(super) fn said(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// Whether lines are elided between others, so that it may be as long as it likes.
    pub(super) fn has_elisions(&self) -> bool {
        self.parts.len() > 1
    }

    /// All lines that it says.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().flatten().copied()
    }

    /// Whether these lines are what it says, from the first to the last; the shift that they have in common.
    pub(super) fn fits<'l>(
        &self,
        lines: &[Line<'l>],
        likeness: Likeness,
    ) -> Option<Option<Shift<'l>>>
    where
        'a: 'l,
    {
        let mut same = Same {
            likeness,
            shift: None,
        };
        let parts = self.parts.len();
        let mut from = 0;
        for (index, part) in self.parts.iter().enumerate() {
            let pinned_start = index == 0 && !self.open_start;
            let pinned_end = index + 1 == parts && !self.open_end;
            let last = lines.len().checked_sub(part.len())?;
            let starts = match (pinned_start, pinned_end) {
                (true, _) => 0..=0,
                (false, true) => last.max(from)..=last,
                (false, false) => from..=last,
            };
            let place = starts.into_iter().find(|&start| {
                start >= from && same.run(part, lines.get(start..).unwrap_or_default())
            })?;
            from = place + part.len();
        }
        (from == lines.len() || self.open_end).then_some(same.shift)
    }

    /// Every place, as an index of a first line, where `length` lines are what it says; at most `most` of them, and
    /// whether there may be more. A pattern that begins with an elision could begin anywhere: it has no places.
    pub(super) fn places<'l>(
        &self,
        lines: &[Line<'l>],
        length: usize,
        likeness: Likeness,
        most: usize,
    ) -> Vec<usize>
    where
        'a: 'l,
    {
        let Some(first) = self
            .parts
            .first()
            .filter(|_| !self.open_start && !self.open_end)
        else {
            return Vec::new();
        };
        let mut numbers: HashMap<Cow<'_, str>, usize> = HashMap::new();
        let wanted: Vec<usize> = first
            .iter()
            .map(|line| {
                let next = numbers.len();
                *numbers.entry(likeness.key(line)).or_insert(next)
            })
            .collect();
        // A line that is not wanted has a number that none has; most are not by their length, which is cheaper to see.
        let lengths = numbers
            .keys()
            .fold(0_u64, |lengths, key| lengths | 1 << (key.len() % 64));
        let number = |line: &Line<'l>| {
            let key = likeness.key(line.text);
            if lengths & 1 << (key.len() % 64) == 0 {
                return None;
            }
            numbers.get(&key).copied()
        };
        let text: Vec<usize> = lines
            .iter()
            .map(|line| number(line).unwrap_or(usize::MAX))
            .collect();
        occurrences(&text, &wanted)
            .filter(|&start| {
                let window = start
                    .checked_add(length)
                    .and_then(|end| lines.get(start..end));
                window.is_some_and(|window| self.fits(window, likeness).is_some())
            })
            .take(most)
            .collect()
    }
}

/// Whether lines are alike, all of them in the same way.
struct Same<'l> {
    likeness: Likeness,
    shift: Option<Shift<'l>>,
}

impl<'l> Same<'l> {
    fn run<'a: 'l>(&mut self, said: &[&'a str], lines: &[Line<'l>]) -> bool {
        let before = self.shift;
        let fits = said.len() <= lines.len()
            && said
                .iter()
                .zip(lines)
                .all(|(said, line)| self.line(said, line.text));
        if !fits {
            self.shift = before;
        }
        fits
    }

    fn line<'a: 'l>(&mut self, said: &'a str, line: &'l str) -> bool {
        if self.likeness.key(said) != self.likeness.key(line) {
            return false;
        }
        if self.likeness != Likeness::Indentation || line.trim().is_empty() {
            return true;
        }
        let indent = |text: &str| text.len() - text.trim_start().len();
        let more = line
            .get(..indent(line).saturating_sub(indent(said)))
            .unwrap_or_default();
        let less = said
            .get(..indent(said).saturating_sub(indent(line)))
            .unwrap_or_default();
        let (line, said) = (line.trim_end(), said.trim_end());
        let shift = if line.strip_prefix(more) == Some(said) {
            Shift::More(more)
        } else if said.strip_prefix(less) == Some(line) {
            Shift::Less(less)
        } else {
            return false;
        };
        *self.shift.get_or_insert(shift) == shift
    }
}

/// Where `wanted` occurs in `text`, overlapping ones included (Knuth, Morris and Pratt: linear).
fn occurrences<'t>(text: &'t [usize], wanted: &'t [usize]) -> impl Iterator<Item = usize> + 't {
    let mut fallback = vec![0_usize; wanted.len()];
    let mut matched = 0;
    for index in 1..wanted.len() {
        while matched > 0 && wanted.get(index) != wanted.get(matched) {
            matched = fallback.get(matched - 1).copied().unwrap_or(0);
        }
        matched += usize::from(wanted.get(index) == wanted.get(matched));
        if let Some(slot) = fallback.get_mut(index) {
            *slot = matched;
        }
    }
    let mut matched = 0;
    text.iter().enumerate().filter_map(move |(index, number)| {
        while matched > 0 && wanted.get(matched) != Some(number) {
            matched = fallback.get(matched - 1).copied().unwrap_or(0);
        }
        matched += usize::from(wanted.get(matched) == Some(number));
        (matched == wanted.len() && !wanted.is_empty()).then(|| index + 1 - matched)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_found(text in prop::collection::vec(0..2_usize, 0..30), wanted in prop::collection::vec(0..2_usize, 0..7)) {
            let windows = text.windows(wanted.len().max(1)).enumerate();
            let expected: Vec<usize> = windows
                .filter(|(_, window)| *window == wanted.as_slice())
                .map(|(start, _)| start)
                .collect();
            prop_assert_eq!(occurrences(&text, &wanted).collect::<Vec<_>>(), expected);
        }
    }
}
