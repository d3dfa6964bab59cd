//! The places where a text holds what an edit says, found by trying each.

use std::ops::Range;

use overskill::edit::LineEdit;

use super::{Change, texts};

/// In how far two lines may differ. The contract's own list, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alike {
    Bytes,
    ButForTrailingSpace,
    ButForIndentation,
    ButForTypography,
}

const LEVELS: [Alike; 4] = [
    Alike::Bytes,
    Alike::ButForTrailingSpace,
    Alike::ButForIndentation,
    Alike::ButForTypography,
];

/// What separates the indentation of the text from that of the search: what is put before each line, or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Indent {
    Put(String),
    Take(String),
}

/// What the contract says about one edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is one place; this is the change to be made there.
    Lands(Change),
    /// The stated lines say it already.
    Already,
    /// There is no place, or more than one.
    Refused,
}

/// A line of a search text, or lines that are not shown.
#[derive(Clone, Copy)]
enum Said<'a> {
    Line(&'a str),
    Gap,
}

/// What the contract says about an edit of this content.
pub(crate) fn meant(content: &str, edit: &LineEdit) -> Verdict {
    let held = texts(content);
    if edit.first_line == 0 || edit.last_line < edit.first_line {
        return Verdict::Refused;
    }
    let stated = edit.first_line - 1..edit.last_line;
    let search = search_lines(content, &edit.search);
    let readings = readings(&search);
    for level in LEVELS {
        for reading in &readings {
            if let Some(lines) = held.get(stated.clone())
                && let Some(indent) = fits(reading, lines, level)
            {
                return landing(&stated, indent, content, edit);
            }
        }
        for reading in &readings {
            let found = everywhere(&held, reading, stated.len(), level);
            match found.as_slice() {
                [] => {}
                [(place, indent)] => return landing(place, indent.clone(), content, edit),
                _ => return Verdict::Refused,
            }
        }
        if level == Alike::Bytes && says_already(content, &held, edit) {
            return Verdict::Already;
        }
    }
    Verdict::Refused
}

/// Whether the content holds the search text anywhere, by any likeness. Elided lines may be as many as there are.
pub(crate) fn anywhere(content: &str, search: &str) -> bool {
    let held = texts(content);
    let search = search_lines(content, search);
    let readings = readings(&search);
    let readings: Vec<Vec<Said<'_>>> = readings
        .iter()
        .map(|reading| [&[Said::Gap], reading.as_slice(), &[Said::Gap]].concat())
        .collect();
    LEVELS.into_iter().any(|level| {
        readings
            .iter()
            .any(|reading| fits(reading, &held, level).is_some())
    })
}

fn says_already(content: &str, held: &[&str], edit: &LineEdit) -> bool {
    if edit.replacement.is_empty() {
        return false;
    }
    let said = search_lines(content, &edit.replacement);
    let from = edit.first_line - 1;
    said.iter().any(|line| !line.trim().is_empty())
        && held.get(from..from + said.len()) == Some(said.as_slice())
}

/// Search texts may come with the file's own endings and byte order mark.
fn search_lines<'a>(content: &str, text: &'a str) -> Vec<&'a str> {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) if content.starts_with('\u{feff}') => rest,
        _ => text,
    };
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect()
}

/// As it is, and with lines of three dots as gaps where there are any and something else that is not blank.
fn readings<'a>(search: &[&'a str]) -> Vec<Vec<Said<'a>>> {
    let dots = |line: &&str| line.trim() == "...";
    let mut readings = vec![
        search
            .iter()
            .map(|line| Said::Line(line))
            .collect::<Vec<_>>(),
    ];
    let says = search
        .iter()
        .any(|line| !dots(line) && !line.trim().is_empty());
    if says && search.iter().any(dots) {
        let gapped = |line: &&'a str| {
            if dots(line) {
                Said::Gap
            } else {
                Said::Line(line)
            }
        };
        readings.push(search.iter().map(gapped).collect());
    }
    readings
}

