//! What an attack is, and what came of it.

use std::sync::Arc;

use crate::field::Field;

/// How an attack is made; what it returns is what was seen.
type Attempt = Arc<dyn Fn(&mut Field) -> Result<String, String>>;

/// One attack.
#[derive(Clone)]
pub(crate) struct Attack {
    /// What is hostile: `sources`, `workers`, `requests` or `clients`.
    pub(crate) group: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// What is tried.
    pub(crate) tried: &'static str,
    /// Makes it. `Ok` is what contained it, `Err` what went wrong.
    pub(crate) attempt: Attempt,
}

impl Attack {
    /// An attack.
    pub(crate) fn new(
        group: &'static str,
        name: &'static str,
        tried: &'static str,
        attempt: impl Fn(&mut Field) -> Result<String, String> + 'static,
    ) -> Self {
        Self {
            group,
            name,
            tried,
            attempt: Arc::new(attempt),
        }
    }
}

/// What came of an attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether nothing got out, and everybody else was served afterwards.
    pub(crate) contained: bool,
    /// What was seen, in one line.
    pub(crate) evidence: String,
}

impl From<Result<String, String>> for Verdict {
    fn from(seen: Result<String, String>) -> Self {
        let contained = seen.is_ok();
        let text = seen.unwrap_or_else(|error| error);
        Self {
            contained,
            evidence: text.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Of the attack.
    pub(crate) group: &'static str,
    /// Of the attack.
    pub(crate) name: &'static str,
    /// Of the attack.
    pub(crate) tried: &'static str,
    /// What the builder says confines its workers.
    pub(crate) level: String,
    /// What came of it.
    pub(crate) verdict: Verdict,
}
