//! The one source of randomness.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::error::{Error, Result};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> std::result::Result<JsValue, JsValue>;
}

/// `N` bytes from the platform's cryptographic generator.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    get_random_values(&mut bytes)
        .map_err(|error| Error::internal(format!("no randomness: {error:?}")))?;
    Ok(bytes)
}
