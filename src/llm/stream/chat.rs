//! OpenAI Chat Completions (`POST /v1/chat/completions` with `stream`): chunks with what each choice has more, then `[DONE]`.
//! Many servers speak it, and not all alike: roles, the types and places of tool calls and the end may be missing.

use serde_json::{Map, Value, json};

use super::{
    Fault, Gather, StreamError, call, fault,
    json::{append, count, index, push, text},
    words,
};
use crate::{
    llm::message::{Block, Reply, SoFar, Stop, Usage, Writing},
    sorted::SortedMap,
};

/// Members of a delta that servers bring piece by piece, as `content`.
const PIECES: [&str; 4] = ["content", "refusal", "reasoning", "reasoning_content"];

/// A completion of OpenAI's.
#[derive(Debug, Default)]
pub(super) struct Completion {
    completion: Option<Map<String, Value>>,
    choices: SortedMap<usize, Choice>,
}

#[derive(Debug, Default)]
struct Choice {
    /// All but the message, the place and what follows here.
    other: Map<String, Value>,
    finish_reason: Value,
    logprobs: Value,
    message: Map<String, Value>,
    calls: SortedMap<usize, Call>,
}

#[derive(Debug, Default)]
struct Call {
    other: Map<String, Value>,
    function: Map<String, Value>,
}

impl Choice {
    fn take(&mut self, choice: &Map<String, Value>) -> Result<(), Fault> {
        for (name, value) in choice {
            match (name.as_str(), value) {
                ("index" | "delta" | "message", _) | ("finish_reason", Value::Null) => {}
                ("finish_reason", Value::String(reason)) if reason.is_empty() => {}
                ("finish_reason", value) => self.finish_reason = value.clone(),
                ("logprobs", Value::Object(more)) => self.take_logprobs(more),
                ("logprobs", _) => {}
                (_, value) => drop(self.other.insert(name.clone(), value.clone())),
            }
        }
        // Some send all that there is in one piece.
        match choice.get("delta").or_else(|| choice.get("message")) {
            Some(Value::Object(delta)) => self.take_delta(delta),
            None | Some(Value::Null) => Ok(()),
            Some(_) => fault("`delta` is no object"),
        }
    }

    fn take_logprobs(&mut self, more: &Map<String, Value>) {
        if let Value::Object(known) = &mut self.logprobs {
            for (name, value) in more {
                match value {
                    Value::Array(list) => push(known, name, list.iter().cloned()),
                    Value::Null if known.contains_key(name) => {}
                    value => drop(known.insert(name.clone(), value.clone())),
                }
            }
        } else {
            self.logprobs = Value::Object(more.clone());
        }
    }

    fn take_delta(&mut self, delta: &Map<String, Value>) -> Result<(), Fault> {
        for (name, value) in delta {
            match (name.as_str(), value) {
                (_, Value::Null) => {}
                (piece, Value::String(more)) if PIECES.contains(&piece) => {
                    append(&mut self.message, piece, more);
                }
                ("role", Value::String(role)) if role.is_empty() => {}
                ("tool_calls", Value::Array(calls)) => {
                    for call in calls {
                        self.take_call(call)?;
                    }
                }
                ("function_call", Value::Object(more)) => {
                    take_pieces(&mut self.message, name, more, &["arguments"]);
                }
                ("audio", Value::Object(more)) => {
                    take_pieces(&mut self.message, name, more, &["data", "transcript"]);
                }
                (_, value) => drop(self.message.insert(name.clone(), value.clone())),
            }
        }
        Ok(())
    }

