//! Finds places in an app's files: text by regular expression, files by glob, declarations by name and shape.
//!
//! Matching takes time linear in the text, results are bounded, and whatever a bound leaves out is counted or named.
//! Takes paths, texts and facts as values. Knows no storage, no parser and no tools.

mod alike;
mod automaton;
mod definitions;
mod expression;
mod globs;
mod names;
mod outline;
mod share;
mod symbols;
mod text;

pub use alike::{Alike, THRESHOLD, alike};
pub use definitions::{Definitions, MAX_DEFINITIONS};
pub use expression::{Expression, ExpressionError, MAX_QUERY_BYTES};
pub use globs::{GlobError, Selection};
pub use names::{Likeness, likeness, words};
pub use outline::{MAX_BYTES as MAX_OUTLINE_BYTES, Outlined, outline, summary};
pub use symbols::{Source, Symbol, SymbolKind, find, is_name};
pub use text::{Caps, Excerpt, FileHits, Found, Hit, Search, SkipReason, Skipped};

/// The most lines of context on each side of a hit.
pub const MAX_CONTEXT: usize = 10;

/// What is searched for, as it was asked.
#[derive(Debug, Clone, Default)]
pub struct Asked<'a> {
    /// A regular expression; one that is invalid is searched literally.
    pub query: &'a str,
    /// Globs of the files to search; all files when there is none.
    pub include: &'a [&'a str],
    /// Globs of files that are left out.
    pub exclude: &'a [&'a str],
    /// Whether capitals and small letters differ.
    pub case_sensitive: bool,
    /// How many lines around a hit are shown, at most [`MAX_CONTEXT`].
    pub context: usize,
}

/// A query that can be run.
#[derive(Debug)]
pub struct Query {
    /// What a line must hold.
    pub expression: Expression,
    /// Which files are searched.
    pub selection: Selection,
    /// How many lines around a hit are shown.
    pub context: usize,
}

/// Why a query cannot be run. The sentence is fit for a user and for a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The expression.
    #[error("`query`: {0}")]
    Expression(#[from] ExpressionError),
    /// A glob of the files to search.
    #[error("`include`: {0}")]
    Include(GlobError),
    /// A glob of the files that are left out.
    #[error("`exclude`: {0}")]
    Exclude(GlobError),
    /// More lines of context than are given.
    #[error("`context` may be at most {MAX_CONTEXT} lines, not {0}")]
    Context(usize),
}

impl Query {
    /// Reads what was asked.
    ///
    /// # Errors
    /// When a glob is malformed, or the expression is empty or beyond its limits.
    pub fn parse(asked: &Asked<'_>) -> Result<Self, QueryError> {
        if asked.context > MAX_CONTEXT {
            return Err(QueryError::Context(asked.context));
        }
        Ok(Self {
            expression: Expression::parse(asked.query, asked.case_sensitive)?,
            selection: Selection::parse(asked.include, asked.exclude)?,
            context: asked.context,
        })
    }
}

#[cfg(test)]
mod tests;
