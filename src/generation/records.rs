//! What a conversation keeps and tells: apps, versions, builds, and how they are.

use serde::{Deserialize, Serialize};

use super::effect::Job;
use crate::{
    build::{Diagnostic, Mode, Render, Report},
    digest::Digest,
    ids::{AppId, BuildId, TurnId},
    llm::message::Usage,
    project::FileEntry,
    publish::SizeReport,
    time::Timestamp,
};

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
    /// Nobody: the lock file of what a build has resolved.
    System,
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
    /// Its first files are being laid, or its first preview is being built while no turn runs.
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
    /// Where it is for everyone, once it was deployed.
    pub production_url: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A build as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Its id.
    pub id: BuildId,
    /// What is built.
    pub version: u32,
    /// How.
    pub mode: Mode,
    /// How it is.
    pub status: BuildStatus,
    /// How often a consumer has taken it. Each time counts: also when it then came from the build cache, or the builder was busy
    /// or away.
    pub attempts: u32,
    /// What the builder found, in the end.
    pub diagnostics: Vec<Diagnostic>,
    /// The builder's own account, in the end. Of a build that was cached, it tells of the one that was.
    pub report: Option<Report>,
    /// Whether it was taken from the build cache, and nothing was built.
    pub cached: bool,
    /// How its artifact set was split, once it is stored.
    pub sizes: Option<SizeReport>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

impl Build {
    /// Why there is no picture of how it looks, and what to do.
    #[must_use]
    pub fn without_picture(&self) -> String {
        let id = &self.id;
        if self.finished_at.is_none() {
            return format!("Build `{id}` is not over. Ask again when it is.");
        }
        match self.report.as_ref().map(|report| &report.render) {
            Some(Render::Checked { .. }) => format!(
                "A browser looked at build `{id}`, but could take no picture. Start another build to have one taken."
            ),
            Some(Render::Off { reason }) => format!(
                "No browser has looked at build `{id}`: {}. Start another build when that is mended.",
                reason.trim_end_matches('.')
            ),
            None => format!(
                "Build `{id}` was over before a browser could look. Ask for a build that has succeeded."
            ),
        }
    }
}

/// How a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildStatus {
    /// It waits for a builder.
    Queued,
    /// A builder has it, or its result is being probed.
    Running,
    /// No builder could be had; it is tried again.
    Retrying,
    /// Its artifacts are stored; of a development build, the preview was proven to work.
    Succeeded,
    /// It is over without artifacts.
    Failed,
    /// A newer version was there before a builder had it.
    Superseded,
}

/// What the preview's address serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Which build made it.
    pub build: BuildId,
    /// Which version it shows.
    pub version: u32,
    /// The digest of its artifact set.
    pub set: Digest,
}

/// What a consumer that has claimed a build is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Which build.
    pub build: BuildId,
    /// Which attempt; reports carry it.
    pub attempt: u32,
    /// What is to be built.
    pub version: u32,
    /// How.
    pub mode: Mode,
    /// The digest of the sources.
    pub source_digest: Digest,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildOutcome {
    /// The artifacts and the app's script are stored under this digest.
    Succeeded {
        /// The digest of the artifact set.
        set: Digest,
        /// Warnings.
        diagnostics: Vec<Diagnostic>,
        /// The builder's own account.
        report: Report,
        /// The lock file that the app should have, stored, if that is another than its own.
        lockfile: Option<FileEntry>,
        /// The key of the build cache that it came from, where its files still are.
        cached: Option<Digest>,
        /// How the artifact set was split.
        sizes: Box<SizeReport>,
    },
    /// The sources do not build. Trying again would not help.
    Failed {
        /// Why.
        diagnostics: Vec<Diagnostic>,
        /// The builder's own account.
        report: Option<Report>,
    },
    /// Something that a build needs could not be had, or broke off. Trying again may help.
    Unavailable {
        /// What that is.
        cause: Cause,
        /// Why, as the end of a sentence.
        reason: String,
    },
    /// All seats of the builder are taken: the build waits for one, and nothing has failed.
    Busy {
        /// Not before so many milliseconds, as the builder says.
        retry_after_millis: Option<u64>,
    },
}

