//! Between fork and exec: a session of its own, limits, and what the level adds.

use std::{io, os::fd::OwnedFd, time::Duration};

use landlock::RulesetCreated;
use nix::{
    sys::{
        resource::{Resource, setrlimit},
        signal::Signal,
    },
    unistd::{Gid, Pid, Uid, getpid, getppid, setgid, setgroups, setsid, setuid},
};
use rustix::{
    io::{FdFlags, fcntl_setfd},
    thread::{CapabilitySet, CapabilitySets, set_capabilities},
};
use seccompiler::{BpfProgram, apply_filter};

use super::{guard::THREADS, user::User};

/// Data segment of a worker and of each of its children, in bytes. `RLIMIT_AS` would break V8. What is reserved and never
/// used counts: with 2 GiB, a build was stopped that used one. What is used is bounded for all of them together.
const MEMORY: u64 = 4 * 1024 * 1024 * 1024;
/// One file that a worker writes, in bytes.
const FILE: u64 = 256 * 1024 * 1024;
/// Files that a process has open.
const OPEN_FILES: u64 = 4096;

/// What is done to a child.
#[derive(Debug)]
pub(super) struct Confinement {
    supervisor: Pid,
    /// Processor time of each process.
    cpu: Duration,
    /// A file that stays open for the program.
    pub(super) inherited: Option<OwnedFd>,
    /// Who it becomes.
    pub(super) user: Option<User>,
    /// What it can open. With it come the loss of all capabilities and `calls`.
    pub(super) walls: Option<RulesetCreated>,
    /// What the kernel refuses it, unless the program itself sees to that.
    pub(super) calls: BpfProgram,
}

impl Confinement {
    /// Limits and a session, nothing else.
    pub(super) fn new(cpu: Duration) -> Self {
        Self {
            supervisor: getpid(),
            cpu,
            inherited: None,
            user: None,
            walls: None,
            calls: Vec::new(),
        }
    }

    /// Confines the calling process.
    pub(super) fn apply(&mut self) -> io::Result<()> {
        // A group that can be killed, and no terminal.
        setsid()?;
        setrlimit(Resource::RLIMIT_DATA, MEMORY, MEMORY)?;
        setrlimit(Resource::RLIMIT_FSIZE, FILE, FILE)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)?;
        setrlimit(Resource::RLIMIT_CPU, self.cpu.as_secs(), self.cpu.as_secs())?;
        if let Some(file) = &self.inherited {
            fcntl_setfd(file, FdFlags::empty())?;
        }
        if let Some(User(number)) = self.user {
            // Counted by user, and only where the user is nobody else's: otherwise the guard counts.
            setrlimit(Resource::RLIMIT_NPROC, THREADS, THREADS)?;
            setgroups(&[])?;
            setgid(Gid::from_raw(number))?;
            setuid(Uid::from_raw(number))?;
        }
        // A change of user would undo it.
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        if getppid() != self.supervisor {
            // It died between fork and here: the signal will not come.
            return Err(io::ErrorKind::Interrupted.into());
        }
        let Some(walls) = &self.walls else {
            return Ok(());
        };
        let walls = walls.try_clone()?;
        let none = CapabilitySet::empty();
        set_capabilities(
            None,
            CapabilitySets {
                effective: none,
                permitted: none,
                inheritable: none,
            },
        )?;
        nix::sys::prctl::set_no_new_privs()?;
        walls
            .restrict_self()
            .map_err(|_| io::Error::from(io::ErrorKind::PermissionDenied))?;
        apply_filter(&self.calls).map_err(|_| io::ErrorKind::PermissionDenied.into())
    }
}
