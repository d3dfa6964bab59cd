//! What confines builds: bubblewrap, found on the machine or unpacked of Debian's package into the tool cache (nothing is
//! installed, root is not needed), and what the builder says of the levels that it can use here.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::node::Node;
use crate::{hash, place, process, progress, toolchain};

const PROGRAM: &str = "bwrap";
const PACKAGE: &str = "bubblewrap";
/// What to do where it cannot be fetched.
const REMEDY: &str = "sudo apt-get install -y bubblewrap";

fn folder() -> Result<PathBuf> {
    Ok(place::tool_cache()?.join(PACKAGE))
}

fn unpacked(folder: &Path) -> PathBuf {
    folder.join("root/usr/bin")
}

/// `PATH` for the builder: this Node's, and bubblewrap where it was unpacked.
pub(crate) fn path(node: &Node) -> OsString {
    let path = node.path();
    let Ok(folder) = folder() else {
        return path;
    };
    let all = std::env::split_paths(&path).chain([unpacked(&folder)]);
    std::env::join_paths(all).unwrap_or(path)
}

/// The program, on the machine or unpacked.
pub(crate) fn program() -> Option<PathBuf> {
    let unpacked = || Some(unpacked(&folder().ok()?).join(PROGRAM));
    process::find(PROGRAM).or_else(|| unpacked().filter(|program| program.is_file()))
}

/// Fetches bubblewrap where there is none. That it cannot be had is no error: Landlock may do.
pub(crate) fn ensure() {
    let there = || Ok::<_, anyhow::Error>(unpacked(&folder()?).join(PROGRAM).is_file());
    if process::find(PROGRAM).is_some() || there().unwrap_or(true) {
        return;
    }
    let fetched = progress::step("bubblewrap (Debian's package)", || {
        fetch(&folder()?)?;
        Ok("bubblewrap unpacked".to_owned())
    });
    if let Err(error) = fetched {
        eprintln!("  no bubblewrap: {error:#}; `{REMEDY}` brings it");
    }
}

fn fetch(folder: &Path) -> Result<()> {
    toolchain::unpack(PACKAGE, folder)?;
    process::quiet(Command::new(unpacked(folder).join(PROGRAM)).arg("--version"))
        .context("the unpacked bubblewrap does not run")?;
    Ok(())
}

/// The level that the builder finds to hold here.
///
/// # Errors
/// When none does, with what the builder says to do.
pub(crate) fn level(node: &Node, builder: &Path) -> Result<String> {
    let state = std::env::temp_dir().join(format!("overskill-sandbox-{}", std::process::id()));
    let mut command = Command::new(builder);
    command
        .arg("--print-sandbox")
        .arg("--toolchain")
        .arg(place::foundation())
        .arg("--state")
        .arg(&state)
        .env("PATH", path(node))
        .env("BUILDER_TOKEN_HASH", hash::hex(&[b""]));
    let level = process::quiet(&mut command);
    // Left behind, it is in nobody's way.
    let _ = fs::remove_dir_all(state);
    Ok(level?.trim().to_owned())
}

/// Whether builds will be confined. Says it aloud if not.
pub(crate) fn confines(node: &Node, builder: &Path) -> bool {
    match level(node, builder) {
        Ok(_) => true,
        Err(error) => {
            eprintln!("{error:#}");
            eprintln!(
                "WARNING: builds run WITHOUT a sandbox (--unsafe-no-sandbox): whoever's sources are built can do \
                 what you can"
            );
            false
        }
    }
}
