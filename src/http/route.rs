//! Which call a request is: method and path in, a [`Route`] with parsed ids out.
//!
//! The calls are the table in [`super::operation`], from which the OpenAPI document is made too. Nothing here
//! knows whether the app, version or file exists.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::operation::{Access, Method, Operation, operations};
use crate::{
    error::{Error, Kind, Result},
    ids::{AppId, BuildId, DeploymentId, ShardId, TokenId, TurnId},
    project::ProjectPath,
    publish::{Environment, domain::DomainName},
};

/// The longest name of a variable.
const MAX_VARIABLE_CHARS: usize = 64;

/// A call of the API, or a page of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `GET /healthz`
    Health,
    /// `GET /v1/openapi.json`
    OpenApi,
    /// `GET /problems/{kind}`: what a problem document's `type` means.
    Problem {
        /// The last segment of the `type`.
        kind: String,
    },
    /// A page or asset of the console: any `GET` outside the API. It need not exist.
    Console {
        /// The path as asked, from its `/`, not decoded.
        path: String,
    },
    /// `POST /v1/console-login`
    ConsoleLogin,
    /// `POST /v1/console-logout`
    ConsoleLogout,
    /// `GET /v1/session`
    Session,
    /// `GET /v1/tokens`
    ListTokens,
    /// `POST /v1/tokens`
    CreateToken,
    /// `DELETE /v1/tokens/{token}`
    DeleteToken {
        /// Which token.
        token: TokenId,
    },
    /// `GET /v1/usage`
    Usage,
    /// `GET /metrics`
    Metrics,
    /// `GET /v1/metrics`
    FleetMetrics,
    /// `GET /v1/dev/mail`
    DevMail,
    /// `GET /v1/shards`
    ListShards,
    /// `POST /v1/shards`
    AddShard,
    /// `PATCH /v1/shards/{shard}`
    ChangeShard {
        /// Which shard.
        shard: ShardId,
    },
    /// `DELETE /v1/shards/{shard}`
    RemoveShard {
        /// Which shard.
        shard: ShardId,
    },
    /// `GET /v1/shards/{shard}/apps`
    ListShardApps {
        /// Which shard.
        shard: ShardId,
    },
    /// `PUT /v1/shards/{shard}/apps/{app}`
    MoveApp {
        /// Which shard it goes to.
        shard: ShardId,
        /// Which app.
        app: AppId,
    },
    /// `DELETE /v1/shards/{shard}/apps/{app}`
    CallOffMove {
        /// Which shard it was to go to.
        shard: ShardId,
        /// Which app.
        app: AppId,
    },
    /// `GET /v1/apps`
    ListApps,
    /// `POST /v1/apps`
    CreateApp,
    /// A call about one app.
    App {
        /// Which app.
        app: AppId,
        /// Which call.
        call: AppCall,
    },
    /// A call of the design whose time has not come: answered 501.
    NotYet {
        /// Its operation id.
        operation: &'static str,
    },
}

