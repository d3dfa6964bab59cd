//! Why an edit has no place, with the lines that its author needs to state it again.

use std::{collections::HashMap, ops::Range};

use super::{
    lines::{self, Line, Numbering},
    pattern::Pattern,
};

/// How many regions a refusal shows.
const REGIONS: usize = 3;
/// How many lines around a region it shows.
const CONTEXT: usize = 2;
/// How many lines of a region it shows.
const SHOWN: usize = 40;
/// A line or word that occurs more often says little about where something is.
const FREQUENT: usize = 50;

/// Why an edit did not land. The first line is a sentence, the rest shows numbered lines as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The line numbers are no range.
    #[error("lines {first}–{last} are no range; lines count from 1 and the last one is included")]
    NoRange {
        /// The stated first line.
        first: usize,
        /// The stated last line.
        last: usize,
    },
    /// No lines hold the search text.
    #[error(
        "lines {first}–{last} do not hold the search text, and no other place of the {count} lines does; nothing was changed. The closest:\n{shown}"
    )]
    NotFound {
        /// The stated first line.
        first: usize,
        /// The stated last line.
        last: usize,
        /// How many lines there are.
        count: usize,
        /// The closest regions, numbered.
        shown: String,
    },
    /// Several places hold the search text, and the stated lines are none of them.
    #[error("lines {first}–{last} do not hold the search text, but {} other places do, at lines {}; nothing was changed. State the lines that you mean:\n{shown}", places.len(), listed(places))]
    Ambiguous {
        /// The stated first line.
        first: usize,
        /// The stated last line.
        last: usize,
        /// The first lines of the places.
        places: Vec<usize>,
        /// The first of them, numbered.
        shown: String,
    },
    /// Another place holds the search text, but the stated lines may be what is meant, and have changed.
    #[error(
        "lines {first}–{last} do not hold the search text; line {other} does, but the stated lines may have changed; nothing was changed. State the lines that you mean:\n{shown}"
    )]
    Doubtful {
        /// The stated first line.
        first: usize,
        /// The stated last line.
        last: usize,
        /// The first line of the other place.
        other: usize,
        /// Both, numbered.
        shown: String,
    },
    /// One edit of a batch was found further up or down, and another one not.
    #[error("the edits of this call were not all moved alike: this one was found {}, others elsewhere; nothing was changed. View the file and state the lines anew", moved(*shift))]
    Inconsistent {
        /// By how many lines its place is further down than stated.
        shift: isize,
    },
    /// The lines are indented less than the search text says, and so much the replacement cannot be moved.
    #[error(
        "lines {first}–{last} are indented otherwise than the search text, and the replacement cannot be moved with them; nothing was changed. State both as they are:\n{shown}"
    )]
    Unindentable {
        /// The first line of the place.
        first: usize,
        /// Its last line.
        last: usize,
        /// The lines, numbered.
        shown: String,
    },
    /// A text that is no anchor.
    #[error(
        "`{said}` is no anchor; an anchor is a line's number and two hexadecimal digits, as `view_file` shows them"
    )]
    NoAnchor {
        /// What was said.
        said: String,
    },
    /// An anchor of another line, or of another version.
    #[error(
        "`{said}` is no anchor of the version that was viewed; nothing was changed. The lines there:\n{shown}"
    )]
    OtherAnchor {
        /// What was said.
        said: String,
        /// The lines there, numbered.
        shown: String,
    },
    /// Lines that were viewed have changed since.
    #[error(
        "lines {first}–{last} have changed since you viewed them; nothing was changed. You viewed:\n{viewed}Now there is:\n{now}"
    )]
    Changed {
        /// The first line, as viewed.
        first: usize,
        /// The last line, as viewed.
        last: usize,
        /// The lines as viewed, numbered.
        viewed: String,
        /// The lines as they are, numbered.
        now: String,
    },
    /// There is no text to look for.
    #[error("the text to replace is empty; state the text that is there")]
    NoText,
    /// The text stands nowhere.
    #[error("none of the {count} lines hold this text; nothing was changed. The closest:\n{shown}")]
    TextNotFound {
        /// How many lines there are.
        count: usize,
        /// The closest regions, numbered.
        shown: String,
    },
    /// The text stands there more than once.
    #[error("the text stands there {} times, at lines {}; nothing was changed. State more of what is around it:\n{shown}", places.len(), listed(places))]
    TextNotUnique {
        /// The lines of the places.
        places: Vec<usize>,
        /// The first of them, numbered.
        shown: String,
    },
    /// Two edits of a batch change the same lines.
    #[error(
        "edits {one} and {other} both change line {line}; nothing was changed. Make one edit of them"
    )]
    Overlap {
        /// The number of the first edit, from 1.
        one: usize,
        /// The number of the other.
        other: usize,
        /// A line that both change.
        line: usize,
    },
}

