//! What a line must hold: a regular expression that takes time linear in the text, or a literal text.
//!
//! Lines are matched one by one, without their endings; `^` and `$` are the ends of a line. An expression that writes a
//! line break, as `\n` or as itself, is matched over the whole text instead, where `\r\n` counts as `\n`.

use super::automaton::{Automaton, AutomatonError, Flags};

/// The longest expression, in bytes.
pub const MAX_QUERY_BYTES: usize = 1_000;
/// What an expression may compile to, in bytes, and how much effort a byte of text then costs. The engine is linear in
/// the product of both: what would take sixteen times as long is searched in fewer files.
const SIZES: [(usize, u64); 3] = [(64 << 10, 1), (256 << 10, 4), (1 << 20, 16)];

/// An expression that is ready to be matched.
#[derive(Debug)]
pub struct Expression {
    automaton: Automaton,
    across: bool,
    effort: u64,
    literal: Option<String>,
}

/// Why a text cannot be searched for. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// Nothing to look for.
    #[error("there is nothing to search for; give a text or a regular expression")]
    Empty,
    /// Too long.
    #[error(
        "an expression may have at most {MAX_QUERY_BYTES} bytes, this one has {0}; search for a part of it"
    )]
    TooLong(usize),
    /// Valid, but it stands for too much.
    #[error(
        "the expression is too large once its repetitions are written out; use smaller numbers, or `*` and `+`"
    )]
    TooLarge,
}

impl Expression {
    /// Reads an expression in the syntax of the `regex` crate. Where it is invalid, its text is searched as it is. `\w`,
    /// `\d`, `\s` and case know Unicode; the Worker carries no tables for classes such as `\p{Greek}`.
    ///
    /// # Errors
    /// When it is empty or beyond the limits.
    pub fn parse(text: &str, case_sensitive: bool) -> Result<Self, ExpressionError> {
        if text.is_empty() {
            return Err(ExpressionError::Empty);
        }
        if text.len() > MAX_QUERY_BYTES {
            return Err(ExpressionError::TooLong(text.len()));
        }
        let across = writes_break(text);
        let breaks = text.replace("\r\n", "\n");
        let (expression, literal) = match compile(&breaks.replace("\\r\\n", "\\n"), case_sensitive)
        {
            Ok(compiled) => (compiled, None),
            Err(AutomatonError::TooLarge) => return Err(ExpressionError::TooLarge),
            Err(AutomatonError::Syntax(reason)) => {
                let escaped = regex_syntax::escape(&breaks);
                let compiled =
                    compile(&escaped, case_sensitive).map_err(|_| ExpressionError::TooLarge)?;
                (compiled, Some(reason))
            }
        };
        let (automaton, effort) = expression;
        Ok(Self {
            automaton,
            across: across && (literal.is_none() || breaks.contains('\n')),
            effort,
            literal,
        })
    }

    /// Why it is searched literally, when it is no regular expression: a phrase.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.literal.as_deref()
    }

    /// Whether it is matched over the whole text, since it writes a line break.
    pub(super) const fn is_across(&self) -> bool {
        self.across
    }

    /// What a byte of text costs, in units of effort.
    pub(super) const fn effort(&self) -> u64 {
        self.effort
    }

    /// Whether it matches in a line.
    pub(super) fn is_in(&self, line: &str) -> bool {
        self.automaton.is_match(line)
    }

    /// The first match that starts at a byte or later.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        self.automaton.find(text, from)
    }
}

/// Compiles with the smallest of the sizes that suffices, and says what that costs.
fn compile(expression: &str, case_sensitive: bool) -> Result<(Automaton, u64), AutomatonError> {
    let flags = Flags {
        case_insensitive: !case_sensitive,
        multi_line: true,
        ..Flags::default()
    };
    for (size, effort) in SIZES {
        match Automaton::new(expression, flags, size) {
            Err(AutomatonError::TooLarge) => {}
            built => return built.map(|automaton| (automaton, effort)),
        }
    }
    Err(AutomatonError::TooLarge)
}

/// Whether an expression writes a line break, as itself or as `\n`.
fn writes_break(expression: &str) -> bool {
    let mut escaped = false;
    expression.chars().any(|sign| {
        let is_break = sign == '\n' || (escaped && sign == 'n');
        escaped = sign == '\\' && !escaped;
        is_break
    })
}
