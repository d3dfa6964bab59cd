use std::collections::BTreeSet;

use super::*;
use crate::{
    build::{Diagnostic, FailureReason, Mode, Render, Report, Status, Timings, Weight, WeightKind},
    digest::Digest,
    http::{body::AlertThresholds, resource as r},
    ids::{DeploymentId, SEED_BYTES},
    monitor::{
        AppMetrics, Fleet, FleetApp, Kind, Measurement, Sample, Sizes, Window,
        alert::Threshold,
        cost::{Models, Prices},
    },
    publish::{
        AUTOMATIC, Approval, Asset, Band, Deployment, DeploymentStatus, Environment, Origin, Place,
        Share, SizeReport, WhatIf, domain::Domain,
    },
    time::Timestamp,
};

/// What keeps `value` from fitting `schema`, for the words of JSON Schema that our schemas use.
fn misfit(value: &Value, schema: &Value, document: &Value) -> Option<String> {
    if let Some(target) = schema["$ref"].as_str() {
        let schema = document
            .pointer(target.trim_start_matches('#'))
            .expect(target);
        return misfit(value, schema, document);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let misfits: Option<Vec<_>> = options
            .iter()
            .map(|schema| misfit(value, schema, document))
            .collect();
        return misfits.map(|misfits| misfits.join(" and "));
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let fits = options
            .iter()
            .filter(|schema| misfit(value, schema, document).is_none())
            .count();
        return (fits != 1).then(|| format!("{value} fits {fits} of {options:?}"));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    };
    if !types.is_empty() && !types.contains(&kind.into()) {
        return Some(format!("{value} is no {types:?}"));
    }
    if let Some(options) = schema["enum"]
        .as_array()
        .filter(|options| !options.contains(value))
    {
        return Some(format!("{value} is not among {options:?}"));
    }
    if let Some(constant) = schema.get("const").filter(|constant| *constant != value) {
        return Some(format!("{value} is not {constant}"));
    }
    if let Some(items) = value.as_array() {
        return items
            .iter()
            .find_map(|item| misfit(item, &schema["items"], document));
    }
    let object = value.as_object()?;
    let properties: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
    let members: BTreeSet<_> = object.keys().collect();
    if properties != members {
        return Some(format!("members {members:?}, described {properties:?}"));
    }
    let required: BTreeSet<_> = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str())
        .collect();
    if required.len() != members.len() {
        return Some(format!("members {members:?}, required {required:?}"));
    }
    object.iter().find_map(|(name, value)| {
        misfit(value, &schema["properties"][name], document)
            .map(|misfit| format!("{name}: {misfit}"))
    })
}

fn fits(name: &str, value: impl serde::Serialize) {
    let document = document();
    let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    assert_eq!(
        misfit(&serde_json::to_value(value).unwrap(), &schema, &document),
        None,
        "{name}"
    );
}

fn app() -> r::App {
    r::App {
        id: "abcdefgh".parse().unwrap(),
        name: "Recipes".to_owned(),
        status: r::AppStatus::Working,
        preview_url: "http://preview-abcdefgh.localhost:8787".to_owned(),
        model: "offline".to_owned(),
        version: Some(2),
        preview_version: None,
        production_url: None,
        created_at: Timestamp(1),
        updated_at: Timestamp(2),
    }
}

fn turn() -> r::TurnRef {
    r::TurnRef {
        id: TurnId::from_seed(&[7; SEED_BYTES]),
    }
}

fn version() -> r::Version {
    r::Version {
        number: 2,
        parent: Some(1),
        author: r::Author::Model,
        summary: "Added recipes".to_owned(),
        turn: Some(turn().id),
        files: 3,
        created_at: Timestamp(1),
    }
}

fn file() -> r::FileInfo {
    r::FileInfo {
        path: "src/App.tsx".parse().unwrap(),
        hash: Digest::of(b""),
        size: 0,
        binary: false,
    }
}

