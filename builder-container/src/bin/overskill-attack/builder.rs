//! The builder that is attacked: the program itself, in a process of its own.

use std::{
    fs::{self, File},
    io,
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::{
    prctl::set_pdeathsig,
    signal::{Signal, killpg},
};
use overskill::digest::Digest;
use serde_json::Value;

use crate::{arguments::Arguments, canaries::Canaries, client, processes};

/// How long something that must become so may take: starts of workers on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// What its callers send; it knows the hash.
pub(crate) const TOKEN: &str = "a token of the attacks";

/// A builder that runs. Dropped, it is killed with its workers.
#[derive(Debug)]
pub(crate) struct Builder {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its state folder.
    pub(crate) state: PathBuf,
    log: PathBuf,
}

impl Builder {
    /// Starts one, with a single slot and room for two jobs that wait, and waits until its worker is ready.
    ///
    /// # Errors
    /// With what it says when it does not start.
    pub(crate) fn start(
        arguments: &Arguments,
        level: &str,
        canaries: &Canaries,
    ) -> Result<Self, String> {
        Self::try_start(arguments, level, canaries).map_err(|error| error.to_string())
    }

    fn try_start(
        arguments: &Arguments,
        level: &str,
        canaries: &Canaries,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let state = canaries.folder.join("state");
        fs::create_dir_all(&state)?;
        let state = state.canonicalize()?;
        let log = canaries.folder.join("builder.log");
        let mut command = Command::new(&arguments.builder);
        command
            .args(["--listen", "127.0.0.1:0", "--slots", "1", "--queue", "2"])
            // Short enough to wait for, long enough for a build on a busy machine.
            .args(["--development-seconds", "20", "--production-seconds", "30"])
            .args([
                "--patience-seconds",
                "3",
                "--body-seconds",
                "6",
                "--browser",
                "off",
            ])
            .arg("--toolchain")
            .arg(&arguments.toolchain)
            .arg("--state")
            .arg(&state)
            .arg("--node")
            .arg(&arguments.node)
            .env(
                "BUILDER_TOKEN_HASH",
                Digest::of(TOKEN.as_bytes()).to_string(),
            )
            .env("BUILDER_CANARY", &canaries.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        if let Some(extras) = &arguments.extras {
            command.arg("--extras").arg(extras);
        }
        match level {
            "none" => command.arg("--unsafe-no-sandbox"),
            level => command.args(["--sandbox", level]),
        };
        // SAFETY: one system call, which neither allocates nor takes a lock.
        #[expect(unsafe_code, reason = "the builder must not outlive this program")]
        unsafe {
            command.pre_exec(|| set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from));
        }
        let mut child = command.spawn()?;
        let begun = Instant::now();
        let address = loop {
            let said = fs::read_to_string(&log)?;
            let line = said.lines().find(|line| line.contains("listens on "));
            if let Some(address) = line.and_then(|line| line.rsplit(' ').next()) {
                break address.parse()?;
            }
            if child.try_wait()?.is_some() || begun.elapsed() > SOON {
                // Gone already, or not: it is of no use.
                let _ = child.kill();
                child.wait()?;
                return Err(said.trim().to_owned().into());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let builder = Self {
            child,
            address,
            state,
            log,
        };
        builder.until("a worker is ready", |health| number(health, "ready") == 1)?;
        Ok(builder)
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn health(&self) -> Result<Value, String> {
        let request = b"GET /healthz HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n";
        let response = client::exchange(self.address, request)
            .map_err(|error| format!("the builder does not answer: {error}"))?;
        serde_json::from_slice(response.body())
            .map_err(|error| format!("the builder's health is malformed: {error}"))
    }

    /// Waits until its health is as wanted.
    ///
    /// # Errors
    /// With its health when it does not get so.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let health = self.health()?;
            if wanted(&health) {
                return Ok(());
            }
            if begun.elapsed() > SOON {
                return Err(format!(
                    "not so after {} s: {what}: {health}",
                    SOON.as_secs()
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its memory that no file backs, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// What it has printed.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What a worker's processes have among their arguments.
    pub(crate) fn mark(&self) -> String {
        format!("{}/run/worker.mjs", self.state.display())
    }

    /// The process group of the worker; nothing while there is none.
    pub(crate) fn worker(&self) -> Option<i32> {
        let found = processes::naming(&self.mark());
        let leader = found.iter().find(|process| process.pid == process.group);
        leader.map(|process| process.pid)
    }

    /// Waits until it has a ready worker that is none of process group `before`.
    ///
    /// # Errors
    /// When it gets none.
    pub(crate) fn fresh_worker(&self, before: Option<i32>) -> Result<i32, String> {
        let begun = Instant::now();
        while begun.elapsed() < SOON {
            let worker = self.worker().filter(|worker| Some(*worker) != before);
            if let Some(worker) = worker
                && number(&self.health()?, "ready") == 1
            {
                return Ok(worker);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("no other worker after {} s", SOON.as_secs()))
    }
}

/// A number of its health.
pub(crate) fn number(health: &Value, name: &str) -> u64 {
    health.get(name).and_then(Value::as_u64).unwrap_or(0)
}

impl Builder {
    /// Kills it, and what it left.
    pub(crate) fn stop(&mut self) {
        let workers = processes::naming(&self.mark());
        // Gone already is as good. Its workers die with it; what does not was not contained.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for worker in workers {
            let _ = killpg(nix::unistd::Pid::from_raw(worker.group), Signal::SIGKILL);
        }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        self.stop();
    }
}
