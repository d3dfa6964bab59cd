//! Edits of one file each: `{"id","path","content","edits":[{"search","first_line","last_line","replacement"}]}` →
//! `{"id","ok":true,"content"}` or `{"id","ok":false,"error"}`. A case is all or nothing.

use overskill::{
    edit::{
        self, Applied, LineEdit,
        anchors::{self, AnchoredEdit},
    },
    facts::Known,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// In which form the edits are given to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As they come: search text and line numbers.
    LineReplace,
    /// Encoded as one anchored call, which the answer shows as `call`.
    EditLines,
}

#[derive(Deserialize)]
struct Case {
    id: Value,
    path: String,
    content: String,
    edits: Vec<Wanted>,
}

#[derive(Deserialize)]
struct Wanted {
    search: String,
    first_line: usize,
    last_line: usize,
    replacement: String,
}

/// The answer to one line. What breaks the file is refused, as the model's tools refuse it.
pub(crate) fn answer(line: &[u8], dialect: Dialect, syntax: &Known<'_>) -> Value {
    let case: Case = match serde_json::from_slice(line) {
        Ok(case) => case,
        Err(error) => {
            return json!({ "id": null, "ok": false, "error": format!("not a case: {error}") });
        }
    };
    let edits: Vec<LineEdit> = case.edits.into_iter().map(LineEdit::from).collect();
    let result = match dialect {
        Dialect::LineReplace => edit::apply(&case.content, &edits)
            .map(|applied| (applied, None))
            .map_err(|refused| refused.to_string()),
        Dialect::EditLines => by_anchors(&case.path, &case.content, &edits)
            .map(|(applied, call)| (applied, Some(call))),
    };
    let result = result.and_then(|(applied, call)| {
        let Applied {
            content, changes, ..
        } = applied;
        match syntax
            .breakages(&case.path, &case.content, &content, &changes)
            .first()
        {
            None => Ok((content, call)),
            Some(broken) => Err(format!(
                "the file would be broken by this; nothing was changed. {broken}"
            )),
        }
    });
    match result {
        Ok((content, None)) => json!({ "id": case.id, "ok": true, "content": content }),
        Ok((content, Some(call))) => {
            json!({ "id": case.id, "ok": true, "content": content, "call": call })
        }
        Err(error) => json!({ "id": case.id, "ok": false, "error": error }),
    }
}

/// Encodes the edits as one anchored call and applies that call.
fn by_anchors(path: &str, content: &str, edits: &[LineEdit]) -> Result<(Applied, Value), String> {
    let landed = edit::apply(content, edits).map_err(|refused| refused.to_string())?;
    let mut calls: Vec<AnchoredEdit> = Vec::new();
    for landing in &landed.landings {
        let last = landing.first_line + landing.removed - 1;
        let call = anchors::anchored(content, landing.first_line, last, &landing.text);
        calls.push(call.ok_or("an edit has landed on lines that have no anchors")?);
    }
    let resolved: Result<Vec<LineEdit>, _> = calls
        .iter()
        .map(|call| anchors::resolve(content, call))
        .collect();
    let resolved = resolved.map_err(|refusal| refusal.to_string())?;
    let applied = edit::apply(content, &resolved).map_err(|refused| refused.to_string())?;
    let triples: Vec<Value> = calls
        .iter()
        .map(|call| json!([call.first, call.last, call.text]))
        .collect();
    let call = json!({ "name": "edit_lines", "input": { "path": path, "edits": triples } });
    Ok((applied, call))
}

impl From<Wanted> for LineEdit {
    fn from(wanted: Wanted) -> Self {
        Self {
            search: wanted.search,
            first_line: wanted.first_line,
            last_line: wanted.last_line,
            replacement: wanted.replacement,
        }
    }
}

#[cfg(test)]
mod tests {
    use overskill_syntax::Native;

    use super::*;

    fn case(dialect: Dialect, line: &str) -> Value {
        answer(line.as_bytes(), dialect, &Known::new(&Native))
    }

    #[test]
    fn both_dialects_come_to_the_same() {
        let line = r#"{"id":7,"path":"a.txt","content":"a\nb\nc\n","edits":[{"search":"c","first_line":3,"last_line":3,"replacement":"$&"},{"search":"a","first_line":1,"last_line":1,"replacement":""}]}"#;
        assert_eq!(
            case(Dialect::LineReplace, line),
            json!({ "id": 7, "ok": true, "content": "b\n$&\n" })
        );
        let anchored = case(Dialect::EditLines, line);
        assert_eq!(anchored["content"], "b\n$&\n");
        assert_eq!(anchored["call"]["name"], "edit_lines");
        assert_eq!(anchored["call"]["input"]["path"], "a.txt");
        assert_eq!(anchored["call"]["input"]["edits"][0][2], "$&");
    }

    #[test]
    fn what_breaks_the_file_is_refused() {
        let line = r#"{"id":1,"path":"a.css","content":".a {\n}\n","edits":[{"search":"}","first_line":2,"last_line":2,"replacement":"}\n}"}]}"#;
        for dialect in [Dialect::LineReplace, Dialect::EditLines] {
            assert_eq!(case(dialect, line)["ok"], false);
            assert_eq!(case(dialect, &line.replace("a.css", "a.txt"))["ok"], true);
        }
    }

    #[test]
    fn what_cannot_be_done_is_an_answer() {
        let refused = case(
            Dialect::LineReplace,
            r#"{"id":"x","path":"a.ts","content":"a\n","edits":[{"search":"b","first_line":1,"last_line":1,"replacement":"c"}]}"#,
        );
        assert_eq!(
            (&refused["id"], &refused["ok"]),
            (&json!("x"), &json!(false))
        );
        for broken in ["", "[]", "{", r#"{"id":1}"#, "\u{0}"] {
            let answer = case(Dialect::EditLines, broken);
            assert_eq!(
                (&answer["id"], &answer["ok"]),
                (&Value::Null, &json!(false)),
                "{broken}"
            );
        }
    }
}
