//! The builder's answer: log lines, diagnostics and artifacts, and at the end a report.
//!
//! Vendor modules are only named: they are the same in every app, and who lacks one asks for it once
//! (`GET /vendor/<sha256>`, with the token of the job).
//!
//! The reader trusts none of it: it checks paths, sizes and hashes, and that the report counts what arrived.
//! An answer without a report is no answer (see [`super::job`]).

use serde::{Deserialize, Serialize};

use super::{
    artifact::{ArtifactLimits, is_vendor},
    diagnostic::Diagnostic,
    frame::{FrameCollector, FrameError, Header},
    render::{Render, Screenshot},
    weight::{MOST_WEIGHTS, Weight},
};
use crate::{config::Limits, digest::Digest, project::ProjectPath, sorted::SortedSet};

/// How a build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The artifacts are complete.
    Succeeded,
    /// The sources do not build; the diagnostics say why. There are no artifacts.
    Failed,
}

/// What kind of failure it was. Each comes with a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// Errors in the sources.
    Source,
    /// The build took longer than its mode allows.
    Timeout,
    /// The build needed more memory than it may have.
    Memory,
    /// The artifacts, or the packages, are too many or too large, or not files that can be served.
    Output,
    /// It was built, and does not work in a browser.
    Render,
}

/// How long it took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timings {
    /// Waiting for a free slot and a ready worker.
    pub queue_ms: u64,
    /// Checking the sources and handing them to the worker.
    pub prepare_ms: u64,
    /// Resolving and installing packages that the toolchain does not have, now or before; 0 only when there were none.
    pub install_ms: u64,
    /// Vite, with the type check beside it.
    pub build_ms: u64,
    /// The type check of a production build; 0 when there was none.
    pub types_ms: u64,
    /// Looking at the built app in a browser; 0 when nobody looked.
    pub render_ms: u64,
    /// From the end of the request's body to this report, the artifacts' way not counted.
    pub total_ms: u64,
}

/// The last frame of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// How the build ended.
    pub status: Status,
    /// Why it failed.
    pub reason: Option<FailureReason>,
    /// How long it took.
    pub timings: Timings,
    /// The most memory that the worker's processes were seen to have together, in bytes.
    pub peak_memory_bytes: u64,
    /// What kept the build away from everything else, in a few words.
    pub sandbox: String,
    /// Whether the registry has chosen versions of packages that no lock file of the app's names: tomorrow it may choose
    /// others.
    pub packages_resolved: bool,
    /// What came of looking at it in a browser.
    pub render: Render,
    /// What weighs most in the scripts, the heaviest of what the page and functions need first; at most [`MOST_WEIGHTS`]. Of a build that has
    /// failed, nothing.
    pub weights: Vec<Weight>,
    /// All artifacts together, in bytes.
    pub artifact_bytes: u64,
    /// How many artifacts there are.
    pub artifacts: u64,
    /// What built it: equal for equal packages, Node, builder and its rules for packages, and whether a browser looks. Part of
    /// a build's key.
    pub toolchain_digest: Digest,
}

/// A frame of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AnswerFrame {
    /// A worker has the job.
    Started {
        /// How long the job waited, in milliseconds.
        queued_ms: u64,
    },
    /// A line for whoever watches.
    Log {
        /// The line, without a newline.
        line: String,
    },
    /// Something about the sources.
    Diagnostic(Diagnostic),
    /// A built file; its content follows.
    Artifact {
        /// Where it is served.
        path: ProjectPath,
        /// Hash of the content.
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    },
    /// The `package-lock.json` that the packages were resolved to, when the app's own says something else; its content
    /// follows.
    Lockfile {
        /// Hash of the content.
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    },
    /// A file of the artifact set that other apps have as well; its content does not follow.
    Vendor {
        /// Where it is served, below [`super::VENDOR_FOLDER`].
        path: ProjectPath,
        /// Hash of the content.
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    },
    /// How the start page looked, whether or not the build succeeded; its content, a WebP file, follows.
    Screenshot {
        /// Hash of the content.
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    },
    /// The last frame.
    Report(Report),
}

impl AnswerFrame {
    /// The most log lines of one answer.
    pub const MAX_LOG_LINES: usize = 200;
    /// The longest log line, in characters.
    pub const MAX_LOG_LINE_CHARS: usize = 1_000;

    /// A log line as it may stand in an answer: no longer than allowed, each control character a space. Both sides
    /// make their lines by it.
    #[must_use]
    pub fn log_line(text: &str) -> String {
        text.chars()
            .take(Self::MAX_LOG_LINE_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    }
}

impl Header for AnswerFrame {
    const MAX_BODY_BYTES: u64 = ArtifactLimits::DEFAULT.file_bytes;