impl BuildOutcome {
    /// How long the builder has worked, in milliseconds. What came out of the build cache has taken no time.
    pub(super) fn builder_millis(&self) -> u64 {
        match self {
            Self::Succeeded {
                report,
                cached: None,
                ..
            }
            | Self::Failed {
                report: Some(report),
                ..
            } => report.timings.build_ms,
            _ => 0,
        }
    }
}

/// What an attempt lacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The builder.
    Builder,
    /// What this Worker itself stands on, such as its storage.
    Platform,
}

/// What a call of a model has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens.
    pub usage: Usage,
    /// Money, in micro-dollars; nothing where the price is not known.
    pub micros: Option<u64>,
}

/// What several have, those apart that are not billed: repairs, and attempts that came to nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// Tokens that are billed.
    pub billed: Usage,
    /// Money for them, in micro-dollars.
    pub billed_micros: u64,
    /// Tokens of repairs, which are not.
    pub unbilled: Usage,
    /// Money for them, in micro-dollars.
    pub unbilled_micros: u64,
}

impl Spending {
    /// One call more.
    pub fn add(&mut self, spent: &Spent, billing_ignore: bool) {
        let micros = spent.micros.unwrap_or_default();
        let (usage, money) = if billing_ignore {
            (&mut self.unbilled, &mut self.unbilled_micros)
        } else {
            (&mut self.billed, &mut self.billed_micros)
        };
        *usage = *usage + spent.usage;
        *money = money.saturating_add(micros);
    }

    /// All of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.billed = self.billed + other.billed;
        self.billed_micros = self.billed_micros.saturating_add(other.billed_micros);
        self.unbilled = self.unbilled + other.unbilled;
        self.unbilled_micros = self.unbilled_micros.saturating_add(other.unbilled_micros);
    }
}

/// What an app has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppUsage {
    /// Tokens and money.
    pub spent: Spending,
    /// How long the builder has worked, in milliseconds; what came out of the build cache has taken no time.
    pub builder_millis: u64,
    /// Builds, however they ended.
    pub builds: u32,
}

/// One attempt at a call, in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Of which turn.
    pub turn: TurnId,
    /// Of which step of it.
    pub step: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Who was asked.
    pub model: String,
    /// What it has cost.
    pub spent: Spent,
    /// It belongs to a repair, or came to nothing: it is not billed.
    pub billing_ignore: bool,
    /// Whether it came to nothing.
    pub voided: bool,
}

impl Charge {
    /// The job that tells the workspace's ledger.
    #[must_use]
    pub fn settlement(&self) -> Job {
        Job::Settle {
            turn: self.turn.clone(),
            step: self.step,
            attempt: self.attempt,
        }
    }
}

/// What a look at a preview found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// It answers, and its entry script loads.
    Passed,
    /// It does not; these are the reasons.
    Failed(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Status as Ended, Timings};

    #[test]
    fn whoever_asks_for_a_picture_that_is_not_there_hears_what_to_do() {
        let mut build = Build {
            id: BuildId::numbered(3),
            version: 1,
            mode: Mode::Development,
            status: BuildStatus::Running,
            attempts: 1,
            diagnostics: Vec::new(),
            report: None,
            cached: false,
            sizes: None,
            created_at: Timestamp(0),
            finished_at: None,
        };
        let id = build.id.clone();
        assert_eq!(
            build.without_picture(),
            format!("Build `{id}` is not over. Ask again when it is.")
        );
        build.finished_at = Some(Timestamp(1));
        assert!(
            build
                .without_picture()
                .contains("before a browser could look")
        );
        let seen = |render| Report {
            status: Ended::Succeeded,
            reason: None,
            timings: Timings::default(),
            peak_memory_bytes: 1,
            sandbox: "namespaces".to_owned(),
            packages_resolved: false,
            render,
            weights: Vec::new(),
            artifact_bytes: 1,
            artifacts: 1,
            toolchain_digest: Digest::of(b"toolchain"),
        };
        build.report = Some(seen(Render::off("there is no browser.")));
        assert_eq!(
            build.without_picture(),
            format!(
                "No browser has looked at build `{id}`: there is no browser. Start another build when that is mended."
            )
        );
        build.report = Some(seen(Render::Checked {
            pages: Vec::new(),
            screenshot: None,
        }));
        assert!(build.without_picture().contains("could take no picture"));
    }
}
