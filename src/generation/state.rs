//! The conversation's state: one value, stored as JSON. States carry their data.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    feed::Outcome,
    records::{AppSummary, Build, Preview, Status},
    tools::Views,
};
use crate::{
    digest::Digest,
    edit::tokens::{Ledger, Saving},
    ids::{AppId, BuildId, TurnId, WorkspaceId},
    project::{FileEntry, Manifest},
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
    /// Turns whose messages are stored and wait; the texts are the storage's.
    pub(super) waiting: VecDeque<TurnId>,
    pub(super) manifest: Manifest,
    /// Counts changes of the manifest, so that work done on an older one is noticed.
    pub(super) revision: u64,
    pub(super) head: Option<Head>,
    pub(super) builds_made: u32,
    pub(super) builds: BTreeMap<BuildId, ActiveBuild>,
    pub(super) preview: Option<Preview>,
    pub(super) last_outcome: Option<Outcome>,
    /// What the edits of the turn that runs have cost.
    pub(super) turn_edits: Saving,
    /// What those of all turns before it have.
    pub(super) edits: Saving,
}

/// The newest version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) number: u32,
    pub(super) digest: Digest,
}

/// What the conversation is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub(super) enum Phase {
    /// The foundation is being stored; no version exists.
    Founding,
    /// Nothing to do.
    Resting,
    /// The model has the word.
    AwaitingModel(Turn),
    /// The tools that the model called run.
    RunningTools(Turn),
    /// The turn's version is being built.
    Building {
        turn: Turn,
        build: BuildId,
        summary: String,
    },
    /// The app is gone. What was under way may have stored something after the first purge, so there are two.
    Deleted { purged_once: bool },
}

/// The turn that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    /// From 1.
    pub(super) step: u32,
    /// What the model has seen of the files.
    pub(super) views: Views,
    /// What its edits have cost.
    pub(super) ledger: Ledger,
}

/// A build that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveBuild {
    /// As clients see it.
    pub build: Build,
    pub(super) turn: Option<TurnId>,
    pub(super) source_digest: Digest,
    pub(super) stage: Stage,
    /// Attempts that came to nothing. A builder that was busy is none.
    pub(super) failures: u32,
    /// Claims whose holder fell silent, and messages that the queue gave up on.
    pub(super) lapses: u32,
}

/// Where a build is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(super) enum Stage {
    /// For a consumer, which gets it at that time and not before.
    Waiting {
        from: Timestamp,
    },
    Claimed {
        until: Timestamp,
    },
    Probing {
        set: Digest,
        /// The lock file that the app gets when the preview works.
        lockfile: Option<FileEntry>,
    },
}

impl ActiveBuild {
    /// The digest of the artifact set that is being probed.
    #[must_use]
    pub const fn candidate(&self) -> Option<Digest> {
        match self.stage {
            Stage::Probing { set, .. } => Some(set),
            Stage::Waiting { .. } | Stage::Claimed { .. } => None,
        }
    }
}

impl Conversation {
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

    /// What the model has seen of the files in the turn that runs, and what its edits have cost.
    #[must_use]
    pub fn seen_and_spent(&self) -> (Views, Ledger) {
        match &self.phase {
            Phase::AwaitingModel(turn) | Phase::RunningTools(turn) => {
                (turn.views.clone(), turn.ledger.clone())
            }
            _ => (Views::new(), Ledger::default()),
        }
    }

    /// Whether the app was deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        matches!(self.phase, Phase::Deleted { .. })
    }

    /// The turns that wait for the one that runs.
    pub fn waiting_turns(&self) -> impl Iterator<Item = &TurnId> {
        self.waiting.iter()
    }

    fn status(&self) -> Status {
        let first_preview_is_coming = self.preview.is_none() && !self.builds.is_empty();
        match (&self.phase, self.last_outcome) {
            (Phase::Founding, _) => Status::Creating,
            (Phase::AwaitingModel(_) | Phase::RunningTools(_) | Phase::Building { .. }, _) => {
                Status::Working
            }
            (Phase::Resting | Phase::Deleted { .. }, Some(Outcome::Failed)) => Status::Failed,
            (Phase::Resting, _) if first_preview_is_coming => Status::Creating,
            (Phase::Resting | Phase::Deleted { .. }, _) => Status::Ready,
        }
    }
}
