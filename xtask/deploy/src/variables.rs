//! What the Worker is told in plain text: what follows from the deployment, what the operator sets, what they have set before, and what
//! `wrangler.toml` has.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::secrets;

/// What is the operator's to say. Once said, it stays until they say something else.
const OPERATORS: [&str; 11] = [
    "ANTHROPIC_BASE_URL",
    "BUDGET",
    "BUILDER_URL",
    "CLOUDFLARE_FILES",
    "CLOUDFLARE_NAMESPACE",
    "MODEL",
    "MODEL_SETTINGS",
    "OPENAI_BASE_URL",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_URL",
    "WORKERS_AI_BASE_URL",
];

/// Texts by name.
pub(crate) type Texts = BTreeMap<String, String>;

/// The dispatch namespace that apps are deployed into, where they are.
pub(crate) fn namespace(texts: &Texts) -> Option<&str> {
    let name = texts.get("CLOUDFLARE_NAMESPACE").map(|name| name.trim());
    name.filter(|name| !name.is_empty())
}

/// Refuses what cannot be set.
///
/// # Errors
/// When `set` has a name that the file does not know and that is no secret, or what follows from the deployment.
pub(crate) fn check(file: &Texts, derived: &[&str], set: &Texts) -> Result<()> {
    for (name, value) in set {
        if derived.contains(&name.as_str()) {
            bail!("{name} cannot be set: it follows from --console, --apps and the account");
        }
        if !file.contains_key(name) && !secrets::GIVEN.contains(&name.as_str()) {
            bail!("{name} is set, and wrangler.toml has no such variable");
        }
        if name == "BUILDER_URL" && !value.starts_with("https://") {
            bail!(
                "BUILDER_URL is `{value}`: it must begin with https://, since sources and a token go there"
            );
        }
    }
    Ok(())
}

/// All of them. `standing` is what the account has now.
pub(crate) fn told(file: &Texts, derived: &Texts, set: &Texts, standing: &Texts) -> Texts {
    let told = |(name, text): (&String, &String)| {
        let kept = OPERATORS
            .contains(&name.as_str())
            .then(|| standing.get(name));
        let said = derived.get(name).or_else(|| set.get(name));
        let text = match said.or(kept.flatten()) {
            Some(said) => said.clone(),
            // The one of the file is on this machine.
            None if name == "BUILDER_URL" => String::new(),
            None => text.clone(),
        };
        (name.clone(), text)
    };
    file.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::tests::ours;

    fn texts<const N: usize>(all: [(&str, &str); N]) -> Texts {
        all.map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    }

    #[test]
    fn what_was_said_once_stays_and_what_is_said_now_counts() {
        let file = texts([
            ("BUILDER_URL", "http://127.0.0.1:1"),
            ("CONSOLE_HOST", "localhost"),
            ("MODEL", "offline"),
            ("TYPE_CHECK", "report"),
        ]);
        let derived = texts([("CONSOLE_HOST", "one.test")]);
        let standing = texts([("MODEL", "claude"), ("TYPE_CHECK", "off"), ("GONE", "x")]);
        let none = Texts::new();
        let first = told(&file, &derived, &none, &none);
        let of_file = texts([
            ("BUILDER_URL", ""),
            ("CONSOLE_HOST", "one.test"),
            ("MODEL", "offline"),
            ("TYPE_CHECK", "report"),
        ]);
        assert_eq!(first, of_file);
        let again = told(&file, &derived, &none, &standing);
        assert_eq!(
            (again["MODEL"].as_str(), again["TYPE_CHECK"].as_str()),
            ("claude", "report")
        );
        assert_eq!(again.len(), file.len());
        let set = texts([("MODEL", "gpt")]);
        assert_eq!(told(&file, &derived, &set, &standing)["MODEL"], "gpt");
    }

    #[test]
    fn what_cannot_be_set_is_refused() {
        let file = ours().vars;
        for name in OPERATORS {
            assert!(file.contains_key(name), "{name}");
        }
        let said = |name, text| check(&file, &["CONSOLE_HOST"], &texts([(name, text)]));
        assert!(said("BUILDER_URL", "https://b.test").is_ok());
        assert!(said("OPENAI_API_KEY", "k").is_ok());
        for (name, text, why) in [
            ("CONSOLE_HOST", "x.test", "cannot be set"),
            ("MODLE", "x", "has no such variable"),
            ("BUILDER_URL", "http://b.test", "must begin with https://"),
        ] {
            let error = said(name, text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
