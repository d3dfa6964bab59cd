//! The error of the boundary: a kind, a sentence for the user, and a cause for the log.
//!
//! Modules have errors of their own; they become this one where a request is answered. `http::problem` is the
//! only place that turns a kind into a status.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, as a client can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The request is malformed: wrong type, unknown field, bad path.
    Invalid,
    /// No token, or one that is not valid.
    Unauthenticated,
    /// Authenticated, but not from here: a foreign origin.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The method does not fit the resource.
    MethodNotAllowed,
    /// It was changed in between, or is in the wrong state.
    Conflict,
    /// A precondition header is missing.
    PreconditionRequired,
    /// Over a limit of size or number.
    TooLarge,
    /// Well formed, but cannot be done: an unknown model, a reused idempotency key.
    Unprocessable,
    /// Comes with a later release.
    NotImplemented,
    /// Something that this depends on does not answer; trying again may help.
    Unavailable,
    /// Our fault.
    Internal,
}

/// An error with what the user reads and what the log reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Error {
    /// What a client can act on.
    pub kind: Kind,
    /// What the user reads: what is wrong and what to do.
    pub public: String,
    /// Further members of the problem document, such as `current` or `limit`.
    #[serde(default, skip_serializing_if = "no_members")]
    pub members: Box<serde_json::Map<String, serde_json::Value>>,
    /// What the log reads: why. Never shown.
    #[serde(skip)]
    pub source: Option<String>,
}

/// The result of the boundary.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that the user's own words explain.
    #[must_use]
    pub fn new(kind: Kind, public: impl Into<String>) -> Self {
        Self {
            kind,
            public: public.into(),
            members: Box::default(),
            source: None,
        }
    }

    /// Our fault: the cause goes to the log, the user learns that it was logged.
    #[must_use]
    pub fn internal(source: impl fmt::Display) -> Self {
        Self::new(
            Kind::Internal,
            "Something went wrong on our side. Nothing was lost; please try again.",
        )
        .caused_by(source)
    }

    /// A dependency that does not answer.
    #[must_use]
    pub fn unavailable(public: impl Into<String>, source: impl fmt::Display) -> Self {
        Self::new(Kind::Unavailable, public).caused_by(source)
    }

    /// Adds the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl fmt::Display) -> Self {
        self.source = Some(source.to_string());
        self
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<serde_json::Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }
}

fn no_members(members: &serde_json::Map<String, serde_json::Value>) -> bool {
    members.is_empty()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
