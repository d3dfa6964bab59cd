//! An app's address: the live artifact set's Worker, or a page that says that there is none yet.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{Env, Fetcher, Headers, Method, RequestInit, Response, worker_sys::web_sys};

use super::{
    answers, clock,
    cloudflare::Target,
    loader::{self, Named},
    objects::{self, ConversationCall, Live},
    runtime::Seen,
};
use crate::{
    digest::Digest,
    error::{Error, Kind, Result},
    generation::Probe,
    http::host::Hosts,
    ids::AppId,
    project::ProjectPath,
    publish::{ASSET_UNREADABLE, Answers, Environment, Runtime, is_immutable, placeholder, probe},
    time::Timestamp,
};

/// How many of the files that a page loads first are asked for at the same time, as browsers do.
const LOADED_AT_ONCE: usize = 6;

/// For how long it is believed what is deployed, in milliseconds.
const BELIEVED_MILLIS: u64 = 1_000;
/// For how many addresses at once.
const MOST_BELIEVED: usize = 64;

/// What an address was found to serve.
struct Believed {
    app: AppId,
    environment: Environment,
    served: Rc<Served>,
}

impl Believed {
    fn is(&self, app: &AppId, environment: Environment) -> bool {
        self.environment == environment && self.app == *app
    }
}

/// What an address serves, and what its Worker was told: for each origin that leads there, such as that of a domain, something else.
struct Served {
    live: Live,
    /// Until when that is believed.
    until: Timestamp,
    named: RefCell<Vec<Rc<Named>>>,
}

impl Served {
    /// What the Worker of a set is told where it answers.
    fn named(&self, visit: &Visit<'_>, set: Digest, version: u32) -> Rc<Named> {
        let mut all = self.named.borrow_mut();
        if let Some(known) = all.iter().find(|one| one.runtime.origin == visit.origin) {
            return Rc::clone(known);
        }
        let named = Named::new(Runtime {
            app_id: visit.app.clone(),
            environment: visit.environment,
            version,
            set,
            console_origin: Some(visit.hosts.console_origin().to_owned()),
            origin: visit.origin.clone(),
            told: self.live.told.clone(),
        });
        all.push(Rc::clone(&named));
        named
    }
}

/// What a visitor asks of an app. Most of what they ask passes through as it is: the crate's own types would copy it.
pub(super) struct Visit<'a> {
    pub(super) request: web_sys::Request,
    pub(super) path: &'a str,
    pub(super) app: &'a AppId,
    pub(super) environment: Environment,
    pub(super) hosts: &'a Hosts,
    /// Where it was sent to, as [`Hosts::url`] writes it.
    pub(super) origin: String,
}

// The path is that of `src/edge/standing.js` beside the bindings, where the build puts it.
#[wasm_bindgen(raw_module = "./standing.js")]
extern "C" {
    /// The pages and files of an origin are answered by the Worker of this name, until then.
    fn stand(origin: &str, name: &str, until: f64, is_watched: bool, is_preview: bool);

    /// Whether a preview is wanted as it is at this moment.
    #[wasm_bindgen(js_name = asksAnew)]
    fn asks_anew(request: &web_sys::Request) -> bool;

    /// Nothing stands any more.
    fn dismiss();
}

thread_local! {
    static BELIEVED: RefCell<Vec<Believed>> = const { RefCell::new(Vec::new()) };

    /// How often something was forgotten: what was asked for before may be old.
    static FORGOTTEN: Cell<u64> = const { Cell::new(0) };

    /// Paths of the vendor modules that an app's Worker has answered with, as far as this isolate has looked.
    static SERVED: Seen<String> = const { Seen::new() };
}

