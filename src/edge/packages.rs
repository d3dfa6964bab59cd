//! Questions to the builder about packages, before a model adds one.

use std::{pin::pin, time::Duration};

use futures::future::{self, Either};
use worker::{
    AbortController, AbortSignal, Delay, Env, Headers, Method, Request, RequestInit, console_warn,
};

use super::{builder, clock, settings};
use crate::{
    build::{DependencyAnswer, DependencyQuestion},
    error::{Error, Result},
    ids::AppId,
    time::Timestamp,
};

/// How long the builder may take for all questions of a step, in milliseconds: it resolves all that the app needs.
const LIMIT_MILLIS: u64 = 60_000;

/// The wait before a builder that has no room is asked again.
const AGAIN: Duration = Duration::from_secs(2);

/// The registry as the builder knows it, during one step.
pub(super) struct Registry<'a> {
    env: &'a Env,
    app: &'a AppId,
    until: Timestamp,
}

impl<'a> Registry<'a> {
    pub(super) fn new(env: &'a Env, app: &'a AppId) -> Self {
        Self {
            env,
            app,
            until: clock::now().after(LIMIT_MILLIS),
        }
    }

    /// What the builder says; nothing when it does not answer in time.
    pub(super) async fn ask(&self, question: &DependencyQuestion) -> Option<DependencyAnswer> {
        let left = self.until.since(clock::now());
        let abort = AbortController::default();
        let signal = abort.signal();
        let answer = {
            let asking = pin!(self.ask_until_heard(question, &signal));
            let late = Delay::from(Duration::from_millis(left));
            match future::select(asking, late).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => {
                    Err(Error::unavailable("the builder did not answer", "too late"))
                }
            }
        };
        answer
            .inspect_err(|error| {
                abort.abort();
                console_warn!("the builder was not asked about a package: {error}");
            })
            .ok()
    }

    async fn ask_until_heard(
        &self,
        question: &DependencyQuestion,
        signal: &AbortSignal,
    ) -> Result<DependencyAnswer> {
        loop {
            let request = self.request(question)?;
            let mut response = builder::send(self.env, self.app, request, signal).await?;
            let text = response
                .text()
                .await
                .map_err(|error| builder::away("the builder could not be reached", error))?;
            match response.status_code() {
                200 => {
                    return crate::json::from_str(&text).map_err(|error| {
                        builder::away("the builder's answer cannot be read", error)
                    });
                }
                503 => Delay::from(AGAIN).await,
                status => {
                    return Err(builder::away("the builder did not answer", status));
                }
            }
        }
    }

    fn request(&self, question: &DependencyQuestion) -> Result<Request> {
        let body = serde_json::to_string(question).map_err(Error::internal)?;
        let headers = Headers::new();
        let token = settings::builder_token(self.env)?;
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
        let url = format!("{}/dependencies", builder::base(self.env)?);
        Request::new_with_init(&url, &init).map_err(Error::internal)
    }
}
