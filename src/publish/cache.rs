//! The build cache: one record a key ([`crate::build::Job::key`]) that says what was built of it, or who builds it now.
//!
//! Of several that want the same at once, one builds and the others wait. Whoever builds holds the key by a lease, which it
//! renews by asking again; one that falls silent is replaced. What was built is kept until nobody has asked for so long.
//!
//! Failures are not kept: whoever has the same sources built again does not believe the first answer, and some of what makes
//! a build fail, such as a registry, is not in its key. Knows no storage: what is kept is the edge's.

use serde::{Deserialize, Serialize};

use super::Artifact;
use crate::{
    build::{Diagnostic, Render, Report, is_vendor},
    digest::Digest,
    project::ProjectPath,
    sorted::SortedMap,
    time::Timestamp,
};

/// How long whoever builds may be silent before another does, in milliseconds.
pub const LEASE_MILLIS: u64 = 12_000;

/// What a builder's answer amounts to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// The files, by the path they are served at.
    pub entries: SortedMap<ProjectPath, Artifact>,
    /// What the builder found.
    pub diagnostics: Vec<Diagnostic>,
    /// The builder's own account.
    pub report: Report,
}

impl Built {
    /// Those of the files that are stored once for all apps.
    pub fn vendor(&self) -> impl Iterator<Item = &Artifact> {
        self.entries
            .iter()
            .filter(|(path, _)| is_vendor(path))
            .map(|(_, file)| file)
    }
}

/// What a builder says that it builds with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Toolchain {
    /// Its name.
    pub digest: Digest,
    /// Whether a browser looks at what was built. The digest is another then.
    pub looks: bool,
}

impl Toolchain {
    /// Reads a builder's answer to `GET /healthz`; nothing when it does not name its toolchain.
    #[must_use]
    pub fn of(health: &serde_json::Value) -> Option<Self> {
        Some(Self {
            digest: health.get("toolchain_digest")?.as_str()?.parse().ok()?,
            looks: health.get("render_check").and_then(|on| on.as_str()) == Some("on"),
        })
    }

    /// Whether a success may be kept under the name of this toolchain: it was built with it, the browser that should look
    /// has looked, and the registry decided nothing that is not in the sources.
    #[must_use]
    pub fn may_keep(&self, built: &Built) -> bool {
        let looked = matches!(built.report.render, Render::Checked { .. });
        built.report.toolchain_digest == self.digest
            && (looked || !self.looks)
            && !built.report.packages_resolved
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which key.
    pub key: Digest,
    asked_at: Timestamp,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Vacant,
    Building {
        holder: String,
        until: Timestamp,
    },
    Kept {
        at: Timestamp,
    },
    /// Its files are being deleted. An end that is interrupted is begun again.
    Ending,
}

/// What somebody is to do who wants a key's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Take what is kept.
    Take {
        /// Since when: names it, should it turn out not to be there.
        kept_at: Timestamp,
    },
    /// Build it, and say how it went.
    Build,
    /// Somebody else builds it: ask again.
    Wait,
}

impl Record {
    /// The record of a key that nobody has asked for.
    #[must_use]
    pub const fn new(key: Digest, now: Timestamp) -> Self {
        Self {
            key,
            asked_at: now,
            state: State::Vacant,
        }
    }

    /// What `holder` is to do. A holder that is told to build has [`LEASE_MILLIS`], and as many again when it asks again.
    pub fn ask(&mut self, holder: &str, now: Timestamp) -> Turn {
        self.asked_at = now;
        match &self.state {
            State::Kept { at } => return Turn::Take { kept_at: *at },
            State::Building {
                holder: other,
                until,
            } if other != holder && now < *until => return Turn::Wait,
            State::Building { .. } | State::Vacant | State::Ending => {}
        }
        self.state = State::Building {
            holder: holder.to_owned(),
            until: now.after(LEASE_MILLIS),
        };
        Turn::Build
    }

    /// What was built is kept, whoever says so: it is the same for everybody.
    pub fn keep(&mut self, now: Timestamp) {
        self.asked_at = now;
        self.state = State::Kept { at: now };
    }

    /// What `holder` did came to nothing that can be kept.
    pub fn release(&mut self, holder: &str) {
        if matches!(&self.state, State::Building { holder: other, .. } if other == holder) {
            self.state = State::Vacant;
        }
    }

    /// What was kept at that time turned out not to be there. What somebody else has kept since is another matter.
    pub fn forget(&mut self, kept_at: Timestamp) {
        if self.state == (State::Kept { at: kept_at }) {
            self.state = State::Vacant;
        }
    }

