//! The pool of shards: which one an app's tables are in, and how many more there is room for.
//!
//! An app gets room in the shard that is least full and stays there. Room is set aside by the tables' names before they are made
//! ([`Pool::reserve`]), so that the same again takes none, and given back where they were not made or are dropped ([`Pool::settle`]).
//! Counts are of what was set aside here; what else is in a shard is not seen. Stores nothing and talks to no shard.

use std::cmp::max;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    error::{Error, Kind, Result},
    ids::ShardId,
    time::Timestamp,
};

/// How many tables a shard takes where nothing else is said: with more, migrations and the schema's cache of a project become slow.
pub const DEFAULT_TABLES: u32 = 500;
/// How many apps a shard takes where nothing else is said.
pub const DEFAULT_APPS: u32 = 1_000;
/// The most that either may be set to.
pub const MOST_CAPACITY: u32 = 100_000;
/// The most shards of an installation, with the one of the settings.
pub const MOST_SHARDS: usize = 100;

/// How often a shard is asked whether it is well, in milliseconds.
pub const CHECK_MILLIS: u64 = 5 * 60_000;
/// When one is asked whose addition was cut off while it was asked for the first time, in milliseconds.
const ADDED_MILLIS: u64 = 2 * 60_000;
/// How soon after it was well it is asked again because somebody found that it was not.
const DOUBT_MILLIS: u64 = 5_000;
/// The first wait, and the longest, before one is asked again that did not answer.
const AGAIN_MILLIS: (u64, u64) = (2_000, 60_000);

/// One shard of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Which one.
    pub id: ShardId,
    /// Where it is; empty for the one of the settings.
    pub url: String,
    /// Its keys, sealed; empty for the one of the settings.
    pub keys: String,
    /// What the operator wants of it.
    pub phase: Phase,
    /// How many tables it takes.
    pub max_tables: u32,
    /// How many apps it takes.
    pub max_apps: u32,
    /// How many tables are set aside in it.
    pub tables: u32,
    /// How many apps have room in it.
    pub apps: u32,
    /// Since when it does not answer, and how often it was asked since then.
    pub down: Option<(Timestamp, u32)>,
    /// When it was asked last whether it is well.
    pub checked_at: Option<Timestamp>,
    /// When it is to be asked again. The one of the settings is asked after failures alone: locally, its database sleeps until it is used.
    pub check_at: Option<Timestamp>,
    /// Whether it is the one of the settings, and they name none any more.
    pub is_lost: bool,
}

/// How far a shard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It was added and has not yet answered.
    Provisioning,
    /// It takes apps.
    Available,
    /// It takes no new ones.
    Maintenance,
}

/// The state of a shard, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShardState {
    /// It was added and has not yet answered.
    Provisioning,
    /// It takes apps.
    Available,
    /// It has no room for another table, or for another app.
    Full,
    /// The operator lets it take no new apps. Those that are there stay, and may grow.
    Maintenance,
    /// It does not answer. It takes no new apps until it does.
    Gone,
}

/// What an app has in a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// In which one.
    pub shard: ShardId,
    /// The names of its tables, each once, those among them that are being made.
    pub tables: Vec<String>,
}

/// What the operator changes. What is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Whether it takes new apps.
    pub takes_apps: Option<bool>,
    /// How many tables it takes.
    pub max_tables: Option<u32>,
    /// How many apps it takes.
    pub max_apps: Option<u32>,
}

impl Member {
    /// One that nobody has seen yet. Whoever adds it asks it at once.
    #[must_use]
    pub const fn added(id: ShardId, url: String, keys: String, now: Timestamp) -> Self {
        Self {
            id,
            url,
            keys,
            phase: Phase::Provisioning,
            max_tables: DEFAULT_TABLES,
            max_apps: DEFAULT_APPS,
            tables: 0,
            apps: 0,
            down: None,
            checked_at: None,
            check_at: Some(now.after(ADDED_MILLIS)),
            is_lost: false,
        }
    }

    /// The one that the settings name.
    #[must_use]
    pub fn of_settings() -> Self {
        Self {
            phase: Phase::Available,
            check_at: None,
            ..Self::added(
                ShardId::of_settings(),
                String::new(),
                String::new(),
                Timestamp(0),
            )
        }
    }

