//! Identifiers, parsed at the door.
//!
//! A value of one of these types is well formed; nothing below checks again. Fresh identifiers are made from
//! bytes that the caller supplies: this module knows no source of randomness.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must {rule}")]
pub struct IdError {
    what: &'static str,
    rule: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { what: $what, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// One generated application: 8–16 lower-case letters and digits, a letter first. It is part of a DNS label
    /// and of table names, hence no `_` and no `-`.
    AppId,
    "an app id",
    "be 8 to 16 lower-case letters and digits, a letter first",
    |text| (8..=16).contains(&text.len()) && is_word(text)
);

identifier!(
    /// The tenant: 3–32 lower-case letters and digits, a letter first.
    WorkspaceId,
    "a workspace id",
    "be 3 to 32 lower-case letters and digits, a letter first",
    |text| (3..=32).contains(&text.len()) && is_word(text)
);

identifier!(
    /// One user message and the work it causes: `t` and 15 letters and digits.
    TurnId,
    "a turn id",
    "be `t` and 15 lower-case letters and digits",
    |text| is_prefixed(text, 't')
);

identifier!(
    /// One build: `b` and a number that counts the conversation's builds, from 1.
    BuildId,
    "a build id",
    "be `b` and a number from 1",
    |text| text.strip_prefix('b').is_some_and(is_number)
);

identifier!(
    /// One deployment: `d` and a number that counts the conversation's deployments, from 1.
    DeploymentId,
    "a deployment id",
    "be `d` and a number from 1",
    |text| text.strip_prefix('d').is_some_and(is_number)
);

identifier!(
    /// One API token, without its secret: `k` and 15 letters and digits.
    TokenId,
    "a token id",
    "be `k` and 15 lower-case letters and digits",
    |text| is_prefixed(text, 'k')
);

identifier!(
    /// One database of the pool: `default` for the one in the settings, else `s` and 15 letters and digits.
    ShardId,
    "a shard id",
    "be `default`, or `s` and 15 lower-case letters and digits",
    |text| text == DEFAULT_SHARD || is_prefixed(text, 's')
);

const DEFAULT_SHARD: &str = "default";

/// How many random bytes a fresh identifier takes.
pub const SEED_BYTES: usize = 16;

impl AppId {
    /// A fresh id: a letter and eleven letters or digits, about 61 bits of the seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_BYTES]) -> Self {
        Self(word(seed, 12, None))
    }
}

impl TurnId {
    /// A fresh id, about 77 bits of the seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_BYTES]) -> Self {
        Self(word(seed, 16, Some('t')))
    }
}

impl TokenId {
    /// A fresh id, about 77 bits of the seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_BYTES]) -> Self {
        Self(word(seed, 16, Some('k')))
    }
}

impl ShardId {
    /// A fresh id, about 77 bits of the seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; SEED_BYTES]) -> Self {
        Self(word(seed, 16, Some('s')))
    }

    /// The shard that the settings name.
    #[must_use]
    pub fn of_settings() -> Self {
        Self(DEFAULT_SHARD.to_owned())
    }

    /// Whether it is the one that the settings name.
    #[must_use]
    pub fn is_of_settings(&self) -> bool {
        self.0 == DEFAULT_SHARD
    }
}

impl BuildId {
    /// The conversation's `number`th build, from 1.
    #[must_use]
    pub fn numbered(number: u32) -> Self {
        Self(format!("b{}", number.max(1)))
    }
}

impl DeploymentId {
    /// The conversation's `number`th deployment, from 1.
    #[must_use]
    pub fn numbered(number: u32) -> Self {
        Self(format!("d{}", number.max(1)))
    }

    /// Which one it is, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.0
            .get(1..)
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(1)
    }
}

/// Whether the text is a number from 1, as it is written.
fn is_number(digits: &str) -> bool {
    !digits.starts_with('0')
        && digits
            .parse::<u32>()
            .is_ok_and(|number| number.to_string() == digits)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_prefixed(text: &str, prefix: char) -> bool {
    text.len() == 16 && text.starts_with(prefix) && is_word(text)
}

/// `length` letters and digits out of the seed, a letter first (or the prefix).
fn word(seed: &[u8; SEED_BYTES], length: usize, prefix: Option<char>) -> String {
    let mut rest = u128::from_be_bytes(*seed);
    let mut digit = |base: u32| {
        let value = (rest % u128::from(base)) as u32;
        rest /= u128::from(base);
        char::from_digit(if base == 26 { value + 10 } else { value }, 36).unwrap_or('a')
    };
    let first = prefix.unwrap_or_else(|| digit(26));
    std::iter::once(first)
        .chain((1..length).map(|_| digit(36)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_design_says_and_nothing_else() {
        for good in ["abcdefgh", "a1234567", "abcdefghijklmnop"] {
            assert!(good.parse::<AppId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "abc",
            "1bcdefgh",
            "abcdefg_",
            "abcdefg-",
            "Abcdefgh",
            "abcdefghijklmnopq",
            "äbcdefgh",
            "abcdefg\0",
        ] {
            assert!(bad.parse::<AppId>().is_err(), "{bad:?}");
        }
        for bad in ["b0", "b01", "b", "c1", "b-1", "b4294967296", "b1 "] {
            assert!(bad.parse::<BuildId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn fresh_ids_are_well_formed() {
        for seed in [[0; 16], [255; 16], *b"0123456789abcdef"] {
            let app = AppId::from_seed(&seed);
            assert_eq!(app.as_str().parse::<AppId>(), Ok(app.clone()));
            let turn = TurnId::from_seed(&seed);
            assert_eq!(turn.as_str().parse::<TurnId>(), Ok(turn.clone()));
            let shard = ShardId::from_seed(&seed);
            assert_eq!(shard.as_str().parse::<ShardId>(), Ok(shard.clone()));
            assert!(!shard.is_of_settings());
        }
        assert_eq!("default".parse::<ShardId>(), Ok(ShardId::of_settings()));
        assert_eq!(BuildId::numbered(7).as_str(), "b7");
    }
}
