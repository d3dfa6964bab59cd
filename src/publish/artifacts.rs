//! The files that a build put out, by hash.

use serde::{Deserialize, Serialize};

use super::PAGE;
use crate::{
    build::{self, Mode},
    digest::Digest,
    project::ProjectPath,
    sorted::{SortedMap, SortedSet},
};

/// One built file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The SHA-256 of the content; its name among the assets.
    pub hash: Digest,
    /// Length in bytes.
    pub size: u64,
}

/// The hashes of the files that are an app's own: vendor modules are stored once for all apps.
#[must_use]
pub fn own_hashes(entries: &SortedMap<ProjectPath, Artifact>) -> SortedSet<Digest> {
    entries
        .iter()
        .filter(|(path, _)| !build::is_vendor(path))
        .map(|(_, file)| file.hash)
        .collect()
}

/// Everything that one build put out, ordered by path. What a file is served as follows from its path
/// ([`build::media_type`]), and is nobody's to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactSet {
    /// What it was built for.
    pub mode: Mode,
    /// The sources it was built from.
    pub source_digest: Digest,
    /// The tools it was built with.
    pub toolchain_digest: Digest,
    /// The files, by the path they are served at.
    pub entries: SortedMap<ProjectPath, Artifact>,
}

impl ArtifactSet {
    /// The page that every navigation gets, when the build put one out.
    #[must_use]
    pub fn page(&self) -> Option<&Artifact> {
        self.entries
            .iter()
            .find(|(path, _)| path.as_str() == PAGE)
            .map(|(_, artifact)| artifact)
    }
}
