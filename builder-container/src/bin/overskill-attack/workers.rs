//! Workers that were taken over: each of `tests/attacks` runs in a worker's place, with the job, the folder and the pipes of
//! one. What it tells is told as a worker tells what it found.

use std::{
    fs,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use overskill::build::{Diagnostic, FailureReason, Mode};
use rustix::fs::{CWD, FileType, mknodat};
use serde_json::{Value, json};

use crate::{
    attack::Attack,
    client::Response,
    field::{Field, neighbour},
};

const PREAMBLE: &str = include_str!("preamble.mjs");

/// What should come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// It says that all it tried has failed.
    Held,
    /// It is stopped, and its job has no artifacts.
    Stopped,
    /// What it put out is not published.
    Unpublished,
    /// An answer that is well-formed, or none.
    Bounded,
}
use Expected::{Bounded, Held, Stopped, Unpublished};

macro_rules! scripts {
    ($($name:literal $expected:ident $tried:literal;)*) => {
        [$(($name, $expected, $tried, include_str!(concat!("../../../tests/attacks/", $name, ".mjs")))),*]
    };
}

const SCRIPTS: [(&str, Expected, &str, &str); 32] = scripts! {
    "files" Held "read files outside, other jobs, follow links to them";
    "environment" Held "/proc of others, /proc/1/environ, the supervisor's environment";
    "network" Held "loopback, a cloud's metadata address, sockets, names, listening";
    "processes" Held "signal others, start a shell, leave processes behind";
    "writes" Held "write outside its folder, change packages and scripts, fill /tmp";
    "bomb-processes" Stopped "fork for ever";
    "bomb-threads" Stopped "start threads for ever";
    "bomb-memory" Stopped "fill memory, in several processes";
    "bomb-heap" Stopped "fill memory, in one process";
    "bomb-files" Stopped "fill the disk with files";
    "hang" Stopped "an infinite loop";
    "idle-memory" Stopped "fill memory before it has a job";
    "idle-processes" Stopped "fork for ever before it has a job";
    "flood-stdout" Stopped "a line to the supervisor that never ends";
    "flood-lines" Stopped "messages to the supervisor for ever";
    "flood-stderr" Held "300 MiB to its standard error";
    "large-file" Stopped "5 GB of files";
    "many-files" Unpublished "100,000 files as artifacts";
    "many-folders" Bounded "20,000 folders, each in the one before";
    "link-file" Unpublished "a symbolic link to a secret among the artifacts";
    "link-folder" Unpublished "a symbolic link to another job's folder among the artifacts";
    "link-out" Unpublished "a symbolic link in place of the folder of artifacts";
    "link-source" Bounded "a source that has become a link to a secret, with a mistake to show";
    "link-sources" Bounded "all sources have become a link to another job's";
    "link-endless" Bounded "a source that has become a link to a file without end";
    "forged-nothing" Unpublished "artifacts that are not there";
    "forged-paths" Bounded "findings in files outside";
    "forged-size" Bounded "15,000 findings, megabytes of text";
    "forged-nesting" Stopped "a message nested four million deep";
    "forged-bytes" Stopped "a message that is no text";
    "forged-frames" Bounded "findings that look like frames of the answer";
    "forged-late" Bounded "artifacts that change after the result";
};

const PIPES: &str = include_str!("../../../tests/attacks/pipes.mjs");
const PIPE_SOURCE: &str = include_str!("../../../tests/attacks/pipe-source.mjs");

/// All of them.
pub(crate) fn attacks() -> Vec<Attack> {
    let mut attacks: Vec<_> = SCRIPTS
        .into_iter()
        .map(|(name, expected, tried, script)| {
            Attack::new("workers", name, tried, move |field| {
                if name.starts_with("idle-") {
                    return idle(field, script);
                }
                let response = run(field, script, |_| Ok(()))?;
                judge(expected, &response).map(|told| field.with_reason(told))
            })
        })
        .collect();
    attacks.push(Attack::new(
        "workers",
        "pipes",
        "a pipe, a socket and a device among the artifacts",
        |field| {
            let mut socket = None;
            let response = run(field, PIPES, |folder| {
                let out = folder.join("out");
                // Devices are root's to make.
                let _ = node(&out.join("device"), FileType::CharacterDevice);
                node(&out.join("pipe"), FileType::Fifo)?;
                socket = Some(UnixListener::bind(out.join("socket")));
                Ok(())
            })?;
            judge(Unpublished, &response)
        },
    ));
    attacks.push(Attack::new(
        "workers",
        "pipe-source",
        "a source that has become a pipe, with a mistake to show",
        |field| {
            let response = run(field, PIPE_SOURCE, |folder| {
                node(&folder.join("app/pipe"), FileType::Fifo)
            })?;
            judge(Bounded, &response)
        },
    ));
    attacks
}

fn node(path: &Path, kind: FileType) -> Result<(), String> {
    // The device is the one that is always full.
    let device = rustix::fs::makedev(1, 7);
    mknodat(CWD, path, kind, rustix::fs::Mode::RWXU, device)
        .map_err(|error| format!("{} cannot be made: {error}", path.display()))
}

