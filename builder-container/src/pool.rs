//! How many workers this machine can have: by its cores, and by the memory that is free when the builder starts. And whether
//! there is memory for one more now.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use crate::sandbox::cgroup::{folder_of, own_group};

/// Memory that one build is expected to need, in bytes. What it may have is more (`sandbox/guard`), and rarely used.
pub(crate) const BUDGET: u64 = 1024 * 1024 * 1024;
/// The most workers of a builder.
pub(crate) const MOST: usize = 64;

/// What there is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Machine {
    /// Processors.
    pub(crate) cores: usize,
    /// Bytes of memory that are free; `None` when the system does not say.
    pub(crate) memory: Option<u64>,
}

impl Machine {
    /// This one, as it is now.
    pub(crate) fn now() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            memory: available(),
        }
    }

    /// Workers that it can have.
    pub(crate) fn slots(self) -> NonZeroUsize {
        let by_memory = self.memory.map_or(usize::MAX, |memory| {
            usize::try_from(memory / BUDGET).unwrap_or(usize::MAX)
        });
        NonZeroUsize::new(self.cores.min(by_memory).min(MOST)).unwrap_or(NonZeroUsize::MIN)
    }

    /// Whether a worker more would take what those need that are there.
    pub(crate) fn is_short(self) -> bool {
        self.memory.is_some_and(|memory| memory < BUDGET)
    }
}

/// Bytes of memory that are free: of the machine, and of every group that this program is in.
pub(crate) fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of_groups = free_of_groups(Path::new("/sys/fs/cgroup"), &own);
    let of_machine = free_of_machine(&text);
    [of_machine, of_groups].into_iter().flatten().min()
}

fn free_of_machine(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// The least that any group leaves, from this program's up to the root of the tree. Files that were read and can be forgotten
/// are not in the way.
fn free_of_groups(root: &Path, own: &str) -> Option<u64> {
    let second = own_group(own, "").map(|group| (root.to_owned(), group));
    let first = own_group(own, "memory").map(|group| (root.join("memory"), group));
    let trees = [
        (second, "memory.max", "memory.current", "inactive_file "),
        (
            first,
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file ",
        ),
    ];
    let mut least = None;
    for (tree, limit, usage, files) in trees {
        let Some((tree, group)) = tree else { continue };
        let folder = folder_of(&tree, group);
        for folder in folder
            .ancestors()
            .take_while(|folder| folder.starts_with(&tree))
        {
            let number = |name: &str| read(folder.join(name))?.trim().parse::<u64>().ok();
            // `max` is no number, and no limit.
            let (Some(limit), Some(usage)) = (number(limit), number(usage)) else {
                continue;
            };
            let stat = read(folder.join("memory.stat")).unwrap_or_default();
            let forgotten = stat
                .lines()
                .find_map(|line| line.strip_prefix(files)?.parse().ok());
            let used = usage.saturating_sub(forgotten.unwrap_or(0));
            let free = limit.saturating_sub(used);
            least = Some(least.map_or(free, |least: u64| least.min(free)));
        }
    }
    least
}

fn read(path: PathBuf) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * 1024 * 1024;

    #[test]
    fn cores_and_memory_bound_the_slots() {
        for (cores, memory, slots) in [
            (4, None, 4),
            (4, Some(64 * GIB), 4),
            (4, Some(3 * GIB + GIB / 2), 3),
            (4, Some(GIB / 2), 1),
            (256, Some(512 * GIB), MOST),
        ] {
            assert_eq!(
                Machine { cores, memory }.slots().get(),
                slots,
                "{cores} {memory:?}"
            );
        }
        let machine = |memory| Machine { cores: 1, memory };
        assert!(machine(Some(BUDGET - 1)).is_short());
        assert!(!machine(Some(BUDGET)).is_short());
        assert!(!machine(None).is_short());
        assert!(Machine::now().memory.is_some_and(|memory| memory > 0));
    }

    #[test]
    fn the_machine_says_what_is_free() {
        assert_eq!(
            free_of_machine("MemTotal: 9 kB\nMemAvailable:    3 kB\n"),
            Some(3072)
        );
        assert_eq!(free_of_machine("MemTotal: 9 kB\n"), None);
    }

    #[test]
    fn the_narrowest_group_counts() {
        let root = std::env::temp_dir().join(format!("overskill-pool-{}", std::process::id()));
        let write = |path: &str, content: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        assert_eq!(free_of_groups(&root, "0::/a/b\n4:memory:/x\n"), None);
        write("a/b/memory.max", "max\n");
        write("a/b/memory.current", "700\n");
        write("a/memory.max", "1000\n");
        write("a/memory.current", "800\n");
        write("a/memory.stat", "anon 1\ninactive_file 300\n");
        assert_eq!(free_of_groups(&root, "0::/a/b\n"), Some(500));
        write("memory/x/memory.limit_in_bytes", "600\n");
        write("memory/x/memory.usage_in_bytes", "650\n");
        write(
            "memory/x/memory.stat",
            "inactive_file 0\ntotal_inactive_file 150\n",
        );
        assert_eq!(free_of_groups(&root, "0::/a/b\n4:memory:/x\n"), Some(100));
        // More than it may have: nothing is left.
        write("memory/x/memory.stat", "");
        assert_eq!(free_of_groups(&root, "0::/a/b\n4:memory:/x\n"), Some(0));
        fs::remove_dir_all(root).unwrap();
    }
}
