//! Shards, as their operator sees them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::pool::{Member, ShardState},
    ids::{AppId, ShardId},
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

/// How far the move of an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    /// Part after part is copied. The app can be read and not changed.
    Copying,
    /// It is in the other shard, and can be changed in a few seconds.
    Arriving,
    /// It is used there. What it has left behind is dropped in a few minutes.
    Arrived,
    /// It stays where it was.
    Undoing,
    /// It has stayed where it was; `error` says why.
    Failed,
}

/// The move of an app from one shard to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShardMove {
    /// Where it was.
    pub from: ShardId,
    /// Where it goes.
    pub to: ShardId,
    /// How far it is.
    pub state: MoveState,
    /// How many parts were copied, each of up to half a MiB or 200 people.
    pub parts: u32,
    /// When it began.
    pub since: Timestamp,
    /// What went wrong last.
    pub error: Option<String>,
}

/// An app in a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShardApp {
    /// Which app.
    pub app: AppId,
    /// How many tables it has.
    pub tables: u32,
    /// The move that it is on, or the last one that failed.
    #[serde(rename = "move")]
    pub moving: Option<ShardMove>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShardAppShown {
    /// As it is now.
    pub app: ShardApp,
}

/// A page of the apps of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShardAppPage {
    /// By id.
    pub apps: Vec<ShardApp>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
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
