//! What the operator configured: variables and secrets of the Worker.

use worker::Env;

use crate::{
    build::TypeCheck,
    digest::Digest,
    error::{Error, Result},
    generation::tools::Dialect,
    http::host::Hosts,
    ids::WorkspaceId,
    llm::MODELS,
};

/// The hosts that this Worker answers.
pub(super) fn hosts(env: &Env) -> Result<Hosts> {
    Hosts::parse(
        &variable(env, "CONSOLE_HOST")?,
        &variable(env, "APPS_DOMAIN")?,
    )
}

/// The models that can be asked for, the default first.
pub(super) fn models(env: &Env) -> Result<Vec<String>> {
    let text = variable(env, "MODEL")?;
    let models: Vec<String> = text
        .split(',')
        .map(|model| model.trim().to_owned())
        .filter(|model| !model.is_empty())
        .collect();
    match models
        .iter()
        .find(|model| !MODELS.contains(&model.as_str()))
    {
        Some(unknown) => Err(Error::internal(format!(
            "MODEL names `{unknown}`; there is: {}",
            MODELS.join(", ")
        ))),
        None => Ok(models),
    }
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
