//! Checks of whole apps: `{"id","files":{path: content},"before"?,"tables"?}` →
//! `{"id","diagnostics":[{"path","line","column","code","message","severity"}]}`.
//!
//! Without `before` nothing counts as old; without `tables` no table is checked. The message says what is wrong, then
//! what to do about it.

use std::collections::{BTreeMap, HashMap};

use overskill::{
    preflight::{self, Diagnostic, File, Severity, Tree, Vendor},
    project::ProjectPath,
};
use overskill_syntax::{Facts, Native, Parser};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most bytes of content whose facts are kept from one line to the next.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

type Files = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Case {
    id: Value,
    files: Files,
    #[serde(default)]
    before: Option<Files>,
    #[serde(default)]
    tables: Option<Vec<String>>,
}

/// Answers cases. Most files of a case are those of the one before: their facts are kept.
#[derive(Default)]
pub(crate) struct Checks {
    /// By path, since the path says the language, and content.
    facts: HashMap<(String, String), Facts>,
    bytes: usize,
}

impl Checks {
    /// The answer to one line.
    pub(crate) fn answer(&mut self, line: &[u8]) -> Value {
        let case: Case = match serde_json::from_slice(line) {
            Ok(case) => case,
            Err(error) => {
                return json!({ "id": null, "ok": false, "error": format!("not a case: {error}") });
            }
        };
        let paths = case
            .files
            .keys()
            .chain(case.before.iter().flat_map(Files::keys));
        for path in paths {
            if let Err(error) = path.parse::<ProjectPath>() {
                return json!({ "id": case.id, "ok": false, "error": format!("{path:?}: {error}") });
            }
        }
        self.read(&case.files);
        if let Some(before) = &case.before {
            self.read(before);
        }
        let tree = self.tree(&case.files);
        let before = case.before.as_ref().map(|before| self.tree(before));
        let tables: Option<Vec<&str>> = case
            .tables
            .as_ref()
            .map(|tables| tables.iter().map(String::as_str).collect());
        let found = preflight::check(
            &tree,
            before.as_ref(),
            tables.as_deref(),
            Vendor::foundation(),
        );
        let diagnostics: Vec<Value> = found.iter().map(shown).collect();
        json!({ "id": case.id, "diagnostics": diagnostics })
    }

    /// Parses what is not known yet.
    fn read(&mut self, files: &Files) {
        if self.bytes > KEPT_BYTES {
            self.facts.clear();
            self.bytes = 0;
        }
        for (path, content) in files {
            let key = (path.clone(), content.clone());
            self.facts.entry(key).or_insert_with(|| {
                self.bytes += path.len() + content.len();
                Native.facts(path, content)
            });
        }
    }

    fn tree<'a>(&'a self, files: &'a Files) -> Tree<'a> {
        let known = files.iter().filter_map(|(path, content)| {
            let facts = self.facts.get(&(path.clone(), content.clone()))?;
            Some((path.as_str(), File { content, facts }))
        });
        known.collect()
    }
}

fn shown(diagnostic: &Diagnostic) -> Value {
    let message = match &diagnostic.suggestion {
        Some(suggestion) => format!("{} {suggestion}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    json!({
        "path": diagnostic.path,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "code": diagnostic.code,
        "message": message,
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str) -> Value {
        Checks::default().answer(line.as_bytes())
    }

    #[test]
    fn a_case_is_answered() {
        let line = json!({ "id": 7, "files": {
            "index.html": "<script type=\"module\" src=\"/src/main.ts\"></script>",
            "src/main.ts": "import { a } from \"./b\"\n\nclient.from(\"things\")\na()\n",
            "src/a.ts": "export const a = 1\n",
        }, "tables": ["thing"] });
        assert_eq!(
            answer(&line.to_string()),
            json!({ "id": 7, "diagnostics": [
            { "path": "src/main.ts", "line": 1, "column": 19, "code": "unresolved_import", "severity": "error",
              "message": "`./b` leads to no file of the project. Create that file, or correct the path." },
            { "path": "src/main.ts", "line": 3, "column": 1, "code": "undefined_name", "severity": "warning",
              "message": "`client` is not defined. Import it, or define it." },
            { "path": "src/main.ts", "line": 3, "column": 14, "code": "undeclared_table", "severity": "warning",
              "message": "The table `things` is not declared. Did you mean `thing`? Otherwise declare the table first." },
        ] })
        );
    }

    #[test]
    fn what_was_there_before_is_left_out() {
        let broken = "import { a } from \"./nope\"\na()\n";
        let line = json!({ "id": "x", "files": { "src/a.ts": format!("\n\n{broken}") }, "before": { "src/a.ts": broken } });
        assert_eq!(
            answer(&line.to_string()),
            json!({ "id": "x", "diagnostics": [] })
        );
    }

    #[test]
    fn what_is_no_case_is_an_answer() {
        for broken in [
            "",
            "[]",
            "{",
            r#"{"id":1}"#,
            "\u{0}",
            r#"{"id":1,"files":{"a.ts":1}}"#,
        ] {
            let answer = answer(broken);
            assert_eq!(
                (&answer["id"], &answer["ok"]),
                (&Value::Null, &json!(false)),
                "{broken}"
            );
        }
        let outside = answer(r#"{"id":1,"files":{"../a.ts":""}}"#);
        assert_eq!((&outside["id"], &outside["ok"]), (&json!(1), &json!(false)));
    }

    #[test]
    fn facts_are_kept_between_lines() {
        let mut checks = Checks::default();
        let line = json!({ "id": 1, "files": { "a.ts": "let a" }, "before": { "a.ts": "let a" } })
            .to_string();
        checks.answer(line.as_bytes());
        checks.answer(line.as_bytes());
        assert_eq!((checks.facts.len(), checks.bytes), (1, 9));
    }
}
