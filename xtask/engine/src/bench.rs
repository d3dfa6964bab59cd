//! `bench edits`: what it costs to find the place of an edit and to splice it in, in CPU time: natively, and in workerd where
//! one is given.

mod native;
mod sample;
mod workerd;

use std::process::ExitCode;

use anyhow::{Result, bail};
use overskill_bench::Row;

use crate::eval::table;
use native::Native;
use sample::{Times, sample};
use workerd::Workerd;

/// Sizes of files in lines, and how many edits of each are timed.
const SIZES: &[(usize, usize)] = &[(100, 2_000), (1_000, 1_000), (5_000, 400), (50_000, 40)];
/// The same with the guard. Larger files are not parsed.
const GUARDED_SIZES: &[(usize, usize)] = &[(100, 400), (1_000, 200), (5_000, 100)];
/// Most edits that are timed in workerd, where each takes a call.
const MOST_CALLS: usize = 200;
/// What is promised natively at 5,000 lines, for the 99th percentile.
const PROMISED_US: f64 = 2_000.0;
/// The same where the file is parsed after the edit; what the parser said of it before is known.
const PROMISED_GUARDED_US: f64 = 20_000.0;

const HEAD: [&str; 10] = [
    "edit",
    "lines",
    "native p50",
    "p99",
    "max",
    "R",
    "workerd p50",
    "p99",
    "max",
    "ratio",
];
/// Columns of the head without workerd.
const NATIVE_COLUMNS: usize = 5;

/// What was measured of one row at one size.
struct Measured {
    native: Times,
    workerd: Option<Times>,
}

/// Times edits and prints a table; fails when the promise at 5,000 lines is not kept.
///
/// # Errors
/// When the words are none of the usage, a clock cannot be read, workerd does not answer, or an edit does not come to
/// what its row says.
pub(crate) fn run(words: &[&str]) -> Result<ExitCode> {
    let mut workerd = match words {
        ["edits"] => None,
        ["edits", "--workerd", address, process] => Some(Workerd::at(address, process)?),
        _ => bail!("bench edits [--workerd ADDRESS PROCESS]"),
    };
    let mut native = Native::default();
    let mut rows = Vec::new();
    let mut kept = true;
    let mut empty = Vec::new();
    for row in Row::ALL {
        let (sizes, promised) = match row {
            Row::Guarded => (GUARDED_SIZES, PROMISED_GUARDED_US),
            _ => (SIZES, PROMISED_US),
        };
        let mut measured = Vec::new();
        for &(lines, count) in sizes {
            let one = Measured {
                native: sample(&mut native, row, lines, count)?,
                workerd: match &mut workerd {
                    Some(workerd) => Some(sample(workerd, row, lines, count.min(MOST_CALLS))?),
                    None => None,
                },
            };
            kept &= lines != 5_000 || one.native.quantile(99) < promised;
            empty.extend(one.workerd.as_ref().map(|times| times.empty));
            rows.push(shown(row, lines, &one));
            measured.push(one);
        }
        if let ([.., small, large], false) = (measured.as_slice(), row == Row::Guarded) {
            rows.push(growth(small, large));
        }
    }
    let columns = workerd.as_ref().map_or(NATIVE_COLUMNS, |_| HEAD.len());
    table::print(HEAD.get(..columns).unwrap_or_default(), &rows);
    println!(
        "CPU time in microseconds; natively p99 at 5,000 lines below {PROMISED_US:.0}, and {PROMISED_GUARDED_US:.0} with the guard: {}",
        if kept { "kept" } else { "not kept" }
    );
    if workerd.is_some() {
        empty.sort_by(f64::total_cmp);
        println!(
            "workerd: CPU time of its first thread for a call that runs one edit R times, less that of an empty call ({:.0}), over R; \
             warm, {MOST_CALLS} edits at most. ratio: workerd to native, of the medians",
            sample::quantile(&empty, 50)
        );
    }
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn shown(row: Row, lines: usize, measured: &Measured) -> Vec<String> {
    let quantiles = |times: &Times| [50, 99, 100].map(|percent| tenths(times.quantile(percent)));
    let mut cells = vec![row.name().to_owned(), lines.to_string()];
    cells.extend(quantiles(&measured.native));
    if let Some(workerd) = &measured.workerd {
        cells.push(workerd.repeats.to_string());
        cells.extend(quantiles(workerd));
        let ratio = workerd.quantile(50) / measured.native.quantile(50);
        cells.push(format!("{ratio:.2}"));
    }
    cells
}

/// How much longer ten times as many lines take, below the medians.
fn growth(small: &Measured, large: &Measured) -> Vec<String> {
    let ratio = |small: &Times, large: &Times| tenths(large.quantile(50) / small.quantile(50));
    let mut cells = vec!["  50,000 : 5,000 lines".to_owned(), String::new()];
    cells.push(ratio(&small.native, &large.native));
    if let (Some(small), Some(large)) = (&small.workerd, &large.workerd) {
        cells.resize(NATIVE_COLUMNS + 1, String::new());
        cells.push(ratio(small, large));
    }
    cells
}

fn tenths(number: f64) -> String {
    format!("{number:.1}")
}
