//! `cargo xtask bench journey`: how long each stage takes from a prompt to its preview, seen by a client.

pub(crate) mod build;
pub(crate) mod conversations;
pub(crate) mod data;
pub(crate) mod edits;
pub(crate) mod router;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::api::Event;
use crate::cli::Place;
use crate::journey::{Ending, Journey, Turn};
use crate::stack::state;
use crate::{attempt, progress};

const THINGS: [&str; 6] = ["recipes", "books", "plants", "songs", "films", "trips"];
const STAGES: [&str; 6] = [
    "prompt accepted",
    "first event",
    "version written",
    "build finished",
    "prompt → preview live",
    "edit → preview live",
];

/// Times of one run, in the order of `STAGES`.
type Sample = [Duration; STAGES.len()];

/// Sends `runs` prompts, each with one edit after it, and prints median, minimum and maximum.
///
/// # Errors
/// When there is no stack, or a turn fails.
pub(crate) fn run(place: &Place, runs: u32) -> Result<ExitCode> {
    let (record, _) = attempt::running_stack(place)?;
    let mut journey = Journey::on(&place.state, &record)?;
    progress::begin("one prompt to warm up");
    sample(&mut journey, 0)?;
    let mut samples = Vec::new();
    for run in 1..=runs {
        let sample = sample(&mut journey, run)?;
        let [.., preview, edit] = sample;
        println!(
            "  {run:>3}/{runs}  preview {}, edit {}",
            progress::seconds(preview),
            progress::seconds(edit)
        );
        samples.push(sample);
    }
    println!("{:<24}{:>12}{:>12}{:>12}", "stage", "median", "min", "max");
    for (stage, name) in STAGES.iter().enumerate() {
        let mut times: Vec<Duration> = samples
            .iter()
            .filter_map(|sample| sample.get(stage).copied())
            .collect();
        times.sort();
        let shown = |time: Option<Duration>| time.map(milliseconds).unwrap_or_default();
        let (least, most) = (times.first().copied(), times.last().copied());
        println!(
            "{name:<24}{:>12}{:>12}{:>12}",
            shown(median(&times)),
            shown(least),
            shown(most)
        );
    }
    println!("{runs} runs, each stage counted from the moment its prompt was sent");
    Ok(ExitCode::SUCCESS)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn median(sorted: &[Duration]) -> Option<Duration> {
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied()?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = sorted.get(middle.checked_sub(1)?).copied()?;
    Some((lower + upper) / 2)
}

fn sample(journey: &mut Journey, run: u32) -> Result<Sample> {
    let thing = THINGS
        .get(run as usize % THINGS.len())
        .copied()
        .unwrap_or("notes");
    // A name of its own makes every source tree new: no build comes out of a cache.
    let secret: String = state::secret()?.chars().take(6).collect();
    let name = format!("Bench {run} {secret}");
    let prompt = format!("a box where people save {thing} with a title, notes and minutes");
    let begin = Instant::now();
    let turn = journey.send(&prompt, Some(&name), None)?;
    let times = follow(journey, &turn, begin)?;
    let begin = Instant::now();
    let edit = journey.send(
        &format!("add a rating from 1 to 5 to {thing}"),
        None,
        Some(&turn.app),
    )?;
    let edited = follow(journey, &edit, begin)?;
    journey
        .api()
        .delete(&format!("/v1/apps/{}", turn.app))?
        .success()?;
    let [first, version, build, live] = times;
    let [.., edit_live] = edited;
    Ok([turn.accepted, first, version, build, live, edit_live])
}

/// Times of the first event, the version this turn wrote, its build and its preview.
fn follow(journey: &mut Journey, turn: &Turn, begin: Instant) -> Result<[Duration; 4]> {
    let (mut first, mut version, mut build, mut live) = (None, None, None, None);
    let ending = journey.follow(turn, |event: &Event| {
        let now = begin.elapsed();
        first.get_or_insert(now);
        let number = event.number("version");
        match event.kind.as_str() {
            "version_created" if event.text("author") == Some("model") => {
                version = number.map(|number| (number, now));
            }
            "build_finished" if number.is_some() && number == version.map(|(number, _)| number) => {
                build = Some(now)
            }
            "preview_live" if build.is_some() => live = live.or(Some(now)),
            _ => {}
        }
    })?;
    let Ending { completed, summary } = ending;
    match (first, version, build, live) {
        (Some(first), Some((_, version)), Some(build), Some(live)) if completed => {
            Ok([first, version, build, live])
        }
        _ if completed => {
            bail!("the turn completed without a version, its build and its preview: {summary}")
        }
        _ => bail!("the turn failed: {summary}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        let times = [1, 3, 5, 100].map(Duration::from_millis);
        assert_eq!(median(&times), Some(Duration::from_millis(4)));
        assert_eq!(median(&times[..3]), Some(Duration::from_millis(3)));
        assert_eq!(median(&[]), None);
    }
}
