//! Groups of the kernel, where it lets this program make some: one a worker, with limits on what all its processes take
//! together. Memory in files without a disk counts, the number of tasks is bounded when they are made, and each group has
//! the same share of the processors, however many threads it starts. Both versions; where there is neither, the guard looks
//! at the processes instead.
//!
//! A group is a folder below the supervisor's own: `overskill-<supervisor>-<number>`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::process::Command;

use super::guard::{MEMORY, THREADS};

/// Where the kernel shows its groups.
const ROOT: &str = "/sys/fs/cgroup";
/// What groups that were made here are called.
const NAME: &str = "overskill-";
/// A worker's share of the processors, of the second version; the supervisor has 100.
const WEIGHT: u64 = 50;
/// The same of the first version; the supervisor has 1024.
const SHARES: u64 = 512;

/// The number of the next group of this process, whoever makes it.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Where groups are made.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// One tree.
    Second {
        /// The folder of the supervisor's group.
        parent: PathBuf,
    },
    /// A tree for each kind of limit.
    First {
        /// The folders of the supervisor's groups.
        memory: PathBuf,
        pids: PathBuf,
        cpu: PathBuf,
    },
}

/// Makes groups.
#[derive(Debug)]
pub(crate) struct Cgroups {
    kind: Kind,
    /// Folders that could not be removed yet.
    left: Arc<Mutex<Vec<PathBuf>>>,
}

/// The group of one worker. Dropped, its folders are removed, now or when the next one is made.
#[derive(Debug)]
pub(crate) struct Cgroup {
    second: bool,
    /// The folder with the limit of memory, first.
    folders: Vec<PathBuf>,
    left: Arc<Mutex<Vec<PathBuf>>>,
}

impl Cgroups {
    /// What this machine offers; `None` where groups cannot be made. Whether they hold, the probe finds out.
    pub(crate) fn find() -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        Self::find_in(Path::new(ROOT), &own)
    }

    /// The same, of another tree; `own` is the supervisor's line of each tree.
    fn find_in(root: &Path, own: &str) -> Option<Self> {
        let kind = second(root, own).or_else(|| first(root, own))?;
        let cgroups = Self {
            kind,
            left: Arc::default(),
        };
        for folder in cgroups.parents() {
            remove_stale(folder);
        }
        // Made and removed again: that is what can be refused.
        cgroups.make().ok().map(drop)?;
        Some(cgroups)
    }

    /// Which version it is.
    pub(crate) const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Second { .. } => "cgroup v2",
            Kind::First { .. } => "cgroup v1",
        }
    }

    fn parents(&self) -> Vec<&Path> {
        match &self.kind {
            Kind::Second { parent } => vec![parent],
            Kind::First { memory, pids, cpu } => vec![memory, pids, cpu],
        }
    }

    /// A group with all limits, nobody in it.
    pub(crate) fn make(&self) -> io::Result<Cgroup> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{NAME}{}-{number}", process::id());
        {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.retain(|folder| !is_removed(folder));
        }
        let mut group = Cgroup {
            second: matches!(self.kind, Kind::Second { .. }),
            folders: Vec::new(),
            left: Arc::clone(&self.left),
        };
        for parent in self.parents() {
            let folder = parent.join(&name);
            fs::create_dir(&folder)?;
            group.folders.push(folder);
        }
        group.limit()?;
        Ok(group)
    }
}

impl Cgroup {
    fn limit(&self) -> io::Result<()> {
        if self.second {
            self.write(0, "memory.max", MEMORY)?;
            // Not everywhere: without them, memory is swapped out first, and one process is killed and not all.
            let _ = self.write(0, "memory.swap.max", 0);
            let _ = self.write(0, "memory.oom.group", 1);
            self.write(0, "pids.max", THREADS)?;
            return self.write(0, "cpu.weight", WEIGHT);
        }
        self.write(0, "memory.limit_in_bytes", MEMORY)?;
        // Not everywhere: without it, memory is swapped out first.
        let _ = self.write(0, "memory.memsw.limit_in_bytes", MEMORY);
        self.write(1, "pids.max", THREADS)?;
        self.write(2, "cpu.shares", SHARES)
    }

