//! Replacing a piece of text that stands in a file exactly once, wherever in a line it begins and ends.

use std::ops::Range;

use super::{
    Applied, Landing, Likeness, Refusal, Refused, Splice, assemble, lines,
    locate::{BOM, MOST_PLACES},
    pattern::Pattern,
    refusal::{closest, regions},
};

/// A piece of text and what it becomes. Both take the file's line endings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The text, byte for byte. Not empty.
    pub old: String,
    /// What it becomes; empty deletes it.
    pub new: String,
}

/// Applies one text edit.
///
/// # Errors
/// When the text is empty, or stands nowhere, or more than once.
pub fn replace(content: &str, edit: &TextEdit) -> Result<Applied, Refused> {
    locate(content, edit)
        .map_err(|refusal| Refused { edit: 0, refusal })
        .and_then(|splice| assemble(content, &[splice]))
}

fn locate(content: &str, edit: &TextEdit) -> Result<Splice, Refusal> {
    if edit.old.is_empty() {
        return Err(Refusal::NoText);
    }
    let plain = |text: &str| text.replace("\r\n", "\n");
    let (old, new) = (plain(&edit.old), plain(&edit.new));
    // Where the endings are mixed, either may be meant.
    let mut readings = vec![(old, new)];
    if content.contains("\r\n") {
        let windows = |text: &str| text.replace('\n', "\r\n");
        readings = readings
            .iter()
            .map(|(old, new)| (windows(old), windows(new)))
            .chain(readings.clone())
            .collect();
        readings.dedup_by(|one, other| one.0 == other.0);
    }
    let mut places = Vec::new();
    for (old, new) in &readings {
        let found = overlapping(content, old).into_iter();
        let whole = found.filter(|start| !parts_an_ending(content, *start..start + old.len()));
        places.extend(whole.map(|start| (start, old, new)));
    }
    crate::sorted::sort(&mut places);
    let file = lines::split(content);
    let line_of = |place: usize| file.partition_point(|line| line.end() <= place);
    match places.as_slice() {
        [(start, old, new)] => {
            let range = *start..start + old.len();
            let first = line_of(range.start);
            let last = line_of(range.end.saturating_sub(1).max(range.start));
            Ok(Splice {
                landing: Landing {
                    first_line: first + 1,
                    removed: last + 1 - first,
                    added: (last + 1 - first + new.matches('\n').count())
                        .saturating_sub(old.matches('\n').count()),
                    relocated: false,
                    likeness: Likeness::Exact,
                    elided: 0,
                    text: (*new).clone(),
                    already_applied: old == new,
                },
                range,
                old: (*old).clone(),
                new: (*new).clone(),
                takes_break: false,
            })
        }
        [] => {
            let said = edit.old.strip_prefix(BOM).unwrap_or(&edit.old);
            let said: Vec<&str> = said.lines().collect();
            let pattern = Pattern::literal(&said);
            let shown = regions(&file, closest(&file, &pattern, &(0..said.len())));
            let count = file.len();
            Err(Refusal::TextNotFound { count, shown })
        }
        many => {
            let lines: Vec<usize> = many.iter().map(|(start, ..)| line_of(*start)).collect();
            let shown = regions(&file, lines.iter().map(|line| *line..line + 1));
            let places = lines.iter().map(|line| line + 1).collect();
            Err(Refusal::TextNotUnique { places, shown })
        }
    }
}

/// Whether a place begins or ends inside of a `\r\n`.
fn parts_an_ending(content: &str, place: Range<usize>) -> bool {
    let inside = |at: usize| {
        let (before, after) = content.split_at_checked(at).unwrap_or_default();
        before.ends_with('\r') && after.starts_with('\n')
    };
    inside(place.start) || inside(place.end)
}

