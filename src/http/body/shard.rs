//! Bodies about shards.

use std::fmt;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{Body, field, invalid, shortened};
use crate::{
    config::Limits,
    data::{
        Shard, ShardError,
        pool::{DEFAULT_APPS, DEFAULT_TABLES, MOST_CAPACITY},
    },
    error::{Error, Result},
};

/// `POST /v1/shards`: a Supabase project to which `src/data/migrations` were applied. What is a key is never told again.
#[derive(Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AddShard {
    /// Where it is, such as `https://abc.supabase.co`.
    pub url: String,
    /// Its key that may do everything.
    pub secret_key: String,
    /// Its key that may do nothing by itself.
    pub publishable_key: String,
    /// What its tokens are signed with: a shared secret (HS256) of 32 bytes or more, or the text of a private key (ES256, a JWK with `kid`)
    /// that the project knows, too.
    pub jwt_secret: String,
    /// How many tables it takes, 1 to 100,000; 500 when it is not given.
    #[schemars(default = "default_tables")]
    pub max_tables: u32,
    /// How many apps it takes, 1 to 100,000; 1,000 when it is not given.
    #[schemars(default = "default_apps")]
    pub max_apps: u32,
}

/// What a shard is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum WantedState {
    /// It takes new apps.
    Available,
    /// It takes none.
    Maintenance,
}

/// `PATCH /v1/shards/{shard}`
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChangeShard {
    /// Whether it takes new apps.
    #[schemars(default)]
    pub state: Option<WantedState>,
    /// How many tables it takes, 1 to 100,000. What is there already stays, be it more.
    #[schemars(default)]
    pub max_tables: Option<u32>,
    /// How many apps it takes, 1 to 100,000. Those that are there stay, be they more.
    #[schemars(default)]
    pub max_apps: Option<u32>,
    /// Its new keys, all three.
    #[schemars(default)]
    pub keys: Option<ShardKeys>,
}

/// What opens a shard. None of it is ever told again.
#[derive(Clone, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShardKeys {
    /// Its key that may do everything.
    pub secret_key: String,
    /// Its key that may do nothing by itself.
    pub publishable_key: String,
    /// What its tokens are signed with: a shared secret (HS256) of 32 bytes or more, or the text of a private key (ES256, a JWK with `kid`)
    /// that the project knows, too.
    pub jwt_secret: String,
}

impl fmt::Debug for ShardKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ShardKeys")
    }
}

const fn default_tables() -> u32 {
    DEFAULT_TABLES
}

const fn default_apps() -> u32 {
    DEFAULT_APPS
}

impl AddShard {
    /// Where it is, and what opens it.
    ///
    /// # Errors
    /// When one of them cannot be that.
    pub fn shard(&self) -> Result<Shard, ShardError> {
        let Self {
            url,
            secret_key,
            publishable_key,
            jwt_secret,
            ..
        } = self;
        Shard::new(url, secret_key, publishable_key, jwt_secret)
    }
}

impl ShardKeys {
    /// The shard at this address that they open.
    ///
    /// # Errors
    /// 400 when one of them cannot be a key.
    pub fn of(&self, url: &str) -> Result<Shard> {
        Shard::new(
            url,
            &self.secret_key,
            &self.publishable_key,
            &self.jwt_secret,
        )
        .map_err(told)
    }
}

/// What is wrong with a shard.
fn told(error: ShardError) -> Error {
    match error {
        ShardError::Url => field(
            "url",
            "must begin with https:// (http:// on this machine) and be nothing but visible ASCII",
        ),
        ShardError::Key => invalid("`secret_key` and `publishable_key` must be visible ASCII."),
        ShardError::Secret => field(
            "jwt_secret",
            "must have 32 bytes or more, or be a private key for ES256 as `supabase gen signing-key` writes it",
        ),
    }
}

/// Members that have to be texts.
fn texts<const N: usize>(wire: &Members, names: [&str; N]) -> Result<[String; N]> {
    let mut texts = [const { String::new() }; N];
    for (text, name) in texts.iter_mut().zip(names) {
        let given = wire.get(name).and_then(Value::as_str);
        given
            .ok_or_else(|| field(name, "must be given, and be text"))?
            .clone_into(text);
    }
    Ok(texts)
}

/// The members of a body as they are sent. What each of them may be is looked at one by one: types of their own for bodies of a few
/// words would be several KB of the Worker.
type Members = Map<String, Value>;

impl Body for AddShard {
    type Wire = Members;

    fn check(wire: Members, _: &Limits) -> Result<Self> {
        let known = ["url", "secret_key", "publishable_key", "jwt_secret"];
        check_names(&wire, &known)?;
        let [url, secret_key, publishable_key, jwt_secret] = texts(&wire, known)?;
        let added = Self {
            url,
            secret_key,
            publishable_key,
            jwt_secret,
            max_tables: capacity(&wire, "max_tables")?.unwrap_or(DEFAULT_TABLES),
            max_apps: capacity(&wire, "max_apps")?.unwrap_or(DEFAULT_APPS),
        };
        added.shard().map_err(told)?;
        Ok(added)
    }
}

impl Body for ChangeShard {
    type Wire = Members;

