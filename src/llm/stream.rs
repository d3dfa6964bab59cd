//! A model's answer as it comes over the wire: bytes in, the message in its provider's own shape out.
//!
//! Knows no sockets and no clock. How the bytes were cut makes no difference. Events that are not known are counted and
//! passed over, since providers add some; what breaks the rules of those that are known is an error that shows the event.

mod anthropic;
mod chat;
mod json;
mod partial;
mod responses;
pub mod sse;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::sse::{Frame, Reader};
use super::message::{Block, Reply, SoFar, Stop, ToolCall};

/// Whose wire format it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Responses.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// OpenAI Chat Completions, which many servers speak.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Anthropic, Self::OpenAiResponses, Self::OpenAiChat];

    /// Its name in settings and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAiResponses => "openai-responses",
            Self::OpenAiChat => "openai-chat",
        }
    }
}

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// An event is not what its format says.
    #[error("the provider sent an event that cannot be read ({reason}): {frame}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
        /// The beginning of it.
        frame: String,
    },
    /// The provider gave up and says why.
    #[error("the provider broke off with {kind}: {message}")]
    Provider {
        /// The provider's own name for it, such as `overloaded_error`; `an error` without one.
        kind: String,
        /// The provider's own words.
        message: String,
    },
    /// The bytes ended before the answer did.
    #[error("the answer was cut off")]
    Cut,
    /// An event is longer than [`Reader::MAX_FRAME_BYTES`].
    #[error("the provider sent an event of more than {max} bytes", max = Reader::MAX_FRAME_BYTES)]
    TooLarge,
}

impl StreamError {
    /// How much of an event is shown, in characters.
    const SHOWN: usize = 300;

    fn malformed(frame: &str, reason: impl fmt::Display) -> Self {
        Self::Malformed {
            reason: reason.to_string(),
            frame: frame.chars().take(Self::SHOWN).collect(),
        }
    }

    /// What an `error` member of an event says.
    fn provider(error: &Value) -> Self {
        let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = text("type")
            .or_else(|| text("code"))
            .unwrap_or_else(|| "an error".to_owned());
        let message = text("message").or_else(|| error.as_str().map(str::to_owned));
        Self::Provider {
            kind,
            message: message.unwrap_or_else(|| error.to_string()),
        }
    }
}

/// What a message is made of, event by event.
trait Gather: fmt::Debug {
    /// Takes an event; false when it is of no known kind.
    fn take(&mut self, event: &str, data: &Map<String, Value>) -> Result<bool, Fault>;

    /// The message, if the answer came to its end.
    fn message(self: Box<Self>) -> Result<Value, StreamError>;

    /// What it says, if the answer came to its end. `model` is the provider's name of who answered.
    fn reply(self: Box<Self>, model: &str) -> Result<Reply, StreamError>;

    /// What has come of it.
    fn so_far(&self) -> SoFar;

    /// Whether it has come to its end, whatever follows.
    fn is_over(&self) -> bool {
        false
    }

    /// Whether an event of this name is passed over where its data cannot be read: one that says nothing, or is of no known kind.
    fn passes_over(&self, _event: &str) -> bool {
        false
    }
}

/// What is wrong with an event; whoever has the event shows it.
#[derive(Debug)]
enum Fault {
    Malformed(String),
    Provider(StreamError),
}

fn fault<T>(reason: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Malformed(reason.into()))
}

/// An answer on its way.
#[derive(Debug)]
pub struct Answer {
    reader: Reader,
    gather: Box<dyn Gather>,
    unknown: u64,
    /// Whether the format's own end has come.
    is_ended: bool,
}

