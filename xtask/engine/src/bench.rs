//! `bench edits`: what it costs to find the place of an edit and to splice it in, in CPU time of this thread.

use std::process::ExitCode;

use anyhow::{Result, bail};
use overskill::{
    edit::{self, LineEdit, anchors, lines},
    facts::Known,
};
use overskill_syntax::Native;
use rustix::time::{ClockId, clock_gettime};

use crate::{eval::table, random::Random};

/// Sizes of files in lines, and how often each edit is timed there.
const SIZES: [(usize, usize); 4] = [(100, 2_000), (1_000, 1_000), (5_000, 400), (50_000, 40)];
/// What is promised at 5,000 lines, for the 99th percentile.
const PROMISED_US: f64 = 2_000.0;
/// The same where the file is parsed after the edit; what the parser said of it before is known.
const PROMISED_GUARDED_US: f64 = 20_000.0;

type Make = fn(&[String], &mut Random) -> Vec<LineEdit>;

/// What is timed.
const EDITS: &[(&str, Make)] = &[
    ("exact", |lines, random| {
        vec![at(lines, random.below(lines.len()), 3)]
    }),
    ("relocated", |lines, random| {
        let edit = unique(lines, random);
        vec![LineEdit {
            first_line: edit.first_line + 7,
            last_line: edit.last_line + 7,
            ..edit
        }]
    }),
    ("re-indented", |lines, random| {
        let edit = unique(lines, random);
        vec![LineEdit {
            search: edit.search.replace('\n', "\n ").replacen("", " ", 1),
            replacement: " x".to_owned(),
            ..edit
        }]
    }),
    ("refused, closest shown", |lines, random| {
        let edit = unique(lines, random);
        vec![LineEdit {
            search: format!("{}Q", edit.search),
            ..edit
        }]
    }),
    ("batch of 10", |lines, random| {
        let step = lines.len() / 10;
        (0..10)
            .map(|number| at(lines, number * step + random.below(step - 3), 3))
            .collect()
    }),
    ("anchored, batch of 10", |lines, random| {
        let step = lines.len() / 10;
        (0..10)
            .map(|number| at(lines, number * step + random.below(step - 3), 3))
            .collect()
    }),
];

/// Times edits and prints a table; fails when the promise at 5,000 lines is not kept.
///
/// # Errors
/// When the words are none of the usage, or the clock cannot be read.
pub(crate) fn run(words: &[&str]) -> Result<ExitCode> {
    if words != ["edits"] {
        bail!("bench edits");
    }
    let mut rows = Vec::new();
    let mut kept = guarded(&mut rows);
    for (name, make) in EDITS {
        let mut medians = Vec::new();
        for (size, times) in SIZES {
            let lines = file(size);
            let times = time(name, &lines, *make, times);
            kept &= size != 5_000 || quantile(&times, 99) < PROMISED_US;
            medians.push(quantile(&times, 50));
            rows.push(row(name, size, &times));
        }
        if let [.., small, large] = medians.as_slice() {
            rows.push(vec![format!(
                "  50,000 : 5,000 lines = {:.1}",
                large / small
            )]);
        }
    }
    table::print(&["edit", "lines", "p50", "p99", "max"], &rows);
    println!(
        "CPU time in microseconds; p99 at 5,000 lines below {PROMISED_US:.0}, and {PROMISED_GUARDED_US:.0} with the guard: {}",
        if kept { "kept" } else { "not kept" }
    );
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Edits with the guard: the file is parsed after each, on a thread of its own, so that the process is timed. Larger files
/// are not parsed.
fn guarded(rows: &mut Vec<Vec<String>>) -> bool {
    let mut kept = true;
    for (size, times) in [(100, 400), (1_000, 200), (5_000, 100)] {
        let lines = file(size);
        let content = lines.join("\n") + "\n";
        let syntax = Known::new(&Native);
        let before = syntax.facts("bench.tsx", &content);
        assert!(before.faults.is_empty(), "{:?}", before.faults);
        let mut random = Random::new(size as u64);
        let mut taken = Vec::with_capacity(times);
        for number in 0..times {
            let line = random.below(size / 10) * 10 + 1;
            let edit = LineEdit {
                replacement: format!("  const [open, setOpen] = useState(1{number});"),
                ..at(&lines, line, 1)
            };
            let begin = clock(ClockId::ProcessCPUTime);
            let applied = edit::apply(&content, &[edit]);
            let broken = applied.as_ref().map(|applied| {
                syntax.breakages("bench.tsx", &content, &applied.content, &applied.changes)
            });
            taken.push(clock(ClockId::ProcessCPUTime) - begin);
            assert_eq!(broken, Ok(Vec::new()));
        }
        taken.sort_by(f64::total_cmp);
        kept &= size != 5_000 || quantile(&taken, 99) < PROMISED_GUARDED_US;
        rows.push(row("exact, with the guard", size, &taken));
    }
    kept
}

/// A quantile of sorted times.
fn quantile(times: &[f64], percent: usize) -> f64 {
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).copied().unwrap_or(0.0)
}

