//! Keeps the claim of an attempt for as long as something happens: whoever sends sources or receives an answer says so.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    time::Duration,
};

use worker::Delay;

use super::{Attempt, Call};
use crate::{
    edge::clock,
    error::{Error, Result},
    time::Timestamp,
};

/// How often the conversation hears of lines that the builder said, in milliseconds.
const TICK_MILLIS: u64 = 1_000;

/// How often the claim is renewed when there are none, in milliseconds: a fraction of the lease.
pub(super) const RENEW_MILLIS: u64 = 3_000;

/// How long nothing may happen, in milliseconds. The builder promises a line every five seconds.
const SILENCE_MILLIS: u64 = 15_000;

/// How long an attempt may take, in milliseconds: the platform ends a consumer after 15 minutes.
const ATTEMPT_MILLIS: u64 = 10 * 60 * 1_000;

/// What an attempt has heard, and when.
pub(super) struct Pulse {
    lines: RefCell<Vec<String>>,
    began_at: Timestamp,
    heard_at: Cell<Timestamp>,
    told_at: Cell<Timestamp>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let now = clock::now();
        Self {
            lines: RefCell::default(),
            began_at: now,
            heard_at: Cell::new(now),
            told_at: Cell::new(now),
        }
    }

    /// Something happened.
    pub(super) fn beat(&self) {
        self.heard_at.set(clock::now());
    }

    /// The builder said a line.
    pub(super) fn say(&self, line: String) {
        self.lines.borrow_mut().push(line);
    }
}

impl Attempt<'_> {
    /// Renews the claim until there is no reason to: why the attempt is to be given up.
    pub(super) async fn keep_claim(&self, pulse: &Pulse) -> Error {
        match self.renew(pulse).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn renew(&self, pulse: &Pulse) -> Result<Infallible> {
        loop {
            Delay::from(Duration::from_millis(TICK_MILLIS)).await;
            let now = clock::now();
            if now.since(pulse.heard_at.get()) > SILENCE_MILLIS {
                return Err(Error::unavailable(
                    "the builder fell silent",
                    "no byte within the time-out",
                ));
            }
            if now.since(pulse.began_at) > ATTEMPT_MILLIS {
                return Err(Error::unavailable(
                    "the builder took too long",
                    "the attempt's time is up",
                ));
            }
            if now.since(pulse.told_at.get()) >= RENEW_MILLIS || !pulse.lines.borrow().is_empty() {
                self.tell(pulse).await?;
            }
        }
    }

    /// Renews the claim and passes on what the builder said.
    pub(super) async fn tell(&self, pulse: &Pulse) -> Result<()> {
        pulse.told_at.set(clock::now());
        let call = Call::Progress {
            build: self.work.build.clone(),
            attempt: self.work.attempt,
            lines: pulse.lines.take(),
        };
        if self.conversation.ask(None, call).await? {
            Ok(())
        } else {
            Err(Error::unavailable(
                "the build is in other hands",
                "the claim was lost",
            ))
        }
    }
}
