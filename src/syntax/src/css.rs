//! CSS, as Tailwind 4 and Vite take it: a scanner after CSS Syntax Level 3.
//!
//! Knows structure only: comments, texts, addresses, brackets, declarations, rules. It has no list of properties, and
//! any at-rule may have a block. Keeps a stack of its own, so that depth costs no recursion.

use crate::{Facts, Fault, FaultKind, MAX_DEPTH, MAX_FAULTS, Member};

use prelude::{Prelude, classes};

mod address;
mod prelude;

/// At-rules that are nothing without a block.
const WITH_BLOCK: &[&str] = &[
    "@container",
    "@counter-style",
    "@font-face",
    "@keyframes",
    "@media",
    "@page",
    "@property",
    "@scope",
    "@starting-style",
    "@supports",
    "@utility",
];

/// The facts of a style sheet.
pub(crate) fn facts(text: &str) -> Facts {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        open: Vec::new(),
        item: Item::default(),
        facts: Facts::default(),
    };
    if !scanner.run() {
        return Facts::unchecked(format!(
            "It is nested more than {MAX_DEPTH} deep, which is not parsed"
        ));
    }
    scanner.facts.faults.sort_by_key(|fault| fault.start);
    scanner.facts
}

/// What is open.
struct Open {
    /// Where its bracket stands.
    start: usize,
    closer: u8,
    /// Whether declarations and rules stand in it; else it is part of a value or of a selector.
    block: bool,
    /// The rule that it is the block of.
    member: Option<usize>,
}

/// What is being read: a declaration, a rule before its block, or an at-rule.
#[derive(Default)]
struct Item {
    /// Where it starts, once it has.
    start: Option<usize>,
    /// Where its first colon outside of brackets stands.
    colon: Option<usize>,
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    open: Vec<Open>,
    item: Item,
    facts: Facts,
}

