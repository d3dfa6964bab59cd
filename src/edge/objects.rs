//! Typed calls to the Durable Objects: what may be asked, instead of URLs.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{Env, Method, Request, RequestInit, Response, ResponseBody, Stub};

use super::runtime;
use crate::{
    build::Mode,
    data::visit::Attempt,
    digest::Digest,
    error::{Error, Kind, Result},
    generation::{
        AppSummary, BuildOutcome, Charge, Created, MessageRole, Said, Spending, Version, Work,
        budget::Total,
    },
    http::{
        idempotency::{Answer as IdempotentAnswer, Nonce},
        resource::EditLanded,
    },
    ids::{AppId, BuildId, DeploymentId, ShardId, TokenId, TurnId, WorkspaceId},
    llm::{message::Image, models::Reservation},
    monitor::{
        Facts, Measurement,
        alert::{Thresholds, Webhook},
    },
    project::{FileEntry, Manifest, ProjectPath},
    publish::{
        Answers, Decision, Environment, Told, Variable, VariableKind, domain::DomainName,
        names::Name,
    },
    sorted::{SortedMap, SortedSet},
    time::Timestamp,
};

/// What a conversation can be asked. The type after the arrow is the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConversationCall {
    /// → `bool`: whether it is open, as this workspace's. One that the workspace has accepted is opened by any call in its name.
    Open { workspace: WorkspaceId },
    /// → `()`
    Post { turn: TurnId, said: Said },
    /// → `()`
    Cancel { turn: TurnId },
    /// → [`AppUsage`](crate::generation::AppUsage)
    Usage,
    /// → [`AppSummary`]
    Show,
    /// → [`AppSummary`]
    Update {
        name: Option<String>,
        model: Option<String>,
    },
    /// → `()`
    Delete,
    /// → `Vec<`[`MessageRow`]`>`, oldest first
    Messages { after: u64, limit: u32 },
    /// → [`Files`]
    Files {
        after: Option<ProjectPath>,
        limit: u32,
    },
    /// → [`FileEntry`]
    File { path: ProjectPath },
    /// → [`FileWritten`]
    PutFile {
        path: ProjectPath,
        entry: FileEntry,
        if_match: Option<String>,
        if_none_match: Option<String>,
    },
    /// → [`FilesEdited`](crate::http::resource::FilesEdited), once for a nonce
    EditFiles {
        files: Vec<EditedFile>,
        nonce: Nonce,
    },
    /// → `Option<`[`FilesEdited`](crate::http::resource::FilesEdited)`>`: what `EditFiles` has answered with this nonce
    Edited { nonce: Nonce },
    /// → [`FileWritten`]
    DeleteFile {
        path: ProjectPath,
        if_match: Option<String>,
    },
    /// → `Vec<`[`Version`]`>`, newest first
    Versions { before: Option<u32>, limit: u32 },
    /// → [`VersionFiles`]
    Version { number: u32 },
    /// → [`Version`]
    Restore { number: u32, nonce: Nonce },
    /// → [`crate::generation::Build`]
    StartBuild { mode: Mode, nonce: Nonce },
    /// → [`crate::generation::Build`]
    Build { build: BuildId },
    /// → `Vec<String>`
    BuildLog { build: BuildId },
    /// → `Option<`[`Live`]`>`; nothing when there is no such app
    Site { environment: Environment },
    /// → `Vec<`[`Deployment`](crate::publish::Deployment)`>`, newest first
    Deployments { before: Option<u32>, limit: u32 },
    /// → [`Deployment`](crate::publish::Deployment)
    Deployment { id: DeploymentId },
    /// → [`Deployment`](crate::publish::Deployment). Without a version, the newest one. Once for a nonce.
    Deploy {
        environment: Environment,
        version: Option<u32>,
        url: String,
        by: String,
        note: Option<String>,
        nonce: Nonce,
    },
    /// → [`Deployment`](crate::publish::Deployment). Once for a nonce.
    RollBack {
        to: DeploymentId,
        by: String,
        note: Option<String>,
        nonce: Nonce,
    },
    /// → [`Approvals`](crate::http::resource::Approvals)
    Approvals,
    /// → [`Approvals`](crate::http::resource::Approvals), as they are then.
    SetApprovals {
        environments: SortedSet<Environment>,
        by: String,
    },
    /// → [`Deployment`](crate::publish::Deployment). Once for a nonce.
    Decide {
        deployment: DeploymentId,
        decision: Decision,
        by: String,
        note: Option<String>,
        nonce: Nonce,
    },
    /// → `()`. Visitors were answered by a deployment.
    Answered {
        deployment: DeploymentId,
        answers: Answers,
    },
    /// → [`Watch`](crate::monitor::alert::Watch)
    Alerts,
    /// → [`Watch`](crate::monitor::alert::Watch), as it is then. The webhook's secret is sealed.
    SetAlerts {
        webhook: Option<Webhook>,
        thresholds: Thresholds,
    },
    /// → `Option<`[`Name`]`>`: below the domain of the apps
    PublicName,
    /// → `()`. The name was claimed for the app.
    Named { name: Name },
    /// → `Vec<`[`Domain`]`>`, by host name
    Domains,
    /// → [`Domain`]. Once for a proof.
    AddDomain {
        host: DomainName,
        proof: String,
        by: String,
    },
    /// → [`Domain`]
    CheckDomain { host: DomainName },
    /// → `()`
    RemoveDomain { host: DomainName },
    /// → [`Variables`]
    Variables,
    /// → `Option<`[`Variable`]`>`, as it is then
    SetVariable {
        environment: Environment,
        name: String,
        /// Who gets to know it, and what. A secret is sealed.
        value: Option<(VariableKind, String)>,
        by: String,
        /// Whether what is live has to be deployed again to be told.
        redeploys: bool,
    },
    /// → `Option<u64>`: for how many seconds to wait, 0 when these are not too many; nothing when there is no such app
    Knock {
        attempts: Vec<Attempt>,
        at: Timestamp,
    },
    /// → `Option<`[`Claimed`]`>`
    Claim { build: BuildId },
    /// → `bool`: whether the claim still holds. Without it, the work is of no use
    Progress {
        build: BuildId,
        attempt: u32,
        lines: Vec<String>,
    },
    /// → `()`
    BuildReported {
        build: BuildId,
        attempt: u32,
        lines: Vec<String>,
        outcome: Box<BuildOutcome>,
    },
    /// → `()`. The queue has given up on a build's message.
    BuildUndelivered { build: BuildId },
}

