//! What an attempt at a build has heard, and when: says when its claim is to be renewed, and when it is to be given up.
//!
//! An attempt that waits, for another's build or in the builder's queue, has not begun: its time does not run yet, and
//! waiting too long is no failure. Times are arguments; asks nobody and waits for nothing.

use super::records::{BuildOutcome, Cause};
use crate::{config::BuildPolicy, time::Timestamp};

/// How often the claim is renewed when there are no lines, in milliseconds: a fraction of the lease.
pub const RENEW_MILLIS: u64 = 3_000;

/// How long nothing may happen, in milliseconds. The builder promises a line every five seconds.
const SILENCE_MILLIS: u64 = 15_000;

/// How long an attempt may wait until it begins, in milliseconds.
const WAIT_MILLIS: u64 = 4 * 60 * 1_000;

/// How long it may take from then on, in milliseconds. The platform ends a consumer after 15 minutes.
const ATTEMPT_MILLIS: u64 = 10 * 60 * 1_000;

/// What an attempt has heard, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    lines: Vec<String>,
    made_at: Timestamp,
    begun_at: Option<Timestamp>,
    heard_at: Timestamp,
    told_at: Timestamp,
}

/// Why an attempt is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing has happened for too long.
    Silent,
    /// It has not begun.
    Waited,
    /// It takes too long.
    TooLong,
    /// The claim is another's.
    Lost,
    /// The claim could not be renewed for so long that it may be another's.
    Untold,
}

impl Pulse {
    /// The pulse of an attempt that has claimed its build just now.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self {
            lines: Vec::new(),
            made_at: now,
            begun_at: None,
            heard_at: now,
            told_at: now,
        }
    }

    /// Something happened.
    pub const fn beat(&mut self, now: Timestamp) {
        self.heard_at = now;
    }

    /// The waiting is over: a worker has the job.
    pub const fn begin(&mut self, now: Timestamp) {
        self.begun_at = Some(now);
    }

    /// There is a line for whoever watches.
    pub fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Why the attempt is to be given up now, if it is.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Option<Over> {
        if now.since(self.heard_at) > SILENCE_MILLIS {
            return Some(Over::Silent);
        }
        match self.begun_at {
            Some(begun_at) if now.since(begun_at) > ATTEMPT_MILLIS => Some(Over::TooLong),
            None if now.since(self.made_at) > WAIT_MILLIS => Some(Over::Waited),
            _ => None,
        }
    }

    /// Whether the conversation is to hear something now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        now.since(self.told_at) >= RENEW_MILLIS || !self.lines.is_empty()
    }

    /// The lines that it has not heard.
    pub fn take_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// The conversation was told these lines at `asked_at`. `held` is its answer; none when the call failed, and then the
    /// lines are told again, a second time if it had heard them all the same. Only an answer says that a claim is lost.
    pub fn told(
        &mut self,
        lines: Vec<String>,
        held: Option<bool>,
        asked_at: Timestamp,
    ) -> Option<Over> {
        match held {
            Some(true) => {
                self.told_at = asked_at;
                None
            }
            Some(false) => Some(Over::Lost),
            None => {
                let later = std::mem::replace(&mut self.lines, lines);
                self.lines.extend(later);
                let lapsed = asked_at.since(self.told_at) >= BuildPolicy::DEFAULT.lease_millis;
                lapsed.then_some(Over::Untold)
            }
        }
    }
}

impl Over {
    /// What the conversation is told of it, unless the claim is lost.
    #[must_use]
    pub fn outcome(self) -> BuildOutcome {
        let (cause, reason) = match self {
            Self::Waited => {
                return BuildOutcome::Busy {
                    retry_after_millis: None,
                };
            }
            Self::Silent => (Cause::Builder, "the builder fell silent"),
            Self::TooLong => (Cause::Builder, "the builder took too long"),
            Self::Lost => (Cause::Platform, "the build is in other hands"),
            Self::Untold => (Cause::Platform, "the app's conversation did not answer"),
        };
        BuildOutcome::Unavailable {
            cause,
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn said(pulse: &mut Pulse, lines: &[&str]) {
        for line in lines {
            pulse.say((*line).to_owned());
        }
    }

    #[test]
    fn a_call_that_fails_loses_no_line_and_no_claim_before_the_lease_is_over() {
        let mut pulse = Pulse::new(START);
        said(&mut pulse, &["a", "b"]);
        assert!(pulse.is_due(START));
        let lines = pulse.take_lines();
        said(&mut pulse, &["c"]);
        let lease = BuildPolicy::DEFAULT.lease_millis;
        assert_eq!(pulse.told(lines, None, START.after(lease - 1)), None);
        let lines = pulse.take_lines();
        assert_eq!(lines, ["a", "b", "c"]);
        let renewed_at = START.after(lease - 1);
        assert_eq!(pulse.told(lines, Some(true), renewed_at), None);
        assert!(!pulse.is_due(renewed_at.after(RENEW_MILLIS - 1)));
        assert!(pulse.is_due(renewed_at.after(RENEW_MILLIS)));
        let too_late = renewed_at.after(lease);
        assert_eq!(pulse.told(vec![], None, too_late), Some(Over::Untold));
        assert_eq!(pulse.told(vec![], Some(false), too_late), Some(Over::Lost));
    }

    #[test]
    fn waiting_is_not_building_and_no_failure() {
        let mut pulse = Pulse::new(START);
        let beats = |pulse: &mut Pulse, now| {
            pulse.beat(now);
            pulse.over(now)
        };
        let waited = START.after(WAIT_MILLIS);
        assert_eq!(beats(&mut pulse, waited), None);
        assert_eq!(beats(&mut pulse, waited.after(1)), Some(Over::Waited));
        assert!(matches!(Over::Waited.outcome(), BuildOutcome::Busy { .. }));

        pulse.begin(waited);
        let built = waited.after(ATTEMPT_MILLIS);
        assert_eq!(beats(&mut pulse, built), None);
        assert_eq!(beats(&mut pulse, built.after(1)), Some(Over::TooLong));
        assert!(matches!(
            Over::TooLong.outcome(),
            BuildOutcome::Unavailable {
                cause: Cause::Builder,
                ..
            }
        ));
    }

    #[test]
    fn silence_ends_an_attempt_whatever_it_is_at() {
        let mut pulse = Pulse::new(START);
        pulse.begin(START);
        assert_eq!(pulse.over(START.after(SILENCE_MILLIS)), None);
        let silent = START.after(SILENCE_MILLIS + 1);
        assert_eq!(pulse.over(silent), Some(Over::Silent));
    }
}
