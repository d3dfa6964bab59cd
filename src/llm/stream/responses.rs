//! OpenAI Responses (`POST /v1/responses` with `stream`): `response.created`, then events that name a place in the output, then
//! `response.completed`, `response.incomplete` or `response.failed` with all of it once more; `error` at any time.

use serde_json::{Map, Value};

use super::{
    Fault, Gather, StreamError, call, fault,
    json::{append, count, index, needed, object, text},
    words,
};
use crate::llm::message::{self, Block, Reply, SoFar, Stop, Usage, Writing};

/// A response of OpenAI's.
#[derive(Debug, Default)]
pub(super) struct Response {
    response: Option<Map<String, Value>>,
    is_over: bool,
}

/// The part of an item that an event is about.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// The item itself.
    Own,
    /// One of its `content`.
    Content,
    /// One of its `summary`.
    Summary,
}

/// Events that bring text: what comes before `.delta` and `.done`, the type of item that it is for, the part, its member, and the
/// event's own word for the whole.
const TEXTS: [(&str, &str, Part, &str, &str); 8] = [
    ("output_text", "message", Part::Content, "text", "text"),
    ("refusal", "message", Part::Content, "refusal", "refusal"),
    (
        "function_call_arguments",
        "function_call",
        Part::Own,
        "arguments",
        "arguments",
    ),
    (
        "custom_tool_call_input",
        "custom_tool_call",
        Part::Own,
        "input",
        "input",
    ),
    (
        "mcp_call_arguments",
        "mcp_call",
        Part::Own,
        "arguments",
        "arguments",
    ),
    (
        "code_interpreter_call_code",
        "code_interpreter_call",
        Part::Own,
        "code",
        "code",
    ),
    ("reasoning_text", "reasoning", Part::Content, "text", "text"),
    (
        "reasoning_summary_text",
        "reasoning",
        Part::Summary,
        "text",
        "text",
    ),
];

/// What an item of a tool that the provider runs can be at.
const STATES: [&str; 6] = [
    "in_progress",
    "searching",
    "interpreting",
    "generating",
    "completed",
    "failed",
];

/// Events that say nothing of the response.
const SILENT: [&str; 9] = [
    "keepalive",
    "response.audio.delta",
    "response.audio.done",
    "response.audio.transcript.delta",
    "response.audio.transcript.done",
    "response.image_generation_call.partial_image",
    "response.mcp_list_tools.in_progress",
    "response.mcp_list_tools.completed",
    "response.mcp_list_tools.failed",
];

impl Response {
    fn whole(self) -> Result<Map<String, Value>, StreamError> {
        match self {
            Self {
                response: Some(response),
                is_over: true,
            } => Ok(response),
            _ => Err(StreamError::Cut),
        }
    }

    /// The items so far.
    fn output(&mut self) -> Result<&mut Vec<Value>, Fault> {
        let Some(response) = &mut self.response else {
            return fault("no response has begun");
        };
        if self.is_over {
            return fault("the response is over");
        }
        match response
            .entry("output")
            .or_insert_with(|| Value::Array(Vec::new()))
        {
            Value::Array(output) => Ok(output),
            _ => fault("the output of the response is no list"),
        }
    }

    fn item(&mut self, data: &Map<String, Value>) -> Result<&mut Map<String, Value>, Fault> {
        match self.output()?.get_mut(index(data, "output_index")?) {
            Some(Value::Object(item)) => Ok(item),
            _ => fault("there is no such item"),
        }
    }

    /// The list of an item that a part is in, and the part's place in it.
    fn parts(
        &mut self,
        part: Part,
        data: &Map<String, Value>,
    ) -> Result<(&mut Vec<Value>, usize), Fault> {
        let (list, place) = match part {
            Part::Summary => ("summary", "summary_index"),
            Part::Content | Part::Own => ("content", "content_index"),
        };
        let place = index(data, place)?;
        let item = self.item(data)?;
        let list = item
            .entry(list)
            .and_modify(|list| {
                if list.is_null() {
                    *list = Value::Array(Vec::new());
                }
            })
            .or_insert_with(|| Value::Array(Vec::new()));
        match list {
            Value::Array(list) => Ok((list, place)),
            _ => fault("the parts of that item are no list"),
        }
    }

