//! A prompt cut into sentences of tokens.
//!
//! Lists written with bullets or one item a line become part of the sentence that introduces them, their items
//! set apart by [`Mark::Item`]. Every token knows where it came from, so that what is not understood can be
//! quoted exactly. Knows nothing of what the words mean.

use super::lines::{Line, layout};

/// A word, a number, or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// As written, quotes and emphasis removed.
    pub(super) text: String,
    /// In lower case.
    pub(super) lower: String,
    /// What it is.
    pub(super) mark: Mark,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Letters, digits, inner hyphens and apostrophes.
    Word,
    /// Digits, with a decimal point perhaps.
    Number,
    /// A text in quotes, which is taken as it is.
    Quoted,
    /// One sign: `,` `:` `(` `)` `/` `-` `;` and the like.
    Sign(char),
    /// The border between two items of a list written one below the other.
    Item,
}

impl Token {
    pub(super) fn is(&self, word: &str) -> bool {
        self.mark == Mark::Word && self.lower == word
    }

    /// Whether it is one of some words separated by spaces.
    pub(super) fn is_in(&self, words: &str) -> bool {
        self.mark == Mark::Word && super::vocabulary::has(words, &self.lower)
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.mark == Mark::Sign(sign)
    }

    pub(super) fn is_word(&self) -> bool {
        matches!(self.mark, Mark::Word | Mark::Number | Mark::Quoted)
    }
}

/// One statement, request or question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// Its tokens, never empty.
    pub(super) tokens: Vec<Token>,
    /// Whether it ended with a question mark.
    pub(super) asks: bool,
}

/// The sentences of a prompt, in order.
pub(super) fn sentences(prompt: &str) -> Vec<Sentence> {
    let mut found = Vec::new();
    for Line { text, items } in layout(&straighten(prompt)) {
        let mut parts = split(&tokens(&text));
        if !items.is_empty() {
            let mut last = parts.pop().unwrap_or(Sentence {
                tokens: Vec::new(),
                asks: false,
            });
            last.asks = false;
            if !last.tokens.last().is_some_and(|token| token.is_sign(':'))
                && !last.tokens.is_empty()
            {
                last.tokens.push(sign(':'));
            }
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    last.tokens.push(Token {
                        text: String::new(),
                        lower: String::new(),
                        mark: Mark::Item,
                    });
                }
                let mut item = tokens(item);
                while item
                    .last()
                    .is_some_and(|token| matches!(token.mark, Mark::Sign(',' | '.' | ';')))
                {
                    item.pop();
                }
                last.tokens.extend(item);
            }
            parts.push(last);
        }
        found.extend(
            parts
                .into_iter()
                .filter(|sentence| sentence.tokens.iter().any(Token::is_word)),
        );
    }
    found
}

/// The tokens as one text again, for a quotation.
pub(super) fn quote(tokens: &[Token]) -> String {
    let mut text = String::new();
    let mut tight = true;
    for token in tokens {
        let closes = matches!(
            token.mark,
            Mark::Sign(',' | ')' | ':' | ';' | '.' | '?' | '!' | '/')
        );
        if !tight && !closes && token.mark != Mark::Item {
            text.push(' ');
        }
        match token.mark {
            Mark::Item => text.push(','),
            Mark::Quoted => {
                text.push('\'');
                text.push_str(&token.text);
                text.push('\'');
            }
            _ => text.push_str(&token.text),
        }
        tight = matches!(token.mark, Mark::Sign('(' | '/' | '#' | '$' | '€'));
    }
    let trimmed = text.trim_matches(|sign: char| sign.is_whitespace() || ",;:.-".contains(sign));
    trimmed.to_owned()
}

/// Typographic signs in their plain form.
fn straighten(prompt: &str) -> String {
    let mut plain = String::with_capacity(prompt.len());
    for letter in prompt.chars() {
        match letter {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' | '\u{b4}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => plain.push('"'),
            '\u{2014}' => plain.push_str(" - "),
            '\u{2013}' | '\u{2212}' => plain.push('-'),
            '\u{2026}' => plain.push_str("..."),
            '\u{a0}' | '\u{202f}' | '\t' => plain.push(' '),
            '\u{200b}' | '\u{feff}' | '\r' => {}
            other => plain.push(other),
        }
    }
    plain.replace(" w/ ", " with ")
}

