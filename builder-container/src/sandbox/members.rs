//! Who is in a process group, from `/proc`. A worker's processes cannot leave theirs, in whatever namespaces they are.

use std::{collections::BTreeMap, fs, io, os::unix::fs::MetadataExt as _, time::Duration};

use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

/// Bytes of a block, in which a file's size on disk is told.
const BLOCK: u64 = 512;

/// A living process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    /// Threads that it has.
    pub(super) threads: u64,
    /// Memory that is its own, in bytes: not what it shares with others as a file.
    pub(super) memory: u64,
}

/// The living processes of a group: the number of each, and its threads.
fn processes(group: Pid) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(pid) = entry?.file_name().into_string() else {
            continue;
        };
        if pid.parse::<i32>().is_err() {
            continue;
        }
        // What ends meanwhile is no member.
        let Ok(stat) = fs::read(format!("/proc/{pid}/stat")) else {
            continue;
        };
        if let Some(threads) = threads(&String::from_utf8_lossy(&stat), group) {
            found.push((pid, threads));
        }
    }
    Ok(found)
}

/// The living processes of a group.
pub(super) fn of(group: Pid) -> io::Result<Vec<Member>> {
    let member = |(pid, threads)| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Member {
            threads,
            memory: memory(&status),
        }
    };
    Ok(processes(group)?.into_iter().map(member).collect())
}

/// Bytes on disk of the files that a group has open and that are in no folder any more.
pub(super) fn unlinked(group: Pid) -> io::Result<u64> {
    let mut found = BTreeMap::new();
    for (pid, _) in processes(group)? {
        // What ends meanwhile, or may not be looked into, has none.
        let files = fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten();
        for file in files.flatten() {
            // The file itself, wherever its name leads now.
            if let Ok(file) = fs::metadata(file.path())
                && file.is_file()
                && file.nlink() == 0
            {
                found.insert((file.dev(), file.ino()), file.blocks() * BLOCK);
            }
        }
    }
    Ok(found.values().sum())
}

/// The number of threads in a `stat` line, if the process lives and is of this group. Its name may hold anything.
fn threads(stat: &str, group: Pid) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<_> = fields.split(' ').collect();
    let dead = ["Z", "X"].contains(fields.first()?);
    let same = fields.get(2)?.parse() == Ok(group.as_raw());
    (same && !dead)
        .then(|| fields.get(17)?.parse().ok())
        .flatten()
}

/// Bytes of memory that no file backs.
fn memory(status: &str) -> u64 {
    ["RssAnon:", "RssShmem:"]
        .iter()
        .filter_map(|name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum::<u64>()
        * 1024
}

/// Waits until nobody of a killed group is left, for as long as that can take.
pub(super) async fn gone(group: Pid) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        if of(group).is_ok_and(|members| members.is_empty()) {
            return;
        }
        sleep(Duration::from_millis(2)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_by_its_group() {
        let stat = "7 (a) b (c)) S 1 5 5 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 11 0 100";
        assert_eq!(threads(stat, Pid::from_raw(5)), Some(11));
        assert_eq!(threads(stat, Pid::from_raw(6)), None);
        assert_eq!(threads(&stat.replace("S 1", "Z 1"), Pid::from_raw(5)), None);
        assert_eq!(threads("", Pid::from_raw(5)), None);
        assert!(!of(nix::unistd::getpgrp()).unwrap().is_empty());
    }

    #[test]
    fn files_are_not_counted_as_memory() {
        let status = "VmRSS:\t9 kB\nRssAnon:\t 3 kB\nRssFile:\t 5 kB\nRssShmem:\t 1 kB\n";
        assert_eq!(memory(status), 4096);
        assert_eq!(memory(""), 0);
    }
}