impl Scanner<'_> {
    /// Reads to the end. Says whether it was shallow enough.
    fn run(&mut self) -> bool {
        while let Some(byte) = self.byte(0) {
            if self.open.len() > MAX_DEPTH {
                return false;
            }
            if self.facts.faults.len() > MAX_FAULTS {
                return true;
            }
            self.step(byte);
        }
        self.finish();
        true
    }

    fn step(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => self.at += 1,
            b'/' if self.byte(1) == Some(b'*') => self.comment(),
            b'/' if self.byte(1) == Some(b'/') && self.item.start.is_none() => self.slashes(),
            b'"' | b'\'' => {
                self.begin();
                self.string(byte);
            }
            b'{' => self.brace(),
            b'}' => self.close(byte),
            b';' if !self.in_value() => {
                self.end_item(true);
                self.at += 1;
            }
            b'(' | b'[' => {
                self.begin();
                self.bracket(byte);
            }
            b')' | b']' => {
                self.begin();
                self.close(byte);
            }
            b'<' if self.rest().starts_with("<!--") && self.open.is_empty() => self.at += 4,
            b'-' if self.rest().starts_with("-->")
                && self.open.is_empty()
                && self.item.start.is_none() =>
            {
                self.at += 3;
            }
            b':' => {
                self.begin();
                if !self.in_value() {
                    self.item.colon.get_or_insert(self.at);
                }
                self.at += 1;
            }
            b'\\' => {
                self.begin();
                self.at += 1;
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            }
            _ => {
                self.begin();
                self.at += 1;
            }
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn begin(&mut self) {
        self.item.start.get_or_insert(self.at);
    }

    /// Whether the innermost bracket is part of a value or selector.
    fn in_value(&self) -> bool {
        self.open.last().is_some_and(|open| !open.block)
    }

    fn fault(&mut self, start: usize, end: usize, message: impl Into<String>) {
        self.facts.faults.push(Fault {
            start,
            end,
            message: message.into(),
            help: None,
            kind: FaultKind::Syntax,
        });
    }

    fn comment(&mut self) {
        let start = self.at;
        match self.slice(start + 2, self.text.len()).find("*/") {
            Some(length) => self.at = start + 2 + length + 2,
            None => {
                self.fault(start, start + 2, "The comment is never closed");
                self.at = self.text.len();
            }
        }
    }

    /// `// …` where a rule or declaration could start: it would become part of what follows.
    fn slashes(&mut self) {
        let start = self.at;
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.fault(start, start + 2, "`//` begins no comment in CSS");
        if let Some(fault) = self.facts.faults.last_mut() {
            fault.help = Some(String::from("Write `/* … */`"));
        }
        self.at = start + length;
    }

    /// A text in quotes, which ends on its line.
    fn string(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\\' => {
                    self.at += if self.rest().starts_with("\\\r\n") {
                        3
                    } else {
                        2
                    }
                }
                b'\n' => break,
                _ if byte == quote => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.text.ceil_char_boundary(self.at.min(self.text.len()));
        self.fault(start, start + 1, "The text is not closed on its line");
    }

    fn bracket(&mut self, byte: u8) {
        let start = self.at;
        if byte == b'(' && self.is_url() {
            self.address();
            return;
        }
        self.at += 1;
        self.open.push(Open {
            start,
            closer: if byte == b'(' { b')' } else { b']' },
            block: false,
            member: None,
        });
    }

    fn brace(&mut self) {
        let start = self.at;
        let prelude = self.item.start.unwrap_or(start);
        let of_value = self.in_value()
            || (self.item.colon.is_some() && self.slice(prelude, start).starts_with("--"));
        self.at += 1;
        if of_value {
            self.open.push(Open {
                start,
                closer: b'}',
                block: false,
                member: None,
            });
            return;
        }
        let read = Prelude::of(self.slice(prelude, start));
        if read.text.is_empty() {
            self.fault(start, start + 1, "The block has no selector");
        }
        self.address_of(&read.text, prelude, start);
        classes(&read, prelude, &mut self.facts.styles);
        let member = self.member(read.text, prelude, self.text.len());
        self.open.push(Open {
            start,
            closer: b'}',
            block: true,
            member: Some(member),
        });
        self.item = Item::default();
    }

    fn member(&mut self, name: String, start: usize, end: usize) -> usize {
        let blocks = || self.open.iter().rev().filter(|open| open.block);
        let parent = blocks().find_map(|open| open.member);
        let container = blocks().next().map_or(0, |open| open.start);
        self.facts.members.push(Member {
            name,
            start,
            end,
            parent,
            container,
        });
        self.facts.members.len() - 1
    }

    fn close(&mut self, byte: u8) {
        let start = self.at;
        self.at += 1;
        if byte == b'}' {
            self.close_values();
        }
        match self.open.last() {
            Some(open) if open.closer == byte => {
                if open.block {
                    self.end_item(false);
                }
                let closed = self.open.pop().and_then(|open| open.member);
                if let Some(member) = closed.and_then(|index| self.facts.members.get_mut(index)) {
                    member.end = start + 1;
                }
            }
            _ => {
                if byte == b'}' {
                    self.item = Item::default();
                }
                let bracket = char::from(byte);
                self.fault(
                    start,
                    start + 1,
                    format!("Nothing is open that this `{bracket}` closes"),
                );
            }
        }
    }

    /// A `}` ends every round or square bracket that was opened after its `{`.
    fn close_values(&mut self) {
        let depth = self
            .open
            .iter()
            .rposition(|open| open.closer == b'}')
            .map_or(0, |index| index + 1);
        if self.open.len() > depth {
            let unclosed: Vec<_> = self.open.drain(depth..).map(|open| open.start).collect();
            for start in unclosed {
                self.unclosed(start);
            }
        }
    }

    fn unclosed(&mut self, start: usize) {
        let bracket = self.slice(start, start + 1).to_owned();
        self.fault(start, start + 1, format!("The `{bracket}` is never closed"));
    }

    /// Ends a declaration or an at-rule without a block.
    fn end_item(&mut self, semicolon: bool) {
        let item = std::mem::take(&mut self.item);
        let Some(start) = item.start else {
            return;
        };
        let end = if semicolon {
            self.at
        } else {
            self.at.saturating_sub(1)
        };
        let end = start + self.slice(start, end).trim_end().len();
        if self.bytes.get(start) == Some(&b'@') {
            self.at_rule(start, end);
            return;
        }
        let Some(colon) = item.colon else {
            self.fault(start, end, "A declaration has no `:`");
            return;
        };
        if self.open.is_empty() {
            self.fault(start, end, "The declaration stands outside of a rule");
            return;
        }
        let name = self.slice(start, colon).trim().to_owned();
        // `composes: a b from "…"`, which means something in CSS modules.
        if name == "composes" {
            self.quoted(colon, end);
        }
        if name.starts_with("--") && !name.contains('*') {
            prelude::define(&name, start, &mut self.facts.styles);
        }
        self.member(name, start, end);
    }

    /// An at-rule without a block.
    fn at_rule(&mut self, start: usize, end: usize) {
        let read = Prelude::of(self.slice(start, end));
        let word = read
            .text
            .split([' ', '(', '"', '\''])
            .next()
            .unwrap_or_default();
        if WITH_BLOCK.contains(&word) {
            self.fault(start, end, format!("`{word}` has no block"));
        }
        self.address_of(&read.text, start, end);
    }

    fn finish(&mut self) {
        if let Some(start) = self.item.start {
            let at_rule = self.bytes.get(start) == Some(&b'@');
            let end = start + self.slice(start, self.text.len()).trim_end().len();
            if self.open.is_empty() && at_rule {
                self.at_rule(start, end);
            } else if self.open.is_empty() {
                self.fault(start, end, "What stands here is never followed by a block");
            }
        }
        let unclosed: Vec<_> = self.open.drain(..).map(|open| open.start).collect();
        for start in unclosed {
            self.unclosed(start);
        }
    }
}

#[cfg(test)]
mod tests;
