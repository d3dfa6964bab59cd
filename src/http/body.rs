//! Request bodies: JSON, strict, with an error that says where and what.
//!
//! [`parse`] is the only way in, so a value of these types keeps the limits. Whether a model or version exists
//! is not known here.

mod alerts;
mod deployment;
mod domain;
mod shard;

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::error::Category;

pub use self::alerts::{AlertThresholds, SetAlerts};
pub use self::deployment::{Decide, Deploy, RollBack, SetApprovals, SetVariable};
pub use self::domain::AddDomain;
pub use self::shard::{AddShard, ChangeShard, ShardKeys, WantedState};
use super::auth::ApiToken;
use crate::{
    build::Mode,
    config::Limits,
    data::TableSpec,
    digest::Digest,
    error::{Error, Kind, Result},
    project::ProjectPath,
    template::{self, NameError},
};

/// The longest JSON body, in bytes: the longest prompt with every byte of it escaped, and room for the rest.
pub const MAX_JSON_BYTES: usize = 6 * Limits::DEFAULT.prompt_bytes + 16 * 1024;

/// Most files that one call edits.
const MAX_EDITED_FILES: usize = 100;
/// Most edits of one file in one call.
const MAX_EDITS: usize = 500;

/// Most tables that one call defines.
const MAX_TABLES: usize = 100;

/// The longest name of a model, in bytes.
const MAX_MODEL_BYTES: usize = 100;

/// How much of a parser's own words an error repeats, in characters.
const MAX_REASON_CHARS: usize = 200;

/// `POST /v1/apps`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApp {
    /// What the app is to be, 1 byte to 64 KiB, not only white space. Kept as it is sent.
    pub prompt: String,
    /// Its name, 1 to 80 characters; `Untitled app` when it is not given, until the model finds a better one.
    #[serde(default)]
    pub name: Option<String>,
    /// The language model; the installation's own when it is not given.
    #[serde(default)]
    pub model: Option<String>,
}

/// What a message may lead to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageMode {
    /// The model decides.
    #[default]
    Auto,
    /// Words only.
    Discuss,
    /// Changes.
    Build,
}

/// `POST /v1/apps/{app}/messages`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessage {
    /// The words, 1 byte to 64 KiB, not only white space. Kept as they are sent.
    pub content: String,
    /// What it may lead to.
    #[serde(default)]
    pub mode: MessageMode,
    /// Hashes of images that go with it, at most 8: of files that were written to the app before. Shown to models that take images.
    #[serde(default)]
    pub attachments: Vec<Digest>,
}

/// `PATCH /v1/apps/{app}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateApp {
    /// The new name, 1 to 80 characters, without the white space around it.
    #[serde(default)]
    pub name: Option<String>,
    /// The model that answers from the next turn on.
    #[serde(default)]
    pub model: Option<String>,
}

/// `POST /v1/apps/{app}/builds`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBuild {
    /// How to build.
    pub mode: Mode,
}

/// `POST /v1/apps/{app}/tables`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineTables {
    /// The tables as they shall be, at most 100 in one call. Columns that are there and not named stay.
    pub tables: Vec<TableSpec>,
}

/// An object that is handed on to the shard, which knows what may stand in it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct HandedOn(pub serde_json::Map<String, serde_json::Value>);

/// `POST /v1/apps/{app}/edits`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditFiles {
    /// The files to change, each once, at most 100. All change or none does.
    pub files: Vec<FileEdits>,
}

/// The edits of one file, stated against one content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileEdits {
    /// Which file.
    pub path: String,
    /// The hash of the content that the edits are stated against; when the file is another by now, that is a conflict.
    /// Without it, each edit lands where its search text proves that it belongs.
    #[serde(default)]
    pub base: Option<Digest>,
    /// The edits, at most 500, in any order.
    pub edits: Vec<LineEditWire>,
}

/// Lines that become others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "LineEdit")]
pub struct LineEditWire {
    /// What the lines hold, joined by `\n`; a line of three dots stands for any lines.
    pub search: String,
    /// The first line, from 1.
    pub first_line: usize,
    /// The last line, included.
    pub last_line: usize,
    /// What they shall hold, joined by `\n`; empty deletes them.
    pub replacement: String,
}

/// `POST /v1/tokens`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// What the token is for, 1 to 80 characters.
    pub name: String,
}

/// `POST /v1/console-login`
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct ConsoleLogin {
    /// The API token, well formed.
    #[schemars(with = "String")]
    pub token: ApiToken,
}

/// [`ConsoleLogin`] as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleLoginWire {
    token: String,
}

