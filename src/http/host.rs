//! Which host is asked: the console, an app at one of its addresses, or nobody (invariant I6 of the design).
//!
//! A host that is not exactly one of ours is [`Host::Unknown`]; nothing is guessed from a part of it.

use crate::{
    error::{Error, Kind, Result},
    ids::AppId,
    publish::{
        Environment,
        domain::{DomainName, is_host_name},
        names::Name,
    },
};

/// Whom a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// The console and the API.
    Console,
    /// An address that an app has by itself. The app need not exist.
    App(AppId, Environment),
    /// A name that somebody may have claimed for an app.
    Named(Name),
    /// A host name that somebody may have shown to be theirs and led to an app.
    Domain(DomainName),
    /// None of ours: answered 404.
    Unknown,
}

/// The hosts this installation answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    console: Authority,
    apps: Authority,
    console_origin: String,
}

/// A host name in lower case without its final dot, and its port unless it is the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Authority {
    name: String,
    port: Option<u16>,
}

/// Public suffixes of two labels under which operators are likely to live. Without its entry here, two domains
/// under such a suffix count as one site and are refused: the safe side.
const TWO_LABEL_SUFFIXES: [&str; 24] = [
    "ac.uk",
    "co.in",
    "co.jp",
    "co.kr",
    "co.nz",
    "co.uk",
    "co.za",
    "com.ar",
    "com.au",
    "com.br",
    "com.cn",
    "com.mx",
    "com.sg",
    "com.tr",
    "com.tw",
    "fly.dev",
    "github.io",
    "net.au",
    "ne.jp",
    "or.jp",
    "org.au",
    "org.uk",
    "pages.dev",
    "workers.dev",
];

impl Hosts {
    /// The hosts of a configuration: `CONSOLE_HOST` and `APPS_DOMAIN`, each a host name with an optional port.
    ///
    /// # Errors
    /// When one is not a host name, or both belong to one registrable domain: an app could then set cookies for
    /// the console and call it as the same site. `localhost` is excepted, browsers treat each of its subdomains
    /// as a site of its own.
    pub fn parse(console_host: &str, apps_domain: &str) -> Result<Self> {
        let console = Authority::parse(console_host)
            .ok_or_else(|| not_a_host("CONSOLE_HOST", console_host))?;
        let apps =
            Authority::parse(apps_domain).ok_or_else(|| not_a_host("APPS_DOMAIN", apps_domain))?;
        let local = console.is_local() && apps.is_local();
        if !local && registrable(&console.name) == registrable(&apps.name) {
            return Err(Error::new(
                Kind::Internal,
                format!(
                    "CONSOLE_HOST ({}) and APPS_DOMAIN ({}) share the domain {}. Give the apps a domain of \
                     their own: under a shared one an app could set cookies for the console.",
                    console.name,
                    apps.name,
                    registrable(&apps.name)
                ),
            ));
        }
        let console_origin = format!("{}://{}", console.scheme(), console.with_port());
        Ok(Self {
            console,
            apps,
            console_origin,
        })
    }

    /// Whom a request with this host is for: `Host` header or URL authority, with its port.
    #[must_use]
    pub fn classify(&self, host: &str) -> Host {
        let Some(asked) = Authority::parse(host) else {
            return Host::Unknown;
        };
        if asked == self.console {
            return Host::Console;
        }
        if asked.port != self.apps.port {
            return Host::Unknown;
        }
        let label = asked
            .name
            .strip_suffix(&self.apps.name)
            .and_then(|rest| rest.strip_suffix('.'));
        let Some(label) = label else {
            return self
                .foreign(&asked.name)
                .map_or(Host::Unknown, Host::Domain);
        };
        for environment in [Environment::Preview, Environment::Staging] {
            let app = label
                .strip_prefix(environment.as_str())
                .and_then(|rest| rest.strip_prefix('-'));
            if let Some(app) = app {
                return app
                    .parse()
                    .map_or(Host::Unknown, |app| Host::App(app, environment));
            }
        }
        label.parse().map_or(Host::Unknown, Host::Named)
    }

