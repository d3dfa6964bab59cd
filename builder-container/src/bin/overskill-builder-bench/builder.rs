//! A builder in a process of its own, as it runs in the product.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread::{self, sleep},
    time::{Duration, Instant},
};

use overskill::{build::Status, digest::Digest};
use overskill_builder::client::{AnyError, Door};

use crate::arguments::Arguments;

/// Numbers the builders that were started.
static NEXT: AtomicU32 = AtomicU32::new(0);
/// How long a worker may take to become ready.
const READY: Duration = Duration::from_secs(60);
/// How often it is asked whether it is.
const PAUSE: Duration = Duration::from_millis(5);

/// A builder that listens. Killed when dropped, and with it its workers.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    door: Door,
}

/// Whether what was built is looked at in a browser before it is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    /// Nobody looks: what is left is what bare Vite does.
    Off,
    /// Who has one does.
    Auto,
}

impl Look {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Auto => "auto",
        }
    }
}

/// One build.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Built {
    /// From the first byte that was sent to the last that came, at its reader.
    pub(crate) wall: Duration,
    /// Looking through the sources.
    pub(crate) prepare: Duration,
    /// What the worker had the job for.
    pub(crate) worker: Duration,
    /// What of it was Vite's.
    pub(crate) vite: Duration,
    /// Looking at it in a browser.
    pub(crate) look: Duration,
    /// The most memory that the worker was seen to have, in bytes.
    pub(crate) peak_memory: u64,
}

impl Running {
    /// Starts one with so many slots, whether it looks at what it built in a browser or not, and waits until it listens.
    pub(crate) fn start(
        arguments: &Arguments,
        slots: Option<usize>,
        look: Look,
    ) -> Result<Self, AnyError> {
        let token = format!("bench-{}", std::process::id());
        // A worker that is just being started may hold the folder of a builder that was killed for a moment longer.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut command = Command::new(&arguments.builder);
        command
            .args(["--listen", "127.0.0.1:0", "--queue", "64"])
            .args(["--browser", look.as_str()])
            .arg("--toolchain")
            .arg(&arguments.toolchain)
            .arg("--state")
            .arg(arguments.state.join(format!("builder-{number}")))
            .arg("--vendor")
            .arg(arguments.state.join("vendor"))
            .arg("--node")
            .arg(&arguments.node)
            .env(
                "BUILDER_TOKEN_HASH",
                Digest::of(token.as_bytes()).to_string(),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if let Some(slots) = slots {
            command.args(["--slots", &slots.to_string()]);
        }
        let mut child = command.spawn()?;
        let mut said = BufReader::new(child.stderr.take().ok_or("the builder has no stderr")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let Some((_, address)) = line.trim().rsplit_once(" listens on ") else {
            said.read_to_string(&mut line)?;
            return Err(format!("the builder does not start: {line}").into());
        };
        let door = Door {
            address: format!("http://{address}"),
            token,
        };
        // What it says later is of no interest, but must be read.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Ok(Self { child, door })
    }

    /// Waits until every slot has a worker that waits for a job.
    pub(crate) fn wait_until_ready(&self) -> Result<(), AnyError> {
        let begun = Instant::now();
        while begun.elapsed() < READY {
            let health = self.door.health()?;
            if health.get("ready") == health.get("slots") {
                return Ok(());
            }
            sleep(PAUSE);
        }
        Err("no worker becomes ready".into())
    }

    /// Has a job built, which must succeed.
    pub(crate) fn build(&self, job: &[u8]) -> Result<Built, AnyError> {
        let begun = Instant::now();
        let answer = self.door.ask(job, None, None)?;
        let wall = begun.elapsed();
        if answer.report.status != Status::Succeeded {
            return Err(format!("the build failed: {:?}", answer.diagnostics).into());
        }
        let timings = answer.report.timings;
        let mut logs = answer.logs.iter();
        let vite = logs.find_map(|line| {
            let (number, _) = line.strip_prefix("Vite took ")?.split_once(" ms")?;
            number.parse().ok()
        });
        Ok(Built {
            wall,
            prepare: Duration::from_millis(timings.prepare_ms),
            worker: Duration::from_millis(timings.build_ms),
            vite: Duration::from_millis(vite.ok_or("the log does not say how long Vite took")?),
            look: Duration::from_millis(timings.render_ms),
            peak_memory: answer.report.peak_memory_bytes,
        })
    }

    /// The memory that the supervisor has, in bytes.
    pub(crate) fn resident(&self) -> Result<u64, AnyError> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kibibytes: u64 = number.ok_or("the system does not say")?.trim().parse()?;
        Ok(kibibytes * 1024)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when it has ended by itself, which a build would have told.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
