//! One supervised process: started, watched, started again with back-off when it dies, stopped with
//! everything it started. Its output goes to a file, so that it never waits for a reader.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::Signal;

use super::log;
use crate::process;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A child that lived this long has recovered: its next pause is short again.
const STEADY: Duration = Duration::from_secs(15);
const STOP_LIMIT: Duration = Duration::from_secs(6);
/// When set, a child that dies soon after its start waits no longer than any other: specs kill on purpose, and often.
const RESTART_AT_ONCE: &str = "OVERSKILL_RESTART_AT_ONCE";

/// How to start a child: a fresh command and what it reads from standard input.
pub(crate) type Recipe = Box<dyn Fn() -> Result<(Command, Vec<u8>)>>;

enum Phase {
    Running { child: Child, since: Instant },
    Waiting { until: Instant },
    Stopped,
}

/// A process under supervision.
pub(crate) struct Supervised {
    name: &'static str,
    recipe: Recipe,
    log: PathBuf,
    phase: Phase,
    pause: Duration,
    longest_pause: Duration,
}

impl Supervised {
    /// Starts a process for the first time.
    ///
    /// # Errors
    /// When it cannot be started at all.
    pub(crate) fn start(name: &'static str, logs: &Path, recipe: Recipe) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        log::bound(&log)?;
        let mut supervised = Self {
            name,
            recipe,
            log,
            phase: Phase::Stopped,
            pause: FIRST_PAUSE,
            longest_pause: if std::env::var_os(RESTART_AT_ONCE).is_some() {
                FIRST_PAUSE
            } else {
                LONGEST_PAUSE
            },
        };
        supervised.spawn()?;
        Ok(supervised)
    }

    /// Its name in messages and of its log file.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Its process id while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        match &self.phase {
            Phase::Running { child, .. } => Some(child.id()),
            Phase::Waiting { .. } | Phase::Stopped => None,
        }
    }

    /// The end of its log.
    pub(crate) fn log_tail(&self) -> String {
        log::tail(&self.log)
    }

    /// The file of its log.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    fn spawn(&mut self) -> Result<()> {
        let (mut command, input) = (self.recipe)()?;
        let log = log::open(&self.log)?;
        command
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        process::die_with_parent(&mut command, Signal::TERM);
        let mut child = command
            .spawn()
            .with_context(|| format!("the {} could not be started", self.name))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A child that died already is noticed by the next look, not here.
            let _closed = stdin.write_all(&input);
        }
        self.phase = Phase::Running {
            child,
            since: Instant::now(),
        };
        Ok(())
    }

    /// Looks after the process and its log. Returns a line for the user when something happened.
    pub(crate) fn look(&mut self, now: Instant) -> Option<String> {
        // A log that cannot be cut is looked at again; the process goes on.
        let _uncut = log::bound(&self.log);
        match &mut self.phase {
            Phase::Running { child, since } => {
                let status = match child.try_wait() {
                    Ok(None) => return None,
                    Ok(Some(status)) => status.to_string(),
                    Err(error) => error.to_string(),
                };
                // What the dead leave behind would hold the port or go on working.
                process::kill_group(child.id(), Signal::KILL);
                let lived = now.duration_since(*since);
                self.pause = if lived >= STEADY {
                    FIRST_PAUSE
                } else {
                    self.pause
                };
                let pause = self.pause;
                self.pause = (pause * 2).min(self.longest_pause);
                self.phase = Phase::Waiting { until: now + pause };
                Some(format!(
                    "! the {} ended ({status}); starting it again in {} ms (log: {})",
                    self.name,
                    pause.as_millis(),
                    self.log.display()
                ))
            }
            Phase::Waiting { until } if now >= *until => match self.spawn() {
                Ok(()) => Some(format!("✓ the {} was started again", self.name)),
                Err(error) => {
                    self.phase = Phase::Waiting {
                        until: now + self.pause,
                    };
                    self.pause = (self.pause * 2).min(self.longest_pause);
                    Some(format!("! {error:#}"))
                }
            },
            Phase::Waiting { .. } | Phase::Stopped => None,
        }
    }

    /// Asks the process to end.
    pub(crate) fn ask_to_stop(&mut self) {
        match &self.phase {
            Phase::Running { child, .. } => {
                if let Some(pid) = process::pid(child.id()) {
                    let _gone = rustix::process::kill_process(pid, Signal::TERM);
                }
            }
            Phase::Waiting { .. } | Phase::Stopped => self.phase = Phase::Stopped,
        }
    }

    /// Waits for its end and ends what is left of its group.
    pub(crate) fn finish(&mut self) {
        if let Phase::Running { child, .. } = &mut self.phase {
            let ended = process::wait_within(child, STOP_LIMIT);
            process::kill_group(child.id(), Signal::KILL);
            if !matches!(ended, Ok(Some(_))) {
                let _reaped = child.wait();
            }
        }
        self.phase = Phase::Stopped;
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.ask_to_stop();
        self.finish();
    }
}
