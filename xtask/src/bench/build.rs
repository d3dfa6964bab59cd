//! `cargo xtask bench build`: the program that times the builder, built for speed as the product's is, and what it needs.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{place, process, sandbox, setup};

const PACKAGE: &str = "overskill-builder";
const BUILDER: &str = "overskill-builder";
const PROGRAM: &str = "overskill-builder-bench";
/// The small app of the builder's tests, below the repository's root.
const SMALL: &str = "builder-container/tests/shell";

/// Times builds of the foundation and of a small app.
///
/// # Errors
/// When Node, its packages or the programs are missing and cannot be made.
pub(crate) fn run(quick: bool) -> Result<ExitCode> {
    let node = setup::node_and_packages()?;
    sandbox::ensure();
    process::show(place::cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package",
        PACKAGE,
        "--bin",
        BUILDER,
        "--bin",
        PROGRAM,
    ]))?;
    let programs = place::target()?.join("release");
    let state = place::target()?.join("bench-builds");
    let shell = |name: &str, folder: &std::path::Path| format!("{name}={}", folder.display());
    let mut command = Command::new(programs.join(PROGRAM));
    command
        .env("PATH", sandbox::path(&node))
        .arg("--builder")
        .arg(programs.join(BUILDER))
        .arg("--toolchain")
        .arg(place::foundation())
        .arg("--node")
        .arg(&node.program)
        .arg("--state")
        .arg(&state)
        .args(["--shell", &shell("the foundation", &place::foundation())])
        .args(["--shell", &shell("a small app", &place::root().join(SMALL))]);
    if quick {
        command.arg("--quick");
    }
    let status = command.status();
    let status = status.with_context(|| format!("{PROGRAM} could not be started"))?;
    fs::remove_dir_all(&state).with_context(|| format!("{} stays", state.display()))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
