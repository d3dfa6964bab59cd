//! The Durable Object of one key of the build cache: who builds it, or what was built of it.
//!
//! `POST /` with an [`Asked`]`<`[`CacheCall`]`>`; the call's answer as JSON, `Ok` or `Err`.
//!
//! Storage (SQLite): `record` one row with the key's [`Record`] as JSON. What was built is in R2, `ASSETS/builds/<key>/`: the files
//! by hash, and under the key itself the list of them with what the builder said. They are the key's own, copied from and to the
//! apps': an app that is deleted takes nothing from another, and what the cache drops is missed by none. The alarm ends a key that
//! nobody has asked for in a long time, a build that never came to an end among them.

use serde::{Deserialize, Serialize};
use worker::{
    DurableObject, Env, Request, Response, SqlStorage, State, console_error, durable_object,
};

use super::{
    blobs, clock,
    objects::{Asked, CacheCall as Call},
    runtime, settings,
};
use crate::{
    digest::Digest,
    error::{Error, Result},
    publish::cache::Record,
    time::Timestamp,
};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS record(id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);";

/// The wait before files that could not be deleted are deleted again, in milliseconds.
const AGAIN_MILLIS: u64 = 60 * 60 * 1_000;

/// One key of the build cache.
#[durable_object(alarm)]
pub struct BuildCache {
    state: State,
    env: Env,
    sql: SqlStorage,
}

impl DurableObject for BuildCache {
    fn new(state: State, env: Env) -> Self {
        let sql = state.storage().sql();
        Self { state, env, sql }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let asked: Asked<Call> = crate::json::from_str(&request.text().await?)?;
        let answer = self.answer(asked.call);
        if let Err(error) = &answer {
            console_error!("{error}");
        }
        Response::ok(serde_json::to_string(&answer)?)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // An error here would count against the platform's six retries, after which it gives up on the alarm.
        if let Err(error) = self.end().await {
            console_error!("a key of the build cache could not be ended: {error}");
            runtime::arm(&self.state, clock::now().after(AGAIN_MILLIS))?;
        }
        Response::empty()
    }
}

impl BuildCache {
    fn answer(&self, call: Call) -> Result<serde_json::Value> {
        self.sql.exec(SCHEMA, None).map_err(Error::internal)?;
        let now = clock::now();
        match call {
            Call::Ask { key, holder } => {
                let mut record = self.record_or_new(key, now)?;
                let turn = record.ask(&holder, now);
                self.put(&record)?;
                json(&turn)
            }
            Call::Keep { key } => {
                let mut record = self.record_or_new(key, now)?;
                record.keep(now);
                self.put(&record)?;
                json(&())
            }
            Call::Release { holder } => self.change(|record| record.release(&holder)),
            Call::Forget { kept_at } => self.change(|record| record.forget(kept_at)),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Record)) -> Result<serde_json::Value> {
        if let Some(mut record) = self.record()? {
            change(&mut record);
            self.put(&record)?;
        }
        json(&())
    }

    /// A key that is new gets an alarm, so that nothing of it stays for ever.
    fn record_or_new(&self, key: Digest, now: Timestamp) -> Result<Record> {
        if let Some(record) = self.record()? {
            return Ok(record);
        }
        let record = Record::new(key, now);
        let ends_at = record.ends_at(settings::build_cache_millis(&self.env)?);
        runtime::arm(&self.state, ends_at).map_err(Error::internal)?;
        Ok(record)
    }

    fn record(&self) -> Result<Option<Record>> {
        #[derive(Deserialize)]
        struct Row {
            record: String,
        }
        let rows = self
            .sql
            .exec("SELECT record FROM record", None)
            .and_then(|cursor| cursor.to_array::<Row>())
            .map_err(Error::internal)?;
        rows.first()
            .map(|row| crate::json::from_str(&row.record).map_err(Error::internal))
            .transpose()
    }

    fn put(&self, record: &Record) -> Result<()> {
        let text = serde_json::to_string(record).map_err(Error::internal)?;
        self.sql
            .exec(
                "INSERT INTO record(id, record) VALUES (1, ?) ON CONFLICT(id) DO UPDATE SET record = excluded.record",
                vec![text.into()],
            )
            .map(drop)
            .map_err(Error::internal)
    }

    /// Ends the key when its time is up. The record says so first and goes last: an end that is interrupted is begun again, whoever
    /// asks while the files are being deleted builds anew, and whoever finds a file missing does as well.
    async fn end(&self) -> Result<()> {
        self.sql.exec(SCHEMA, None).map_err(Error::internal)?;
        let Some(mut record) = self.record()? else {
            return Ok(());
        };
        let kept_millis = settings::build_cache_millis(&self.env)?;
        let ends_at = record.ends_at(kept_millis);
        if clock::now() < ends_at {
            return runtime::arm(&self.state, ends_at).map_err(Error::internal);
        }
        record.end();
        self.put(&record)?;
        blobs::purge_build(&self.env, &record.key).await?;
        match self.record()? {
            Some(record) if !record.is_ending() => {
                runtime::arm(&self.state, record.ends_at(kept_millis)).map_err(Error::internal)
            }
            _ => {
                let storage = self.state.storage();
                storage.delete_all().await.map_err(Error::internal)
            }
        }
    }
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(Error::internal)
}
