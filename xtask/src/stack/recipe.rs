//! How the children of a stack are started. They get the variables named here and no others: what the developer's shell
//! holds, keys among it, is no business of theirs, and an environment can be read by whatever a build runs.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::child::Recipe;
use super::{Record, state};
use crate::data::{self, Backend, Keys};
use crate::node::{self, Node};
use crate::setup::Parts;
use crate::{browser, hash, place, postgres, sandbox, workerd};

/// Prefix of environment variables that become variables of the Worker: `OVERSKILL_VAR_MODEL=…`.
pub(crate) const VARIABLE_PREFIX: &str = "OVERSKILL_VAR_";
/// Environment variable that names another `wrangler.toml`, in the same words.
const CONFIGURATION: &str = "OVERSKILL_WRANGLER";
/// Where things are and how text is written: what any program may need to know.
const SURROUNDINGS: [&str; 6] = ["HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH"];
/// Turns the builder's look at what it has built off, or names a Chromium for it: what `--browser` of the builder takes.
const RENDER_CHECK: &str = "OVERSKILL_RENDER_CHECK";
/// Which models answer.
const MODEL: &str = "OVERSKILL_MODEL";
/// Where models are and what opens their doors, as the providers' own clients read it.
const PROVIDERS: [&str; 6] = [
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "WORKERS_AI_BASE_URL",
    "WORKERS_AI_API_KEY",
];
/// Who answers where nobody is named: Claude, with GPT in its stead.
const DEFAULT_MODELS: [(&str, &str); 2] = [
    ("ANTHROPIC", "claude-sonnet-5-5"),
    ("OPENAI", "gpt-6.1-sol"),
];
/// More flags of the builder, with spaces between them: `--slots 2 --queue 0`.
const BUILDER_FLAGS: &str = "OVERSKILL_BUILDER_FLAGS";
/// Whom workerd trusts when the Worker calls a server.
const CERTIFICATES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What leads the builder's npm to the registry, and whom to trust there.
const REGISTRY: [&str; 9] = [
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// The builder.
pub(crate) fn builder(state: &Path, parts: &Parts, record: &Record, secret: &str) -> Recipe {
    let parts = parts.clone();
    let folder = state.join("builder");
    let address = format!("127.0.0.1:{}", record.builder_port);
    let secret_hash = hash::hex(&[secret.as_bytes()]);
    Box::new(move || {
        fs::create_dir_all(&folder)?;
        let mut command = bare(&parts.builder, &parts.node, &REGISTRY);
        command
            .args(["--listen", &address, "--toolchain"])
            .arg(place::foundation())
            .arg("--extras")
            .arg(place::builder())
            .arg("--state")
            .arg(&folder)
            .env("PATH", sandbox::path(&parts.node))
            .env("BUILDER_TOKEN_HASH", &secret_hash);
        command.args(node::registry_flags(&parts.node));
        if let Some(browser) = render_check() {
            command.arg("--browser").arg(browser);
        }
        if let Ok(flags) = std::env::var(BUILDER_FLAGS) {
            command.args(flags.split_whitespace());
        }
        if !parts.confined {
            command.arg("--unsafe-no-sandbox");
        }
        Ok((command, Vec::new()))
    })
}

/// The database.
///
/// # Errors
/// When PostgreSQL is wanted, and there is none, or the environment configures what there is not.
pub(crate) fn data(
    state: &Path,
    parts: &Parts,
    record: &Record,
    backend: Backend,
    keys: &Keys,
) -> Result<Recipe> {
    let parts = parts.clone();
    let folder = state.join("data");
    let programs = match backend {
        Backend::Pglite => None,
        Backend::Postgres => Some(postgres::ensure(&parts.node)?),
    };
    let input = json!({
        "backend": backend.name(),
        "folder": &folder,
        "port": record.data_port,
        "keys": { "publishable_key": keys.publishable, "secret_key": keys.secret, "jwt_secret": keys.jwt },
        "opens_at_start": data::opens_at_start()?,
        "confirms": data::confirms()?,
        "providers": data::providers()?,
    });
    Ok(Box::new(move || {
        fs::create_dir_all(&folder)?;
        let mut command = bare(&parts.node.program, &parts.node, &[]);
        command.arg(place::root().join("xtask/local/data/serve.mjs"));
        if let Some(programs) = &programs {
            command.env(data::PROGRAMS, programs);
        }
        Ok((command, input.to_string().into_bytes()))
    }))
}

/// What the builder is told of Chromium; nothing where it finds one by itself, or has none.
fn render_check() -> Option<OsString> {
    let set = std::env::var_os(RENDER_CHECK).filter(|set| !set.is_empty());
    set.or_else(|| browser::find().map(PathBuf::into_os_string))
}

/// The Node process that drives workerd.
///
/// # Errors
/// When this program does not know its own path.
pub(crate) fn worker(
    state: &Path,
    parts: &Parts,
    record: &Record,
    token: &str,
    secret: &str,
    keys: &Keys,
) -> Result<Recipe> {
    let parts = parts.clone();
    let pid_file = workerd_pid_file(state);
    let program = std::env::current_exe().context("this program does not know its own path")?;
    let input = json!({
        "host": "127.0.0.1",
        "port": record.port,
        "configuration": configuration(),
        "state": state.join("workerd"),
        "pidFile": &pid_file,
        "vars": variables(record, token, secret, keys),
    });
    Ok(Box::new(move || {
        let mut command = bare(&parts.node.program, &parts.node, &CERTIFICATES);
        command
            .arg(place::root().join("xtask/local/serve.mjs"))
            .env("MINIFLARE_WORKERD_PATH", &program)
            .env(workerd::PID_FILE, &pid_file);
        Ok((command, input.to_string().into_bytes()))
    }))
}

/// What the Worker is bound to: `wrangler.toml`, or the file that the environment names instead.
pub(crate) fn configuration() -> PathBuf {
    std::env::var_os(CONFIGURATION)
        .map_or_else(|| place::root().join("wrangler.toml"), PathBuf::from)
}

/// Where workerd's process id is written down.
pub(crate) fn workerd_pid_file(state: &Path) -> PathBuf {
    state.join("workerd.pid")
}

fn variables(record: &Record, token: &str, secret: &str, keys: &Keys) -> Map<String, Value> {
    let mut variables: Map<String, Value> = std::env::vars()
        .filter_map(|(name, value)| {
            Some((
                name.strip_prefix(VARIABLE_PREFIX)?.to_owned(),
                Value::from(value),
            ))
        })
        .collect();
    for (name, value) in models(|name| std::env::var(name).ok()) {
        variables.entry(name).or_insert(Value::from(value));
    }
    let url = format!("http://127.0.0.1:{}", record.data_port);
    let own = [&url, &keys.secret, &keys.publishable, &keys.jwt];
    for (name, own) in data::PROJECT.into_iter().zip(own) {
        let value = if record.data_port == 0 {
            std::env::var(name).ok()
        } else {
            Some(own.clone())
        };
        if let Some(value) = value {
            variables.entry(name).or_insert(Value::from(value));
        }
    }
    let host = format!("localhost:{}", record.port);
    for (name, value) in [
        ("CONSOLE_HOST", host.clone()),
        ("APPS_DOMAIN", host),
        (
            "BUILDER_URL",
            format!("http://127.0.0.1:{}", record.builder_port),
        ),
        ("BUILDER_TOKEN", secret.to_owned()),
        ("OPERATOR_WORKSPACE", state::WORKSPACE.to_owned()),
        ("SEAL_KEYS", format!("local:{}", keys.seal)),
        (
            "BOOTSTRAP_TOKEN_HASH",
            format!("{}:{}", state::WORKSPACE, hash::hex(&[token.as_bytes()])),
        ),
    ] {
        variables.entry(name).or_insert(Value::from(value));
    }
    variables
}

/// What the Worker is told of models: the providers' own variables, and which models answer. `OVERSKILL_MODEL` names them, with
/// commas between: the first is the default, and those after it stand in for it. Where it names none, Claude answers if there is a
/// key for it; and where only one is named or chosen, the other provider's model stands in for it if there is a key for that.
pub(crate) fn models(environment: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let mut variables: Vec<(String, String)> = PROVIDERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), set(name)?)))
        .collect();
    let mut names = set(MODEL).unwrap_or_default();
    let defaults = DEFAULT_MODELS
        .iter()
        .filter(|(provider, _)| set(&format!("{provider}_API_KEY")).is_some());
    for (_, default) in defaults {
        let is_one = !names.contains(',');
        let is_offline = names.trim() == "offline";
        let is_same = |family: &str| names.contains(family) && default.starts_with(family);
        if names.is_empty() {
            names = (*default).to_owned();
        } else if is_one && !is_offline && !is_same("claude") && !is_same("gpt") {
            names = format!("{names},{default}");
        }
    }
    if !names.is_empty() {
        variables.push(("MODEL".to_owned(), names));
    }
    variables
}

