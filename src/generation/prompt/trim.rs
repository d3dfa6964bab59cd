//! What tools have answered, within bounds: the newest in full, the first lines of those that were long ago.
//!
//! Trimmed is when there is too much, then half of it at once and the oldest first, so that the beginning of a request stays as it was
//! for many steps, and a provider's cache with it. The same transcript is always trimmed in the same way, and with more at its end too.

use crate::llm::message::{Message, ToolResult, UserBlock};

/// How many bytes of results a request carries at most: about a third of what a model reads at once.
pub const RESULTS_BYTES: usize = 240 * 1024;

/// A result of fewer bytes is not worth trimming.
const SMALL_BYTES: usize = 1_024;

/// How many lines stay of one that is trimmed.
const LINES: usize = 3;

/// Trims a turn's transcript. The results of the last step stay as they are.
pub(super) fn trim(transcript: &mut [Message]) {
    let mut total = 0;
    let mut large: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    let mut cut = Vec::new();
    for (number, message) in transcript.iter().enumerate() {
        let before = large.len();
        for (place, result) in results(message) {
            total += result.content.len();
            if result.content.len() >= SMALL_BYTES {
                large.push((number, place));
            }
        }
        if total <= RESULTS_BYTES {
            continue;
        }
        // What came with this message is what the model waits for.
        while total > RESULTS_BYTES / 2 && next < before {
            if let Some(&(number, place)) = large.get(next) {
                let size = content(transcript, number, place).map_or(0, str::len);
                let left = content(transcript, number, place)
                    .map_or(0, |content| shortened(content).len());
                total -= size.saturating_sub(left);
                cut.push((number, place));
            }
            next += 1;
        }
    }
    for (number, place) in cut {
        if let Some(Message::User(blocks)) = transcript.get_mut(number)
            && let Some(UserBlock::ToolResult(result)) = blocks.get_mut(place)
        {
            result.content = shortened(&result.content);
        }
    }
}

fn results(message: &Message) -> impl Iterator<Item = (usize, &ToolResult)> {
    let blocks = match message {
        Message::User(blocks) => blocks.as_slice(),
        Message::Assistant(_) => &[],
    };
    blocks
        .iter()
        .enumerate()
        .filter_map(|(place, block)| match block {
            UserBlock::ToolResult(result) => Some((place, result)),
            _ => None,
        })
}

fn content(transcript: &[Message], number: usize, place: usize) -> Option<&str> {
    match transcript.get(number)? {
        Message::User(blocks) => match blocks.get(place)? {
            UserBlock::ToolResult(result) => Some(&result.content),
            _ => None,
        },
        Message::Assistant(_) => None,
    }
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
    use super::*;

    /// A step whose result has so many bytes.
    fn step(number: usize, bytes: usize) -> Message {
        Message::User(vec![UserBlock::ToolResult(ToolResult {
            call: format!("call_{number}"),
            ok: true,
            content: format!("step {number}\n{}", "a line of it\n".repeat(bytes / 13)),
        })])
    }

    fn sizes(transcript: &[Message]) -> Vec<usize> {
        let all = transcript.iter().flat_map(results);
        all.map(|(_, result)| result.content.len()).collect()
    }

    #[test]
    fn the_oldest_are_trimmed_at_once_and_the_beginning_stays_for_long() {
        let whole: Vec<Message> = (0..60).map(|number| step(number, 20_000)).collect();
        let mut last: Vec<Message> = Vec::new();
        let mut changes = 0;
        for count in 1..=60 {
            let mut transcript: Vec<Message> = whole.iter().take(count).cloned().collect();
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
        let Some((_, first)) = results(&last[0]).next() else {
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
        let mut transcript = vec![step(0, 300_000), step(1, 10)];
        let before = transcript.clone();
        trim(&mut transcript);
        assert!(sizes(&transcript)[0] < 1_000);
        assert_eq!(transcript[1], before[1]);
    }
}
