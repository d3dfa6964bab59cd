//! The files that every app starts with, all of them text.

#[cfg(not(feature = "edge"))]
use std::sync::LazyLock;

use super::{NameError, PLACEHOLDER, escape, one_line};
use crate::{
    digest::Digest,
    project::{FileEntry, ProjectPath},
    sorted::SortedMap,
};

#[cfg(not(feature = "edge"))]
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/foundation.rs"));

/// The foundation as it is committed.
#[cfg(not(feature = "edge"))]
static COMMITTED: LazyLock<Foundation> = LazyLock::new(|| {
    let files = EMBEDDED
        .iter()
        .filter_map(|(path, text)| Some((path.parse().ok()?, (*text).to_owned())));
    Foundation::of(files.collect())
});

/// The files of a foundation. Whoever has one has all of them.
#[derive(Debug, Clone)]
pub struct Foundation {
    files: SortedMap<ProjectPath, String>,
    /// Those that do not carry the app's name.
    shared: SortedMap<ProjectPath, FileEntry>,
    by_hash: SortedMap<Digest, ProjectPath>,
}

impl Foundation {
    /// The one that is committed.
    #[cfg(not(feature = "edge"))]
    #[must_use]
    pub fn committed() -> &'static Self {
        &COMMITTED
    }

    /// Reads what stands beside the Worker: one JSON object, text by path.
    ///
    /// # Errors
    /// When it is not that.
    pub fn read(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json).map(Self::of)
    }

    fn of(files: SortedMap<ProjectPath, String>) -> Self {
        let shared: SortedMap<ProjectPath, FileEntry> = files
            .iter()
            .filter(|(_, text)| !text.contains(PLACEHOLDER))
            .map(|(path, text)| (path.clone(), FileEntry::of(text.as_bytes())))
            .collect();
        let by_hash = shared
            .iter()
            .map(|(path, entry)| (entry.hash, path.clone()));
        Self {
            by_hash: by_hash.collect(),
            shared,
            files,
        }
    }

    /// The files of a new app called `name`, ordered by path.
    ///
    /// # Errors
    /// [`NameError::Control`] when the name is not one line.
    pub fn named(&self, name: &str) -> Result<Vec<(ProjectPath, Vec<u8>)>, NameError> {
        self.rendered(name, |_| true)
    }

    /// Those of them that carry the name; the others are [`Self::shared_files`].
    ///
    /// # Errors
    /// [`NameError::Control`] when the name is not one line.
    pub fn carrying(&self, name: &str) -> Result<Vec<(ProjectPath, Vec<u8>)>, NameError> {
        self.rendered(name, |path| !self.shared.contains_key(path))
    }

    fn rendered(
        &self,
        name: &str,
        wanted: impl Fn(&ProjectPath) -> bool,
    ) -> Result<Vec<(ProjectPath, Vec<u8>)>, NameError> {
        one_line(name)?;
        let files = self.files.iter().filter(|(path, _)| wanted(path));
        Ok(files
            .map(|(path, text)| (path.clone(), render(path, text, name).into_bytes()))
            .collect())
    }

    /// The content with this hash, if one of the files that are the same in every app has it.
    #[must_use]
    pub fn shared(&self, hash: &Digest) -> Option<&str> {
        self.text(self.by_hash.get(hash)?)
    }

    /// Whether a file is the foundation's, at its place and as it is in every app.
    #[must_use]
    pub fn is_shared(&self, path: &ProjectPath, hash: &Digest) -> bool {
        self.shared
            .get(path)
            .is_some_and(|entry| entry.hash == *hash)
    }

    /// The files that are the same in every app: path, entry and content. Ordered by path.
    pub fn shared_files(&self) -> impl Iterator<Item = (&ProjectPath, &FileEntry, &str)> {
        let files = self.shared.iter();
        files.filter_map(|(path, entry)| Some((path, entry, self.text(path)?)))
    }

    fn text(&self, path: &ProjectPath) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}

fn render(path: &ProjectPath, text: &str, name: &str) -> String {
    match path.extension() {
        "html" => text.replace(PLACEHOLDER, &escape::html(name)),
        "ts" | "tsx" => text.replace(PLACEHOLDER, &escape::js_string(name)),
        _ => text.to_owned(),
    }
}
