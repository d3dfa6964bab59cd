//! Chromium: where it is, how it gets here, and whether it sees an app.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::node::Node;
use crate::{place, process, progress};

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const APT_LIMIT: Duration = Duration::from_secs(600);
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);
/// What to do where it cannot be installed.
pub(crate) const REMEDY: &str =
    "install Chromium (`sudo apt-get install -y chromium`), or set CHROMIUM to the path of one";

/// What to do where Chromium is there but may not lock itself in.
pub(crate) const SANDBOX_REMEDY: &str = "Chromium cannot start its sandbox as this user: allow user namespaces \
    (`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu, \
    `sudo sysctl -w user.max_user_namespaces=10000` elsewhere), install `chromium-sandbox`, or open the address yourself";

/// What Chromium saw of a page.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Sight {
    /// A non-empty root and no error.
    pub(crate) rendered: bool,
    /// The page's title.
    pub(crate) title: String,
    /// Console errors, uncaught exceptions, an empty root.
    pub(crate) problems: Vec<String>,
}

/// Chromium on this machine: `CHROMIUM`, one on `PATH`, or one that Playwright downloaded.
pub(crate) fn find() -> Option<PathBuf> {
    if let Some(set) = std::env::var_os("CHROMIUM").filter(|set| !set.is_empty()) {
        return Some(PathBuf::from(set)).filter(|path| path.is_file());
    }
    NAMES
        .iter()
        .find_map(|name| process::find(name))
        .or_else(downloaded)
}

fn downloaded() -> Option<PathBuf> {
    let browsers = std::env::var_os("PLAYWRIGHT_BROWSERS_PATH")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache/ms-playwright")))?;
    let mut found: Vec<PathBuf> = std::fs::read_dir(browsers)
        .ok()?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("chromium-"))
        .flat_map(|entry| {
            ["chrome-linux/chrome", "chrome-linux64/chrome"].map(|tail| entry.path().join(tail))
        })
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.pop()
}

/// Chromium, installed when there is none: by apt as root, else by Playwright's own download.
///
/// # Errors
/// When neither works; says what to do.
pub(crate) fn ensure(node: &Node) -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if std::env::var_os("CHROMIUM").is_some_and(|set| !set.is_empty()) {
        bail!("CHROMIUM names no file");
    }
    progress::step("installing Chromium", || {
        let apt = if rustix::process::geteuid().is_root() && process::find("apt-get").is_some() {
            install_by_apt()
        } else {
            Err(anyhow::anyhow!("not root, or no apt-get"))
        };
        if let Err(apt) = apt {
            let mut command = node.command();
            command
                .arg(place::root().join("node_modules/playwright-core/cli.js"))
                .args(["install", "chromium"]);
            process::quiet_within(&mut command, DOWNLOAD_LIMIT).with_context(|| {
                format!("apt: {apt:#}; Playwright's download failed too: {REMEDY}")
            })?;
        }
        Ok("Chromium installed".to_owned())
    })?;
    find().with_context(|| format!("Chromium was installed but is not found: {REMEDY}"))
}

fn install_by_apt() -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments);
        process::quiet_within(&mut command, APT_LIMIT)
    };
    apt(&["update", "-q"])?;
    apt(&[
        "install",
        "-y",
        "-q",
        "--no-install-recommends",
        "chromium",
        "fonts-liberation",
    ])
}

/// Opens `url` in `chromium` and says what it saw; `None` when Chromium cannot start its sandbox here.
///
/// # Errors
/// When the browser could not be driven at all.
pub(crate) fn look_at(node: &Node, chromium: &Path, url: &str) -> Result<Option<Sight>> {
    let mut command = node.command();
    command
        .current_dir(place::root())
        .env("CHROMIUM", chromium)
        .arg(place::root().join("xtask/local/render-check.mjs"))
        .arg(url);
    let output = process::capture(&mut command)?;
    report(&output.stdout)
        .with_context(|| format!("Chromium could not be driven\n{}", process::tail(&output)))
}

/// The line that the script prints.
fn report(line: &[u8]) -> Result<Option<Sight>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Report {
        Sight(Sight),
        Refusal { sandbox: bool },
    }
    Ok(match serde_json::from_slice(line)? {
        Report::Sight(sight) => Some(sight),
        Report::Refusal { sandbox: false } => None,
        Report::Refusal { sandbox: true } => bail!("the script contradicts itself"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_without_its_sandbox_saw_nothing() {
        assert!(report(b"{\"sandbox\":false}\n").unwrap().is_none());
        let seen = br#"{"rendered":true,"title":"T","problems":[]}"#;
        assert!(report(seen).unwrap().unwrap().rendered);
        assert!(report(b"").is_err());
    }
}
