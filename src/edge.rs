//! The only room that knows the Workers runtime: entry points, Durable Objects, storage, transport, clock.
//!
//! It decides nothing that the core could decide; it carries values between the core and the platform.

mod answers;
mod api;
mod assets;
mod blobs;
mod build_cache;
mod builder;
mod cipher;
mod clock;
mod cloudflare;
mod console;
mod consumer;
mod conversation;
mod data;
mod dns;
mod gateway;
mod gzip;
mod hostnames;
mod loader;
mod model;
mod objects;
mod pace;
mod packages;
mod parser;
mod preview;
mod random;
mod runtime;
mod settings;
mod shards;
mod signature;
mod witness;
mod workspace;

use js_sys::{Promise, futures::future_to_promise};
use std::panic::AssertUnwindSafe;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{
    Env, Request,
    worker_sys::{self, web_sys},
};

/// Every request to the Worker.
#[wasm_bindgen(js_name = fetch)]
pub fn fetch_entry(request: web_sys::Request, env: Env, context: JsValue) -> Promise {
    future_to_promise(AssertUnwindSafe(async move {
        Ok(api::respond(request, &env, &context).await?.into())
    }))
}

/// The code of an app's Worker that `standing.js` knows by name.
#[wasm_bindgen(js_name = app_code)]
pub fn code_entry(name: String, env: Env, context: JsValue) -> Promise {
    future_to_promise(AssertUnwindSafe(async move {
        Ok(preview::code(env, context, &name).await?)
    }))
}

/// What such a Worker has answered.
#[wasm_bindgen(js_name = app_answered)]
pub fn answered_entry(name: &str, status: u16, path: &str, env: &Env, context: &JsValue) {
    preview::answered(env, context, name, status, path);
}

/// A batch of build messages. The macro for this event hides how often a message was delivered and turns an error
/// into a panic, hence the raw export.
#[wasm_bindgen(js_name = queue)]
pub fn queue_entry(batch: worker_sys::MessageBatch, env: Env) -> Promise {
    future_to_promise(AssertUnwindSafe(async move {
        consumer::consume(&batch, &env).await;
        Ok(JsValue::UNDEFINED)
    }))
}

/// The `ASSETS` binding of an app's Worker.
#[wasm_bindgen(js_name = app_assets)]
pub fn assets_entry(request: web_sys::Request, env: Env, context: JsValue) -> Promise {
    future_to_promise(AssertUnwindSafe(async move {
        let response = assets::serve(&Request::from(request), &env, &context).await?;
        Ok(web_sys::Response::from(response).into())
    }))
}

impl From<crate::error::Error> for worker::Error {
    fn from(error: crate::error::Error) -> Self {
        Self::RustError(error.to_string())
    }
}
