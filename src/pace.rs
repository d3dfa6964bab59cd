//! Which piece of work goes first on the one thread that all objects of an isolate share.
//!
//! When many conversations run there, a request that somebody waits for would wait at each of its steps for all that they have under
//! way. So pieces of work that take the thread for long ask for their turn: not while requests come in, only a few at a time, and who
//! comes first begins first. One that is gone in the middle, whoever ended it, holds up nobody. Times are arguments; waits for nothing.

use crate::{sorted::SortedMap, time::Timestamp};

/// How long after a request work stands back, in milliseconds.
pub const QUIET_MILLIS: u64 = 15;

/// For how long work stands back at most, however many requests come, in milliseconds.
pub const PATIENCE_MILLIS: u64 = 250;

/// How many pieces of work are under way at a time.
pub const MOST: usize = 4;

/// After so many milliseconds a piece of work that is not over does not count: what did it is gone, or waits for something. Nor does one
/// that waits and has not looked.
pub const LOST_MILLIS: u64 = 5_000;

/// One that waits looks after so many milliseconds whether it is its turn, times its place among those that wait.
const LOOK_MILLIS: u64 = 4;

/// The most of it.
const MOST_LOOK_MILLIS: u64 = 200;

/// A piece of work, from when it asks for its turn until it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    number: u64,
    since: Timestamp,
}

/// What becomes of a piece of work that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It begins.
    Begin,
    /// It is to look again after so many milliseconds.
    Again(u64),
}

/// What goes on in an isolate.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the last request came.
    request: Timestamp,
    /// How many there were.
    requests: u64,
    /// Those that are under way, with when they began.
    working: SortedMap<Ticket, Timestamp>,
    /// Those that wait, in the order in which they came, with when they looked last.
    waiting: SortedMap<Ticket, Timestamp>,
    next: u64,
}

impl Pace {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            request: Timestamp(0),
            requests: 0,
            working: SortedMap::new(),
            waiting: SortedMap::new(),
            next: 0,
        }
    }

    /// A request is there that somebody waits for. Its number, by which it is known whether another has come since.
    pub const fn request(&mut self, now: Timestamp) -> u64 {
        self.request = now;
        self.requests += 1;
        self.requests
    }

    /// A piece of work asks for its turn. It is to look at once.
    pub fn ask(&mut self, now: Timestamp) -> Ticket {
        let ticket = Ticket {
            number: self.next,
            since: now,
        };
        self.next += 1;
        self.waiting.insert(ticket, now);
        ticket
    }

    /// Whether it is its turn.
    pub fn look(&mut self, ticket: Ticket, now: Timestamp) -> Look {
        self.waiting.insert(ticket, now);
        let stands_back =
            now.since(self.request) < QUIET_MILLIS && now.since(ticket.since) < PATIENCE_MILLIS;
        let before = self.before(ticket, now);
        if !stands_back && self.begin(ticket, before, now) {
            return Look::Begin;
        }
        let places = u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1);
        Look::Again(places.saturating_mul(LOOK_MILLIS).min(MOST_LOOK_MILLIS))
    }

    /// A piece of work that begins now, for the request of this number, or else does not: not when another request has come since.
    pub fn at_once(&mut self, request: u64, now: Timestamp) -> Option<Ticket> {
        if request != self.requests {
            return None;
        }
        let ticket = self.ask(now);
        let before = self.before(ticket, now);
        if self.begin(ticket, before, now) {
            return Some(ticket);
        }
        self.over(ticket);
        None
    }

    /// A piece of work is over, or does not wait any more.
    pub fn over(&mut self, ticket: Ticket) {
        self.working.remove(&ticket);
        self.waiting.remove(&ticket);
    }

    /// How many wait before this one.
    fn before(&mut self, ticket: Ticket, now: Timestamp) -> usize {
        self.waiting
            .retain(|_, looked| now.since(*looked) < LOST_MILLIS);
        self.waiting
            .keys()
            .take_while(|other| **other < ticket)
            .count()
    }

    /// Begins a piece of work, if there is room for it and for those that wait before it.
    fn begin(&mut self, ticket: Ticket, before: usize, now: Timestamp) -> bool {
        self.working
            .retain(|_, since| now.since(*since) < LOST_MILLIS);
        let has_room = self.working.len() + before < MOST;
        if has_room {
            self.waiting.remove(&ticket);
            self.working.insert(ticket, now);
        }
        has_room
    }
}

#[cfg(test)]
mod tests;
