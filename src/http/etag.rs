//! Preconditions on a file's hash (RFC 9110 section 13), so that nobody overwrites what they have not seen.
//!
//! An `ETag` is the SHA-256 of the content in quotes, always strong. Other than the RFC, which answers 412, a
//! failed precondition is a 409 with the hash as it is now: the client has something to merge.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    error::{Error, Kind, Result},
};

/// What a writer says of the file that they replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precondition {
    /// Nothing: fine for a new file only.
    Missing,
    /// `If-Match: *`: whatever it is, it must exist.
    Exists,
    /// `If-Match: "…"`: it is one of these.
    Matches(Vec<Digest>),
    /// `If-None-Match: *`: there is none.
    Absent,
}

impl Precondition {
    /// Reads the two headers.
    ///
    /// # Errors
    /// 400 for both at once, a weak tag, a tag that is no hash, or an `If-None-Match` other than `*`.
    pub fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self> {
        match (if_match.map(str::trim), if_none_match.map(str::trim)) {
            (None, None) => Ok(Self::Missing),
            (Some("*"), None) => Ok(Self::Exists),
            (None, Some("*")) => Ok(Self::Absent),
            (Some(list), None) => list
                .split(',')
                .map(strong)
                .collect::<Result<_>>()
                .map(Self::Matches),
            (None, Some(_)) => Err(invalid(
                "To write a file, `If-None-Match` can only be `*`: there is no such file yet.",
            )),
            (Some(_), Some(_)) => Err(invalid("Send `If-Match` or `If-None-Match`, not both.")),
        }
    }
}

/// Refuses an `If-None-Match` on a file that is to be deleted: only of a file that is there can something be said.
///
/// # Errors
/// 400 when there is one.
pub fn refuse_if_none_match(if_none_match: Option<&str>) -> Result<()> {
    match if_none_match {
        None => Ok(()),
        Some(_) => Err(invalid(
            "To delete a file, send its `ETag` as `If-Match`; `If-None-Match` has no meaning here.",
        )),
    }
}

/// Whether a file whose hash is `current` (nothing when there is no such file) may be written or deleted.
///
/// # Errors
/// 428 when an existing file is to be changed without a precondition; 409 with `current`, a hash or null, when
/// the precondition does not hold.
pub fn decide(current: Option<Digest>, precondition: &Precondition) -> Result<()> {
    match (current, precondition) {
        (None, Precondition::Missing | Precondition::Absent) | (Some(_), Precondition::Exists) => Ok(()),
        (Some(current), Precondition::Matches(hashes)) if hashes.contains(&current) => Ok(()),
        (Some(current), Precondition::Missing) => Err(Error::new(
            Kind::PreconditionRequired,
            "The file exists. Read it, and send its `ETag` as `If-Match`, so that nobody's change is lost.",
        )
        .with("current", current.to_string())),
        (Some(current), Precondition::Matches(_) | Precondition::Absent) => Err(conflict(
            "The file is not what you have seen: it was changed in between. Nothing was written. Read it again and merge.",
        )
        .with("current", current.to_string())),
        (None, Precondition::Exists | Precondition::Matches(_)) => Err(conflict(
            "There is no such file any more. Nothing was written. To make it anew, leave `If-Match` out.",
        )
        .with("current", serde_json::Value::Null)),
    }
}

/// The `ETag` of a file with this hash.
#[must_use]
pub fn etag(hash: &Digest) -> String {
    format!("\"{hash}\"")
}

/// Whether a reader with this `If-None-Match` has the content already: answered 304. What it does not understand
/// is no match. Weak tags count here (RFC 9110 section 13.1.2).
#[must_use]
pub fn not_modified(if_none_match: Option<&str>, hash: &Digest) -> bool {
    let etag = etag(hash);
    if_none_match.is_some_and(|list| {
        list.trim() == "*"
            || list
                .split(',')
                .map(str::trim)
                .any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
    })
}