/// A call about one app, below `/v1/apps/{app}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "call")]
pub enum AppCall {
    /// `GET` the app
    Show,
    /// `PATCH` the app
    Update,
    /// `DELETE` the app
    Delete,
    /// `POST messages`
    PostMessage,
    /// `POST turns/{turn}/cancel`
    CancelTurn {
        /// Which turn.
        turn: TurnId,
    },
    /// `GET usage`
    Usage,
    /// `GET metrics`
    Metrics,
    /// `GET alerts`
    ShowAlerts,
    /// `PUT alerts`
    SetAlerts,
    /// `GET messages`
    ListMessages,
    /// `GET feed`
    Feed,
    /// `GET files`
    ListFiles,
    /// `GET files/{path}`
    ReadFile {
        /// Which file.
        path: ProjectPath,
    },
    /// `PUT files/{path}`
    WriteFile {
        /// Which file.
        path: ProjectPath,
    },
    /// `DELETE files/{path}`
    DeleteFile {
        /// Which file.
        path: ProjectPath,
    },
    /// `GET search`
    Search,
    /// `GET versions`
    ListVersions,
    /// `GET versions/{version}`
    ShowVersion {
        /// Its number, from 1.
        version: u32,
    },
    /// `GET versions/{version}/diff`
    DiffVersions {
        /// The number of the newer side, from 1.
        version: u32,
    },
    /// `POST versions/{version}/restore`
    RestoreVersion {
        /// Its number, from 1.
        version: u32,
    },
    /// `POST edits`
    EditFiles,
    /// `GET tables`
    ListTables,
    /// `POST tables`
    DefineTables,
    /// `DELETE tables/{table}`
    DropTable {
        /// Which table, as it was sent.
        table: String,
    },
    /// `GET tables/{table}/rows`
    ListRows {
        /// Which table, as it was sent.
        table: String,
    },
    /// `GET members`
    ListMembers,
    /// `POST members`
    InviteMember,
    /// `PATCH members/{user}`
    UpdateMember {
        /// Their id, as it was sent.
        user: String,
    },
    /// `DELETE members/{user}`
    RemoveMember {
        /// Their id, or the address of an invitation, as it was sent.
        user: String,
    },
    /// `GET sign-up`
    ShowSignUp,
    /// `PUT sign-up`
    SetSignUp,
    /// `GET tables.sql`
    ExportTables,
    /// `GET tables/{table}/rows.csv`
    ExportRows {
        /// Which table, as it was sent.
        table: String,
    },
    /// `POST tables/{table}/rows.csv`
    ImportRows {
        /// Which table, as it was sent.
        table: String,
    },
    /// `GET domains`
    ListDomains,
    /// `POST domains`
    AddDomain,
    /// `POST domains/{domain}/check`
    CheckDomain {
        /// Which domain.
        domain: DomainName,
    },
    /// `DELETE domains/{domain}`
    RemoveDomain {
        /// Which domain.
        domain: DomainName,
    },
    /// `GET deployments`
    ListDeployments,
    /// `POST deployments`
    Deploy,
    /// `GET deployments/{deployment}`
    ShowDeployment {
        /// Which deployment.
        deployment: DeploymentId,
    },
    /// `POST deployments/{deployment}/rollback`
    RollBack {
        /// To which deployment.
        deployment: DeploymentId,
    },
    /// `GET approvals`
    ListApprovals,
    /// `PUT approvals`
    SetApprovals,
    /// `POST approvals`
    Decide,
    /// `GET env`
    ListVariables,
    /// `PUT env/{environment}/{name}`
    SetVariable {
        /// Of which environment.
        environment: Environment,
        /// Its name.
        name: String,
    },
    /// `DELETE env/{environment}/{name}`
    DeleteVariable {
        /// Of which environment.
        environment: Environment,
        /// Its name.
        name: String,
    },
    /// `POST builds`
    StartBuild,
    /// `GET builds/{build}`
    ShowBuild {
        /// Which build.
        build: BuildId,
    },
    /// `GET builds/{build}/screenshot`
    BuildScreenshot {
        /// Which build.
        build: BuildId,
    },
    /// `GET builds/{build}/log`
    BuildLog {
        /// Which build.
        build: BuildId,
    },
}

/// The call that `method` and `path` mean. `path` is the URL's path as sent, still percent-encoded, without the
/// query. `HEAD` is the `GET` whose body is left out.
///
/// # Errors
/// 404 for an unknown path and for an id that cannot exist, 405 with `allow` for a wrong method, 400 for a file
/// path that is not one.
pub fn route(method: &str, path: &str) -> Result<Route> {
    let asked = Method::parse(method);
    let mut allowed = Vec::new();
    for operation in operations() {
        let Some(captures) = capture(operation.template, path) else {
            continue;
        };
        if asked == Some(operation.method) {
            return (operation.to)(operation, &captures);
        }
        allowed.push(operation.method);
    }
    if allowed.is_empty() {
        if is_api(path) || !path.starts_with('/') {
            return Err(Error::new(
                Kind::NotFound,
                "There is no such call. GET /v1/openapi.json lists those that exist.",
            ));
        }
        if asked == Some(Method::Get) {
            return Ok(Route::Console {
                path: path.to_owned(),
            });
        }
        allowed.push(Method::Get);
    }
    Err(wrong_method(method, &allowed))
}

