//! `cargo xtask build DIR`: a folder, built as the product would. Standard output is the program's that builds.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{place, process, progress, sandbox, setup};

const PACKAGE: &str = "overskill-builder";
const PROGRAM: &str = "overskill-build";
/// The exit status where not the folder, but what builds it is at fault.
const OUR_FAULT: u8 = 3;

/// Builds the folder that the words name. What stands in the way of building at all exits with 3, as a fault of the
/// builder's does.
pub(crate) fn run(words: &[String]) -> ExitCode {
    progress::step_aside();
    match build(words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(OUR_FAULT)
        }
    }
}

fn build(words: &[String]) -> Result<ExitCode> {
    let node = setup::node_and_packages()?;
    sandbox::ensure();
    let make = ["build", "--quiet", "--package", PACKAGE, "--bin", PROGRAM];
    process::quiet(place::cargo().args(make))?;
    let target = place::target()?;
    let state = target
        .join("local-builds")
        .join(std::process::id().to_string());
    let mut command = Command::new(target.join("debug").join(PROGRAM));
    command
        .env("PATH", sandbox::path(&node))
        .args(words)
        .arg("--toolchain")
        .arg(place::foundation())
        .arg("--extras")
        .arg(place::builder())
        .arg("--state")
        .arg(&state)
        .arg("--vendor")
        .arg(target.join("vendor"))
        .arg("--node")
        .arg(&node.program);
    let status = command.status();
    forget(&state);
    let status = status.with_context(|| format!("{PROGRAM} could not be started"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(OUR_FAULT)))
}

/// What a builder leaves of its state is of no use to the next one.
fn forget(state: &Path) {
    if let Err(error) = fs::remove_dir_all(state)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        eprintln!("{} could not be removed: {error}", state.display());
    }
}
