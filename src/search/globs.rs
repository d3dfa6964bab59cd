//! Which files are meant by globs, read as people write them.
//!
//! A glob without `/` is a name at any depth: `*.css`, `src`. One with a `/` inside, or a leading `/` or `./`, counts
//! from the root: `src/**/*.ts`, `./package.json`. `*` and `?` stay within a segment, `**` crosses them, and `**/`
//! may be nothing. A name of a folder is the folder with everything in it; a `/` at the end says that it is a
//! folder. `{a,b}` are alternatives, also nested; `[a-z]` and `[!a-z]` one character. Since `[id]` is also what files
//! of routes are called, brackets stand for themselves as well. A dot at the start of a name is no exception.
//! Capitals and small letters differ, as they do in paths. `\` takes a sign's meaning away and separates nothing.
//!
//! Several globs are separated by commas or line breaks, or are a JSON array of strings. `!glob` in a list of files to
//! include leaves out what it matches.
//!
//! The `globset` crate was weighed: its `?` and `[ä-ü]` match bytes, it has no such folders and no such lists, and it
//! brings more of the engine of regular expressions than the search itself needs.

mod parse;

use std::fmt::Write as _;

use super::automaton::{Automaton, Flags};

use parse::{Glob, Token};

/// The longest list of globs, in bytes.
const MAX_BYTES: usize = 2_000;
/// The most globs that a list may come to, with all alternatives written out.
const MAX_GLOBS: usize = 200;
/// The longest expression that globs are written as, in bytes.
const MAX_EXPRESSION: usize = 128 << 10;
/// The size of what globs compile to, in bytes.
const MAX_COMPILED: usize = 512 << 10;

/// Some of the files.
#[derive(Debug, Default)]
pub struct Selection {
    include: Option<Automaton>,
    exclude: Option<Automaton>,
}

/// Why globs cannot be read. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// An opening bracket without its closing one.
    #[error(
        "in the glob `{glob}` the `{open}` is never closed; write `\\{open}` for the sign itself"
    )]
    Unclosed {
        /// The glob.
        glob: String,
        /// `{` or `[`.
        open: char,
    },
    /// A closing brace without its opening one.
    #[error("in the glob `{glob}` the `}}` closes nothing; write `\\}}` for the sign itself")]
    Unopened {
        /// The glob.
        glob: String,
    },
    /// A range such as `[z-a]`, or one that holds `/`.
    #[error(
        "in the glob `{glob}` the range `{range}` is none; write the lower end first, and no `/`"
    )]
    Range {
        /// The glob.
        glob: String,
        /// The range.
        range: String,
    },
    /// A backslash between names.
    #[error("in the glob `{glob}` a `\\` separates no folders; write `/`")]
    Backslash {
        /// The glob.
        glob: String,
    },
    /// `..`.
    #[error("the glob `{glob}` leaves the project; paths count from its root, without `..`")]
    Outside {
        /// The glob.
        glob: String,
    },
    /// `!` in a list of files that are left out.
    #[error(
        "the glob `{glob}` is among those that leave files out; without the `!` it belongs to the files to include"
    )]
    Negated {
        /// The glob.
        glob: String,
    },
    /// Braces in braces in braces.
    #[error("the glob `{glob}` has its braces nested too deeply")]
    Nested {
        /// The glob.
        glob: String,
    },
    /// Too long, or too many.
    #[error(
        "globs may have at most {MAX_BYTES} bytes and come to {MAX_GLOBS} with their alternatives written out; name fewer"
    )]
    TooMany,
}

impl Selection {
    /// Reads lists of globs. Without a glob to include, all files are.
    ///
    /// # Errors
    /// At the first glob that is malformed.
    pub fn parse(include: &[&str], exclude: &[&str]) -> Result<Self, super::QueryError> {
        use super::QueryError::{Exclude, Include};

        let mut wanted = Vec::new();
        let mut unwanted = Vec::new();
        for glob in globs(include).map_err(Include)? {
            match glob.strip_prefix('!') {
                Some(glob) => unwanted.extend(parse::globs(glob).map_err(Include)?),
                None => wanted.extend(parse::globs(&glob).map_err(Include)?),
            }
            bounded(&wanted, &unwanted).map_err(Include)?;
        }
        for glob in globs(exclude).map_err(Exclude)? {
            if glob.starts_with('!') {
                return Err(Exclude(GlobError::Negated { glob }));
            }
            unwanted.extend(parse::globs(&glob).map_err(Exclude)?);
            bounded(&wanted, &unwanted).map_err(Exclude)?;
        }
        Ok(Self {
            include: compile(&wanted).map_err(Include)?,
            exclude: compile(&unwanted).map_err(Exclude)?,
        })
    }

