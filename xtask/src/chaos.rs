//! `cargo xtask chaos`: kills the parts of a stack while an app is talked to, and compares what comes of it. The program is
//! `tests/chaos/chaos.mjs`; here is what it is started from.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{place, setup};

/// Builds what changed and starts the program, whose output is its own.
///
/// # Errors
/// When a part can be neither found nor made, or Node does not start.
pub(crate) fn run(kills: u32, seed: Option<u32>) -> Result<ExitCode> {
    let parts = setup::ensure()?;
    let mut command = parts.node.command();
    command
        .current_dir(place::root())
        .env("OVERSKILL_XTASK", std::env::current_exe()?)
        .arg("tests/chaos/chaos.mjs")
        .args(["--kills", &kills.to_string()]);
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    let status = command.status().context("Node could not be started")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
