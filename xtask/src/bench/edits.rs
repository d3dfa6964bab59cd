//! `cargo xtask bench edits`: the engine times edits natively, and in a workerd that is started for it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::Signal;
use serde::Deserialize;

use crate::node::Node;
use crate::toolchain::{TARGET, Toolchain};
use crate::worker::parser;
use crate::{engine, place, process, progress, setup, workerd};

/// What has the edits. Compiled as the Worker is; the library is a wasm module here alone.
const BUILD: [&str; 9] = [
    "rustc",
    "--package",
    "overskill-bench",
    "--lib",
    "--crate-type",
    "cdylib",
    "--release",
    "--target",
    TARGET,
];
/// What that makes, below the folder of the target.
const MADE: &str = "release/overskill_bench.wasm";
/// Has glibc keep what is freed, as a wasm memory does. At 50,000 lines it would give pages back after each edit, and getting
/// them again would be half of the next.
const KEPT_MEMORY: [(&str, &str); 2] = [
    ("MALLOC_TRIM_THRESHOLD_", "268435456"),
    ("MALLOC_MMAP_THRESHOLD_", "268435456"),
];
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Builds what is timed and times it: natively only, and said so, where there is no Node or no compiler for workerd.
///
/// # Errors
/// When something does not compile, or workerd does not start.
pub(crate) fn run() -> Result<ExitCode> {
    let mut engine = Command::new(engine::build()?);
    engine.args(["bench", "edits"]).envs(KEPT_MEMORY);
    let parts = setup::node_and_tools().and_then(|node| Ok((node, setup::compiler()?)));
    let host = match parts {
        Ok((node, toolchain)) => {
            let modules = compile(&toolchain)?;
            let host = Host::start(&node, &modules)?;
            engine.args(["--workerd", &host.place.url]);
            engine.arg(host.place.process.to_string());
            Some(host)
        }
        Err(error) => {
            println!("! edits are timed natively only, not in workerd: {error:#}");
            None
        }
    };
    let code = engine::start(&mut engine);
    host.map_or(Ok(()), Host::stop)?;
    code
}

/// The edits and the parser.
fn compile(toolchain: &Toolchain) -> Result<[PathBuf; 2]> {
    let start = Instant::now();
    progress::begin("compiling the edits and the parser (wasm32)");
    process::show(toolchain.cargo().args(BUILD))?;
    let parser = parser::compile(toolchain)?;
    progress::done("edits and parser compiled", start.elapsed());
    Ok([place::target()?.join(TARGET).join(MADE), parser])
}

/// Where the edits run: what `xtask/local/bench.mjs` says when they do.
#[derive(Debug, Deserialize)]
struct Place {
    url: String,
    process: u32,
}

/// The Node process that drives workerd. Both end with its standard input.
struct Host {
    child: Child,
    input: ChildStdin,
    place: Place,
}

impl Host {
    fn start(node: &Node, modules: &[PathBuf; 2]) -> Result<Self> {
        let mut command = node.command();
        command
            .arg(place::root().join("xtask/local/bench.mjs"))
            .args(modules)
            .env("MINIFLARE_WORKERD_PATH", std::env::current_exe()?)
            .env(
                workerd::PID_FILE,
                place::target()?.join("bench-workerd.pid"),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        process::die_with_parent(&mut command, Signal::TERM);
        let mut child = command.spawn().context("Node could not be started")?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let mut line = String::new();
        BufReader::new(output.context("Node has no output")?).read_line(&mut line)?;
        Ok(Self {
            place: serde_json::from_str(&line)
                .with_context(|| format!("workerd did not start: {line}"))?,
            input: input.context("Node has no input")?,
            child,
        })
    }

    fn stop(mut self) -> Result<()> {
        drop(self.input);
        if process::wait_within(&mut self.child, STOP_LIMIT)?.is_none() {
            self.child.kill()?;
            self.child.wait()?;
        }
        Ok(())
    }
}
