//! Where an edit lands in a text: at one proven place, or nowhere.
//!
//! The stated lines if they hold exactly what the search text says; else the only other place that does; else the same
//! but for white space at the ends of lines, then but for one common indentation, then but for typographic characters.
//! Two places are as good as none, and so is one that may be a mere likeness of lines that have changed. Knows nothing
//! of files, models or syntax.

use std::{borrow::Cow, ops::Range};

use serde::{Deserialize, Serialize};

use super::{
    lines::{self, Line},
    pattern::{Likeness, Pattern, Shift},
    refusal::{Refusal, closest, regions, words_of},
};
use crate::sorted::SortedSet;

pub(super) const BOM: char = '\u{feff}';

/// More places than this are not counted.
pub(super) const MOST_PLACES: usize = 100;

/// A replacement of whole lines, as a model states it. Both texts are lines joined by `\n`, without a line break after
/// the last one; they take the text's own line ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineEdit {
    /// What the lines hold now; a line of three dots stands for any lines. The empty text is one empty line.
    pub search: String,
    /// The first line, from 1.
    pub first_line: usize,
    /// The last line, included.
    pub last_line: usize,
    /// What they shall hold. The empty text deletes the lines.
    pub replacement: String,
}

/// A place that was proven, and what it shall hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// The bytes that are replaced: whole lines with their endings.
    pub range: Range<usize>,
    /// What they hold.
    pub old: String,
    /// What they shall hold.
    pub new: String,
    /// Whether the line break before goes as well: where the end of a text without a final one is deleted.
    pub takes_break: bool,
    /// How the place was found.
    pub landing: Landing,
}

/// How a place was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landing {
    /// The first line that is replaced, from 1.
    pub first_line: usize,
    /// How many lines are.
    pub removed: usize,
    /// How many come.
    pub added: usize,
    /// Whether these are other lines than the stated ones.
    pub relocated: bool,
    /// In what way the lines are what the search text says.
    pub likeness: Likeness,
    /// How many of the lines the search text does not show.
    pub elided: usize,
    /// What the lines hold now, as the replacement says it or moved with them: lines joined by `\n`. Not stored.
    #[serde(skip)]
    pub text: String,
    /// Whether the place holds the replacement already; nothing is to be done then.
    pub already_applied: bool,
}

/// Finds the one place of an edit.
///
/// # Errors
/// When the stated lines are no range, or there is no proven place, or more than one.
pub fn locate(content: &str, edit: &LineEdit) -> Result<Splice, Refusal> {
    locate_in(content, &lines::split(content), edit)
}

/// The same, of a text whose lines are known.
pub(super) fn locate_in(
    content: &str,
    file: &[Line<'_>],
    edit: &LineEdit,
) -> Result<Splice, Refusal> {
    let (first, last) = (edit.first_line, edit.last_line);
    if first == 0 || last < first {
        return Err(Refusal::NoRange { first, last });
    }
    let bom = content.starts_with(BOM);
    let said = texts(&edit.search, bom);
    let literal = Pattern::literal(&said);
    let elided = Pattern::elided(&said);
    // A carriage return before a line break may be the file's ending, or part of a line that has another ending.
    let whole: Option<Vec<&str>> = edit
        .search
        .contains('\r')
        .then(|| unmarked(&edit.search, bom).split('\n').collect());
    let whole = whole.as_deref().map(Pattern::literal);
    let readings: Vec<&Pattern<'_>> = whole.iter().chain([&literal]).chain(&elided).collect();
    let replacement = match edit.replacement.as_str() {
        "" => Vec::new(),
        text => texts(text, bom),
    };
    let stated = first - 1..last;
    for likeness in Likeness::ALL {
        let holds = |pattern: &&&Pattern<'_>| {
            let lines = file.get(stated.clone());
            lines.is_some_and(|lines| pattern.fits(lines, likeness).is_some())
        };
        if let Some(pattern) = readings.iter().find(holds) {
            let found = Found::at(stated, file, pattern, likeness);
            return build(content, file, edit, &replacement, found);
        }
        for pattern in &readings {
            let length = if pattern.has_elisions() {
                stated.len()
            } else {
                pattern.said()
            };
            let places = pattern.places(file, length, likeness, MOST_PLACES);
            match places.as_slice() {
                [] => {}
                [start] => {
                    let place = *start..start + length;
                    if let Some(shown) = doubtful(file, pattern, &stated, &place, likeness) {
                        return Err(Refusal::Doubtful {
                            first,
                            last,
                            other: start + 1,
                            shown,
                        });
                    }
                    let found = Found::at(place, file, pattern, likeness);
                    return build(content, file, edit, &replacement, found);
                }
                many => {
                    return Err(Refusal::Ambiguous {
                        first,
                        last,
                        places: many.iter().map(|start| start + 1).collect(),
                        shown: regions(file, many.iter().map(|start| *start..start + length)),
                    });
                }
            }
        }
        if likeness == Likeness::Exact
            && let Some(splice) = applied_already(content, file, edit, &replacement)
        {
            return Ok(splice);
        }
    }
    let pattern = elided.as_ref().unwrap_or(&literal);
    Err(Refusal::NotFound {
        first,
        last,
        count: file.len(),
        shown: regions(file, closest(file, pattern, &stated)),
    })
}

