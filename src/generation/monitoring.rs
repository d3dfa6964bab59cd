//! What a conversation tells of its builds and deployments to whoever counts, and what it tells of itself when a threshold is reached.

use super::{
    effect::{Effect, Job, Step},
    feed::Event,
    records::{Build, BuildStatus},
    state::Conversation,
};
use crate::{
    build::Mode,
    ids::BuildId,
    monitor::{
        Kind, Measurement, Sample, Sizes,
        alert::{self, Alert, Delivery, Levels, Threshold, Thresholds, Watch, Webhook},
    },
    publish::{Deployment, DeploymentStatus, Environment},
    time::Timestamp,
};

/// The longest reason why an alert did not arrive, in characters.
const MOST_REASON_CHARS: usize = 300;

impl Conversation {
    /// What is watched for whom.
    #[must_use]
    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Has everything counted that ends in this step.
    pub(super) fn measure(step: &mut Step<'_>) {
        let ended = step.effects.iter().filter_map(|effect| match effect {
            Effect::Build(build) => of_build(build),
            Effect::Deployment(deployment) => of_deployment(deployment),
            _ => None,
        });
        for measurement in ended.collect::<Vec<_>>() {
            step.run(Job::Measure(Some(measurement)));
        }
    }

    /// A script that was loaded for it has given its first answer.
    pub(super) fn script_started(build: &BuildId, millis: u64, step: &mut Step<'_>) {
        let sample = sample(number(build), step.now, true, Some(millis));
        let kind = Kind::Start;
        step.run(Job::Measure(Some(Measurement { kind, sample })));
    }

    /// What an attempt at a call has cost is in the ledger.
    pub(super) fn cost_changed(&self, step: &mut Step<'_>) {
        if self
            .watch
            .thresholds
            .contains_key(&Threshold::MonthCostMicros)
        {
            step.run(Job::Measure(None));
        }
    }

    /// It was counted: this is how the app stands.
    pub(super) fn measured(
        &mut self,
        measurement: Option<Measurement>,
        levels: &Levels,
        step: &mut Step<'_>,
    ) {
        step.finish(&Job::Measure(measurement));
        for alert in self.watch.look(levels) {
            step.feed(Event::AlertRaised {
                alert: alert.id.clone(),
                threshold: alert.threshold,
                limit: alert.limit,
                value: alert.value,
            });
            if self.watch.webhook.is_some() {
                step.run(Job::Alert(alert));
            }
        }
    }

    /// From now on this is watched. What is reached already is told at once.
    pub(super) fn set_alerts(
        &mut self,
        webhook: Option<Webhook>,
        thresholds: Thresholds,
        step: &mut Step<'_>,
    ) {
        self.watch.set(webhook, thresholds);
        if !self.watch.thresholds.is_empty() {
            step.run(Job::Measure(None));
        }
    }

    /// Whoever alerts are sent to has it, or it is of no use any more.
    pub(super) fn alert_sent(&mut self, alert: Alert, step: &mut Step<'_>) {
        self.watch.delivery = Some(Delivery {
            alert: alert.id.clone(),
            at: step.now,
            error: None,
        });
        step.finish(&Job::Alert(alert));
    }

    /// An attempt at sending an alert came to nothing.
    pub(super) fn alert_not_sent(
        &mut self,
        alert: &Alert,
        failures: u32,
        reason: &str,
        step: &mut Step<'_>,
    ) {
        let job = Job::Alert(alert.clone());
        if failures < alert::MOST_ATTEMPTS {
            let due = step.now.after(alert::wait(failures));
            step.run_after(failures, job, due);
            return;
        }
        step.finish(&job);
        self.watch.delivery = Some(Delivery {
            alert: alert.id.clone(),
            at: step.now,
            error: Some(reason.chars().take(MOST_REASON_CHARS).collect()),
        });
    }
}

/// That of a build which is over. What a newer version has superseded was never built, and tells nothing.
fn of_build(build: &Build) -> Option<Measurement> {
    let at = build.finished_at?;
    let ok = match build.status {
        BuildStatus::Succeeded => true,
        BuildStatus::Failed => false,
        _ => return None,
    };
    let report = build.report.as_ref().filter(|_| !build.cached);
    let sizes = build.sizes.as_ref().map(|sizes| Sizes {
        script: sizes.script_bytes as u64,
        assets: sizes.embedded.bytes.saturating_add(sizes.external.bytes),
    });
    let millis = report.map(|report| report.timings.total_ms);
    Some(Measurement {
        kind: match build.mode {
            Mode::Development => Kind::DevelopmentBuild,
            Mode::Production => Kind::ProductionBuild,
        },
        sample: Sample {
            cached: build.cached,
            waited: Some(at.since(build.created_at)),
            sizes: sizes.filter(|_| ok),
            ..sample(number(&build.id), at, ok, millis)
        },
    })
}

/// That of a deployment which is live, or has failed.
fn of_deployment(deployment: &Deployment) -> Option<Measurement> {
    let (ok, at) = match deployment.status {
        DeploymentStatus::Live => (true, deployment.live_at?),
        DeploymentStatus::Failed => (false, deployment.ended_at?),
        _ => return None,
    };
    let millis = Some(at.since(deployment.created_at));
    Some(Measurement {
        kind: match deployment.environment {
            Environment::Preview => return None,
            Environment::Staging => Kind::StagingDeployment,
            Environment::Production => Kind::ProductionDeployment,
        },
        sample: sample(deployment.id.number(), at, ok, millis),
    })
}

const fn sample(id: u32, at: Timestamp, ok: bool, millis: Option<u64>) -> Sample {
    Sample {
        id,
        at,
        ok,
        cached: false,
        millis,
        waited: None,
        sizes: None,
    }
}

/// The number in a build's id.
fn number(id: &BuildId) -> u32 {
    let digits = id.as_str().get(1..);
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(1)
}
