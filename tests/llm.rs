//! Answers of models as they come over the wire.
//!
//! A case is a body in `tests/llm/<format>/<name>.sse`, and beside it in `<name>.json` what it amounts to: the `message` in the provider's
//! own shape with the `reply` that it is in no provider's, or an `error`. `UPDATE=1` writes what is expected. `tests/edge/llm.test.mjs` has the providers' own libraries read
//! the same bodies.

use std::{
    fs,
    path::{Path, PathBuf},
};

use overskill::llm::{
    message::Reply,
    stream::{Answer, Format, StreamError},
};
use proptest::prelude::*;
use serde_json::{Value, json};

struct Case {
    format: Format,
    path: PathBuf,
    body: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for format in Format::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/llm")
            .join(format.as_str());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sse") {
                let body = fs::read(&path).unwrap();
                cases.push(Case { format, path, body });
            }
        }
    }
    cases.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(cases.len() > 50);
    cases
}

fn read(format: Format, pieces: impl IntoIterator<Item = Vec<u8>>) -> Result<Value, StreamError> {
    let mut answer = Answer::new(format);
    for piece in pieces {
        answer.push(&piece)?;
    }
    answer.message()
}

fn by(format: Format, body: &[u8], size: usize) -> Result<Value, StreamError> {
    read(format, body.chunks(size).map(<[u8]>::to_vec))
}

fn whole(case: &Case) -> Result<Value, StreamError> {
    read(case.format, [case.body.clone()])
}

fn reply(case: &Case) -> Result<Reply, StreamError> {
    let mut answer = Answer::new(case.format);
    answer.push(&case.body)?;
    answer.reply("a-model")
}

#[test]
fn every_answer_is_what_is_expected_of_it() {
    let update = std::env::var_os("UPDATE").is_some();
    for case in cases() {
        let found = match (whole(&case), reply(&case)) {
            (Ok(message), Ok(reply)) => json!({ "message": message, "reply": reply }),
            // The message says that the provider failed.
            (Ok(message), Err(error)) => {
                json!({ "message": message, "failure": error.to_string() })
            }
            (Err(error), reply) => {
                assert_eq!(reply.as_ref(), Err(&error));
                json!({ "error": error.to_string() })
            }
        };
        let expected = case.path.with_extension("json");
        if update {
            fs::write(&expected, format!("{found:#}\n")).unwrap();
        }
        let expected = fs::read(expected).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        assert_eq!(found, expected, "{}", case.path.display());
        let name = case.path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(
            name.starts_with("error_"),
            found.get("error").is_some(),
            "{name}"
        );
    }
}

#[test]
fn how_the_bytes_were_cut_makes_no_difference() {
    for case in cases() {
        let expected = whole(&case);
        for size in (1..80).chain([127, 1_024, 4_093]) {
            assert_eq!(
                by(case.format, &case.body, size),
                expected,
                "{} by {size}",
                case.path.display()
            );
        }
    }
}

#[test]
fn how_lines_end_makes_no_difference() {
    for case in cases() {
        let expected = whole(&case);
        let text = String::from_utf8(case.body.clone())
            .unwrap()
            .replace("\r\n", "\n");
        for end in ["\n", "\r\n", "\r"] {
            let body = text.replace('\n', end);
            assert_eq!(
                by(case.format, body.as_bytes(), 7),
                expected,
                "{} {end:?}",
                case.path.display()
            );
        }
    }
}

/// Where the event ends that ends a response.
fn end_of_response(body: &str) -> usize {
    let mut end = 0;
    for line in body.split_inclusive('\n') {
        end += line.len();
        let event = line.strip_prefix("data: ").unwrap_or_default();
        let event: Value = serde_json::from_str(event).unwrap_or_default();
        let kind = event["type"].as_str().unwrap_or_default();
        if ["completed", "incomplete", "failed"].contains(&kind.trim_start_matches("response.")) {
            break;
        }
    }
    body[..end].trim_end().len()
}

