//! An app's tables, in its shard. The crate `postgrest` makes the requests; they are sent like all others, with a deadline, and once more
//! where the first attempt came to nothing: every call here may be repeated.

mod way;

use std::{pin::pin, rc::Rc, time::Duration};

use futures::future::{self, Either};
use postgrest::{Builder, Postgrest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use worker::{
    AbortController, AbortSignal, Delay, Env, Fetch, Headers, Method, Request, RequestInit,
};

use self::way::Way;
pub(super) use self::way::{opened, sealed_keys};
use super::{clock, objects::ShardCall, runtime, signature};
use crate::{
    data::{self, Shard, TableName, TableSpec, token},
    error::{Error, Kind, Result},
    ids::AppId,
};

/// How long a shard may take for one attempt. The first one wakes a database that is at rest.
const DEADLINE: Duration = Duration::from_secs(20);
/// The wait before the second attempt.
const AGAIN: Duration = Duration::from_millis(200);
/// How many tables are dropped in one transaction.
const DROPPED_AT_ONCE: u32 = 50;

/// The shard of an app.
pub(super) struct Tables {
    client: Postgrest,
    way: Rc<Way>,
    env: Env,
}

/// The position of a row in its table.
pub(super) struct Row {
    pub(super) created_at: String,
    pub(super) id: String,
}

impl Tables {
    /// The shard of an app; one that has none gets one.
    ///
    /// # Errors
    /// 503 when the installation has no shard, or none that takes another app.
    pub(super) async fn of(env: &Env, app: &AppId) -> Result<Self> {
        if let Some(tables) = Self::if_any(env, app).await? {
            return Ok(tables);
        }
        let way = way::reserve(env, app, Vec::new()).await?;
        Ok(Self::at(env, way))
    }

    /// The shard of an app; nothing when it has none.
    ///
    /// # Errors
    /// 503 when the installation has no shard.
    pub(super) async fn if_any(env: &Env, app: &AppId) -> Result<Option<Self>> {
        let way = way::of(env, app).await?;
        Ok(way.map(|way| Self::at(env, way)))
    }

    /// The same as the pool knows it now, and without that error.
    pub(super) async fn as_of_now(env: &Env, app: &AppId) -> Result<Option<Self>> {
        let (way, _) = way::find(env, app, ShardCall::Find(app.clone())).await?;
        Ok(way.map(|way| Self::at(env, way)))
    }

    fn at(env: &Env, way: Rc<Way>) -> Self {
        let shard = &way.shard;
        Self {
            client: client(shard, shard.secret_key(), shard.secret_key()),
            env: env.clone(),
            way,
        }
    }

    /// Where it is, and what opens it.
    pub(super) fn shard(&self) -> &Shard {
        &self.way.shard
    }

    /// Tells the pool that the shard did not answer, when that is what has happened.
    pub(super) async fn doubt(&self, error: &Error) {
        if error.kind == Kind::Unavailable {
            way::doubt(&self.env, &self.way).await;
        }
    }

    /// Makes an app's tables, or adds to them; all that it has then, by name. Room is set aside for them first.
    ///
    /// # Errors
    /// Those of [`Tables::of`], and 413 when the app's shard has no room for that many more.
    pub(super) async fn define(
        env: &Env,
        app: &AppId,
        wanted: &[TableSpec],
    ) -> Result<Vec<TableSpec>> {
        // What is no name of a table is refused by the shard, and takes no room.
        let asked: Vec<String> = wanted
            .iter()
            .filter(|spec| TableName::of(app, spec.name()).is_some())
            .map(|spec| spec.name().to_owned())
            .collect();
        let tables = Self::at(env, way::reserve(env, app, asked.clone()).await?);
        let arguments = json!({ "p_app_id": app, "p_tables": wanted });
        let made = tables.call::<Value>("provision_app", &arguments).await;
        // Of a shard that is silent it is not known what came of it: the room stays set aside.
        if let Err(error) = &made
            && error.kind == Kind::Unavailable
        {
            return made.map(|_| Vec::new());
        }
        let all = tables.list(app).await?;
        let found = all.iter().map(|spec| spec.name().to_owned()).collect();
        tables.settle(app, asked, found).await?;
        made.map(|_| all)
    }

    async fn settle(&self, app: &AppId, asked: Vec<String>, found: Vec<String>) -> Result<()> {
        way::tell(&self.env, ShardCall::Settle(app.clone(), asked, found)).await
    }

    /// Those of an app, by name.
    pub(super) async fn list(&self, app: &AppId) -> Result<Vec<TableSpec>> {
        self.call("describe_app", &json!({ "p_app_id": app })).await
    }

    /// Drops one; whether it was there.
    pub(super) async fn drop_table(&self, app: &AppId, table: &TableName) -> Result<bool> {
        let arguments = json!({ "p_app_id": app, "p_table": table.logical() });
        let was_there = self.call("drop_table", &arguments).await?;
        let dropped = vec![table.logical().to_owned()];
        self.settle(app, dropped, Vec::new()).await?;
        Ok(was_there)
    }

    /// What they take, and what they may, as the shard tells it.
    pub(super) async fn usage(&self, app: &AppId) -> Result<Value> {
        self.call("app_usage", &json!({ "p_app_id": app })).await
    }

    /// A piece of the rows of a table, or of all that the app has: `{text, next}`, the next one being asked for with that as `at` until it is
    /// null. Null when there is no such table.
    pub(super) async fn export(
        &self,
        app: &AppId,
        table: Option<&TableName>,
        at: &Value,
    ) -> Result<Value> {
        let table = table.map(TableName::logical);
        let arguments = json!({ "p_app_id": app, "p_table": table, "p_at": at });
        self.call("export_app", &arguments).await
    }

    /// Puts rows into a table, or sees whether they can be: `{inserted, updated}` or `{errors}`. Null when there is no such table.
    pub(super) async fn import(&self, arguments: &Value) -> Result<Value> {
        self.call("import_rows", arguments).await
    }

    /// Whether a person is a user of the app.
    pub(super) async fn is_member(&self, app: &AppId, user: &str) -> Result<bool> {
        let arguments = json!({ "p_app_id": app, "p_user_id": user });
        self.call("is_member", &arguments).await
    }

    /// Asks a function about the app's people; what it says goes on as it is.
    pub(super) async fn people(&self, function: &str, arguments: &Value) -> Result<Value> {
        self.call(function, arguments).await
    }

    /// Drops all that an app has, part by part. Broken off, it is begun again with what is left.
    pub(super) async fn drop_all(&self, app: &AppId) -> Result<()> {
        let arguments = json!({ "p_app_id": app, "p_max": DROPPED_AT_ONCE });
        while self.call::<u32>("drop_app", &arguments).await? > 0 {}
        way::release(&self.env, app).await
    }

    /// Rows after one, the newest first.
    pub(super) async fn rows(
        &self,
        table: &TableName,
        after: Option<&Row>,
        limit: u32,
    ) -> Result<Vec<Map<String, Value>>> {
        let ask = || {
            let asked = self
                .client
                .from(table.physical())
                .select("*")
                .order("created_at.desc,id.desc")
                .limit(limit as usize);
            match after {
                None => asked,
                Some(Row { created_at, id }) => asked.or(format!(
                    "created_at.lt.\"{created_at}\",and(created_at.eq.\"{created_at}\",id.lt.\"{id}\")"
                )),
            }
        };
        parse(&self.ask(&ask).await?)
    }

    async fn call<T: DeserializeOwned>(&self, function: &str, arguments: &Value) -> Result<T> {
        let arguments = arguments.to_string();
        let answer = self.answer(function, arguments);
        parse(&answer.await?)
    }

    /// The same for every type of answer, so that it is compiled once.
    async fn answer(&self, function: &str, arguments: String) -> Result<String> {
        let ask = || self.client.rpc(function, arguments.as_str());
        self.ask(&ask).await
    }

    async fn ask(&self, ask: &dyn Fn() -> Builder) -> Result<String> {
        let answer = attempt_twice(ask).await;
        if let Err(error) = &answer {
            self.doubt(error).await;
        }
        answer
    }
}

fn client(shard: &Shard, key: &str, token: &str) -> Postgrest {
    // What stands in headers was looked at when the shard was read: else this would panic.
    Postgrest::new(shard.rest())
        .insert_header("apikey", key)
        .insert_header("authorization", format!("Bearer {token}"))
}

/// Whether a shard answers and has our migrations; of a new one also, whether its other key is its own, and what its tokens are signed with.
pub(super) async fn is_well(shard: &Shard, is_new: bool) -> Result<()> {
    ask_shard(shard, "shard_state", "{}").await?;
    if is_new {
        let token = signature::signed(shard, &token::service(clock::now())).await?;
        let client = client(shard, shard.publishable_key(), &token);
        attempt_twice(|| client.rpc("shard_state", "{}")).await?;
    }
    Ok(())
}

/// What a function of a shard answers, JSON. It is called once more where the first call came to nothing.
pub(super) async fn ask_shard(shard: &Shard, function: &str, arguments: &str) -> Result<String> {
    let client = client(shard, shard.secret_key(), shard.secret_key());
    attempt_twice(|| client.rpc(function, arguments)).await
}

fn parse<T: DeserializeOwned>(answer: &str) -> Result<T> {
    crate::json::from_str(answer)
        .map_err(|error| Error::internal(format!("the answer of a shard cannot be read: {error}")))
}

/// The body of the answer to a call, which is made once more when that may help.
async fn attempt_twice(ask: impl Fn() -> Builder) -> Result<String> {
    match attempt(request(ask())?).await {
        Err(error) if error.kind == Kind::Unavailable => {
            Delay::from(AGAIN).await;
            attempt(request(ask())?).await
        }
        answer => answer,
    }
}

/// What the crate would send.
fn request(asked: Builder) -> Result<Request> {
    let asked = asked.build().build().map_err(Error::internal)?;
    let headers = Headers::new();
    for (name, value) in asked.headers() {
        let value = value.to_str().map_err(Error::internal)?;
        headers.set(name.as_str(), value).map_err(Error::internal)?;
    }
    // Else text it would be for the platform.
    headers
        .set("content-type", "application/json")
        .map_err(Error::internal)?;
    let mut init = RequestInit::new();
    init.with_method(Method::from(asked.method().to_string()))
        .with_headers(headers);
    let body = asked.body().and_then(|body| body.as_bytes());
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        let body = String::from_utf8_lossy(body).into_owned();
        init.with_body(Some(body.into()));
    }
    Request::new_with_init(asked.url().as_str(), &init).map_err(Error::internal)
}

async fn attempt(request: Request) -> Result<String> {
    let (status, text) = in_time(async |signal| {
        let response = Fetch::Request(request).send_with_signal(signal).await?;
        Ok((response.status_code(), runtime::text(response).await?))
    })
    .await?;
    if (200..300).contains(&status) {
        Ok(text)
    } else {
        Err(data::refused(status, &text))
    }
}

/// What comes of asking a shard. What takes too long is called off.
pub(super) async fn in_time<T>(
    ask: impl AsyncFnOnce(&AbortSignal) -> worker::Result<T>,
) -> Result<T> {
    let abort = AbortController::default();
    let signal = abort.signal();
    let answer = {
        let asking = pin!(ask(&signal));
        match future::select(asking, Delay::from(DEADLINE)).await {
            Either::Left((answer, _)) => answer.map_err(data::unavailable),
            Either::Right(_) => Err(data::unavailable("it is silent")),
        }
    };
    answer.inspect_err(|_| abort.abort())
}
