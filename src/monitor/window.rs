//! What is kept of an app's measurements.

use serde::{Deserialize, Serialize};

use super::{DAY_MILLIS, KEPT_DAYS, MOST_SAMPLES};
use crate::{sorted::SortedMap, time::Timestamp};

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A build for the preview.
    DevelopmentBuild,
    /// A build for staging and production.
    ProductionBuild,
    /// A deployment to staging.
    StagingDeployment,
    /// A deployment to production.
    ProductionDeployment,
    /// The first answer of a script that was loaded for it.
    Start,
}

/// How large what was built is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// The script, all its modules.
    pub script: u64,
    /// All built files, those in the script included.
    pub assets: u64,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The number of the build or deployment. What is measured again under the number that it had is not another.
    pub id: u32,
    /// When it was over.
    pub at: Timestamp,
    /// Whether it came to something.
    pub ok: bool,
    /// Whether a build came out of the build cache.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cached: bool,
    /// How long it took, in milliseconds: the builder's own account of a build, in which a cached one and one that no builder took has no part;
    /// of a deployment, from when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// How long a build took from when it was asked for, in milliseconds: with waiting, uploading and probing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<u64>,
    /// What it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<Sizes>,
}

/// A sample, and what of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured.
    pub kind: Kind,
    /// What that has shown.
    pub sample: Sample,
}

/// What an app is made of, as far as it matters for its costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// How many source files are in `functions/`.
    pub functions: usize,
    /// Whether it has tables or users in a database.
    pub has_data: bool,
    /// Whether it is served by a Worker of its own on a Cloudflare account.
    pub own_worker: bool,
    /// Its files as they are now, in bytes.
    pub source_bytes: u64,
}

/// All samples of a kind that are kept, and how many there ever were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The oldest first.
    pub samples: Vec<Sample>,
    /// How many ever came to something.
    pub succeeded: u64,
    /// How many of these came out of the build cache.
    pub cached: u64,
    /// How many ever came to nothing.
    pub failed: u64,
    /// How many ever had a duration.
    pub timed: u64,
    /// What all of these took together, in milliseconds.
    pub millis: u64,
}

/// What is kept of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// By kind.
    pub series: SortedMap<Kind, Series>,
    /// How long the builder has worked on each day of the last [`KEPT_DAYS`], in milliseconds, by the days since the Unix epoch.
    pub builder: SortedMap<u64, u64>,
    /// What the app is made of.
    pub facts: Facts,
    /// When something was measured last.
    pub at: Timestamp,
}

impl Kind {
    /// Those of builds.
    pub const BUILDS: [Self; 2] = [Self::DevelopmentBuild, Self::ProductionBuild];
    /// Those of deployments.
    pub const DEPLOYMENTS: [Self; 2] = [Self::StagingDeployment, Self::ProductionDeployment];

    /// The mode of its builds, or the environment of its deployments.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::DevelopmentBuild => "development",
            Self::StagingDeployment => "staging",
            Self::ProductionBuild | Self::ProductionDeployment => "production",
            Self::Start => "preview",
        }
    }
}

impl Measurement {
    /// Its name: equal for the same.
    #[must_use]
    pub fn key(&self) -> String {
        let kind = match self.kind {
            Kind::DevelopmentBuild | Kind::ProductionBuild => "build",
            Kind::StagingDeployment | Kind::ProductionDeployment => "deployment",
            Kind::Start => "start",
        };
        format!("{kind}/{}", self.sample.id)
    }
}

impl Window {
    /// Takes a measurement, once, and lets go what is not kept any more.
    pub fn take(&mut self, Measurement { kind, sample }: Measurement, now: Timestamp) {
        let is_build = Kind::BUILDS.contains(&kind);
        let (at, millis) = (sample.at, sample.millis);
        self.at = self.at.max(at);
        if self.series.entry(kind).or_default().take(sample) && is_build {
            let day = self.builder.entry(at.0 / DAY_MILLIS).or_insert(0);
            *day = day.saturating_add(millis.unwrap_or_default());
        }
        self.forget(now);
    }

    /// Lets go what is not kept any more.
    pub fn forget(&mut self, now: Timestamp) {
        let oldest = Timestamp(now.0.saturating_sub(KEPT_DAYS * DAY_MILLIS));
        for series in self.series.values_mut() {
            series.samples.retain(|sample| sample.at >= oldest);
        }
        self.builder.retain(|day, _| *day > oldest.0 / DAY_MILLIS);
    }

    /// The samples of a kind, the oldest first.
    #[must_use]
    pub fn samples(&self, kind: Kind) -> &[Sample] {
        let series = self.series.get(&kind);
        series.map_or(&[], |series| &series.samples)
    }

    /// The newest of a kind that has sizes.
    #[must_use]
    pub fn newest_sizes(&self, kind: Kind) -> Option<Sizes> {
        let mut samples = self.samples(kind).iter().rev();
        samples.find_map(|sample| sample.sizes)
    }

    /// How many of these kinds have failed in a row, the newest being the last of them.
    #[must_use]
    pub fn failures_in_a_row(&self, kinds: &[Kind]) -> u64 {
        let mut samples: Vec<&Sample> = kinds.iter().flat_map(|kind| self.samples(*kind)).collect();
        crate::sorted::sort_by_key(&mut samples, |sample| (sample.at, sample.id));
        samples.iter().rev().take_while(|sample| !sample.ok).count() as u64
    }
}

impl Series {
    /// Takes a sample; whether it was another.
    fn take(&mut self, sample: Sample) -> bool {
        if self.samples.iter().any(|known| known.id == sample.id) {
            return false;
        }
        if sample.ok {
            self.succeeded += 1;
            self.cached += u64::from(sample.cached);
        } else {
            self.failed += 1;
        }
        if let Some(millis) = sample.millis {
            self.timed += 1;
            self.millis = self.millis.saturating_add(millis);
        }
        self.samples.push(sample);
        crate::sorted::sort_by_key(&mut self.samples, |sample| (sample.at, sample.id));
        let over = self.samples.len().saturating_sub(MOST_SAMPLES);
        self.samples.drain(..over);
        true
    }

    /// All of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.samples.extend_from_slice(&other.samples);
        self.succeeded += other.succeeded;
        self.cached += other.cached;
        self.failed += other.failed;
        self.timed += other.timed;
        self.millis = self.millis.saturating_add(other.millis);
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests;
