//! Pages of lists: `?cursor=&limit=` in, a cursor out.
//!
//! A cursor names the last thing that was shown, so pages stay right while things are added or taken away. It
//! is opaque to clients, holds nothing secret and is not signed: a forged one shows what the caller may see
//! anyway.

use std::{fmt::Display, str::FromStr};

use super::query::Query;
use crate::error::{Error, Kind, Result};

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many things at most, 1 to [`Page::MAX_LIMIT`].
    pub limit: u32,
    cursor: Option<String>,
}

impl Page {
    /// The most things on one page.
    pub const MAX_LIMIT: u32 = 200;
    /// How many things a page has when nothing is said.
    pub const DEFAULT_LIMIT: u32 = 50;

    /// Reads a query that may have `cursor` and `limit` and nothing else. An empty `cursor` is the first page.
    ///
    /// # Errors
    /// 400 for anything else in the query, or a `limit` outside 1 to 200.
    pub fn parse(query: &str) -> Result<Self> {
        Self::of(&Query::parse(query, &["cursor", "limit"])?)
    }

    /// Reads `cursor` and `limit` of a query that may have more.
    ///
    /// # Errors
    /// 400 for a `limit` outside 1 to 200.
    pub fn of(query: &Query) -> Result<Self> {
        let limit = match query.number("limit")? {
            None => Self::DEFAULT_LIMIT,
            Some(limit) => u32::try_from(limit)
                .ok()
                .filter(|limit| (1..=Self::MAX_LIMIT).contains(limit))
                .ok_or_else(|| {
                    Error::new(
                        Kind::Invalid,
                        format!("`limit` must be 1 to {}.", Self::MAX_LIMIT),
                    )
                    .with("limit", Self::MAX_LIMIT)
                })?,
        };
        let cursor = query
            .get("cursor")
            .filter(|cursor| !cursor.is_empty())
            .map(str::to_owned);
        Ok(Self { limit, cursor })
    }

    /// What the page starts after: the position given to [`cursor`] for the same list.
    ///
    /// # Errors
    /// 400 when the cursor is not one of this list.
    pub fn after<T: FromStr>(&self, list: &str) -> Result<Option<T>> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        decode(cursor)
            .and_then(|text| text.strip_prefix(list)?.strip_prefix(':')?.parse().ok())
            .map(Some)
            .ok_or_else(|| {
                Error::new(
                    Kind::Invalid,
                    "`cursor` must be the `next_cursor` of the page before, of the same list.",
                )
            })
    }
}

/// Cuts rows, of which one more than `limit` was asked for, to the page, and says where the next one begins.
#[must_use]
pub fn cut<T>(
    mut rows: Vec<T>,
    limit: u32,
    cursor: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(cursor);
    (rows, next)
}

/// The cursor for what follows `position` in `list`.
#[must_use]
pub fn cursor(list: &str, position: &impl Display) -> String {
    format!("{list}:{position}")
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn decode(cursor: &str) -> Option<String> {
    if !cursor.len().is_multiple_of(2) {
        return None;
    }
    let digits: Vec<u8> = cursor
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let bytes = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit));
    String::from_utf8(bytes.collect()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::project::ProjectPath;

    #[test]
    fn reads_limits() {
        for (query, limit) in [
            ("", Some(50)),
            ("limit=1", Some(1)),
            ("?limit=200&cursor=", Some(200)),
            ("limit=0", None),
            ("limit=201", None),
            ("limit=-1", None),
            ("limit=", None),
            ("limit=99999999999999999999", None),
            ("limit=1&limit=2", None),
            ("page=2", None),
        ] {
            assert_eq!(
                Page::parse(query).ok().map(|page| page.limit),
                limit,
                "{query}"
            );
        }
    }

    #[test]
    fn a_cursor_is_good_for_its_list_only() {
        let files = cursor("files", &"src/App.tsx");
        let page = Page::parse(&format!("cursor={files}")).unwrap();
        assert_eq!(
            page.after::<ProjectPath>("files")
                .unwrap()
                .unwrap()
                .as_str(),
            "src/App.tsx"
        );
        assert_eq!(
            page.after::<ProjectPath>("apps").unwrap_err().kind,
            Kind::Invalid
        );
        assert_eq!(page.after::<u64>("files").unwrap_err().kind, Kind::Invalid);
        for bad in ["0", "zz", "ff", "%C3%BC", "66696c6573"] {
            let page = Page::parse(&format!("cursor={bad}")).unwrap();
            assert!(page.after::<String>("files").is_err(), "{bad}");
        }
        assert_eq!(
            Page::parse("").unwrap().after::<u64>("files").unwrap(),
            None
        );
    }

    proptest! {
        #[test]
        fn every_position_comes_back(position in ".{0,300}") {
            let page = Page::parse(&format!("cursor={}", cursor("files", &position))).unwrap();
            prop_assert_eq!(page.after::<String>("files").unwrap(), Some(position));
        }

        #[test]
        fn any_cursor_is_read_or_refused(cursor in ".{0,100}") {
            if let Ok(page) = Page::parse(&format!("cursor={cursor}")) {
                let _ = page.after::<u64>("files");
            }
        }
    }
}
