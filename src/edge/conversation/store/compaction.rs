//! Compacts the feed, a part at a time.

use std::ops::RangeInclusive;

use serde::Deserialize;
use worker::SqlStorageValue as Value;

use super::{Store, integer};
use crate::{error::Result, generation::feed};

/// How many events are looked at for the end of a part: more than a turn has. Twenty minutes of ten deltas a second, and as many of its
/// builders' lines and files.
const LOOKED_AT: u32 = 40_000;

impl Store {
    /// The numbers of the oldest part of the feed that is not compacted, and may be: nothing of it is among the `newest` events.
    pub(in crate::edge::conversation) fn compactable(
        &self,
        newest: u64,
    ) -> Result<Option<RangeInclusive<u64>>> {
        #[derive(Deserialize)]
        struct Row {
            compacted: u64,
            last: Option<u64>,
        }
        let rows = self.rows::<Row>(
            "SELECT compacted, (SELECT max(seq) FROM feed) AS last FROM conversation",
            vec![],
        )?;
        let Some(Row { compacted, last }) = rows.into_iter().next() else {
            return Ok(None);
        };
        let old = last.unwrap_or_default().saturating_sub(newest);
        if old <= compacted {
            return Ok(None);
        }
        let marks = self.rows::<feed::Mark>(
            "SELECT seq, kind, json_extract(event, '$.turn') AS turn FROM feed WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            vec![
                integer(compacted)?,
                integer(old)?,
                i64::from(LOOKED_AT).into(),
            ],
        )?;
        Ok(feed::part_end(&marks).map(|end| compacted + 1..=end))
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
        self.leave(part)
    }

    /// Leaves a part as it is from now on.
    pub(in crate::edge::conversation) fn leave(
        &self,
        part: &RangeInclusive<u64>,
    ) -> worker::Result<()> {
        self.run(
            "UPDATE conversation SET compacted = ?",
            vec![integer(*part.end())?],
        )
    }
}