fn row(name: &str, size: usize, times: &[f64]) -> Vec<String> {
    let mut row = vec![name.to_owned(), size.to_string()];
    row.extend([50, 99, 100].map(|percent| micros(quantile(times, percent))));
    row
}

fn micros(time: f64) -> String {
    format!("{time:.1}")
}

/// Sorted times in microseconds. Every edit is another one; what it comes to is dropped inside.
fn time(name: &str, lines: &[String], make: Make, times: usize) -> Vec<f64> {
    let content = lines.join("\n") + "\n";
    let mut random = Random::new(lines.len() as u64);
    let mut taken = Vec::with_capacity(times);
    for number in 0..times + times / 10 {
        let edits = make(lines, &mut random);
        let begin = now();
        let applied = if name.starts_with("anchored") {
            let calls: Option<Vec<_>> = edits
                .iter()
                .map(|edit| {
                    anchors::anchored(&content, edit.first_line, edit.last_line, &edit.replacement)
                })
                .collect();
            let begin = now();
            let file = lines::split(&content);
            let resolved: Vec<LineEdit> = calls
                .unwrap_or_default()
                .iter()
                .filter_map(|call| anchors::resolve_in(&file, call).ok())
                .collect();
            let applied = edit::apply(&content, &resolved);
            taken.push(now() - begin);
            applied
        } else {
            let applied = edit::apply(&content, &edits);
            taken.push(now() - begin);
            applied
        };
        // The first tenth warms up.
        if number < times / 10 {
            taken.clear();
        }
        assert_eq!(
            applied.is_err(),
            name.starts_with("refused"),
            "{name}: {applied:?}"
        );
    }
    taken.sort_by(f64::total_cmp);
    taken
}

/// Microseconds of CPU time that this thread has had.
fn now() -> f64 {
    clock(ClockId::ThreadCPUTime)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a float holds microseconds of a process's life"
)]
fn clock(id: ClockId) -> f64 {
    let time = clock_gettime(id);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn at(lines: &[String], at: usize, count: usize) -> LineEdit {
    let last = (at + count).min(lines.len());
    LineEdit {
        search: lines.get(at..last).unwrap_or_default().join("\n"),
        first_line: at + 1,
        last_line: last,
        replacement: "  const next = value;\n  return next;".to_owned(),
    }
}

/// Three lines that stand once in the file: one of them has a number.
fn unique(lines: &[String], random: &mut Random) -> LineEdit {
    let start = random.below(lines.len() / 10 - 2) * 10;
    at(lines, start, 3)
}

/// Components that are much alike, ten lines each.
fn file(lines: usize) -> Vec<String> {
    let component = |number: usize| {
        [
            format!("export function Card{number}({{ title, children }}: Props) {{"),
            format!("  const [open, setOpen] = useState({});", number % 7),
            "  if (!open) {".to_owned(),
            "    return null;".to_owned(),
            "  }".to_owned(),
            "  return (".to_owned(),
            format!(
                "    <section className=\"rounded-lg p-{}\" aria-label={{title}}>{{children}}</section>",
                number % 9
            ),
            "  );".to_owned(),
            "}".to_owned(),
            String::new(),
        ]
    };
    (0..lines / 10).flat_map(component).collect()
}
