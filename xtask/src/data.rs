//! The database on this machine: an empty shard for `cargo xtask engine data`, and the one of a stack. The programs are in
//! `xtask/local/data`.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::node::Node;
use crate::stack::state;
use crate::{engine, hash, judges, place, postgres, setup};

/// Names the folder of the PostgreSQL programs to what starts a server.
pub(crate) const PROGRAMS: &str = "OVERSKILL_POSTGRES";
/// What the apps of a stack keep their data in.
pub(crate) const CHOICE: &str = "OVERSKILL_DATA";
/// When the database of a stack is opened.
const OPENS: &str = "OVERSKILL_DATA_OPENS";
/// Whether users of a stack's apps have to confirm their e-mail addresses.
const CONFIRM: &str = "OVERSKILL_CONFIRM_EMAIL";
/// Providers of identities that users of a stack's apps sign in with, as JSON: `{"github": {"enabled": true, "client_id", "secret", "url"}}`.
const PROVIDERS: &str = "OVERSKILL_AUTH_PROVIDERS";
/// A Supabase project: where it is, the key that may do everything there, the one that may do nothing by itself, and what its tokens are
/// signed with.
pub(crate) const PROJECT: [&str; 4] = [
    "SUPABASE_URL",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_JWT_SECRET",
];

/// Names a project's database itself, for the migrations.
const DATABASE: &str = "SUPABASE_DB_URL";

/// What holds the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// PostgreSQL compiled to WebAssembly, inside of a Node process: nothing has to be installed.
    Pglite,
    /// A server.
    Postgres,
}

impl Backend {
    /// The one that the environment names; nothing where it wants none, or names a project that is elsewhere.
    ///
    /// # Errors
    /// When it names none that there is.
    pub(crate) fn chosen() -> Result<Option<Self>> {
        let [url, ..] = PROJECT.map(|name| std::env::var(name).unwrap_or_default());
        let chosen = Self::named(&std::env::var(CHOICE).unwrap_or_default())?;
        Ok(chosen.filter(|_| url.trim().is_empty()))
    }

    /// The one of this name, which an option gave.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn of(name: &str) -> Result<Self> {
        match name {
            "postgres" => Ok(Self::Postgres),
            "pglite" => Ok(Self::Pglite),
            other => bail!("there is no back end `{other}`: name postgres or pglite"),
        }
    }

    fn named(name: &str) -> Result<Option<Self>> {
        Ok(match name {
            "" | "pglite" => Some(Self::Pglite),
            "postgres" => Some(Self::Postgres),
            "off" => None,
            other => bail!("{CHOICE} is `{other}`; there is: pglite, postgres, off"),
        })
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pglite => "pglite",
            Self::Postgres => "postgres",
        }
    }
}

/// Whether a stack opens its database when it starts, so that the first app need not wait for it, or when somebody first asks.
///
/// # Errors
/// When the environment says neither.
pub(crate) fn opens_at_start() -> Result<bool> {
    match std::env::var(OPENS).unwrap_or_default().as_str() {
        "" | "at-start" => Ok(true),
        "when-asked" => Ok(false),
        other => bail!("{OPENS} is `{other}`; there is: at-start, when-asked"),
    }
}

/// Whether whoever signs up to an app of a stack has to confirm their e-mail address: they have not, unless the environment says
/// otherwise. Nobody reads mail on the machine of whoever tries an app.
///
/// # Errors
/// When it says neither.
pub(crate) fn confirms() -> Result<bool> {
    match std::env::var(CONFIRM).unwrap_or_default().as_str() {
        "on" => Ok(true),
        "" | "off" => Ok(false),
        other => bail!("{CONFIRM} is `{other}`; there is: on, off"),
    }
}

/// The providers of identities that the environment configures.
///
/// # Errors
/// When it is no JSON object.
pub(crate) fn providers() -> Result<Value> {
    let text = std::env::var(PROVIDERS).unwrap_or_default();
    if text.is_empty() {
        return Ok(json!({}));
    }
    let providers: Value =
        serde_json::from_str(&text).with_context(|| format!("{PROVIDERS} is no JSON"))?;
    if !providers.is_object() {
        bail!("{PROVIDERS} is no JSON object");
    }
    Ok(providers)
}

