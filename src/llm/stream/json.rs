//! Small readings of JSON that all formats share.

use serde_json::{Map, Value};

use super::{Fault, fault};

/// A text member; empty without one.
pub(super) fn text<'a>(of: &'a Map<String, Value>, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text member that must be there.
pub(super) fn needed<'a>(of: &'a Map<String, Value>, name: &str) -> Result<&'a str, Fault> {
    match of.get(name) {
        Some(Value::String(text)) => Ok(text),
        _ => fault(format!("`{name}` is no text")),
    }
}

/// An object that must be there.
pub(super) fn object<'a>(
    of: &'a Map<String, Value>,
    name: &str,
) -> Result<&'a Map<String, Value>, Fault> {
    match of.get(name) {
        Some(Value::Object(object)) => Ok(object),
        _ => fault(format!("`{name}` is no object")),
    }
}

/// A place in a list that must be there.
pub(super) fn index(of: &Map<String, Value>, name: &str) -> Result<usize, Fault> {
    let number = of.get(name).and_then(Value::as_u64);
    match number.and_then(|number| usize::try_from(number).ok()) {
        Some(index) => Ok(index),
        None => fault(format!("`{name}` is no place in a list")),
    }
}

/// A number by the names that lead to it; 0 where none is.
pub(super) fn count(of: &Map<String, Value>, names: &[&str]) -> u64 {
    let Some((first, rest)) = names.split_first() else {
        return 0;
    };
    match of.get(*first) {
        Some(Value::Object(inner)) => count(inner, rest),
        Some(value) if rest.is_empty() => value.as_u64().unwrap_or_default(),
        _ => 0,
    }
}

/// Adds to a text member, which is made when it is not there or no text.
pub(super) fn append(to: &mut Map<String, Value>, name: &str, more: &str) {
    match to.get_mut(name) {
        Some(Value::String(text)) => text.push_str(more),
        _ => drop(to.insert(name.to_owned(), Value::from(more))),
    }
}

/// Adds to a list member, which is made when it is not there or no list.
pub(super) fn push(to: &mut Map<String, Value>, name: &str, more: impl IntoIterator<Item = Value>) {
    match to.get_mut(name) {
        Some(Value::Array(list)) => list.extend(more),
        _ => drop(to.insert(name.to_owned(), Value::Array(more.into_iter().collect()))),
    }
}

/// Copies members over, but those that are `null`.
pub(super) fn merge(from: &Map<String, Value>, to: &mut Map<String, Value>) {
    for (name, value) in from.iter().filter(|(_, value)| !value.is_null()) {
        to.insert(name.clone(), value.clone());
    }
}
