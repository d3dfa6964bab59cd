//! `overskill-builder-bench`: how long the builder takes, beside bare Vite on the same sources, on the same Node.
//!
//! Times are of this machine and of this moment; what can be compared elsewhere is their ratios. What is compared runs in
//! turns, so that a machine that gets slower is slower for both.

mod arguments;
mod bare;
mod builder;
mod numbers;

use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use overskill::build::{Mode, TypeCheck};
use overskill_builder::client::{AnyError, Sources};

use crate::{
    arguments::{Arguments, Shell},
    bare::Bare,
    builder::{Built, Look, Running},
    numbers::{Row, median, memory, milliseconds},
};

/// How often each thing is measured.
#[derive(Debug, Clone, Copy)]
struct Counts {
    /// Builders that are started.
    starts: usize,
    /// Builds that get a fresh worker, and as many that get a warm one.
    builds: usize,
    /// Rounds of several builds at once.
    rounds: usize,
    /// Builds in a row while memory is looked at.
    row: usize,
}

const USUAL: Counts = Counts {
    starts: 5,
    builds: 15,
    rounds: 5,
    row: 100,
};
const QUICK: Counts = Counts {
    starts: 2,
    builds: 5,
    rounds: 2,
    row: 30,
};

/// How many jobs are sent at once.
const AT_ONCE: [usize; 4] = [1, 2, 4, 8];
/// Memory has grown when the last builds have more than this many hundredths of what the first had.
const GROWN: u64 = 110;
/// Builds before memory is looked at: an allocator keeps what its first users needed, and was seen to be done with that
/// after thirty.
const SETTLED: usize = 30;
/// How many builds at either end of the row are compared.
const END: usize = 10;