fn sign(sign: char) -> Token {
    Token {
        text: sign.to_string(),
        lower: sign.to_string(),
        mark: Mark::Sign(sign),
    }
}

fn token(text: String, mark: Mark) -> Token {
    Token {
        lower: text.to_lowercase(),
        text,
        mark,
    }
}

/// Cuts a line into tokens.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let at = |index: usize| letters.get(index).copied().unwrap_or('\n');
    let mut found: Vec<Token> = Vec::new();
    let mut index = 0;
    while index < letters.len() {
        let letter = at(index);
        let opens = index == 0 || !at(index - 1).is_alphanumeric();
        if letter.is_whitespace() || letter == '*' {
            index += 1;
        } else if let Some(length) = quoted(&letters, index).filter(|_| opens) {
            let inner: String = letters.iter().skip(index + 1).take(length).collect();
            found.push(token(inner.trim().to_owned(), Mark::Quoted));
            index += length + 2;
        } else if letter.is_alphanumeric() || letter == '_' {
            let start = index;
            while at(index).is_alphanumeric() || is_inner(&letters, start, index) {
                index += 1;
            }
            let word: String = letters.iter().skip(start).take(index - start).collect();
            let number = word
                .chars()
                .all(|letter| letter.is_ascii_digit() || letter == '.');
            found.push(token(word, if number { Mark::Number } else { Mark::Word }));
        } else {
            found.push(sign(letter));
            index += 1;
        }
    }
    found
}

/// Whether the sign at `index` stays inside the word that began at `start`.
fn is_inner(letters: &[char], start: usize, index: usize) -> bool {
    let at = |index: usize| letters.get(index).copied().unwrap_or('\n');
    match at(index) {
        '_' => true,
        '\'' => index > start && at(index + 1).is_alphanumeric(),
        '-' => index > start && at(index + 1).is_alphabetic(),
        '.' => index > start && at(index - 1).is_ascii_digit() && at(index + 1).is_ascii_digit(),
        _ => false,
    }
}

/// The length of a text in quotes that starts at `start`, quotes not counted.
fn quoted(letters: &[char], start: usize) -> Option<usize> {
    let quote = *letters
        .get(start)
        .filter(|letter| matches!(letter, '"' | '\''))?;
    let length = letters
        .iter()
        .skip(start + 1)
        .position(|letter| *letter == quote)?;
    let after = letters.get(start + length + 2).copied().unwrap_or(' ');
    ((1..=80).contains(&length) && !after.is_alphanumeric()).then_some(length)
}

/// Splits tokens at the ends of sentences.
fn split(tokens: &[Token]) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut current: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    for token in tokens {
        match token.mark {
            Mark::Sign('(' | '[') => depth += 1,
            Mark::Sign(')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = depth == 0 && matches!(token.mark, Mark::Sign('.' | '!' | '?' | ';'));
        if ends {
            if !current.is_empty() {
                found.push(Sentence {
                    tokens: std::mem::take(&mut current),
                    asks: token.is_sign('?'),
                });
            }
        } else {
            current.push(token.clone());
        }
    }
    if !current.is_empty() {
        found.push(Sentence {
            tokens: current,
            asks: false,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(prompt: &str) -> Vec<String> {
        sentences(prompt)
            .iter()
            .map(|sentence| quote(&sentence.tokens))
            .collect()
    }

    #[test]
    fn cuts_at_ends_of_sentences_only() {
        assert_eq!(
            quotes("Build it. Add “a b” to x; call it v1.5! Don’t (see e.g. this) stop?"),
            [
                "Build it",
                "Add 'a b' to x",
                "call it v1.5",
                "Don't (see e. g. this) stop"
            ]
        );
        assert!(
            sentences("What is it?")
                .iter()
                .all(|sentence| sentence.asks)
        );
        assert!(sentences(" \n\n ?! ").is_empty());
    }

    #[test]
    fn lists_belong_to_what_introduces_them() {
        assert_eq!(
            quotes("Each recipe has\n- title\n* cooking minutes,\n\nThanks"),
            ["Each recipe has: title, cooking minutes", "Thanks"]
        );
        assert_eq!(
            quotes("Things:\n- Books\n  - title\n  - year\n- Authors: name"),
            ["Books: title, year", "Authors: name"]
        );
    }
}
