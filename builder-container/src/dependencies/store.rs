//! Installs on disk: `installs/HASH/node_modules`, named by what is in them, and `resolutions/HASH.json`, which say what
//! came of a list of wanted packages. Both outlive the builder. An install is moved into its place whole, is never changed
//! there, and is removed when all together have too many bytes: the one first that was used longest ago.

use std::{
    collections::{HashMap, hash_map::Entry},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use overskill::{build::Diagnostic, digest::Digest};
use serde::{Deserialize, Serialize};

/// The most resolutions that are kept.
const RESOLUTIONS: usize = 10_000;
/// The most bytes of them.
const RESOLUTION_BYTES: u64 = 256 * 1024 * 1024;

/// An install that somebody uses: it stays while this lives.
#[derive(Debug, Clone)]
pub(crate) struct Packages {
    /// Its `node_modules`.
    folder: PathBuf,
    _lease: Arc<()>,
}

impl Packages {
    /// The folder that packages lie in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What came of a list of wanted packages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Resolution {
    /// The install; `None` when everything is baked.
    pub(super) install: Option<Digest>,
    /// The lock file that the app should have, when its own says something else.
    pub(super) lockfile: Option<String>,
    /// Whether the registry chose versions that the app's own lock file does not say.
    pub(super) resolved: bool,
    /// What its author should know.
    pub(super) warnings: Vec<Diagnostic>,
}

/// How much is in a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Files and folders.
    pub(super) entries: u64,
    /// Bytes of the files.
    pub(super) bytes: u64,
    /// What is neither: links, devices.
    pub(super) others: u64,
}

/// The installs and resolutions of a state folder.
#[derive(Debug)]
pub(super) struct Store {
    installs: PathBuf,
    resolutions: PathBuf,
    /// Bytes of all installs together.
    limit: u64,
    known: Mutex<HashMap<Digest, Install>>,
}

#[derive(Debug)]
struct Install {
    bytes: u64,
    used: SystemTime,
    lease: Arc<()>,
}

