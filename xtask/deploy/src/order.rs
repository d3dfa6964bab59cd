//! What is to be done.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use overskill::http::host::Hosts;
use serde::Deserialize;

/// A deployment, as `cargo xtask deploy` orders it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Host name of the console and the API.
    pub(crate) console: String,
    /// Domain below which the apps live.
    pub(crate) apps: String,
    /// The API token, which the Worker gets as well: it deploys apps with it.
    pub(crate) token: String,
    /// Whether nothing is to be changed.
    pub(crate) check: bool,
    /// `wrangler.toml`.
    pub(crate) configuration: PathBuf,
    /// What its paths begin at.
    pub(crate) root: PathBuf,
    /// Where secrets that are made are kept.
    pub(crate) folder: PathBuf,
    /// Where the API is; Cloudflare's when it is empty.
    pub(crate) api: String,
    /// Where host names are reached, in tests; where they are when it is empty.
    pub(crate) edge: String,
    /// How long one answer of the API may take.
    pub(crate) timeout_seconds: u64,
    /// For how long the console is asked before it counts as not answering.
    pub(crate) patience_seconds: u64,
    /// Variables and secrets that the operator sets, by name.
    pub(crate) set: BTreeMap<String, String>,
}

impl Order {
    /// Refuses hosts that no installation can have.
    ///
    /// # Errors
    /// When one is no host name of the internet, or both are of one registrable domain (invariant I6).
    pub(crate) fn check(&self) -> Result<()> {
        for (option, host) in [("--console", &self.console), ("--apps", &self.apps)] {
            if host.contains(':') || host.contains('/') || *host != host.to_ascii_lowercase() {
                bail!(
                    "{option} is `{host}`: name a host in small letters, such as console.example, without scheme, port or path"
                );
            }
        }
        let hosts = Hosts::parse(&self.console, &self.apps)?;
        if hosts.is_local() || !self.console.contains('.') || !self.apps.contains('.') {
            bail!(
                "these are hosts of this machine; name ones whose zones are on the Cloudflare account"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn order(console: &str, apps: &str) -> Order {
        Order {
            console: console.to_owned(),
            apps: apps.to_owned(),
            token: "the-token".to_owned(),
            check: false,
            configuration: PathBuf::new(),
            root: PathBuf::new(),
            folder: PathBuf::new(),
            api: String::new(),
            edge: String::new(),
            timeout_seconds: 1,
            patience_seconds: 1,
            set: BTreeMap::new(),
        }
    }

    #[test]
    fn console_and_apps_are_hosts_of_two_domains() {
        assert!(order("console.one.test", "two.test").check().is_ok());
        assert!(order("one.test", "apps.two.test").check().is_ok());
        for (console, apps, why) in [
            (
                "console.one.test",
                "apps.one.test",
                "share the domain one.test",
            ),
            ("one.test", "one.test", "share the domain one.test"),
            (
                "https://one.test",
                "two.test",
                "--console is `https://one.test`",
            ),
            ("one.test:8443", "two.test", "without scheme, port or path"),
            ("one.test", "Two.test", "in small letters"),
            ("one.test", "two .test", "not a host name"),
            ("localhost", "localhost", "hosts of this machine"),
            ("console", "two.test", "hosts of this machine"),
        ] {
            let error = order(console, apps).check().unwrap_err().to_string();
            assert!(error.contains(why), "{console} {apps}: {error}");
        }
    }
}
