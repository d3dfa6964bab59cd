//! The arguments of a call, read strictly: every refusal names the tool and the argument.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::project::ProjectPath;

use super::contract::Contract;

/// Why a call did nothing, in words that the model reads.
pub(super) struct Refused(pub(super) String);

/// An anchored edit: the first anchor, the last one, and the text.
pub(super) type Triple<'a> = (&'a str, &'a str, &'a str);

/// The arguments of one call of a tool. None is there that the tool does not know.
pub(super) struct Arguments<'a> {
    tool: &'static str,
    fields: &'a Map<String, Value>,
}

impl<'a> Arguments<'a> {
    pub(super) fn read(contract: &Contract, input: &'a Value) -> Result<Self, Refused> {
        let tool = contract.name;
        let names: Vec<&str> = contract
            .arguments
            .iter()
            .map(|argument| argument.name)
            .collect();
        let takes = names.join(", ");
        let Some(fields) = input.as_object() else {
            return Err(Refused(format!(
                "{tool}: the arguments must be a JSON object with {takes}"
            )));
        };
        match fields.keys().find(|name| !names.contains(&name.as_str())) {
            Some(unknown) => Err(Refused(format!(
                "{tool}: there is no argument `{}`; it takes {takes}",
                unknown.escape_debug()
            ))),
            None => Ok(Self { tool, fields }),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Refused> {
        match self.fields.get(name) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(self.wrong(name, "a string", other)),
            None => Err(Refused(format!("{}: `{name}` is missing", self.tool))),
        }
    }

    /// Nothing when the argument is not there.
    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Refused> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.text(name).map(Some),
        }
    }

    pub(super) fn path(&self) -> Result<ProjectPath, Refused> {
        self.text("path")?
            .parse()
            .map_err(|error| Refused(format!("{}: `path`: {error}", self.tool)))
    }

    pub(super) fn line(&self, name: &str) -> Result<usize, Refused> {
        match self.fields.get(name) {
            Some(value) => {
                line_number(value).ok_or_else(|| self.wrong(name, "a line number from 1", value))
            }
            None => Err(Refused(format!("{}: `{name}` is missing", self.tool))),
        }
    }

    /// A list of `[first, last, text]`, at least one.
    pub(super) fn triples(&self, name: &str) -> Result<Vec<Triple<'a>>, Refused> {
        const SHAPE: &str = "a list of [first, last, text] with at least one entry";
        let Some(value) = self.fields.get(name) else {
            return Err(Refused(format!("{}: `{name}` is missing", self.tool)));
        };
        let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
            return Err(self.wrong(name, SHAPE, value));
        };
        let triples = list.iter().enumerate().map(|(index, entry)| {
            let parts: Option<Vec<&str>> = entry
                .as_array()
                .and_then(|parts| parts.iter().map(Value::as_str).collect());
            match parts.as_deref() {
                Some([first, last, text]) => Ok((*first, *last, *text)),
                _ => Err(Refused(format!(
                    "{}: entry {} of `{name}` must be [first, last, text], three strings",
                    self.tool,
                    index + 1
                ))),
            }
        });
        triples.collect()
    }

    /// As [`objects`](Self::objects); empty when the argument is not there.
    pub(super) fn optional_objects<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Vec<T>, Refused> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(_) => self.objects(name),
        }
    }

    /// A list of objects, each of which can be read as `T`.
    pub(super) fn objects<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, Refused> {
        let Some(value) = self.fields.get(name) else {
            return Err(Refused(format!("{}: `{name}` is missing", self.tool)));
        };
        serde_json::from_value(value.clone())
            .map_err(|_| self.wrong(name, "a list of objects", value))
    }

    /// Lines as `"12-40"`, `"12"` or `[12, 40]`; nothing when the argument is not there.
    pub(super) fn range(&self, name: &str) -> Result<Option<(usize, usize)>, Refused> {
        let Some(value) = self.fields.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let range = match value {
            Value::String(text) => {
                let (first, last) = text.split_once(['-', '–']).unwrap_or((text, text));
                first.trim().parse().ok().zip(last.trim().parse().ok())
            }
            Value::Array(bounds) => match bounds.as_slice() {
                [first, last] => line_number(first).zip(line_number(last)),
                _ => None,
            },
            _ => None,
        };
        match range {
            Some((first, last)) if first >= 1 && first <= last => Ok(Some((first, last))),
            _ => Err(self.wrong(
                name,
                "a range of lines such as \"12-40\" or [12, 40]",
                value,
            )),
        }
    }

    /// A string or a list of strings; empty when the argument is not there.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&'a str>, Refused> {
        let list = match self.fields.get(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::String(text)) => Some(vec![text.as_str()]),
            Some(Value::Array(texts)) => texts.iter().map(Value::as_str).collect(),
            Some(_) => None,
        };
        list.ok_or_else(|| {
            let found = self.fields.get(name).unwrap_or(&Value::Null);
            self.wrong(name, "a string or a list of strings", found)
        })
    }

    /// Yes or no; no when the argument is not there.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refused> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(name, "true or false", other)),
        }
    }

    /// A whole number from 0; nothing when the argument is not there.
    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Refused> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .map(Some)
                .ok_or_else(|| self.wrong(name, "a whole number from 0", value)),
        }
    }

    fn wrong(&self, name: &str, expected: &str, found: &Value) -> Refused {
        let found = match found {
            Value::Null => "null".to_owned(),
            Value::Bool(_) | Value::Number(_) => found.to_string(),
            Value::String(text) if text.chars().count() <= 40 => format!("{text:?}"),
            Value::String(_) => "a string".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        Refused(format!(
            "{}: `{name}` must be {expected}, not {found}",
            self.tool
        ))
    }
}

fn line_number(value: &Value) -> Option<usize> {
    value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| *number >= 1)
}
