//! What a window comes to: counts, percentiles, how sizes have changed.

use serde::Serialize;

use super::{
    cost::{Cost, Prices, Tier},
    window::{Kind, Sample, Series, Window},
};
use crate::{ids::AppId, sorted::SortedMap, time::Timestamp};

/// How long something takes, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many durations this is of.
    pub count: usize,
    /// Half of them took this long or less.
    pub p50_ms: u64,
    /// So did 95 of a hundred.
    pub p95_ms: u64,
}

/// Builds of a mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Builds {
    /// Which mode.
    pub mode: &'static str,
    /// How many there were.
    pub count: usize,
    /// How many of them have failed.
    pub failed: usize,
    /// How many came out of the build cache.
    pub cached: usize,
    /// The builder's own account of those that it has built, failed ones included.
    pub build: Option<Spread>,
    /// From when they were asked for to their end, all of them.
    pub wait: Option<Spread>,
}

/// Deployments to an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployments {
    /// Which environment.
    pub environment: &'static str,
    /// How many there were.
    pub count: usize,
    /// How many of them have failed.
    pub failed: usize,
    /// From when they were asked for until they were live or had failed, the build of their version included.
    pub duration: Option<Spread>,
}

/// How large an app was after a build, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The number of the build.
    pub build: u32,
    /// When it was over.
    pub at: Timestamp,
    /// Its script.
    pub script_bytes: u64,
    /// All built files.
    pub asset_bytes: u64,
}

/// From the first to the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// In bytes, negative where it became less.
    pub bytes: i64,
    /// In percent of the first, rounded; nothing where that was nothing.
    pub percent: Option<i64>,
}

/// How large what builds of a mode made is, and was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trend {
    /// Which mode.
    pub mode: &'static str,
    /// The newest.
    pub newest: Point,
    /// The oldest that is kept.
    pub first: Point,
    /// How the script has changed between them.
    pub script_change: Change,
    /// How all built files have.
    pub asset_change: Change,
    /// All that are kept, the oldest first. Left out where several apps are told of.
    pub series: Vec<Point>,
}

/// What a window comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// By mode.
    pub builds: Vec<Builds>,
    /// By environment.
    pub deployments: Vec<Deployments>,
    /// The first answers of scripts that were loaded for them.
    pub cold_starts: Option<Spread>,
}

/// What is measured of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppMetrics {
    /// Which app.
    pub app: AppId,
    /// When something was measured last; nothing before the first time.
    pub measured_at: Option<Timestamp>,
    /// Durations and failures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Sizes, by mode.
    pub sizes: Vec<Trend>,
    /// How many builds have failed in a row, up to the newest.
    pub failed_builds_in_a_row: u64,
    /// The same of deployments.
    pub failed_deployments_in_a_row: u64,
    /// What it costs.
    pub cost: Cost,
}

/// An app among those of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetApp {
    /// Which one.
    pub app: AppId,
    /// What people call it.
    pub name: String,
    /// What is kept of it.
    pub window: Window,
    /// What it costs.
    pub cost: Cost,
}

/// Apps of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TierShare {
    /// Which tier.
    pub tier: Tier,
    /// How many apps.
    pub apps: usize,
    /// What is known of their costs in the last 30 days, in millionths of a dollar.
    pub month_micros: u64,
}

/// What is measured of a workspace's apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fleet {
    /// Durations and failures of all of them together.
    pub fleet: Figures,
    /// By tier.
    pub tiers: Vec<TierShare>,
    /// Those that something was measured of last, first.
    pub apps: Vec<AppMetrics>,
    /// How many more there are, which are in none of these numbers.
    pub apps_left_out: u64,
}

