//! Those of what is measured.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    ids::AppId,
    monitor::{
        self,
        alert::Threshold,
        cost::{Cost, Tier},
    },
    time::Timestamp,
};

/// The words of [`monitor::Figures`], which both answers have.
struct Figures;

schema! {
    Threshold as "AlertThreshold": {
        "type": "string",
        "enum": ["build_p95_ms", "script_bytes", "failed_builds", "failed_deployments", "month_cost_micros"]
    };
    Tier as "Tier": {
        "type": "string",
        "description": "`simple` pages alone, with at most 5 MiB of built files; `performance` pages alone, with more, or with a Worker of its own; `complex` with functions, or tables or users in a database.",
        "enum": ["simple", "performance", "complex"]
    };
    monitor::Spread as "Durations": {
        "type": "object",
        "description": "How long something takes: the nearest rank of the durations that are kept.",
        "properties": {
            "count": { "type": "integer", "minimum": 1 },
            "p50_ms": { "type": "integer", "minimum": 0 },
            "p95_ms": { "type": "integer", "minimum": 0 }
        },
        "required": ["count", "p50_ms", "p95_ms"]
    };
    monitor::Change as "Change": {
        "type": "object",
        "description": "From the first to the newest.",
        "properties": {
            "bytes": { "type": "integer" },
            "percent": { "type": ["integer", "null"], "description": "Of the first, rounded." }
        },
        "required": ["bytes", "percent"]
    };
}

/// An object of these properties, all of which it has.
fn object(description: &str, properties: serde_json::Value) -> Schema {
    let names = properties
        .as_object()
        .map(|all| all.keys().cloned().collect::<Vec<_>>());
    json_schema!({ "type": "object", "description": description, "properties": properties, "required": names })
}

fn count() -> serde_json::Value {
    serde_json::json!({ "type": "integer", "minimum": 0 })
}

impl Figures {
    fn properties(generator: &mut SchemaGenerator) -> serde_json::Map<String, serde_json::Value> {
        let durations = generator.subschema_for::<Option<monitor::Spread>>();
        let builds = object(
            "Builds of a mode that are kept.",
            serde_json::json!({
                "mode": { "type": "string", "enum": ["development", "production"] },
                "count": count(),
                "failed": count(),
                "cached": count(),
                "build": durations,
                "wait": durations,
            }),
        );
        let deployments = object(
            "Deployments to an environment that are kept.",
            serde_json::json!({
                "environment": { "type": "string", "enum": ["staging", "production"] },
                "count": count(),
                "failed": count(),
                "duration": durations,
            }),
        );
        let all = serde_json::json!({
            "builds": { "type": "array", "description": "`build` is the builder's own account, `wait` from when they were asked for.", "items": builds },
            "deployments": { "type": "array", "description": "`duration` is from when they were asked for.", "items": deployments },
            "cold_starts": durations,
        });
        all.as_object().cloned().unwrap_or_default()
    }
}

impl JsonSchema for Cost {
    fn schema_name() -> Cow<'static, str> {
        "Cost".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let part = object(
            "A part of it.",
            serde_json::json!({
                "part": { "type": "string", "enum": ["models", "builder", "storage", "requests", "database"] },
                "micros": { "type": ["integer", "null"], "description": "Millionths of a dollar; null where it was not measured, or has no price.", "minimum": 0 },
                "quantity": { "type": ["integer", "null"], "description": "How much was measured.", "minimum": 0 },
                "unit": { "type": "string", "description": "Of what." },
                "basis": { "type": "string", "description": "Where the number comes from, or why there is none." },
            }),
        );
        object(
            "What is known of the costs of the last 30 days.",
            serde_json::json!({
                "tier": generator.subschema_for::<Tier>(),
                "month_micros": { "type": "integer", "description": "Millionths of a dollar: the parts that have a number.", "minimum": 0 },
                "parts": { "type": "array", "items": part },
            }),
        )
    }
}

impl JsonSchema for monitor::AppMetrics {
    fn schema_name() -> Cow<'static, str> {
        "MeasuredApp".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let point = object(
            "How large it was after a build.",
            serde_json::json!({
                "build": { "type": "integer", "description": "The number in the build's id.", "minimum": 1 },
                "at": generator.subschema_for::<Timestamp>(),
                "script_bytes": count(),
                "asset_bytes": { "type": "integer", "description": "All built files, those in the script included.", "minimum": 0 },
            }),
        );
        let change = generator.subschema_for::<monitor::Change>();
        let trend = object(
            "How large what builds of a mode made is, and was.",
            serde_json::json!({
                "mode": { "type": "string", "enum": ["development", "production"] },
                "newest": point,
                "first": point,
                "script_change": change,
                "asset_change": change,
                "series": { "type": "array", "description": "The oldest first; empty where several apps are told of.", "items": point },
            }),
        );
        let own = serde_json::json!({
            "app": generator.subschema_for::<AppId>(),
            "measured_at": generator.subschema_for::<Option<Timestamp>>(),
            "sizes": { "type": "array", "description": "By mode.", "items": trend },
            "failed_builds_in_a_row": count(),
            "failed_deployments_in_a_row": count(),
            "cost": generator.subschema_for::<Cost>(),
        });
        let mut all = Figures::properties(generator);
        all.extend(own.as_object().cloned().unwrap_or_default());
        object("What is measured of an app.", all.into())
    }
}

impl JsonSchema for monitor::Fleet {
    fn schema_name() -> Cow<'static, str> {
        "MeasuredFleet".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let figures = Figures::properties(generator);
        let tier = object(
            "Apps of a tier.",
            serde_json::json!({
                "tier": generator.subschema_for::<Tier>(),
                "apps": count(),
                "month_micros": count(),
            }),
        );
        object(
            "What is measured of the workspace's apps.",
            serde_json::json!({
                "fleet": object("All of them together.", figures.into()),
                "tiers": { "type": "array", "items": tier },
                "apps": { "type": "array", "maxItems": 100, "items": generator.subschema_for::<monitor::AppMetrics>() },
                "apps_left_out": { "type": "integer", "description": "How many more there are, which are in none of these numbers.", "minimum": 0 },
            }),
        )
    }
}
