//! What the packages of the foundation export, from the list that `cargo xtask exports` writes.
//!
//! A line begins with what it is:
//!
//! | line | says |
//! |---|---|
//! | `@ NAME VERSION app` or `tool` | a package that the foundation depends on, to run or to build |
//! | `> NAME …` | the packages that are installed because of it |
//! | `. SUBPATH KIND` | what can be imported from it: `esm`, `cjs`, `types` (nothing at run time), `file` (names unknown; a `*` stands for anything), `as SUBPATH` (the same file) |
//! | `= NAME …` | what that exports at run time |
//! | `* NAME …` | the same, each under three names: `X`, `XIcon`, `LucideX` |
//! | `: NAME …` | what it exports as types only |

#[cfg(not(feature = "edge"))]
use std::sync::LazyLock;
#[cfg(feature = "edge")]
use std::sync::OnceLock;

use crate::sorted::{SortedMap, SortedSet};

/// The list as it is committed.
#[cfg(not(feature = "edge"))]
static COMMITTED: LazyLock<Vendor> =
    LazyLock::new(|| Vendor::parse(include_str!("../../templates/vendor-exports.txt")));
/// In the Worker it comes from beside it: [`Vendor::set_foundation`].
#[cfg(feature = "edge")]
static COMMITTED: OnceLock<Vendor> = OnceLock::new();

/// Packages with what they export.
#[derive(Debug, Clone, Default)]
pub struct Vendor {
    packages: SortedMap<&'static str, Package>,
}

/// One package.
#[derive(Debug, Clone, Default)]
pub(super) struct Package {
    /// Its version, as installed.
    pub(super) version: &'static str,
    /// Whether an app imports it, and not only the build.
    for_apps: bool,
    /// What is installed because of it.
    brings: SortedSet<&'static str>,
    entries: SortedMap<&'static str, Entry>,
}

/// What one sub-path of a package exports.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) kind: EntryKind,
    same_as: Option<&'static str>,
    values: SortedSet<&'static str>,
    icons: SortedSet<&'static str>,
    types: SortedSet<&'static str>,
}

/// What is known of a sub-path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// An ES module: a name that it does not export fails the build.
    Esm,
    /// CommonJS: such a name is undefined at run time.
    Cjs,
    /// Declarations without anything to run.
    Types,
    /// It can be imported; its names are not known.
    #[default]
    File,
}

/// How a name is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exported {
    /// As a value.
    Value,
    /// As a type only.
    Type,
    /// Not at all.
    Missing,
    /// That is not known.
    Unknown,
}

