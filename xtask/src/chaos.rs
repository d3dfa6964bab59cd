//! `cargo xtask chaos`: kills the parts of a stack while an app is talked to, and compares what comes of it. The program is
//! `tests/chaos/chaos.mjs`; here is what it is started from.

use std::process::ExitCode;

use anyhow::Result;

use crate::setup;

/// Builds what changed and starts the program, whose output is its own.
///
/// # Errors
/// When a part can be neither found nor made, or Node does not start.
pub(crate) fn run(kills: u32, seed: Option<u32>) -> Result<ExitCode> {
    let (kills, seed) = (kills.to_string(), seed.map(|seed| seed.to_string()));
    let mut arguments = vec!["--kills", kills.as_str()];
    if let Some(seed) = &seed {
        arguments.extend(["--seed", seed]);
    }
    setup::ensure()?.program("tests/chaos/chaos.mjs", &arguments)
}
