//! `cargo xtask bench conversations`: many conversations at once. The program is `tests/bench/conversations.mjs`.

use std::process::ExitCode;

use anyhow::Result;

use crate::setup;

const COUNT: u32 = 100;

/// Builds what changed and starts the program, whose output is its own.
///
/// # Errors
/// When a part can be neither found nor made, or Node does not start.
pub(crate) fn run() -> Result<ExitCode> {
    let count = COUNT.to_string();
    setup::ensure()?.program("tests/bench/conversations.mjs", &[&count])
}
