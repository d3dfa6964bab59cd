//! Which files an app has, by hash. Knows no content and no storage.

use serde::{Deserialize, Serialize};

use super::ProjectPath;
use crate::{
    config::Limits,
    digest::Digest,
    error::{Error, Kind},
    sorted::SortedMap,
};

/// One file's content, by hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The SHA-256 of the content.
    pub hash: Digest,
    /// Length in bytes.
    pub size: u64,
    /// Whether the content is not UTF-8.
    pub binary: bool,
}

impl FileEntry {
    /// The entry of a file with this content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self {
            hash: Digest::of(content),
            size: content.len() as u64,
            binary: std::str::from_utf8(content).is_err(),
        }
    }

    /// Checks the size of a file alone.
    ///
    /// # Errors
    /// When the file is over its limit.
    pub fn check(&self, path: &ProjectPath, limits: &Limits) -> Result<(), ManifestError> {
        let limit = if self.binary {
            limits.binary_file_bytes
        } else {
            limits.text_file_bytes
        };
        if self.size > limit as u64 {
            let (path, size, binary) = (path.clone(), self.size, self.binary);
            return Err(ManifestError::FileTooLarge {
                path,
                size,
                limit,
                binary,
            });
        }
        Ok(())
    }
}

/// Every file of a version, ordered by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest {
    files: SortedMap<ProjectPath, FileEntry>,
}

/// Why a file cannot be part of an app. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// One file is over its limit.
    #[error("`{path}` has {size} bytes; {} file may have at most {limit}", if *.binary { "a binary" } else { "a text" })]
    FileTooLarge {
        /// Which file.
        path: ProjectPath,
        /// Its length in bytes.
        size: u64,
        /// The limit in bytes.
        limit: usize,
        /// Whether its content is not UTF-8.
        binary: bool,
    },
    /// One file more than allowed.
    #[error("An app may have at most {limit} files")]
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
    /// All files together are too large.
    #[error("An app's files may have at most {limit} bytes together")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A file where another path needs a folder, or the other way round.
    #[error("`{path}` cannot be a file: `{other}` exists")]
    FileAndFolder {
        /// The path that was to be written.
        path: ProjectPath,
        /// The path in its way.
        other: ProjectPath,
    },
}

impl From<ManifestError> for Error {
    fn from(refusal: ManifestError) -> Self {
        let sentence = refusal.to_string();
        let error = Self::new(Kind::TooLarge, format!("{sentence}."));
        match refusal {
            ManifestError::FileTooLarge { limit, .. } | ManifestError::TooManyFiles { limit } => {
                error.with("limit", limit)
            }
            ManifestError::TooLarge { limit } => error.with("limit", limit),
            ManifestError::FileAndFolder { .. } => {
                Self::new(Kind::Conflict, format!("{sentence}."))
            }
        }
    }
}

impl Manifest {
    /// The entry at `path`.
    #[must_use]
    pub fn get(&self, path: &ProjectPath) -> Option<&FileEntry> {
        self.files.get(path)
    }

    /// All files, ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (&ProjectPath, &FileEntry)> {
        self.files.iter()
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// All files together, in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.files.values().map(|entry| entry.size).sum()
    }

    /// Puts a file, replacing the one at that path.
    ///
    /// # Errors
    /// When the file or the app would be over a limit, or the path runs through another file; nothing is changed then.
    pub fn put(
        &mut self,
        path: ProjectPath,
        entry: FileEntry,
        limits: &Limits,
    ) -> Result<(), ManifestError> {
        entry.check(&path, limits)?;
        let replaced = self.files.get(&path);
        if replaced.is_none() {
            if self.files.len() >= limits.files {
                return Err(ManifestError::TooManyFiles {
                    limit: limits.files,
                });
            }
            if let Some(other) = self.in_the_way(&path) {
                return Err(ManifestError::FileAndFolder {
                    other: other.clone(),
                    path,
                });
            }
        }
        let freed = replaced.map_or(0, |old| old.size);
        if self.total_bytes() - freed + entry.size > limits.total_bytes {
            return Err(ManifestError::TooLarge {
                limit: limits.total_bytes,
            });
        }
        self.files.insert(path, entry);
        Ok(())
    }

    /// Takes a file away; the entry that was there.
    pub fn remove(&mut self, path: &ProjectPath) -> Option<FileEntry> {
        self.files.remove(path)
    }

    /// The digest of the whole tree: equal for equal paths and contents. It keys builds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let hashes: Vec<_> = self
            .files
            .iter()
            .map(|(path, entry)| (path.as_str(), entry.hash))
            .collect();
        Digest::of_parts(
            hashes
                .iter()
                .flat_map(|(path, hash)| [path.as_bytes(), hash.bytes().as_slice()]),
        )
    }

    fn in_the_way(&self, path: &ProjectPath) -> Option<&ProjectPath> {
        let folder = format!("{path}/");
        self.files.keys().find(|other| {
            other.as_str().starts_with(&folder)
                || path
                    .as_str()
                    .strip_prefix(other.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ProjectPath {
        text.parse().unwrap()
    }

    #[test]
    fn a_refused_file_changes_nothing() {
        let limits = Limits {
            files: 2,
            text_file_bytes: 10,
            binary_file_bytes: 20,
            total_bytes: 25,
            ..Limits::DEFAULT
        };
        let mut manifest = Manifest::default();
        manifest
            .put(path("a"), FileEntry::of(b"0123456789"), &limits)
            .unwrap();
        let before = manifest.clone();
        assert!(matches!(
            manifest.put(path("b"), FileEntry::of(b"0123456789x"), &limits),
            Err(ManifestError::FileTooLarge { limit: 10, .. })
        ));
        assert!(matches!(
            manifest.put(path("b"), FileEntry::of(&[255; 21]), &limits),
            Err(ManifestError::FileTooLarge { limit: 20, .. })
        ));
        assert!(matches!(
            manifest.put(path("b"), FileEntry::of(&[255; 16]), &limits),
            Err(ManifestError::TooLarge { limit: 25 })
        ));
        assert!(matches!(
            manifest.put(path("a/b"), FileEntry::of(b""), &limits),
            Err(ManifestError::FileAndFolder { .. })
        ));
        assert_eq!(manifest, before);
        manifest
            .put(path("b"), FileEntry::of(&[255; 15]), &limits)
            .unwrap();
        assert!(matches!(
            manifest.put(path("c"), FileEntry::of(b""), &limits),
            Err(ManifestError::TooManyFiles { limit: 2 })
        ));
        manifest
            .put(path("b"), FileEntry::of(&[255; 14]), &limits)
            .unwrap();
        assert_eq!(manifest.total_bytes(), 24);
    }

    #[test]
    fn the_digest_follows_paths_and_contents() {
        let mut one = Manifest::default();
        one.put(path("a"), FileEntry::of(b"x"), &Limits::DEFAULT)
            .unwrap();
        let mut other = Manifest::default();
        other
            .put(path("b"), FileEntry::of(b"x"), &Limits::DEFAULT)
            .unwrap();
        assert_ne!(one.digest(), other.digest());
        other.remove(&path("b"));
        other
            .put(path("a"), FileEntry::of(b"x"), &Limits::DEFAULT)
            .unwrap();
        assert_eq!(one.digest(), other.digest());
    }
}
