//! Where things lie: the checkout, cargo's target folder, the tool cache, a state folder.
//! Every other module asks here; nothing here creates a file.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The root of the checkout this program was built from.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Folder of the foundation, whose own install is the builder's toolchain.
pub(crate) fn foundation() -> PathBuf {
    root().join("templates/foundation")
}

/// Folder of the builder, whose own install has what only it uses.
pub(crate) fn builder() -> PathBuf {
    root().join("builder-container")
}

/// Where the Worker's modules are written.
pub(crate) fn worker_build() -> PathBuf {
    root().join("build")
}

/// The state folder used when `--state` is not given.
pub(crate) fn default_state() -> PathBuf {
    root().join(".overskill")
}

/// Cargo's target folder: the one this program was put in. Children of ours build there too.
///
/// # Errors
/// When this program does not know its own path.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program does not know its own path")?;
    let folder = program.parent().and_then(Path::parent);
    Ok(folder
        .context("this program lies in no target folder: run it as `cargo xtask`")?
        .to_path_buf())
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
    if let Ok(target) = target() {
        command.env("CARGO_TARGET_DIR", target);
    }
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
