//! Tokens (JWT, RFC 7519). A shard's authorization gives out sessions that know of no app; whoever has one in one app could show it to
//! another. So an app is given the session bound to it ([`bound`], [`bind_refresh`]), and shows that ([`session`]); what goes on to the
//! tables is made of it for each request ([`minted`]). What they are signed with is the shard's [`SigningKey`].

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::{SigningKey, key::Algorithm};
use crate::{ids::AppId, time::Timestamp};

/// How long a minted token is good, in seconds. It goes no further than from here to the shard.
pub const MINTED_SECONDS: u64 = 60;
/// How long one is good that is shown to Realtime, which closes a channel when its token's time is over, in seconds.
pub const LISTENING_SECONDS: u64 = 600;
/// How far the clocks of the shard and this machine may be apart, in seconds.
const SKEW_SECONDS: u64 = 30;
/// The longest token that is looked at, in bytes.
const MOST_BYTES: usize = 8 * 1024;
/// The one role that a person's session has.
const ROLE: &str = "authenticated";
/// The claim that says which app a session was opened in. Policies look at another one: with a session's token alone no table is read.
const APP: &str = "app";

/// Who a session belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    /// The user's id, a UUID.
    #[serde(rename = "sub")]
    pub user: String,
    exp: u64,
    role: String,
    #[serde(default)]
    app: Option<String>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl Session {
    /// Whether its time is over.
    #[must_use]
    pub const fn is_over(&self, now: Timestamp) -> bool {
        self.exp.saturating_add(SKEW_SECONDS) < now.0 / 1_000
    }
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token of this shard's and this app's.
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

/// A token taken apart. Nothing of it is to be believed before its signature is.
pub struct Parts<'a> {
    /// What is signed.
    pub signed: &'a str,
    /// How, as it says.
    pub algorithm: Algorithm,
    /// With which key, as it says.
    pub key: Option<String>,
    /// The signature.
    pub signature: Vec<u8>,
    /// What it says.
    pub claims: Map<String, Value>,
}

impl<'a> Parts<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// When it is none, or signed in a way that no shard's are.
    pub fn of(token: &'a str) -> Result<Self, TokenError> {
        Self::taken(token).ok_or(TokenError::Invalid)
    }

    fn taken(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed
            .split_once('.')
            .filter(|_| token.len() <= MOST_BYTES)?;
        let object = |part: &str| {
            let text = URL_SAFE_NO_PAD.decode(part).ok()?;
            crate::json::from_slice::<Map<String, Value>>(&text).ok()
        };
        let head = object(head)?;
        let said = |name: &str| head.get(name).and_then(Value::as_str);
        Some(Self {
            signed,
            algorithm: Algorithm::named(said("alg")?)?,
            key: said("kid").map(str::to_owned),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            claims: object(claims)?,
        })
    }

    /// Whether it was signed with this secret (HS256).
    #[must_use]
    pub fn is_of(&self, secret: &str) -> bool {
        let mac = keyed(secret, self.signed);
        self.algorithm == Algorithm::Hs256 && mac.verify_slice(&self.signature).is_ok()
    }
}

/// The session that a token of this Worker's is of, if it was opened in this app.
///
/// # Errors
/// When it was not, is not a person's, or its time is over.
pub fn session(
    claims: Map<String, Value>,
    app: &AppId,
    now: Timestamp,
) -> Result<Session, TokenError> {
    let session: Session =
        serde_json::from_value(Value::Object(claims)).map_err(|_| TokenError::Invalid)?;
    let is_here = session.app.as_deref() == Some(app.as_str());
    if !is_here || session.role != ROLE || !is_uuid(&session.user) {
        return Err(TokenError::Invalid);
    }
    if session.is_over(now) {
        return Err(TokenError::Expired);
    }
    Ok(session)
}

/// What a session's token says, as the shard gave it out, for this app alone.
#[must_use]
pub fn bound(mut claims: Map<String, Value>, app: &AppId) -> Value {
    claims.insert(APP.to_owned(), app.as_str().into());
    Value::Object(claims)
}

/// What renews a session, for this app alone.
#[must_use]
pub fn bind_refresh(refresh: &str, app: &AppId, secret: &str) -> String {
    let mark = refresh_mac(refresh, app, secret).finalize().into_bytes();
    format!("{refresh}.{}", URL_SAFE_NO_PAD.encode(mark))
}

/// What the shard knows it by, if it was bound to this app.
#[must_use]
pub fn unbind_refresh<'a>(bound: &'a str, app: &AppId, secret: &str) -> Option<&'a str> {
    let (refresh, mark) = bound.rsplit_once('.')?;
    let mark = URL_SAFE_NO_PAD.decode(mark).ok()?;
    refresh_mac(refresh, app, secret)
        .verify_slice(&mark)
        .is_ok()
        .then_some(refresh)
}

/// What a token says with which this person uses this app's tables, and nothing else.
#[must_use]
pub fn minted(session: &Session, app: &AppId, now: Timestamp) -> Value {
    lasting(session, app, now, MINTED_SECONDS)
}

