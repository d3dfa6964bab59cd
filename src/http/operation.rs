//! The table of all calls: method, path, who may call, what goes in and what comes out.
//!
//! [`super::route`] finds calls by it and [`super::openapi`] describes them from it, so neither can know a call
//! that the other does not.

use schemars::{Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{
    body::{ConsoleLogin, CreateApp, CreateToken, PostMessage, RenameApp, StartBuild},
    resource as r,
    route::{AppCall, Captures, Route, not_yet},
};
use crate::error::Result;

/// The methods that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something, or starts it.
    Post,
    /// Puts a whole file.
    Put,
    /// Changes a part.
    Patch,
    /// Takes away.
    Delete,
}

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// The holder of an API token or a console session.
    Principal,
}

/// A parameter that a call reads from the query or from a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// `cursor` and `limit`.
    Page,
    /// `after` and `Last-Event-ID`.
    Resume,
    /// `If-Match` and `If-None-Match`.
    Precondition,
}

/// What a body is.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Nothing.
    Empty,
    /// JSON of this schema.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// The bytes of a file.
    Bytes,
    /// Plain text.
    Text,
    /// Server-sent events.
    Events,
}

/// An answer that means success.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What it means.
    pub meaning: &'static str,
    /// The body.
    pub content: Content,
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name, unique.
    pub id: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path. `{path}` takes the rest of the path, every other parameter one segment.
    pub template: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may make it.
    pub access: Access,
    /// What it reads besides path and body.
    pub inputs: &'static [Input],
    /// Its body.
    pub request: Content,
    /// Its answers but errors. Empty while the call is not there yet.
    pub answers: &'static [Answer],
    pub(super) to: fn(&Operation, &Captures<'_>) -> Result<Route>,
}

