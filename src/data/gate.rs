//! What of a shard an app's own address serves: its tables below `/rest/v1`, as PostgREST does, and what its users need to sign in below
//! `/auth/v1`, as Supabase Auth does, and word of changes below `/realtime/v1` ([`super::realtime`]). Nothing else of a shard is reached from
//! there.
//!
//! Refusals have the shapes of these, so that `@supabase/supabase-js` understands them
//! (<https://docs.postgrest.org/en/stable/references/errors.html>, <https://supabase.com/docs/guides/auth/debugging/error-codes>).

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::json;

use super::{TableName, realtime, realtime::Version};
use crate::ids::AppId;

/// The longest body that is taken, in bytes.
pub const MOST_BODY_BYTES: usize = 5 * 1024 * 1024;

const REST: &str = "/rest/v1/";
const AUTH: &str = "/auth/v1/";
const REALTIME: &str = "/realtime/v1/";

/// What users may ask of the authorization, and what it is to us. What is for administrators is not here.
const ENDPOINTS: [(&str, &str, Way); 16] = [
    ("GET", "authorize", Way::Provider),
    ("GET", "health", Way::Other),
    ("GET", "reauthenticate", Way::Other),
    ("GET", "settings", Way::Other),
    ("GET", "user", Way::Other),
    ("GET", "verify", Way::Landing),
    ("POST", "logout", Way::Other),
    ("POST", "magiclink", Way::Link),
    ("POST", "otp", Way::Link),
    ("POST", "recover", Way::Mail),
    ("POST", "resend", Way::Mail),
    ("POST", "signup", Way::SignUp),
    ("POST", "token", Way::In),
    ("POST", "verify", Way::In),
    ("PUT", "user", Way::Account),
    ("HEAD", "health", Way::Other),
];

/// What comes of a call to the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing that concerns us.
    Other,
    /// Something of an account changes; a mail may be sent.
    Account,
    /// Somebody goes to a provider of identities.
    Provider,
    /// Somebody comes by a link of a mail, or back from a provider.
    Landing,
    /// A session, for whoever proves who they are.
    In,
    /// An account; a session or a mail.
    SignUp,
    /// A mail that lets in; an account, where there is none.
    Link,
    /// A mail to whoever has an account.
    Mail,
}

/// What is asked of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Rows of the app's tables. The path and query as they are.
    Rows(String),
    /// Something of the authorization.
    Auth(AuthCall),
    /// Word of changes, in this version of the protocol.
    Changes(Version),
}

/// A call to the authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthCall {
    /// What comes of it.
    pub way: Way,
    path: String,
    query: String,
    /// Where whoever follows a link comes out, an address of the app's.
    home: String,
    origin: String,
}

impl AuthCall {
    /// The path and query as they go out. Whatever the shard sends people back to is the app's own `/auth/v1/verify`, which sends them on
    /// (see [`landing`]): as the client wants it who keeps the proof of a flow (`has_proof`, PKCE), with the token, else with a session.
    #[must_use]
    pub fn target(&self, has_proof: bool) -> String {
        if !matches!(
            self.way,
            Way::Account | Way::Provider | Way::SignUp | Way::Link | Way::Mail
        ) {
            return with(&self.path, &self.query);
        }
        let back = back_to(&self.origin, &self.home, has_proof);
        with(
            &with(&self.path, &self.query),
            &format!("redirect_to={}", encoded(&back)),
        )
    }

    /// Where somebody goes who comes by this call, a [`Way::Landing`].
    #[must_use]
    pub fn landing(&self) -> Landing {
        let said = |name: &str| parameter(&self.query, name).filter(|value| !value.is_empty());
        if let (Some(token), Some(kind)) =
            (said("token").or_else(|| said("token_hash")), said("type"))
        {
            if said("flow").as_deref() == Some(PROOF) {
                let more = format!("token_hash={}&type={}", encoded(&token), encoded(&kind));
                return Landing::Go(with(&self.home, &more));
            }
            return Landing::Open { token, kind };
        }
        if let Some(code) = said("code") {
            return Landing::Go(with(&self.home, &format!("code={}", encoded(&code))));
        }
        // A session that is not bound to the app would be behind the "#", where it is of no use to anybody.
        let error = said("error_code").unwrap_or_else(|| "bad_oauth_callback".to_owned());
        let text = said("error_description").unwrap_or_else(|| {
            "This link opens no session of this app. Ask for another one.".to_owned()
        });
        Landing::Go(self.failed(&error, &text))
    }

    /// The address of the page that is told, behind the `#`, why nobody is signed in.
    #[must_use]
    pub fn failed(&self, code: &str, text: &str) -> String {
        self.said(&format!(
            "error=access_denied&error_code={}&error_description={}",
            encoded(code),
            encoded(text)
        ))
    }

    /// The address of the page that is told this behind the `#`.
    #[must_use]
    pub fn said(&self, text: &str) -> String {
        let page = self.home.split('#').next().unwrap_or_default();
        format!("{page}#{text}")
    }
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// To this address.
    Go(String),
    /// To the page, with the session that this token opens.
    Open {
        /// What stands in the mail, hashed.
        token: String,
        /// What kind of mail it was.
        kind: String,
    },
}

/// The value of `flow` when the client keeps a proof.
const PROOF: &str = "pkce";

