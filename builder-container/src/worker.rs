//! One worker process: spawned, warmed up, given one job, ended. [`Worker::start`] is the only place of the builder
//! that starts a program on behalf of an app.
//!
//! What confines it is the [`Sandbox`]; here are its time limits and the limits on what it says.

use std::{
    ffi::OsStr,
    io,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::ExitStatus,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use overskill::build::{MOST_WEIGHTS, Mode, TypeCheck, Weight};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout},
    time::timeout,
};

use crate::{
    render::Sight,
    sandbox::{
        Sandbox, User,
        cgroup::Cgroup,
        guard::{BUSY, IDLE, Over, gone, watch},
        user::give,
    },
    scratch::{Folder, Scratch},
};

/// V8's heap, in MiB: below the sandbox's limit, so that V8 says that it ran out of memory.
const HEAP_MIB: u32 = 1024;
/// Everything a worker may print as messages, in bytes.
const MESSAGES: u64 = 8 * 1024 * 1024;
/// What is kept of the standard error, in bytes.
const STDERR: u64 = 64 * 1024;
/// The type check may take this part of a build's time limit.
const TYPES_SHARE: u32 = 2;
/// Tenths of a build's time limit after which types are checked no more: what Vite has found is told in any case.
const TYPES_UNTIL: u32 = 9;
/// Entries of each list of findings that are read: the script tells no more.
const FINDINGS: usize = 200;
/// How long a worker may take to become ready.
const WARM_UP: Duration = Duration::from_secs(60);

/// A running worker. Dropped, it is killed with its children, and its folder is removed.
#[derive(Debug)]
pub(crate) struct Worker {
    group: Group,
    leader: Option<Pid>,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<tokio::io::Take<ChildStdout>>,
    line: Vec<u8>,
    stderr: tokio::task::JoinHandle<String>,
    folder: Folder,
    user: Option<User>,
    cgroup: Option<Arc<Cgroup>>,
    peak: Arc<AtomicU64>,
}

/// What the worker is told.
#[derive(Debug, Serialize)]
struct Order<'a> {
    root: &'a Path,
    out: &'a Path,
    /// The folder of the packages that are not baked.
    packages: Option<&'a Path>,
    mode: Mode,
    /// Whether a browser will look at what was built, and say where in the sources something is.
    maps: bool,
    types: Types,
    types_limit_ms: u128,
    types_until_ms: u128,
}

/// When types are checked.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Types {
    /// Beside the build.
    Beside,
    /// Only if it has failed, for whoever mends it.
    After,
    /// Never.
    Off,
}

/// How a job is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// What it is for.
    pub(crate) mode: Mode,
    /// What type errors are to it.
    pub(crate) type_check: TypeCheck,
}

impl Task {
    /// When types are checked.
    const fn types(self) -> Types {
        match (self.mode, self.type_check) {
            (_, TypeCheck::Off) => Types::Off,
            (Mode::Production, _) | (_, TypeCheck::Always) => Types::Beside,
            (Mode::Development, TypeCheck::Report | TypeCheck::Block) => Types::After,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Ready,
    Result(Findings),
    Rendered(Sight),
}

/// What the worker found. Everything in it may be forged by what it built.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Findings {
    /// Whether Vite went through.
    pub(crate) ok: bool,
    /// What it complained of.
    pub(crate) errors: Vec<Finding>,
    /// Imports that lead nowhere.
    pub(crate) missing: Vec<Missing>,
    /// What it warned of.
    pub(crate) warnings: Vec<String>,
    /// What it has to say of the app's own settings.
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
    /// The vendor modules that the app loads, by file name.
    #[serde(default)]
    pub(crate) vendor: Vec<String>,
    /// What weighs most in what was built.
    #[serde(default)]
    pub(crate) weights: Vec<Weight>,
    /// What `tsc` printed, when it was asked.
    pub(crate) types: Option<String>,
    /// Why it was asked in vain.
    pub(crate) types_failure: Option<String>,
    /// How long Vite took, in milliseconds.
    pub(crate) vite_ms: u64,
    /// How long `tsc` took, in milliseconds.
    pub(crate) types_ms: Option<u64>,
}

impl Findings {
    /// The same, and no more than a trusted script would say.
    fn bounded(mut self) -> Self {
        self.errors.truncate(FINDINGS);
        self.missing.truncate(FINDINGS);
        self.warnings.truncate(FINDINGS);
        self.notes.truncate(FINDINGS);
        self.weights.retain(Weight::is_named);
        self.weights.truncate(MOST_WEIGHTS);
        self
    }
}

/// One error as Vite, Rolldown or a plugin reports it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Finding {
    pub(crate) code: Option<String>,
    pub(crate) plugin: Option<String>,
    pub(crate) message: String,
    pub(crate) file: Option<String>,
    pub(crate) exporter: Option<String>,
    /// From 1.
    pub(crate) line: Option<u32>,
    /// From 1.
    pub(crate) column: Option<u32>,
}

