//! A question to the builder: whether an app may have a package, and in which version. Asked before the package is
//! written into `package.json`, so that whoever wants it hears at once that there is none of that name.

use serde::{Deserialize, Serialize};

/// What is asked: `POST /dependencies`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DependencyQuestion {
    /// The package.
    pub name: String,
    /// A version, range or tag; without one, the newest that may be used.
    pub version: Option<String>,
    /// The app's `package.json`, without it.
    pub package_json: String,
    /// The app's `package-lock.json`, if it has one.
    pub package_lock: Option<String>,
}

impl DependencyQuestion {
    /// The longest question, in bytes of JSON: two files of an app, each character escaped.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;
}

/// What the builder answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum DependencyAnswer {
    /// The app may have it, in this version.
    Resolved {
        /// The version.
        version: String,
        /// What does not quite fit, in a sentence.
        warning: Option<String>,
        /// The app's `package-lock.json` with it, where another one is needed.
        package_lock: Option<String>,
    },
    /// It may not.
    Refused {
        /// Why not.
        message: String,
        /// What to do instead.
        suggestion: Option<String>,
    },
}