/// Every place of a text, those that overlap included, as many as are counted.
fn overlapping(content: &str, text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = content.get(from..).and_then(|rest| rest.find(text)) {
        found.push(from + start);
        if found.len() == MOST_PLACES {
            break;
        }
        let step = text.chars().next().map_or(1, char::len_utf8);
        from += start + step;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(content: &str, old: &str, new: &str) -> Result<String, Refusal> {
        let edit = TextEdit {
            old: old.to_owned(),
            new: new.to_owned(),
        };
        let applied = replace(content, &edit).map_err(|refused| refused.refusal)?;
        Ok(applied.content)
    }

    #[test]
    fn a_text_that_stands_once_is_replaced() {
        for (content, old, new, expected) in [
            ("a b c\n", "b", "$&", "a $& c\n"),
            ("a\nb\nc\n", "a\nb", "x", "x\nc\n"),
            ("a\nb\n", "b\n", "", "a\n"),
            ("a\r\nb\r\nc", "a\nb", "x\ny", "x\r\ny\r\nc"),
            ("a\r\nb\r\n", "a\r\nb", "x\ny", "x\r\ny\r\n"),
            ("a\r\nb\r\n", "b", "x\ny", "a\r\nx\r\ny\r\n"),
            ("a\r\nb\r\n", "a\nb", "x", "x\r\n"),
            // Where the endings are mixed, what stands there as it is said is meant.
            ("a\nb\r\n", "a\nb", "x", "x\r\n"),
            ("a\nb\r\n", "a\nb", "x\ny", "x\ny\r\n"),
            // An ending is one sign, and goes whole.
            ("x\r\n\r\nb\r\nc\r\n", "\nb", "", "x\r\n\r\nc\r\n"),
            ("x\r\nb\r\nc\r\n", "b\n", "", "x\r\nc\r\n"),
            ("a\nb\n", "a\r\nb", "x\r\ny", "x\ny\n"),
            ("\u{feff}ä\n", "ä", "ö", "\u{feff}ö\n"),
        ] {
            assert_eq!(ask(content, old, new).unwrap(), expected, "{content:?}");
        }
    }

    #[test]
    fn one_that_stands_nowhere_or_more_than_once_is_refused() {
        assert_eq!(ask("a\n", "", "x"), Err(Refusal::NoText));
        assert!(matches!(
            ask("const one = 1\n", "const two", "x"),
            Err(Refusal::TextNotFound { count: 1, shown }) if shown.contains("const one")
        ));
        assert!(matches!(
            ask("a\nb\na\n", "a", "x"),
            Err(Refusal::TextNotUnique { places, .. }) if places == [1, 3]
        ));
        // A text in either ending is one in two places; no place begins or ends in an ending.
        assert!(matches!(
            ask("a\nb\r\na\r\nb\r\n", "a\nb", "x"),
            Err(Refusal::TextNotUnique { places, .. }) if places == [1, 3]
        ));
        for old in ["\nb\nc", "b\nc\r"] {
            assert!(matches!(
                ask("a\r\nb\nc\r\n", old, "x"),
                Err(Refusal::TextNotFound { .. })
            ));
        }
        // Overlapping places are two.
        assert!(matches!(
            ask("aaa", "aa", "x"),
            Err(Refusal::TextNotUnique { .. })
        ));
    }

    #[test]
    fn the_landing_names_its_lines() {
        let edit = TextEdit {
            old: "b\nc".to_owned(),
            new: "x".to_owned(),
        };
        let applied = replace("a\nb\nc d\n", &edit).unwrap();
        let [landing] = applied.landings.as_slice() else {
            panic!("one edit has one landing");
        };
        assert_eq!(
            (landing.first_line, landing.removed, landing.added),
            (2, 2, 1)
        );
        assert_eq!(applied.content, "a\nx d\n");
        assert!(!landing.already_applied);
        let place = applied.changes.first().unwrap();
        assert_eq!((place.old.clone(), place.new.clone()), (2..5, 2..3));
        let landing = |old: &str, new: &str| {
            let edit = TextEdit {
                old: old.to_owned(),
                new: new.to_owned(),
            };
            let [landing] = replace("a\nb\n", &edit)
                .unwrap()
                .landings
                .try_into()
                .unwrap();
            landing
        };
        let more = landing("b", "x\ny\nz");
        assert_eq!((more.first_line, more.removed, more.added), (2, 1, 3));
        assert!(landing("b", "b").already_applied);
    }

    #[test]
    fn a_refusal_shows_every_place() {
        let content = "one\n2\n3\n4\n5\n6\n7\none\n9\n10\n";
        let edit = TextEdit {
            old: "one".to_owned(),
            new: String::new(),
        };
        let Refused { refusal, .. } = replace(content, &edit).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the text stands there 2 times, at lines 1, 8; nothing was changed. State more of what is around it:\n    1\tone\n    2\t2\n    3\t3\n    …\n    6\t6\n    7\t7\n    8\tone\n    9\t9\n   10\t10\n"
        );
    }
}
