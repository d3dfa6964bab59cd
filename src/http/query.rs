//! The query of a URL, strictly: every parameter is one that the call knows, and stands there once.

use percent_encoding::percent_decode_str;

use crate::error::{Error, Kind, Result};

/// The parameters of one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=b&c=d`, with or without the `?`, encoded as HTML forms encode it
    /// (`application/x-www-form-urlencoded`, WHATWG URL section 5.1).
    ///
    /// # Errors
    /// 400 for a parameter that is not among `known`, that stands there twice, or that is not UTF-8.
    pub fn parse(query: &str, known: &[&str]) -> Result<Self> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        let query = query.strip_prefix('?').unwrap_or(query);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if !known.contains(&name.as_str()) {
                let known = match known {
                    [] => "This call takes none.".to_owned(),
                    known => format!("This call takes: {}.", known.join(", ")),
                };
                let name: String = name.chars().take(40).collect();
                return Err(invalid(format!(
                    "The query has an unknown parameter `{name}`. {known}"
                )));
            }
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(invalid(format!("The query has `{name}` twice.")));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter, when it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(parameter, _)| parameter == name)
            .map(|(_, value)| value.as_str())
    }

    /// A whole number, when it is there.
    ///
    /// # Errors
    /// 400 when it is not digits alone or does not fit.
    pub fn number(&self, name: &str) -> Result<Option<u64>> {
        self.get(name)
            .map(|value| number(value, &format!("`{name}`")))
            .transpose()
    }
}

/// A whole number from digits alone; `what` names it in the error.
pub(super) fn number(text: &str, what: &str) -> Result<u64> {
    if !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = text.parse()
    {
        return Ok(number);
    }
    Err(invalid(format!("{what} must be a whole number from 0.")))
}

fn decode(text: &str) -> Result<String> {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8()
        .map(String::from)
        .map_err(|_| invalid("The query is not UTF-8.".to_owned()))
}

fn invalid(sentence: String) -> Error {
    Error::new(Kind::Invalid, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_call_knows() {
        let query = Query::parse("?after=5&name=a%20b+c%26", &["after", "name", "other"]).unwrap();
        assert_eq!(query.number("after").unwrap(), Some(5));
        assert_eq!(query.get("name"), Some("a b c&"));
        assert_eq!(query.get("other"), None);
        assert_eq!(Query::parse("", &[]).unwrap(), Query(Vec::new()));
        assert_eq!(Query::parse("?&&", &[]).unwrap(), Query(Vec::new()));
    }

    #[test]
    fn refuses_the_rest() {
        for (query, sentence) in [
            (
                "x=1",
                "The query has an unknown parameter `x`. This call takes: after.",
            ),
            ("after=1&after=1", "The query has `after` twice."),
            ("after=%ff", "The query is not UTF-8."),
        ] {
            let error = Query::parse(query, &["after"]).unwrap_err();
            assert_eq!(
                (error.kind, error.public.as_str()),
                (Kind::Invalid, sentence)
            );
        }
        for bad in ["", "-1", "+1", "1.0", " 1", "18446744073709551616", "x"] {
            assert!(number(bad, "`after`").is_err(), "{bad:?}");
        }
    }
}
