//! How deep a script would take a parser, found out without recursion before one is let at it.
//!
//! A parser calls itself for a bracket or element inside another one, and also for flat code: `!!!x`, `a => b => c`,
//! `a ? b : c ? d : e`, `if (a) if (b)`, and, once there is a tree to walk, `a + b + c` and `a.b().c()`. Brackets and
//! elements are counted against [`MAX_DEPTH`]. Whatever joins expressions counts against [`MAX_RUN`] until a comma, a
//! semicolon or the next statement, together with what is joined around the brackets that are open. Statements that are
//! the body of another one count against [`MAX_CHAIN`].
//!
//! The scan need not be right about every token: it may count too much, and where it counts too little a parser finds
//! an error and goes no deeper.

use std::collections::HashSet;

use crate::{Language, MAX_DEPTH};

use token::Before;

mod element;
mod token;

/// Most expressions that may be joined, those around the brackets that are open included.
const MAX_RUN: usize = 2000;
/// Most statements that may be the body of one another, `else if` included.
const MAX_CHAIN: usize = 1000;
/// Most brackets and signs in comments and texts. Were the scan to take code for one of them, it would still not be
/// deeper than this.
const MAX_HIDDEN: usize = 20_000;

/// Most elements that are opened and, by their name, closed nowhere. To the scan these are types, of which a file may
/// have many; a parser may take them for elements inside one another.
const MAX_UNCLOSED: usize = 3000;

/// What is wrong with the depth of a script, if anything is.
pub(super) fn excess(text: &str, language: Language) -> Option<String> {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        at: 0,
        typed: !matches!(language, Language::JavaScript | Language::Jsx),
        elements: matches!(language, Language::Jsx | Language::Tsx),
        closed: HashSet::new(),
        levels: vec![Level::new(Kind::Block)],
        run: 0,
        chain: 0,
        hidden: 0,
        before: Before::Start,
        alias: None,
        header: false,
    };
    if scan.elements {
        scan.closed = element::closed(text);
        if element::unclosed(text, &scan.closed) > MAX_UNCLOSED {
            return Some(format!(
                "More than {MAX_UNCLOSED} elements are never closed, which is not parsed"
            ));
        }
    }
    scan.run()
}

/// What is open.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Braces that hold statements or members of a class.
    Block,
    /// Braces of an object, a type, or names.
    Object,
    /// `${…}`.
    Placeholder,
    /// `{…}` among or in elements.
    Container,
    /// Round brackets after `if`, `for`, `while` or `with`.
    Header,
    Round,
    Square,
    /// `<…>` around types, or a comparison that looks so.
    Angle,
    Template,
    /// From `<` to `>` of an element; whether the file closes one of its name.
    Tag(bool),
    /// Between the tags of an element.
    Children,
}

/// One level of what is open.
struct Level {
    kind: Kind,
    run: usize,
    chain: usize,
}

impl Level {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            run: 0,
            chain: 0,
        }
    }
}

struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    typed: bool,
    elements: bool,
    /// Names of elements that are closed somewhere.
    closed: HashSet<&'t str>,
    levels: Vec<Level>,
    /// Sum of the runs of all levels.
    run: usize,
    /// Sum of the chains of all levels.
    chain: usize,
    hidden: usize,
    before: Before,
    /// At which level a type alias is written.
    alias: Option<usize>,
    /// The next round bracket is a header.
    header: bool,
}

impl Scan<'_> {
    fn run(&mut self) -> Option<String> {
        if self.text.starts_with("#!") {
            self.line();
        }
        while let Some(byte) = self.byte(0) {
            match self.kind() {
                Kind::Template => self.template(byte),
                Kind::Children => self.children(byte),
                Kind::Tag(closed) => self.tag(byte, closed),
                _ => self.code(byte),
            }
            if self.levels.len() > MAX_DEPTH {
                return Some(format!(
                    "It is nested more than {MAX_DEPTH} deep, which is not parsed"
                ));
            }
            if self.run > MAX_RUN {
                return Some(format!(
                    "More than {MAX_RUN} expressions are joined, which is not parsed"
                ));
            }
            if self.chain > MAX_CHAIN {
                return Some(format!(
                    "More than {MAX_CHAIN} statements are each other's body, which is not parsed"
                ));
            }
            if self.hidden > MAX_HIDDEN {
                return Some(format!(
                    "More than {MAX_HIDDEN} brackets stand in texts, which is not parsed"
                ));
            }
        }
        None
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn kind(&self) -> Kind {
        self.levels.last().map_or(Kind::Block, |level| level.kind)
    }

    /// Counts a byte of what is no code.
    fn hide(&mut self, byte: u8) {
        if matches!(byte, b'(' | b'[' | b'{' | b'<' | b'!' | b'~') {
            self.hidden += 1;
        }
    }

    fn open(&mut self, kind: Kind) {
        self.levels.push(Level::new(kind));
        self.before = Before::Start;
    }

    /// Ends a level. What it was is one more thing that is joined around it.
    fn close(&mut self) {
        if self.levels.len() > 1
            && let Some(level) = self.levels.pop()
        {
            self.run -= level.run;
            self.chain -= level.chain;
            if !matches!(self.kind(), Kind::Template | Kind::Children | Kind::Tag(_)) {
                self.join();
            }
        }
    }

    /// One more expression is joined to those before it.
    fn join(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.run += 1;
            self.run += 1;
        }
    }

    /// Nothing is joined to what comes.
    fn part(&mut self) {
        if self.alias == Some(self.levels.len()) {
            self.alias = None;
        }
        if let Some(level) = self.levels.last_mut() {
            self.run -= level.run;
            level.run = 0;
        }
    }

    /// A statement begins, as the body of another one or on its own.
    fn statement(&mut self, body: bool) {
        if let Some(level) = self.levels.last_mut() {
            if !body {
                self.chain -= level.chain;
                level.chain = 0;
            }
            level.chain += 1;
            self.chain += 1;
        }
    }

    /// The statements before are done with.
    fn settle(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.chain -= level.chain;
            level.chain = 0;
        }
    }

    /// Comparisons that looked like types are over.
    fn leave_angles(&mut self) {
        while self.kind() == Kind::Angle {
            self.close();
        }
    }
}

#[cfg(test)]
mod tests;