fn main() -> ExitCode {
    let measured = Arguments::parse(std::env::args().skip(1)).and_then(|found| run(&found));
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("overskill-builder-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints. False when memory grows.
fn run(arguments: &Arguments) -> Result<bool, AnyError> {
    let counts = if arguments.quick { QUICK } else { USUAL };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; medians with the least and the most, in milliseconds;");
    println!(
        "ratio: to bare `vite build` of the same sources in the same mode, a fresh process each time\n"
    );
    for shell in &arguments.shells {
        let sources = Sources::read(&shell.folder)?;
        for mode in [Mode::Development, Mode::Production] {
            println!(
                "{} ({}), {}",
                shell.name,
                shell.folder.display(),
                mode.as_str()
            );
            one_after_another(arguments, shell, &sources, mode, counts)?;
        }
    }
    let Some(shell) = arguments.shells.first() else {
        return Ok(true);
    };
    let sources = Sources::read(&shell.folder)?;
    println!(
        "{}, development, several at once, from the first sent to the last answered",
        shell.name
    );
    at_once(arguments, &sources, counts)?;
    println!(
        "{}, development, {} in a row after {SETTLED} others",
        shell.name, counts.row
    );
    in_a_row(arguments, &sources, counts)
    // Builds that come out of the Worker's cache never reach a builder: `cargo xtask bench build` times them on a stack.
}

/// Cold and warm builds, beside bare Vite.
fn one_after_another(
    arguments: &Arguments,
    shell: &Shell,
    sources: &Sources,
    mode: Mode,
    counts: Counts,
) -> Result<(), AnyError> {
    let job = sources.job("bench", mode, TypeCheck::Report)?;
    let unchecked = sources.job("bench", mode, TypeCheck::Off)?;
    let bare = Bare::prepare(arguments, shell)?;
    bare.build(mode)?;
    // The packages are prebuilt when the first one starts.
    drop(Running::start(arguments, Some(1), Look::Off)?);
    let (mut plain, mut cold) = (Vec::new(), Vec::new());
    for _ in 0..counts.starts {
        plain.push(bare.build(mode)?);
        let begun = Instant::now();
        let builder = Running::start(arguments, Some(1), Look::Off)?;
        builder.build(&unchecked)?;
        cold.push(begun.elapsed());
    }
    let builder = Running::start(arguments, Some(1), Look::Off)?;
    let mut fresh = Vec::new();
    for _ in 0..counts.builds {
        plain.push(bare.build(mode)?);
        builder.wait_until_ready()?;
        builder.build(&unchecked)?;
        // The worker of the build before is gone, the next one is only starting.
        fresh.push(builder.build(&unchecked)?);
    }
    let warm = warm(&builder, &unchecked, counts)?;
    let base = median(&plain);
    Row::of("bare vite build", &plain).print(None);
    Row::of("builder started → answered", &cold).print(base);
    Row::of("no worker ready", &walls(&fresh)).print(base);
    Row::of("worker ready", &walls(&warm)).print(base);
    if mode == Mode::Production {
        let checked = self::warm(&builder, &job, counts)?;
        Row::of("worker ready, with types", &walls(&checked)).print(base);
        parts(&checked);
    } else {
        parts(&warm);
    }
    drop(builder);
    looked_at(arguments, &job, counts)?;
    println!();
    Ok(())
}

/// What the look in a browser adds, where there is one.
fn looked_at(arguments: &Arguments, job: &[u8], counts: Counts) -> Result<(), AnyError> {
    let builder = Running::start(arguments, Some(1), Look::Auto)?;
    let builds = warm(&builder, job, counts)?;
    if builds.iter().all(|built| built.look.is_zero()) {
        println!("  a look in the browser: not measured, there is none that can be used here");
        return Ok(());
    }
    Row::of("looked at in a browser", &walls(&builds)).print(None);
    let looks: Vec<Duration> = builds.iter().map(|built| built.look).collect();
    Row::of("the look alone", &looks).print(None);
    Ok(())
}

fn warm(builder: &Running, job: &[u8], counts: Counts) -> Result<Vec<Built>, AnyError> {
    let builds = (0..counts.builds).map(|_| {
        builder.wait_until_ready()?;
        builder.build(job)
    });
    builds.collect()
}

/// Where the time of warm builds goes.
fn parts(builds: &[Built]) {
    let of = |part: fn(&Built) -> Duration| -> Vec<Duration> { builds.iter().map(part).collect() };
    let shown = |times: Vec<Duration>| median(&times).map(milliseconds).unwrap_or_default();
    println!(
        "  of a ready worker's: sources checked {}, worker {} (Vite {}), the rest {}",
        shown(of(|built| built.prepare)),
        shown(of(|built| built.worker)),
        shown(of(|built| built.vite)),
        shown(of(|built| built
            .wall
            .saturating_sub(built.prepare + built.worker))),
    );
}

fn walls(builds: &[Built]) -> Vec<Duration> {
    builds.iter().map(|built| built.wall).collect()
}

/// Several jobs at once, with as many slots as a builder has by itself.
fn at_once(arguments: &Arguments, sources: &Sources, counts: Counts) -> Result<(), AnyError> {
    let builder = Running::start(arguments, None, Look::Off)?;
    for many in AT_ONCE {
        let jobs: Vec<Vec<u8>> = (0..many)
            .map(|number| {
                sources.job(
                    &format!("bench-{number}"),
                    Mode::Development,
                    TypeCheck::Off,
                )
            })
            .collect::<Result<_, _>>()?;
        let (mut all, mut each) = (Vec::new(), Vec::new());
        for _ in 0..counts.rounds {
            builder.wait_until_ready()?;
            let begun = Instant::now();
            let built = thread::scope(|scope| {
                let running: Vec<_> = jobs
                    .iter()
                    .map(|job| scope.spawn(|| builder.build(job)))
                    .collect();
                running
                    .into_iter()
                    .map(|one| {
                        one.join()
                            .map_err(|_| AnyError::from("a client panicked"))?
                    })
                    .collect::<Result<Vec<Built>, AnyError>>()
            })?;
            all.push(begun.elapsed());
            each.extend(walls(&built));
        }
        Row::of(&format!("{many} at once, all of them"), &all).print(None);
        Row::of(&format!("{many} at once, each"), &each).print(None);
    }
    println!();
    Ok(())
}

/// Memory over many builds. False when it grows.
fn in_a_row(arguments: &Arguments, sources: &Sources, counts: Counts) -> Result<bool, AnyError> {
    let builder = Running::start(arguments, Some(1), Look::Off)?;
    let job = sources.job("bench", Mode::Development, TypeCheck::Off)?;
    let (mut supervisor, mut workers) = (Vec::new(), Vec::new());
    for _ in 0..SETTLED {
        builder.wait_until_ready()?;
        builder.build(&job)?;
    }
    for _ in 0..counts.row {
        builder.wait_until_ready()?;
        let built = builder.build(&job)?;
        supervisor.push(builder.resident()?);
        workers.push(built.peak_memory);
    }
    let mut steady = true;
    for (name, bytes) in [
        ("supervisor, resident", supervisor),
        ("worker, at its peak", workers),
    ] {
        let first = median(bytes.get(..END).unwrap_or_default()).unwrap_or_default();
        let from = bytes.len().saturating_sub(END);
        let last = median(bytes.get(from..).unwrap_or_default()).unwrap_or_default();
        let grew = last * 100 > first * GROWN;
        steady &= !grew;
        println!(
            "  {name:<30}first {END}: {}, last {END}: {}, {}",
            memory(first),
            memory(last),
            if grew { "it GROWS" } else { "it does not grow" }
        );
    }
    Ok(steady)
}
