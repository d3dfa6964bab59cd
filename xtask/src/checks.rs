//! `cargo xtask test`: every check, one line each, of specs one for each file too, and one line in the end.
//! A part that is missing fails its check; nothing is skipped.

mod tally;

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::checks::tally::Tally;
use crate::cli::Depth;
use crate::node::{self, Node};
use crate::setup::{self, Parts};
use crate::toolchain::Toolchain;
use crate::{
    browser, coverage, data, deploy, image, judges, mutants, place, process, progress, sandbox,
    vendor, worker,
};

/// Tells tests and specs how much to do: `usual` (samples) or `full` (the whole counts).
const DEPTH: &str = "OVERSKILL_TEST_DEPTH";

/// How many files of specs are run at a time: each waits for about half of its time.
const LANES: usize = 2;

/// Files of specs that need the machine for many apps or for many deaths: each is run by itself, in the full checks alone.
const MANY: [&str; 2] = ["crowd", "kills"];

/// How the names of files of specs end.
const SPEC: &str = ".test.mjs";

/// A test says what it expects by panicking. Clippy knows that of test functions, not of what they call.
const ALLOWED_IN_TESTS: [&str; 4] = [
    "clippy::expect_used",
    "clippy::indexing_slicing",
    "clippy::panic",
    "clippy::unwrap_used",
];

struct Run {
    depth: Depth,
    logs: PathBuf,
    total: Tally,
}

