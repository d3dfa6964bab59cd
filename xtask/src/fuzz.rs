//! `cargo xtask fuzz edits`: libFuzzer over the edit engine, with the stable compiler.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::{place, process};

/// What `cargo fuzz` would pass, but for a sanitizer, which needs another compiler: coverage that libFuzzer reads.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Clink-dead-code";
/// Longest input in bytes.
const INPUT_BYTES: u32 = 4_096;

/// Runs the target for some minutes; its corpus grows in `tests/fuzz/corpus`.
///
/// # Errors
/// When it does not compile, or an input has broken it: that is kept in `tests/fuzz/artifacts`.
pub(crate) fn run(target: &str, minutes: u32) -> Result<ExitCode> {
    let folder = place::root().join("tests/fuzz");
    let triple = host()?;
    let output = place::target()?.join("fuzz");
    let build = [
        "build",
        "--quiet",
        "--release",
        "--bin",
        target,
        "--target",
        &triple,
    ];
    let mut cargo = place::cargo();
    cargo
        .args(build)
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"));
    process::show(
        cargo
            .env("RUSTFLAGS", COVERAGE)
            .env("CARGO_TARGET_DIR", &output),
    )?;
    let (corpus, artifacts) = (
        folder.join("corpus").join(target),
        folder.join("artifacts").join(target),
    );
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let program = output.join(&triple).join("release").join(target);
    let mut fuzzer = Command::new(program);
    fuzzer
        .arg(format!("-max_total_time={}", u64::from(minutes) * 60))
        .arg(format!("-max_len={INPUT_BYTES}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg("-print_final_stats=1")
        .arg(&corpus);
    process::show(&mut fuzzer)?;
    println!("{minutes} min without a finding");
    Ok(ExitCode::SUCCESS)
}

/// The triple of this machine: with it named, build scripts are built without the flags above.
fn host() -> Result<String> {
    let version = process::quiet(Command::new("rustc").arg("-vV"))?;
    match version.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => bail!("rustc does not name its host"),
    }
}