    fn take_call(&mut self, call: &Value) -> Result<(), Fault> {
        let Value::Object(call) = call else {
            return fault("a tool call is no object");
        };
        let last = self.calls.last_key_value().map(|(place, _)| *place);
        let id = text(call, "id");
        let same = |known: &Call| text(&known.other, "id") == id;
        let place = match call.get("index").filter(|place| !place.is_null()) {
            Some(_) => index(call, "index")?,
            // Without a place, what has no id goes on with the last call, and an id that was not there before is another one's.
            None if id.is_empty() => last.unwrap_or_default(),
            None => {
                let known = self.calls.iter().find(|(_, known)| same(known));
                known.map_or_else(|| last.map_or(0, |last| last + 1), |(place, _)| *place)
            }
        };
        let known = self.calls.entry(place).or_default();
        for (name, value) in call {
            match (name.as_str(), value) {
                ("index", _) | (_, Value::Null) => {}
                ("id" | "type", Value::String(text)) if text.is_empty() => {}
                ("function", Value::Object(function)) => {
                    for (name, value) in function {
                        match (name.as_str(), value) {
                            ("arguments", Value::String(more)) => {
                                append(&mut known.function, name, more)
                            }
                            (_, Value::Null) => {}
                            ("name", Value::String(text)) if text.is_empty() => {}
                            _ => drop(known.function.insert(name.clone(), value.clone())),
                        }
                    }
                }
                _ => drop(known.other.insert(name.clone(), value.clone())),
            }
        }
        Ok(())
    }

    /// The choice, if it came to its end.
    fn whole(self, index: usize) -> Result<Value, StreamError> {
        if self.finish_reason.is_null() {
            return Err(StreamError::Cut);
        }
        let mut message = self.message;
        for (name, value) in [
            ("role", Value::from("assistant")),
            ("content", Value::Null),
            ("refusal", Value::Null),
        ] {
            message.entry(name).or_insert(value);
        }
        if !self.calls.is_empty() {
            let calls = self
                .calls
                .into_iter()
                .map(|(place, call)| call.whole(place));
            message.insert("tool_calls".to_owned(), calls.collect::<Result<_, _>>()?);
        }
        let mut choice = self.other;
        for (name, value) in [
            ("index", Value::from(index)),
            ("message", Value::Object(message)),
            ("finish_reason", self.finish_reason),
            ("logprobs", self.logprobs),
        ] {
            choice.insert(name.to_owned(), value);
        }
        Ok(Value::Object(choice))
    }
}

/// What a member has more: texts that come in pieces, and all else as it is.
fn take_pieces(
    to: &mut Map<String, Value>,
    name: &str,
    more: &Map<String, Value>,
    pieces: &[&str],
) {
    let known = to.entry(name).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(known) = known else {
        *known = Value::Object(more.clone());
        return;
    };
    for (name, value) in more {
        match value {
            Value::String(more) if pieces.contains(&name.as_str()) => append(known, name, more),
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            _ => drop(known.insert(name.clone(), value.clone())),
        }
    }
}

impl Call {
    fn whole(self, place: usize) -> Result<Value, StreamError> {
        let Self {
            mut other,
            mut function,
        } = self;
        if text(&function, "name").is_empty() {
            let shown = Value::Object(function).to_string();
            return Err(StreamError::malformed(&shown, "a tool call without a name"));
        }
        function.entry("arguments").or_insert(Value::from(""));
        other.insert("function".to_owned(), Value::Object(function));
        other.entry("type").or_insert(Value::from("function"));
        other
            .entry("id")
            .or_insert_with(|| Value::from(format!("call_{place}")));
        Ok(Value::Object(other))
    }
}

impl Gather for Completion {
    fn take(&mut self, event: &str, data: &Map<String, Value>) -> Result<bool, Fault> {
        if let Some(error) = data.get("error").filter(|error| !error.is_null()) {
            return Err(Fault::Provider(StreamError::provider(error)));
        }
        let Some(choices) = data.get("choices") else {
            // Some do not put it into a member.
            if event == "error" || text(data, "object") == "error" {
                let error = Value::Object(data.clone());
                return Err(Fault::Provider(StreamError::provider(&error)));
            }
            return Ok(false);
        };
        let Value::Array(choices) = choices else {
            return fault("`choices` is no list");
        };
        let is_first = self.completion.is_none();
        let completion = self.completion.get_or_insert_default();
        // Azure's verdict on what was said comes in chunks that say nothing of the completion.
        let says_nothing = !is_first && data.get("id").and_then(Value::as_str) == Some("");
        for (name, value) in data {
            match (name.as_str(), value) {
                ("choices" | "object", _) => {}
                (_, _) if says_nothing && name != "usage" => {}
                // Usage comes once, in the end or with each chunk, and is `null` in others.
                (_, Value::Null) if completion.contains_key(name) => {}
                _ => drop(completion.insert(name.clone(), value.clone())),
            }
        }
        for choice in choices {
            let Value::Object(choice) = choice else {
                return fault("a choice is no object");
            };
            let place = if choice.contains_key("index") {
                index(choice, "index")?
            } else {
                0
            };
            self.choices.entry(place).or_default().take(choice)?;
        }
        Ok(true)
    }

