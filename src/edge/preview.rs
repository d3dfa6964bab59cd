//! A preview's address: the live artifact set's Worker, or a page that says that there is none yet.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use wasm_bindgen::JsValue;
use worker::{Env, Fetcher, Headers, Method, Request, RequestInit, Response};

use super::{
    loader,
    objects::{self, ConversationCall, Live},
};
use crate::{
    digest::Digest,
    error::{Error, Result},
    generation::Probe,
    http::host::Hosts,
    ids::AppId,
    publish::{placeholder, probe},
};

/// How many of the files that a page loads first are asked for at the same time, as browsers do.
const LOADED_AT_ONCE: usize = 6;

/// Answers a visitor of `preview-<app>`.
pub(super) async fn serve(
    request: Request,
    env: &Env,
    context: &JsValue,
    app: &AppId,
    hosts: &Hosts,
) -> Result<Response> {
    let live: Option<Live> = objects::conversation(env, app)?
        .ask(None, ConversationCall::Preview)
        .await?;
    match live {
        None => page(placeholder::unknown(), 404, hosts),
        Some(Live {
            name,
            failed,
            set: None,
        }) => {
            let (html, retry_after) = if failed {
                (placeholder::failed(&name), "5")
            } else {
                (placeholder::building(Some(&name)), "1")
            };
            let mut response = page(html, 503, hosts)?;
            response
                .headers_mut()
                .set("retry-after", retry_after)
                .map_err(Error::internal)?;
            Ok(response)
        }
        Some(Live { set: Some(set), .. }) => {
            let worker = loader::app_worker(env, context, app, &set)?;
            worker.fetch_request(request).await.map_err(|error| {
                Error::unavailable("The app's Worker did not answer. Please try again.", error)
            })
        }
    }
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

/// Looks at a built preview as a browser would, before it becomes the current one.
pub(super) async fn probe(
    env: &Env,
    context: &JsValue,
    app: &AppId,
    set: &Digest,
) -> Result<Probe> {
    let worker = loader::app_worker(env, context, app, set)?;
    let home = fetch(&worker, "/").await?;
    let loads = match probe::loads(&home.as_answer()) {
        Ok(loads) => loads,
        Err(reasons) => return Ok(Probe::Failed(reasons)),
    };
    let worker = &worker;
    let answers: Vec<_> = stream::iter(loads)
        .map(|load| async move { Ok::<_, Error>((fetch(worker, &load.path).await?, load)) })
        .buffered(LOADED_AT_ONCE)
        .try_collect()
        .await?;
    let answers: Vec<_> = answers
        .iter()
        .map(|(fetched, load)| (load.clone(), fetched.as_answer()))
        .collect();
    Ok(match probe::check(&answers) {
        Ok(()) => Probe::Passed,
        Err(reasons) => Probe::Failed(reasons),
    })
}

struct Fetched {
    status: u16,
    content_type: String,
    body: Vec<u8>,
}

impl Fetched {
    fn as_answer(&self) -> probe::Answer<'_> {
        probe::Answer {
            status: self.status,
            content_type: &self.content_type,
            body: &self.body,
        }
    }
}

async fn fetch(worker: &Fetcher, path: &str) -> Result<Fetched> {
    let headers = Headers::new();
    headers
        .set("accept", "text/html")
        .map_err(Error::internal)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers);
    let failed = |error| Error::unavailable("The app's Worker did not answer.", error);
    let mut response = worker
        .fetch(format!("https://preview{path}"), Some(init))
        .await
        .map_err(failed)?;
    let content_type = response
        .headers()
        .get("content-type")
        .map_err(failed)?
        .unwrap_or_default();
    let body = response.bytes().await.map_err(failed)?;
    Ok(Fetched {
        status: response.status_code(),
        content_type,
        body,
    })
}
