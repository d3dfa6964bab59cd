//! What to do when a call of a model has failed: call again, call another, or give up. A pure decision; whoever asks brings the time
//! and the chance.
//!
//! Called again is what may pass by itself: 408, 429, 5xx (529 is Anthropic's word for overloaded), time-outs, silence, connections
//! that break. A request that the provider will not have is never sent to it again. Waits have full jitter (a time between nothing
//! and a bound that doubles), so that calls which failed together do not come back together; `Retry-After` is kept, and up to a second is
//! added.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::stream::StreamError;
use crate::time::Timestamp;

/// How a call failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The provider answered with a status that is no success.
    Status {
        /// The status.
        status: u16,
        /// The provider's own word for it, such as `rate_limit_error` or `insufficient_quota`; empty without one.
        kind: String,
        /// What `Retry-After` says, in milliseconds.
        retry_after_millis: Option<u64>,
    },
    /// The provider broke off an answer with an error of this kind.
    Event {
        /// The provider's own word for it, such as `overloaded_error`.
        kind: String,
    },
    /// No connection, one that broke, or an answer without an end.
    Broken,
    /// No byte came for longer than the operator waits.
    Stalled,
    /// The call took longer than a call may.
    TimedOut,
    /// What came is not what the format says.
    Malformed,
    /// The answer came to its end and has nothing in it.
    Empty,
}

/// The kind of a failure of ours: nobody was asked, since a setting is missing.
pub const NOT_SET: &str = "not_set";

/// How much of a provider's own words is passed on, in characters.
const MOST_CHARS: usize = 300;

/// A provider's own words, on one line, shortened.
#[must_use]
pub fn said(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(MOST_CHARS).collect()
}

/// What a failure says of calling again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// It may pass.
    Passing,
    /// This provider will not have any request: its key, its credit or its model is the matter.
    Provider,
    /// Nobody will have this request.
    Request,
}

impl Failure {
    /// How an answer failed that could not be read to its end.
    #[must_use]
    pub fn of(error: &StreamError) -> Self {
        match error {
            StreamError::Provider { kind, .. } => Self::Event { kind: kind.clone() },
            StreamError::Cut => Self::Broken,
            StreamError::Malformed { .. } | StreamError::TooLarge => Self::Malformed,
        }
    }

    /// How a call failed that was answered with this status, and what the provider says of it. `retry_after_millis` is what the
    /// header says.
    #[must_use]
    pub fn refused(status: u16, retry_after_millis: Option<u64>, body: &str) -> (Self, String) {
        let body: Value = crate::json::from_str(body).unwrap_or_default();
        let error = body.get("error").unwrap_or(&body);
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = match text("code") {
            "" => text("type"),
            code => code,
        };
        let says = match status {
            // Some repeat the key.
            401 | 403 => "",
            _ if error.is_string() => error.as_str().unwrap_or_default(),
            _ => text("message"),
        };
        let failure = Self::Status {
            status,
            kind: kind.chars().take(MOST_CHARS).collect(),
            retry_after_millis,
        };
        (failure, said(says))
    }