/// A remark on one of the app's own settings.
#[derive(Debug, Deserialize)]
pub(crate) struct Note {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
    /// The file, from the project's folder.
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: u32,
    /// From 1.
    pub(crate) column: u32,
}

/// An import that leads nowhere.
#[derive(Debug, Deserialize)]
pub(crate) struct Missing {
    pub(crate) specifier: String,
    pub(crate) importer: String,
    /// Whether it leads above the project, whatever exists there.
    #[serde(default)]
    pub(crate) outside: bool,
}

/// How a worker ended without a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Death {
    /// It ran out of the memory it may have. The sources are to blame.
    #[error("out of memory")]
    Memory,
    /// It wrote too much. The sources are to blame: a large asset, inlined into many modules, does it.
    #[error("the worker was stopped: too many files, or bytes of them")]
    Files,
    /// It had too many processes or threads. Their number does not depend on the sources: the builder is to blame.
    #[error("the worker was stopped: too many processes or threads")]
    Processes,
    /// Anything else. The builder is to blame.
    #[error("the worker ended ({status}) without a result: {stderr}")]
    Crash {
        /// Its exit status.
        status: String,
        /// The end of what it wrote to its standard error.
        stderr: String,
    },
    /// It said something that is not a message, or too much.
    #[error("the worker's message is malformed: {0}")]
    Message(String),
    /// It could not be started or spoken to.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It did not become ready.
    #[error("the worker was not ready after {} s", WARM_UP.as_secs())]
    Late,
}

impl Death {
    /// What it was, in a word.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Files => "files",
            Self::Processes => "processes",
            Self::Crash { .. } => "crash",
            Self::Message(_) => "message",
            Self::Io(_) => "io",
            Self::Late => "late",
        }
    }
}