/// Answers a visitor of an app.
pub(super) async fn serve(
    visit: &Visit<'_>,
    env: &Env,
    context: &JsValue,
) -> Result<web_sys::Response> {
    let Visit {
        app,
        environment,
        hosts,
        ..
    } = *visit;
    let unchanging = unchanging(visit);
    let is_preview = environment == Environment::Preview;
    let is_believed = !is_preview || unchanging.is_some() || !asks_anew(&visit.request);
    let Some(served) = live(env, app, environment, is_believed).await? else {
        return Ok(page(placeholder::unknown(), 404, hosts)?.into());
    };
    let live = &served.live;
    // What was put into a namespace that this Worker has no more is answered from here.
    if let Some(name) = &live.dispatched
        && let Some(worker) = loader::dispatched(env, name)?
    {
        let asked = loader::fetch(&worker, &visit.request);
        return counted(asked, visit, live, env, context).await;
    }
    let Some((set, version)) = live.set else {
        return Ok(nothing_yet(live, environment, hosts)?.into());
    };
    let named = served.named(visit, set, version);
    // Milliseconds since the epoch are exact in a double until the year 287396.
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    let until = served.until.0 as f64;
    let is_watched = live.watched.is_some();
    stand(&visit.origin, named.name(), until, is_watched, is_preview);
    let Some(path) = unchanging else {
        let asked = ask(visit, env, context, &named);
        return counted(asked, visit, live, env, context).await;
    };
    let response = ask(visit, env, context, &named).await?;
    if response.status() != 404 {
        return Ok(response);
    }
    match holder(env, app, environment, &path).await? {
        Some(set) => {
            let runtime = Runtime {
                set,
                ..named.runtime.clone()
            };
            ask(visit, env, context, &Named::new(runtime)).await
        }
        None => Ok(response),
    }
}

/// An answer of the app's own Worker, which is counted right after a deployment.
async fn counted(
    asked: impl Future<Output = Result<web_sys::Response>>,
    visit: &Visit<'_>,
    live: &Live,
    env: &Env,
    context: &JsValue,
) -> Result<web_sys::Response> {
    let failures = loader::failures();
    let answer = asked.await;
    if let Some(watched) = &live.watched
        && let Some(seen) = seen(&answer, visit.path, failures)
    {
        answers::count(env, context, visit.app, watched, seen);
    }
    answer
}

/// What is said at an address that serves nothing.
fn nothing_yet(live: &Live, environment: Environment, hosts: &Hosts) -> Result<Response> {
    if environment != Environment::Preview {
        return page(placeholder::unknown(), 404, hosts);
    }
    let (html, retry_after) = if live.failed {
        (placeholder::failed(&live.name), "5")
    } else {
        (placeholder::building(Some(&live.name)), "1")
    };
    let mut response = page(html, 503, hosts)?;
    response
        .headers_mut()
        .set("retry-after", retry_after)
        .map_err(Error::internal)?;
    Ok(response)
}

/// What an answer of an app's own Worker counts as. One that could not be loaded, since our storage has failed, has answered nothing.
fn seen(answer: &Result<web_sys::Response>, path: &str, failures: u64) -> Option<Answers> {
    match answer {
        Ok(response) => Answers::one(response.status(), path),
        Err(error) if error.kind != Kind::Unavailable => None,
        Err(_) => (loader::failures() == failures).then_some(Answers::NONE_CAME),
    }
}

/// What an address serves, believed for a second unless it is wanted as it is now. Where the conversation runs in this isolate, what it changes is known at once.
async fn live(
    env: &Env,
    app: &AppId,
    environment: Environment,
    is_believed: bool,
) -> Result<Option<Rc<Served>>> {
    let now = clock::now();
    let until = now.after(BELIEVED_MILLIS);
    if is_believed && let Some(served) = believed(app, environment, now) {
        return Ok(Some(served));
    }
    let asked = FORGOTTEN.get();
    let Some(live) = as_of_now(env, app, environment).await? else {
        return Ok(None);
    };
    Ok(Some(BELIEVED.with_borrow_mut(|all| {
        let is_old = asked != FORGOTTEN.get();
        if !is_old {
            all.retain(|known| known.served.until > now && !known.is(app, environment));
        }
        let is_kept = !is_old && all.len() < MOST_BELIEVED;
        let served = Rc::new(Served {
            live,
            until: if is_kept { until } else { now },
            named: RefCell::default(),
        });
        if is_kept {
            all.push(Believed {
                app: app.clone(),
                environment,
                served: Rc::clone(&served),
            });
        }
        served
    })))
}

