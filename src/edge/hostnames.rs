//! The Durable Object of one name below the domain of the apps, or of one host name of somebody's own: whose it is. One object for a name, so that of two who claim it at once one has it.
//!
//! `POST /` with an [`Asked`]`<`[`HostnameCall`]`>`; the call's answer as JSON, `Ok` or `Err`. Storage: `app`, the id of the app that has it.

use std::cell::RefCell;

use serde::Serialize;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::{
    clock,
    objects::{self, Asked, HostnameCall as Call},
};
use crate::{
    error::{Error, Result},
    ids::AppId,
    publish::names::Name,
    sorted::SortedMap,
    time::Timestamp,
};

const APP: &str = "app";
/// For how long it is believed that a name is an app's, in milliseconds.
const BELIEVED_MILLIS: u64 = 1_000;
/// How many names are known at once; with one more the rest is forgotten.
const MOST_KNOWN: usize = 1_000;

thread_local! {
    static KNOWN: RefCell<SortedMap<String, (AppId, Timestamp)>> = const { RefCell::new(SortedMap::new()) };
}

/// One name.
#[durable_object]
pub struct Hostname {
    state: State,
}

impl DurableObject for Hostname {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let asked: Asked<Call> = crate::json::from_str(&request.text().await?)?;
        let answer = self.answer(asked.call).await.map_err(Error::internal);
        Response::ok(serde_json::to_string(&answer)?)
    }
}

impl Hostname {
    async fn answer(&self, call: Call) -> worker::Result<serde_json::Value> {
        let storage = self.state.storage();
        // Nobody else is heard between a storage's answer and what is written after it.
        let holder: Option<AppId> = storage.get(APP).await?;
        match call {
            Call::Find => json(&holder),
            Call::Claim(app) => {
                if holder.is_none() {
                    storage.put(APP, &app).await?;
                }
                json(&holder.is_none_or(|holder| holder == app))
            }
            Call::Release(app) => {
                if holder == Some(app) {
                    storage.delete_all().await?;
                }
                json(&())
            }
        }
    }
}

fn json<T: Serialize>(value: &T) -> worker::Result<serde_json::Value> {
    Ok(serde_json::to_value(value)?)
}

/// Whose a name is, or was a moment ago.
pub(super) async fn find(env: &Env, name: &str) -> Result<Option<AppId>> {
    let now = clock::now();
    let known = KNOWN.with_borrow(|known| known.get(name).cloned());
    if let Some((app, at)) = known
        && now.since(at) < BELIEVED_MILLIS
    {
        return Ok(Some(app));
    }
    let found = holder(env, name).await?;
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        match &found {
            Some(app) => known.insert(name.to_owned(), (app.clone(), now)),
            None => known.remove(name),
        };
    });
    Ok(found)
}

/// Whose a name is as of now.
pub(super) async fn holder(env: &Env, name: &str) -> Result<Option<AppId>> {
    objects::hostname(env, name)?.ask(None, Call::Find).await
}

/// Claims the first of these names that can be had.
pub(super) async fn claim_one(env: &Env, app: &AppId, proposed: Vec<Name>) -> Result<Option<Name>> {
    for name in proposed {
        if claim(env, app, name.as_str()).await? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Claims a name; whether it is the app's.
pub(super) async fn claim(env: &Env, app: &AppId, name: &str) -> Result<bool> {
    objects::hostname(env, name)?
        .ask(None, Call::Claim(app.clone()))
        .await
}

/// Gives a name back.
pub(super) async fn release(env: &Env, app: &AppId, name: &str) -> Result<()> {
    objects::hostname(env, name)?
        .ask(None, Call::Release(app.clone()))
        .await
}