    /// What it was, as the end of a sentence that begins with the model's name.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Status { status, kind, .. } => match (status, kind.as_str()) {
                (300..=399, _) => {
                    format!("is at another address than the one that is set for it ({status})")
                }
                (_, NOT_SET) => "cannot be asked as it is set up".to_owned(),
                (401 | 403, _) => "does not accept the key that is set for it".to_owned(),
                (402, _) | (_, "insufficient_quota" | "billing_error") => {
                    "has no credit left".to_owned()
                }
                (404, _) => "is not known to its provider".to_owned(),
                (429, _) => "is asked too much at the moment (429)".to_owned(),
                (503 | 529, _) => format!("is overloaded ({status})"),
                (500.., _) => format!("has a fault at its provider ({status})"),
                (_, "") => format!("did not take the request ({status})"),
                (_, kind) => format!("did not take the request ({status}, {kind})"),
            },
            Self::Event { kind } => format!("broke off its answer ({kind})"),
            Self::Broken => "could not be reached, or its answer broke off".to_owned(),
            Self::Stalled => "fell silent".to_owned(),
            Self::TimedOut => "took too long".to_owned(),
            Self::Malformed => "sent what could not be read".to_owned(),
            Self::Empty => "said nothing".to_owned(),
        }
    }

    fn nature(&self) -> Nature {
        match self {
            Self::Status { status, kind, .. } => match status {
                // OpenAI's word for an account without credit, which time does not mend.
                429 if kind == "insufficient_quota" => Nature::Provider,
                408 | 429 | 500.. => Nature::Passing,
                300..=399 | 401..=404 => Nature::Provider,
                _ => Nature::Request,
            },
            Self::Event { kind } => match kind.as_str() {
                "authentication_error"
                | "billing_error"
                | "permission_error"
                | "not_found_error"
                | "insufficient_quota" => Nature::Provider,
                "invalid_request_error"
                | "request_too_large"
                | "context_length_exceeded"
                | "invalid_prompt" => Nature::Request,
                _ => Nature::Passing,
            },
            Self::Broken | Self::Stalled | Self::TimedOut | Self::Malformed | Self::Empty => {
                Nature::Passing
            }
        }
    }

    const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Status {
                retry_after_millis, ..
            } => *retry_after_millis,
            _ => None,
        }
    }
}

/// How often and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Calls of one provider in a row, the first among them, while another is well; after a silence there is no other.
    pub attempts_with_another: u32,
    /// The same while none is.
    pub attempts_alone: u32,
    /// The bound of the wait after the first failure, doubled after each, in milliseconds.
    pub backoff_millis: u64,
    /// The most that the bound grows to, in milliseconds.
    pub longest_millis: u64,
    /// How long after the first failure another that is well is called at the latest, in milliseconds. A longer `Retry-After`
    /// means at once.
    pub fail_over_millis: u64,
    /// Failures in a row after which a provider is left alone.
    pub breaker_failures: u32,
    /// For how long, in milliseconds. Then one call finds out.
    pub breaker_millis: u64,
}

impl Policy {
    /// Two calls and then another provider within five seconds, or six calls over a minute.
    pub const DEFAULT: Self = Self {
        attempts_with_another: 2,
        attempts_alone: 6,
        backoff_millis: 1_000,
        longest_millis: 30_000,
        fail_over_millis: 5_000,
        breaker_failures: 5,
        breaker_millis: 30_000,
    };

    /// The bound of the wait after the `attempt`th failure, from 1, in milliseconds.
    fn bound(&self, attempt: u32) -> u64 {
        let doubled = self
            .backoff_millis
            .saturating_mul(1 << attempt.saturating_sub(1).min(20));
        doubled.min(self.longest_millis)
    }
}

/// Leaves a provider alone that has failed too often in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    failures: u32,
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// Whether the provider may be called.
    #[must_use]
    pub fn allows(&self, now: Timestamp) -> bool {
        self.open_until.is_none_or(|until| until <= now)
    }

    /// A call went well.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// A call failed. A request that nobody will have says nothing of the provider. One that the provider wants to be left alone for
    /// longer is left alone as long as it says.
    pub fn failed(&mut self, failure: &Failure, policy: &Policy, now: Timestamp) {
        let pause = match failure.nature() {
            Nature::Request => return,
            Nature::Provider => policy.breaker_millis,
            Nature::Passing => {
                self.failures = self.failures.saturating_add(1);
                let wants = failure
                    .retry_after()
                    .filter(|wanted| *wanted > policy.fail_over_millis);
                if self.failures >= policy.breaker_failures {
                    wants.unwrap_or_default().max(policy.breaker_millis)
                } else if let Some(wanted) = wants {
                    wanted
                } else {
                    return;
                }
            }
        };
        self.open_until = Some(now.after(pause));
    }
}

