//! Texts, numbers and words of JSON.

use super::Reader;
use crate::Fault;

impl Reader<'_> {
    /// Reads a text in double quotes and gives what it says.
    pub(super) fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut said = String::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let plain = rest
                .find(|next: char| next == '"' || next == '\\' || next < ' ')
                .unwrap_or(rest.len());
            said.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.rest().chars().next() {
                Some('"') => {
                    self.at += 1;
                    return Ok(said);
                }
                Some('\\') => said.push(self.escape()?),
                Some('\n' | '\r') | None => {
                    return Err(self.fault(
                        start,
                        start + 1,
                        String::from("The text is not closed on its line"),
                    ));
                }
                Some(_) => return Err(self.unexpected("This character must be escaped in a text")),
            }
        }
    }

    /// Half of a pair of surrogates says U+FFFD: nobody compares what such a key is called.
    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let letter = self.rest().chars().nth(1);
        self.at += 2;
        Ok(match letter {
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits = self
                    .rest()
                    .get(..4)
                    .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok())
                else {
                    return Err(self.fault(
                        start,
                        start + 2,
                        String::from("`\\u` needs four hexadecimal digits"),
                    ));
                };
                self.at += 4;
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.fault(start, start + 1, String::from("There is no such escape"))),
        })
    }

    /// A number, `true`, `false` or `null`.
    pub(super) fn scalar(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let length = rest
            .find(|next: char| {
                !(next.is_alphanumeric() || matches!(next, '-' | '+' | '.' | '_' | '$'))
            })
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        if matches!(word, "true" | "false" | "null") || is_number(word) {
            self.at += length;
            return Ok(());
        }
        let message = match rest.chars().next() {
            Some('\'') => String::from("A text has double quotes in JSON"),
            _ if word.is_empty() => String::from("A value belongs here"),
            _ => format!("`{word}` is no value of JSON"),
        };
        let end = self.at + length.max(rest.chars().next().map_or(0, char::len_utf8));
        Err(self.fault(self.at, end, message))
    }
}

fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = word
        .split_once(['e', 'E'])
        .map_or((word, None), |(left, right)| (left, Some(right)));
    let (whole, fraction) = mantissa
        .split_once('.')
        .map_or((mantissa, None), |(left, right)| (left, Some(right)));
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
