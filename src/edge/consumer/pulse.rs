//! Keeps the claim of an attempt for as long as something happens: whoever sends sources or receives an answer says so.

use std::{cell::RefCell, time::Duration};

use worker::{Delay, console_warn};

use super::{Attempt, Call};
use crate::{
    edge::clock,
    error::Error,
    generation::pulse::{Over, Pulse as Heard},
};

/// How often the conversation hears of lines that the builder said, in milliseconds.
const TICK_MILLIS: u64 = 1_000;

/// What an attempt has heard, shared by all that it is at.
pub(super) struct Pulse {
    heard: RefCell<Heard>,
    unread: RefCell<Option<Error>>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            heard: RefCell::new(Heard::new(clock::now())),
            unread: RefCell::default(),
        }
    }

    /// Something happened.
    pub(super) fn beat(&self) {
        self.heard.borrow_mut().beat(clock::now());
    }

    /// A worker of the builder has the job.
    pub(super) fn begin(&self) {
        self.heard.borrow_mut().begin(clock::now());
    }

    /// The builder said a line.
    pub(super) fn say(&self, line: String) {
        self.heard.borrow_mut().say(line);
    }

    /// The lines that the conversation has not heard.
    pub(super) fn take_lines(&self) -> Vec<String> {
        self.heard.borrow_mut().take_lines()
    }

    /// A source could not be read: what the builder says of the rest does not count.
    pub(super) fn source_failed(&self, error: &Error) {
        self.unread.replace(Some(error.clone()));
    }

    /// Why the sources could not be read.
    pub(super) fn unread(&self) -> Option<Error> {
        self.unread.take()
    }
}

impl Attempt<'_> {
    /// Renews the claim until there is no reason to: why the attempt is to be given up.
    pub(super) async fn keep_claim(&self, pulse: &Pulse) -> Over {
        loop {
            Delay::from(Duration::from_millis(TICK_MILLIS)).await;
            let now = clock::now();
            if let Some(over) = pulse.heard.borrow().over(now) {
                return over;
            }
            let is_due = pulse.heard.borrow().is_due(now);
            if is_due && let Some(over) = self.tell(pulse).await {
                return over;
            }
        }
    }

    /// Renews the claim and passes on what the builder said. When that fails, nothing is lost yet.
    async fn tell(&self, pulse: &Pulse) -> Option<Over> {
        let asked_at = clock::now();
        let lines = pulse.take_lines();
        let call = Call::Progress {
            build: self.work.build.clone(),
            attempt: self.work.attempt,
            lines: lines.clone(),
        };
        let held = match self.conversation.ask::<bool>(None, call).await {
            Ok(held) => Some(held),
            Err(error) => {
                console_warn!("the progress of a build was not told: {error}");
                None
            }
        };
        pulse.heard.borrow_mut().told(lines, held, asked_at)
    }
}
