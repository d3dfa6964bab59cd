//! Lines that say what is being done and how long it took.
//! One line when a long step begins, one when any step ends; no cursor tricks, so logs read the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

/// Whether the lines go to standard error.
static ASIDE: AtomicBool = AtomicBool::new(false);

/// From now on the lines go to standard error: standard output is another program's.
pub(crate) fn step_aside() {
    ASIDE.store(true, Ordering::Relaxed);
}

fn say(line: &str) {
    if ASIDE.load(Ordering::Relaxed) {
        eprintln!("{line}");
    } else {
        println!("{line}");
    }
}

/// Announces a step that may take more than a second or two.
pub(crate) fn begin(what: &str) {
    say(&format!("→ {what}"));
}

/// Reports a finished step with its time.
pub(crate) fn done(what: &str, took: Duration) {
    say(&format!("✓ {what}  ({})", seconds(took)));
}

/// Runs a long step between its two lines. The step returns what its last line says.
///
/// # Errors
/// Those of the step.
pub(crate) fn step(what: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
    begin(what);
    let start = Instant::now();
    let outcome = work()?;
    done(&outcome, start.elapsed());
    Ok(())
}

/// A duration as a person reads it: milliseconds below one second, else seconds with one decimal.
pub(crate) fn seconds(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis())
    } else if took < Duration::from_secs(120) {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} min {:02} s", took.as_secs() / 60, took.as_secs() % 60)
    }
}

/// A size in the unit that fits it.
pub(crate) fn bytes(size: u64) -> String {
    if size < 1024 * 1024 {
        format!("{:.1} KiB", size as f64 / 1024.0)
    } else if size < 1024 * 1024 * 1024 {
        format!("{:.2} MiB", size as f64 / (1024.0 * 1024.0))
    } else {
        format!("{:.1} GiB", size as f64 / (1024.0 * 1024.0 * 1024.0))
    }
}
