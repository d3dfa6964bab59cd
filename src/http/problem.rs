//! Errors as responses: problem documents (RFC 9457). The only place that turns a [`Kind`] into a status.
//!
//! What the log reads, [`Error::source`], never gets here.

use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How long a client waits before it tries again when the error does not say, in seconds.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Every kind there is.
pub const KINDS: [Kind; 12] = [
    Kind::Invalid,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::MethodNotAllowed,
    Kind::Conflict,
    Kind::PreconditionRequired,
    Kind::TooLarge,
    Kind::Unprocessable,
    Kind::NotImplemented,
    Kind::Unavailable,
    Kind::Internal,
];

/// An error, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: u16,
    /// The headers that belong to it, names in lower case: `content-type`, and what the status asks for.
    pub headers: Vec<(&'static str, String)>,
    /// A JSON object with `type`, `title`, `status`, `detail` and the members of the error.
    pub body: String,
}

impl Problem {
    /// The response to an error. Its members become members of the document; `allow` and `retry_after`
    /// (seconds) become headers too. No member replaces one of the standard's own.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let (status, name, title, _) = facts(error.kind);
        let mut headers = vec![
            ("content-type", MEDIA_TYPE.to_owned()),
            ("cache-control", "no-store".to_owned()),
        ];
        match error.kind {
            Kind::Unauthenticated => headers.push(("www-authenticate", "Bearer".to_owned())),
            Kind::MethodNotAllowed => {
                let allow = error
                    .members
                    .get("allow")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                headers.push(("allow", allow.to_owned()));
            }
            Kind::Unavailable => {
                let seconds = error.members.get("retry_after").and_then(Value::as_u64);
                headers.push((
                    "retry-after",
                    seconds.unwrap_or(RETRY_AFTER_SECONDS).to_string(),
                ));
            }
            _ => {}
        }
        let mut document = Map::new();
        document.insert("type".to_owned(), format!("/problems/{name}").into());
        document.insert("title".to_owned(), title.into());
        document.insert("status".to_owned(), status.into());
        document.insert("detail".to_owned(), error.public.as_str().into());
        for (member, value) in error.members.iter() {
            if !document.contains_key(member) && member != "instance" {
                document.insert(member.clone(), value.clone());
            }
        }
        Self {
            status,
            headers,
            body: Value::Object(document).to_string(),
        }
    }
}

/// The status of a kind.
#[must_use]
pub const fn status(kind: Kind) -> u16 {
    facts(kind).0
}

/// What the last segment of a problem's `type` means, for people.
///
/// # Errors
/// 404 when there is no such type.
pub fn describe(name: &str) -> Result<String> {
    KINDS
        .into_iter()
        .map(facts)
        .find(|facts| facts.1 == name)
        .map(|(status, name, title, meaning)| {
            format!("{name}: {title} (HTTP {status})\n\n{meaning}\n")
        })
        .ok_or_else(|| Error::new(Kind::NotFound, "There is no such kind of problem."))
}

