//! The list of what the foundation's packages export: written by `cargo xtask exports`, held to its packages by the checks.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::node::{self, Node};
use crate::{place, process, progress, setup};

const LIST: &str = "templates/vendor-exports.txt";
const SCRIPT: &str = "xtask/local/vendor-exports.mjs";

/// Writes the list anew from the installed packages.
///
/// # Errors
/// When Node or a package is missing, or the list cannot be written.
pub(crate) fn update() -> Result<ExitCode> {
    let node = setup::node_and_packages()?;
    let list = generated(&node)?;
    let path = place::root().join(LIST);
    fs::write(&path, &list).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{LIST}: {}", progress::bytes(list.len() as u64));
    Ok(ExitCode::SUCCESS)
}

/// Whether the committed list is the one that the locked packages give.
///
/// # Errors
/// When it is not, or cannot be made.
pub(crate) fn check(node: &Node) -> Result<String> {
    let committed = fs::read_to_string(place::root().join(LIST)).context(LIST)?;
    let generated = generated(node)?;
    let mut lines = committed.lines().zip(generated.lines()).zip(1..);
    if let Some((_, line)) = lines.find(|((one, other), _)| one != other) {
        bail!("{LIST} differs from the packages at line {line}: run `cargo xtask exports`");
    }
    if committed != generated {
        bail!("{LIST} differs from the packages in its length: run `cargo xtask exports`");
    }
    Ok(format!(
        "{} of exports",
        progress::bytes(committed.len() as u64)
    ))
}

fn generated(node: &Node) -> Result<String> {
    let folder = place::foundation();
    node::ensure_packages(node, &folder)?;
    let mut command = node.command();
    process::quiet(command.arg(place::root().join(SCRIPT)).arg(&folder))
}
