//! Domains of people's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    publish::domain::{self, DnsRecord, DomainStatus},
    time::Timestamp,
};

/// A domain of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Domain {
    /// The host name.
    pub host: String,
    /// Where it leads to, an origin.
    pub url: String,
    /// How far it is.
    pub status: DomainStatus,
    /// What is missing, as a sentence.
    pub problem: Option<String>,
    /// What its owner sets in their DNS.
    pub records: Vec<DnsRecord>,
    /// Who has added it: the name of their token.
    pub by: String,
    /// When.
    pub added_at: Timestamp,
    /// When it was looked at last.
    pub checked_at: Option<Timestamp>,
    /// When it will be next.
    pub next_check_at: Option<Timestamp>,
    /// Since when it leads to the app.
    pub active_at: Option<Timestamp>,
}

impl Domain {
    /// A domain as it is shown. `url` is where it leads to, `target` the app's own host name.
    #[must_use]
    pub fn of(domain: domain::Domain, url: String, target: &str) -> Self {
        Self {
            url,
            records: domain.records(target),
            host: domain.host.into(),
            status: domain.status,
            problem: domain.problem,
            by: domain.by,
            added_at: domain.added_at,
            checked_at: domain.checked_at,
            next_check_at: domain.next_check_at,
            active_at: domain.active_at,
        }
    }
}

/// One domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DomainShown {
    /// The domain.
    pub domain: Domain,
}

/// All domains of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DomainList {
    /// By host name.
    pub domains: Vec<Domain>,
}
