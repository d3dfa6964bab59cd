//! Secrets that are made once and kept in a folder, each in a file that its owner alone can read.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// The length of a secret: 256 bits.
pub(crate) const SECRET_LENGTH: usize = 43;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The secret in the file `name`, which begins with `prefix`; made by `make` where there is none.
///
/// # Errors
/// When it can be neither read nor made.
pub(crate) fn kept(
    folder: &Path,
    name: &str,
    prefix: &str,
    make: impl FnOnce() -> Result<String>,
) -> Result<String> {
    if let Some(old) = read(folder, name, prefix) {
        return Ok(old);
    }
    let made = format!("{prefix}{}", make()?);
    let new = folder.join(format!("{name}.new"));
    // A leftover may have other permissions.
    if new.exists() {
        fs::remove_file(&new)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    writeln!(file, "{made}")?;
    fs::rename(&new, folder.join(name))?;
    Ok(made)
}

/// The secret in the file `name`, if there is one that begins with `prefix`.
pub(crate) fn read(folder: &Path, name: &str, prefix: &str) -> Option<String> {
    let text = fs::read_to_string(folder.join(name)).ok()?;
    let old = text.trim();
    let secret = old.strip_prefix(prefix)?;
    (!secret.is_empty()).then(|| old.to_owned())
}

/// Random bytes.
///
/// # Errors
/// When the system gives none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("no /dev/urandom")?;
    Ok(bytes)
}

/// A random secret of [`SECRET_LENGTH`] characters.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn secret() -> Result<String> {
    let mut secret = String::with_capacity(SECRET_LENGTH);
    while secret.len() < SECRET_LENGTH {
        // Of 256 values the first 248 are four times 62: taking only them keeps every character equally likely.
        let [value] = random()?;
        if value < 248
            && let Some(character) = BASE62.get(usize::from(value % 62))
        {
            secret.push(char::from(*character));
        }
    }
    Ok(secret)
}
