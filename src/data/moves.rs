//! An app on its way from one shard to another: what is done next, and what comes of it. Stores nothing and talks to no shard.
//!
//! What is in the way there is cleared, then all that the app has is copied part by part while it is held
//! (`migrations/0005_moves.sql`), and the pool leads to where it has arrived. Whoever believes otherwise for a while
//! ([`BELIEVED_MILLIS`]) reads the same and changes nothing; then it is let go there. What it leaves behind stays held until nobody can be
//! in the middle of something that began earlier, and is dropped. Until it has arrived, it can be called off, and is when a shard does not
//! answer for long.

use serde_json::{Value, json};

use super::pool::Held;
use crate::{
    error::{Error, Kind},
    ids::ShardId,
    time::Timestamp,
};

/// For how long it is believed in which shard an app is, in milliseconds.
pub const BELIEVED_MILLIS: u64 = 10_000;
/// How long both sides are held after that, for what was under way.
const SPARE_MILLIS: u64 = 2_000;
/// How long what was left behind is held on after that, in milliseconds: some calls of a request may take twenty seconds each.
const LEFT_MILLIS: u64 = 120_000;
/// The first wait, and the longest, before a step is tried again.
const AGAIN_MILLIS: (u64, u64) = (1_000, 60_000);
/// How often a step may fail before the app stays where it is: for about five minutes.
pub const MOST_FAILURES: u32 = 10;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// What an earlier attempt has left there is dropped.
    Clear,
    /// Part after part is copied.
    Copy,
    /// It has arrived; who believes otherwise is waited for, then it is let go.
    Settle,
    /// It is used there; what was left behind is dropped when nobody can be in the middle of something.
    Leave,
    /// It stays where it was, and is let go.
    Undo,
    /// What has come there is dropped.
    Sweep,
    /// It has stayed.
    Failed,
}

/// What a step has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// There is more to drop.
    Again,
    /// A part was copied; with this the next one is asked for.
    Part(String),
    /// Nothing is left to be done.
    Over,
}

/// What the pool has to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It goes on.
    None,
    /// The app is in the other shard from now on.
    Arrived,
    /// The app stays where it was; the room that was set aside is free.
    Stayed,
    /// All is done.
    Ended,
}

/// A move of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where it was.
    pub from: ShardId,
    /// Where it goes, and what was set aside for it there.
    pub held: Held,
    /// How far it is.
    pub step: Step,
    /// With what the next part is asked for: JSON.
    pub at: String,
    /// How many parts were copied.
    pub parts: u32,
    /// When it began.
    pub since: Timestamp,
    /// When it goes on.
    pub due: Timestamp,
    failures: u32,
    /// What went wrong last, for the operator; empty when nothing did.
    pub error: String,
}

impl Move {
    /// One that begins.
    #[must_use]
    pub const fn begun(from: ShardId, held: Held, now: Timestamp) -> Self {
        Self {
            from,
            held,
            step: Step::Clear,
            at: String::new(),
            parts: 0,
            since: now,
            due: now,
            failures: 0,
            error: String::new(),
        }
    }

