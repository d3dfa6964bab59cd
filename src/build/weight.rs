//! What in an app's built scripts weighs how much: by package, and by file of the app's own.

use serde::{Deserialize, Serialize};

use crate::project::ProjectPath;

/// The most that one report tells: the heaviest.
pub const MOST_WEIGHTS: usize = 20;

/// The longest name of a package, in bytes, as npm has it.
const LONGEST_NAME: usize = 214;

/// What has weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightKind {
    /// A package of npm.
    Package,
    /// A file of the app's own.
    File,
}

/// A package, or a file of the app's own, in the built scripts: their bytes before compression, of each script the part that is theirs, to a few
/// per cent where it is minified. Style sheets and web workers are not weighed. In development mode nothing is minified, and the
/// packages that stay outside as vendor modules, which weigh nothing in the app's own script, are not told; in production mode all are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// What it is.
    pub kind: WeightKind,
    /// The name of the package, or the path of the file.
    pub name: String,
    /// In scripts that the page needs before it shows anything, in bytes.
    pub page_bytes: u64,
    /// In scripts that are loaded later, in bytes.
    pub late_bytes: u64,
    /// In the app's functions, in bytes: in each that has it.
    pub function_bytes: u64,
}

impl Weight {
    /// What it adds to the app's Worker, where no part is left outside, in bytes before compression.
    #[must_use]
    pub const fn script_bytes(&self) -> u64 {
        self.page_bytes.saturating_add(self.function_bytes)
    }

    /// Whether its name is one of its kind: what a package or a file may be called.
    #[must_use]
    pub fn is_named(&self) -> bool {
        match self.kind {
            WeightKind::File => self.name.parse::<ProjectPath>().is_ok(),
            WeightKind::Package => is_package(&self.name),
        }
    }
}

fn is_package(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~'))
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
    };
    let is_whole = match name.strip_prefix('@').map(|scoped| scoped.split_once('/')) {
        None => part(name),
        Some(scoped) => scoped.is_some_and(|(scope, name)| part(scope) && part(name)),
    };
    is_whole && name.len() <= LONGEST_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_its_kind() {
        let is_named = |kind, name: &str| {
            let weight = Weight {
                kind,
                name: name.to_owned(),
                page_bytes: 1,
                late_bytes: 2,
                function_bytes: 3,
            };
            assert_eq!(weight.script_bytes(), 4);
            weight.is_named()
        };
        let longest = "a".repeat(LONGEST_NAME);
        for name in [
            "react",
            "@dnd-kit/core",
            "JSONStream",
            "lodash.get",
            &longest,
        ] {
            assert!(is_named(WeightKind::Package, name), "{name}");
        }
        let longer = "a".repeat(LONGEST_NAME + 1);
        for name in [
            "", "@", "@a", "@a/", "a/b", "@a/b/c", "..", ".bin", "a b", "a`b", "ä", &longer,
        ] {
            assert!(!is_named(WeightKind::Package, name), "{name}");
        }
        assert!(is_named(WeightKind::File, "src/data/Länder.ts"));
        for name in ["", "/etc/passwd", "../a.ts", "a\nb"] {
            assert!(!is_named(WeightKind::File, name), "{name}");
        }
    }
}
