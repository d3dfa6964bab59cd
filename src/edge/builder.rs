//! Where builds are sent: to an address, or to containers of Cloudflare's, each of which belongs to a Durable Object.
//!
//! The variable `BUILDER` says which: `url` (the address in `BUILDER_URL`) or `container` (the objects of the binding
//! `BUILDER_CONTAINERS`, as many as `BUILDER_INSTANCES` says). An app's builds always go to the same container.
//!
//! [`BuilderContainer`] passes requests on to the container that it owns, which it starts when there is none, and stops when
//! nobody has asked for a while. It stores nothing but its alarm. Unverified: that containers start was never seen, since that
//! takes an account, and no test covers this path.

use std::{cell::Cell, fmt, ops::Deref as _, time::Duration};

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
/// How long a container may take until it answers: the image is loaded, and the levels of its sandbox are tried.
const START: Duration = Duration::from_secs(60);
/// How often it is asked meanwhile.
const ASK: Duration = Duration::from_millis(250);
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
}

impl DurableObject for BuilderContainer {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            asked: Cell::new(clock::now()),
        }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let now = clock::now();
        self.asked.set(now);
        runtime::arm(&self.state, Timestamp(now.0 + IDLE_MILLIS))?;
        match self.ready().await {
            Ok(port) => port.fetch_request(request).await,
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
            _ => {}
        }
        Response::empty()
    }
}

impl BuilderContainer {
    /// The port of the container, which is started when it does not run, and answers.
    async fn ready(&self) -> worker::Result<Fetcher> {
        let container = self.state.container().ok_or(
            "this Worker has no containers: see docs/builder.md for what wrangler.toml must declare",
        )?;
        let port = container.get_tcp_port(PORT)?;
        if container.running() && is_healthy(&port).await {
            return Ok(port);
        }
        if !container.running() {
            let container: &JsValue = container.as_ref();
            // The crate's own options leave out what they are told.
            let container: &worker_sys::Container = container.unchecked_ref();
            container.start(&self.options()?)?;
        }
        let rounds = START.as_millis() / ASK.as_millis();
        for _ in 0..rounds {
            if is_healthy(&port).await {
                return Ok(port);
            }
            Delay::from(ASK).await;
        }
        Err(format!("it does not answer after {} s", START.as_secs()).into())
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
    let answer = port.fetch("http://builder/healthz", None).await;
    answer.is_ok_and(|answer| answer.status_code() == 200)
}
