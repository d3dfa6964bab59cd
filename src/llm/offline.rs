//! The built-in planner that answers where no model is configured.

use super::message::{Reply, Request, Stop, Usage};

/// Answers one call.
#[must_use]
pub fn reply(_request: &Request) -> Reply {
    Reply { blocks: Vec::new(), stop: Stop::EndTurn, usage: Usage::default() }
}