/// The process group of a worker: killed when dropped.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn kill(&mut self) {
        if let Some(group) = self.0.take() {
            // Fails when every process of the group is gone, which is what is wanted.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Worker {
    /// Starts a worker and waits until it is ready for a job.
    pub(crate) async fn start(sandbox: &Sandbox, scratch: &Scratch) -> Result<Self, Death> {
        let heap = format!("--max-old-space-size={HEAP_MIB}");
        Self::spawn(
            sandbox,
            scratch,
            [OsStr::new(&heap), scratch.script().as_os_str()],
        )
        .await
    }

    /// Starts one that looks at an app with this browser, and waits until it is ready.
    pub(crate) async fn with_browser(
        sandbox: &Sandbox,
        scratch: &Scratch,
        browser: &Path,
    ) -> Result<Self, Death> {
        let script = scratch.render_script();
        Self::spawn(sandbox, scratch, [script.as_os_str(), browser.as_os_str()]).await
    }

    async fn spawn(
        sandbox: &Sandbox,
        scratch: &Scratch,
        arguments: [&OsStr; 2],
    ) -> Result<Self, Death> {
        let folder = scratch.worker()?;
        let user = sandbox.prepare(folder.path())?;
        let cgroup = sandbox.cgroup()?.map(Arc::new);
        let mut command = sandbox.command(folder.path(), user)?;
        if let Some(cgroup) = &cgroup {
            cgroup.enter(&mut command)?;
        }
        let mut child = command.args(arguments).spawn()?;
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(Pid::from_raw);
        let group = Group(leader);
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("a worker's pipes are missing").into());
        };
        let mut worker = Self {
            group,
            leader,
            child,
            stdin,
            stdout: BufReader::new(stdout.take(MESSAGES)),
            line: Vec::new(),
            stderr: tokio::spawn(read_end(stderr)),
            folder,
            user,
            cgroup,
            peak: Arc::default(),
        };
        match timeout(WARM_UP, worker.message()).await {
            Ok(Ok(Message::Ready)) => Ok(worker),
            Ok(Ok(Message::Result(_) | Message::Rendered(_))) => {
                Err(Death::Message("a result without a job".to_owned()))
            }
            Ok(Err(death)) => Err(death),
            Err(_) => Err(Death::Late),
        }
    }

    /// Resolves when a worker that waits for a job dies, or takes more than it may. Safe to drop at any point.
    pub(crate) async fn died(&mut self) -> Death {
        let (group, folder) = (self.group.0, self.folder.path().to_owned());
        let cgroup = self.cgroup.clone();
        // What it takes while it waits is not what its job took.
        let peak = AtomicU64::new(0);
        tokio::select! {
            message = self.message() => match message {
                Ok(_) => Death::Message("a message without a job".to_owned()),
                Err(death) => death,
            },
            over = over(group, &folder, cgroup.as_deref(), &peak, IDLE) => {
                self.group.kill();
                over
            }
        }
    }

    /// Hands the sources over, which become the worker's, with the folder of their packages, and waits for what came of them. `maps`: whether a
    /// production build needs source maps, which nobody is served. Whoever waits no longer than `limit` gets what Vite found even if the type check does not end.
    pub(crate) async fn build(
        &mut self,
        sources: Folder,
        packages: Option<&Path>,
        task: Task,
        maps: bool,
        limit: Duration,
    ) -> Result<Findings, Death> {
        let root = self.root();
        self.hand_over(sources.path())?;
        sources.move_to(&root)?;
        if let Some(packages) = packages {
            // Beside the sources, not in them, where Tailwind would follow it.
            std::os::unix::fs::symlink(packages, self.folder.path().join("node_modules"))?;
        }
        let order = Order {
            root: &root,
            out: &self.out(),
            packages,
            mode: task.mode,
            maps,
            types: task.types(),
            types_limit_ms: (limit / TYPES_SHARE).as_millis(),
            types_until_ms: (limit * TYPES_UNTIL / 10).as_millis(),
        };
        match self.answer(&order).await? {
            Message::Result(findings) => Ok(findings.bounded()),
            Message::Ready | Message::Rendered(_) => Err(Death::Message("no result".to_owned())),
        }
    }

    /// Has its browser look at an app, and waits for what it saw.
    pub(crate) async fn render(&mut self, order: &impl Serialize) -> Result<Sight, Death> {
        match self.answer(order).await? {
            Message::Rendered(sight) => Ok(sight),
            Message::Ready | Message::Result(_) => Err(Death::Message("no sight".to_owned())),
        }
    }

    /// Makes a folder the worker's, where it is a user of its own.
    pub(crate) fn hand_over(&self, folder: &Path) -> io::Result<()> {
        self.user.map_or(Ok(()), |user| give(folder, user))
    }

    /// Gives it its one job, and waits for its one message about it.
    async fn answer(&mut self, order: &impl Serialize) -> Result<Message, Death> {
        let mut order = serde_json::to_vec(order).map_err(io::Error::from)?;
        order.push(b'\n');
        if let Err(error) = self.stdin.write_all(&order).await {
            // It died in between; how is the better answer.
            return Err(if error.kind() == io::ErrorKind::BrokenPipe {
                self.died().await
            } else {
                error.into()
            });
        }
        let (group, folder) = (self.group.0, self.folder.path().to_owned());
        let cgroup = self.cgroup.clone();
        let peak = Arc::clone(&self.peak);
        tokio::select! {
            message = self.message() => message,
            over = over(group, &folder, cgroup.as_deref(), &peak, BUSY) => {
                self.group.kill();
                Err(over)
            }
        }
    }

    /// Kills what is left of it; its folder stays.
    pub(crate) async fn end(mut self) -> Folder {
        let group = self.leader;
        self.group.kill();
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
        // The zombie is collected in the background if this fails.
        let _ = self.child.wait().await;
        // What they wrote is read next: none of them may still be about to change it.
        if let Some(group) = group {
            gone(group).await;
        }
        self.folder
    }

    /// The most memory that its processes had together, in bytes: as its group counted it since it was started, with the
    /// files that they read; without a group, as it was seen while it built, without those.
    pub(crate) fn peak_memory(&self) -> u64 {
        let counted = self.cgroup.as_ref().and_then(|cgroup| cgroup.peak());
        counted.unwrap_or_else(|| self.peak.load(Ordering::Relaxed))
    }

    /// Where the sources are, once it has a job.
    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("app")
    }

    /// Where it writes what it built.
    pub(crate) fn out(&self) -> std::path::PathBuf {
        self.folder.path().join("out")
    }

    /// The next message. What was read of it is kept when this is dropped half-way.
    async fn message(&mut self) -> Result<Message, Death> {
        loop {
            let bytes = self.stdout.fill_buf().await?;
            if bytes.is_empty() {
                break;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = end.map_or(bytes.len(), |end| end + 1);
            self.line.extend(bytes.iter().take(part));
            self.stdout.consume(part);
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                return serde_json::from_slice(&line)
                    .map_err(|error| Death::Message(error.to_string()));
            }
        }
        Err(if self.stdout.get_ref().limit() == 0 {
            Death::Message(format!("more than {MESSAGES} bytes"))
        } else {
            self.post_mortem().await
        })
    }

    async fn post_mortem(&mut self) -> Death {
        // It closed its end of the pipe; unless it ends by itself at once, it is ended.
        let status = match timeout(Duration::from_secs(2), self.child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                self.group.kill();
                self.child.wait().await
            }
        };
        self.group.kill();
        let stderr = (&mut self.stderr).await.unwrap_or_default();
        match status {
            Ok(_)
                if self
                    .cgroup
                    .as_ref()
                    .is_some_and(|cgroup| cgroup.ran_out_of_memory()) =>
            {
                Death::Memory
            }
            Ok(status) if is_out_of_memory(status, &stderr) => Death::Memory,
            Ok(status) => Death::Crash {
                status: status.to_string(),
                stderr: last_lines(&stderr),
            },
            Err(error) => error.into(),
        }
    }
}

