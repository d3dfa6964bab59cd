//! The program itself: what it refuses to start with, and what it leaves behind.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use overskill::{build::Mode, digest::Digest};

use crate::{
    client::{TOKEN, head, job, node, repository, slow_types, state, toolchain},
    failures::{processes, runs, workers},
};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_overskill-builder"));
    program
        .env_remove("BUILDER_TOKEN_HASH")
        .stdin(Stdio::null());
    program
}

fn running(state: &std::path::Path) -> Child {
    listening(state).0
}

/// The program, with a worker, and its address.
fn listening(state: &std::path::Path) -> (Child, String) {
    let mut child = program()
        .env(
            "BUILDER_TOKEN_HASH",
            Digest::of(TOKEN.as_bytes()).to_string(),
        )
        .args(["--listen", "127.0.0.1:0", "--slots", "1", "--toolchain"])
        .arg(toolchain())
        .arg("--state")
        .arg(state)
        .arg("--node")
        .arg(node())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("listens on"), "{line}");
    // Kept open, so that the program can go on writing.
    std::mem::forget(stderr);
    until("a worker has started", || !workers(state).is_empty());
    let address = line.rsplit(' ').next().unwrap().trim().to_owned();
    (child, address)
}

fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..400 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("not so after 20 s: {what}");
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn it_does_not_start_with_less_than_it_needs() {
    let hash = Digest::of(b"").to_string();
    let folders = |program: &mut Command, toolchain: &std::path::Path| {
        program
            .arg("--toolchain")
            .arg(toolchain)
            .arg("--state")
            .arg(state())
            .output()
            .unwrap()
    };
    assert!(refused(&folders(&mut program(), &toolchain())).contains("BUILDER_TOKEN_HASH"));
    let mut set = program();
    let nowhere = folders(
        set.env("BUILDER_TOKEN_HASH", &hash),
        &repository().join("src"),
    );
    assert!(refused(&nowhere).contains("package-lock.json cannot be read"));
    let mut set = program();
    set.env("BUILDER_TOKEN_HASH", &hash)
        .args(["--node", "/no/such/node"]);
    assert!(refused(&folders(&mut set, &toolchain())).contains("cargo xtask dev"));
    let mut set = program();
    set.env("BUILDER_TOKEN_HASH", &hash)
        .args(["--node", "true"]);
    assert!(refused(&folders(&mut set, &toolchain())).contains("does not run"));

    let empty = state();
    std::fs::create_dir_all(&empty).unwrap();
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(toolchain().join(name), empty.join(name)).unwrap();
    }
    let mut set = program();
    let bare = refused(&folders(set.env("BUILDER_TOKEN_HASH", &hash), &empty));
    assert!(bare.contains("lacks vite: run `npm ci` in"), "{bare}");

    // No bubblewrap on the only PATH that it has.
    let node = std::process::Command::new(node())
        .args(["--print", "process.execPath"])
        .output()
        .unwrap();
    let mut set = program();
    set.env("BUILDER_TOKEN_HASH", &hash)
        .env("PATH", "/nowhere")
        .args(["--sandbox", "namespaces", "--node"])
        .arg(String::from_utf8(node.stdout).unwrap().trim());
    let open = refused(&folders(&mut set, &toolchain()));
    assert!(open.contains("install bubblewrap"), "{open}");
    assert!(open.contains("--unsafe-no-sandbox"), "{open}");
    std::fs::remove_dir_all(empty).unwrap();
}

#[test]
fn help_is_help() {
    let output = program().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("--toolchain DIR"));
}

#[test]
fn two_builders_do_not_share_a_state_folder() {
    let state = state();
    let mut first = running(&state);
    let mut second = program();
    second
        .env("BUILDER_TOKEN_HASH", Digest::of(b"").to_string())
        .arg("--state")
        .arg(&state);
    second
        .arg("--toolchain")
        .arg(toolchain())
        .arg("--node")
        .arg(node());
    assert!(refused(&second.output().unwrap()).contains("another builder uses"));
    first.kill().unwrap();
    first.wait().unwrap();
    until("no worker is left", || workers(&state).is_empty());
    std::fs::remove_dir_all(state).unwrap();
}

#[test]
fn killed_it_takes_the_type_check_along() {
    let state = state();
    let (mut child, address) = listening(&state);
    let body = job("a", Mode::Production, &slow_types());
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .write_all(&[head(TOKEN, body.len()), body].concat())
        .unwrap();
    let compiles = || {
        processes(&state)
            .into_iter()
            .any(|pid| runs(pid, "--listFiles"))
    };
    until("the type check runs", compiles);
    child.kill().unwrap();
    child.wait().unwrap();
    until("nothing is left", || processes(&state).is_empty());
    std::fs::remove_dir_all(state).unwrap();
}

#[test]
fn killed_it_takes_its_workers_along_and_starts_again() {
    let state = state();
    let mut child = running(&state);
    child.kill().unwrap();
    child.wait().unwrap();
    until("no worker is left", || workers(&state).is_empty());
    let left = state.join("workers/left");
    std::fs::create_dir(&left).unwrap();
    let mut again = running(&state);
    assert!(!left.exists(), "what the last one left is gone");
    kill(
        Pid::from_raw(i32::try_from(again.id()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    assert!(again.wait().unwrap().success());
    until("no worker is left", || workers(&state).is_empty());
    std::fs::remove_dir_all(state).unwrap();
}
