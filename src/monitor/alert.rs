//! When somebody is to hear of an app: thresholds, and where they are told.
//!
//! A threshold that is reached is told once, and again only after it was not reached in between. What is not known crosses nothing.

use std::fmt::Write as _;

use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{
    ids::AppId,
    publish,
    sorted::{SortedMap, SortedSet},
    time::Timestamp,
};

/// The longest address that alerts are sent to, in bytes.
pub const MOST_ADDRESS_BYTES: usize = 2_048;
/// How often an alert is sent at most.
pub const MOST_ATTEMPTS: u32 = 12;
/// How long a receiver has to answer, in seconds.
pub const ANSWER_SECONDS: u64 = 10;
/// The wait after the first attempt, doubled after each, in milliseconds.
const FIRST_WAIT_MILLIS: u64 = 1_000;
/// The longest wait, in milliseconds.
const LONGEST_WAIT_MILLIS: u64 = 10 * 60 * 1_000;

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// What 95 of a hundred builds of the slower mode take at most, in milliseconds.
    BuildP95Ms,
    /// The script of the newest build, the larger of both modes, in bytes.
    ScriptBytes,
    /// Builds that have failed in a row.
    FailedBuilds,
    /// Deployments that have.
    FailedDeployments,
    /// What is known of the costs of the last 30 days, in millionths of a dollar.
    MonthCostMicros,
}

/// From which value on each is reached.
pub type Thresholds = SortedMap<Threshold, u64>;

/// How an app stands. What is not known is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// When that was.
    pub at: Timestamp,
    /// How it stands.
    pub values: SortedMap<Threshold, u64>,
}

/// Where alerts are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// What they are signed with, sealed.
    pub secret: String,
}

/// A threshold was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// `a` and a number that counts the app's alerts, from 1.
    pub id: String,
    /// Which one.
    pub threshold: Threshold,
    /// From which value on it is.
    pub limit: u64,
    /// The value.
    pub value: u64,
    /// When.
    pub at: Timestamp,
}

/// What became of the alert that was sent last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which one.
    pub alert: String,
    /// When that was known.
    pub at: Timestamp,
    /// Why it was given up; nothing when it has arrived.
    pub error: Option<String>,
}

/// What of an app is watched for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Where alerts are sent; nowhere but into the feed without it.
    pub webhook: Option<Webhook>,
    /// What is watched.
    pub thresholds: Thresholds,
    /// What is reached at present, and was told.
    pub raised: SortedSet<Threshold>,
    /// What became of the alert that was sent last.
    pub delivery: Option<Delivery>,
    /// How many alerts there were.
    made: u32,
    /// As of when it was looked at last.
    seen: Timestamp,
}

impl Watch {
    /// From now on this is watched. What was told of a threshold that stays as it is, stays told.
    pub fn set(&mut self, webhook: Option<Webhook>, thresholds: Thresholds) {
        let before = std::mem::replace(&mut self.thresholds, thresholds);
        let stays = |threshold: &Threshold| before.get(threshold) == self.thresholds.get(threshold);
        self.raised = std::mem::take(&mut self.raised)
            .into_iter()
            .filter(stays)
            .collect();
        self.webhook = webhook;
    }

    /// How the app stands now; what is reached by that and was not before. What was known earlier comes to nothing.
    pub fn look(&mut self, levels: &Levels) -> Vec<Alert> {
        let mut alerts = Vec::new();
        if levels.at < self.seen {
            return alerts;
        }
        self.seen = levels.at;
        for (threshold, limit) in &self.thresholds {
            let Some(value) = levels.values.get(threshold) else {
                continue;
            };
            if value < limit {
                self.raised.remove(threshold);
            } else if self.raised.insert(*threshold) {
                self.made += 1;
                alerts.push(Alert {
                    id: format!("a{}", self.made),
                    threshold: *threshold,
                    limit: *limit,
                    value: *value,
                    at: levels.at,
                });
            }
        }
        alerts
    }
}

impl Alert {
    /// The alert as it is sent: the same text at each attempt. `name` is what people call the app.
    #[must_use]
    pub fn body(&self, app: &AppId, name: &str) -> String {
        serde_json::json!({
            "id": self.key(app),
            "kind": "alert_raised",
            "app": { "id": app, "name": name },
            "threshold": self.threshold,
            "limit": self.limit,
            "value": self.value,
            "at": self.at,
        })
        .to_string()
    }

    /// What a receiver knows a repetition by.
    #[must_use]
    pub fn key(&self, app: &AppId) -> String {
        format!("{app}/{}", self.id)
    }
}

/// The wait after the `attempt`th attempt that came to nothing, from 1, in milliseconds.
#[must_use]
pub fn wait(attempt: u32) -> u64 {
    FIRST_WAIT_MILLIS
        .saturating_mul(1 << attempt.saturating_sub(1).min(20))
        .min(LONGEST_WAIT_MILLIS)
}

/// What proves at `now` that a body comes from whoever knows the secret: `t=<seconds since the Unix epoch>,v1=<HMAC-SHA256 of "<t>.<body>", hexadecimal>`.
#[must_use]
pub fn signature(secret: &str, now: Timestamp, body: &str) -> String {
    let seconds = now.0 / 1_000;
    // A key of any length will do.
    let mut text = format!("t={seconds},v1=");
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(format!("{seconds}.{body}").as_bytes());
        for byte in mac.finalize().into_bytes() {
            let _written = write!(text, "{byte:02x}");
        }
    }
    text
}

/// What the secret of an app's webhook is sealed as, so that it opens as no other.
#[must_use]
pub fn sealed_as(app: &AppId) -> String {
    format!("app:{app}:alerts")
}

/// Checks an address that alerts are to be sent to. `is_local` says whether a port of this machine is one.
///
/// # Errors
/// The rule that it breaks, as the end of a sentence.
pub fn check_address(address: &str, is_local: bool) -> Result<(), &'static str> {
    const RULE: &str = "must be an address with https of a host that everybody reaches, as in `https://hooks.example.com/overskill`: no port, no name or password, no IP address, and no name of an internal network";
    if address.len() > MOST_ADDRESS_BYTES {
        return Err("must have at most 2048 bytes");
    }
    // What a browser and we might read differently is none.
    if !address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#')
    {
        return Err("must have visible ASCII characters alone, without `\\` and `#`");
    }
    let (is_https, rest) = match (
        address.strip_prefix("https://"),
        address.strip_prefix("http://"),
    ) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return Err(RULE),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let host = rest.get(..end).unwrap_or_default().to_ascii_lowercase();
    let is_of_machine = host.starts_with("localhost:");
    let known = publish::hosts(&host, is_local);
    if known.as_deref() != Ok(std::slice::from_ref(&host))
        || host.starts_with('*')
        || is_of_machine == is_https
    {
        return Err(RULE);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
