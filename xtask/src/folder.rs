//! `cargo xtask build DIR`: a folder, built as the product would. Standard output is the program's that builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{node, place, process, progress, sandbox, setup};

const PACKAGE: &str = "overskill-builder";
const PROGRAM: &str = "overskill-build";
/// Folders that are built at once.
const MOST: usize = 64;
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
    let (state, _held) = state(&target.join("local-builds"))?;
    let mut command = Command::new(target.join("debug").join(PROGRAM));
    command
        .env("PATH", sandbox::path(&node))
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
    // What was said comes later, and counts.
    command.args(node::registry_flags(&node)).args(words);
    let status = command
        .status()
        .with_context(|| format!("{PROGRAM} could not be started"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(OUR_FAULT)))
}

/// The first state folder that no other build uses: it stays, with the packages that were installed into it. Held as
/// long as the file is open.
fn state(folder: &Path) -> Result<(PathBuf, fs::File)> {
    fs::create_dir_all(folder)?;
    for number in 0..MOST {
        let held = fs::File::create(folder.join(format!("{number}.lock")))?;
        match held.try_lock() {
            Ok(()) => return Ok((folder.join(number.to_string()), held)),
            Err(fs::TryLockError::WouldBlock) => {}
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    bail!("{MOST} folders are being built; wait until one is done")
}
