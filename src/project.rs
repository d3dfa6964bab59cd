//! An app's files: paths, and the manifest that names every file's content by hash.

pub mod diff;
mod manifest;
mod path;

pub use manifest::{FileEntry, Manifest, ManifestError};
pub use path::{PathError, ProjectPath};