/// A program in the checkout, with the surroundings, this Node on its `PATH`, and `more`.
fn bare(program: &Path, node: &Node, more: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(place::root())
        .env_clear()
        .env("PATH", node.path());
    for name in SURROUNDINGS.iter().chain(more) {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_chosen_by_name_or_by_the_keys_that_there_are() {
        let chosen = |set: &[(&str, &str)]| {
            let find = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let model = models(find).into_iter().find(|(name, _)| name == "MODEL");
            model.map(|(_, names)| names)
        };
        let (claude, gpt) = (("ANTHROPIC_API_KEY", "a"), ("OPENAI_API_KEY", "b"));
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[claude]).unwrap(), "claude-sonnet-5-5");
        assert_eq!(chosen(&[gpt]).unwrap(), "gpt-6.1-sol");
        assert_eq!(
            chosen(&[claude, gpt]).unwrap(),
            "claude-sonnet-5-5,gpt-6.1-sol"
        );
        for (named, expected) in [
            ("claude-opus-5-5", "claude-opus-5-5,gpt-6.1-sol"),
            ("gpt-6-astra", "gpt-6-astra,claude-sonnet-5-5"),
            (
                "claude-opus-5-5,claude-haiku-5-5",
                "claude-opus-5-5,claude-haiku-5-5",
            ),
            ("offline", "offline"),
            (" ", "claude-sonnet-5-5,gpt-6.1-sol"),
        ] {
            let set = [claude, gpt, (MODEL, named)];
            assert_eq!(chosen(&set).unwrap(), expected, "{named}");
        }
        let passed = models(|name| (name == "OPENAI_BASE_URL").then(|| "http://m.test".to_owned()));
        assert_eq!(
            passed,
            [("OPENAI_BASE_URL".to_owned(), "http://m.test".to_owned())]
        );
    }

    #[test]
    fn the_shells_variables_reach_no_child() {
        // Cargo itself sets some for the tests; they stand for whatever a shell may hold.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let node = node::on_test_machine("/opt/node/bin/node");
        let mut command = bare(Path::new("env"), &node, &CERTIFICATES);
        let output = command.output().unwrap();
        let names: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
            .collect();
        assert!(names.contains(&"PATH".to_owned()));
        let known = |name: &str| {
            name == "PATH" || SURROUNDINGS.contains(&name) || CERTIFICATES.contains(&name)
        };
        let unknown: Vec<&String> = names.iter().filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
