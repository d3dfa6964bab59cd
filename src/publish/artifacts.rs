//! The files that a build put out, by hash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PAGE;
use crate::{
    build::{self, Mode},
    digest::Digest,
    project::ProjectPath,
};

/// One built file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The SHA-256 of the content; its name among the assets.
    pub hash: Digest,
    /// Length in bytes.
    pub size: u64,
    /// What it is served as. Follows from the path, whatever the builder said.
    pub media_type: String,
}

/// Everything that one build put out, ordered by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactSet {
    /// What it was built for.
    pub mode: Mode,
    /// The sources it was built from.
    pub source_digest: Digest,
    /// The tools it was built with.
    pub toolchain_digest: Digest,
    /// The files, by the path they are served at.
    pub entries: BTreeMap<ProjectPath, Artifact>,
}

impl ArtifactSet {
    /// A set without files.
    #[must_use]
    pub const fn new(mode: Mode, source_digest: Digest, toolchain_digest: Digest) -> Self {
        Self {
            mode,
            source_digest,
            toolchain_digest,
            entries: BTreeMap::new(),
        }
    }

    /// Adds a file, or replaces the one at its path.
    pub fn add(&mut self, path: ProjectPath, hash: Digest, size: u64) {
        let media_type = build::media_type(path.as_str()).to_owned();
        self.entries.insert(
            path,
            Artifact {
                hash,
                size,
                media_type,
            },
        );
    }

    /// The digest of what visitors get: equal for equal paths, contents and types, wherever they were built.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_parts(self.entries.iter().flat_map(|(path, artifact)| {
            [
                path.as_str().as_bytes(),
                artifact.hash.bytes().as_slice(),
                artifact.media_type.as_bytes(),
            ]
        }))
    }

    /// The page that every navigation gets, when the build put one out.
    #[must_use]
    pub fn page(&self) -> Option<&Artifact> {
        self.entries
            .iter()
            .find(|(path, _)| path.as_str() == PAGE)
            .map(|(_, artifact)| artifact)
    }

    /// The file with this content. An app's asset binding answers for these and no others.
    #[must_use]
    pub fn by_hash(&self, hash: &Digest) -> Option<&Artifact> {
        self.entries
            .values()
            .find(|artifact| artifact.hash == *hash)
    }

    /// All files together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.values().map(|artifact| artifact.size).sum()
    }
}
