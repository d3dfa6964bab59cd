//! `cargo xtask deploy`: the product on a Cloudflare account. The Worker is built here; what puts it there is a program of its own (`xtask/deploy`), so that
//! the chores need not be built with what speaks TLS. It is told everything on its standard input.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::stack::recipe;
use crate::{data, place, process, setup, worker};

const PACKAGE: &str = "overskill-deploy";
/// Opens the account.
const TOKEN: &str = "CLOUDFLARE_API_TOKEN";
/// What the operator may set by its own name; further variables of `wrangler.toml` as `OVERSKILL_VAR_<NAME>`. The first two are for tests: where the API
/// is, and where host names are reached.
const SET: [&str; 5] = [API, EDGE, "BUILDER_TOKEN", "BUILDER_URL", "SEAL_KEYS"];
const API: &str = "CLOUDFLARE_API_URL";
const EDGE: &str = "CLOUDFLARE_EDGE_URL";
/// How long one answer of the API may take, in seconds.
const TIMEOUT: (&str, u64) = ("OVERSKILL_DEPLOY_TIMEOUT", 120);
/// For how long the console is waited for, in seconds.
const PATIENCE: (&str, u64) = ("OVERSKILL_DEPLOY_PATIENCE", 120);

/// Where it is put.
pub(crate) struct Where {
    /// Host name of the console.
    pub(crate) console: String,
    /// Domain of the apps.
    pub(crate) apps: String,
    /// The state folder; what is made is kept in its folder `deploy`, one for each console.
    pub(crate) state: PathBuf,
}

/// Builds the Worker and puts it there; with `check`, only says what that takes.
///
/// # Errors
/// When the token is not set, or something does not compile.
pub(crate) fn run(to: &Where, check: bool, build: bool) -> Result<ExitCode> {
    let token = std::env::var(TOKEN).unwrap_or_default();
    if token.trim().is_empty() {
        bail!(
            "{TOKEN} is not set: make an API token (docs/deploy.md says which), and set that variable to it"
        );
    }
    if build && !check {
        setup::worker()?;
    } else if !check && !worker::modules_present() {
        bail!("the Worker is not built: deploy without --no-build");
    }
    let program = program()?;
    let order = json!({
        "console": to.console,
        "apps": to.apps,
        "token": token.trim(),
        "check": check,
        "configuration": recipe::configuration(),
        "root": place::root(),
        "folder": to.state.join("deploy").join(&to.console),
        "api": std::env::var(API).unwrap_or_default(),
        "edge": std::env::var(EDGE).unwrap_or_default(),
        "timeout_seconds": seconds(TIMEOUT)?,
        "patience_seconds": seconds(PATIENCE)?,
        "set": set(|name| std::env::var(name).ok(), std::env::vars()),
    });
    told(&program, &order)
}

/// Builds the program that puts it there, when it changed; returns it.
///
/// # Errors
/// When it does not compile.
pub(crate) fn program() -> Result<PathBuf> {
    let make = ["build", "--quiet", "--package", PACKAGE];
    process::quiet(place::cargo().args(make))?;
    Ok(place::target()?.join("debug").join(PACKAGE))
}

/// Runs the program that puts it there.
fn told(program: &Path, order: &Value) -> Result<ExitCode> {
    let mut child = Command::new(program)
        .env_remove(TOKEN)
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| format!("{PACKAGE} could not be started"))?;
    let mut input = child.stdin.take().context("it has no standard input")?;
    input.write_all(order.to_string().as_bytes())?;
    drop(input);
    Ok(if child.wait()?.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn seconds((name, usual): (&str, u64)) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{name} is `{text}`, which is no number of seconds")),
        Err(_) => Ok(usual),
    }
}

/// What the environment says of variables and secrets. What is set to nothing is not set.
fn set(
    environment: impl Fn(&str) -> Option<String>,
    all: impl Iterator<Item = (String, String)>,
) -> Map<String, Value> {
    let named = SET.iter().chain(&data::PROJECT);
    let named = named.filter_map(|name| Some(((*name).to_owned(), environment(name)?)));
    let prefixed = all.filter_map(|(name, text)| {
        let name = name.strip_prefix(recipe::VARIABLE_PREFIX)?;
        Some((name.to_owned(), text))
    });
    recipe::models(&environment)
        .into_iter()
        .chain(named)
        .chain(prefixed)
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(name, text)| (name, Value::from(text)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_what_the_environment_names_for_it() {
        let environment = [
            ("ANTHROPIC_API_KEY", "a"),
            ("BUILDER_URL", "https://b.test"),
            ("SUPABASE_URL", " "),
            ("HOME", "/root"),
            ("OVERSKILL_VAR_TYPE_CHECK", "block"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
        let find = |name: &str| {
            let found = environment.iter().find(|(known, _)| known == name);
            found.map(|(_, text)| text.clone())
        };
        let set = set(find, environment.iter().cloned());
        let expected = json!({
            "ANTHROPIC_API_KEY": "a", "MODEL": "claude-sonnet-5-5", "BUILDER_URL": "https://b.test", "TYPE_CHECK": "block",
        });
        assert_eq!(Value::from(set), expected);
    }
}