/// What opens the doors of a stack's shard.
#[derive(Clone)]
pub(crate) struct Keys {
    /// For whoever is no user.
    pub(crate) publishable: String,
    /// For the Worker: everything.
    pub(crate) secret: String,
    /// What tokens are signed with.
    pub(crate) jwt: String,
    /// What the Worker seals secrets with: 32 bytes in base64.
    pub(crate) seal: String,
}

impl Keys {
    /// Those of a state folder, the same at every start.
    ///
    /// # Errors
    /// When what they are made of can be neither read nor made.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let secret = state::data_secret(folder)?;
        let derived = |purpose: &str| hash::hex(&[format!("{purpose}:{secret}").as_bytes()]);
        Ok(Self {
            publishable: format!("sb_publishable_{}", derived("publishable")),
            secret: format!("sb_secret_{}", derived("secret")),
            jwt: derived("jwt"),
            seal: STANDARD.encode(Sha256::digest(format!("seal:{secret}"))),
        })
    }
}

/// Runs an empty shard until standard input ends. The program reads its options by itself, and standard output is its alone.
///
/// # Errors
/// When Node, a package or PostgreSQL is missing and cannot be had.
pub(crate) fn run(options: &[String]) -> Result<ExitCode> {
    let node = setup::node_and_tools()?;
    // PGlite is a package: nobody has to have a server for it.
    let wants_server = !options.iter().any(|option| option.ends_with("pglite"));
    let mut program = if wants_server {
        with_postgres(&node)?
    } else {
        node.command()
    };
    program
        .arg(place::root().join("xtask/local/data/main.mjs"))
        .args(options);
    engine::start(&mut program)
}

/// Brings the database that `url`, else the environment, names to the newest migration; with `check`, says what that would do.
///
/// # Errors
/// When none is named, or Node or its packages are missing and cannot be had.
pub(crate) fn migrate(url: Option<String>, check: bool) -> Result<ExitCode> {
    let url = url.or_else(|| std::env::var(DATABASE).ok());
    let Some(url) = url.filter(|url| !url.trim().is_empty()) else {
        bail!(
            "{DATABASE} names no database. A project's is under Connect in its dashboard: take the direct one or that of the session \
             pooler, postgres://USER:PASSWORD@HOST:5432/postgres"
        );
    };
    let mut program = setup::node_and_tools()?.command();
    program
        .arg(place::root().join("xtask/local/data/apply.mjs"))
        .args(check.then_some("--check"))
        // Not among the arguments, which everybody on this machine sees.
        .env(DATABASE, url.trim());
    let status = program.status().context("Node could not be started")?;
    Ok(ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(2),
    ))
}

/// Node, told where PostgreSQL is.
///
/// # Errors
/// When there is no PostgreSQL and none can be fetched.
pub(crate) fn with_postgres(node: &Node) -> Result<Command> {
    let mut command = node.command();
    command
        .current_dir(place::root())
        .env(PROGRAMS, postgres::ensure(node)?);
    Ok(command)
}

/// Node for the specs of the data, told where PostgreSQL and its judges are; and which judge is missing, if one is.
///
/// # Errors
/// When there is no PostgreSQL or no judge, and none can be fetched.
pub(crate) fn for_specs(node: &Node) -> Result<(Command, Option<String>)> {
    let mut command = with_postgres(node)?;
    let missing = judges::lead(&mut command, node, &postgres::ensure(node)?)?;
    Ok((command, missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_the_data_is_named_or_pglite() {
        assert_eq!(Backend::named("").unwrap(), Some(Backend::Pglite));
        for backend in [Backend::Pglite, Backend::Postgres] {
            assert_eq!(Backend::named(backend.name()).unwrap(), Some(backend));
        }
        assert_eq!(Backend::named("off").unwrap(), None);
        let error = Backend::named("sqlite").unwrap_err().to_string();
        assert!(error.contains("pglite, postgres, off"), "{error}");
    }

    #[test]
    fn keys_are_the_same_at_every_start_and_no_two_are_alike() {
        let folder = std::env::temp_dir().join(format!("overskill-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (first, again) = (Keys::of(&folder).unwrap(), Keys::of(&folder).unwrap());
        assert_eq!(first.secret, again.secret);
        let tails = [&first.publishable, &first.secret, &first.jwt].map(|key| {
            let (_, tail) = key.split_at(key.len() - 64);
            tail.to_owned()
        });
        let [publishable, secret, jwt] = tails;
        assert!(publishable != secret && secret != jwt && jwt != publishable);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