/// Status, name in `type`, title, and what a client does about it.
const fn facts(kind: Kind) -> (u16, &'static str, &'static str, &'static str) {
    match kind {
        Kind::Invalid => (
            400,
            "invalid",
            "The request is malformed",
            "A field, header, parameter or path is not what it must be. `detail` says which; `field`, `line` and \
             `column` point at it where it is in a JSON body. Sending the same again gives the same answer.",
        ),
        Kind::Unauthenticated => (
            401,
            "unauthenticated",
            "No valid token",
            "Send `Authorization: Bearer osk_…` with a token of the workspace, or log in to the console.",
        ),
        Kind::Forbidden => (
            403,
            "forbidden",
            "Not allowed from here",
            "Calls that change something by cookie are accepted from the console's own origin only. Use a token. \
             What is the operator's is done with a token of the operator's workspace.",
        ),
        Kind::NotFound => (
            404,
            "not_found",
            "There is no such thing",
            "It does not exist, was deleted, or belongs to another workspace.",
        ),
        Kind::MethodNotAllowed => (
            405,
            "method_not_allowed",
            "The method does not fit",
            "The `allow` header lists the methods that do.",
        ),
        Kind::Conflict => (
            409,
            "conflict",
            "It was changed in between",
            "Nothing was changed. `current` is the hash as it is now, or null when there is no such file: read \
             again, merge, and send with that hash in `If-Match`.",
        ),
        Kind::PreconditionRequired => (
            428,
            "precondition_required",
            "A precondition is missing",
            "Send `If-Match` with the hash of the file that you have seen, in quotes, so that nobody's work is lost.",
        ),
        Kind::TooLarge => (
            413,
            "too_large",
            "Over a limit",
            "`limit` is the most that is accepted. Nothing was changed.",
        ),
        Kind::Unprocessable => (
            422,
            "unprocessable",
            "Well formed, but cannot be done",
            "`detail` says why. The same call stays impossible until something else changes.",
        ),
        Kind::NotImplemented => (
            501,
            "not_implemented",
            "Comes with a later release",
            "The call is part of the design and not there yet.",
        ),
        Kind::Unavailable => (
            503,
            "unavailable",
            "Something this depends on does not answer",
            "Try again after `retry-after` seconds, a POST with the same `Idempotency-Key`.",
        ),
        Kind::Internal => (
            500,
            "internal",
            "Our fault",
            "The cause is in the log. What was acknowledged before is stored; a POST can be tried again with the \
             same `Idempotency-Key`.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header<'a>(problem: &'a Problem, name: &str) -> Option<&'a str> {
        problem
            .headers
            .iter()
            .find(|header| header.0 == name)
            .map(|header| header.1.as_str())
    }

    #[test]
    fn every_kind_has_its_status_and_says_what_to_do() {
        let table = [400, 401, 403, 404, 405, 409, 428, 413, 422, 501, 503, 500];
        for (kind, expected) in KINDS.into_iter().zip(table) {
            let problem = Problem::of(&Error::new(kind, "Detail.").caused_by("secret cause"));
            assert_eq!(problem.status, expected, "{kind:?}");
            let document: Value = serde_json::from_str(&problem.body).unwrap();
            // The name in `type` is the kind's own, so clients meet one word.
            let name = serde_json::to_value(kind).unwrap();
            let name = name.as_str().unwrap();
            assert_eq!(
                document,
                json!({
                    "type": format!("/problems/{name}"), "title": facts(kind).2, "status": expected, "detail": "Detail.",
                })
            );
            assert!(!format!("{problem:?}").contains("secret cause"), "{kind:?}");
            assert!(describe(name).unwrap().starts_with(&format!("{name}: ")));
            assert_eq!(header(&problem, "content-type"), Some(MEDIA_TYPE));
            assert_eq!(
                header(&problem, "allow").is_some(),
                kind == Kind::MethodNotAllowed
            );
            assert_eq!(
                header(&problem, "retry-after").is_some(),
                kind == Kind::Unavailable
            );
            assert_eq!(
                header(&problem, "www-authenticate").is_some(),
                kind == Kind::Unauthenticated
            );
        }
        assert_eq!(describe("nothing").unwrap_err().kind, Kind::NotFound);
    }

    #[test]
    fn members_are_added_and_replace_nothing() {
        let error = Error::new(Kind::Conflict, "It was changed.")
            .with("current", "abc")
            .with("status", 200)
            .with("type", "x")
            .with("instance", "x");
        assert_eq!(
            serde_json::from_str::<Value>(&Problem::of(&error).body).unwrap(),
            json!({
                "type": "/problems/conflict", "title": "It was changed in between", "status": 409,
                "detail": "It was changed.", "current": "abc",
            })
        );
        let busy = Error::unavailable("The builder is busy.", "queue full").with("retry_after", 30);
        assert_eq!(header(&Problem::of(&busy), "retry-after"), Some("30"));
        let wrong = Error::new(Kind::MethodNotAllowed, "No.").with("allow", "GET, HEAD");
        assert_eq!(header(&Problem::of(&wrong), "allow"), Some("GET, HEAD"));
    }
}
