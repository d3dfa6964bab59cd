//! Stands in for workerd when Miniflare starts it (`MINIFLARE_WORKERD_PATH`): writes the process id
//! down, binds the process's life to its parent's and becomes workerd. Miniflare tells nobody the id
//! and leaves workerd behind when it is killed itself.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Path of the real workerd; its presence makes this program the stand-in.
const REAL: &str = "OVERSKILL_WORKERD";
/// Path of the file that gets the process id.
pub(crate) const PID_FILE: &str = "OVERSKILL_WORKERD_PID_FILE";

/// Becomes workerd when this program was started as its stand-in; returns only when it was not.
///
/// # Errors
/// When the process id cannot be written or workerd cannot be started.
pub(crate) fn stand_in() -> Result<()> {
    let (Some(real), Some(pid_file)) = (std::env::var_os(REAL), std::env::var_os(PID_FILE)) else {
        return Ok(());
    };
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let pid_file = PathBuf::from(pid_file);
    let new = pid_file.with_extension("new");
    std::fs::write(&new, format!("{}\n", std::process::id()))
        .and_then(|()| std::fs::rename(&new, &pid_file))
        .with_context(|| format!("cannot write {}", pid_file.display()))?;
    if getppid().is_none() {
        return Ok(());
    }
    let error = Command::new(&real)
        .args(std::env::args_os().skip(1))
        .env_remove(REAL)
        .env_remove(PID_FILE)
        .exec();
    Err(error).with_context(|| format!("cannot start {}", real.display()))
}
