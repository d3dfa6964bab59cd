//! The queries of searches and comparisons.

use super::{page::Page, query::Query};
use crate::{
    error::{Error, Kind, Result},
    search,
};

/// What `GET /v1/apps/{app}/search` asks for.
#[derive(Debug)]
pub struct FileSearch {
    /// The query as it was asked.
    pub text: String,
    /// What is searched for, ready to be run.
    pub query: search::Query,
}

impl FileSearch {
    /// The parameters.
    pub const PARAMETERS: [&str; 5] = ["query", "include", "exclude", "case_sensitive", "context"];

    /// Reads `query`, and where they are there `include`, `exclude`, `case_sensitive` and `context`.
    ///
    /// # Errors
    /// 400 when the query is missing, when a glob is malformed, and for a value out of range.
    pub fn parse(query: &str) -> Result<Self> {
        let parameters = Query::parse(query, &Self::PARAMETERS)?;
        let text = parameters
            .get("query")
            .ok_or_else(|| Error::new(Kind::Invalid, "`query` is missing: what to search for."))?;
        let case_sensitive = match parameters.get("case_sensitive") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                return Err(Error::new(
                    Kind::Invalid,
                    "`case_sensitive` must be `true` or `false`.",
                ));
            }
        };
        let context = parameters.number("context")?.unwrap_or_default();
        let asked = search::Asked {
            query: text,
            include: &[parameters.get("include").unwrap_or_default()],
            exclude: &[parameters.get("exclude").unwrap_or_default()],
            case_sensitive,
            context: usize::try_from(context).unwrap_or(usize::MAX),
        };
        let query = search::Query::parse(&asked)
            .map_err(|error| Error::new(Kind::Invalid, format!("{error}.")))?;
        Ok(Self {
            text: text.to_owned(),
            query,
        })
    }
}

/// What `GET /v1/apps/{app}/versions/{version}/diff` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The version to compare with; the parent when it is not said.
    pub from: Option<u32>,
    /// Which part of the files.
    pub page: Page,
}

impl Comparison {
    /// Reads `from`, `cursor` and `limit`.
    ///
    /// # Errors
    /// 400 for anything else, and when `from` cannot be a version.
    pub fn parse(query: &str) -> Result<Self> {
        let parameters = Query::parse(query, &["from", "cursor", "limit"])?;
        let from = parameters
            .number("from")?
            .map(|number| {
                u32::try_from(number)
                    .ok()
                    .filter(|number| *number > 0)
                    .ok_or_else(|| {
                        Error::new(
                            Kind::Invalid,
                            "`from` must be the number of a version: they count from 1.",
                        )
                    })
            })
            .transpose()?;
        Ok(Self {
            from,
            page: Page::of(&parameters)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_read_strictly() {
        let search = FileSearch::parse("?query=use%28State&include=src/**,*.css&exclude=[%22a%22]&case_sensitive=true&context=2").unwrap();
        assert!(search.query.expression.literal().is_some());
        assert_eq!(search.query.context, 2);
        assert!(search.query.selection.takes("src/b") && !search.query.selection.takes("src/a"));
        for (query, sentence) in [
            ("", "`query` is missing: what to search for."),
            (
                "query=",
                "`query`: there is nothing to search for; give a text or a regular expression.",
            ),
            (
                "query=a&case_sensitive=1",
                "`case_sensitive` must be `true` or `false`.",
            ),
            (
                "query=a&context=-1",
                "`context` must be a whole number from 0.",
            ),
            (
                "query=a&context=11",
                "`context` may be at most 10 lines, not 11.",
            ),
            (
                "query=a&include=%7Ba",
                "`include`: in the glob `{a` the `{` is never closed; write `\\{` for the sign itself.",
            ),
            (
                "query=a&exclude=../b",
                "`exclude`: the glob `../b` leaves the project; paths count from its root, without `..`.",
            ),
            (
                "query=a&q=b",
                "The query has an unknown parameter `q`. This call takes: query, include, exclude, case_sensitive, context.",
            ),
        ] {
            let error = FileSearch::parse(query).unwrap_err();
            assert_eq!(
                (error.kind, error.public.as_str()),
                (Kind::Invalid, sentence)
            );
        }
    }

    #[test]
    fn a_comparison_is_read_strictly() {
        let comparison = Comparison::parse("from=3&limit=7").unwrap();
        assert_eq!((comparison.from, comparison.page.limit), (Some(3), 7));
        assert_eq!(Comparison::parse("").unwrap().from, None);
        for query in [
            "from=0",
            "from=x",
            "from=",
            "from=-1",
            "from=4294967296",
            "limit=0",
            "to=1",
            "from=1&from=2",
        ] {
            assert_eq!(
                Comparison::parse(query).unwrap_err().kind,
                Kind::Invalid,
                "{query}"
            );
        }
    }
}