    fn check(wire: Members, _: &Limits) -> Result<Self> {
        check_names(&wire, &["state", "keys"])?;
        let state = match wire.get("state").map(Value::as_str) {
            None => None,
            Some(Some("available")) => Some(WantedState::Available),
            Some(Some("maintenance")) => Some(WantedState::Maintenance),
            Some(_) => return Err(field("state", "must be `available` or `maintenance`")),
        };
        if wire.is_empty() {
            return Err(invalid(
                "There is nothing to change: give the shard a `state`, `max_tables`, `max_apps` or `keys`.",
            ));
        }
        let keys = match wire.get("keys") {
            None => None,
            Some(Value::Object(keys)) => {
                let names = ["secret_key", "publishable_key", "jwt_secret"];
                if let Some(name) = keys.keys().find(|name| !names.contains(&name.as_str())) {
                    return Err(field(&shortened(name), "is not known here"));
                }
                let [secret_key, publishable_key, jwt_secret] = texts(keys, names)?;
                Some(ShardKeys {
                    secret_key,
                    publishable_key,
                    jwt_secret,
                })
            }
            Some(_) => return Err(field("keys", "must be an object with all three keys")),
        };
        Ok(Self {
            state,
            max_tables: capacity(&wire, "max_tables")?,
            max_apps: capacity(&wire, "max_apps")?,
            keys,
        })
    }
}

fn check_names(wire: &Members, known: &[&str]) -> Result<()> {
    let is_known = |name: &&String| {
        known
            .iter()
            .chain(&["max_tables", "max_apps"])
            .any(|known| known == name)
    };
    match wire.keys().find(|name| !is_known(name)) {
        Some(name) => Err(field(&shortened(name), "is not known here")),
        None => Ok(()),
    }
}

fn capacity(wire: &Members, name: &str) -> Result<Option<u32>> {
    let Some(value) = wire.get(name) else {
        return Ok(None);
    };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    match number.filter(|number| (1..=MOST_CAPACITY).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => {
            let error = field(name, &format!("must be a number from 1 to {MOST_CAPACITY}"));
            Err(error.with("limit", MOST_CAPACITY))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{error::Kind, http::body::parse};

    fn read<T: Body>(body: &Value) -> Result<T> {
        let bytes = body.to_string().into_bytes();
        parse(&bytes, Some("application/json"), &Limits::DEFAULT)
    }

    fn whole() -> Value {
        json!({
            "url": "https://abc.supabase.co/", "secret_key": "sb_secret_a", "publishable_key": "sb_publishable_a",
            "jwt_secret": "x".repeat(32),
        })
    }

    #[test]
    fn a_shard_is_added_with_all_that_opens_it() {
        let added: AddShard = read(&whole()).unwrap();
        assert_eq!((added.max_tables, added.max_apps), (500, 1_000));
        assert_eq!(added.shard().unwrap().url(), "https://abc.supabase.co");
        for (name, value, says) in [
            ("url", json!("http://abc.supabase.co"), "`url` must begin"),
            ("url", json!(5), "`url` must be given"),
            ("secret_key", json!("a b"), "`secret_key`"),
            ("publishable_key", json!(""), "`publishable_key`"),
            ("jwt_secret", json!("short"), "32 bytes"),
            ("max_tables", json!(0), "`max_tables` must be a number"),
            ("max_apps", json!(100_001), "`max_apps` must be a number"),
            ("max_apps", json!(-1), "max_apps"),
            ("id", json!("x"), "id"),
            ("state", json!("available"), "`state`"),
        ] {
            let mut body = whole();
            body[name] = value;
            let error = read::<AddShard>(&body).err().unwrap();
            assert_eq!(error.kind, Kind::Invalid, "{name}");
            assert!(error.public.contains(says), "{error}");
            for secret in ["sb_secret_a", "sb_publishable_a"] {
                assert!(!error.to_string().contains(secret), "{error}");
            }
        }
        for name in ["url", "secret_key", "publishable_key", "jwt_secret"] {
            let mut body = whole();
            body.as_object_mut().unwrap().remove(name);
            let error = read::<AddShard>(&body).err().unwrap();
            assert!(error.public.contains(name), "{error}");
        }
    }

    #[test]
    fn a_change_changes_something() {
        let change = |body| read::<ChangeShard>(&body);
        let drained = change(json!({ "state": "maintenance", "max_tables": 7 })).unwrap();
        assert_eq!(
            (drained.state, drained.max_tables, drained.max_apps),
            (Some(WantedState::Maintenance), Some(7), None)
        );
        let keys = json!({ "secret_key": "sb_secret_b", "publishable_key": "sb_publishable_b", "jwt_secret": "y".repeat(32) });
        let opened = change(json!({ "keys": keys.clone() }))
            .unwrap()
            .keys
            .unwrap();
        assert_eq!(format!("{opened:?}"), "ShardKeys", "it is told nowhere");
        assert_eq!(
            opened.of("https://a.test").unwrap().secret_key(),
            "sb_secret_b"
        );
        for (name, value) in [
            ("jwt_secret", json!(null)),
            ("secret_key", json!(7)),
            ("url", json!("https://b.test")),
        ] {
            let mut wrong = keys.clone();
            wrong[name] = value;
            let error = change(json!({ "keys": wrong })).unwrap_err();
            assert!(error.public.contains(name), "{error}");
        }
        let short = ShardKeys {
            jwt_secret: "short".to_owned(),
            ..opened
        };
        assert!(
            short
                .of("https://a.test")
                .unwrap_err()
                .public
                .contains("32 bytes")
        );
        let back = change(json!({ "state": "available" })).unwrap();
        assert_eq!(back.state, Some(WantedState::Available));
        for body in [
            json!({}),
            json!({ "state": "gone" }),
            json!({ "max_apps": 0 }),
            json!({ "keys": "sb_secret_a" }),
            json!({ "url": "https://a" }),
        ] {
            assert_eq!(change(body).unwrap_err().kind, Kind::Invalid);
        }
    }
}