/// The address that a shard sends people back to who are to come out at `home`. It has a query, so that a mail's template can go on with
/// `&token=`.
#[must_use]
pub fn back_to(origin: &str, home: &str, has_proof: bool) -> String {
    let flow = if has_proof { "&flow=pkce" } else { "" };
    format!("{origin}{AUTH}verify?redirect_to={}{flow}", encoded(home))
}

/// Which service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// PostgREST.
    Rest,
    /// Supabase Auth.
    Auth,
    /// Supabase Realtime.
    Realtime,
}

/// An answer that a shard was not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
    /// For how many seconds it is of no use to try again; 0 when that is not known.
    pub wait: u64,
}

impl Service {
    /// The service that this path of an app's address is for, if it is for one.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        match path {
            path if path.starts_with(REST) => Some(Self::Rest),
            path if path.starts_with(AUTH) => Some(Self::Auth),
            path if path.starts_with(REALTIME) => Some(Self::Realtime),
            _ => None,
        }
    }

    /// Its way of saying no.
    #[must_use]
    pub fn denied(self, status: u16, code: &str, message: &str) -> Denied {
        let body = match self {
            Self::Rest => {
                json!({ "code": code, "message": message, "details": null, "hint": null })
            }
            Self::Auth => json!({ "code": status, "error_code": code, "msg": message }),
            Self::Realtime => json!({ "error": message }),
        };
        Denied {
            status,
            body: body.to_string(),
            wait: 0,
        }
    }
}

/// What a request to the address `origin` of an app asks for. `query` is without the `?`.
///
/// # Errors
/// When an app's address does not serve that.
pub fn asked(
    app: &AppId,
    origin: &str,
    method: &str,
    path: &str,
    query: &str,
) -> Result<Asked, Denied> {
    if let Some(endpoint) = path.strip_prefix(AUTH) {
        let found = ENDPOINTS
            .iter()
            .find(|(known, name, _)| *known == method && *name == endpoint);
        let Some((_, _, way)) = found else {
            return Err(Service::Auth.denied(
                404,
                "not_found",
                "An app's address does not serve this.",
            ));
        };
        let (query, home) = home(query, origin);
        if *way == Way::Provider && parameter(&query, "code_challenge").is_none() {
            let message = "A provider's answer is taken with a proof alone: make the client with `auth: { flowType: \"pkce\" }`.";
            return Err(Service::Auth.denied(400, "validation_failed", message));
        }
        return Ok(Asked::Auth(AuthCall {
            way: *way,
            path: path.to_owned(),
            query,
            home,
            origin: origin.to_owned(),
        }));
    }
    if path.starts_with(REALTIME) {
        let denied = |status, message| Service::Realtime.denied(status, "", message);
        if method != "GET" || path != realtime::PATH {
            return Err(denied(404, "An app's address does not serve this."));
        }
        let version = Version::of(query);
        let version = version.ok_or_else(|| denied(400, "There are the versions 1.0.0 and 2.0.0."));
        return Ok(Asked::Changes(version?));
    }
    let table = path.strip_prefix(REST).unwrap_or_default();
    let is_theirs = table
        .strip_prefix(&format!("app_{app}_"))
        .is_some_and(|name| TableName::of(app, name).is_some());
    if !is_theirs {
        let message = format!("Could not find '{}' among the app's tables", short(table));
        return Err(Service::Rest.denied(404, "PGRST205", &message));
    }
    if !["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"].contains(&method) {
        return Err(Service::Rest.denied(405, "PGRST117", "Unsupported HTTP method"));
    }
    Ok(Asked::Rows(with(path, query)))
}

/// The query without what says where to go, and where that is: an address of the app's own, whatever was asked for.
fn home(query: &str, origin: &str) -> (String, String) {
    let is_home = |address: &str| {
        address
            .strip_prefix(origin)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    };
    let mut wanted = None;
    let mut rest: Vec<&str> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("redirect_to", _)) => wanted = parameter(pair, "redirect_to"),
            // What is written otherwise may mean the same to whoever reads it.
            _ if pair.to_ascii_lowercase().contains("redirect")
                || pair.contains('%') && decodes_to_redirect(pair) => {}
            _ => rest.push(pair),
        }
    }
    // A header takes no control characters.
    let home = wanted.filter(|wanted| is_home(wanted) && !wanted.contains(char::is_control));
    (rest.join("&"), home.unwrap_or_else(|| origin.to_owned()))
}

/// An address with more in its query, before its `#`.
fn with(address: &str, more: &str) -> String {
    if more.is_empty() {
        return address.to_owned();
    }
    let (page, place) = address
        .split_once('#')
        .map_or((address, None), |(page, place)| (page, Some(place)));
    let joint = if page.contains('?') { '&' } else { '?' };
    match place {
        None => format!("{page}{joint}{more}"),
        Some(place) => format!("{page}{joint}{more}#{place}"),
    }
}

/// The first value of a parameter, as forms write it.
fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let value = value.replace('+', " ");
    Some(percent_decode_str(&value).decode_utf8().ok()?.into_owned())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn decodes_to_redirect(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    percent_decode_str(name)
        .decode_utf8_lossy()
        .to_ascii_lowercase()
        .contains("redirect")
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests;
