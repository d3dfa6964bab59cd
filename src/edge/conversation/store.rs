//! The conversation's rows. Every function is synchronous: what one event writes without waiting is one
//! transaction.

mod compaction;
mod history;

use serde::{Deserialize, de::DeserializeOwned};
use worker::{SqlStorage, SqlStorageValue as Value};

use crate::{
    error::{Error, Result},
    generation::{Charge, Conversation as Machine, Effect, Job},
    ids::TurnId,
    llm::message::{Image, Message, UserBlock},
    time::Timestamp,
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS conversation(id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, compacted INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS messages(seq INTEGER PRIMARY KEY AUTOINCREMENT, turn TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, attachments TEXT NOT NULL, created_at INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS messages_turn ON messages(turn);
    CREATE TABLE IF NOT EXISTS transcript(seq INTEGER PRIMARY KEY AUTOINCREMENT, turn TEXT NOT NULL, ends INTEGER NOT NULL, part TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS transcript_turn ON transcript(turn);
    CREATE TABLE IF NOT EXISTS versions(number INTEGER PRIMARY KEY, version TEXT NOT NULL, manifest TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS builds(id TEXT PRIMARY KEY, build TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS deployments(number INTEGER PRIMARY KEY, deployment TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS uploaded(key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS build_log(seq INTEGER PRIMARY KEY AUTOINCREMENT, build TEXT NOT NULL, line TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS build_log_build ON build_log(build);
    CREATE TABLE IF NOT EXISTS feed(seq INTEGER PRIMARY KEY AUTOINCREMENT, since INTEGER, at INTEGER NOT NULL, kind TEXT NOT NULL, event TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS outbox(key TEXT PRIMARY KEY, job TEXT NOT NULL, due INTEGER NOT NULL, failures INTEGER NOT NULL, starts INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS charges(key TEXT PRIMARY KEY, charge TEXT NOT NULL, at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS done(nonce TEXT PRIMARY KEY, answer TEXT NOT NULL, at INTEGER NOT NULL);
";

/// A piece of a transcript entry, in bytes: a row of the platform's SQLite holds 2 MB.
const PART_BYTES: usize = 1_000_000;

/// How long the answer to a request is kept: longer than an idempotency key is remembered. Milliseconds.
const KEPT_MILLIS: u64 = 25 * 60 * 60 * 1_000;

/// A row of the outbox.
#[derive(Debug)]
pub(super) struct DueJob {
    pub(super) job: Job,
    pub(super) failures: u32,
    /// How often it was started without coming to an end.
    pub(super) starts: u32,
}

/// The rows.
#[derive(Clone)]
pub(super) struct Store {
    sql: SqlStorage,
}

impl Store {
    pub(super) const fn new(sql: SqlStorage) -> Self {
        Self { sql }
    }

    /// The conversation, if there is one. Nothing is created by looking.
    pub(super) fn load(&self) -> Result<Option<Machine>> {
        #[derive(Deserialize)]
        struct Row {
            state: String,
        }
        if !self.is_created()? {
            return Ok(None);
        }
        let rows = self.rows::<Row>("SELECT state FROM conversation", vec![])?;
        rows.first().map(|row| parse(&row.state)).transpose()
    }

    /// Whether there are tables.
    pub(super) fn is_created(&self) -> Result<bool> {
        let tables = self.rows::<serde_json::Value>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'conversation'",
            vec![],
        )?;
        Ok(!tables.is_empty())
    }

    /// Creates the tables.
    pub(super) fn create(&self) -> worker::Result<()> {
        self.sql.exec(SCHEMA, None).map(drop)
    }

    /// Writes a state and the effects that came with it.
    pub(super) fn write(
        &self,
        machine: &Machine,
        effects: &[Effect],
        now: Timestamp,
    ) -> worker::Result<()> {
        for effect in effects {
            match effect {
                Effect::Feed(event) => self.run(
                    "INSERT INTO feed(at, kind, event) VALUES (?, ?, ?)",
                    vec![integer(now.0)?, event.kind().into(), json(event)?.into()],
                )?,
                Effect::Message { turn, role, content, attachments } => self.run(
                    "INSERT INTO messages(turn, role, content, attachments, created_at) VALUES (?, ?, ?, ?, ?)",
                    vec![turn.as_str().into(), json(role)?.into(), content.as_str().into(), json(attachments)?.into(), integer(now.0)?],
                )?,
                Effect::OpenTranscript { turn, context } => {
                    // Of turns before this one, messages are told, and nothing else.
                    self.run("DELETE FROM transcript WHERE turn <> ?", vec![turn.as_str().into()])?;
                    let mut blocks = vec![UserBlock::Context { text: context.clone() }];
                    let (text, images) = self.message_of(turn)?;
                    blocks.extend(images.into_iter().map(UserBlock::Image));
                    blocks.push(UserBlock::Text { text });
                    self.append_transcript(turn, &Message::User(blocks))?;
                }
                Effect::Charge(charge) => self.run(
                    "INSERT INTO charges(key, charge, at) VALUES (?, ?, ?) ON CONFLICT(key) DO NOTHING",
                    vec![charge.settlement().key().into(), json(charge)?.into(), integer(now.0)?],
                )?,
                Effect::Transcript { turn, message } => self.append_transcript(turn, message)?,
                Effect::Version { version, manifest } => self.run(
                    "INSERT INTO versions(number, version, manifest) VALUES (?, ?, ?)",
                    vec![i64::from(version.number).into(), json(version)?.into(), json(manifest)?.into()],
                )?,
                Effect::Build(build) => self.run(
                    "INSERT INTO builds(id, build) VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET build = excluded.build",
                    vec![build.id.as_str().into(), json(build)?.into()],
                )?,
                Effect::Deployment(deployment) => self.run(
                    "INSERT INTO deployments(number, deployment) VALUES (?, ?) ON CONFLICT(number) DO UPDATE SET deployment = excluded.deployment",
                    vec![i64::from(deployment.id.number()).into(), json(deployment)?.into()],
                )?,
                Effect::BuildLog { build, line } => self.run(
                    "INSERT INTO build_log(build, line) VALUES (?, ?)",
                    vec![build.as_str().into(), line.as_str().into()],
                )?,
                Effect::Run { job, due, failures } => self.run(
                    "INSERT INTO outbox(key, job, due, failures) VALUES (?, ?, ?, ?) ON CONFLICT(key) DO UPDATE SET job = excluded.job, due = excluded.due, failures = excluded.failures, starts = 0",
                    vec![job.key().into(), json(job)?.into(), integer(due.0)?, i64::from(*failures).into()],
                )?,
                Effect::Finish { key } => {
                    self.run("DELETE FROM outbox WHERE key = ?", vec![key.as_str().into()])?;
                    // What is settled is the workspace's.
                    self.run("DELETE FROM charges WHERE key = ?", vec![key.as_str().into()])?;
                }
                Effect::FinishAll => self.run("DELETE FROM outbox", vec![])?,
                Effect::Answer(_) => {}
            }
        }
        self.run(
            "INSERT INTO conversation(id, state) VALUES (1, ?) ON CONFLICT(id) DO UPDATE SET state = excluded.state",
            vec![json(machine)?.into()],
        )
    }

    fn message_of(&self, turn: &TurnId) -> worker::Result<(String, Vec<Image>)> {
        #[derive(Deserialize)]
        struct Row {
            content: String,
            attachments: String,
        }
        let cursor = self.sql.exec(
            "SELECT content, attachments FROM messages WHERE turn = ? ORDER BY seq LIMIT 1",
            vec![turn.as_str().into()],
        )?;
        let row = cursor.one::<Row>()?;
        Ok((row.content, crate::json::from_str(&row.attachments)?))
    }

    fn append_transcript(&self, turn: &TurnId, message: &Message) -> worker::Result<()> {
        let text = json(message)?;
        let mut rest = text.as_str();
        loop {
            let end = rest.floor_char_boundary(PART_BYTES);
            let (part, tail) = rest.split_at(end);
            self.run(
                "INSERT INTO transcript(turn, ends, part) VALUES (?, ?, ?)",
                vec![
                    turn.as_str().into(),
                    i64::from(tail.is_empty()).into(),
                    part.into(),
                ],
            )?;
            if tail.is_empty() {
                return Ok(());
            }
            rest = tail;
        }
    }

    /// Jobs that are due, the longest waiting first.
    pub(super) fn due(&self, now: Timestamp) -> Result<Vec<DueJob>> {
        #[derive(Deserialize)]
        struct Row {
            job: String,
            failures: u32,
            starts: u32,
        }
        let rows = self.rows::<Row>(
            "SELECT job, failures, starts FROM outbox WHERE due <= ? ORDER BY due, key",
            vec![integer(now.0)?],
        )?;
        rows.iter()
            .map(|row| {
                Ok(DueJob {
                    job: parse(&row.job)?,
                    failures: row.failures,
                    starts: row.starts,
                })
            })
            .collect()
    }

    /// Counts a start of a job, so that one which never comes to an end is noticed.
    pub(super) fn count_start(&self, job: &Job) -> Result<()> {
        self.run(
            "UPDATE outbox SET starts = starts + 1 WHERE key = ?",
            vec![job.key().into()],
        )
        .map_err(Error::internal)
    }

    /// When the first job is due, whether or not it runs.
    pub(super) fn first_due(&self) -> Result<Option<Timestamp>> {
        #[derive(Deserialize)]
        struct Row {
            due: Option<u64>,
        }
        let rows = self.rows::<Row>("SELECT min(due) AS due FROM outbox", vec![])?;
        Ok(rows.first().and_then(|row| row.due).map(Timestamp))
    }

    /// When, after `now`, the next job that is not `under_way` is due.
    pub(super) fn next_due(
        &self,
        now: Timestamp,
        under_way: impl Fn(&str) -> bool,
    ) -> Result<Option<Timestamp>> {
        #[derive(Deserialize)]
        struct Row {
            key: String,
            due: u64,
        }
        let rows = self.rows::<Row>(
            "SELECT key, due FROM outbox WHERE due > ? ORDER BY due",
            vec![integer(now.0)?],
        )?;
        Ok(rows
            .iter()
            .find(|row| !under_way(&row.key))
            .map(|row| Timestamp(row.due)))
    }

    /// Makes build messages due now: a process that starts may find its local queue empty, and a message too many
    /// is harmless.
    pub(super) fn send_builds_again(&self, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE outbox SET due = ? WHERE key LIKE 'build/%' AND due > ?",
            vec![integer(now.0)?, integer(now.0)?],
        )
        .map_err(Error::internal)
    }

    /// What an attempt at a call has cost, and when it was over, if that is not settled.
    pub(super) fn charge(&self, settlement: &Job) -> Result<Option<(Charge, Timestamp)>> {
        let charges = self.charges("WHERE key = ?", vec![settlement.key().into()])?;
        Ok(charges.into_iter().next())
    }

    /// What is not settled.
    pub(super) fn unsettled(&self) -> Result<Vec<(Charge, Timestamp)>> {
        self.charges("", vec![])
    }

    fn charges(&self, which: &str, values: Vec<Value>) -> Result<Vec<(Charge, Timestamp)>> {
        #[derive(Deserialize)]
        struct Row {
            charge: String,
            at: u64,
        }
        let rows = self.rows::<Row>(&format!("SELECT charge, at FROM charges {which}"), values)?;
        rows.iter()
            .map(|row| Ok((parse(&row.charge)?, Timestamp(row.at))))
            .collect()
    }

    /// Whether a file was put into the bucket of the account that the app is deployed to.
    pub(super) fn is_uploaded(&self, key: &str) -> Result<bool> {
        let rows = self.rows::<serde_json::Value>(
            "SELECT key FROM uploaded WHERE key = ?",
            vec![key.into()],
        )?;
        Ok(!rows.is_empty())
    }

    /// A file is in the bucket.
    pub(super) fn uploaded(&self, key: &str) -> worker::Result<()> {
        self.run(
            "INSERT INTO uploaded(key) VALUES (?) ON CONFLICT(key) DO NOTHING",
            vec![key.into()],
        )
    }

    /// All files that are.
    pub(super) fn all_uploaded(&self) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Row {
            key: String,
        }
        let rows = self.rows::<Row>("SELECT key FROM uploaded", vec![])?;
        Ok(rows.into_iter().map(|row| row.key).collect())
    }

    /// The answer that was given to a request before.
    pub(super) fn done(&self, nonce: &str) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Row {
            answer: String,
        }
        let rows = self.rows::<Row>(
            "SELECT answer FROM done WHERE nonce = ?",
            vec![nonce.into()],
        )?;
        Ok(rows.into_iter().next().map(|row| row.answer))
    }

    /// Keeps the answer to a request for as long as the request may come again.
    pub(super) fn keep_answer(
        &self,
        nonce: &str,
        answer: &str,
        now: Timestamp,
    ) -> worker::Result<()> {
        let oldest = now.0.saturating_sub(KEPT_MILLIS);
        self.run("DELETE FROM done WHERE at < ?", vec![integer(oldest)?])?;
        self.run(
            "INSERT INTO done(nonce, answer, at) VALUES (?, ?, ?)",
            vec![nonce.into(), answer.into(), integer(now.0)?],
        )
    }

    /// Forgets everything but that the app was deleted.
    pub(super) fn forget(&self) -> Result<()> {
        for table in [
            "messages",
            "transcript",
            "versions",
            "builds",
            "build_log",
            "deployments",
            "uploaded",
            "feed",
            "outbox",
            "charges",
            "done",
        ] {
            self.run(&format!("DELETE FROM {table}"), vec![])
                .map_err(Error::internal)?;
        }
        Ok(())
    }

    fn run(&self, statement: &str, values: Vec<Value>) -> worker::Result<()> {
        self.sql.exec(statement, values).map(drop)
    }

    fn rows<T: DeserializeOwned>(&self, statement: &str, values: Vec<Value>) -> Result<Vec<T>> {
        let cursor = self.sql.exec(statement, values).map_err(Error::internal)?;
        cursor.to_array().map_err(Error::internal)
    }
}

fn json<T: serde::Serialize>(value: &T) -> worker::Result<String> {
    serde_json::to_string(value).map_err(Into::into)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    crate::json::from_str(text).map_err(Error::internal)
}

/// Counters and times. From 2^53 on they would not come back as they were written.
fn integer(value: u64) -> Result<Value> {
    Value::try_from_i64(i64::try_from(value).unwrap_or(i64::MAX)).map_err(Error::internal)
}
