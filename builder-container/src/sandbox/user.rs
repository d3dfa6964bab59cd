//! Users of workers. Where the supervisor is root, no two workers at a time are the same user, and no worker is root.

use std::{
    fs, io,
    os::unix::fs::lchown,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

/// The first of the numbers that are used, for user and group. They need no names.
const FIRST: u32 = 60_000;
/// How many there are: more than slots.
const COUNT: u32 = 1_000;

/// A user, and the group of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User(pub(super) u32);

/// Gives users out, in turn.
#[derive(Debug, Default)]
pub(super) struct Users(AtomicU32);

impl Users {
    /// The next one.
    pub(super) fn next(&self) -> User {
        User(FIRST + self.0.fetch_add(1, Ordering::Relaxed) % COUNT)
    }
}

/// Makes a folder, with everything in it, the user's. Links are not followed.
pub(crate) fn give(path: &Path, user: User) -> io::Result<()> {
    lchown(path, Some(user.0), Some(user.0))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user)?;
        }
    }
    Ok(())
}
