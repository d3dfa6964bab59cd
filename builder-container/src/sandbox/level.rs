//! The levels by name.

use std::{fmt, path::PathBuf, str::FromStr};

/// What the operator wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// The strongest level that holds.
    #[default]
    Auto,
    /// Namespaces, or no start.
    Namespaces,
    /// Landlock, or no start.
    Landlock,
    /// No sandbox, even where one would hold.
    UnsafeNone,
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "namespaces" => Ok(Self::Namespaces),
            "landlock" => Ok(Self::Landlock),
            _ => Err("auto, namespaces or landlock"),
        }
    }
}

/// A level, with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Level {
    /// Namespaces made by bubblewrap: nothing but the view exists.
    Namespaces {
        /// The program.
        bwrap: PathBuf,
        /// Whether a `/proc` of its own can be mounted; else it is an empty folder.
        proc: bool,
    },
    /// Landlock: everything exists, only the view can be opened.
    Landlock {
        /// Whether each worker is a user of its own. Else it is the supervisor's, without its capabilities.
        own_user: bool,
    },
    /// Limits and a process group.
    None,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespaces { proc: true, .. } => "namespaces",
            Self::Namespaces { proc: false, .. } => "namespaces, no /proc",
            Self::Landlock { own_user: true } => "landlock, own user",
            Self::Landlock { own_user: false } => "landlock, same user",
            Self::None => "none",
        })
    }
}
