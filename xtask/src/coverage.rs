//! How many lines of the rooms that must not fail the native tests reach, counted by cargo-tarpaulin.
//!
//! Tests are not counted, nor is what only workerd runs. Programs that a test starts count as far as they end by themselves:
//! what one has reached that is killed is not known, and so is what runs between fork and exec.

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{browser, place, process, progress, sandbox, setup, tool};

/// The release of cargo-tarpaulin that counts. Its own reader of coverage data needs nothing of LLVM's programs.
const RELEASE: &str = "0.37.5";
/// Where a fault costs users their work, or lets a stranger in. Each is a module `<room>.rs` with its folder, or a folder.
const ROOMS: [&str; 10] = [
    "src/data",
    "src/edit",
    "src/generation",
    "src/llm",
    "src/preflight",
    "src/search",
    "src/build",
    "src/publish",
    "src/cloudflare",
    BUILDER,
];
/// The supervisor: its programs for people are not counted.
const BUILDER: &str = "builder-container/src";
const NOT_THE_SUPERVISOR: &str = "builder-container/src/bin/*";
/// The least share of a room's lines, in per cent.
const LEAST_PERCENT: usize = 90;
/// Tests of a builder that is killed in the end: they take long, and nothing of what it reaches is counted.
const KILLED: [&str; 3] = [
    "attacks::hostile_",
    "attacks::workers_that_",
    "attacks::without_a_sandbox_it_",
];
/// A test binary that runs longer hangs, in seconds.
const TIME_LIMIT: &str = "1800";

/// What the tool reports, as far as it is read.
#[derive(Deserialize)]
struct Report {
    files: Vec<Covered>,
}

#[derive(Deserialize)]
struct Covered {
    /// The parts of the path.
    path: Vec<String>,
    covered: usize,
    coverable: usize,
}

/// Lines of a room, or of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    reached: usize,
    all: usize,
}

impl Lines {
    /// Rounded down, so that 90 is at least 90.
    const fn percent(self) -> usize {
        match (self.reached * 100).checked_div(self.all) {
            Some(percent) => percent,
            None => 0,
        }
    }
}

/// Measures and prints each file and each room.
///
/// # Errors
/// When the tests cannot be run, one fails, or a room has too few lines reached.
pub(crate) fn run() -> Result<ExitCode> {
    let files = measure()?;
    for (file, lines) in &files {
        println!(
            "{:>5} of {:>5}  {:>3} %  {file}",
            lines.reached,
            lines.all,
            lines.percent()
        );
    }
    println!("{}", judged(&files)?);
    Ok(ExitCode::SUCCESS)
}

/// Measures and says how much of each room is reached.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> Result<String> {
    judged(&measure()?)
}