fn lasting(session: &Session, app: &AppId, now: Timestamp, lasts: u64) -> Value {
    let now = now.0 / 1_000;
    json!({
        "iss": "overskill", "aud": ROLE, "role": ROLE, "sub": session.user, "app_id": app, "email": session.email,
        "session_id": session.session_id, "iat": now, "exp": now + lasts,
    })
}

/// What a token says with which whoever this is hears of the changes of this app's tables.
#[must_use]
pub fn listening(session: Option<&Session>, app: &AppId, now: Timestamp) -> Value {
    let Some(session) = session else {
        let now = now.0 / 1_000;
        return json!({
            "iss": "overskill", "aud": "anon", "role": "anon", "app_id": app, "iat": now, "exp": now + LISTENING_SECONDS,
        });
    };
    lasting(session, app, now, LISTENING_SECONDS)
}

/// A UUID in place of an account's: the same for the same e-mail address in an app, and of nobody who is there.
#[must_use]
pub fn stand_in(email: &str, app: &AppId, secret: &str) -> String {
    let mac = keyed(secret, &format!("stand-in in {app}: {email}"));
    let mac = mac.finalize().into_bytes();
    let mut id = String::new();
    for (at, byte) in mac.iter().take(16).enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            id.push('-');
        }
        // As one of version 4 (RFC 9562, section 5.4).
        let byte = match at {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        id.push_str(&format!("{byte:02x}"));
    }
    id
}

/// What a token says with which a shard is asked whether it takes what is signed so. It may do everything, for a minute.
#[must_use]
pub fn service(now: Timestamp) -> Value {
    let now = now.0 / 1_000;
    json!({ "iss": "overskill", "role": "service_role", "iat": now, "exp": now + MINTED_SECONDS })
}

