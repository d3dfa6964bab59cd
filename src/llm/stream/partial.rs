//! JSON that was cut off, as far as it goes: what a model wrote of its arguments before its tokens ran out. For showing and
//! for the record; a call with such arguments is not made.

use serde_json::Value;

/// The value with what is not whole left out: texts and names that have no end, members that have no value, numbers that may have had
/// more digits.
pub(super) fn parse(text: &str) -> Option<Value> {
    if let Ok(whole) = crate::json::from_str(text) {
        return Some(whole);
    }
    let (end, open) = good(text.as_bytes());
    let mut closed = text.get(..end?)?.to_owned();
    closed.extend(open.iter().rev().map(Container::end));
    crate::json::from_str(&closed).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Array,
    Object { awaits_name: bool },
}

impl Container {
    const fn end(&self) -> char {
        match self {
            Self::Array => ']',
            Self::Object { .. } => '}',
        }
    }
}

/// Where the last whole value ends, and what is open there.
fn good(bytes: &[u8]) -> (Option<usize>, Vec<Container>) {
    let mut open: Vec<Container> = Vec::new();
    let mut good = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let is_name = open.last() == Some(&Container::Object { awaits_name: true });
        let awaits = |awaits_name, open: &mut Vec<Container>| {
            if let Some(Container::Object { awaits_name: state }) = open.last_mut() {
                *state = awaits_name;
            }
        };
        at += 1;
        match byte {
            b'{' => open.push(Container::Object { awaits_name: true }),
            b'[' => open.push(Container::Array),
            b'}' | b']' => drop(open.pop()),
            b',' => {
                awaits(true, &mut open);
                continue;
            }
            b':' => {
                awaits(false, &mut open);
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'"' => {
                let Some(end) = end_of_text(bytes, at) else {
                    break;
                };
                at = end;
                if is_name {
                    continue;
                }
            }
            _ => {
                let rest = bytes.get(at..).unwrap_or_default();
                let ends = |byte: &u8| b",:]} \t\n\r".contains(byte);
                let end = at + rest.iter().position(ends).unwrap_or(rest.len());
                let word = bytes.get(at - 1..end).unwrap_or_default();
                // More digits may have been to come.
                let is_cut = end == bytes.len() && !byte.is_ascii_alphabetic();
                let word = std::str::from_utf8(word).unwrap_or_default();
                if is_cut || crate::json::from_str::<Value>(word).is_err() {
                    break;
                }
                at = end;
            }
        }
        good = Some(at);
    }
    (good, open)
}

/// Behind the quote that ends the text which begins here.
fn end_of_text(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_whole_stays() {
        for (text, value) in [
            (
                r#"{"path":"a.ts","content":"export"#,
                json!({"path":"a.ts"}),
            ),
            (r#"{"path":"a.ts","con"#, json!({"path":"a.ts"})),
            (r#"{"path":"a.ts","content":"#, json!({"path":"a.ts"})),
            (r#"{"path":"a.ts","#, json!({"path":"a.ts"})),
            (
                r#"{"edits":[["1ab","2cd","x"],["3"#,
                json!({"edits":[["1ab","2cd","x"],[]]}),
            ),
            (r#"{"a":{"b":[1,{"c":tr"#, json!({"a":{"b":[1,{}]}})),
            (r#"{"a":12"#, json!({})),
            (r#"{"a":12,"b":-5"#, json!({"a":12})),
            (r#"{"a":[1,2"#, json!({"a":[1]})),
            (r#"{"a":12 "#, json!({"a":12})),
            (r#"{"a":true"#, json!({"a":true})),
            (r#"{"a":-"#, json!({})),
            (r#"{"a":1."#, json!({})),
            (r#"{"a":"x\"y"}"#, json!({"a":"x\"y"})),
            (r#"{"a":"x\"#, json!({})),
            (r#"[{"a":"}]"},"#, json!([{"a":"}]"}])),
            ("{", json!({})),
            (" [ ", json!([])),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        for text in ["", "\"", "-", "x{"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn depth_is_no_way_to_stop_it() {
        assert_eq!(parse(&"[".repeat(1_000_000)), None);
    }

    proptest! {
        /// Whatever is cut off, what is left is a part of the whole.
        #[test]
        fn every_beginning_of_an_object_is_one(texts in prop::collection::vec(".{0,12}", 1..6), cut in 1_usize..200) {
            let whole = json!({"a": texts, "b": {"c": texts.first(), "d": [1.5, null, true]}}).to_string();
            let end = (0..=cut.min(whole.len())).rev().find(|end| whole.is_char_boundary(*end)).unwrap();
            let value = parse(&whole[..end.max(1)]).unwrap();
            let all = value["a"].as_array().cloned().unwrap_or_default();
            prop_assert!(value.is_object());
            prop_assert!(all.len() <= texts.len());
            for (one, text) in all.iter().zip(&texts) {
                prop_assert_eq!(one, text);
            }
        }
    }
}
