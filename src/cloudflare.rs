//! The Cloudflare API (<https://developers.cloudflare.com/api>), as values: what is asked ([`Request`], made by [`Account`] and [`zone`]), how it is
//! written ([`Form`]), what an answer means ([`answer`]), and when to ask again. Sends nothing.
//!
//! Methods, paths, queries, types of content, names of parts and the shape of their metadata are those of Cloudflare's own clients, which
//! `tests/cloudflare` has recordings of.

mod account;
pub mod answer;
pub mod assets;
pub mod dispatch;
mod form;
pub mod hostname;
mod script;
pub mod site;
pub mod zone;

pub use account::{Account, Place};
pub use form::{Form, Part};
pub use script::{AssetFile, Binding, Bindings, Consumer, Upload, asset_hash};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Where it is.
pub const BASE: &str = "https://api.cloudflare.com/client/v4";
/// How many requests a token's user may make in [`WINDOW_SECONDS`]
/// (<https://developers.cloudflare.com/fundamentals/api/reference/limits/>).
pub const MOST_REQUESTS: u32 = 1_200;
/// See [`MOST_REQUESTS`].
pub const WINDOW_SECONDS: u64 = 300;

/// What of a path's part is written as it is (RFC 3986, section 2.3).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Makes something new each time.
    Post,
    /// Makes or replaces something that has a name.
    Put,
    /// Changes something.
    Patch,
    /// Takes something away.
    Delete,
}

impl Method {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What is sent along.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON, called this.
    Json(&'static str, Value),
    /// Bytes of this type.
    Bytes(String, Vec<u8>),
    /// `multipart/form-data`.
    Form(Form),
}

/// With what a request proves whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The token of the account.
    Token,
    /// This one, of an upload of assets, which the answer before has given.
    Session(String),
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Below [`BASE`], percent-encoded.
    pub path: String,
    /// Names and values, as they are before they are written.
    pub query: Vec<(&'static str, String)>,
    /// What is sent along.
    pub body: Body,
    /// What it is sent with.
    pub proof: Proof,
    /// Whether it may be made again when nobody knows what came of it: done twice, it is as if it was done once.
    pub repeats: bool,
}

impl Request {
    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: Body::None,
            proof: Proof::Token,
            repeats: method != Method::Post,
        }
    }

    fn get(path: String) -> Self {
        Self::new(Method::Get, path)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    fn json(self, value: Value) -> Self {
        self.body(Body::Json("application/json", value))
    }

    fn body(self, body: Body) -> Self {
        Self { body, ..self }
    }

    /// One that makes nothing new when it is made again, though it is a `POST`.
    fn repeating(self) -> Self {
        Self {
            repeats: true,
            ..self
        }
    }

    /// The whole address.
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = format!("{BASE}{}", self.path);
        for (at, (name, value)) in self.query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(&format!("{name}={}", encoded(value)));
        }
        url
    }
}

/// Asks whether the token is good. One that is an account's own is asked about there ([`Account::verify`]).
#[must_use]
pub fn verify() -> Request {
    Request::get("/user/tokens/verify".to_owned())
}

/// The accounts that the token may see.
#[must_use]
pub fn accounts() -> Request {
    Request::get("/accounts".to_owned())
}

/// A part of a path or a value of a query.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests;
