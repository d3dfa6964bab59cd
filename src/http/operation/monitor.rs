//! The calls about what is measured.

use super::{
    Content::TextOf,
    Method::{Get, Put},
    Operation,
    available::{answer, json},
};
use crate::{
    http::{
        body::SetAlerts,
        resource as r,
        route::{AppCall, Route},
    },
    monitor::exposition,
};

pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        Get,
        "/metrics",
        "getMetrics",
        "What is measured of the workspace's apps, as Prometheus reads it",
        &[answer(
            200,
            "The text format 0.0.4, in seconds, bytes and dollars.",
            TextOf(exposition::MEDIA_TYPE),
        )],
        |_, _| Ok(Route::Metrics),
    ),
    Operation::new(
        Get,
        "/v1/metrics",
        "getFleetMetrics",
        "What is measured of the workspace's apps",
        &[answer(
            200,
            "All of them together, by tier, and each of the 100 that something was measured of last.",
            json::<r::FleetMetrics>(),
        )],
        |_, _| Ok(Route::FleetMetrics),
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/metrics",
        "getAppMetrics",
        "What is measured of an app",
        &[answer(
            200,
            "Its builds, sizes, deployments and cold starts of the last 30 days, the newest 100 of each kind, and what it costs.",
            json::<r::AppMetrics>(),
        )],
        |_, captures| captures.app(AppCall::Metrics),
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/alerts",
        "getAlerts",
        "Show what is watched, and where alerts are sent",
        &[answer(200, "What is watched.", json::<r::Alerts>())],
        |_, captures| captures.app(AppCall::ShowAlerts),
    ),
    Operation::new(
        Put,
        "/v1/apps/{app}/alerts",
        "setAlerts",
        "Set what is watched, and where alerts are sent",
        &[answer(
            200,
            "It takes the place of what was watched before. What is reached already is told at once. The secret of a webhook that is new is shown this once.",
            json::<r::Alerts>(),
        )],
        |_, captures| captures.app(AppCall::SetAlerts),
    )
    .takes(json::<SetAlerts>()),
];
