//! Signs tokens and judges their signatures: with a shard's secret, or by the platform's elliptic curves.

use std::cell::RefCell;

use js_sys::{Array, ArrayBuffer, JSON, Promise, Uint8Array, futures::JsFuture};
use serde_json::{Map, Value};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::Headers;

use super::{data::in_time, gateway::send_to};
use crate::{
    data::{
        Shard, SigningKey,
        key::{self, Algorithm},
        token::{self, Parts, TokenError},
        unavailable,
    },
    error::{Error, Result},
    sorted::SortedMap,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_jwk(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> std::result::Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn sign(
        algorithm: &JsValue,
        key: &JsValue,
        data: &[u8],
    ) -> std::result::Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn verify(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &[u8],
        data: &[u8],
    ) -> std::result::Result<Promise, JsValue>;
}

thread_local! {
    /// What each shard has published, by its address.
    static PUBLISHED: RefCell<SortedMap<String, Map<String, Value>>> = const { RefCell::new(SortedMap::new()) };
}

/// Where a project publishes the keys whose signatures it believes.
const JWKS: &str = "/auth/v1/.well-known/jwks.json";

/// A token that says this to a shard.
pub(super) async fn signed(shard: &Shard, claims: &Value) -> Result<String> {
    let unsigned = token::unsigned(claims, shard.signing());
    let signature = match shard.signing() {
        SigningKey::Secret(secret) => token::signature(&unsigned, secret),
        SigningKey::Private(key) => {
            let jwk = key.private();
            let signature = by_platform(&jwk, Algorithm::Es256, &unsigned, None).await;
            let signature = signature.map_err(failed)?;
            Uint8Array::new(&signature.unchecked_into::<ArrayBuffer>()).to_vec()
        }
    };
    Ok(token::signed(&unsigned, &signature))
}

/// What a token says that this Worker has signed.
pub(super) async fn own(
    shard: &Shard,
    token: &str,
) -> std::result::Result<Map<String, Value>, TokenError> {
    let parts = Parts::of(token)?;
    let is_own = match shard.signing() {
        SigningKey::Secret(secret) => parts.is_of(secret),
        SigningKey::Private(key) => {
            parts.algorithm == Algorithm::Es256 && is_signed(&parts, &key.public()).await
        }
    };
    is_own.then_some(parts.claims).ok_or(TokenError::Invalid)
}

/// What a token says that a shard has given out, signed with the same key or with one of those that it publishes.
///
/// # Errors
/// When it was signed with anything else: the shard is not what it was set up as.
pub(super) async fn given(shard: &Shard, token: &str) -> Result<Map<String, Value>> {
    let other = || {
        Error::internal(match shard.signing() {
            SigningKey::Secret(_) => {
                "the shard signs its tokens with another secret than SUPABASE_JWT_SECRET, or with a private key"
            }
            SigningKey::Private(_) => {
                "the shard signs its tokens with a secret, or with a key that it does not publish"
            }
        })
    };
    let parts = Parts::of(token).map_err(|_| other())?;
    let is_given = match shard.signing() {
        SigningKey::Secret(secret) => parts.is_of(secret),
        SigningKey::Private(own) => {
            let id = parts.key.as_deref().unwrap_or_default();
            let public = if id == own.id {
                Some(own.public())
            } else {
                published(shard, id, parts.algorithm).await?
            };
            match public {
                Some(public) => is_signed(&parts, &public).await,
                None => false,
            }
        }
    };
    is_given.then_some(parts.claims).ok_or_else(other)
}

/// A key that the shard publishes. What it has published once is remembered, so that most who sign in ask nobody.
async fn published(shard: &Shard, id: &str, algorithm: Algorithm) -> Result<Option<Value>> {
    let known = |known: &SortedMap<String, Map<String, Value>>| {
        key::published(known.get(shard.url())?, id, algorithm)
    };
    if let Some(found) = PUBLISHED.with_borrow(known) {
        return Ok(Some(found));
    }
    let mut answer = send_to(shard, "GET", JWKS, &Headers::new(), &[]).await?;
    let status = answer.status_code();
    let text = in_time(async |_| answer.text().await).await?;
    let keys = crate::json::from_str(&text).ok().filter(|_| status == 200);
    let keys = keys.ok_or_else(|| unavailable(format!("{status} in place of its keys")))?;
    let found = key::published(&keys, id, algorithm);
    PUBLISHED.with_borrow_mut(|known| known.insert(shard.url().to_owned(), keys));
    Ok(found)
}

/// Whether the platform finds the signature to be of this public key.
async fn is_signed(parts: &Parts<'_>, public: &Value) -> bool {
    let signature = Some(parts.signature.as_slice());
    let verdict = by_platform(public, parts.algorithm, parts.signed, signature).await;
    verdict.is_ok_and(|verdict| verdict.is_truthy())
}

/// The signature of a text, or whether this one is.
async fn by_platform(
    jwk: &Value,
    algorithm: Algorithm,
    text: &str,
    signature: Option<&[u8]>,
) -> std::result::Result<JsValue, JsValue> {
    let algorithm = match algorithm {
        Algorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        _ => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
    };
    let (jwk, algorithm) = (JSON::parse(&jwk.to_string())?, JSON::parse(algorithm)?);
    let usage = if signature.is_some() {
        "verify"
    } else {
        "sign"
    };
    let usages = Array::of1(&usage.into());
    let key = JsFuture::from(import_jwk("jwk", &jwk, &algorithm, false, &usages)?).await?;
    let done = match signature {
        Some(signature) => verify(&algorithm, &key, signature, text.as_bytes())?,
        None => sign(&algorithm, &key, text.as_bytes())?,
    };
    JsFuture::from(done).await
}

fn failed(error: JsValue) -> Error {
    Error::internal(format!("nothing can be signed: {error:?}"))
}
