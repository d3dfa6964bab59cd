//! What is left of a part of the feed that nobody watches live any more.
//!
//! The words of a step are put together, at the place of the last of them; what is known otherwise is left out: the words of
//! attempts that came to nothing, how far arguments had come, lines of builders (a build's own log keeps them), and what a model was
//! told of the files. Numbers stay what they are: an event that follows on some that are not there any more says so in `since`.

use serde::Deserialize;

use super::Event;
use crate::{ids::TurnId, sorted::SortedMap};

/// What is left out as it stands.
const LEFT_OUT: [&str; 3] = ["tool_delta", "build_log", "app_outlined"];

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// Its number.
    pub seq: u64,
    /// The first of the numbers that it stands for, if it stands for more than its own.
    pub since: Option<u64>,
    /// When it was, in milliseconds since 1970.
    pub at: u64,
    /// The kind of the event.
    pub kind: String,
    /// The event, as JSON.
    pub event: String,
}

/// After so many events a part ends as soon as it may.
const PART: usize = 1_000;

/// Where an event stands, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Mark {
    /// Its number.
    pub seq: u64,
    /// The kind of the event.
    pub kind: String,
    /// Its turn, if it has one.
    pub turn: Option<String>,
}

/// Where a part may end that can be compacted by itself, from marks that follow on each other and begin where no turn runs: after the
/// first thousand, or as late as possible, with an event that stays, and not while a turn runs, whose words would be cut in two. A turn that was taken back
/// before it began ends in the middle of another.
#[must_use]
pub fn part_end(marks: &[Mark]) -> Option<u64> {
    let mut running = None;
    let mut end = None;
    for (number, mark) in marks.iter().enumerate() {
        match mark.kind.as_str() {
            "turn_started" => running = mark.turn.as_ref(),
            "turn_finished" if mark.turn.as_ref() == running => running = None,
            _ => {}
        }
        if running.is_none() && !LEFT_OUT.contains(&mark.kind.as_str()) {
            end = Some(mark.seq);
            if number + 1 >= PART {
                break;
            }
        }
    }
    end
}

/// What is read of an event that belongs to a step.
#[derive(Deserialize)]
struct OfStep {
    turn: TurnId,
    step: u32,
    #[serde(default)]
    text: String,
}

/// What is left of rows that follow on each other, the first of which has the number `first`. The last one stays in any case: it
/// says what it stands for.
///
/// # Errors
/// When an event is not what its kind says.
pub fn compact(first: u64, rows: Vec<Row>) -> serde_json::Result<Vec<Row>> {
    let mut words = words(&rows)?;
    let end = rows.last().map(|row| row.seq);
    let mut next = first;
    let mut left = Vec::new();
    for mut row in rows {
        let is_left = match words.remove(&row.seq) {
            Some(all) => {
                row.event = serde_json::to_string(&all)?;
                true
            }
            None => row.kind != "text_delta" && !LEFT_OUT.contains(&row.kind.as_str()),
        };
        if is_left || Some(row.seq) == end {
            row.since = (next < row.seq).then_some(next);
            next = row.seq + 1;
            left.push(row);
        }
    }
    Ok(left)
}

/// All that each step has said in the end, by the number of the last of its words.
fn words(rows: &[Row]) -> serde_json::Result<SortedMap<u64, Event>> {
    let mut said: SortedMap<(TurnId, u32), (String, u64)> = SortedMap::new();
    for row in rows {
        let is_text = row.kind == "text_delta";
        if !is_text && row.kind != "attempt_voided" {
            continue;
        }
        let OfStep { turn, step, text } = crate::json::from_str(&row.event)?;
        if is_text {
            let (words, last) = said.entry((turn, step)).or_default();
            words.push_str(&text);
            *last = row.seq;
        } else {
            said.remove(&(turn, step));
        }
    }
    let events = said.into_iter().map(|((turn, step), (text, last))| {
        let event = Event::TextDelta {
            turn,
            step,
            text,
            whole: true,
        };
        (last, event)
    });
    Ok(events.collect())
}

