//! Who asks: API tokens, console sessions, and where a cookie may be used from.
//!
//! A token is `osk_<workspace>_<secret>`, a session `oss_<workspace>_<secret>`: both name their workspace, so
//! nothing is looked up to find it. Stores keep [`ApiToken::hash`], never the text. Whether a hash is known,
//! and until when, is the workspace's business.

use std::{fmt, str::FromStr};

use crate::{
    digest::Digest,
    error::{Error, Kind, Result},
    ids::WorkspaceId,
};

/// The cookie of the console. The prefix binds it to one host, HTTPS and the path `/` (RFC 6265bis section 4.1.3.2).
pub const COOKIE: &str = "__Host-overskill";

/// How long a console session lasts, in seconds: 30 days.
pub const SESSION_SECONDS: u64 = 30 * 24 * 60 * 60;

/// How many random bytes a secret is made of.
pub const SECRET_BYTES: usize = 32;

/// How many characters a secret has: the base-62 digits that 32 bytes need.
pub const SECRET_CHARS: usize = 43;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A text that is not a token or session. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be `{prefix}_<workspace>_` and {SECRET_CHARS} letters and digits")]
pub struct CredentialError {
    prefix: &'static str,
}

macro_rules! credential {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name {
            workspace: WorkspaceId,
            text: String,
        }

        impl $name {
            /// What the text starts with, before the first `_`.
            pub const PREFIX: &str = $prefix;

            /// A fresh one from random bytes. Each value of the bytes gives another text.
            #[must_use]
            pub fn fresh(workspace: &WorkspaceId, random: &[u8; SECRET_BYTES]) -> Self {
                let text = format!("{}_{workspace}_{}", Self::PREFIX, base62(random));
                Self { workspace: workspace.clone(), text }
            }

            /// The workspace it claims to belong to.
            #[must_use]
            pub const fn workspace(&self) -> &WorkspaceId {
                &self.workspace
            }

            /// The SHA-256 of the whole text: what is stored, and compared by [`Digest::matches`].
            #[must_use]
            pub fn hash(&self) -> Digest {
                Digest::of(self.text.as_bytes())
            }

            /// The whole text with its secret, to be handed to its owner.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.text
            }
        }

        impl FromStr for $name {
            type Err = CredentialError;

            fn from_str(text: &str) -> Result<Self, CredentialError> {
                parse(text, Self::PREFIX)
                    .map(|workspace| Self { workspace, text: text.to_owned() })
                    .ok_or(CredentialError { prefix: Self::PREFIX })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}_…", Self::PREFIX, self.workspace)
            }
        }
    };
}

credential!(
    /// A program's token: `osk_<workspace>_<secret>`.
    ApiToken,
    "osk"
);

credential!(
    /// The value of the console's cookie: `oss_<workspace>_<secret>`.
    SessionToken,
    "oss"
);

/// What a caller shows, well formed and not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// From the `Authorization` header.
    Token(ApiToken),
    /// From the cookie.
    Session(SessionToken),
}

impl Credential {
    /// The workspace it claims to belong to.
    #[must_use]
    pub const fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Token(token) => token.workspace(),
            Self::Session(session) => session.workspace(),
        }
    }

    /// The SHA-256 of the whole text.
    #[must_use]
    pub fn hash(&self) -> Digest {
        match self {
            Self::Token(token) => token.hash(),
            Self::Session(session) => session.hash(),
        }
    }

    /// Whether a browser sent it by itself: calls that change something then need [`check_origin`].
    #[must_use]
    pub const fn by_cookie(&self) -> bool {
        matches!(self, Self::Session(_))
    }
}

/// What the caller shows: `Authorization: Bearer …`, or else the console's cookie. A header that is there
/// decides alone; a bad one is not made good by a cookie.
///
/// # Errors
/// 401 when there is neither, or what is there is malformed.
pub fn credential(authorization: Option<&str>, cookie: Option<&str>) -> Result<Credential> {
    match authorization {
        Some(header) => bearer(header).map(Credential::Token),
        None => session(cookie)?.map(Credential::Session).ok_or_else(|| {
            unauthenticated(
                "Send `Authorization: Bearer osk_…`, or log in to the console.".to_owned(),
            )
        }),
    }
}