    fn part(
        &mut self,
        part: Part,
        data: &Map<String, Value>,
    ) -> Result<&mut Map<String, Value>, Fault> {
        if let Part::Own = part {
            return self.item(data);
        }
        let (list, place) = self.parts(part, data)?;
        match list.get_mut(place) {
            Some(Value::Object(part)) => Ok(part),
            _ => fault("that item has no such part"),
        }
    }

    /// The state of the response as a whole.
    fn replace(&mut self, data: &Map<String, Value>, is_over: bool) -> Result<(), Fault> {
        if self.is_over {
            return fault("the response is over");
        }
        let mut response = object(data, "response")?.clone();
        let is_empty = |output: Option<&Value>| {
            output
                .and_then(Value::as_array)
                .is_none_or(|output| output.is_empty())
        };
        // Servers that store nothing leave out what they have sent already.
        if text(&response, "status") != "failed"
            && is_empty(response.get("output"))
            && let Some(output) = self
                .response
                .as_mut()
                .and_then(|known| known.remove("output"))
        {
            let output = output.as_array().into_iter().flatten();
            let output = output.filter(|item| !item.is_null()).cloned();
            response.insert("output".to_owned(), output.collect());
        }
        self.response = Some(response);
        self.is_over = is_over;
        Ok(())
    }

