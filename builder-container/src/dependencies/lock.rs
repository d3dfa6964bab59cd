//! A lock file of npm (versions 2 and 3): where each package lies and in which version. Read, compared with the baked
//! one, cut down to what is missing there, written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::wanted::{IN_LOCK_FILE, is_name};

/// Where npm puts packages.
const FOLDER: &str = "node_modules/";
/// What an entry needs, by name.
const NEEDS: [&str; 3] = ["dependencies", "optionalDependencies", "peerDependencies"];
/// Addresses that say no more than that a package is of the public registry.
const PUBLIC: [&str; 3] = [
    "https://registry.npmjs.org/",
    "http://registry.npmjs.org/",
    "https://registry.yarnpkg.com/",
];

/// Packages by where they lie: `node_modules/a/node_modules/@b/c`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lock {
    packages: BTreeMap<String, Map<String, Value>>,
}

/// What cannot be taken out of a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    /// The package.
    pub(super) name: String,
    /// Where it would come from.
    pub(super) origin: String,
}

impl Lock {
    /// Reads a lock file; `None` when it is none of a version that is known.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut all: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        if !matches!(all.get("lockfileVersion")?.as_u64()?, 2 | 3) {
            return None;
        }
        let Value::Object(found) = all.remove("packages")? else {
            return None;
        };
        let mut packages = BTreeMap::new();
        for (location, entry) in found {
            let Value::Object(entry) = entry else {
                return None;
            };
            if !location.is_empty() {
                packages.insert(location, entry);
            }
        }
        Some(Self { packages })
    }

    /// Where each package lies, in order.
    pub(super) fn locations(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    fn text(&self, location: &str, key: &str) -> Option<&str> {
        self.packages.get(location)?.get(key)?.as_str()
    }

    /// The version of what lies there.
    pub(super) fn version(&self, location: &str) -> Option<&str> {
        self.text(location, "version")
    }

    /// The hash of what lies there, as npm writes it.
    pub(super) fn integrity(&self, location: &str) -> Option<&str> {
        self.text(location, "integrity")
    }

    /// The version of the package that the app itself finds by this name.
    pub(crate) fn top(&self, name: &str) -> Option<&str> {
        self.version(&format!("{FOLDER}{name}"))
    }

    /// The name that the registry has for what lies there: of an alias, the other package's.
    pub(super) fn package<'a>(&'a self, location: &'a str) -> &'a str {
        self.text(location, "name")
            .unwrap_or_else(|| name_of(location))
    }

    /// The first package that does not come from this registry. Addresses are taken out: npm asks the registry that is
    /// configured.
    pub(super) fn check_origins(&mut self, registry: &str) -> Result<(), Foreign> {
        for (location, entry) in &mut self.packages {
            let origin = match entry.get("resolved").and_then(Value::as_str) {
                Some(origin)
                    if !PUBLIC.iter().any(|known| origin.starts_with(known))
                        && (!origin.starts_with(registry) || origin.contains("..")) =>
                {
                    Some(origin.to_owned())
                }
                _ => of_no_registry(location, entry).map(str::to_owned),
            };
            if let Some(origin) = origin {
                let name = name_of(location).to_owned();
                return Err(Foreign { name, origin });
            }
            entry.remove("resolved");
        }
        Ok(())
    }

    /// Takes out what no registry can have, and says what that was. Which registry something came from does not matter:
    /// the one that is configured is asked for the same version with the same content.
    pub(super) fn drop_foreign(&mut self) -> Vec<Foreign> {
        let mut dropped = Vec::new();
        for (location, entry) in &mut self.packages {
            match of_no_registry(location, entry) {
                Some(origin) => dropped.push((location.clone(), origin.to_owned())),
                None => {
                    entry.remove("resolved");
                }
            }
        }
        let foreign = |(location, origin): (String, String)| {
            self.drop_at(&location);
            Foreign {
                name: name_of(&location).to_owned(),
                origin,
            }
        };
        dropped.into_iter().map(foreign).collect()
    }

    /// Takes a version of a package out, wherever it lies; whether it lay anywhere.
    pub(super) fn drop_version(&mut self, package: &str, version: &str) -> bool {
        let dropped: Vec<String> = self
            .locations()
            .filter(|at| self.package(at) == package && self.version(at) == Some(version))
            .map(str::to_owned)
            .collect();
        for location in &dropped {
            self.drop_at(location);
        }
        !dropped.is_empty()
    }

    /// Takes out what lies there and in its folder.
    fn drop_at(&mut self, location: &str) {
        let inside = format!("{location}/");
        self.packages
            .retain(|at, _| at != location && !at.starts_with(&inside));
    }

    /// Where a package finds another by its name: beside it, or above.
    fn resolve(&self, from: &str, name: &str) -> Option<&str> {
        let mut above = Some(from);
        while let Some(folder) = above {
            let location = if folder.is_empty() {
                format!("{FOLDER}{name}")
            } else {
                format!("{folder}/{FOLDER}{name}")
            };
            if let Some((found, _)) = self.packages.get_key_value(&location) {
                return Some(found);
            }
            above = match folder.rfind("/node_modules/") {
                Some(end) => folder.get(..end),
                None if folder.is_empty() => None,
                None => Some(""),
            };
        }
        None
    }

    /// What is needed by what lies there, as far as it is there.
    fn needs<'a>(&'a self, location: &'a str) -> impl Iterator<Item = &'a str> {
        let entry = self.packages.get(location);
        NEEDS
            .iter()
            .filter_map(move |kind| entry?.get(*kind)?.as_object())
            .flat_map(Map::keys)
            .filter_map(move |name| self.resolve(location, name))
    }

    /// Takes these packages, and all that they need, as another lock file has them.
    pub(super) fn take<'a>(&mut self, names: impl Iterator<Item = &'a str>, other: &Self) {
        let mut taken = BTreeSet::new();
        let mut open: Vec<String> = names.map(|name| format!("{FOLDER}{name}")).collect();
        while let Some(location) = open.pop() {
            if other.packages.contains_key(&location) && taken.insert(location.clone()) {
                open.extend(other.needs(&location).map(str::to_owned));
            }
        }
        for location in &taken {
            self.drop_at(location);
        }
        for location in taken {
            if let Some(entry) = other.packages.get(&location) {
                self.packages.insert(location, entry.clone());
            }
        }
    }

    /// Whether these packages of another lock file are in this one, in the same versions with the same content.
    pub(super) fn has(&self, other: &Self, kept: &BTreeSet<String>) -> bool {
        kept.iter().all(|at| {
            self.package(at) == other.package(at)
                && self.version(at) == other.version(at)
                && self.integrity(at) == other.integrity(at)
        })
    }

    /// Whether what lies there is made for some machines alone, and so for no browser.
    pub(super) fn is_native(&self, location: &str) -> bool {
        let of_machines = |entry: &Map<String, Value>| {
            ["os", "cpu", "libc"]
                .iter()
                .any(|key| entry.contains_key(*key))
        };
        self.packages.get(location).is_some_and(of_machines)
    }

    /// Adds what another lock file has and this one does not.
    pub(super) fn add(&mut self, other: &Self) {
        for (location, entry) in &other.packages {
            self.packages
                .entry(location.clone())
                .or_insert_with(|| entry.clone());
        }
    }

    /// What must be installed beside the baked packages. A package is left out when it is baked in the same version, and
    /// so is everything that it needs: then whoever looks for it finds the baked one, and that finds the same as here.
    /// So no package is there twice in the same version, and none sees another version than it was resolved with.
    pub(super) fn without(&self, base: &Self) -> BTreeSet<String> {
        let mut same: BTreeSet<&str> = self
            .locations()
            .filter(|location| {
                let version = self.version(location);
                version.is_some()
                    && version == base.version(location)
                    && self.package(location) == base.package(location)
            })
            .collect();
        loop {
            let differs = |location: &&str| {
                self.needs(location).any(|needed| !same.contains(needed))
                    || parent(location).is_some_and(|parent| !same.contains(parent))
            };
            let other: Vec<&str> = same.iter().copied().filter(differs).collect();
            if other.is_empty() {
                break;
            }
            for location in other {
                same.remove(location);
            }
        }
        self.locations()
            .filter(|location| !same.contains(location))
            .map(str::to_owned)
            .collect()
    }

    /// The project and the lock file that make npm install these packages and no others: nothing is said any more of
    /// what the baked packages provide.
    pub(super) fn install(&self, kept: &BTreeSet<String>) -> (Value, Value) {
        let mut root = Map::new();
        let mut packages = Map::new();
        for location in kept {
            let Some(entry) = self.packages.get(location) else {
                continue;
            };
            let mut entry = entry.clone();
            for kind in ["dependencies", "optionalDependencies"] {
                if let Some(Value::Object(needs)) = entry.get_mut(kind) {
                    needs.retain(|name, _| {
                        self.resolve(location, name)
                            .is_some_and(|found| kept.contains(found))
                    });
                }
            }
            for key in [
                "peerDependencies",
                "peerDependenciesMeta",
                "dev",
                "devOptional",
                "peer",
                "bin",
            ] {
                entry.remove(key);
            }
            if parent(location).is_none() {
                let (name, package) = (name_of(location), self.package(location));
                let version = self.version(location).unwrap_or_default();
                let spec = if name == package {
                    version.to_owned()
                } else {
                    format!("npm:{package}@{version}")
                };
                root.insert(name.to_owned(), Value::from(spec));
            }
            packages.insert(location.clone(), Value::Object(entry));
        }
        let project =
            json!({ "name": "install", "version": "0.0.0", "private": true, "dependencies": root });
        packages.insert(String::new(), project.clone());
        (project, file(packages))
    }

    /// The lock file of a project whose `package.json` says this.
    pub(super) fn file(&self, project: &Map<String, Value>) -> Value {
        let mut root = Map::new();
        for key in IN_LOCK_FILE {
            if let Some(value) = project.get(key) {
                root.insert(key.to_owned(), value.clone());
            }
        }
        let mut packages = Map::new();
        packages.insert(String::new(), Value::Object(root));
        for (location, entry) in &self.packages {
            packages.insert(location.clone(), Value::Object(entry.clone()));
        }
        file(packages)
    }
}

