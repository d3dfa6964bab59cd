//! Where things lie: the checkout, cargo's target folder, the tool cache, a state folder.
//! Every other module asks here; nothing here creates a file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// The root of the checkout this program was built from.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Folder of the foundation, whose own install is the builder's toolchain.
pub(crate) fn foundation() -> PathBuf {
    root().join("templates/foundation")
}

/// Where the Worker's two modules are written.
pub(crate) fn worker_build() -> PathBuf {
    root().join("build")
}

/// The state folder used when `--state` is not given.
pub(crate) fn default_state() -> PathBuf {
    root().join(".overskill")
}

/// Cargo's target folder, as cargo itself reports it.
///
/// # Errors
/// When `cargo metadata` cannot be run or understood.
pub(crate) fn target() -> Result<PathBuf> {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    if let Some(known) = TARGET.get() {
        return Ok(known.clone());
    }
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("`cargo` could not be started")?;
    if !output.status.success() {
        bail!(
            "`cargo metadata` failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let found = metadata
        .get("target_directory")
        .and_then(|value| value.as_str())
        .context("`cargo metadata` named no target directory")?;
    Ok(TARGET.get_or_init(|| PathBuf::from(found)).clone())
}

/// Private folder for tools that the machine lacks: `$XDG_CACHE_HOME/overskill` or `~/.cache/overskill`.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub(crate) fn tool_cache() -> Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(cache) = from("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(cache).join("overskill"));
    }
    let home = from("HOME")
        .context("neither XDG_CACHE_HOME nor HOME is set: set one, tools are cached below it")?;
    Ok(PathBuf::from(home).join(".cache/overskill"))
}

/// `cargo` in the checkout, without the variables that the outer `cargo xtask` left behind:
/// they would change fingerprints and build things twice.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
}
