//! Edits in this process.

use anyhow::{Result, anyhow};
use overskill_bench::{Prepared, Row};
use overskill_syntax::Native as Parser;
use rustix::time::{ClockId, clock_gettime};

use super::sample::{Host, Taken};

/// Runs edits here. The clock is that of the whole process: the parser has a thread of its own.
#[derive(Debug, Default)]
pub(super) struct Native {
    prepared: Option<Prepared>,
}

impl Host for Native {
    const WARM_UP_US: f64 = 50_000.0;
    const CALL_US: f64 = 0.0;

    fn prepare(&mut self, row: Row, lines: usize, count: usize) -> Result<()> {
        let prepared = Prepared::new(row, lines, count, &Parser);
        self.prepared =
            Some(prepared.map_err(|faults| anyhow!("the file has faults: {faults:?}"))?);
        Ok(())
    }

    fn run(&mut self, edit: usize, times: u32) -> Result<Taken> {
        let mut refused = 0;
        let begin = clock();
        for _ in 0..times {
            let run = self.prepared.as_mut().and_then(|edits| edits.run(edit));
            refused += u32::from(run.unwrap_or(true));
        }
        Ok(Taken {
            micros: clock() - begin,
            refused,
        })
    }
}

/// Microseconds of CPU time that this process has had.
#[expect(
    clippy::cast_precision_loss,
    reason = "a float holds microseconds of a process's life"
)]
fn clock() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}