    /// Its files are to be deleted. Whoever asks from now on builds anew.
    pub fn end(&mut self) {
        self.state = State::Ending;
    }

    /// Whether nobody has asked since its end began.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending)
    }

    /// When everything of the key is to be deleted, if nobody asks before: `kept_millis` after it was asked for last.
    #[must_use]
    pub const fn ends_at(&self, kept_millis: u64) -> Timestamp {
        self.asked_at.after(kept_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{Status, Timings};

    const START: Timestamp = Timestamp(1_000);

    fn record() -> Record {
        Record::new(Digest::of(b"key"), START)
    }

    #[test]
    fn one_builds_and_the_others_wait_and_then_take_what_it_built() {
        let mut record = record();
        assert_eq!(record.ask("a", START), Turn::Build);
        assert_eq!(record.ask("b", START.after(LEASE_MILLIS - 1)), Turn::Wait);
        assert_eq!(record.ask("a", START.after(LEASE_MILLIS - 1)), Turn::Build);
        assert_eq!(record.ask("b", START.after(LEASE_MILLIS)), Turn::Wait);
        let kept_at = START.after(LEASE_MILLIS);
        record.keep(kept_at);
        let take = Turn::Take { kept_at };
        assert_eq!(record.ask("b", kept_at), take);
        assert_eq!(record.ask("a", START.after(10 * LEASE_MILLIS)), take);
    }

    #[test]
    fn whoever_falls_silent_or_fails_is_replaced() {
        let mut record = record();
        assert_eq!(record.ask("a", START), Turn::Build);
        assert_eq!(record.ask("b", START.after(LEASE_MILLIS)), Turn::Build);
        record.release("a");
        assert_eq!(record.ask("c", START.after(LEASE_MILLIS)), Turn::Wait);
        record.release("b");
        assert_eq!(record.ask("c", START.after(LEASE_MILLIS)), Turn::Build);
    }

    #[test]
    fn what_is_not_there_any_more_is_built_again() {
        let mut record = record();
        record.keep(START);
        record.release("a");
        let take = |kept_at| Turn::Take { kept_at };
        assert_eq!(record.ask("a", START), take(START));
        record.forget(START);
        assert_eq!(record.ask("a", START), Turn::Build);
        record.forget(START);
        assert_eq!(record.ask("b", START), Turn::Wait);
        // Whoever saw the old one too late takes nothing from what was kept since.
        let later = START.after(1);
        record.keep(later);
        record.forget(START);
        assert_eq!(record.ask("b", later), take(later));
    }

    #[test]
    fn a_key_that_ends_is_known_until_its_files_are_gone() {
        let mut record = record();
        record.keep(START);
        record.end();
        assert!(record.is_ending());
        record.forget(START);
        record.release("a");
        assert!(record.is_ending());
        assert_eq!(record.ask("a", START), Turn::Build);
        assert!(!record.is_ending());
    }

    fn built(render: Render, packages_resolved: bool) -> Built {
        Built {
            entries: SortedMap::new(),
            diagnostics: Vec::new(),
            report: Report {
                status: Status::Succeeded,
                reason: None,
                timings: Timings::default(),
                peak_memory_bytes: 1,
                sandbox: "namespaces".to_owned(),
                packages_resolved,
                render,
                weights: Vec::new(),
                artifact_bytes: 0,
                artifacts: 0,
                toolchain_digest: Digest::of(b"toolchain"),
            },
        }
    }

    fn looked_at() -> Render {
        Render::Checked {
            pages: Vec::new(),
            screenshot: None,
        }
    }

    #[test]
    fn what_nobody_looked_at_is_kept_only_where_nobody_looks() {
        let toolchain = |looks| Toolchain {
            digest: Digest::of(b"toolchain"),
            looks,
        };
        let unseen = built(Render::off("the browser did not start"), false);
        assert!(!toolchain(true).may_keep(&unseen));
        assert!(toolchain(false).may_keep(&unseen));
        assert!(toolchain(true).may_keep(&built(looked_at(), false)));
        let other = Toolchain {
            digest: Digest::of(b"other"),
            looks: true,
        };
        assert!(!other.may_keep(&built(looked_at(), false)));
    }

    #[test]
    fn what_the_registry_decided_is_not_kept() {
        let toolchain = Toolchain {
            digest: Digest::of(b"toolchain"),
            looks: true,
        };
        assert!(toolchain.may_keep(&built(looked_at(), false)));
        assert!(!toolchain.may_keep(&built(looked_at(), true)));
    }
}
