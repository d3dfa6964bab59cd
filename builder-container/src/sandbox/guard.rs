//! What a worker's processes take together. Limits of the kernel hold for each of them; this holds for all, by looking
//! often. Between two looks more can be taken.

use std::time::Duration;

use nix::unistd::Pid;
use tokio::time::{MissedTickBehavior, interval};

use super::members::{self, Member};

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(100);
/// Memory of all processes, in bytes.
const MEMORY: u64 = 3 * 1024 * 1024 * 1024;
/// Processes at once. A build has three, and bubblewrap two.
const PROCESSES: usize = 32;
/// Threads of all processes.
pub(super) const THREADS: u64 = 1024;

/// What was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Memory.
    Memory,
    /// Processes, or threads.
    Processes,
}

/// Resolves when a group takes more than it may. Safe to drop at any point.
pub(crate) async fn watch(group: Pid) -> Over {
    let mut looks = interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        // Without /proc there is nothing to see, now or later; the kernel's limits hold.
        if let Ok(members) = members::of(group)
            && let Some(over) = judge(&members)
        {
            return over;
        }
    }
}

/// Waits until nobody of a killed group is left.
pub(crate) async fn gone(group: Pid) {
    members::gone(group).await;
}

fn judge(members: &[Member]) -> Option<Over> {
    let threads: u64 = members.iter().map(|member| member.threads).sum();
    let memory: u64 = members.iter().map(|member| member.memory).sum();
    if memory > MEMORY {
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
