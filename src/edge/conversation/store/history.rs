//! Reads what happened: feed, messages, transcripts, versions, builds.

use serde::Deserialize;

use super::{FeedRow, Store, integer, parse};
use crate::{
    edge::objects::MessageRow,
    error::Result,
    generation::{Build, Version, prompt::Earlier},
    ids::{BuildId, TurnId},
    llm::message::Message,
    project::Manifest,
    time::Timestamp,
};

impl Store {
    /// The feed after event number `after`.
    pub(in crate::edge::conversation) fn feed_after(&self, after: u64) -> Result<Vec<FeedRow>> {
        self.rows(
            "SELECT seq, at, kind, event FROM feed WHERE seq > ? ORDER BY seq",
            vec![integer(after)],
        )
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
        #[derive(Deserialize)]
        struct Row {
            seq: u64,
            turn: TurnId,
            role: String,
            content: String,
            created_at: u64,
        }
        let rows = self.rows::<Row>(
            "SELECT seq, turn, role, content, created_at FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
            vec![integer(after), i64::from(limit).into()],
        )?;
        rows.into_iter()
            .map(|row| {
                Ok(MessageRow {
                    seq: row.seq,
                    turn: row.turn,
                    role: parse(&row.role)?,
                    content: row.content,
                    created_at: Timestamp(row.created_at),
                })
            })
            .collect()
    }

    /// What was said in turns other than `but`.
    pub(in crate::edge::conversation) fn earlier(&self, but: &[&TurnId]) -> Result<Vec<Earlier>> {
        let messages = self.messages(0, u32::MAX)?;
        Ok(messages
            .into_iter()
            .filter(|message| !but.contains(&&message.turn))
            .map(|message| Earlier {
                role: message.role,
                content: message.content,
            })
            .collect())
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
