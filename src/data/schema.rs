//! What the sources of an app know of its tables: one file with a type for each, which is written anew whenever they change.

use std::fmt::Write as _;

use overskill_syntax::Facts;
use serde_json::{Map, Value};

use super::TableSpec;

/// The file.
pub const FILE: &str = "src/app/tables.ts";

/// Its content: an interface with a member for each table, in the order of the list, and the names of those whose changes are told. `Table` of
/// the foundation makes rows of them.
#[must_use]
pub fn source(tables: &[TableSpec]) -> String {
    let mut text = String::from(
        "/** The app's tables, as the database has them. `define_tables` writes this file; it is not changed by hand. */\n",
    );
    let told = tables.iter().filter(|table| table.realtime());
    let told: Vec<String> = told.map(|table| quoted(table.name())).collect();
    let told = format!(
        "\n/** Those of which the app hears when somebody changes their rows. */\nexport const realtimeTables: readonly string[] = [{}]\n",
        told.join(", ")
    );
    if tables.is_empty() {
        text.push_str("export interface Tables {}\n");
        return text + &told;
    }
    text.push_str(
        "import type { Table } from \"@/lib/database/types\"\n\nexport interface Tables {\n",
    );
    for table in tables {
        let columns: Vec<&Map<String, Value>> =
            table.columns().filter_map(Value::as_object).collect();
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "  {}: Table<{}, {{",
            table.name(),
            quoted(table.access())
        );
        for column in &columns {
            let _ = write!(text, "\n    {}: {}", word(column, "name"), of(column));
        }
        let required = columns.iter().filter(|column| is_required(column));
        let required: Vec<String> = required
            .map(|column| quoted(word(column, "name")))
            .collect();
        text.push_str(if columns.is_empty() { "}" } else { "\n  }" });
        if !required.is_empty() {
            let _ = write!(text, ", {}", required.join(" | "));
        }
        text.push_str(">\n");
    }
    text.push_str("}\n");
    text + &told
}

/// The tables that the file declares.
#[must_use]
pub fn declared(facts: &Facts) -> Vec<&str> {
    let outer = facts
        .members
        .iter()
        .filter(|member| member.parent.is_none());
    outer.map(|member| member.name.as_str()).collect()
}

/// Whether a row has to be given a value for it.
fn is_required(column: &Map<String, Value>) -> bool {
    !is_nullable(column) && column.get("default").is_none_or(Value::is_null)
}

fn is_nullable(column: &Map<String, Value>) -> bool {
    column.get("nullable").and_then(Value::as_bool) != Some(false)
}

/// The type of a column's values as JSON.
fn of(column: &Map<String, Value>) -> String {
    let kind = word(column, "type");
    let (one, many) = kind
        .strip_suffix("[]")
        .map_or((kind, false), |one| (one, true));
    let is_number = matches!(one, "integer" | "bigint" | "numeric" | "double precision");
    let choices = column.get("enum").and_then(Value::as_array);
    let mut text = match (one, choices) {
        // A value of an enum may be written as text whatever the type.
        (_, Some(choices)) => choices
            .iter()
            .map(|choice| match choice {
                Value::String(text) if !is_number && one != "boolean" => quoted(text),
                Value::String(text) => text.clone(),
                other if is_number || one == "boolean" => other.to_string(),
                other => quoted(&other.to_string()),
            })
            .collect::<Vec<_>>()
            .join(" | "),
        ("boolean", None) => "boolean".to_owned(),
        ("jsonb", None) => "unknown".to_owned(),
        _ if is_number => "number".to_owned(),
        _ => "string".to_owned(),
    };
    if many {
        text.push_str("[]");
    }
    if is_nullable(column) {
        text.push_str(" | null");
    }
    text
}

fn word<'a>(column: &'a Map<String, Value>, key: &str) -> &'a str {
    column.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(tables: &Value) -> String {
        let tables: Vec<TableSpec> = serde_json::from_value(tables.clone()).unwrap();
        source(&tables)
    }

    #[test]
    fn every_column_has_the_type_of_its_values() {
        let text = written(&json!([
            { "name": "recipes", "access": "owner", "columns": [
                { "name": "title", "type": "text", "nullable": false, "default": null },
                { "name": "slug", "type": "text", "nullable": false, "default": "x" },
                { "name": "minutes", "type": "integer", "nullable": true },
                { "name": "price", "type": "numeric", "nullable": false, "default": null },
                { "name": "done", "type": "boolean", "nullable": false, "default": false },
                { "name": "level", "type": "text", "nullable": true, "enum": ["easy", "so \"hard\""] },
                { "name": "stars", "type": "integer", "nullable": true, "enum": [1, "2"] },
                { "name": "tags", "type": "text[]", "nullable": false, "default": [] },
                { "name": "extra", "type": "jsonb", "nullable": true },
                { "name": "at", "type": "timestamptz" },
            ] },
            { "name": "empty", "access": "public_read", "realtime": true, "columns": [] },
            { "name": "quiet", "access": "owner", "realtime": false, "columns": [] },
        ]));
        assert_eq!(
            text.split_once("export ").unwrap().1,
            "interface Tables {\n  recipes: Table<\"owner\", {\n    title: string\n    slug: string\n    minutes: number | null\n    \
             price: number\n    done: boolean\n    level: \"easy\" | \"so \\\"hard\\\"\" | null\n    stars: 1 | 2 | null\n    \
             tags: string[]\n    extra: unknown | null\n    at: string | null\n  }, \"title\" | \"price\">\n  \
             empty: Table<\"public_read\", {}>\n  quiet: Table<\"owner\", {}>\n}\n\n/** Those of which the app hears when somebody \
             changes their rows. */\nexport const realtimeTables: readonly string[] = [\"empty\"]\n"
        );
    }

    #[test]
    fn what_it_declares_is_read_from_it() {
        use overskill_syntax::{Native, Parser as _};
        let text = written(&json!([
            { "name": "recipes", "access": "owner", "columns": [{ "name": "title", "type": "text" }] },
            { "name": "tags", "access": "team", "columns": [] },
        ]));
        let facts = Native.facts(FILE, &text);
        assert_eq!(facts.faults, []);
        assert_eq!(declared(&facts), ["recipes", "tags"]);
        let none = Native.facts(FILE, &written(&json!([])));
        assert_eq!((none.faults.len(), declared(&none).len()), (0, 0));
    }
}
