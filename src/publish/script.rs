//! The app's Worker: a fixed script, a generated list of files, and the page. Everything else stays outside, by hash.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

use super::{Artifact, ArtifactSet, PAGE, html};
use crate::{build::media_type, digest::Digest, project::ProjectPath};

/// What a script may have by default: 900 KB, the sum of all its modules as uploaded.
pub const BUDGET: usize = 921_600;

const MAIN: &str = "worker.js";
const WORKER: &str = include_str!("worker.js");

/// What a module is to the runtime that loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// JavaScript.
    EsModule,
    /// A string.
    Text,
    /// Bytes.
    Data,
}

/// One part of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name; others import it as `./<name>`.
    pub name: &'static str,
    /// What it is.
    pub kind: ModuleKind,
    /// Its content. UTF-8 unless it is [`ModuleKind::Data`].
    pub bytes: Vec<u8>,
}

/// An app's Worker, ready to be loaded or uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The module whose default export answers requests.
    pub main: &'static str,
    /// All modules, the main one first.
    pub modules: Vec<Module>,
    /// How large it is, and what was left outside.
    pub report: SizeReport,
}

/// How an artifact set was split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeReport {
    /// The sum of all modules, in bytes. The budget is about this number alone.
    pub script_bytes: usize,
    /// What it may be, in bytes.
    pub budget: usize,
    /// The artifacts inside the script.
    pub embedded: Share,
    /// The artifacts outside, served by hash.
    pub external: Share,
}

/// A part of the artifacts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How many files.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
}

/// Why an artifact set cannot be published. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The build put no page out.
    #[error("the build made no `index.html`; an app needs one in its top folder")]
    NoPage,
    /// The page is not the one that the set names.
    #[error("the page does not have the content that the artifact set names")]
    OtherPage,
    /// The page is not UTF-8.
    #[error("`index.html` is not UTF-8")]
    PageEncoding,
    /// Over the budget.
    #[error(
        "the app's script has {script_bytes} bytes, {budget} are allowed; the largest part is `{largest}` with {largest_bytes}"
    )]
    OverBudget {
        /// The sum of all modules, in bytes.
        script_bytes: usize,
        /// What it may be, in bytes.
        budget: usize,
        /// The name of the largest module.
        largest: &'static str,
        /// Its length in bytes.
        largest_bytes: usize,
    },
}

/// Generates the Worker that serves `set`, whose page is `page`, within `budget` bytes.
///
/// # Errors
/// When there is no page, it is not the set's, or the script is over the budget.
pub fn worker_script(
    set: &ArtifactSet,
    page: &[u8],
    budget: usize,
) -> Result<Script, PublishError> {
    let artifact = set.page().ok_or(PublishError::NoPage)?;
    if artifact.hash != Digest::of(page) {
        return Err(PublishError::OtherPage);
    }
    let page = std::str::from_utf8(page).map_err(|_| PublishError::PageEncoding)?;
    let (before, after) = page.split_at(config_place(page));
    let outside: Vec<_> = set
        .entries
        .iter()
        .filter(|(path, _)| path.as_str() != PAGE)
        .collect();
    let modules = vec![
        Module {
            name: MAIN,
            kind: ModuleKind::EsModule,
            bytes: WORKER.into(),
        },
        Module {
            name: "files.js",
            kind: ModuleKind::EsModule,
            bytes: list(set, &outside).into(),
        },
        Module {
            name: "index.before.html",
            kind: ModuleKind::Text,
            bytes: before.into(),
        },
        Module {
            name: "index.after.html",
            kind: ModuleKind::Text,
            bytes: after.into(),
        },
    ];
    let script_bytes = modules.iter().map(|module| module.bytes.len()).sum();
    if script_bytes > budget {
        let largest = modules.iter().max_by_key(|module| module.bytes.len());
        return Err(PublishError::OverBudget {
            script_bytes,
            budget,
            largest: largest.map_or(MAIN, |module| module.name),
            largest_bytes: largest.map_or(0, |module| module.bytes.len()),
        });
    }
    let report = SizeReport {
        script_bytes,
        budget,
        embedded: Share {
            files: 1,
            bytes: artifact.size,
        },
        external: Share {
            files: outside.len(),
            bytes: outside.iter().map(|(_, artifact)| artifact.size).sum(),
        },
    };
    Ok(Script {
        main: MAIN,
        modules,
        report,
    })
}

/// The name under which this code with these variables may be kept loaded: it never means other code.
#[must_use]
pub fn code_id(script: &Script, vars: &BTreeMap<&'static str, String>) -> Digest {
    let modules = script
        .modules
        .iter()
        .flat_map(|module| [module.name.as_bytes(), module.bytes.as_slice()]);
    let vars = vars
        .iter()
        .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    // The empty part keeps the two lists apart: no module has an empty name.
    Digest::of_parts(modules.chain([b"".as_slice()]).chain(vars))
}

/// Where the runtime configuration goes: into the head, before every script of the app.
fn config_place(page: &str) -> usize {
    let tags = html::tags(page);
    let place = |name: &str| tags.iter().find(|tag| tag.name == name).map(|tag| tag.end);
    place("head").or_else(|| place("html")).unwrap_or_else(|| {
        let doctype = page.trim_start_matches('\u{feff}').trim_start();
        let has_one = doctype
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
        if has_one {
            page.find('>').map_or(0, |end| end + 1)
        } else {
            0
        }
    })
}

/// The module that names every file outside the script.
fn list(set: &ArtifactSet, outside: &[(&ProjectPath, &Artifact)]) -> String {
    let mut out = String::from("// What this Worker serves beside its page.\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "export const digest = \"{}\";", set.digest());
    let _ = writeln!(out, "export const mode = \"{}\";", set.mode.as_str());
    out.push_str("export const files = new Map([\n");
    for (path, artifact) in outside {
        // JSON strings are JavaScript strings.
        let path_literal = serde_json::Value::from(format!("/{path}"));
        let type_literal = serde_json::Value::from(media_type(path.as_str()));
        let _ = writeln!(
            out,
            "  [{path_literal}, {{ hash: \"{}\", size: {}, type: {type_literal}, immutable: {} }}],",
            artifact.hash,
            artifact.size,
            is_immutable(path)
        );
    }
    out.push_str("]);\n");
    out
}

/// Whether the bundler put a hash of the content into the file's name, as in `assets/index-B1xZ_9aQ.js`. A name that
/// only looks a little like it is revalidated instead: slower, never stale.
#[must_use]
pub fn is_immutable(path: &ProjectPath) -> bool {
    let Some(name) = path.as_str().strip_prefix("assets/") else {
        return false;
    };
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let hash = stem
        .len()
        .checked_sub(9)
        .and_then(|at| stem.get(at..))
        .and_then(|end| end.strip_prefix('-'));
    hash.is_some_and(|hash| {
        hash.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            && hash
                .bytes()
                .any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests;
