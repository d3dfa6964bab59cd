//! Times of edits, wherever they run.

use anyhow::{Result, bail};
use overskill_bench::Row;

/// Calls without an edit, to know what a call costs.
const EMPTY_CALLS: usize = 50;

/// Where edits run.
pub(super) trait Host {
    /// How long edits run before any counts, in microseconds.
    const WARM_UP_US: f64;
    /// What a call takes at least, in microseconds: a shorter edit is run several times in it.
    const CALL_US: f64;

    /// Makes a file of so many lines and edits of it.
    fn prepare(&mut self, row: Row, lines: usize, count: usize) -> Result<()>;

    /// Runs an edit so many times.
    fn run(&mut self, edit: usize, times: u32) -> Result<Taken>;
}

/// What a call came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// CPU time in microseconds.
    pub(super) micros: f64,
    /// How many of the runs were refused.
    pub(super) refused: u32,
}

/// What edits of one row and size have taken.
#[derive(Debug)]
pub(super) struct Times {
    /// Sorted, one for each edit, in microseconds.
    micros: Vec<f64>,
    /// How often each was run; its time is the mean.
    pub(super) repeats: u32,
    /// What an empty call takes in microseconds.
    pub(super) empty: f64,
}

impl Times {
    pub(super) fn quantile(&self, percent: usize) -> f64 {
        quantile(&self.micros, percent)
    }
}

/// A quantile of sorted numbers.
pub(super) fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or(0.0)
}

/// Times so many edits, each another one.
///
/// # Errors
/// When the host fails, or an edit does not come to what its row says.
pub(super) fn sample<H: Host>(host: &mut H, row: Row, lines: usize, count: usize) -> Result<Times> {
    host.prepare(row, lines, count)?;
    let mut call = |edit, times| {
        let Taken { micros, refused } = host.run(edit, times)?;
        if refused != if row.is_refused() { times } else { 0 } {
            bail!(
                "{}, {lines} lines: edit {edit} was refused {refused} times of {times}",
                row.name()
            );
        }
        Ok(micros)
    };
    let mut repeats = 1;
    let mut warm = 0.0;
    for edit in (0..count).cycle() {
        if warm >= H::WARM_UP_US {
            break;
        }
        let taken = call(edit, repeats)?;
        warm += taken;
        if taken < H::CALL_US {
            repeats *= 2;
        }
    }
    let mut sorted = |edits: &mut dyn Iterator<Item = usize>, repeats: u32| {
        let mut micros = edits
            .map(|edit| call(edit, repeats))
            .collect::<Result<Vec<f64>>>()?;
        micros.sort_by(f64::total_cmp);
        Ok::<_, anyhow::Error>(micros)
    };
    let empty = quantile(&sorted(&mut std::iter::repeat_n(0, EMPTY_CALLS), 0)?, 50);
    let taken = sorted(&mut (0..count), repeats)?.into_iter();
    Ok(Times {
        micros: taken
            .map(|micros| (micros - empty) / f64::from(repeats))
            .collect(),
        repeats,
        empty,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call takes 40 µs, the first edit 3 µs, the next 4 and so on.
    #[derive(Default)]
    struct Steady {
        most_refused: u32,
    }

    impl Host for Steady {
        const WARM_UP_US: f64 = 1_000.0;
        const CALL_US: f64 = 100.0;

        fn prepare(&mut self, _: Row, _: usize, _: usize) -> Result<()> {
            Ok(())
        }

        fn run(&mut self, edit: usize, times: u32) -> Result<Taken> {
            let each = f64::from(u32::try_from(edit)? + 3);
            Ok(Taken {
                micros: 40.0 + each * f64::from(times),
                refused: times.min(self.most_refused),
            })
        }
    }

    #[test]
    fn an_edit_is_timed_without_its_call() {
        let times = sample(&mut Steady::default(), Row::Exact, 100, 5).unwrap();
        assert_eq!(times.micros, [3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!((times.empty, times.repeats), (40.0, 32));
        assert_eq!([50, 99, 100].map(|p| times.quantile(p)), [5.0, 7.0, 7.0]);
    }

    #[test]
    fn an_edit_that_comes_to_something_else_is_an_error() {
        let mut some = Steady { most_refused: 1 };
        assert!(sample(&mut some, Row::Exact, 100, 5).is_err());
        assert!(sample(&mut some, Row::Refused, 100, 5).is_err());
        let mut all = Steady {
            most_refused: u32::MAX,
        };
        assert!(sample(&mut all, Row::Refused, 100, 5).is_ok());
    }
}
