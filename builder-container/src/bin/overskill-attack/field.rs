//! Where attacks are made: a builder, what is planted around it, and the checks after each attack.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use overskill::build::Mode;

use crate::{
    arguments::Arguments,
    attack::{Attack, Verdict},
    builder::{Builder, TOKEN, number},
    canaries::Canaries,
    client::{self, Response, Sources, exchange, head, job},
    processes,
};

/// Memory that the supervisor may have after whatever was sent to it, in bytes.
const SUPERVISOR_MEMORY: u64 = 512 * 1024 * 1024;

/// The sources of the neighbour who is served after each attack.
const NEIGHBOUR: [(&str, &str); 4] = [
    (
        "index.html",
        include_str!("../../../tests/shell/index.html"),
    ),
    (
        "src/main.tsx",
        include_str!("../../../tests/shell/src/main.tsx"),
    ),
    (
        "src/main.css",
        include_str!("../../../tests/shell/src/main.css"),
    ),
    (
        "src/pages/Home.tsx",
        include_str!("../../../tests/shell/src/pages/Home.tsx"),
    ),
];

/// A builder and what is around it. Dropped, both are gone.
pub(crate) struct Field {
    arguments: Arguments,
    wanted: String,
    /// The level, as the builder calls it.
    pub(crate) level: String,
    /// The builder.
    pub(crate) builder: Builder,
    /// What is planted.
    pub(crate) canaries: Canaries,
    /// The process group that was attacked through, of which nobody may be left.
    pub(crate) group: Option<i32>,
    /// The Node program itself.
    pub(crate) node: PathBuf,
    root: PathBuf,
}

impl Field {
    /// Plants, and starts a builder.
    ///
    /// # Errors
    /// With what stands in the way.
    pub(crate) fn open(arguments: &Arguments, level: &str) -> Result<Self, String> {
        let root = arguments.state.join(level);
        let _ = fs::remove_dir_all(&root);
        let planted = fs::create_dir_all(&root)
            .and_then(|()| root.canonicalize())
            .and_then(|root| Ok((Canaries::plant(&root)?, root)));
        let (canaries, root) =
            planted.map_err(|error| format!("{} cannot be used: {error}", root.display()))?;
        let started = Builder::start(arguments, level, &canaries);
        let builder = match started {
            Ok(builder) => builder,
            Err(error) => {
                // Left behind, it is in nobody's way.
                let _ = fs::remove_dir_all(&root);
                return Err(error);
            }
        };
        let mut field = Self {
            arguments: arguments.clone(),
            wanted: level.to_owned(),
            level: String::new(),
            builder,
            canaries,
            group: None,
            node: node_program(&arguments.node)?,
            root,
        };
        field.level = field.settle()?;
        Ok(field)
    }

    /// Puts another job beside the workers, and asks for the level.
    fn settle(&self) -> Result<String, String> {
        let other = self.other_job();
        fs::create_dir_all(other.join("src"))
            .and_then(|()| fs::write(other.join("index.html"), &self.canaries.job))
            .and_then(|()| fs::write(other.join("src/secret.ts"), &self.canaries.job))
            .map_err(|error| error.to_string())?;
        let health = self.builder.health()?;
        let level = health.get("sandbox").and_then(|level| level.as_str());
        Ok(level.unwrap_or_default().to_owned())
    }

    /// The sources of another job.
    pub(crate) fn other_job(&self) -> PathBuf {
        self.builder.state.join("incoming/other")
    }

    /// Makes an attack, and looks at what it did; where it is followed by somebody else's app, at what became of that.
    pub(crate) fn judge(&mut self, attack: &Attack, is_followed: bool) -> Verdict {
        let seen = (attack.attempt)(self);
        let after = self.aftermath(is_followed);
        self.group = None;
        let verdict = Verdict::from(match (seen, after) {
            (Ok(seen), Ok(())) => Ok(seen),
            (Ok(seen), Err(after)) => Err(format!("{after} ({seen})")),
            (Err(seen), Ok(())) => Err(seen),
            (Err(seen), Err(after)) => Err(format!("{seen}; {after}")),
        });
        if !verdict.contained
            && let Err(error) = self.start_over()
        {
            return Verdict {
                contained: false,
                evidence: format!("{}; then no builder: {error}", verdict.evidence),
            };
        }
        verdict
    }

