//! `overskill-builder`: see the library for what it does, `--help` for how it is started.

use std::process::ExitCode;

use overskill_builder::{
    Server,
    settings::{HELP, Settings, SettingsError},
};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let token_hash = std::env::var("BUILDER_TOKEN_HASH").ok();
    let settings = match Settings::parse(std::env::args().skip(1), token_hash.as_deref()) {
        Ok(settings) => settings,
        Err(SettingsError::Help) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&error),
    };
    let server = match Server::start(settings).await {
        Ok(server) => server,
        Err(error) => return refuse(&error),
    };
    if let Ok(address) = server.address() {
        eprintln!("overskill-builder listens on {address}");
    }
    match server.serve(stop_signal()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("overskill-builder: {error}");
    ExitCode::FAILURE
}

/// Resolves at the first SIGINT or SIGTERM.
async fn stop_signal() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
