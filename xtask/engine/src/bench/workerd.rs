//! Edits in workerd, asked over HTTP. Its clocks stand still while wasm runs, so its time is taken from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use overskill_bench::Row;

use super::sample::{Host, Taken};

/// After an answer, until what workerd still does about it is done. The system counts a thread's time when the thread
/// waits again.
const SETTLED: Duration = Duration::from_micros(500);

/// A workerd that runs `xtask/engine/bench/src/host.js`. The clock is the CPU time of its first thread, where all code runs:
/// what others take from the processors, or V8 compiles beside it, does not count.
#[derive(Debug)]
pub(super) struct Workerd {
    agent: ureq::Agent,
    address: String,
    clock: PathBuf,
}

impl Workerd {
    /// The one at this address with this process id.
    ///
    /// # Errors
    /// When the system does not count its time.
    pub(super) fn at(address: &str, process: &str) -> Result<Self> {
        let workerd = Self {
            agent: ureq::Agent::new_with_defaults(),
            address: address.to_owned(),
            clock: Path::new("/proc").join(process).join("schedstat"),
        };
        workerd.micros()?;
        Ok(workerd)
    }

    fn ask(&self, target: &str) -> Result<u32> {
        let answer = self.agent.get(format!("{}{target}", self.address)).call();
        let mut answer = answer.with_context(|| format!("workerd, {target}"))?;
        let text = answer.body_mut().read_to_string()?;
        text.parse()
            .with_context(|| format!("workerd, {target}: {text}"))
    }

    /// CPU time in microseconds.
    fn micros(&self) -> Result<f64> {
        let shown = || format!("no CPU time in {}", self.clock.display());
        let text = fs::read_to_string(&self.clock).with_context(shown)?;
        let nanos = text.split_whitespace().next().with_context(shown)?;
        Ok(nanos.parse::<f64>().with_context(shown)? / 1e3)
    }
}

impl Host for Workerd {
    const WARM_UP_US: f64 = 500_000.0;
    const CALL_US: f64 = 5_000.0;

    fn prepare(&mut self, row: Row, lines: usize, count: usize) -> Result<()> {
        let row = row as usize;
        if self.ask(&format!("/prepare?row={row}&lines={lines}&count={count}"))? != 1 {
            bail!("workerd has no row {row}, or its parser finds faults in the file");
        }
        thread::sleep(SETTLED);
        Ok(())
    }

    fn run(&mut self, edit: usize, times: u32) -> Result<Taken> {
        let begin = self.micros()?;
        let refused = self.ask(&format!("/run?edit={edit}&times={times}"))?;
        thread::sleep(SETTLED);
        Ok(Taken {
            micros: self.micros()? - begin,
            refused,
        })
    }
}
