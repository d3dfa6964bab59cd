//! Anthropic Messages (`POST /v1/messages` with `stream`): `message_start`, then for each block of the content
//! `content_block_start`, `content_block_delta` and `content_block_stop`, then `message_delta` and `message_stop`; `ping` and
//! `error` at any time. Usage in `message_delta` is the whole so far, not what came since.

use serde_json::{Map, Value};

use super::{
    Fault, Gather, StreamError, call, fault,
    json::{append, count, index, merge, needed, object, push, text},
    partial, words,
};
use crate::llm::message::{self, Reply, SoFar, Stop, Usage, Writing};

/// A message of Anthropic's.
#[derive(Debug, Default)]
pub(super) struct Message {
    message: Option<Map<String, Value>>,
    content: Vec<Block>,
    is_over: bool,
}

#[derive(Debug)]
struct Block {
    value: Map<String, Value>,
    /// What has come of the arguments of a tool.
    arguments: String,
    is_open: bool,
}

impl Block {
    /// A block as it began.
    fn new(value: Map<String, Value>) -> Self {
        Self {
            value,
            arguments: String::new(),
            is_open: true,
        }
    }

    /// False when the delta is of no known kind, or of none that such a block has.
    fn take(&mut self, delta: &Map<String, Value>) -> Result<bool, Fault> {
        let block = &mut self.value;
        match (text(delta, "type"), text(block, "type")) {
            ("text_delta", "text") => append(block, "text", needed(delta, "text")?),
            ("thinking_delta", "thinking") => {
                append(block, "thinking", needed(delta, "thinking")?);
            }
            ("signature_delta", "thinking") => {
                let signature = needed(delta, "signature")?;
                block.insert("signature".to_owned(), Value::from(signature));
            }
            ("citations_delta", "text") => {
                let citation = object(delta, "citation")?.clone();
                push(block, "citations", [Value::Object(citation)]);
            }
            ("compaction_delta", "compaction") => {
                // As a whole, and encrypted where the caller may not read it.
                let fields = delta.iter().filter(|(name, _)| *name != "type");
                block.extend(fields.map(|(name, value)| (name.clone(), value.clone())));
            }
            ("input_json_delta", kind)
                if kind.ends_with("tool_use") || block.contains_key("input") =>
            {
                self.arguments.push_str(needed(delta, "partial_json")?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The block in no provider's shape; nothing for a text without words.
    fn neutral(self, model: &str) -> Option<message::Block> {
        let block = &self.value;
        match text(block, "type") {
            "text" => words(text(block, "text")),
            "tool_use" => {
                let whole = block.get("input").filter(|input| input.is_object());
                let arguments = match whole {
                    Some(input) if self.arguments.is_empty() => input.to_string(),
                    _ => self.arguments,
                };
                Some(call(text(block, "id"), text(block, "name"), &arguments))
            }
            _ => Some(message::Block::Own {
                model: model.to_owned(),
                value: Value::Object(self.value),
            }),
        }
    }

    /// The arguments of a tool come as text. Those that were cut off stay as far as they go.
    fn end(&mut self) {
        self.is_open = false;
        if !self.arguments.is_empty()
            && let Some(input) = partial::parse(&self.arguments)
        {
            self.value.insert("input".to_owned(), input);
        }
    }
}

impl Message {
    fn whole(self) -> Result<(Map<String, Value>, Vec<Block>), StreamError> {
        match self {
            Self {
                message: Some(message),
                content,
                is_over: true,
            } => Ok((message, content)),
            _ => Err(StreamError::Cut),
        }
    }

    /// Ends what nobody has ended.
    fn end(mut self) -> Self {
        self.content
            .iter_mut()
            .filter(|block| block.is_open)
            .for_each(Block::end);
        self
    }

    fn begun(&mut self) -> Result<&mut Map<String, Value>, Fault> {
        match &mut self.message {
            Some(message) if !self.is_over => Ok(message),
            Some(_) => fault("the message is over"),
            None => fault("no message has begun"),
        }
    }

    /// The block that an event is about.
    fn block(&mut self, data: &Map<String, Value>) -> Result<&mut Block, Fault> {
        self.begun()?;
        match self.content.get_mut(index(data, "index")?) {
            Some(block) if block.is_open => Ok(block),
            Some(_) => fault("that block is over"),
            None => fault("no such block has begun"),
        }
    }
}

impl Gather for Message {
    fn take(&mut self, event: &str, data: &Map<String, Value>) -> Result<bool, Fault> {
        let named = text(data, "type");
        match if named.is_empty() { event } else { named } {
            "ping" => {}
            "error" => {
                let error = data.get("error").unwrap_or(&Value::Null);
                return Err(Fault::Provider(StreamError::provider(error)));
            }
            "message_start" if self.message.is_some() => {
                return fault("a message has begun already");
            }
            "message_start" => {
                let mut message = object(data, "message")?.clone();
                let content = match message.remove("content") {
                    Some(Value::Array(content)) => content,
                    _ => Vec::new(),
                };
                for value in content {
                    if let Value::Object(value) = value {
                        let is_open = false;
                        self.content.push(Block {
                            is_open,
                            ..Block::new(value)
                        });
                    }
                }
                self.message = Some(message);
            }
            "content_block_start" => {
                self.begun()?;
                if index(data, "index")? != self.content.len() {
                    return fault("the blocks are out of order");
                }
                let block = object(data, "content_block")?.clone();
                self.content.push(Block::new(block));
            }
            "content_block_delta" => return self.block(data)?.take(object(data, "delta")?),
            "content_block_stop" => {
                self.begun()?;
                match self.content.get_mut(index(data, "index")?) {
                    Some(block) if block.is_open => block.end(),
                    Some(_) => {}
                    None => return fault("no such block has begun"),
                }
            }
            "message_delta" => {
                let delta = object(data, "delta")?;
                let message = self.begun()?;
                for (name, value) in delta {
                    message.insert(name.clone(), value.clone());
                }
                for (name, value) in data {
                    match (name.as_str(), value) {
                        ("type" | "delta", _) => {}
                        ("usage", Value::Object(usage)) => match message.get_mut("usage") {
                            Some(Value::Object(known)) => merge(usage, known),
                            _ => drop(message.insert(name.clone(), value.clone())),
                        },
                        _ if value.is_null() => {}
                        _ => drop(message.insert(name.clone(), value.clone())),
                    }
                }
            }
            "message_stop" => {
                self.begun()?;
                self.is_over = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn message(self: Box<Self>) -> Result<Value, StreamError> {
        let (mut message, content) = self.end().whole()?;
        let content = content.into_iter().map(|block| Value::Object(block.value));
        message.insert("content".to_owned(), content.collect());
        Ok(Value::Object(message))
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn passes_over(&self, event: &str) -> bool {
        !matches!(
            event,
            "" | "error"
                | "message_start"
                | "content_block_start"
                | "content_block_delta"
                | "content_block_stop"
                | "message_delta"
                | "message_stop"
        )
    }

    fn so_far(&self) -> SoFar {
        let texts = self
            .content
            .iter()
            .filter(|block| text(&block.value, "type") == "text");
        let texts: Vec<_> = texts
            .filter_map(|block| words(text(&block.value, "text")))
            .collect();
        let calls = self
            .content
            .iter()
            .filter(|block| text(&block.value, "type") == "tool_use");
        SoFar {
            text: message::words(&texts),
            calls: calls
                .map(|block| Writing {
                    name: text(&block.value, "name").to_owned(),
                    arguments: block.arguments.clone(),
                })
                .collect(),
            usage: self.message.as_ref().map(usage).unwrap_or_default(),
        }
    }

    fn reply(self: Box<Self>, model: &str) -> Result<Reply, StreamError> {
        let (message, content) = self.whole()?;
        let content = content.into_iter();
        Ok(Reply {
            blocks: content.filter_map(|block| block.neutral(model)).collect(),
            stop: match text(&message, "stop_reason") {
                "end_turn" | "stop_sequence" => Stop::EndTurn,
                "tool_use" => Stop::ToolUse,
                "max_tokens" | "model_context_window_exceeded" => Stop::MaxTokens,
                "refusal" => Stop::Refused,
                "pause_turn" => Stop::Paused,
                _ => Stop::Other,
            },
            usage: usage(&message),
        })
    }
}

fn usage(message: &Map<String, Value>) -> Usage {
    let usage = |name| count(message, &["usage", name]);
    Usage {
        input: usage("input_tokens"),
        cache_read: usage("cache_read_input_tokens"),
        cache_write: usage("cache_creation_input_tokens"),
        output: usage("output_tokens"),
    }
}
