//! The build cache: one record a key ([`crate::build::Job::key`]) that says what was built of it, or who builds it now.
//!
//! Of several that want the same at once, one builds and the others wait. Whoever builds holds the key by a lease, which it
//! renews by asking again; one that falls silent is replaced. What was built is kept until nobody has asked for so long.
//!
//! Failures are not kept: whoever has the same sources built again does not believe the first answer, and some of what makes
//! a build fail, such as a registry, is not in its key. Knows no storage: what is kept is the edge's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Artifact;
use crate::{
    build::{Diagnostic, Report, is_vendor},
    digest::Digest,
    project::ProjectPath,
    time::Timestamp,
};

/// How long whoever builds may be silent before another does, in milliseconds.
pub const LEASE_MILLIS: u64 = 12_000;

/// What a builder's answer amounts to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// The files, by the path they are served at.
    pub entries: BTreeMap<ProjectPath, Artifact>,
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

    /// Those of the files that are the app's own.
    pub fn own(&self) -> impl Iterator<Item = &Artifact> {
        self.entries
            .iter()
            .filter(|(path, _)| !is_vendor(path))
            .map(|(_, file)| file)
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
    Building { holder: String, until: Timestamp },
    Kept,
}

/// What somebody is to do who wants a key's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Take what is kept.
    Take,
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
            State::Kept => return Turn::Take,
            State::Building {
                holder: other,
                until,
            } if other != holder && now < *until => return Turn::Wait,
            State::Building { .. } | State::Vacant => {}
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
        self.state = State::Kept;
    }

    /// What `holder` did came to nothing that can be kept.
    pub fn release(&mut self, holder: &str) {
        if matches!(&self.state, State::Building { holder: other, .. } if other == holder) {
            self.state = State::Vacant;
        }
    }

    /// What was kept turned out not to be there.
    pub fn forget(&mut self) {
        if self.state == State::Kept {
            self.state = State::Vacant;
        }
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
        record.keep(START.after(LEASE_MILLIS));
        assert_eq!(record.ask("b", START.after(LEASE_MILLIS)), Turn::Take);
        assert_eq!(record.ask("a", START.after(10 * LEASE_MILLIS)), Turn::Take);
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
        assert_eq!(record.ask("a", START), Turn::Take);
        record.forget();
        assert_eq!(record.ask("a", START), Turn::Build);
        record.forget();
        assert_eq!(record.ask("b", START), Turn::Wait);
    }

    #[test]
    fn a_key_lives_for_a_while_after_it_was_asked_for_last() {
        let mut record = record();
        record.keep(START);
        let later = START.after(500);
        record.ask("a", later);
        assert_eq!(record.ends_at(1_000), later.after(1_000));
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut record = record();
        record.ask("a", START);
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}
