//! What keeps a program that builds an app away from everything else. Levels, the strongest first; a probe at start
//! decides which of them holds here.
//!
//! | room | does |
//! |---|---|
//! | `level` | which levels there are, and which of them the operator wants |
//! | `view` | what a program inside sees of the file system |
//! | `namespaces` | bubblewrap's arguments |
//! | `walls` | Landlock's rules |
//! | `calls` | the system calls that are refused, at every level |
//! | `child` | what happens between fork and exec: limits, user, walls, refused calls |
//! | `user` | the user of a worker, where the supervisor is root |
//! | `cgroup` | a worker's group of the kernel's, with limits on what it takes, where such groups can be made |
//! | `members`, `guard` | who is in a worker's process group, and what they take together |
//! | `probe` | runs Node inside and has it try to get out |
//!
//! At every level a program has no network, an environment of four variables, and no way out of its process group: who
//! kills the group has killed all of it.

mod calls;
pub(crate) mod cgroup;
mod child;
pub(crate) mod guard;
mod level;
mod members;
mod namespaces;
mod probe;
pub(crate) mod user;
mod view;
mod walls;

#[cfg(test)]
mod attacks;

use std::{
    fs, io,
    os::{fd::AsRawFd as _, unix::fs::PermissionsExt as _},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::process::Command;

pub use self::level::Choice;
use self::{
    calls::Kind,
    cgroup::{Cgroup, Cgroups},
    child::Confinement,
    user::Users,
};
pub(crate) use self::{level::Level, probe::choose, user::User, view::View};

/// Why there is no sandbox. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No level that was tried holds.
    #[error(
        "no sandbox holds here ({0}): install bubblewrap (`apt-get install -y bubblewrap`) and allow user namespaces \
         (`sysctl -w user.max_user_namespaces=10000`), or use a kernel with Landlock. --unsafe-no-sandbox builds \
         without one: only for sources that you would run yourself"
    )]
    NoLevel(String),
    /// The probe could not be made ready.
    #[error("the sandbox cannot be tried out: {0}")]
    Io(#[from] io::Error),
}

/// A level that holds, and what programs in it see.
#[derive(Debug)]
pub(crate) struct Sandbox {
    level: Level,
    view: View,
    users: Arc<Users>,
    kind: Kind,
    cpu: Duration,
    /// Makes a group for each worker, where that was seen to hold.
    cgroups: Option<Arc<Cgroups>>,
}

impl Sandbox {
    fn new(level: Level, view: View, cpu: Duration) -> Self {
        Self {
            level,
            view,
            users: Arc::default(),
            kind: Kind::Build,
            cpu,
            cgroups: None,
        }
    }

    /// What confines a worker, in a few words.
    pub(crate) fn name(&self) -> String {
        match &self.cgroups {
            Some(cgroups) => format!("{}, {}", self.level, cgroups.name()),
            None => self.level.to_string(),
        }
    }

    /// A group for one worker; `None` where there are none.
    pub(crate) fn cgroup(&self) -> io::Result<Option<Cgroup>> {
        self.cgroups.as_deref().map(Cgroups::make).transpose()
    }

    /// The same for a browser, which sees more, and talks to itself by a socket. Only namespaces keep that from others.
    pub(crate) fn for_browser(&self, more: &[PathBuf]) -> Option<Self> {
        if !matches!(
            self.level,
            Level::Namespaces { proc: true, .. } | Level::None
        ) {
            return None;
        }
        let mut view = self.view.clone();
        view.more.extend_from_slice(more);
        Some(Self {
            level: self.level.clone(),
            view,
            users: Arc::clone(&self.users),
            kind: Kind::Browser,
            cpu: self.cpu,
            cgroups: self.cgroups.clone(),
        })
    }

    /// Makes the folder of one program ready: `home` and `out` in it, and a user whose it is, where programs have users
    /// of their own.
    pub(crate) fn prepare(&self, folder: &Path) -> io::Result<Option<User>> {
        fs::create_dir(folder.join("home"))?;
        fs::create_dir(folder.join("out"))?;
        if self.level != (Level::Landlock { own_user: true }) {
            return Ok(None);
        }
        let user = self.users.next();
        user::give(folder, user)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        Ok(Some(user))
    }

    /// Node, confined to `folder`, which was made ready for it; arguments are to be added. It leads a process group.
    pub(crate) fn command(&self, folder: &Path, user: Option<User>) -> io::Result<Command> {
        let mut confinement = Confinement::new(self.cpu);
        let mut command = match &self.level {
            Level::Namespaces { bwrap, proc } => {
                let filter = calls::as_file(&calls::program(self.kind)?)?;
                let mut command = Command::new(bwrap);
                command.env_clear();
                command.args(namespaces::arguments(&self.view, folder, *proc));
                command.arg("--seccomp").arg(filter.as_raw_fd().to_string());
                for (name, value) in environment(Path::new("/tmp")) {
                    command.arg("--setenv").arg(name).arg(value);
                }
                command.arg("--").arg(&self.view.node);
                confinement.inherited = Some(filter);
                command
            }
            Level::Landlock { .. } => {
                confinement.user = user;
                confinement.walls = Some(walls::around(&self.view, folder)?);
                confinement.calls = calls::program(Kind::Build)?;
                self.bare(folder)
            }
            Level::None => self.bare(folder),
        };
        command
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // SAFETY: between fork and exec only system calls are made, nothing is allocated, no lock is taken.
        #[expect(
            unsafe_code,
            reason = "a child must be confined before it runs anything"
        )]
        unsafe {
            command.pre_exec(move || confinement.apply());
        }
        Ok(command)
    }

    fn bare(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.view.node);
        command.env_clear().envs(environment(&folder.join("home")));
        command
    }
}

/// A program that is trusted, with a process group and limits of its own, and killed with this one. `cpu` is its processor
/// time.
pub(crate) fn limited(command: &mut Command, cpu: Duration) {
    let mut confinement = Confinement::new(cpu);
    // SAFETY: between fork and exec only system calls are made, nothing is allocated, no lock is taken.
    #[expect(
        unsafe_code,
        reason = "a child must be limited before it runs anything"
    )]
    unsafe {
        command.pre_exec(move || confinement.apply());
    }
}

/// All that a program inside has as environment.
fn environment(home: &Path) -> [(&'static str, PathBuf); 4] {
    [
        // Else the system's is opened, which is not in the view.
        ("OPENSSL_CONF", PathBuf::from("/dev/null")),
        ("PATH", PathBuf::from("/usr/local/bin:/usr/bin:/bin")),
        ("HOME", home.to_owned()),
        ("TMPDIR", home.to_owned()),
    ]
}