    fn body_size(&self) -> Option<u64> {
        match self {
            Self::Artifact { size, .. }
            | Self::Lockfile { size, .. }
            | Self::Screenshot { size, .. } => Some(*size),
            Self::Started { .. }
            | Self::Log { .. }
            | Self::Diagnostic(_)
            | Self::Vendor { .. }
            | Self::Report(_) => None,
        }
    }
}

/// A built file whose content has the hash that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Where it is served.
    pub path: ProjectPath,
    /// Hash of the content.
    pub sha256: Digest,
    /// The content.
    pub content: Vec<u8>,
}

/// What the reader makes of an answer, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerEvent {
    /// A worker has the job.
    Started {
        /// How long the job waited, in milliseconds.
        queued_ms: u64,
    },
    /// A line for whoever watches.
    Log(String),
    /// Something about the sources.
    Diagnostic(Diagnostic),
    /// A built file.
    Artifact(Artifact),
    /// The lock file that the app should have: UTF-8, within the limit of a text file.
    Lockfile(String),
    /// How it looks.
    Screenshot(Screenshot),
    /// A file of the artifact set that is stored once for all apps.
    Vendor {
        /// Where it is served.
        path: ProjectPath,
        /// Hash of the content.
        sha256: Digest,
        /// Its length in bytes.
        size: u64,
    },
    /// The build is over; nothing follows.
    Report(Report),
}

/// Why an answer cannot be believed. The build has to be done again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The bytes are not frames, or were cut off inside one.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The stream ended without a report.
    #[error("the builder's answer ended without a report")]
    NoReport,
    /// Frames after the report.
    #[error("the builder's answer goes on after its report")]
    AfterReport,
    /// The content is not what its hash says.
    #[error("the artifact `{0}` does not have the hash it came with")]
    Hash(ProjectPath),
    /// The picture is none.
    #[error("the builder's screenshot is not what it was announced as")]
    Screenshot,
    /// The same path twice.
    #[error("the artifact `{0}` came twice")]
    Repeated(ProjectPath),
    /// The lock file is too long, is no text, or does not have its hash.
    #[error("the lock file is none")]
    Lockfile,
    /// A vendor module where an app's files are, or the other way round.
    #[error("the artifact `{0}` is not of the kind that its folder is for")]
    Misplaced(ProjectPath),
    /// More frames of a kind than an answer may have.
    #[error("the builder's answer has too many {0}")]
    TooMany(&'static str),
    /// More than an artifact set may have.
    #[error("the builder's answer is over the limits of an artifact set")]
    TooLarge,
    /// The report does not fit what came before it.
    #[error("the builder's report does not fit its artifacts")]
    Inconsistent,
}

/// Reads an answer. Holds at most one artifact. An answer is bounded: one start, [`AnswerFrame::MAX_LOG_LINES`],
/// [`Diagnostic::MAX_PER_BUILD`] and the [`ArtifactLimits`]; what is more is refused, texts that are longer are cut.
#[derive(Debug)]
pub struct AnswerReader {
    frames: FrameCollector<AnswerFrame>,
    limits: ArtifactLimits,
    started: bool,
    log_lines: usize,
    diagnostics: usize,
    lockfiles: usize,
    paths: SortedSet<ProjectPath>,
    bytes: u64,
    picture: Option<Digest>,
    reported: bool,
}

impl AnswerReader {
    /// A reader with these limits; a single artifact is bounded by the protocol as well.
    #[must_use]
    pub fn new(limits: ArtifactLimits) -> Self {
        Self {
            frames: FrameCollector::default(),
            limits,
            started: false,
            log_lines: 0,
            diagnostics: 0,
            lockfiles: 0,
            paths: SortedSet::new(),
            bytes: 0,
            picture: None,
            reported: false,
        }
    }