/// Where something would come from that no registry has in just this version and content.
fn of_no_registry<'a>(location: &str, entry: &'a Map<String, Value>) -> Option<&'a str> {
    if !location.starts_with(FOLDER) || entry.get("link") == Some(&Value::Bool(true)) {
        return Some("a folder");
    }
    let name = entry.get("name").and_then(Value::as_str);
    if !is_name(name_of(location)) || !name.is_none_or(is_name) {
        return Some("an unknown place: the registry knows no such names");
    }
    if let Some(origin) = entry.get("resolved").and_then(Value::as_str)
        && !["https://", "http://"]
            .iter()
            .any(|scheme| origin.starts_with(scheme))
    {
        return Some(origin);
    }
    let bundled = entry.get("inBundle") == Some(&Value::Bool(true));
    let has = |key: &str| entry.get(key).is_some_and(Value::is_string);
    (!has("version") || !(bundled || has("integrity")))
        .then_some("an unknown place: it has no version or no integrity")
}

fn file(packages: Map<String, Value>) -> Value {
    json!({ "name": "app", "version": "0.0.0", "lockfileVersion": 3, "requires": true, "packages": packages })
}

/// The package that lies in a place.
pub(super) fn name_of(location: &str) -> &str {
    location
        .rsplit_once(FOLDER)
        .map_or(location, |(_, name)| name)
}

