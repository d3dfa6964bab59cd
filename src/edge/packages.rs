//! Questions to the builder about packages, before a model adds one.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use futures::future::{self, Either};
use worker::{AbortController, Delay, Env, Headers, Method, Request, RequestInit, console_warn};

use super::{builder, settings};
use crate::{
    build::{DependencyAnswer, DependencyQuestion},
    error::{Error, Result},
    ids::AppId,
};

/// How long the builder may take to answer: it resolves all that the app needs.
const LIMIT: Duration = Duration::from_secs(60);

/// Asks the builder; what it said, by the call that a question is for. A question that it does not answer is left out.
pub(super) async fn ask(
    env: &Env,
    app: &AppId,
    questions: Vec<(String, DependencyQuestion)>,
) -> BTreeMap<String, DependencyAnswer> {
    let mut answers = BTreeMap::new();
    for (call, question) in questions {
        match ask_one(env, app, &question).await {
            Ok(answer) => {
                answers.insert(call, answer);
            }
            Err(error) => console_warn!("the builder was not asked about a package: {error}"),
        }
    }
    answers
}

async fn ask_one(
    env: &Env,
    app: &AppId,
    question: &DependencyQuestion,
) -> Result<DependencyAnswer> {
    let body = serde_json::to_string(question).map_err(Error::internal)?;
    let headers = Headers::new();
    let token = settings::builder_token(env)?;
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("content-type", "application/json".to_owned()),
    ] {
        headers.set(name, &value).map_err(Error::internal)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_body(Some(body.into()));
    let url = format!("{}/dependencies", builder::base(env)?);
    let request = Request::new_with_init(&url, &init).map_err(Error::internal)?;
    let abort = AbortController::default();
    let signal = abort.signal();
    let asking = async {
        let away = |error| Error::unavailable("the builder could not be reached", error);
        let mut response = builder::send(env, app, request, &signal).await?;
        let text = response.text().await.map_err(away)?;
        match response.status_code() {
            200 => serde_json::from_str(&text)
                .map_err(|error| Error::unavailable("the builder's answer cannot be read", error)),
            status => Err(Error::unavailable(
                "the builder did not answer",
                format!("{status}"),
            )),
        }
    };
    match future::select(pin!(asking), Delay::from(LIMIT)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => {
            abort.abort();
            Err(Error::unavailable("the builder did not answer", "too late"))
        }
    }
}