impl Route {
    /// Who may make this call.
    #[must_use]
    pub const fn access(&self) -> Access {
        match self {
            Self::Health
            | Self::OpenApi
            | Self::Problem { .. }
            | Self::Console { .. }
            | Self::ConsoleLogin
            | Self::ConsoleLogout => Access::Public,
            _ => Access::Principal,
        }
    }

    /// Whether the call may change something. With a cookie it then needs the console's own origin. True for
    /// what is not there yet.
    #[must_use]
    pub const fn changes_state(&self) -> bool {
        match self {
            Self::Health
            | Self::OpenApi
            | Self::Problem { .. }
            | Self::Console { .. }
            | Self::Session
            | Self::ListTokens
            | Self::Usage
            | Self::Metrics
            | Self::FleetMetrics
            | Self::DevMail
            | Self::ListShards
            | Self::ListShardApps { .. }
            | Self::ListApps => false,
            Self::App { call, .. } => call.changes_state(),
            _ => true,
        }
    }

    /// The answer to a call whose time has not come.
    #[must_use]
    pub fn not_yet(&self) -> Error {
        Error::new(
            Kind::NotImplemented,
            "This call is planned and not there yet. GET /v1/openapi.json says which calls are.",
        )
    }
}

impl AppCall {
    /// Whether the call may change something.
    #[must_use]
    pub const fn changes_state(&self) -> bool {
        matches!(
            self,
            Self::Update
                | Self::Delete
                | Self::PostMessage
                | Self::CancelTurn { .. }
                | Self::WriteFile { .. }
                | Self::DeleteFile { .. }
                | Self::RestoreVersion { .. }
                | Self::EditFiles
                | Self::DefineTables
                | Self::DropTable { .. }
                | Self::InviteMember
                | Self::UpdateMember { .. }
                | Self::RemoveMember { .. }
                | Self::SetSignUp
                | Self::ImportRows { .. }
                | Self::StartBuild
                | Self::AddDomain
                | Self::CheckDomain { .. }
                | Self::RemoveDomain { .. }
                | Self::Deploy
                | Self::RollBack { .. }
                | Self::SetVariable { .. }
                | Self::DeleteVariable { .. }
                | Self::SetApprovals
                | Self::Decide
                | Self::SetAlerts
        )
    }
}

/// What a template's parameters stand for in a path, not decoded.
pub(super) struct Captures<'path>(Vec<(&'static str, &'path str)>);

