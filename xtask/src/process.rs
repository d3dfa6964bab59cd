//! Running other programs to their end.
//! Every child dies with this program, and a failure carries the end of what the child said.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Lines of a failed child's output that are shown.
const TAIL_LINES: usize = 40;

/// Asks the kernel to end the child when the thread that starts it ends, `kill -9` included.
#[expect(unsafe_code, reason = "the only hook between fork and exec")]
pub(crate) fn die_with_parent(command: &mut Command, signal: Signal) {
    let parent = rustix::process::getpid();
    let hook = move || {
        set_parent_process_death_signal(Some(signal))?;
        if getppid() == Some(parent) {
            Ok(())
        } else {
            Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
        }
    };
    // SAFETY: the hook makes two system calls and neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(hook);
    }
}

/// Gives the child a session of its own, so that it outlives its terminal.
#[expect(unsafe_code, reason = "the only hook between fork and exec")]
pub(crate) fn detach(command: &mut Command) {
    let hook = || Ok(rustix::process::setsid().map(|_session| ())?);
    // SAFETY: the hook makes one system call and neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(hook);
    }
}

fn name_of(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut words = vec![
        program
            .file_name()
            .unwrap_or(OsStr::new("?"))
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

fn start(command: &mut Command) -> Result<Child> {
    die_with_parent(command, Signal::TERM);
    let name = name_of(command);
    command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("`{name}` could not be started"))
}

/// Runs a program whose output the user sees as it comes.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    let status = start(command)?.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", name_of(command));
    }
    Ok(())
}

/// Runs a program and returns what it printed, whether it succeeded or not.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn capture(command: &mut Command) -> Result<Output> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(start(command)?.wait_with_output()?)
}

/// Runs a program quietly; returns its standard output.
///
/// # Errors
/// When it cannot be started or does not succeed: the error ends with what it printed.
pub(crate) fn quiet(command: &mut Command) -> Result<String> {
    let output = capture(command)?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({})\n{}",
            name_of(command),
            output.status,
            tail(&output)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program quietly and ends it when it takes longer than `limit`.
///
/// # Errors
/// When it cannot be started, does not succeed, or is not done in time.
pub(crate) fn quiet_within(command: &mut Command, limit: Duration) -> Result<()> {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    let name = name_of(command);
    let mut child = start(command)?;
    let stderr = child.stderr.take();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stream) = stderr {
            // What could be read before an error is still worth showing.
            let _partial = stream.read_to_string(&mut text);
        }
        text
    });
    let status = wait_within(&mut child, limit)?;
    let Some(status) = status else {
        kill_group(child.id(), Signal::KILL);
        child.wait()?;
        bail!("`{name}` was not done after {} s", limit.as_secs());
    };
    if !status.success() {
        let text = reader.join().unwrap_or_default();
        bail!("`{name}` failed ({status})\n{}", last_lines(&text));
    }
    Ok(())
}

/// Runs a program and has it write what it says, both streams, into `log`; ends it and all of its group when it takes longer than
/// `limit`, which `None` says.
///
/// # Errors
/// When it cannot be started, or the log cannot be written.
pub(crate) fn log_within(
    command: &mut Command,
    log: &Path,
    limit: Duration,
) -> Result<Option<ExitStatus>> {
    let file = File::create(log).with_context(|| format!("{} cannot be written", log.display()))?;
    command
        .stdout(file.try_clone()?)
        .stderr(file)
        .process_group(0);
    let mut child = start(command)?;
    let status = wait_within(&mut child, limit)?;
    if status.is_none() {
        kill_group(child.id(), Signal::KILL);
        child.wait()?;
    }
    Ok(status)
}

/// The same command once more: its program, arguments and variables.
pub(crate) fn again(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => copy.env(name, value),
            None => copy.env_remove(name),
        };
    }
    copy
}

/// Waits for a child's end, at most `limit`.
///
/// # Errors
/// When the child cannot be waited for.
pub(crate) fn wait_within(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal to every process of a group; a group that is gone is no error.
pub(crate) fn kill_group(leader: u32, signal: Signal) {
    if let Some(group) = pid(leader) {
        let _gone = rustix::process::kill_process_group(group, signal);
    }
}

/// A process id of the standard library as one of `rustix`.
pub(crate) fn pid(raw: u32) -> Option<rustix::process::Pid> {
    i32::try_from(raw)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
}

/// The last lines of what a program printed, both streams.
pub(crate) fn tail(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    last_lines(&text)
}

/// The last lines of a text.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}

/// Finds a program on `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}
