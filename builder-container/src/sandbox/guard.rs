//! What a worker's processes take together. Limits of the kernel hold for each of them; this holds for all, by looking
//! often. Between two looks more can be taken.

use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use nix::unistd::Pid;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::members::{self, Member};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(100);
/// Memory of all processes, in bytes.
const MEMORY: u64 = 3 * 1024 * 1024 * 1024;
/// Processes at once. A build has three, and bubblewrap two.
const PROCESSES: usize = 32;
/// Threads of all processes.
pub(super) const THREADS: u64 = 1024;

/// Bytes of all files in a worker's folder.
const FILES: u64 = 1024 * 1024 * 1024;

/// What was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Memory.
    Memory,
    /// Processes, or threads.
    Processes,
    /// What they wrote.
    Files,
}

/// Resolves when a group, or the folder that it writes into, takes more than it may. Safe to drop at any point. `peak` is
/// raised to the most memory that was seen, in bytes.
pub(crate) async fn watch(group: Pid, folder: &Path, peak: &AtomicU64) -> Over {
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        // Without /proc there is nothing to see, now or later; the kernel's limits hold.
        if let Ok(members) = members::of(group) {
            peak.fetch_max(memory(&members), Ordering::Relaxed);
            if let Some(over) = judge(&members) {
                return over;
            }
        }
        let folder = folder.to_owned();
        // Fails when this program ends.
        if matches!(spawn_blocking(move || size(&folder)).await, Ok(Ok(bytes)) if bytes > FILES) {
            return Over::Files;
        }
    }
}

/// Bytes of the files in a folder, whoever writes in it meanwhile. Links are not followed.
fn size(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // What is gone meanwhile takes nothing.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        total += if metadata.is_dir() {
            size(&entry.path()).unwrap_or(0)
        } else {
            metadata.len()
        };
    }
    Ok(total)
}

/// Waits until nobody of a killed group is left.
pub(crate) async fn gone(group: Pid) {
    members::gone(group).await;
}

fn memory(members: &[Member]) -> u64 {
    members.iter().map(|member| member.memory).sum()
}

fn judge(members: &[Member]) -> Option<Over> {
    let threads: u64 = members.iter().map(|member| member.threads).sum();
    if memory(members) > MEMORY {
        Some(Over::Memory)
    } else if members.len() > PROCESSES || threads > THREADS {
        Some(Over::Processes)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_counts() {
        let member = Member {
            threads: 20,
            memory: MEMORY / 8,
        };
        assert_eq!(judge(&[]), None);
        assert_eq!(judge(&[member; 8]), None);
        assert_eq!(judge(&[member; 9]), Some(Over::Memory));
        let small = Member {
            threads: 1,
            memory: 0,
        };
        assert_eq!(judge(&[small; PROCESSES]), None);
        assert_eq!(judge(&[small; PROCESSES + 1]), Some(Over::Processes));
        let wide = Member {
            threads: THREADS + 1,
            memory: 0,
        };
        assert_eq!(judge(&[wide]), Some(Over::Processes));
    }
}
