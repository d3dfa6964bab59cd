//! A request in a provider's own words: the body of the call that streams its answer.
//!
//! What stays the same comes first, so that a provider's cache holds as much as it can: the tools, the standing instructions, the
//! conversation. Blocks that only another model can read are left out.

use serde_json::{Map, Value, json};

use super::{
    message::{Block, Image, Message, Request, Tool, ToolCall, ToolResult, UserBlock},
    stream::Format,
};
use crate::{digest::Digest, sorted::SortedMap};

/// What a provider is asked beside the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The provider's name of the model.
    pub model: &'a str,
    /// The most tokens that it may write.
    pub max_tokens: u32,
}

/// Contents of images, in base64.
type Images = SortedMap<Digest, String>;

/// What stands in the place of an image that is not sent.
const NO_IMAGE: &str =
    "(An image that you are not shown: you cannot see images here. Say so if it matters.)";

fn data_url(image: &Image, data: &str) -> String {
    format!("data:{};base64,{data}", image.format.media_type())
}

/// The body of a call, as JSON.
#[must_use]
pub fn body(format: Format, request: &Request, asked: Asked<'_>) -> Value {
    match format {
        Format::Anthropic => anthropic(request, asked),
        Format::OpenAiResponses => responses(request, asked),
        Format::OpenAiChat => chat(request, asked),
    }
}

/// `POST /v1/messages`. Of its four marks for the cache, one is behind the tools and one behind the instructions, which stay the same
/// for long; one is behind the newest message and one behind the one before, so that each step finds what the last one has left.
fn anthropic(request: &Request, asked: Asked<'_>) -> Value {
    let mut tools: Vec<Value> = request
        .tools
        .iter()
        .map(|tool| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.arguments }))
        .collect();
    let mut system = vec![json!({ "type": "text", "text": request.system })];
    let mut messages: Vec<Value> = Vec::new();
    for message in &request.messages {
        let (role, content) = match message {
            Message::User(blocks) => ("user", anthropic_user(blocks, &request.images)),
            Message::Assistant(blocks) => (
                "assistant",
                blocks
                    .iter()
                    .filter_map(|block| anthropic_block(block, asked.model))
                    .collect::<Vec<_>>(),
            ),
        };
        // A message without content is refused.
        if !content.is_empty() {
            messages.push(json!({ "role": role, "content": content }));
        }
    }
    mark(tools.last_mut());
    mark(system.last_mut());
    let said = messages
        .iter_mut()
        .filter(|message| message.get("role") == Some(&Value::from("user")));
    for message in said.rev().take(2) {
        let content = message.get_mut("content").and_then(Value::as_array_mut);
        mark(content.and_then(|content| content.last_mut()));
    }
    json!({
        "model": asked.model,
        "max_tokens": asked.max_tokens,
        "stream": true,
        "tools": tools,
        "system": system,
        "messages": messages,
    })
}

/// What comes up to here is kept in the provider's cache.
fn mark(block: Option<&mut Value>) {
    if let Some(Value::Object(block)) = block {
        block.insert("cache_control".to_owned(), json!({ "type": "ephemeral" }));
    }
}

fn anthropic_user(blocks: &[UserBlock], images: &Images) -> Vec<Value> {
    let encoded = results_first(blocks).filter_map(|block| match block {
        UserBlock::ToolResult(result) => Some(json!({
            "type": "tool_result",
            "tool_use_id": plain(&result.call),
            "content": result.content,
            "is_error": !result.ok,
        })),
        UserBlock::Text { text } | UserBlock::Context { text } => {
            (!text.trim().is_empty()).then(|| json!({ "type": "text", "text": text }))
        }
        UserBlock::Image(image) => Some(match images.get(&image.hash) {
            Some(data) => json!({
                "type": "image",
                "source": { "type": "base64", "media_type": image.format.media_type(), "data": data },
            }),
            None => json!({ "type": "text", "text": NO_IMAGE }),
        }),
    });
    encoded.collect()
}

/// Results come before words: they have to follow their calls.
fn results_first(blocks: &[UserBlock]) -> impl Iterator<Item = &UserBlock> {
    let is_result = |block: &&UserBlock| matches!(block, UserBlock::ToolResult(_));
    let words = blocks.iter().filter(move |block| !is_result(block));
    blocks.iter().filter(is_result).chain(words)
}

fn anthropic_block(block: &Block, model: &str) -> Option<Value> {
    match block {
        // A text of white space is refused.
        Block::Text { text } if text.trim().is_empty() => None,
        Block::Text { text } => Some(json!({ "type": "text", "text": text })),
        Block::ToolCall(call) => Some(json!({
            "type": "tool_use",
            "id": plain(&call.id),
            "name": call.name,
            "input": call.input,
        })),
        Block::Own { model: own, value } => (own == model).then(|| value.clone()),
    }
}

/// An id in the letters that Anthropic takes. Other providers have others.
fn plain(id: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    id.chars()
        .map(|letter| if fits(letter) { letter } else { '_' })
        .collect()
}