fn believed(app: &AppId, environment: Environment, now: Timestamp) -> Option<Rc<Served>> {
    BELIEVED.with_borrow(|all| {
        let mut fresh = all.iter().filter(|known| known.served.until > now);
        fresh
            .find(|known| known.is(app, environment))
            .map(|known| Rc::clone(&known.served))
    })
}

async fn as_of_now(env: &Env, app: &AppId, environment: Environment) -> Result<Option<Live>> {
    objects::conversation(env, app)?
        .ask(None, ConversationCall::Site { environment })
        .await
}

/// An address of an app serves something else from now on: in this isolate at once.
pub(super) fn forget(app: &AppId) {
    FORGOTTEN.set(FORGOTTEN.get().wrapping_add(1));
    BELIEVED.with_borrow_mut(|all| all.retain(|known| known.app != *app));
    dismiss();
}

/// The Worker of this name among those that are believed to serve something.
fn standing(name: &str) -> Option<(AppId, Rc<Served>, Rc<Named>)> {
    BELIEVED.with_borrow(|all| {
        all.iter().find_map(|known| {
            let named = known.served.named.borrow();
            let named = named.iter().find(|one| one.name() == name)?;
            Some((
                known.app.clone(),
                Rc::clone(&known.served),
                Rc::clone(named),
            ))
        })
    })
}

/// The code of a Worker that stands.
pub(super) async fn code(env: Env, context: JsValue, name: &str) -> worker::Result<JsValue> {
    match standing(name) {
        Some((_, _, named)) => loader::code(&env, &context, &named.runtime).await,
        None => Err("nobody serves this any more".into()),
    }
}

/// Counts what a Worker that stands has answered.
pub(super) fn answered(env: &Env, context: &JsValue, name: &str, status: u16, path: &str) {
    if let Some((app, served, _)) = standing(name)
        && let Some(watched) = &served.live.watched
        && let Some(seen) = Answers::one(status, path)
    {
        answers::count(env, context, &app, watched, seen);
    }
}

/// The path that is read, when the content of its file is in its name: it is the same in whichever set it is.
fn unchanging(visit: &Visit<'_>) -> Option<ProjectPath> {
    let path = js_sys::decode_uri_component(visit.path.strip_prefix('/')?).ok()?;
    let path = String::from(path).parse().ok()?;
    let is_read = || matches!(visit.request.method().as_str(), "GET" | "HEAD");
    (is_immutable(&path) && is_read()).then_some(path)
}

/// The newest set of an address that has a file at this path, among the one that it serves now and those that it served before: a page that was
/// opened before another set went live loads the rest of its files from it.
async fn holder(
    env: &Env,
    app: &AppId,
    environment: Environment,
    path: &ProjectPath,
) -> Result<Option<Digest>> {
    let Some(live) = as_of_now(env, app, environment).await? else {
        return Ok(None);
    };
    let now = live.set.map(|(set, _)| set);
    for set in now.into_iter().chain(live.earlier) {
        let stored = loader::stored_set(env, app, &set).await?;
        if stored.artifacts.entries.contains_key(path) {
            return Ok(Some(set));
        }
    }
    Ok(None)
}

async fn ask(
    visit: &Visit<'_>,
    env: &Env,
    context: &JsValue,
    named: &Rc<Named>,
) -> Result<web_sys::Response> {
    loader::app_worker(env, context, named)?
        .fetch(&visit.request)
        .await
}

/// A page of our own on an app's host.
pub(super) fn page(html: String, status: u16, hosts: &Hosts) -> Result<Response> {
    let mut response = Response::from_html(html)
        .map_err(Error::internal)?
        .with_status(status);
    let policy = format!(
        "{}; frame-ancestors {}",
        placeholder::CONTENT_SECURITY_POLICY,
        hosts.console_origin()
    );
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", policy.as_str()),
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex"),
        ("x-content-type-options", "nosniff"),
    ] {
        headers.set(name, value).map_err(Error::internal)?;
    }
    Ok(response)
}

