//! The way to an app's shard: which one it is in, and what opens that.
//!
//! The pool says it, and it is believed for a while: one object answers for the whole installation, and an app that is used asks its
//! shard many times a second. An app rarely moves; that it has no data anywhere is believed for a
//! second, so that somebody who asks for rows too early finds them soon. While it is believed of an app that moves, both sides are held.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use serde_json::Value;
use worker::Env;

use crate::{
    data::{Shard, moves::BELIEVED_MILLIS, pool},
    edge::{
        cipher, clock,
        objects::{self, ShardCall},
        settings,
    },
    error::{Error, Result},
    ids::{AppId, ShardId},
    time::Timestamp,
};

/// For how long it is believed that it is in none.
const NOWHERE_MILLIS: u64 = 1_000;
/// How often it is told that a shard does not answer, in milliseconds.
const DOUBT_MILLIS: u64 = 2_000;
/// How many apps are remembered. They are looked through one by one.
const MOST_APPS: usize = 512;

/// Where an app's data was found, and until when that is believed.
struct Known {
    app: AppId,
    way: Option<Rc<Way>>,
    until: Timestamp,
}

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
    /// Those of which the keys were opened.
    static OPENED: RefCell<Vec<Rc<Way>>> = const { RefCell::new(Vec::new()) };
}

/// A shard with what opens it.
pub(super) struct Way {
    id: ShardId,
    pub(super) shard: Shard,
    /// The keys as they are sealed.
    sealed: String,
    /// When it was last told that it does not answer.
    doubted_at: Cell<Timestamp>,
}

/// The shard that an app has its data in, if it has any.
///
/// # Errors
/// 503 when the installation has no shard.
pub(super) async fn of(env: &Env, app: &AppId) -> Result<Option<Rc<Way>>> {
    let now = clock::now();
    let known = KNOWN.with_borrow(|all| {
        let is_it = |known: &&Known| known.app == *app && known.until > now;
        all.iter().find(is_it).map(|known| known.way.clone())
    });
    match known {
        Some(way) => Ok(way),
        None => match find(env, app, ShardCall::Find(app.clone())).await? {
            (None, false) => Err(pool::no_database()),
            (way, _) => Ok(way),
        },
    }
}

/// What the pool answers to a call about an app, and whether there is a shard at all.
pub(super) async fn find(
    env: &Env,
    app: &AppId,
    call: ShardCall,
) -> Result<(Option<Rc<Way>>, bool)> {
    let found: Value = objects::shards(env)?.ask(None, call).await?;
    let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
    let has_shards = found.get("has_shards") == Some(&Value::Bool(true));
    let way = match text("shard").parse() {
        Ok(id) => Some(to(env, id, text("url"), text("keys")).await?),
        Err(_) => None,
    };
    remember(app, way.clone());
    Ok((way, has_shards))
}

/// The shard that an app has room in, which it gets if it has none yet: for tables of these names, besides those that it has.
pub(super) async fn reserve(env: &Env, app: &AppId, tables: Vec<String>) -> Result<Rc<Way>> {
    let (way, _) = find(env, app, ShardCall::Reserve(app.clone(), tables)).await?;
    way.ok_or_else(|| Error::internal("room in no shard"))
}

/// An app has its data in a shard no more.
pub(super) async fn release(env: &Env, app: &AppId) -> Result<()> {
    tell(env, ShardCall::Release(app.clone())).await?;
    remember(app, None);
    Ok(())
}

/// Tells the pool that a shard did not answer.
pub(super) async fn doubt(env: &Env, way: &Way) {
    let now = clock::now();
    if way.doubted_at.get().after(DOUBT_MILLIS) <= now {
        way.doubted_at.set(now);
        // The failure itself is what is told to whoever asked.
        let _told = tell(env, ShardCall::Doubt(way.id.clone())).await;
    }
}

/// Tells the pool something.
pub(super) async fn tell(env: &Env, call: ShardCall) -> Result<()> {
    objects::shards(env)?.ask(None, call).await
}

fn remember(app: &AppId, way: Option<Rc<Way>>) {
    let millis = if way.is_some() {
        BELIEVED_MILLIS
    } else {
        NOWHERE_MILLIS
    };
    let now = clock::now();
    let known = Known {
        app: app.clone(),
        way,
        until: now.after(millis),
    };
    KNOWN.with_borrow_mut(|all| {
        all.retain(|other| other.until > now && other.app != known.app);
        all.truncate(MOST_APPS - 1);
        all.insert(0, known);
    });
}

/// The way to where an app was found. What was opened once is not opened again, as long as it is sealed the same.
async fn to(env: &Env, id: ShardId, url: &str, keys: &str) -> Result<Rc<Way>> {
    let is_it = |way: &&Rc<Way>| way.id == id && way.sealed == keys;
    if let Some(way) = OPENED.with_borrow(|all| all.iter().find(is_it).cloned()) {
        return Ok(way);
    }
    let way = Rc::new(Way {
        shard: opened(env, &id, url, keys).await?,
        id: id.clone(),
        sealed: keys.to_owned(),
        doubted_at: Cell::default(),
    });
    OPENED.with_borrow_mut(|all| {
        all.retain(|other| other.id != id);
        all.push(Rc::clone(&way));
    });
    Ok(way)
}

/// A shard with its keys opened; the one that the settings name is as they say.
pub(in crate::edge) async fn opened(
    env: &Env,
    id: &ShardId,
    url: &str,
    keys: &str,
) -> Result<Shard> {
    if id.is_of_settings() {
        return settings::shard(env)?.ok_or_else(|| {
            Error::unavailable(
                "This app's database is not among those of the installation any more. The operator sets SUPABASE_URL and its keys again.",
                "the shard of the settings is not set",
            )
        });
    }
    let keys = cipher::open(env, &sealed_as(id, url), keys).await?;
    let mut keys = keys.splitn(3, '\n').map(str::to_owned);
    let mut next = || keys.next().unwrap_or_default();
    Shard::new(url, &next(), &next(), &next()).map_err(Error::internal)
}

/// The keys of a shard, sealed: secret, publishable, and what tokens are signed with, a line each.
pub(in crate::edge) async fn sealed_keys(env: &Env, id: &ShardId, shard: &Shard) -> Result<String> {
    let signing = shard.signing().to_string();
    let keys = [shard.secret_key(), shard.publishable_key(), &signing];
    cipher::seal(env, &sealed_as(id, shard.url()), &keys.join("\n")).await
}

/// What the keys of a shard are sealed as: they open for this shard alone, and at this address.
fn sealed_as(id: &ShardId, url: &str) -> String {
    format!("shard:{id}:keys:{url}")
}
