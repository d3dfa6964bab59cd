//! The feed: what a client sees of a conversation, numbered and replayable.
//!
//! The number and the time of an event are given by the storage that keeps it. Older parts are compacted: [`compact`].

mod compaction;

pub use compaction::{Mark, Row, as_json, compact, part_end};

use serde::{Deserialize, Serialize};

use super::{
    records::{Author, BuildStatus, MessageRole, Spending, Spent},
    repair::Strategy,
    tools::Receipt,
};
use crate::{
    build::{Diagnostic, Mode},
    digest::Digest,
    edit::tokens::Saving,
    ids::{BuildId, DeploymentId, TurnId},
    llm::message::Stop,
    monitor::alert::Threshold,
    project::ProjectPath,
    publish::{
        DeploymentStatus, Environment, Origin, VariableKind,
        domain::{DomainName, DomainStatus},
    },
    time::Timestamp,
};

/// One client-visible event. As JSON it is flat, with `kind` naming the variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields are the words of the variants' sentences"
)]
pub enum Event {
    /// Somebody said something.
    Message {
        turn: TurnId,
        role: MessageRole,
        content: String,
        /// Hashes of images that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Digest>,
    },
    /// Work on a message begins.
    TurnStarted { turn: TurnId },
    /// A model is called. The tokens of a repair are not billed.
    StepStarted {
        turn: TurnId,
        step: u32,
        model: String,
        #[serde(default, skip_serializing_if = "is_false")]
        repair: bool,
    },
    /// The model says a piece of text: what follows on those of this step before, of the same attempt. One that is
    /// `whole` takes the place of them all.
    TextDelta {
        turn: TurnId,
        step: u32,
        text: String,
        #[serde(default, skip_serializing_if = "is_false")]
        whole: bool,
    },
    /// The model is writing the arguments of a tool call, the `index`th of this step from 0; so many bytes have come.
    ToolDelta {
        turn: TurnId,
        step: u32,
        index: usize,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        bytes: usize,
    },
    /// An attempt at the call came to nothing: the deltas of this step so far do not count. `retry_at` is when the same model is
    /// asked again.
    AttemptVoided {
        turn: TurnId,
        step: u32,
        attempt: u32,
        model: String,
        reason: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
        spent: Spent,
    },
    /// The model has answered: who it was in the end, and what the answer has cost.
    StepFinished {
        turn: TurnId,
        step: u32,
        model: String,
        stop: Stop,
        spent: Spent,
        billing_ignore: bool,
    },
    /// The model asks something that only the user can decide. The turn ends with it; the next message is the answer.
    Question {
        turn: TurnId,
        question: String,
        options: Vec<String>,
    },
    /// A build of the turn has failed, and the model is to mend it.
    RepairStarted {
        turn: TurnId,
        /// Which repair of the turn this is, from 1.
        repair: u32,
        strategy: Strategy,
        /// How many errors there are.
        errors: usize,
    },
    /// The model calls a tool.
    ToolCall {
        turn: TurnId,
        step: u32,
        call: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
    /// A tool has answered.
    ToolResult {
        turn: TurnId,
        step: u32,
        call: String,
        ok: bool,
        summary: String,
        /// What was done to which file.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        receipts: Vec<Receipt>,
        /// What an edit has cost in the model's output tokens against writing its files anew, estimated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens: Option<Saving>,
    },
    /// What the model is told of the app's files at the beginning of a turn.
    AppOutlined { turn: TurnId, outline: String },
    /// The app as the tools have left it was checked: what is wrong with it that was not before the turn.
    AppChecked {
        turn: TurnId,
        step: u32,
        findings: Vec<Diagnostic>,
    },
    /// A file was written, or deleted (no hash).
    FileChanged {
        path: ProjectPath,
        hash: Option<Digest>,
        by: Author,
    },
    /// The files were committed.
    VersionCreated {
        turn: Option<TurnId>,
        version: u32,
        parent: Option<u32>,
        author: Author,
        summary: String,
        files: usize,
    },
    /// A build waits for the builder.
    BuildQueued {
        turn: Option<TurnId>,
        build: BuildId,
        version: u32,
        mode: Mode,
    },
    /// The builder has it.
    BuildStarted {
        turn: Option<TurnId>,
        build: BuildId,
        version: u32,
        attempt: u32,
    },
    /// The builder says something.
    BuildLog { build: BuildId, line: String },
    /// The builder could not be had or stopped answering, or the build's message was lost; it is tried again.
    BuildRetrying {
        turn: Option<TurnId>,
        build: BuildId,
        attempt: u32,
        reason: String,
        retry_at: Timestamp,
    },
    /// A build is over. `status` is `succeeded`, `failed` or `superseded`; `cached` says that nothing had to be built.
    BuildFinished {
        turn: Option<TurnId>,
        build: BuildId,
        version: u32,
        status: BuildStatus,
        millis: u64,
        cached: bool,
        diagnostics: Vec<Diagnostic>,
        /// The hash of a picture of its start page, if a browser has looked at it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        screenshot: Option<Digest>,
    },
    /// The preview's address serves this version now.
    PreviewLive {
        turn: Option<TurnId>,
        build: BuildId,
        version: u32,
        url: String,
    },
    /// A deployment has begun, is further, or is over; or what it had put at an address is not there any more.
    DeploymentChanged {
        deployment: DeploymentId,
        environment: Environment,
        version: u32,
        status: DeploymentStatus,
        url: String,
        /// What it came from.
        origin: Origin,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// What was noticed once it was live.
        #[serde(skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// Somebody has said to which environments a deployment needs an approval.
    ApprovalsChanged {
        environments: Vec<Environment>,
        /// The name of their token.
        by: String,
    },
    /// A variable of an environment was set, or taken away. Its value is nobody's here.
    VariableChanged {
        environment: Environment,
        name: String,
        variable: VariableKind,
        /// Whether it was taken away.
        #[serde(rename = "deleted")]
        is_deleted: bool,
        /// The name of the token of whoever did it.
        by: String,
    },
    /// A domain is further, or was removed.
    DomainChanged {
        host: DomainName,
        status: DomainStatus,
        /// What is missing, as a sentence.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<String>,
        /// Whether it was removed.
        #[serde(rename = "deleted")]
        is_deleted: bool,
    },
    /// A threshold was reached. It is told again only after it was not reached in between.
    AlertRaised {
        alert: String,
        threshold: Threshold,
        /// From which value on it is.
        limit: u64,
        value: u64,
    },
    /// The app has another name.
    AppRenamed { name: String },
    /// The conversation rests. A completed turn's version is live, or it changed nothing.
    TurnFinished {
        turn: TurnId,
        outcome: Outcome,
        summary: String,
        version: Option<u32>,
        /// What its edits have cost in the model's output tokens, estimated.
        edits: Saving,
        /// The same of all turns of the app.
        app_edits: Saving,
        /// What its calls have cost.
        spent: Spending,
        /// The same of all turns of the app.
        app_spent: Spending,
    },
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What was said was done.
    Completed,
    /// It was not; the summary says why.
    Failed,
    /// The model has asked something, and the next message is the answer.
    Asked,
    /// Somebody stopped it. What was done until then is kept.
    Cancelled,
    /// A budget has no room for it. What was done until then is kept.
    LimitReached,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Event {
    /// The event's name, as in its `kind`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::TurnStarted { .. } => "turn_started",
            Self::StepStarted { .. } => "step_started",
            Self::TextDelta { .. } => "text_delta",
            Self::ToolDelta { .. } => "tool_delta",
            Self::AttemptVoided { .. } => "attempt_voided",
            Self::StepFinished { .. } => "step_finished",
            Self::Question { .. } => "question",
            Self::RepairStarted { .. } => "repair_started",
            Self::ToolCall { .. } => "tool_call",
            Self::ToolResult { .. } => "tool_result",
            Self::AppOutlined { .. } => "app_outlined",
            Self::AppChecked { .. } => "app_checked",
            Self::FileChanged { .. } => "file_changed",
            Self::VersionCreated { .. } => "version_created",
            Self::BuildQueued { .. } => "build_queued",
            Self::BuildStarted { .. } => "build_started",
            Self::BuildLog { .. } => "build_log",
            Self::BuildRetrying { .. } => "build_retrying",
            Self::BuildFinished { .. } => "build_finished",
            Self::PreviewLive { .. } => "preview_live",
            Self::DeploymentChanged { .. } => "deployment_changed",
            Self::ApprovalsChanged { .. } => "approvals_changed",
            Self::VariableChanged { .. } => "variable_changed",
            Self::DomainChanged { .. } => "domain_changed",
            Self::AlertRaised { .. } => "alert_raised",
            Self::AppRenamed { .. } => "app_renamed",
            Self::TurnFinished { .. } => "turn_finished",
        }
    }
}

#[cfg(test)]
mod tests {
    /// The texts in quotes between two marks of a source.
    fn quoted<'a>(source: &'a str, from: &str, to: &str) -> Vec<&'a str> {
        let (_, rest) = source.split_once(from).unwrap();
        let (part, _) = rest.split_once(to).unwrap();
        part.split('"').skip(1).step_by(2).collect()
    }

    /// A browser's `EventSource` hears only the kinds that it listens for, one by one.
    #[test]
    fn the_console_hears_every_kind() {
        let told = quoted(include_str!("feed.rs"), "fn kind(&self)", "\n    }\n}\n");
        let mut heard = quoted(include_str!("../console/feed.js"), "KINDS = [", "];");
        assert!(told.len() > 20, "{told:?}");
        heard.sort_unstable();
        let mut told = told;
        told.sort_unstable();
        assert_eq!(heard, told);
    }
}
