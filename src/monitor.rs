//! What is measured of apps: how long their builds and deployments take, how large they are, how fast their script starts, what
//! they cost; and when somebody is to hear of it.
//!
//! An app's conversation makes a [`Measurement`] of whatever ends. The workspace keeps them in one [`Window`] an app, which is bounded: the newest
//! [`MOST_SAMPLES`] of each kind, and none that is older than [`KEPT_DAYS`] days. What is shown ([`Figures`], [`exposition`]) is made from that alone.
//! Nothing is guessed: what nobody has measured is said to be that ([`cost`]). Stores nothing, sends nothing, and reads no clock.

pub mod alert;
pub mod cost;
pub mod exposition;
mod figures;
mod window;

pub use figures::{AppMetrics, Change, Figures, Fleet, FleetApp, Spread, percentile};
pub use window::{Facts, Kind, Measurement, Sample, Series, Sizes, Window};

/// How many samples of a kind are kept of an app.
pub const MOST_SAMPLES: usize = 100;
/// How long a sample is kept, in days. It is also the month that costs are told of.
pub const KEPT_DAYS: u64 = 30;
/// Of how many apps one answer about a workspace tells at most; it says how many more there are.
pub const MOST_APPS: usize = 100;

/// A day, in milliseconds.
pub const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;
