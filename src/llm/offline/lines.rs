//! The lines of a prompt, with lists gathered under the line that introduces them.
//!
//! Knows indentation and bullets, nothing of words.

/// A line and the items listed under it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The line without its bullet.
    pub(super) text: String,
    /// The items of the list under it; empty for a plain line.
    pub(super) items: Vec<String>,
}

struct Raw<'a> {
    indent: usize,
    bullet: bool,
    text: &'a str,
    after_gap: bool,
}

/// Gathers the lines of a prompt.
pub(super) fn layout(prompt: &str) -> Vec<Line> {
    let mut after_gap = false;
    let mut raw = Vec::new();
    for line in prompt.lines() {
        let Some(mut line) = read(line) else {
            after_gap = true;
            continue;
        };
        line.after_gap = std::mem::take(&mut after_gap);
        raw.push(line);
    }
    let mut found = Vec::new();
    gather(&raw, &mut found);
    found
}

fn read(line: &str) -> Option<Raw<'_>> {
    let text = line.trim();
    let indent = line.len() - line.trim_start().len();
    if text.chars().all(|letter| !letter.is_alphanumeric()) {
        return None;
    }
    let heading = text.trim_start_matches('#');
    if heading.len() < text.len() && heading.starts_with(' ') {
        return Some(Raw {
            indent,
            bullet: false,
            text: heading.trim(),
            after_gap: false,
        });
    }
    let rest = bullet(text);
    Some(Raw {
        indent,
        bullet: rest.is_some(),
        text: rest.unwrap_or(text).trim(),
        after_gap: false,
    })
}

/// What follows a bullet (`-`, `*`, `•`, `1.`, `2)`), if the line starts with one.
fn bullet(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['-', '*', '•', '·', '+', '◦', '▪']);
    let numbered = || {
        let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
        (rest.len() < text.len())
            .then_some(rest)?
            .strip_prefix(['.', ')'])
    };
    rest.or_else(numbered).filter(|rest| rest.starts_with(' '))
}

/// A line takes the bullets that follow it as its items when it introduces them; bullets that introduce deeper
/// bullets, or that hold lists of their own, stand for themselves.
fn gather(raw: &[Raw<'_>], found: &mut Vec<Line>) {
    let mut rest = raw;
    while let [head, following @ ..] = rest {
        let belongs = |line: &Raw<'_>| {
            if head.bullet {
                line.indent > head.indent && line.bullet
            } else {
                line.bullet
            }
        };
        let mut count = following.iter().take_while(|line| belongs(line)).count();
        if count == 0 && head.text.ends_with(':') {
            let plain = |line: &Raw<'_>| {
                !line.bullet && !line.after_gap && !line.text.ends_with(['.', ':', '!'])
            };
            count = following.iter().take_while(|line| plain(line)).count();
        }
        let (items, after) = following
            .split_at_checked(count)
            .unwrap_or((&[], following));
        let nested = items.iter().any(|item| {
            items
                .first()
                .is_some_and(|first| item.indent > first.indent)
        });
        if items.is_empty() {
            found.push(Line {
                text: head.text.to_owned(),
                items: Vec::new(),
            });
        } else if nested || items.iter().any(|item| holds_list(item.text)) {
            if !head.text.ends_with(':') {
                found.push(Line {
                    text: head.text.to_owned(),
                    items: Vec::new(),
                });
            }
            gather(items, found);
        } else {
            let items = items.iter().map(|item| item.text.to_owned()).collect();
            found.push(Line {
                text: head.text.to_owned(),
                items,
            });
        }
        rest = after;
    }
}

/// Whether an item is a sentence of its own: something that has several things, or a request.
fn holds_list(item: &str) -> bool {
    let lower = item.to_lowercase();
    let first = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .next()
        .unwrap_or("");
    let words = lower.split_whitespace().count();
    if words > 2 && super::vocabulary::has(super::vocabulary::COMMAND_VERBS, first) {
        return true;
    }
    let listed = |part: &str| part.contains(',') || part.contains(" and ");
    let choices = |part: &str| part.contains(" or ") || part.contains('/');
    let opens = lower.split_once([':', '(']);
    let split = opens
        .or_else(|| lower.split_once(" with "))
        .or_else(|| lower.split_once(" have "));
    split
        .or_else(|| lower.split_once(" has "))
        .is_some_and(|(head, part)| {
            let head = head.trim().rsplit(' ').next().unwrap_or("");
            listed(part)
                && !choices(part)
                && (super::words::is_plural(head) || lower.contains(" has "))
        })
}