    /// As it is stored: JSON.
    #[must_use]
    pub fn to_stored(&self) -> String {
        let phase = match self.phase {
            Phase::Provisioning => "provisioning",
            Phase::Available => "available",
            Phase::Maintenance => "maintenance",
        };
        let time = |at: Option<Timestamp>| at.map(|at| at.0);
        let (since, checks) = self.down.unzip();
        json!({
            "id": self.id.as_str(), "url": self.url.as_str(), "keys": self.keys.as_str(), "phase": phase,
            "max_tables": self.max_tables, "max_apps": self.max_apps, "tables": self.tables, "apps": self.apps,
            "down_since": time(since), "down_checks": checks, "checked_at": time(self.checked_at), "check_at": time(self.check_at),
        })
        .to_string()
    }

    /// The one that is stored as this text.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        let stored: Value = crate::json::from_str(text).ok()?;
        let word = |name: &str| stored.get(name).and_then(Value::as_str);
        let number = |name: &str| stored.get(name).and_then(Value::as_u64);
        let count = |name: &str| u32::try_from(number(name)?).ok();
        let time = |name: &str| number(name).map(Timestamp);
        Some(Self {
            id: word("id")?.parse().ok()?,
            url: word("url")?.to_owned(),
            keys: word("keys")?.to_owned(),
            phase: match word("phase")? {
                "provisioning" => Phase::Provisioning,
                "available" => Phase::Available,
                "maintenance" => Phase::Maintenance,
                _ => return None,
            },
            max_tables: count("max_tables")?,
            max_apps: count("max_apps")?,
            tables: count("tables")?,
            apps: count("apps")?,
            down: time("down_since").zip(count("down_checks")),
            checked_at: time("checked_at"),
            check_at: time("check_at"),
            is_lost: false,
        })
    }

    /// Its state.
    #[must_use]
    pub const fn state(&self) -> ShardState {
        match self.phase {
            Phase::Provisioning => ShardState::Provisioning,
            Phase::Maintenance => ShardState::Maintenance,
            Phase::Available if self.is_lost || self.down.is_some() => ShardState::Gone,
            Phase::Available if self.room() == 0 || self.apps >= self.max_apps => ShardState::Full,
            Phase::Available => ShardState::Available,
        }
    }

    /// How many more tables there is room for.
    const fn room(&self) -> u32 {
        self.max_tables.saturating_sub(self.tables)
    }

    /// Whether a new app with so many tables may come.
    fn takes(&self, tables: u32) -> bool {
        // One that has no table yet may want one.
        self.state() == ShardState::Available && tables <= self.room()
    }

    fn count(&mut self, held: &Held) {
        self.apps = self.apps.saturating_add(1);
        self.tables = self.tables.saturating_add(count(&held.tables));
    }

    /// How full it is, in millionths: of tables or of apps, whichever is more.
    fn load(&self) -> u64 {
        let part = |some: u32, all: u32| u64::from(some) * 1_000_000 / u64::from(all.max(1));
        max(
            part(self.tables, self.max_tables),
            part(self.apps, self.max_apps),
        )
    }

    /// It was asked whether it is well.
    pub fn checked(&mut self, is_well: bool, now: Timestamp) {
        self.checked_at = Some(now);
        if is_well {
            self.down = None;
            if self.phase == Phase::Provisioning {
                self.phase = Phase::Available;
            }
            self.check_at = (!self.id.is_of_settings()).then(|| now.after(CHECK_MILLIS));
            return;
        }
        let (since, times) = self.down.unwrap_or((now, 0));
        let (first, longest) = AGAIN_MILLIS;
        let wait = first.saturating_mul(1 << times.min(10)).min(longest);
        self.down = Some((since, times.saturating_add(1)));
        self.check_at = Some(now.after(wait));
    }

    /// Somebody found that it does not answer. One of which that is known is being asked anyway.
    pub fn doubted(&mut self, now: Timestamp) {
        if self.down.is_some() {
            return;
        }
        let soon = self
            .checked_at
            .map_or(now, |at| now.max(at.after(DOUBT_MILLIS)));
        self.check_at = Some(self.check_at.map_or(soon, |at| at.min(soon)));
    }
}

