//! What of a shard an app's own address serves: its tables below `/rest/v1`, as PostgREST does, and what its users need to sign in below
//! `/auth/v1`, as Supabase Auth does. Nothing else of a shard is reached from there.
//!
//! Refusals have the shapes of these two, so that `@supabase/supabase-js` understands them
//! (<https://docs.postgrest.org/en/stable/references/errors.html>, <https://supabase.com/docs/guides/auth/debugging/error-codes>).

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::json;

use super::TableName;
use crate::ids::AppId;

/// The longest body that is taken, in bytes.
pub const MOST_BODY_BYTES: usize = 5 * 1024 * 1024;

const REST: &str = "/rest/v1/";
const AUTH: &str = "/auth/v1/";

/// What users may ask of the authorization, and whether a link in a mail or a redirect comes of it. What is for administrators is not here.
const ENDPOINTS: [(&str, &str, bool); 16] = [
    ("GET", "authorize", true),
    ("GET", "health", false),
    ("GET", "reauthenticate", false),
    ("GET", "settings", false),
    ("GET", "user", false),
    ("GET", "verify", true),
    ("POST", "logout", false),
    ("POST", "magiclink", true),
    ("POST", "otp", true),
    ("POST", "recover", true),
    ("POST", "resend", true),
    ("POST", "signup", true),
    ("POST", "token", false),
    ("POST", "verify", true),
    ("PUT", "user", true),
    ("HEAD", "health", false),
];

/// What is asked of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Rows of the app's tables. The path and query as they are.
    Rows(String),
    /// Something of the authorization. The path and query as they go out, and whether a session may come of it.
    Auth(String, bool),
}

/// Which service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// PostgREST.
    Rest,
    /// Supabase Auth.
    Auth,
}

/// An answer that a shard was not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

impl Service {
    /// The service that this path of an app's address is for, if it is for one.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        match path {
            path if path.starts_with(REST) => Some(Self::Rest),
            path if path.starts_with(AUTH) => Some(Self::Auth),
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
        };
        Denied {
            status,
            body: body.to_string(),
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
    let with = |query: &str| match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    if let Some(endpoint) = path.strip_prefix(AUTH) {
        let found = ENDPOINTS
            .iter()
            .find(|(known, name, _)| *known == method && *name == endpoint);
        let Some((_, name, leads_back)) = found else {
            return Err(Service::Auth.denied(
                404,
                "not_found",
                "An app's address does not serve this.",
            ));
        };
        let query = if *leads_back {
            back_home(query, origin)
        } else {
            query.to_owned()
        };
        let is_way_in = method == "POST" && ["signup", "token", "verify"].contains(name);
        return Ok(Asked::Auth(with(&query), is_way_in));
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
    Ok(Asked::Rows(with(query)))
}

/// The query, with a `redirect_to` that leads to the app's own address: whoever follows a link in a mail comes back there.
fn back_home(query: &str, origin: &str) -> String {
    let is_home = |address: &str| {
        address
            .strip_prefix(origin)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    };
    let mut wanted = None;
    let mut rest: Vec<&str> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("redirect_to", value)) => {
                wanted = percent_decode_str(value).decode_utf8().ok();
            }
            // What is written otherwise may mean the same to whoever reads it.
            _ if pair.to_ascii_lowercase().contains("redirect")
                || pair.contains('%') && decodes_to_redirect(pair) => {}
            _ => rest.push(pair),
        }
    }
    let home = wanted.filter(|wanted| is_home(wanted));
    let home = utf8_percent_encode(home.as_deref().unwrap_or(origin), NON_ALPHANUMERIC).to_string();
    let own = format!("redirect_to={home}");
    rest.push(&own);
    rest.join("&")
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
mod tests {
    use super::*;

    const ORIGIN: &str = "https://preview-kitchen1.apps.test";

    fn of(method: &str, path: &str, query: &str) -> Result<Asked, Denied> {
        asked(&"kitchen1".parse().unwrap(), ORIGIN, method, path, query)
    }

