//! Cargo's tools, each at one release: the machine's if it is that one, else installed from crates.io into the tool cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{place, process, progress};

/// The program of a tool such as `mutants`, which is `cargo-mutants`, at a release.
///
/// # Errors
/// When it is not there and does not compile.
pub(crate) fn installed(name: &str, release: &str) -> Result<PathBuf> {
    let package = format!("cargo-{name}");
    let fits = |program: &Path| {
        process::quiet(Command::new(program).args([name, "--version"]))
            .is_ok_and(|text| text.trim().ends_with(release))
    };
    if let Some(found) = process::find(&package).filter(|program| fits(program)) {
        return Ok(found);
    }
    let folder = place::tool_cache()?.join(format!("{package}-{release}"));
    let program = folder.join("bin").join(&package);
    if !fits(&program) {
        progress::step(&format!("installing {package}"), || {
            let version = format!("{package}@{release}");
            let mut cargo = place::cargo();
            cargo
                .env_remove("CARGO_TARGET_DIR")
                .args(["install", "--locked", &version, "--root"])
                .arg(&folder);
            process::quiet(&mut cargo)?;
            Ok(package.clone())
        })?;
    }
    Ok(program)
}
