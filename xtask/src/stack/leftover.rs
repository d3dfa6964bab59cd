//! What a stack leaves behind that was killed itself: processes that are still about to end, and hold its ports and folders
//! until then. Ends only what the record of that stack proves to be its own.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::process::{Signal, kill_process};

use super::Record;
use crate::process;

/// How long the processes may take to end by themselves. What they still do, nobody waits for.
const GRACE: Duration = Duration::from_secs(5);
const KILL_LIMIT: Duration = Duration::from_secs(3);
const GLANCE: Duration = Duration::from_millis(20);

/// Waits for the children of an earlier stack to end, and ends them when they take long.
///
/// # Errors
/// When one of them does not even end when it is killed.
pub(crate) fn clear(earlier: &Record) -> Result<()> {
    let left = || -> Vec<u32> {
        earlier
            .children()
            .into_iter()
            .filter(|pid| earlier.knows(*pid))
            .collect()
    };
    if left().is_empty() {
        return Ok(());
    }
    println!("→ ending what is left of a stack that was killed");
    for pid in left() {
        send(pid, Signal::TERM);
    }
    if gone_within(&left, GRACE) {
        return Ok(());
    }
    for pid in left() {
        // Each leads a group of what it has started itself, workerd excepted.
        process::kill_group(pid, Signal::KILL);
        send(pid, Signal::KILL);
    }
    if !gone_within(&left, KILL_LIMIT) {
        bail!(
            "processes of an earlier stack cannot be ended: {:?}",
            left()
        );
    }
    Ok(())
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = process::pid(pid) {
        let _gone = kill_process(pid, signal);
    }
}

fn gone_within(left: &impl Fn() -> Vec<u32>, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while !left().is_empty() {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(GLANCE);
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use super::*;
    use crate::life;

    fn sleeper() -> Child {
        // Ends at once when it is asked to.
        Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    fn record(pid: u32, life: String) -> Record {
        Record {
            builder_pid: Some(pid),
            lives: BTreeMap::from([(pid, life)]),
            ..Record::default()
        }
    }

    #[test]
    fn what_a_killed_stack_left_is_ended() {
        let mut child = sleeper();
        let earlier = record(child.id(), life::of(child.id()).unwrap());
        clear(&earlier).unwrap();
        assert!(!child.wait().unwrap().success());
        clear(&earlier).unwrap();
    }

    #[test]
    fn a_stranger_with_the_same_id_is_left_alone() {
        let mut child = sleeper();
        clear(&record(child.id(), "another life".to_owned())).unwrap();
        clear(&Record {
            builder_pid: Some(child.id()),
            ..Record::default()
        })
        .unwrap();
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
