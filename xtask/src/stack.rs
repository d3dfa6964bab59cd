//! What is known of a running stack, and how to find one.
//! The lock on `<state>/lock` says that a stack runs; `<state>/stack.json` says where. The file is
//! never believed without the lock, nor when the process that it names is gone: a stack that was killed leaves it behind.

pub(crate) mod child;
mod kept;
pub(crate) mod leftover;
mod lock;
pub(crate) mod log;
pub(crate) mod recipe;
pub(crate) mod state;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, kill_process};
use serde::{Deserialize, Serialize};

pub(crate) use self::lock::Lock;
use crate::{life, process};

/// How long a stack may take from its lock to its record.
const RECORD_LIMIT: Duration = Duration::from_secs(3);
const GLANCE: Duration = Duration::from_millis(50);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// `<state>/stack.json`: for `try`, for `--stop` and for tests that kill parts of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Process that supervises the others.
    pub(crate) pid: u32,
    /// Whether everything has answered since the start of `pid`.
    pub(crate) ready: bool,
    /// Port of console, API and apps.
    pub(crate) port: u16,
    /// `http://localhost:<port>`.
    pub(crate) origin: String,
    /// File that holds the development token.
    pub(crate) token_file: PathBuf,
    /// Port of the builder.
    pub(crate) builder_port: u16,
    /// Process of the builder.
    pub(crate) builder_pid: Option<u32>,
    /// Port of the database; 0 when there is none.
    #[serde(default)]
    pub(crate) data_port: u16,
    /// Process of the database.
    #[serde(default)]
    pub(crate) data_pid: Option<u32>,
    /// Node process that drives workerd.
    pub(crate) worker_pid: Option<u32>,
    /// workerd itself.
    pub(crate) workerd_pid: Option<u32>,
    /// Which process each of the ids above means ([`life::of`]): the system gives ids again.
    #[serde(default)]
    pub(crate) lives: BTreeMap<u32, String>,
}

impl Record {
    /// Takes the record over for this process, and returns the one that the last stack left. Whose children still run is not
    /// forgotten: they stay in the new record until it is written anew. The caller has the lock.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub(crate) fn claim(state: &Path) -> Result<Self> {
        let earlier = Self::read(state).unwrap_or_default();
        let mut claim = Self {
            ready: false,
            port: 0,
            origin: String::new(),
            ..earlier.clone()
        };
        claim.pid = std::process::id();
        claim.note_lives();
        claim.write(state)?;
        Ok(earlier)
    }

    /// The processes that a stack has started.
    pub(crate) fn children(&self) -> Vec<u32> {
        [
            self.builder_pid,
            self.worker_pid,
            self.workerd_pid,
            self.data_pid,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Writes down what is true of the processes now, and forgets those that are not named any more.
    pub(crate) fn note_lives(&mut self) {
        let mut lives = std::mem::take(&mut self.lives);
        self.lives = self
            .children()
            .into_iter()
            .chain([self.pid])
            .filter_map(|pid| Some((pid, lives.remove(&pid).or_else(|| life::of(pid))?)))
            .collect();
    }

    /// Whether a process still runs and is the one that was written down, and no other with its id.
    pub(crate) fn knows(&self, pid: u32) -> bool {
        self.lives
            .get(&pid)
            .is_some_and(|life| life::of(pid).as_ref() == Some(life))
    }

    /// Reads the record of a state folder.
    pub(crate) fn read(state: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(state.join("stack.json")).ok()?).ok()
    }

    /// Replaces the record in one step, so that no reader sees half of it.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub(crate) fn write(&self, state: &Path) -> Result<()> {
        let new = state.join("stack.json.new");
        fs::write(&new, serde_json::to_vec_pretty(self)?)
            .and_then(|()| fs::rename(&new, state.join("stack.json")))
            .with_context(|| format!("cannot write {}", state.join("stack.json").display()))
    }
}

/// Whether a stack runs on this state folder, ready or not.
///
/// # Errors
/// When the folder cannot be looked at.
pub(crate) fn runs(state: &Path) -> Result<bool> {
    lock::held(state)
}