fn moved(shift: isize) -> String {
    match shift {
        0 => "at the stated lines, though it may be meant further down or up".to_owned(),
        1.. => format!("{shift} lines further down"),
        _ => format!("{} lines further up", shift.unsigned_abs()),
    }
}

fn listed(places: &[usize]) -> String {
    const LISTED: usize = 8;
    let shown: Vec<String> = places.iter().take(LISTED).map(usize::to_string).collect();
    let more = places.len().saturating_sub(LISTED);
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}

/// Some regions with the lines around them, numbered, in the order in which they stand.
pub(super) fn regions(file: &[Line<'_>], places: impl IntoIterator<Item = Range<usize>>) -> String {
    excerpt(file, places, Numbering::Lines)
}

/// Some regions of lines, from 0, with the lines around them, in the order in which they stand.
#[must_use]
pub fn excerpt(
    file: &[Line<'_>],
    places: impl IntoIterator<Item = Range<usize>>,
    numbering: Numbering,
) -> String {
    shown(file, places.into_iter().take(REGIONS).collect(), numbering)
}

fn shown(file: &[Line<'_>], mut places: Vec<Range<usize>>, numbering: Numbering) -> String {
    crate::sorted::sort_by_key(&mut places, |place| place.start);
    let mut shown = String::new();
    let mut next = 0;
    for place in places {
        let first = place.start.saturating_sub(CONTEXT).max(next);
        let last = (place.end + CONTEXT).min(first + SHOWN).min(file.len());
        if last <= first {
            continue;
        }
        if next > 0 && first > next {
            shown.push_str("    …\n");
        }
        let texts = file.get(first..last).unwrap_or_default();
        shown.push_str(&lines::shown(
            first + 1,
            texts.iter().map(|line| line.text),
            numbering,
        ));
        next = last;
    }
    shown
}

/// The regions that have most in common with a search text; the stated lines where nothing has. Only for showing: no
/// edit ever lands by it.
pub(super) fn closest(
    file: &[Line<'_>],
    pattern: &Pattern<'_>,
    stated: &Range<usize>,
) -> Vec<Range<usize>> {
    let length = stated.len().max(pattern.said()).max(1);
    // Only what the search text says is looked for: a large file has many other words.
    let mut lines: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut words: HashMap<&str, Vec<usize>> = HashMap::new();
    for said in pattern.lines() {
        lines.entry(said.trim()).or_default();
        words.extend(words_of(said).map(|word| (word, Vec::new())));
    }
    // Most words are none of these by their length and first byte, which is cheaper to see than by their hash.
    let mut openings = [0_u64; 256];
    let opening = |word: &str| {
        (
            word.bytes().next().unwrap_or(0),
            1_u64 << word.len().min(63),
        )
    };
    for word in words.keys() {
        let (first, length) = opening(word);
        if let Some(lengths) = openings.get_mut(usize::from(first)) {
            *lengths |= length;
        }
    }
    let lengths = lines
        .keys()
        .fold(0_u64, |lengths, said| lengths | 1 << (said.len() % 64));
    for (number, line) in file.iter().enumerate() {
        let text = line.text.trim();
        if lengths & 1 << (text.len() % 64) != 0
            && let Some(seen) = lines.get_mut(text)
            && seen.len() <= FREQUENT
        {
            seen.push(number);
        }
        for word in words_of(line.text) {
            let (first, length) = opening(word);
            let lengths = openings.get(usize::from(first)).copied().unwrap_or(0);
            if lengths & length != 0
                && let Some(seen) = words.get_mut(word)
                && seen.len() <= FREQUENT
                && seen.last() != Some(&number)
            {
                seen.push(number);
            }
        }
    }
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for (offset, said) in pattern.lines().enumerate() {
        let mut vote = |places: Option<&Vec<usize>>, weight: usize| {
            for place in places
                .into_iter()
                .flatten()
                .take_while(|_| places.is_some_and(|all| all.len() <= FREQUENT))
            {
                *votes.entry(place.saturating_sub(offset)).or_default() += weight;
            }
        };
        if !said.trim().is_empty() {
            vote(lines.get(said.trim()), 8);
        }
        for word in words_of(said) {
            vote(words.get(word), 1);
        }
    }
    let mut ranked: Vec<(usize, usize)> = votes.into_iter().collect();
    crate::sorted::sort_by_key(&mut ranked, |&(start, weight)| {
        (
            std::cmp::Reverse(weight),
            start.abs_diff(stated.start),
            start,
        )
    });
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in ranked {
        let apart = |other: &Range<usize>| start.abs_diff(other.start) >= length;
        if found.len() < REGIONS && found.iter().all(apart) {
            found.push(start..(start + length).min(file.len()));
        }
    }
    if found.is_empty() {
        let last = file.len().min(stated.end);
        found.push(last.saturating_sub(length)..last);
    }
    found
}

pub(super) fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let part = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '$' => true,
        letter => !letter.is_ascii() && letter.is_alphanumeric(),
    };
    text.split(move |letter: char| !part(letter))
        .filter(|word| word.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of the closest lines, by their numbers.
    fn shown(content: &str, said: &[&str], stated: Range<usize>) -> Vec<String> {
        let file = lines::split(content);
        let found = closest(&file, &Pattern::literal(said), &stated);
        let shown = regions(&file, found);
        let number = |line: &str| {
            line.split('\t')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        shown.lines().map(number).collect()
    }

    fn numbers(numbers: Range<usize>) -> Vec<String> {
        numbers.map(|number| number.to_string()).collect()
    }

    #[test]
    fn regions_are_apart_or_one() {
        let content: String = (1..=30).map(|number| format!("{number}\n")).collect();
        let file = lines::split(&content);
        let of = |places: &[Range<usize>]| {
            let shown = regions(&file, places.iter().cloned());
            let lines = shown.lines().map(|line| line.split('\t').next_back());
            lines
                .flatten()
                .map(|line| line.trim().to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(of(std::slice::from_ref(&(9..10))), "8 9 10 11 12");
        assert_eq!(of(&[20..21, 0..1]), "1 2 3 … 19 20 21 22 23");
        // They touch, overlap, or leave one line between them.
        assert_eq!(of(&[0..1, 5..6]), "1 2 3 4 5 6 7 8");
        assert_eq!(of(&[0..1, 3..4]), "1 2 3 4 5 6");
        assert_eq!(of(&[0..1, 6..7]), "1 2 3 … 5 6 7 8 9");
        // Three are shown, in the order in which they stand.
        assert_eq!(
            of(&[29..30, 0..1, 14..15, 20..21]),
            "1 2 3 … 13 14 15 16 17 … 28 29 30"
        );
        assert_eq!(of(&[30..30, 40..41]), "29 30");
    }

    #[test]
    fn the_closest_lines_are_those_that_say_most_of_it() {
        // Lines without a word count as lines.
        let signs: String = (1..=30).map(|number| format!("{number}\n")).collect();
        assert_eq!(shown(&signs, &["20", "21", "zz"], 0..3), numbers(18..25));
        assert_eq!(shown(&signs, &["20", "21"], 0..2), numbers(18..24));
        // Nothing in common: the stated lines, or the last ones.
        assert_eq!(shown(&signs, &["zz"], 9..10), numbers(8..13));
        assert_eq!(shown(&signs, &["zz"], 99..100), numbers(28..31));
        // More in common is shown, wherever it is, and what is nearer of the others.
        let mut words: Vec<String> = (1..=60).map(|number| format!("{number}")).collect();
        for line in [10, 20, 30, 40] {
            words[line - 1] = "first here".to_owned();
        }
        words[54] = "second third fourth".to_owned();
        let content = words.join("\n");
        let said = ["first second third fourth fifth"];
        let mut expected = numbers(8..13);
        expected.push("…".to_owned());
        expected.extend(numbers(18..23));
        expected.push("…".to_owned());
        expected.extend(numbers(53..58));
        assert_eq!(shown(&content, &said, 11..12), expected);
    }

    #[test]
    fn what_is_shown_does_not_overlap() {
        let mut words: Vec<String> = (1..=40).map(|number| format!("{number}")).collect();
        for (line, text) in [(10, "alpha one"), (11, "alpha two"), (30, "alpha x")] {
            words[line - 1] = text.to_owned();
        }
        let mut expected = numbers(8..14);
        expected.push("…".to_owned());
        expected.extend(numbers(27..33));
        let said = ["alpha one", "alpha two"];
        assert_eq!(shown(&words.join("\n"), &said, 9..11), expected);
    }

    #[test]
    fn words_have_three_bytes_and_no_signs() {
        let words: Vec<&str> = words_of("ab abc $x_ «say» one\u{2014}two \u{e4}\u{f6}").collect();
        assert_eq!(words, ["abc", "$x_", "say", "one", "two", "\u{e4}\u{f6}"]);
    }

    #[test]
    fn a_refusal_says_where_the_others_went() {
        let said = |shift| Refusal::Inconsistent { shift }.to_string();
        assert!(said(0).contains("found at the stated lines, though"));
        assert!(said(1).contains("found 1 lines further down,"));
        assert!(said(-12).contains("found 12 lines further up,"));
    }
}
