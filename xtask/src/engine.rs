//! `cargo xtask engine …`: the core's engines in a program of their own, so that the chores need not be built with them.
//! Standard output is that program's alone.

use std::path::PathBuf;
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
    start(Command::new(build()?).args(words))
}

/// Builds the engines when they changed; returns the program.
///
/// # Errors
/// When they do not compile.
pub(crate) fn build() -> Result<PathBuf> {
    let build = [
        "build",
        "--quiet",
        "--package",
        PACKAGE,
        "--profile",
        PROFILE,
    ];
    process::quiet(place::cargo().args(build))?;
    Ok(place::target()?.join(PROFILE).join(PACKAGE))
}

/// Runs the program that was built to its end.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(program: &mut Command) -> Result<ExitCode> {
    let status = program.status();
    let status =
        status.with_context(|| format!("{:?} could not be started", program.get_program()))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