/// Where an app's Worker is asked.
pub(super) enum Place<'a> {
    /// It was loaded here.
    Loaded(&'a Fetcher),
    /// At a host name on an account.
    Host(&'a Target, &'a str),
}

/// Looks at an app's Worker as a browser would, before an address serves it.
pub(super) async fn probe(worker: &Place<'_>) -> Result<Probe> {
    let (probe, _) = probe_in_time(worker).await?;
    Ok(probe)
}

/// The same, and how long it took to the end of the first answer, in milliseconds. Of a script that is loaded for it, that is its start as far as it can be
/// measured here: the platform's clock goes on while something is waited for.
pub(super) async fn probe_in_time(worker: &Place<'_>) -> Result<(Probe, u64)> {
    let began = clock::now();
    let (home, content) = fetch_page(worker).await?;
    let millis = clock::now().since(began);
    Ok((probe_page(worker, &home, &content).await?, millis))
}

async fn probe_page(worker: &Place<'_>, home: &probe::Answer, content: &[u8]) -> Result<Probe> {
    let loads = match probe::loads(home, content) {
        Ok(loads) => loads,
        Err(reasons) => return Ok(Probe::Failed(reasons)),
    };
    let answers: Vec<_> = stream::iter(loads)
        .map(|load| async move {
            let answer = look_at(worker, &load).await?;
            Ok::<_, Error>((load, answer))
        })
        .buffered(LOADED_AT_ONCE)
        .try_collect()
        .await?;
    Ok(match probe::check(&answers) {
        Ok(()) => Probe::Passed,
        Err(reasons) => Probe::Failed(reasons),
    })
}

/// The start page, with its content.
async fn fetch_page(worker: &Place<'_>) -> Result<(probe::Answer, Vec<u8>)> {
    let mut response = fetch(worker, Method::Get, "/").await?;
    let content = response.bytes().await.map_err(silent)?;
    let answer = answer(&response, probe::is_blank(&content))?;
    Ok((answer, content))
}

/// What is answered at a path. Of the content nothing is kept, and no more is read than shows that there is some. Of a vendor module
/// that was seen before, only whether this app's Worker knows it.
async fn look_at(worker: &Place<'_>, load: &probe::Load) -> Result<probe::Answer> {
    if Seen::has(&SERVED, &load.path) {
        let response = fetch(worker, Method::Head, &load.path).await?;
        return answer(&response, false);
    }
    let mut response = fetch(worker, Method::Get, &load.path).await?;
    let mut is_blank = true;
    // An answer without a body has no stream. The rest of one is called off when the stream is dropped.
    if let Ok(mut content) = response.stream() {
        while is_blank && let Some(chunk) = content.next().await {
            is_blank = probe::is_blank(&chunk.map_err(silent)?);
        }
    }
    let answer = answer(&response, is_blank)?;
    if load.is_vendor() && answer.status == 200 && !is_blank {
        Seen::remember(&SERVED, load.path.clone());
    }
    Ok(answer)
}

fn answer(response: &Response, is_blank: bool) -> Result<probe::Answer> {
    if response.status_code() == ASSET_UNREADABLE {
        return Err(Error::unavailable(
            "A file of the app could not be read.",
            "its Worker answers with the status 502",
        ));
    }
    let content_type = response.headers().get("content-type").map_err(silent)?;
    Ok(probe::Answer {
        status: response.status_code(),
        content_type: content_type.unwrap_or_default(),
        is_blank,
    })
}

async fn fetch(worker: &Place<'_>, method: Method, path: &str) -> Result<Response> {
    let worker = match worker {
        Place::Loaded(worker) => worker,
        Place::Host(target, host) => return target.visit(host, method, path).await,
    };
    let headers = Headers::new();
    headers
        .set("accept", "text/html")
        .map_err(Error::internal)?;
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers);
    let address = format!("https://preview{path}");
    worker.fetch(address, Some(init)).await.map_err(silent)
}

fn silent(error: worker::Error) -> Error {
    Error::unavailable("The app's Worker did not answer.", error)
}
