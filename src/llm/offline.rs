//! The built-in planner that answers where no model is configured.
//!
//! It reads a prompt by the grammar documented in [`grammar`] and answers with the same text and tool calls as a model:
//! one step views files, one changes them, one reports what the results say. Invariant: the answer depends on the request
//! alone, so a turn resumes from its messages; nothing is claimed that no tool result shows. Absent: any model, any
//! network, any state, any randomness.

mod changes;
mod clauses;
mod codegen;
mod colour;
mod commands;
mod edits;
mod examples;
mod fields;
pub mod grammar;
mod heads;
mod items;
mod keeping;
mod kinds;
mod lines;
mod meant;
mod model;
mod naming;
mod nouns;
mod packages;
mod places;
mod plan;
mod questions;
mod requests;
mod scaffold;
mod session;
mod shapes;
mod source;
mod summary;
mod tables;
mod text;
mod things;
mod titles;
mod vocabulary;
mod wiring;
mod wishes;
mod words;

use super::message::{Reply, Request};

pub use examples::Row;
pub use scaffold::{Scaffold, reads, scaffold};

/// Answers one call.
#[must_use]
pub fn reply(request: &Request) -> Reply {
    session::reply(request)
}