    fn message(self: Box<Self>) -> Result<Value, StreamError> {
        let Self {
            completion: Some(mut completion),
            choices,
        } = *self
        else {
            return Err(StreamError::Cut);
        };
        // Whether `[DONE]` came says nothing: each choice says itself that it is over.
        if choices.is_empty() {
            return Err(StreamError::Cut);
        }
        let choices = choices
            .into_iter()
            .map(|(place, choice)| choice.whole(place));
        completion.insert("choices".to_owned(), choices.collect::<Result<_, _>>()?);
        completion.insert("object".to_owned(), json!("chat.completion"));
        Ok(Value::Object(completion))
    }

    fn so_far(&self) -> SoFar {
        let choice = self.choices.values().next();
        let said = |name| choice.map_or("", |choice| text(&choice.message, name));
        SoFar {
            text: [said("content"), said("refusal")]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join("\n\n"),
            calls: choice
                .into_iter()
                .flat_map(|choice| choice.calls.values())
                .map(|call| Writing {
                    name: text(&call.function, "name").to_owned(),
                    arguments: text(&call.function, "arguments").to_owned(),
                })
                .collect(),
            usage: self.completion.as_ref().map(usage).unwrap_or_default(),
        }
    }

    fn reply(self: Box<Self>, _model: &str) -> Result<Reply, StreamError> {
        let Value::Object(completion) = self.message()? else {
            return Err(StreamError::Cut);
        };
        let choices = completion.get("choices").and_then(Value::as_array);
        let choice = choices.and_then(|choices| choices.first()?.as_object());
        let Some((choice, message)) =
            choice.and_then(|choice| Some((choice, choice.get("message")?.as_object()?)))
        else {
            return Err(StreamError::Cut);
        };
        let refusal = words(text(message, "refusal"));
        let refused = refusal.is_some();
        let mut blocks: Vec<Block> = words(text(message, "content"))
            .into_iter()
            .chain(refusal)
            .collect();
        let calls = message.get("tool_calls").and_then(Value::as_array);
        let calls = calls.into_iter().flatten().filter_map(Value::as_object);
        let calls: Vec<Block> = calls
            .filter_map(|one| {
                let function = one.get("function")?.as_object()?;
                Some(call(
                    text(one, "id"),
                    text(function, "name"),
                    text(function, "arguments"),
                ))
            })
            .collect();
        let stop = match text(choice, "finish_reason") {
            "length" => Stop::MaxTokens,
            "content_filter" => Stop::Refused,
            _ if refused => Stop::Refused,
            // Not all servers say so.
            _ if !calls.is_empty() => Stop::ToolUse,
            "stop" => Stop::EndTurn,
            _ => Stop::Other,
        };
        blocks.extend(calls);
        Ok(Reply {
            blocks,
            stop,
            usage: usage(&completion),
        })
    }
}

fn usage(completion: &Map<String, Value>) -> Usage {
    let usage = |names: &[&str]| count(completion, &[&["usage"], names].concat());
    let read = usage(&["prompt_tokens_details", "cached_tokens"]);
    let write = usage(&["prompt_tokens_details", "cache_write_tokens"]);
    Usage {
        input: usage(&["prompt_tokens"]).saturating_sub(read.saturating_add(write)),
        cache_read: read,
        cache_write: write,
        output: usage(&["completion_tokens"]),
    }
}
