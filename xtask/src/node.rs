//! Node and the npm packages.
//! A machine's own Node is used when it will do; else its npm fetches one into the tool cache, with an npm that runs
//! on it: the machine's was made for the machine's Node, and may find its own modules through nothing else.
//! Packages are installed from the lock files, and only when a lock file changed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{hash, node_rule, place, process, progress};

/// The Node that is fetched when the machine has none that will do.
const FETCHED: &str = "24";
/// The npm that comes with it.
const NPM: &str = "11";
/// How long npm may take. Generous: a slow line is no failure, one that hangs for ever is.
const NPM_LIMIT: Duration = Duration::from_secs(20 * 60);
/// Names another registry for the packages of apps.
const REGISTRY: &str = "OVERSKILL_REGISTRY";
const STAMP: &str = ".overskill-lock";

/// A Node that may be used, and how it came here.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The program itself.
    pub(crate) program: PathBuf,
    /// Its version, `v24.1.0`.
    pub(crate) version: String,
    /// The script of the npm that was fetched with it; the machine's npm is used without.
    npm: Option<PathBuf>,
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
    let mut command = match &node.npm {
        Some(script) => {
            let mut command = Command::new(&node.program);
            command.arg(script);
            command
        }
        None => Command::new(process::find("npm").with_context(npm_missing)?),
    };
    command
        .current_dir(folder)
        .env("PATH", node.path())
        .env("NO_UPDATE_NOTIFIER", "1")
        .args(["--no-audit", "--no-fund", "--loglevel=error"]);
    Ok(command)
}

/// What tells the builder from where packages of apps come: with the npm of this Node, from the registry that the machine's
/// npm uses, or that [`REGISTRY`] names.
pub(crate) fn registry_flags(node: &Node) -> Vec<OsString> {
    let mut flags = Vec::new();
    if let Some(script) = &node.npm {
        flags.extend(["--npm".into(), script.into()]);
    }
    let configured = || {
        let mut asked = npm(node, place::root()).ok()?;
        let said = process::quiet(asked.args(["config", "get", "registry"])).ok()?;
        Some(OsString::from(said.trim()))
    };
    let registry = std::env::var_os(REGISTRY).or_else(configured);
    let is_address = |text: &OsString| text.to_str().is_some_and(|text| text.starts_with("http"));
    if let Some(registry) = registry.filter(is_address) {
        flags.extend(["--registry".into(), registry]);
    }
    flags
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
    if let Some(node) = process::find("node").and_then(|program| usable(&program, None)) {
        return Ok(Some(node));
    }
    Ok(fetched_in(&cached_folder()?))
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
    progress::begin(&format!(
        "fetching Node {FETCHED} (npm package {})",
        package()
    ));
    let folder = cached_folder()?;
    // Beside its place until it is whole: other checkouts share the cache.
    let new = folder.with_extension(format!("new-{}", std::process::id()));
    let fetched = fetch(&new).and_then(|()| {
        fetched_in(&new).with_context(|| {
            format!(
                "the npm package {} holds no Node that works here: install Node ({}) yourself",
                package(),
                node_rule::NEEDED
            )
        })
    });
    if fetched.is_ok() && fetched_in(&folder).is_none() {
        remove(&folder)?;
        fs::rename(&new, &folder)?;
    }
    remove(&new)?;
    fetched?;
    let node =
        fetched_in(&folder).with_context(|| format!("there is no Node in {}", folder.display()))?;
    progress::done(&format!("Node {}", node.version), start.elapsed());
    Ok(node)
}

/// Installs Node and npm into a new folder, with the machine's npm and whatever Node that runs on.
fn fetch(folder: &Path) -> Result<()> {
    let npm = process::find("npm").with_context(npm_missing)?;
    remove(folder)?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
    let mut command = Command::new(npm);
    command
        .current_dir(folder)
        .args([
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
            // What is installed does not run on the Node that installs it.
            "--engine-strict=false",
        ])
        .arg(format!("{}@{FETCHED}", package()))
        .arg(format!("npm@{NPM}"));
    process::quiet_within(&mut command, NPM_LIMIT).with_context(|| {
        format!(
            "no Node that will do ({}): install one, or let npm reach its registry",
            node_rule::NEEDED
        )
    })
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The npm package that holds Node for this machine.
fn package() -> String {
    format!("node-{}-{}", std::env::consts::OS, npm_arch())
}

/// This machine's processor, as npm names it.
pub(crate) fn npm_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn cached_folder() -> Result<PathBuf> {
    Ok(place::tool_cache()?.join(format!("node-{FETCHED}-npm-{NPM}")))
}

/// The Node that was fetched into a folder, if it is whole.
fn fetched_in(folder: &Path) -> Option<Node> {
    let modules = folder.join("node_modules");
    let npm = modules.join("npm/bin/npm-cli.js");
    if !npm.is_file() {
        return None;
    }
    usable(&modules.join(package()).join("bin/node"), Some(npm))
}

fn usable(program: &Path, npm: Option<PathBuf>) -> Option<Node> {
    if !program.is_file() {
        return None;
    }
    let version = process::quiet(Command::new(program).arg("--version")).ok()?;
    let version = version.trim();
    node_rule::suffices(version)?.then(|| Node {
        program: program.to_path_buf(),
        version: version.to_owned(),
        npm,
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
        let mut command = npm(node, folder)?;
        process::quiet_within(command.args(["ci", "--ignore-scripts"]), NPM_LIMIT)
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

/// A Node for tests that start none.
#[cfg(test)]
pub(crate) fn on_test_machine(program: &str) -> Node {
    Node {
        program: PathBuf::from(program),
        version: "v24.0.0".to_owned(),
        npm: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> Vec<String> {
        std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_fetched_node_runs_the_npm_that_came_with_it() {
        let node = Node {
            npm: Some(PathBuf::from("/cache/npm/bin/npm-cli.js")),
            ..on_test_machine("/cache/bin/node")
        };
        let command = npm(&node, Path::new("/")).unwrap();
        assert_eq!(
            words(&command)[..2],
            ["/cache/bin/node", "/cache/npm/bin/npm-cli.js"]
        );
    }

    #[test]
    fn a_fetched_node_without_its_npm_is_not_whole() {
        let folder = std::env::temp_dir().join(format!("overskill-node-{}", std::process::id()));
        let program = folder.join("node_modules").join(package()).join("bin/node");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/bin/echo", &program).unwrap();
        assert!(fetched_in(&folder).is_none());
        fs::remove_dir_all(&folder).unwrap();
    }
}
