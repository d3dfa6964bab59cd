//! Everything that must be there before a stack can start: tools, packages, the Worker, the builder.

use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::node::{self, Node};
use crate::{node_rule, place, process, progress, toolchain, worker};

/// Profile the builder is compiled with. It moves bytes and waits for Node: optimizing it costs more
/// time at the first start than it saves in a day.
const BUILDER_PROFILE: &str = "dev";

/// What a stack is started from.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The Node that drives workerd and Vite.
    pub(crate) node: Node,
    /// The builder's program.
    pub(crate) builder: PathBuf,
}

/// Installs what is missing and builds what changed.
///
/// # Errors
/// When a part can be neither found nor made: names it and the command that mends it.
pub(crate) fn ensure() -> Result<Parts> {
    let node = node::ensure()?;
    let toolchain = toolchain::ensure()?;
    thread::scope(|scope| {
        // npm waits for the network while cargo uses the processor.
        let packages = scope.spawn(|| packages(&node));
        let wasm = worker::compile(&toolchain);
        let builder = build_builder();
        packages
            .join()
            .unwrap_or_else(|_panic| bail!("installing npm packages failed"))?;
        worker::finish(&wasm?, &node)?;
        Ok(Parts {
            node: node.clone(),
            builder: builder?,
        })
    })
}

/// Node and everything that npm installs, without building anything.
///
/// # Errors
/// When npm is missing or fails.
pub(crate) fn node_and_packages() -> Result<Node> {
    let node = node::ensure()?;
    packages(&node)?;
    Ok(node)
}

fn packages(node: &Node) -> Result<()> {
    node::ensure_packages(node, place::root())?;
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
    ] {
        if !there {
            bail!("{what}: start once without --no-build");
        }
    }
    Ok(Parts { node, builder })
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
