//! Variables of an environment: what an app's pages are told, what its functions are told beside that, and where these may send requests.

use serde::{Deserialize, Serialize};

use super::{Environment, domain::is_host_name};
use crate::{ids::AppId, sorted::SortedMap, time::Timestamp};

/// The variable of the platform with the hosts that functions may send requests to.
pub const ALLOWED_HOSTS: &str = "ALLOWED_HOSTS";
/// How many hosts it names at most.
pub const MOST_HOSTS: usize = 32;

/// Who gets to know a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// Everybody: the app's page is told as it is served.
    Public,
    /// The app's functions alone. It is sealed when it is set, and never shown again.
    Secret,
    /// The platform: `ALLOWED_HOSTS`, the hosts that the app's functions may send requests to, with blanks or commas between them.
    Platform,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Who gets to know it.
    pub kind: VariableKind,
    /// Its value. A secret's is sealed.
    pub value: String,
    /// Who has set it: the name of their token.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What all variables of an environment come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What pages are told, by name.
    pub public: SortedMap<String, String>,
    /// What functions are told beside it, sealed, by name. A Worker without any is given none of it.
    pub secrets: SortedMap<String, String>,
    /// Where functions may send requests.
    pub hosts: Vec<String>,
}

impl Told {
    /// That of these variables.
    #[must_use]
    pub fn of(variables: &SortedMap<String, Variable>) -> Self {
        let mut told = Self::default();
        for (name, Variable { kind, value, .. }) in variables {
            match kind {
                VariableKind::Public => {
                    told.public.insert(name.clone(), value.clone());
                }
                VariableKind::Secret => {
                    told.secrets.insert(name.clone(), value.clone());
                }
                VariableKind::Platform => {
                    told.hosts = value.split_whitespace().map(str::to_owned).collect()
                }
            }
        }
        told
    }
}

/// What a secret variable is sealed as, so that it opens as no other.
#[must_use]
pub fn sealed_as(app: &AppId, environment: Environment, name: &str) -> String {
    format!("app:{app}:{}:{name}", environment.as_str())
}

/// The hosts that a text names, in its order.
///
/// # Errors
/// Which of them is none. `is_local` says whether a port of this machine is one.
pub fn hosts(text: &str, is_local: bool) -> Result<Vec<String>, String> {
    let names = text
        .split([',', ' ', '\n', '\t', '\r'])
        .filter(|name| !name.is_empty());
    let mut hosts: Vec<String> = Vec::new();
    for name in names {
        let host = name.to_ascii_lowercase();
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
        let local = host.strip_prefix("localhost:").is_some_and(is_port);
        if !(is_host(&host) || is_local && local) {
            return Err(format!(
                "`{name}` is no host that functions can be allowed to ask. Name hosts as in `api.example.com`, or `*.example.com` for all below one; https is meant"
            ));
        }
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if hosts.len() > MOST_HOSTS {
        return Err(format!("At most {MOST_HOSTS} hosts can be named"));
    }
    Ok(hosts)
}

/// Whether it is the name of a host that others reach, or stands for all below one that is not a whole top-level domain.
fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let labels: Vec<&str> = name.split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    is_host_name(name)
        && labels.len() >= 2
        // An address of four numbers is no name, and what ends like this is not for others.
        && !top.bytes().all(|byte| byte.is_ascii_digit())
        && !["local", "localhost", "internal", "home", "lan"].contains(&top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_that_others_reach() {
        for (text, expected) in [
            ("api.example.com", &["api.example.com"][..]),
            (
                " api.example.com,*.Example.org\napi.example.com ",
                &["api.example.com", "*.example.org"],
            ),
            ("", &[]),
        ] {
            assert_eq!(hosts(text, false).unwrap(), expected, "{text}");
        }
        for text in [
            "https://api.example.com",
            "api.example.com/v1",
            "api.example.com:8443",
            "user@example.com",
            "example",
            "*.com",
            "*",
            "a.*.com",
            "127.0.0.1",
            "[::1]",
            "2130706433",
            "localhost:8787",
            "preview-abc.localhost",
            "printer.local",
            "metadata.google.internal",
            "-a.example.com",
            "bücher.example",
        ] {
            assert!(hosts(text, false).is_err(), "{text}");
        }
        assert_eq!(hosts("localhost:8787", true).unwrap(), ["localhost:8787"]);
        assert!(hosts("localhost", true).is_err());
        assert!(hosts("localhost:0", true).is_err());
        let many: Vec<String> = (0..=MOST_HOSTS)
            .map(|n| format!("h{n}.example.com"))
            .collect();
        assert!(hosts(&many.join(" "), false).unwrap_err().contains("32"));
    }
}
