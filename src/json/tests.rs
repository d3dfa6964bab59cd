use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Debug};

use super::from_str;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Inside(Option<Box<Outside>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outside {
    name: String,
    #[serde(default)]
    inside: Option<Inside>,
    list: Vec<(u8, i64)>,
    map: BTreeMap<String, Choice>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Choice {
    Nothing,
    One(f64),
    Two(bool, char),
    Members { unit: Unit, any: Value },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Empty,
    Full { list: Vec<Choice> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(u64),
    Text(String),
    Tagged(Tagged),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    first: u8,
    #[serde(flatten)]
    more: BTreeMap<String, Either>,
}

/// Reads as `serde_json` does, in words as well.
fn same<T: DeserializeOwned + PartialEq + Debug>(text: &str) {
    let (own, other) = (from_str::<T>(text), serde_json::from_str::<T>(text));
    assert_eq!(
        own.map_err(|error| error.to_string()),
        other.map_err(|error| error.to_string()),
        "{text}"
    );
}

fn outside() -> Outside {
    let map = [
        ("a", Choice::Nothing),
        ("b", Choice::One(0.1)),
        ("c", Choice::Two(true, 'ß')),
        (
            "d",
            Choice::Members {
                unit: Unit,
                any: json!({"x": [1, null, {"y": "z"}]}),
            },
        ),
    ];
    Outside {
        name: "a \"name\"\n".to_owned(),
        inside: None,
        list: vec![(1, -2), (255, i64::MIN)],
        map: map.map(|(key, value)| (key.to_owned(), value)).into(),
    }
}

#[test]
fn what_is_written_is_read() {
    let nested = Outside {
        inside: Some(Inside(Some(Box::new(outside())))),
        ..outside()
    };
    let text = serde_json::to_string(&nested).unwrap();
    assert_eq!(from_str::<Outside>(&text).unwrap(), nested);
    for (end, _) in text.char_indices() {
        same::<Outside>(text.get(..end).unwrap());
    }
}

#[test]
fn all_else_is_as_serde_json_has_it() {
    for text in [
        "",
        "null",
        "{}",
        "[]",
        "1",
        "\"a\"",
        "{\"kind\":\"empty\"}",
        "{\"kind\":\"full\",\"list\":[\"Nothing\",{\"One\":2}]}",
        "{\"kind\":\"other\"}",
        "{\"first\":1,\"a\":2,\"b\":\"c\",\"d\":{\"kind\":\"empty\"}}",
        "{\"first\":256}",
        "{\"first\":1,\"first\":2}",
        "{\"name\":\"a\",\"list\":[[1]],\"map\":{}}",
        "{\"name\":\"a\",\"list\":[],\"map\":{\"x\":\"Two\"}}",
        "{\"name\":\"a\",\"list\":[],\"map\":{\"x\":{\"Two\":[true]}}}",
        "{\"name\":\"a\",\"other\":1}",
        "{\"name\":\"a\",\"list\":[],\"map\":{}} 1",
        "{\"One\":1}",
        "{\"One\":1,\"Nothing\":null}",
        "\"Nothing\"",
        "{\"Members\":{\"unit\":null,\"any\":[]}}",
        "{\"Members\":{}}",
        "[1,2,3]",
        "{\"name\":1}",
        "{\"name\":\"a\",\"list\":{}}",
        "{\"name\":\"\u{fffd}\\ud800\"}",
    ] {
        same::<Choice>(text);
        same::<Tagged>(text);
        same::<Either>(text);
        same::<Flat>(text);
        same::<Option<Unit>>(text);
        same::<Value>(text);
        same::<Vec<u8>>(text);
        if !text.starts_with('[') {
            same::<Outside>(text);
            same::<Inside>(text);
        }
    }
}

#[test]
fn a_struct_is_an_object() {
    assert_eq!(
        from_str::<Outside>("[\"a\",null,[],{}]")
            .unwrap_err()
            .to_string(),
        "invalid type: sequence, expected struct Outside at line 1 column 0"
    );
    assert_eq!(
        from_str::<Choice>("{\"Members\":[null,1]}")
            .unwrap_err()
            .to_string(),
        "invalid type: sequence, expected struct variant Choice::Members at line 1 column 11"
    );
}

#[test]
fn nesting_has_an_end() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    same::<Value>(&deep);
    let mut text = "null".to_owned();
    for _ in 0..200 {
        text = format!("{{\"name\":\"\",\"list\":[],\"map\":{{}},\"inside\":{text}}}");
    }
    same::<Outside>(&text);
}