    #[test]
    fn an_apps_own_tables_are_served_and_nothing_else_of_the_shard() {
        let rows = |text: &str| Ok(Asked::Rows(text.to_owned()));
        assert_eq!(
            of("GET", "/rest/v1/app_kitchen1_recipes", "select=*&id=eq.1"),
            rows("/rest/v1/app_kitchen1_recipes?select=*&id=eq.1")
        );
        assert_eq!(
            of("DELETE", "/rest/v1/app_kitchen1_recipes", ""),
            rows("/rest/v1/app_kitchen1_recipes")
        );
        for path in [
            "/rest/v1/",
            "/rest/v1/recipes",
            "/rest/v1/app_garden12_recipes",
            "/rest/v1/app_kitchen1_",
            "/rest/v1/app_kitchen1",
            "/rest/v1/app_kitchen1_a/b",
            "/rest/v1/app_kitchen1_recipes/",
            "/rest/v1/app_kitchen1_%72ecipes",
            "/rest/v1/app_kitchen1_../app_garden12_recipes",
            "/rest/v1/rpc/provision_app",
            "/rest/v1/rpc/app_kitchen1_recipes",
            "/rest/v1/APP_kitchen1_recipes",
            "/rest/v1//app_kitchen1_recipes",
        ] {
            let denied = of("GET", path, "").unwrap_err();
            assert_eq!(denied.status, 404, "{path}");
            assert!(denied.body.contains("PGRST205"), "{}", denied.body);
        }
        for method in ["OPTIONS", "TRACE", "get"] {
            assert_eq!(
                of(method, "/rest/v1/app_kitchen1_recipes", "")
                    .unwrap_err()
                    .status,
                405
            );
        }
    }

    #[test]
    fn users_reach_what_they_need_to_sign_in_and_no_administration() {
        let auth = |text: &str, is_way_in| Ok(Asked::Auth(text.to_owned(), is_way_in));
        assert_eq!(
            of("POST", "/auth/v1/token", "grant_type=password"),
            auth("/auth/v1/token?grant_type=password", true)
        );
        assert_eq!(of("GET", "/auth/v1/user", ""), auth("/auth/v1/user", false));
        for (method, path) in [
            ("GET", "/auth/v1/admin/users"),
            ("POST", "/auth/v1/admin/users"),
            ("POST", "/auth/v1/invite"),
            ("POST", "/auth/v1/admin/generate_link"),
            ("DELETE", "/auth/v1/user"),
            ("GET", "/auth/v1/"),
            ("GET", "/auth/v1/user/"),
            ("GET", "/auth/v1/../rest/v1/x"),
            ("POST", "/auth/v1/%74oken"),
        ] {
            let denied = of(method, path, "").unwrap_err();
            assert_eq!(
                (denied.status, denied.body.contains("not_found")),
                (404, true),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn links_in_mails_lead_back_to_the_app_whatever_is_asked_for() {
        let home = utf8_percent_encode(ORIGIN, NON_ALPHANUMERIC).to_string();
        let of = |query: &str| match of("POST", "/auth/v1/recover", query) {
            Ok(Asked::Auth(text, false)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(of(""), format!("/auth/v1/recover?redirect_to={home}"));
        let own = format!("{home}%2Fupdate%2Dpassword");
        assert_eq!(
            of(&format!("a=1&redirect_to={own}")),
            format!("/auth/v1/recover?a=1&redirect_to={own}")
        );
        for elsewhere in [
            "redirect_to=https%3A%2F%2Fevil.test",
            "redirect_to=https%3A%2F%2Fpreview-kitchen1.apps.test.evil.test",
            "redirect_to=",
            "redirect_to",
            "redirect_to=%FF",
            "Redirect_To=https%3A%2F%2Fevil.test",
            "redirect%5Fto=https%3A%2F%2Fevil.test",
            "%72edirect_to=https%3A%2F%2Fevil.test",
            "redirect_to=https%3A%2F%2Fpreview-kitchen1.apps.test%40evil.test",
            "redirect_to=%2F%2Fevil.test",
        ] {
            assert_eq!(
                of(elsewhere),
                format!("/auth/v1/recover?redirect_to={home}"),
                "{elsewhere}"
            );
        }
        assert_eq!(
            of(&format!(
                "redirect_to={own}&redirect_to=https%3A%2F%2Fevil.test"
            )),
            format!("/auth/v1/recover?redirect_to={home}")
        );
    }

    #[test]
    fn a_path_belongs_to_a_service_or_to_the_app() {
        assert_eq!(
            Service::of("/rest/v1/app_kitchen1_recipes"),
            Some(Service::Rest)
        );
        assert_eq!(Service::of("/auth/v1/token"), Some(Service::Auth));
        for path in [
            "/",
            "/rest",
            "/rest/v1",
            "/rest/v2/x",
            "/auth/callback",
            "/recipes",
        ] {
            assert_eq!(Service::of(path), None, "{path}");
        }
    }
}
