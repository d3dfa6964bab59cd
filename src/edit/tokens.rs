//! What edits cost a model in output tokens, against rewriting the files, without any vendor's vocabulary.
//!
//! [`estimate`] cuts a text where the tokenizers of today cut it (words by case, three digits, runs of signs, white
//! space) and weighs each piece by its kind and length. Knows nothing of prices.

use std::{iter::Sum, ops::Add};

use serde::{Deserialize, Serialize};

use crate::sorted::SortedMap;

/// Weights are hundredths of a token.
const TOKEN: u64 = 100;

/// About how many tokens a text has. Pure and the same everywhere; the empty text has none.
///
/// Measured against o200k with `cargo xtask eval tokens`, a file each, in November 2026. Source text: median error
/// 1.2–4.3 %, p90 3.6–5.2 % (the foundation 3.0 % and 4.5 %, 340 recorded TypeScript files 2.3 % and 4.3 %, npm packages
/// 1.2–4.3 % and 3.6–5.2 %). The same as the JSON of a call: median 2.0–4.5 %, p90 6.2–6.8 %, up to 14.9 % on a folder of
/// very small files; there it counts 3 % too little on the whole. Other vocabularies were not measured.
#[must_use]
pub fn estimate(text: &str) -> u32 {
    let mut rest = text;
    let mut weight = 0_u64;
    while let Some((piece, kind)) = next(rest) {
        weight += kind.weight(piece);
        rest = rest.get(piece.len()..).unwrap_or_default();
    }
    let tokens = (weight + TOKEN / 2) / TOKEN;
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Letters, alone.
    Word,
    /// Letters after a space.
    Spaced,
    /// Letters after a sign or a tab.
    Signed,
    /// Up to three digits.
    Number,
    /// Signs, perhaps after a space.
    Signs,
    /// White space.
    Space,
}

/// The first piece of a text.
fn next(text: &str) -> Option<(&str, Kind)> {
    let mut letters = text.chars();
    let first = letters.next()?;
    let second = letters.next();
    let after = |from: usize, held: fn(char) -> bool| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.find(|letter| !held(letter)).unwrap_or(rest.len())
    };
    let width = first.len_utf8();
    let opens = !first.is_numeric() && first != '\n' && first != '\r';
    let (end, kind) = if first.is_alphabetic() {
        (word(text, 0), Kind::Word)
    } else if opens && second.is_some_and(char::is_alphabetic) {
        let kind = if first == ' ' {
            Kind::Spaced
        } else {
            Kind::Signed
        };
        (word(text, width), kind)
    } else if first.is_numeric() {
        let digits = text
            .chars()
            .take(3)
            .take_while(|letter| letter.is_numeric());
        (digits.map(char::len_utf8).sum(), Kind::Number)
    } else if !first.is_whitespace() || first == ' ' && second.is_some_and(is_sign) {
        let signs = after(width, is_sign);
        (
            after(signs, |letter| matches!(letter, '\r' | '\n' | '/')),
            Kind::Signs,
        )
    } else {
        let end = after(width, char::is_whitespace);
        let space = text.get(..end).unwrap_or_default();
        let lines = space.rfind(['\n', '\r']).map(|at| at + 1);
        // The last space belongs to what follows.
        let last = space.chars().next_back().map_or(0, char::len_utf8);
        let whole = end == text.len() || end == last;
        (
            lines.unwrap_or(if whole { end } else { end - last }),
            Kind::Space,
        )
    };
    Some((text.get(..end)?, kind))
}

fn is_sign(letter: char) -> bool {
    !letter.is_whitespace() && !letter.is_alphabetic() && !letter.is_numeric()
}

/// Where a word ends that starts at `from`: before the next capital after a small letter.
fn word(text: &str, from: usize) -> usize {
    let mut small = false;
    let rest = text.get(from..).unwrap_or_default();
    let end = rest.find(|letter: char| {
        let over = !letter.is_alphabetic() || small && letter.is_uppercase();
        small |= letter.is_lowercase();
        over
    });
    from + end.unwrap_or(rest.len())
}

