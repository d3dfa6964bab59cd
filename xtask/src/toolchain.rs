//! A Rust compiler with a `wasm32-unknown-unknown` standard library: the machine's own, with the target
//! added by rustup, else one made of Debian's packages.

mod debian;

pub(crate) use self::debian::unpack;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use crate::{place, process, progress};

/// The target that Workers are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
const CHOICE: &str = "OVERSKILL_WASM_TOOLCHAIN";
const RUSTUP_LIMIT: Duration = Duration::from_secs(180);

/// The environment that makes cargo compile for the wasm target; empty for the machine's own compiler.
#[derive(Clone, Debug, Default)]
pub(crate) struct Toolchain {
    /// Variables to set on cargo.
    pub(crate) env: Vec<(OsString, OsString)>,
    /// The linter that was built with this compiler; the machine's own compiler has its own.
    clippy: Option<PathBuf>,
}

impl Toolchain {
    /// `cargo` with this compiler.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = place::cargo();
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A command that lints `selection` for the target; any warning is an error. A linter reads only what its own compiler
    /// has compiled, so `cargo clippy`, which takes the machine's, will do for the machine's compiler alone.
    pub(crate) fn lint(&self, selection: &[&str]) -> Command {
        let mut command = self.cargo();
        let Some(clippy) = &self.clippy else {
            command
                .arg("clippy")
                .args(selection)
                .args(["--target", TARGET, "--", "-D", "warnings"]);
            return command;
        };
        // What `cargo clippy` does, with another driver.
        command
            .arg("check")
            .args(selection)
            .args(["--target", TARGET])
            .env("RUSTC_WORKSPACE_WRAPPER", clippy)
            .env(
                "CLIPPY_ARGS",
                "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
            );
        command
    }
}

/// Whether the machine's own compiler has the target.
pub(crate) fn target_present() -> bool {
    let mut command = Command::new("rustc");
    command
        .current_dir(place::root())
        .args(["--print", "target-libdir", "--target", TARGET]);
    process::quiet(&mut command).is_ok_and(|folder| {
        std::fs::read_dir(Path::new(folder.trim())).is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
    })
}

/// Which compiler has the target, if any.
///
/// # Errors
/// When the tool cache has no place.
pub(crate) fn describe() -> Result<Option<String>> {
    if target_present() {
        return Ok(Some("with the machine's own compiler".to_owned()));
    }
    Ok(debian::present()?.map(|_| "with Debian's compiler in the tool cache".to_owned()))
}

/// A compiler for the wasm target, installed when there is none. `OVERSKILL_WASM_TOOLCHAIN`
/// (`rustup` or `debian`) says which way to go.
///
/// # Errors
/// When neither way works: names both.
pub(crate) fn ensure() -> Result<Toolchain> {
    let wanted = std::env::var(CHOICE).unwrap_or_default();
    match wanted.as_str() {
        "debian" => return debian::ensure(),
        "rustup" | "" => {}
        other => bail!("{CHOICE}={other}: choose `rustup` or `debian`"),
    }
    if target_present() {
        return Ok(Toolchain::default());
    }
    if wanted.is_empty()
        && let Some(made_before) = debian::present()?
    {
        return Ok(made_before);
    }
    let Err(rustup) = add_target() else {
        return Ok(Toolchain::default());
    };
    if wanted == "rustup" {
        return Err(rustup);
    }
    println!("  rustup could not add the target; taking Debian's compiler");
    debian::ensure().map_err(|debian| {
        anyhow!(
            "there is no Rust compiler for {TARGET}: run `rustup target add {TARGET}` where it can download\n\
             rustup: {rustup:#}\nDebian: {debian:#}"
        )
    })
}

fn add_target() -> Result<()> {
    progress::step(&format!("rustup target add {TARGET}"), || {
        let mut command = Command::new("rustup");
        command
            .current_dir(place::root())
            .args(["target", "add", TARGET]);
        process::quiet_within(&mut command, RUSTUP_LIMIT)?;
        Ok(format!("Rust target {TARGET}"))
    })
}