    fn write(&self, folder: usize, file: &str, value: u64) -> io::Result<()> {
        let folder = self.folders.get(folder).ok_or(io::ErrorKind::NotFound)?;
        fs::write(folder.join(file), value.to_string())
    }

    fn read(&self, folder: usize, file: &str) -> Option<String> {
        fs::read_to_string(self.folders.get(folder)?.join(file)).ok()
    }

    /// Puts a program into it that is about to be started.
    ///
    /// # Errors
    /// When the group is gone.
    pub(crate) fn enter(&self, command: &mut Command) -> io::Result<()> {
        let files = self.folders.iter().map(|folder| {
            OpenOptions::new()
                .write(true)
                .open(folder.join("cgroup.procs"))
        });
        let files = files.collect::<io::Result<Vec<File>>>()?;
        // SAFETY: between fork and exec only system calls are made, nothing is allocated, no lock is taken.
        #[expect(
            unsafe_code,
            reason = "a child must be in its group before it runs anything"
        )]
        unsafe {
            command.pre_exec(move || {
                for file in &files {
                    // Whoever writes this moves itself.
                    rustix::io::write(file.as_fd(), b"0")?;
                }
                Ok(())
            });
        }
        Ok(())
    }

    /// The most memory that it had, in bytes, files that were read included; `None` where the kernel does not count it.
    pub(crate) fn peak(&self) -> Option<u64> {
        let file = if self.second {
            "memory.peak"
        } else {
            "memory.max_usage_in_bytes"
        };
        self.read(0, file)?.trim().parse().ok()
    }

    /// Whether the kernel has killed something in it for its memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        let file = if self.second {
            "memory.events"
        } else {
            "memory.oom_control"
        };
        self.read(0, file)
            .is_some_and(|text| count(&text, "oom_kill") > 0)
    }

    /// Whether it was refused a process or thread.
    pub(crate) fn ran_out_of_tasks(&self) -> bool {
        let folder = usize::from(!self.second);
        self.read(folder, "pids.events")
            .is_some_and(|text| count(&text, "max") > 0)
    }

    /// Kills everything in it, where the kernel can do that at one blow.
    pub(crate) fn kill(&self) {
        if self.second {
            // Older kernels do not know it: the process group is killed as well.
            let _ = self
                .folders
                .first()
                .and_then(|folder| {
                    OpenOptions::new()
                        .write(true)
                        .open(folder.join("cgroup.kill"))
                        .ok()
                })
                .and_then(|mut file| file.write_all(b"1").ok());
        }
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.extend(self.folders.drain(..).filter(|folder| !is_removed(folder)));
    }
}

/// Removes a group's folder. One in which somebody is still dying stays.
fn is_removed(folder: &Path) -> bool {
    match fs::remove_dir(folder) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Removes what a supervisor left behind that is no more. Of one that lives, the folders are not empty of processes, or
/// about to be used.
fn remove_stale(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let supervisor = name
            .to_str()
            .and_then(|name| name.strip_prefix(NAME)?.split('-').next());
        if let Some(supervisor) = supervisor
            && !Path::new("/proc").join(supervisor).exists()
        {
            is_removed(&entry.path());
        }
    }
}

/// The number after a name, in a file of names and numbers.
fn count(text: &str, name: &str) -> u64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

/// The supervisor's group in the tree of a controller; of the second version, which has no name, for `""`.
pub(crate) fn own_group<'a>(own: &'a str, controller: &str) -> Option<&'a str> {
    own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, names, path) = (parts.next()?, parts.next()?, parts.next()?);
        names
            .split(',')
            .any(|name| name == controller)
            .then_some(path)
    })
}

/// The folder of a group. In a container its path may be the host's, of which the container sees the end: its own root.
pub(crate) fn folder_of(tree: &Path, group: &str) -> PathBuf {
    let folder = tree.join(group.trim_start_matches('/'));
    if folder.is_dir() {
        folder
    } else {
        tree.to_owned()
    }
}

