//! What the API answers with. Wire types: `edge` fills them from the domain's values, the OpenAPI document is
//! made from them.
//!
//! Times are milliseconds since the Unix epoch, hashes SHA-256. A field without a value is `null`, not absent.

mod deployment;
mod diff;
mod domain;
mod monitor;
mod people;
mod search;
mod shard;
mod usage;

pub use deployment::{
    Approvals, DeploymentPage, DeploymentShown, Variable, VariableList, VariableShown,
};
pub use diff::{
    DiffCut, DiffLine, DiffPage, DiffedFile, FileChange, FileDiff, Hunk, LineChange, LineEnding,
};
pub use domain::{Domain, DomainList, DomainShown};
pub use monitor::{AlertDelivery, AlertSettings, Alerts, AppMetrics, FleetMetrics};
pub use people::{
    CaughtMail, CaughtMails, InviteMember, Member, MemberInvited, MemberPage, MemberShown,
    MemberStatus, Membership, SignUp, SignUpPolicy, TeamRole, UpdateMember,
};
pub use search::{Definition, Excerpt, FileHits, Hit, SearchResult, SkipReason, SkippedFile};
pub use shard::{
    MoveState, Shard, ShardApp, ShardAppPage, ShardAppShown, ShardList, ShardMove, ShardShown,
};
pub use usage::{AppUsage, Costs, Tokens, UsageTotal, WorkspaceUsage};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    build::{Diagnostic, Mode, Report},
    data::TableSpec,
    digest::Digest,
    edit::Landing,
    ids::{AppId, BuildId, TokenId, TurnId, WorkspaceId},
    project::{FileEntry, ProjectPath},
    publish::SizeReport,
    time::Timestamp,
};

/// `GET /healthz`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// How large the WebAssembly memories of the instance that answers are, in bytes. They grow as they must and never shrink.
    pub memory_bytes: u64,
}

/// Whose token or session it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// The workspace.
    pub workspace: WorkspaceId,
}

/// How far an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppStatus {
    /// Its first files are being laid, or its first preview is being built while no turn runs.
    Creating,
    /// A turn is running; the last good preview, if there was one, is live.
    Working,
    /// At rest; the last turn, if there was one, did not fail.
    Ready,
    /// The last turn failed or had no budget left; the last good preview, if there was one, is live.
    Failed,
}

/// A generated application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its name, for people.
    pub name: String,
    /// How far it is.
    pub status: AppStatus,
    /// Where its preview answers.
    pub preview_url: String,
    /// The language model that works on it.
    pub model: String,
    /// Its newest version.
    pub version: Option<u32>,
    /// The version that the preview shows.
    pub preview_version: Option<u32>,
    /// Where it is for everyone, once it was deployed to production.
    pub production_url: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A turn, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnRef {
    /// Its id.
    pub id: TurnId,
}

/// A created app and its first turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppCreated {
    /// The app.
    pub app: App,
    /// The turn that its prompt started.
    pub turn: TurnRef,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppShown {
    /// The app.
    pub app: App,
}

/// A page of apps, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppPage {
    /// The apps.
    pub apps: Vec<App>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnAccepted {
    /// The turn that it started, or waits for.
    pub turn: TurnRef,
}

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person, or a program on their behalf.
    User,
    /// The model.
    Assistant,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its number in the conversation, rising.
    pub seq: u64,
    /// The turn it belongs to.
    pub turn: TurnId,
    /// Who spoke.
    pub role: Role,
    /// The words.
    pub content: String,
    /// Hashes of the images that go with them.
    pub attachments: Vec<Digest>,
    /// When.
    pub created_at: Timestamp,
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// A page of an app's tables, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TablePage {
    /// The tables.
    pub tables: Vec<TableSpec>,
    /// What all of the app's tables take, and what they may. Nothing where it has never had any.
    #[schemars(with = "Option<DataUsage>")]
    pub usage: serde_json::Value,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// What an app's tables take and may take. Rows and bytes are what the database last counted: what was written in the last ten seconds may not be
/// among them.
#[derive(JsonSchema)]
#[expect(
    dead_code,
    reason = "the shard's own words go out; this says how they are"
)]
struct DataUsage {
    /// How many tables there are.
    tables: u64,
    /// How many rows they have.
    rows: u64,
    /// How many bytes they take on the disk, with their indexes.
    bytes: u64,
    /// How many tables there may be.
    max_tables: u64,
    /// How many rows.
    max_rows: u64,
    /// How many bytes.
    max_bytes: u64,
    /// What each table takes, by name.
    by_table: Vec<TableUsage>,
}

/// What a table takes.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct TableUsage {
    /// Its name.
    name: String,
    /// How many rows it has.
    rows: u64,
    /// How many bytes it takes.
    bytes: u64,
}

/// What has become of rows that were put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowsImported {
    /// How many are new.
    pub inserted: u64,
    /// How many took the place of one with the same id.
    pub updated: u64,
}

