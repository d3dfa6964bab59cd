//! What a model has written with its tools and what they have answered, within bounds: the newest in full, of what was long ago the
//! beginning of results, and the paths and exports that they name; files have what was written to them.
//!
//! Trimmed is when there is too much, then half of it at once and the oldest first, so that the beginning of a request stays as it was
//! for many steps, and a provider's cache with it. The same transcript is always trimmed in the same way, and with more at its end too.

use serde_json::Value;

use crate::llm::message::{Block, Message, ToolCall, UserBlock};

/// How many bytes of results and arguments a request carries at most: about a third of what a model reads at once.
pub const RESULTS_BYTES: usize = 240 * 1024;

/// A result or an argument of fewer bytes is not worth trimming.
const SMALL_BYTES: usize = 1_024;

/// How many lines stay of a result that is trimmed.
const LINES: usize = 3;

/// Where something is that can be trimmed: the message and the block in it.
type Place = (usize, usize);

/// Trims a turn's transcript. The calls and results of the last step stay as they are.
pub(super) fn trim(transcript: &mut [Message]) {
    let mut total = 0;
    let mut large: Vec<(Place, Size)> = Vec::new();
    let mut next = 0;
    let mut cut = Vec::new();
    let mut before = 0;
    for (number, message) in transcript.iter().enumerate() {
        if let Message::Assistant(_) = message {
            // What came up to here is of earlier steps.
            before = large.len();
        }
        for (place, size) in sizes(message) {
            total += size.whole;
            if size.left < size.whole {
                large.push(((number, place), size));
            }
        }
        if total <= RESULTS_BYTES || matches!(message, Message::Assistant(_)) {
            continue;
        }
        while total > RESULTS_BYTES / 2 && next < before {
            if let Some((place, size)) = large.get(next) {
                total -= size.whole - size.left;
                cut.push(*place);
            }
            next += 1;
        }
    }
    for (number, place) in cut {
        match transcript.get_mut(number) {
            Some(Message::User(blocks)) => {
                if let Some(UserBlock::ToolResult(result)) = blocks.get_mut(place) {
                    result.content = shortened(&result.content);
                }
            }
            Some(Message::Assistant(blocks)) => {
                if let Some(Block::ToolCall(call)) = blocks.get_mut(place) {
                    leave_out(&mut call.input);
                    let note = call.unreadable.as_deref().and_then(written);
                    call.unreadable = note.or_else(|| call.unreadable.take());
                }
            }
            None => {}
        }
    }
}

/// The bytes of a result, or of a call's arguments.
#[derive(Debug, Clone, Copy)]
struct Size {
    whole: usize,
    /// When it is trimmed.
    left: usize,
}

fn sizes(message: &Message) -> Vec<(usize, Size)> {
    match message {
        Message::User(blocks) => {
            let results = blocks.iter().enumerate();
            let results = results.filter_map(|(place, block)| match block {
                UserBlock::ToolResult(result) => Some((place, of_result(&result.content))),
                _ => None,
            });
            results.collect()
        }
        Message::Assistant(blocks) => {
            let calls = blocks.iter().enumerate();
            let calls = calls.filter_map(|(place, block)| match block {
                Block::ToolCall(call) => Some((place, of_call(call))),
                Block::Text { .. } | Block::Own { .. } => None,
            });
            calls.collect()
        }
    }
}

fn of_result(content: &str) -> Size {
    let whole = content.len();
    let left = if whole < SMALL_BYTES {
        whole
    } else {
        shortened(content).len().min(whole)
    };
    Size { whole, left }
}

fn of_call(call: &ToolCall) -> Size {
    let arguments = of_arguments(&call.input);
    let unreadable = of_text(call.unreadable.as_deref().unwrap_or_default());
    Size {
        whole: arguments.whole + unreadable.whole,
        left: arguments.left + unreadable.left,
    }
}

fn of_text(text: &str) -> Size {
    Size {
        whole: text.len(),
        left: written(text).map_or(text.len(), |note| note.len()),
    }
}

