//! Which migrations of Durable Objects an account does not have yet.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::configuration::Migration;

/// What goes with an upload, when the Worker's newest migration is the one of this tag; nothing where none is due.
///
/// # Errors
/// When the account has a migration that is not known here: it was deployed from another state of the sources.
pub(crate) fn due(all: &[Migration], has: Option<&str>) -> Result<Option<Value>> {
    let Some(last) = all.last() else {
        return Ok(None);
    };
    let from = match has {
        None => 0,
        Some(tag) => match all.iter().position(|one| one.tag == tag) {
            Some(at) => at + 1,
            None => bail!(
                "the Worker on the account has the migration `{tag}`, which wrangler.toml does not know: \
                 it was deployed from newer sources, or is another Worker. Deploy from those"
            ),
        },
    };
    let steps: Vec<_> = all.iter().skip(from).map(|one| &one.step).collect();
    if steps.is_empty() {
        return Ok(None);
    }
    let mut migrations = json!({ "new_tag": last.tag, "steps": steps });
    if let (Some(tag), Some(migrations)) = (has, migrations.as_object_mut()) {
        migrations.insert("old_tag".to_owned(), tag.into());
    }
    Ok(Some(migrations))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::tests::ours;

    #[test]
    fn those_after_the_newest_that_the_account_has_are_due() {
        let all = ours().migrations;
        let whole = due(&all, None).unwrap().unwrap();
        assert_eq!(whole["steps"].as_array().unwrap().len(), all.len());
        assert_eq!(whole.get("old_tag"), None);
        let rest = due(&all, Some("v1")).unwrap().unwrap();
        assert_eq!(rest["old_tag"], "v1");
        assert_eq!(rest["new_tag"], all.last().unwrap().tag);
        assert_eq!(
            rest["steps"][0],
            json!({ "new_sqlite_classes": ["Shards"] })
        );
        assert_eq!(due(&all, Some(&all.last().unwrap().tag)).unwrap(), None);
        let error = due(&all, Some("v999")).unwrap_err().to_string();
        assert!(
            error.contains("`v999`, which wrangler.toml does not know"),
            "{error}"
        );
        assert_eq!(due(&[], Some("v1")).unwrap(), None);
    }
}
