//! What the operator configured: variables and secrets of the Worker.

use std::{cell::OnceCell, ops::RangeInclusive, rc::Rc};

use worker::Env;

use super::cloudflare::Target;
use crate::{
    build::TypeCheck,
    cloudflare::{Account, BASE},
    data::{Shard, seal::Keyring},
    digest::Digest,
    edge::model::Door,
    error::{Error, Result},
    generation::{budget::Budget, tools::Dialect},
    http::host::Hosts,
    ids::WorkspaceId,
    llm::models::{self, Model},
    publish::own,
};

/// A public resolver (<https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/>).
const RESOLVER: &str = "https://cloudflare-dns.com/dns-query";

thread_local! {
    static HOSTS: OnceCell<Rc<Hosts>> = const { OnceCell::new() };
}

/// The hosts that this Worker answers. Whoever is told otherwise is another isolate.
pub(super) fn hosts(env: &Env) -> Result<Rc<Hosts>> {
    HOSTS.with(|known| {
        if let Some(hosts) = known.get() {
            return Ok(Rc::clone(hosts));
        }
        let hosts = Rc::new(Hosts::parse(
            &variable(env, "CONSOLE_HOST")?,
            &variable(env, "APPS_DOMAIN")?,
        )?);
        Ok(Rc::clone(known.get_or_init(|| hosts)))
    })
}

/// The models that can be asked for, the default first.
pub(super) fn models(env: &Env) -> Result<Vec<String>> {
    Ok(models::listed(&variable(env, "MODEL")?))
}

/// The models that answer for an app with this one, in the order in which they are asked.
pub(super) fn chain(env: &Env, own: &str) -> Result<Vec<String>> {
    Ok(models::chain(own, &models(env)?))
}

/// A model of a provider's; nothing for the built-in planner.
pub(super) fn model(env: &Env, name: &str) -> Result<Option<Model>> {
    Model::configured(name, &variable(env, "MODEL_SETTINGS")?)
}

/// Where a model is, and what opens the door.
pub(super) fn door(env: &Env, model: &Model) -> Result<Door> {
    let prefix = model.host.prefix();
    let stall = variable(env, "MODEL_STALL_SECONDS")?;
    let stall_millis = match stall.trim().parse::<u64>() {
        Ok(seconds @ 1..=600) => seconds * 1_000,
        _ => {
            return Err(Error::internal(
                "MODEL_STALL_SECONDS must be a number from 1 to 600",
            ));
        }
    };
    Ok(Door {
        base: variable(env, &format!("{prefix}_BASE_URL"))?,
        // A secret that is not set is no error before somebody wants it.
        key: secret(env, &format!("{prefix}_API_KEY")).unwrap_or_default(),
        stall_millis,
    })
}

/// Where the data of apps is; nothing where there is none.
pub(super) fn shard(env: &Env) -> Result<Option<Shard>> {
    let url = variable(env, "SUPABASE_URL")?;
    if url.trim().is_empty() {
        return Ok(None);
    }
    Shard::new(
        &url,
        &secret(env, "SUPABASE_SECRET_KEY")?,
        &variable(env, "SUPABASE_PUBLISHABLE_KEY")?,
        &secret(env, "SUPABASE_JWT_SECRET")?,
    )
    .map(Some)
    .map_err(Error::internal)
}

/// The Cloudflare account that apps are deployed to; nothing where they are served from here.
pub(super) fn cloudflare(env: &Env) -> Result<Option<Target>> {
    let account = variable(env, "CLOUDFLARE_ACCOUNT_ID")?;
    if account.trim().is_empty() {
        return Ok(None);
    }
    let api = variable(env, "CLOUDFLARE_API_URL")?;
    let bucket = variable(env, "CLOUDFLARE_BUCKET")?;
    let files = variable(env, "CLOUDFLARE_FILES")?;
    Ok(Some(Target {
        account: Account(account.trim().to_owned()),
        zone: variable(env, "CLOUDFLARE_ZONE_ID")?,
        files: own::Storage::parse(&files, &bucket).map_err(Error::internal)?,
        bucket,
        platform: variable(env, "CLOUDFLARE_PLATFORM")?,
        namespace: variable(env, "CLOUDFLARE_NAMESPACE")?.trim().to_owned(),
        most_workers: most_workers(env)?,
        token: secret(env, "CLOUDFLARE_API_TOKEN")?,
        api: if api.is_empty() { BASE.to_owned() } else { api },
        edge: variable(env, "CLOUDFLARE_EDGE_URL")?,
    }))
}

fn most_workers(env: &Env) -> Result<usize> {
    let text = variable(env, "CLOUDFLARE_MOST_WORKERS")?;
    text.trim().parse().map_err(|error| {
        Error::internal(format!("CLOUDFLARE_MOST_WORKERS must be a number: {error}"))
    })
}

/// The least and the most that an app's script may be allowed, in bytes: room for the script itself, and what Cloudflare takes.
const SCRIPT_BUDGETS: RangeInclusive<usize> = 32_768..=10_000_000;

