//! Everything that must be there before a stack can start: tools, packages, the Worker, the builder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::node::{self, Node};
use crate::toolchain::Toolchain;
use crate::worker::Sizes;
use crate::{node_rule, place, process, progress, sandbox, toolchain, worker};

/// Profile the builder is compiled with. It moves bytes and waits for Node: optimizing it costs more
/// time at the first start than it saves in a day.
const BUILDER_PROFILE: &str = "dev";

/// The right to change what all stacks of a checkout share: tools, packages, what is built. One process has it at a time;
/// whoever comes next finds everything done.
struct Turn {
    _file: File,
}

impl Turn {
    fn take() -> Result<Self> {
        Self::at(&place::target()?.join("set-up.lock"))
    }

    fn at(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress::begin("waiting for another set-up");
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        Ok(Self { _file: file })
    }
}

/// What a stack is started from.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The Node that drives workerd and Vite.
    pub(crate) node: Node,
    /// The builder's program.
    pub(crate) builder: PathBuf,
    /// Whether there is a sandbox for builds.
    pub(crate) confined: bool,
}

impl Parts {
    /// Runs a program of `tests` that starts stacks by itself, and whose output is its own.
    ///
    /// # Errors
    /// When Node does not start.
    pub(crate) fn program(&self, script: &str, arguments: &[&str]) -> Result<ExitCode> {
        let mut command = self.node.command();
        command
            .current_dir(place::root())
            .env("OVERSKILL_XTASK", std::env::current_exe()?)
            .arg(script)
            .args(arguments);
        let status = command.status().context("Node could not be started")?;
        Ok(if status.success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Installs what is missing and builds what changed.
///
/// # Errors
/// When a part can be neither found nor made: names it and the command that mends it.
pub(crate) fn ensure() -> Result<Parts> {
    let _turn = Turn::take()?;
    let node = node::ensure()?;
    let toolchain = toolchain::ensure()?;
    thread::scope(|scope| {
        // npm waits for the network while cargo uses the processor.
        let packages = scope.spawn(|| packages(&node));
        let bubblewrap = scope.spawn(sandbox::ensure);
        let compiled = worker::compile(&toolchain);
        let builder = build_builder();
        packages
            .join()
            .unwrap_or_else(|_panic| bail!("installing npm packages failed"))?;
        worker::finish(&compiled?, &node)?;
        // A panic in it is worth a warning, which comes anyway.
        let _ = bubblewrap.join();
        let builder = builder?;
        Ok(Parts {
            confined: sandbox::confines(&node, &builder),
            node: node.clone(),
            builder,
        })
    })
}

/// Node and everything that npm installs, without building anything.
///
/// # Errors
/// When npm is missing or fails.
pub(crate) fn node_and_packages() -> Result<Node> {
    let _turn = Turn::take()?;
    let node = node::ensure()?;
    packages(&node)?;
    Ok(node)
}

/// Node and the packages of the chores themselves, the browser's driver among them.
///
/// # Errors
/// When npm is missing or fails.
pub(crate) fn node_and_tools() -> Result<Node> {
    // Nobody installs what is current: there is nothing to wait for.
    if let Some(node) = node::present()?
        && node::packages_current(place::root())
    {
        return Ok(node);
    }
    let _turn = Turn::take()?;
    let node = node::ensure()?;
    node::ensure_packages(&node, place::root())?;
    Ok(node)
}

/// The compiler for the Worker alone.
///
/// # Errors
/// When there is none and none can be made.
pub(crate) fn compiler() -> Result<Toolchain> {
    let _turn = Turn::take()?;
    toolchain::ensure()
}

/// The Worker alone, built.
///
/// # Errors
/// When a part is missing or it does not compile.
pub(crate) fn worker() -> Result<Sizes> {
    let _turn = Turn::take()?;
    let node = node::ensure()?;
    let toolchain = toolchain::ensure()?;
    node::ensure_packages(&node, place::root())?;
    worker::build(&toolchain, &node)
}

fn packages(node: &Node) -> Result<()> {
    node::ensure_packages(node, place::root())?;
    node::ensure_packages(node, &place::builder())?;
    node::ensure_packages(node, &place::foundation())
}

/// What is there already, for a start without building.
///
/// # Errors
/// When something is missing.
pub(crate) fn present() -> Result<Parts> {
    let node = node::present()?.with_context(|| {
        format!(
            "no Node that will do yet ({}): start once without --no-build",
            node_rule::NEEDED
        )
    })?;
    let builder = builder_program()?;
    for (there, what) in [
        (worker::modules_present(), "the Worker is not built"),
        (builder.is_file(), "the builder is not built"),
        (
            node::packages_current(place::root()),
            "npm packages are missing",
        ),
        (
            node::packages_current(&place::foundation()),
            "npm packages of the foundation are missing",
        ),
        (
            node::packages_current(&place::builder()),
            "npm packages of the builder are missing",
        ),
    ] {
        if !there {
            bail!("{what}: start once without --no-build");
        }
    }
    Ok(Parts {
        confined: sandbox::confines(&node, &builder),
        node,
        builder,
    })
}

fn build_builder() -> Result<PathBuf> {
    let start = Instant::now();
    progress::begin("compiling the builder");
    process::show(place::cargo().args([
        "build",
        "--package",
        "overskill-builder",
        "--profile",
        BUILDER_PROFILE,
    ]))?;
    progress::done("builder compiled", start.elapsed());
    builder_program()
}

/// Where cargo puts the builder.
///
/// # Errors
/// When cargo does not say where its target folder is.
pub(crate) fn builder_program() -> Result<PathBuf> {
    let folder = if BUILDER_PROFILE == "dev" {
        "debug"
    } else {
        BUILDER_PROFILE
    };
    Ok(place::target()?.join(folder).join("overskill-builder"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_set_up_waits_for_the_other() {
        let path = std::env::temp_dir().join(format!("overskill-turn-{}", std::process::id()));
        let first = Turn::at(&path).unwrap();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                Turn::at(&path).unwrap();
                over.load(Ordering::SeqCst)
            });
            thread::sleep(Duration::from_millis(50));
            over.store(true, Ordering::SeqCst);
            drop(first);
            assert!(
                second.join().unwrap(),
                "it came in while the first was at work"
            );
        });
        std::fs::remove_file(&path).unwrap();
    }
}
