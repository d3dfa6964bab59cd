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
const PATIENCE_MILLIS: u64 = 250;

/// How many pieces of work are under way at a time.
const MOST: u64 = 4;

/// After so many milliseconds a piece of work that is not over does not count: what did it is gone, or waits for something. Nor does one
/// that waits and has not looked.
const LOST_MILLIS: u64 = 5_000;

/// One that waits looks after so many milliseconds whether it is its turn, times its place among those that wait.
const LOOK_MILLIS: u64 = 4;

/// The most of it.
const MOST_LOOK_MILLIS: u64 = 200;

thread_local! {
    static REQUEST: Cell<Timestamp> = const { Cell::new(Timestamp(0)) };
    static WORKING: RefCell<BTreeMap<u64, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
    /// Those that wait, in the order in which they came, with when they looked last.
    static WAITING: RefCell<BTreeMap<u64, Timestamp>> = const { RefCell::new(BTreeMap::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
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
struct Waiting {
    number: u64,
    since: Timestamp,
}

impl Waiting {
    fn begin() -> Self {
        let number = NEXT.get();
        NEXT.set(number + 1);
        Self {
            number,
            since: clock::now(),
        }
    }

    /// How many wait before this one. Who has not looked for long is gone.
    fn look(&self, now: Timestamp) -> u64 {
        WAITING.with_borrow_mut(|waiting| {
            waiting.insert(self.number, now);
            waiting.retain(|_, looked| now.since(*looked) < LOST_MILLIS);
            waiting.range(..self.number).count() as u64
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| waiting.remove(&self.number));
    }
}

/// Waits until a piece of work may begin. Who comes first, begins first.
pub(super) async fn turn() -> Working {
    let waiting = Waiting::begin();
    loop {
        let now = clock::now();
        let before = waiting.look(now);
        let is_quiet =
            now.since(REQUEST.get()) >= QUIET_MILLIS || now.since(waiting.since) >= PATIENCE_MILLIS;
        if is_quiet && let Some(working) = begin(&waiting, before, now) {
            return working;
        }
        let pause = ((before + 1) * LOOK_MILLIS).min(MOST_LOOK_MILLIS);
        Delay::from(Duration::from_millis(pause)).await;
    }
}

/// A piece of work that begins now, or else does not.
pub(super) fn at_once() -> Option<Working> {
    let waiting = Waiting::begin();
    let now = clock::now();
    let before = waiting.look(now);
    begin(&waiting, before, now)
}

/// Begins a piece of work, if there is room for it and for those that wait before it.
fn begin(waiting: &Waiting, before: u64, now: Timestamp) -> Option<Working> {
    WORKING.with_borrow_mut(|working| {
        working.retain(|_, since| now.since(*since) < LOST_MILLIS);
        (working.len() as u64 + before < MOST).then(|| {
            working.insert(waiting.number, now);
            Working(waiting.number)
        })
    })
}
