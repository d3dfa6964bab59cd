//! Addresses of other files: `url(…)`, `@import`, `@reference`, `composes`.

use super::Scanner;
use crate::{Import, ImportKind};

impl Scanner<'_> {
    /// Whether the bracket at hand is that of `url(`.
    pub(super) fn is_url(&self) -> bool {
        let before = self
            .at
            .checked_sub(3)
            .and_then(|start| self.bytes.get(start..self.at));
        let longer = self
            .at
            .checked_sub(4)
            .and_then(|start| self.bytes.get(start));
        before.is_some_and(|word| word.eq_ignore_ascii_case(b"url"))
            && !longer.is_some_and(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'\\')
            })
    }

    /// Reads `(…)` of `url`. In one without quotes nothing but its `)` has a meaning.
    pub(super) fn address(&mut self) {
        let start = self.at;
        self.at += 1;
        while self.byte(0).is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        let inner = self.at;
        if let Some(quote @ (b'"' | b'\'')) = self.byte(0) {
            self.string(quote);
            self.local(inner + 1, self.at.saturating_sub(1));
            while self.byte(0).is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            }
            if self.byte(0) == Some(b')') {
                self.at += 1;
                return;
            }
        } else if let Some(length) = self.rest().find([')', '\n', '{', '}', '(', '"', '\''])
            && self.bytes.get(inner + length) == Some(&b')')
        {
            self.at = inner + length + 1;
            self.local(
                inner,
                inner + self.slice(inner, inner + length).trim_end().len(),
            );
            return;
        }
        self.open.push(super::Open {
            start,
            closer: b')',
            block: false,
            member: None,
        });
    }

    /// The text in quotes that an at-rule brings in.
    pub(super) fn address_of(&mut self, prelude: &str, start: usize, end: usize) {
        if !prelude.starts_with("@import ") && !prelude.starts_with("@reference ") {
            return;
        }
        let text = self.slice(start, end);
        // One in `url(…)` is known already.
        let before = text.split(['"', '\'']).next();
        if !before.is_some_and(|before| before.contains('(')) {
            self.quoted(start, end);
        }
    }

    /// The first text in quotes.
    pub(super) fn quoted(&mut self, start: usize, end: usize) {
        let text = self.slice(start, end);
        let Some(open) = text.find(['"', '\'']) else {
            return;
        };
        let inner = text.get(open + 1..).unwrap_or_default();
        let quote = text.get(open..=open).unwrap_or_default();
        if let Some(length) = inner.find(quote) {
            self.local(start + open + 1, start + open + 1 + length);
        }
    }

    /// Keeps an address that is not somewhere else.
    fn local(&mut self, start: usize, end: usize) {
        let from = self.slice(start, end);
        let lower = from.to_ascii_lowercase();
        let elsewhere = ["data:", "http:", "https:", "//", "#", "blob:", "about:"];
        if from.is_empty() || elsewhere.iter().any(|prefix| lower.starts_with(prefix)) {
            return;
        }
        let import = Import {
            from: String::from(from),
            kind: ImportKind::Asset,
            type_only: false,
            names: Vec::new(),
            start,
            end,
        };
        self.facts.imports.push(import);
    }
}