/// An event as a client reads it: flat, with its number, its time, and since when it stands for others that are not there.
#[must_use]
pub fn as_json(seq: u64, since: Option<u64>, at: u64, event: &str) -> String {
    let fields = event.strip_prefix('{').unwrap_or(event);
    let since = since.map(|since| format!("\"since\":{since},"));
    format!(
        "{{\"seq\":{seq},{}\"at\":{at},{fields}",
        since.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        generation::{Spent, feed::Outcome},
        ids::BuildId,
    };

    fn turn() -> TurnId {
        TurnId::from_seed(&[1; 16])
    }

    fn text(step: u32, text: &str) -> Event {
        Event::TextDelta {
            turn: turn(),
            step,
            text: text.to_owned(),
            whole: false,
        }
    }

    fn whole(step: u32, text: &str) -> Event {
        Event::TextDelta {
            turn: turn(),
            step,
            text: text.to_owned(),
            whole: true,
        }
    }

    fn arguments(step: u32) -> Event {
        Event::ToolDelta {
            turn: turn(),
            step,
            index: 0,
            name: "write_file".to_owned(),
            path: None,
            bytes: 10,
        }
    }

    fn voided(step: u32) -> Event {
        Event::AttemptVoided {
            turn: turn(),
            step,
            attempt: 1,
            model: "a".to_owned(),
            reason: "gone".to_owned(),
            retry_at: None,
            spent: Spent::default(),
        }
    }

    fn log() -> Event {
        Event::BuildLog {
            build: BuildId::numbered(1),
            line: "built".to_owned(),
        }
    }

    fn numbered(first: u64, events: &[Event]) -> Vec<Row> {
        let placed = events.iter().zip(first..);
        placed
            .map(|(event, seq)| Row {
                seq,
                since: None,
                at: 0,
                kind: event.kind().to_owned(),
                event: serde_json::to_string(event).unwrap(),
            })
            .collect()
    }

    fn event_of(row: &Row) -> Event {
        serde_json::from_str(&row.event).unwrap()
    }

    fn left(events: &[Event]) -> Vec<(u64, Option<u64>, Event)> {
        let rows = compact(11, numbered(11, events)).unwrap();
        let left = rows.iter();
        left.map(|row| (row.seq, row.since, event_of(row)))
            .collect()
    }

    #[test]
    fn the_words_of_a_step_are_put_together_where_the_last_of_them_is() {
        let started = Event::TurnStarted { turn: turn() };
        assert_eq!(
            left(&[
                started.clone(),
                text(1, "Hel"),
                arguments(1),
                text(1, "lo"),
                arguments(1),
                text(2, "you"),
                log(),
                started.clone(),
            ]),
            vec![
                (11, None, started.clone()),
                (14, Some(12), whole(1, "Hello")),
                (16, Some(15), whole(2, "you")),
                (18, Some(17), started),
            ]
        );
    }

    #[test]
    fn words_that_do_not_count_are_left_out() {
        assert_eq!(
            left(&[
                text(1, "lost"),
                text(1, " words"),
                voided(1),
                text(1, "kept"),
                text(1, " words"),
            ]),
            vec![
                (13, Some(11), voided(1)),
                (15, Some(14), whole(1, "kept words")),
            ]
        );
    }

    #[test]
    fn the_last_event_stays_whatever_it_is() {
        assert_eq!(left(&[log(), log()]), vec![(12, Some(11), log())]);
        assert_eq!(left(&[]), vec![]);
    }

    #[test]
    fn a_part_ends_where_no_turn_runs() {
        let marks = |kinds: &[(&str, &str)]| -> Vec<Mark> {
            let marks = kinds.iter().zip(5..);
            marks
                .map(|((kind, turn), seq)| Mark {
                    seq,
                    kind: (*kind).to_owned(),
                    turn: (!turn.is_empty()).then(|| (*turn).to_owned()),
                })
                .collect()
        };
        assert_eq!(part_end(&[]), None);
        let taken_back = [
            ("message", "b"),
            ("turn_started", "a"),
            ("text_delta", "a"),
            ("turn_finished", "b"),
            ("text_delta", "a"),
        ];
        assert_eq!(part_end(&marks(&taken_back)), Some(5));
        let over = [
            &taken_back[..],
            &[("turn_finished", "a"), ("build_log", "")],
        ]
        .concat();
        assert_eq!(part_end(&marks(&over)), Some(10));
        // It began before: nothing is known to end.
        assert_eq!(part_end(&marks(&taken_back[1..])), None);
        let long = vec![("file_changed", ""); 3 * PART];
        assert_eq!(part_end(&marks(&long)), Some(5 + PART as u64 - 1));
        let one = [
            &[("turn_started", "a")][..],
            &long,
            &[("turn_finished", "a")],
            &long,
        ]
        .concat();
        assert_eq!(part_end(&marks(&one)), Some(5 + 3 * PART as u64 + 1));
    }

    #[test]
    fn what_a_client_reads_is_flat() {
        let event = r#"{"kind":"build_log"}"#;
        assert_eq!(
            as_json(3, None, 5, event),
            r#"{"seq":3,"at":5,"kind":"build_log"}"#
        );
        assert_eq!(
            as_json(3, Some(1), 5, event),
            r#"{"seq":3,"since":1,"at":5,"kind":"build_log"}"#
        );
    }

    /// What a client shows: the words of each step, and all that is not left out.
    fn shown(rows: &[Row]) -> (SortedMap<u32, String>, Vec<Event>) {
        let mut words: SortedMap<u32, String> = SortedMap::new();
        let mut others = Vec::new();
        for row in rows {
            match &event_of(row) {
                Event::TextDelta {
                    step, text, whole, ..
                } => {
                    let said = words.entry(*step).or_default();
                    if *whole {
                        said.clear();
                    }
                    said.push_str(text);
                }
                Event::AttemptVoided { step, .. } => {
                    words.remove(step);
                    others.push(event_of(row));
                }
                Event::ToolDelta { .. } | Event::BuildLog { .. } => {}
                other => others.push(other.clone()),
            }
        }
        (words, others)
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => (1_u32..3, "[a-c]{1,3}").prop_map(|(step, words)| text(step, &words)),
            2 => (1_u32..3).prop_map(arguments),
            1 => (1_u32..3).prop_map(voided),
            1 => Just(log()),
            1 => Just(Event::TurnStarted { turn: turn() }),
        ]
    }

    proptest! {
        /// Whoever has read up to any number and goes on in what is left shows the same as who has read it all.
        #[test]
        fn from_any_number_on_a_client_comes_to_the_same(
            events in prop::collection::vec(event(), 0..30),
            read in 0_usize..30,
        ) {
            let mut events = events;
            events.push(Event::TurnFinished {
                turn: turn(),
                outcome: Outcome::Completed,
                summary: String::new(),
                version: None,
                edits: crate::edit::tokens::Saving::default(),
                app_edits: crate::edit::tokens::Saving::default(),
                spent: crate::generation::Spending::default(),
                app_spent: crate::generation::Spending::default(),
            });
            let all = numbered(1, &events);
            let left = compact(1, all.clone()).unwrap();
            let read = read.min(all.len());
            let mut seen = all[..read].to_vec();
            seen.extend(left.iter().filter(|row| row.seq > read as u64).cloned());
            prop_assert_eq!(shown(&seen), shown(&all));
            // Every number is stood for once, in order.
            let mut next = 1;
            for row in &left {
                prop_assert_eq!(row.since.unwrap_or(row.seq), next);
                next = row.seq + 1;
            }
            prop_assert_eq!(next, all.len() as u64 + 1);
            // There is nothing more to leave out.
            prop_assert_eq!(compact(1, left.clone()).unwrap(), left);
        }
    }
}
