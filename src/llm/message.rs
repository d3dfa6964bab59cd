//! What is said to a model and what it answers, in no provider's format.

use serde::{Deserialize, Serialize};

use crate::{digest::Digest, sorted::SortedMap};

/// One call of a model: everything it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The standing instructions.
    pub system: String,
    /// The conversation so far, oldest first, ending with what the model has to answer.
    pub messages: Vec<Message>,
    /// The tools on offer.
    pub tools: Vec<Tool>,
    /// The contents of the images that the messages name, in base64. One that is not here is not sent.
    #[serde(default, skip_serializing_if = "SortedMap::is_empty")]
    pub images: SortedMap<Digest, String>,
}

/// An image that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The hash of its content.
    pub hash: Digest,
    /// Its format.
    pub format: ImageFormat,
}

/// The formats of images that models take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

impl ImageFormat {
    /// The format of a content, by how it begins.
    #[must_use]
    pub fn of(content: &[u8]) -> Option<Self> {
        match content {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            _ => None,
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// A tool on offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// Its arguments, as a JSON Schema of an object.
    pub arguments: serde_json::Value,
}

/// One entry of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The user's words, or the results of the tools that the model called.
    User(Vec<UserBlock>),
    /// What a model answered.
    Assistant(Vec<Block>),
}

/// A part of a user message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserBlock {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// The result of one tool call. Every call has exactly one.
    ToolResult(ToolResult),
    /// An image.
    Image(Image),
    /// What the model is told beside what the user says, such as the outline of the app's files.
    Context {
        /// The words.
        text: String,
    },
}

/// A part of a model's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// A tool to be run.
    ToolCall(ToolCall),
    /// What only the model that wrote it can read again, such as its thinking with a signature. Given back to it as it is, and left
    /// out for every other.
    Own {
        /// Whose: the provider's name of the model.
        model: String,
        /// The block, in the provider's shape.
        value: serde_json::Value,
    },
}

/// The words among blocks, as a client is shown them.
#[must_use]
pub fn words<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut all = String::new();
    for block in blocks {
        if let Block::Text { text } = block {
            if !all.is_empty() {
                all.push_str("\n\n");
            }
            all.push_str(text);
        }
    }
    all
}

/// A tool to be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Unique within the turn; the result carries it.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments, a JSON object.
    pub input: serde_json::Value,
    /// What the model wrote instead, when that is no JSON object: it was cut off, or is wrong. `input` is empty then, and the call is
    /// not made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call that it answers.
    pub call: String,
    /// Whether the tool did what was asked.
    pub ok: bool,
    /// What the model reads.
    pub content: String,
}

/// A model's answer to one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Its parts, in order.
    pub blocks: Vec<Block>,
    /// Why it stopped.
    pub stop: Stop,
    /// What it cost.
    pub usage: Usage,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It has said what it had to say.
    EndTurn,
    /// It waits for the results of its tool calls.
    ToolUse,
    /// It has written as much as it may.
    MaxTokens,
    /// It will not answer this.
    Refused,
    /// The provider has paused a long answer, which goes on when it is given back.
    Paused,
    /// For a reason that is not known.
    Other,
}

/// An answer on its way, as far as a client can be shown it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SoFar {
    /// The words, put together as by [`words`].
    pub text: String,
    /// The tool calls that have begun.
    pub calls: Vec<Writing>,
    /// What it has cost, as far as the provider has said.
    pub usage: Usage,
}

impl SoFar {
    /// How much has come, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let arguments = self.calls.iter().map(|call| call.arguments.len());
        self.text.len() + arguments.sum::<usize>()
    }
}

/// A tool call that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writing {
    /// The tool's name.
    pub name: String,
    /// The arguments so far: the beginning of a JSON object.
    pub arguments: String,
}

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read at the full price.
    pub input: u64,
    /// Tokens read out of the provider's cache.
    pub cache_read: u64,
    /// Tokens read and put into it.
    pub cache_write: u64,
    /// Tokens written, thinking included.
    pub output: u64,
}

impl Usage {
    /// All tokens, read and written.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.output)
    }

    /// The same, or an estimate where the provider has told nothing and something has come: a token for every four bytes that were
    /// sent, and for every four that have come. Some providers tell at the end of an answer, and some not at all.
    #[must_use]
    pub fn or_estimated(self, sent: usize, come: usize) -> Self {
        let tokens = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(4);
        if self.total() > 0 || come == 0 {
            return self;
        }
        Self {
            input: tokens(sent),
            output: tokens(come),
            ..self
        }
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            input: self.input.saturating_add(more.input),
            cache_read: self.cache_read.saturating_add(more.cache_read),
            cache_write: self.cache_write.saturating_add(more.cache_write),
            output: self.output.saturating_add(more.output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_counted_is_estimated() {
        let told = Usage {
            cache_read: 7,
            ..Usage::default()
        };
        let estimated = Usage {
            input: 3,
            output: 1,
            ..Usage::default()
        };
        assert_eq!(told.or_estimated(9, 4), told);
        assert_eq!(Usage::default().or_estimated(9, 4), estimated);
        assert_eq!(Usage::default().or_estimated(9, 0), Usage::default());
    }
}
