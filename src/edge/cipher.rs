//! Seals secrets and opens them, with the platform's AES-GCM.

use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array, futures::JsFuture};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::{random, settings};
use crate::{
    data::seal::{Key, SealError, Sealed},
    error::{Error, Result},
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_key(
        format: &str,
        key: &[u8],
        algorithm: &str,
        extractable: bool,
        usages: &Array,
    ) -> std::result::Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn encrypt(
        algorithm: &JsValue,
        key: &JsValue,
        data: &[u8],
    ) -> std::result::Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn decrypt(
        algorithm: &JsValue,
        key: &JsValue,
        data: &[u8],
    ) -> std::result::Result<Promise, JsValue>;
}

const ALGORITHM: &str = "AES-GCM";

/// Seals a secret with the first key. It opens as nothing else than `of`.
///
/// # Errors
/// 503 when the installation has no key.
pub(super) async fn seal(env: &Env, of: &str, secret: &str) -> Result<String> {
    let ring = settings::seal_keys(env)?;
    let key = ring.first().map_err(Error::internal)?;
    let nonce = random::bytes()?;
    let ciphertext = apply(encrypt, "encrypt", key, &nonce, of, secret.as_bytes());
    let ciphertext = ciphertext.await.map_err(failed)?;
    let key = key.id.clone();
    Ok(Sealed {
        key,
        nonce,
        ciphertext,
    }
    .to_string())
}

/// The secret that was sealed as `of`.
///
/// # Errors
/// 503 when it was sealed with a key that the installation does not have any more, or does not open with it.
pub(super) async fn open(env: &Env, of: &str, sealed: &str) -> Result<String> {
    let closed = |error: SealError| {
        Error::unavailable(
            "A secret of this installation cannot be opened. The operator sees to it that SEAL_KEYS names the key that it was sealed with.",
            error,
        )
    };
    let sealed: Sealed = sealed.parse().map_err(closed)?;
    let ring = settings::seal_keys(env)?;
    let key = ring.of(&sealed).map_err(closed)?;
    let opened = apply(
        decrypt,
        "decrypt",
        key,
        &sealed.nonce,
        of,
        &sealed.ciphertext,
    );
    // The platform does not say why.
    let opened = opened
        .await
        .map_err(|_| closed(SealError::Closed(key.id.clone())))?;
    String::from_utf8(opened).map_err(Error::internal)
}

type Operation = fn(&JsValue, &JsValue, &[u8]) -> std::result::Result<Promise, JsValue>;

async fn apply(
    operation: Operation,
    usage: &str,
    key: &Key,
    nonce: &[u8],
    of: &str,
    data: &[u8],
) -> std::result::Result<Vec<u8>, JsValue> {
    let usages = Array::of1(&usage.into());
    let imported = import_key("raw", &key.bytes, ALGORITHM, false, &usages)?;
    let imported = JsFuture::from(imported).await?;
    let algorithm = Object::new();
    for (name, value) in [
        ("name", ALGORITHM.into()),
        ("iv", Uint8Array::from(nonce).into()),
        ("additionalData", Uint8Array::from(of.as_bytes()).into()),
    ] {
        let value: JsValue = value;
        Reflect::set(&algorithm, &name.into(), &value)?;
    }
    let buffer = JsFuture::from(operation(&algorithm, &imported, data)?).await?;
    Ok(Uint8Array::new(&buffer.unchecked_into::<ArrayBuffer>()).to_vec())
}

fn failed(error: JsValue) -> Error {
    Error::internal(format!("nothing can be sealed: {error:?}"))
}
