//! `cargo xtask bench router`: an app at its addresses, beside a plain Worker. The program is `tests/bench/router.mjs`.

use std::process::ExitCode;

use anyhow::Result;

use crate::setup;

/// Builds what changed and starts the program, whose output is its own.
///
/// # Errors
/// When a part can be neither found nor made, or Node does not start.
pub(crate) fn run() -> Result<ExitCode> {
    setup::ensure()?.program("tests/bench/router.mjs", &[])
}