/// The stack that runs on this state folder and has answered.
///
/// # Errors
/// When the folder cannot be looked at.
pub(crate) fn ready(state: &Path) -> Result<Option<Record>> {
    if !runs(state)? {
        return Ok(None);
    }
    Ok(Record::read(state).filter(|record| record.ready && record.knows(record.pid)))
}

/// The record of whoever has the lock; `None` when nobody has. A record is believed only when its process runs: one
/// that is taking the folder over has not written its own yet.
fn holder(state: &Path) -> Result<Option<Record>> {
    let deadline = Instant::now() + RECORD_LIMIT;
    while runs(state)? {
        let record = Record::read(state).filter(|record| record.knows(record.pid));
        if record.is_some() {
            return Ok(record);
        }
        if Instant::now() > deadline {
            bail!(
                "{} is in use, but by what is not written there: look for who has {} open",
                state.display(),
                state.join("lock").display()
            );
        }
        thread::sleep(GLANCE);
    }
    Ok(None)
}

/// Says that a state folder is taken, by whom, and what can be done.
pub(crate) fn taken(state: &Path) -> anyhow::Error {
    let record = holder(state).ok().flatten();
    let (what, who) = match record {
        Some(record) if record.origin.is_empty() => {
            ("is still starting", format!(" (process {})", record.pid))
        }
        Some(record) => (
            "already runs",
            format!(" (process {}, {})", record.pid, record.origin),
        ),
        None => ("already runs", String::new()),
    };
    anyhow::anyhow!(
        "a stack {what} on {0}{who}: use it, stop it with `cargo xtask dev --stop --state '{0}'`, \
         or choose another folder with --state",
        state.display()
    )
}

/// Stops the stack of a state folder and waits until it is gone.
///
/// # Errors
/// When none runs or it does not end in time.
pub(crate) fn stop(state: &Path) -> Result<()> {
    let Some(record) = holder(state)? else {
        bail!("no stack runs on {}", state.display());
    };
    if let Some(pid) = process::pid(record.pid) {
        kill_process(pid, Signal::TERM)
            .with_context(|| format!("cannot stop process {}", record.pid))?;
    }
    let deadline = Instant::now() + STOP_LIMIT;
    while runs(state)? {
        if Instant::now() > deadline {
            bail!(
                "process {} did not stop within {} s",
                record.pid,
                STOP_LIMIT.as_secs()
            );
        }
        thread::sleep(GLANCE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("overskill-stack-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_stale_record_stops_nobody() {
        let state = folder("stale");
        let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
        let _lock = Lock::take(&state).unwrap().unwrap();
        let stale = Record {
            pid: stranger.id(),
            ready: true,
            origin: "http://localhost:1".to_owned(),
            lives: BTreeMap::from([(stranger.id(), "an earlier life".to_owned())]),
            ..Record::default()
        };
        stale.write(&state).unwrap();
        assert!(ready(&state).unwrap().is_none());
        let error = stop(&state).unwrap_err().to_string();
        assert!(error.contains("not written there"), "{error}");
        assert!(stranger.try_wait().unwrap().is_none());
        let text = taken(&state).to_string();
        assert!(!text.contains(&stranger.id().to_string()), "{text}");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        fs::remove_dir_all(&state).unwrap();
    }

    #[test]
    fn a_stack_without_an_address_is_starting() {
        let state = folder("starting");
        let _lock = Lock::take(&state).unwrap().unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mut left = Record {
            pid: 1,
            ready: true,
            port: 8787,
            origin: "http://localhost:8787".to_owned(),
            builder_pid: Some(child.id()),
            ..Record::default()
        };
        left.note_lives();
        left.write(&state).unwrap();
        assert_eq!(Record::claim(&state).unwrap(), left);
        let text = taken(&state).to_string();
        let id = std::process::id();
        assert!(
            text.contains(&format!("is still starting on {}", state.display()))
                && text.contains(&format!("(process {id})")),
            "{text}"
        );
        let claimed = Record::read(&state).unwrap();
        assert!(claimed.knows(id) && claimed.knows(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_dir_all(&state).unwrap();
    }
}