    /// Whether something is left to be done.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.step != Step::Failed
    }

    /// A step was done.
    pub fn done(&mut self, done: Done, now: Timestamp) -> News {
        self.failures = 0;
        self.due = now;
        if !self.is_undone() {
            self.error.clear();
        }
        match (self.step, done) {
            (_, Done::Again) | (Step::Failed, _) => News::None,
            (_, Done::Part(next)) => {
                self.at = next;
                self.parts = self.parts.saturating_add(1);
                News::None
            }
            (Step::Clear, Done::Over) => {
                self.step = Step::Copy;
                "null".clone_into(&mut self.at);
                News::None
            }
            (Step::Copy, Done::Over) => {
                self.step = Step::Settle;
                self.due = now.after(BELIEVED_MILLIS + SPARE_MILLIS);
                News::Arrived
            }
            (Step::Settle, Done::Over) => {
                self.step = Step::Leave;
                self.due = now.after(LEFT_MILLIS);
                News::None
            }
            (Step::Leave, Done::Over) => News::Ended,
            (Step::Undo, Done::Over) => {
                self.step = Step::Sweep;
                News::None
            }
            (Step::Sweep, Done::Over) => {
                self.step = Step::Failed;
                News::Stayed
            }
        }
    }

    /// A step has failed. It is tried again; where the app has not arrived yet, not for ever, and not when it would fail again.
    pub fn failed(&mut self, error: &Error, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let is_final = error.kind != Kind::Unavailable || self.failures >= MOST_FAILURES;
        if !self.is_undone() {
            let why = error.source.as_deref().unwrap_or(&error.public);
            why.clone_into(&mut self.error);
        }
        if is_final && self.is_on_its_way() {
            self.undo(now);
            return;
        }
        let (first, longest) = AGAIN_MILLIS;
        let doubled = first.saturating_mul(1 << self.failures.saturating_sub(1).min(10));
        self.due = now.after(doubled.min(longest));
    }

    /// The app stays where it was.
    fn undo(&mut self, now: Timestamp) {
        self.step = Step::Undo;
        self.failures = 0;
        self.due = now;
    }

    const fn is_on_its_way(&self) -> bool {
        matches!(self.step, Step::Clear | Step::Copy)
    }

    const fn is_undone(&self) -> bool {
        matches!(self.step, Step::Undo | Step::Sweep)
    }

    /// Whether nothing of the app may be changed.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.is_on_its_way() || matches!(self.step, Step::Settle)
    }

    /// Somebody calls it off; what the pool has to know of it, or nothing when it cannot be. What has failed is forgotten, and so is what
    /// could not be dropped though it is used no more.
    pub fn call_off(&mut self, now: Timestamp) -> Option<News> {
        match self.step {
            Step::Clear | Step::Copy => {
                "It was called off.".clone_into(&mut self.error);
                self.undo(now);
                Some(News::None)
            }
            Step::Undo => Some(News::None),
            Step::Sweep => {
                self.step = Step::Failed;
                Some(News::Stayed)
            }
            Step::Leave if self.failures > 0 => Some(News::Ended),
            Step::Settle | Step::Leave => None,
            Step::Failed => Some(News::Ended),
        }
    }

    /// As it is stored: its parts a line each, what went wrong on one as well, and last the names of the tables.
    #[must_use]
    pub fn to_stored(&self) -> String {
        let step = match self.step {
            Step::Clear => 0,
            Step::Copy => 1,
            Step::Settle => 2,
            Step::Leave => 3,
            Step::Undo => 4,
            Step::Sweep => 5,
            Step::Failed => 6,
        };
        let error = self.error.replace(['\r', '\n'], " ");
        [
            self.from.as_str(),
            self.held.shard.as_str(),
            &step.to_string(),
            &self.parts.to_string(),
            &self.since.0.to_string(),
            &self.due.0.to_string(),
            &self.failures.to_string(),
            &self.at,
            &error,
            &self.held.tables.join(" "),
        ]
        .join("\n")
    }

    /// The one that is stored as this text.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.split('\n').collect();
        let line = |number: usize| lines.get(number).copied();
        let number = |at: usize| line(at)?.parse::<u64>().ok();
        let count = |at: usize| u32::try_from(number(at)?).ok();
        Some(Self {
            from: line(0)?.parse().ok()?,
            held: Held {
                shard: line(1)?.parse().ok()?,
                tables: line(9)?.split_whitespace().map(str::to_owned).collect(),
            },
            step: match number(2)? {
                0 => Step::Clear,
                1 => Step::Copy,
                2 => Step::Settle,
                3 => Step::Leave,
                4 => Step::Undo,
                5 => Step::Sweep,
                _ => Step::Failed,
            },
            parts: count(3)?,
            since: Timestamp(number(4)?),
            due: Timestamp(number(5)?),
            failures: count(6)?,
            at: line(7)?.to_owned(),
            error: line(8)?.to_owned(),
        })
    }

    /// As it is told: [`ShardMove`](crate::http::resource::ShardMove).
    #[must_use]
    pub fn shown(&self) -> Value {
        let state = match self.step {
            Step::Clear | Step::Copy => "copying",
            Step::Settle => "arriving",
            Step::Leave => "arrived",
            Step::Undo | Step::Sweep => "undoing",
            Step::Failed => "failed",
        };
        let error = Some(self.error.as_str()).filter(|error| !error.is_empty());
        json!({
            "from": self.from, "to": self.held.shard, "state": state, "parts": self.parts, "since": self.since, "error": error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn begun() -> Move {
        let shard = |number: u8| ShardId::from_seed(&[number; 16]);
        let held = Held {
            shard: shard(2),
            tables: vec!["a".to_owned(), "b".to_owned()],
        };
        Move::begun(shard(1), held, NOW)
    }

    fn silent() -> Error {
        Error::unavailable("It does not answer.", "timed out")
    }

    #[test]
    fn it_clears_copies_arrives_and_ends() {
        let mut moving = begun();
        assert_eq!(moving.done(Done::Again, NOW), News::None);
        assert_eq!(moving.step, Step::Clear);
        assert_eq!(moving.done(Done::Over, NOW), News::None);
        assert_eq!((moving.step, moving.at.as_str()), (Step::Copy, "null"));
        for number in 1..=3 {
            let next = format!("{{\"n\":{number}}}");
            assert_eq!(moving.done(Done::Part(next.clone()), NOW), News::None);
            assert_eq!((moving.at.as_str(), moving.parts), (next.as_str(), number));
            assert_eq!(Move::of_stored(&moving.to_stored()).unwrap(), moving);
        }
        assert_eq!(moving.done(Done::Over, NOW), News::Arrived);
        assert_eq!(
            moving.due,
            NOW.after(12_000),
            "who believes otherwise is waited for"
        );
        assert!(moving.is_held());
        assert_eq!(moving.call_off(NOW), None, "it has arrived");
        assert_eq!(moving.done(Done::Over, NOW.after(12_000)), News::None);
        assert_eq!((moving.step, moving.due), (Step::Leave, NOW.after(132_000)));
        assert_eq!(Move::of_stored(&moving.to_stored()).unwrap(), moving);
        assert!(moving.is_live() && !moving.is_held());
        assert_eq!(moving.call_off(NOW), None, "it has arrived");
        assert_eq!(moving.done(Done::Again, NOW), News::None);
        assert_eq!(moving.done(Done::Over, NOW), News::Ended);
    }

    #[test]
    fn who_is_silent_for_long_keeps_it_from_moving() {
        let mut moving = begun();
        moving.done(Done::Over, NOW);
        let mut now = NOW;
        let mut waits = Vec::new();
        while moving.step == Step::Copy {
            moving.failed(&silent(), now);
            assert_eq!(Move::of_stored(&moving.to_stored()).unwrap(), moving);
            waits.push(moving.due.since(now) / 1_000);
            now = moving.due;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 0]);
        assert_eq!(
            (moving.step, moving.error.as_str()),
            (Step::Undo, "timed out")
        );
        for _ in 0..30 {
            moving.failed(&silent(), now);
            assert_eq!(moving.step, Step::Undo, "that it stays is tried for ever");
        }
        assert_eq!(moving.due.since(now), 60_000);
        assert_eq!(moving.done(Done::Over, now), News::None);
        assert_eq!(
            moving.step,
            Step::Sweep,
            "it is let go before anything else"
        );
        moving.failed(&silent(), now);
        assert_eq!(Move::of_stored(&moving.to_stored()).unwrap(), moving);
        assert_eq!(moving.done(Done::Over, now), News::Stayed);
        assert!(!moving.is_live());
        assert_eq!(moving.error, "timed out");
    }

    #[test]
    fn what_would_fail_again_is_not_tried_again() {
        let mut moving = begun();
        moving.done(Done::Over, NOW);
        moving.failed(&silent(), NOW);
        moving.done(Done::Part("1".to_owned()), NOW);
        assert_eq!(moving.error, "", "it went well then");
        moving.failed(&Error::internal("not what it was\nat all"), NOW);
        assert_eq!((moving.step, moving.due), (Step::Undo, NOW));
        let stored = Move::of_stored(&moving.to_stored()).unwrap();
        assert_eq!(stored.error, "not what it was at all", "on one line");
        assert_eq!(Move::of_stored("1\n2"), None);
    }

    #[test]
    fn once_it_has_arrived_it_is_brought_to_its_end() {
        let mut moving = begun();
        moving.done(Done::Over, NOW);
        moving.done(Done::Over, NOW);
        for _ in 0..30 {
            moving.failed(&Error::internal("not dropped"), NOW);
        }
        assert_eq!(moving.step, Step::Settle);
        moving.done(Done::Over, NOW);
        moving.failed(&silent(), NOW);
        assert_eq!(moving.step, Step::Leave);
        assert_eq!(
            moving.call_off(NOW),
            Some(News::Ended),
            "what cannot be dropped is left"
        );
    }

    #[test]
    fn called_off_it_stays() {
        let mut moving = begun();
        assert_eq!(moving.call_off(NOW), Some(News::None));
        assert_eq!(moving.step, Step::Undo);
        assert_eq!(moving.call_off(NOW), Some(News::None), "done again");
        moving.done(Done::Over, NOW);
        assert_eq!(moving.done(Done::Again, NOW), News::None);
        let mut swept = moving.clone();
        assert_eq!(swept.done(Done::Over, NOW), News::Stayed);
        assert_eq!(swept.error, "It was called off.");
        assert_eq!(swept.call_off(NOW), Some(News::Ended), "it is forgotten");
        assert_eq!(
            moving.call_off(NOW),
            Some(News::Stayed),
            "what cannot be dropped is left"
        );
        assert!(!moving.is_live());
    }
}
