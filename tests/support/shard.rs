//! What stands for an app's shard in native tests: it makes tables, adds columns, and refuses what is no addition. What the real one
//! does is tested in `tests/data` and `tests/edge`.

use std::collections::BTreeMap;

use overskill::data::TableSpec;
use serde_json::{Value, json};

/// The tables of one app: by name, the access and the columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shard(BTreeMap<String, (String, Vec<Value>)>);

impl Shard {
    /// Makes what is wanted, all or nothing; then all tables, or why not.
    pub(crate) fn define(&mut self, wanted: &[TableSpec]) -> Result<Vec<TableSpec>, String> {
        let mut next = self.0.clone();
        for spec in wanted {
            let access = spec.access().to_owned();
            let (_, columns) = next
                .entry(spec.name().to_owned())
                .or_insert((access, Vec::new()));
            for column in spec.columns() {
                match columns.iter().find(|known| known["name"] == column["name"]) {
                    None => columns.push(column.clone()),
                    Some(known) if known == column => {}
                    Some(_) => {
                        return Err(format!(
                            "A change of column {} is not additive.",
                            column["name"]
                        ));
                    }
                }
            }
        }
        self.0 = next;
        let tables = self.0.iter().map(|(name, (access, columns))| {
            let spec = json!({ "name": name, "access": access, "columns": columns });
            serde_json::from_value(spec).map_err(|error| error.to_string())
        });
        tables.collect()
    }
}
