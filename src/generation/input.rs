//! What happens to a conversation.

use serde::{Deserialize, Serialize};

use super::{
    effect::Job,
    records::{AppSummary, BuildOutcome, Probe, Spent},
    tools::{self, Intent},
};
use crate::{
    build::{Diagnostic, Mode},
    digest::Digest,
    edit::tokens::Ledger,
    ids::{AppId, BuildId, DeploymentId, TurnId, WorkspaceId},
    llm::{
        message::{Image, Reply},
        retry::Failure,
    },
    monitor::{
        Measurement,
        alert::{Alert, Levels, Thresholds, Webhook},
    },
    project::{FileEntry, Manifest, ProjectPath},
    publish::{
        Answers, Decision, Deployment, Environment, VariableKind,
        domain::{Domain, DomainName, Look},
        names::Name,
    },
    sorted::SortedSet,
    time::Timestamp,
};

/// What an app is told to be at its creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Its id.
    pub app: AppId,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Its name until a model finds a better one.
    pub name: String,
    /// Which model answers.
    pub model: String,
    /// Where its preview will be.
    pub preview_url: String,
    /// Its first turn.
    pub turn: TurnId,
    /// What that turn is about.
    pub said: Said,
    /// When it was accepted, which may be before its conversation begins.
    pub at: Timestamp,
}

/// What somebody says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The words.
    pub content: String,
    /// What they may lead to.
    pub intent: Intent,
    /// Images that go with them, which are stored already.
    pub attachments: Vec<Image>,
}

/// What happens to a conversation.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are the words of the variants' sentences"
)]
pub enum Input {
    /// Somebody says something. The caller has made sure that the turn is new.
    Post { turn: TurnId, said: Said },
    /// Somebody wants a turn to stop.
    Cancel { turn: TurnId },
    /// Somebody gives the app another name, or has another model answer from the next turn on.
    Update {
        name: Option<String>,
        model: Option<String>,
    },
    /// Somebody writes a file whose content is stored already.
    PutFile { path: ProjectPath, entry: FileEntry },
    /// Somebody edits files whose new contents are stored already.
    EditFiles {
        files: Vec<(ProjectPath, FileEntry)>,
    },
    /// Somebody deletes a file.
    DeleteFile { path: ProjectPath },
    /// Somebody wants the files of an earlier version back.
    Restore { version: u32, manifest: Manifest },
    /// Somebody wants the newest version built.
    StartBuild { mode: Mode },
    /// Somebody deletes the app.
    Delete,
    /// The foundation's files are stored.
    FoundationLaid { manifest: Manifest },
    /// A call of the model is about to be made. `chain` is who can be asked, first who is asked first; `outline` is of the app's
    /// files as they are, and needed at the first step of a turn alone.
    CallBegun {
        turn: TurnId,
        step: u32,
        chain: Vec<String>,
        outline: Option<String>,
    },
    /// More of its answer has come.
    CallProgress {
        turn: TurnId,
        step: u32,
        /// More of its words.
        text: String,
        /// Tool calls that are being written.
        writing: Vec<Writing>,
        spent: Spent,
    },
    /// The model has answered.
    ModelReplied {
        turn: TurnId,
        step: u32,
        reply: Reply,
        end: CallEnd,
    },
    /// The call has failed.
    CallFailed {
        turn: TurnId,
        step: u32,
        failure: Failure,
        /// What the provider says of it.
        says: String,
        end: CallEnd,
    },
    /// The call was not made: there is no room for it in a budget.
    CallRefused {
        turn: TurnId,
        step: u32,
        /// Why, as the end of a sentence.
        reason: String,
    },
    /// The ledger knows what an attempt has cost.
    Settled {
        turn: TurnId,
        step: u32,
        attempt: u32,
    },
    /// The tools have run.
    ToolsRan(ToolsRan),
    /// The build message is in the queue.
    BuildSent { build: BuildId },
    /// Somebody wants a version at the address of an environment.
    Deploy(Box<Wanted>),
    /// Somebody wants what an earlier deployment had put there.
    RollBack {
        to: Box<Deployment>,
        by: String,
        note: Option<String>,
    },
    /// Somebody says to which environments a deployment needs an approval.
    SetApprovals {
        environments: SortedSet<Environment>,
        /// The name of their token.
        by: String,
    },
    /// Somebody approves a deployment, or rejects it.
    Decide {
        deployment: DeploymentId,
        decision: Decision,
        /// The name of their token.
        by: String,
        note: Option<String>,
    },
    /// Somebody gives an environment a variable, or takes it away.
    SetVariable {
        environment: Environment,
        name: String,
        /// Who gets to know it, and what. A secret is sealed.
        value: Option<(VariableKind, String)>,
        /// The name of their token.
        by: String,
        /// Whether what is live has to be deployed again to be told: on an account.
        redeploys: bool,
    },
    /// A name below the domain of the apps is the app's.
    Named { name: Name },
    /// Somebody wants a domain of theirs to lead to the app.
    AddDomain(Box<Domain>),
    /// Somebody wants to know now how far one is.
    CheckDomain { host: DomainName },
    /// Somebody does not want it any more.
    RemoveDomain { host: DomainName },
    /// A domain was looked at.
    DomainLookedAt { host: DomainName, look: Look },
    /// Nothing leads from a domain to the app any more.
    DomainLeft { host: DomainName },
    /// Somebody wants to hear when a threshold is reached.
    SetAlerts {
        webhook: Option<Webhook>,
        thresholds: Thresholds,
    },
    /// The script of a build that is looked at has given its first answer.
    ScriptStarted { build: BuildId, millis: u64 },
    /// What was measured is counted, and the app stands like this.
    Measured {
        measurement: Option<Measurement>,
        levels: Levels,
    },
    /// An alert has arrived, or nobody wants it any more.
    AlertSent { alert: Alert },
    /// What was put at an address was looked at there.
    Deployed {
        deployment: DeploymentId,
        probe: Probe,
        /// The version of the app's own Worker, where it has one.
        remote: Option<String>,
    },
    /// Visitors were answered by a deployment that was live then.
    Answered {
        deployment: DeploymentId,
        answers: Answers,
    },
    /// A consumer asks for the work of a build.
    Claim { build: BuildId },
    /// A consumer is still at it, and says what the builder said.
    Progress {
        build: BuildId,
        attempt: u32,
        lines: Vec<String>,
    },
    /// A consumer is done with an attempt, and says what it has not passed on of what the builder said.
    BuildReported {
        build: BuildId,
        attempt: u32,
        lines: Vec<String>,
        outcome: Box<BuildOutcome>,
    },
    /// The queue has given up on a build's message.
    BuildUndelivered { build: BuildId },
    /// The candidate for the preview was looked at.
    Probed { build: BuildId, probe: Probe },
    /// The files of an artifact set are the app's own.
    ArtifactsCopied { set: Digest, from: Digest },
    /// The turn has had all the time that a turn may have.
    TimeIsUp { turn: TurnId },
    /// Everything stored was deleted.
    Purged,
    /// The workspace knows how the app was.
    Announced { summary: Box<AppSummary> },
    /// A job could not be run for the `failures`th time in a row.
    JobFailed {
        job: Job,
        failures: u32,
        reason: String,
    },
}

