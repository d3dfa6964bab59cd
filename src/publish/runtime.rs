//! What one deployment of an app's Worker is told, beside its code.

use serde::{Deserialize, Serialize};

use super::Told;
use crate::{digest::Digest, ids::AppId, sorted::SortedMap};

/// Where an app is deployed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// The address of the work in progress.
    Preview,
    /// The address for a last look.
    Staging,
    /// The address for everyone.
    Production,
}

impl Environment {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// What one deployment is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// The app.
    pub app_id: AppId,
    /// Where it is deployed to.
    pub environment: Environment,
    /// The version that was built.
    pub version: u32,
    /// The digest of what was built, files and script.
    pub set: Digest,
    /// The only origin that may show the app's preview in a frame, such as `https://console.example`; without it none may. What is deployed
    /// nobody may.
    pub console_origin: Option<String>,
    /// Where it answers: an origin, without a final slash.
    pub origin: String,
    /// The environment's variables.
    pub told: Told,
}

/// What the page is told. Everything in it is public.
#[derive(Serialize)]
struct PageConfig<'a> {
    app_id: &'a AppId,
    environment: Environment,
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    variables: &'a SortedMap<String, String>,
}

impl Runtime {
    /// The name under which this code with these variables may be kept loaded: it never means anything else.
    #[must_use]
    pub fn loaded_as(&self) -> Digest {
        let hosts = self.told.hosts.join(" ");
        let vars = self.vars();
        let vars = vars.iter().map(|(name, value)| (*name, value));
        let secrets = self.told.secrets.iter();
        let secrets = secrets.map(|(name, sealed)| (name.as_str(), sealed));
        let named = vars
            .chain(secrets)
            .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        Digest::of_parts(
            [self.origin.as_bytes(), hosts.as_bytes()]
                .into_iter()
                .chain(named),
        )
    }

    /// The environment variables of the app's Worker, by name.
    #[must_use]
    pub fn vars(&self) -> SortedMap<&'static str, String> {
        let config = PageConfig {
            app_id: &self.app_id,
            environment: self.environment,
            variables: &self.told.public,
        };
        let ancestors = self
            .console_origin
            .as_deref()
            .filter(|origin| self.environment == Environment::Preview && is_origin(origin))
            .unwrap_or("'none'");
        SortedMap::from([
            ("DIGEST", self.set.to_string()),
            ("FRAME_ANCESTORS", ancestors.to_owned()),
            // Strings, a map of strings and a unit variant: this cannot fail.
            ("PUBLIC", serde_json::to_string(&config).unwrap_or_default()),
            ("VERSION", self.version.to_string()),
        ])
    }
}

/// Whether the text can stand in a policy without adding to it.
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(console_origin: Option<&str>) -> Runtime {
        Runtime {
            app_id: "abcdefgh".parse().unwrap(),
            environment: Environment::Preview,
            version: 3,
            set: Digest::of(b"set"),
            console_origin: console_origin.map(str::to_owned),
            origin: "https://preview-abcdefgh.example".to_owned(),
            told: Told::default(),
        }
    }

    #[test]
    fn the_page_learns_what_is_public() {
        let mut with = runtime(None);
        assert_eq!(
            with.vars()["PUBLIC"],
            r#"{"app_id":"abcdefgh","environment":"preview"}"#
        );
        assert_eq!(with.vars()["VERSION"], "3");
        assert_eq!(with.vars()["DIGEST"], Digest::of(b"set").to_string());
        with.told
            .public
            .insert("TITLE".to_owned(), "</script>\"".to_owned());
        assert_eq!(
            with.vars()["PUBLIC"],
            r#"{"app_id":"abcdefgh","environment":"preview","variables":{"TITLE":"</script>\""}}"#
        );
    }

    #[test]
    fn only_an_origin_may_frame() {
        for (origin, ancestors) in [
            (None, "'none'"),
            (Some("http://localhost:8787"), "http://localhost:8787"),
            (Some("https://[::1]:8787"), "https://[::1]:8787"),
            (Some("https://a.example; script-src *"), "'none'"),
            (Some("https://a.example https://b.example"), "'none'"),
            (Some("https://"), "'none'"),
            (Some("*"), "'none'"),
        ] {
            assert_eq!(runtime(origin).vars()["FRAME_ANCESTORS"], ancestors);
        }
        for environment in [Environment::Staging, Environment::Production] {
            let deployed = Runtime {
                environment,
                ..runtime(Some("https://console.example"))
            };
            assert_eq!(deployed.vars()["FRAME_ANCESTORS"], "'none'");
        }
    }
}