/// Whether the only other place may be no more than a likeness of lines that have changed since: where the stated lines
/// have something in common with the search text, they are probably what is meant, and where the search text says
/// little, it may be said anywhere. The regions to show then.
fn doubtful(
    file: &[Line<'_>],
    pattern: &Pattern<'_>,
    stated: &Range<usize>,
    place: &Range<usize>,
    likeness: Likeness,
) -> Option<String> {
    if place.start == stated.start || stated.contains(&place.start) && place.end <= stated.end {
        // The stated lines and more, or fewer of them: miscounted.
        return None;
    }
    let here = file.get(stated.start..).unwrap_or_default();
    let words = |text: &str| {
        words_of(text)
            .map(str::to_owned)
            .collect::<SortedSet<String>>()
    };
    let (mut said, mut shared) = (0, 0);
    for (index, line) in pattern.lines().enumerate() {
        let own = words(line);
        let held = here.get(index).filter(|_| !own.is_empty());
        if held.is_some_and(|held| held.text.trim() == line.trim()) {
            return Some(regions(file, [stated.clone(), place.clone()]));
        }
        said += own.len();
        shared += held.map_or(0, |held| own.intersection(&words(held.text)).count());
    }
    // One word alone is enough where it stands as it was said; at another indentation it is a likeness of many.
    let least = if likeness < Likeness::Indentation {
        1
    } else {
        2
    };
    (said < least || shared * 2 > said).then(|| regions(file, [stated.clone(), place.clone()]))
}

/// A place and why it is one.
struct Found<'l> {
    place: Range<usize>,
    shift: Option<Shift<'l>>,
    likeness: Likeness,
    elided: usize,
}

impl<'l> Found<'l> {
    fn at<'a: 'l>(
        place: Range<usize>,
        file: &[Line<'l>],
        pattern: &Pattern<'a>,
        likeness: Likeness,
    ) -> Self {
        let lines = file.get(place.clone()).unwrap_or_default();
        Self {
            shift: pattern.fits(lines, likeness).flatten(),
            elided: place.len().saturating_sub(pattern.said()),
            likeness,
            place,
        }
    }
}

fn build(
    content: &str,
    file: &[Line<'_>],
    edit: &LineEdit,
    replacement: &[&str],
    found: Found<'_>,
) -> Result<Splice, Refusal> {
    let Found {
        place,
        shift,
        likeness,
        elided,
    } = found;
    let moved: Option<Vec<Cow<'_, str>>> = replacement
        .iter()
        .map(|line| match shift {
            Some(shift) => shift.apply(line),
            None => Some(Cow::Borrowed(*line)),
        })
        .collect();
    let Some(replacement) = moved else {
        return Err(Refusal::Unindentable {
            first: place.start + 1,
            last: place.end,
            shown: regions(file, [place]),
        });
    };
    let lines = file.get(place.clone()).unwrap_or_default();
    let last_ending = lines.last().map_or("", |line| line.ending);
    let newline = newline(file, &place);
    let mut new = String::new();
    for (index, text) in replacement.iter().enumerate() {
        new.push_str(text);
        new.push_str(if index + 1 == replacement.len() {
            last_ending
        } else {
            newline
        });
    }
    let start = lines.first().map_or(content.len(), |line| line.start);
    let range = start..lines.last().map_or(start, Line::end);
    Ok(Splice {
        old: content.get(range.clone()).unwrap_or_default().to_owned(),
        new,
        takes_break: replacement.is_empty() && last_ending.is_empty(),
        landing: Landing {
            first_line: place.start + 1,
            removed: place.len(),
            added: replacement.len(),
            relocated: place != (edit.first_line - 1..edit.last_line),
            likeness,
            elided,
            text: replacement.join("\n"),
            already_applied: false,
        },
        range,
    })
}

/// The stated lines hold the replacement, and the search text is nowhere: somebody has done this before.
fn applied_already(
    content: &str,
    file: &[Line<'_>],
    edit: &LineEdit,
    replacement: &[&str],
) -> Option<Splice> {
    let place = edit.first_line - 1..edit.first_line - 1 + replacement.len();
    let lines = file.get(place.clone()).filter(|lines| !lines.is_empty())?;
    let says = replacement.iter().any(|line| !line.trim().is_empty());
    if !says
        || !lines
            .iter()
            .zip(replacement)
            .all(|(line, text)| line.text == *text)
    {
        return None;
    }
    let found = Found {
        place,
        shift: None,
        likeness: Likeness::Exact,
        elided: 0,
    };
    let mut splice = build(content, file, edit, replacement, found).ok()?;
    splice.landing.relocated = false;
    splice.landing.already_applied = true;
    splice.new.clone_from(&splice.old);
    Some(splice)
}

/// The line ending of the place, or of the line before it.
fn newline<'l>(file: &[Line<'l>], place: &Range<usize>) -> &'l str {
    let own = file.get(place.clone()).unwrap_or_default().first();
    let before = place.start.checked_sub(1).and_then(|index| file.get(index));
    let endings = own.into_iter().chain(before).map(|line| line.ending);
    endings
        .into_iter()
        .find(|ending| !ending.is_empty())
        .unwrap_or("\n")
}

fn unmarked(text: &str, bom: bool) -> &str {
    let bare = text.strip_prefix(BOM).filter(|_| bom);
    bare.unwrap_or(text)
}

/// The lines of a search or replacement text, which may come with the file's own endings and byte order mark.
fn texts(text: &str, bom: bool) -> Vec<&str> {
    unmarked(text, bom)
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect()
}
