//! The lock of a state folder: who has it runs a stack there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Longer than anyone who only asks keeps the lock.
const PATIENCE: Duration = Duration::from_millis(500);
const GLANCE: Duration = Duration::from_millis(10);

/// The exclusive right to a state folder; ends with the process.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock; `None` when another process has it. Who only asks ([`held`]) has it for a moment too: that is waited
    /// out.
    ///
    /// # Errors
    /// When the state folder cannot be made or written.
    pub(crate) fn take(state: &Path) -> Result<Option<Self>> {
        let advice = "choose another folder with --state";
        fs::create_dir_all(state)
            .with_context(|| format!("cannot create {}: {advice}", state.display()))?;
        let path = state.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot write {}: {advice}", path.display()))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(GLANCE),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
    }
}

/// Whether anyone has the lock. Any number may ask at once.
///
/// # Errors
/// When the lock cannot be looked at.
pub(crate) fn held(state: &Path) -> Result<bool> {
    let path = state.join("lock");
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened.with_context(|| format!("cannot read {}", path.display()))?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("overskill-lock-{name}-{}", std::process::id()))
    }

    #[test]
    fn who_asks_does_not_keep_others_from_starting() {
        let state = folder("ask");
        drop(Lock::take(&state).unwrap());
        let asking = File::open(state.join("lock")).unwrap();
        asking.try_lock_shared().unwrap();
        assert!(!held(&state).unwrap(), "another who asks is no stack");
        let asked = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            drop(asking);
        });
        assert!(Lock::take(&state).unwrap().is_some());
        asked.join().unwrap();
        fs::remove_dir_all(&state).unwrap();
    }

    #[test]
    fn there_is_one_stack_a_folder() {
        let state = folder("one");
        assert!(!held(&state).unwrap(), "there is no folder yet");
        let lock = Lock::take(&state).unwrap();
        assert!(lock.is_some());
        assert!(held(&state).unwrap());
        assert!(Lock::take(&state).unwrap().is_none());
        drop(lock);
        assert!(!held(&state).unwrap());
        fs::remove_dir_all(&state).unwrap();
    }
}
