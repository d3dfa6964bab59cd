//! What a model is told: the request of one call, rendered from what the storage keeps.

use crate::llm::message::{Block, Message, Request, UserBlock};

use super::{
    records::MessageRole,
    tools::{self, Dialect},
};

const SYSTEM: &str = include_str!("../../templates/prompts/system.md");

/// How many bytes of earlier messages a request carries at most; the newest are kept.
pub const HISTORY_BYTES: usize = 64 * 1024;

/// A message of an earlier turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Who spoke.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
}

/// The request of a call: the standing instructions with the outline of the files, the earlier messages, and the turn's
/// own transcript so far.
#[must_use]
pub fn request(
    app_name: &str,
    outline: &str,
    earlier: &[Earlier],
    transcript: Vec<Message>,
    dialect: Dialect,
) -> Request {
    let system = SYSTEM
        .replace("{{app_name}}", app_name)
        .replace("{{edit_advice}}", dialect.advice())
        .replace("{{files}}", outline.trim_end());
    let mut budget = HISTORY_BYTES;
    let recent = earlier.iter().rev().take_while(|message| {
        let fits = message.content.len() <= budget;
        budget = budget.saturating_sub(message.content.len());
        fits
    });
    let mut messages: Vec<Message> = recent.map(spoken).collect();
    messages.reverse();
    messages.extend(transcript);
    Request {
        system,
        messages,
        tools: tools::offered(dialect),
    }
}

fn spoken(message: &Earlier) -> Message {
    let text = message.content.clone();
    match message.role {
        MessageRole::User => Message::User(vec![UserBlock::Text { text }]),
        MessageRole::Assistant => Message::Assistant(vec![Block::Text { text }]),
    }
}
