//! The conversation's state: one value, stored as JSON. States carry their data.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    approvals::Approvals,
    deployments::{Produced, Site},
    feed::Outcome,
    heavy::Heavy,
    records::{AppSummary, AppUsage, Build, Preview, Spending, Spent, Status},
    repair::Repair,
    tools::{Intent, Views},
};
use crate::{
    build::Mode,
    digest::Digest,
    edit::tokens::{Ledger, Saving},
    ids::{AppId, BuildId, TurnId, WorkspaceId},
    llm::retry::Breaker,
    monitor::alert::Watch,
    project::{FileEntry, Manifest},
    publish::{
        Environment,
        domain::{Domain, DomainName},
        names::Name,
    },
    sorted::{SortedMap, SortedSet},
    time::Timestamp,
};

/// How many of the artifact sets that were live before are remembered.
const MOST_EARLIER: usize = 4;

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
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) manifest: Manifest,
    /// Counts changes of the manifest, so that work done on an older one is noticed.
    pub(super) revision: u64,
    pub(super) head: Option<Head>,
    pub(super) builds_made: u32,
    pub(super) builds: SortedMap<BuildId, ActiveBuild>,
    pub(super) preview: Option<Preview>,
    /// Sets that were live before, the newest first.
    pub(super) earlier: Vec<Digest>,
    pub(super) last_outcome: Option<Outcome>,
    /// What the edits of the turn that runs have cost.
    pub(super) turn_edits: Saving,
    /// What those of all turns before it have.
    pub(super) edits: Saving,
    /// Models that have failed of late.
    pub(super) breakers: SortedMap<String, Breaker>,
    /// Signatures of the errors of the build that failed last, if nothing was built since.
    pub(super) broken: SortedSet<String>,
    /// What the newest builds say of the size of the app's script, by how it was built.
    pub(super) heavy: SortedMap<Mode, Heavy>,
    /// What all turns that are over have cost.
    pub(super) spent: Spending,
    /// What attempts of all of them have cost that came to nothing.
    pub(super) voided: Spending,
    /// How long the builder has worked, in milliseconds.
    pub(super) builder_millis: u64,
    pub(super) sites: SortedMap<Environment, Site>,
    pub(super) deployments_made: u32,
    /// By version.
    pub(super) produced: SortedMap<u32, Produced>,
    /// The digests of the sources of versions that are to be built for a deployment.
    pub(super) sources: SortedMap<u32, Digest>,
    /// Below the domain of the apps.
    pub(super) public_name: Option<Name>,
    /// Those of people's own.
    pub(super) domains: SortedMap<DomainName, Domain>,
    /// Those that are being let go of.
    pub(super) leaving: SortedSet<DomainName>,
    pub(super) watch: Watch,
    pub(super) approvals: Approvals,
}

/// The newest version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) number: u32,
    pub(super) digest: Digest,
}

/// What the conversation is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl Phase {
    /// The turn that runs, if one does.
    pub(super) const fn turn(&self) -> Option<&Turn> {
        match self {
            Self::AwaitingModel(turn) | Self::RunningTools(turn) | Self::Building { turn, .. } => {
                Some(turn)
            }
            Self::Founding | Self::Resting | Self::Deleted { .. } => None,
        }
    }
}

/// A turn that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) turn: TurnId,
    pub(super) intent: Intent,
}

/// The turn that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    /// What it may lead to.
    pub(super) intent: Intent,
    /// From 1.
    pub(super) step: u32,
    /// When its time is up.
    pub(super) ends_at: Timestamp,
    /// Whether its transcript has begun.
    pub(super) is_open: bool,
    /// Which model it began with: the app's, as it was then.
    pub(super) first_model: String,
    /// Which model has the word: that one, until another has to stand in for it.
    pub(super) model: String,
    /// The call of this step.
    pub(super) call: Call,
    /// Ids of all its tool calls, so that each has one of its own.
    pub(super) calls: SortedSet<String>,
    /// Ids of the tool calls of this step that have no result yet.
    pub(super) unanswered: Vec<String>,
    /// How many answers in a row were cut off by their limit.
    pub(super) cut_off: u32,
    /// What the answer that goes on has said so far.
    pub(super) begun: String,
    /// What came of its builds.
    pub(super) repair: Repair,
    /// What it was about, as its first build has it.
    pub(super) summary: Option<String>,
    /// What it has cost.
    pub(super) spent: Spending,
    /// What its attempts have cost that came to nothing. Not told with the turn: how often something breaks off is no matter of what
    /// was asked.
    pub(super) voided: Spending,
    /// What the model has seen of the files.
    pub(super) views: Views,
    /// What its edits have cost.
    pub(super) ledger: Ledger,
}