/// One message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MessageRow {
    pub(super) seq: u64,
    pub(super) turn: TurnId,
    pub(super) role: MessageRole,
    pub(super) content: String,
    pub(super) attachments: Vec<Image>,
    pub(super) created_at: Timestamp,
}

/// A page of files.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Files {
    pub(super) version: Option<u32>,
    pub(super) files: Vec<(ProjectPath, FileEntry)>,
    pub(super) more: bool,
}

/// A file was written or deleted.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileWritten {
    pub(super) created: bool,
    pub(super) version: Option<u32>,
}

/// A file that was edited: as it was when the edits were applied, as it is then, and where they went.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EditedFile {
    pub(super) path: ProjectPath,
    pub(super) before: Digest,
    pub(super) entry: FileEntry,
    pub(super) edits: Vec<EditLanded>,
}

/// A version with its files.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VersionFiles {
    pub(super) version: Version,
    pub(super) manifest: Manifest,
}

/// The variables of each environment that has any. Secrets are sealed.
pub(super) type Variables = SortedMap<Environment, SortedMap<String, Variable>>;

/// What one of an app's addresses serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Live {
    pub(super) name: String,
    /// Whether what was tried last did not work.
    pub(super) failed: bool,
    /// The digest of the artifact set, and the version that it was built of; none before the first.
    pub(super) set: Option<(Digest, u32)>,
    /// What the environment's variables come to.
    pub(super) told: Told,
    /// Those that were live before, the newest first.
    pub(super) earlier: Vec<Digest>,
    /// The Worker in a dispatch namespace that answers.
    pub(super) dispatched: Option<String>,
    /// Whose answers are counted.
    pub(super) watched: Option<Watched>,
}

/// A deployment whose answers are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watched {
    pub(super) deployment: DeploymentId,
    pub(super) until: Timestamp,
}

/// The work of a claimed build.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claimed {
    pub(super) work: Work,
    pub(super) manifest: Manifest,
}