fn strong(tag: &str) -> Result<Digest> {
    let tag = tag.trim();
    if tag.starts_with("W/") {
        return Err(invalid(
            "`If-Match` needs the tag as it was handed out, without `W/`.",
        ));
    }
    tag.strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'))
        .and_then(|tag| tag.parse().ok())
        .ok_or_else(|| {
            invalid("`If-Match` must be the hash of the file in quotes, as its `ETag` has it.")
        })
}

fn conflict(sentence: &str) -> Error {
    Error::new(Kind::Conflict, sentence)
}

fn invalid(sentence: &str) -> Error {
    Error::new(Kind::Invalid, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_preconditions() {
        let (one, other) = (Digest::of(b"1"), Digest::of(b"2"));
        let list = format!("\"{one}\" ,\"{other}\"");
        let quoted = etag(&one);
        for (if_match, if_none_match, expected) in [
            (None, None, Some(Precondition::Missing)),
            (Some("*"), None, Some(Precondition::Exists)),
            (None, Some(" * "), Some(Precondition::Absent)),
            (
                Some(quoted.as_str()),
                None,
                Some(Precondition::Matches(vec![one])),
            ),
            (
                Some(&list),
                None,
                Some(Precondition::Matches(vec![one, other])),
            ),
            (Some(&format!("W/{quoted}")), None, None),
            (Some(&one.to_string()), None, None),
            (Some("\"abc\""), None, None),
            (Some("\""), None, None),
            (Some(""), None, None),
            (Some(&format!("{quoted},")), None, None),
            (Some(&format!("*, {quoted}")), None, None),
            (Some(&quoted.to_uppercase()), None, None),
            (None, Some(&quoted), None),
            (Some("*"), Some("*"), None),
        ] {
            let read = Precondition::parse(if_match, if_none_match);
            assert_eq!(
                read.as_ref().ok(),
                expected.as_ref(),
                "{if_match:?} {if_none_match:?}"
            );
            if let Err(error) = read {
                assert_eq!(error.kind, Kind::Invalid);
            }
        }
    }

    #[test]
    fn a_deletion_says_nothing_of_a_file_that_is_not_there() {
        assert!(refuse_if_none_match(None).is_ok());
        for header in ["*", "\"x\"", ""] {
            let refused = refuse_if_none_match(Some(header)).unwrap_err();
            assert_eq!(refused.kind, Kind::Invalid, "{header}");
        }
    }

    #[test]
    fn writes_only_over_what_was_seen() {
        let (now, before) = (Digest::of(b"now"), Digest::of(b"before"));
        let matches = |hashes: &[Digest]| Precondition::Matches(hashes.to_vec());
        for (current, precondition, refused) in [
            (None, Precondition::Missing, None),
            (None, Precondition::Absent, None),
            (None, Precondition::Exists, Some(Kind::Conflict)),
            (None, matches(&[before]), Some(Kind::Conflict)),
            (
                Some(now),
                Precondition::Missing,
                Some(Kind::PreconditionRequired),
            ),
            (Some(now), Precondition::Absent, Some(Kind::Conflict)),
            (Some(now), Precondition::Exists, None),
            (Some(now), matches(&[now]), None),
            (Some(now), matches(&[before, now]), None),
            (Some(now), matches(&[before]), Some(Kind::Conflict)),
        ] {
            let decision = decide(current, &precondition);
            assert_eq!(
                decision.as_ref().err().map(|error| error.kind),
                refused,
                "{current:?} {precondition:?}"
            );
            if let Err(error) = decision {
                assert_eq!(
                    error.members.get("current"),
                    Some(&serde_json::to_value(current).unwrap())
                );
            }
        }
    }

    #[test]
    fn readers_are_spared_what_they_have() {
        let hash = Digest::of(b"x");
        let tag = etag(&hash);
        for (header, spared) in [
            (Some(tag.clone()), true),
            (Some(format!("W/{tag}")), true),
            (Some(format!("\"other\", {tag}")), true),
            (Some("*".to_owned()), true),
            (Some("\"other\"".to_owned()), false),
            (Some(hash.to_string()), false),
            (Some(String::new()), false),
            (None, false),
        ] {
            assert_eq!(not_modified(header.as_deref(), &hash), spared, "{header:?}");
        }
    }
}