/// What is known when a call has failed.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// How it failed.
    pub failure: &'a Failure,
    /// Which of the providers was called.
    pub provider: usize,
    /// How often in a row it failed, this time included.
    pub attempt: u32,
    /// When it failed the first time in a row.
    pub failing_since: Timestamp,
    /// When the turn's time is up.
    pub ends_at: Timestamp,
    /// The breakers of all providers, in the order in which they are preferred, this failure taken into account.
    pub breakers: &'a [Breaker],
    /// Which of the others have failed this very call, so that two that are ill do not hand it to and fro.
    pub tried: &'a [usize],
    /// The time.
    pub now: Timestamp,
    /// A number by chance, evenly from all that there are.
    pub chance: u64,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Call the same provider again, then.
    Retry {
        /// Not before.
        at: Timestamp,
    },
    /// Call this one of the providers now.
    FailOver {
        /// Which.
        to: usize,
    },
    /// Call one of the providers again that had failed before the one that was called now: what it had may have passed by then.
    GoBack {
        /// Which.
        to: usize,
        /// Not before.
        at: Timestamp,
    },
    /// Nobody can be called in time, or nobody will have the request.
    GiveUp,
}

/// Decides.
#[must_use]
pub fn decide(of: &Situation<'_>, policy: &Policy) -> Decision {
    let another = (0..of.breakers.len()).find(|other| {
        *other != of.provider
            && !of.tried.contains(other)
            && of
                .breakers
                .get(*other)
                .is_some_and(|breaker| breaker.allows(of.now))
    });
    let otherwise = another.map_or(Decision::GiveUp, |to| Decision::FailOver { to });
    match of.failure.nature() {
        Nature::Request => return Decision::GiveUp,
        Nature::Provider => {
            return another.map_or_else(|| go_back(of, policy), |to| Decision::FailOver { to });
        }
        Nature::Passing => {}
    }
    // Who has kept us waiting may do so again, for longer than another may be waited for.
    let kept_waiting = matches!(of.failure, Failure::Stalled | Failure::TimedOut);
    let attempts = match another {
        Some(_) if kept_waiting => 1,
        Some(_) => policy.attempts_with_another,
        None => policy.attempts_alone,
    };
    if of.attempt >= attempts {
        return otherwise;
    }
    // Alone it is asked all the same.
    let is_well = of
        .breakers
        .get(of.provider)
        .is_none_or(|own| own.allows(of.now));
    if another.is_some() && !is_well {
        return otherwise;
    }
    let jitter = of.chance % (policy.bound(of.attempt) + 1);
    let wanted = of.failure.retry_after();
    let least = of.now.after(wanted.unwrap_or(jitter));
    if another.is_some() && least.since(of.failing_since) > policy.fail_over_millis {
        return otherwise;
    }
    // It says the same to all that it refuses.
    let at = match wanted {
        Some(_) => least.after(jitter.min(policy.backoff_millis)),
        None => least,
    };
    if at >= of.ends_at {
        return Decision::GiveUp;
    }
    Decision::Retry { at }
}

/// Back to whom may be called soonest of those whose own failures may pass. One that will not have any request is not gone back to, so
/// that this ends.
fn go_back(of: &Situation<'_>, policy: &Policy) -> Decision {
    let candidates = of.tried.iter().filter_map(|tried| {
        let breaker = of.breakers.get(*tried)?;
        let at = breaker.open_until.unwrap_or(of.now).max(of.now);
        (*tried != of.provider && breaker.failures > 0).then_some((at, *tried))
    });
    let Some((at, to)) = candidates.min() else {
        return Decision::GiveUp;
    };
    let at = at.after(of.chance % (policy.bound(1) + 1));
    if at >= of.ends_at {
        return Decision::GiveUp;
    }
    Decision::GoBack { to, at }
}

#[cfg(test)]
mod tests;
