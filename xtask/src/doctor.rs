//! `cargo xtask doctor`: looks at the machine and changes nothing.

use std::borrow::Cow;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{
    browser, data, node, node_rule, place, process, progress, sandbox, setup, stack, toolchain,
    worker,
};

/// What mends whatever the set-up installs by itself.
const DEV: &str = "`cargo xtask dev` sees to it";

#[derive(Deserialize)]
struct Finding {
    part: Cow<'static, str>,
    /// What was found, or `None`.
    found: Option<String>,
    /// What to do when it was not found.
    remedy: String,
    /// Whether the product or its checks do without.
    #[serde(default)]
    optional: bool,
}

/// Prints what is there and what is not.
///
/// # Errors
/// When cargo itself cannot be asked.
pub(crate) fn run() -> Result<ExitCode> {
    let mut findings = look()?;
    findings.extend(project()?);
    let mut missing = 0;
    for finding in &findings {
        let (mark, text) = match (&finding.found, finding.optional) {
            (Some(found), _) => ('✓', found.clone()),
            (None, true) => ('-', format!("not there (optional): {}", finding.remedy)),
            (None, false) => {
                missing += 1;
                ('✗', format!("missing: {}", finding.remedy))
            }
        };
        println!("{mark} {:<28} {text}", finding.part);
    }
    if missing == 0 {
        println!("everything that is needed is there");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("{missing} missing");
        Ok(ExitCode::FAILURE)
    }
}

fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.current_dir(place::root()).args(arguments);
    let text = process::quiet(&mut command).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

fn need(part: &'static str, found: Option<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        part: part.into(),
        found,
        remedy: remedy.into(),
        optional: false,
    }
}

fn built(there: bool) -> Option<String> {
    there.then(|| "built".to_owned())
}

fn installed(there: bool) -> Option<String> {
    there.then(|| "as the lock file says".to_owned())
}

fn look() -> Result<Vec<Finding>> {
    let node =
        node::present()?.map(|node| format!("{} ({})", node.version, node.program.display()));
    let npm = process::find("npm").map(|path| path.display().to_string());
    let node_there = node::present()?;
    let builder = setup::builder_program()?;
    let level = node_there
        .filter(|_| builder.is_file() && node::packages_current(&place::foundation()))
        .map(|node| sandbox::level(&node, &builder));
    let sandbox_remedy = match &level {
        Some(Err(error)) => format!("{error:#}"),
        _ => DEV.to_owned(),
    };
    let state = place::default_state();
    let free =
        rustix::fs::statvfs(place::root()).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let room = free
        .ok()
        .filter(|free| *free >= stack::state::LEAST_FREE)
        .map(progress::bytes);
    Ok(vec![
        need(
            "Rust",
            version("rustc", &["--version"]),
            "install it with rustup: https://rustup.rs",
        ),
        need("Rust target wasm32", toolchain::describe()?, DEV),
        need(
            "rustfmt",
            version("cargo", &["fmt", "--version"]),
            "rustup component add rustfmt",
        ),
        need(
            "clippy",
            version("cargo", &["clippy", "--version"]),
            "rustup component add clippy",
        ),
        Finding {
            part: "cargo-nextest".into(),
            found: version("cargo", &["nextest", "--version"]),
            remedy: "`cargo test` is used instead; cargo install --locked cargo-nextest".to_owned(),
            optional: true,
        },
        need(
            "Node",
            node,
            format!(
                "{} is needed, `cargo xtask dev` fetches one through npm",
                node_rule::NEEDED
            ),
        ),
        need("npm", npm, "apt-get install -y nodejs npm"),
        need(
            "npm packages",
            installed(node::packages_current(place::root())),
            DEV,
        ),
        need(
            "npm packages, foundation",
            installed(node::packages_current(&place::foundation())),
            DEV,
        ),
        need(
            "Chromium (try, test)",
            browser::find().map(|path| path.display().to_string()),
            browser::REMEDY,
        ),
        need("Worker", built(worker::modules_present()), DEV),
        need("builder", built(builder.is_file()), DEV),
        need(
            "sandbox for builds",
            level.and_then(Result::ok),
            sandbox_remedy,
        ),
        need(
            "disk",
            room,
            "free at least 1 GiB on the disk of the checkout",
        ),
        Finding {
            part: "running stack".into(),
            found: stack::ready(&state)?
                .map(|record| format!("{} (process {})", record.origin, record.pid)),
            remedy: "cargo xtask dev".to_owned(),
            optional: true,
        },
    ])
}

/// What is to be said of the Supabase project that the environment names. A program of Node's asks it: these chores have no TLS.
fn project() -> Result<Vec<Finding>> {
    const PART: &str = "Supabase project";
    let [address, ..] = data::PROJECT;
    if std::env::var(address).unwrap_or_default().trim().is_empty() {
        return Ok(vec![Finding {
            part: PART.into(),
            found: None,
            remedy: format!("{address} names none; a stack has a database of its own"),
            optional: true,
        }]);
    }
    let node = node::present()?.filter(|_| node::packages_current(place::root()));
    let Some(node) = node else {
        return Ok(vec![need(PART, None, format!("nobody can ask it: {DEV}"))]);
    };
    let mut program = node.command();
    program.arg(place::root().join("xtask/local/data/doctor.mjs"));
    let said = process::quiet(&mut program)?;
    let findings = said.lines().map(serde_json::from_str);
    findings
        .collect::<serde_json::Result<_>>()
        .context("what was found of the project cannot be read")
}
