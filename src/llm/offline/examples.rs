//! Rows that a resource comes with, which whoever may write puts in from its empty list.
//!
//! They are checked here against the fields: what the form would refuse, or the database, is told before it is written.

use serde_json::{Map, Value};

use super::{
    codegen::literal,
    model::{Field, Kind, Thing},
};

/// A row by column.
pub type Row = Map<String, Value>;

/// The most rows of a resource.
const MOST: usize = 20;

/// Puts rows in the place of those that the lines of a resource have.
pub(super) fn put(lines: &mut Vec<String>, thing: &Thing, rows: &[Row]) -> Result<(), String> {
    if rows.len() > MOST {
        return Err(format!(
            "examples: {} rows; there may be {MOST}",
            rows.len()
        ));
    }
    let asks = |field: &&Field| field.required && field.kind == Kind::Reference;
    if let Some(field) = thing.fields.iter().find(asks) {
        return Err(format!(
            "examples: every one would need `{}`, a record that is not there yet, so there can be none",
            field.name
        ));
    }
    let mut new = vec!["  examples: [".to_owned()];
    for (index, row) in rows.iter().enumerate() {
        let row = line(thing, row).map_err(|why| format!("examples: row {}: {why}", index + 1))?;
        new.push(row);
    }
    new.push("  ],".to_owned());
    let after = |from: usize, what: &str| {
        let found = lines.iter().skip(from).position(|line| line == what);
        found.map(|found| from + found)
    };
    let is_other = |line: &String| line.trim_start().starts_with("examples");
    let (from, to) = match after(0, "  examples: [") {
        Some(from) => (from, after(from, "  ],").map(|end| end + 1)),
        None if lines.iter().any(is_other) => (0, None),
        None => {
            let fields = lines
                .iter()
                .position(|line| line.trim().starts_with("fields:"));
            let end = fields.and_then(|fields| after(fields, "}"));
            // What stands before it has to end as the lines here do.
            let is_closed =
                |end: &usize| lines.get(end - 1).is_some_and(|line| line.ends_with(','));
            (end.unwrap_or_default(), end.filter(is_closed))
        }
    };
    let to =
        to.ok_or("examples: its file is not as it was written, so they have no place there")?;
    lines.splice(from..to, new);
    Ok(())
}

fn line(thing: &Thing, row: &Row) -> Result<String, String> {
    let known = |name: &&String| thing.fields.iter().any(|field| field.name == **name);
    if let Some(name) = row.keys().find(|name| !known(name)) {
        let names: Vec<&str> = thing
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        return Err(format!(
            "there is no field `{}`; there is {}",
            name.escape_debug(),
            names.join(", ")
        ));
    }
    let mut values = Vec::new();
    for field in &thing.fields {
        match row.get(&field.name).filter(|value| !value.is_null()) {
            Some(value) => values.push(format!("{}: {}", field.name, checked(field, value)?)),
            None if field.required => return Err(format!("`{}` is required", field.name)),
            None => {}
        }
    }
    Ok(format!("    {{ {} }},", values.join(", ")))
}

/// A value as the sources have it.
fn checked(field: &Field, value: &Value) -> Result<String, String> {
    let bound = |bound: &Option<String>| bound.as_ref().and_then(|bound| bound.parse::<f64>().ok());
    let fits = match (field.kind, value) {
        (Kind::Number | Kind::Rating, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            bound(&field.min).is_none_or(|min| number >= min)
                && bound(&field.max).is_none_or(|max| number <= max)
        }
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Date, Value::String(text)) => is_date(text),
        (Kind::Choice, Value::String(text)) => field.options.contains(text),
        (Kind::Text | Kind::LongText, Value::String(text)) => !text.trim().is_empty(),
        (Kind::Email, Value::String(text)) => is_email(text),
        (Kind::Url, Value::String(text)) => {
            let rest = text.strip_prefix("https://");
            let rest = rest.or_else(|| text.strip_prefix("http://"));
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
        }
        _ => false,
    };
    match value {
        Value::String(text) if fits => Ok(literal(text)),
        value if fits => Ok(value.to_string()),
        _ => Err(format!("`{}` has to be {}", field.name, wanted(field))),
    }
}

fn wanted(field: &Field) -> String {
    let bounds = |kind: &str| match (&field.min, &field.max) {
        (Some(min), Some(max)) => format!("{kind} from {min} to {max}"),
        (Some(min), None) => format!("{kind} of {min} or more"),
        (None, Some(max)) => format!("{kind} of {max} or less"),
        (None, None) => kind.to_owned(),
    };
    match field.kind {
        Kind::Number | Kind::Rating => bounds("a number"),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Date => "a date as \"2026-01-31\"".to_owned(),
        Kind::Choice => format!("one of {}", field.options.join(", ")),
        Kind::Reference => {
            "left out: to which record it refers is known only when there are some".to_owned()
        }
        Kind::Text | Kind::LongText => "a text that is not empty".to_owned(),
        Kind::Email => "an address as \"name@example.com\"".to_owned(),
        Kind::Url => "a link that begins with https://".to_owned(),
    }
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@').and_then(|(name, host)| {
        let (domain, top) = host.rsplit_once('.')?;
        Some([name, domain, top])
    });
    let is_part = |part: &str| !part.is_empty() && !part.contains([' ', '@']);
    parts.is_some_and(|parts| parts.into_iter().all(is_part))
}

/// Whether it is a day as `2026-01-31`.
fn is_date(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    let &[Some(year @ 1..), Some(month), Some(day)] = parts.as_slice() else {
        return false;
    };
    let is_digits = |letter: u8| letter.is_ascii_digit() || letter == b'-';
    let last = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    text.len() == 10
        && text.bytes().all(is_digits)
        && (1..=12).contains(&month)
        && (1..=last).contains(&day)
}
