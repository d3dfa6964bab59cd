//! What is known of a running stack, and how to find one.
//! The lock on `<state>/lock` says that a stack runs; `<state>/stack.json` says where. The file is
//! never believed without the lock: a stack that was killed leaves the file behind, but no lock.

pub(crate) mod child;
pub(crate) mod state;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::process;

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
    /// Node process that drives workerd.
    pub(crate) worker_pid: Option<u32>,
    /// workerd itself.
    pub(crate) workerd_pid: Option<u32>,
}

impl Record {
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

/// The exclusive right to a state folder; ends with the process.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock; `None` when another process has it.
    ///
    /// # Errors
    /// When the state folder cannot be made or written.
    pub(crate) fn take(state: &Path) -> Result<Option<Self>> {
        fs::create_dir_all(state).with_context(|| {
            format!(
                "cannot create {}: choose another folder with --state",
                state.display()
            )
        })?;
        let path = state.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| {
                format!(
                    "cannot write {}: choose another folder with --state",
                    path.display()
                )
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

/// Whether a stack runs on this state folder, ready or not.
///
/// # Errors
/// When the folder cannot be looked at.
pub(crate) fn runs(state: &Path) -> Result<bool> {
    Ok(state.join("lock").exists() && Lock::take(state)?.is_none())
}

/// The stack that runs on this state folder and has answered.
///
/// # Errors
/// When the folder cannot be looked at.
pub(crate) fn ready(state: &Path) -> Result<Option<Record>> {
    if !runs(state)? {
        return Ok(None);
    }
    Ok(Record::read(state).filter(|record| record.ready))
}

/// Says that a state folder is taken, by whom, and what can be done.
pub(crate) fn taken(state: &Path) -> anyhow::Error {
    let who = Record::read(state)
        .map(|record| format!(" (process {}, {})", record.pid, record.origin))
        .unwrap_or_default();
    anyhow::anyhow!(
        "a stack already runs on {0}{who}: use it, stop it with `cargo xtask dev --stop --state '{0}'`, \
         or choose another folder with --state",
        state.display()
    )
}

/// Stops the stack of a state folder and waits until it is gone.
///
/// # Errors
/// When none runs or it does not end in time.
pub(crate) fn stop(state: &Path) -> Result<()> {
    let record = Record::read(state).filter(|_| runs(state).unwrap_or(false));
    let Some(record) = record else {
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
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
