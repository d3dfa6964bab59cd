//! SHA-256 as lowercase hex.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The digest of several parts, each preceded by its length so that parts cannot run together.
/// One part alone is hashed as it is.
pub(crate) fn hex(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        if parts.len() > 1 {
            hasher.update((part.len() as u64).to_be_bytes());
        }
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}
