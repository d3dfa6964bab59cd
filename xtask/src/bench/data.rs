//! `cargo xtask bench data`: what isolation costs, and how soon tables are there. The program is `tests/bench/data.mjs`.

use std::process::ExitCode;

use anyhow::Result;

use crate::data::{self, Backend};
use crate::{engine, setup};

/// Builds what changed and starts the program, whose output is its own.
///
/// # Errors
/// When a part can be neither found nor made, or Node does not start.
pub(crate) fn run(backend: Backend) -> Result<ExitCode> {
    let parts = setup::ensure()?;
    let mut program = data::with_postgres(&parts.node)?;
    program
        .env("OVERSKILL_XTASK", std::env::current_exe()?)
        .arg("tests/bench/data.mjs")
        .arg(backend.name());
    engine::start(&mut program)
}
