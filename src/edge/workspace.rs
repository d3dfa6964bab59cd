//! The Durable Object of one workspace: its apps, API tokens, console sessions, and requests that may come again.
//!
//! `POST /` with an [`Asked`]`<`[`WorkspaceCall`]`>`; the call's answer as JSON, `Ok` or `Err`.
//!
//! Storage (SQLite): `apps` each app's latest summary, in the order of creation; `tokens` and `sessions` by the
//! SHA-256 of their text, never the text, a session with the hash of the token that opened it; `requests` one row an idempotency key,
//! kept for 24 hours; `ledger` and `totals` what models have cost (`ledger`).

mod ledger;

use std::cell::Cell;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{
    DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue as Value, State,
    console_error, durable_object,
};

use super::{
    clock,
    objects::{AppRow, Asked, Begun, TokenRow, WorkspaceCall as Call},
    runtime,
};
use crate::{
    digest::Digest,
    error::{Error, Kind, Result},
    generation::AppSummary,
    http::idempotency::{self, Decision, Record},
    ids::{AppId, TokenId},
    time::Timestamp,
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS apps(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, updated_at INTEGER NOT NULL, summary TEXT);
    CREATE TABLE IF NOT EXISTS tokens(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS sessions(hash TEXT PRIMARY KEY, token TEXT NOT NULL, expires_at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS requests(key TEXT PRIMARY KEY, record TEXT NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS requests_by_age ON requests(created_at);
";

/// The most API tokens of one workspace.
const MAX_TOKENS: u32 = 100;

/// One workspace.
#[durable_object(fetch)]
pub struct Workspace {
    sql: SqlStorage,
    state: State,
    env: Env,
    /// Whether the tables are there.
    is_prepared: Cell<bool>,
}

impl DurableObject for Workspace {
    fn new(state: State, env: Env) -> Self {
        Self {
            sql: state.storage().sql(),
            state,
            env,
            is_prepared: Cell::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let asked: Asked<Call> = serde_json::from_str(&request.text().await?)?;
        let answer = self.answer(asked.call);
        if let Err(error) = &answer
            && error.source.is_some()
        {
            console_error!("{error}");
        }
        Response::ok(serde_json::to_string(&answer)?)
    }
}

impl Workspace {
    fn answer(&self, call: Call) -> Result<serde_json::Value> {
        // Somebody who guesses workspace names leaves no trace.
        if let Call::KnowsToken { .. } | Call::KnowsSession { .. } = call
            && self.is_new()?
        {
            return json(&false);
        }
        self.prepare()?;
        match call {
            Call::KnowsToken { hash } => json(&self.knows_token(&hash)?),
            Call::KnowsSession { hash, bootstrap } => json(&self.knows_session(&hash, bootstrap)?),
            Call::OpenSession {
                hash,
                token,
                expires_at,
            } => self.open_session(&hash, &token, expires_at),
            Call::CloseSession { hash } => self.run(
                "DELETE FROM sessions WHERE hash = ?",
                vec![hash.to_string().into()],
            ),
            Call::CreateToken {
                id,
                name,
                hash,
                created_at,
            } => self.create_token(&id, name, &hash, created_at),
            Call::Tokens { before, limit } => self.tokens(before, limit),
            Call::DeleteToken { id } => self.delete_token(&id),
            Call::ReserveApp { app } => self.run(
                "INSERT INTO apps(id, updated_at) VALUES (?, 0) ON CONFLICT(id) DO NOTHING",
                vec![app.as_str().into()],
            ),
            Call::PutApp { summary } => self.put_app(&summary),
            Call::RemoveApp { app } => self.remove_app(&app),
            Call::Apps { before, limit } => self.apps(before, limit),
            Call::Reserve { of, worst, at } => self.at_once(|| self.reserve(&of, worst, at)),
            Call::Settle { of, charge, at } => self.at_once(|| self.settle(&of, &charge, at)),
            Call::Usage { at } => self.usage(at),
            Call::BeginRequest { key, digest, nonce } => self.begin_request(&key, digest, nonce),
            Call::EndRequest { key, answer } => self.end_request(&key, answer),
        }
    }

    /// Creates the tables, once for each time that the object comes to life.
    fn prepare(&self) -> Result<()> {
        if !self.is_prepared.get() {
            for schema in [SCHEMA, ledger::SCHEMA] {
                self.sql.exec(schema, None).map_err(Error::internal)?;
            }
            self.is_prepared.set(true);
        }
        Ok(())
    }

    /// All that is written, or nothing.
    fn at_once(&self, work: impl Fn() -> Result<serde_json::Value>) -> Result<serde_json::Value> {
        let mut answer = Err(Error::internal("the transaction did not run"));
        let done = runtime::transaction(&self.state, || {
            answer = work();
            match &answer {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string().into()),
            }
        });
        match (answer, done) {
            (Ok(_), Err(error)) => Err(Error::internal(error)),
            (answer, _) => answer,
        }
    }

    fn is_new(&self) -> Result<bool> {
        let tables = self.rows::<serde_json::Value>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'tokens'",
            vec![],
        )?;
        Ok(tables.is_empty())
    }

    /// Looked up by index: how long that takes says something about hashes, and from a hash nobody gets to the 256
    /// random bits that it was made of.
    fn knows_token(&self, hash: &Digest) -> Result<bool> {
        #[derive(Deserialize)]
        struct Row {
            hash: Digest,
        }
        let rows = self.rows::<Row>(
            "SELECT hash FROM tokens WHERE hash = ?",
            vec![hash.to_string().into()],
        )?;
        Ok(rows.first().is_some_and(|row| row.hash.matches(hash)))
    }

    /// A session is good while the token is that it was opened with: one of the workspace's, or `bootstrap`.
    fn knows_session(&self, hash: &Digest, bootstrap: Option<Digest>) -> Result<bool> {
        #[derive(Deserialize)]
        struct Row {
            hash: Digest,
            token: Digest,
        }
        let rows = self.rows::<Row>(
            "SELECT hash, token FROM sessions WHERE hash = ? AND expires_at > ?",
            vec![hash.to_string().into(), integer(clock::now().0)],
        )?;
        match rows.first().filter(|row| row.hash.matches(hash)) {
            Some(row) if bootstrap.is_some_and(|bootstrap| bootstrap.matches(&row.token)) => {
                Ok(true)
            }
            Some(row) => self.knows_token(&row.token),
            None => Ok(false),
        }
    }

    fn open_session(
        &self,
        hash: &Digest,
        token: &Digest,
        expires_at: Timestamp,
    ) -> Result<serde_json::Value> {
        self.run(
            "DELETE FROM sessions WHERE expires_at <= ?",
            vec![integer(clock::now().0)],
        )?;
        self.run(
            "INSERT INTO sessions(hash, token, expires_at) VALUES (?, ?, ?)",
            vec![
                hash.to_string().into(),
                token.to_string().into(),
                integer(expires_at.0),
            ],
        )
    }

    /// Whether it was made: a repeated request finds its token there, under a hash whose text nobody has any more.
    fn create_token(
        &self,
        id: &TokenId,
        name: String,
        hash: &Digest,
        created_at: Timestamp,
    ) -> Result<serde_json::Value> {
        self.refuse_too_many_tokens(id)?;
        let made = self.rows::<serde_json::Value>(
            "INSERT INTO tokens(id, name, hash, created_at) VALUES (?, ?, ?, ?) ON CONFLICT(id) DO NOTHING RETURNING id",
            vec![
                id.as_str().into(),
                name.into(),
                hash.to_string().into(),
                integer(created_at.0),
            ],
        )?;
        json(&!made.is_empty())
    }

    /// A token that is there already is not one more.
    fn refuse_too_many_tokens(&self, id: &TokenId) -> Result<()> {
        #[derive(Deserialize)]
        struct Row {
            others: u32,
        }
        let rows = self.rows::<Row>(
            "SELECT count(*) AS others FROM tokens WHERE id <> ?",
            vec![id.as_str().into()],
        )?;
        if rows.first().is_none_or(|row| row.others < MAX_TOKENS) {
            return Ok(());
        }
        Err(Error::new(
            Kind::TooLarge,
            format!(
                "A workspace has at most {MAX_TOKENS} API tokens. Delete one that is not needed any more."
            ),
        )
        .with("limit", MAX_TOKENS))
    }

    fn tokens(&self, before: Option<u64>, limit: u32) -> Result<serde_json::Value> {
        let rows = self.rows::<TokenRow>(
            "SELECT seq, id, name, created_at FROM tokens WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            vec![from_the_end(before), i64::from(limit).into()],
        )?;
        json(&rows)
    }

    fn delete_token(&self, id: &TokenId) -> Result<serde_json::Value> {
        #[derive(Deserialize)]
        struct Row {
            hash: String,
        }
        let mut deleted = self.rows::<Row>(
            "DELETE FROM tokens WHERE id = ? RETURNING hash",
            vec![id.as_str().into()],
        )?;
        let Some(Row { hash }) = deleted.pop() else {
            return Err(Error::new(
                Kind::NotFound,
                format!("There is no token `{id}`."),
            ));
        };
        self.run("DELETE FROM sessions WHERE token = ?", vec![hash.into()])
    }

    fn put_app(&self, summary: &AppSummary) -> Result<serde_json::Value> {
        self.run(
            "UPDATE apps SET summary = ?, updated_at = ? WHERE id = ? AND updated_at <= ?",
            vec![
                json(summary)?.to_string().into(),
                integer(summary.updated_at.0),
                summary.id.as_str().into(),
                integer(summary.updated_at.0),
            ],
        )
    }

    fn remove_app(&self, app: &AppId) -> Result<serde_json::Value> {
        self.run("DELETE FROM apps WHERE id = ?", vec![app.as_str().into()])
    }

    fn apps(&self, before: Option<u64>, limit: u32) -> Result<serde_json::Value> {
        #[derive(Deserialize)]
        struct Row {
            seq: u64,
            summary: String,
        }
        let rows = self.rows::<Row>(
            "SELECT seq, summary FROM apps WHERE seq < ? AND summary IS NOT NULL ORDER BY seq DESC LIMIT ?",
            vec![from_the_end(before), i64::from(limit).into()],
        )?;
        let apps: Result<Vec<AppRow>> = rows
            .iter()
            .map(|row| {
                let summary = serde_json::from_str(&row.summary).map_err(Error::internal)?;
                Ok(AppRow {
                    seq: row.seq,
                    summary,
                })
            })
            .collect();
        json(&apps?)
    }

    fn begin_request(
        &self,
        key: &str,
        digest: Digest,
        nonce: idempotency::Nonce,
    ) -> Result<serde_json::Value> {
        let now = clock::now();
        let expired = now.0.saturating_sub(idempotency::LIFETIME_MILLIS);
        self.run(
            "DELETE FROM requests WHERE created_at <= ?",
            vec![integer(expired)],
        )?;
        let record = self.request(key)?;
        let begun = match idempotency::decide(record.as_ref(), &digest, now)? {
            Decision::Fresh => {
                self.put_request(key, &Record::begin(digest, nonce, now))?;
                Begun::Run(nonce)
            }
            Decision::Resume(first) => Begun::Run(first),
            Decision::Replay(answer) => Begun::Replay(answer),
        };
        json(&begun)
    }

    fn end_request(&self, key: &str, answer: idempotency::Answer) -> Result<serde_json::Value> {
        if let Some(mut record) = self.request(key)? {
            record.response = Some(answer);
            self.put_request(key, &record)?;
        }
        json(&())
    }

    fn request(&self, key: &str) -> Result<Option<Record>> {
        #[derive(Deserialize)]
        struct Row {
            record: String,
        }
        let rows = self.rows::<Row>(
            "SELECT record FROM requests WHERE key = ?",
            vec![key.into()],
        )?;
        rows.first()
            .map(|row| serde_json::from_str(&row.record).map_err(Error::internal))
            .transpose()
    }

    fn put_request(&self, key: &str, record: &Record) -> Result<()> {
        let text = serde_json::to_string(record).map_err(Error::internal)?;
        self.run(
            "INSERT INTO requests(key, record, created_at) VALUES (?, ?, ?) ON CONFLICT(key) DO UPDATE SET record = excluded.record, created_at = excluded.created_at",
            vec![key.into(), text.into(), integer(record.created_at.0)],
        )
        .map(drop)
    }

    fn run(&self, statement: &str, values: Vec<Value>) -> Result<serde_json::Value> {
        self.sql.exec(statement, values).map_err(Error::internal)?;
        json(&())
    }

    fn rows<T: DeserializeOwned>(&self, statement: &str, values: Vec<Value>) -> Result<Vec<T>> {
        let cursor = self.sql.exec(statement, values).map_err(Error::internal)?;
        cursor.to_array().map_err(Error::internal)
    }
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

/// What a list that begins with the newest row stays below: the row that was shown last, or nothing yet.
fn from_the_end(before: Option<u64>) -> Value {
    integer(before.unwrap_or(u64::from(u32::MAX)))
}

/// Counters and times, which are far below 2^53.
fn integer(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}
