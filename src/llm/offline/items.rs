//! Where one item of a list ends and the next begins.
//!
//! Options stay with the field that they belong to, and what is in parentheses stays together. Knows no kinds.

use super::{
    text::{Mark, Token},
    vocabulary::CHOICE_WORDS,
};

/// The items of a list. Options stay with the field that they belong to.
pub(super) fn items(body: &[Token]) -> Vec<&[Token]> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut index = 0;
    while let Some(token) = body.get(index) {
        if opens_group(token) {
            index = closing(body, index) + 1;
            continue;
        }
        if let Some(end) = options_end(body, start, index) {
            index = end;
            continue;
        }
        let length = separator(body, index);
        if length > 0 {
            found.push(body.get(start..index).unwrap_or(&[]));
            start = index + length;
            index = start;
        } else {
            index += 1;
        }
    }
    found.push(body.get(start..).unwrap_or(&[]));
    found.retain(|item| item.iter().any(Token::is_word));
    found
}

pub(super) fn opens_group(token: &Token) -> bool {
    token.is_sign('(') || token.is_sign('[')
}

/// The index of the sign that closes the group opened at `open`, or of the last token.
pub(super) fn closing(body: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in body.iter().enumerate().skip(open) {
        match token.mark {
            Mark::Sign('(' | '[') => depth += 1,
            Mark::Sign(')' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index;
                }
            }
            _ => {}
        }
    }
    body.len().saturating_sub(1)
}

/// How many tokens at `index` separate two items.
fn separator(body: &[Token], index: usize) -> usize {
    let is =
        |offset: usize, word: &str| body.get(index + offset).is_some_and(|token| token.is(word));
    let Some(token) = body.get(index) else {
        return 0;
    };
    let between = token.is("and")
        && index >= 2
        && body.get(index - 2).is_some_and(|token| token.is("between"));
    match token.mark {
        Mark::Item | Mark::Sign(',' | '&' | '+' | ';' | '.' | '!') => 1,
        _ if between => 0,
        _ if is(0, "as") && is(1, "well") && is(2, "as") => 3,
        _ if token.is("plus") && is(1, "one") => 0,
        _ if token.is_in("and plus") => 1,
        _ => 0,
    }
}

/// Where the options end that start right after `index`, if they do: after `:` or words like "either".
fn options_end(body: &[Token], start: usize, index: usize) -> Option<usize> {
    if index == start {
        return None;
    }
    let begin = index + options_start(body, start, index)?;
    let rest = body.get(begin..)?;
    let slashed = rest
        .chunks(2)
        .take_while(|pair| pair.first().is_some_and(Token::is_word))
        .scan(true, |on, pair| {
            let was = *on;
            *on = pair.get(1).is_some_and(|sign| sign.is_sign('/'));
            was.then_some(())
        })
        .count();
    if slashed > 1 {
        return Some(begin + 2 * slashed - 1);
    }
    let limit = rest
        .iter()
        .position(|token| token.mark == Mark::Item)
        .unwrap_or(rest.len());
    let rest = rest.get(..limit)?;
    if let Some(or) = rest.iter().position(|token| token.is("or")) {
        let after = rest.iter().enumerate().skip(or + 1);
        let end = after
            .skip(1)
            .find(|(_, token)| !token.is_word() || token.is_in("and or plus"));
        let end = end.map_or(rest.len(), |(end, _)| end);
        // "a, b or c or d"
        let more = rest
            .get(end)
            .is_some_and(|token| token.is("or") || token.is_sign('/'));
        return Some(begin + if more { rest.len() } else { end });
    }
    let field = |token: &Token| super::kinds::is_field_word(&token.lower);
    let end = rest
        .windows(2)
        .position(|pair| matches!(pair, [and, next] if and.is("and") && field(next)));
    Some(begin + end.unwrap_or(limit))
}

/// How many tokens introduce options at `index`.
pub(super) fn options_start(body: &[Token], start: usize, index: usize) -> Option<usize> {
    let is = |offset: usize, words: &str| {
        body.get(index + offset)
            .is_some_and(|token| token.is_in(words))
    };
    let token = body.get(index)?;
    let many = body.get(index + 1..).is_some_and(|rest| {
        let next = |token: &&Token| token.mark == Mark::Item;
        let rest = rest.iter().take_while(|token| !next(token));
        let mut rest = rest;
        rest.any(|token| token.is("or") || token.mark == Mark::Sign(',') || token.is_sign('/'))
    });
    if !many {
        return None;
    }
    if token.is_sign(':') {
        return Some(1);
    }
    if is(0, "such") && is(1, "as") {
        return Some(2);
    }
    if is(0, "one") && is(1, "of") {
        return Some(2);
    }
    if is(0, "can") && is(1, "be") {
        return Some(2);
    }
    let choice = |token: &Token| token.is_in(CHOICE_WORDS);
    let after_choice = index > start && body.get(index - 1).is_some_and(choice);
    if is(0, "either") || (after_choice && is(0, "like of is are =") && or_before_end(body, index))
    {
        return Some(1);
    }
    (after_choice
        && token.is_word()
        && !token.is("and")
        && !token.is("or")
        && or_before_and(body, index))
    .then_some(0)
}

fn or_before_end(body: &[Token], index: usize) -> bool {
    body.iter()
        .skip(index)
        .take_while(|token| token.mark != Mark::Item)
        .any(|token| token.is("or") || token.is_sign('/'))
}

fn or_before_and(body: &[Token], index: usize) -> bool {
    let mut rest = body
        .iter()
        .skip(index)
        .take_while(|token| token.mark != Mark::Item);
    rest.find(|token| token.is_in("or and") || token.is_sign('/'))
        .is_some_and(|token| !token.is("and"))
}
