//! The path of a file inside a project. Once parsed it cannot leave the project.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A relative path with `/` between its segments, at most [`ProjectPath::MAX_BYTES`] bytes of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectPath(String);

/// Why a text is not a project path. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing was given.
    #[error("a path must not be empty")]
    Empty,
    /// More than 255 bytes.
    #[error("a path may have at most {max} bytes, this one has {0}", max = ProjectPath::MAX_BYTES)]
    TooLong(usize),
    /// Starts with `/` or a drive.
    #[error("a path must be relative to the project, such as `src/App.tsx`")]
    Absolute,
    /// An empty, `.` or `..` segment.
    #[error("a path must not contain empty, `.` or `..` segments")]
    Segment,
    /// A control character or a backslash.
    #[error("a path must not contain control characters or backslashes")]
    Character,
    /// `node_modules` or `.git`.
    #[error("`{0}` is not part of an app's sources")]
    Reserved(&'static str),
}

impl ProjectPath {
    /// The longest path, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 255;

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last dot of the last segment, or nothing.
    #[must_use]
    pub fn extension(&self) -> &str {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

impl FromStr for ProjectPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(PathError::TooLong(text.len()));
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(PathError::Character);
        }
        if text.starts_with('/') || text.chars().nth(1) == Some(':') {
            return Err(PathError::Absolute);
        }
        for segment in text.split('/') {
            if matches!(segment, "" | "." | "..") {
                return Err(PathError::Segment);
            }
            // File systems that ignore case would treat these alike.
            for reserved in ["node_modules", ".git"] {
                if segment.eq_ignore_ascii_case(reserved) {
                    return Err(PathError::Reserved(reserved));
                }
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ProjectPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<ProjectPath> for String {
    fn from(path: ProjectPath) -> Self {
        path.0
    }
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_stays_inside() {
        let longest = "ü".repeat(127) + "x";
        for good in [
            "a",
            &longest,
            "src/App.tsx",
            ".env.example",
            "src/a b/ü.ts",
            "a..b/c...d",
            "src/[id].tsx",
        ] {
            assert_eq!(
                good.parse::<ProjectPath>().map(String::from).as_deref(),
                Ok(good)
            );
        }
        assert_eq!(
            "src/App.test.tsx"
                .parse::<ProjectPath>()
                .map(|path| path.extension().to_owned()),
            Ok("tsx".to_owned())
        );
    }

    #[test]
    fn is_shown_as_it_is() {
        let path: ProjectPath = "src/App.tsx".parse().unwrap();
        assert_eq!(path.to_string(), "src/App.tsx");
    }

    #[test]
    fn refuses_what_would_leave() {
        let long = "a".repeat(256);
        for (bad, why) in [
            ("", PathError::Empty),
            (long.as_str(), PathError::TooLong(256)),
            ("/etc/passwd", PathError::Absolute),
            ("C:/x", PathError::Absolute),
            ("../x", PathError::Segment),
            ("a/../b", PathError::Segment),
            ("a//b", PathError::Segment),
            ("a/", PathError::Segment),
            ("./a", PathError::Segment),
            ("a\0b", PathError::Character),
            ("a\\b", PathError::Character),
            ("a\nb", PathError::Character),
            ("node_modules/x", PathError::Reserved("node_modules")),
            ("x/.GIT/config", PathError::Reserved(".git")),
        ] {
            assert_eq!(bad.parse::<ProjectPath>(), Err(why), "{bad:?}");
        }
    }
}