fn second(root: &Path, own: &str) -> Option<Kind> {
    let controllers = fs::read_to_string(root.join("cgroup.controllers")).ok()?;
    let wanted = ["memory", "pids", "cpu"];
    let offers = |text: &str| {
        wanted
            .iter()
            .all(|name| text.split_whitespace().any(|one| one == *name))
    };
    if !offers(&controllers) {
        return None;
    }
    let parent = folder_of(root, own_group(own, "")?);
    let subtree = parent.join("cgroup.subtree_control");
    let hand_down = || fs::write(&subtree, "+memory +pids +cpu");
    if !fs::read_to_string(&subtree).is_ok_and(|text| offers(&text)) && hand_down().is_err() {
        // A group that hands limits down must have no process itself: this one moves a step down.
        let below = parent.join(format!("{NAME}supervisor"));
        fs::create_dir_all(&below).ok()?;
        fs::write(below.join("cgroup.procs"), "0").ok()?;
        hand_down().ok()?;
    }
    Some(Kind::Second { parent })
}

fn first(root: &Path, own: &str) -> Option<Kind> {
    let folder = |controller: &str| -> Option<PathBuf> {
        let group = own_group(own, controller)?;
        // Several may share a tree, which is then named by all of them, or linked to by each name.
        let tree = root.join(controller);
        tree.is_dir().then(|| folder_of(&tree, group))
    };
    Some(Kind::First {
        memory: folder("memory")?,
        pids: folder("pids")?,
        cpu: folder("cpu")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of folders in place of the kernel's.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, folders: &[&str]) -> Self {
            let root =
                std::env::temp_dir().join(format!("overskill-cgroup-{}-{name}", process::id()));
            let _ = fs::remove_dir_all(&root);
            for folder in folders {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            Self(root)
        }

        fn read(&self, path: &str) -> String {
            fs::read_to_string(self.0.join(path)).unwrap_or_else(|_| panic!("no {path}"))
        }

        fn write(&self, path: &str, content: &str) {
            fs::write(self.0.join(path), content).unwrap();
        }
    }

    /// A path in which `$` is what a group is called.
    fn of<'a>(group: &'a Cgroup) -> impl Fn(&str) -> String + 'a {
        let name = group.folders[0].file_name().unwrap().to_str().unwrap();
        move |path| path.replace('$', name)
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn the_second_version_has_one_folder_a_worker() {
        let tree = Tree::new("second", &["a/b"]);
        tree.write("cgroup.controllers", "cpuset cpu io memory pids\n");
        let cgroups = Cgroups::find_in(&tree.0, "0::/a/b\n").unwrap();
        assert_eq!(cgroups.name(), "cgroup v2");
        assert_eq!(
            tree.read("a/b/cgroup.subtree_control"),
            "+memory +pids +cpu"
        );
        let group = cgroups.make().unwrap();
        let at = of(&group);
        for (file, value) in [
            ("memory.max", MEMORY),
            ("memory.swap.max", 0),
            ("memory.oom.group", 1),
            ("pids.max", THREADS),
            ("cpu.weight", WEIGHT),
        ] {
            assert_eq!(
                tree.read(&at(&format!("a/b/$/{file}"))),
                value.to_string(),
                "{file}"
            );
        }
        assert_eq!(
            (
                group.peak(),
                group.ran_out_of_memory(),
                group.ran_out_of_tasks()
            ),
            (None, false, false)
        );
        tree.write(&at("a/b/$/memory.peak"), "4096\n");
        tree.write(
            &at("a/b/$/memory.events"),
            "low 0\noom 2\noom_kill 1\noom_group_kill 0\n",
        );
        tree.write(&at("a/b/$/pids.events"), "max 3\n");
        assert_eq!(
            (
                group.peak(),
                group.ran_out_of_memory(),
                group.ran_out_of_tasks()
            ),
            (Some(4096), true, true)
        );
        tree.write(
            &at("a/b/$/memory.events"),
            "oom 2\noom_kill 0\noom_group_kill 7\n",
        );
        assert!(!group.ran_out_of_memory());
        tree.write(&at("a/b/$/cgroup.kill"), "");
        group.kill();
        assert_eq!(tree.read(&at("a/b/$/cgroup.kill")), "1");
    }

    #[test]
    fn the_first_version_has_a_folder_a_worker_in_each_tree() {
        let tree = Tree::new("first", &["memory/m", "pids", "cpu/x/y"]);
        let own = "4:memory:/m\n8:pids:/gone\n1:cpu,cpuacct:/x/y\n0::/\n";
        let cgroups = Cgroups::find_in(&tree.0, own).unwrap();
        assert_eq!(cgroups.name(), "cgroup v1");
        let group = cgroups.make().unwrap();
        let at = of(&group);
        for (file, value) in [
            ("memory/m/$/memory.limit_in_bytes", MEMORY),
            ("memory/m/$/memory.memsw.limit_in_bytes", MEMORY),
            // A path that is not there is the host's.
            ("pids/$/pids.max", THREADS),
            ("cpu/x/y/$/cpu.shares", SHARES),
        ] {
            assert_eq!(tree.read(&at(file)), value.to_string(), "{file}");
        }
        tree.write(&at("memory/m/$/memory.max_usage_in_bytes"), "8192\n");
        tree.write(
            &at("memory/m/$/memory.oom_control"),
            "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
        );
        tree.write(&at("pids/$/pids.events"), "max 0\n");
        assert_eq!(
            (
                group.peak(),
                group.ran_out_of_memory(),
                group.ran_out_of_tasks()
            ),
            (Some(8192), true, false)
        );
    }

    #[test]
    fn without_the_limits_there_are_no_groups() {
        let tree = Tree::new("none", &["unified", "memory"]);
        assert!(Cgroups::find_in(&tree.0, "0::/\n").is_none());
        tree.write("cgroup.controllers", "cpu\n");
        assert!(Cgroups::find_in(&tree.0, "0::/\n4:memory:/\n").is_none());
        assert!(Cgroups::find_in(&tree.0.join("nowhere"), "").is_none());
    }

    #[test]
    fn what_another_supervisor_left_is_removed() {
        let tree = Tree::new(
            "stale",
            &[
                "overskill-999999999-3",
                "overskill-1-3",
                "other-999999999-3",
            ],
        );
        remove_stale(&tree.0);
        let mut left: Vec<_> = fs::read_dir(&tree.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["other-999999999-3", "overskill-1-3"]);
    }

    /// On a machine whose kernel lets this program make groups; elsewhere there is nothing to be seen.
    #[tokio::test]
    async fn whoever_is_in_it_is_counted_and_bounded() {
        let Some(cgroups) = Cgroups::find() else {
            eprintln!("no groups here");
            return;
        };
        let group = cgroups.make().unwrap();
        let mut command = Command::new("sh");
        // Memory without a disk: what no limit of a process counts.
        let script = "head -c 50000000 /dev/zero | tail -c 50000000 | wc -c; cat /proc/self/cgroup";
        group.enter(&mut command).unwrap();
        let output = command.args(["-c", script]).output().await.unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.starts_with("50000000\n"), "{told}");
        assert!(told.contains(&of(&group)("$")), "{told}");
        let peak = group.peak();
        assert!(
            peak.is_none_or(|peak| (50_000_000..500_000_000).contains(&peak)),
            "{peak:?}"
        );
        let folders = group.folders.clone();
        drop(group);
        assert!(folders.iter().all(|folder| !folder.exists()));

        // One page more than it may have.
        let group = cgroups.make().unwrap();
        let small = if group.second {
            "memory.max"
        } else {
            "memory.limit_in_bytes"
        };
        if !group.second {
            group
                .write(0, "memory.memsw.limit_in_bytes", 30_000_000)
                .unwrap_err();
        }
        group.write(0, small, 30_000_000).unwrap();
        let mut command = Command::new("sh");
        group.enter(&mut command).unwrap();
        command.args([
            "-c",
            "head -c 100000000 /dev/zero | tail -c 100000000 > /dev/null",
        ]);
        command.output().await.unwrap();
        assert!(group.ran_out_of_memory());
        let tasks = usize::from(!group.second);
        group.write(tasks, "pids.max", 2).unwrap();
        let mut command = Command::new("sh");
        group.enter(&mut command).unwrap();
        command
            .args(["-c", "sleep 1 & sleep 1 & sleep 1 & wait"])
            .output()
            .await
            .unwrap();
        assert!(group.ran_out_of_tasks());
    }
}