/// `POST /v1/responses`. Nothing is stored there: what the model thought comes back encrypted, and is given back.
fn responses(request: &Request, asked: Asked<'_>) -> Value {
    let mut input = Vec::new();
    for message in &request.messages {
        match message {
            Message::User(blocks) => input.extend(results_first(blocks).map(|block| match block {
                UserBlock::Text { text } | UserBlock::Context { text } => json!({
                    "role": "user",
                    "content": text,
                }),
                UserBlock::Image(image) => json!({
                    "role": "user",
                    "content": [match request.images.get(&image.hash) {
                        Some(data) => json!({ "type": "input_image", "detail": "auto", "image_url": data_url(image, data) }),
                        None => json!({ "type": "input_text", "text": NO_IMAGE }),
                    }],
                }),
                UserBlock::ToolResult(result) => json!({
                    "type": "function_call_output",
                    "call_id": result.call,
                    "output": outcome(result),
                }),
            })),
            Message::Assistant(blocks) => {
                input.extend(blocks.iter().filter_map(|block| match block {
                    Block::Text { text } => Some(json!({
                        "role": "assistant",
                        "content": text,
                    })),
                    Block::ToolCall(call) => Some(json!({
                        "type": "function_call",
                        "call_id": call.id,
                        "name": call.name,
                        "arguments": written(call),
                    })),
                    Block::Own { model, value } => (model == asked.model).then(|| value.clone()),
                }))
            }
        }
    }
    json!({
        "model": asked.model,
        "max_output_tokens": asked.max_tokens,
        "stream": true,
        "store": false,
        "include": ["reasoning.encrypted_content"],
        "instructions": request.system,
        "tools": request.tools.iter().map(|tool| function(tool, |fields| {
            fields.insert("type".to_owned(), "function".into());
            // Strict tools have no optional arguments.
            fields.insert("strict".to_owned(), false.into());
        })).collect::<Vec<_>>(),
        "input": input,
    })
}

/// `POST /v1/chat/completions`.
fn chat(request: &Request, asked: Asked<'_>) -> Value {
    let mut messages = vec![json!({ "role": "system", "content": request.system })];
    for message in &request.messages {
        match message {
            Message::User(blocks) => {
                messages.extend(results_first(blocks).map(|block| match block {
                    UserBlock::Text { text } | UserBlock::Context { text } => {
                        json!({ "role": "user", "content": text })
                    }
                    UserBlock::Image(image) => json!({
                    "role": "user",
                    "content": [match request.images.get(&image.hash) {
                        Some(data) => json!({ "type": "image_url", "image_url": { "url": data_url(image, data) } }),
                        None => json!({ "type": "text", "text": NO_IMAGE }),
                    }],
                }),
                UserBlock::ToolResult(result) => json!({
                        "role": "tool",
                        "tool_call_id": result.call,
                        "content": outcome(result),
                    }),
                }))
            }
            Message::Assistant(blocks) => messages.extend(chat_answer(blocks)),
        }
    }
    json!({
        "model": asked.model,
        "max_tokens": asked.max_tokens,
        "stream": true,
        "stream_options": { "include_usage": true },
        "tools": request.tools.iter().map(|tool| json!({
            "type": "function",
            "function": function(tool, |_| {}),
        })).collect::<Vec<_>>(),
        "messages": messages,
    })
}

/// One message of words and calls; nothing when there is neither.
fn chat_answer(blocks: &[Block]) -> Option<Value> {
    let words: Vec<&str> = blocks
        .iter()
        .filter_map(|block| match block {
            Block::Text { text } => Some(text.as_str()),
            Block::ToolCall(_) | Block::Own { .. } => None,
        })
        .collect();
    let calls: Vec<Value> = blocks
        .iter()
        .filter_map(|block| match block {
            Block::ToolCall(call) => Some(json!({
                "id": call.id,
                "type": "function",
                "function": { "name": call.name, "arguments": written(call) },
            })),
            Block::Text { .. } | Block::Own { .. } => None,
        })
        .collect();
    if words.is_empty() && calls.is_empty() {
        return None;
    }
    let content = (!words.is_empty()).then(|| words.join("\n\n"));
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    message.insert("content".to_owned(), content.into());
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), calls.into());
    }
    Some(Value::Object(message))
}

/// A tool as OpenAI describes functions.
fn function(tool: &Tool, more: impl FnOnce(&mut Map<String, Value>)) -> Value {
    let mut fields = Map::new();
    fields.insert("name".to_owned(), tool.name.clone().into());
    fields.insert("description".to_owned(), tool.description.clone().into());
    fields.insert("parameters".to_owned(), tool.arguments.clone());
    more(&mut fields);
    Value::Object(fields)
}

/// The arguments as the model wrote them.
fn written(call: &ToolCall) -> String {
    call.unreadable
        .clone()
        .unwrap_or_else(|| call.input.to_string())
}

/// OpenAI has no mark for a result that is an error.
fn outcome(result: &ToolResult) -> String {
    if result.ok {
        result.content.clone()
    } else {
        format!("Error: {}", result.content)
    }
}

#[cfg(test)]
mod tests;
