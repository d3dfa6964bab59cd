//! What is to be done about an input: rows to write, jobs to run, an answer to give.

use serde::{Deserialize, Serialize};

use super::{
    feed::Event,
    records::{Build, Charge, MessageRole, Version, Work},
};
use crate::{
    config::{BuildPolicy, Limits},
    digest::Digest,
    ids::{BuildId, DeploymentId, TurnId},
    llm::message::{Image, Message},
    monitor::{Measurement, alert::Alert},
    project::Manifest,
    publish::{Deployment, domain::DomainName},
    time::Timestamp,
};

/// What is to be done about an input. Records and jobs are written in one transaction with the state.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the fields are the words of the variants' sentences"
)]
pub enum Effect {
    /// Append to the feed.
    Feed(Event),
    /// Append to the messages.
    Message {
        turn: TurnId,
        role: MessageRole,
        content: String,
        attachments: Vec<Image>,
    },
    /// Begin the turn's transcript with what the model is told of the app, and the turn's stored message.
    OpenTranscript { turn: TurnId, context: String },
    /// Append to the turn's transcript, which is what the model reads.
    Transcript { turn: TurnId, message: Message },
    /// Keep a version for ever.
    Version {
        version: Version,
        manifest: Manifest,
    },
    /// Keep a build's state.
    Build(Box<Build>),
    /// Keep a deployment's state.
    Deployment(Box<Deployment>),
    /// Keep what an attempt at a call has cost.
    Charge(Charge),
    /// Append to a build's log.
    BuildLog { build: BuildId, line: String },
    /// Run a job at this time or soon after, again and again until it is finished; replaces the job of that key.
    /// `failures` is how often in a row it has failed.
    Run {
        job: Job,
        due: Timestamp,
        failures: u32,
    },
    /// The job of this key is done with.
    Finish { key: String },
    /// All jobs are done with.
    FinishAll,
    /// Tell the caller.
    Answer(Answer),
}

/// What a caller is told at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The work of a claimed build, or nothing: it is done, in other hands, or of no use any more.
    Claim(Option<Work>),
    /// Whether the consumer that reports progress still holds its claim; without it, its work is of no use.
    Held(bool),
    /// The new version; none while a turn runs, whose end will make one.
    Version(Option<Version>),
    /// The new build.
    Build(Box<Build>),
    /// The new deployment.
    Deployment(Box<Deployment>),
    /// Who is to be called; nobody when the call is not wanted any more.
    Call(Option<Planned>),
}

/// A call that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Who is asked.
    pub model: String,
    /// Which attempt this is in its step, from 1.
    pub attempt: u32,
}

/// Work that is done outside of the transaction: at least once, under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields are the words of the variants' sentences"
)]
pub enum Job {
    /// Store the foundation's files.
    LayFoundation,
    /// Ask the model.
    CallModel { turn: TurnId, step: u32 },
    /// Run the tools that the model called.
    RunTools { turn: TurnId, step: u32 },
    /// Tell the workspace's ledger what an attempt at a call has cost.
    Settle {
        turn: TurnId,
        step: u32,
        attempt: u32,
    },
    /// Put a build message into the queue.
    SendBuild { build: BuildId },
    /// Look whether the built preview works.
    Probe { build: BuildId },
    /// Put what was built at the address of a deployment's environment, and look at it there.
    Deploy { deployment: DeploymentId },
    /// Look how far a domain is.
    CheckDomain { host: DomainName },
    /// Let go of a domain, and of what the account's zone has for it.
    LeaveDomain { host: DomainName },
    /// Make the app's own copies of what an artifact set has in the build cache, under the key `from`.
    CopyArtifacts { set: Digest, from: Digest },
    /// End the turn if it still runs: its time is up.
    EndTurn { turn: TurnId },
    /// Have the workspace count something that was measured, or nothing, and hear how the app stands.
    Measure(Option<Measurement>),
    /// Send an alert to whoever wants it.
    Alert(Alert),
    /// Tell the workspace how the app is.
    Announce,
    /// Delete everything stored.
    Purge,
}

impl Job {
    /// The job's name: equal for the same work.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::LayFoundation => "foundation".to_owned(),
            Self::CallModel { turn, step } => format!("model/{turn}/{step}"),
            Self::RunTools { turn, step } => format!("tools/{turn}/{step}"),
            Self::Settle {
                turn,
                step,
                attempt,
            } => format!("settle/{turn}/{step}/{attempt}"),
            Self::SendBuild { build } => format!("build/{build}"),
            Self::Probe { build } => format!("probe/{build}"),
            Self::Deploy { deployment } => format!("deploy/{deployment}"),
            Self::CheckDomain { host } => format!("domain/{host}"),
            Self::LeaveDomain { host } => format!("leave/{host}"),
            Self::CopyArtifacts { set, .. } => format!("copy/{set}"),
            Self::EndTurn { turn } => format!("end/{turn}"),
            Self::Measure(None) => "measure".to_owned(),
            Self::Measure(Some(measurement)) => format!("measure/{}", measurement.key()),
            Self::Alert(alert) => format!("alert/{}", alert.id),
            Self::Announce => "announce".to_owned(),
            Self::Purge => "purge".to_owned(),
        }
    }
}

/// Collects the effects of one step.
pub(super) struct Step<'a> {
    pub(super) now: Timestamp,
    pub(super) limits: &'a Limits,
    pub(super) policy: &'a BuildPolicy,
    pub(super) effects: Vec<Effect>,
}

impl Step<'_> {
    pub(super) fn feed(&mut self, event: Event) {
        self.effects.push(Effect::Feed(event));
    }

    pub(super) fn run(&mut self, job: Job) {
        self.run_at(job, self.now);
    }

    pub(super) fn run_at(&mut self, job: Job, due: Timestamp) {
        self.run_after(0, job, due);
    }

    /// Runs a job again that has failed `failures` times in a row, after a wait.
    pub(super) fn retry(&mut self, job: Job, failures: u32) {
        let due = self.now.after(self.policy.backoff(failures));
        self.run_after(failures, job, due);
    }

    /// Runs a job again that has failed `failures` times in a row, at that time.
    pub(super) fn run_after(&mut self, failures: u32, job: Job, due: Timestamp) {
        self.effects.push(Effect::Run { job, due, failures });
    }

    pub(super) fn finish(&mut self, job: &Job) {
        self.effects.push(Effect::Finish { key: job.key() });
    }
}
