//! What a shard answers that did not do what it was asked to (<https://docs.postgrest.org/en/stable/references/errors.html>).

use std::fmt;

use serde::Deserialize;

use crate::error::{Error, Kind};

/// How much of a shard's own words is told, in characters.
const MOST_CHARS: usize = 500;

/// The body of an answer with an error status.
#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    hint: Option<String>,
}

/// The error for an answer with this status and body: what our functions refuse is told in their words, with the code (SQLSTATE) in the
/// member `code`; whatever is between us and the shard is not.
#[must_use]
pub fn refused(status: u16, body: &str) -> Error {
    let refusal = crate::json::from_str(body).unwrap_or(Refusal {
        code: None,
        message: None,
        hint: None,
    });
    let code = refusal.code.unwrap_or_default();
    let message = refusal.message.unwrap_or_default();
    let source = format!("the shard answers {status} {code}: {}", short(&message));
    let kind = match (status, code.as_str()) {
        // What is no addition, and what is held by other rows.
        (_, "0A000" | "23503" | "23505") => Kind::Conflict,
        // It is on its way to another shard.
        (_, "PT503") => Kind::Unavailable,
        // Too much at once.
        (_, "54000" | "54011") => Kind::TooLarge,
        // The table is not there, or not any more.
        (_, "PGRST205") => Kind::NotFound,
        // Bad values, names and types, and what rows that are there do not have.
        (_, "23502" | "23514") => Kind::Unprocessable,
        (_, code) if is_of(code, "22") || (is_of(code, "42") && code != "42501") => {
            Kind::Unprocessable
        }
        // Somebody else was at it for too long.
        (_, "55P03") => return unavailable(source),
        // A table that is not guarded as it should be, or not what it was.
        (_, code) if is_of(code, "55") || is_of(code, "XX") => return Error::internal(source),
        (429 | 500..=599, _) => return unavailable(source),
        _ => return Error::internal(source),
    };
    let mut public = sentence(&message);
    if let Some(hint) = refusal.hint.filter(|hint| !hint.trim().is_empty()) {
        public = format!("{public} {}", sentence(&hint));
    }
    Error::new(kind, public)
        .with("code", code)
        .caused_by(source)
}

/// The error for a shard that does not answer.
#[must_use]
pub fn unavailable(source: impl fmt::Display) -> Error {
    Error::unavailable(
        "The app's database does not answer. Nothing was lost; please try again.",
        source,
    )
}

/// Whether a SQLSTATE belongs to this class.
fn is_of(code: &str, class: &str) -> bool {
    code.len() == 5 && code.starts_with(class)
}

fn short(text: &str) -> String {
    text.chars().take(MOST_CHARS).collect()
}

/// Beginning in upper case, with a full stop at the end.
fn sentence(text: &str) -> String {
    let text = short(text.trim());
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: u16, code: &str, message: &str, hint: Option<&str>) -> Error {
        let body = json!({ "code": code, "message": message, "details": null, "hint": hint });
        refused(status, &body.to_string())
    }

    #[test]
    fn what_a_function_refuses_is_told_in_its_words() {
        let error = of(
            400,
            "42602",
            "invalid table name A",
            Some("A table name is a lower-case letter."),
        );
        assert_eq!(error.kind, Kind::Unprocessable);
        assert_eq!(
            error.public,
            "Invalid table name A. A table name is a lower-case letter."
        );
        assert_eq!(error.members.get("code").unwrap(), "42602");
        assert_eq!(
            of(400, "22023", "tables must be an array", Some(" ")).public,
            "Tables must be an array."
        );
        let long = of(400, "22023", &"x".repeat(10_000), None);
        assert!(long.public.chars().count() < MOST_CHARS + 10);
    }

    #[test]
    fn every_code_has_its_kind() {
        for (status, code, kind) in [
            (400, "0A000", Kind::Conflict),
            (409, "23503", Kind::Conflict),
            (409, "23505", Kind::Conflict),
            (500, "54000", Kind::TooLarge),
            (500, "54011", Kind::TooLarge),
            (400, "23502", Kind::Unprocessable),
            (400, "23514", Kind::Unprocessable),
            (400, "22P02", Kind::Unprocessable),
            (404, "42P01", Kind::Unprocessable),
            (404, "42883", Kind::Unprocessable),
            (401, "42501", Kind::Internal),
            (403, "42501", Kind::Internal),
            (401, "PGRST301", Kind::Internal),
            (404, "PGRST202", Kind::Internal),
            (404, "PGRST205", Kind::NotFound),
            (400, "2", Kind::Internal),
            (400, "42", Kind::Internal),
            (500, "55000", Kind::Internal),
            (500, "55P03", Kind::Unavailable),
            (500, "XX001", Kind::Internal),
            (503, "PT503", Kind::Unavailable),
            (503, "53300", Kind::Unavailable),
            (503, "PGRST000", Kind::Unavailable),
            (429, "", Kind::Unavailable),
            (418, "", Kind::Internal),
        ] {
            assert_eq!(of(status, code, "m", None).kind, kind, "{status} {code}");
        }
    }

    #[test]
    fn what_is_between_us_and_the_shard_is_not_told() {
        for (status, body) in [
            (502, "<html>Bad gateway of 10.0.0.1</html>"),
            (401, r#"{"message":"Invalid API key sb_x"}"#),
            (500, ""),
        ] {
            let error = refused(status, body);
            assert!(
                !error.public.contains("10.0.0.1") && !error.public.contains("sb_x"),
                "{}",
                error.public
            );
            assert!(error.source.is_some());
        }
    }
}
