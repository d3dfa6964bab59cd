//! What a worker's processes take together. Limits of the kernel hold for each of them; this holds for all, by looking
//! often. Between two looks more can be taken. Where the worker has a group of the kernel's, that bounds memory and tasks,
//! and this looks whether it had to; what is in the folder is looked at in any case.

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

use super::{
    cgroup::Cgroup,
    members::{self, Member},
};

/// How often it is looked while something is built.
pub(crate) const BUSY: Duration = Duration::from_millis(100);
/// How often it is looked while a worker waits for a job: nobody has told it anything yet.
pub(crate) const IDLE: Duration = Duration::from_secs(1);
/// Memory of all processes, in bytes.
pub(super) const MEMORY: u64 = 3 * 1024 * 1024 * 1024;
/// Processes at once. A build has three, and bubblewrap two.
const PROCESSES: usize = 32;
/// Threads of all processes.
pub(super) const THREADS: u64 = 1024;

/// Bytes of all files in a worker's folder.
const BYTES: u64 = 1024 * 1024 * 1024;
/// Bytes that must be free where the folder is, else it is looked for files that are open and in no folder any more.
const FREE: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of such files that a worker may have then.
const UNLINKED: u64 = 64 * 1024 * 1024;
/// Files and folders in a worker's folder. Sources have a thousand files, and artifacts two thousand.
const FILES: usize = 20_000;

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

/// Resolves when a process group, or the folder that it writes into, takes more than it may. Safe to drop at any point.
/// `peak` is raised to the most memory that was seen, in bytes.
pub(crate) async fn watch(
    group: Pid,
    folder: &Path,
    cgroup: Option<&Cgroup>,
    peak: &AtomicU64,
    every: Duration,
) -> Over {
    let mut looks = interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let over = match cgroup {
            Some(cgroup) if cgroup.ran_out_of_memory() => Some(Over::Memory),
            Some(cgroup) if cgroup.ran_out_of_tasks() => Some(Over::Processes),
            Some(_) => None,
            // Without /proc there is nothing to see, now or later; the kernel's limits hold.
            None => members::of(group).ok().and_then(|members| {
                peak.fetch_max(memory(&members), Ordering::Relaxed);
                judge(&members)
            }),
        };
        if let Some(over) = over {
            return over;
        }
        let folder = folder.to_owned();
        let full = move || is_full(&folder) || (is_short(&folder, FREE) && hides(group, UNLINKED));
        // Fails when this program ends.
        if matches!(spawn_blocking(full).await, Ok(true)) {
            return Over::Files;
        }
    }
}

/// Whether too much is in a folder, whoever writes in it meanwhile. Links are not followed. What cannot be looked into, being
/// closed or too deep, is too much: no build makes such a folder.
fn is_full(folder: &Path) -> bool {
    let (mut bytes, mut files) = (0, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // What is gone meanwhile takes nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(_) => return true,
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            files += 1;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += metadata.len();
            }
            if bytes > BYTES || files > FILES {
                return true;
            }
        }
    }
    false
}

/// Whether less than so many bytes are free where a folder is.
fn is_short(folder: &Path, bytes: u64) -> bool {
    rustix::fs::statvfs(folder)
        .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < bytes)
}

/// Whether a group has more bytes than that in files that are in no folder.
fn hides(group: Pid, bytes: u64) -> bool {
    members::unlinked(group).is_ok_and(|found| found > bytes)
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
    use std::{io::Read as _, os::unix::process::CommandExt as _};

    use super::*;

    #[test]
    fn a_folder_is_full_of_bytes_of_files_or_of_what_cannot_be_seen() {
        let root = std::env::temp_dir().join(format!("overskill-full-{}", std::process::id()));
        fs::create_dir_all(root.join("a/b")).unwrap();
        std::os::unix::fs::symlink("/", root.join("a/link")).unwrap();
        let large = fs::File::create(root.join("a/b/large")).unwrap();
        // The link has a length as well.
        large.set_len(BYTES - 1).unwrap();
        assert!(!is_full(&root));
        large.set_len(BYTES).unwrap();
        assert!(is_full(&root));
        large.set_len(0).unwrap();
        assert!(!is_full(&root.join("none")));
        assert!(is_full(&root.join("a/b/large")));
        for number in 0..FILES {
            fs::File::create(root.join("a").join(number.to_string())).unwrap();
        }
        assert!(is_full(&root));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn files_that_are_in_no_folder_are_seen() {
        let root = std::env::temp_dir().join(format!("overskill-hidden-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let script = "exec 3>hidden 4<hidden; rm hidden; head -c 3000000 /dev/zero >&3; echo made; read line";
        let mut child = std::process::Command::new("sh")
            .args(["-c", script])
            .current_dir(&root)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut made = [0; 5];
        child.stdout.take().unwrap().read_exact(&mut made).unwrap();
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap());
        // Open twice, and there once.
        assert!(hides(group, 2_900_000) && !hides(group, 3_100_000));
        assert!(is_short(&root, u64::MAX) && !is_short(&root, 1));
        assert!(!is_full(&root));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!hides(group, 0));
        fs::remove_dir_all(root).unwrap();
    }

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
