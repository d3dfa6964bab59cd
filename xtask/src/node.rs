//! Node ≥ 22 and the npm packages.
//! A machine's own Node is used when it is new enough; else npm fetches one into the tool cache.
//! Packages are installed from the lock files, and only when a lock file changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{hash, place, process, progress};

/// The oldest Node that workerd's driver runs on.
pub(crate) const OLDEST: u32 = 22;
/// The Node that is fetched when the machine has none.
const FETCHED: &str = "24";
const STAMP: &str = ".overskill-lock";

/// A Node that may be used, and how it came here.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The program itself.
    pub(crate) program: PathBuf,
    /// Its version, `v24.1.0`.
    pub(crate) version: String,
}

impl Node {
    /// A command that runs this Node.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("PATH", self.path());
        command
    }

    /// `PATH` with this Node before all others, for children that look for `node` themselves.
    pub(crate) fn path(&self) -> std::ffi::OsString {
        let own = self.program.parent().map(Path::to_path_buf);
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let all = own.into_iter().chain(std::env::split_paths(&rest));
        std::env::join_paths(all).unwrap_or(rest)
    }
}

/// npm in `folder`, run by this Node.
///
/// # Errors
/// When npm is not on the machine.
pub(crate) fn npm(node: &Node, folder: &Path) -> Result<Command> {
    let npm = process::find("npm").with_context(npm_missing)?;
    let mut command = Command::new(npm);
    command
        .current_dir(folder)
        .env("PATH", node.path())
        .env("NO_UPDATE_NOTIFIER", "1")
        .args(["--no-audit", "--no-fund", "--loglevel=error"]);
    Ok(command)
}

fn npm_missing() -> String {
    "npm is missing: install Node.js with npm, for example `apt-get install -y nodejs npm`"
        .to_owned()
}

/// The Node to use if nothing were installed: the machine's, else the one in the tool cache.
///
/// # Errors
/// When the tool cache has no place.
pub(crate) fn present() -> Result<Option<Node>> {
    let machine = process::find("node");
    let cached = cached_program()?;
    Ok(machine
        .into_iter()
        .chain([cached])
        .find_map(|program| usable(&program)))
}

/// The Node to use, fetched when there is none.
///
/// # Errors
/// When npm is missing or cannot fetch a Node: the error names the command that mends it.
pub(crate) fn ensure() -> Result<Node> {
    if let Some(node) = present()? {
        return Ok(node);
    }
    let start = Instant::now();
    let package = format!("node-{}-{}@{FETCHED}", std::env::consts::OS, npm_arch());
    progress::begin(&format!("fetching Node {FETCHED} (npm package {package})"));
    let npm = process::find("npm").with_context(npm_missing)?;
    let folder = cached_folder()?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
    let mut command = Command::new(npm);
    command
        .current_dir(&folder)
        .args([
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .arg(&package);
    process::quiet(&mut command).with_context(|| {
        format!("no Node ≥ {OLDEST}: install one, or let npm reach its registry")
    })?;
    let node = usable(&cached_program()?).with_context(|| {
        format!("the npm package {package} holds no working Node ≥ {OLDEST}: install one yourself")
    })?;
    progress::done(&format!("Node {}", node.version), start.elapsed());
    Ok(node)
}

fn npm_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn cached_folder() -> Result<PathBuf> {
    Ok(place::tool_cache()?.join(format!("node-{FETCHED}")))
}

fn cached_program() -> Result<PathBuf> {
    let package = format!("node-{}-{}", std::env::consts::OS, npm_arch());
    Ok(cached_folder()?
        .join("node_modules")
        .join(package)
        .join("bin/node"))
}

fn usable(program: &Path) -> Option<Node> {
    if !program.is_file() {
        return None;
    }
    let version = process::quiet(Command::new(program).arg("--version"))
        .ok()?
        .trim()
        .to_owned();
    let major: u32 = version.strip_prefix('v')?.split('.').next()?.parse().ok()?;
    (major >= OLDEST).then(|| Node {
        program: program.to_path_buf(),
        version,
    })
}

/// Whether the packages of a folder are those of its lock file.
pub(crate) fn packages_current(folder: &Path) -> bool {
    let stamp = fs::read_to_string(folder.join("node_modules").join(STAMP)).unwrap_or_default();
    lock_hash(folder).is_ok_and(|hash| hash == stamp)
}

/// Installs the packages of a folder's lock file when they are not there yet.
///
/// # Errors
/// When the folder has no lock file or npm fails.
pub(crate) fn ensure_packages(node: &Node, folder: &Path) -> Result<()> {
    let wanted = lock_hash(folder)?;
    if packages_current(folder) {
        return Ok(());
    }
    let shown = folder
        .strip_prefix(place::root())
        .unwrap_or(folder)
        .join("package-lock.json");
    progress::step(&format!("npm packages of {}", shown.display()), || {
        // Scripts of packages are not run: nothing here needs them.
        process::quiet(npm(node, folder)?.args(["ci", "--ignore-scripts"]))
            .with_context(|| format!("the npm packages of {} are missing", shown.display()))?;
        let installed = folder.join("node_modules");
        fs::create_dir_all(&installed)
            .and_then(|()| fs::write(installed.join(STAMP), &wanted))
            .with_context(|| format!("cannot write in {}", installed.display()))?;
        Ok(format!("npm packages of {}", shown.display()))
    })
}

fn lock_hash(folder: &Path) -> Result<String> {
    let lock = folder.join("package-lock.json");
    let Ok(bytes) = fs::read(&lock) else {
        bail!("{} is missing: is the checkout complete?", lock.display());
    };
    Ok(hash::hex(&[&bytes]))
}
