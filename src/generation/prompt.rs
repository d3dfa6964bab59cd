//! What a model is told: the request of one call, rendered from what the storage keeps.
//!
//! What stays the same comes first, for the providers' caches: tools, standing instructions and the foundation are the same for all
//! apps, earlier messages only grow, and what is told of the app's files stands at the beginning of the turn and stays as it was then.

use std::collections::BTreeMap;

use crate::llm::message::{Block, Message, Request, UserBlock};

use super::{
    records::MessageRole,
    tools::{self, Dialect, Intent},
};

const SYSTEM: &str = include_str!("../../templates/prompts/system.md");
const CONTEXT: &str = include_str!("../../templates/prompts/context.md");
const DISCUSS: &str = include_str!("../../templates/prompts/discuss.md");
const BUILD: &str = include_str!("../../templates/prompts/build.md");
const GO_ON: &str = include_str!("../../templates/prompts/go_on.md");

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

/// The request of a call: the standing instructions with the outline of the foundation, the earlier messages, and the turn's own
/// transcript so far.
#[must_use]
pub fn request(
    foundation: &str,
    earlier: &[Earlier],
    transcript: Vec<Message>,
    dialect: Dialect,
    intent: Intent,
) -> Request {
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
        system: SYSTEM
            .replace("{{edit_advice}}", dialect.advice())
            .replace("{{foundation}}", foundation.trim_end()),
        messages,
        tools: tools::offered(dialect, intent),
        images: BTreeMap::new(),
    }
}

/// What a model is told of the app at the beginning of a turn.
#[must_use]
pub fn context(app_name: &str, outline: &str, intent: Intent) -> String {
    let context = CONTEXT
        .replace("{{app_name}}", app_name)
        .replace("{{files}}", outline.trim_end());
    match intent {
        Intent::Auto => context,
        Intent::Discuss => format!("{context}\n{DISCUSS}"),
        Intent::Build => format!("{context}\n{BUILD}"),
    }
}

/// What a model is told that was cut off by the limit of its answers.
pub(super) fn go_on() -> String {
    GO_ON.trim_end().to_owned()
}

fn spoken(message: &Earlier) -> Message {
    let text = message.content.clone();
    match message.role {
        MessageRole::User => Message::User(vec![UserBlock::Text { text }]),
        MessageRole::Assistant => Message::Assistant(vec![Block::Text { text }]),
    }
}
