//! What the Worker and the builder say to each other: jobs go out, answers come back, both as streams of frames.
//!
//! Values in, values out: nothing here reads a socket, a clock or a disk, and nothing here knows Vite.

mod artifact;
mod dependency;
mod diagnostic;
mod frame;
mod job;
mod render;
mod repair;
mod report;
mod weight;

pub use artifact::{ArtifactLimits, VENDOR_FOLDER, is_vendor, media_type};
pub use dependency::{DependencyAnswer, DependencyQuestion};
pub use diagnostic::{Diagnostic, Severity};
pub use frame::{Frame, FrameCollector, FrameDecoder, FrameError, Header, Piece, header_line};
pub use job::{Job, JobError, JobEvent, JobFrame, JobId, JobReader, Mode, TypeCheck};
pub use render::{Render, RenderedPage, Screenshot};
pub use repair::{MAX_REPAIR_CHARS, repair_text};
pub use report::{
    AnswerError, AnswerEvent, AnswerFrame, AnswerReader, Artifact, FailureReason, Report, Status,
    Timings,
};
pub use weight::{MOST_WEIGHTS, Weight, WeightKind};
