//! What stands before a block, and the names that it defines.

use crate::Name;

/// A selector or at-rule without comments, its white space as single spaces.
pub(super) struct Prelude {
    pub(super) text: String,
    /// For each byte of the text, where it stands in what was written.
    places: Vec<usize>,
}

impl Prelude {
    pub(super) fn of(written: &str) -> Self {
        let mut prelude = Self {
            text: String::new(),
            places: Vec::new(),
        };
        let mut space = false;
        let mut at = 0;
        while let Some(next) = written.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = written.get(at..).unwrap_or_default();
            if rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |length| length + 2);
                space = true;
                continue;
            }
            if next.is_ascii_whitespace() {
                space = true;
            } else {
                if space && !prelude.text.is_empty() {
                    prelude.push(' ', at);
                }
                space = false;
                prelude.push(next, at);
            }
            at += next.len_utf8();
        }
        prelude
    }

    fn push(&mut self, next: char, at: usize) {
        self.text.push(next);
        self.places.resize(self.text.len(), at);
    }
}

/// Keeps the classes that a selector names, the utility or the property that an at-rule defines.
pub(super) fn classes(prelude: &Prelude, start: usize, styles: &mut Vec<Name>) {
    let place = |at: usize| start + prelude.places.get(at).copied().unwrap_or_default();
    if prelude.text.starts_with('@') {
        let mut words = prelude.text.splitn(3, ' ');
        if let (Some(word @ ("@utility" | "@property")), Some(name)) = (words.next(), words.next())
        {
            define(name, place(word.len() + 1), styles);
        }
        return;
    }
    let bytes = prelude.text.as_bytes();
    let mut at = 0;
    let mut quote = None;
    let mut attribute = false;
    while let Some(&byte) = bytes.get(at) {
        match (byte, quote) {
            (b'\\', _) => at += 1,
            (_, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'[', None) => attribute = true,
            (b']', None) => attribute = false,
            (b'.', None) if !attribute => {
                let (name, length) = identifier(prelude.text.get(at + 1..).unwrap_or_default());
                if !name.starts_with(|first: char| first.is_ascii_digit()) {
                    define(&name, place(at + 1), styles);
                }
                at += length;
            }
            _ => {}
        }
        at += 1;
    }
}

/// Keeps a name, if it is one.
pub(super) fn define(name: &str, start: usize, styles: &mut Vec<Name>) {
    if !name.is_empty() {
        styles.push(Name {
            name: String::from(name),
            start,
            element: false,
        });
    }
}

/// The name at the start of a text, without its escapes, and how long it is as written.
fn identifier(text: &str) -> (String, usize) {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, next)) = characters.next() {
        match next {
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            '-' | '_' => name.push(next),
            _ if next.is_ascii_alphanumeric() || !next.is_ascii() => name.push(next),
            _ => return (name, at),
        }
    }
    (name, text.len())
}