/// A tool call whose arguments were cut off must never look like a whole one: what ends anywhere but after its last event is an error,
/// but for a blank line, `[DONE]`, and usage that servers send when all is said.
#[test]
fn an_answer_that_is_cut_off_is_an_error_wherever() {
    for case in cases() {
        let Ok(expected) = whole(&case) else { continue };
        let text = String::from_utf8(case.body.clone()).unwrap();
        let last = match case.format {
            Format::Anthropic => text.rfind(r#"data: {"type":"message_stop"}"#).unwrap() + 29,
            Format::OpenAiResponses => end_of_response(&text),
            Format::OpenAiChat => {
                let ends = text.rmatch_indices(r#""finish_reason":""#);
                let (last, _) = ends.last().unwrap();
                last + text[last..].find('\n').unwrap()
            }
        };
        let ends_early = if case.format == Format::OpenAiChat {
            // With two choices, the first end is not the last.
            text.match_indices(r#""finish_reason":""#).last().unwrap().0
        } else {
            last
        };
        for end in 0..ends_early {
            let cut = by(case.format, &case.body[..end], 1_000);
            assert_eq!(
                cut,
                Err(StreamError::Cut),
                "{} cut at {end}",
                case.path.display()
            );
        }
        let all = by(case.format, &case.body[..last.max(ends_early)], 1_000);
        if case.format != Format::OpenAiChat {
            assert_eq!(all, Ok(expected), "{}", case.path.display());
        }
    }
}

#[test]
fn events_of_no_known_kind_are_counted() {
    for (format, unknown) in Format::ALL.into_iter().zip([2, 0, 1]) {
        for case in cases().into_iter().filter(|case| case.format == format) {
            let mut answer = Answer::new(format);
            if answer.push(&case.body).is_err() {
                continue;
            }
            let name = case.path.file_stem().unwrap().to_str().unwrap();
            let expected = match name {
                "unknown_events" => unknown,
                "search_and_annotations" => 1,
                _ => 0,
            };
            assert_eq!(answer.unknown(), expected, "{}", case.path.display());
        }
    }
}

#[test]
fn a_fault_shows_the_event_and_not_all_of_it() {
    let long = format!(
        "data: {{\"type\":\"message_start\",\"message\":\"{}\"}}\n\n",
        "x".repeat(10_000)
    );
    let error = read(Format::Anthropic, [long.into_bytes()]).unwrap_err();
    let StreamError::Malformed { reason, frame } = &error else {
        panic!("{error}");
    };
    assert_eq!(reason, "`message` is no object");
    assert!(frame.starts_with("{\"type\":\"message_start\"") && frame.chars().count() == 300);
}

/// What a body is changed to: bytes cut out, doubled or replaced.
fn mangled() -> impl Strategy<
    Value = (
        prop::sample::Index,
        Vec<(prop::sample::Index, prop::sample::Index, u8)>,
    ),
> {
    let change = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<u8>(),
    );
    (
        any::<prop::sample::Index>(),
        prop::collection::vec(change, 1..6),
    )
}

proptest! {
    #[test]
    fn whatever_comes_it_is_read_or_refused_and_however_it_was_cut((which, changes) in mangled(), size in 1_usize..200) {
        let cases = cases();
        let case = &cases[which.index(cases.len())];
        let mut body = case.body.clone();
        for (from, to, kind) in changes {
            if body.is_empty() {
                break;
            }
            let (from, to) = (from.index(body.len()), to.index(body.len()));
            let (from, to) = (from.min(to), from.max(to));
            match kind % 4 {
                0 => drop(body.drain(from..(from + 40).min(to))),
                1 => body[from] = kind,
                2 => {
                    let copy = body[from..to].to_vec();
                    body.splice(from..from, copy);
                }
                _ => body.truncate(to.max(1)),
            }
        }
        prop_assert_eq!(by(case.format, &body, size), read(case.format, [body.clone()]));
    }
}
