//! `cargo xtask dev`: builder and Worker, started, watched and stopped together.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::process::{Signal, set_parent_process_death_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::api::Api;
use crate::cli::Place;
use crate::data::{Backend, Keys};
use crate::progress;
use crate::setup::{self, Parts};
use crate::stack::child::Supervised;
use crate::stack::{self, Lock, Record, leftover, recipe, state};

/// Port used when none is asked for.
const PORT: u16 = 8787;
const START_LIMIT: Duration = Duration::from_secs(90);
const GLANCE: Duration = Duration::from_millis(50);
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
    if fresh {
        // Asked before anything of ours is put there.
        state::ours(&place.state)?;
    }
    let Some(_lock) = Lock::take(&place.state)? else {
        return Err(stack::taken(&place.state));
    };
    let (mut record, parts) = prepare(place, fresh, build)?;
    let token = state::token(&place.state)?;
    let stopped = stop_signals()?;
    let mut children = start_children(&place.state, &parts, &record, &token)?;
    note_processes(&mut record, &children, &place.state)?;
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

/// From a locked state folder to all that children are started from.
fn prepare(place: &Place, fresh: bool, build: bool) -> Result<(Record, Parts)> {
    leftover::clear(&Record::claim(&place.state)?)?;
    let mut record = Record {
        pid: std::process::id(),
        ..Record::default()
    };
    record.note_lives();
    record.write(&place.state)?;
    if fresh {
        state::wipe(&place.state)?;
    }
    state::check(&place.state)?;
    // Asked before minutes of building, and once more after them.
    state::free_port(place.port.unwrap_or(PORT))?;
    let parts = if build {
        setup::ensure()?
    } else {
        setup::present()?
    };
    record.port = state::free_port(place.port.unwrap_or(PORT))?;
    record.origin = format!("http://localhost:{}", record.port);
    record.builder_port = state::port_of("builder", &place.state)?;
    if Backend::chosen()?.is_some() {
        record.data_port = state::port_of("data", &place.state)?;
    }
    record.token_file = place.state.join("token");
    Ok((record, parts))
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
    let keys = Keys::of(state)?;
    let mut children = Vec::new();
    if let Some(backend) = Backend::chosen()? {
        let recipe = recipe::data(state, parts, record, backend, &keys)?;
        children.push(Supervised::start("data", &logs, recipe)?);
    }
    let builder = Supervised::start(
        "builder",
        &logs,
        recipe::builder(state, parts, record, &secret),
    )?;
    let worker = Supervised::start(
        "worker",
        &logs,
        recipe::worker(state, parts, record, token, &secret, &keys)?,
    )?;
    children.extend([builder, worker]);
    Ok(children)
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
    let workerd = fs::read_to_string(recipe::workerd_pid_file(state))
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let mut now = Record {
        builder_pid: pid_of("builder"),
        data_pid: pid_of("data"),
        worker_pid: pid_of("worker"),
        workerd_pid: pid_of("worker").and(workerd),
        ..record.clone()
    };
    now.note_lives();
    if now != *record {
        now.write(state)?;
        *record = now;
    }
    Ok(())
}
