//! JSON schemas of the core's words, which know nothing of schemas themselves.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    build::{
        Diagnostic, FailureReason, MOST_WEIGHTS, Mode, Render, Report, Severity, Status, Timings,
        Weight, WeightKind,
    },
    data::{TableSpec, pool::ShardState},
    digest::Digest,
    ids::{AppId, BuildId, DeploymentId, ShardId, TokenId, TurnId, WorkspaceId},
    project::ProjectPath,
    publish::{
        Asset, Band, Decision, Deployment, DeploymentStatus, Environment, MOST_ASSETS,
        OTHER_BUDGETS, Origin, Place, Share, SizeReport, VariableKind, WhatIf,
        domain::{DnsRecord, DomainStatus},
    },
    time::Timestamp,
};

macro_rules! schema {
    ($($type:ty as $name:literal: $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

mod monitor;

schema! {
    AppId as "AppId": { "type": "string", "pattern": "^[a-z][a-z0-9]{7,15}$" };
    WorkspaceId as "WorkspaceId": { "type": "string", "pattern": "^[a-z][a-z0-9]{2,31}$" };
    TurnId as "TurnId": { "type": "string", "pattern": "^t[a-z0-9]{15}$" };
    BuildId as "BuildId": { "type": "string", "pattern": "^b[1-9][0-9]*$" };
    DeploymentId as "DeploymentId": { "type": "string", "pattern": "^d[1-9][0-9]*$" };
    Environment as "Environment": {
        "type": "string",
        "description": "`preview` the work in progress; `staging` for a last look; `production` for everyone.",
        "enum": ["preview", "staging", "production"]
    };
    DeploymentStatus as "DeploymentStatus": {
        "type": "string",
        "description": "`awaiting_approval` somebody else than whoever asked has to approve it; `waiting` another one of the environment has to end before; `building` its version is built in production mode; `deploying` it is put at its address and looked at; `live` the address serves it; `superseded` the address served it and serves another one now; `failed` it never was at its address; `rejected` somebody did not want it.",
        "enum": ["awaiting_approval", "waiting", "building", "deploying", "live", "superseded", "failed", "rejected"]
    };
    DomainStatus as "DomainStatus": {
        "type": "string",
        "description": "`pending` its owner has records to set; `proven` it is shown to be theirs, and its way to the app or its certificate is missing still; `active` it leads to the app's production; `failed` it was looked at for three days.",
        "enum": ["pending", "proven", "active", "failed"]
    };
    DnsRecord as "DnsRecord": {
        "type": "object",
        "description": "A record that the owner of a domain sets in their DNS.",
        "properties": {
            "type": { "type": "string", "enum": ["TXT", "CNAME"] },
            "name": { "type": "string", "description": "Its whole name." },
            "value": { "type": "string" },
            "purpose": { "type": "string", "description": "What it is for, as a sentence." }
        },
        "required": ["type", "name", "value", "purpose"]
    };
    VariableKind as "VariableKind": {
        "type": "string",
        "description": "`public` everybody gets to know it: the app's page is told as it is served; `secret` the app's functions alone: it is sealed when it is set and never shown again; `platform` `ALLOWED_HOSTS`, the hosts that the app's functions may send requests to, with blanks or commas between them.",
        "enum": ["public", "secret", "platform"]
    };
    Decision as "Decision": {
        "type": "string",
        "description": "`approve` the deployment may begin; `reject` it comes to nothing.",
        "enum": ["approve", "reject"]
    };
    Origin as "DeploymentOrigin": {
        "description": "What a deployment came from: somebody deployed a version, or went back to an earlier deployment; or the platform did by itself, since most answers right after the switch were errors.",
        "oneOf": [
            { "type": "object", "properties": { "kind": { "const": "deploy" } }, "required": ["kind"] },
            {
                "type": "object",
                "properties": { "kind": { "const": "rollback" }, "to": { "type": "string", "pattern": "^d[1-9][0-9]*$" } },
                "required": ["kind", "to"]
            },
            {
                "type": "object",
                "properties": {
                    "kind": { "const": "automatic_rollback" },
                    "to": { "type": "string", "pattern": "^d[1-9][0-9]*$" },
                    "from": { "type": "string", "pattern": "^d[1-9][0-9]*$" },
                    "reason": { "type": "string", "description": "What visitors were answered, as a sentence." }
                },
                "required": ["kind", "to", "from", "reason"]
            }
        ]
    };
    TokenId as "TokenId": { "type": "string", "pattern": "^k[a-z0-9]{15}$" };
    ShardId as "ShardId": { "type": "string", "pattern": "^(default|s[a-z0-9]{15})$" };
    ShardState as "ShardState": {
        "type": "string",
        "description": "`provisioning` it has not answered yet; `available` it takes apps; `full` it has no room for another table or app; `maintenance` the operator lets it take no new apps; `gone` it does not answer.",
        "enum": ["provisioning", "available", "full", "maintenance", "gone"]
    };
    Digest as "Digest": { "type": "string", "description": "A SHA-256.", "pattern": "^[0-9a-f]{64}$" };
    Timestamp as "Timestamp": {
        "type": "integer", "description": "Milliseconds since the Unix epoch.", "minimum": 0
    };
    ProjectPath as "ProjectPath": {
        "type": "string",
        "description": "A path relative to the project, at most 255 bytes of UTF-8, `/` between its segments.",
        "minLength": 1,
        "maxLength": 255
    };
    TableSpec as "Table": {
        "type": "object",
        "description": "A table of an app. Every table has `id`, `user_id`, `created_at` and `updated_at` besides its columns, and `team_id` where a team has access.",
        "properties": {
            "name": { "type": "string", "description": "With `app_<app>_` in front at most 63 bytes.", "pattern": "^[a-z][a-z0-9_]*$" },
            "access": {
                "type": "string",
                "description": "Who reads and writes: `owner` each user their own rows; `public_read` everybody on the internet reads, users write their own; `app_read` the app's users read, and write their own; `team` the row's team reads, whoever made it writes; `server` nobody but the platform.",
                "enum": ["owner", "public_read", "app_read", "team", "server"],
                "default": "owner"
            },
            "realtime": {
                "type": ["boolean", "null"],
                "description": "Whether who shows the table hears at once when its rows change. Left out, a table that is there stays as it is, and a new one is quiet. 422 where the shard has no Realtime.",
                "default": false
            },
            "columns": {
                "type": "array",
                "maxItems": 200,
                "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 63 },
                        "type": {
                            "type": "string",
                            "enum": [
                                "text", "integer", "bigint", "numeric", "double precision", "boolean", "uuid", "date", "time",
                                "timestamptz", "jsonb", "text[]", "integer[]", "uuid[]"
                            ]
                        },
                        "nullable": { "type": "boolean", "default": true },
                        "default": { "description": "A value, or {\"fn\": \"now\" | \"uuid\" | \"uid\"}." },
                        "enum": { "type": ["array", "null"], "minItems": 1, "maxItems": 100 },
                        "unique": { "type": "boolean", "default": false },
                        "index": { "type": "boolean", "default": false },
                        "references": { "type": ["string", "null"], "description": "A table of the same app; the type is `uuid` then." },
                        "on_delete": { "type": ["string", "null"], "description": "`cascade` when nothing is said.", "enum": ["cascade", "set null", "restrict", null] }
                    },
                    "required": ["name", "type"],
                    "additionalProperties": false
                }
            }
        },
        "required": ["name"],
        "additionalProperties": false
    };
    Mode as "BuildMode": { "type": "string", "enum": ["development", "production"] };
    Severity as "Severity": { "type": "string", "enum": ["error", "warning"] };
    Status as "ReportStatus": { "type": "string", "enum": ["succeeded", "failed"] };
    Share as "Share": {
        "type": "object",
        "description": "A part of the built files.",
        "properties": {
            "files": { "type": "integer", "minimum": 0 },
            "bytes": { "type": "integer", "minimum": 0 }
        },
        "required": ["files", "bytes"]
    };
    Band as "Band": {
        "type": "string",
        "description": "How near a script is to its budget: `healthy` up to 70 %, `warning` up to 90 %, `critical` more.",
        "enum": ["healthy", "warning", "critical"]
    };
    Place as "Place": {
        "type": "string",
        "description": "`without_room` outside the script, though the page needs it first; `embedded` in it; `late` outside, as it is loaded later or is media; `shared` outside, as it is stored once for all apps.",
        "enum": ["without_room", "embedded", "late", "shared"]
    };
    WeightKind as "WeightKind": { "type": "string", "enum": ["package", "file"] };
    FailureReason as "FailureReason": { "type": "string", "enum": ["source", "timeout", "memory", "output", "render"] };
    Render as "Render": {
        "description": "What came of looking at the built app in a browser.",
        "oneOf": [
            {
                "type": "object",
                "description": "Nobody looked.",
                "properties": { "state": { "const": "off" }, "reason": { "type": "string" } },
                "required": ["state", "reason"]
            },
            {
                "type": "object",
                "properties": {
                    "state": { "const": "checked" },
                    "pages": {
                        "type": "array",
                        "maxItems": 8,
                        "items": {
                            "type": "object",
                            "properties": {
                                "path": { "type": "string" },
                                "ms": { "type": "integer", "minimum": 0 },
                                "empty": { "type": "boolean", "description": "Whether it showed nothing." },
                                "problems": { "type": "integer", "minimum": 0 }
                            },
                            "required": ["path", "ms", "empty", "problems"]
                        }
                    },
                    "screenshot": {
                        "type": ["string", "null"],
                        "description": "The hash of the start page's picture, which `GET …/screenshot` gives."
                    }
                },
                "required": ["state", "pages", "screenshot"]
            }
        ]
    };
    Timings as "Timings": {
        "type": "object",
        "description": "How long a build took, in milliseconds.",
        "properties": {
            "queue_ms": { "type": "integer", "minimum": 0 },
            "prepare_ms": { "type": "integer", "minimum": 0 },
            "install_ms": { "type": "integer", "minimum": 0 },
            "build_ms": { "type": "integer", "minimum": 0 },
            "types_ms": { "type": "integer", "minimum": 0 },
            "render_ms": { "type": "integer", "minimum": 0 },
            "total_ms": { "type": "integer", "minimum": 0 }
        },
        "required": ["queue_ms", "prepare_ms", "install_ms", "build_ms", "types_ms", "render_ms", "total_ms"]
    };
}

impl JsonSchema for Diagnostic {
    fn schema_name() -> Cow<'static, str> {
        "Diagnostic".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Something in the sources that its author can mend.",
            "properties": {
                "severity": generator.subschema_for::<Severity>(),
                "path": generator.subschema_for::<Option<ProjectPath>>(),
                "line": { "type": ["integer", "null"], "description": "From 1.", "minimum": 1 },
                "column": { "type": ["integer", "null"], "description": "In characters, from 1.", "minimum": 1 },
                "code": { "type": ["string", "null"] },
                "message": { "type": "string" },
                "frame": { "type": ["string", "null"], "description": "The lines around the position, numbered." },
                "suggestion": { "type": ["string", "null"], "description": "What to do about it." }
            },
            "required": ["severity", "path", "line", "column", "code", "message", "frame", "suggestion"]
        })
    }
}

