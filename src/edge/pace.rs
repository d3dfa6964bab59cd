//! Lets requests that somebody waits for go before work that goes on by itself, in this isolate. Nothing of it is kept.

use std::{cell::RefCell, time::Duration};

use worker::Delay;

use super::clock;
use crate::pace::{Look, Pace, Ticket};

thread_local! {
    static PACE: RefCell<Pace> = const { RefCell::new(Pace::new()) };
}

/// A request is there that somebody waits for: its number.
pub(super) fn request() -> u64 {
    PACE.with_borrow_mut(|pace| pace.request(clock::now()))
}

/// A piece of work that is under way, or waits for its turn, until this is dropped.
pub(super) struct Working(Ticket);

impl Drop for Working {
    fn drop(&mut self) {
        PACE.with_borrow_mut(|pace| pace.over(self.0));
    }
}

/// Waits until a piece of work may begin.
pub(super) async fn turn() -> Working {
    let working = Working(PACE.with_borrow_mut(|pace| pace.ask(clock::now())));
    while let Look::Again(millis) = PACE.with_borrow_mut(|pace| pace.look(working.0, clock::now()))
    {
        Delay::from(Duration::from_millis(millis)).await;
    }
    working
}

/// A piece of work for a request that begins now, or else does not.
pub(super) fn at_once(request: u64) -> Option<Working> {
    PACE.with_borrow_mut(|pace| pace.at_once(request, clock::now()).map(Working))
}
