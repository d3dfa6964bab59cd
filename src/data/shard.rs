//! A shard: one Supabase project.

use std::fmt;

/// Where a shard is, and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shard {
    url: String,
    secret_key: String,
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
    #[error("SUPABASE_SECRET_KEY must be visible ASCII")]
    Key,
}

impl Shard {
    /// The shard at this address; a `/` at its end is taken off.
    ///
    /// # Errors
    /// When the address or the key cannot be one.
    pub fn new(url: &str, secret_key: &str) -> Result<Self, ShardError> {
        let (url, secret_key) = (url.trim().trim_end_matches('/'), secret_key.trim());
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
        if !is_visible(secret_key) {
            return Err(ShardError::Key);
        }
        Ok(Self {
            url: url.to_owned(),
            secret_key: secret_key.to_owned(),
        })
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

    #[test]
    fn a_shard_is_a_web_address_and_a_key() {
        let shard = Shard::new(" https://abc.supabase.co/ ", "sb_secret_abc\n").unwrap();
        assert_eq!(
            (shard.rest().as_str(), shard.secret_key()),
            ("https://abc.supabase.co/rest/v1", "sb_secret_abc")
        );
        Shard::new("http://127.0.0.1:54321", "k").unwrap();
        Shard::new("http://localhost", "k").unwrap();
        for url in [
            "",
            "abc.supabase.co",
            "ftp://a",
            "http://abc.supabase.co",
            "http://localhost.evil.test",
            "https://a b",
            "https://a\u{e4}",
        ] {
            assert_eq!(Shard::new(url, "k").unwrap_err(), ShardError::Url, "{url}");
        }
        for key in ["", "a b", "a\nb", "\u{e4}"] {
            assert_eq!(Shard::new("https://a", key).unwrap_err(), ShardError::Key);
        }
    }

    #[test]
    fn a_shard_that_is_written_to_a_log_tells_no_key() {
        let shard = Shard::new("https://abc.supabase.co", "sb_secret_abc").unwrap();
        let said = format!("{shard:?}");
        assert!(
            said.contains("abc.supabase.co") && !said.contains("sb_secret"),
            "{said}"
        );
    }
}
