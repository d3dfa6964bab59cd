//! `cargo xtask bench build`: the program that times the builder, built for speed as the product's is, and what it needs.

use std::fs;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{median, milliseconds};
use crate::cli::Place;
use crate::journey::Journey;
use crate::stack::{self, state};
use crate::{attempt, place, process, sandbox, setup};

const PACKAGE: &str = "overskill-builder";
const BUILDER: &str = "overskill-builder";
const PROGRAM: &str = "overskill-builder-bench";
/// The small app of the builder's tests, below the repository's root.
const SMALL: &str = "builder-container/tests/shell";

/// The prompt whose app is built once and taken from the build cache after that.
const PROMPT: &str = "a box where people save plants with a title, notes and minutes";

/// Times builds of the foundation and of a small app, and what comes out of the Worker's build cache instead.
///
/// # Errors
/// When Node, its packages or the programs are missing and cannot be made, or the stack does not build.
pub(crate) fn run(quick: bool) -> Result<ExitCode> {
    let node = setup::node_and_packages()?;
    sandbox::ensure();
    process::show(place::cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package",
        PACKAGE,
        "--bin",
        BUILDER,
        "--bin",
        PROGRAM,
    ]))?;
    let programs = place::target()?.join("release");
    let state = place::target()?.join("bench-builds");
    let shell = |name: &str, folder: &std::path::Path| format!("{name}={}", folder.display());
    let mut command = Command::new(programs.join(PROGRAM));
    command
        .env("PATH", sandbox::path(&node))
        .arg("--builder")
        .arg(programs.join(BUILDER))
        .arg("--toolchain")
        .arg(place::foundation())
        .arg("--node")
        .arg(&node.program)
        .arg("--state")
        .arg(&state)
        .args(["--shell", &shell("the foundation", &place::foundation())])
        .args(["--shell", &shell("a small app", &place::root().join(SMALL))]);
    if quick {
        command.arg("--quick");
    }
    let status = command.status();
    let status = status.with_context(|| format!("{PROGRAM} could not be started"))?;
    fs::remove_dir_all(&state).with_context(|| format!("{} stays", state.display()))?;
    cache_hits(if quick { 3 } else { 15 })?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Times builds that somebody else has had before, as the feed tells. On a stack of its own.
fn cache_hits(runs: usize) -> Result<()> {
    let place = Place {
        port: Some(0),
        state: place::target()?.join("bench-cache"),
    };
    let (record, _) = attempt::running_stack(&place)?;
    let timed = Journey::on(&place.state, &record).and_then(|journey| time_hits(journey, runs));
    stack::stop(&place.state)?;
    fs::remove_dir_all(&place.state).with_context(|| format!("{} stays", place.state.display()))?;
    let hits = timed?;
    println!(
        "\nthe same app once more, out of the Worker's build cache, {runs} runs:\n  \
         from taken to built {}\n  from queued to live {}",
        shown(hits.iter().map(|hit| hit.built)),
        shown(hits.iter().map(|hit| hit.live))
    );
    Ok(())
}

/// A build out of the cache.
struct Hit {
    /// From the moment a consumer has taken it until the conversation has its result.
    built: Duration,
    /// From the moment it was to be made until its preview is live.
    live: Duration,
}

fn shown(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    let shown = |time: Option<Duration>| time.map(milliseconds).unwrap_or_default();
    format!(
        "median {}, {} to {}",
        shown(median(&times)),
        shown(times.first().copied()),
        shown(times.last().copied())
    )
}

fn time_hits(mut journey: Journey, runs: usize) -> Result<Vec<Hit>> {
    // Nobody has had it before, whatever else the stack has built.
    let secret: String = state::secret()?.chars().take(6).collect();
    let name = format!("Cache {secret}");
    let mut hits = Vec::new();
    // The first is built, and kept a moment after its end.
    for attempt in 0..=2 * runs {
        let turn = journey.send(PROMPT, Some(&name), None)?;
        let (mut taken_at, mut built_at, mut hit) = (None, None, None);
        let ending = journey.follow(&turn, |event| match event.kind.as_str() {
            "build_started" if event.number("version") == Some(2) => taken_at = event.number("at"),
            // The line comes with the result.
            "build_log"
                if event
                    .text("line")
                    .is_some_and(|line| line.contains("build cache")) =>
            {
                built_at = event.number("at");
            }
            "build_finished" if event.number("version") == Some(2) => {
                hit = built_at.zip(taken_at).zip(event.number("millis"));
            }
            _ => {}
        })?;
        if !ending.completed {
            bail!("the turn failed: {}", ending.summary);
        }
        if attempt > 0
            && let Some(((built_at, taken_at), live)) = hit
        {
            hits.push(Hit {
                built: Duration::from_millis(built_at - taken_at),
                live: Duration::from_millis(live),
            });
        }
        if hits.len() == runs {
            return Ok(hits);
        }
    }
    bail!(
        "only {} of {} builds came out of the build cache",
        hits.len(),
        2 * runs
    )
}
