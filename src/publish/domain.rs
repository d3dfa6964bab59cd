//! Host names of people's own that lead to an app: which may be added, how it is proven whose they are, what their owner sets in their DNS, and when
//! they are looked at again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The longest host name, in bytes (RFC 1035, section 2.3.4).
const MOST_CHARS: usize = 253;
/// What stands before a host name in the name of the record that proves whose it is.
const PROOF_LABEL: &str = "_overskill";
/// What that record begins with.
const PROOF_PREFIX: &str = "overskill-verification=";
/// What ends like this is for nobody else (RFC 6761, RFC 6762, RFC 8375).
const NOT_FOR_OTHERS: [&str; 11] = [
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "invalid",
    "lan",
    "local",
    "localhost",
    "onion",
    "test",
];

/// What is missing where it is another app's.
const TAKEN: &str = "Another app of this installation has this domain. Remove it there first.";

/// How soon a domain is looked at again, by how long it was asked for, both in milliseconds. After the last it is given up.
const LOOKS: [(u64, u64); 3] = [
    (10 * 60_000, 30_000),
    (2 * 60 * 60_000, 5 * 60_000),
    (72 * 60 * 60_000, 60 * 60_000),
];

/// Whether it is labels of the DNS with dots between them (RFC 1123), at most 253 bytes: a host name, or an IPv4 address.
pub(crate) fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= MOST_CHARS && text.split('.').all(is_label)
}

/// A host name of somebody's own, in lower-case ASCII without a final dot: two labels or more (RFC 1123), no IP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

/// Why a text is no domain. The sentence is fit for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// Not a host name.
    #[error(
        "a domain is a host name such as `www.example.com`, without `https://`, port or path; one with other letters than a to z is written as it stands in the DNS, with `xn--`"
    )]
    Malformed,
    /// A name that is for one network alone.
    #[error("nobody else reaches what ends like this; use a domain that is registered")]
    NotForOthers,
}

impl DomainName {
    /// As it stands in an address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DomainName {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        let top = labels.last().copied().unwrap_or_default();
        let is_name = is_host_name(&name)
            && labels.len() >= 2
            && !top.starts_with(|first: char| first.is_ascii_digit());
        if !is_name {
            return Err(DomainError::Malformed);
        }
        if NOT_FOR_OTHERS.contains(&top) {
            return Err(DomainError::NotForOthers);
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for DomainName {
    type Error = DomainError;

    fn try_from(text: String) -> Result<Self, DomainError> {
        text.parse()
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a domain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainStatus {
    /// Its owner has records to set.
    Pending,
    /// It is shown to be theirs; its way to the app, or its certificate, is missing still.
    Proven,
    /// It leads to the app.
    Active,
    /// It was looked at for three days. It is looked at again when somebody asks.
    Failed,
}

/// A record of the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// `TXT` or `CNAME`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its whole name.
    pub name: String,
    /// What it says.
    pub value: String,
    /// What it is for, as a sentence.
    pub purpose: String,
}

/// A domain of an app's production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// The host name.
    pub host: DomainName,
    /// How far it is.
    pub status: DomainStatus,
    /// What is missing, as a sentence; nothing when nobody has looked, or it is there.
    pub problem: Option<String>,
    /// What its owner sets to show that it is theirs: 32 hexadecimal digits, of this app and domain alone.
    pub proof: String,
    /// Whether it was shown, and the host name is this app's and no other's.
    pub is_claimed: bool,
    /// What the certificate's issuer wants to find besides.
    pub validation: Vec<DnsRecord>,
    /// Who has added it: the name of their token.
    pub by: String,
    /// When.
    pub added_at: Timestamp,
    /// Since when it is looked at.
    pub asked_at: Timestamp,
    /// When it was looked at last.
    pub checked_at: Option<Timestamp>,
    /// When it will be next.
    pub next_check_at: Option<Timestamp>,
    /// Since when it leads to the app.
    pub active_at: Option<Timestamp>,
}

/// What a look at a domain has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It could not be found out, and why not, as a sentence.
    Unknown(String),
    /// Something is missing, as a sentence.
    Missing(String),
    /// It is proven to be theirs, and another app's.
    Taken,
    /// It is this app's; the rest is not there yet.
    Proven {
        /// What is missing, as a sentence.
        problem: String,
        /// What the certificate's issuer wants to find.
        validation: Vec<DnsRecord>,
    },
    /// It leads to the app.
    Leads,
}

impl Domain {
    /// One that nobody has looked at.
    #[must_use]
    pub const fn new(host: DomainName, proof: String, by: String, now: Timestamp) -> Self {
        Self {
            host,
            status: DomainStatus::Pending,
            problem: None,
            proof,
            is_claimed: false,
            validation: Vec::new(),
            by,
            added_at: now,
            asked_at: now,
            checked_at: None,
            next_check_at: Some(now),
            active_at: None,
        }
    }

