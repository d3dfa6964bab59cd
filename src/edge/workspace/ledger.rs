//! The workspace's ledger: what is set aside for calls of models, and what they have cost.
//!
//! `ledger` one row an attempt; `totals` what they come to, one row a scope of `generation::budget`. Both change together. Rows of
//! attempts that are settled, and totals of turns and days, are kept for [`KEPT_MILLIS`].

use serde::Deserialize;

use super::{Workspace, integer, json};
use crate::{
    edge::{
        objects::{Ledgered, WorkspaceUsage},
        settings,
    },
    error::{Error, Result},
    generation::{
        Charge, Spending,
        budget::{Reserved, Scope, Total},
    },
    llm::models::Reservation,
    time::Timestamp,
};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS ledger(key TEXT PRIMARY KEY, at INTEGER NOT NULL, tokens INTEGER NOT NULL, micros INTEGER NOT NULL, millis INTEGER NOT NULL, charge TEXT);
    CREATE INDEX IF NOT EXISTS ledger_by_age ON ledger(at);
    CREATE TABLE IF NOT EXISTS totals(scope TEXT PRIMARY KEY, at INTEGER NOT NULL, total TEXT NOT NULL, spent TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS totals_by_age ON totals(at);
";

/// How long a row is kept: far longer than a conversation goes on to settle an attempt, which is known by it. Milliseconds.
const KEPT_MILLIS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// A row of the ledger.
#[derive(Deserialize)]
struct Row {
    at: u64,
    tokens: u64,
    micros: u64,
    millis: u64,
    charge: Option<String>,
}

impl Workspace {
    /// Sets aside what an attempt can come to, if every scope has room for it.
    pub(super) fn reserve(
        &self,
        of: &Ledgered,
        worst: Reservation,
        at: Timestamp,
    ) -> Result<serde_json::Value> {
        if let Some(entry) = self.entry(of)? {
            return json(&Reserved::Granted {
                millis: entry.millis,
            });
        }
        let mut totals = Vec::new();
        for scope in Scope::ALL {
            totals.push((scope, self.total(&scope.key(&of.app, &of.turn, at))?.0));
        }
        let reserved = settings::budget(&self.env)?.reserve(&totals, worst);
        let Reserved::Granted { millis } = reserved else {
            return json(&reserved);
        };
        self.run(
            "INSERT INTO ledger(key, at, tokens, micros, millis) VALUES (?, ?, ?, ?, ?)",
            vec![
                key(of).into(),
                integer(at.0),
                integer(worst.tokens),
                integer(worst.micros),
                integer(millis),
            ],
        )?;
        self.change(of, at, |total, _| {
            total.tokens = total.tokens.saturating_add(worst.tokens);
            total.micros = total.micros.saturating_add(worst.micros);
            total.millis = total.millis.saturating_add(millis);
            total.steps += 1;
        })?;
        json(&reserved)
    }

    /// Puts what an attempt has cost in the place of what was set aside for it.
    pub(super) fn settle(
        &self,
        of: &Ledgered,
        charge: &Charge,
        at: Timestamp,
    ) -> Result<serde_json::Value> {
        let entry = self.entry(of)?;
        if entry.as_ref().is_some_and(|entry| entry.charge.is_some()) {
            return json(&());
        }
        let began = entry.as_ref().map_or(at, |entry| Timestamp(entry.at));
        let set_aside = entry.as_ref().map_or((0, 0, 0), |entry| {
            (entry.tokens, entry.micros, entry.millis)
        });
        let is_known = entry.is_some();
        self.run(
            "INSERT INTO ledger(key, at, tokens, micros, millis, charge) VALUES (?, ?, 0, 0, 0, ?) ON CONFLICT(key) DO UPDATE SET charge = excluded.charge",
            vec![
                key(of).into(),
                integer(at.0),
                serde_json::to_string(charge).map_err(Error::internal)?.into(),
            ],
        )?;
        let spent = charge.spent;
        self.change(of, began, |total, spending| {
            let settled = |total: u64, aside: u64, spent: u64| {
                total.saturating_sub(aside).saturating_add(spent)
            };
            total.tokens = settled(total.tokens, set_aside.0, spent.usage.total());
            total.micros = settled(total.micros, set_aside.1, spent.micros.unwrap_or_default());
            // An attempt that came to nothing is no step.
            match (is_known, charge.voided) {
                (true, true) => total.steps = total.steps.saturating_sub(1),
                (false, false) => total.steps += 1,
                _ => {}
            }
            // What this process was away for is not the call's time.
            total.millis = settled(total.millis, set_aside.2, at.since(began).min(set_aside.2));
            spending.add(&spent, charge.billing_ignore);
        })?;
        self.forget_old(at)?;
        json(&())
    }

    fn forget_old(&self, now: Timestamp) -> Result<()> {
        let oldest = now.0.saturating_sub(KEPT_MILLIS);
        self.run(
            "DELETE FROM ledger WHERE at < ? AND charge IS NOT NULL",
            vec![integer(oldest)],
        )?;
        self.run(
            "DELETE FROM totals WHERE at < ? AND (scope LIKE 'turn/%' OR scope LIKE 'day/%')",
            vec![integer(oldest)],
        )?;
        Ok(())
    }

    pub(super) fn usage(&self, at: Timestamp) -> Result<serde_json::Value> {
        let (total, spent) = self.total("workspace")?;
        let (today, _) = self.total(&Scope::day(at))?;
        json(&WorkspaceUsage {
            spent,
            total,
            today,
        })
    }

    fn entry(&self, of: &Ledgered) -> Result<Option<Row>> {
        let rows = self.rows::<Row>(
            "SELECT at, tokens, micros, millis, charge FROM ledger WHERE key = ?",
            vec![key(of).into()],
        )?;
        Ok(rows.into_iter().next())
    }

    fn total(&self, scope: &str) -> Result<(Total, Spending)> {
        #[derive(Deserialize)]
        struct Row {
            total: String,
            spent: String,
        }
        let rows = self.rows::<Row>(
            "SELECT total, spent FROM totals WHERE scope = ?",
            vec![scope.into()],
        )?;
        let Some(row) = rows.first() else {
            return Ok(<(Total, Spending)>::default());
        };
        Ok((
            crate::json::from_str(&row.total).map_err(Error::internal)?,
            crate::json::from_str(&row.spent).map_err(Error::internal)?,
        ))
    }

    /// Changes the totals of all scopes of an attempt. A day's is that on which it began.
    fn change(
        &self,
        of: &Ledgered,
        at: Timestamp,
        change: impl Fn(&mut Total, &mut Spending),
    ) -> Result<()> {
        for scope in Scope::ALL {
            let scope = scope.key(&of.app, &of.turn, at);
            let (mut total, mut spent) = self.total(&scope)?;
            change(&mut total, &mut spent);
            let text = |value: serde_json::Result<String>| value.map_err(Error::internal);
            self.run(
                "INSERT INTO totals(scope, at, total, spent) VALUES (?, ?, ?, ?) ON CONFLICT(scope) DO UPDATE SET at = excluded.at, total = excluded.total, spent = excluded.spent",
                vec![
                    scope.into(),
                    integer(at.0),
                    text(serde_json::to_string(&total))?.into(),
                    text(serde_json::to_string(&spent))?.into(),
                ],
            )?;
        }
        Ok(())
    }
}

fn key(of: &Ledgered) -> String {
    let Ledgered {
        app,
        turn,
        step,
        attempt,
    } = of;
    format!("{app}/{turn}/{step}/{attempt}")
}
