//! `cargo xtask dev`: builder and Worker, started, watched and stopped together.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, set_parent_process_death_signal};
use serde_json::{Map, Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::api::Api;
use crate::cli::Place;
use crate::setup::{self, Parts};
use crate::stack::child::{Recipe, Supervised};
use crate::stack::{self, Lock, Record, state};
use crate::{hash, place, progress, workerd};

/// Port used when none is asked for.
const PORT: u16 = 8787;
const START_LIMIT: Duration = Duration::from_secs(90);
const GLANCE: Duration = Duration::from_millis(50);
/// Prefix of environment variables that become variables of the Worker: `OVERSKILL_VAR_MODEL=…`.
const VARIABLE_PREFIX: &str = "OVERSKILL_VAR_";
/// When set, the stack ends with the process that started it: specs leave nothing behind.
const FOLLOW_PARENT: &str = "OVERSKILL_FOLLOW_PARENT";

/// Runs a stack until it is told to stop.
///
/// # Errors
/// When it cannot be set up or does not start.
pub(crate) fn run(place: &Place, fresh: bool, build: bool) -> Result<ExitCode> {
    let start = Instant::now();
    if std::env::var_os(FOLLOW_PARENT).is_some() {
        set_parent_process_death_signal(Some(Signal::TERM))?;
    }
    let Some(_lock) = Lock::take(&place.state)? else {
        return Err(stack::taken(&place.state));
    };
    if fresh {
        state::wipe(&place.state)?;
    }
    state::check(&place.state)?;
    // Asked before minutes of building, and once more after them.
    state::free_port(place.port.unwrap_or(PORT))?;
    let mut record = Record {
        pid: std::process::id(),
        ..Record::default()
    };
    record.write(&place.state)?;
    let parts = if build {
        setup::ensure()?
    } else {
        setup::present()?
    };
    record.port = state::free_port(place.port.unwrap_or(PORT))?;
    record.origin = format!("http://localhost:{}", record.port);
    record.builder_port = state::builder_port(&place.state)?;
    record.token_file = place.state.join("token");
    let token = state::token(&place.state)?;
    let stopped = stop_signals()?;
    let mut children = start_children(&place.state, &parts, &record, &token)?;
    let api = Api::new(record.port, &token);
    let builder = Api::new(record.builder_port, "");
    if !wait_until_healthy(&api, &builder, &mut children, &stopped)? {
        return Ok(ExitCode::SUCCESS);
    }
    record.ready = true;
    note_processes(&mut record, &children, &place.state)?;
    progress::done("ready", start.elapsed());
    println!("  console  {}", record.origin);
    println!("  token    {token}");
    println!("  logs     {}", place.state.join("logs").display());
    supervise(&mut children, &mut record, &place.state, &stopped)?;
    println!("stopping");
    for child in &mut children {
        child.ask_to_stop();
    }
    children.iter_mut().for_each(Supervised::finish);
    record.ready = false;
    record.write(&place.state)?;
    Ok(ExitCode::SUCCESS)
}

fn stop_signals() -> Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // A second signal while stopping ends this process at once; the children die with it.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stopped))?;
        signal_hook::flag::register(signal, Arc::clone(&stopped))?;
    }
    Ok(stopped)
}

fn start_children(
    state: &Path,
    parts: &Parts,
    record: &Record,
    token: &str,
) -> Result<Vec<Supervised>> {
    let logs = state.join("logs");
    fs::create_dir_all(&logs)?;
    let secret = state::secret()?;
    let builder = Supervised::start(
        "builder",
        &logs,
        builder_recipe(state, parts, record, &secret),
    )?;
    let worker = Supervised::start(
        "worker",
        &logs,
        worker_recipe(state, parts, record, token, &secret)?,
    )?;
    Ok(vec![builder, worker])
}

fn builder_recipe(state: &Path, parts: &Parts, record: &Record, secret: &str) -> Recipe {
    let parts = parts.clone();
    let folder = state.join("builder");
    let address = format!("127.0.0.1:{}", record.builder_port);
    let secret_hash = hash::hex(&[secret.as_bytes()]);
    Box::new(move || {
        fs::create_dir_all(&folder)?;
        let mut command = Command::new(&parts.builder);
        command
            .current_dir(place::root())
            .args(["--listen", &address, "--toolchain"])
            .arg(place::foundation())
            .arg("--state")
            .arg(&folder)
            .env("PATH", parts.node.path())
            .env("BUILDER_TOKEN_HASH", &secret_hash);
        Ok((command, Vec::new()))
    })
}