fn of_arguments(value: &Value) -> Size {
    let of = |parts: &mut dyn Iterator<Item = Size>| {
        parts.fold(Size { whole: 0, left: 0 }, |sum, part| Size {
            whole: sum.whole + part.whole,
            left: sum.left + part.left,
        })
    };
    match value {
        Value::String(text) => of_text(text),
        Value::Array(values) => of(&mut values.iter().map(of_arguments)),
        Value::Object(members) => of(&mut members.values().map(of_arguments)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Size { whole: 0, left: 0 },
    }
}

/// Puts notes into the places of long texts.
fn leave_out(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(note) = written(text) {
                *text = note;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(leave_out),
        Value::Object(members) => members.values_mut().for_each(leave_out),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands for a text that was written long ago, if it is long. It is a comment that no file may have: who writes such a thing
/// is told so.
fn written(text: &str) -> Option<String> {
    (text.len() >= SMALL_BYTES).then(|| {
        let bytes = text.len();
        format!(
            "/* … {bytes} bytes omitted here, since this was long ago. View the file if you need them. */"
        )
    })
}

fn shortened(content: &str) -> String {
    let mut lines = content.lines();
    let mut text: String = lines
        .by_ref()
        .take(LINES)
        .map(|line| line.chars().take(200).collect::<String>() + "\n")
        .collect();
    let left = lines.count();
    text.push_str(&format!(
        "(… {left} more lines were here and are left out, since this was long ago. Ask again if you need them.)"
    ));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{edit::whole, llm::message::ToolResult};

    /// A step whose result has so many bytes.
    fn step(number: usize, bytes: usize) -> Message {
        Message::User(vec![UserBlock::ToolResult(ToolResult {
            call: format!("call_{number}"),
            ok: true,
            content: format!("step {number}\n{}", "a line of it\n".repeat(bytes / 13)),
        })])
    }

    /// A step that writes a file of so many bytes.
    fn writing(number: usize, bytes: usize) -> [Message; 2] {
        let call = ToolCall {
            id: format!("call_{number}"),
            name: "write_file".to_owned(),
            input: json!({ "path": format!("src/{number}.ts"), "content": "let a = 1\n".repeat(bytes / 10) }),
            unreadable: None,
        };
        let said = Block::Text {
            text: "I write.".to_owned(),
        };
        [
            Message::Assistant(vec![said, Block::ToolCall(call)]),
            step(number, 20),
        ]
    }

    fn sizes(transcript: &[Message]) -> Vec<usize> {
        let all = transcript.iter().flat_map(super::sizes);
        all.map(|(_, size)| size.whole).collect()
    }

    #[test]
    fn the_oldest_are_trimmed_at_once_and_the_beginning_stays_for_long() {
        let says = || Message::Assistant(Vec::new());
        let whole: Vec<Message> = (0..60)
            .flat_map(|number| [step(number, 20_000), says()])
            .collect();
        let mut last: Vec<Message> = Vec::new();
        let mut changes = 0;
        for count in 1..=60 {
            let mut transcript: Vec<Message> = whole.iter().take(2 * count - 1).cloned().collect();
            trim(&mut transcript);
            let sizes = sizes(&transcript);
            assert!(
                sizes.iter().sum::<usize>() <= RESULTS_BYTES + 20_000,
                "{count}"
            );
            assert!(sizes[count - 1] > 19_000, "the newest is whole");
            if transcript[..last.len()] != last[..] {
                changes += 1;
            }
            last = transcript;
        }
        assert!((5..12).contains(&changes), "{changes}");
        let Message::User(blocks) = &last[0] else {
            panic!("no result");
        };
        let UserBlock::ToolResult(first) = &blocks[0] else {
            panic!("no result");
        };
        assert!(first.content.starts_with("step 0\na line of it\n"));
        assert!(first.content.contains("are left out"), "{}", first.content);
    }

    #[test]
    fn what_the_model_waits_for_is_never_trimmed_however_large() {
        let mut transcript = vec![step(0, 300_000)];
        trim(&mut transcript);
        assert!(sizes(&transcript)[0] > 299_000);
        let says = Message::Assistant(Vec::new());
        let mut transcript = vec![step(0, 300_000), says, step(1, 10)];
        let before = transcript.clone();
        trim(&mut transcript);
        assert!(sizes(&transcript)[0] < 1_000);
        assert_eq!(transcript[2], before[2]);
    }

    #[test]
    fn what_was_written_long_ago_is_in_its_file_and_not_told_again() {
        let mut transcript: Vec<Message> =
            (0..30).flat_map(|number| writing(number, 20_000)).collect();
        let before = transcript.clone();
        trim(&mut transcript);
        let total: usize = sizes(&transcript).iter().sum();
        assert!(total <= RESULTS_BYTES, "{total}");
        // The last step is whole, the first is known by its path and what was answered.
        assert_eq!(transcript[58..], before[58..]);
        assert_eq!(transcript[1], before[1]);
        let Message::Assistant(blocks) = &transcript[0] else {
            panic!("no call");
        };
        let [Block::Text { text }, Block::ToolCall(call)] = &blocks[..] else {
            panic!("{blocks:?}");
        };
        assert_eq!(text, "I write.");
        assert_eq!(call.input["path"], "src/0.ts");
        let note = call.input["content"].as_str().unwrap();
        assert!(note.contains("20000 bytes omitted"), "{note}");
        // Nobody writes the note into a file.
        assert!(whole::left_out("", note).is_err());
    }

    #[test]
    fn arguments_that_were_cut_off_are_counted_and_trimmed_too() {
        let mut transcript: Vec<Message> = (0..30)
            .flat_map(|number| {
                let call = ToolCall {
                    id: format!("call_{number}"),
                    name: "write_file".to_owned(),
                    input: json!({}),
                    unreadable: Some(format!("{{\"content\":\"{}", "x".repeat(20_000))),
                };
                [
                    Message::Assistant(vec![Block::ToolCall(call)]),
                    step(number, 20),
                ]
            })
            .collect();
        let before = transcript.clone();
        trim(&mut transcript);
        let total: usize = sizes(&transcript).iter().sum();
        assert!(total <= RESULTS_BYTES, "{total}");
        assert_eq!(transcript[58..], before[58..]);
        let Message::Assistant(blocks) = &transcript[0] else {
            panic!("no call");
        };
        assert!(
            matches!(&blocks[..], [Block::ToolCall(call)] if call.unreadable.as_ref().is_some_and(|text| text.contains("omitted"))),
            "{blocks:?}"
        );
    }
}