impl JsonSchema for Report {
    fn schema_name() -> Cow<'static, str> {
        "Report".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "What the builder says of a build that it finished.",
            "properties": {
                "status": generator.subschema_for::<Status>(),
                "reason": generator.subschema_for::<Option<FailureReason>>(),
                "timings": generator.subschema_for::<Timings>(),
                "peak_memory_bytes": { "type": "integer", "minimum": 0 },
                "sandbox": { "type": "string", "description": "What kept the build away from everything else." },
                "packages_resolved": { "type": "boolean", "description": "Whether the registry chose versions of packages that the app's own lock file does not name." },
                "render": generator.subschema_for::<Render>(),
                "weights": {
                    "type": "array",
                    "description": "What weighs most in the scripts, the heaviest of what the page and functions need first.",
                    "maxItems": MOST_WEIGHTS,
                    "items": generator.subschema_for::<Weight>()
                },
                "artifact_bytes": { "type": "integer", "minimum": 0 },
                "artifacts": { "type": "integer", "minimum": 0 },
                "toolchain_digest": generator.subschema_for::<Digest>()
            },
            "required": ["status", "reason", "timings", "peak_memory_bytes", "sandbox", "packages_resolved", "render", "weights", "artifact_bytes", "artifacts", "toolchain_digest"]
        })
    }
}

