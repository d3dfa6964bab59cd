//! Secrets in built files. Whatever a browser loads, everyone can read: a key in it is given away.
//!
//! Finds what its rules know ([`rules`]): keys by their marks and forms, private keys, tokens and addresses with passwords, and random
//! values under names that say what they are. Says which rule found something and where, and never what: no part of a secret leaves this module.
//! Does not look into what is compressed or encoded once more, but for private keys in base64.

mod alphabet;
mod marks;
mod rules;
mod shape;
mod value;

use std::fmt;

use serde::Serialize;

use crate::project::ProjectPath;
use marks::Marks;
use rules::Rule;
use shape::Place;

/// How many leaks of one file are listed.
pub const MAX_LEAKS: usize = 20;

/// How many bytes before a mark are looked at.
const BEHIND: usize = 1_024;

/// How many bytes from a mark on are looked at: more than the longest secret that a rule knows.
const AHEAD: usize = 4_096;

/// A secret in a file. Its text says what to do, and has no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// The file.
    pub path: ProjectPath,
    /// The name of the rule that found it.
    pub rule: &'static str,
    /// What it is, with its article.
    pub what: &'static str,
    /// The line that it begins in, from 1.
    pub line: usize,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            rule,
            what,
            line,
        } = self;
        write!(
            f,
            "`{path}`, line {line}: {what} (rule `{rule}`). Everyone who opens the app could read it. Keep it in a secret variable of code \
             that runs on a server, and revoke this one, since it has been in a build"
        )
    }
}

/// The secrets of a file, in their order, each once a line; [`MAX_LEAKS`] of them at most.
#[must_use]
pub fn scan(path: &ProjectPath, content: &[u8]) -> Vec<Leak> {
    let mut found = Found::new(path);
    found.search(content, 0, content.len());
    found.leaks
}

/// Scans a file that comes in pieces, and finds what [`scan`] finds in the whole. Holds a piece and a few kilobytes before it.
#[derive(Debug)]
pub struct Scanner {
    found: Found,
    buffer: Vec<u8>,
    /// Where in the buffer the search goes on.
    next: usize,
}

impl Scanner {
    /// Begins a file.
    #[must_use]
    pub fn new(path: &ProjectPath) -> Self {
        Self {
            found: Found::new(path),
            buffer: Vec::new(),
            next: 0,
        }
    }

    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
        let end = self.buffer.len().saturating_sub(AHEAD);
        if end <= self.next {
            return;
        }
        self.next = self.found.search(&self.buffer, self.next, end);
        let done = end.saturating_sub(BEHIND);
        self.found
            .leave(self.buffer.get(..done).unwrap_or_default());
        self.buffer.drain(..done);
        self.next -= done;
    }

    /// The secrets of the whole file.
    #[must_use]
    pub fn finish(mut self) -> Vec<Leak> {
        self.found
            .search(&self.buffer, self.next, self.buffer.len());
        self.found.leaks
    }
}

/// What has been found of a file.
#[derive(Debug)]
struct Found {
    path: ProjectPath,
    leaks: Vec<Leak>,
    /// How many lines have been left behind.
    lines: usize,
}

impl Found {
    fn new(path: &ProjectPath) -> Self {
        Self {
            path: path.clone(),
            leaks: Vec::new(),
            lines: 0,
        }
    }

    /// Looks at every place between two of a text; says where to go on, which is after the last secret.
    fn search(&mut self, text: &[u8], mut from: usize, to: usize) -> usize {
        while from < to && self.leaks.len() < MAX_LEAKS {
            let last = text.len().min(to + 2);
            let mut places = Marks::all().places(text.get(from..last).unwrap_or_default());
            let secret = places.find_map(|place| {
                let (rule, end) = secret_at(text, from + place)?;
                Some((rule, from + place, end))
            });
            let Some((rule, start, end)) = secret else {
                return to;
            };
            self.add(rule, line(text.get(..start).unwrap_or_default()));
            from = end;
        }
        from.max(to)
    }

    fn add(&mut self, rule: &'static Rule, line: usize) {
        let line = self.lines + line + 1;
        let is_new = |leak: &Leak| leak.rule != rule.id || leak.line != line;
        if self.leaks.iter().all(is_new) {
            self.leaks.push(Leak {
                path: self.path.clone(),
                rule: &rule.id,
                what: rule.what,
                line,
            });
        }
    }

    /// Counts the lines of a text that is not looked at again.
    fn leave(&mut self, text: &[u8]) {
        self.lines += line(text);
    }
}

/// How many lines end in a text.
fn line(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// The secret whose mark is at a place, and where it ends.
fn secret_at(text: &[u8], at: usize) -> Option<(&'static Rule, usize)> {
    let (before, rest) = text.split_at_checked(at)?;
    let before = before.get(at.saturating_sub(BEHIND)..)?;
    let rest = rest.get(..rest.len().min(AHEAD))?;
    Marks::all().at(rest).find_map(|(rule, length)| {
        let (mark, after) = rest.split_at_checked(length)?;
        let place = Place {
            before,
            mark,
            after,
        };
        let count = rule.shape.fits(place)?;
        Some((rule, at + length + count))
    })
}

#[cfg(test)]
mod tests;
