//! A folder as the sources of a job.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use overskill::{
    build::{Job, JobFrame, Mode, TypeCheck, header_line},
    config::Limits,
    project::{FileEntry, Manifest, ManifestError, ProjectPath},
};

use super::AnyError;
use crate::recognise::without_page;

/// Folders that hold no sources: what npm, Git, Vite and their like put there.
const NO_SOURCES: [&str; 9] = [
    "node_modules",
    ".git",
    "dist",
    ".next",
    ".turbo",
    ".vercel",
    ".yarn",
    ".cache",
    "coverage",
];
/// Files that say which packages were there, for whoever installs them. They may be longer than a source.
const LOCKS: [&str; 5] = [
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
];

/// The sources of a folder.
#[derive(Debug, Default)]
pub struct Sources {
    manifest: Manifest,
    files: Vec<(ProjectPath, Vec<u8>)>,
    /// What is in the folder and no source: links, and names that no source may have.
    pub left_out: Vec<String>,
}

/// Why a folder is not built.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The folder has no page to start from.
    #[error("{0}")]
    NoPage(String),
    /// The sources are over a limit.
    #[error(transparent)]
    Limit(#[from] ManifestError),
    /// The folder cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

fn read(folder: &Path) -> Result<Sources, Refusal> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| Refusal::Unreadable { path, source }
    };
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).map_err(unreadable(&current))? {
            let entry = entry.map_err(unreadable(&current))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(unreadable(&path))?;
            if !kind.is_dir() {
                found.push((path, kind.is_file()));
            } else if !NO_SOURCES.iter().any(|name| entry.file_name() == *name) {
                folders.push(path);
            }
        }
    }
    found.sort();
    if !folder.join("index.html").is_file() {
        return Err(Refusal::NoPage(without_page(folder)));
    }
    let mut sources = Sources::default();
    for (path, is_file) in found {
        let inside = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy();
        match inside.parse::<ProjectPath>() {
            Ok(name) if is_file => {
                let content = fs::read(&path).map_err(unreadable(&path))?;
                let entry = FileEntry::of(&content);
                if LOCKS.contains(&name.as_str()) && entry.check(&name, &Limits::DEFAULT).is_err() {
                    sources
                        .left_out
                        .push(format!("{inside}: too long for a source"));
                    continue;
                }
                entry.check(&name, &Limits::DEFAULT)?;
                sources
                    .manifest
                    .put(name.clone(), entry, &Limits::DEFAULT)?;
                sources.files.push((name, content));
            }
            Ok(_) => sources.left_out.push(format!("{inside}: no regular file")),
            Err(error) => sources.left_out.push(format!("{inside}: {error}")),
        }
    }
    Ok(sources)
}

impl Sources {
    /// Reads every file below a folder, but for what is no source.
    ///
    /// # Errors
    /// When the folder is no web project, is over a limit of an app, or cannot be read.
    pub fn read(folder: &Path) -> Result<Self, Refusal> {
        read(folder)
    }

    /// The body of a job.
    ///
    /// # Errors
    /// When the id is none, or a header is too long, which no valid path makes it.
    pub fn job(&self, id: &str, mode: Mode, type_check: TypeCheck) -> Result<Vec<u8>, AnyError> {
        let mut body = header_line(&JobFrame::Job(Job {
            id: id.parse()?,
            mode,
            type_check,
            source_digest: self.manifest.digest(),
        }))?;
        for (path, content) in &self.files {
            body.extend(header_line(&JobFrame::File {
                path: path.clone(),
                size: content.len() as u64,
            })?);
            body.extend(content);
        }
        body.extend(header_line(&JobFrame::End {
            files: self.files.len() as u64,
        })?);
        Ok(body)
    }
}
