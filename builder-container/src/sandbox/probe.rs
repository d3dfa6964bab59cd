//! Which level holds. Not what the machine promises: Node is run in it, must do what a worker does, and must fail at
//! what no build may do.

use std::{env, fs, io, net::TcpListener, path::PathBuf, sync::Arc, time::Duration};

use nix::unistd::geteuid;
use serde_json::json;
use tokio::time::timeout;

use super::{Choice, Level, Sandbox, SandboxError, View, cgroup::Cgroups};
use crate::scratch::Scratch;

/// How long Node may take to fail.
const LIMIT: Duration = Duration::from_secs(20);
/// What runs inside.
const SCRIPT: &str = include_str!("probe.mjs");

/// The strongest level that holds, of those that are wanted, with a group for each worker where the kernel allows it. `cpu` is the processor time of each process in it.
///
/// # Errors
/// When none holds.
pub(crate) async fn choose(
    choice: Choice,
    view: &View,
    scratch: &Scratch,
    cpu: Duration,
) -> Result<Sandbox, SandboxError> {
    let (levels, mut reasons) = candidates(choice);
    let cgroups = Cgroups::find().map(Arc::new);
    for level in levels {
        let mut sandbox = Sandbox::new(level, view.clone(), cpu);
        sandbox.cgroups.clone_from(&cgroups);
        // Whoever starts a builder waits for both.
        let (held, counted) = tokio::join!(hold(&sandbox, scratch), counted(&sandbox, scratch));
        if let Err(reason) = held? {
            reasons.push(format!("{}: {reason}", sandbox.level));
            continue;
        }
        if let Err(error) = counted {
            eprintln!("overskill-builder: workers get no group of the kernel's: {error}");
            sandbox.cgroups = None;
        }
        return Ok(sandbox);
    }
    Err(SandboxError::NoLevel(reasons.join("; ")))
}

/// Whether the kernel counts what a program takes in its group, where it has groups.
async fn counted(sandbox: &Sandbox, scratch: &Scratch) -> io::Result<()> {
    if sandbox.cgroups.is_none() {
        return Ok(());
    }
    let folder = scratch.worker()?;
    let user = sandbox.prepare(folder.path())?;
    let Some(cgroup) = sandbox.cgroup()? else {
        return Ok(());
    };
    let mut command = sandbox.command(folder.path(), user)?;
    cgroup.enter(&mut command)?;
    let output = timeout(LIMIT, command.args(["--eval", "0"]).output()).await??;
    if !output.status.success() {
        let why = last_line(&output.stderr).unwrap_or_else(|| output.status.to_string());
        return Err(io::Error::other(why));
    }
    if cgroup.ran_out_of_memory() || cgroup.ran_out_of_tasks() || cgroup.peak() == Some(0) {
        return Err(io::Error::other("what is in it is not counted"));
    }
    Ok(())
}

/// What is tried, in order, and why something is not even tried.
fn candidates(choice: Choice) -> (Vec<Level>, Vec<String>) {
    let (mut levels, mut reasons) = (Vec::new(), Vec::new());
    if matches!(choice, Choice::Auto | Choice::Namespaces) {
        match find("bwrap") {
            Some(bwrap) => levels.extend([true, false].map(|proc| Level::Namespaces {
                bwrap: bwrap.clone(),
                proc,
            })),
            None => reasons.push("namespaces: there is no `bwrap` on PATH".to_owned()),
        }
    }
    if matches!(choice, Choice::Auto | Choice::Landlock) {
        if geteuid().is_root() {
            levels.push(Level::Landlock { own_user: true });
        }
        levels.push(Level::Landlock { own_user: false });
    }
    if choice == Choice::UnsafeNone {
        levels.push(Level::None);
    }
    (levels, reasons)
}

fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_absolute() && path.is_file())
}

/// Whether the level holds; the inner error says why not.
async fn hold(sandbox: &Sandbox, scratch: &Scratch) -> io::Result<Result<(), String>> {
    if sandbox.level == Level::None {
        return Ok(Ok(()));
    }
    let (folder, other) = (scratch.worker()?, scratch.incoming()?);
    let canary = other.path().join("canary");
    fs::write(&canary, "canary")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let order = json!({
        "canary": canary,
        "scripts": sandbox.view.scripts,
        "packages": sandbox.view.packages,
        "folder": folder.path(),
        "port": listener.local_addr()?.port(),
        "supervisor": std::process::id(),
    });
    let user = sandbox.prepare(folder.path())?;
    let arguments = ["--input-type=module", "--eval", SCRIPT, &order.to_string()];
    let output = match sandbox.command(folder.path(), user) {
        Ok(mut command) => timeout(LIMIT, command.args(arguments).output()).await,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let output = match output {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Ok(Err(format!("Node does not start: {error}"))),
        Err(_) => return Ok(Err(format!("no answer for {} s", LIMIT.as_secs()))),
    };
    Ok(
        match serde_json::from_slice::<Vec<String>>(&output.stdout) {
            Ok(broken) if broken.is_empty() => Ok(()),
            Ok(broken) => Err(format!("a program inside {}", broken.join(", "))),
            Err(_) => Err(last_line(&output.stderr).unwrap_or_else(|| output.status.to_string())),
        },
    )
}

fn last_line(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().rfind(|line| !line.trim().is_empty())?;
    Some(line.trim().chars().take(300).collect())
}