    /// A host name that may be somebody's own: not of the domains that the console and the apps are under.
    #[must_use]
    pub fn foreign(&self, name: &str) -> Option<DomainName> {
        let name: DomainName = name.parse().ok()?;
        let own = [&self.console, &self.apps].map(|own| registrable(&own.name));
        (!own.contains(&registrable(name.as_str()))).then_some(name)
    }

    /// Where an app answers at a domain of somebody's own: an origin, without a final slash.
    #[must_use]
    pub fn domain_url(&self, domain: &DomainName) -> String {
        let port = self.apps.port.map(|port| format!(":{port}"));
        let scheme = self.apps.scheme();
        format!("{scheme}://{domain}{}", port.unwrap_or_default())
    }

    /// Whether all of it is on this machine, for nobody else.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.console.is_local() && self.apps.is_local()
    }

    /// The origin of the console, such as `https://console.example`.
    #[must_use]
    pub fn console_origin(&self) -> &str {
        &self.console_origin
    }

    /// Where an app's preview answers: an origin, without a final slash. Plain HTTP on localhost only.
    #[must_use]
    pub fn preview_url(&self, app: &AppId) -> String {
        self.url(app, Environment::Preview, None)
    }

    /// Where an app answers in an environment: an origin, without a final slash. In production that is where its name leads.
    #[must_use]
    pub fn url(&self, app: &AppId, environment: Environment, name: Option<&Name>) -> String {
        let label = match name {
            Some(name) if environment == Environment::Production => name.to_string(),
            _ => format!("{}-{app}", environment.as_str()),
        };
        format!("{}://{label}.{}", self.apps.scheme(), self.apps.with_port())
    }

    /// The source expression of a content security policy that matches every app.
    #[must_use]
    pub fn frame_source(&self) -> String {
        format!("{}://*.{}", self.apps.scheme(), self.apps.with_port())
    }
}

/// The host name of an origin, without its port.
#[must_use]
pub fn name_of(origin: &str) -> &str {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    host.split_once(':').map_or(host, |(name, _)| name)
}

impl Authority {
    /// A host name of DNS labels (RFC 1123, at most 253 bytes) with an optional port; no IP address.
    fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.split_once(':') {
            Some((name, "")) => (name, None),
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (
                name,
                Some(port.parse::<u16>().ok().filter(|port| *port != 0)?),
            ),
            Some(_) => return None,
            None => (text, None),
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if !is_host_name(&name) {
            return None;
        }
        // A name whose last label is a number is an IPv4 address to every URL parser.
        if name
            .rsplit('.')
            .next()?
            .bytes()
            .all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let mut authority = Self { name, port };
        if authority.port == Some(authority.default_port()) {
            authority.port = None;
        }
        Some(authority)
    }

    fn is_local(&self) -> bool {
        self.name == "localhost" || self.name.ends_with(".localhost")
    }

    fn scheme(&self) -> &'static str {
        if self.is_local() { "http" } else { "https" }
    }

    fn default_port(&self) -> u16 {
        if self.is_local() { 80 } else { 443 }
    }

    fn with_port(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The registrable domain of a name. Never longer than the true one, so two names of one site always agree.
fn registrable(name: &str) -> &str {
    let last = |labels: usize| {
        name.rmatch_indices('.')
            .nth(labels - 1)
            .map_or(name, |(dot, _)| name.get(dot + 1..).unwrap_or(name))
    };
    if TWO_LABEL_SUFFIXES.contains(&last(2)) {
        last(3)
    } else {
        last(2)
    }
}

fn not_a_host(variable: &str, value: &str) -> Error {
    Error::new(
        Kind::Internal,
        format!(
            "{variable} is `{value}`, which is not a host name. Set it to one such as `console.example`."
        ),
    )
}

#[cfg(test)]
mod tests;
