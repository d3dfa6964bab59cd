//! The turns before this one, within bounds: the newest in full, those before them in a line each, so that what was decided stays.
//!
//! What is in full changes rarely: when there is too much of it, the older half is shortened at once. In between the beginning of a
//! request stays as it was, and a provider's cache with it.

use std::fmt::Write as _;

use super::super::records::MessageRole;

/// How many bytes of earlier messages a request carries in full at most.
pub const FULL_BYTES: usize = 64 * 1024;

/// How many messages are looked at, the newest of all.
pub const MOST_MESSAGES: u32 = 1_000;

/// How much is kept of a message that is not in full, in characters.
pub const HEAD_CHARS: usize = 240;

/// The most of those lines together, in bytes; the oldest go first.
const LINES_BYTES: usize = 16 * 1024;

/// How large a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Its number.
    pub seq: u64,
    /// Its bytes.
    pub bytes: usize,
}

/// A message of an earlier turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Who spoke.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
}

/// The number of the first message that is carried in full. `sizes` are of all messages, oldest first.
#[must_use]
pub fn full_from(sizes: &[Size]) -> u64 {
    let mut first = 0;
    let mut total = 0;
    for (index, size) in sizes.iter().enumerate() {
        total += size.bytes;
        if total <= FULL_BYTES {
            continue;
        }
        for dropped in sizes.get(first..=index).unwrap_or_default() {
            if total <= FULL_BYTES / 2 {
                break;
            }
            total -= dropped.bytes;
            first += 1;
        }
    }
    sizes
        .get(first)
        .or(sizes.last())
        .map_or(0, |size| size.seq + u64::from(first >= sizes.len()))
}

/// What is said of messages that are not carried in full, of which the beginnings are there; nothing when there are none.
#[must_use]
pub fn shortened(heads: &[Earlier]) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    for head in heads {
        let words = head
            .content
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let mut text: String = words.chars().take(HEAD_CHARS).collect();
        if text.len() < words.len() {
            text.push('…');
        }
        match (head.role, lines.last_mut()) {
            (MessageRole::Assistant, Some(line)) => {
                // Writing to a string cannot fail.
                let _ = write!(line, " → {text}");
            }
            _ => lines.push(format!("- {text}")),
        }
    }
    let mut bytes = 0;
    let fits = lines.iter().rev().take_while(|line| {
        bytes += line.len() + 1;
        bytes <= LINES_BYTES
    });
    let fits = fits.count();
    let left_out = lines.len() - fits;
    let mut kept: Vec<String> = lines.split_off(left_out);
    if left_out > 0 {
        kept.insert(0, format!("- … {left_out} before that"));
    }
    (!kept.is_empty()).then(|| kept.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bytes: &[usize]) -> Vec<Size> {
        let seqs = 1..;
        seqs.zip(bytes)
            .map(|(seq, bytes)| Size { seq, bytes: *bytes })
            .collect()
    }

    #[test]
    fn what_is_in_full_stays_so_until_there_is_too_much_of_it() {
        let tenth = FULL_BYTES / 10;
        let mut floors = Vec::new();
        for count in 0..30 {
            let all = sizes(&vec![tenth; count]);
            let floor = full_from(&all);
            let kept: usize = all
                .iter()
                .filter(|size| size.seq >= floor)
                .map(|size| size.bytes)
                .sum();
            assert!(kept <= FULL_BYTES, "{count}");
            if count > 10 {
                assert!(kept >= FULL_BYTES / 2 - tenth, "{count}: {kept}");
            }
            floors.push(floor);
        }
        floors.dedup();
        assert_eq!(floors, [0, 1, 7, 13, 19, 25]);
    }

    #[test]
    fn one_message_that_is_too_large_is_shortened_too() {
        assert_eq!(full_from(&sizes(&[FULL_BYTES + 1])), 2);
        assert_eq!(full_from(&sizes(&[1, FULL_BYTES + 1, 1])), 3);
    }

    fn said(role: MessageRole, content: &str) -> Earlier {
        Earlier {
            role,
            content: content.to_owned(),
        }
    }

    #[test]
    fn what_was_asked_and_what_came_of_it_stays_in_a_line() {
        let heads = [
            said(MessageRole::User, "Add a\nrating"),
            said(MessageRole::Assistant, "There is a rating now."),
            said(MessageRole::User, &"long ".repeat(100)),
        ];
        let text = shortened(&heads).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "- Add a rating → There is a rating now.");
        assert!(lines[1].ends_with('…') && lines[1].chars().count() == HEAD_CHARS + 3);
        assert_eq!(shortened(&[]), None);
    }

    #[test]
    fn there_is_an_end_to_lines_as_well() {
        let heads = vec![said(MessageRole::User, &"x".repeat(HEAD_CHARS)); 1_000];
        let text = shortened(&heads).unwrap();
        assert!(text.len() < LINES_BYTES + 100);
        assert!(text.starts_with("- … 9"), "{}", &text[..40]);
    }
}
