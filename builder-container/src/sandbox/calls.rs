//! System calls that no build needs. Refused with an error, not by death: a program that asks in vain goes on.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Seek as _, Write as _},
    os::fd::OwnedFd,
};

use libc::c_long;
use rustix::fs::{MemfdFlags, memfd_create};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

/// Refused whatever the arguments.
const REFUSED: [c_long; 48] = [
    // Sockets. Pipes between parent and child are made by `socketpair`.
    libc::SYS_socket,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kcmp,
    libc::SYS_process_mrelease,
    // The process group, by whose id all of a worker is killed.
    libc::SYS_setsid,
    libc::SYS_setpgid,
    // Namespaces and mounts.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    // Parts of the kernel with a history.
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_personality,
    // Memory that outlives a process.
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    // The machine.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_quotactl,
    libc::SYS_acct,
];

/// Refused to what builds. By its user alone a program may be given limits, priorities and processors by another, and see
/// what others do to files; memory without a name counts nowhere.
const REFUSED_TO_BUILDS: [c_long; 17] = [
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_memfd_create,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
];

/// Nothing is done, and success told: the mode of a file may be changed by whoever owns it, wherever it lies, and Node does
/// so with every copy that it makes.
const WITHOUT_EFFECT: [c_long; 4] = [
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchmodat2,
    CHMOD,
];
/// What processors other than x86-64 do not have.
#[cfg(target_arch = "x86_64")]
const CHMOD: c_long = libc::SYS_chmod;
#[cfg(not(target_arch = "x86_64"))]
const CHMOD: c_long = libc::SYS_fchmodat;

/// `clone` is refused with any of these.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// Numbers from here on are x86-64's second set, which the list above does not name.
const SECOND_SET: u32 = 0x4000_0000;

/// What kind of program is confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Node, which builds.
    Build,
    /// Chromium. It makes a socket that has a name in the file system, where it sees nobody else's, and starts a
    /// process that leaves the group; the namespace ends with the group's leader. Only for namespaces.
    Browser,
}

/// The filter.
///
/// # Errors
/// On a processor for which there is none.
pub(super) fn program(kind: Kind) -> io::Result<BpfProgram> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let with_flag = |flag: &i32| {
        let flag = u64::from(flag.unsigned_abs());
        SeccompCondition::new(
            0,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(flag),
            flag,
        )
        .and_then(|condition| SeccompRule::new(vec![condition]))
    };
    let clone = NAMESPACES.iter().map(with_flag).collect::<Result<_, _>>();
    rules.insert(libc::SYS_clone, clone.map_err(io::Error::other)?);
    if kind == Kind::Build {
        rules.extend(REFUSED_TO_BUILDS.iter().map(|call| (*call, Vec::new())));
        let limits = of_others().map_err(io::Error::other)?;
        rules.insert(libc::SYS_prlimit64, vec![limits]);
    }
    if kind == Kind::Browser {
        rules.remove(&libc::SYS_setsid);
        rules.insert(
            libc::SYS_socket,
            vec![not_local().map_err(io::Error::other)?],
        );
    }
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch);
    let filter: BpfProgram = filter
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)?;
    let mut program = unknown_calls()?.to_vec();
    if kind == Kind::Build {
        program.extend(without_effect()?);
    }
    program.extend(filter);
    Ok(program)
}

/// Limits of a process that is not the caller.
fn of_others() -> Result<SeccompRule, BackendError> {
    let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
    SeccompRule::new(vec![other])
}

/// A socket that is not one of this machine's own file system.
fn not_local() -> Result<SeccompRule, BackendError> {
    let local = u64::from(libc::AF_UNIX.unsigned_abs());
    let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, local)?;
    SeccompRule::new(vec![other])
}

const LOAD: u16 = 0x20;
const JUMP_IF_AT_LEAST: u16 = 0x35;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

const fn step(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// Tells success to what is [`WITHOUT_EFFECT`]. The number of the call is loaded already.
fn without_effect() -> io::Result<Vec<sock_filter>> {
    let mut steps = Vec::new();
    for call in WITHOUT_EFFECT {
        let call = u32::try_from(call).map_err(io::Error::other)?;
        steps.push(step(JUMP_IF_EQUAL, 0, 1, call));
        steps.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO));
    }
    Ok(steps)
}

/// Answers "no such call" to the second set and to `clone3`, whose flags a filter cannot see: callers fall back on
/// `clone`. Anything else goes on to what follows.
fn unknown_calls() -> io::Result<[sock_filter; 4]> {
    let clone3 = u32::try_from(libc::SYS_clone3).map_err(io::Error::other)?;
    let no_such_call = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    Ok([
        step(LOAD, 0, 0, 0),
        step(JUMP_IF_AT_LEAST, 1, 0, SECOND_SET),
        step(JUMP_IF_EQUAL, 0, 1, clone3),
        step(RETURN, 0, 0, no_such_call),
    ])
}

/// The filter as bubblewrap reads it: a file without a name, at its beginning.
pub(super) fn as_file(program: &BpfProgram) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("calls", MemfdFlags::CLOEXEC)?);
    for step in program {
        let [code, k] = [
            step.code.to_ne_bytes().to_vec(),
            step.k.to_ne_bytes().to_vec(),
        ];
        file.write_all(&[code, vec![step.jt, step.jf], k].concat())?;
    }
    file.rewind()?;
    Ok(file.into())
}