    /// Takes the next bytes of the answer; the events that they complete.
    ///
    /// # Errors
    /// At the first thing that cannot be believed. The reader is of no use afterwards.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<AnswerEvent>, AnswerError> {
        let frames = self.frames.push(bytes)?;
        frames
            .into_iter()
            .map(|frame| self.take(frame.header, frame.body))
            .collect()
    }

    /// Says that the answer ended.
    ///
    /// # Errors
    /// When it ended without a report.
    pub fn finish(&self) -> Result<(), AnswerError> {
        self.frames.finish()?;
        if self.reported {
            Ok(())
        } else {
            Err(AnswerError::NoReport)
        }
    }

    fn take(&mut self, header: AnswerFrame, content: Vec<u8>) -> Result<AnswerEvent, AnswerError> {
        if self.reported {
            return Err(AnswerError::AfterReport);
        }
        match header {
            AnswerFrame::Started { .. } if self.started => Err(AnswerError::TooMany("starts")),
            AnswerFrame::Started { queued_ms } => {
                self.started = true;
                Ok(AnswerEvent::Started { queued_ms })
            }
            AnswerFrame::Log { line } => {
                self.log_lines += 1;
                if self.log_lines > AnswerFrame::MAX_LOG_LINES {
                    return Err(AnswerError::TooMany("log lines"));
                }
                Ok(AnswerEvent::Log(AnswerFrame::log_line(&line)))
            }
            AnswerFrame::Diagnostic(diagnostic) => {
                self.diagnostics += 1;
                if self.diagnostics > Diagnostic::MAX_PER_BUILD {
                    return Err(AnswerError::TooMany("diagnostics"));
                }
                Ok(AnswerEvent::Diagnostic(diagnostic.cut_to_limits()))
            }
            AnswerFrame::Artifact { path, sha256, size } => {
                self.admit(&path, size, false)?;
                if Digest::of(&content) != sha256 {
                    return Err(AnswerError::Hash(path));
                }
                Ok(AnswerEvent::Artifact(Artifact {
                    path,
                    sha256,
                    content,
                }))
            }
            AnswerFrame::Lockfile { sha256, .. } => {
                self.lockfiles += 1;
                if self.lockfiles > 1 {
                    return Err(AnswerError::TooMany("lock files"));
                }
                let fits = content.len() <= Limits::DEFAULT.text_file_bytes;
                match String::from_utf8(content) {
                    Ok(text) if fits && Digest::of(text.as_bytes()) == sha256 => {
                        Ok(AnswerEvent::Lockfile(text))
                    }
                    _ => Err(AnswerError::Lockfile),
                }
            }
            AnswerFrame::Vendor { path, sha256, size } => {
                self.admit(&path, size, true)?;
                Ok(AnswerEvent::Vendor { path, sha256, size })
            }
            AnswerFrame::Screenshot { .. } if self.picture.is_some() => {
                Err(AnswerError::TooMany("screenshots"))
            }
            AnswerFrame::Screenshot { sha256, .. } => {
                self.picture = Some(sha256);
                Screenshot::of(content)
                    .filter(|picture| picture.sha256 == sha256)
                    .map(AnswerEvent::Screenshot)
                    .ok_or(AnswerError::Screenshot)
            }
            AnswerFrame::Report(mut report) => {
                self.check_report(&report)?;
                report.render = report.render.cut_to_limits();
                report.sandbox = AnswerFrame::log_line(&report.sandbox);
                self.reported = true;
                Ok(AnswerEvent::Report(report))
            }
        }
    }

    fn admit(&mut self, path: &ProjectPath, size: u64, vendor: bool) -> Result<(), AnswerError> {
        if is_vendor(path) != vendor {
            return Err(AnswerError::Misplaced(path.clone()));
        }
        self.bytes = self.bytes.saturating_add(size);
        if size > self.limits.file_bytes
            || self.bytes > self.limits.total_bytes
            || self.paths.len() >= self.limits.files
        {
            return Err(AnswerError::TooLarge);
        }
        if !self.paths.insert(path.clone()) {
            return Err(AnswerError::Repeated(path.clone()));
        }
        Ok(())
    }

    fn check_report(&self, report: &Report) -> Result<(), AnswerError> {
        let complete = match report.status {
            Status::Succeeded => self.paths.iter().any(|path| path.as_str() == "index.html"),
            Status::Failed => self.paths.is_empty(),
        };
        let counted =
            report.artifacts == self.paths.len() as u64 && report.artifact_bytes == self.bytes;
        let explained = (report.status == Status::Failed) == report.reason.is_some();
        let pictured = report.render.screenshot() == self.picture.as_ref();
        if report.weights.len() > MOST_WEIGHTS {
            return Err(AnswerError::TooMany("weights"));
        }
        let weighed = report.weights.iter().all(Weight::is_named)
            && (report.status == Status::Succeeded || report.weights.is_empty());
        if complete && counted && explained && pictured && weighed {
            Ok(())
        } else {
            Err(AnswerError::Inconsistent)
        }
    }
}

#[cfg(test)]
mod tests;
