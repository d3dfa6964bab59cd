//! What is sent about alerts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Body, field};
use crate::{
    config::Limits,
    error::Result,
    monitor::alert::{Threshold, Thresholds},
};

/// `PUT /v1/apps/{app}/alerts`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAlerts {
    /// Where alerts are sent: an address with https of a host that everybody reaches, at most 2,048 bytes. Left out, they are in the feed alone.
    #[serde(default)]
    pub webhook: Option<String>,
    /// What is watched.
    pub thresholds: AlertThresholds,
    /// Whether a webhook that stays as it is gets another secret.
    #[serde(default)]
    pub new_secret: bool,
}

/// From which value on each is reached, at least 1. What is left out is not watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertThresholds {
    /// What 95 of a hundred builds take at most, of the slower mode, in milliseconds.
    #[serde(default)]
    pub build_p95_ms: Option<u64>,
    /// The script of the newest build, of the mode that has the larger one, in bytes.
    #[serde(default)]
    pub script_bytes: Option<u64>,
    /// Builds that have failed in a row.
    #[serde(default)]
    pub failed_builds: Option<u64>,
    /// Deployments that have failed in a row.
    #[serde(default)]
    pub failed_deployments: Option<u64>,
    /// What is known of the costs of the last 30 days, in millionths of a dollar.
    #[serde(default)]
    pub month_cost_micros: Option<u64>,
}

impl AlertThresholds {
    /// With their names.
    fn all(&self) -> [(&'static str, Threshold, Option<u64>); 5] {
        [
            ("build_p95_ms", Threshold::BuildP95Ms, self.build_p95_ms),
            ("script_bytes", Threshold::ScriptBytes, self.script_bytes),
            ("failed_builds", Threshold::FailedBuilds, self.failed_builds),
            (
                "failed_deployments",
                Threshold::FailedDeployments,
                self.failed_deployments,
            ),
            (
                "month_cost_micros",
                Threshold::MonthCostMicros,
                self.month_cost_micros,
            ),
        ]
    }
}

impl From<AlertThresholds> for Thresholds {
    fn from(wire: AlertThresholds) -> Self {
        let all = wire.all().into_iter();
        all.filter_map(|(_, threshold, limit)| Some((threshold, limit?)))
            .collect()
    }
}

impl From<&Thresholds> for AlertThresholds {
    fn from(known: &Thresholds) -> Self {
        let limit = |threshold| known.get(&threshold).copied();
        Self {
            build_p95_ms: limit(Threshold::BuildP95Ms),
            script_bytes: limit(Threshold::ScriptBytes),
            failed_builds: limit(Threshold::FailedBuilds),
            failed_deployments: limit(Threshold::FailedDeployments),
            month_cost_micros: limit(Threshold::MonthCostMicros),
        }
    }
}

impl Body for SetAlerts {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        // More than this a reader in JavaScript does not count.
        const MOST: u64 = 1 << 53;
        for (name, _, limit) in wire.thresholds.all() {
            if limit.is_some_and(|limit| !(1..MOST).contains(&limit)) {
                let name = format!("thresholds.{name}");
                return Err(field(&name, "must be a whole number from 1, or left out"));
            }
        }
        Ok(wire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body;

    fn read(text: &str) -> Result<SetAlerts> {
        body::parse(text.as_bytes(), Some("application/json"), &Limits::DEFAULT)
    }

    #[test]
    fn thresholds_are_whole_numbers_from_one() {
        let text = r#"{"thresholds":{"build_p95_ms":1,"script_bytes":2,"failed_builds":3,"failed_deployments":4,"month_cost_micros":5}}"#;
        let wire = read(text).unwrap().thresholds;
        let thresholds = Thresholds::from(wire.clone());
        let values: Vec<u64> = thresholds.values().copied().collect();
        assert_eq!(values, [1, 2, 3, 4, 5]);
        assert_eq!(AlertThresholds::from(&thresholds), wire);
        assert_eq!(
            Thresholds::from(read(r#"{"thresholds":{}}"#).unwrap().thresholds),
            Thresholds::new()
        );
        for bad in [
            "0",
            "-1",
            "1.5",
            "9007199254740992",
            "18446744073709551616",
            r#""1""#,
        ] {
            let text = format!(r#"{{"thresholds":{{"failed_builds":{bad}}}}}"#);
            let error = read(&text).unwrap_err();
            assert!(
                error.public.contains("thresholds.failed_builds"),
                "{}",
                error.public
            );
        }
        assert!(read(r#"{"thresholds":{"builds":1}}"#).is_err());
        assert!(read("{}").is_err());
    }
}
