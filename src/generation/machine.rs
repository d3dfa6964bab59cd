//! The conversation's state and the one door to it, [`Conversation::step`].
//!
//! What belongs to a turn is in `turns`, to a build in `builds`, to a version in `versions`.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    builds::{ActiveBuild, Build, BuildOutcome, Preview, Probe, Work},
    feed::{Event, Outcome},
    tools,
    turns::{Phase, QueuedTurn},
};
use crate::{
    build::Mode,
    config::{BuildPolicy, Limits},
    digest::Digest,
    error::{Error, Kind, Result},
    ids::{AppId, BuildId, TurnId, WorkspaceId},
    llm::message::{Message, Reply},
    project::{FileEntry, Manifest, ProjectPath},
    time::Timestamp,
};

/// One app's conversation: everything but the texts, which the storage keeps (messages, transcript, versions, feed).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Which app.
    pub app: AppId,
    /// Whose.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// Which model answers.
    pub model: String,
    /// Where its preview is.
    pub preview_url: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    pub(super) phase: Phase,
    pub(super) waiting: VecDeque<QueuedTurn>,
    pub(super) manifest: Manifest,
    /// Counts changes of the manifest, so that work done on an older one is noticed.
    pub(super) revision: u64,
    pub(super) head: Option<Head>,
    pub(super) builds_made: u32,
    pub(super) builds: BTreeMap<BuildId, ActiveBuild>,
    pub(super) preview: Option<Preview>,
    pub(super) last_outcome: Option<Outcome>,
}

/// The newest version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) number: u32,
    pub(super) digest: Digest,
}

/// What an app is told to be at its creation.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub prompt: String,
}

/// What happens to a conversation.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the words of the variants' sentences")]
pub enum Input {
    /// Somebody says something. The caller has made sure that the turn is new.
    Post { turn: TurnId, content: String },
    /// Somebody gives the app another name.
    Rename { name: String },
    /// Somebody writes a file whose content is stored already.
    PutFile { path: ProjectPath, entry: FileEntry },
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
    /// The model has answered.
    ModelReplied { turn: TurnId, step: u32, reply: Reply },
    /// The tools have run.
    ToolsRan(ToolsRan),
    /// The build message is in the queue.
    BuildSent { build: BuildId },
    /// A consumer asks for the work of a build.
    Claim { build: BuildId },
    /// A consumer is still at it, and says what the builder said.
    Progress { build: BuildId, attempt: u32, lines: Vec<String> },
    /// A consumer is done with an attempt.
    BuildReported { build: BuildId, attempt: u32, outcome: BuildOutcome },
    /// The candidate for the preview was looked at.
    Probed { build: BuildId, probe: Probe },
    /// The workspace knows how the app was.
    Announced { summary: Box<AppSummary> },
    /// A job could not be run for the `failures`th time in a row.
    JobFailed { job: Job, failures: u32, reason: String },
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
}

/// What is to be done about an input. Records and jobs are written in one transaction with the state.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are the words of the variants' sentences")]
pub enum Effect {
    /// Append to the feed.
    Feed(Event),
    /// Append to the messages.
    Message { turn: TurnId, role: MessageRole, content: String },
    /// Append to the turn's transcript, which is what the model reads.
    Transcript { turn: TurnId, message: Message },
    /// Keep a version for ever.
    Version { version: Version, manifest: Manifest },
    /// Keep a build's state.
    Build(Build),
    /// Append to a build's log.
    BuildLog { build: BuildId, line: String },
    /// Run a job at this time or soon after, again and again until it is finished; replaces the job of that key.
    Run { job: Job, due: Timestamp },
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
    /// The new version; none while a turn runs, whose end will make one.
    Version(Option<Version>),
    /// The new build.
    Build(Build),
}

/// Work that is done outside of the transaction: at least once, under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the words of the variants' sentences")]
pub enum Job {
    /// Store the foundation's files.
    LayFoundation,
    /// Ask the model.
    CallModel { turn: TurnId, step: u32 },
    /// Run the tools that the model called.
    RunTools { turn: TurnId, step: u32 },
    /// Put a build message into the queue.
    SendBuild { build: BuildId },
    /// Look whether the built preview works.
    Probe { build: BuildId },
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
            Self::SendBuild { build } => format!("build/{build}"),
            Self::Probe { build } => format!("probe/{build}"),
            Self::Announce => "announce".to_owned(),
            Self::Purge => "purge".to_owned(),
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// A person or a program.
    User,
    /// A model.
    Assistant,
}