impl JsonSchema for SizeReport {
    fn schema_name() -> Cow<'static, str> {
        "SizeReport".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "How built files were split between the app's script and what is served beside it.",
            "properties": {
                "script_bytes": { "type": "integer", "description": "The sum of the script's modules.", "minimum": 0 },
                "budget": { "type": "integer", "description": "What it may be.", "minimum": 0 },
                "band": generator.subschema_for::<Band>(),
                "embedded": generator.subschema_for::<Share>(),
                "external": generator.subschema_for::<Share>(),
                "without_room": generator.subschema_for::<Share>(),
                "assets": {
                    "type": "array",
                    "description": "Each file: those without room first, then those in the script, then the rest, the largest of each first.",
                    "maxItems": MOST_ASSETS,
                    "items": generator.subschema_for::<Asset>()
                },
                "what_if": {
                    "type": "array",
                    "description": "How it would be with other budgets.",
                    "maxItems": OTHER_BUDGETS.len(),
                    "items": generator.subschema_for::<WhatIf>()
                }
            },
            "required": ["script_bytes", "budget", "band", "embedded", "external", "without_room", "assets", "what_if"]
        })
    }
}

impl JsonSchema for Asset {
    fn schema_name() -> Cow<'static, str> {
        "Asset".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A built file.",
            "properties": {
                "path": generator.subschema_for::<ProjectPath>(),
                "bytes": { "type": "integer", "minimum": 0 },
                "gzip_bytes": { "type": ["integer", "null"], "description": "In gzip, which is what it takes in the script, where that was tried and is shorter.", "minimum": 0 },
                "place": generator.subschema_for::<Place>()
            },
            "required": ["path", "bytes", "gzip_bytes", "place"]
        })
    }
}

