//! Anchors: a line's number and two hexadecimal digits of its text's hash, `12a3`. A view hands them out; an edit names
//! its first and its last line by them and needs no search text.
//!
//! Two digits tell a slip from what is meant, and prove nothing. The proof is the text that was viewed: an anchored edit
//! becomes one that searches for those lines, so that it lands, is moved or is refused as any other.

use super::{
    LineEdit, Refusal,
    lines::{self, Line, Numbering},
    refusal::excerpt,
};

/// The anchor of line `number`, from 1.
#[must_use]
pub fn anchor(number: usize, text: &str) -> String {
    format!("{number}{:02x}", hash(text))
}

/// FNV-1a in 32 bits, folded to eight: all of a line counts.
fn hash(text: &str) -> u32 {
    let mixed = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (mixed ^ (mixed >> 8) ^ (mixed >> 16) ^ (mixed >> 24)) & 0xff
}

/// One replacement of the lines between two anchors, both included. The empty text deletes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchoredEdit {
    /// The anchor of the first line.
    pub first: String,
    /// The anchor of the last line.
    pub last: String,
    /// What the lines shall hold.
    pub text: String,
}

/// An anchored edit as one that says what its lines hold in `viewed`, the text that the anchors are of.
///
/// # Errors
/// When an anchor is malformed, or no such line was viewed; the refusal shows lines with their anchors.
pub fn resolve(viewed: &str, edit: &AnchoredEdit) -> Result<LineEdit, Refusal> {
    resolve_in(&lines::split(viewed), edit)
}

/// The same, of a text whose lines are known: for several edits of one text.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_in(file: &[Line<'_>], edit: &AnchoredEdit) -> Result<LineEdit, Refusal> {
    let (first, last) = (number(file, &edit.first)?, number(file, &edit.last)?);
    if last < first {
        return Err(Refusal::NoRange { first, last });
    }
    let held = file.get(first - 1..last).unwrap_or_default();
    let search: Vec<&str> = held.iter().map(|line| line.text).collect();
    Ok(LineEdit {
        search: search.join("\n"),
        first_line: first,
        last_line: last,
        replacement: edit.text.clone(),
    })
}

fn number(file: &[Line<'_>], said: &str) -> Result<usize, Refusal> {
    let digits = said
        .len()
        .checked_sub(2)
        .and_then(|end| said.split_at_checked(end));
    let number = digits.and_then(|(number, _)| number.parse::<usize>().ok());
    let Some(number) = number.filter(|number| *number > 0) else {
        return Err(Refusal::NoAnchor {
            said: said.chars().take(40).collect(),
        });
    };
    match file.get(number - 1) {
        Some(line) if anchor(number, line.text) == said => Ok(number),
        _ => {
            let start = (number - 1).min(file.len());
            let place = std::iter::once(start..number.min(file.len()));
            let shown = excerpt(file, place, Numbering::Anchors);
            Err(Refusal::OtherAnchor {
                said: said.to_owned(),
                shown,
            })
        }
    }
}

/// The edit that has landed, with the anchors of the text it landed in.
#[must_use]
pub fn anchored(
    content: &str,
    first_line: usize,
    last_line: usize,
    text: &str,
) -> Option<AnchoredEdit> {
    let file = lines::split(content);
    let named = |number: usize| Some(anchor(number, file.get(number.checked_sub(1)?)?.text));
    Some(AnchoredEdit {
        first: named(first_line)?,
        last: named(last_line)?,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchored_edit_says_what_was_viewed() {
        let viewed = "a\r\nb\r\nc\r\n";
        let edit = anchored(viewed, 2, 3, "x").unwrap();
        assert_eq!(
            resolve(viewed, &edit),
            Ok(LineEdit {
                search: "b\nc".to_owned(),
                first_line: 2,
                last_line: 3,
                replacement: "x".to_owned()
            })
        );
        assert_eq!(anchored(viewed, 2, 4, "x"), None);
        assert_eq!(anchored(viewed, 0, 1, "x"), None);
    }

    /// The 32-bit values of FNV-1a are those that its authors publish; folded, each byte counts.
    #[test]
    fn an_anchor_is_a_number_and_a_hash() {
        for (text, fnv) in [
            ("", 0x811c_9dc5_u32),
            ("a", 0xe40c_292c),
            ("b", 0xe70c_2de5),
            ("foobar", 0xbf9c_f968),
        ] {
            let folded = fnv.to_be_bytes().iter().fold(0, |all, byte| all ^ byte);
            assert_eq!(anchor(12, text), format!("12{folded:02x}"), "{text}");
        }
    }

    #[test]
    fn a_wrong_anchor_shows_the_lines_there() {
        let viewed: String = (1..=9).map(|number| format!("line {number}\n")).collect();
        let shown = |said: &str| {
            let edit = AnchoredEdit {
                first: said.to_owned(),
                last: said.to_owned(),
                text: String::new(),
            };
            match resolve(&viewed, &edit) {
                Err(Refusal::OtherAnchor { shown, .. }) => shown,
                other => panic!("{other:?}"),
            }
        };
        let lines = |numbers: std::ops::RangeInclusive<usize>| -> String {
            numbers
                .map(|number| {
                    let text = format!("line {number}");
                    format!("{}\t{text}\n", anchor(number, &text))
                })
                .collect()
        };
        assert_eq!(shown(&anchor(5, "other")), lines(3..=7));
        assert_eq!(shown(&anchor(1, "other")), lines(1..=3));
        assert_eq!(shown(&anchor(30, "other")), lines(8..=9));
    }

    #[test]
    fn what_is_no_anchor_of_the_view_is_refused() {
        let viewed = "a\nb\n";
        let edit = |first: &str, last: &str| AnchoredEdit {
            first: first.to_owned(),
            last: last.to_owned(),
            text: String::new(),
        };
        let good = anchor(1, "a");
        for (first, last) in [
            ("", "x"),
            ("1", "1"),
            ("0a", "0a"),
            ("xyz", "1"),
            ("000", "1"),
            ("é", "1"),
        ] {
            let refusal = resolve(viewed, &edit(first, last)).unwrap_err();
            assert!(
                matches!(refusal, Refusal::NoAnchor { .. }),
                "{first}: {refusal}"
            );
        }
        for last in [anchor(2, "a"), anchor(3, "b"), anchor(1, "b")] {
            let refusal = resolve(viewed, &edit(&good, &last)).unwrap_err();
            assert!(
                matches!(refusal, Refusal::OtherAnchor { .. }),
                "{last}: {refusal}"
            );
        }
        let refusal = resolve(viewed, &edit(&anchor(2, "b"), &good)).unwrap_err();
        assert_eq!(refusal, Refusal::NoRange { first: 2, last: 1 });
    }
}