/// Who made a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The shared foundation: every app's first version.
    Foundation,
    /// A model, in a turn.
    Model,
    /// A person or a program, by hand.
    User,
    /// A restored earlier version.
    Restore,
}

/// An immutable snapshot of the files, without its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// From 1, without gaps.
    pub number: u32,
    /// The version before.
    pub parent: Option<u32>,
    /// Who made it.
    pub author: Author,
    /// One line about what changed.
    pub summary: String,
    /// The turn that made it.
    pub turn: Option<TurnId>,
    /// How many files it has.
    pub files: usize,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The foundation is being laid.
    Creating,
    /// A turn runs.
    Working,
    /// It rests, and the last thing that was tried worked.
    Ready,
    /// It rests, and the last thing that was tried did not work.
    Failed,
}

/// An app as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSummary {
    /// Its id.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// How it is.
    pub status: Status,
    /// Where its preview is.
    pub preview_url: String,
    /// Which model answers.
    pub model: String,
    /// The newest version.
    pub version: Option<u32>,
    /// The version that the preview serves.
    pub preview_version: Option<u32>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
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
        self.effects.push(Effect::Run { job, due });
    }

    pub(super) fn finish(&mut self, job: &Job) {
        self.effects.push(Effect::Finish { key: job.key() });
    }
}

impl Conversation {
    /// A new conversation and what is to be done first.
    #[must_use]
    pub fn create(created: Created, now: Timestamp) -> (Self, Vec<Effect>) {
        let mut conversation = Self {
            app: created.app,
            workspace: created.workspace,
            name: created.name,
            model: created.model,
            preview_url: created.preview_url,
            created_at: now,
            updated_at: now,
            phase: Phase::Founding,
            waiting: VecDeque::new(),
            manifest: Manifest::default(),
            revision: 0,
            head: None,
            builds_made: 0,
            builds: BTreeMap::new(),
            preview: None,
            last_outcome: None,
        };
        let mut step =
            Step { now, limits: &Limits::DEFAULT, policy: &BuildPolicy::DEFAULT, effects: Vec::new() };
        conversation.accept_message(created.turn, created.prompt, &mut step);
        step.run(Job::LayFoundation);
        step.run(Job::Announce);
        (conversation, step.effects)
    }

    /// Takes an input and says what is to be done. An input that comes late or again changes nothing.
    ///
    /// # Errors
    /// When a user's wish cannot be fulfilled now; the state is unchanged then.
    pub fn step(&mut self, input: Input, now: Timestamp) -> Result<Vec<Effect>> {
        if self.phase == Phase::Deleted && !matches!(input, Input::JobFailed { .. }) {
            return Err(Error::new(Kind::NotFound, format!("There is no app `{}`: it was deleted.", self.app)));
        }
        let before = self.summary();
        let mut step =
            Step { now, limits: &Limits::DEFAULT, policy: &BuildPolicy::DEFAULT, effects: Vec::new() };
        self.take(input, &mut step)?;
        if self.summary() != before && self.phase != Phase::Deleted {
            self.updated_at = now;
            step.run(Job::Announce);
        }
        Ok(step.effects)
    }

    fn take(&mut self, input: Input, step: &mut Step<'_>) -> Result<()> {
        match input {
            Input::Post { turn, content } => self.post(turn, content, step),
            Input::Rename { name } => {
                self.rename(name, step);
                Ok(())
            }
            Input::PutFile { path, entry } => self.put_file(path, entry, step),
            Input::DeleteFile { path } => self.delete_file(&path, step),
            Input::Restore { version, manifest } => self.restore(version, manifest, step),
            Input::StartBuild { mode } => self.start_build_by_hand(mode, step),
            Input::Delete => {
                self.phase = Phase::Deleted;
                step.effects.push(Effect::FinishAll);
                step.run(Job::Purge);
                Ok(())
            }
            internal => {
                self.take_result(internal, step);
                Ok(())
            }
        }
    }

