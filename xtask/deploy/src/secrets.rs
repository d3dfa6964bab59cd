//! The Worker's secrets: those that the operator gives, and those that are made at the first deployment and never again, since whoever has lost
//! them has lost what they open.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use overskill::data::seal::Keyring;
use sha2::{Digest as _, Sha256};

use crate::kept;
use crate::variables::Texts;

/// The workspace of the first token, which is the operator's.
pub(crate) const WORKSPACE: &str = "operator";
/// Those that may be given.
pub(crate) const GIVEN: [&str; 8] = [
    "ANTHROPIC_API_KEY",
    BUILDER,
    "CLOUDFLARE_API_TOKEN",
    "OPENAI_API_KEY",
    SEAL,
    "SUPABASE_JWT_SECRET",
    "SUPABASE_SECRET_KEY",
    "WORKERS_AI_API_KEY",
];
const BUILDER: &str = "BUILDER_TOKEN";
const SEAL: &str = "SEAL_KEYS";
const FIRST_TOKEN: &str = "BOOTSTRAP_TOKEN_HASH";
/// The files that keep what was made.
pub(crate) const TOKEN_FILE: &str = "token";
const BUILDER_FILE: &str = "builder-token";
const SEAL_FILE: &str = "seal-keys";

/// What is sent to the account.
pub(crate) struct Secrets {
    /// Those that are given, each time.
    pub(crate) given: Texts,
    /// Those that the account lacks, made once.
    pub(crate) made: Texts,
}

/// What is to be sent, the account having those of these names. What is made is kept in the folder before it is used, so that a deployment that breaks
/// off makes the same again.
///
/// # Errors
/// When the folder cannot be written, or `SEAL_KEYS` is given and is none.
pub(crate) fn chosen(set: &Texts, has: &BTreeSet<String>, folder: &Path) -> Result<Secrets> {
    let given: Texts = set
        .iter()
        .filter(|(name, _)| GIVEN.contains(&name.as_str()))
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect();
    if let Some(keys) = given.get(SEAL) {
        Keyring::parse(keys)?;
    }
    let mut made = Texts::new();
    for name in [BUILDER, SEAL, FIRST_TOKEN] {
        if !has.contains(name) && !given.contains_key(name) {
            made.insert(name.to_owned(), make(name, folder)?);
        }
    }
    Ok(Secrets { given, made })
}

fn make(name: &str, folder: &Path) -> Result<String> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let kept = |file, prefix: &str, make: fn() -> Result<String>| {
        kept::kept(folder, file, prefix, make)
            .with_context(|| format!("cannot write in {}", folder.display()))
    };
    match name {
        BUILDER => kept(BUILDER_FILE, "", kept::secret),
        SEAL => kept(SEAL_FILE, "first:", || {
            Ok(STANDARD.encode(kept::random::<32>()?))
        }),
        _ => {
            let token = kept(TOKEN_FILE, &format!("osk_{WORKSPACE}_"), kept::secret)?;
            Ok(format!("{WORKSPACE}:{}", hash(&token)))
        }
    }
}

/// What a builder is told of the token that it accepts, where that was made here.
pub(crate) fn builder_hash(folder: &Path, given: &Texts) -> Option<String> {
    let token = given.get(BUILDER).cloned();
    let token = token.or_else(|| kept::read(folder, BUILDER_FILE, ""))?;
    Some(hash(&token))
}

/// Whether the first token was made here.
pub(crate) fn has_token(folder: &Path) -> bool {
    fs::exists(folder.join(TOKEN_FILE)).unwrap_or_default()
}

fn hash(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use overskill::ids::WorkspaceId;

    use super::*;

    #[test]
    fn what_the_account_has_is_made_never_again() {
        let folder = std::env::temp_dir().join(format!("overskill-secrets-{}", std::process::id()));
        let none = Texts::new();
        let nothing = BTreeSet::new();
        let first = chosen(&none, &nothing, &folder).unwrap();
        assert_eq!(
            first.made.keys().collect::<Vec<_>>(),
            [FIRST_TOKEN, BUILDER, SEAL]
        );
        assert_eq!(chosen(&none, &nothing, &folder).unwrap().made, first.made);
        assert!(Keyring::parse(&first.made[SEAL]).is_ok());
        assert!(WORKSPACE.parse::<WorkspaceId>().is_ok());
        let token = fs::read_to_string(folder.join(TOKEN_FILE)).unwrap();
        assert_eq!(
            first.made[FIRST_TOKEN],
            format!("{WORKSPACE}:{}", hash(token.trim()))
        );
        for file in [TOKEN_FILE, BUILDER_FILE, SEAL_FILE] {
            let mode = fs::metadata(folder.join(file))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert_eq!(
            builder_hash(&folder, &none),
            Some(hash(&first.made[BUILDER]))
        );
        assert!(has_token(&folder));
        fs::remove_dir_all(&folder).unwrap();
        let has = first.made.keys().cloned().collect();
        assert!(chosen(&none, &has, &folder).unwrap().made.is_empty());
        assert!(!folder.exists() && !has_token(&folder));
    }

    #[test]
    fn what_is_given_is_sent_each_time() {
        let has = [BUILDER, SEAL, FIRST_TOKEN].map(str::to_owned).into();
        let set = Texts::from([
            ("OPENAI_API_KEY".to_owned(), "k".to_owned()),
            ("MODEL".to_owned(), "gpt".to_owned()),
        ]);
        let sent = chosen(&set, &has, Path::new("/nowhere")).unwrap();
        assert_eq!(sent.given.keys().collect::<Vec<_>>(), ["OPENAI_API_KEY"]);
        assert!(sent.made.is_empty());
        let bad = Texts::from([(SEAL.to_owned(), "x".to_owned())]);
        assert!(chosen(&bad, &has, Path::new("/nowhere")).is_err());
    }
}