impl Vendor {
    /// The packages of the foundation.
    #[cfg(not(feature = "edge"))]
    #[must_use]
    pub fn foundation() -> &'static Self {
        &COMMITTED
    }

    /// The packages of the foundation; none before they are set.
    #[cfg(feature = "edge")]
    #[must_use]
    pub fn foundation() -> &'static Self {
        static NONE: Vendor = Vendor {
            packages: SortedMap::new(),
        };
        COMMITTED.get().unwrap_or(&NONE)
    }

    /// What the Worker knows of them from now on, once: the text of `templates/vendor-exports.txt`.
    #[cfg(feature = "edge")]
    pub fn set_foundation(text: String) {
        COMMITTED.get_or_init(|| Self::parse(text.leak()));
    }

    /// Whether the Worker knows them.
    #[cfg(feature = "edge")]
    #[must_use]
    pub fn has_foundation() -> bool {
        COMMITTED.get().is_some()
    }

    /// Reads a list. Lines that are not of its form are left out; a test holds the committed list to it.
    fn parse(text: &'static str) -> Self {
        let mut vendor = Self::default();
        let mut name = "";
        let mut subpath = "";
        for line in text.lines() {
            let Some((mark, rest)) = line.split_once(' ') else {
                continue;
            };
            if mark == "@" {
                let mut words = rest.split(' ');
                name = words.next().unwrap_or_default();
                let package = Package {
                    version: words.next().unwrap_or_default(),
                    for_apps: words.next() == Some("app"),
                    ..Package::default()
                };
                vendor.packages.insert(name, package);
                continue;
            }
            let Some(package) = vendor.packages.get_mut(name) else {
                continue;
            };
            match mark {
                ">" => package.brings = rest.split(' ').collect(),
                "." => {
                    let (path, kind) = rest.split_once(' ').unwrap_or((rest, "file"));
                    subpath = path;
                    package.entries.insert(path, Entry::of_kind(kind));
                }
                _ => {
                    if let Some(entry) = package.entries.get_mut(subpath) {
                        entry.names(mark, rest);
                    }
                }
            }
        }
        vendor
    }

    /// A package by its name.
    pub(super) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.get(name)
    }

    /// The names of the packages.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.packages.keys().copied()
    }

    /// A package that brings this one with it, of those for which `declares` holds.
    pub(super) fn brought_by(
        &self,
        name: &str,
        declares: impl Fn(&str) -> bool,
    ) -> Option<&'static str> {
        let bringing = |(other, package): &(&&'static str, &Package)| {
            package.brings.contains(name) && declares(other)
        };
        self.packages.iter().find(bringing).map(|(other, _)| *other)
    }

    /// The module that is best known for this value, as it is imported.
    pub(super) fn exporters<'v>(&'v self, name: &'v str) -> impl Iterator<Item = String> + 'v {
        // React first, icons last: `Link` is a component of the router before it is a picture.
        let rank = |package: &str| match package {
            "react" => 0,
            "react-router" => 1,
            "lucide-react" => 3,
            _ => 2,
        };
        let mut packages: Vec<_> = self
            .packages
            .iter()
            .filter(|(_, package)| package.for_apps)
            .collect();
        crate::sorted::sort_by_key(&mut packages, |(package, _)| rank(package));
        packages.into_iter().filter_map(move |(package, found)| {
            let mut exporting = found.entries.iter().filter(|(_, entry)| {
                entry.same_as.is_none() && name != "default" && entry.has_value(name)
            });
            let (subpath, _) = exporting.next()?;
            Some(format!("{package}{}", subpath.trim_start_matches('.')))
        })
    }
}

impl Package {
    /// What a sub-path (`.`, `./client`) leads to. `None` when the package does not offer it.
    pub(super) fn entry(&self, subpath: &str) -> Option<&Entry> {
        let found = self.entries.get(subpath).or_else(|| {
            let matching = self.entries.iter().find(|(pattern, _)| {
                pattern.split_once('*').is_some_and(|(before, after)| {
                    subpath.len() >= before.len() + after.len()
                        && subpath.starts_with(before)
                        && subpath.ends_with(after)
                })
            });
            matching.map(|(_, entry)| entry)
        })?;
        match found.same_as {
            Some(other) => self.entries.get(other),
            None => Some(found),
        }
    }

    /// The sub-paths that are no patterns.
    pub(super) fn subpaths(&self) -> impl Iterator<Item = &'static str> + '_ {
        let plain = self
            .entries
            .keys()
            .filter(|subpath| !subpath.contains('*') && **subpath != "./package.json");
        plain.copied()
    }
}

impl Entry {
    fn of_kind(kind: &'static str) -> Self {
        Self {
            kind: match kind {
                "esm" => EntryKind::Esm,
                "cjs" => EntryKind::Cjs,
                "types" => EntryKind::Types,
                _ => EntryKind::File,
            },
            same_as: kind.strip_prefix("as "),
            ..Self::default()
        }
    }

    fn names(&mut self, mark: &str, names: &'static str) {
        let names = names.split(' ').collect();
        match mark {
            "=" => self.values = names,
            "*" => self.icons = names,
            ":" => self.types = names,
            _ => {}
        }
    }