/// How many bytes an app's script may have.
pub(super) fn script_budget(env: &Env) -> Result<usize> {
    let text = variable(env, "SCRIPT_BUDGET")?;
    let bytes = text.trim().parse().ok();
    bytes
        .filter(|bytes| SCRIPT_BUDGETS.contains(bytes))
        .ok_or_else(|| {
            Error::internal(format!(
                "SCRIPT_BUDGET must be a number of bytes from {} to {}",
                SCRIPT_BUDGETS.start(),
                SCRIPT_BUDGETS.end()
            ))
        })
}

/// Where the DNS is asked.
pub(super) fn resolver(env: &Env) -> Result<String> {
    let url = variable(env, "DNS_URL")?;
    Ok(match url.trim() {
        "" => RESOLVER.to_owned(),
        url => url.to_owned(),
    })
}

/// The keys that secrets are sealed with.
pub(super) fn seal_keys(env: &Env) -> Result<Keyring> {
    let keys = secret(env, "SEAL_KEYS").unwrap_or_default();
    Keyring::parse(&keys).map_err(|error| {
        Error::unavailable(
            "This installation cannot keep secrets yet. The operator sets SEAL_KEYS.",
            error,
        )
    })
}

/// The workspace whose tokens may do what is the operator's; none where it is not set.
pub(super) fn operator(env: &Env) -> Option<WorkspaceId> {
    variable(env, "OPERATOR_WORKSPACE")
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Who hears where the journal of a conversation stands; nobody but in tests.
pub(super) fn journal_witness(env: &Env) -> Option<String> {
    variable(env, "JOURNAL_WITNESS")
        .ok()
        .filter(|address| !address.is_empty())
}

/// How many of the newest events of a feed are never compacted.
pub(super) fn feed_whole_events(env: &Env) -> Result<u64> {
    let text = variable(env, "FEED_WHOLE_EVENTS")?;
    text.parse()
        .map_err(|error| Error::internal(format!("FEED_WHOLE_EVENTS must be a number: {error}")))
}

/// What models may cost.
pub(super) fn budget(env: &Env) -> Result<Budget> {
    Budget::parse(&variable(env, "BUDGET")?)
}

/// In which form models state their edits.
pub(super) fn dialect(env: &Env) -> Result<Dialect> {
    let name = variable(env, "EDIT_DIALECT")?;
    name.parse()
        .map_err(|error| Error::internal(format!("EDIT_DIALECT: {error}")))
}

/// Where builds are sent.
pub(super) enum Builder {
    /// To an address, without a slash at the end.
    Url(String),
    /// To so many containers of this Worker's.
    Containers(u8),
}

/// Where builds are sent.
pub(super) fn builder(env: &Env) -> Result<Builder> {
    match variable(env, "BUILDER")?.as_str() {
        "url" => {
            let url = variable(env, "BUILDER_URL")?;
            Ok(Builder::Url(url.trim_end_matches('/').to_owned()))
        }
        "container" => match variable(env, "BUILDER_INSTANCES")?.parse() {
            Ok(count @ 1..) => Ok(Builder::Containers(count)),
            _ => Err(Error::internal(
                "BUILDER_INSTANCES must be a number from 1 to 255",
            )),
        },
        other => Err(Error::internal(format!(
            "BUILDER is `{other}`; there is: url, container"
        ))),
    }
}

/// What type errors are to production builds.
pub(super) fn type_check(env: &Env) -> Result<TypeCheck> {
    let name = variable(env, "TYPE_CHECK")?;
    name.parse()
        .map_err(|error| Error::internal(format!("TYPE_CHECK: {error}")))
}

/// What the builder knows us by.
pub(super) fn builder_token(env: &Env) -> Result<String> {
    secret(env, "BUILDER_TOKEN")
}

/// How long the build cache keeps a build that nobody asks for, in milliseconds; 0 when there is no cache.
pub(super) fn build_cache_millis(env: &Env) -> Result<u64> {
    let text = variable(env, "BUILD_CACHE_SECONDS")?;
    text.parse::<u64>()
        .map(|seconds| seconds.saturating_mul(1_000))
        .map_err(|error| Error::internal(format!("BUILD_CACHE_SECONDS must be a number: {error}")))
}

/// What the token is called that set-up made.
pub(super) const BOOTSTRAP_NAME: &str = "set-up";

/// The workspace and token hash that set-up made, `<workspace>:<sha256>`.
pub(super) fn bootstrap_token(env: &Env) -> Result<Option<(WorkspaceId, Digest)>> {
    let Ok(text) = secret(env, "BOOTSTRAP_TOKEN_HASH") else {
        return Ok(None);
    };
    let parsed = text
        .split_once(':')
        .and_then(|(workspace, hash)| Some((workspace.parse().ok()?, hash.parse().ok()?)));
    parsed.map(Some).ok_or_else(|| {
        Error::internal(
            "BOOTSTRAP_TOKEN_HASH must be `<workspace>:<sha256 of the token, hexadecimal>`",
        )
    })
}

fn variable(env: &Env, name: &str) -> Result<String> {
    env.var(name)
        .map(|value| value.to_string())
        .map_err(|error| Error::internal(format!("the variable {name} is not set: {error}")))
}

fn secret(env: &Env, name: &str) -> Result<String> {
    env.secret(name)
        .map(|value| value.to_string())
        .map_err(|error| Error::internal(format!("the secret {name} is not set: {error}")))
}