/// A call of a model: its attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    /// How many there were in this step, that which is under way included.
    pub(super) attempt: u32,
    /// Whether one is under way.
    pub(super) is_open: bool,
    /// How many bytes of its words the feed has.
    pub(super) shown: usize,
    /// What it has cost so far.
    pub(super) spent: Spent,
    /// How often in a row the model has failed.
    pub(super) failures: u32,
    /// Since when.
    pub(super) failing_since: Option<Timestamp>,
    /// Who has failed this very call before.
    pub(super) tried: Vec<String>,
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
#[serde(rename_all = "snake_case")]
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
    /// The digest of the artifact set that is being probed, and the version that it was built of.
    #[must_use]
    pub const fn candidate(&self) -> Option<(Digest, u32)> {
        match self.stage {
            Stage::Probing { set, .. } => Some((set, self.build.version)),
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
            production_url: self
                .live_deployment(Environment::Production)
                .map(|live| live.url.clone()),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// What the app has cost, the turn that runs included.
    #[must_use]
    pub fn usage(&self) -> AppUsage {
        let mut spent = self.spent;
        spent.merge(&self.voided);
        if let Some(turn) = self.phase.turn() {
            spent.merge(&turn.spent);
            spent.merge(&turn.voided);
        }
        AppUsage {
            spent,
            builder_millis: self.builder_millis,
            builds: self.builds_made,
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

    /// The artifact sets that were live before, the newest first and at most four: a page that was opened then still
    /// loads its files.
    #[must_use]
    pub fn earlier_previews(&self) -> &[Digest] {
        &self.earlier
    }

    /// Whether an artifact set is what the preview's address serves, or was of late.
    #[must_use]
    pub fn has_served(&self, set: &Digest) -> bool {
        let live = self.preview.as_ref().map(|preview| &preview.set);
        live == Some(set) || self.earlier.contains(set)
    }

    /// Another set is what the preview's address serves.
    pub(super) fn replace_preview(&mut self, preview: Preview) {
        let set = preview.set;
        let before = self.preview.replace(preview).map(|before| before.set);
        self.earlier.splice(0..0, before);
        self.earlier.retain(|earlier| *earlier != set);
        self.earlier.truncate(MOST_EARLIER);
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

    /// The name below the domain of the apps that is the app's.
    #[must_use]
    pub const fn public_name(&self) -> Option<&Name> {
        self.public_name.as_ref()
    }

    /// Whether the app was deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        matches!(self.phase, Phase::Deleted { .. })
    }

    /// The turns that wait for the one that runs.
    pub fn waiting_turns(&self) -> impl Iterator<Item = &TurnId> {
        self.waiting.iter().map(|waiting| &waiting.turn)
    }

    /// What the turn that runs may lead to.
    #[must_use]
    pub fn intent(&self) -> Intent {
        self.phase
            .turn()
            .map(|turn| turn.intent)
            .unwrap_or_default()
    }

    /// Which model is asked first: that with which the turn that runs has begun.
    #[must_use]
    pub fn first_model(&self) -> &str {
        let turn = self.phase.turn();
        turn.map_or(&self.model, |turn| &turn.first_model)
    }

    fn status(&self) -> Status {
        let first_preview_is_coming = self.preview.is_none() && !self.builds.is_empty();
        match (&self.phase, self.last_outcome) {
            (Phase::Founding, _) => Status::Creating,
            (Phase::AwaitingModel(_) | Phase::RunningTools(_) | Phase::Building { .. }, _) => {
                Status::Working
            }
            (
                Phase::Resting | Phase::Deleted { .. },
                Some(Outcome::Failed | Outcome::LimitReached),
            ) => Status::Failed,
            (Phase::Resting, _) if first_preview_is_coming => Status::Creating,
            (Phase::Resting | Phase::Deleted { .. }, _) => Status::Ready,
        }
    }
}