    /// Inputs that answer a job. None of them can be refused: what is stale is ignored.
    fn take_result(&mut self, input: Input, step: &mut Step<'_>) {
        match input {
            Input::FoundationLaid { manifest } => self.foundation_laid(manifest, step),
            Input::ModelReplied { turn, step: number, reply } => self.model_replied(&turn, number, reply, step),
            Input::ToolsRan(ran) => self.tools_ran(ran, step),
            Input::BuildSent { build } => self.build_sent(&build, step),
            Input::Claim { build } => self.claim(&build, step),
            Input::Progress { build, attempt, lines } => self.build_progress(&build, attempt, lines, step),
            Input::BuildReported { build, attempt, outcome } => self.build_reported(&build, attempt, outcome, step),
            Input::Probed { build, probe } => self.probed(&build, probe, step),
            Input::Announced { summary } if *summary == self.summary() => step.finish(&Job::Announce),
            Input::Announced { .. } => step.run(Job::Announce),
            Input::JobFailed { job, failures, reason } => self.job_failed(&job, failures, &reason, step),
            Input::Post { .. }
            | Input::Rename { .. }
            | Input::PutFile { .. }
            | Input::DeleteFile { .. }
            | Input::Restore { .. }
            | Input::StartBuild { .. }
            | Input::Delete => {}
        }
    }

    /// The app as clients see it.
    #[must_use]
    pub fn summary(&self) -> AppSummary {
        AppSummary {
            id: self.app.clone(),
            name: self.name.clone(),
            status: self.status(),
            preview_url: self.preview_url.clone(),
            model: self.model.clone(),
            version: self.head.map(|head| head.number),
            preview_version: self.preview.as_ref().map(|preview| preview.version),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The files as they are now, committed or not.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Counts the changes of the files.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// What the preview's address serves.
    #[must_use]
    pub const fn preview(&self) -> Option<&Preview> {
        self.preview.as_ref()
    }

    /// A build that is not over yet.
    #[must_use]
    pub fn active_build(&self, build: &BuildId) -> Option<&ActiveBuild> {
        self.builds.get(build)
    }

    /// Whether the app was deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.phase == Phase::Deleted
    }

    /// The turns that wait for the one that runs.
    pub fn waiting_turns(&self) -> impl Iterator<Item = &TurnId> {
        self.waiting.iter().map(|queued| &queued.turn)
    }

    fn status(&self) -> Status {
        match (&self.phase, self.last_outcome) {
            (Phase::Founding, _) => Status::Creating,
            (Phase::AwaitingModel(_) | Phase::RunningTools(_) | Phase::Building { .. }, _) => Status::Working,
            (Phase::Resting | Phase::Deleted, Some(Outcome::Failed)) => Status::Failed,
            (Phase::Resting | Phase::Deleted, _) => Status::Ready,
        }
    }

    fn rename(&mut self, name: String, step: &mut Step<'_>) {
        if self.name != name {
            self.name.clone_from(&name);
            step.feed(Event::AppRenamed { name });
        }
    }

    pub(super) fn rename_by_tool(&mut self, name: String, step: &mut Step<'_>) {
        self.rename(name, step);
    }

    fn job_failed(&mut self, job: &Job, failures: u32, reason: &str, step: &mut Step<'_>) {
        const MOST_FAILURES: u32 = 6;
        let retry_at = step.now.after(step.policy.backoff(failures));
        let for_ever = matches!(job, Job::Announce | Job::Purge | Job::SendBuild { .. });
        if failures < MOST_FAILURES || for_ever {
            step.run_at(job.clone(), retry_at);
            return;
        }
        step.finish(job);
        match job {
            Job::LayFoundation => self.founding_failed(reason, step),
            Job::CallModel { turn, .. } | Job::RunTools { turn, .. } => self.turn_failed(turn, reason, step),
            Job::Probe { build } => {
                self.probed(build, Probe::Failed(vec![format!("The preview could not be checked: {reason}.")]), step);
            }
            Job::SendBuild { .. } | Job::Announce | Job::Purge => {}
        }
    }
}
