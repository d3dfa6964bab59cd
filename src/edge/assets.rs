//! The `ASSETS` binding of an app's Worker: serves the contents of one artifact set, and nothing else.

use js_sys::Reflect;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::{Env, Request, Response};

use super::blobs::Blobs;
use crate::{digest::Digest, ids::AppId};

/// What the binding's holder may read.
#[derive(Deserialize)]
struct Props {
    app: AppId,
    hashes: Vec<String>,
}

/// `GET https://assets/<sha256>`: the content; 404 for what is not in the set.
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
    let Some(hash) = asked
        .parse::<Digest>()
        .ok()
        .filter(|_| props.hashes.iter().any(|hash| hash == asked))
    else {
        return Response::error("not in this artifact set", 404);
    };
    let blobs = Blobs::assets(env, &props.app)
        .map_err(|error| worker::Error::RustError(error.to_string()))?;
    match blobs.stream(&hash).await {
        Ok(Some(body)) => Response::from_body(body),
        Ok(None) => Response::error("not stored", 404),
        Err(error) => Err(worker::Error::RustError(error.to_string())),
    }
}
