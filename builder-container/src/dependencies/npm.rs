//! npm, run beside the builder: it resolves and installs, and runs nothing of what it installs. It reads no settings but
//! those that are given here, sees no environment but the proxy's and the certificates', and asks one registry.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use super::{Policy, store::measure};
use crate::sandbox::limited;

/// How long npm may take to resolve, and once more to install.
const LIMIT: Duration = Duration::from_secs(120);
/// Processor time of one run.
const CPU: Duration = Duration::from_secs(240);
/// V8's heap, in MiB.
const HEAP_MIB: u32 = 768;
/// What asks the registry.
const QUESTIONS: &str = include_str!("../../registry.mjs");
/// What of the environment npm gets: the way to the registry, and whom to trust there.
const SURROUNDINGS: [&str; 9] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// Where npm lies, from the folder of the Node program.
const PLACES: [&str; 4] = [
    "../lib/node_modules/npm/bin/npm-cli.js",
    "../../npm/bin/npm-cli.js",
    "../share/nodejs/npm/bin/npm-cli.js",
    "../../lib/node_modules/npm/bin/npm-cli.js",
];

/// An npm that is there.
#[derive(Debug, Clone)]
pub(super) struct Npm {
    node: PathBuf,
    script: PathBuf,
    cache: PathBuf,
}

/// What is asked of the registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) spec: String,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum Said {
    /// What the range means.
    Found {
        version: String,
        integrity: Option<String>,
    },
    /// There is no such package.
    Unknown,
    /// None of its versions fits.
    NoVersion { latest: Option<String> },
    /// What fits came too late.
    Young {
        version: String,
        from: Option<String>,
        older: Option<String>,
    },
    /// It did not say.
    Failed { why: String },
}

/// Why npm failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Failure {
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) detail: String,
}

impl Failure {
    /// Whether a file was larger than any may be.
    pub(super) fn is_too_much(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        code == "EFBIG" || (code == "TAR_ABORT" && self.summary.contains("decompression ratio"))
    }
}

impl Npm {
    /// Finds npm: where it is said to be, or beside Node.
    pub(super) fn find(node: &Path, named: Option<&Path>, cache: PathBuf) -> Result<Self, String> {
        let beside = || {
            let folder = node.parent()?;
            PLACES
                .iter()
                .map(|place| folder.join(place))
                .find(|script| script.is_file())
        };
        let script = match named {
            Some(script) if script.is_file() => Some(script.to_owned()),
            Some(_) => None,
            None => beside(),
        };
        let script = script.and_then(|script| script.canonicalize().ok());
        match script {
            Some(script) => Ok(Self {
                node: node.to_owned(),
                script,
                cache,
            }),
            None => {
                Err("no npm is installed beside Node: name its npm-cli.js with --npm".to_owned())
            }
        }
    }

    fn node(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.node);
        command
            .env_clear()
            .env("HOME", folder)
            .env("NO_UPDATE_NOTIFIER", "1")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .arg(format!("--max-old-space-size={HEAP_MIB}"));
        for name in SURROUNDINGS {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        limited(&mut command, CPU);
        command
    }

    fn npm(&self, folder: &Path, policy: &Policy) -> Command {
        let nowhere = folder.join("no-settings");
        let mut command = self.node(folder);
        command.arg(&self.script);
        for (name, value) in [
            ("userconfig", nowhere.join("user").as_os_str()),
            ("globalconfig", nowhere.join("global").as_os_str()),
            ("cache", self.cache.as_os_str()),
        ] {
            let mut flag = std::ffi::OsString::from(format!("--{name}="));
            flag.push(value);
            command.arg(flag);
        }
        command.args([
            &format!("--registry={}", policy.registry),
            // Nothing comes from anywhere else, whatever a package says of another.
            "--replace-registry-host=always",
            "--allow-git=none",
            "--allow-remote=none",
            "--allow-file=none",
            "--allow-directory=none",
            "--git=/nowhere/git",
            "--ignore-scripts",
            "--no-bin-links",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--logs-max=0",
            "--fetch-retries=2",
            "--fetch-retry-mintimeout=1000",
            "--fetch-timeout=30000",
            "--json",
        ]);
        // For an npm that does not know those settings: a proxy that does not exist, but for the registry.
        let has_proxy = SURROUNDINGS.iter().any(|name| {
            name.to_ascii_lowercase().ends_with("s_proxy") && std::env::var_os(name).is_some()
        });
        if !has_proxy {
            command.args([
                "--proxy=http://127.0.0.1:9",
                "--https-proxy=http://127.0.0.1:9",
            ]);
            command.arg(format!("--noproxy={}", policy.registry_host()));
        }
        command
    }