fn build() -> r::Build {
    r::Build {
        id: BuildId::numbered(1),
        version: 2,
        mode: Mode::Development,
        status: r::BuildStatus::Failed,
        attempts: 1,
        diagnostics: vec![
            Diagnostic::error("x", "No."),
            Diagnostic::error("x", "No.")
                .as_warning()
                .in_file("a.ts".parse().unwrap())
                .at("a\n", 1, Some(1)),
        ],
        report: Some(Report {
            status: Status::Failed,
            reason: Some(FailureReason::Source),
            timings: Timings::default(),
            peak_memory_bytes: 0,
            sandbox: "namespaces".to_owned(),
            packages_resolved: false,
            render: Render::off("none"),
            weights: vec![Weight {
                kind: WeightKind::Package,
                name: "recharts".to_owned(),
                page_bytes: 3,
                late_bytes: 2,
                function_bytes: 1,
            }],
            artifact_bytes: 0,
            artifacts: 0,
            toolchain_digest: Digest::of(b""),
        }),
        cached: false,
        sizes: Some(SizeReport {
            script_bytes: 1,
            budget: 2,
            band: Band::Healthy,
            embedded: Share::default(),
            external: Share { files: 1, bytes: 3 },
            without_room: Share::default(),
            assets: vec![Asset {
                path: "index.html".parse().unwrap(),
                bytes: 1,
                gzip_bytes: None,
                place: Place::Embedded,
            }],
            what_if: vec![WhatIf {
                budget: 0,
                script_bytes: None,
                embedded: Share::default(),
                without_room: Share::default(),
            }],
        }),
        created_at: Timestamp(1),
        finished_at: Some(Timestamp(2)),
    }
}