impl Input {
    /// The job that this is the result of.
    #[must_use]
    pub fn job(&self) -> Option<Job> {
        Some(match self {
            Self::FoundationLaid { .. } => Job::LayFoundation,
            Self::ModelReplied { turn, step, .. }
            | Self::CallFailed { turn, step, .. }
            | Self::CallRefused { turn, step, .. } => Job::CallModel {
                turn: turn.clone(),
                step: *step,
            },
            Self::Settled {
                turn,
                step,
                attempt,
            } => Job::Settle {
                turn: turn.clone(),
                step: *step,
                attempt: *attempt,
            },
            Self::ToolsRan(ran) => Job::RunTools {
                turn: ran.turn.clone(),
                step: ran.step,
            },
            Self::BuildSent { build } => Job::SendBuild {
                build: build.clone(),
            },
            Self::ArtifactsCopied { set, from } => Job::CopyArtifacts {
                set: *set,
                from: *from,
            },
            Self::Probed { build, .. } => Job::Probe {
                build: build.clone(),
            },
            Self::Deployed { deployment, .. } => Job::Deploy {
                deployment: deployment.clone(),
            },
            Self::DomainLookedAt { host, .. } => Job::CheckDomain { host: host.clone() },
            Self::DomainLeft { host } => Job::LeaveDomain { host: host.clone() },
            Self::TimeIsUp { turn } => Job::EndTurn { turn: turn.clone() },
            Self::Measured { measurement, .. } => Job::Measure(measurement.clone()),
            Self::AlertSent { alert } => Job::Alert(alert.clone()),
            Self::Announced { .. } => Job::Announce,
            Self::Purged => Job::Purge,
            Self::JobFailed { job, .. } => job.clone(),
            Self::Post { .. }
            | Self::Cancel { .. }
            | Self::CallBegun { .. }
            | Self::CallProgress { .. }
            | Self::Update { .. }
            | Self::PutFile { .. }
            | Self::EditFiles { .. }
            | Self::DeleteFile { .. }
            | Self::Restore { .. }
            | Self::StartBuild { .. }
            | Self::Delete
            | Self::Deploy(_)
            | Self::RollBack { .. }
            | Self::SetApprovals { .. }
            | Self::Decide { .. }
            | Self::SetVariable { .. }
            | Self::Named { .. }
            | Self::AddDomain(_)
            | Self::CheckDomain { .. }
            | Self::RemoveDomain { .. }
            | Self::SetAlerts { .. }
            | Self::ScriptStarted { .. }
            | Self::Answered { .. }
            | Self::Claim { .. }
            | Self::Progress { .. }
            | Self::BuildReported { .. }
            | Self::BuildUndelivered { .. } => return None,
        })
    }
}

/// A deployment that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where to.
    pub environment: Environment,
    /// Which version.
    pub version: u32,
    /// The digest of that version's sources, in case that it was never built in production mode.
    pub source: Option<Digest>,
    /// The address.
    pub url: String,
    /// Whose token or session it was asked with.
    pub by: String,
    /// Why.
    pub note: Option<String>,
}

/// A tool call that is being written, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// The tool's name.
    pub name: String,
    /// The file that it is about.
    pub path: Option<String>,
    /// How much of its arguments has come, in bytes.
    pub bytes: usize,
}

/// What is known at the end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEnd {
    /// What it has cost.
    pub spent: Spent,
    /// Who can be asked, first who is asked first.
    pub chain: Vec<String>,
    /// A number by chance.
    pub chance: u64,
}

/// What the tools of a step did.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolsRan {
    /// For which turn.
    pub turn: TurnId,
    /// For which step of it.
    pub step: u32,
    /// The revision of the files that they ran on.
    pub revision: u64,
    /// What each did, in the order of the calls, with a line about it for the feed.
    pub outcomes: Vec<(String, tools::Outcome)>,
    /// What is wrong with the app that was not before this turn; nothing when no file was changed.
    pub findings: Option<Vec<Diagnostic>>,
    /// What the model has seen of the files then.
    pub views: tools::Views,
    /// What its edits have cost then.
    pub ledger: Ledger,
}
