//! Compresses with the platform's own gzip.

use js_sys::{ArrayBuffer, Function, Reflect, Uint8Array, futures::JsFuture};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::worker_sys::web_sys;

use crate::error::{Error, Result};

#[wasm_bindgen]
extern "C" {
    type CompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> std::result::Result<CompressionStream, JsValue>;
}

/// The content in gzip (RFC 1952).
pub(super) async fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    compressed(content)
        .await
        .map_err(|error| Error::internal(format!("nothing can be compressed: {error:?}")))
}

async fn compressed(content: &[u8]) -> std::result::Result<Vec<u8>, JsValue> {
    let content = Uint8Array::from(content);
    let body = web_sys::Response::new_with_opt_js_u8_array(Some(&content))?.body();
    let body = body.ok_or_else(|| JsValue::from("no body"))?;
    let pipe: Function = Reflect::get(&body, &"pipeThrough".into())?.dyn_into()?;
    let stream = pipe.call1(&body, &CompressionStream::new("gzip")?.into())?;
    let stream: web_sys::ReadableStream = stream.unchecked_into();
    let response = web_sys::Response::new_with_opt_readable_stream(Some(&stream))?;
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&bytes.unchecked_into::<ArrayBuffer>()).to_vec())
}
