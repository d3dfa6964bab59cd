//! Budgets: what a call may come to at most is set aside before it is made, and settled afterwards, so that no number of calls at
//! once goes over a cap.
//!
//! The setting `BUDGET` is a JSON object of caps by scope: `turn`, `app`, `workspace` (for ever) and `day` (a workspace's day in
//! UTC), each with `tokens`, `dollars`, `steps` (calls that were answered or are under way) and `minutes` (the time that calls take:
//! of what is left, a call gets ten at most and has to get one, and ends when they are over). What is left out has no cap.
//! Everything counts, repairs too: they are not billed, but they cost.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    ids::{AppId, TurnId},
    llm::models::Reservation,
    time::Timestamp,
};

const MINUTE_MILLIS: u64 = 60 * 1_000;

/// How long one call may take, in milliseconds. The platform ends an alarm after 15 minutes.
const CALL_MILLIS: u64 = 10 * MINUTE_MILLIS;

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// Caps of all scopes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// One turn.
    pub turn: Cap,
    /// One app.
    pub app: Cap,
    /// One workspace.
    pub workspace: Cap,
    /// One workspace, one day.
    pub day: Cap,
}

/// The caps of one scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cap {
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// Money.
    pub dollars: Option<f64>,
    /// Calls.
    pub steps: Option<u64>,
    /// Time that calls take.
    pub minutes: Option<u64>,
}

/// What a scope has come to, what is set aside included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Tokens.
    pub tokens: u64,
    /// Micro-dollars.
    pub micros: u64,
    /// Calls.
    pub steps: u64,
    /// Milliseconds.
    pub millis: u64,
}

/// What becomes of the wish to make a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reserved {
    /// What it can come to is set aside.
    Granted {
        /// How long it may take, in milliseconds.
        millis: u64,
    },
    /// There is no room for it.
    Refused {
        /// Why, as the end of a sentence.
        reason: String,
    },
}

/// Whose money it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One turn's.
    Turn,
    /// One app's.
    App,
    /// The workspace's.
    Workspace,
    /// The workspace's of one day.
    Day,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Turn, Self::App, Self::Workspace, Self::Day];

    /// The name under which its total is kept.
    #[must_use]
    pub fn key(self, app: &AppId, turn: &TurnId, now: Timestamp) -> String {
        match self {
            Self::Turn => format!("turn/{app}/{turn}"),
            Self::App => Self::app(app),
            Self::Workspace => "workspace".to_owned(),
            Self::Day => Self::day(now),
        }
    }

    /// The name of an app.
    #[must_use]
    pub fn app(app: &AppId) -> String {
        format!("app/{app}")
    }

    /// The name of a day.
    #[must_use]
    pub fn day(now: Timestamp) -> String {
        format!("day/{}", now.0 / DAY_MILLIS)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Turn => "this turn",
            Self::App => "this app",
            Self::Workspace => "this workspace",
            Self::Day => "this workspace for today",
        })
    }
}

impl Budget {
    /// Reads the setting.
    ///
    /// # Errors
    /// When it is not what it should be.
    pub fn parse(text: &str) -> Result<Self> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let budget: Self = crate::json::from_str(text).map_err(|error| {
            Error::internal(format!("the setting BUDGET is not right: {error}"))
        })?;
        let caps = [&budget.turn, &budget.app, &budget.workspace, &budget.day];
        let is_wrong = |cap: &&Cap| {
            cap.dollars
                .is_some_and(|dollars| !(0.0..1e9).contains(&dollars))
        };
        if caps.iter().any(is_wrong) {
            return Err(Error::internal(
                "the setting BUDGET is not right: `dollars` is a number from 0",
            ));
        }
        Ok(budget)
    }

    const fn cap(&self, scope: Scope) -> &Cap {
        match scope {
            Scope::Turn => &self.turn,
            Scope::App => &self.app,
            Scope::Workspace => &self.workspace,
            Scope::Day => &self.day,
        }
    }

    /// Whether a call has room, and for how long.
    #[must_use]
    pub fn reserve(&self, totals: &[(Scope, Total)], wanted: Reservation) -> Reserved {
        let mut millis = CALL_MILLIS;
        for (scope, total) in totals {
            let cap = self.cap(*scope);
            if let Some(what) = cap.exceeded(total, wanted) {
                let reason = format!("the budget of {scope} is used up ({what})");
                return Reserved::Refused { reason };
            }
            millis = millis.min(cap.millis_left(total));
        }
        Reserved::Granted { millis }
    }
}

