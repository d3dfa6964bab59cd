//! The zone of a host, found by name.

use anyhow::Result;
use overskill::cloudflare::{site, site::Api, zone};
use serde::Deserialize;

/// A zone, as the API tells of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Zone {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// `active` once its name servers are Cloudflare's.
    #[serde(default)]
    pub(crate) status: String,
    /// Whose it is.
    pub(crate) account: Owner,
}

/// An account.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Its id.
    pub(crate) id: String,
}

/// The names that a host's zone may have, the longest first.
pub(crate) fn candidates(host: &str) -> Vec<&str> {
    let dots = host.match_indices('.').map(|(dot, _)| dot + 1);
    let tails = std::iter::once(0)
        .chain(dots)
        .filter_map(|at| host.get(at..));
    tails.filter(|tail| tail.contains('.')).collect()
}

/// The zone that a host is in, of those that the token may see.
///
/// # Errors
/// Those of the API.
pub(crate) async fn of(api: &impl Api, host: &str) -> Result<Option<Zone>> {
    for name in candidates(host) {
        let found: Vec<Zone> = site::ask(api, &zone::named(name)).await?;
        if let Some(zone) = found.into_iter().find(|zone| zone.name == name) {
            return Ok(Some(zone));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_looked_for_from_the_host_upwards() {
        assert_eq!(candidates("a.b.test"), ["a.b.test", "b.test"]);
        assert_eq!(candidates("b.test"), ["b.test"]);
        assert!(candidates("test").is_empty());
    }
}