impl JsonSchema for WhatIf {
    fn schema_name() -> Cow<'static, str> {
        "WhatIf".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "How built files would be split with another budget.",
            "properties": {
                "budget": { "type": "integer", "description": "In bytes.", "minimum": 0 },
                "script_bytes": { "type": ["integer", "null"], "description": "The sum of the script's modules; nothing where the page and the functions alone are over the budget.", "minimum": 0 },
                "embedded": generator.subschema_for::<Share>(),
                "without_room": generator.subschema_for::<Share>()
            },
            "required": ["budget", "script_bytes", "embedded", "without_room"]
        })
    }
}

impl JsonSchema for Weight {
    fn schema_name() -> Cow<'static, str> {
        "Weight".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A package, or a file of the app's own, in the built scripts: bytes before compression, of each script the part that is theirs, to a few per cent where it is minified. In development mode nothing is minified, and packages that stay outside as vendor modules are not told.",
            "properties": {
                "kind": generator.subschema_for::<WeightKind>(),
                "name": { "type": "string", "description": "The package, or the path of the file." },
                "page_bytes": { "type": "integer", "description": "In scripts that the page needs before it shows anything.", "minimum": 0 },
                "late_bytes": { "type": "integer", "description": "In scripts that are loaded later.", "minimum": 0 },
                "function_bytes": { "type": "integer", "description": "In the app's functions, in each that has it.", "minimum": 0 }
            },
            "required": ["kind", "name", "page_bytes", "late_bytes", "function_bytes"]
        })
    }
}

impl JsonSchema for Deployment {
    fn schema_name() -> Cow<'static, str> {
        "Deployment".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A version at the address of an environment, or on its way there.",
            "properties": {
                "id": generator.subschema_for::<DeploymentId>(),
                "environment": generator.subschema_for::<Environment>(),
                "version": { "type": "integer", "minimum": 1 },
                "origin": generator.subschema_for::<Origin>(),
                "status": generator.subschema_for::<DeploymentStatus>(),
                "build": generator.subschema_for::<Option<BuildId>>(),
                "digest": generator.subschema_for::<Option<Digest>>(),
                "remote": { "type": ["string", "null"], "description": "The version of the app's own Worker on a Cloudflare account, where it has one." },
                "url": { "type": "string", "description": "The address." },
                "by": { "type": "string", "description": "The name of the token that it was asked with; `automatic` where the platform went back by itself." },
                "note": { "type": ["string", "null"], "description": "Why, in the words of whoever asked." },
                "approval": {
                    "type": ["object", "null"],
                    "description": "Who has approved it, where that was needed: the name of their token, why in their words, and when.",
                    "properties": { "by": { "type": "string" }, "note": { "type": ["string", "null"] }, "at": generator.subschema_for::<Timestamp>() },
                    "required": ["by", "note", "at"]
                },
                "error": { "type": ["string", "null"], "description": "Why it failed, or was rejected." },
                "trouble": { "type": ["string", "null"], "description": "What was noticed once it was live, and what came of that: that most answers right after the switch were errors." },
                "created_at": generator.subschema_for::<Timestamp>(),
                "live_at": generator.subschema_for::<Option<Timestamp>>(),
                "ended_at": generator.subschema_for::<Option<Timestamp>>()
            },
            "required": ["id", "environment", "version", "origin", "status", "build", "digest", "remote", "url", "by", "note", "approval", "error", "trouble", "created_at", "live_at", "ended_at"]
        })
    }
}
