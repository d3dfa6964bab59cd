//! Lets requests that somebody waits for go before work that goes on by itself.
//!
//! All objects that live in one isolate share its one thread. When many conversations run there, a request would wait at each of its
//! steps for all that they have under way. So pieces of work that take the thread for long ask for their turn first: not while
//! requests come in, and only a few at a time. Nothing of this is kept, and an object that is gone in the middle holds up nobody.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use worker::Delay;

use super::clock;
use crate::time::Timestamp;

/// How long after a request work stands back, in milliseconds.
const QUIET_MILLIS: u64 = 15;

/// For how long work stands back at most, however many requests come, in milliseconds.
const PATIENCE_MILLIS: u64 = 1_000;

/// How many pieces of work are under way at a time.
const MOST: usize = 4;

/// After so many milliseconds a piece of work that is not over does not count: what did it is gone, or waits for something.
const LOST_MILLIS: u64 = 5_000;

/// All that wait together look about as often as once in so many milliseconds whether it is their turn.
const LOOK_MILLIS: u64 = 3;

thread_local! {
    static REQUEST: Cell<Timestamp> = const { Cell::new(Timestamp(0)) };
    static WORKING: RefCell<BTreeMap<u64, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static WAITING: Cell<u64> = const { Cell::new(0) };
}

/// A request is there that somebody waits for.
pub(super) fn request() {
    REQUEST.set(clock::now());
}

/// A piece of work that is under way, until this is dropped.
pub(super) struct Working(u64);

impl Drop for Working {
    fn drop(&mut self) {
        WORKING.with_borrow_mut(|working| working.remove(&self.0));
    }
}

/// One that waits for its turn.
struct Waiting;

impl Waiting {
    fn begin() -> Self {
        WAITING.set(WAITING.get() + 1);
        Self
    }

    /// How long it waits before it looks again.
    fn pause(&self) -> Duration {
        Duration::from_millis((WAITING.get() * LOOK_MILLIS).clamp(QUIET_MILLIS, 200))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.set(WAITING.get().saturating_sub(1));
    }
}

/// Waits until a piece of work may begin.
pub(super) async fn turn() -> Working {
    let waiting = Waiting::begin();
    let began = clock::now();
    loop {
        let now = clock::now();
        let is_quiet =
            now.since(REQUEST.get()) >= QUIET_MILLIS || now.since(began) >= PATIENCE_MILLIS;
        if is_quiet && let Some(working) = begin(now) {
            return working;
        }
        Delay::from(waiting.pause()).await;
    }
}

/// Begins a piece of work, if there is room for one.
fn begin(now: Timestamp) -> Option<Working> {
    WORKING.with_borrow_mut(|working| {
        working.retain(|_, since| now.since(*since) < LOST_MILLIS);
        (working.len() < MOST).then(|| {
            let id = NEXT.get();
            NEXT.set(id + 1);
            working.insert(id, now);
            Working(id)
        })
    })
}