/// The package inside of whose folder another lies.
fn parent(location: &str) -> Option<&str> {
    location
        .rfind("/node_modules/")
        .and_then(|end| location.get(..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(packages: &Value) -> Lock {
        let file = json!({ "lockfileVersion": 3, "packages": packages });
        Lock::parse(file.to_string().as_bytes()).unwrap()
    }

    fn of_registry(version: &str) -> Value {
        json!({ "version": version, "integrity": "sha512-AA==" })
    }

    #[test]
    fn what_no_registry_has_is_taken_out_with_its_folder() {
        let mut own = lock(&json!({
            "": {},
            "node_modules/a": of_registry("1.0.0"),
            "node_modules/a/node_modules/b": of_registry("2.0.0"),
            "node_modules/c": { "version": "1.0.0" },
            "node_modules/c/node_modules/d": of_registry("1.0.0"),
            "node_modules/c-d": of_registry("1.0.0"),
            "node_modules/alias": { "name": "b", "version": "2.0.0", "integrity": "sha512-AA==" },
            "node_modules/../../etc": of_registry("1.0.0"),
            "node_modules/a b": of_registry("1.0.0"),
            "node_modules/e": { "name": "/etc", "version": "1.0.0", "integrity": "sha512-AA==" },
            "packages/own": { "version": "1.0.0" },
            "node_modules/own": { "resolved": "packages/own", "link": true },
        }));
        let dropped: Vec<String> = own.drop_foreign().into_iter().map(|one| one.name).collect();
        assert_eq!(
            dropped,
            ["../../etc", "a b", "c", "e", "own", "packages/own"]
        );
        let left = [
            "node_modules/a",
            "node_modules/a/node_modules/b",
            "node_modules/alias",
            "node_modules/c-d",
        ];
        assert_eq!(own.locations().collect::<Vec<_>>(), left);
        assert_eq!(own.package("node_modules/alias"), "b");
        assert!(own.drop_version("b", "2.0.0") && !own.drop_version("b", "2.0.0"));
        assert_eq!(
            own.locations().collect::<Vec<_>>(),
            ["node_modules/a", "node_modules/c-d"]
        );
    }

    #[test]
    fn baked_packages_are_taken_with_what_they_need() {
        let needs = |version: &str, needed: &str| json!({ "version": version, "dependencies": { needed: "*" } });
        let mut own = lock(&json!({
            "node_modules/tool": needs("1.0.0", "part"),
            "node_modules/part": of_registry("1.0.0"),
            "node_modules/part/node_modules/inner": of_registry("1.0.0"),
            "node_modules/other": of_registry("1.0.0"),
        }));
        let base = lock(&json!({
            "node_modules/tool": needs("2.0.0", "part"),
            "node_modules/part": of_registry("2.0.0"),
            "node_modules/other": of_registry("2.0.0"),
        }));
        own.take(["tool", "absent"].into_iter(), &base);
        let versions: Vec<_> = own
            .locations()
            .map(|at| (name_of(at), own.version(at).unwrap()))
            .collect();
        assert_eq!(
            versions,
            [("other", "1.0.0"), ("part", "2.0.0"), ("tool", "2.0.0")]
        );
    }

    #[test]
    fn what_an_alias_stands_for_is_installed() {
        let lock = lock(&json!({
            "node_modules/alias": { "name": "b", "version": "2.0.0", "integrity": "sha512-AA==" },
            "node_modules/native": { "version": "1.0.0", "os": ["linux"] },
        }));
        let kept = lock
            .locations()
            .filter(|at| !lock.is_native(at))
            .map(str::to_owned)
            .collect();
        let (project, _) = lock.install(&kept);
        assert_eq!(project["dependencies"], json!({ "alias": "npm:b@2.0.0" }));
    }
}
