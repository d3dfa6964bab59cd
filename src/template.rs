//! The foundation: the files that every app starts with, rendered with the app's name.
//!
//! Embedded at compile time, all but one, from `templates/foundation`. A name cannot leave the place it is written to: it is
//! escaped for the language of the file. Knows no app, no storage and no build.

pub mod escape;

use std::{collections::BTreeMap, sync::LazyLock};

use crate::{
    config::Limits,
    digest::Digest,
    project::{FileEntry, ProjectPath},
};

/// What stands in the foundation's files where the app's name goes: in HTML as text or in a quoted attribute, in
/// TypeScript inside a double-quoted string.
pub const PLACEHOLDER: &str = "__APP_NAME__";

const FOUNDATION: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/foundation.rs"));

/// The file that is long and that nothing here reads, so that the Worker does not carry it: it stands beside it as a static asset. Its
/// path, its hash, its length in bytes.
const BESIDE: (&str, &str, u64) = include!(concat!(env!("OUT_DIR"), "/beside.rs"));

/// Why a text cannot be an app's name. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing that can be seen.
    #[error("a name must not be empty")]
    Empty,
    /// Over the limit, in characters.
    #[error("a name may have at most {limit} characters")]
    TooLong {
        /// The limit in characters.
        limit: usize,
    },
    /// A line break, or another control character.
    #[error("a name must be one line without control characters")]
    Control,
}

/// Reads an app's name: without the white space around it, 1 to `limits.name_chars` characters on one line.
///
/// # Errors
/// When it is none.
pub fn name<'a>(text: &'a str, limits: &Limits) -> Result<&'a str, NameError> {
    let name = text.trim();
    if is_blank(name) {
        return Err(NameError::Empty);
    }
    if name.chars().count() > limits.name_chars {
        return Err(NameError::TooLong {
            limit: limits.name_chars,
        });
    }
    one_line(name).map(|()| name)
}

/// Whether nothing of a text can be seen: white space, or characters without width.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    let unseen = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().all(unseen)
}

/// The file of a new app that is not among those of [`foundation`], and is the same in every app.
#[must_use]
pub fn beside() -> Option<(ProjectPath, FileEntry)> {
    let (path, hash, size) = BESIDE;
    let entry = FileEntry {
        hash: hash.parse().ok()?,
        size,
        binary: false,
    };
    Some((path.parse().ok()?, entry))
}

/// The files of a new app called `name`, ordered by path; one more is [`beside`].
///
/// # Errors
/// [`NameError::Control`] when the name is not one line.
pub fn foundation(name: &str) -> Result<Vec<(ProjectPath, Vec<u8>)>, NameError> {
    one_line(name)?;
    Ok(FOUNDATION
        .iter()
        .filter_map(|(path, content)| Some((path.parse::<ProjectPath>().ok()?, content)))
        .map(|(path, content)| {
            let rendered = render(&path, content, name);
            (path, rendered)
        })
        .collect())
}

/// The content of the foundation's file with this hash, if it is the same in every app.
#[must_use]
pub fn shared(hash: &Digest) -> Option<&'static [u8]> {
    SHARED.get(hash).copied()
}

/// Whether a file is the foundation's, at its place and as it is in every app.
#[must_use]
pub fn is_shared(path: &str, hash: &Digest) -> bool {
    SHARED_FILES.get(path) == Some(hash)
}

/// The files that are the same in every app: path, hash, and the content where it is embedded. Ordered by path.
pub fn shared_files() -> impl Iterator<Item = (&'static str, Digest, Option<&'static [u8]>)> {
    SHARED_FILES
        .iter()
        .map(|(path, hash)| (*path, *hash, shared(hash)))
}

/// All embedded contents that are the same in every app.
pub fn all_shared() -> impl Iterator<Item = (Digest, &'static [u8])> {
    SHARED.iter().map(|(hash, content)| (*hash, *content))
}

static SHARED: LazyLock<BTreeMap<Digest, &'static [u8]>> = LazyLock::new(|| {
    same_in_all()
        .map(|(_, content)| (Digest::of(content), *content))
        .collect()
});

static SHARED_FILES: LazyLock<BTreeMap<&'static str, Digest>> = LazyLock::new(|| {
    same_in_all()
        .map(|(path, content)| (*path, Digest::of(content)))
        .chain(beside().map(|(_, entry)| (BESIDE.0, entry.hash)))
        .collect()
});

fn same_in_all() -> impl Iterator<Item = &'static (&'static str, &'static [u8])> {
    let named =
        |content: &[u8]| std::str::from_utf8(content).is_ok_and(|text| text.contains(PLACEHOLDER));
    FOUNDATION
        .iter()
        .filter(move |(_, content)| !named(content))
}

/// The line of `src/app/identity.ts` that holds the name.
#[must_use]
pub fn identity_line(name: &str) -> String {
    format!("  name: \"{}\",", escape::js_string(name))
}

fn one_line(name: &str) -> Result<(), NameError> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if name.contains(breaks) {
        Err(NameError::Control)
    } else {
        Ok(())
    }
}

fn render(path: &ProjectPath, content: &[u8], name: &str) -> Vec<u8> {
    let escaped = match path.extension() {
        "html" => escape::html(name),
        "ts" | "tsx" => escape::js_string(name),
        _ => return content.to_vec(),
    };
    match std::str::from_utf8(content) {
        Ok(text) if text.contains(PLACEHOLDER) => text.replace(PLACEHOLDER, &escaped).into_bytes(),
        _ => content.to_vec(),
    }
}

#[cfg(test)]
mod tests;