/// All shards, and what is decided about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pool(Vec<Member>);

impl Pool {
    /// The pool of these, each there once.
    #[must_use]
    pub const fn of(members: Vec<Member>) -> Self {
        Self(members)
    }

    /// All of them, the one of the settings first.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.0
    }

    /// The same with the shard that the settings name. When they name none any more, it takes no new apps, and is not there if it has none.
    #[must_use]
    pub fn with_own(mut self, is_named: bool) -> Self {
        let at = self.0.iter().position(|member| member.id.is_of_settings());
        let mut own = match at {
            Some(at) => self.0.remove(at),
            None => Member::of_settings(),
        };
        own.is_lost = !is_named;
        if is_named || own.apps > 0 {
            self.0.insert(0, own);
        }
        self
    }

    /// Those that are not as they are in `before`.
    pub fn changed_since(&self, before: &Self) -> impl Iterator<Item = &Member> {
        self.0.iter().filter(|member| !before.0.contains(member))
    }

    /// One of them.
    ///
    /// # Errors
    /// 404 when there is none of this id.
    pub fn member(&mut self, id: &ShardId) -> Result<&mut Member> {
        let found = self.0.iter_mut().find(|member| member.id == *id);
        found.ok_or_else(|| Error::new(Kind::NotFound, "There is no such shard."))
    }

    /// When the next one is to be asked whether it is well.
    #[must_use]
    pub fn next_check(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|member| member.check_at).min()
    }

    /// Sets room aside for an app that has `held` and wants tables of these names as well; of those that it has, none twice. Either there
    /// is room for all, or nothing changes.
    ///
    /// # Errors
    /// 413 when the app's shard has no room for that many more, 503 when it has no shard yet and none takes it.
    pub fn reserve(&mut self, held: Option<Held>, mut wanted: Vec<String>) -> Result<Held> {
        crate::sorted::sort(&mut wanted);
        wanted.dedup();
        let Some(mut held) = held else {
            return self.place(wanted);
        };
        wanted.retain(|table| !held.tables.contains(table));
        let more = count(&wanted);
        let member = self.member(&held.shard)?;
        let room = member.room();
        if more > room {
            return Err(Error::new(
                Kind::TooLarge,
                format!(
                    "The app's database has room for {room} more tables, and this needs {more}. Drop tables that are not needed any more, or ask \
                     the operator to raise `max_tables` of the shard (PATCH /v1/shards/{}).",
                    held.shard
                ),
            )
            .with("limit", member.max_tables));
        }
        member.tables = member.tables.saturating_add(more);
        held.tables.append(&mut wanted);
        Ok(held)
    }

    fn place(&mut self, wanted: Vec<String>) -> Result<Held> {
        if self.0.iter().all(|member| member.is_lost) {
            return Err(no_database());
        }
        let tables = count(&wanted);
        let is_silent = |member: &Member| member.down.is_some() && !member.is_lost;
        let is_any_silent = self.0.iter().any(is_silent);
        let able = self.0.iter_mut().filter(|member| member.takes(tables));
        let Some(member) = able.min_by_key(|member| member.load()) else {
            if is_any_silent {
                return Err(Error::unavailable(
                    "The database for the app's data does not answer. Try again in a minute.",
                    "no shard that answers takes another app",
                ));
            }
            return Err(Error::unavailable(
                "No database of this installation has room for the app's data. The operator adds one (POST /v1/shards), or lets one take more \
                 (PATCH /v1/shards/{shard}).",
                format!("no shard takes an app with {tables} tables"),
            ));
        };
        let held = Held {
            shard: member.id.clone(),
            tables: wanted,
        };
        member.count(&held);
        Ok(held)
    }

    /// What an app has once it is known which tables came of the ones that were asked for: those `found` are there, those `asked` that were
    /// not found are not. Of others nothing is said: somebody else may be making them.
    ///
    /// # Errors
    /// 404 when its shard is not there.
    pub fn settle(
        &mut self,
        mut held: Held,
        asked: &[String],
        mut found: Vec<String>,
    ) -> Result<Held> {
        let before = count(&held.tables);
        held.tables
            .retain(|table| !found.contains(table) && !asked.contains(table));
        held.tables.append(&mut found);
        let member = self.member(&held.shard)?;
        let others = member.tables.saturating_sub(before);
        member.tables = others.saturating_add(count(&held.tables));
        Ok(held)
    }

    /// Sets room aside for an app that comes from another shard, with all that it has.
    ///
    /// # Errors
    /// 404 when the shard is not there, 409 when it takes no app with so many tables.
    pub fn enter(&mut self, held: &Held) -> Result<()> {
        let member = self.member(&held.shard)?;
        let tables = count(&held.tables);
        if !member.takes(tables) {
            return Err(Error::new(
                Kind::Conflict,
                format!("The shard takes no app with {tables} tables now (GET /v1/shards)."),
            ));
        }
        member.count(held);
        Ok(())
    }

    /// An app has arrived where room was set aside for it: that is given back, and what it has now is counted.
    ///
    /// # Errors
    /// 404 when the shard is not there.
    pub fn arrive(&mut self, set_aside: &Held, held: &Held) -> Result<()> {
        self.release(set_aside)?;
        self.member(&held.shard)?.count(held);
        Ok(())
    }

    /// An app is gone with all that it had.
    ///
    /// # Errors
    /// 404 when its shard is not there.
    pub fn release(&mut self, held: &Held) -> Result<()> {
        let member = self.member(&held.shard)?;
        member.apps = member.apps.saturating_sub(1);
        member.tables = member.tables.saturating_sub(count(&held.tables));
        Ok(())
    }

    /// Adds one. The same again is the one that is there.
    ///
    /// # Errors
    /// 409 when another one has its address, 413 when there are too many.
    pub fn add(&mut self, member: Member) -> Result<&Member> {
        let at = match self.0.iter().position(|other| other.url == member.url) {
            Some(at) => at,
            None if self.0.len() >= MOST_SHARDS => {
                return Err(Error::new(
                    Kind::TooLarge,
                    format!("An installation has at most {MOST_SHARDS} shards."),
                )
                .with("limit", MOST_SHARDS));
            }
            None => {
                self.0.push(member.clone());
                self.0.len() - 1
            }
        };
        let there = self.0.get(at);
        there.filter(|there| there.id == member.id).ok_or_else(|| {
            Error::new(
                Kind::Conflict,
                "Another shard has this address already (GET /v1/shards).",
            )
        })
    }

    /// Changes what the operator wants of one.
    ///
    /// # Errors
    /// 404 when there is none of this id, 409 while it has not answered yet.
    pub fn change(&mut self, id: &ShardId, change: &Change) -> Result<&Member> {
        let member = self.member(id)?;
        if let Some(takes_apps) = change.takes_apps {
            if member.phase == Phase::Provisioning {
                return Err(Error::new(
                    Kind::Conflict,
                    "The shard has not answered yet. It becomes available by itself when it does; delete it if it never will.",
                ));
            }
            member.phase = if takes_apps {
                Phase::Available
            } else {
                Phase::Maintenance
            };
        }
        member.max_tables = change.max_tables.unwrap_or(member.max_tables);
        member.max_apps = change.max_apps.unwrap_or(member.max_apps);
        Ok(member)
    }

    /// Takes one away that holds nothing.
    ///
    /// # Errors
    /// 404 when there is none of this id, 409 when apps are in it or the settings name it.
    pub fn remove(&mut self, id: &ShardId) -> Result<()> {
        let apps = self.member(id)?.apps;
        if id.is_of_settings() {
            return Err(Error::new(
                Kind::Conflict,
                "This shard is the one that the settings name. It goes when SUPABASE_URL is empty.",
            ));
        }
        if apps > 0 {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "The data of {apps} apps is in this shard. Set its state to `maintenance`, so that no more come, and take it away when they are \
                     gone."
                ),
            )
            .with("apps", apps));
        }
        self.0.retain(|member| member.id != *id);
        Ok(())
    }
}

/// The error of an installation without a shard.
#[must_use]
pub fn no_database() -> Error {
    Error::unavailable(
        "This installation has no database for apps. The operator sets SUPABASE_URL and SUPABASE_SECRET_KEY, or adds a shard (POST /v1/shards).",
        "there is no shard",
    )
}

fn count(tables: &[String]) -> u32 {
    u32::try_from(tables.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