    /// Texts and states of items; false when it is none.
    fn take_item(&mut self, event: &str, data: &Map<String, Value>) -> Result<bool, Fault> {
        let Some((what, step)) = event.rsplit_once('.') else {
            return Ok(false);
        };
        if let Some((_, kind, part, member, whole)) = TEXTS.iter().find(|(name, ..)| *name == what)
        {
            if text(self.item(data)?, "type") != *kind {
                return Ok(false);
            }
            match step {
                "delta" => append(self.part(*part, data)?, member, needed(data, "delta")?),
                "done" => {
                    // Who does not repeat it has said it.
                    let part = self.part(*part, data)?;
                    if let Some(Value::String(whole)) = data.get(*whole) {
                        part.insert((*member).to_owned(), Value::from(whole.as_str()));
                    }
                }
                _ => return Ok(false),
            }
            return Ok(true);
        }
        if what.ends_with("_call") && STATES.contains(&step) {
            let item = self.item(data)?;
            if text(item, "type") == what {
                item.insert("status".to_owned(), Value::from(step));
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The most items of a response, and parts of an item.
const MOST_PLACES: usize = 10_000;

/// Puts an item or part into its place, which may be before or after its turn: the end repeats all of it.
fn put(list: &mut Vec<Value>, place: usize, value: Map<String, Value>) -> Result<(), Fault> {
    if place >= MOST_PLACES {
        return fault("a place is too far away");
    }
    if list.len() <= place {
        list.resize(place + 1, Value::Null);
    }
    if let Some(known) = list.get_mut(place) {
        *known = Value::Object(value);
    }
    Ok(())
}

/// The blocks of an item in no provider's shape. True when one of them is a refusal.
fn neutral(item: &Value, model: &str, blocks: &mut Vec<Block>) -> bool {
    let Value::Object(fields) = item else {
        return false;
    };
    match text(fields, "type") {
        "message" => {
            let mut refused = false;
            let parts = fields.get("content").and_then(Value::as_array);
            for part in parts.into_iter().flatten().filter_map(Value::as_object) {
                refused |= part.contains_key("refusal");
                blocks.extend(words(text(part, "text")));
                blocks.extend(words(text(part, "refusal")));
            }
            return refused;
        }
        "function_call" => blocks.push(call(
            text(fields, "call_id"),
            text(fields, "name"),
            text(fields, "arguments"),
        )),
        _ => blocks.push(Block::Own {
            model: model.to_owned(),
            value: item.clone(),
        }),
    }
    false
}

impl Gather for Response {
    fn take(&mut self, event: &str, data: &Map<String, Value>) -> Result<bool, Fault> {
        let named = text(data, "type");
        let event = if named.is_empty() { event } else { named };
        let Some(own) = event.strip_prefix("response.") else {
            if event == "error" {
                // The service puts it into a member, the reference into the event itself.
                let nested = data.get("error").filter(|error| error.is_object());
                let flat = Value::Object(
                    data.iter()
                        .filter(|(name, _)| *name != "type")
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect(),
                );
                return Err(Fault::Provider(StreamError::provider(
                    nested.unwrap_or(&flat),
                )));
            }
            return Ok(SILENT.contains(&event));
        };
        let part_of = |own: &str| {
            if own.starts_with("reasoning_summary") {
                Part::Summary
            } else {
                Part::Content
            }
        };
        match own {
            "created" | "queued" | "in_progress" => self.replace(data, false)?,
            "completed" | "incomplete" | "failed" => self.replace(data, true)?,
            "output_item.added" => {
                let item = object(data, "item")?.clone();
                let place = index(data, "output_index")?;
                put(self.output()?, place, item)?;
            }
            "output_item.done" => {
                let item = object(data, "item")?.clone();
                *self.item(data)? = item;
            }
            "content_part.added" | "reasoning_summary_part.added" => {
                let part = object(data, "part")?.clone();
                let (list, place) = self.parts(part_of(own), data)?;
                put(list, place, part)?;
            }
            "content_part.done" | "reasoning_summary_part.done" => {
                let part = object(data, "part")?.clone();
                *self.part(part_of(own), data)? = part;
            }
            "output_text.annotation.added" => {
                let annotation = data.get("annotation").cloned().unwrap_or_default();
                let part = self.part(Part::Content, data)?;
                super::json::push(part, "annotations", [annotation]);
            }
            _ => return Ok(self.take_item(own, data)? || SILENT.contains(&event)),
        }
        Ok(true)
    }

    fn message(self: Box<Self>) -> Result<Value, StreamError> {
        self.whole().map(Value::Object)
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn so_far(&self) -> SoFar {
        let output = self
            .response
            .as_ref()
            .and_then(|known| known.get("output")?.as_array());
        let mut blocks = Vec::new();
        let mut calls = Vec::new();
        for item in output.into_iter().flatten() {
            match item.as_object() {
                Some(fields) if text(fields, "type") == "function_call" => calls.push(Writing {
                    name: text(fields, "name").to_owned(),
                    arguments: text(fields, "arguments").to_owned(),
                }),
                Some(fields) if text(fields, "type") == "message" => {
                    neutral(item, "", &mut blocks);
                }
                _ => {}
            }
        }
        SoFar {
            text: message::words(&blocks),
            calls,
            usage: self.response.as_ref().map(usage).unwrap_or_default(),
        }
    }

    fn reply(self: Box<Self>, model: &str) -> Result<Reply, StreamError> {
        let response = self.whole()?;
        if let Some(error) = response.get("error").filter(|error| !error.is_null()) {
            return Err(StreamError::provider(error));
        }
        let output = response.get("output").and_then(Value::as_array);
        let mut blocks = Vec::new();
        let mut refused = false;
        for item in output.into_iter().flatten() {
            refused |= neutral(item, model, &mut blocks);
        }
        let calls = blocks
            .iter()
            .any(|block| matches!(block, Block::ToolCall(_)));
        let reason = response
            .get("incomplete_details")
            .and_then(|details| details.get("reason"));
        let stop = match (text(&response, "status"), reason.and_then(Value::as_str)) {
            ("incomplete", Some("max_output_tokens")) => Stop::MaxTokens,
            // Not all servers say why.
            ("incomplete", None) => Stop::MaxTokens,
            ("incomplete", Some("content_filter")) => Stop::Refused,
            ("completed", _) if refused => Stop::Refused,
            ("completed", _) if calls => Stop::ToolUse,
            ("completed", _) => Stop::EndTurn,
            _ => Stop::Other,
        };
        Ok(Reply {
            blocks,
            stop,
            usage: usage(&response),
        })
    }
}

fn usage(response: &Map<String, Value>) -> Usage {
    let usage = |names: &[&str]| count(response, &[&["usage"], names].concat());
    let read = usage(&["input_tokens_details", "cached_tokens"]);
    let write = usage(&["input_tokens_details", "cache_write_tokens"]);
    Usage {
        input: usage(&["input_tokens"]).saturating_sub(read.saturating_add(write)),
        cache_read: read,
        cache_write: write,
        output: usage(&["output_tokens"]),
    }
}
