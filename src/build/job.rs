//! A job: the sources of one version on their way to the builder.
//!
//! The request's body is `job`, then one `file` per source, then `end`. A stream without `end` was cut off, and
//! nothing of it is built. The reader checks every limit while the bytes arrive, and at the end that the sources are
//! the ones that were promised.
//!
//! What the builder answers, and what the sender does with it:
//!
//! | answer | means | then |
//! |---|---|---|
//! | 200, stream ends with a `report` | built, or failed for a reason that the app's author can mend | final |
//! | 200, stream breaks off without a `report` | the builder or its worker died: its own fault | send again |
//! | 400 as a problem document | the job was malformed or cut off | final, unless the sender's own reading of the sources broke off: then send again |
//! | 401 | wrong token | final: an operator must mend it |
//! | 413 as a problem document | the job is over a limit | final |
//! | 408 | the body stopped arriving | send again |
//! | 409 | a job with this id runs | its stream was lost: send again later |
//! | 507 | the builder's disk is full or broken | send again later |
//! | 503 with `Retry-After` | all seats taken, or shutting down | send again later; not a failure |
//!
//! While a job waits or builds, a `log` line comes at least every five seconds: silence means that the builder is gone.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::frame::{FrameCollector, FrameError, Header};
use crate::{
    config::Limits,
    digest::Digest,
    project::{FileEntry, Manifest, ManifestError, ProjectPath},
};

/// What a build is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Quick and readable: not minified, type-checked only when it has failed ([`TypeCheck`]), with source maps, common packages prebuilt,
    /// `import.meta.env.DEV` is true.
    Development,
    /// Minified and type-checked ([`TypeCheck`]), `import.meta.env.PROD` is true.
    Production,
}

impl Mode {
    /// The mode as text, as Vite knows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// What type errors are to a production build. A development build that went through has not looked for them, unless it
/// always does; one that failed tells of them beside the rest, as warnings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeCheck {
    /// Warnings: most apps that Vite builds have some.
    #[default]
    Report,
    /// Warnings, and of every development build as well.
    Always,
    /// Errors: with one of them nothing is published.
    Block,
    /// Nobody looks for them.
    Off,
}

/// A text that is no [`TypeCheck`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("report, always, block or off is expected")]
pub struct TypeCheckError;

impl FromStr for TypeCheck {
    type Err = TypeCheckError;

    fn from_str(text: &str) -> Result<Self, TypeCheckError> {
        match text {
            "report" => Ok(Self::Report),
            "always" => Ok(Self::Always),
            "block" => Ok(Self::Block),
            "off" => Ok(Self::Off),
            _ => Err(TypeCheckError),
        }
    }
}

/// The sender's name for a job, unique among the jobs in flight: 1–80 lower-case letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

/// A text that is not a job id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a job id must be 1 to 80 lower-case letters, digits, `-` and `_`")]
pub struct JobIdError;

impl JobId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = JobIdError;

    fn from_str(text: &str) -> Result<Self, JobIdError> {
        let known = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        };
        if (1..=80).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(JobIdError)
        }
    }
}

impl TryFrom<String> for JobId {
    type Error = JobIdError;

    fn try_from(text: String) -> Result<Self, JobIdError> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The sender's name for it.
    pub id: JobId,
    /// What it is for.
    pub mode: Mode,
    /// What type errors are to it.
    pub type_check: TypeCheck,
    /// [`Manifest::digest`] of the files that follow.
    pub source_digest: Digest,
}

impl Job {
    /// What names the job's result: equal for all that a result depends on, the job's settings, its sources and the
    /// toolchain. The id does not count.
    ///
    /// # Errors
    /// Never for a job that can be sent: one that has no JSON has no key.
    pub fn key(&self, toolchain: &Digest) -> Result<Digest, serde_json::Error> {
        let mut job = serde_json::to_value(self)?;
        if let Some(members) = job.as_object_mut() {
            members.remove("id");
        }
        let settings = job.to_string();
        Ok(Digest::of_parts([
            settings.as_bytes(),
            toolchain.bytes().as_slice(),
        ]))
    }
}

/// A frame of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobFrame {
    /// The first frame.
    Job(Job),
    /// A source; its content follows.
    File {
        /// Where it belongs.
        path: ProjectPath,
        /// Its length in bytes.
        size: u64,
    },
    /// The last frame.
    End {
        /// How many files were sent.
        files: u64,
    },
}

