//! The tables that a plan needs in the database.
//!
//! Every column may be empty there, whatever the forms ask for: what a form asks for changes, and a column cannot.

use serde_json::{Value, json};

use super::model::{Field, Thing};

/// Those that are new or have columns that are, as `define_tables` takes them.
pub(super) fn wanted(after: &[Thing], before: &[Thing]) -> Vec<Value> {
    let is_wanted = |thing: &&Thing| {
        let known = before.iter().find(|known| known.table == thing.table);
        known.is_none_or(|known| {
            let has = |field: &Field| known.fields.iter().any(|old| is_same(old, field));
            !thing.fields.iter().all(has)
        })
    };
    after.iter().filter(is_wanted).map(table).collect()
}

/// Has the changes of a thing told to whoever shows it, also where its table needs nothing else.
pub(super) fn tell(wanted: &mut Vec<Value>, thing: &Thing) {
    let is_its = |spec: &Value| spec.get("name").and_then(Value::as_str) == Some(&thing.table);
    let at = wanted.iter().position(is_its).unwrap_or_else(|| {
        wanted.push(table(thing));
        wanted.len() - 1
    });
    if let Some(spec) = wanted.get_mut(at).and_then(Value::as_object_mut) {
        spec.insert("realtime".to_owned(), true.into());
    }
}

/// Whether two fields are one column.
fn is_same(a: &Field, b: &Field) -> bool {
    (&a.name, a.kind.sql(), &a.to) == (&b.name, b.kind.sql(), &b.to)
}

fn table(thing: &Thing) -> Value {
    let columns: Vec<Value> = thing.fields.iter().map(column).collect();
    json!({ "name": thing.table, "access": thing.access, "columns": columns })
}

fn column(field: &Field) -> Value {
    let mut column = json!({ "name": field.name, "type": field.kind.sql() });
    if let (Some(column), Some(to)) = (column.as_object_mut(), &field.to) {
        column.insert("references".to_owned(), to.as_str().into());
        column.insert("on_delete".to_owned(), "set null".into());
    }
    column
}
