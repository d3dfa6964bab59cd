//! What a model is told: the request of one call, rendered from what the storage keeps.
//!
//! What stays the same comes first, for the providers' caches: tools, standing instructions and the foundation are the same for all
//! apps, earlier messages only grow, and what is told of the app's files stands at the beginning of the turn and stays as it was then.

pub mod history;
mod trim;

pub use trim::RESULTS_BYTES;

use self::history::Earlier;
use crate::{
    llm::message::{Block, Message, Request, UserBlock},
    sorted::SortedMap,
};

use super::{
    records::MessageRole,
    tools::{self, Dialect, Intent},
};

const SYSTEM: &str = include_str!("../../templates/prompts/system.md");
const CONTEXT: &str = include_str!("../../templates/prompts/context.md");
const DISCUSS: &str = include_str!("../../templates/prompts/discuss.md");
const BUILD: &str = include_str!("../../templates/prompts/build.md");
const BEFORE: &str = include_str!("../../templates/prompts/before.md");
const HEAVY: &str = include_str!("../../templates/prompts/heavy.md");
const GO_ON: &str = include_str!("../../templates/prompts/go_on.md");

/// The turns before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The beginnings of the messages that are too many to be carried in full, oldest first.
    pub heads: Vec<Earlier>,
    /// The newest, in full.
    pub full: Vec<Earlier>,
}

/// The request of a call: the standing instructions with the outline of the foundation, the earlier messages, and the turn's own
/// transcript so far.
#[must_use]
pub fn request(
    foundation: &str,
    told: &Told,
    mut transcript: Vec<Message>,
    dialect: Dialect,
    intent: Intent,
) -> Request {
    let mut messages = Vec::new();
    if let Some(lines) = history::shortened(&told.heads) {
        let text = BEFORE.replace("{{lines}}", &lines);
        messages.push(Message::User(vec![UserBlock::Context { text }]));
    }
    messages.extend(told.full.iter().map(spoken));
    trim::trim(&mut transcript);
    messages.extend(transcript);
    Request {
        system: SYSTEM
            .replace("{{edit_advice}}", dialect.advice())
            .replace("{{foundation}}", foundation.trim_end()),
        messages,
        tools: tools::offered(dialect, intent),
        images: SortedMap::new(),
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

/// What a model is told besides of an app whose script has grown large.
pub(super) fn heavy(advice: &str) -> String {
    HEAVY.replace("{{advice}}", advice)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: MessageRole, content: &str) -> Earlier {
        let content = content.to_owned();
        Earlier { role, content }
    }

    #[test]
    fn what_a_model_is_told() {
        let told = Told {
            heads: vec![
                said(MessageRole::User, "A recipe box"),
                said(MessageRole::Assistant, "It is there."),
            ],
            full: vec![
                said(MessageRole::User, "Add a rating"),
                said(MessageRole::Assistant, "Recipes have a rating now."),
            ],
        };
        let opening = Message::User(vec![
            UserBlock::Context {
                text: context("Recipes", "src/lib/\n one.ts: one\n", Intent::Discuss),
            },
            UserBlock::Text {
                text: "Why?".to_owned(),
            },
        ]);
        let foundation = "src/app/\n App.tsx: App{}\n";
        let dialect = Dialect::EditLines;
        let request = request(foundation, &told, vec![opening], dialect, Intent::Discuss);
        let messages = request.messages.iter().map(|message| {
            let (who, texts): (&str, Vec<&str>) = match message {
                Message::User(blocks) => (
                    "user",
                    blocks
                        .iter()
                        .filter_map(|block| match block {
                            UserBlock::Text { text } | UserBlock::Context { text } => {
                                Some(text.as_str())
                            }
                            UserBlock::ToolResult(_) | UserBlock::Image(_) => None,
                        })
                        .collect(),
                ),
                Message::Assistant(blocks) => (
                    "assistant",
                    blocks
                        .iter()
                        .filter_map(|block| match block {
                            Block::Text { text } => Some(text.as_str()),
                            Block::ToolCall(_) | Block::Own { .. } => None,
                        })
                        .collect(),
                ),
            };
            format!("== {who}\n{}", texts.join("\n--\n"))
        });
        let messages: Vec<String> = messages.collect();
        let shown = format!("== system\n{}\n{}", request.system, messages.join("\n"));
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        for intent in [Intent::Auto, Intent::Discuss, Intent::Build] {
            let request = request("", &Told::default(), vec![], Dialect::Patch, intent);
            assert!(!request.system.contains("{{"), "{}", request.system);
            assert!(!context("A", "b", intent).contains("{{"));
        }
        assert!(!go_on().contains("{{"));
    }
}