impl Captures<'_> {
    fn text(&self, name: &str) -> Result<String> {
        let raw = self
            .0
            .iter()
            .find(|(parameter, _)| *parameter == name)
            .map(|(_, raw)| *raw)
            .unwrap_or_default();
        decode(raw)
    }

    /// A parameter as it was sent, decoded.
    pub(super) fn kind(&self) -> Result<String> {
        self.text("kind")
    }

    /// The name of a table as it was sent, decoded.
    pub(super) fn table(&self) -> Result<String> {
        self.text("table")
    }

    /// A user as they were named, decoded.
    pub(super) fn user(&self) -> Result<String> {
        self.text("user")
    }

    /// An id. One that is not well formed is the id of nothing.
    pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T> {
        self.text(name)?
            .parse()
            .map_err(|rule| Error::new(Kind::NotFound, format!("There is no such {name}: {rule}.")))
    }

    /// The number of a version, from 1.
    pub(super) fn version(&self) -> Result<u32> {
        let text = self.text("version")?;
        text.parse()
            .ok()
            .filter(|number: &u32| *number > 0 && number.to_string() == text)
            .ok_or_else(|| {
                Error::new(
                    Kind::NotFound,
                    "There is no such version: versions count from 1.",
                )
            })
    }

    /// An environment.
    pub(super) fn environment(&self) -> Result<Environment> {
        let text = self.text("environment")?;
        let all = [
            Environment::Preview,
            Environment::Staging,
            Environment::Production,
        ];
        let known = all.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                "There is no such environment: there are `preview`, `staging` and `production`.",
            )
        })
    }

    /// The name of a variable.
    pub(super) fn variable(&self) -> Result<String> {
        let name = self.text("name")?;
        let is_name = name.len() <= MAX_VARIABLE_CHARS
            && name.starts_with(|first: char| first.is_ascii_uppercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if is_name {
            return Ok(name);
        }
        Err(Error::new(
            Kind::Invalid,
            "The name of a variable has at most 64 capital letters, digits and `_`, a letter first.",
        ))
    }

    /// The path of a file.
    pub(super) fn path(&self) -> Result<ProjectPath> {
        self.text("path")?
            .parse()
            .map_err(|rule| Error::new(Kind::Invalid, format!("The path of the file: {rule}.")))
    }

    /// A call about the app.
    pub(super) fn app(&self, call: AppCall) -> Result<Route> {
        Ok(Route::App {
            app: self.id("app")?,
            call,
        })
    }
}

/// Matches a path with a template. `{path}` at the end takes the rest, every other parameter one segment; none
/// is ever empty.
fn capture<'path>(template: &'static str, path: &'path str) -> Option<Captures<'path>> {
    let mut captures = Vec::new();
    let mut rest = Some(path);
    for part in template.split('/') {
        let left = rest?;
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        let (segment, following) = match left.split_once('/') {
            Some((segment, following)) if name != Some("path") => (segment, Some(following)),
            _ => (left, None),
        };
        match name {
            Some(_) if segment.is_empty() => return None,
            Some(name) => captures.push((name, segment)),
            None if segment == part => {}
            None => return None,
        }
        rest = following;
    }
    rest.is_none().then_some(Captures(captures))
}

/// Percent-decoding (RFC 3986 section 2.1), strict: a `%` that starts no pair of digits is refused.
fn decode(raw: &str) -> Result<String> {
    let broken = || {
        Error::new(
            Kind::Invalid,
            "The URL's percent-encoding is broken: send UTF-8, `%` as `%25`.",
        )
    };
    let mut after = raw.split('%');
    after.next();
    if !after.all(|part| part.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2) {
        return Err(broken());
    }
    percent_decode_str(raw)
        .decode_utf8()
        .map(String::from)
        .map_err(|_| broken())
}

fn is_api(path: &str) -> bool {
    ["/v1", "/healthz", "/metrics", "/problems"]
        .into_iter()
        .filter_map(|prefix| path.strip_prefix(prefix))
        .any(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn wrong_method(method: &str, allowed: &[Method]) -> Error {
    let mut names = Vec::new();
    for allowed in allowed {
        if !names.contains(&allowed.name()) {
            names.push(allowed.name());
        }
    }
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    let names = names.join(", ");
    let method: String = method
        .chars()
        .filter(|c| c.is_ascii_graphic())
        .take(20)
        .collect();
    Error::new(
        Kind::MethodNotAllowed,
        format!("{method} does not fit here. Use {names}."),
    )
    .with("allow", names)
}

/// The call of the design that this operation will be.
pub(super) fn not_yet(operation: &Operation, _: &Captures<'_>) -> Result<Route> {
    Ok(Route::NotYet {
        operation: operation.id,
    })
}

#[cfg(test)]
mod tests;
