//! The Durable Object of one workspace: its apps, API tokens, console sessions, and requests that may come again.
//!
//! `POST /` with an [`Asked`]`<`[`WorkspaceCall`]`>`; the call's answer as JSON, `Ok` or `Err`.
//!
//! An app is accepted here, in one write: making its conversation takes longer, and many may be asked for at once. The conversation is
//! opened by whoever asks it for something first, and by this object's alarm.
//!
//! Storage (SQLite): `apps` each app's latest summary, in the order of creation; `accepted` what apps were accepted with whose
//! conversation may not be open yet; `removed` what apps were deleted, as long as the request that has made one may come again; `tokens`
//! and `sessions` by the SHA-256 of their text, never the text, a session with the hash of the token that opened it; `requests` one row
//! an idempotency key, kept for 24 hours; `ledger` and `totals` what models have cost (`ledger`); `measured` what is measured of each app
//! (`measured`).

mod ledger;
mod measured;

use std::cell::Cell;

use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{
    DurableObject, Env, Request, Response, SqlStorage, SqlStorageValue as Value, State,
    console_error, durable_object,
};

use super::{
    clock,
    objects::{self, AppRow, Asked, Begun, ConversationCall, TokenRow, WorkspaceCall as Call},
    pace, runtime, settings,
    witness::Witness,
};
use crate::{
    config::BuildPolicy,
    digest::Digest,
    error::{Error, Kind, Result},
    generation::{self, AppSummary, Created, budget::Scope},
    http::idempotency::{self, Decision, Record},
    ids::{AppId, TokenId},
    sorted::SortedSet,
    time::Timestamp,
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS apps(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, updated_at INTEGER NOT NULL, summary TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS accepted(app TEXT PRIMARY KEY, created TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS removed(app TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS tokens(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS sessions(hash TEXT PRIMARY KEY, token TEXT NOT NULL, expires_at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS requests(key TEXT PRIMARY KEY, record TEXT NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS requests_by_age ON requests(created_at);
";

/// The most API tokens of one workspace.
const MAX_TOKENS: u32 = 100;

/// How many conversations are opened at a time.
const OPENED_AT_ONCE: usize = 4;

/// One workspace.
#[durable_object(alarm)]
pub struct Workspace {
    sql: SqlStorage,
    state: State,
    env: Env,
    /// Whether the tables are there.
    is_prepared: Cell<bool>,
    /// Who hears where the journal stands.
    witness: Witness,
    /// How often in a row conversations could not be opened.
    unopened: Cell<u32>,
}

impl DurableObject for Workspace {
    fn new(state: State, env: Env) -> Self {
        Self {
            sql: state.storage().sql(),
            state,
            witness: Witness::of(&env),
            env,
            is_prepared: Cell::default(),
            unopened: Cell::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let asked: Asked<Call> = crate::json::from_str(&request.text().await?)?;
        let turn = match &asked.call {
            Call::AcceptApp { created } => Some(created.turn.clone()),
            _ => None,
        };
        let answer = self.answer(asked.call);
        if let Err(error) = &answer
            && error.source.is_some()
        {
            console_error!("{error}");
        }
        if let Some(turn) = turn {
            self.witness.hears("accepted", turn.as_str()).await;
        }
        Response::ok(serde_json::to_string(&answer)?)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // An error here would count against the platform's six retries, after which it gives up on the alarm.
        match self.open_accepted().await {
            Ok(()) => self.unopened.set(0),
            Err(error) => {
                console_error!("not every conversation could be opened: {error}");
                self.unopened.set(self.unopened.get().saturating_add(1));
                let pause = BuildPolicy::DEFAULT.backoff(self.unopened.get());
                runtime::arm(&self.state, clock::now().after(pause))?;
            }
        }
        Response::empty()
    }
}

impl Workspace {
    fn answer(&self, call: Call) -> Result<serde_json::Value> {
        // Somebody who guesses workspace names leaves no trace.
        if let Call::KnowsToken { .. } | Call::KnowsSession { .. } = call
            && self.is_new()?
        {
            return json(&None::<String>);
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
            Call::AcceptApp { created } => self.at_once(|| self.accept_app(&created)),
            Call::Accepted { app } => json(&self.accepted(&app)?),
            Call::PutApp { summary } => self.at_once(|| self.put_app(&summary)),
            Call::RemoveApp { app } => self.at_once(|| self.remove_app(&app)),
            Call::Apps { before, limit } => self.apps(before, limit),
            Call::Reserve { of, worst, at } => self.at_once(|| self.reserve(&of, worst, at)),
            Call::Settle { of, charge, at } => self.at_once(|| self.settle(&of, &charge, at)),
            Call::Usage { at } => self.usage(at),
            Call::Measure {
                app,
                measurement,
                facts,
                at,
            } => self.at_once(|| self.measure(&app, measurement.clone(), facts, at)),
            Call::Metrics { app, at } => self.metrics(&app, at),
            Call::Fleet { as_text, at } => self.fleet(as_text, at),
            Call::BeginRequest { key, digest, nonce } => self.begin_request(&key, digest, nonce),
            Call::EndRequest { key, answer } => self.end_request(&key, answer),
        }
    }

    /// Creates the tables, once for each time that the object comes to life.
    fn prepare(&self) -> Result<()> {
        if !self.is_prepared.get() {
            for schema in [SCHEMA, ledger::SCHEMA, measured::SCHEMA] {
                self.sql.exec(schema, None).map_err(Error::internal)?;
            }
            self.is_prepared.set(true);
            if !self.all_accepted()?.is_empty() {
                runtime::arm(&self.state, clock::now()).map_err(Error::internal)?;
            }
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
    fn knows_token(&self, hash: &Digest) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Row {
            hash: Digest,
            name: String,
        }
        let rows = self.rows::<Row>(
            "SELECT hash, name FROM tokens WHERE hash = ?",
            vec![hash.to_string().into()],
        )?;
        let row = rows.into_iter().next();
        Ok(row.filter(|row| row.hash.matches(hash)).map(|row| row.name))
    }

    /// A session is good while the token is that it was opened with: one of the workspace's, or `bootstrap`.
    fn knows_session(&self, hash: &Digest, bootstrap: Option<Digest>) -> Result<Option<String>> {
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
                Ok(Some(settings::BOOTSTRAP_NAME.to_owned()))
            }
            Some(row) => self.knows_token(&row.token),
            None => Ok(None),
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

    fn accept_app(&self, created: &Created) -> Result<serde_json::Value> {
        #[derive(Deserialize)]
        struct Row {
            summary: String,
        }
        let now = clock::now();
        let removed = self.rows::<serde_json::Value>(
            "SELECT app FROM removed WHERE app = ?",
            vec![created.app.as_str().into()],
        )?;
        if !removed.is_empty() {
            return Err(Error::new(
                Kind::Conflict,
                "The app that this request has made was deleted since. Send it with another Idempotency-Key to make a new one.",
            ));
        }
        let (conversation, _) = generation::Conversation::create(created.clone(), now);
        let summary = json(&conversation.summary())?;
        let made = self.rows::<serde_json::Value>(
            "INSERT INTO apps(id, summary, updated_at) VALUES (?, ?, ?) ON CONFLICT(id) DO NOTHING RETURNING seq",
            vec![
                created.app.as_str().into(),
                summary.to_string().into(),
                integer(now.0),
            ],
        )?;
        if made.is_empty() {
            // By a request that was begun before: the app as it is now.
            let rows = self.rows::<Row>(
                "SELECT summary FROM apps WHERE id = ?",
                vec![created.app.as_str().into()],
            )?;
            let row = rows
                .first()
                .ok_or_else(|| Error::internal("an app that was accepted is not there"))?;
            return crate::json::from_str(&row.summary).map_err(Error::internal);
        }
        self.run(
            "INSERT INTO accepted(app, created) VALUES (?, ?)",
            vec![
                created.app.as_str().into(),
                json(created)?.to_string().into(),
            ],
        )?;
        runtime::arm(&self.state, now).map_err(Error::internal)?;
        Ok(summary)
    }

    /// What an app was accepted with, while its conversation may not be open.
    fn accepted(&self, app: &AppId) -> Result<Option<Created>> {
        #[derive(Deserialize)]
        struct Row {
            created: String,
        }
        let rows = self.rows::<Row>(
            "SELECT created FROM accepted WHERE app = ?",
            vec![app.as_str().into()],
        )?;
        rows.first()
            .map(|row| crate::json::from_str(&row.created).map_err(Error::internal))
            .transpose()
    }

    /// The apps whose conversations may not be open.
    fn all_accepted(&self) -> Result<Vec<AppId>> {
        #[derive(Deserialize)]
        struct Row {
            app: AppId,
        }
        let rows = self.rows::<Row>("SELECT app FROM accepted", vec![])?;
        Ok(rows.into_iter().map(|row| row.app).collect())
    }

    /// Opens the conversations of apps that were accepted, also of those that are meanwhile. One that cannot be opened does not keep the
    /// others from it.
    async fn open_accepted(&self) -> Result<()> {
        self.prepare()?;
        let mut tried = SortedSet::new();
        let mut result = Ok(());
        loop {
            let mut apps = self.all_accepted()?;
            apps.retain(|app| tried.insert(app.clone()));
            if apps.is_empty() {
                return result;
            }
            let opened: Vec<_> = stream::iter(apps)
                .map(|app| self.open(app))
                .buffer_unordered(OPENED_AT_ONCE)
                .collect()
                .await;
            result = opened.into_iter().fold(result, Result::and);
        }
    }

    async fn open(&self, app: AppId) -> Result<()> {
        let _working = pace::turn().await;
        let Some(created) = self.accepted(&app)? else {
            return Ok(());
        };
        let workspace = created.workspace;
        let is_open: bool = objects::conversation(&self.env, &app)?
            .ask(None, ConversationCall::Open { workspace })
            .await?;
        if is_open || self.accepted(&app)?.is_none() {
            return self.opened(&app);
        }
        // The 61 random bits of its id were those of another one.
        console_error!("the app {app} is another workspace's, and cannot be opened");
        self.at_once(|| self.remove_app(&app)).map(drop)
    }

    /// An app's conversation is open, and holds all that the app was accepted with.
    fn opened(&self, app: &AppId) -> Result<()> {
        self.run(
            "DELETE FROM accepted WHERE app = ?",
            vec![app.as_str().into()],
        )
        .map(drop)
    }

    fn put_app(&self, summary: &AppSummary) -> Result<serde_json::Value> {
        self.opened(&summary.id)?;
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
        let now = clock::now();
        self.opened(app)?;
        self.run(
            "DELETE FROM totals WHERE scope = ?",
            vec![Scope::app(app).into()],
        )?;
        self.run(
            "DELETE FROM measured WHERE app = ?",
            vec![app.as_str().into()],
        )?;
        self.run(
            "INSERT INTO removed(app, at) VALUES (?, ?) ON CONFLICT(app) DO NOTHING",
            vec![app.as_str().into(), integer(now.0)],
        )?;
        let expired = now.0.saturating_sub(2 * idempotency::LIFETIME_MILLIS);
        self.run("DELETE FROM removed WHERE at <= ?", vec![integer(expired)])?;
        self.run("DELETE FROM apps WHERE id = ?", vec![app.as_str().into()])
    }

    fn apps(&self, before: Option<u64>, limit: u32) -> Result<serde_json::Value> {
        #[derive(Deserialize)]
        struct Row {
            seq: u64,
            summary: String,
        }
        let rows = self.rows::<Row>(
            "SELECT seq, summary FROM apps WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            vec![from_the_end(before), i64::from(limit).into()],
        )?;
        let apps: Result<Vec<AppRow>> = rows
            .iter()
            .map(|row| {
                let summary = crate::json::from_str(&row.summary).map_err(Error::internal)?;
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
            .map(|row| crate::json::from_str(&row.record).map_err(Error::internal))
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