#[test]
fn what_is_sent_is_what_is_described() {
    fits(
        "Health",
        r::Health {
            status: "ok".to_owned(),
            memory_bytes: 4 << 20,
        },
    );
    fits(
        "Session",
        r::Session {
            workspace: "local".parse().unwrap(),
        },
    );
    fits(
        "AppCreated",
        r::AppCreated {
            app: app(),
            turn: turn(),
        },
    );
    fits(
        "AppShown",
        r::AppShown {
            app: r::App {
                version: None,
                preview_version: Some(1),
                ..app()
            },
        },
    );
    fits(
        "AppPage",
        r::AppPage {
            apps: vec![app()],
            next_cursor: Some("x".to_owned()),
        },
    );
    fits("TurnAccepted", r::TurnAccepted { turn: turn() });
    let message = r::Message {
        seq: 1,
        turn: turn().id,
        role: r::Role::Assistant,
        content: "Hello".to_owned(),
        attachments: Vec::new(),
        created_at: Timestamp(1),
    };
    fits(
        "MessagePage",
        r::MessagePage {
            messages: vec![message],
            next_cursor: None,
        },
    );
    fits(
        "FilePage",
        r::FilePage {
            version: None,
            files: vec![file()],
            next_cursor: None,
        },
    );
    fits(
        "FileWritten",
        r::FileWritten {
            path: file().path,
            hash: file().hash,
            size: 0,
            version: Some(1),
        },
    );
    fits(
        "VersionPage",
        r::VersionPage {
            versions: vec![version()],
            next_cursor: None,
        },
    );
    let first = r::Version {
        parent: None,
        turn: None,
        author: r::Author::Foundation,
        ..version()
    };
    fits(
        "VersionShown",
        r::VersionShown {
            version: first,
            files: vec![file()],
        },
    );
    fits("VersionCreated", r::VersionCreated { version: version() });
    fits("BuildShown", r::BuildShown { build: build() });
    let queued = r::Build {
        report: None,
        diagnostics: Vec::new(),
        finished_at: None,
        ..build()
    };
    fits("BuildShown", r::BuildShown { build: queued });
    let hit = r::Hit {
        line: 2,
        column: 1,
        last_line: 2,
        text: r::Excerpt {
            text: "card".to_owned(),
            cut: false,
        },
        before: Vec::new(),
        after: Vec::new(),
    };
    fits(
        "SearchResult",
        r::SearchResult {
            version: Some(2),
            literal: None,
            definitions: vec![r::Definition {
                name: "Card".to_owned(),
                kind: "component".to_owned(),
                path: "a.ts".to_owned(),
                line: 2,
            }],
            count: 1,
            shown: 1,
            files: vec![r::FileHits {
                path: "a.ts".to_owned(),
                count: 1,
                hits: vec![hit],
            }],
            searched: 1,
            skipped: vec![r::SkippedFile {
                path: "logo.png".to_owned(),
                reason: r::SkipReason::Binary,
            }],
        },
    );
    let changed = crate::project::diff::Changed {
        path: file().path,
        before: None,
        after: Some(crate::project::FileEntry::of(b"a\r\nb")),
    };
    let text = crate::project::diff::compare("", "a\r\nb", 3);
    let diff = r::FileDiff::of(changed, Some(text));
    assert_eq!(diff.cut, Some(r::DiffCut { hunks: 0, lines: 1 }));
    assert_eq!(diff.hunks[0].lines[0].ending, r::LineEnding::Crlf);
    fits(
        "DiffPage",
        r::DiffPage {
            from: Some(1),
            to: 2,
            count: 1,
            files: vec![diff],
            next_cursor: None,
        },
    );
    let deployment = Deployment {
        id: DeploymentId::numbered(7),
        environment: Environment::Production,
        version: 2,
        origin: Origin::Deploy,
        status: DeploymentStatus::AwaitingApproval,
        build: None,
        digest: None,
        remote: None,
        url: "https://recipes.example".to_owned(),
        by: "set-up".to_owned(),
        note: None,
        approval: None,
        error: None,
        trouble: None,
        created_at: Timestamp(1),
        live_at: None,
        ended_at: None,
    };
    let approved = Deployment {
        status: DeploymentStatus::Live,
        build: Some(BuildId::numbered(3)),
        approval: Some(Approval {
            by: "laptop".to_owned(),
            note: None,
            at: Timestamp(2),
        }),
        live_at: Some(Timestamp(2)),
        ..deployment.clone()
    };
    fits(
        "DeploymentShown",
        r::DeploymentShown {
            deployment: approved,
        },
    );
    fits(
        "Approvals",
        r::Approvals {
            environments: vec![Environment::Staging, Environment::Production],
            deployments: vec![deployment],
        },
    );
    let shard = r::Shard::from(&crate::data::pool::Member::of_settings());
    fits(
        "ShardShown",
        r::ShardShown {
            shard: shard.clone(),
        },
    );
    let mut gone = shard;
    (gone.down_since, gone.checked_at) = (Some(Timestamp(1)), Some(Timestamp(2)));
    fits("ShardList", r::ShardList { shards: vec![gone] });
    let domain = Domain::new(
        "www.recipes.com".parse().unwrap(),
        "p".repeat(32),
        "set-up".to_owned(),
        Timestamp(1),
    );
    let domain = r::Domain::of(
        domain,
        "https://www.recipes.com".to_owned(),
        "recipes.apps.example",
    );
    let domains = vec![domain.clone()];
    fits("DomainShown", r::DomainShown { domain });
    fits("DomainList", r::DomainList { domains });
    deployed();
    measured();
    let token = r::Token {
        id: TokenId::from_seed(&[7; SEED_BYTES]),
        name: "ci".to_owned(),
        created_at: Timestamp(1),
    };
    fits(
        "TokenPage",
        r::TokenPage {
            tokens: vec![token.clone()],
            next_cursor: None,
        },
    );
    let created = r::TokenCreated {
        token,
        secret: "osk_secret".to_owned(),
    };
    assert!(!format!("{created:?}").contains("osk_secret"));
    fits("TokenCreated", created);
}

/// A deployment, whatever it came from.
fn deployed() {
    let id = DeploymentId::numbered;
    let automatic = Origin::AutomaticRollback {
        to: id(1),
        from: id(2),
        reason: "12 of 20 answers were errors.".to_owned(),
    };
    for origin in [Origin::Deploy, Origin::Rollback { to: id(1) }, automatic] {
        let deployment = Deployment {
            id: id(3),
            environment: Environment::Production,
            version: 2,
            origin,
            status: DeploymentStatus::Live,
            build: None,
            digest: Some(Digest::of(b"set")),
            remote: None,
            url: "https://recipes.example".to_owned(),
            by: AUTOMATIC.to_owned(),
            note: None,
            approval: None,
            error: None,
            trouble: Some("It was gone back to itself, so it stays.".to_owned()),
            created_at: Timestamp(1),
            live_at: Some(Timestamp(2)),
            ended_at: None,
        };
        fits("DeploymentShown", r::DeploymentShown { deployment });
    }
}