/// All places of a reading. With gaps it is as long as was stated, and must say where it begins and ends.
fn everywhere(
    held: &[&str],
    reading: &[Said<'_>],
    stated: usize,
    level: Alike,
) -> Vec<(Range<usize>, Option<Indent>)> {
    let gaps = reading.iter().any(|said| matches!(said, Said::Gap));
    let open = |said: Option<&Said<'_>>| matches!(said, Some(Said::Gap));
    if gaps && (open(reading.first()) || open(reading.last())) {
        return Vec::new();
    }
    let length = if gaps { stated } else { reading.len() };
    if length == 0 {
        return Vec::new();
    }
    let windows = held.windows(length).enumerate();
    windows
        .filter_map(|(start, lines)| Some((start..start + length, fits(reading, lines, level)?)))
        .collect()
}

/// Whether these lines, all of them, are what the reading says; and the indentation between them.
fn fits(reading: &[Said<'_>], held: &[&str], level: Alike) -> Option<Option<Indent>> {
    rest_fits(reading, held, level, None)
}

fn rest_fits(
    reading: &[Said<'_>],
    held: &[&str],
    level: Alike,
    indent: Option<Indent>,
) -> Option<Option<Indent>> {
    let Some((said, reading)) = reading.split_first() else {
        return held.is_empty().then_some(indent);
    };
    match said {
        Said::Gap => (0..=held.len())
            .find_map(|from| rest_fits(reading, held.get(from..)?, level, indent.clone())),
        Said::Line(said) => {
            let (line, held) = held.split_first()?;
            let indent = alike(said, line, level, indent)?;
            rest_fits(reading, held, level, indent)
        }
    }
}

fn alike(said: &str, held: &str, level: Alike, indent: Option<Indent>) -> Option<Option<Indent>> {
    let same = match level {
        Alike::Bytes => said == held,
        Alike::ButForTrailingSpace => said.trim_end() == held.trim_end(),
        Alike::ButForTypography => typed(said.trim_end()) == typed(held.trim_end()),
        Alike::ButForIndentation => {
            let (said, held) = (said.trim_end(), held.trim_end());
            if said.is_empty() && held.is_empty() {
                return Some(indent);
            }
            let between = match (held.strip_suffix(said), said.strip_suffix(held)) {
                (Some(more), _) => Indent::Put(more.to_owned()),
                (None, Some(less)) => Indent::Take(less.to_owned()),
                (None, None) => return None,
            };
            let (Indent::Put(space) | Indent::Take(space)) = &between;
            let common = indent.as_ref().is_none_or(|indent| *indent == between);
            return (space.trim().is_empty() && !said.is_empty() && !held.is_empty() && common)
                .then_some(Some(between));
        }
    };
    same.then_some(indent)
}

/// As a keyboard types it.
fn typed(text: &str) -> String {
    let typed = |letter| match letter {
        '‘' | '’' | '‚' | '‛' | '′' => '\'',
        '“' | '”' | '„' | '‟' | '″' => '"',
        '\u{2010}' | '\u{2011}' | '‒' | '–' | '—' | '―' | '−' => '-',
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    };
    text.chars().map(typed).collect()
}

fn landing(
    place: &Range<usize>,
    indent: Option<Indent>,
    content: &str,
    edit: &LineEdit,
) -> Verdict {
    let said = search_lines(content, &edit.replacement);
    let said = if edit.replacement.is_empty() {
        Vec::new()
    } else {
        said
    };
    let moved = |line: &str| match &indent {
        _ if line.trim().is_empty() => Some(line.to_owned()),
        None => Some(line.to_owned()),
        Some(Indent::Put(space)) => Some(format!("{space}{line}")),
        Some(Indent::Take(space)) => line.strip_prefix(space.as_str()).map(str::to_owned),
    };
    let lines: Option<Vec<String>> = said.into_iter().map(moved).collect();
    lines.map_or(Verdict::Refused, |lines| {
        Verdict::Lands(Change {
            first: place.start + 1,
            last: place.end,
            lines,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(
        content: &str,
        search: &str,
        first_line: usize,
        last_line: usize,
    ) -> Option<(usize, usize, String)> {
        let edit = LineEdit {
            search: search.to_owned(),
            first_line,
            last_line,
            replacement: "x\n  y".to_owned(),
        };
        match meant(content, &edit) {
            Verdict::Lands(change) => Some((change.first, change.last, change.lines.join("\n"))),
            _ => None,
        }
    }

    #[test]
    fn a_place_is_the_stated_one_or_the_only_one() {
        for (content, search, first, last, expected) in [
            ("a\na\na\n", "a", 2, 2, Some((2, 2, "x\n  y"))),
            ("a\nb\na\n", "a", 2, 2, None),
            ("b\nc\na\n", "a", 2, 2, Some((3, 3, "x\n  y"))),
            ("a\nb\nc\n", "a\n...\nc", 1, 3, Some((1, 3, "x\n  y"))),
            ("z\na\nb\nc\n", "a\n...\nc", 1, 3, Some((2, 4, "x\n  y"))),
            ("z\na\nb\nc\n", "...\nc", 1, 3, None),
            (
                "    a\n\n      b\n",
                "  a\n\n    b",
                1,
                3,
                Some((1, 3, "  x\n    y")),
            ),
            ("a\n b\n", "  a\n   b", 1, 2, None),
            ("a \n", "a", 1, 1, Some((1, 1, "x\n  y"))),
            ("“a”\n", "\"a\"", 1, 1, Some((1, 1, "x\n  y"))),
        ] {
            let found = verdict(content, search, first, last);
            let expected = expected
                .map(|(first, last, text): (usize, usize, &str)| (first, last, text.to_owned()));
            assert_eq!(found, expected, "{content:?} {search:?}");
        }
        assert!(anywhere("z\na\nb\nb\nc\n", "a\n...\nc"));
        assert!(!anywhere("z\na\nb\nb\n", "a\n...\nc"));
    }
}
