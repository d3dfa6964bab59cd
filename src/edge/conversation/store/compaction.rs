//! Compacts the feed, a turn at a time.

use std::ops::RangeInclusive;

use serde::Deserialize;
use worker::SqlStorageValue as Value;

use super::{Store, integer};
use crate::{error::Result, generation::feed};

impl Store {
    /// The numbers of the oldest turn that is over and not compacted, if it ends before the `newest` events.
    pub(in crate::edge::conversation) fn compactable(
        &self,
        newest: u64,
    ) -> Result<Option<RangeInclusive<u64>>> {
        #[derive(Deserialize)]
        struct Row {
            compacted: u64,
            ends: Option<u64>,
        }
        let rows = self.rows::<Row>(
            "SELECT compacted, (SELECT min(seq) FROM feed WHERE kind = 'turn_finished' AND seq > compacted AND seq <= (SELECT max(seq) FROM feed) - ?) AS ends FROM conversation",
            vec![integer(newest)?],
        )?;
        Ok(rows
            .first()
            .and_then(|row| Some(row.compacted + 1..=row.ends?)))
    }

    /// Compacts a part of the feed.
    pub(in crate::edge::conversation) fn compact(
        &self,
        part: &RangeInclusive<u64>,
    ) -> worker::Result<()> {
        let bounds =
            || -> Result<Vec<Value>> { Ok(vec![integer(*part.start())?, integer(*part.end())?]) };
        let rows = self.rows::<feed::Row>(
            "SELECT seq, since, at, kind, event FROM feed WHERE seq BETWEEN ? AND ? ORDER BY seq",
            bounds()?,
        )?;
        self.run("DELETE FROM feed WHERE seq BETWEEN ? AND ?", bounds()?)?;
        for row in feed::compact(*part.start(), rows)? {
            let since = match row.since {
                Some(since) => integer(since)?,
                None => Value::Null,
            };
            self.run(
                "INSERT INTO feed(seq, since, at, kind, event) VALUES (?, ?, ?, ?, ?)",
                vec![
                    integer(row.seq)?,
                    since,
                    integer(row.at)?,
                    row.kind.into(),
                    row.event.into(),
                ],
            )?;
        }
        self.run(
            "UPDATE conversation SET compacted = ?",
            vec![integer(*part.end())?],
        )
    }
}
