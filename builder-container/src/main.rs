//! `overskill-builder`: see the library for what it does, `--help` for how it is started.

use std::{io, process::ExitCode, time::Duration};

use overskill_builder::{
    Server, find_sandbox,
    settings::{HELP, Settings, SettingsError},
};
use tokio::signal::unix::{SignalKind, signal};

/// How long work that cannot be stopped may keep the process, once it has nothing else to do.
const LAST: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    share_memory();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error),
    };
    let ended = runtime.block_on(run());
    runtime.shutdown_timeout(LAST);
    ended
}

/// Has threads share what they free. The C library would keep a heap for each of many, which all grow for a while.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "no library offers the setting")]
fn share_memory() {
    // SAFETY: nothing is allocated by any other thread yet, and the setting is one that the C library documents.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 2) };
}

/// Elsewhere threads share it anyway.
#[cfg(not(target_env = "gnu"))]
const fn share_memory() {}

async fn run() -> ExitCode {
    let token_hash = std::env::var("BUILDER_TOKEN_HASH").ok();
    let settings = match Settings::parse(std::env::args().skip(1), token_hash.as_deref()) {
        Ok(settings) => settings,
        Err(SettingsError::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&error),
    };
    if settings.only_sandbox {
        return match find_sandbox(&settings).await {
            Ok(level) => {
                println!("{level}");
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&error),
        };
    }
    let server = match Server::start(settings).await {
        Ok(server) => server,
        Err(error) => return refuse(&error),
    };
    let stop = match stop_signal() {
        Ok(stop) => stop,
        Err(error) => return refuse(&error),
    };
    if let Ok(address) = server.address() {
        // The address is the last word: whoever starts this looks for it there.
        let (sandbox, slots) = (server.sandbox(), server.slots());
        let render = server
            .render_off()
            .map_or("on".to_owned(), |why| format!("off, {why}"));
        eprintln!(
            "overskill-builder (sandbox: {sandbox}; render check: {render}; {slots}) listens on {address}"
        );
    }
    server.serve(stop).await;
    ExitCode::SUCCESS
}

fn refuse(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("overskill-builder: {error}");
    ExitCode::FAILURE
}

/// Listens for signals from here on; what it gives resolves at the first SIGINT or SIGTERM.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
