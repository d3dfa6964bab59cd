//! The `ASSETS` binding of an app's Worker: serves the contents of one artifact set, and nothing else.

use js_sys::Reflect;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::{Env, Range, Request, Response};

use super::blobs::Blobs;
use crate::{digest::Digest, ids::AppId};

/// What the binding's holder may read.
#[derive(Deserialize)]
struct Props {
    app: AppId,
    hashes: Vec<String>,
    /// The key of the build cache that they came from and may be under still.
    kept: Option<Digest>,
    /// Those of the set that are stored once for all apps.
    vendor: Vec<String>,
}

/// `GET https://assets/<sha256>`: the content, or with `range: bytes=<first>-<last>` that part of it as 206; 404 for
/// what is not in the set. The script around the set knows the sizes and asks for no other range.
pub(super) async fn serve(
    request: &Request,
    env: &Env,
    context: &JsValue,
) -> worker::Result<Response> {
    let props = Reflect::get(context, &"props".into())?;
    let props: Props = serde_wasm_bindgen::from_value(props).map_err(|error| {
        worker::Error::RustError(format!("the props of AppAssets are malformed: {error}"))
    })?;
    let path = request.path();
    let asked = path.trim_start_matches('/');
    let is_own = props.hashes.iter().any(|hash| hash == asked);
    let Some(hash) = asked
        .parse::<Digest>()
        .ok()
        .filter(|_| is_own || props.vendor.iter().any(|hash| hash == asked))
    else {
        return Response::error("not in this artifact set", 404);
    };
    let range = request.headers().get("range")?;
    let part = match range.as_deref().map(part) {
        Some(None) => return Response::error("not a range that the script asks for", 400),
        Some(Some(part)) => Some(part),
        None => None,
    };
    let status = if part.is_some() { 206 } else { 200 };
    let found = if is_own {
        Blobs::assets_or_kept(env, &props.app, props.kept.as_ref())
    } else {
        Blobs::vendor(env)
    };
    let blobs = found.map_err(|error| worker::Error::RustError(error.to_string()))?;
    match blobs.stream(&hash, part).await {
        Ok(Some(body)) => Ok(Response::from_body(body)?.with_status(status)),
        Ok(None) => Response::error("not stored", 404),
        Err(error) => Err(worker::Error::RustError(error.to_string())),
    }
}

/// The part that `bytes=<first>-<last>` means.
fn part(range: &str) -> Option<Range> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    // An artifact is far smaller than 4 GiB.
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    Some(Range::OffsetWithLength {
        offset: first.into(),
        length: u64::from(last.checked_sub(first)?) + 1,
    })
}