    /// Whether a file is among them.
    #[must_use]
    pub fn takes(&self, path: &str) -> bool {
        self.include
            .as_ref()
            .is_none_or(|globs| globs.is_match(path))
            && !self
                .exclude
                .as_ref()
                .is_some_and(|globs| globs.is_match(path))
    }
}

fn bounded(wanted: &[Glob], unwanted: &[Glob]) -> Result<(), GlobError> {
    if wanted.len() + unwanted.len() > MAX_GLOBS {
        return Err(GlobError::TooMany);
    }
    Ok(())
}

/// The globs of some lists, each without the blanks around it.
fn globs(lists: &[&str]) -> Result<Vec<String>, GlobError> {
    if lists.iter().map(|list| list.len()).sum::<usize>() > MAX_BYTES {
        return Err(GlobError::TooMany);
    }
    let mut globs = Vec::new();
    for list in lists {
        match crate::json::from_str::<Vec<String>>(list) {
            Ok(array) => array.iter().for_each(|list| split(list, &mut globs)),
            Err(_) => split(list, &mut globs),
        }
    }
    Ok(globs)
}

/// Splits at line breaks, and at commas outside of brackets.
fn split(list: &str, globs: &mut Vec<String>) {
    for line in list.lines() {
        let (mut depth, mut class, mut escaped) = (0_usize, false, false);
        let mut glob = String::new();
        for sign in line.chars() {
            if !escaped {
                match sign {
                    '[' => class = true,
                    ']' => class = false,
                    '{' if !class => depth += 1,
                    '}' if !class => depth = depth.saturating_sub(1),
                    ',' if !class && depth == 0 => {
                        globs.push(std::mem::take(&mut glob));
                        continue;
                    }
                    _ => {}
                }
            }
            escaped = sign == '\\' && !escaped;
            glob.push(sign);
        }
        globs.push(glob);
    }
    globs.retain_mut(|glob| {
        *glob = glob.trim().to_owned();
        !glob.is_empty()
    });
}

/// One expression for all of them; nothing when there is none.
fn compile(globs: &[Glob]) -> Result<Option<Automaton>, GlobError> {
    if globs.is_empty() {
        return Ok(None);
    }
    let mut expression = "^(?:".to_owned();
    for (number, glob) in globs.iter().enumerate() {
        if number > 0 {
            expression.push('|');
        }
        write(&mut expression, glob, false);
        if glob.has_class() {
            expression.push('|');
            write(&mut expression, glob, true);
        }
        if expression.len() > MAX_EXPRESSION {
            return Err(GlobError::TooMany);
        }
    }
    expression.push_str(")$");
    let flags = Flags {
        dot_matches_new_line: true,
        ..Flags::default()
    };
    Automaton::new(&expression, flags, MAX_COMPILED)
        .map(Some)
        .map_err(|_| GlobError::TooMany)
}

/// Writes a glob as an expression; `literal` takes its brackets for themselves.
fn write(to: &mut String, glob: &Glob, literal: bool) {
    if !glob.rooted && !glob.segments.is_empty() {
        to.push_str("(?:.*/)?");
    }
    let last = glob.segments.len().saturating_sub(1);
    for (number, segment) in glob.segments.iter().enumerate() {
        match segment.as_slice() {
            [Token::Stars] if number == last => to.push_str(".+"),
            [Token::Stars] => to.push_str("(?:.*/)?"),
            tokens => {
                for token in tokens {
                    write_token(to, token, literal);
                }
                if number < last {
                    to.push('/');
                }
            }
        }
    }
    match glob.segments.last().map(Vec::as_slice) {
        None => to.push_str(".+"),
        Some([Token::Stars]) => {}
        Some(_) if glob.folder => to.push_str("/.+"),
        Some(name) if name.iter().any(Token::is_wild) => {}
        Some(_) => to.push_str("(?:/.+)?"),
    }
}

fn write_token(to: &mut String, token: &Token, literal: bool) {
    // Writing to a string cannot fail.
    let _ = match token {
        Token::Sign(sign) if sign.is_ascii_alphanumeric() => write!(to, "{sign}"),
        Token::Sign(sign) => write!(to, "\\x{{{:x}}}", u32::from(*sign)),
        Token::One => write!(to, "[^/]"),
        Token::Star => write!(to, "[^/]*"),
        Token::Stars => write!(to, ".*"),
        Token::Class { written, .. } if literal => {
            return written
                .chars()
                .for_each(|sign| write_token(to, &Token::Sign(sign), true));
        }
        Token::Class { not, ranges, .. } => {
            to.push_str(if *not { "[[^" } else { "[[" });
            for (low, high) in ranges {
                let _ = write!(
                    to,
                    "\\x{{{:x}}}-\\x{{{:x}}}",
                    u32::from(*low),
                    u32::from(*high)
                );
            }
            write!(to, "]&&[^/]]")
        }
    };
}

#[cfg(test)]
mod tests;