    /// The name of the record that proves whose it is.
    #[must_use]
    pub fn proof_name(&self) -> String {
        format!("{PROOF_LABEL}.{}", self.host)
    }

    /// Whether one of these texts, of the records of that name, proves it.
    #[must_use]
    pub fn is_proven_by(&self, texts: &[String]) -> bool {
        let proof = format!("{PROOF_PREFIX}{}", self.proof);
        texts.iter().any(|text| text.trim() == proof)
    }

    /// What its owner sets in their DNS. `target` is the app's host name below the domain of the apps.
    #[must_use]
    pub fn records(&self, target: &str) -> Vec<DnsRecord> {
        let own = [
            DnsRecord {
                kind: "TXT".to_owned(),
                name: self.proof_name(),
                value: format!("{PROOF_PREFIX}{}", self.proof),
                purpose: "Shows that the domain is yours.".to_owned(),
            },
            DnsRecord {
                kind: "CNAME".to_owned(),
                name: self.host.to_string(),
                value: target.to_owned(),
                purpose: "Leads the domain to the app. Where a name cannot have a CNAME, as the domain itself, use your provider's ALIAS, ANAME or CNAME flattening.".to_owned(),
            },
        ];
        own.into_iter()
            .chain(self.validation.iter().cloned())
            .collect()
    }

    /// It is as a look has found it, and looked at again when that is of use.
    pub fn take(&mut self, look: Look, now: Timestamp) {
        self.checked_at = Some(now);
        self.problem = None;
        self.next_check_at = None;
        match look {
            Look::Leads => {
                self.status = DomainStatus::Active;
                self.is_claimed = true;
                self.validation.clear();
                self.active_at.get_or_insert(now);
            }
            Look::Unknown(problem) => self.wait(self.status, problem, now),
            Look::Taken => self.wait(DomainStatus::Pending, TAKEN.to_owned(), now),
            Look::Missing(problem) => self.wait(DomainStatus::Pending, problem, now),
            Look::Proven {
                problem,
                validation,
            } => {
                self.is_claimed = true;
                self.validation = validation;
                self.wait(DomainStatus::Proven, problem, now);
            }
        }
    }

