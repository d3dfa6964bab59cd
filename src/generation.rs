//! The generation conversation: a deterministic machine that turns messages into versions and builds.
//!
//! [`Conversation::step`] takes an input and the time and returns effects; it performs none. Nothing here waits,
//! reads a clock or names a runtime. The caller writes state and effects in one transaction and runs the jobs
//! among them afterwards, at least once each; [`Job::key`] makes that exactly once in here.

mod approvals;
pub mod budget;
mod builds;
mod calls;
mod deployments;
mod domains;
mod effect;
pub mod feed;
mod heavy;
mod input;
mod machine;
mod mending;
mod monitoring;
pub mod prompt;
pub mod pulse;
mod records;
mod refusal;
pub mod repair;
mod state;
mod stops;
pub mod survey;
pub mod tools;
mod turns;
mod versions;

pub use deployments::Served;
pub use effect::{Answer, Effect, Job, Planned};
pub use input::{CallEnd, Created, Input, Said, ToolsRan, Wanted, Writing};
pub use records::{
    AppSummary, AppUsage, Author, Build, BuildOutcome, BuildStatus, Cause, Charge, MessageRole,
    Preview, Probe, Spending, Spent, Status, Version, Work,
};
pub use refusal::refused;
pub use state::{ActiveBuild, Conversation};
pub use versions::LOCK_FILE;
