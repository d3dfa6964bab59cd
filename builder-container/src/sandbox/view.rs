//! What a program inside sees: the same paths as outside, few of them. No `/etc`, no home, no shell, no other job.

use std::path::{Path, PathBuf};

/// Where the libraries are that Node is linked with, and the scripts that Debian's Node is split into.
const SYSTEM: [&str; 7] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/nodejs",
    "/nix/store",
];

/// Devices that programs take for granted.
pub(super) const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// What every worker sees, besides its own folder.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// The program.
    pub(crate) node: PathBuf,
    /// The packages, without symbolic links in the path.
    pub(crate) packages: PathBuf,
    /// Packages of the builder's own, if it has any.
    pub(crate) extras: Option<PathBuf>,
    /// The worker's scripts.
    pub(crate) scripts: PathBuf,
    /// A symbolic link to the packages.
    pub(crate) link: PathBuf,
    /// The packages of apps that are not among those.
    pub(crate) installs: PathBuf,
    /// The state folder, nothing else of which is seen.
    pub(crate) state: PathBuf,
    /// What else is seen, where it is.
    pub(crate) more: Vec<PathBuf>,
}

impl View {
    /// What of the system is seen, as it is there.
    pub(super) fn system<'a>() -> impl Iterator<Item = &'a Path> {
        SYSTEM
            .into_iter()
            .map(Path::new)
            .filter(|path| path.symlink_metadata().is_ok())
    }

    /// What can be read, besides the system and the worker's own folder.
    pub(super) fn readable(&self) -> impl Iterator<Item = &Path> {
        let own = [&self.node, &self.packages, &self.scripts, &self.installs];
        own.into_iter()
            .chain(&self.extras)
            .chain(&self.more)
            .map(PathBuf::as_path)
    }
}
