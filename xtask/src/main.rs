//! The chores of OverSkill: `cargo xtask dev | try | test | doctor | bench | worker`.
//! Sets up what is missing, builds, starts and checks. Idempotent; holds no product logic.

mod cli;
mod hash;
mod node;
mod place;
mod process;
mod progress;
mod toolchain;
mod worker;
mod workerd;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::Task;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            // One line a cause, without the backtrace that the debug form would add.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    workerd::stand_in()?;
    match cli::parse(std::env::args_os().skip(1))? {
        Task::Worker => build_worker(),
        Task::Help => {
            print!("{}", cli::USAGE);
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("not there yet: {other:?}"),
    }
}

fn build_worker() -> Result<ExitCode> {
    let node = node::ensure()?;
    let toolchain = toolchain::ensure()?;
    node::ensure_packages(&node, place::root())?;
    let sizes = worker::build(&toolchain, &node)?;
    println!(
        "Worker: {sizes} (budget {})",
        progress::bytes(worker::GZIP_BUDGET)
    );
    Ok(ExitCode::SUCCESS)
}