impl Store {
    /// Finds what is there.
    pub(super) fn open(installs: PathBuf, resolutions: PathBuf, limit: u64) -> io::Result<Self> {
        let mut known = HashMap::new();
        for entry in fs::read_dir(&installs)? {
            let entry = entry?;
            let digest = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<Digest>().ok());
            let Some(digest) = digest else {
                // What an earlier builder was about to remove.
                fs::remove_dir_all(entry.path())?;
                continue;
            };
            let install = Install {
                bytes: measure(&entry.path())?.bytes,
                used: entry.metadata()?.modified()?,
                lease: Arc::default(),
            };
            known.insert(digest, install);
        }
        let store = Self {
            installs,
            resolutions,
            limit,
            known: Mutex::new(known),
        };
        store.forget_some()?;
        Ok(store)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Digest, Install>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, digest: Digest) -> PathBuf {
        self.installs.join(digest.to_string())
    }

    /// An install that is there. It counts as used now.
    pub(super) fn find(&self, digest: Digest) -> Option<Packages> {
        let mut known = self.known();
        let install = known.get_mut(&digest)?;
        install.used = SystemTime::now();
        let lease = Arc::clone(&install.lease);
        drop(known);
        // Only the order after a restart hangs on it.
        let _ = fs::File::open(self.place(digest))
            .and_then(|folder| folder.set_modified(SystemTime::now()));
        Some(Packages {
            folder: self.place(digest).join("node_modules"),
            _lease: lease,
        })
    }

    /// Moves a whole install into its place.
    pub(super) fn keep(&self, digest: Digest, made: &Path, bytes: u64) -> io::Result<Packages> {
        let lease = Arc::<()>::default();
        {
            let mut known = self.known();
            if let Entry::Vacant(place) = known.entry(digest) {
                fs::rename(made, self.place(digest))?;
                place.insert(Install {
                    bytes,
                    used: SystemTime::now(),
                    lease: Arc::clone(&lease),
                });
            }
        }
        let packages = self
            .find(digest)
            .ok_or_else(|| io::Error::other("an install is gone at once"))?;
        self.forget_some()?;
        Ok(packages)
    }

    /// Removes installs that nobody uses until the others are below the limit.
    fn forget_some(&self) -> io::Result<()> {
        let mut forgotten = Vec::new();
        {
            let mut known = self.known();
            let mut all: u64 = known.values().map(|install| install.bytes).sum();
            while all > self.limit {
                let oldest = known
                    .iter()
                    .filter(|(_, install)| Arc::strong_count(&install.lease) == 1)
                    .min_by_key(|(_, install)| install.used)
                    .map(|(digest, _)| *digest);
                let Some(digest) = oldest else { break };
                all -= known.remove(&digest).map_or(0, |install| install.bytes);
                // Gone for everybody at once, and removed at leisure.
                let away = self.installs.join(format!("{digest}.gone"));
                fs::rename(self.place(digest), &away)?;
                forgotten.push(away);
            }
        }
        forgotten.iter().try_for_each(fs::remove_dir_all)
    }

    fn resolution_file(&self, key: Digest) -> PathBuf {
        self.resolutions.join(format!("{key}.json"))
    }

    /// What came of it before, when that is still there.
    pub(super) fn resolution(&self, key: Digest) -> Option<(Resolution, Option<Packages>)> {
        let text = fs::read(self.resolution_file(key)).ok()?;
        let found: Resolution = serde_json::from_slice(&text).ok()?;
        match found.install {
            None => Some((found, None)),
            Some(install) => self.find(install).map(|packages| (found, Some(packages))),
        }
    }

    /// Remembers what came of it.
    pub(super) fn remember(&self, key: Digest, resolution: &Resolution) -> io::Result<()> {
        self.forget_resolutions(RESOLUTIONS, RESOLUTION_BYTES)?;
        let file = self.resolution_file(key);
        let new = file.with_extension("new");
        fs::write(&new, serde_json::to_vec(resolution)?)?;
        fs::rename(new, file)
    }

    /// Removes the older half of the resolutions when they are too many or too large. Each can be had again.
    fn forget_resolutions(&self, most: usize, most_bytes: u64) -> io::Result<()> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.resolutions)? {
            let entry = entry?;
            // What is gone meanwhile needs no room.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            all.push((metadata.modified()?, metadata.len(), entry.path()));
        }
        let bytes: u64 = all.iter().map(|(_, bytes, _)| bytes).sum();
        if all.len() <= most && bytes <= most_bytes {
            return Ok(());
        }
        all.sort();
        for (_, _, file) in all.iter().take(all.len().div_ceil(2)) {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// How much is in a folder, whoever writes in it meanwhile; nothing when there is none. Links are not followed.
pub(super) fn measure(folder: &Path) -> io::Result<Size> {
    let mut size = Size::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            // What is gone meanwhile counts for nothing.
            let Ok(entry) = entry else { continue };
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            size.entries += 1;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if metadata.is_file() {
                size.bytes += metadata.len();
            } else {
                size.others += 1;
            }
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../target/tmp")
                .join(format!("store-{}-{name}", std::process::id()));
            for folder in ["installs", "resolutions", "installing"] {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            Self(root)
        }

        fn store(&self, limit: u64) -> Store {
            Store::open(self.0.join("installs"), self.0.join("resolutions"), limit).unwrap()
        }

        fn install(&self, store: &Store, name: &str, bytes: usize) -> (Digest, Packages) {
            let made = self.0.join("installing").join(name);
            fs::create_dir_all(made.join("node_modules")).unwrap();
            fs::write(made.join("node_modules/x"), vec![0; bytes]).unwrap();
            let digest = Digest::of(name.as_bytes());
            let packages = store.keep(digest, &made, bytes as u64).unwrap();
            (digest, packages)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_is_kept_outlives_the_builder() {
        let place = Place::new("restart");
        let store = place.store(1000);
        let (digest, packages) = place.install(&store, "a", 100);
        assert!(packages.folder().join("x").is_file());
        let resolution = Resolution {
            install: Some(digest),
            lockfile: Some("{}".to_owned()),
            resolved: true,
            warnings: vec![],
        };
        let key = Digest::of(b"key");
        store.remember(key, &resolution).unwrap();
        drop(packages);
        drop(store);
        let store = place.store(1000);
        let (found, packages) = store.resolution(key).unwrap();
        assert_eq!(found, resolution);
        assert!(packages.unwrap().folder().join("x").is_file());
        assert!(store.resolution(Digest::of(b"other")).is_none());
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_nothing_that_is_in_use() {
        let place = Place::new("limit");
        let store = place.store(250);
        let (a, held) = place.install(&store, "a", 100);
        let (b, _) = place.install(&store, "b", 100);
        std::thread::sleep(Duration::from_millis(5));
        let (c, _) = place.install(&store, "c", 100);
        assert!(store.find(a).is_some() && store.find(b).is_none() && store.find(c).is_some());
        drop(held);
        assert!(store.find(c).is_some());
        // A resolution whose install is gone is none.
        let resolution = Resolution {
            install: Some(a),
            ..Resolution::default()
        };
        store.remember(Digest::of(b"key"), &resolution).unwrap();
        let (d, _) = place.install(&store, "d", 100);
        assert!(store.find(a).is_none() && store.find(d).is_some());
        assert!(store.resolution(Digest::of(b"key")).is_none());
        // At the next start less may be allowed.
        drop(store);
        let store = place.store(100);
        assert!(store.find(c).is_none() && store.find(d).is_some());
        assert_eq!(fs::read_dir(place.0.join("installs")).unwrap().count(), 1);
    }

    #[test]
    fn everything_in_a_folder_is_measured() {
        let place = Place::new("measure");
        fs::write(place.0.join("installs/x"), [0; 7]).unwrap();
        std::os::unix::fs::symlink("/etc", place.0.join("installs/link")).unwrap();
        let expected = Size {
            entries: 5,
            bytes: 7,
            others: 1,
        };
        assert_eq!(measure(&place.0).unwrap(), expected);
        assert_eq!(measure(&place.0.join("none")).unwrap(), Size::default());
    }

    #[test]
    fn the_older_half_of_too_many_resolutions_goes() {
        let place = Place::new("resolutions");
        let store = place.store(1);
        let keys: Vec<Digest> = (0..5_u8).map(|number| Digest::of(&[number])).collect();
        for (age, key) in (0..5).rev().zip(&keys) {
            store.remember(*key, &Resolution::default()).unwrap();
            let then = SystemTime::now() - Duration::from_secs(60 * age);
            let file = fs::File::open(store.resolution_file(*key)).unwrap();
            file.set_modified(then).unwrap();
        }
        let left = |store: &Store| {
            keys.iter()
                .filter(|key| store.resolution(**key).is_some())
                .count()
        };
        store.forget_resolutions(5, 1_000_000).unwrap();
        assert_eq!(left(&store), 5);
        store.forget_resolutions(4, 1_000_000).unwrap();
        assert_eq!(left(&store), 2);
        assert!(store.resolution(keys[4]).is_some());
        store.forget_resolutions(5, 1).unwrap();
        assert_eq!(left(&store), 1);
    }
}
