//! The foundation: the files that every app starts with, rendered with the app's name.
//!
//! They come from `templates/foundation`: natively embedded at compile time; the Worker carries none of them and reads them from beside
//! it. A name cannot leave the place it is written to: it is escaped for the language of the file. Knows no app, no storage and no build.

pub mod escape;
mod foundation;

pub use foundation::Foundation;

use crate::config::Limits;

/// What stands in the foundation's files where the app's name goes: in HTML as text or in a quoted attribute, in
/// TypeScript inside a double-quoted string.
pub const PLACEHOLDER: &str = "__APP_NAME__";

/// Why a text cannot be an app's name. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing that can be seen.
    #[error("a name must not be empty")]
    Empty,
    /// Over the limit, in characters.
    #[error("a name may have at most {limit} characters")]
    TooLong {
        /// The limit in characters.
        limit: usize,
    },
    /// A line break, or another control character.
    #[error("a name must be one line without control characters")]
    Control,
}

/// Reads an app's name: without the white space around it, 1 to `limits.name_chars` characters on one line.
///
/// # Errors
/// When it is none.
pub fn name<'a>(text: &'a str, limits: &Limits) -> Result<&'a str, NameError> {
    let name = text.trim();
    if is_blank(name) {
        return Err(NameError::Empty);
    }
    if name.chars().count() > limits.name_chars {
        return Err(NameError::TooLong {
            limit: limits.name_chars,
        });
    }
    one_line(name).map(|()| name)
}

/// Whether nothing of a text can be seen: white space, or characters without width.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    let unseen = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().all(unseen)
}

/// The line of `src/app/identity.ts` that holds the name.
#[must_use]
pub fn identity_line(name: &str) -> String {
    format!("  name: \"{}\",", escape::js_string(name))
}

fn one_line(name: &str) -> Result<(), NameError> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if name.contains(breaks) {
        Err(NameError::Control)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
