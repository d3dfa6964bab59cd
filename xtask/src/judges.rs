//! What judges our work and was written by nobody here. The migrations of a shard: Supabase's advisors, squawk and pgTAP, out of npm packages, and
//! plpgsql_check, out of Debian's package for the server. The double of the Cloudflare API: Cloudflare's wrangler. Fetched into the tool cache
//! when the checks first want them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::node::{self, Node};
use crate::{place, process, progress, toolchain};

/// Name and release of what is fetched from npm.
const PACKAGES: [(&str, &str); 4] = [
    ("supabase", "3.1.0"),
    ("squawk-cli", "2.66.0"),
    ("@electric-sql/pglite-pgtap", "0.0.15"),
    ("wrangler", "4.164.0"),
];
const FETCH_LIMIT: Duration = Duration::from_secs(10 * 60);
/// Names the folder of the npm packages to the specs.
const JUDGES: &str = "OVERSKILL_JUDGES";
/// Names the folder where `plpgsql_check` was unpacked.
const CHECKER: &str = "OVERSKILL_PLPGSQL_CHECK";

/// Tells a program where those out of npm are.
///
/// # Errors
/// When the packages cannot be had from npm.
pub(crate) fn tell(command: &mut Command, node: &Node) -> Result<()> {
    command.env(JUDGES, packages(node)?);
    Ok(())
}

/// Tells a program where all of them are, `postgres` being the folder of the server's programs. Why there is no `plpgsql_check`, where there is
/// none: Debian has it for its own servers alone.
///
/// # Errors
/// When the packages cannot be had from npm.
pub(crate) fn lead(command: &mut Command, node: &Node, postgres: &Path) -> Result<Option<String>> {
    tell(command, node)?;
    match checker(postgres) {
        Ok(folder) => {
            command.env(CHECKER, folder);
            Ok(None)
        }
        Err(error) => Ok(Some(format!("{error:#}"))),
    }
}

/// The folder of the npm packages.
fn packages(node: &Node) -> Result<PathBuf> {
    let named = PACKAGES.map(|(name, release)| format!("{name}@{release}"));
    let releases = PACKAGES.map(|(_, release)| release).join("-");
    let folder = place::tool_cache()?.join(format!("judges-{releases}"));
    let done = folder.join(".done");
    if done.is_file() {
        return Ok(folder);
    }
    progress::step("judges of our work (npm packages)", || {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
        let mut npm = node::npm(node, &folder)?;
        npm.args(["install", "--no-save", "--ignore-scripts"])
            .args(&named);
        process::quiet_within(&mut npm, FETCH_LIMIT)?;
        fs::write(&done, "")?;
        Ok(named.join(", "))
    })?;
    Ok(folder)
}

/// The folder with `plpgsql_check` for this server.
fn checker(postgres: &Path) -> Result<PathBuf> {
    let said = process::quiet(Command::new(postgres.join("postgres")).arg("--version"))?;
    // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
    if !said.contains("Debian") {
        bail!(
            "Debian has plpgsql_check for its own servers, and this is none: {}",
            said.trim()
        );
    }
    let release = said.split_whitespace().nth(2).unwrap_or_default();
    let major = release.split('.').next().unwrap_or_default();
    let package = format!("postgresql-{major}-plpgsql-check");
    let folder = place::tool_cache()?.join(&package);
    let library = folder.join(format!(
        "root/usr/lib/postgresql/{major}/lib/plpgsql_check.so"
    ));
    if !library.is_file() {
        progress::step("plpgsql_check (Debian's package)", || {
            toolchain::unpack(&package, &folder)?;
            Ok(format!("{package} unpacked"))
        })?;
    }
    Ok(folder.join("root/usr"))
}