    /// What must be so whatever was done.
    fn aftermath(&mut self, is_followed: bool) -> Result<(), String> {
        if !self.builder.is_alive() {
            let log = self.builder.log();
            let end: Vec<_> = log.lines().rev().take(3).collect();
            return Err(format!("the builder is gone: {}", end.join(" | ")));
        }
        if is_followed {
            let response = self.post("neighbour", Mode::Development, &neighbour())?;
            if !response.answer().is_ok_and(|answer| answer.is_built()) {
                return Err(format!("the neighbour got {}", response.told()));
            }
        }
        self.builder.until("nothing is in flight", |health| {
            number(health, "ready") == 1 && number(health, "queued") == 0
        })?;
        self.canaries.untouched()?;
        if let Some(found) = self.canaries.found_in(self.builder.log().as_bytes()) {
            return Err(format!("{found} in the builder's log"));
        }
        self.nobody_left()?;
        let memory = self.builder.memory();
        if memory > SUPERVISOR_MEMORY {
            return Err(format!("the supervisor has grown to {memory} bytes"));
        }
        self.nothing_left()
    }

    /// Nobody of the group that was attacked through, and one worker.
    fn nobody_left(&self) -> Result<(), String> {
        let folder = format!("{}/workers/", self.builder.state.display());
        let worker = self.builder.worker();
        let left: Vec<_> = processes::all()
            .into_iter()
            .filter(|process| {
                let stray = process.line.contains(&folder) && Some(process.group) != worker;
                stray || (self.group.is_some() && Some(process.group) == self.group)
            })
            .map(|process| process.line)
            .collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("still running: {}", left.join(", ")))
        }
    }

    /// No folder of a job, and one of a worker.
    fn nothing_left(&self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let count = |name: &str| {
                let entries = fs::read_dir(self.builder.state.join(name));
                entries.map_or(0, Iterator::count)
            };
            // One of `incoming` is planted.
            let left = (count("incoming"), count("workers"));
            if left == (1, 1) {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(20) {
                return Err(format!(
                    "folders were left behind: {} of jobs, {} of workers",
                    left.0 - left.0.min(1),
                    left.1
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Another builder, after one that did not hold.
    fn start_over(&mut self) -> Result<(), String> {
        let canaries = Canaries::plant(&self.root.join("again"));
        self.canaries = canaries.map_err(|error| error.to_string())?;
        self.builder = Builder::start(&self.arguments, &self.wanted, &self.canaries)?;
        self.settle().map(|_| ())?;
        self.root.clone_from(&self.canaries.folder);
        Ok(())
    }

    /// Builds, and looks for canaries in what comes back.
    ///
    /// # Errors
    /// When one is there, or nothing comes back.
    pub(crate) fn post(&self, id: &str, mode: Mode, sources: &Sources) -> Result<Response, String> {
        let body = job(id, mode, sources)?;
        self.send(&[head(TOKEN, body.len()), body].concat())
    }

    /// Sends bytes, and looks for canaries in what comes back.
    ///
    /// # Errors
    /// When one is there, or nothing comes back.
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<Response, String> {
        let response = exchange(self.builder.address, bytes).map_err(|error| error.to_string())?;
        self.clean(response)
    }

    /// What was told, with what only the builder's log says: why there is no result.
    pub(crate) fn with_reason(&self, told: String) -> String {
        let log = self.builder.log();
        let reason = log
            .lines()
            .rev()
            .find_map(|line| line.split_once("no result: "));
        match reason {
            Some((_, reason)) if told.starts_with("no result: ") => format!("no result: {reason}"),
            _ => told,
        }
    }

    /// A response without canaries.
    ///
    /// # Errors
    /// When one is there.
    pub(crate) fn clean(&self, response: Response) -> Result<Response, String> {
        match self.canaries.found_in(&response.bytes) {
            Some(found) => Err(found),
            None => Ok(response),
        }
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        self.builder.stop();
        // What is left is in nobody's way.
        let _ = fs::remove_dir_all(self.arguments.state.join(&self.wanted));
    }
}

/// Where Node is, which may be found on `PATH`.
fn node_program(node: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new(node);
    let output = command.args(["--print", "process.execPath"]).output();
    let output = output.map_err(|error| format!("{} does not run: {error}", node.display()))?;
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}

/// The neighbour's sources.
pub(crate) fn neighbour() -> client::Sources {
    NEIGHBOUR
        .into_iter()
        .map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()))
        .collect()
}