/// The nearest rank: the smallest of the values that is not below `percent` of a hundred of them. Nothing of none.
///
/// <https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method>
#[must_use]
pub fn percentile(values: &[u64], percent: usize) -> Option<u64> {
    let mut sorted = values.to_vec();
    crate::sorted::sort(&mut sorted);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

impl Spread {
    /// That of these durations; nothing of none.
    #[must_use]
    pub fn of(millis: &[u64]) -> Option<Self> {
        Some(Self {
            count: millis.len(),
            p50_ms: percentile(millis, 50)?,
            p95_ms: percentile(millis, 95)?,
        })
    }
}

/// How long those of a kind have taken.
fn spread(samples: &[Sample], millis: impl Fn(&Sample) -> Option<u64>) -> Option<Spread> {
    let durations: Vec<u64> = samples.iter().filter_map(millis).collect();
    Spread::of(&durations)
}

impl Figures {
    /// Those of a window.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        let failed = |samples: &[Sample]| samples.iter().filter(|sample| !sample.ok).count();
        let builds = Kind::BUILDS.into_iter().map(|kind| {
            let samples = window.samples(kind);
            Builds {
                mode: kind.label(),
                count: samples.len(),
                failed: failed(samples),
                cached: samples.iter().filter(|sample| sample.cached).count(),
                build: spread(samples, |sample| sample.millis),
                wait: spread(samples, |sample| sample.waited),
            }
        });
        let deployments = Kind::DEPLOYMENTS.into_iter().map(|kind| {
            let samples = window.samples(kind);
            Deployments {
                environment: kind.label(),
                count: samples.len(),
                failed: failed(samples),
                duration: spread(samples, |sample| sample.millis),
            }
        });
        Self {
            builds: builds.collect(),
            deployments: deployments.collect(),
            cold_starts: spread(window.samples(Kind::Start), |sample| sample.millis),
        }
    }

    /// The slower of both modes: what 95 of a hundred builds take at most, in milliseconds.
    #[must_use]
    pub fn build_p95_ms(&self) -> Option<u64> {
        let spreads = self.builds.iter().filter_map(|builds| builds.build);
        spreads.map(|spread| spread.p95_ms).max()
    }
}

impl Trend {
    /// That of a kind of builds; nothing where none had a size.
    fn of(window: &Window, kind: Kind) -> Option<Self> {
        let points = window.samples(kind).iter().filter_map(|sample| {
            let sizes = sample.sizes?;
            Some(Point {
                build: sample.id,
                at: sample.at,
                script_bytes: sizes.script,
                asset_bytes: sizes.assets,
            })
        });
        let series: Vec<Point> = points.collect();
        let (first, newest) = (*series.first()?, *series.last()?);
        Some(Self {
            mode: kind.label(),
            newest,
            first,
            script_change: Change::between(first.script_bytes, newest.script_bytes),
            asset_change: Change::between(first.asset_bytes, newest.asset_bytes),
            series,
        })
    }
}

impl Change {
    /// From one size to another.
    #[must_use]
    pub fn between(first: u64, newest: u64) -> Self {
        let whole = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        let (first, newest) = (whole(first), whole(newest));
        let bytes = newest - first;
        // Half of what is divided by, so that it is rounded and not cut off.
        let half = if bytes < 0 { -first / 2 } else { first / 2 };
        Self {
            bytes,
            percent: (first > 0).then(|| bytes.saturating_mul(100).saturating_add(half) / first),
        }
    }
}

impl AppMetrics {
    /// What an app's window comes to.
    #[must_use]
    pub fn of(app: AppId, window: &Window, cost: Cost) -> Self {
        Self {
            app,
            measured_at: Some(window.at).filter(|at| at.0 > 0),
            figures: Figures::of(window),
            sizes: Kind::BUILDS
                .into_iter()
                .filter_map(|kind| Trend::of(window, kind))
                .collect(),
            failed_builds_in_a_row: window.failures_in_a_row(&Kind::BUILDS),
            failed_deployments_in_a_row: window.failures_in_a_row(&Kind::DEPLOYMENTS),
            cost,
        }
    }
}

impl FleetApp {
    /// An app with what its models have cost.
    #[must_use]
    pub fn new(
        app: AppId,
        name: String,
        window: Window,
        models: super::cost::Models,
        prices: &Prices,
    ) -> Self {
        let cost = Cost::of(&window, models, prices);
        Self {
            app,
            name,
            window,
            cost,
        }
    }
}

impl Fleet {
    /// What these apps come to, and so many that are left out.
    #[must_use]
    pub fn of(apps: Vec<FleetApp>, left_out: u64) -> Self {
        let mut all = SortedMap::<Kind, Series>::new();
        for app in &apps {
            for (kind, series) in &app.window.series {
                all.entry(*kind).or_default().merge(series);
            }
        }
        let all = Window {
            series: all,
            ..Window::default()
        };
        let tiers = Tier::ALL.into_iter().map(|tier| {
            let costs = apps.iter().map(|app| &app.cost);
            let of_tier: Vec<_> = costs.filter(|cost| cost.tier == tier).collect();
            TierShare {
                tier,
                apps: of_tier.len(),
                month_micros: of_tier.iter().map(|cost| cost.month_micros).sum(),
            }
        });
        Self {
            fleet: Figures::of(&all),
            tiers: tiers.collect(),
            apps: apps
                .into_iter()
                .map(
                    |FleetApp {
                         app, window, cost, ..
                     }| {
                        let mut metrics = AppMetrics::of(app, &window, cost);
                        for trend in &mut metrics.sizes {
                            trend.series.clear();
                        }
                        metrics
                    },
                )
                .collect(),
            apps_left_out: left_out,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
