//! A shard: one Supabase project.

use std::fmt;

use super::SigningKey;

/// Where a shard is, and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shard {
    url: String,
    secret_key: String,
    publishable_key: String,
    signing: SigningKey,
}

/// Why this can be no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// An address must be a web address.
    #[error(
        "SUPABASE_URL must begin with https:// (http:// on this machine) and be nothing but visible ASCII"
    )]
    Url,
    /// A key goes into a header.
    #[error("SUPABASE_SECRET_KEY and SUPABASE_PUBLISHABLE_KEY must be visible ASCII")]
    Key,
    /// What is signed with nothing anybody can sign.
    #[error(
        "SUPABASE_JWT_SECRET must have 32 bytes or more, or be a private key for ES256 as `supabase gen signing-key` writes it"
    )]
    Secret,
}

impl Shard {
    /// The shard at this address; a `/` at its end is taken off.
    ///
    /// # Errors
    /// When the address, a key or the secret cannot be one.
    pub fn new(
        url: &str,
        secret_key: &str,
        publishable_key: &str,
        jwt_secret: &str,
    ) -> Result<Self, ShardError> {
        let url = url.trim().trim_end_matches('/');
        let [secret_key, publishable_key, jwt_secret] =
            [secret_key, publishable_key, jwt_secret].map(str::trim);
        let is_visible =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_web = url.starts_with("https://")
            || ["http://127.0.0.1", "http://localhost"]
                .iter()
                .any(|local| {
                    let rest = url.strip_prefix(local);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
                });
        if !is_web || !is_visible(url) {
            return Err(ShardError::Url);
        }
        if !is_visible(secret_key) || !is_visible(publishable_key) {
            return Err(ShardError::Key);
        }
        let signing = SigningKey::parse(jwt_secret).ok_or(ShardError::Secret)?;
        Ok(Self {
            url: url.to_owned(),
            secret_key: secret_key.to_owned(),
            publishable_key: publishable_key.to_owned(),
            signing,
        })
    }

    /// Its address, without a `/` at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is on this machine, one of `cargo xtask`.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.url.starts_with("http://")
    }

    /// Where its tables and functions are, without a `/` at the end.
    #[must_use]
    pub fn rest(&self) -> String {
        format!("{}/rest/v1", self.url)
    }

    /// The key that may do everything. It goes into no log.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// The key of whoever is no user.
    #[must_use]
    pub fn publishable_key(&self) -> &str {
        &self.publishable_key
    }

    /// What its tokens are signed with.
    #[must_use]
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "thirty-two bytes are the least of it";

    #[test]
    fn a_shard_is_a_web_address_with_keys() {
        let shard = Shard::new(
            " https://abc.supabase.co/ ",
            "sb_secret_abc\n",
            "sb_publishable_abc",
            SECRET,
        )
        .unwrap();
        assert_eq!(
            (shard.url(), shard.rest().as_str()),
            ("https://abc.supabase.co", "https://abc.supabase.co/rest/v1")
        );
        assert_eq!(
            (
                shard.secret_key(),
                shard.publishable_key(),
                shard.signing().secret()
            ),
            ("sb_secret_abc", "sb_publishable_abc", SECRET)
        );
        let at = |url| Shard::new(url, "k", "p", SECRET);
        at("http://127.0.0.1:54321").unwrap();
        at("http://localhost").unwrap();
        for url in [
            "",
            "abc.supabase.co",
            "ftp://a",
            "http://abc.supabase.co",
            "http://localhost.evil.test",
            "https://a b",
            "https://a\u{e4}",
        ] {
            assert_eq!(at(url).unwrap_err(), ShardError::Url, "{url}");
        }
        for key in ["", "a b", "a\nb", "\u{e4}"] {
            for (secret, publishable) in [(key, "p"), ("k", key)] {
                let shard = Shard::new("https://a", secret, publishable, SECRET);
                assert_eq!(shard.unwrap_err(), ShardError::Key);
            }
        }
        let short = Shard::new("https://a", "k", "p", "a secret of 31 bytes is no good");
        assert_eq!(short.unwrap_err(), ShardError::Secret);
    }

    #[test]
    fn a_shard_that_is_written_to_a_log_tells_no_key() {
        let shard = Shard::new("https://abc.supabase.co", "sb_secret", "sb_open", SECRET).unwrap();
        let said = format!("{shard:?}");
        assert!(said.contains("abc.supabase.co"), "{said}");
        for key in ["sb_secret", "sb_open", SECRET] {
            assert!(!said.contains(key), "{said}");
        }
    }
}