/// What is measured, of a window with something of everything.
fn measured() {
    let mut window = Window::default();
    for kind in [Kind::DevelopmentBuild, Kind::StagingDeployment, Kind::Start] {
        let sample = Sample {
            id: 1,
            at: Timestamp(1),
            ok: true,
            cached: false,
            millis: Some(1),
            waited: Some(2),
            sizes: Some(Sizes {
                script: 1,
                assets: 2,
            }),
        };
        window.take(Measurement { kind, sample }, Timestamp(2));
    }
    let prices = Prices {
        builds_in_containers: false,
    };
    let app = || {
        let id = "abcdefgh".parse().unwrap();
        FleetApp::new(
            id,
            "Recipes".to_owned(),
            window.clone(),
            Models::default(),
            &prices,
        )
    };
    fits(
        "AppMetrics",
        r::AppMetrics {
            metrics: AppMetrics::of("abcdefgh".parse().unwrap(), &window, app().cost),
        },
    );
    fits(
        "FleetMetrics",
        r::FleetMetrics {
            metrics: Fleet::of(vec![app()], 1),
        },
    );
    fits(
        "Alerts",
        r::Alerts {
            alerts: r::AlertSettings {
                webhook: Some("https://hooks.example.com/".to_owned()),
                thresholds: AlertThresholds {
                    script_bytes: Some(1),
                    ..AlertThresholds::default()
                },
                raised: vec![Threshold::ScriptBytes],
                delivery: Some(r::AlertDelivery {
                    alert: "a1".to_owned(),
                    at: Timestamp(1),
                    error: None,
                }),
            },
            secret: Some("whsec_1".to_owned()),
        },
    );
}

/// The document as it is kept, indented.
const KEPT: &str = include_str!("../openapi.json");

#[test]
fn what_is_kept_is_what_is_made() {
    let made = format!("{:#}\n", document());
    if std::env::var_os("OVERSKILL_UPDATE").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/openapi.json");
        std::fs::write(file, made).unwrap();
        return;
    }
    assert!(
        made == KEPT,
        "src/http/openapi.json is of another API: run this test with OVERSKILL_UPDATE=1"
    );
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let mut described = 0;
    for operation in operations() {
        let method = operation.method.name().to_ascii_lowercase();
        let found = &document["paths"][operation.template][&method];
        assert_eq!(found["operationId"], operation.id);
        assert_eq!(
            found["responses"]["default"]["$ref"],
            "#/components/responses/Problem"
        );
        assert!(
            found["responses"].as_object().unwrap().len() > 1,
            "{}",
            operation.id
        );
        let parameters = found["parameters"].to_string();
        assert_eq!(
            parameters.contains("idempotencyKey"),
            operation.method == Method::Post && operation.access == Access::Principal,
            "{}",
            operation.id
        );
        let in_path = operation.template.matches('{').count();
        assert_eq!(
            parameters.matches(r#""in":"path""#).count(),
            in_path,
            "{}",
            operation.id
        );
        described += 1;
    }
    let methods = document["paths"].as_object().unwrap().values();
    assert_eq!(
        methods
            .map(|path| path.as_object().unwrap().len())
            .sum::<usize>(),
        described
    );
}

#[test]
fn preconditions_are_described_where_they_are_read() {
    let document = document();
    let file = &document["paths"]["/v1/apps/{app}/files/{path}"];
    for (method, parameters) in [
        ("get", &["seen"][..]),
        ("put", &["ifMatch", "ifNoneMatch"]),
        ("delete", &["ifMatch"]),
    ] {
        let named: Vec<_> = file[method]["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|parameter| parameter["$ref"].as_str()?.rsplit('/').next())
            .collect();
        assert_eq!(named, parameters, "{method}");
    }
    assert!(file["get"]["responses"]["304"].is_object());
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    assert!(
                        document.pointer(target.trim_start_matches('#')).is_some(),
                        "{target}"
                    );
                }
                members.values().for_each(|value| check(value, document));
            }
            Value::Array(values) => values.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}

#[test]
fn requests_say_what_may_be_left_out() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["CreateApp"]["required"], json!(["prompt"]));
    assert_eq!(schemas["CreateApp"]["additionalProperties"], json!(false));
    assert_eq!(schemas["PostMessage"]["required"], json!(["content"]));
    assert_eq!(schemas["ConsoleLogin"]["required"], json!(["token"]));
}
