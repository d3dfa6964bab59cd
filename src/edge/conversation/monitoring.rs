//! Has the workspace count what was measured, and sends alerts.

use std::{pin::pin, time::Duration};

use futures::future::{self, Either};
use worker::{
    AbortController, Delay, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
};

use super::Conversation;
use crate::{
    edge::{
        cipher, clock,
        data::Tables,
        objects::{self, WorkspaceCall},
    },
    error::{Error, Result},
    generation::{Conversation as Machine, Input},
    monitor::{
        Facts, Measurement,
        alert::{self, ANSWER_SECONDS, Alert, Levels, Webhook},
    },
    publish::Environment,
};

impl Conversation {
    /// Has the workspace count a measurement, or nothing, and hears how the app stands.
    pub(super) async fn count(
        &self,
        machine: &Machine,
        measurement: Option<&Measurement>,
    ) -> Result<Input> {
        let call = WorkspaceCall::Measure {
            app: machine.app.clone(),
            measurement: measurement.cloned(),
            facts: self.facts(machine).await?,
            at: clock::now(),
        };
        let levels: Levels = objects::workspace(&self.env, &machine.workspace)?
            .ask(None, call)
            .await?;
        Ok(Input::Measured {
            measurement: measurement.cloned(),
            levels,
        })
    }

    async fn facts(&self, machine: &Machine) -> Result<Facts> {
        let manifest = machine.manifest();
        let is_function = |path: &str| path.starts_with("functions/");
        let own_worker = [Environment::Staging, Environment::Production]
            .into_iter()
            .filter_map(|environment| machine.live_deployment(environment))
            .any(|live| live.remote.is_some());
        Ok(Facts {
            functions: manifest
                .iter()
                .filter(|(path, _)| is_function(path.as_str()))
                .count(),
            has_data: Tables::as_of_now(&self.env, &machine.app).await?.is_some(),
            own_worker,
            source_bytes: manifest.total_bytes(),
        })
    }

    /// Sends an alert, once.
    pub(super) async fn send_alert(&self, machine: &Machine, alert: &Alert) -> Result<Input> {
        // Whoever takes the webhook away does not want it any more.
        if let Some(webhook) = &machine.watch().webhook {
            let secret =
                cipher::open(&self.env, &alert::sealed_as(&machine.app), &webhook.secret).await?;
            let body = alert.body(&machine.app, &machine.name);
            post(webhook, &secret, &alert.key(&machine.app), body).await?;
        }
        Ok(Input::AlertSent {
            alert: alert.clone(),
        })
    }
}

/// Posts what is told. Only an answer that says that it was taken will do: no other place that it leads to is asked.
async fn post(webhook: &Webhook, secret: &str, key: &str, body: String) -> Result<()> {
    let headers = Headers::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("user-agent", "overskill"),
        ("overskill-alert", key),
        (
            "overskill-signature",
            &alert::signature(secret, clock::now(), &body),
        ),
    ] {
        headers.set(name, value).map_err(Error::internal)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(body.into()));
    // The address may be a secret of its own.
    let request = Request::new_with_init(&webhook.url, &init)
        .map_err(|_| Error::internal("the address of a webhook cannot be asked"))?;
    let request = Fetch::Request(request);
    let abort = AbortController::default();
    let signal = abort.signal();
    let status = {
        let asking = pin!(request.send_with_signal(&signal));
        let silence = Delay::from(Duration::from_secs(ANSWER_SECONDS));
        match future::select(asking, silence).await {
            Either::Left((answer, _)) => answer.map(|answer| answer.status_code()).ok(),
            Either::Right(_) => None,
        }
    };
    abort.abort();
    let why = match status {
        Some(200..=299) => return Ok(()),
        Some(status) => format!("The webhook answers with the status {status}."),
        None => format!("The webhook does not answer within {ANSWER_SECONDS} seconds."),
    };
    Err(Error::unavailable(why, "an alert was not taken"))
}
