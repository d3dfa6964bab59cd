//! The Cloudflare API as this Worker asks it. What the operator has set of the account is read in `settings`.

use std::time::Duration;

use js_sys::Uint8Array;
use worker::{Delay, Fetch, Headers, Method, Request, RequestInit, Response, console_warn};

use super::random;
use crate::{
    cloudflare::{
        self, Account, BASE, Body, Proof,
        answer::{self, ApiError},
        dispatch::{self, Dispatched},
        site::{Api, Sent, Site},
    },
    error::{Error, Result},
    http::host,
    ids::AppId,
    publish::{Environment, own},
};

/// An account that apps are deployed to.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) account: Account,
    /// That of the apps' domain.
    pub(super) zone: String,
    /// Where files are put.
    pub(super) files: own::Storage,
    /// The bucket for them; empty where there is none and never was.
    pub(super) bucket: String,
    /// The Worker that answers for the apps' data; none when it is empty.
    pub(super) platform: String,
    /// The dispatch namespace that apps are deployed into; empty where each has a Worker of the account's own.
    pub(super) namespace: String,
    /// How many Workers the account may have.
    pub(super) most_workers: usize,
    pub(super) token: String,
    /// Where the API is.
    pub(super) api: String,
    /// Where host names are reached, in tests; empty where they are what they are called.
    pub(super) edge: String,
}

impl Target {
    /// The Worker of an app in an environment. `origin` is where it answers, and `domains` are host names of people's own that lead there.
    pub(super) fn site(
        &self,
        app: &AppId,
        environment: Environment,
        origin: &str,
        domains: Vec<String>,
    ) -> Site {
        Site {
            account: self.account.clone(),
            zone: self.zone.clone(),
            most_workers: self.most_workers,
            worker: worker_of(app, environment),
            // A route knows no port.
            host: host::name_of(origin).to_owned(),
            domains,
        }
    }

    /// The Workers of an app in an environment, where apps are deployed into a dispatch namespace.
    pub(super) fn dispatched(&self, app: &AppId, environment: Environment) -> Option<Dispatched> {
        (!self.namespace.is_empty()).then(|| Dispatched {
            account: self.account.clone(),
            namespace: self.namespace.clone(),
            worker: worker_of(app, environment),
        })
    }

    /// Asks a host of the account's as a visitor would.
    pub(super) async fn visit(&self, host: &str, method: Method, path: &str) -> Result<Response> {
        let headers = Headers::new();
        let set = |name, value| headers.set(name, value).map_err(Error::internal);
        set("accept", "text/html")?;
        let address = if self.edge.is_empty() {
            format!("https://{host}{path}")
        } else {
            set("x-visited-host", host)?;
            format!("{}{path}", self.edge)
        };
        let mut init = RequestInit::new();
        init.with_method(method).with_headers(headers);
        let request = Request::new_with_init(&address, &init).map_err(Error::internal)?;
        let sent = Fetch::Request(request).send().await;
        sent.map_err(|error| Error::unavailable("The app's Worker did not answer.", error))
    }
}

fn worker_of(app: &AppId, environment: Environment) -> String {
    format!("{}{app}-{}", dispatch::PREFIX, environment.as_str())
}

impl Api for Target {
    async fn send(&self, request: &cloudflare::Request) -> std::result::Result<Sent, ApiError> {
        let silent = |error: worker::Error| answer::silent(error.to_string());
        let made = self
            .made(request)
            .map_err(|error| answer::silent(error.to_string()))?;
        let mut response = Fetch::Request(made).send().await.map_err(silent)?;
        let retry_after = response.headers().get("retry-after").map_err(silent)?;
        Ok(Sent {
            status: response.status_code(),
            retry_after: retry_after.and_then(|seconds| seconds.trim().parse().ok()),
            body: response.bytes().await.map_err(silent)?,
        })
    }

    async fn wait(&self, millis: u64) {
        console_warn!("the Cloudflare API is asked again in {millis} ms");
        Delay::from(Duration::from_millis(millis)).await;
    }
}

impl Target {
    fn made(&self, request: &cloudflare::Request) -> Result<Request> {
        let (content_type, body) = match &request.body {
            Body::None => (None, None),
            Body::Json(kind, value) => {
                let text = value.to_string();
                (Some((*kind).to_owned()), Some(joined(&[text.as_bytes()])))
            }
            Body::Bytes(kind, bytes) => (Some(kind.clone()), Some(joined(&[bytes]))),
            Body::Form(form) => {
                let seed: [u8; 16] = random::bytes()?;
                let boundary: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
                let (kind, pieces) = form.pieces(&boundary);
                (Some(kind), Some(joined(&pieces)))
            }
        };
        let headers = Headers::new();
        let set = |name, value: &str| headers.set(name, value).map_err(Error::internal);
        let token = match &request.proof {
            Proof::Token => &self.token,
            Proof::Session(token) => token,
        };
        set("authorization", &format!("Bearer {token}"))?;
        if let Some(kind) = &content_type {
            set("content-type", kind)?;
        }
        let mut init = RequestInit::new();
        init.with_body(body.map(Into::into))
            .with_method(Method::from(request.method.as_str().to_owned()))
            .with_headers(headers);
        let url = request.url();
        let rest = url.strip_prefix(BASE).unwrap_or(&url);
        Request::new_with_init(&format!("{}{rest}", self.api), &init).map_err(Error::internal)
    }
}

/// Bytes outside of this module's memory, which never shrinks again: files are large.
fn joined(pieces: &[impl AsRef<[u8]>]) -> Uint8Array {
    let lengths = pieces.iter().map(|piece| piece.as_ref().len() as u32);
    let whole = Uint8Array::new_with_length(lengths.sum());
    let mut at = 0;
    for piece in pieces.iter().map(AsRef::as_ref) {
        let end = at + piece.len() as u32;
        whole.subarray(at, end).copy_from(piece);
        at = end;
    }
    whole
}

/// The error of an API that said no.
pub(super) fn failed(error: ApiError) -> Error {
    let sentence = format!("{error}.");
    match error.status {
        0 | 408 | 429 | 500.. => Error::unavailable(sentence, error),
        _ => Error::new(crate::error::Kind::Unprocessable, sentence).caused_by(error),
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        failed(error)
    }
}