impl Method {
    /// The method of this name. Names are case-sensitive (RFC 9110 section 9.1); `HEAD` counts as `GET`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Operation {
    const fn new(
        method: Method,
        template: &'static str,
        id: &'static str,
        summary: &'static str,
        answers: &'static [Answer],
        to: fn(&Self, &Captures<'_>) -> Result<Route>,
    ) -> Self {
        Self {
            id,
            method,
            template,
            summary,
            access: Access::Principal,
            inputs: &[],
            request: Content::Empty,
            answers,
            to,
        }
    }

    const fn later(
        method: Method,
        template: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self::new(method, template, id, summary, &[], not_yet)
    }

    const fn public(self) -> Self {
        Self {
            access: Access::Public,
            ..self
        }
    }

    const fn takes(self, request: Content) -> Self {
        Self { request, ..self }
    }

    const fn reads(self, inputs: &'static [Input]) -> Self {
        Self { inputs, ..self }
    }
}

const fn answer(status: u16, meaning: &'static str, content: Content) -> Answer {
    Answer {
        status,
        meaning,
        content,
    }
}

macro_rules! json {
    ($type:ty) => {
        Content::Json(SchemaGenerator::subschema_for::<$type>)
    };
}

use Content::{Bytes, Empty, Events, Text};
use Method::{Delete, Get, Patch, Post, Put};

const PAGE: &[Input] = &[Input::Page];

/// Every call. Where a literal path and a parameter both fit, the literal one stands first.
pub static OPERATIONS: &[Operation] = &[
    Operation::new(
        Get,
        "/healthz",
        "getHealth",
        "Whether the service answers",
        &[answer(200, "It does.", json!(r::Health))],
        |_, _| Ok(Route::Health),
    )
    .public(),
    Operation::new(
        Get,
        "/v1/openapi.json",
        "getOpenApi",
        "This document",
        &[answer(
            200,
            "An OpenAPI 3.1 document.",
            json!(serde_json::Map<String, serde_json::Value>),
        )],
        |_, _| Ok(Route::OpenApi),
    )
    .public(),
    Operation::new(
        Get,
        "/problems/{kind}",
        "getProblemKind",
        "What the `type` of a problem document means",
        &[answer(200, "An explanation to read.", Text)],
        |_, captures| {
            Ok(Route::Problem {
                kind: captures.kind()?,
            })
        },
    )
    .public(),
    Operation::new(
        Post,
        "/v1/console-login",
        "logIn",
        "Exchange an API token for the console's cookie",
        &[answer(
            204,
            "Logged in: `Set-Cookie` carries the session.",
            Empty,
        )],
        |_, _| Ok(Route::ConsoleLogin),
    )
    .takes(json!(ConsoleLogin))
    .public(),
    Operation::new(
        Post,
        "/v1/console-logout",
        "logOut",
        "End the console's session",
        &[answer(
            204,
            "Logged out, also when nobody was logged in.",
            Empty,
        )],
        |_, _| Ok(Route::ConsoleLogout),
    )
    .public(),
    Operation::new(
        Get,
        "/v1/session",
        "getSession",
        "Whose token or session this is",
        &[answer(200, "The workspace.", json!(r::Session))],
        |_, _| Ok(Route::Session),
    ),
    Operation::new(
        Get,
        "/v1/tokens",
        "listTokens",
        "List the API tokens, without their secrets",
        &[answer(200, "Tokens, newest first.", json!(r::TokenPage))],
        |_, _| Ok(Route::ListTokens),
    )
    .reads(PAGE),
    Operation::new(
        Post,
        "/v1/tokens",
        "createToken",
        "Make an API token",
        &[answer(
            201,
            "The token and its secret, which is shown this once.",
            json!(r::TokenCreated),
        )],
        |_, _| Ok(Route::CreateToken),
    )
    .takes(json!(CreateToken)),
    Operation::new(
        Delete,
        "/v1/tokens/{token}",
        "deleteToken",
        "Revoke an API token",
        &[answer(204, "Revoked.", Empty)],
        |_, captures| {
            Ok(Route::DeleteToken {
                token: captures.id("token")?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps",
        "listApps",
        "List the apps",
        &[answer(200, "Apps, newest first.", json!(r::AppPage))],
        |_, _| Ok(Route::ListApps),
    )
    .reads(PAGE),
    Operation::new(
        Post,
        "/v1/apps",
        "createApp",
        "Create an app and its first turn from a prompt",
        &[answer(
            201,
            "The app, whose preview answers soon.",
            json!(r::AppCreated),
        )],
        |_, _| Ok(Route::CreateApp),
    )
    .takes(json!(CreateApp)),
    Operation::later(
        Post,
        "/v1/apps/import",
        "importApp",
        "Create an app from an archive",
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}",
        "getApp",
        "Show an app",
        &[answer(200, "The app.", json!(r::AppShown))],
        |_, captures| captures.app(AppCall::Show),
    ),
    Operation::new(
        Patch,
        "/v1/apps/{app}",
        "renameApp",
        "Rename an app",
        &[answer(
            200,
            "The app with its new name.",
            json!(r::AppShown),
        )],
        |_, captures| captures.app(AppCall::Rename),
    )
    .takes(json!(RenameApp)),
    Operation::new(
        Delete,
        "/v1/apps/{app}",
        "deleteApp",
        "Delete an app with all its files, versions and builds",
        &[answer(204, "Deleted.", Empty)],
        |_, captures| captures.app(AppCall::Delete),
    ),
    Operation::new(
        Post,
        "/v1/apps/{app}/messages",
        "postMessage",
        "Say something to the conversation",
        &[answer(
            202,
            "Stored. The turn's progress is in the feed.",
            json!(r::TurnAccepted),
        )],
        |_, captures| captures.app(AppCall::PostMessage),
    )
    .takes(json!(PostMessage)),
    Operation::new(
        Get,
        "/v1/apps/{app}/messages",
        "listMessages",
        "List what was said",
        &[answer(
            200,
            "Messages, oldest first.",
            json!(r::MessagePage),
        )],
        |_, captures| captures.app(AppCall::ListMessages),
    )
    .reads(PAGE),
    Operation::new(
        Get,
        "/v1/apps/{app}/feed",
        "readFeed",
        "Follow the app: every event since a number, then live",
        &[answer(
            200,
            "Events: `id` is the number, `event` the kind, `data` a JSON object.",
            Events,
        )],
        |_, captures| captures.app(AppCall::Feed),
    )
    .reads(&[Input::Resume]),
    Operation::new(
        Get,
        "/v1/apps/{app}/files",
        "listFiles",
        "List the files as they are now",
        &[answer(200, "Files, ordered by path.", json!(r::FilePage))],
        |_, captures| captures.app(AppCall::ListFiles),
    )
    .reads(PAGE),
    Operation::new(
        Get,
        "/v1/apps/{app}/files/{path}",
        "readFile",
        "Read a file",
        &[answer(
            200,
            "Its bytes. `ETag` is the hash in quotes.",
            Bytes,
        )],
        |_, captures| {
            captures.app(AppCall::ReadFile {
                path: captures.path()?,
            })
        },
    ),
    Operation::new(
        Put,
        "/v1/apps/{app}/files/{path}",
        "writeFile",
        "Write a whole file",
        &[
            answer(200, "Replaced.", json!(r::FileWritten)),
            answer(201, "There was none, now there is.", json!(r::FileWritten)),
        ],
        |_, captures| {
            captures.app(AppCall::WriteFile {
                path: captures.path()?,
            })
        },
    )
    .takes(Bytes)
    .reads(&[Input::Precondition]),
    Operation::new(
        Delete,
        "/v1/apps/{app}/files/{path}",
        "deleteFile",
        "Delete a file",
        &[answer(204, "Deleted.", Empty)],
        |_, captures| {
            captures.app(AppCall::DeleteFile {
                path: captures.path()?,
            })
        },
    )
    .reads(&[Input::Precondition]),
    Operation::new(
        Get,
        "/v1/apps/{app}/versions",
        "listVersions",
        "List the versions",
        &[answer(
            200,
            "Versions, newest first.",
            json!(r::VersionPage),
        )],
        |_, captures| captures.app(AppCall::ListVersions),
    )
    .reads(PAGE),
    Operation::new(
        Get,
        "/v1/apps/{app}/versions/{version}",
        "getVersion",
        "Show a version and its files",
        &[answer(200, "The version.", json!(r::VersionShown))],
        |_, captures| {
            captures.app(AppCall::ShowVersion {
                version: captures.version()?,
            })
        },
    ),
    Operation::new(
        Post,
        "/v1/apps/{app}/versions/{version}/restore",
        "restoreVersion",
        "Make a new version equal to this one",
        &[answer(201, "The new version.", json!(r::VersionCreated))],
        |_, captures| {
            captures.app(AppCall::RestoreVersion {
                version: captures.version()?,
            })
        },
    ),
    Operation::new(
        Post,
        "/v1/apps/{app}/builds",
        "startBuild",
        "Build the newest version",
        &[answer(
            202,
            "Queued. Its progress is in the feed.",
            json!(r::BuildShown),
        )],
        |_, captures| captures.app(AppCall::StartBuild),
    )
    .takes(json!(StartBuild)),
    Operation::new(
        Get,
        "/v1/apps/{app}/builds/{build}",
        "getBuild",
        "Show a build",
        &[answer(200, "The build.", json!(r::BuildShown))],
        |_, captures| {
            captures.app(AppCall::ShowBuild {
                build: captures.id("build")?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/builds/{build}/log",
        "getBuildLog",
        "Read a build's log",
        &[answer(
            200,
            "The log, a line for each line of the builder.",
            Text,
        )],
        |_, captures| {
            captures.app(AppCall::BuildLog {
                build: captures.id("build")?,
            })
        },
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/turns/{turn}/cancel",
        "cancelTurn",
        "Stop a turn",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/edits",
        "editFiles",
        "Change lines of files",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/search",
        "searchFiles",
        "Search the files",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/versions/{version}/diff",
        "diffVersions",
        "Compare two versions",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/deployments",
        "listDeployments",
        "List the deployments",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/deployments",
        "deploy",
        "Deploy or promote a version",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/deployments/{deployment}/rollback",
        "rollBack",
        "Go back to an earlier deployment",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/env",
        "listVariables",
        "List the variables",
    ),
    Operation::later(
        Put,
        "/v1/apps/{app}/env/{environment}/{name}",
        "setVariable",
        "Set a variable",
    ),
    Operation::later(
        Delete,
        "/v1/apps/{app}/env/{environment}/{name}",
        "deleteVariable",
        "Delete a variable",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/domains",
        "listDomains",
        "List the custom domains",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/domains",
        "addDomain",
        "Add a custom domain",
    ),
    Operation::later(
        Delete,
        "/v1/apps/{app}/domains/{domain}",
        "removeDomain",
        "Remove a custom domain",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/tables",
        "listTables",
        "List the app's tables",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/tables",
        "defineTables",
        "Define tables",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/tables/{table}/rows",
        "listRows",
        "List the rows of a table",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/members",
        "listMembers",
        "List the app's own users",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/members",
        "addMember",
        "Add a user of the app",
    ),
    Operation::later(
        Delete,
        "/v1/apps/{app}/members/{member}",
        "removeMember",
        "Remove a user of the app",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/alerts",
        "getAlerts",
        "Show the alert thresholds",
    ),
    Operation::later(
        Put,
        "/v1/apps/{app}/alerts",
        "setAlerts",
        "Set the alert thresholds",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/approvals",
        "listApprovals",
        "List deployment approvals",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/approvals",
        "approve",
        "Approve a deployment",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/export",
        "exportApp",
        "Take the app away as an archive",
    ),
    Operation::later(
        Post,
        "/v1/apps/{app}/clone",
        "cloneApp",
        "Start a new app from a copy",
    ),
    Operation::later(
        Get,
        "/v1/apps/{app}/usage",
        "getAppUsage",
        "What the app has used",
    ),
    Operation::later(Get, "/v1/usage", "getUsage", "What the workspace has used"),
    Operation::later(Get, "/v1/shards", "listShards", "List the database shards"),
    Operation::later(Post, "/v1/shards", "addShard", "Add a database shard"),
    Operation::later(
        Get,
        "/metrics",
        "getMetrics",
        "Numbers in Prometheus' text format",
    ),
];
