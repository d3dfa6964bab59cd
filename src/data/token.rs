//! Tokens of a shard (JWT, RFC 7519, signed with HS256): the session's, which its authorization gives out and which knows of no app, is
//! read; the one that opens an app's tables is made of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use crate::{ids::AppId, time::Timestamp};

/// How long a minted token is good, in seconds. It goes no further than from here to the shard.
pub const MINTED_SECONDS: u64 = 60;
/// How far the clocks of the shard and this machine may be apart, in seconds.
const SKEW_SECONDS: u64 = 30;
/// The longest token that is looked at, in bytes.
const MOST_BYTES: usize = 8 * 1024;
/// The one role that a person's session has.
const ROLE: &str = "authenticated";

/// Who a session belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The user's id, a UUID.
    #[serde(rename = "sub")]
    pub user: String,
    /// When it ends, in seconds since the Unix epoch.
    pub exp: u64,
    role: String,
    /// What the shard knows the session by.
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token of this shard's.
    #[error("the token is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
}

/// Whether this is written as a token is. Keys are not.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.split('.').count() == 3
}

/// Reads a session's token that was signed with this secret.
///
/// # Errors
/// When it was not, is not a person's, or its time is over.
pub fn read(token: &str, secret: &str, now: Timestamp) -> Result<Session, TokenError> {
    #[derive(Deserialize)]
    struct Head {
        alg: String,
    }
    let (signed, signature) = token
        .rsplit_once('.')
        .filter(|_| token.len() <= MOST_BYTES)
        .ok_or(TokenError::Invalid)?;
    let (head, claims) = signed.split_once('.').ok_or(TokenError::Invalid)?;
    let decode = |part: &str| {
        URL_SAFE_NO_PAD
            .decode(part)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or(TokenError::Invalid)
    };
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| TokenError::Invalid)?;
    keyed(secret, signed)
        .verify_slice(&signature)
        .map_err(|_| TokenError::Invalid)?;
    let head: Head = serde_json::from_str(&decode(head)?).map_err(|_| TokenError::Invalid)?;
    let session: Session =
        serde_json::from_str(&decode(claims)?).map_err(|_| TokenError::Invalid)?;
    if head.alg != "HS256" || session.role != ROLE || !is_uuid(&session.user) {
        return Err(TokenError::Invalid);
    }
    if session.exp.saturating_add(SKEW_SECONDS) < now.0 / 1_000 {
        return Err(TokenError::Expired);
    }
    Ok(session)
}

/// A token with which this person uses this app, and nothing else.
#[must_use]
pub fn mint(session: &Session, app: &AppId, secret: &str, now: Timestamp) -> String {
    let now = now.0 / 1_000;
    let claims = json!({
        "iss": "overskill", "aud": ROLE, "role": ROLE, "sub": session.user, "app_id": app, "email": session.email,
        "session_id": session.session_id, "iat": now, "exp": now + MINTED_SECONDS,
    });
    let head = json!({ "alg": "HS256", "typ": "JWT" });
    let [head, claims] = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{head}.{claims}");
    let signature = keyed(secret, &signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn keyed(secret: &str, text: &str) -> Hmac<Sha256> {
    // A key of HMAC's may have any length.
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes())
        .unwrap_or_else(|_| hmac::Mac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    mac.update(text.as_bytes());
    mac
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, letter)| {
            if [8, 13, 18, 23].contains(&at) {
                letter == '-'
            } else {
                letter.is_ascii_hexdigit()
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const USER: &str = "0b0e3f6c-9a53-4a1b-8f0e-3f6c9a534a1b";
    const SECRET: &str = "a secret of forty letters, give or take a few";

    fn signed(head: &Value, claims: &Value, secret: &str) -> String {
        let [head, claims] = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{head}.{claims}");
        let signature = keyed(secret, &signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn claims() -> Value {
        json!({ "sub": USER, "role": "authenticated", "exp": NOW.0 / 1_000 + 10, "email": "a@example.com", "user_metadata": { "app_id": "garden12" } })
    }

    #[test]
    fn the_example_of_the_standard_is_signed_as_there() {
        // RFC 7515, appendix A.1: the key is given in base64url.
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&key).unwrap();
        mac.update(text.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn what_is_minted_names_the_app_and_the_person_and_ends_soon() {
        let head = json!({ "alg": "HS256" });
        let session = read(&signed(&head, &claims(), SECRET), SECRET, NOW).unwrap();
        let token = mint(&session, &"kitchen1".parse().unwrap(), SECRET, NOW);
        let body = token.split('.').nth(1).unwrap();
        let said: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
        assert_eq!(said["app_id"], "kitchen1");
        assert_eq!(
            (&said["sub"], &said["role"], &said["email"]),
            (
                &json!(USER),
                &json!("authenticated"),
                &json!("a@example.com")
            )
        );
        assert_eq!(
            said["exp"].as_u64().unwrap() - NOW.0 / 1_000,
            MINTED_SECONDS
        );
        assert_eq!(
            said["user_metadata"],
            Value::Null,
            "what users say of themselves goes no further"
        );
        assert_eq!(read(&token, SECRET, NOW).unwrap().user, USER);
        assert_eq!(read(&token, "another", NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn what_is_not_a_persons_token_of_this_shard_opens_nothing() {
        let head = json!({ "alg": "HS256" });
        let good = signed(&head, &claims(), SECRET);
        read(&good, SECRET, NOW).unwrap();
        let with = |key: &str, value: Value| {
            let mut claims = claims();
            claims[key] = value;
            signed(&head, &claims, SECRET)
        };
        for wrong in [
            String::new(),
            "..".to_owned(),
            "sb_publishable_abc".to_owned(),
            good.replacen('.', "", 1),
            format!("{good}A"),
            format!("{good}="),
            signed(&head, &claims(), "another secret"),
            signed(&json!({ "alg": "none" }), &claims(), SECRET),
            signed(&json!({ "alg": "HS512" }), &claims(), SECRET),
            signed(&json!({}), &claims(), SECRET),
            with("role", json!("service_role")),
            with("role", json!("anon")),
            with("sub", json!("1' or true")),
            with("sub", json!(null)),
            with("exp", json!("soon")),
            with("more", json!("x".repeat(MOST_BYTES))),
        ] {
            assert_eq!(
                read(&wrong, SECRET, NOW),
                Err(TokenError::Invalid),
                "{}",
                wrong.chars().take(80).collect::<String>()
            );
        }
        let unsigned = good.rsplit_once('.').unwrap().0;
        assert_eq!(
            read(&format!("{unsigned}."), SECRET, NOW),
            Err(TokenError::Invalid)
        );
    }

    #[test]
    fn a_token_is_good_until_its_time_is_over_and_the_clocks_agree() {
        let head = json!({ "alg": "HS256" });
        let token = signed(&head, &claims(), SECRET);
        let end = (NOW.0 / 1_000 + 10 + SKEW_SECONDS) * 1_000;
        read(&token, SECRET, Timestamp(end)).unwrap();
        assert_eq!(
            read(&token, SECRET, Timestamp(end + 1_000)),
            Err(TokenError::Expired)
        );
        assert!(is_token(&token) && !is_token("sb_publishable_abc") && !is_token("a.b"));
    }
}
