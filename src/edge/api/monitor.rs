//! What is measured, and what is watched.

use super::{Call, Principal, Reply, apps::Asked};
use crate::{
    edge::{
        cipher, clock,
        objects::{self, ConversationCall, WorkspaceCall},
        random,
    },
    error::Result,
    generation::AppSummary,
    http::{
        body::{self, SetAlerts},
        query::Query,
        resource,
    },
    ids::AppId,
    monitor::{
        alert::{self, Watch, Webhook},
        exposition,
    },
};

/// What the secret of a webhook begins with.
const SECRET_PREFIX: &str = "whsec_";

impl Call<'_> {
    /// What is measured of all apps, as text where Prometheus asks.
    pub(super) async fn fleet_metrics(
        &self,
        principal: &Principal,
        as_text: bool,
    ) -> Result<Reply> {
        Query::parse(&self.query, &[])?;
        let call = WorkspaceCall::Fleet {
            as_text,
            at: clock::now(),
        };
        let workspace = objects::workspace(self.env, &principal.workspace)?;
        if !as_text {
            let metrics: serde_json::Value = workspace.ask(None, call).await?;
            return Reply::json(200, &metrics);
        }
        let text: String = workspace.ask(None, call).await?;
        Ok(Reply::text(200, text).with("content-type", exposition::MEDIA_TYPE.to_owned()))
    }

    pub(super) async fn app_metrics(
        &self,
        principal: &Principal,
        app: &AppId,
        asked: &Asked<'_>,
    ) -> Result<Reply> {
        Query::parse(&self.query, &[])?;
        // Whose app it is, its conversation knows.
        asked.ask::<AppSummary>(ConversationCall::Show).await?;
        let call = WorkspaceCall::Metrics {
            app: app.clone(),
            at: clock::now(),
        };
        let metrics: serde_json::Value = objects::workspace(self.env, &principal.workspace)?
            .ask(None, call)
            .await?;
        Reply::json(200, &metrics)
    }

    pub(super) async fn show_alerts(&self, asked: &Asked<'_>) -> Result<Reply> {
        let watch: Watch = asked.ask(ConversationCall::Alerts).await?;
        shown(&watch, None)
    }

    pub(super) async fn set_alerts(&mut self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        let bytes = self.body(body::MAX_JSON_BYTES).await?;
        let SetAlerts {
            webhook,
            thresholds,
            new_secret,
        } = self.parse(&bytes)?;
        let before: Watch = asked.ask(ConversationCall::Alerts).await?;
        let (webhook, secret) = match webhook {
            None => (None, None),
            Some(url) => {
                alert::check_address(&url, self.hosts.is_local())
                    .map_err(|rule| body::field("webhook", rule))?;
                match before.webhook.filter(|known| known.url == url) {
                    Some(known) if !new_secret => (Some(known), None),
                    _ => {
                        let (webhook, secret) = self.webhook(app, url).await?;
                        (Some(webhook), Some(secret))
                    }
                }
            }
        };
        let call = ConversationCall::SetAlerts {
            webhook,
            thresholds: thresholds.into(),
        };
        let watch: Watch = asked.ask(call).await?;
        shown(&watch, secret)
    }

    /// A webhook with a secret of its own.
    async fn webhook(&self, app: &AppId, url: String) -> Result<(Webhook, String)> {
        let bytes: [u8; 32] = random::bytes()?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = format!("{SECRET_PREFIX}{digits}");
        let sealed = cipher::seal(self.env, &alert::sealed_as(app), &secret).await?;
        let webhook = Webhook {
            url,
            secret: sealed,
        };
        Ok((webhook, secret))
    }
}

fn shown(watch: &Watch, secret: Option<String>) -> Result<Reply> {
    let alerts = watch.into();
    Reply::json(200, &resource::Alerts { alerts, secret })
}
