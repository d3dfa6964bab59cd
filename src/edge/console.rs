//! The console's files, embedded in the Worker as `build.rs` leaves them: without comments.

use worker::Response;

use crate::{
    build::media_type,
    error::{Error, Kind, Result},
    http::{Hosts, media::console_headers},
};

macro_rules! files {
    ($($url:literal => $file:literal),* $(,)?) => {
        &[$(($url, include_str!(concat!(env!("OUT_DIR"), "/console/", $file)))),*]
    };
}

const FILES: &[(&str, &str)] = files! {
    "/" => "index.html",
    "/console.css" => "console.css",
    "/console.js" => "console.js",
    "/console/api.js" => "api.js",
    "/console/builds.js" => "builds.js",
    "/console/chat.js" => "chat.js",
    "/console/clock.js" => "clock.js",
    "/console/composer.js" => "composer.js",
    "/console/conversation.css" => "conversation.css",
    "/console/cost.js" => "cost.js",
    "/console/dom.js" => "dom.js",
    "/console/feed.js" => "feed.js",
    "/console/files.js" => "files.js",
    "/console/home.js" => "home.js",
    "/console/mode.js" => "mode.js",
    "/console/preview.js" => "preview.js",
    "/console/prose.js" => "prose.js",
    "/console/question.js" => "question.js",
    "/console/sidebar.js" => "sidebar.js",
    "/console/sign-in.js" => "sign-in.js",
    "/console/stage.js" => "stage.js",
    "/console/steps.js" => "steps.js",
    "/console/trouble.js" => "trouble.js",
    "/console/turn.js" => "turn.js",
    "/console/usage.js" => "usage.js",
    "/console/versions.js" => "versions.js",
    "/console/work.js" => "work.js",
    "/console/workbench.js" => "workbench.js",
};

/// The file at this path.
pub(super) fn serve(path: &str, hosts: &Hosts) -> Result<Response> {
    let (url, text) = FILES.iter().find(|(url, _)| *url == path).ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "There is no such page. The console is at `/`.",
        )
    })?;
    let mut response = Response::ok(*text).map_err(Error::internal)?;
    let headers = response.headers_mut();
    for (name, value) in console_headers(hosts) {
        headers.set(name, &value).map_err(Error::internal)?;
    }
    let media_type = media_type(if *url == "/" { "index.html" } else { url });
    headers
        .set("content-type", media_type)
        .map_err(Error::internal)?;
    Ok(response)
}