/// A body that [`parse`] can read.
pub trait Body: Sized {
    /// What is sent.
    type Wire: DeserializeOwned;

    /// Checks what the type of the wire does not say.
    ///
    /// # Errors
    /// 400 or 413, naming the field.
    fn check(wire: Self::Wire, limits: &Limits) -> Result<Self>;
}

/// Reads a body. `content_type` is the header's value.
///
/// # Errors
/// 400 when it is not declared to be JSON, is not JSON (with `line` and `column`), is cut off, or has a missing,
/// unknown, repeated or wrong `field`; 413 with `limit` when it, or its prompt, is too long; 401 for a malformed
/// token to log in with.
pub fn parse<T: Body>(bytes: &[u8], content_type: Option<&str>, limits: &Limits) -> Result<T> {
    let (text, is_json) = check_object(bytes, content_type)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let wire = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| misfit(is_json, &error.path().to_string(), &error.into_inner()))?;
    json.end().map_err(|error| broken(&error, None))?;
    T::check(wire, limits)
}

/// The text of a body that is declared to be JSON and looks like an object, and whether it is JSON.
fn check_object<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Result<(&'a str, bool)> {
    if bytes.len() > MAX_JSON_BYTES {
        return Err(too_large(MAX_JSON_BYTES));
    }
    if !content_type.is_some_and(is_json) {
        return Err(invalid(
            "Send the body as JSON, with the header `content-type: application/json`.",
        ));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(invalid("The body is empty. Send a JSON object."));
    }
    // serde would take a list for an object with its members in order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(invalid("The body is a JSON list. Send a JSON object."));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before
            .rsplit(|byte| *byte == b'\n')
            .next()
            .map_or(0, <[u8]>::len)
            + 1;
        invalid(&format!(
            "The body is not JSON: invalid unicode code point, at line {line}, column {column}."
        ))
        .with("line", line)
        .with("column", column)
    })?;
    let is_json = crate::json::from_str::<IgnoredAny>(text).is_ok();
    if is_json && bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(invalid(
            "The body is JSON, but no object. Send a JSON object.",
        ));
    }
    Ok((text, is_json))
}

/// The error for a body that does not fit its type at this path.
fn misfit(is_json: bool, path: &str, error: &serde_json::Error) -> Error {
    // Where one of a few words is wanted, the parser takes anything else for no JSON.
    if is_json && error.to_string().starts_with("expected value") {
        return field(&shortened(path), "has a value of the wrong kind");
    }
    broken(error, Some(path.to_owned()))
}

/// Refuses a body by its declared length, before it is read. A missing or unreadable length says nothing: count
/// while reading, and refuse with [`too_large`].
///
/// # Errors
/// 413 with `limit`.
pub fn check_length(content_length: Option<&str>, limit: usize) -> Result<()> {
    match content_length.and_then(|length| length.trim().parse::<u64>().ok()) {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        _ => Ok(()),
    }
}

/// The answer to a body of more than `limit` bytes.
#[must_use]
pub fn too_large(limit: usize) -> Error {
    Error::new(
        Kind::TooLarge,
        format!("The body may have at most {limit} bytes."),
    )
    .with("limit", limit)
}

impl Body for CreateApp {
    type Wire = Self;

    fn check(wire: Self, limits: &Limits) -> Result<Self> {
        check_prompt("prompt", &wire.prompt, limits)?;
        let name = wire
            .name
            .map(|name| check_name(&name, limits))
            .transpose()?;
        if let Some(model) = &wire.model
            && (model.is_empty()
                || model.len() > MAX_MODEL_BYTES
                || !model.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(field(
                "model",
                &format!("must be 1 to {MAX_MODEL_BYTES} visible ASCII characters, or left out"),
            ));
        }
        Ok(Self { name, ..wire })
    }
}

impl Body for PostMessage {
    type Wire = Self;

    fn check(wire: Self, limits: &Limits) -> Result<Self> {
        check_prompt("content", &wire.content, limits)?;
        if wire.attachments.len() > limits.attachments {
            return Err(Error::new(
                Kind::TooLarge,
                format!(
                    "A message has at most {} attachments. Send the others with the next one.",
                    limits.attachments
                ),
            )
            .with("limit", limits.attachments));
        }
        Ok(wire)
    }
}

impl Body for UpdateApp {
    type Wire = Self;

    fn check(wire: Self, limits: &Limits) -> Result<Self> {
        if wire
            == (Self {
                name: None,
                model: None,
            })
        {
            return Err(Error::new(
                Kind::Invalid,
                "There is nothing to change: give the app a `name`, a `model`, or both.",
            ));
        }
        let name = wire
            .name
            .map(|name| check_name(&name, limits))
            .transpose()?;
        Ok(Self {
            name,
            model: wire.model,
        })
    }
}

