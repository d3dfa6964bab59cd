//! Reads what happened: feed, messages, transcripts, versions, builds.

use serde::Deserialize;
use worker::SqlStorageValue;

use super::{Store, integer, parse};
use crate::{
    edge::objects::MessageRow,
    error::{Error, Result},
    generation::{
        Build, Version, feed,
        prompt::{
            Told,
            history::{self, Earlier, Size},
        },
    },
    ids::{BuildId, DeploymentId, TurnId},
    llm::message::Message,
    project::Manifest,
    publish::Deployment,
    time::Timestamp,
};

/// The number of the first message of a message's turn.
const BY_TURN: &str =
    "(SELECT min(first.seq) FROM messages AS first WHERE first.turn = messages.turn)";

/// Larger than any number of a row.
const MOST: u64 = 1 << 52;

#[derive(Deserialize)]
struct MessageColumns {
    seq: u64,
    turn: TurnId,
    role: String,
    content: String,
    attachments: String,
    created_at: u64,
}

impl TryFrom<MessageColumns> for MessageRow {
    type Error = Error;

    fn try_from(row: MessageColumns) -> Result<Self> {
        Ok(Self {
            seq: row.seq,
            turn: row.turn,
            role: parse(&row.role)?,
            content: row.content,
            attachments: parse(&row.attachments)?,
            created_at: Timestamp(row.created_at),
        })
    }
}

