use super::facts;
use crate::FaultKind;

fn places(text: &str, lenient: bool) -> Vec<(usize, usize, String)> {
    facts(text, lenient)
        .faults
        .into_iter()
        .map(|fault| (fault.start, fault.end, fault.message))
        .collect()
}

#[test]
fn what_is_json_has_no_faults() {
    for text in [
        "{}",
        " [ ] ",
        "null",
        "-0.5e+10",
        r#"{"a":[1,{"b":"\u00e9\n"},true],"":{}}"#,
        "[0, 10, 1E5]",
        "\"\u{7f}\u{2028}\"",
    ] {
        assert_eq!(places(text, false), [], "{text}");
        assert_eq!(places(text, true), [], "{text}");
        assert!(
            serde_json::from_str::<serde_json::Value>(text).is_ok(),
            "{text}"
        );
    }
    for text in ["// a\n{\"a\": 1, /* b */}", "[1,\n2,]"] {
        assert_eq!(places(text, true), [], "{text}");
    }
}

#[test]
fn a_fault_stands_where_it_is_and_serde_finds_one_too() {
    for (text, start, end, message) in [
        ("", 0, 0, "There is no value"),
        ("{\"a\": 1", 7, 7, "The file ends where `}` belongs"),
        ("{\"a\": 1 \"b\": 2}", 8, 9, "A comma or `}` belongs here"),
        ("{\"a\": 1,}", 7, 8, "No comma may stand before `}`"),
        ("[1 2]", 3, 4, "A comma or `]` belongs here"),
        ("{a: 1}", 1, 2, "A key in double quotes belongs here"),
        ("{\"a\" 1}", 5, 6, "A colon belongs after the key"),
        ("{\"a\": 'x'}", 6, 7, "A text has double quotes in JSON"),
        (
            "{\"a\": undefined}",
            6,
            15,
            "`undefined` is no value of JSON",
        ),
        ("{\"a\": }", 6, 7, "A value belongs here"),
        ("[01]", 1, 3, "`01` is no value of JSON"),
        ("{} {}", 3, 4, "Nothing may follow the value"),
        ("[\"a\n\"]", 1, 2, "The text is not closed on its line"),
        ("[\"\\x\"]", 2, 3, "There is no such escape"),
        ("[\"\\u12\"]", 2, 4, "`\\u` needs four hexadecimal digits"),
        ("[\"\t\"]", 2, 3, "This character must be escaped in a text"),
        ("// a\n1", 0, 1, "JSON has no comments"),
        ("[1}", 2, 3, "A comma or `]` belongs here"),
    ] {
        assert_eq!(
            places(text, false),
            [(start, end, String::from(message))],
            "{text}"
        );
        assert!(
            serde_json::from_str::<serde_json::Value>(text).is_err(),
            "{text}"
        );
    }
    assert_eq!(places("/* a", true)[0].2, "The comment is never closed");
}

#[test]
fn keys_are_members_and_stand_once() {
    let text = r#"{"a": {"b": 1, "c": [{"d": 2}]}, "a": null}"#;
    let facts = facts(text, false);
    let told: Vec<_> = facts
        .members
        .iter()
        .map(|member| {
            (
                member.name.as_str(),
                &text[member.start..member.end],
                member.parent,
                member.container,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a", r#""a": {"b": 1, "c": [{"d": 2}]}"#, None, 0),
            ("b", r#""b": 1"#, Some(0), 6),
            ("c", r#""c": [{"d": 2}]"#, Some(0), 6),
            ("d", r#""d": 2"#, Some(2), 21),
            ("a", r#""a": null"#, None, 0),
        ]
    );
    assert_eq!(facts.faults.len(), 1);
    assert_eq!(
        (facts.faults[0].kind, facts.faults[0].start),
        (FaultKind::Duplicate, 33)
    );
}