impl Header for JobFrame {
    const MAX_BODY_BYTES: u64 = Limits::DEFAULT.binary_file_bytes as u64;

    fn body_size(&self) -> Option<u64> {
        match self {
            Self::File { size, .. } => Some(*size),
            Self::Job(_) | Self::End { .. } => None,
        }
    }
}

/// Why a stream is not a job. The sentence is fit for the sender's log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The bytes are not frames, or were cut off inside one.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A file is over a limit, or in another's way.
    #[error(transparent)]
    File(#[from] ManifestError),
    /// The same path twice.
    #[error("`{0}` was sent twice")]
    Repeated(ProjectPath),
    /// The first frame is another one, or comes twice.
    #[error("the first frame, and only the first, must be `job`")]
    OutOfOrder,
    /// Frames after `end`.
    #[error("nothing may follow `end`")]
    AfterEnd,
    /// The stream ended without `end`.
    #[error("the job was cut off: its `end` is missing, nothing was built")]
    NoEnd,
    /// `end` counts differently.
    #[error("`end` says {announced} files, {received} were sent")]
    Count {
        /// What `end` says.
        announced: u64,
        /// What arrived.
        received: u64,
    },
    /// The files are not those that were promised.
    #[error("the files have the digest {received}, the job promised {promised}")]
    Digest {
        /// What the job says.
        promised: Digest,
        /// What arrived.
        received: Digest,
    },
}

impl JobError {
    /// Whether a limit was exceeded (413), and not the form broken (400).
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        matches!(
            self,
            Self::Frame(FrameError::BodyTooLarge { .. })
                | Self::File(
                    ManifestError::FileTooLarge { .. }
                        | ManifestError::TooManyFiles { .. }
                        | ManifestError::TooLarge { .. }
                )
        )
    }
}

/// What the reader makes of the stream, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEvent {
    /// What is to be built.
    Job(Job),
    /// A source within its limits, complete.
    File {
        /// Where it belongs.
        path: ProjectPath,
        /// Its content.
        content: Vec<u8>,
    },
    /// Everything arrived and is what was promised.
    End,
}

/// Reads a job. Holds at most one file.
#[derive(Debug)]
pub struct JobReader {
    frames: FrameCollector<JobFrame>,
    limits: Limits,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    Files {
        promised: Digest,
        received: Manifest,
    },
    End,
}

impl JobReader {
    /// A reader with these limits; a single file is bounded by the protocol as well.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            frames: FrameCollector::default(),
            limits,
            state: State::Start,
        }
    }

    /// Takes the next bytes of the body; the events that they complete.
    ///
    /// # Errors
    /// At the first thing that is malformed or over a limit. The reader is of no use afterwards.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<JobEvent>, JobError> {
        let frames = self.frames.push(bytes)?;
        frames
            .into_iter()
            .map(|frame| self.take(frame.header, frame.body))
            .collect()
    }

    /// Says that the body ended.
    ///
    /// # Errors
    /// When it ended too early.
    pub fn finish(&self) -> Result<(), JobError> {
        self.frames.finish()?;
        match self.state {
            State::End => Ok(()),
            State::Start | State::Files { .. } => Err(JobError::NoEnd),
        }
    }

    fn take(&mut self, header: JobFrame, body: Vec<u8>) -> Result<JobEvent, JobError> {
        match (&mut self.state, header) {
            (State::Start, JobFrame::Job(job)) => {
                self.state = State::Files {
                    promised: job.source_digest,
                    received: Manifest::default(),
                };
                Ok(JobEvent::Job(job))
            }
            (State::Files { received, .. }, JobFrame::File { path, .. }) => {
                if received.get(&path).is_some() {
                    return Err(JobError::Repeated(path));
                }
                received.put(path.clone(), FileEntry::of(&body), &self.limits)?;
                Ok(JobEvent::File {
                    path,
                    content: body,
                })
            }
            (State::Files { promised, received }, JobFrame::End { files }) => {
                if files != received.len() as u64 {
                    return Err(JobError::Count {
                        announced: files,
                        received: received.len() as u64,
                    });
                }
                let (promised, received) = (*promised, received.digest());
                if promised != received {
                    return Err(JobError::Digest { promised, received });
                }
                self.state = State::End;
                Ok(JobEvent::End)
            }
            (State::End, _) => Err(JobError::AfterEnd),
            (State::Start | State::Files { .. }, _) => Err(JobError::OutOfOrder),
        }
    }
}

#[cfg(test)]
mod tests;