impl Answer {
    /// An answer of which nothing has come.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            reader: Reader::default(),
            gather: match format {
                Format::Anthropic => Box::<anthropic::Message>::default(),
                Format::OpenAiResponses => Box::<responses::Response>::default(),
                Format::OpenAiChat => Box::<chat::Completion>::default(),
            },
            unknown: 0,
            is_ended: false,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When they cannot be read, or the provider says that it gave up. The answer is of no use then.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        let Self {
            reader,
            gather,
            unknown,
            is_ended,
        } = self;
        reader.push(bytes, |frame| {
            // What follows the end belongs to no answer.
            *is_ended |= is_end(&frame.data) || gather.is_over();
            if *is_ended {
                return Ok(());
            }
            take(gather.as_mut(), unknown, &frame)
        })
    }

    /// Whether nothing that may follow belongs to it. A provider may leave the connection open all the same.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_ended || self.gather.is_over()
    }

    /// How many events were of no known kind.
    #[must_use]
    pub const fn unknown(&self) -> u64 {
        self.unknown
    }

    /// The message, as the provider would have sent it in one piece.
    ///
    /// # Errors
    /// When the bytes ended before the answer did.
    pub fn message(self) -> Result<Value, StreamError> {
        self.whole()?.message()
    }

    /// What the message says, in no provider's shape. `model` is the provider's name of who was asked. A tool call that was cut off is
    /// one whose arguments are unreadable, also where what came of them could be read.
    ///
    /// # Errors
    /// When the bytes ended before the answer did, or the answer is that the provider failed.
    pub fn reply(self, model: &str) -> Result<Reply, StreamError> {
        let mut reply = self.whole()?.reply(model)?;
        if reply.stop == Stop::MaxTokens
            && let Some(Block::ToolCall(call)) = reply.blocks.last_mut()
            && call.input.as_object().is_some_and(Map::is_empty)
        {
            call.unreadable.get_or_insert_default();
        }
        Ok(reply)
    }

    /// What has come of it, to be shown.
    #[must_use]
    pub fn so_far(&self) -> SoFar {
        self.gather.so_far()
    }

    fn whole(mut self) -> Result<Box<dyn Gather>, StreamError> {
        // What is no whole event was cut off in its middle.
        let is_over = self.is_over();
        if let Some(frame) = self.reader.finish()
            && !is_over
            && crate::json::from_str::<Value>(&frame.data).is_ok()
        {
            take(self.gather.as_mut(), &mut self.unknown, &frame)?;
        }
        Ok(self.gather)
    }
}

/// A tool call whose arguments came as text.
fn call(id: &str, name: &str, arguments: &str) -> Block {
    // Models leave out what they have no use for.
    let none = arguments.trim().is_empty().then(Map::new);
    let parsed = none.or_else(|| crate::json::from_str(arguments).ok());
    Block::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        unreadable: parsed.is_none().then(|| arguments.to_owned()),
        input: Value::Object(parsed.unwrap_or_default()),
    })
}

/// A text member of an object of which only the beginning is there; nothing while that member is not whole.
#[must_use]
pub fn early_text(object: &str, name: &str) -> Option<String> {
    let (_, rest) = object.split_once(&format!("\"{name}\""))?;
    let value = rest.trim_start().strip_prefix(':')?;
    let mut texts = serde_json::Deserializer::from_str(value).into_iter::<String>();
    texts.next()?.ok()
}

/// A text, unless there is none.
fn words(text: &str) -> Option<Block> {
    let text = text.to_owned();
    (!text.is_empty()).then_some(Block::Text { text })
}

/// What ends a stream, in formats of OpenAI's and what was made after them. What is no end of an answer by then has none.
fn is_end(data: &str) -> bool {
    data.trim() == "[DONE]"
}

/// JSON with a replacement character for every half of a letter of two (`\ud83d`) whose other half is not there; nothing where all are
/// whole. Some providers cut a text into deltas between them.
fn whole_letters(json: &str) -> Option<String> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut whole, mut rest, mut is_mended) = (String::new(), json, false);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match unit(escape) {
            Some(0xD800..=0xDBFF)
                if matches!(escape.get(6..).and_then(unit), Some(0xDC00..=0xDFFF)) =>
            {
                12
            }
            Some(0xD800..=0xDFFF) => {
                is_mended = true;
                whole.push_str("\\ufffd");
                rest = escape.get(6..)?;
                continue;
            }
            _ => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (kept, after) = escape.split_at(length);
        whole.push_str(kept);
        rest = after;
    }
    whole.push_str(rest);
    is_mended.then_some(whole)
}

fn take(gather: &mut dyn Gather, unknown: &mut u64, frame: &Frame) -> Result<(), StreamError> {
    let Frame { event, data } = frame;
    if data.trim().is_empty() {
        // Some keep the connection alive so.
        return Ok(());
    }
    let parsed: Result<Map<String, Value>, _> =
        crate::json::from_str(data).or_else(|error| match whole_letters(data) {
            Some(data) => crate::json::from_str(&data),
            None => Err(error),
        });
    let value = match parsed {
        Ok(value) => value,
        Err(_) if gather.passes_over(event) => {
            *unknown += 1;
            return Ok(());
        }
        Err(error) => return Err(StreamError::malformed(data, error)),
    };
    match gather.take(event, &value) {
        Ok(known) => {
            *unknown += u64::from(!known);
            Ok(())
        }
        Err(Fault::Malformed(reason)) => Err(StreamError::malformed(data, reason)),
        Err(Fault::Provider(error)) => Err(error),
    }
}
