//! Where builds are sent: to an address, or to containers of Cloudflare's, each of which belongs to a Durable Object.
//!
//! The variable `BUILDER` says which: `url` (the address in `BUILDER_URL`) or `container` (the objects of the binding
//! `BUILDER_CONTAINERS`, as many as `BUILDER_INSTANCES` says). An app's builds always go to the same container.
//!
//! [`BuilderContainer`] passes requests on to the container that it owns, which it starts when there is none, and stops when
//! nobody has asked for a while. While it starts, which takes longer than an attempt may be silent, it answers as a builder that has
//! no room: 503 with `Retry-After`. It stores nothing but its alarm. Unverified: that containers start was never seen, since that
//! takes an account, and no test covers this path.

use std::{cell::Cell, fmt, ops::Deref as _, pin::pin, time::Duration};

use futures::future::{self, Either};
use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use worker::{
    AbortSignal, Delay, DurableObject, Env, Fetch, Fetcher, Request, Response, State,
    console_error, durable_object, worker_sys, worker_sys::web_sys,
};

use super::{clock, runtime, settings};
use crate::{
    digest::Digest,
    error::{Error, Result},
    ids::AppId,
    time::Timestamp,
};

/// The port that the image listens on.
const PORT: u16 = 8788;
/// How long a container may take until it answers, in milliseconds: the image is loaded, and the levels of its sandbox are tried.
const START_MILLIS: u64 = 60_000;
/// How long it may take to say that it is well.
const ASK: Duration = Duration::from_secs(2);
/// When whoever finds it starting is to come again, in seconds.
const COME_AGAIN: &str = "5";
/// A container that nobody has asked for this long is stopped, in milliseconds. Its workers are warm until then.
const IDLE_MILLIS: u64 = 10 * 60 * 1000;
/// Tells a builder to finish what it is doing and end.
const SIGTERM: i32 = 15;

/// What the builder's paths are appended to.
pub(super) fn base(env: &Env) -> Result<String> {
    Ok(match settings::builder(env)? {
        settings::Builder::Url(url) => url,
        // Only the path counts.
        settings::Builder::Containers(_) => "http://builder".to_owned(),
    })
}

/// Sends a request about an app, which `signal` calls off.
pub(super) async fn send(
    env: &Env,
    app: &AppId,
    request: Request,
    signal: &AbortSignal,
) -> Result<Response> {
    let sent = match settings::builder(env)? {
        settings::Builder::Url(_) => Fetch::Request(request).send_with_signal(signal).await,
        settings::Builder::Containers(count) => {
            let stub = env
                .durable_object("BUILDER_CONTAINERS")
                .and_then(|namespace| namespace.get_by_name(&container_of(app, count)))
                .map_err(Error::internal)?;
            let init = web_sys::RequestInit::new();
            init.set_signal(Some(signal.deref()));
            let request = web_sys::Request::new_with_request_and_init(request.inner(), &init);
            let request = request.map_err(|error| Error::internal(format!("{error:?}")))?;
            stub.fetch_with_request(Request::from(request)).await
        }
    };
    sent.map_err(|error| away("the builder could not be reached", error))
}

/// The member of an error that says whose fault it is.
const FAULT: &str = "fault";

/// An error that is the builder's.
pub(super) fn away(public: &str, source: impl fmt::Display) -> Error {
    Error::unavailable(public, source).with(FAULT, "builder")
}

/// Whether an error is the builder's.
pub(super) fn is_away(error: &Error) -> bool {
    error.members.contains_key(FAULT)
}

/// The name of the object whose container builds an app.
fn container_of(app: &AppId, count: u8) -> String {
    let [first, ..] = *Digest::of(app.as_str().as_bytes()).bytes();
    format!("builder-{}", first % count.max(1))
}

/// The owner of one container.
#[durable_object(alarm)]
pub struct BuilderContainer {
    state: State,
    env: Env,
    asked: Cell<Timestamp>,
    /// Since when the container has not answered, if it does not.
    silent_from: Cell<Option<Timestamp>>,
}

impl DurableObject for BuilderContainer {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            asked: Cell::new(clock::now()),
            silent_from: Cell::default(),
        }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let now = clock::now();
        self.asked.set(now);
        runtime::arm(&self.state, Timestamp(now.0 + IDLE_MILLIS))?;
        match self.ready().await {
            Ok(Some(port)) => port.fetch_request(request).await,
            Ok(None) => {
                let mut response = Response::error("The builder's container starts.", 503)?;
                response.headers_mut().set("retry-after", COME_AGAIN)?;
                Ok(response)
            }
            Err(error) => {
                console_error!("the builder's container: {error}");
                Response::error("The builder's container does not start.", 502)
            }
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let idle_from = self.asked.get().0 + IDLE_MILLIS;
        match self.state.container() {
            Some(container) if container.running() => {
                if clock::now().0 < idle_from {
                    runtime::arm(&self.state, Timestamp(idle_from))?;
                } else {
                    container.signal(SIGTERM)?;
                }
            }
            _ => self.silent_from.set(None),
        }
        Response::empty()
    }
}

impl BuilderContainer {
    /// The port of the container; nothing while it starts, which it is told to when it does not run.
    async fn ready(&self) -> worker::Result<Option<Fetcher>> {
        let container = self.state.container().ok_or(
            "this Worker has no containers: see docs/builder.md for what wrangler.toml must declare",
        )?;
        let port = container.get_tcp_port(PORT)?;
        if !container.running() {
            let container: &JsValue = container.as_ref();
            // The crate's own options leave out what they are told.
            let container: &worker_sys::Container = container.unchecked_ref();
            container.start(&self.options()?)?;
        } else if is_healthy(&port).await {
            self.silent_from.set(None);
            return Ok(Some(port));
        }
        // A container that ends as soon as it is started is silent from the first time on.
        let now = clock::now();
        let silent_from = self.silent_from.get().unwrap_or(now);
        self.silent_from.set(Some(silent_from));
        if now.since(silent_from) < START_MILLIS {
            return Ok(None);
        }
        Err(format!("it does not answer after {} s", START_MILLIS / 1_000).into())
    }

    /// What a container is started with: the hash of this Worker's token, and a network for packages. Builds have none.
    fn options(&self) -> worker::Result<JsValue> {
        let token = settings::builder_token(&self.env)?;
        let hash = Digest::of(token.as_bytes()).to_string();
        let (options, variables) = (Object::new(), Object::new());
        Reflect::set(&variables, &"BUILDER_TOKEN_HASH".into(), &hash.into())?;
        Reflect::set(&options, &"env".into(), &variables)?;
        Reflect::set(&options, &"enableInternet".into(), &JsValue::TRUE)?;
        Ok(options.into())
    }
}

async fn is_healthy(port: &Fetcher) -> bool {
    let answer = pin!(port.fetch("http://builder/healthz", None));
    match future::select(answer, Delay::from(ASK)).await {
        Either::Left((answer, _)) => answer.is_ok_and(|answer| answer.status_code() == 200),
        Either::Right(_) => false,
    }
}
