//! Names below the domain of the apps: which may be had, and which are proposed. The only place that knows.
//!
//! A name is one DNS label (RFC 1123). What begins like the addresses that every app has by itself (`preview-`, `staging-`), stands for something of the
//! platform, or could be taken for either of them, is nobody's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ids::AppId;

/// The shortest name, in characters.
const LEAST_CHARS: usize = 3;
/// The longest. Less than the 63 of a label, so that a prefix has room.
const MOST_CHARS: usize = 50;
/// Names of the platform, and what people take for it. Compared by their [`skeleton`].
const RESERVED: [&str; 62] = [
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "billing",
    "blog",
    "cdn",
    "cloudflare",
    "console",
    "contact",
    "dashboard",
    "dev",
    "dns",
    "docs",
    "email",
    "example",
    "files",
    "ftp",
    "gateway",
    "help",
    "host",
    "hostmaster",
    "imap",
    "info",
    "internal",
    "legal",
    "localhost",
    "login",
    "mail",
    "news",
    "official",
    "overskill",
    "payment",
    "payments",
    "pop",
    "postmaster",
    "preview",
    "production",
    "root",
    "secure",
    "security",
    "shop",
    "signin",
    "signup",
    "smtp",
    "ssl",
    "staging",
    "static",
    "status",
    "supabase",
    "support",
    "system",
    "webmaster",
    "www",
    "wwww",
];
/// What the names of an app's own addresses begin with.
const PREFIXES: [&str; 7] = [
    "preview",
    "staging",
    "production",
    "console",
    "overskill",
    "admin",
    "xn-",
];

/// A name below the domain of the apps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Why a text is no name. The sentence is fit for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a label.
    #[error(
        "a name has {LEAST_CHARS} to {MOST_CHARS} lower-case letters, digits and hyphens, a letter first, no hyphen last, and no two hyphens in a row"
    )]
    Malformed,
    /// It is the platform's, or looks as if it were.
    #[error("this name is reserved, or looks like one that is; choose another")]
    Reserved,
}

impl Name {
    /// As it stands in an address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names for an app, those before that are nearer to what people call it. The last is free unless somebody has taken it on purpose.
    #[must_use]
    pub fn proposed(called: &str, app: &AppId) -> Vec<Self> {
        let mut words = String::new();
        for sign in called.chars().flat_map(char::to_lowercase) {
            match sign {
                'a'..='z' | '0'..='9' => words.push(sign),
                'ä' => words.push_str("ae"),
                'ö' => words.push_str("oe"),
                'ü' => words.push_str("ue"),
                'ß' => words.push_str("ss"),
                '\'' | '’' => {}
                _ if words.ends_with('-') => {}
                _ => words.push('-'),
            }
        }
        let words = words.trim_matches('-');
        // Room for the app's id.
        let words = words
            .get(..words.len().min(MOST_CHARS - 17))
            .unwrap_or_default();
        let words = words.trim_end_matches('-');
        [
            words.to_owned(),
            format!("{words}-{app}"),
            format!("app-{app}"),
        ]
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect()
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_label = (LEAST_CHARS..=MOST_CHARS).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && !text.ends_with('-')
            && !text.contains("--")
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_label {
            return Err(NameError::Malformed);
        }
        let looks = skeleton(text);
        let is_reserved = RESERVED.iter().any(|reserved| skeleton(reserved) == looks);
        let has_prefix = PREFIXES
            .iter()
            .any(|prefix| looks.starts_with(&skeleton(prefix)));
        if is_reserved || has_prefix {
            return Err(NameError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a name looks like at a glance: two that look alike have one skeleton. After the confusables of ASCII
/// (<https://www.unicode.org/reports/tr39/>).
fn skeleton(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|sign| *sign != '-')
        .map(|sign| match sign {
            '0' => 'o',
            '1' | 'i' => 'l',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            '8' => 'b',
            '9' => 'g',
            sign => sign,
        })
        .collect();
    plain
        .replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(called: &str) -> Vec<String> {
        let app = "k3v9x2m7q1ab".parse().unwrap();
        Name::proposed(called, &app)
            .into_iter()
            .map(String::from)
            .collect()
    }

    #[test]
    fn a_name_is_a_label_of_its_own() {
        for good in [
            "abc",
            "todo-list",
            "cafe24",
            "a1b2c3",
            "my-very-own-shop",
            "appointments",
        ] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in [
            "ab",
            "",
            "1abc",
            "-abc",
            "abc-",
            "a--b",
            "Abc",
            "a.b",
            "a_b",
            "ümlaut",
            "a b",
            &"a".repeat(51),
        ] {
            assert_eq!(bad.parse::<Name>(), Err(NameError::Malformed), "{bad}");
        }
        assert!("a".repeat(50).parse::<Name>().is_ok());
    }

    #[test]
    fn what_is_the_platforms_or_looks_like_it_is_nobodys() {
        for name in [
            "www",
            "api",
            "admin",
            "adm1n",
            "c0nsole",
            "console",
            "consoie",
            "con-sole",
            "preview-abcdefgh",
            "preview",
            "prev1ew-abcdefgh",
            "pre-view-abcdefgh",
            "previevv-abcdefgh",
            "staging-abcdefgh",
            "5taging-abcdefgh",
            "staglng-abcdefgh",
            "overskill-login",
            "0verskill",
            "rnail",
            "xn-80ak6aa92e",
            "iogin",
            "supp0rt",
        ] {
            let refused = name.parse::<Name>();
            assert!(refused.is_err(), "{name}");
            if name.starts_with(|first: char| first.is_ascii_lowercase()) {
                assert_eq!(refused, Err(NameError::Reserved), "{name}");
            }
        }
    }

    #[test]
    fn an_app_is_proposed_what_it_is_called() {
        assert_eq!(
            names("Todo List"),
            ["todo-list", "todo-list-k3v9x2m7q1ab", "app-k3v9x2m7q1ab"]
        );
        assert_eq!(names("Käse & Wein!")[0], "kaese-wein");
        assert_eq!(names("Anna's café")[0], "annas-caf");
        // Where the name is of no use, the id is.
        assert_eq!(names("日本語"), ["app-k3v9x2m7q1ab"]);
        assert_eq!(names("Admin"), ["app-k3v9x2m7q1ab"]);
        assert_eq!(names("42 questions"), ["app-k3v9x2m7q1ab"]);
        assert!(
            names(&"very long ".repeat(20))
                .iter()
                .all(|name| name.len() <= MOST_CHARS)
        );
    }
}