/// Runs the checks of a depth.
///
/// # Errors
/// When not even the first can be run. A check that fails is counted, not an error.
pub(crate) fn run(depth: Depth) -> Result<ExitCode> {
    let logs = place::target()?.join("checks");
    fs::create_dir_all(&logs)?;
    let start = Instant::now();
    let mut run = Run {
        depth,
        logs,
        total: Tally::default(),
    };
    run.gate("formatting", |run| {
        run.command(
            "formatting",
            place::cargo().args([
                "fmt",
                "--all",
                "--check",
                "--",
                "--files-with-diff",
                "--color=never",
            ]),
        )
    });
    run.gate("lints, native", |run| lint_native(run, &[], &[]));
    run.gate("lints, tests", |run| {
        lint_native(run, &["--all-targets"], &ALLOWED_IN_TESTS)
    });
    // The builder's tests build real apps.
    let node = run.part("Node and npm packages", setup::node_and_packages);
    let chromium = node
        .as_ref()
        .and_then(|node| run.part("Chromium", || browser::ensure(node)));
    sandbox::ensure();
    run.check("tests, native", |run| {
        native_tests(run, node.as_ref(), chromium.as_ref())
    });
    if depth == Depth::Full {
        run.gate("mutants", |_| mutants::check());
        run.gate("coverage", |_| coverage::check());
        run.gate("image of the builder", |_| {
            image::check(node.as_ref().context("there is no Node")?)
        });
    }
    let toolchain = run.part("Rust target", setup::compiler);
    run.gate("lints, Worker", |run| lint_worker(run, toolchain.as_ref()));
    let parts = run.part("Worker and builder", setup::ensure);
    run.gate("size of the Worker", |_| check_size(parts.as_ref()));
    run.gate("exports of the packages", |_| {
        vendor::check(&parts.as_ref().context("its packages are missing")?.node)
    });
    run.gate("types of the foundation", |run| {
        npm_script(run, parts.as_ref(), "typecheck")
    });
    run.gate("build of the foundation", |run| {
        npm_script(run, parts.as_ref(), "build")
    });
    run.check("specs of the data", |run| {
        let node = node.as_ref().context("there is no Node")?;
        let (node, missing) = data::for_specs(node)?;
        let mut tally = specs(run, "data", &node)?;
        if let Some(missing) = missing {
            tally.note = format!("{} (not judged by plpgsql_check: {missing})", tally.note);
        }
        Ok(tally)
    });
    if depth != Depth::Quick {
        run.check("specs in workerd", |run| {
            let mut node = node_of(parts.as_ref())?;
            // Some start shards of their own beside the stack's.
            let own = parts.as_ref().context("the parts are not there")?;
            node.env(data::PROGRAMS, crate::postgres::ensure(&own.node)?);
            judges::tell(&mut node, &own.node)?;
            over_a_server(&mut node);
            // Built before, so that no spec waits for the compiler.
            deploy::program()?;
            // A look at each of many apps takes longer than building them.
            node.env("OVERSKILL_RENDER_CHECK", "off");
            specs(run, "edge", &node)
        });
        run.check("specs in a browser", |run| {
            let mut node = node_of(parts.as_ref())?;
            over_a_server(&mut node);
            node.env(
                "CHROMIUM",
                chromium.as_ref().context("there is no Chromium")?,
            );
            specs(run, "browser", &node)
        });
    }
    println!("checked in {}", progress::seconds(start.elapsed()));
    println!("{} passed, {} failed", run.total.passed, run.total.failed);
    Ok(if run.total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Depth {
    /// As tests and specs are told it.
    const fn told(self) -> &'static str {
        match self {
            Self::Quick | Self::Usual => "usual",
            Self::Full => "full",
        }
    }
}

impl Run {
    /// A check that counts one.
    fn gate(&mut self, name: &str, work: impl FnOnce(&Self) -> Result<String>) {
        self.check(name, |run| {
            Ok(Tally {
                passed: 1,
                failed: 0,
                note: work(run)?,
            })
        });
    }

    /// A check that counts its tests.
    fn check(&mut self, name: &str, work: impl FnOnce(&Self) -> Result<Tally>) {
        let start = Instant::now();
        let mut out = std::io::stdout();
        if out.is_terminal() {
            // Overwritten by the line of the result; a log does without.
            let _shown = write!(out, "… {name}\r").and_then(|()| out.flush());
        }
        let tally = work(self).unwrap_or_else(|error| Tally {
            passed: 0,
            failed: 1,
            note: format!("{error:#}"),
        });
        let mark = if tally.failed == 0 { '✓' } else { '✗' };
        let took = progress::seconds(start.elapsed());
        println!("{mark} {name}: {}  ({took})", tally.note.trim_end());
        self.total.passed += tally.passed;
        self.total.failed += tally.failed;
    }

    /// Something that later checks need. Counts only when it is missing.
    fn part<T>(&mut self, name: &str, make: impl FnOnce() -> Result<T>) -> Option<T> {
        match make() {
            Ok(part) => Some(part),
            Err(error) => {
                self.check(name, |_| Err(error));
                None
            }
        }
    }

    fn capture(&self, log: &str, command: &mut Command) -> Result<Output> {
        command.env(DEPTH, self.depth.told());
        let output = process::capture(command)?;
        let mut text = output.stdout.clone();
        text.extend_from_slice(&output.stderr);
        fs::write(self.log(log), text)?;
        Ok(output)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    fn command(&self, log: &str, command: &mut Command) -> Result<String> {
        let output = self.capture(log, command)?;
        if !output.status.success() {
            bail!(
                "see {}\n{}",
                self.log(log).display(),
                process::tail(&output)
            );
        }
        Ok("clean".to_owned())
    }

    /// Counts the tests in what a runner printed. A runner that fails without a failed test, or ran none, failed.
    fn counted(&self, log: &str, output: &Output, count: fn(&str) -> Tally) -> Tally {
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let mut tally = count(&text);
        if tally.failed == 0 && (!output.status.success() || tally.passed == 0) {
            tally.failed = 1;
        }
        tally.note = format!("{} passed, {} failed", tally.passed, tally.failed);
        if tally.failed > 0 {
            tally.note.push_str(&format!(
                ", see {}\n{}",
                self.log(log).display(),
                tally::failures(&text)
            ));
        }
        tally
    }
}

fn lint_native(run: &Run, targets: &[&str], allowed: &[&str]) -> Result<String> {
    let mut command = place::cargo();
    command
        .args(["clippy", "--workspace", "--no-default-features"])
        .args(targets)
        .args(["--", "-D", "warnings"])
        .args(allowed.iter().flat_map(|lint| ["-A", lint]));
    let log = if targets.is_empty() {
        "lints-native"
    } else {
        "lints-tests"
    };
    run.command(log, &mut command)
}

fn native_tests(run: &Run, node: Option<&Node>, chromium: Option<&PathBuf>) -> Result<Tally> {
    let node = node.context("there is no Node, or npm packages are missing")?;
    // The Workers crate is switched off: what passes here does not depend on it.
    let selection = ["--workspace", "--no-default-features"];
    let nextest = process::quiet(place::cargo().args(["nextest", "--version"])).is_ok();
    let mut command = place::cargo();
    command.env("PATH", sandbox::path(node));
    command.env("CHROMIUM", chromium.context("there is no Chromium")?);
    if nextest {
        command
            .args(["nextest", "run", "--no-fail-fast", "--color=never"])
            .args(["--profile", nextest_profile(run.depth)])
            .args(selection);
    } else {
        command
            .args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"])
            .args(selection);
    }
    let output = run.capture("tests-native", &mut command)?;
    Ok(run.counted(
        "tests-native",
        &output,
        if nextest {
            tally::nextest
        } else {
            tally::libtest
        },
    ))
}

/// What a test may take, in `.config/nextest.toml`.
const fn nextest_profile(depth: Depth) -> &'static str {
    match depth {
        Depth::Full => "full",
        Depth::Quick | Depth::Usual => "default",
    }
}

fn lint_worker(run: &Run, toolchain: Option<&Toolchain>) -> Result<String> {
    let toolchain = toolchain.context("there is no compiler for it")?;
    run.command(
        "lints-worker",
        &mut toolchain.lint(&[
            "--package",
            "overskill",
            "--package",
            "overskill-syntax",
            "--package",
            "overskill-bench",
            "--features",
            "overskill-syntax/parser",
            "--lib",
        ]),
    )
}

fn check_size(parts: Option<&Parts>) -> Result<String> {
    parts.context("it was not built")?;
    let sizes = worker::sizes()?;
    let budget = progress::bytes(worker::GZIP_BUDGET);
    if sizes.gzip > worker::GZIP_BUDGET {
        bail!("{sizes}: over the budget of {budget} gzip");
    }
    Ok(format!("{sizes} (budget {budget} gzip)"))
}

fn npm_script(run: &Run, parts: Option<&Parts>, script: &str) -> Result<String> {
    let node = &parts.context("its packages are missing")?.node;
    let folder = place::foundation();
    run.command(
        &format!("foundation-{script}"),
        node::npm(node, &folder)?.args(["run", script]),
    )
}

/// When a test of a spec counts as hanging (Node 22 measures the whole file by it), and when the file does, whose end takes everything it
/// started along.
const fn spec_limits(depth: Depth) -> (Duration, Duration) {
    match depth {
        Depth::Quick | Depth::Usual => (Duration::from_mins(9), Duration::from_mins(10)),
        Depth::Full => (Duration::from_mins(180), Duration::from_mins(240)),
    }
}

fn node_of(parts: Option<&Parts>) -> Result<Command> {
    let parts = parts.context("Worker or builder were not built")?;
    Ok(parts.node.command())
}

/// Has stacks keep their data in a server, where a spec does not say otherwise: PGlite takes twelve seconds of processor time to open. What
/// differs between the two runs over both, and `edge/journey` over what a stack has by itself.
fn over_a_server(node: &mut Command) {
    node.env(data::CHOICE, data::Backend::Postgres.name());
}

/// Runs the specs of a folder, each file with a line and a log of its own: of a run that is stopped the lines say where.
fn specs(run: &Run, folder: &str, node: &Command) -> Result<Tally> {
    let logs = run.logs.join(format!("specs-{folder}"));
    fs::create_dir_all(&logs)?;
    let mut files: Vec<PathBuf> = fs::read_dir(place::root().join("tests").join(folder))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(SPEC));
    files.sort();
    let (mut many, few): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|file| MANY.contains(&name_of(file).as_str()));
    if run.depth != Depth::Full {
        many.clear();
    }
    let mut sum = Tally::default();
    for (lanes, files) in [(LANES, few), (1, many)] {
        let tallies = side_by_side(lanes, &files, |file| {
            let name = name_of(file);
            let start = Instant::now();
            let tally = spec(run, file, &logs.join(format!("{name}.log")), node)?;
            println!(
                "    {folder}/{name}: {}  ({})",
                tally.note,
                progress::seconds(start.elapsed())
            );
            Ok(tally)
        })?;
        for tally in tallies {
            sum.passed += tally.passed;
            sum.failed += tally.failed;
        }
    }
    if sum.passed == 0 {
        sum.failed = sum.failed.max(1);
    }
    sum.note = format!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(sum)
}