impl Cap {
    const fn millis_left(&self, total: &Total) -> u64 {
        match self.minutes {
            Some(minutes) => minutes
                .saturating_mul(MINUTE_MILLIS)
                .saturating_sub(total.millis),
            None => u64::MAX,
        }
    }

    fn exceeded(&self, total: &Total, wanted: Reservation) -> Option<String> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be small and positive"
        )]
        let micros = self.dollars.map(|dollars| (dollars * 1e6) as u64);
        let over = |cap: Option<u64>, with: u64| cap.filter(|cap| with > *cap);
        if let Some(cap) = over(self.tokens, total.tokens.saturating_add(wanted.tokens)) {
            return Some(format!("{cap} tokens"));
        }
        if over(micros, total.micros.saturating_add(wanted.micros)).is_some() {
            return Some(format!("{:.2} dollars", self.dollars.unwrap_or_default()));
        }
        if let Some(cap) = over(self.steps, total.steps.saturating_add(1)) {
            return Some(format!("{cap} steps"));
        }
        self.minutes
            .filter(|_| self.millis_left(total) < MINUTE_MILLIS)
            .map(|cap| format!("{cap} minutes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Reservation = Reservation {
        tokens: 10,
        micros: 100,
    };

    fn reserved(budget: &str, total: Total) -> Reserved {
        Budget::parse(budget)
            .unwrap()
            .reserve(&Scope::ALL.map(|scope| (scope, total)), WANTED)
    }

    fn refused(budget: &str, total: Total) -> Option<String> {
        match reserved(budget, total) {
            Reserved::Granted { .. } => None,
            Reserved::Refused { reason } => Some(reason),
        }
    }

    #[test]
    fn a_call_gets_the_time_that_is_left_and_ten_minutes_at_most() {
        let used = |millis| Total {
            millis,
            ..Total::default()
        };
        let granted = |budget: &str, millis| match reserved(budget, used(millis)) {
            Reserved::Granted { millis } => Some(millis),
            Reserved::Refused { .. } => None,
        };
        assert_eq!(granted("{}", 0), Some(600_000));
        assert_eq!(granted(r#"{"turn":{"minutes":60}}"#, 0), Some(600_000));
        let both = r#"{"turn":{"minutes":5},"day":{"minutes":4}}"#;
        assert_eq!(granted(both, 0), Some(240_000));
        assert_eq!(granted(both, 180_000), Some(60_000));
        assert_eq!(granted(both, 180_001), None);
        assert_eq!(granted(r#"{"day":{"minutes":0}}"#, 0), None);
    }

    #[test]
    fn a_call_has_room_up_to_the_cap_and_no_further() {
        let total = Total {
            tokens: 90,
            micros: 900,
            steps: 9,
            millis: 9 * 60_000,
        };
        for (fits, does_not, says) in [
            (
                r#"{"turn":{"tokens":100}}"#,
                r#"{"turn":{"tokens":99}}"#,
                "this turn is used up (99 tokens)",
            ),
            (
                r#"{"app":{"dollars":0.001}}"#,
                r#"{"app":{"dollars":0.000999}}"#,
                "this app is used up (0.00 dollars)",
            ),
            (
                r#"{"workspace":{"steps":10}}"#,
                r#"{"workspace":{"steps":9}}"#,
                "this workspace is used up (9 steps)",
            ),
            (
                r#"{"day":{"minutes":10}}"#,
                r#"{"day":{"minutes":9}}"#,
                "this workspace for today is used up (9 minutes)",
            ),
        ] {
            assert_eq!(refused(fits, total), None, "{fits}");
            let reason = refused(does_not, total).unwrap();
            assert!(reason.ends_with(says), "{reason}");
        }
        assert_eq!(refused("", total), None);
        assert_eq!(refused("{}", total), None);
    }

    #[test]
    fn a_setting_that_is_not_right_is_refused() {
        for wrong in [
            r#"{"turns":{}}"#,
            r#"{"turn":{"dollars":-1}}"#,
            r#"{"turn":{"euros":1}}"#,
            "5",
        ] {
            assert!(Budget::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn totals_are_kept_by_scope_and_days_begin_at_midnight() {
        let app: AppId = "abcdefgh".parse().unwrap();
        let turn = TurnId::from_seed(&[1; 16]);
        let keys = |at: u64| Scope::ALL.map(|scope| scope.key(&app, &turn, Timestamp(at)));
        assert_eq!(keys(0)[1], "app/abcdefgh");
        assert_eq!(keys(0)[1], Scope::app(&app));
        assert_eq!(keys(86_399_999)[3], "day/0");
        assert_eq!(keys(86_400_000)[3], "day/1");
        assert_eq!(keys(0)[..3], keys(86_400_000)[..3]);
    }
}
