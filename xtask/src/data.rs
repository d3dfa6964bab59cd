//! `cargo xtask engine data`: an empty shard on this machine, until standard input ends. The program is `xtask/local/data/main.mjs`,
//! and standard output is its alone.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::node::Node;
use crate::{engine, place, postgres, setup};

/// Names the folder of the PostgreSQL programs to what starts a server.
const PROGRAMS: &str = "OVERSKILL_POSTGRES";

/// Runs the program, which reads its options by itself.
///
/// # Errors
/// When Node, a package or PostgreSQL is missing and cannot be had.
pub(crate) fn run(options: &[String]) -> Result<ExitCode> {
    let node = setup::node_and_tools()?;
    // PGlite is a package: nobody has to have a server for it.
    let wants_server = !options.iter().any(|option| option.ends_with("pglite"));
    let mut program = if wants_server {
        with_postgres(&node)?
    } else {
        node.command()
    };
    program
        .arg(place::root().join("xtask/local/data/main.mjs"))
        .args(options);
    engine::start(&mut program)
}

/// Node, told where PostgreSQL is.
///
/// # Errors
/// When there is none and none can be fetched.
pub(crate) fn with_postgres(node: &Node) -> Result<Command> {
    let mut command = node.command();
    command
        .current_dir(place::root())
        .env(PROGRAMS, postgres::ensure(node)?);
    Ok(command)
}
