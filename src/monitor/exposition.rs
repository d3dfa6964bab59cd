//! A workspace's numbers as Prometheus reads them: the text format 0.0.4, in seconds, bytes and dollars.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write as _;

use super::{
    figures::{FleetApp, percentile},
    window::{Kind, Series},
};

/// The format's media type.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The quantiles that are told of durations.
const QUANTILES: [(usize, &str); 2] = [(50, "0.5"), (95, "0.95")];

/// The text. Of `left_out` more apps nothing is told but how many they are.
#[must_use]
pub fn text(apps: &[FleetApp], left_out: u64) -> String {
    let mut text = Text(String::new());
    text.family("overskill_apps", "gauge", "Apps that are told of here.");
    text.line("overskill_apps", &[], apps.len());
    text.family(
        "overskill_apps_left_out",
        "gauge",
        "Apps that are not told of: an answer tells of the 100 that something was measured of last.",
    );
    text.line("overskill_apps_left_out", &[], left_out);
    text.family(
        "overskill_app_info",
        "gauge",
        "An app, its name and its tier.",
    );
    for app in apps {
        let labels = [
            ("app", app.app.as_str()),
            ("name", &app.name),
            ("tier", app.cost.tier.as_str()),
        ];
        text.line("overskill_app_info", &labels, 1);
    }
    builds(&mut text, apps);
    deployments(&mut text, apps);
    durations(
        &mut text,
        apps,
        "overskill_cold_start_seconds",
        "From asking a script that was loaded for it to the head and body of its first answer.",
        &[Kind::Start],
        "environment",
    );
    text.family(
        "overskill_month_cost_dollars",
        "gauge",
        "What is known of the costs of the last 30 days, by part.",
    );
    for app in apps {
        for part in &app.cost.parts {
            if let Some(micros) = part.micros {
                let labels = [("app", app.app.as_str()), ("part", part.part)];
                text.line("overskill_month_cost_dollars", &labels, Decimal(micros, 6));
            }
        }
    }
    text.0
}

fn builds(text: &mut Text, apps: &[FleetApp]) {
    text.family("overskill_builds_total", "counter", "Builds that are over.");
    each(apps, &Kind::BUILDS, |app, kind, series| {
        for (outcome, count) in [
            ("built", series.succeeded - series.cached),
            ("cached", series.cached),
            ("failed", series.failed),
        ] {
            let labels = [
                ("app", app.app.as_str()),
                ("mode", kind.label()),
                ("outcome", outcome),
            ];
            text.line("overskill_builds_total", &labels, count);
        }
    });
    durations(
        text,
        apps,
        "overskill_build_duration_seconds",
        "How long the builder took for a build.",
        &Kind::BUILDS,
        "mode",
    );
    for (name, help, is_script) in [
        (
            "overskill_script_bytes",
            "The script of the newest build.",
            true,
        ),
        (
            "overskill_asset_bytes",
            "All built files of the newest build.",
            false,
        ),
    ] {
        text.family(name, "gauge", help);
        each(apps, &Kind::BUILDS, |app, kind, _| {
            if let Some(sizes) = app.window.newest_sizes(kind) {
                let labels = [("app", app.app.as_str()), ("mode", kind.label())];
                let bytes = if is_script {
                    sizes.script
                } else {
                    sizes.assets
                };
                text.line(name, &labels, bytes);
            }
        });
    }
}

fn deployments(text: &mut Text, apps: &[FleetApp]) {
    text.family(
        "overskill_deployments_total",
        "counter",
        "Deployments that were live or have failed.",
    );
    each(apps, &Kind::DEPLOYMENTS, |app, kind, series| {
        for (outcome, count) in [("live", series.succeeded), ("failed", series.failed)] {
            let labels = [
                ("app", app.app.as_str()),
                ("environment", kind.label()),
                ("outcome", outcome),
            ];
            text.line("overskill_deployments_total", &labels, count);
        }
    });
    durations(
        text,
        apps,
        "overskill_deployment_duration_seconds",
        "From when a deployment was asked for until it was live or had failed.",
        &Kind::DEPLOYMENTS,
        "environment",
    );
}

/// A summary: quantiles of what is kept, sum and count of all that ever was.
fn durations(
    text: &mut Text,
    apps: &[FleetApp],
    name: &str,
    help: &str,
    kinds: &[Kind],
    label: &str,
) {
    text.family(name, "summary", help);
    each(apps, kinds, |app, kind, series| {
        let samples = series.samples.iter();
        let millis: Vec<u64> = samples.filter_map(|sample| sample.millis).collect();
        let labels = [("app", app.app.as_str()), (label, kind.label())];
        for (percent, quantile) in QUANTILES {
            if let Some(millis) = percentile(&millis, percent) {
                let [one, two] = labels;
                text.line(
                    name,
                    &[one, two, ("quantile", quantile)],
                    Decimal(millis, 3),
                );
            }
        }
        text.line(&format!("{name}_sum"), &labels, Decimal(series.millis, 3));
        text.line(&format!("{name}_count"), &labels, series.timed);
    });
}

fn each(apps: &[FleetApp], kinds: &[Kind], mut tell: impl FnMut(&FleetApp, Kind, &Series)) {
    for app in apps {
        for kind in kinds {
            if let Some(series) = app.window.series.get(kind) {
                tell(app, *kind, series);
            }
        }
    }
}

/// The text so far.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.0
            .push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            self.0.push_str(if at == 0 { "{" } else { "," });
            self.0.push_str(label);
            self.0.push_str("=\"");
            for c in value.chars() {
                match c {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    c => self.0.push(c),
                }
            }
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _written = writeln!(self.0, " {value}");
    }
}

/// A number of which so many digits stand behind the point.
struct Decimal(u64, u32);

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(number, digits) = *self;
        let whole = 10_u64.pow(digits);
        write!(
            f,
            "{}.{:0width$}",
            number / whole,
            number % whole,
            width = digits as usize
        )
    }
}

#[cfg(test)]
mod tests;