/// A token that says this, but for the signature: what is to be signed with the key.
#[must_use]
pub fn unsigned(claims: &Value, key: &SigningKey) -> String {
    let head = match key {
        SigningKey::Secret(_) => json!({ "alg": "HS256", "typ": "JWT" }),
        SigningKey::Private(key) => json!({ "alg": "ES256", "typ": "JWT", "kid": key.id }),
    };
    let [head, claims] = [&head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{head}.{claims}")
}

/// The signature of a text with a secret (HS256).
#[must_use]
pub fn signature(text: &str, secret: &str) -> Vec<u8> {
    keyed(secret, text).finalize().into_bytes().to_vec()
}

/// A token with its signature.
#[must_use]
pub fn signed(unsigned: &str, signature: &[u8]) -> String {
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn refresh_mac(refresh: &str, app: &AppId, secret: &str) -> Hmac<Sha256> {
    // No token begins so: what is signed here is never one.
    keyed(secret, &format!("refresh of {app}: {refresh}"))
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
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const USER: &str = "0b0e3f6c-9a53-4a1b-8f0e-3f6c9a534a1b";
    const SECRET: &str = "a secret of forty letters, give or take a few";

    fn kitchen() -> AppId {
        "kitchen1".parse().unwrap()
    }

    fn garden() -> AppId {
        "garden12".parse().unwrap()
    }

    fn sign(claims: &Value, secret: &str) -> String {
        let unsigned = unsigned(claims, &SigningKey::Secret(secret.to_owned()));
        super::signed(&unsigned, &signature(&unsigned, secret))
    }

    fn claims(token: &str, secret: &str) -> Result<Map<String, Value>, TokenError> {
        let parts = Parts::of(token)?;
        if parts.is_of(secret) {
            Ok(parts.claims)
        } else {
            Err(TokenError::Invalid)
        }
    }

    fn read(token: &str, app: &AppId, secret: &str, now: Timestamp) -> Result<Session, TokenError> {
        session(claims(token, secret)?, app, now)
    }

    fn bind(token: &str, app: &AppId, secret: &str) -> Result<String, TokenError> {
        Ok(sign(&bound(claims(token, secret)?, app), secret))
    }

    fn signed(head: &Value, claims: &Value, secret: &str) -> String {
        let [head, claims] = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{head}.{claims}");
        let signature = keyed(secret, &signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a shard says of a session.
    fn given() -> Value {
        json!({ "sub": USER, "role": "authenticated", "exp": NOW.0 / 1_000 + 10, "email": "a@example.com", "user_metadata": { "app": "garden12" } })
    }

    fn said(token: &str) -> Value {
        let body = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
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
    fn a_session_is_one_apps_and_opens_no_table_by_itself() {
        let raw = sign(&given(), SECRET);
        assert_eq!(
            read(&raw, &kitchen(), SECRET, NOW),
            Err(TokenError::Invalid),
            "it was opened nowhere"
        );
        let bound = bind(&raw, &kitchen(), SECRET).unwrap();
        assert_eq!(read(&bound, &kitchen(), SECRET, NOW).unwrap().user, USER);
        assert_eq!(
            read(&bound, &garden(), SECRET, NOW),
            Err(TokenError::Invalid)
        );
        let mut expected = given();
        expected["app"] = json!("kitchen1");
        assert_eq!(said(&bound), expected, "all else is as the shard said it");
        bind(&raw, &kitchen(), "another secret").unwrap_err();
    }

    #[test]
    fn who_listens_is_named_as_a_user_of_the_app_or_as_nobody() {
        let bound = bind(&sign(&given(), SECRET), &kitchen(), SECRET).unwrap();
        let session = read(&bound, &kitchen(), SECRET, NOW).unwrap();
        for (session, role, user) in [
            (Some(&session), "authenticated", json!(USER)),
            (None, "anon", Value::Null),
        ] {
            let said = said(&sign(&listening(session, &kitchen(), NOW), SECRET));
            assert_eq!(said["app_id"], "kitchen1");
            assert_eq!((&said["role"], &said["sub"]), (&json!(role), &user));
            let lasts = said["exp"].as_u64().unwrap() - NOW.0 / 1_000;
            assert_eq!(lasts, LISTENING_SECONDS);
        }
        assert!(!session.is_over(NOW));
        assert!(session.is_over(NOW.after(24 * 3_600_000)));
    }

    #[test]
    fn what_is_minted_names_the_app_and_the_person_and_ends_soon() {
        let bound = bind(&sign(&given(), SECRET), &kitchen(), SECRET).unwrap();
        let session = read(&bound, &kitchen(), SECRET, NOW).unwrap();
        let token = sign(&minted(&session, &kitchen(), NOW), SECRET);
        let said = said(&token);
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
        assert_eq!(
            read(&token, &kitchen(), SECRET, NOW),
            Err(TokenError::Invalid),
            "it is no session"
        );
    }

    #[test]
    fn what_renews_a_session_does_so_in_its_app() {
        let bound = bind_refresh("abc.def", &kitchen(), SECRET);
        assert_eq!(unbind_refresh(&bound, &kitchen(), SECRET), Some("abc.def"));
        assert_eq!(unbind_refresh(&bound, &garden(), SECRET), None);
        assert_eq!(unbind_refresh(&bound, &kitchen(), "another secret"), None);
        for wrong in [
            "",
            "abc.def",
            "abc",
            ".",
            &bound.replace("abc", "abd"),
            &format!("{bound}A"),
        ] {
            assert_eq!(unbind_refresh(wrong, &kitchen(), SECRET), None, "{wrong}");
        }
    }

    #[test]
    fn a_stand_in_looks_like_anybody() {
        let id = stand_in("a@example.com", &kitchen(), SECRET);
        assert!(is_uuid(&id), "{id}");
        assert_eq!(
            (id.get(14..15), id.get(19..20).map(|at| "89ab".contains(at))),
            (Some("4"), Some(true))
        );
        assert_eq!(id, stand_in("a@example.com", &kitchen(), SECRET));
        for other in [
            stand_in("b@example.com", &kitchen(), SECRET),
            stand_in("a@example.com", &garden(), SECRET),
            stand_in("a@example.com", &kitchen(), "another secret"),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn what_is_not_a_persons_token_of_this_shard_opens_nothing() {
        let head = json!({ "alg": "HS256" });
        let mut here = given();
        here["app"] = json!("kitchen1");
        let good = signed(&head, &here, SECRET);
        read(&good, &kitchen(), SECRET, NOW).unwrap();
        let with = |key: &str, value: Value| {
            let mut claims = here.clone();
            claims[key] = value;
            signed(&head, &claims, SECRET)
        };
        let unsigned = good.rsplit_once('.').unwrap().0;
        for wrong in [
            String::new(),
            "..".to_owned(),
            "sb_publishable_abc".to_owned(),
            good.replacen('.', "", 1),
            format!("{good}A"),
            format!("{good}="),
            format!("{unsigned}."),
            signed(&head, &here, "another secret"),
            signed(&json!({ "alg": "none" }), &here, SECRET),
            signed(&json!({ "alg": "HS512" }), &here, SECRET),
            signed(&json!({}), &here, SECRET),
            signed(&json!("HS256"), &here, SECRET),
            with("role", json!("service_role")),
            with("role", json!("anon")),
            with("sub", json!("1' or true")),
            with("sub", json!(null)),
            with("exp", json!("soon")),
            with("app", json!(["kitchen1"])),
            with("more", json!("x".repeat(MOST_BYTES))),
        ] {
            let shown: String = wrong.chars().take(80).collect();
            assert_eq!(
                read(&wrong, &kitchen(), SECRET, NOW),
                Err(TokenError::Invalid),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_token_is_good_until_its_time_is_over_and_the_clocks_agree() {
        let token = bind(&sign(&given(), SECRET), &kitchen(), SECRET).unwrap();
        let end = (NOW.0 / 1_000 + 10 + SKEW_SECONDS) * 1_000;
        let at = |now| read(&token, &kitchen(), SECRET, Timestamp(now)).map(|session| session.user);
        assert_eq!(at(end).unwrap(), USER);
        assert_eq!(at(end + 1_000), Err(TokenError::Expired));
        assert!(is_token(&token) && !is_token("sb_publishable_abc") && !is_token("a.b"));
    }
}