/// The session in a `Cookie` header, when there is one (RFC 6265 section 4.2.1).
///
/// # Errors
/// 401 for a malformed session, or two: a browser never sends a `__Host-` cookie twice.
pub fn session(cookie: Option<&str>) -> Result<Option<SessionToken>> {
    let mut values = cookie
        .unwrap_or_default()
        .split(';')
        .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.parse().map(Some).map_err(|_| {
            unauthenticated("The console's session is not valid. Log in again.".to_owned())
        }),
        (Some(_), Some(_)) => Err(unauthenticated(
            "The console's cookie stands there twice. Log in again.".to_owned(),
        )),
    }
}

/// The `Set-Cookie` value that starts a session.
#[must_use]
pub fn set_cookie(session: &SessionToken) -> String {
    format!(
        "{COOKIE}={}; Path=/; Max-Age={SESSION_SECONDS}; Secure; HttpOnly; SameSite=Strict",
        session.reveal()
    )
}

/// The `Set-Cookie` value that ends a session.
#[must_use]
pub fn clear_cookie() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict")
}

/// Lets a call by cookie change something only from the console itself: `Origin` is the console's, or, where a
/// browser sends none, `Sec-Fetch-Site` is `same-origin`.
///
/// # Errors
/// 403 for anything else, silence included.
pub fn check_origin(
    console_origin: &str,
    origin: Option<&str>,
    sec_fetch_site: Option<&str>,
) -> Result<()> {
    match (origin, sec_fetch_site) {
        (Some(origin), _) if origin == console_origin => Ok(()),
        (None, Some("same-origin")) => Ok(()),
        _ => Err(Error::new(
            Kind::Forbidden,
            format!(
                "With the console's cookie this is accepted from {console_origin} only. Use a token elsewhere."
            ),
        )),
    }
}

/// Keeps other sites from logging a browser in or out: what says that it comes from elsewhere is refused, what
/// says nothing (a program) is not.
///
/// # Errors
/// 403 for another origin.
pub fn refuse_foreign_origin(
    console_origin: &str,
    origin: Option<&str>,
    sec_fetch_site: Option<&str>,
) -> Result<()> {
    match (origin, sec_fetch_site) {
        (None, None | Some("none")) => Ok(()),
        _ => check_origin(console_origin, origin, sec_fetch_site),
    }
}

/// The token of an `Authorization` header (RFC 6750 section 2.1; the scheme in any letter case).
fn bearer(header: &str) -> Result<ApiToken> {
    let text = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, text)| text.trim_matches(' '))
        .ok_or_else(|| {
            unauthenticated("The `Authorization` header must be `Bearer osk_…`.".to_owned())
        })?;
    text.parse()
        .map_err(|rule| unauthenticated(format!("That is not a token: {rule}.")))
}

fn parse(text: &str, prefix: &str) -> Option<WorkspaceId> {
    let (workspace, secret) = text
        .strip_prefix(prefix)?
        .strip_prefix('_')?
        .split_once('_')?;
    if secret.len() != SECRET_CHARS || !secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    workspace.parse().ok()
}

/// The bytes as one number in base 62, most significant digit first, always 43 digits (62⁴³ > 2²⁵⁶). A change
/// of base, not a choice of characters by remainder, so no secret is likelier than another.
fn base62(bytes: &[u8; SECRET_BYTES]) -> String {
    let mut number = *bytes;
    let mut digits = [b'0'; SECRET_CHARS];
    for digit in digits.iter_mut().rev() {
        let remainder = number.iter_mut().fold(0_u32, |carry, byte| {
            let value = carry << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            value % 62
        });
        *digit = usize::try_from(remainder)
            .ok()
            .and_then(|index| BASE62.get(index))
            .copied()
            .unwrap_or(b'0');
    }
    digits.into_iter().map(char::from).collect()
}

fn unauthenticated(sentence: String) -> Error {
    Error::new(Kind::Unauthenticated, sentence)
}

#[cfg(test)]
mod tests;
