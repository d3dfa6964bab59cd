//! The Durable Object of the pool of shards; one for the installation.
//!
//! `POST /` with an [`Asked`]`<`[`ShardCall`]`>`; the call's answer as JSON, `Ok` or `Err`.
//!
//! Storage (SQLite): `shards` one row a shard with its [`Member`] as JSON, the keys in it sealed; the one that the settings name is there
//! with what it counts, its address and keys are not. `apps` which shard an app is in, and the names of its tables, a line each. `moves` the
//! apps that go to another one, or have failed to, each with its [`Move`](crate::data::moves::Move). The alarm asks
//! shards whether they are well, and goes on with the moves. What is decided is decided in one go, and written before anything else is asked.

mod moves;

use serde_json::{Value as Answer, json};
use worker::{
    DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue as Value, State,
    console_error, durable_object,
};

use super::{
    clock, data,
    objects::{Asked, ShardCall as Call},
    runtime, settings,
};
use crate::{
    data::pool::{self, Change, Held, Member, Phase, Pool},
    error::{Error, Kind, Result},
    http::resource,
    ids::{AppId, ShardId},
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS shards(id TEXT PRIMARY KEY, member TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS apps(app TEXT PRIMARY KEY, shard TEXT NOT NULL, tables TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS moves(app TEXT PRIMARY KEY, move TEXT NOT NULL) WITHOUT ROWID;
";

/// The pool of shards.
#[durable_object(alarm)]
pub struct Shards {
    state: State,
    env: Env,
    sql: SqlStorage,
}

impl DurableObject for Shards {
    fn new(state: State, env: Env) -> Self {
        let sql = state.storage().sql();
        Self { state, env, sql }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let asked: Asked<Call> = crate::json::from_str(&request.text().await?)?;
        let answer = self.answer(asked.call).await;
        if let Err(error) = &answer
            && error.source.is_some()
        {
            console_error!("{error}");
        }
        Response::ok(serde_json::to_string(&answer)?)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // An error here would count against the platform's six retries, after which it gives up on the alarm.
        let came = async {
            self.check().await?;
            self.go_on().await?;
            self.wake()
        };
        if let Err(error) = came.await {
            console_error!("the shards could not be looked after: {error}");
            runtime::arm(&self.state, clock::now().after(pool::CHECK_MILLIS))?;
        }
        Response::empty()
    }
}

impl Shards {
    async fn answer(&self, call: Call) -> Result<Answer> {
        self.sql.exec(SCHEMA, None).map_err(Error::internal)?;
        let now = clock::now();
        match call {
            Call::Find(app) => Self::found(&self.pool()?, self.held(&app)?),
            Call::Reserve(app, tables) => self.change(&mut |pool| {
                if !tables.is_empty() {
                    self.is_still(&app)?;
                }
                let held = pool.reserve(self.held(&app)?, tables.clone())?;
                self.put(&app, &held)?;
                Self::found(pool, Some(held))
            }),
            Call::Settle(app, asked, found) => self.change(&mut |pool| {
                if let Some(held) = self.held(&app)? {
                    self.put(&app, &pool.settle(held, &asked, found.clone())?)?;
                }
                Ok(Answer::Null)
            }),
            Call::Release(app) => self.change(&mut |pool| {
                if let Some(held) = self.held(&app)? {
                    pool.release(&held)?;
                    self.run("DELETE FROM apps WHERE app = ?", vec![app.as_str().into()])?;
                }
                Ok(Answer::Null)
            }),
            Call::Doubt(shard) => self.change(&mut |pool| {
                pool.member(&shard)?.doubted(now);
                Ok(Answer::Null)
            }),
            Call::List => {
                let pool = self.pool()?;
                let shown = pool.members().iter().map(|member| self.shown(member));
                shown.collect::<Result<_>>().map(Answer::Array)
            }
            Call::Add(member) => self.add(read(Member::of_stored(&member))?).await,
            Call::Change(shard, takes_apps, max_tables, max_apps) => self.change(&mut |pool| {
                let change = Change {
                    takes_apps,
                    max_tables,
                    max_apps,
                };
                self.shown(pool.change(&shard, &change)?)
            }),
            Call::Rekey(shard, keys) => self.rekey(&shard, &keys).await,
            Call::Remove(shard) => self.change(&mut |pool| {
                self.is_quiet(&shard)?;
                pool.remove(&shard)?;
                self.run(
                    "DELETE FROM shards WHERE id = ?",
                    vec![shard.as_str().into()],
                )?;
                Ok(Answer::Null)
            }),
            Call::Apps(shard, after, limit) => self.apps_of(&shard, &after, limit),
            Call::Move(app, shard) => self.set_out(&app, &shard),
            Call::Stay(app, shard) => self.stay(&app, &shard),
        }
    }

    /// Adds a shard that answers and has our migrations. One that does not is not added; while it is being asked, it takes no apps.
    async fn add(&self, member: Member) -> Result<Answer> {
        let own = settings::shard(&self.env)?;
        if own.is_some_and(|own| own.url() == member.url) {
            return Err(Error::new(
                Kind::Conflict,
                "The shard `default` has this address already.",
            ));
        }
        let mut is_new = true;
        let there = self.change(&mut |pool| {
            let there = pool.add(member.clone())?;
            is_new = there.phase == Phase::Provisioning;
            self.shown(there)
        })?;
        if !is_new {
            return Ok(there);
        }
        let answer = self.ask(&member, true).await;
        let id = &member.id;
        if let Err(error) = answer {
            self.change(&mut |pool| {
                pool.remove(id)?;
                self.run("DELETE FROM shards WHERE id = ?", vec![id.as_str().into()])?;
                Ok(Answer::Null)
            })?;
            return Err(not_ready(&member.url, &error));
        }
        self.change(&mut |pool| {
            let member = pool.member(id)?;
            member.checked(true, clock::now());
            self.shown(member)
        })
    }

    /// Opens a shard with other keys from now on, if it answers to them.
    async fn rekey(&self, id: &ShardId, keys: &str) -> Result<Answer> {
        let url = self.pool()?.member(id)?.url.clone();
        let shard = data::opened(&self.env, id, &url, keys).await?;
        let answer = data::is_well(&shard, true).await;
        answer.map_err(|error| not_ready(&url, &error))?;
        self.change(&mut |pool| {
            let member = pool.member(id)?;
            keys.clone_into(&mut member.keys);
            member.checked(true, clock::now());
            self.shown(member)
        })
    }

    /// Asks the shards whose time has come whether they are well.
    async fn check(&self) -> Result<()> {
        self.sql.exec(SCHEMA, None).map_err(Error::internal)?;
        let now = clock::now();
        let pool = self.pool()?;
        for member in pool.members() {
            if member.check_at.is_none_or(|at| at > now) {
                continue;
            }
            // What was cut off while it was added is looked at as it would have been then.
            let is_new = member.phase == Phase::Provisioning;
            let answer = self.ask(member, is_new).await;
            if let Err(error) = &answer {
                console_error!("the shard {} is not well: {error}", member.id);
            }
            self.change(&mut |pool| {
                // It may have been taken away meanwhile.
                if let Ok(member) = pool.member(&member.id) {
                    member.checked(answer.is_ok(), clock::now());
                }
                Ok(Answer::Null)
            })?;
        }
        Ok(())
    }

    /// Has the alarm come when something is next to be done.
    fn wake(&self) -> Result<()> {
        let next = [self.pool()?.next_check(), self.next_move()?];
        match next.into_iter().flatten().min() {
            Some(at) => runtime::arm(&self.state, at).map_err(Error::internal),
            None => Ok(()),
        }
    }

    async fn ask(&self, member: &Member, is_new: bool) -> Result<()> {
        let shard = data::opened(&self.env, &member.id, &member.url, &member.keys).await?;
        data::is_well(&shard, is_new).await
    }

    /// Decides something about the pool, and keeps what comes of it.
    fn change(&self, decide: &mut dyn FnMut(&mut Pool) -> Result<Answer>) -> Result<Answer> {
        let before = self.pool()?;
        let mut pool = before.clone();
        let answer = decide(&mut pool)?;
        for member in pool.changed_since(&before) {
            let text = member.to_stored();
            self.run(
                "INSERT OR REPLACE INTO shards(id, member) VALUES (?, ?)",
                vec![member.id.as_str().into(), text.into()],
            )?;
        }
        if pool.next_check() != before.next_check() {
            self.wake()?;
        }
        Ok(answer)
    }

    /// The pool as it is: what is stored, and the shard that the settings name.
    fn pool(&self) -> Result<Pool> {
        let rows = self.rows("SELECT member FROM shards", vec![])?;
        let members: Result<Vec<Member>> = rows
            .iter()
            .map(|row| read(Member::of_stored(text(row, "member"))))
            .collect();
        let has_own = settings::shard(&self.env)?.is_some();
        Ok(Pool::of(members?).with_own(has_own))
    }

    fn held(&self, app: &AppId) -> Result<Option<Held>> {
        let rows = self.rows(
            "SELECT shard, tables FROM apps WHERE app = ?",
            vec![app.as_str().into()],
        )?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let shard = text(row, "shard").parse().map_err(Error::internal)?;
        let tables = text(row, "tables").lines().map(str::to_owned).collect();
        Ok(Some(Held { shard, tables }))
    }

    fn put(&self, app: &AppId, held: &Held) -> Result<()> {
        let tables = held.tables.join("\n");
        self.run(
            "INSERT OR REPLACE INTO apps(app, shard, tables) VALUES (?, ?, ?)",
            vec![
                app.as_str().into(),
                held.shard.as_str().into(),
                tables.into(),
            ],
        )
    }

    /// A shard as it is told.
    fn shown(&self, member: &Member) -> Result<Answer> {
        let mut shown = resource::Shard::from(member);
        if member.id.is_of_settings()
            && let Some(own) = settings::shard(&self.env)?
        {
            own.url().clone_into(&mut shown.url);
        }
        serde_json::to_value(shown).map_err(Error::internal)
    }

    /// Where an app is that has this.
    fn found(pool: &Pool, held: Option<Held>) -> Result<Answer> {
        let members = pool.members();
        let shard = held.map(|held| held.shard);
        let member = members
            .iter()
            .find(|member| Some(&member.id) == shard.as_ref());
        let (url, keys) = member
            .map(|member| (member.url.as_str(), member.keys.as_str()))
            .unwrap_or_default();
        let shard = shard.as_ref().map(ShardId::as_str);
        Ok(json!({ "shard": shard, "url": url, "keys": keys, "has_shards": !members.is_empty() }))
    }

    fn run(&self, statement: &str, values: Vec<Value>) -> Result<()> {
        let done = self.sql.exec(statement, values);
        done.map(drop).map_err(Error::internal)
    }

    fn rows(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Answer>> {
        let cursor = self.sql.exec(statement, values).map_err(Error::internal)?;
        cursor.to_array().map_err(Error::internal)
    }
}

/// The error for what does not answer as a shard does.
fn not_ready(url: &str, error: &Error) -> Error {
    let why = error.source.as_deref().unwrap_or(&error.public);
    Error::new(
        Kind::Unprocessable,
        format!(
            "What answers at {url} is not ready to be a shard: {why}. See that its keys are its own and that src/data/migrations were applied \
             to it."
        ),
    )
}

/// What was stored.
fn read<T>(stored: Option<T>) -> Result<T> {
    stored.ok_or_else(|| Error::internal("what the pool has stored cannot be read"))
}

fn text<'row>(row: &'row Answer, column: &str) -> &'row str {
    row.get(column).and_then(Answer::as_str).unwrap_or_default()
}
