//! Counting tests in what the runners print.

use std::collections::BTreeSet;

/// Counts of one check or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed; those a runner left out count too.
    pub(crate) failed: u64,
    /// What the check says of itself.
    pub(crate) note: String,
}

const FAILURE_LINES: usize = 60;

/// The number before a word: `12` in `… 12 passed, …`.
fn before(line: &str, word: &str) -> u64 {
    let mut words = line
        .split([' ', ',', ';', ':'])
        .filter(|part| !part.is_empty());
    let mut last = 0;
    words
        .find_map(|part| {
            if part == word {
                return Some(last);
            }
            last = part.parse().unwrap_or(0);
            None
        })
        .unwrap_or(0)
}

/// Counts from nextest's summary line.
pub(crate) fn nextest(text: &str) -> Tally {
    let line = text
        .lines()
        .rfind(|line| line.trim_start().starts_with("Summary ["))
        .unwrap_or_default();
    let failed = before(line, "failed")
        + before(line, "timed")
        + before(line, "exec")
        + before(line, "skipped");
    Tally {
        passed: before(line, "passed"),
        failed,
        note: String::new(),
    }
}

/// Counts from the result lines of `cargo test`, one for each test binary.
pub(crate) fn libtest(text: &str) -> Tally {
    text.lines()
        .filter(|line| line.starts_with("test result:"))
        .fold(Tally::default(), |sum, line| Tally {
            passed: sum.passed + before(line, "passed"),
            failed: sum.failed + before(line, "failed") + before(line, "ignored"),
            note: String::new(),
        })
}

/// Counts from the last lines of Node's TAP reporter.
pub(crate) fn tap(text: &str) -> Tally {
    let count = |name: &str| {
        let prefix = format!("# {name} ");
        text.lines()
            .rev()
            .find_map(|line| line.strip_prefix(&prefix)?.trim().parse::<u64>().ok())
            .unwrap_or(0)
    };
    let failed = count("fail") + count("cancelled") + count("skipped") + count("todo");
    Tally {
        passed: count("pass"),
        failed,
        note: String::new(),
    }
}

/// The names of what failed, then the runner's output from the first failure on; its end when there is none.
pub(crate) fn failures(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let named: BTreeSet<&str> = lines
        .iter()
        .map(|line| line.trim_start())
        .filter(|line| line.starts_with("FAIL [") || line.starts_with("not ok "))
        .map(|line| line.rsplit_once(") ").map_or(line, |(_, test)| test))
        .collect();
    let speaks = |line: &&str| {
        let line = line.trim_start();
        ["not ok ", "FAIL [", "error", "---- "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let first = lines.iter().position(speaks);
    let from = first.unwrap_or_else(|| lines.len().saturating_sub(FAILURE_LINES));
    let shown = lines.iter().skip(from).take(FAILURE_LINES).copied();
    named
        .into_iter()
        .map(|name| format!("  failed: {name}"))
        .chain(shown.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64) -> Tally {
        Tally {
            passed,
            failed,
            note: String::new(),
        }
    }

    #[test]
    fn nextest_summary() {
        let good = "     Summary [   0.004s] 14 tests run: 14 passed, 0 skipped\n";
        assert_eq!(nextest(good), tally(14, 0));
        let bad = "     Summary [   2.1s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 3 skipped";
        assert_eq!(nextest(bad), tally(6, 6));
        assert_eq!(nextest("error: could not compile"), tally(0, 0));
    }

    #[test]
    fn libtest_results_are_summed() {
        let text = "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                    test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(libtest(text), tally(6, 4));
    }

    #[test]
    fn tap_counts_what_was_left_out_as_failed() {
        let text = "# tests 7\n# suites 0\n# pass 4\n# fail 1\n# cancelled 0\n# skipped 2\n# todo 0\n# duration_ms 5\n";
        assert_eq!(tap(text), tally(4, 3));
    }
}
