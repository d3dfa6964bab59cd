//! The generation conversation: a deterministic machine that turns messages into versions and builds.
//!
//! [`Conversation::step`] takes an input and the time and returns effects; it performs none. Nothing here waits,
//! reads a clock or names a runtime. The caller writes state and effects in one transaction and runs the jobs
//! among them afterwards, at least once each; [`Job::key`] makes that exactly once in here.

mod builds;
pub mod feed;
mod machine;
pub mod prompt;
pub mod tools;
mod turns;
mod versions;

pub use builds::{ActiveBuild, Build, BuildOutcome, BuildStatus, Preview, Probe, Work};
pub use machine::{
    Answer, AppSummary, Author, Conversation, Created, Effect, Input, Job, MessageRole, Status, ToolsRan,
    Version,
};