/// The tables that a call has defined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TablesDefined {
    /// As they are now, by name.
    pub tables: Vec<TableSpec>,
}

/// A page of a table's rows, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RowPage {
    /// The rows, by column.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// A file, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileInfo {
    /// Where it is.
    pub path: ProjectPath,
    /// The hash of its content.
    pub hash: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Whether its content is not UTF-8.
    pub binary: bool,
}

impl FileInfo {
    /// A file of a manifest.
    #[must_use]
    pub fn of(path: &ProjectPath, entry: &FileEntry) -> Self {
        Self {
            path: path.clone(),
            hash: entry.hash,
            size: entry.size,
            binary: entry.binary,
        }
    }
}

/// A page of the files as they are now, ordered by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilePage {
    /// The newest version.
    pub version: Option<u32>,
    /// The files.
    pub files: Vec<FileInfo>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// A written file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileWritten {
    /// Where it is.
    pub path: ProjectPath,
    /// The hash of its content, for the next `If-Match`.
    pub hash: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// The newest version, which holds it; null while the running turn, which will commit it, has made none.
    pub version: Option<u32>,
}

/// Edits that have landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilesEdited {
    /// The newest version, which holds the files; null while the running turn, which will commit them, has made none.
    pub version: Option<u32>,
    /// The files, in the order of the call.
    pub files: Vec<FileEdited>,
}

/// A file whose edits have landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEdited {
    /// Where it is.
    pub path: ProjectPath,
    /// The hash of its content, for the next `base`.
    pub hash: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Where each edit has landed, in the order of the call.
    pub edits: Vec<EditLanded>,
}

/// Where an edit has landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditLanded {
    /// The first line that it replaced, from 1, in the content before.
    pub first_line: usize,
    /// How many lines it replaced.
    pub removed: usize,
    /// How many came.
    pub added: usize,
    /// Whether these are other lines than the stated ones.
    pub relocated: bool,
    /// Whether the place held the replacement already, so that nothing was changed.
    pub already_applied: bool,
    /// How many of the lines the search text did not show.
    pub elided: usize,
    /// What was done, in words.
    pub summary: String,
}

impl EditLanded {
    /// A landing of the edit engine.
    #[must_use]
    pub fn of(landing: &Landing) -> Self {
        Self {
            first_line: landing.first_line,
            removed: landing.removed,
            added: landing.added,
            relocated: landing.relocated,
            already_applied: landing.already_applied,
            elided: landing.elided,
            summary: landing.to_string(),
        }
    }
}

/// Who made a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The shared files that every app starts with.
    Foundation,
    /// The model, in a turn.
    Model,
    /// A person, by hand.
    User,
    /// A restore of an earlier version.
    Restore,
    /// Nobody: the lock file of what a build has resolved.
    System,
}

/// An immutable snapshot of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// The version it was made from.
    pub parent: Option<u32>,
    /// Who made it.
    pub author: Author,
    /// What changed, in a line.
    pub summary: String,
    /// The turn that made it.
    pub turn: Option<TurnId>,
    /// How many files it has.
    pub files: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A page of versions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionPage {
    /// The versions.
    pub versions: Vec<Version>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// A version with all its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionShown {
    /// The version.
    pub version: Version,
    /// Its files, ordered by path.
    pub files: Vec<FileInfo>,
}

/// A new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VersionCreated {
    /// The version.
    pub version: Version,
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildStatus {
    /// It waits for a builder.
    Queued,
    /// A builder works on it.
    Running,
    /// The builder did not answer; it is tried again.
    Retrying,
    /// Its artifacts are stored.
    Succeeded,
    /// The sources are at fault, or no builder could be had.
    Failed,
    /// A newer version made it needless.
    Superseded,
}

/// A build of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// Its id.
    pub id: BuildId,
    /// The version that it builds.
    pub version: u32,
    /// How.
    pub mode: Mode,
    /// How far it is.
    pub status: BuildStatus,
    /// How often a consumer has taken it. Each time counts: also when it then came from the build cache, or the builder was busy
    /// or away.
    pub attempts: u32,
    /// What is wrong with the sources, errors first.
    pub diagnostics: Vec<Diagnostic>,
    /// What the builder says of it, once it has finished. Of a cached build, it tells of the one that was built.
    pub report: Option<Report>,
    /// Whether it was taken from the build cache: nothing had to be built.
    pub cached: bool,
    /// How large the app's script is, and what is served beside it; once the artifacts are stored.
    pub sizes: Option<SizeReport>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// One build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BuildShown {
    /// The build.
    pub build: Build,
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Its name, for people.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A page of tokens, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenPage {
    /// The tokens.
    pub tokens: Vec<Token>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// A new token and its secret. Never stored as it is, not for a repeated request either.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenCreated {
    /// The token.
    pub token: Token,
    /// The text to be sent as `Authorization: Bearer …`. It is shown this once.
    pub secret: String,
}

impl std::fmt::Debug for TokenCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCreated")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
