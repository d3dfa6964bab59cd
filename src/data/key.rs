//! What a shard's tokens are signed with: a secret that both sides know (HS256), or a private key of ours that the shard was given, whose
//! public half it publishes (ES256, as JWKS). The signatures of the second kind are the platform's (`edge/signature.rs`): a second
//! implementation of elliptic curves would be a tenth of the Worker.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// The shortest secret that tokens are signed with, in bytes (RFC 7518, section 3.2).
const LEAST_SECRET_BYTES: usize = 32;
/// A coordinate, and a private key, of the curve P-256, in bytes (RFC 7518, section 6.2.1.2).
const COORDINATE_BYTES: usize = 32;
/// The members of a private key's JWK that are looked at, `kid` aside.
const PARTS: [&str; 5] = ["kty", "crv", "x", "y", "d"];
/// The longest name of a key, in bytes.
const MOST_ID_BYTES: usize = 128;

/// How a token is signed (RFC 7518, section 3.1). Shards sign in no other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// With a secret that both sides know: HMAC with SHA-256.
    Hs256,
    /// With a private key: ECDSA over P-256 with SHA-256.
    Es256,
    /// With a private key: RSA with SHA-256, RSASSA-PKCS1-v1_5.
    Rs256,
}

impl Algorithm {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// What a shard's tokens are signed with. It goes into no log.
#[derive(Clone, PartialEq, Eq)]
pub enum SigningKey {
    /// A secret of 32 bytes or more.
    Secret(String),
    /// A private key.
    Private(PrivateKey),
}

/// A private key on the curve P-256.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey {
    /// Its name (`kid`): shards find the public half by it.
    pub id: String,
    /// Its private number (`d`), in base64url.
    secret: String,
    /// What there is of it as a JWK, but for the name.
    jwk: Map<String, Value>,
}

impl SigningKey {
    /// A secret as it is, or a private key as a JWK (RFC 7517), as `supabase gen signing-key` writes it; alone, or in a list.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !text.starts_with(['{', '[']) {
            return (text.len() >= LEAST_SECRET_BYTES).then(|| Self::Secret(text.to_owned()));
        }
        let text = text
            .strip_prefix('[')
            .and_then(|list| list.strip_suffix(']'))
            .unwrap_or(text);
        let given: Map<String, Value> = crate::json::from_str(text).ok()?;
        let said = |name: &str| given.get(name).and_then(Value::as_str);
        let id = said("kid").filter(|id| (1..=MOST_ID_BYTES).contains(&id.len()))?;
        if said("kty") != Some("EC") || said("crv") != Some("P-256") {
            return None;
        }
        let mut jwk = Map::new();
        for name in PARTS {
            let part = said(name)?;
            if !["kty", "crv"].contains(&name) {
                let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
                (bytes.len() == COORDINATE_BYTES).then_some(())?;
            }
            jwk.insert(name.to_owned(), part.into());
        }
        Some(Self::Private(PrivateKey {
            id: id.to_owned(),
            secret: said("d")?.to_owned(),
            jwk,
        }))
    }

    /// A secret that is this key's alone: what renews a session is bound with it.
    #[must_use]
    pub fn secret(&self) -> &str {
        match self {
            Self::Secret(secret) => secret,
            Self::Private(key) => &key.secret,
        }
    }
}

/// The text that it is parsed from.
impl fmt::Display for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(secret) => out.write_str(secret),
            Self::Private(key) => {
                let mut jwk = key.jwk.clone();
                jwk.insert("kid".to_owned(), key.id.as_str().into());
                write!(out, "{}", Value::Object(jwk))
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey")
    }
}

impl PrivateKey {
    /// The JWK that signs.
    #[must_use]
    pub fn private(&self) -> Value {
        Value::Object(self.jwk.clone())
    }

    /// The JWK that tells what it has signed.
    #[must_use]
    pub fn public(&self) -> Value {
        let mut jwk = self.jwk.clone();
        jwk.remove("d");
        Value::Object(jwk)
    }
}

/// The key that a shard's list of public ones (`{"keys": […]}`) has by this name, for this algorithm.
#[must_use]
pub fn published(jwks: &Map<String, Value>, id: &str, algorithm: Algorithm) -> Option<Value> {
    let kind = match algorithm {
        Algorithm::Es256 => "EC",
        Algorithm::Rs256 => "RSA",
        Algorithm::Hs256 => return None,
    };
    let keys = jwks.get("keys")?.as_array()?;
    let is =
        |key: &Value, name: &str, value: &str| key.get(name).and_then(Value::as_str) == Some(value);
    let found = keys
        .iter()
        .find(|key| is(key, "kid", id) && is(key, "kty", kind));
    found.cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515, appendix A.3.1.
    const JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI","kid":"b81269f1-21d8-4f2e-b719-c2240a840d90","use":"sig","key_ops":["sign","verify"],"alg":"ES256","ext":true}"#;

    #[test]
    fn a_key_is_a_secret_or_a_private_key_and_is_written_as_it_is_read() {
        let secret = "thirty-two bytes are the least of it";
        for text in [secret, JWK, &format!("[{JWK}]")] {
            let key = SigningKey::parse(text).unwrap();
            assert!(
                SigningKey::parse(&key.to_string()) == Some(key.clone()),
                "{text}"
            );
            assert_eq!(format!("{key:?}"), "SigningKey");
            assert!(!key.to_string().contains('\n'));
        }
        let Some(SigningKey::Private(key)) = SigningKey::parse(JWK) else {
            panic!("it is a private key");
        };
        assert_eq!(key.id, "b81269f1-21d8-4f2e-b719-c2240a840d90");
        assert_eq!(key.public().get("d"), None);
        assert_eq!(
            SigningKey::Private(key.clone()).secret(),
            key.private()["d"]
        );
    }

    #[test]
    fn what_cannot_sign_is_no_key() {
        let whole: Value = serde_json::from_str(JWK).unwrap();
        let with = |name: &str, value: Value| {
            let mut key = whole.clone();
            key[name] = value;
            key.to_string()
        };
        for wrong in [
            "a secret of 31 bytes is no good".to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            format!("[{JWK},{JWK}]"),
            JWK.replacen('}', "", 1),
            with("kty", json!("RSA")),
            with("crv", json!("P-384")),
            with("kid", json!("")),
            with("kid", json!("x".repeat(MOST_ID_BYTES + 1))),
            with("d", json!(null)),
            with("d", json!("c2hvcnQ")),
            with("x", json!("not base64url, but of the same length as one")),
        ] {
            assert!(SigningKey::parse(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_published_key_is_found_by_name_and_kind() {
        let Value::Object(jwks) = json!({ "keys": [
            { "kid": "a", "kty": "EC", "x": "1" }, { "kid": "b", "kty": "RSA", "n": "2" }, { "kid": "c", "kty": "oct", "k": "3" }, "d",
        ] }) else {
            panic!("it is an object");
        };
        let found = |id, algorithm| published(&jwks, id, algorithm).is_some();
        assert!(found("a", Algorithm::Es256) && found("b", Algorithm::Rs256));
        for (id, algorithm) in [
            ("a", Algorithm::Rs256),
            ("b", Algorithm::Es256),
            ("c", Algorithm::Hs256),
            ("d", Algorithm::Es256),
            ("e", Algorithm::Es256),
        ] {
            assert!(!found(id, algorithm), "{id}");
        }
        for wrong in [json!({}), json!({ "keys": {} })] {
            assert!(published(wrong.as_object().unwrap(), "a", Algorithm::Es256).is_none());
        }
    }
}
