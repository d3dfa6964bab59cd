//! What is measured, and what is watched. The numbers are made as JSON by the workspace ([`crate::monitor`]); these types describe them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    http::body::AlertThresholds,
    monitor::{self, alert::Threshold},
    time::Timestamp,
};

/// `GET /v1/apps/{app}/metrics`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AppMetrics {
    /// What is measured of the app.
    pub metrics: monitor::AppMetrics,
}

/// `GET /v1/metrics`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FleetMetrics {
    /// What is measured of the workspace's apps.
    pub metrics: monitor::Fleet,
}

/// `GET` and `PUT /v1/apps/{app}/alerts`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alerts {
    /// What is watched for whom.
    pub alerts: AlertSettings,
    /// What alerts are signed with: shown when a webhook is new, or gets another secret, and never again.
    pub secret: Option<String>,
}

/// What of an app is watched for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlertSettings {
    /// Where alerts are sent; nowhere but into the feed without it.
    pub webhook: Option<String>,
    /// What is watched.
    pub thresholds: AlertThresholds,
    /// What is reached at present, and was told.
    pub raised: Vec<Threshold>,
    /// What became of the alert that was sent last.
    pub delivery: Option<AlertDelivery>,
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlertDelivery {
    /// Which one.
    pub alert: String,
    /// When that was known.
    pub at: Timestamp,
    /// Why it was given up; nothing when it has arrived.
    pub error: Option<String>,
}

impl From<&monitor::alert::Watch> for AlertSettings {
    fn from(watch: &monitor::alert::Watch) -> Self {
        let delivery = watch.delivery.as_ref().map(|delivery| AlertDelivery {
            alert: delivery.alert.clone(),
            at: delivery.at,
            error: delivery.error.clone(),
        });
        Self {
            webhook: watch.webhook.as_ref().map(|webhook| webhook.url.clone()),
            thresholds: (&watch.thresholds).into(),
            raised: watch.raised.iter().copied().collect(),
            delivery,
        }
    }
}