    /// Asks the registry, all at once.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn ask(
        &self,
        folder: &Path,
        policy: &Policy,
        questions: &[Question],
    ) -> io::Result<Vec<Said>> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let packages: Vec<Value> = questions
            .iter()
            .map(|question| json!({ "name": question.name, "spec": question.spec }))
            .collect();
        let order = json!({
            "registry": policy.registry,
            "cache": self.cache.join("_cacache"),
            "before": policy.before(),
            "age": policy.minimum_age.map(|age| age.as_millis()),
            "packages": packages,
        });
        let mut command = self.node(folder);
        command
            .args(["--input-type=module", "--eval", QUESTIONS])
            .arg(&self.script)
            .stdin(Stdio::piped());
        let asked = async {
            let mut child = command.spawn()?;
            if let Some(mut stdin) = child.stdin.take() {
                stdin.write_all(order.to_string().as_bytes()).await?;
            }
            child.wait_with_output().await
        };
        let output = timeout(LIMIT, asked).await.map_err(|_| late())??;
        let said: Vec<Said> = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed("the registry could not be asked", &output.stderr))?;
        if said.len() != questions.len() {
            return Err(io::Error::other(
                "the registry did not answer every question",
            ));
        }
        for one in &said {
            if let Said::Failed { why } = one {
                return Err(io::Error::other(format!(
                    "the registry did not answer: {why}"
                )));
            }
        }
        Ok(said)
    }

    /// Resolves what the `package.json` in a folder asks for, into the `package-lock.json` there.
    pub(super) async fn resolve(
        &self,
        folder: &Path,
        policy: &Policy,
        force: bool,
    ) -> io::Result<Result<(), Failure>> {
        let mut command = self.npm(folder, policy);
        command.args(["install", "--package-lock-only"]);
        if let Some(before) = policy.before() {
            command.arg(format!("--before={before}"));
        }
        if force {
            command.arg("--force");
        }
        finish(command).await
    }

    /// Installs what the `package-lock.json` in a folder says.
    pub(super) async fn install(
        &self,
        folder: &Path,
        policy: &Policy,
    ) -> io::Result<Result<(), Failure>> {
        let mut command = self.npm(folder, policy);
        command.args(["ci", "--legacy-peer-deps"]);
        finish(command).await
    }

    /// Empties the cache when it has grown over so many bytes: what it holds can be had again.
    pub(super) fn keep_cache_below(&self, bytes: u64) -> io::Result<()> {
        if measure(&self.cache)?.bytes > bytes {
            fs::remove_dir_all(&self.cache)?;
        }
        Ok(())
    }
}

async fn finish(mut command: Command) -> io::Result<Result<(), Failure>> {
    #[derive(Deserialize)]
    struct Output {
        error: Failure,
    }
    let output = timeout(LIMIT, command.output())
        .await
        .map_err(|_| late())??;
    if output.status.success() {
        return Ok(Ok(()));
    }
    match serde_json::from_slice::<Output>(&output.stdout) {
        Ok(Output { error }) => Ok(Err(error)),
        Err(_) => Err(failed("npm failed", &output.stderr)),
    }
}

fn late() -> io::Error {
    io::Error::other(format!("npm was stopped after {} s", LIMIT.as_secs()))
}

fn failed(what: &str, stderr: &[u8]) -> io::Error {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(6)
        .collect();
    io::Error::other(format!("{what}: {}", lines.join(" | ")))
}
