//! Elements of JSX, as far as depth depends on them.

use std::collections::HashSet;

use super::token::{Before, is_word};
use super::{Kind, Scan};

/// The names of the elements that a file closes, the empty one of fragments included.
pub(super) fn closed(text: &str) -> HashSet<&str> {
    let ends = text.split("</").skip(1);
    ends.map(|rest| {
        let rest = rest.trim_start();
        rest.get(..name_length(rest.as_bytes())).unwrap_or_default()
    })
    .collect()
}

/// How often something is opened that may be an element of none of these names.
pub(super) fn unclosed(text: &str, closed: &HashSet<&str>) -> usize {
    let opened = text.split('<').skip(1);
    let names = opened.filter_map(|rest| {
        let name = rest.get(..name_length(rest.as_bytes())).unwrap_or_default();
        (!name.is_empty() || rest.starts_with('>')).then_some(name)
    });
    names.filter(|name| !closed.contains(name)).count()
}

impl Scan<'_> {
    /// The start of an element, or of type parameters that look so.
    pub(super) fn element(&mut self) {
        self.at += 1;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = name_length(rest.as_bytes());
        let name = rest.get(..length).unwrap_or_default();
        let closed = self.closed.contains(name);
        self.at += length;
        let parts = name.matches('.').count();
        self.open(Kind::Tag(closed));
        for _ in 0..parts {
            self.join();
        }
    }

    /// Inside of a start tag.
    pub(super) fn tag(&mut self, byte: u8, closed: bool) {
        match byte {
            b'/' if self.byte(1) == Some(b'>') => {
                self.at += 2;
                self.close();
                self.before = Before::Operand;
            }
            b'/' if self.byte(1) == Some(b'*') => self.comment(),
            b'/' if self.byte(1) == Some(b'/') => self.line(),
            b'>' => {
                self.at += 1;
                if closed {
                    self.become_kind(Kind::Children);
                } else {
                    self.close();
                    self.before = Before::Operator;
                }
            }
            b'"' | b'\'' => {
                self.at += 1;
                while let Some(next) = self.byte(0) {
                    self.at += 1;
                    if next == byte {
                        break;
                    }
                    self.hide(next);
                }
            }
            b'{' => {
                self.at += 1;
                self.open(Kind::Container);
            }
            b'<' if self.before == Before::Operator => self.element(),
            b'<' => {
                self.at += 1;
                self.open(Kind::Angle);
            }
            b'=' => {
                self.at += 1;
                self.before = Before::Operator;
            }
            _ if is_word(byte) || matches!(byte, b'-' | b':' | b'.') => self.attribute(),
            _ if byte.is_ascii_whitespace() => self.at += 1,
            // No element after all.
            _ => {
                self.become_kind(Kind::Angle);
                self.before = Before::Operand;
            }
        }
    }

    fn attribute(&mut self) {
        let start = self.at;
        while self
            .byte(0)
            .is_some_and(|next| is_word(next) || matches!(next, b'-' | b':' | b'.'))
        {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        if word == b"extends" || self.before == Before::Operator {
            self.become_kind(Kind::Angle);
            self.before = Before::Operator;
        } else {
            self.before = Before::Start;
        }
    }

    fn become_kind(&mut self, kind: Kind) {
        if let Some(level) = self.levels.last_mut() {
            level.kind = kind;
        }
    }

    /// Between tags.
    pub(super) fn children(&mut self, byte: u8) {
        match byte {
            b'{' => {
                self.at += 1;
                self.open(Kind::Container);
            }
            b'<' if self.byte(1) == Some(b'/') => {
                while self.byte(0).is_some_and(|next| next != b'>') {
                    self.at += 1;
                }
                self.at += 1;
                self.close();
                self.before = Before::Operand;
            }
            b'<' => self.element(),
            _ => {
                self.hide(byte);
                self.at += 1;
            }
        }
    }
}

fn name_length(bytes: &[u8]) -> usize {
    let end = bytes
        .iter()
        .position(|byte| !is_word(*byte) && !matches!(byte, b'-' | b':' | b'.'));
    end.unwrap_or(bytes.len())
}
