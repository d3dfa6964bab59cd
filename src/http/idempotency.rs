//! A `POST` sent twice happens once: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
//!
//! Before it does anything, the call stores a [`Record`] with a nonce, from which every id of the call is made.
//! A call that died in between resumes with the same nonce and so makes the same things; one that was answered
//! is answered again. Records belong to a workspace; storing them, and dropping expired ones, is its business.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    error::{Error, Kind, Result},
    ids::SEED_BYTES,
    time::Timestamp,
};

/// How long a key is remembered, in milliseconds: 24 hours.
pub const LIFETIME_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// The value of an `Idempotency-Key` header: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

/// Random bytes from which a call makes its ids. As text 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(pub [u8; SEED_BYTES]);

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body. Never with a secret in it.
    pub body: String,
}

/// What is stored under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The request, see [`request_digest`].
    pub digest: Digest,
    /// What the call's ids are made from.
    pub nonce: Nonce,
    /// The answer, once there is one.
    pub response: Option<Answer>,
    /// When the key was first seen.
    pub created_at: Timestamp,
}

/// What to do with a request that has a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Store a new record, replacing an expired one, and do it.
    Fresh,
    /// It was begun: do it again, with this nonce.
    Resume(Nonce),
    /// It was done: answer this.
    Replay(Answer),
}

impl Key {
    /// The longest key, in bytes.
    pub const MAX_BYTES: usize = 255;

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of a request's `Idempotency-Key` header, when it has one.
    ///
    /// # Errors
    /// 400 when it is not 1 to 255 visible ASCII characters.
    pub fn of_header(header: Option<&str>) -> Result<Option<Self>> {
        header.map(str::parse).transpose()
    }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::new(
                Kind::Invalid,
                format!(
                    "`Idempotency-Key` must be 1 to {} visible ASCII characters.",
                    Self::MAX_BYTES
                ),
            ))
        }
    }
}

impl TryFrom<String> for Key {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text that is not a nonce.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a nonce must be 32 lower-case hexadecimal digits")]
pub struct NonceError;

impl TryFrom<String> for Nonce {
    type Error = NonceError;

    fn try_from(text: String) -> Result<Self, NonceError> {
        let number = u128::from_str_radix(&text, 16).map_err(|_| NonceError)?;
        let nonce = Self(number.to_be_bytes());
        if nonce.to_string() == text {
            Ok(nonce)
        } else {
            Err(NonceError)
        }
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.to_string()
    }
}

impl Record {
    /// The record of a request that begins now.
    #[must_use]
    pub const fn begin(digest: Digest, nonce: Nonce, now: Timestamp) -> Self {
        Self {
            digest,
            nonce,
            response: None,
            created_at: now,
        }
    }

    /// Whether the key may be used for something else. A clock that went back does not bring it about.
    #[must_use]
    pub const fn is_expired(&self, now: Timestamp) -> bool {
        now.since(self.created_at) >= LIFETIME_MILLIS
    }
}

/// What makes two requests the same: method, path with query, and body.
#[must_use]
pub fn request_digest(method: &str, path_and_query: &str, body: &[u8]) -> Digest {
    Digest::of_parts([method.as_bytes(), path_and_query.as_bytes(), body])
}

/// What to do with a request of this digest whose key has this record.
///
/// # Errors
/// 422 when the key was used for another request in the last 24 hours.
pub fn decide(stored: Option<&Record>, digest: &Digest, now: Timestamp) -> Result<Decision> {
    match stored.filter(|record| !record.is_expired(now)) {
        None => Ok(Decision::Fresh),
        Some(record) if record.digest != *digest => Err(Error::new(
            Kind::Unprocessable,
            "This `Idempotency-Key` was used for another request in the last 24 hours. Use a new key.",
        )),
        Some(Record {
            response: Some(response),
            ..
        }) => Ok(Decision::Replay(response.clone())),
        Some(record) => Ok(Decision::Resume(record.nonce)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: Nonce = Nonce(*b"0123456789abcdef");
    const START: Timestamp = Timestamp(1_000_000);

    fn digest(body: &str) -> Digest {
        request_digest("POST", "/v1/apps", body.as_bytes())
    }

    #[test]
    fn reads_keys() {
        let longest = "k".repeat(255);
        for good in [
            "a",
            "8e03978e-40d5-43dd-bc93-6894a57f9324",
            "~!\"",
            longest.as_str(),
        ] {
            assert_eq!(Key::of_header(Some(good)).unwrap().unwrap().as_str(), good);
        }
        for bad in ["", " ", "a b", "ä", "a\n", &"k".repeat(256)] {
            assert_eq!(
                Key::of_header(Some(bad)).unwrap_err().kind,
                Kind::Invalid,
                "{bad:?}"
            );
        }
        assert_eq!(Key::of_header(None).unwrap(), None);
    }

    #[test]
    fn different_requests_differ() {
        let same = request_digest("POST", "/v1/apps", b"{}");
        assert_eq!(same, request_digest("POST", "/v1/apps", b"{}"));
        for other in [
            request_digest("PUT", "/v1/apps", b"{}"),
            request_digest("POST", "/v1/apps?x", b"{}"),
            request_digest("POST", "/v1/apps", b"{ }"),
            request_digest("POST", "/v1/app", b"s{}"),
        ] {
            assert_ne!(same, other);
        }
    }

    #[test]
    fn decides_by_record_and_age() {
        let begun = Record::begin(digest("a"), NONCE, START);
        let answer = Answer {
            status: 201,
            body: "{}".to_owned(),
        };
        let done = Record {
            response: Some(answer.clone()),
            ..begun.clone()
        };
        let late = START.after(LIFETIME_MILLIS - 1);
        let too_late = START.after(LIFETIME_MILLIS);
        let before = Timestamp(0);
        for (stored, body, now, decision) in [
            (None, "a", START, Some(Decision::Fresh)),
            (Some(&begun), "a", START, Some(Decision::Resume(NONCE))),
            (Some(&begun), "a", late, Some(Decision::Resume(NONCE))),
            (Some(&begun), "a", before, Some(Decision::Resume(NONCE))),
            (Some(&begun), "b", late, None),
            (Some(&done), "a", late, Some(Decision::Replay(answer))),
            (Some(&done), "b", START, None),
            (Some(&done), "a", too_late, Some(Decision::Fresh)),
            (Some(&done), "b", too_late, Some(Decision::Fresh)),
        ] {
            let decided = decide(stored, &digest(body), now);
            assert_eq!(
                decided.as_ref().ok(),
                decision.as_ref(),
                "{stored:?} {body} {now:?}"
            );
            if let Err(error) = decided {
                assert_eq!(error.kind, Kind::Unprocessable);
            }
        }
    }

    proptest! {
        #[test]
        fn records_survive_storage(nonce: [u8; SEED_BYTES], body in ".*", status in 200..600_u16, at: u64) {
            let record = Record {
                digest: digest(&body),
                nonce: Nonce(nonce),
                response: Some(Answer { status, body }),
                created_at: Timestamp(at),
            };
            let stored = serde_json::to_string(&record).unwrap();
            prop_assert_eq!(serde_json::from_str::<Record>(&stored).unwrap(), record);
        }
    }

    #[test]
    fn refuses_what_is_no_nonce() {
        for bad in [
            "",
            "0",
            "+0123456789abcdef0123456789abcde",
            &"A".repeat(32),
            &"0".repeat(33),
        ] {
            assert!(Nonce::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(Nonce::try_from(NONCE.to_string()), Ok(NONCE));
    }
}
