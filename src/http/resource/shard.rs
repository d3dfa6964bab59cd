//! Shards, as their operator sees them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::pool::{Member, ShardState},
    ids::ShardId,
    time::Timestamp,
};

/// A database that apps keep their data in. Its keys are not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Its id; `default` is the one that the settings name.
    pub id: ShardId,
    /// Where it is.
    pub url: String,
    /// Its state.
    pub state: ShardState,
    /// How many tables are in it, those among them that are being made.
    pub tables: u32,
    /// How many tables it takes.
    pub max_tables: u32,
    /// How many apps have their data in it.
    pub apps: u32,
    /// How many apps it takes.
    pub max_apps: u32,
    /// Since when it does not answer.
    pub down_since: Option<Timestamp>,
    /// When it was last asked whether it is well.
    pub checked_at: Option<Timestamp>,
}

/// All shards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShardList {
    /// The one of the settings first, at most 100.
    pub shards: Vec<Shard>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShardShown {
    /// As it is now.
    pub shard: Shard,
}

impl From<&Member> for Shard {
    fn from(member: &Member) -> Self {
        Self {
            id: member.id.clone(),
            url: member.url.clone(),
            state: member.state(),
            tables: member.tables,
            max_tables: member.max_tables,
            apps: member.apps,
            max_apps: member.max_apps,
            down_since: member.down.map(|(since, _)| since),
            checked_at: member.checked_at,
        }
    }
}
