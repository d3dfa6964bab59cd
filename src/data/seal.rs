//! Secrets at rest: what a sealed one looks like, and which keys there are.
//!
//! A secret is sealed with AES-256-GCM (NIST SP 800-38D) as `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url. Sealed
//! along with it is what it is of, such as `shard:default:keys`: moved elsewhere, it does not open. The cipher itself is the platform's
//! (`edge/cipher.rs`): a second one would be 9 KB of the Worker. Randomness comes in as bytes.

use std::{fmt, str::FromStr};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// The length of a key, in bytes.
pub const KEY_BYTES: usize = 32;
/// The length of a nonce, in bytes.
pub const NONCE_BYTES: usize = 12;
/// The length of what shows that a secret is what was sealed, in bytes.
const TAG_BYTES: usize = 16;
/// The longest name of a key, in bytes.
const MOST_ID_BYTES: usize = 32;
/// The one form that there is.
const FORM: &str = "v1";

/// A key, by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Letters, digits, `-` and `_`, at most 32.
    pub id: String,
    /// What it is made of. It goes into no log.
    pub bytes: [u8; KEY_BYTES],
}

/// The keys: the first one seals, and each of them opens what it has sealed. So a new one is put in front, and an old one goes when
/// nothing is left that it has sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring(Vec<Key>);

/// Why these are no keys, or a secret does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No key seals with nothing.
    #[error(
        "SEAL_KEYS must name a key: `<id>:<32 random bytes in base64>`, and further ones behind commas"
    )]
    NoKey,
    /// The key at this place, from 1.
    #[error(
        "key {0} of SEAL_KEYS must be `<id>:<32 bytes in base64>`, the id of up to 32 letters, digits, `-` and `_`, each id once"
    )]
    Key(usize),
    /// The text is no sealed secret.
    #[error("what is stored is no sealed secret")]
    Form,
    /// It was sealed with a key that is not there any more.
    #[error("a secret was sealed with the key `{0}`, which SEAL_KEYS does not name")]
    Unknown(String),
    /// The key is another one of this name, or the secret was changed or moved.
    #[error("a secret does not open with the key `{0}`")]
    Closed(String),
}

impl Keyring {
    /// The keys of a setting, `id:base64` with commas between.
    ///
    /// # Errors
    /// When there is none, one is malformed, or two have one name.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let mut keys: Vec<Key> = Vec::new();
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        for (index, part) in parts.enumerate() {
            let key = Key::parse(part)
                .filter(|key| keys.iter().all(|other| other.id != key.id))
                .ok_or(SealError::Key(index + 1))?;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(SealError::NoKey);
        }
        Ok(Self(keys))
    }

    /// The key that seals.
    ///
    /// # Errors
    /// Never: a ring has one.
    pub fn first(&self) -> Result<&Key, SealError> {
        self.0.first().ok_or(SealError::NoKey)
    }

    /// The key that has sealed this.
    ///
    /// # Errors
    /// When it is not there.
    pub fn of(&self, sealed: &Sealed) -> Result<&Key, SealError> {
        let found = self.0.iter().find(|key| key.id == sealed.key);
        found.ok_or_else(|| SealError::Unknown(sealed.key.clone()))
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let (id, bytes) = text.split_once(':')?;
        let bytes = STANDARD.decode(bytes.trim()).ok()?.try_into().ok()?;
        is_id(id).then(|| Self {
            id: id.to_owned(),
            bytes,
        })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

/// A sealed secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The name of the key.
    pub key: String,
    /// Never used twice with one key.
    pub nonce: [u8; NONCE_BYTES],
    /// What was encrypted, and the tag of 16 bytes at its end.
    pub ciphertext: Vec<u8>,
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nonce = URL_SAFE_NO_PAD.encode(self.nonce);
        let ciphertext = URL_SAFE_NO_PAD.encode(&self.ciphertext);
        write!(f, "{FORM}.{}.{nonce}.{ciphertext}", self.key)
    }
}

impl FromStr for Sealed {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(SealError::Form);
        let [form, key, nonce, ciphertext] = [next()?, next()?, next()?, next()?];
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SealError::Form);
        let sealed = Self {
            key: key.to_owned(),
            nonce: decode(nonce)?.try_into().map_err(|_| SealError::Form)?,
            ciphertext: decode(ciphertext)?,
        };
        let is_whole = form == FORM
            && is_id(key)
            && sealed.ciphertext.len() >= TAG_BYTES
            && parts.next().is_none();
        is_whole.then_some(sealed).ok_or(SealError::Form)
    }
}

fn is_id(text: &str) -> bool {
    (1..=MOST_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 32 bytes that are all this one.
    fn key(byte: u8) -> String {
        STANDARD.encode([byte; KEY_BYTES])
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let ring = Keyring::parse(&format!(" new:{}, old_1:{} ,", key(2), key(1))).unwrap();
        assert_eq!(ring.first().unwrap().id, "new");
        let sealed = |key: &str| Sealed {
            key: key.to_owned(),
            nonce: [0; NONCE_BYTES],
            ciphertext: vec![0; TAG_BYTES],
        };
        assert_eq!(ring.of(&sealed("old_1")).unwrap().bytes, [1; KEY_BYTES]);
        assert_eq!(ring.of(&sealed("new")).unwrap().bytes, [2; KEY_BYTES]);
        let lost = ring.of(&sealed("older")).err().unwrap();
        assert_eq!(lost, SealError::Unknown("older".to_owned()));
        assert_eq!(format!("{ring:?}"), r#"["new", "old_1"]"#);
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_place() {
        for none in ["", " ", ",,"] {
            assert_eq!(Keyring::parse(none).unwrap_err(), SealError::NoKey);
        }
        let long = "x".repeat(MOST_ID_BYTES + 1);
        for bad in [
            "a",
            "a:",
            "a:AAAA",
            &format!(":{}", key(1)),
            &format!("a.b:{}", key(1)),
            &format!("{long}:{}", key(1)),
            &format!("a:{}A", key(1)),
            &format!("good:{}", key(2)),
        ] {
            let keys = format!("good:{},{bad}", key(1));
            assert_eq!(
                Keyring::parse(&keys).unwrap_err(),
                SealError::Key(2),
                "{bad}"
            );
        }
    }

    #[test]
    fn what_is_not_sealed_is_not_taken_for_it() {
        let good = Sealed {
            key: "a".to_owned(),
            nonce: [7; NONCE_BYTES],
            ciphertext: vec![9; TAG_BYTES + 3],
        }
        .to_string();
        assert!(good.parse::<Sealed>().is_ok());
        for bad in [
            "",
            "sb_secret_abc",
            &good.replacen("v1", "v2", 1),
            &good.replacen("a", "ä", 1),
            &format!("{good}.x"),
            &format!("{good}="),
            "v1.a.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
            "v1.a.AAAAAAAAAAAAAAAA.AAAA",
            "v1..AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(bad.parse::<Sealed>().unwrap_err(), SealError::Form, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            key in "[A-Za-z0-9_-]{1,32}",
            nonce in any::<[u8; NONCE_BYTES]>(),
            ciphertext in prop::collection::vec(any::<u8>(), TAG_BYTES..200),
        ) {
            let sealed = Sealed { key, nonce, ciphertext };
            let text = sealed.to_string();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(text.parse::<Sealed>(), Ok(sealed));
        }
    }
}