fn worker_recipe(
    state: &Path,
    parts: &Parts,
    record: &Record,
    token: &str,
    secret: &str,
) -> Result<Recipe> {
    let parts = parts.clone();
    let pid_file = workerd_pid_file(state);
    let program = std::env::current_exe().context("this program does not know its own path")?;
    let host = format!("localhost:{}", record.port);
    let mut variables: Map<String, Value> = std::env::vars()
        .filter_map(|(name, value)| {
            Some((
                name.strip_prefix(VARIABLE_PREFIX)?.to_owned(),
                Value::from(value),
            ))
        })
        .collect();
    for (name, value) in [
        ("CONSOLE_HOST", host.clone()),
        ("APPS_DOMAIN", host),
        (
            "BUILDER_URL",
            format!("http://127.0.0.1:{}", record.builder_port),
        ),
        ("BUILDER_TOKEN", secret.to_owned()),
        (
            "BOOTSTRAP_TOKEN_HASH",
            format!("{}:{}", state::WORKSPACE, hash::hex(&[token.as_bytes()])),
        ),
    ] {
        variables.entry(name).or_insert(Value::from(value));
    }
    let input = json!({
        "host": "127.0.0.1",
        "port": record.port,
        "state": state.join("workerd"),
        "pidFile": &pid_file,
        "vars": variables,
    });
    Ok(Box::new(move || {
        let mut command = parts.node.command();
        command
            .current_dir(place::root())
            .arg(place::root().join("xtask/local/serve.mjs"))
            .env("MINIFLARE_WORKERD_PATH", &program)
            .env(workerd::PID_FILE, &pid_file);
        Ok((command, input.to_string().into_bytes()))
    }))
}

fn workerd_pid_file(state: &Path) -> PathBuf {
    state.join("workerd.pid")
}

/// Waits for the first answer of a fresh start. A child that dies now will not get better by itself.
fn wait_until_healthy(
    api: &Api,
    builder: &Api,
    children: &mut [Supervised],
    stopped: &AtomicBool,
) -> Result<bool> {
    let deadline = Instant::now() + START_LIMIT;
    while !stopped.load(Ordering::Relaxed) {
        for child in &mut *children {
            if let Some(line) = child.look(Instant::now()) {
                bail!("{line}\n{}", child.log_tail());
            }
        }
        if api.healthy() && builder.healthy() {
            return Ok(true);
        }
        if Instant::now() > deadline {
            let logs: Vec<String> = children
                .iter()
                .map(|child| format!("{}:\n{}", child.log().display(), child.log_tail()))
                .collect();
            bail!(
                "GET /healthz was not 200 within {} s\n{}",
                START_LIMIT.as_secs(),
                logs.join("\n")
            );
        }
        thread::sleep(GLANCE);
    }
    Ok(false)
}

fn supervise(
    children: &mut [Supervised],
    record: &mut Record,
    state: &Path,
    stopped: &AtomicBool,
) -> Result<()> {
    while !stopped.load(Ordering::Relaxed) {
        for child in &mut *children {
            if let Some(line) = child.look(Instant::now()) {
                // Nobody may be reading any more; the stack goes on.
                let _closed = writeln!(std::io::stdout(), "{line}");
            }
        }
        note_processes(record, children, state)?;
        thread::sleep(GLANCE);
    }
    Ok(())
}

fn note_processes(record: &mut Record, children: &[Supervised], state: &Path) -> Result<()> {
    let pid_of = |name: &str| {
        children
            .iter()
            .find(|child| child.name() == name)
            .and_then(Supervised::pid)
    };
    let workerd = fs::read_to_string(workerd_pid_file(state))
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let now = Record {
        builder_pid: pid_of("builder"),
        worker_pid: pid_of("worker"),
        workerd_pid: pid_of("worker").and(workerd),
        ..record.clone()
    };
    if now != *record {
        now.write(state)?;
        *record = now;
    }
    Ok(())
}