impl Store {
    /// The next events of the feed after number `after`, at most `limit`.
    pub(in crate::edge::conversation) fn feed_after(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<feed::Row>> {
        self.rows(
            "SELECT seq, since, at, kind, event FROM feed WHERE seq > ? ORDER BY seq LIMIT ?",
            vec![integer(after)?, i64::from(limit).into()],
        )
    }

    /// How many bytes the events after number `after` have, up to number `last`.
    pub(in crate::edge::conversation) fn feed_bytes(&self, after: u64, last: u64) -> Result<u64> {
        #[derive(Deserialize)]
        struct Row {
            bytes: u64,
        }
        let rows = self.rows::<Row>(
            "SELECT coalesce(sum(length(event)), 0) AS bytes FROM feed WHERE seq > ? AND seq <= ?",
            vec![integer(after)?, integer(last)?],
        )?;
        Ok(rows.first().map_or(0, |row| row.bytes))
    }

    /// Whether a turn was ever accepted.
    pub(in crate::edge::conversation) fn knows_turn(&self, turn: &TurnId) -> Result<bool> {
        let rows = self.rows::<serde_json::Value>(
            "SELECT 1 FROM messages WHERE turn = ? LIMIT 1",
            vec![turn.as_str().into()],
        )?;
        Ok(!rows.is_empty())
    }

    /// Messages after number `after`, oldest first.
    pub(in crate::edge::conversation) fn messages(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<MessageRow>> {
        let rows = self.rows::<MessageColumns>(
            "SELECT seq, turn, role, content, attachments, created_at FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
            vec![integer(after)?, i64::from(limit).into()],
        )?;
        rows.into_iter().map(MessageRow::try_from).collect()
    }

    /// What was said in turns other than `but`: the newest in full, of those before them the beginnings.
    pub(in crate::edge::conversation) fn earlier(&self, but: &[TurnId]) -> Result<Told> {
        #[derive(Deserialize)]
        struct Row {
            seq: u64,
            turn: TurnId,
            bytes: usize,
        }
        #[derive(Deserialize)]
        struct Text {
            turn: TurnId,
            role: String,
            content: String,
        }
        let mut rows = self.rows::<Row>(
            "SELECT seq, turn, length(CAST(content AS BLOB)) AS bytes FROM messages ORDER BY seq DESC LIMIT ?",
            vec![i64::from(history::MOST_MESSAGES).into()],
        )?;
        rows.reverse();
        let oldest = rows.first().map_or(MOST, |row| row.seq);
        let sizes: Vec<Size> = rows
            .into_iter()
            .filter(|row| !but.contains(&row.turn))
            .map(|Row { seq, bytes, .. }| Size { seq, bytes })
            .collect();
        let from = history::full_from(&sizes);
        // Turn by turn: a message that came while another turn ran comes after that turn's answer.
        let read = |statement: &str, values| -> Result<Vec<Earlier>> {
            let statement = format!("{statement} ORDER BY {BY_TURN}, seq");
            let rows = self.rows::<Text>(&statement, values)?;
            let own = rows.into_iter().filter(|row| !but.contains(&row.turn));
            own.map(|row| {
                Ok(Earlier {
                    role: parse(&row.role)?,
                    content: row.content,
                })
            })
            .collect()
        };
        Ok(Told {
            heads: read(
                "SELECT turn, role, substr(content, 1, 1000) AS content FROM messages WHERE seq >= ? AND seq < ?",
                vec![integer(oldest)?, integer(from)?],
            )?,
            full: read(
                "SELECT turn, role, content FROM messages WHERE seq >= ?",
                vec![integer(from.max(oldest))?],
            )?,
        })
    }

    /// What was said to the model and by it in a turn.
    pub(in crate::edge::conversation) fn transcript(&self, turn: &TurnId) -> Result<Vec<Message>> {
        #[derive(Deserialize)]
        struct Row {
            ends: u8,
            part: String,
        }
        let rows = self.rows::<Row>(
            "SELECT ends, part FROM transcript WHERE turn = ? ORDER BY seq",
            vec![turn.as_str().into()],
        )?;
        let mut messages = Vec::new();
        let mut text = String::new();
        for row in rows {
            text.push_str(&row.part);
            if row.ends == 1 {
                messages.push(parse(&text)?);
                text.clear();
            }
        }
        Ok(messages)
    }

    /// Versions before number `before`, newest first.
    pub(in crate::edge::conversation) fn versions(
        &self,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Version>> {
        #[derive(Deserialize)]
        struct Row {
            version: String,
        }
        let rows = self.rows::<Row>(
            "SELECT version FROM versions WHERE number < ? ORDER BY number DESC LIMIT ?",
            vec![
                i64::from(before.unwrap_or(u32::MAX)).into(),
                i64::from(limit).into(),
            ],
        )?;
        rows.iter().map(|row| parse(&row.version)).collect()
    }

    /// A version with its files.
    pub(in crate::edge::conversation) fn version(
        &self,
        number: u32,
    ) -> Result<Option<(Version, Manifest)>> {
        #[derive(Deserialize)]
        struct Row {
            version: String,
            manifest: String,
        }
        let rows = self.rows::<Row>(
            "SELECT version, manifest FROM versions WHERE number = ?",
            vec![i64::from(number).into()],
        )?;
        rows.first()
            .map(|row| Ok((parse(&row.version)?, parse(&row.manifest)?)))
            .transpose()
    }

    /// A build.
    pub(in crate::edge::conversation) fn build(&self, id: &BuildId) -> Result<Option<Build>> {
        #[derive(Deserialize)]
        struct Row {
            build: String,
        }
        let rows = self.rows::<Row>(
            "SELECT build FROM builds WHERE id = ?",
            vec![id.as_str().into()],
        )?;
        rows.first().map(|row| parse(&row.build)).transpose()
    }

    /// Deployments before this one, newest first.
    pub(in crate::edge::conversation) fn deployments(
        &self,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Deployment>> {
        let before = before.map_or(i64::MAX >> 11, i64::from);
        self.deployments_where(
            "number < ? ORDER BY number DESC LIMIT ?",
            vec![before.into(), i64::from(limit).into()],
        )
    }

    /// A deployment.
    pub(in crate::edge::conversation) fn deployment(
        &self,
        id: &DeploymentId,
    ) -> Result<Option<Deployment>> {
        let found = self.deployments_where("number = ?", vec![i64::from(id.number()).into()])?;
        Ok(found.into_iter().next())
    }

    fn deployments_where(
        &self,
        which: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<Deployment>> {
        #[derive(Deserialize)]
        struct Row {
            deployment: String,
        }
        let statement = format!("SELECT deployment FROM deployments WHERE {which}");
        let rows = self.rows::<Row>(&statement, values)?;
        rows.iter().map(|row| parse(&row.deployment)).collect()
    }

    /// What the builder said of a build.
    pub(in crate::edge::conversation) fn build_log(&self, id: &BuildId) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Row {
            line: String,
        }
        let rows = self.rows::<Row>(
            "SELECT line FROM build_log WHERE build = ? ORDER BY seq",
            vec![id.as_str().into()],
        )?;
        Ok(rows.into_iter().map(|row| row.line).collect())
    }
}
