//! `cargo xtask attack builder`: everything hostile that can be sent to a builder, sent to one. Standard output is the
//! program's that attacks.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{place, process, progress, sandbox, setup};

const PACKAGE: &str = "overskill-builder";
const BUILDER: &str = "overskill-builder";
const PROGRAM: &str = "overskill-attack";
/// The exit status where nothing could be tried.
const NOT_TRIED: u8 = 3;

/// Attacks a builder of its own.
pub(crate) fn builder(words: &[String]) -> ExitCode {
    progress::step_aside();
    match attack(words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(NOT_TRIED)
        }
    }
}

fn attack(words: &[String]) -> Result<ExitCode> {
    let node = setup::node_and_packages()?;
    sandbox::ensure();
    let make = ["build", "--quiet", "--package", PACKAGE, "--bins"];
    process::quiet(place::cargo().args(make))?;
    let target = place::target()?;
    let state = target.join("attacks").join(std::process::id().to_string());
    let mut command = Command::new(target.join("debug").join(PROGRAM));
    command
        .env("PATH", sandbox::path(&node))
        .args(words)
        .arg("--builder")
        .arg(target.join("debug").join(BUILDER))
        .arg("--toolchain")
        .arg(place::foundation())
        .arg("--extras")
        .arg(place::builder())
        .arg("--state")
        .arg(&state)
        .arg("--node")
        .arg(&node.program);
    let status = command.status();
    // What is left of it is in nobody's way.
    let _left = fs::remove_dir_all(&state);
    let status = status.with_context(|| format!("{PROGRAM} could not be started"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(NOT_TRIED)))
}
