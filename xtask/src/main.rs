//! The chores of OverSkill: `cargo xtask dev | try | build | deploy | test | attack | chaos | mutants | coverage | image | migrate | doctor | engine | eval | fuzz | bench | exports | worker`.
//! Sets up what is missing, builds, starts and checks. Idempotent; holds no product logic.

mod api;
mod attack;
mod attempt;
mod bench;
mod browser;
mod chaos;
mod checks;
mod cli;
mod coverage;
mod data;
mod deploy;
mod dev;
mod doctor;
mod engine;
mod folder;
mod fuzz;
mod hash;
mod image;
mod journey;
mod judges;
mod life;
mod mutants;
mod node;
#[path = "../../builder-container/src/node_rule.rs"]
mod node_rule;
mod place;
mod postgres;
mod process;
mod progress;
mod sandbox;
mod setup;
mod stack;
mod tool;
mod toolchain;
mod vendor;
mod worker;
mod workerd;

use std::process::ExitCode;

use anyhow::Result;

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
        Task::Dev {
            place,
            fresh,
            build,
        } => dev::run(&place, fresh, build),
        Task::Stop { state } => {
            stack::stop(&state)?;
            println!("stopped");
            Ok(ExitCode::SUCCESS)
        }
        Task::Try { place, prompt, app } => attempt::run(&place, &prompt, app.as_deref()),
        Task::Build { words } => Ok(folder::run(&words)),
        Task::Attack { words } => Ok(attack::builder(&words)),
        Task::Chaos { kills, seed } => chaos::run(kills, seed),
        Task::Test(depth) => checks::run(depth),
        Task::Migrate { url, check } => data::migrate(url, check),
        Task::Deploy {
            console,
            apps,
            state,
            check,
            build,
        } => deploy::run(
            &deploy::Where {
                console,
                apps,
                state,
            },
            check,
            build,
        ),
        Task::Doctor => doctor::run(),
        Task::Bench { place, runs } => bench::run(&place, runs),
        Task::BenchEdits => bench::edits::run(),
        Task::BenchConversations => bench::conversations::run(),
        Task::BenchRouter => bench::router::run(),
        Task::BenchData { backend } => bench::data::run(backend),
        Task::BenchBuild { quick } => bench::build::run(quick),
        Task::Engine { words } => match words.split_first() {
            Some((what, options)) if what == "data" => data::run(options),
            _ => engine::run(&words),
        },
        Task::Fuzz { minutes } => fuzz::run("edits", minutes),
        Task::Mutants { files } => mutants::update(&files),
        Task::Coverage => coverage::run(),
        Task::Image => image::run(),
        Task::Exports => vendor::update(),
        Task::Worker => build_worker(),
        Task::Help => {
            print!("{}", cli::USAGE);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn build_worker() -> Result<ExitCode> {
    let sizes = setup::worker()?;
    println!(
        "Worker: {sizes} (budget {})",
        progress::bytes(worker::GZIP_BUDGET)
    );
    Ok(ExitCode::SUCCESS)
}