/// What a workspace can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WorkspaceCall {
    /// → `Option<String>`: what the token is called, if it is one
    KnowsToken { hash: Digest },
    /// → the same of the token that the session was opened with. `bootstrap` is the hash of the token that set-up made, when it belongs to this workspace.
    KnowsSession {
        hash: Digest,
        bootstrap: Option<Digest>,
    },
    /// → `()`. `token` is the hash of the token that was shown; the session ends with it.
    OpenSession {
        hash: Digest,
        token: Digest,
        expires_at: Timestamp,
    },
    /// → `()`
    CloseSession { hash: Digest },
    /// → `bool`: whether it was made. A token of this id may be there already; it keeps the hash that it has.
    CreateToken {
        id: TokenId,
        name: String,
        hash: Digest,
        created_at: Timestamp,
    },
    /// → `Vec<`[`TokenRow`]`>`, newest first
    Tokens { before: Option<u64>, limit: u32 },
    /// → `()`. Its sessions end.
    DeleteToken { id: TokenId },
    /// → [`AppSummary`]: the app as it is. From then on it is listed, and its conversation will be opened. Idempotent.
    AcceptApp { created: Box<Created> },
    /// → `Option<`[`Created`]`>`: an app that was accepted, while its conversation may not be open
    Accepted { app: AppId },
    /// → `()`. An older summary never replaces a newer one.
    PutApp { summary: Box<AppSummary> },
    /// → `()`
    RemoveApp { app: AppId },
    /// → `Vec<`[`AppRow`]`>`, newest first
    Apps { before: Option<u64>, limit: u32 },
    /// → [`Reserved`](crate::generation::budget::Reserved). Idempotent.
    Reserve {
        of: Ledgered,
        worst: Reservation,
        at: Timestamp,
    },
    /// → `()`. Idempotent.
    Settle {
        of: Ledgered,
        charge: Charge,
        at: Timestamp,
    },
    /// → [`WorkspaceUsage`]
    Usage { at: Timestamp },
    /// → [`Levels`](crate::monitor::alert::Levels): how the app stands, once this is counted. Idempotent.
    Measure {
        app: AppId,
        measurement: Option<Measurement>,
        facts: Facts,
        at: Timestamp,
    },
    /// → [`AppMetrics`](crate::http::resource::AppMetrics)
    Metrics { app: AppId, at: Timestamp },
    /// → [`FleetMetrics`](crate::http::resource::FleetMetrics), or as text `String`
    Fleet { as_text: bool, at: Timestamp },
    /// → [`Begun`]
    BeginRequest {
        key: String,
        digest: Digest,
        nonce: Nonce,
    },
    /// → `()`
    EndRequest {
        key: String,
        answer: IdempotentAnswer,
    },
}

/// An attempt at a call, as the ledger names it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ledgered {
    pub(super) app: AppId,
    pub(super) turn: TurnId,
    pub(super) step: u32,
    pub(super) attempt: u32,
}

/// What a workspace has come to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WorkspaceUsage {
    /// Of all time.
    pub(super) spent: Spending,
    /// The same with what is set aside.
    pub(super) total: Total,
    /// Of today.
    pub(super) today: Total,
}

/// What a key of the build cache can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CacheCall {
    /// → [`Turn`](crate::publish::cache::Turn)
    Ask { key: Digest, holder: String },
    /// → `()`. What was built is stored.
    Keep { key: Digest },
    /// → `()`
    Release { holder: String },
    /// → `()`. What was kept at that time is not there.
    Forget { kept_at: Timestamp },
}

/// What a name below the domain of the apps can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HostnameCall {
    /// → `Option<`[`AppId`]`>`: whose it is
    Find,
    /// → `bool`: whether it is this app's, which it is from now on if it was nobody's. Idempotent.
    Claim(AppId),
    /// → `()`. It is nobody's, if it was this app's. Idempotent.
    Release(AppId),
}

/// What the pool of shards can be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ShardCall {
    /// → `{shard, url, keys, has_shards}`: in which shard the app has its data, if in any, where that is (of the one of the settings, they
    /// say it), and its keys, sealed; whether the installation has a shard
    Find(AppId),
    /// → the same: there is room for tables of these names there, besides those that the app has. Idempotent.
    Reserve(AppId, Vec<String>),
    /// → `()`. Of the tables that were asked for, those found are there and others are not. Idempotent.
    Settle(AppId, Vec<String>, Vec<String>),
    /// → `()`. The app is gone with all its data. Idempotent.
    Release(AppId),
    /// → `()`. It did not answer.
    Doubt(ShardId),
    /// → `Vec<`[`Shard`](crate::http::resource::Shard)`>`
    List,
    /// → [`Shard`](crate::http::resource::Shard), once it has answered. The [`Member`](crate::data::pool::Member) as it is stored. Idempotent.
    Add(String),
    /// → [`Shard`](crate::http::resource::Shard). As in [`Change`](crate::data::pool::Change).
    Change(ShardId, Option<bool>, Option<u32>, Option<u32>),
    /// → [`Shard`](crate::http::resource::Shard), opened by these keys from now on, once it has answered to them. They are sealed. Idempotent.
    Rekey(ShardId, String),
    /// → `()`
    Remove(ShardId),
    /// → `Vec<`[`ShardApp`](crate::http::resource::ShardApp)`>`: so many apps of a shard, by id, behind this one
    Apps(ShardId, String, u32),
    /// → [`ShardApp`](crate::http::resource::ShardApp): it goes to this shard. Idempotent.
    Move(AppId, ShardId),
    /// → `()`. It does not go there. Idempotent.
    Stay(AppId, ShardId),
}

/// One token, without its secret.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TokenRow {
    pub(super) seq: u64,
    pub(super) id: TokenId,
    pub(super) name: String,
    pub(super) created_at: Timestamp,
}

