//! The calls that are there.

use schemars::{JsonSchema, SchemaGenerator};

use super::{
    Answer,
    Content::{self, Bytes, Empty, Events, Text, TextOf},
    Input,
    Method::{Delete, Get, Patch, Post, Put},
    Operation,
};
use crate::http::{
    body::{
        AddShard, ChangeShard, ConsoleLogin, CreateApp, CreateToken, DefineTables, EditFiles,
        PostMessage, StartBuild, UpdateApp,
    },
    resource as r,
    route::{AppCall, Route},
};

pub(super) const fn answer(status: u16, meaning: &'static str, content: Content) -> Answer {
    Answer {
        status,
        meaning,
        content,
    }
}

pub(super) const fn json<T: JsonSchema>() -> Content {
    if cfg!(target_family = "wasm") {
        Content::Json(None)
    } else {
        Content::Json(Some(SchemaGenerator::subschema_for::<T>))
    }
}

pub(super) const PAGE: &[Input] = &[Input::Page];

pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        Get,
        "/healthz",
        "getHealth",
        "Whether the service answers",
        &[answer(200, "It does.", json::<r::Health>())],
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
            json::<serde_json::Map<String, serde_json::Value>>(),
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
    .takes(json::<ConsoleLogin>())
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
        &[answer(200, "The workspace.", json::<r::Session>())],
        |_, _| Ok(Route::Session),
    ),
    Operation::new(
        Get,
        "/v1/tokens",
        "listTokens",
        "List the API tokens, without their secrets",
        &[answer(200, "Tokens, newest first.", json::<r::TokenPage>())],
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
            json::<r::TokenCreated>(),
        )],
        |_, _| Ok(Route::CreateToken),
    )
    .takes(json::<CreateToken>()),
    Operation::new(
        Delete,
        "/v1/tokens/{token}",
        "deleteToken",
        "Revoke an API token",
        &[answer(
            204,
            "Revoked, and the console's sessions that were opened with it have ended.",
            Empty,
        )],
        |_, captures| {
            Ok(Route::DeleteToken {
                token: captures.id("token")?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/shards",
        "listShards",
        "List the database shards (the operator)",
        &[answer(200, "All of them, without their keys.", json::<r::ShardList>())],
        |_, _| Ok(Route::ListShards),
    ),
    Operation::new(
        Post,
        "/v1/shards",
        "addShard",
        "Add a database shard (the operator)",
        &[answer(
            201,
            "It has answered, has our migrations, and takes apps. One that does not is 422, and is not added.",
            json::<r::ShardShown>(),
        )],
        |_, _| Ok(Route::AddShard),
    )
    .takes(json::<AddShard>()),
    Operation::new(
        Patch,
        "/v1/shards/{shard}",
        "changeShard",
        "Drain a shard, let it take apps again, or let it take more (the operator)",
        &[answer(200, "The shard as it is now.", json::<r::ShardShown>())],
        |_, captures| {
            Ok(Route::ChangeShard {
                shard: captures.id("shard")?,
            })
        },
    )
    .takes(json::<ChangeShard>()),
    Operation::new(
        Delete,
        "/v1/shards/{shard}",
        "removeShard",
        "Forget a shard that holds nothing (the operator)",
        &[answer(204, "It is not asked any more.", Empty)],
        |_, captures| {
            Ok(Route::RemoveShard {
                shard: captures.id("shard")?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/shards/{shard}/apps",
        "listShardApps",
        "List the apps of a shard (the operator)",
        &[answer(
            200,
            "By id, each with the move that it is on, or the last one that failed.",
            json::<r::ShardAppPage>(),
        )],
        |_, captures| {
            Ok(Route::ListShardApps {
                shard: captures.id("shard")?,
            })
        },
    )
    .reads(PAGE),
    Operation::new(
        Put,
        "/v1/shards/{shard}/apps/{app}",
        "moveApp",
        "Move an app's data to a shard (the operator)",
        &[answer(
            202,
            "It is on its way, or there. It can be read meanwhile and not changed. Its people keep their passwords and sign in again.",
            json::<r::ShardAppShown>(),
        )],
        |_, captures| {
            Ok(Route::MoveApp {
                shard: captures.id("shard")?,
                app: captures.id("app")?,
            })
        },
    ),
    Operation::new(
        Delete,
        "/v1/shards/{shard}/apps/{app}",
        "callOffMove",
        "Call a move to a shard off, or forget one that failed (the operator)",
        &[answer(
            204,
            "The app stays where it is. One that has arrived is 409.",
            Empty,
        )],
        |_, captures| {
            Ok(Route::CallOffMove {
                shard: captures.id("shard")?,
                app: captures.id("app")?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps",
        "listApps",
        "List the apps",
        &[answer(200, "Apps, newest first.", json::<r::AppPage>())],
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
            json::<r::AppCreated>(),
        )],
        |_, _| Ok(Route::CreateApp),
    )
    .takes(json::<CreateApp>()),
    Operation::new(
        Get,
        "/v1/apps/{app}",
        "getApp",
        "Show an app",
        &[answer(200, "The app.", json::<r::AppShown>())],
        |_, captures| captures.app(AppCall::Show),
    ),
    Operation::new(
        Patch,
        "/v1/apps/{app}",
        "updateApp",
        "Rename an app",
        &[answer(
            200,
            "The app with its new name.",
            json::<r::AppShown>(),
        )],
        |_, captures| captures.app(AppCall::Update),
    )
    .takes(json::<UpdateApp>()),
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
            json::<r::TurnAccepted>(),
        )],
        |_, captures| captures.app(AppCall::PostMessage),
    )
    .takes(json::<PostMessage>()),
    Operation::new(
        Post,
        "/v1/apps/{app}/turns/{turn}/cancel",
        "cancelTurn",
        "Stop a turn",
        &[answer(
            202,
            "Stopped: a turn that waited never begins, and what one has changed that ran is kept as a version. One that is over \
             is 409.",
            json::<r::TurnAccepted>(),
        )],
        |_, captures| {
            captures.app(AppCall::CancelTurn {
                turn: captures.id("turn")?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/usage",
        "getAppUsage",
        "What the app has used",
        &[answer(
            200,
            "Tokens and money, what is billed and what is not, and the builder's time.",
            json::<r::AppUsage>(),
        )],
        |_, captures| captures.app(AppCall::Usage),
    ),
    Operation::new(
        Get,
        "/v1/usage",
        "getUsage",
        "What the workspace has used",
        &[answer(
            200,
            "Tokens and money of all its apps, and what its budget is held against.",
            json::<r::WorkspaceUsage>(),
        )],
        |_, _| Ok(Route::Usage),
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/messages",
        "listMessages",
        "List what was said",
        &[answer(
            200,
            "Messages, oldest first.",
            json::<r::MessagePage>(),
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
            "Events: `id` is the number, `event` the kind, `data` a JSON object. Turns that have long been over are compacted: an \
             event with a `since` stands for the numbers from there to its own, and a `text_delta` that is `whole` takes the place \
             of what its step has said before. With `Upgrade: websocket`, the same objects as \
             messages; a reader that says `{\"ack\": n}` now and then is never told to slow down.",
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
        &[answer(200, "Files, ordered by path.", json::<r::FilePage>())],
        |_, captures| captures.app(AppCall::ListFiles),
    )
    .reads(PAGE),
    Operation::new(
        Get,
        "/v1/apps/{app}/files/{path}",
        "readFile",
        "Read a file",
        &[
            answer(200, "Its bytes. `ETag` is the hash in quotes.", Bytes),
            answer(304, "The reader has it as it is now.", Empty),
        ],
        |_, captures| {
            captures.app(AppCall::ReadFile {
                path: captures.path()?,
            })
        },
    )
    .reads(&[Input::Seen]),
    Operation::new(
        Put,
        "/v1/apps/{app}/files/{path}",
        "writeFile",
        "Write a whole file",
        &[
            answer(200, "Replaced.", json::<r::FileWritten>()),
            answer(201, "There was none, now there is.", json::<r::FileWritten>()),
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
    .reads(&[Input::Match]),
    Operation::new(
        Post,
        "/v1/apps/{app}/edits",
        "editFiles",
        "Change lines of files",
        &[answer(
            200,
            "All edits have landed. When one has no proven place, breaks its file, or a file is another than `base` says, \
             nothing is changed: 409, with `path`, `edit`, and the lines as they are.",
            json::<r::FilesEdited>(),
        )],
        |_, captures| captures.app(AppCall::EditFiles),
    )
    .takes(json::<EditFiles>()),
    Operation::new(
        Get,
        "/v1/apps/{app}/tables",
        "listTables",
        "List the app's tables",
        &[answer(200, "By name.", json::<r::TablePage>())],
        |_, captures| captures.app(AppCall::ListTables),
    )
    .reads(PAGE),
    Operation::new(
        Post,
        "/v1/apps/{app}/tables",
        "defineTables",
        "Define tables",
        &[answer(
            200,
            "They are there, each guarded by row-level security: new ones were made, and columns that are new were added. What is no \
             addition, or no spec, is refused, with the database's own word for it in `code`, and then nothing has changed.",
            json::<r::TablesDefined>(),
        )],
        |_, captures| captures.app(AppCall::DefineTables),
    )
    .takes(json::<DefineTables>()),
    Operation::new(
        Delete,
        "/v1/apps/{app}/tables/{table}",
        "dropTable",
        "Drop a table with its rows",
        &[answer(204, "It is gone.", Empty)],
        |_, captures| {
            captures.app(AppCall::DropTable {
                table: captures.table()?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/tables/{table}/rows",
        "listRows",
        "List the rows of a table",
        &[answer(200, "The newest first.", json::<r::RowPage>())],
        |_, captures| {
            captures.app(AppCall::ListRows {
                table: captures.table()?,
            })
        },
    )
    .reads(PAGE),
    Operation::new(
        Get,
        "/v1/apps/{app}/tables.sql",
        "exportTables",
        "Take all tables away, as SQL",
        &[answer(
            200,
            "A file that makes the tables with their rows in an empty PostgreSQL database, under the names that the app has for them; their \
             definitions are a comment at its beginning. Of people there are the ids alone. What changes while it is read is in it as it was when \
             its piece was read; where something goes wrong on the way, the answer is cut off.",
            TextOf("application/sql"),
        )],
        |_, captures| captures.app(AppCall::ExportTables),
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/tables/{table}/rows.csv",
        "exportRows",
        "Take the rows of a table away, as CSV",
        &[answer(
            200,
            "RFC 4180, in UTF-8, by id. The first line names the columns. Null is an empty cell, an empty text is `\"\"`; lists and JSON are written \
             as JSON.",
            TextOf("text/csv"),
        )],
        |_, captures| {
            captures.app(AppCall::ExportRows {
                table: captures.table()?,
            })
        },
    ),
    Operation::new(
        Post,
        "/v1/apps/{app}/tables/{table}/rows.csv",
        "importRows",
        "Put rows into a table, from CSV",
        &[answer(
            200,
            "They are there. The file is as the export writes it, at most 5 MiB; columns that it does not name get their defaults. A row whose id \
             is there took the place of that one, and no row was taken away. Where rows cannot be put in, `errors` of the problem names their lines, \
             at most 100: nothing of the thousand rows around such a line was put in, `inserted` and `updated` say what was before it, and the file \
             may be sent again. Users that are not the shard's are refused, and left out in a table of access `server`.",
            json::<r::RowsImported>(),
        )],
        |_, captures| {
            captures.app(AppCall::ImportRows {
                table: captures.table()?,
            })
        },
    )
    .takes(TextOf("text/csv")),
    Operation::new(
        Get,
        "/v1/apps/{app}/search",
        "searchFiles",
        "Search the files as they are now",
        &[answer(
            200,
            "Lines that match, at most 1,000 and at most 200 of one file (fewer with much context), shared out evenly \
             among the files. Counts are exact; what was not searched is named.",
            json::<r::SearchResult>(),
        )],
        |_, captures| captures.app(AppCall::Search),
    )
    .reads(&[Input::Search]),
    Operation::new(
        Get,
        "/v1/apps/{app}/versions",
        "listVersions",
        "List the versions",
        &[answer(
            200,
            "Versions, newest first.",
            json::<r::VersionPage>(),
        )],
        |_, captures| captures.app(AppCall::ListVersions),
    )
    .reads(PAGE),
    Operation::new(
        Get,
        "/v1/apps/{app}/versions/{version}",
        "getVersion",
        "Show a version and its files",
        &[answer(200, "The version.", json::<r::VersionShown>())],
        |_, captures| {
            captures.app(AppCall::ShowVersion {
                version: captures.version()?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/versions/{version}/diff",
        "diffVersions",
        "Compare a version with its parent, or with another one",
        &[answer(
            200,
            "The files that differ, ordered by path. A page ends early at 512 KiB of text.",
            json::<r::DiffPage>(),
        )],
        |_, captures| {
            captures.app(AppCall::DiffVersions {
                version: captures.version()?,
            })
        },
    )
    .reads(&[Input::From, Input::Page]),
    Operation::new(
        Post,
        "/v1/apps/{app}/versions/{version}/restore",
        "restoreVersion",
        "Make a new version equal to this one",
        &[answer(201, "The new version.", json::<r::VersionCreated>())],
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
            json::<r::BuildShown>(),
        )],
        |_, captures| captures.app(AppCall::StartBuild),
    )
    .takes(json::<StartBuild>()),
    Operation::new(
        Get,
        "/v1/apps/{app}/builds/{build}",
        "getBuild",
        "Show a build",
        &[answer(200, "The build.", json::<r::BuildShown>())],
        |_, captures| {
            captures.app(AppCall::ShowBuild {
                build: captures.id("build")?,
            })
        },
    ),
    Operation::new(
        Get,
        "/v1/apps/{app}/builds/{build}/screenshot",
        "getBuildScreenshot",
        "See how a build's start page looks",
        &[answer(
            200,
            "A WebP picture, taken by a browser that looked at the build. 404 where none has. `ETag` is the hash in quotes.",
            Bytes,
        )],
        |_, captures| {
            captures.app(AppCall::BuildScreenshot {
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
];
