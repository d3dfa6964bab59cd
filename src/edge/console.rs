//! The files that are served as they are, the console and the API's description, and what is read once in an isolate: the
//! foundation, and what its packages export. They are no part of the Worker but stand beside it, as static assets (`xtask` puts them
//! together).

use std::{fmt::Display, sync::OnceLock};

use worker::{Env, Response};

use super::runtime;
use crate::{
    build::media_type,
    error::{Error, Kind, Result},
    http::{Hosts, media::console_headers},
    preflight::Vendor,
    template::Foundation,
};

/// What serves them. It is asked for paths, by any host.
const BINDING: &str = "CONSOLE";

/// The file of the console at this path.
pub(super) async fn serve(path: &str, env: &Env, hosts: &Hosts) -> Result<Response> {
    let file = if path == "/" { "/index.html" } else { path };
    let is_one = path == "/" || path.starts_with("/console/") && !path.contains("..");
    let text = if is_one { read(env, file).await? } else { None };
    let text = text.ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "There is no such page. The console is at `/`.",
        )
    })?;
    let mut response = Response::ok(text).map_err(Error::internal)?;
    let headers = response.headers_mut();
    for (name, value) in console_headers(hosts) {
        headers.set(name, &value).map_err(Error::internal)?;
    }
    headers
        .set("content-type", media_type(file))
        .map_err(Error::internal)?;
    Ok(response)
}

/// The description of the API.
pub(super) async fn description(env: &Env) -> Result<String> {
    let text = read(env, "/openapi.json").await?;
    text.ok_or_else(|| Error::internal("no openapi.json beside the Worker"))
}

/// The files that every app starts with; read once, as one file.
pub(super) async fn foundation(env: &Env) -> Result<&'static Foundation> {
    static READ: OnceLock<Foundation> = OnceLock::new();
    if let Some(foundation) = READ.get() {
        return Ok(foundation);
    }
    let text = read(env, "/foundation.json").await.map_err(unreadable)?;
    // Others may have asked at the same time, and one be done.
    if let Some(foundation) = READ.get() {
        return Ok(foundation);
    }
    let text = text.ok_or_else(|| Error::internal("no foundation.json beside the Worker"))?;
    let foundation = Foundation::read(&text).map_err(Error::internal)?;
    Ok(READ.get_or_init(|| foundation))
}

fn unreadable(source: impl Display) -> Error {
    Error::unavailable(
        "The files that every app starts with cannot be read at the moment. Nothing was lost; please try again.",
        source,
    )
}

/// What the packages of the foundation export is known from now on.
pub(super) async fn know_packages(env: &Env) -> Result<()> {
    if Vendor::has_foundation() {
        return Ok(());
    }
    let text = read(env, "/vendor-exports.txt").await?;
    let text = text.ok_or_else(|| Error::internal("no vendor-exports.txt beside the Worker"))?;
    Vendor::set_foundation(text);
    Ok(())
}

async fn read(env: &Env, file: &str) -> Result<Option<String>> {
    let files = env.assets(BINDING).map_err(Error::internal)?;
    let response = files
        .fetch(format!("http://console{file}"), None)
        .await
        .map_err(Error::internal)?;
    if response.status_code() != 200 {
        return Ok(None);
    }
    Ok(Some(
        runtime::text(response).await.map_err(Error::internal)?,
    ))
}