    fn has_value(&self, name: &str) -> bool {
        let icon = |name: &str| self.icons.contains(name);
        self.values.contains(name)
            || icon(name)
            || name.strip_suffix("Icon").is_some_and(icon)
            || name.strip_prefix("Lucide").is_some_and(icon)
    }

    /// How a name is exported.
    pub(super) fn exported(&self, name: &str) -> Exported {
        match self.kind {
            EntryKind::File | EntryKind::Types => Exported::Unknown,
            _ if self.has_value(name) => Exported::Value,
            _ if self.types.contains(name) => Exported::Type,
            EntryKind::Esm | EntryKind::Cjs => Exported::Missing,
        }
    }

    /// Every name, of values or of types; an icon under its first.
    pub(super) fn all(&self, types: bool) -> impl Iterator<Item = &'static str> + '_ {
        let values = self.values.iter().chain(&self.icons);
        let types = types.then_some(&self.types).into_iter().flatten();
        values.chain(types).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_committed_list_is_understood() {
        let text = include_str!("../../templates/vendor-exports.txt");
        let (mut seen_package, mut seen_entry) = (false, false);
        for line in text.lines().filter(|line| !line.starts_with("//")) {
            let (mark, rest) = line.split_once(' ').unwrap();
            let words: Vec<&str> = rest.split(' ').collect();
            match mark {
                "@" => {
                    assert!(matches!(words[..], [_, _, "app" | "tool"]), "{line}");
                    (seen_package, seen_entry) = (true, false);
                }
                ">" => assert!(seen_package && !seen_entry, "{line}"),
                "." => {
                    let known = ["esm", "cjs", "types", "file", "as"];
                    assert!(known.contains(&words[1]), "{line}");
                    seen_entry = true;
                }
                "=" | "*" | ":" => assert!(seen_entry, "{line}"),
                _ => panic!("{line}"),
            }
        }
    }

    #[test]
    fn names_of_the_foundation_are_known() {
        let vendor = Vendor::foundation();
        let exported = |package: &str, subpath: &str, name: &str| {
            let entry = vendor.package(package).unwrap().entry(subpath).unwrap();
            entry.exported(name)
        };
        for (package, subpath, name, expected) in [
            ("react", ".", "useState", Exported::Value),
            ("react", ".", "default", Exported::Value),
            ("react", ".", "ReactNode", Exported::Type),
            ("react", ".", "useStat", Exported::Missing),
            ("react-dom", "./client", "createRoot", Exported::Value),
            ("react-router", ".", "Link", Exported::Value),
            ("react-router", ".", "RouteObject", Exported::Type),
            ("react-router", ".", "default", Exported::Missing),
            ("react-router", "./dom", "RouterProvider", Exported::Value),
            ("lucide-react", ".", "House", Exported::Value),
            ("lucide-react", ".", "HomeIcon", Exported::Value),
            ("lucide-react", ".", "LucideHouse", Exported::Value),
            ("lucide-react", ".", "LucideIcon", Exported::Type),
            ("lucide-react", ".", "Housee", Exported::Missing),
            ("lucide-react", "./icons", "House", Exported::Value),
            (
                "lucide-react",
                "./icons/house",
                "default",
                Exported::Unknown,
            ),
            ("radix-ui", "./dialog", "Root", Exported::Value),
            ("tailwindcss", "./theme", "default", Exported::Unknown),
            ("vite", "./client", "x", Exported::Unknown),
        ] {
            assert_eq!(
                exported(package, subpath, name),
                expected,
                "{package} {subpath} {name}"
            );
        }
        assert!(
            vendor
                .package("react-router")
                .unwrap()
                .entry("./nope")
                .is_none()
        );
        assert_eq!(vendor.brought_by("scheduler", |_| true), Some("react-dom"));
        assert_eq!(vendor.brought_by("scheduler", |name| name == "react"), None);
        assert_eq!(
            vendor.exporters("Link").next().as_deref(),
            Some("react-router")
        );
        assert_eq!(
            vendor.exporters("createRoot").next().as_deref(),
            Some("react-dom/client")
        );
    }
}