/// One app of the list.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AppRow {
    pub(super) seq: u64,
    pub(super) summary: AppSummary,
}

/// What becomes of a request with an idempotency key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Begun {
    /// Do it; everything fresh in it comes from this seed, so that doing it again does the same.
    Run(Nonce),
    /// It was done; this was the answer.
    Replay(IdempotentAnswer),
}

/// A conversation is asked in somebody's name, or by the system itself (no workspace).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked<C> {
    /// The name of the object that is asked, which it cannot ask the platform for.
    pub(super) name: String,
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) call: C,
}

/// The conversation of an app.
pub(super) fn conversation(env: &Env, app: &AppId) -> Result<Object> {
    Object::named(env, "CONVERSATIONS", app.as_str(), "The app's conversation")
}

/// A workspace.
pub(super) fn workspace(env: &Env, workspace: &WorkspaceId) -> Result<Object> {
    Object::named(env, "WORKSPACES", workspace.as_str(), "The workspace")
}

/// A key of the build cache.
pub(super) fn build_cache(env: &Env, key: &Digest) -> Result<Object> {
    Object::named(env, "BUILD_CACHE", &key.to_string(), "The build cache")
}

/// A name below the domain of the apps, or a whole host name of somebody's own.
pub(super) fn hostname(env: &Env, name: &str) -> Result<Object> {
    Object::named(env, "HOSTNAMES", name, "The app's address")
}

/// The pool of shards.
pub(super) fn shards(env: &Env) -> Result<Object> {
    Object::named(env, "SHARDS", "pool", "The pool of databases")
}

/// A Durable Object by name.
pub(super) struct Object {
    stub: Stub,
    name: String,
    /// What it is to a user.
    what: &'static str,
}

impl Object {
    fn named(env: &Env, binding: &str, name: &str, what: &'static str) -> Result<Self> {
        let stub = env
            .durable_object(binding)
            .and_then(|namespace| namespace.get_by_name(name));
        Ok(Self {
            stub: stub.map_err(Error::internal)?,
            name: name.to_owned(),
            what,
        })
    }

    /// Asks in the name of `workspace`, or of the system.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        workspace: Option<&WorkspaceId>,
        call: impl Serialize,
    ) -> impl Future<Output = Result<T>> {
        let asked = Asked {
            name: self.name.clone(),
            workspace: workspace.cloned(),
            call,
        };
        // What is asked need not be kept while the answer is awaited.
        let body = serde_json::to_string(&asked).map_err(Error::internal);
        self.answer(body)
    }

    async fn answer<T: DeserializeOwned>(&self, body: Result<String>) -> Result<T> {
        let text = self.exchange(body?).await?;
        crate::json::from_str::<Result<T>>(&text).map_err(Error::internal)?
    }

    /// The same for every type of answer, so that it is compiled once.
    async fn exchange(&self, body: String) -> Result<String> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(body.into()));
        let request = Request::new_with_init("https://object/", &init).map_err(Error::internal)?;
        let response = self
            .stub
            .fetch_with_request(request)
            .await
            .map_err(|error| self.unavailable(error))?;
        runtime::text(response)
            .await
            .map_err(|error| self.unavailable(error))
    }

    /// The feed after event number `after`, as a stream that does not end. 404 when there is no such app any more.
    pub(super) async fn feed(&self, workspace: &WorkspaceId, after: u64) -> Result<ResponseBody> {
        let response = self
            .stub
            .fetch_with_str(&self.feed_url(workspace, after))
            .await
            .map_err(|error| self.unavailable(error))?;
        match response.status_code() {
            200 => Ok(response.into_parts().1),
            404 => Err(Error::new(Kind::NotFound, "There is no such app.")),
            status => Err(self.unavailable(format!("the feed answers with the status {status}"))),
        }
    }

    /// The same over a WebSocket, which the answer carries.
    pub(super) async fn feed_socket(
        &self,
        workspace: &WorkspaceId,
        after: u64,
    ) -> Result<Response> {
        let request = runtime::upgrade(&self.feed_url(workspace, after))?;
        let response = self
            .stub
            .fetch_with_request(request)
            .await
            .map_err(|error| self.unavailable(error))?;
        match response.status_code() {
            101 => Ok(response),
            404 => Err(Error::new(Kind::NotFound, "There is no such app.")),
            status => Err(self.unavailable(format!("the feed answers with the status {status}"))),
        }
    }

    fn feed_url(&self, workspace: &WorkspaceId, after: u64) -> String {
        let name = &self.name;
        format!("https://object/feed?name={name}&workspace={workspace}&after={after}")
    }

    fn unavailable(&self, error: impl fmt::Display) -> Error {
        Error::unavailable(
            format!(
                "{} does not answer. Nothing was lost; please try again.",
                self.what
            ),
            error,
        )
    }
}