/// `tests/edge/journey.test.mjs` → `journey`
fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(SPEC).to_owned()
}

/// Works files off, so many at a time. The first error ends it, once what is under way is done.
fn side_by_side<T: Send>(
    lanes: usize,
    files: &[PathBuf],
    work: impl Fn(&Path) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let lane = || {
        let mut done = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(work(file)?);
        }
        Ok(done)
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let mut all = Vec::new();
        for lane in lanes {
            let done: Result<Vec<T>> = lane
                .join()
                .unwrap_or_else(|_| Err(anyhow!("a lane of specs has panicked")));
            all.extend(done?);
        }
        Ok(all)
    })
}

/// Runs one file of specs.
fn spec(run: &Run, file: &Path, log: &Path, node: &Command) -> Result<Tally> {
    let (test_limit, limit) = spec_limits(run.depth);
    let mut command = process::again(node);
    command
        .current_dir(place::root())
        .env("OVERSKILL_XTASK", std::env::current_exe()?)
        .env(DEPTH, run.depth.told())
        .args(["--test", "--test-reporter=tap"])
        .arg(format!("--test-timeout={}", test_limit.as_millis()))
        .arg(file);
    let status = process::log_within(&mut command, log, limit)?;
    let text = fs::read_to_string(log)?;
    let mut tally = tally::tap(&text);
    let late = status.is_none();
    if tally.failed == 0 && (tally.passed == 0 || !status.is_some_and(|status| status.success())) {
        tally.failed = 1;
    }
    tally.note = format!("{} passed, {} failed", tally.passed, tally.failed);
    if late {
        tally.note.push_str(", not done after ");
        tally.note.push_str(&progress::seconds(limit));
    }
    if tally.failed > 0 {
        tally.note.push_str(&format!(
            ", see {}\n{}",
            log.display(),
            tally::failures(&text)
        ));
    }
    Ok(tally)
}