fn measure() -> Result<BTreeMap<String, Lines>> {
    let tool = tool::installed("tarpaulin", RELEASE)?;
    // The builder's tests build real apps, in its sandbox.
    let node = setup::node_and_packages()?;
    sandbox::ensure();
    // They look at what they build.
    let chromium = browser::ensure(&node)?;
    let target = place::target()?.join("coverage");
    fs::create_dir_all(&target)?;
    let report = target.join("tarpaulin-report.json");
    // What is read afterwards is of this run.
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut command = std::process::Command::new(tool);
    command.current_dir(place::root());
    command.envs(
        place::cargo()
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command.env("PATH", sandbox::path(&node));
    command.env("CHROMIUM", chromium);
    command
        .args([
            "tarpaulin",
            "--engine",
            "llvm",
            "--skip-clean",
            "--color",
            "never",
        ])
        .args(["--packages", "overskill", "--packages", "overskill-builder"])
        .args(["--no-default-features", "--follow-exec"])
        .args(["--exclude-files", NOT_THE_SUPERVISOR])
        .args(["--timeout", TIME_LIMIT, "--out", "Json", "--output-dir"])
        .arg(&target)
        .arg("--target-dir")
        .arg(&target);
    for room in ROOMS {
        command.arg("--include-files").arg(format!("{room}.rs"));
        command.arg("--include-files").arg(format!("{room}/*"));
    }
    command.arg("--");
    for test in KILLED {
        command.args(["--skip", test]);
    }
    progress::begin("tests, compiled to count lines");
    process::quiet(&mut command)?;
    let text = fs::read(&report).with_context(|| format!("{} is missing", report.display()))?;
    read(&text)
}

/// The lines of each file, by its path from the project on.
fn read(report: &[u8]) -> Result<BTreeMap<String, Lines>> {
    let report: Report =
        serde_json::from_slice(report).context("the report of cargo-tarpaulin is another")?;
    let root = place::root();
    let mut files = BTreeMap::new();
    for file in report.files {
        let path: std::path::PathBuf = file.path.iter().collect();
        let path = path.strip_prefix(root).unwrap_or(&path);
        let lines = Lines {
            reached: file.covered,
            all: file.coverable,
        };
        // Tests have no lines that count.
        if lines.all > 0 {
            files.insert(path.display().to_string(), lines);
        }
    }
    Ok(files)
}

/// What each room comes to.
fn judged(files: &BTreeMap<String, Lines>) -> Result<String> {
    let mut said = Vec::new();
    let mut low = Vec::new();
    for room in ROOMS {
        let own = |file: &str| {
            let inside = file.strip_prefix(room);
            inside.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        let mut sum = Lines::default();
        for (_, lines) in files.iter().filter(|(file, _)| own(file)) {
            sum.reached += lines.reached;
            sum.all += lines.all;
        }
        let shown = format!("{room} {} % of {}", sum.percent(), sum.all);
        if sum.percent() < LEAST_PERCENT {
            low.push(shown.clone());
        }
        said.push(shown);
    }
    if !low.is_empty() {
        bail!(
            "less than {LEAST_PERCENT} % of the lines reached: {}; `cargo xtask coverage` shows each file",
            low.join(", ")
        );
    }
    Ok(format!("lines reached by tests: {}", said.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(edit: (usize, usize)) -> String {
        let file = |path: &str, (covered, coverable): (usize, usize)| {
            let path = place::root().join(path);
            let path: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
            serde_json::json!({ "path": path, "covered": covered, "coverable": coverable, "traces": [] })
        };
        let files = [
            file("src/data/token.rs", (7, 7)),
            file("src/edit.rs", edit),
            file("src/edit/lines.rs", (10, 10)),
            file("src/editor.rs", (0, 1_000)),
            file("src/generation/calls.rs", (95, 100)),
            file("src/llm/retry.rs", (3, 3)),
            file("src/build/job.rs", (19, 20)),
            file("builder-container/src/sandbox/guard.rs", (96, 100)),
            file("src/preflight/names.rs", (9, 10)),
            file("src/search.rs", (1, 1)),
            file("src/publish/names.rs", (19, 20)),
            file("src/cloudflare/site.rs", (93, 100)),
        ];
        serde_json::json!({ "files": files, "coverage": 1.0 }).to_string()
    }

    #[test]
    fn a_room_is_its_module_and_folder_and_no_other() {
        let files = read(report((80, 90)).as_bytes()).unwrap();
        assert_eq!(
            judged(&files).unwrap(),
            "lines reached by tests: src/data 100 % of 7, src/edit 90 % of 100, src/generation 95 % of 100, src/llm 100 % of 3, \
             src/preflight 90 % of 10, src/search 100 % of 1, \
             src/build 95 % of 20, src/publish 95 % of 20, src/cloudflare 93 % of 100, builder-container/src 96 % of 100"
        );
    }

    #[test]
    fn too_few_lines_are_a_failure_and_none_are_too_few() {
        let files = read(report((79, 90)).as_bytes()).unwrap();
        let error = judged(&files).unwrap_err().to_string();
        assert!(error.contains("edit 89 % of 100"), "{error}");
        assert!(judged(&BTreeMap::new()).is_err());
        assert!(read(b"{}").is_err());
    }
}
