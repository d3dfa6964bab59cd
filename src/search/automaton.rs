//! Regular expressions that take time linear in the text, whatever they are.
//!
//! An automaton is built while it runs, at most [`CACHE`] of it in memory. Where it cannot go on, at letters beyond
//! ASCII next to a `\b`, the slower engine starts over, which keeps all places of the expression at once.

use std::cell::RefCell;
use std::fmt;

use regex_automata::hybrid::{dfa, regex};
use regex_automata::nfa::thompson::{self, WhichCaptures, pikevm::PikeVM};
use regex_automata::{Input, MatchKind};
use regex_syntax::ParserBuilder;

/// How deeply groups may be nested.
const MAX_DEPTH: u32 = 50;
/// The cache of a lazily built automaton, in bytes, for each of its two directions.
const CACHE: usize = 1 << 20;

/// An expression that is ready to be matched.
pub(super) struct Automaton {
    quick: regex::Regex,
    cache: RefCell<regex::Cache>,
    sure: PikeVM,
}

/// How an expression is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    /// Capitals and small letters are alike.
    pub(super) case_insensitive: bool,
    /// `^` and `$` are the ends of a line.
    pub(super) multi_line: bool,
    /// `.` is a line break, too.
    pub(super) dot_matches_new_line: bool,
}

/// Why there is no automaton.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AutomatonError {
    /// The expression is none: a phrase that says why.
    Syntax(String),
    /// It compiles to more than it may.
    TooLarge,
}

impl Automaton {
    /// Compiles an expression to at most `size` bytes.
    ///
    /// # Errors
    /// When it is none, or becomes larger.
    pub(super) fn new(expression: &str, flags: Flags, size: usize) -> Result<Self, AutomatonError> {
        let parsed = ParserBuilder::new()
            .nest_limit(MAX_DEPTH)
            .case_insensitive(flags.case_insensitive)
            .multi_line(flags.multi_line)
            .dot_matches_new_line(flags.dot_matches_new_line)
            .build()
            .parse(expression)
            .map_err(|error| AutomatonError::Syntax(reason(&error)))?;
        let nfa = |config: thompson::Config| {
            thompson::Compiler::new()
                .configure(config.nfa_size_limit(Some(size)))
                .build_from_hir(&parsed)
                .map_err(|_| AutomatonError::TooLarge)
        };
        let captures = thompson::Config::new().which_captures(WhichCaptures::Implicit);
        let forward = nfa(captures)?;
        let backward = nfa(thompson::Config::new()
            .which_captures(WhichCaptures::None)
            .reverse(true))?;
        let config = dfa::Config::new()
            .cache_capacity(CACHE)
            .skip_cache_capacity_check(true)
            .unicode_word_boundary(true);
        let dfa = |config: dfa::Config, nfa| {
            dfa::Builder::new()
                .configure(config)
                .build_from_nfa(nfa)
                .map_err(|_| AutomatonError::TooLarge)
        };
        let quick = regex::Builder::new().build_from_dfas(
            dfa(config.clone(), forward.clone())?,
            dfa(config.match_kind(MatchKind::All), backward)?,
        );
        let sure = PikeVM::new_from_nfa(forward).map_err(|_| AutomatonError::TooLarge)?;
        Ok(Self {
            cache: RefCell::new(quick.create_cache()),
            quick,
            sure,
        })
    }

    /// Whether it matches anywhere in a text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        let input = Input::new(text).earliest(true);
        let mut cache = self.cache.borrow_mut();
        match self
            .quick
            .forward()
            .try_search_fwd(cache.as_parts_mut().0, &input)
        {
            Ok(found) => found.is_some(),
            Err(_) => self.sure.is_match(&mut self.sure.create_cache(), text),
        }
    }

    /// The first match that starts at a byte or later: its bytes.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let input = Input::new(text).range(from..);
        let found = match self.quick.try_search(&mut self.cache.borrow_mut(), &input) {
            Ok(found) => found,
            Err(_) => self.sure.find(&mut self.sure.create_cache(), input),
        };
        found.map(|found| (found.start(), found.end()))
    }
}

impl fmt::Debug for Automaton {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Automaton").finish_non_exhaustive()
    }
}

/// The last line of a syntax error is its reason; the lines before show the place.
fn reason(error: &regex_syntax::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