impl Kind {
    /// Mean costs in o200k of pieces of source code, by kind and length.
    fn weight(self, piece: &str) -> u64 {
        let length = piece.chars().count() as u64;
        let foreign = piece.chars().filter(|letter| !letter.is_ascii()).count() as u64;
        let plain = match self {
            Self::Word => match length {
                0..=8 => 106,
                9 => 118,
                10..=12 => 143,
                _ => 143 + 40 * (length - 12),
            },
            Self::Spaced => match length {
                0..=9 => 103,
                10..=15 => 122,
                _ => 122 + 40 * (length - 15),
            },
            // A line break or a quotation mark in JSON is a token of its own.
            Self::Signed if piece.starts_with('\\') && length > 2 => 206,
            Self::Signed => match length {
                0..=3 => 106,
                4..=5 => 114,
                6..=8 => 124,
                9 => 146,
                10..=12 => 184,
                _ => 184 + 40 * (length - 12),
            },
            Self::Number => TOKEN,
            Self::Signs => {
                let length = distinct(piece);
                match length {
                    0..=3 => 101,
                    4 => 109,
                    5 => 120,
                    _ => 35 * length - 50,
                }
            }
            Self::Space => TOKEN + length / 80 * TOKEN,
        };
        plain + 70 * foreign.saturating_sub(1)
    }
}

/// How many signs a piece has, where a run of the same one counts as few.
fn distinct(piece: &str) -> u64 {
    let (mut count, mut run, mut before) = (0, 0, None);
    for letter in piece.chars() {
        run = if before == Some(letter) { run + 1 } else { 0 };
        count += u64::from(run < 3 || run % 16 == 0);
        before = Some(letter);
    }
    count
}

/// Tokens spent on edits, and what rewriting the files would have cost. Sums over turns and apps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saving {
    /// How many calls there were.
    pub calls: u32,
    /// How many of them were refused or failed.
    pub failed: u32,
    /// Tokens of all calls, failed ones and search texts included.
    pub spent: u64,
    /// Tokens of one `write_file` of each file that was changed, as the turn left it.
    pub rewrite: u64,
}

impl Saving {
    /// By how much less than a rewrite the edits have cost, in percent, rounded down; negative where they cost more.
    /// Nothing where nothing was changed.
    #[must_use]
    pub fn saved_percent(&self) -> Option<i64> {
        if self.rewrite == 0 {
            return None;
        }
        let (spent, rewrite) = (i128::from(self.spent), i128::from(self.rewrite));
        let percent = ((rewrite - spent) * 100).div_euclid(rewrite);
        Some(i64::try_from(percent).unwrap_or(i64::MIN))
    }
}

impl Add for Saving {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            failed: self.failed.saturating_add(other.failed),
            spent: self.spent.saturating_add(other.spent),
            rewrite: self.rewrite.saturating_add(other.rewrite),
        }
    }
}

impl Sum for Saving {
    fn sum<I: Iterator<Item = Self>>(savings: I) -> Self {
        savings.fold(Self::default(), Add::add)
    }
}

/// The edits of one turn. A file that is edited by several calls would have been rewritten once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    calls: u32,
    failed: u32,
    spent: u64,
    rewrites: SortedMap<String, u32>,
}

impl Ledger {
    /// Notes a call that has changed files: each path with the content that it has now.
    pub fn landed<'a>(
        &mut self,
        name: &str,
        input: &serde_json::Value,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        self.spend(name, input);
        for (path, content) in files {
            let rewrite = serde_json::json!({ "path": path, "content": content });
            let tokens = estimate(&call("write_file", &rewrite));
            self.rewrites.insert(path.to_owned(), tokens);
        }
    }

    /// Notes a call that has changed nothing. It saves nothing, and costs what it costs.
    pub fn failed(&mut self, name: &str, input: &serde_json::Value) {
        self.spend(name, input);
        self.failed = self.failed.saturating_add(1);
    }

    fn spend(&mut self, name: &str, input: &serde_json::Value) {
        self.calls = self.calls.saturating_add(1);
        self.spent = self
            .spent
            .saturating_add(estimate(&call(name, input)).into());
    }

    /// What the turn has come to so far.
    #[must_use]
    pub fn saving(&self) -> Saving {
        Saving {
            calls: self.calls,
            failed: self.failed,
            spent: self.spent,
            rewrite: self
                .rewrites
                .values()
                .map(|tokens| u64::from(*tokens))
                .sum(),
        }
    }
}

/// A call as it is counted: compact JSON, the name first.
fn call(name: &str, input: &serde_json::Value) -> String {
    format!(
        "{{\"name\":{},\"input\":{input}}}",
        serde_json::Value::from(name)
    )
}

#[cfg(test)]
mod tests;
