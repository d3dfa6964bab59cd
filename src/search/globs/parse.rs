//! One glob as written, to globs without alternatives.

use std::{iter::Peekable, str::Chars};

use super::{GlobError, MAX_GLOBS};

/// How deeply braces may be nested.
const MAX_DEPTH: usize = 8;

/// A glob without alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    /// Whether it counts from the root, rather than from any folder.
    pub(super) rooted: bool,
    /// What stands between its slashes. None is empty; without any, everything is meant.
    pub(super) segments: Vec<Vec<Token>>,
    /// Whether it is the contents of a folder alone.
    pub(super) folder: bool,
}

/// What a segment is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// This sign.
    Sign(char),
    /// `?`
    One,
    /// `*`
    Star,
    /// `**`
    Stars,
    /// `[a-z]`
    Class {
        /// Whether it is all others.
        not: bool,
        /// Its ranges, both ends included.
        ranges: Vec<(char, char)>,
        /// As it was written, brackets included.
        written: String,
    },
}

impl Token {
    /// Whether it may be any text.
    pub(super) const fn is_wild(&self) -> bool {
        matches!(self, Self::One | Self::Star | Self::Stars)
    }
}

impl Glob {
    pub(super) fn has_class(&self) -> bool {
        self.segments
            .iter()
            .flatten()
            .any(|token| matches!(token, Token::Class { .. }))
    }

    /// Reads the slashes of what has no alternatives.
    fn of(tokens: &[Token], glob: &str) -> Result<Self, GlobError> {
        const SLASH: Token = Token::Sign('/');
        const DOT: Token = Token::Sign('.');

        let mut parts: Vec<&[Token]> = tokens.split(|token| *token == SLASH).collect();
        let folder = parts.len() > 1 && parts.pop_if(|last| last.is_empty()).is_some();
        let leading = parts.len() > 1
            && parts
                .first()
                .is_some_and(|first| first.is_empty() || *first == [DOT]);
        let rooted = leading || parts.len() > 1;
        if parts.iter().any(|part| *part == [DOT, DOT]) {
            return Err(GlobError::Outside {
                glob: glob.to_owned(),
            });
        }
        parts.retain(|part| !part.is_empty() && *part != [DOT]);
        parts.dedup_by(|one, other| *one == [Token::Stars] && *other == [Token::Stars]);
        Ok(Self {
            rooted,
            segments: parts.into_iter().map(<[Token]>::to_vec).collect(),
            folder,
        })
    }
}

/// The globs that one comes to when its alternatives are written out.
pub(super) fn globs(glob: &str) -> Result<Vec<Glob>, GlobError> {
    let mut reader = Reader {
        glob,
        signs: glob.chars().peekable(),
    };
    reader
        .alternatives(0)?
        .iter()
        .map(|tokens| Glob::of(tokens, glob))
        .collect()
}

struct Reader<'a> {
    glob: &'a str,
    signs: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    /// Reads up to the closing brace, or at depth 0 to the end; every way in which it can be read.
    fn alternatives(&mut self, depth: usize) -> Result<Vec<Vec<Token>>, GlobError> {
        if depth > MAX_DEPTH {
            return Err(GlobError::Nested {
                glob: self.glob.to_owned(),
            });
        }
        let mut read = Vec::new();
        let mut ways: Vec<Vec<Token>> = vec![Vec::new()];
        loop {
            let Some(sign) = self.signs.next() else {
                if depth > 0 {
                    return Err(self.unclosed('{'));
                }
                read.append(&mut ways);
                return Ok(read);
            };
            let token = match sign {
                '{' => {
                    let inner = self.alternatives(depth + 1)?;
                    if ways.len().saturating_mul(inner.len()) > MAX_GLOBS {
                        return Err(GlobError::TooMany);
                    }
                    ways = ways
                        .iter()
                        .flat_map(|way| inner.iter().map(|more| [way.as_slice(), more].concat()))
                        .collect();
                    continue;
                }
                '}' if depth > 0 => {
                    read.append(&mut ways);
                    return Ok(read);
                }
                '}' => {
                    return Err(GlobError::Unopened {
                        glob: self.glob.to_owned(),
                    });
                }
                ',' if depth > 0 => {
                    read.append(&mut ways);
                    ways.push(Vec::new());
                    continue;
                }
                other => self.token(other)?,
            };
            ways.iter_mut().for_each(|way| way.push(token.clone()));
        }
    }

    fn token(&mut self, sign: char) -> Result<Token, GlobError> {
        Ok(match sign {
            '?' => Token::One,
            '*' => {
                let mut stars = 1;
                while self.signs.next_if_eq(&'*').is_some() {
                    stars += 1;
                }
                if stars == 1 {
                    Token::Star
                } else {
                    Token::Stars
                }
            }
            '[' => self.class()?,
            '\\' => match self.signs.next() {
                Some(sign) if "*?[]{}!,\\".contains(sign) => Token::Sign(sign),
                _ => {
                    return Err(GlobError::Backslash {
                        glob: self.glob.to_owned(),
                    });
                }
            },
            sign => Token::Sign(sign),
        })
    }

    /// A class, after its opening bracket. A closing bracket that stands first is a member (POSIX 2.13.1).
    fn class(&mut self) -> Result<Token, GlobError> {
        let mut written = "[".to_owned();
        let not = self.signs.next_if(|sign| matches!(sign, '!' | '^'));
        written.extend(not);
        let mut ranges = Vec::new();
        loop {
            let Some(low) = self.member(&mut written)? else {
                if ranges.is_empty() {
                    // The bracket that would close it is its first member.
                    ranges.push((']', ']'));
                    continue;
                }
                break;
            };
            let mut ahead = self.signs.clone();
            let is_range =
                ahead.next() == Some('-') && ahead.next().is_some_and(|sign| sign != ']');
            let mut high = low;
            if is_range {
                written.extend(self.signs.next());
                high = self.member(&mut written)?.unwrap_or(low);
            }
            if low > high || low == '/' || high == '/' {
                return Err(GlobError::Range {
                    glob: self.glob.to_owned(),
                    range: format!("{low}-{high}"),
                });
            }
            ranges.push((low, high));
        }
        Ok(Token::Class {
            not: not.is_some(),
            ranges,
            written,
        })
    }

    /// The next member of a class; nothing at its closing bracket.
    fn member(&mut self, written: &mut String) -> Result<Option<char>, GlobError> {
        let Some(mut sign) = self.signs.next() else {
            return Err(self.unclosed('['));
        };
        let is_end = sign == ']';
        if sign == '\\' {
            sign = self.signs.next().ok_or_else(|| self.unclosed('['))?;
        }
        written.push(sign);
        Ok((!is_end).then_some(sign))
    }

    fn unclosed(&self, open: char) -> GlobError {
        GlobError::Unclosed {
            glob: self.glob.to_owned(),
            open,
        }
    }
}
