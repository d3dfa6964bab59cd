//! `cargo xtask engine …`: the core's engines in a program of their own, so that the chores need not be built with them.
//! Standard output is that program's alone.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{place, process};

const PACKAGE: &str = "overskill-engine";
const PROFILE: &str = "engine";

/// Builds the engines when they changed, and runs one.
///
/// # Errors
/// When they do not compile or cannot be started.
pub(crate) fn run(words: &[String]) -> Result<ExitCode> {
    let build = [
        "build",
        "--quiet",
        "--package",
        PACKAGE,
        "--profile",
        PROFILE,
    ];
    process::quiet(place::cargo().args(build))?;
    let program = place::target()?.join(PROFILE).join(PACKAGE);
    let mut command = Command::new(&program);
    let status = command.args(words).status();
    let status = status.with_context(|| format!("{} could not be started", program.display()))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