    fn wait(&mut self, status: DomainStatus, problem: String, now: Timestamp) {
        self.problem = Some(problem);
        // One that was there is looked at as long as a new one.
        if self.status == DomainStatus::Active {
            self.asked_at = now;
        }
        let asked = now.since(self.asked_at);
        let look = LOOKS.iter().find(|(until, _)| asked < *until);
        self.next_check_at = look.map(|(_, wait)| now.after(*wait));
        self.status = match look {
            Some(_) => status,
            None => DomainStatus::Failed,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn domain() -> Domain {
        let host = "www.recipes.com".parse().unwrap();
        Domain::new(
            host,
            "0123abcd".to_owned(),
            "me".to_owned(),
            Timestamp(1_000),
        )
    }

    #[test]
    fn a_domain_is_a_host_name_that_others_reach() {
        for (text, name) in [
            ("www.recipes.com", "www.recipes.com"),
            ("Recipes.COM.", "recipes.com"),
            ("xn--bcher-kva.de", "xn--bcher-kva.de"),
            ("a.b.c.d.co.uk", "a.b.c.d.co.uk"),
            ("1.recipes.com", "1.recipes.com"),
        ] {
            assert_eq!(text.parse::<DomainName>().unwrap().as_str(), name);
        }
        let long = format!("{}.com", "a".repeat(64));
        let longer = format!("{}com", "abc.".repeat(63));
        for text in [
            "",
            "recipes",
            "https://recipes.com",
            "recipes.com/",
            "recipes.com:443",
            "*.recipes.com",
            "re cipes.com",
            "_x.recipes.com",
            "-x.recipes.com",
            "x-.recipes.com",
            "bücher.de",
            "127.0.0.1",
            "1.2.3.4",
            "[::1]",
            "recipes..com",
            "recipes.com..",
            ".recipes.com",
            &long,
            &longer,
        ] {
            assert_eq!(
                text.parse::<DomainName>(),
                Err(DomainError::Malformed),
                "{text}"
            );
        }
        for text in ["printer.local", "a.localhost", "x.test", "db.internal"] {
            assert_eq!(
                text.parse::<DomainName>(),
                Err(DomainError::NotForOthers),
                "{text}"
            );
        }
    }

    #[test]
    fn its_owner_is_told_what_to_set() {
        let told = domain().records("recipes.apps.example");
        let told: Vec<_> = told
            .iter()
            .map(|record| [record.kind.as_str(), &record.name, &record.value])
            .collect();
        assert_eq!(
            told,
            [
                [
                    "TXT",
                    "_overskill.www.recipes.com",
                    "overskill-verification=0123abcd"
                ],
                ["CNAME", "www.recipes.com", "recipes.apps.example"],
            ]
        );
        let texts = |text: &str| ["spf".to_owned(), text.to_owned()];
        assert!(domain().is_proven_by(&texts("overskill-verification=0123abcd")));
        assert!(domain().is_proven_by(&texts(" overskill-verification=0123abcd ")));
        for text in [
            "0123abcd",
            "overskill-verification=0123abce",
            "overskill-verification=0123abcdef",
            "x overskill-verification=0123abcd",
            "",
        ] {
            assert!(!domain().is_proven_by(&texts(text)), "{text}");
        }
    }

    #[test]
    fn it_is_looked_at_until_it_is_there_or_three_days_are_over() {
        let mut domain = domain();
        let missing = || Look::Missing("Not there.".to_owned());
        let (minute, hour) = (60_000, 60 * 60_000);
        for (after, wait) in [
            (0, 30_000),
            (9 * minute, 30_000),
            (10 * minute, 5 * minute),
            (2 * hour, hour),
            (71 * hour, hour),
        ] {
            let now = Timestamp(1_000).after(after);
            domain.take(missing(), now);
            assert_eq!(domain.status, DomainStatus::Pending);
            assert_eq!(domain.next_check_at, Some(now.after(wait)), "{after}");
        }
        domain.take(missing(), Timestamp(1_000).after(72 * hour));
        assert_eq!(domain.status, DomainStatus::Failed);
        assert_eq!(domain.next_check_at, None);
        assert_eq!(domain.problem.as_deref(), Some("Not there."));

        domain.take(Look::Leads, Timestamp(5));
        assert_eq!(domain.status, DomainStatus::Active);
        assert_eq!((domain.problem, domain.next_check_at), (None, None));
        assert_eq!(domain.active_at, Some(Timestamp(5)));
    }

    #[test]
    fn one_that_was_there_stays_until_it_is_known_that_it_is_not() {
        let mut domain = domain();
        domain.take(Look::Leads, Timestamp(5));
        let late = Timestamp(5).after(90 * 24 * 60 * 60_000);
        domain.take(Look::Unknown("No answer.".to_owned()), late);
        assert_eq!(domain.status, DomainStatus::Active);
        assert_eq!(domain.problem.as_deref(), Some("No answer."));
        assert_eq!(domain.next_check_at, Some(late.after(30_000)));
        let gone = Look::Proven {
            problem: "It has moved.".to_owned(),
            validation: Vec::new(),
        };
        domain.take(gone, late.after(30_000));
        assert_eq!(domain.status, DomainStatus::Proven);
        assert_eq!(domain.next_check_at, Some(late.after(60_000)));
        // What is not known of a new one leaves it as it is, too.
        let mut new = self::domain();
        new.take(Look::Unknown("No answer.".to_owned()), Timestamp(2_000));
        assert_eq!(new.status, DomainStatus::Pending);
    }

    #[test]
    fn what_is_another_apps_is_not_claimed() {
        let mut domain = domain();
        domain.take(Look::Taken, Timestamp(5));
        assert_eq!(domain.status, DomainStatus::Pending);
        assert!(!domain.is_claimed);
        assert_eq!(domain.problem.as_deref(), Some(TAKEN));
        assert!(domain.next_check_at.is_some(), "it may be removed there");
    }

    proptest! {
        #[test]
        fn any_text_is_a_domain_or_none(text in "\\PC{0,300}") {
            if let Ok(name) = text.parse::<DomainName>() {
                prop_assert_eq!(name.as_str().parse::<DomainName>(), Ok(name.clone()));
                prop_assert!(name.as_str().len() <= MOST_CHARS);
            }
        }
    }
}