/// Has a script take the place of the next worker, gives it a job, and lets `beside` act in its folder when it waits.
fn run(
    field: &mut Field,
    script: &str,
    mut beside: impl FnMut(&Path) -> Result<(), String>,
) -> Result<Response, String> {
    let bystander = Bystander::start()?;
    let order = order(field, &bystander)?;
    take_over(
        field,
        &format!("const ORDER = {order}\n{PREAMBLE}\n{script}"),
    )?;
    let folder = || -> Option<PathBuf> {
        let workers = fs::read_dir(field.builder.state.join("workers")).ok()?;
        let folders = workers.flatten().map(|entry| entry.path());
        folders
            .into_iter()
            .find(|folder| folder.join("out/waits").exists())
    };
    let waits = script.contains("/waits");
    std::thread::scope(|scope| {
        let posted = scope.spawn(|| field.post("hostile", Mode::Development, &neighbour()));
        let begun = Instant::now();
        while waits && !posted.is_finished() && begun.elapsed() < Duration::from_secs(15) {
            if let Some(folder) = folder() {
                let done = beside(&folder);
                // It goes on in any case.
                let _ = fs::write(folder.join("out/done"), "");
                done?;
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        posted.join().map_err(|_| "the client failed".to_owned())?
    })
}

/// What a script is told.
fn order(field: &Field, bystander: &Bystander) -> Result<Value, String> {
    let canaries = &field.canaries;
    let state = &field.builder.state;
    let packages = fs::read_link(state.join("node_modules")).map_err(|error| error.to_string())?;
    let port = canaries
        .address()
        .map_err(|error| error.to_string())?
        .port();
    Ok(json!({
        "canary": canaries.folder.join("secret.txt"),
        "elsewhere": canaries.folder.join("secret.json"),
        "other": field.other_job(),
        "state": state,
        "scripts": state.join("run"),
        "packages": packages,
        "node": field.node,
        "port": port,
        "socket": canaries.folder.join("socket"),
        "abstract": canaries.name,
        "supervisor": field.builder.pid(),
        "bystander": bystander.0.id(),
        "bystanderLine": "sleep\u{0}86399\u{0}",
        "namespaces": field.level.starts_with("namespaces"),
        "ownUser": field.level.contains("own user"),
    }))
}

/// Replaces the worker by one that runs the program. Scripts are read when a worker starts: the one after it is a true one.
fn take_over(field: &mut Field, program: &str) -> Result<(), String> {
    let path = field.builder.state.join("run/worker.mjs");
    let error = |error: std::io::Error| format!("no worker can be taken over: {error}");
    let before = field.builder.fresh_worker(None)?;
    let script = fs::read(&path).map_err(error)?;
    fs::write(&path, program).map_err(error)?;
    let _ = killpg(Pid::from_raw(before), Signal::SIGKILL);
    let fresh = field.builder.fresh_worker(Some(before));
    fs::write(&path, script).map_err(error)?;
    field.group = Some(fresh?);
    Ok(())
}

/// A worker that misbehaves while it waits: the supervisor must notice by itself.
fn idle(field: &mut Field, script: &str) -> Result<String, String> {
    take_over(
        field,
        &format!("const ORDER = {{ idle: true }}\n{PREAMBLE}\n{script}"),
    )?;
    let hostile = field.group;
    field.builder.fresh_worker(hostile)?;
    let log = field.builder.log();
    Ok(log.lines().next_back().unwrap_or_default().to_owned())
}

fn judge(expected: Expected, response: &Response) -> Result<String, String> {
    let told = response.told();
    let answer = response.answer();
    let reason = answer.as_ref().ok().and_then(|answer| answer.report.reason);
    let as_expected = match (expected, &answer) {
        (Held, Ok(answer)) => answer
            .diagnostics
            .first()
            .is_some_and(|first| first.message == "held"),
        (Held, Err(_)) => false,
        (Stopped, Ok(_)) => reason.is_some_and(|reason| reason != FailureReason::Source),
        (Unpublished, Ok(_)) => reason == Some(FailureReason::Output),
        (Stopped | Unpublished, Err(_)) => response.status == 200,
        (Bounded, Ok(answer)) => answer.diagnostics.len() <= Diagnostic::MAX_PER_BUILD,
        (Bounded, Err(_)) => response.status == 200,
    };
    if as_expected { Ok(told) } else { Err(told) }
}

/// A process that nobody may find.
struct Bystander(Child);

impl Bystander {
    fn start() -> Result<Self, String> {
        let mut command = Command::new("sleep");
        command.arg("86399").stdin(Stdio::null());
        command.spawn().map(Self).map_err(|error| error.to_string())
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_is_forgotten() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
        let mut there: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        there.sort();
        let mut tried: Vec<_> = attacks().iter().map(|attack| attack.name).collect();
        tried.sort_unstable();
        assert_eq!(there, tried);
    }
}
