//! Recorded answers of models, read as they would come over the wire.
//!
//! A case is `{"id", "sse"}`: any id, and the body of a response. The answer is `{"id", "message"}`, the message in its provider's
//! own shape, or `{"id", "error"}`.

use std::num::NonZeroUsize;

use anyhow::{Context, Result, bail};
use overskill::llm::stream::{Answer, Format, StreamError};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    id: Value,
    sse: String,
}

/// The formats by name, for a sentence.
pub(crate) fn providers() -> String {
    Format::ALL.map(Format::as_str).join("|")
}

/// Reads `--provider NAME` and `--chunk N`: how many bytes come at once, all of them without it.
pub(crate) fn options(words: &[&str]) -> Result<(Format, Option<NonZeroUsize>)> {
    let (mut format, mut chunk) = (None, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words
            .next()
            .with_context(|| format!("`{word}` needs a value"))?;
        match *word {
            "--provider" => {
                let known = Format::ALL
                    .into_iter()
                    .find(|known| known.as_str() == *value);
                let unknown =
                    || format!("there is no provider `{value}`; there are {}", providers());
                format = Some(known.with_context(unknown)?);
            }
            "--chunk" => {
                let number = value.parse();
                chunk =
                    Some(number.with_context(|| {
                        format!("`--chunk {value}` is no number of bytes from 1")
                    })?);
            }
            _ => bail!("unknown flag `{word}`"),
        }
    }
    let format = format.with_context(|| format!("`--provider` is missing: {}", providers()))?;
    Ok((format, chunk))
}

/// Answers one case.
pub(crate) fn answer(line: &[u8], format: Format, chunk: Option<NonZeroUsize>) -> Value {
    let case: Case = match serde_json::from_slice(line) {
        Ok(case) => case,
        Err(error) => return json!({"id": null, "error": format!("this is no case: {error}")}),
    };
    match read(case.sse.as_bytes(), format, chunk) {
        Ok(message) => json!({"id": case.id, "message": message}),
        Err(error) => json!({"id": case.id, "error": error.to_string()}),
    }
}

fn read(
    body: &[u8],
    format: Format,
    chunk: Option<NonZeroUsize>,
) -> std::result::Result<Value, StreamError> {
    let mut answer = Answer::new(format);
    for piece in body.chunks(chunk.map_or(body.len().max(1), NonZeroUsize::get)) {
        answer.push(piece)?;
    }
    answer.message()
}