/// Resolves when a worker's processes take more than they may together.
async fn over(
    group: Option<Pid>,
    folder: &Path,
    cgroup: Option<&Cgroup>,
    peak: &AtomicU64,
    every: Duration,
) -> Death {
    match group {
        Some(group) => match watch(group, folder, cgroup, peak, every).await {
            Over::Memory => Death::Memory,
            Over::Processes => Death::Processes,
            Over::Files => Death::Files,
        },
        None => std::future::pending().await,
    }
}

/// V8 and Rust's allocator say so and abort. A plain SIGKILL is not taken for it: whoever sent that, the app is not to
/// blame before it is known.
fn is_out_of_memory(status: ExitStatus, stderr: &str) -> bool {
    let aborted = matches!(status.signal(), Some(signal) if [Signal::SIGABRT as i32, Signal::SIGTRAP as i32, Signal::SIGILL as i32].contains(&signal));
    let says = [
        "heap out of memory",
        "Array buffer allocation failed",
        "Failed to allocate memory",
        "memory allocation of",
        "std::bad_alloc",
        "Out of memory",
        "out of memory",
    ]
    .iter()
    .any(|text| stderr.contains(text));
    says && (aborted || status.code().is_some_and(|code| code != 0))
}

/// Reads to the end, so that the worker is never held up, and keeps the last part.
async fn read_end(mut stderr: ChildStderr) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 8192];
    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
        kept.extend_from_slice(buffer.get(..length).unwrap_or_default());
        let over = kept
            .len()
            .saturating_sub(usize::try_from(STDERR).unwrap_or(usize::MAX));
        kept.drain(..over);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(8))
        .copied()
        .collect::<Vec<_>>()
        .join(" | ")
}
