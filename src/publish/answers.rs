//! What visitors are answered right after a deployment went live, and whether that shows that it does not work.
//!
//! Counts what the app's own Worker has answered. Knows nothing of who asked, and what the platform itself answers or cannot read is no answer of the app's.

use serde::{Deserialize, Serialize};

/// For how long after bytes went live at an address its answers are counted, in milliseconds.
pub const WATCHED_MILLIS: u64 = 10 * 60 * 1_000;

/// So many answers have to be errors at least before anything is made of them.
pub const LEAST_FAILED: u32 = 10;

/// What an app's Worker (`worker.js`) answers where the storage of its files fails: no fault of the app's.
pub const ASSET_UNREADABLE: u16 = 502;

/// Where functions answer, who may say so of others.
const FUNCTIONS: &str = "/api/";

/// Answers that were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// How many.
    pub all: u32,
    /// How many of them were errors of the app's own Worker.
    pub failed: u32,
}

impl Answers {
    /// One answer with this status at this path; nothing where it says nothing of the app.
    #[must_use]
    pub fn one(status: u16, path: &str) -> Option<Self> {
        if status == ASSET_UNREADABLE && !path.starts_with(FUNCTIONS) {
            return None;
        }
        Some(Self {
            all: 1,
            failed: u32::from(status >= 500),
        })
    }

    /// One that never came.
    pub const NONE_CAME: Self = Self { all: 1, failed: 1 };

    /// Counts more.
    pub const fn add(&mut self, more: Self) {
        self.all = self.all.saturating_add(more.all);
        self.failed = self.failed.saturating_add(more.failed);
    }

    /// Whether what answers does not work: enough of them were errors, and at least half.
    #[must_use]
    pub const fn are_bad(self) -> bool {
        self.failed >= LEAST_FAILED && self.failed >= self.all.div_ceil(2)
    }

    /// What they come to, `millis` after the switch, as the beginning of a sentence.
    #[must_use]
    pub fn in_words(self, millis: u64) -> String {
        let Self { all, failed } = self;
        let time = match millis.div_ceil(1_000) {
            0 | 1 => "second".to_owned(),
            seconds => format!("{seconds} seconds"),
        };
        format!("{failed} of {all} answers in the {time} after the switch were errors")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_of_the_apps_own() {
        let failed = |status, path| Answers::one(status, path).map(|one| one.failed == 1);
        for status in [200, 206, 304, 404, 405, 429, 499] {
            assert_eq!(failed(status, "/api/x"), Some(false), "{status}");
        }
        for status in [500, 501, 503, 599] {
            assert_eq!(failed(status, "/"), Some(true), "{status}");
        }
        assert_eq!(failed(502, "/logo.svg"), None, "our storage has failed");
        assert_eq!(failed(502, "/api/charge"), Some(true));
    }

    #[test]
    fn a_few_errors_or_less_than_half_are_not_bad() {
        for (failed, all, bad) in [
            (9, 9, false),
            (10, 10, true),
            (10, 20, true),
            (10, 21, false),
            (11, 21, true),
            (u32::MAX, u32::MAX, true),
        ] {
            assert_eq!(Answers { all, failed }.are_bad(), bad, "{failed} of {all}");
        }
        let mut most = Answers {
            all: u32::MAX,
            failed: u32::MAX,
        };
        most.add(Answers::NONE_CAME);
        assert_eq!((most.all, most.failed), (u32::MAX, u32::MAX));
    }

    #[test]
    fn what_they_come_to_is_said() {
        let answers = Answers {
            all: 20,
            failed: 12,
        };
        assert_eq!(
            answers.in_words(39_100),
            "12 of 20 answers in the 40 seconds after the switch were errors"
        );
        assert_eq!(
            answers.in_words(0),
            "12 of 20 answers in the second after the switch were errors"
        );
    }
}
