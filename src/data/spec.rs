//! What a table of an app is called, and what it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::AppId;

/// A table as `provision_app` takes it and `describe_app` tells it: `{name, access, realtime, columns: [{name, type, nullable, default, enum,
/// unique, index, references, on_delete}]}`. Handed on as it is: what it may be is written once, in `migrations/`, and what is wrong with it is
/// told by the shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TableSpec(Map<String, Value>);

impl TableSpec {
    /// Its name, as far as it has one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Who may do what with its rows, as far as it says so: `owner` by default.
    #[must_use]
    pub fn access(&self) -> &str {
        let access = self.0.get("access").and_then(Value::as_str);
        access.unwrap_or("owner")
    }

    /// Whether who shows it hears of its changes, as far as it says so: not by default.
    #[must_use]
    pub fn realtime(&self) -> bool {
        self.0.get("realtime").and_then(Value::as_bool) == Some(true)
    }

    /// Its columns, each as it is.
    pub fn columns(&self) -> impl Iterator<Item = &Value> {
        let columns = self.0.get("columns").and_then(Value::as_array);
        columns.into_iter().flatten()
    }
}

/// The most bytes of a name that PostgreSQL tells apart.
const MOST_NAME_BYTES: usize = 63;

/// A name that a table of the app may have, so that it can stand in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    physical: String,
    at: usize,
}

impl TableName {
    /// The name of a table of this app; nothing when no table has it.
    #[must_use]
    pub fn of(app: &AppId, name: &str) -> Option<Self> {
        let mut letters = name.bytes();
        let is_name = letters
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
            && letters
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let prefix = format!("app_{app}_");
        let at = prefix.len();
        let physical = prefix + name;
        (is_name && physical.len() <= MOST_NAME_BYTES).then_some(Self { physical, at })
    }

    /// As the app calls it.
    #[must_use]
    pub fn logical(&self) -> &str {
        self.physical.get(self.at..).unwrap_or_default()
    }

    /// As the shard does.
    #[must_use]
    pub fn physical(&self) -> &str {
        &self.physical
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_spec_is_handed_on_as_it_is() {
        for spec in [
            json!({ "name": "recipes", "acces": 1 }),
            json!({}),
            json!({ "name": 5 }),
        ] {
            let read: TableSpec = serde_json::from_value(spec.clone()).unwrap();
            assert_eq!(read.name(), spec["name"].as_str().unwrap_or_default());
            assert_eq!(serde_json::to_value(read).unwrap(), spec);
        }
        serde_json::from_value::<TableSpec>(json!("recipes")).unwrap_err();
    }

    #[test]
    fn a_tables_name_can_stand_in_an_address_or_is_none() {
        let app: AppId = "kitchen1".parse().unwrap();
        let name = TableName::of(&app, "recipe_2s").unwrap();
        assert_eq!(
            (name.logical(), name.physical()),
            ("recipe_2s", "app_kitchen1_recipe_2s")
        );
        let longest = "x".repeat(MOST_NAME_BYTES - "app_kitchen1_".len());
        assert_eq!(TableName::of(&app, &longest).unwrap().logical(), longest);
        for none in [
            "",
            "1a",
            "_a",
            "A",
            "a b",
            "a?select=*",
            "a.b",
            "ä",
            "a-b",
            &format!("{longest}x"),
        ] {
            assert_eq!(TableName::of(&app, none), None, "{none}");
        }
    }
}