impl Body for CreateToken {
    type Wire = Self;

    fn check(wire: Self, limits: &Limits) -> Result<Self> {
        check_name(&wire.name, limits).map(|name| Self { name })
    }
}

impl Body for StartBuild {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        Ok(wire)
    }
}

impl Body for DefineTables {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        if wire.tables.is_empty() || wire.tables.len() > MAX_TABLES {
            return Err(
                field("tables", &format!("must name 1 to {MAX_TABLES} tables"))
                    .with("limit", MAX_TABLES),
            );
        }
        Ok(wire)
    }
}

impl Body for HandedOn {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        Ok(wire)
    }
}

impl Body for EditFiles {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        let count = wire.files.len();
        if count == 0 || count > MAX_EDITED_FILES {
            return Err(
                field("files", &format!("must name 1 to {MAX_EDITED_FILES} files"))
                    .with("limit", MAX_EDITED_FILES),
            );
        }
        let mut seen = HashSet::new();
        for (index, file) in wire.files.iter().enumerate() {
            let name = |rest: &str| format!("files[{index}].{rest}");
            if let Err(error) = file.path.parse::<ProjectPath>() {
                return Err(field(
                    &name("path"),
                    &format!("is no path of a file: {error}"),
                ));
            }
            if !seen.insert(file.path.as_str()) {
                return Err(field(
                    &name("path"),
                    "names a file that is named before; put all its edits together",
                ));
            }
            if file.edits.is_empty() || file.edits.len() > MAX_EDITS {
                return Err(
                    field(&name("edits"), &format!("must have 1 to {MAX_EDITS} edits"))
                        .with("limit", MAX_EDITS),
                );
            }
        }
        Ok(wire)
    }
}

impl Body for ConsoleLogin {
    type Wire = ConsoleLoginWire;

    fn check(wire: ConsoleLoginWire, _: &Limits) -> Result<Self> {
        let token = wire.token.trim().parse().map_err(|rule| {
            Error::new(
                Kind::Unauthenticated,
                format!("That is not a token: {rule}."),
            )
            .with("field", "token")
        })?;
        Ok(Self { token })
    }
}

fn check_prompt(name: &str, text: &str, limits: &Limits) -> Result<()> {
    if template::is_blank(text) {
        return Err(field(name, "must say something: it is empty"));
    }
    if text.len() > limits.prompt_bytes {
        return Err(Error::new(
            Kind::TooLarge,
            format!(
                "`{name}` has {} bytes; it may have at most {}.",
                text.len(),
                limits.prompt_bytes
            ),
        )
        .with("field", name)
        .with("limit", limits.prompt_bytes));
    }
    Ok(())
}

/// A name without the white space around it.
fn check_name(text: &str, limits: &Limits) -> Result<String> {
    match template::name(text, limits) {
        Ok(name) => Ok(name.to_owned()),
        Err(NameError::Control) => {
            Err(field("name", "must be one line without control characters"))
        }
        Err(NameError::Empty | NameError::TooLong { .. }) => Err(field(
            "name",
            &format!("must have 1 to {} characters", limits.name_chars),
        )
        .with("limit", limits.name_chars)),
    }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    parts
        .next()
        .is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

fn broken(error: &serde_json::Error, path: Option<String>) -> Error {
    let (line, column) = (error.line(), error.column());
    let reason = error.to_string();
    let reason = reason
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&reason);
    let reason = shortened(reason);
    let place = format!("line {line}, column {column}");
    let error = match error.classify() {
        Category::Eof | Category::Io => invalid(&format!(
            "The body ends in the middle of its JSON, at {place}. It was cut off; send all of it."
        )),
        Category::Syntax => invalid(&format!("The body is not JSON: {reason}, at {place}.")),
        Category::Data => match path
            .map(|path| shortened(&path))
            .filter(|path| path != "." && path != "?")
        {
            Some(path) => invalid(&format!("`{path}`: {reason} ({place}).")).with("field", path),
            None => invalid(&format!("The body does not fit: {reason} ({place}).")),
        },
    };
    error.with("line", line).with("column", column)
}

/// Words that may quote the body, cut to a length that a reader bears.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_REASON_CHARS) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The error for a field that breaks a rule, which is the end of the sentence.
#[must_use]
pub fn field(name: &str, rule: &str) -> Error {
    invalid(&format!("`{name}` {rule}.")).with("field", name)
}

fn invalid(sentence: &str) -> Error {
    Error::new(Kind::Invalid, sentence)
}

#[cfg(test)]
mod tests;
