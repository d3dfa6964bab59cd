use proptest::prelude::*;
use serde_json::Value;

use super::*;

const JSON: Option<&str> = Some("application/json");

fn read<T: Body>(body: &str) -> Result<T> {
    parse(body.as_bytes(), JSON, &Limits::DEFAULT)
}

#[test]
fn reads_bodies() {
    assert_eq!(
        read::<CreateApp>(r#"{"prompt":" a recipe box\n"}"#).unwrap(),
        CreateApp {
            prompt: " a recipe box\n".to_owned(),
            name: None,
            model: None
        }
    );
    assert_eq!(
        read::<CreateApp>(r#" {"model":"offline","prompt":"x","name":" Recipes "} "#).unwrap(),
        CreateApp {
            prompt: "x".to_owned(),
            name: Some("Recipes".to_owned()),
            model: Some("offline".to_owned())
        }
    );
    assert_eq!(
        read::<PostMessage>(r#"{"content":"why?","mode":"discuss"}"#).unwrap(),
        PostMessage {
            content: "why?".to_owned(),
            mode: MessageMode::Discuss,
            attachments: Vec::new(),
        }
    );
    assert_eq!(
        read::<PostMessage>(r#"{"content":"x"}"#).unwrap().mode,
        MessageMode::Auto
    );
    assert_eq!(
        read::<UpdateApp>(r#"{"name":"Ä & Ö"}"#)
            .unwrap()
            .name
            .unwrap(),
        "Ä & Ö"
    );
    assert_eq!(
        read::<StartBuild>(r#"{"mode":"production"}"#).unwrap().mode,
        Mode::Production
    );
    assert_eq!(read::<CreateToken>(r#"{"name":"ci"}"#).unwrap().name, "ci");
    let token = format!("osk_local_{}", "a".repeat(43));
    assert_eq!(
        read::<ConsoleLogin>(&format!(r#"{{"token":" {token}\n"}}"#))
            .unwrap()
            .token
            .reveal(),
        token
    );
}

#[test]
fn says_where_and_what_is_wrong() {
    for (body, sentence) in [
        ("", "The body is empty. Send a JSON object."),
        (" \n", "The body is empty. Send a JSON object."),
        (
            r#"{"prompt":"a rec"#,
            "The body ends in the middle of its JSON, at line 1, column 16. It was cut off; send all of it.",
        ),
        (
            "{\"prompt\":\"x\"",
            "The body ends in the middle of its JSON, at line 1, column 13. It was cut off; send all of it.",
        ),
        (
            "{\n  prompt: 1}",
            "The body is not JSON: key must be a string, at line 2, column 3.",
        ),
        (
            r#"{"prompt":"x",}"#,
            "The body is not JSON: trailing comma, at line 1, column 15.",
        ),
        (
            r#"{"prompt":"x"}{}"#,
            "The body is not JSON: trailing characters, at line 1, column 15.",
        ),
        (
            "prompt=x",
            "The body is not JSON: expected value, at line 1, column 1.",
        ),
        ("[]", "The body is a JSON list. Send a JSON object."),
        (
            " [\"a prompt\", null, null]",
            "The body is a JSON list. Send a JSON object.",
        ),
        ("5", "The body is JSON, but no object. Send a JSON object."),
        (
            "{}",
            "The body does not fit: missing field `prompt` (line 1, column 2).",
        ),
        (
            r#"{"prompt":5}"#,
            "`prompt`: invalid type: integer `5`, expected a string (line 1, column 11).",
        ),
        (
            r#"{"prompt":null}"#,
            "`prompt`: invalid type: null, expected a string (line 1, column 14).",
        ),
        (
            r#"{"prompt":"x","promt":"x"}"#,
            "`promt`: unknown field `promt`, expected one of `prompt`, `name`, `model` (line 1, column 21).",
        ),
        (
            r#"{"prompt":"x","prompt":"y"}"#,
            "The body does not fit: duplicate field `prompt` (line 1, column 22).",
        ),
        (
            r#"{"prompt":""}"#,
            "`prompt` must say something: it is empty.",
        ),
        (
            r#"{"prompt":" \n\u2003"}"#,
            "`prompt` must say something: it is empty.",
        ),
        (
            r#"{"prompt":"x","name":" "}"#,
            "`name` must have 1 to 80 characters.",
        ),
        (
            r#"{"prompt":"x","name":"a\u0000"}"#,
            "`name` must be one line without control characters.",
        ),
        (
            r#"{"prompt":"x","name":"a\u2028b"}"#,
            "`name` must be one line without control characters.",
        ),
        (
            r#"{"prompt":"x","name":"\u200b"}"#,
            "`name` must have 1 to 80 characters.",
        ),
        (
            r#"{"prompt":"\u200b"}"#,
            "`prompt` must say something: it is empty.",
        ),
        (
            r#"{"prompt":"x","model":""}"#,
            "`model` must be 1 to 100 visible ASCII characters, or left out.",
        ),
        (
            r#"{"prompt":"x","model":"a b"}"#,
            "`model` must be 1 to 100 visible ASCII characters, or left out.",
        ),
    ] {
        let error = read::<CreateApp>(body).unwrap_err();
        assert_eq!(
            (error.kind, error.public.as_str()),
            (Kind::Invalid, sentence),
            "{body}"
        );
    }
    let error = read::<StartBuild>(r#"{"mode":"fast"}"#).unwrap_err();
    assert_eq!(
        error.public,
        "`mode`: unknown variant `fast`, expected `development` or `production` (line 1, column 14)."
    );
    assert_eq!(
        Value::Object(*error.members),
        serde_json::json!({ "field": "mode", "line": 1, "column": 14 })
    );
    let error = parse::<CreateApp>(b"{\"prompt\":\"\xff\"}", JSON, &Limits::DEFAULT).unwrap_err();
    assert_eq!(
        error.public,
        "The body is not JSON: invalid unicode code point, at line 1, column 12."
    );
    let deep = "[".repeat(100_000);
    assert_eq!(read::<CreateApp>(&deep).unwrap_err().kind, Kind::Invalid);
}

#[test]
fn keeps_to_the_limits() {
    let limit = Limits::DEFAULT.prompt_bytes;
    let prompt = |length| format!(r#"{{"prompt":"{}"}}"#, "x".repeat(length));
    assert_eq!(
        read::<CreateApp>(&prompt(limit)).unwrap().prompt.len(),
        limit
    );
    let error = read::<CreateApp>(&prompt(limit + 1)).unwrap_err();
    assert_eq!(
        (error.kind, error.members.get("limit")),
        (Kind::TooLarge, Some(&limit.into()))
    );
    assert_eq!(
        error.public,
        "`prompt` has 65537 bytes; it may have at most 65536."
    );
    // Characters count as the bytes they have.
    let error = read::<PostMessage>(&format!(r#"{{"content":"{}"}}"#, "ü".repeat(limit / 2 + 1)))
        .unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge);
    // The longest prompt fits even when each byte of it is escaped.
    let escaped = format!(r#"{{"prompt":"{}"}}"#, r"\u0041".repeat(limit));
    assert_eq!(read::<CreateApp>(&escaped).unwrap().prompt.len(), limit);
    let error = read::<CreateApp>(&prompt(MAX_JSON_BYTES)).unwrap_err();
    assert_eq!(
        (error.kind, error.members.get("limit")),
        (Kind::TooLarge, Some(&MAX_JSON_BYTES.into()))
    );
    let name = |length| format!(r#"{{"name":"{}"}}"#, "ü".repeat(length));
    assert!(read::<UpdateApp>(&name(80)).is_ok());
    assert_eq!(
        read::<UpdateApp>(&name(81)).unwrap_err().kind,
        Kind::Invalid
    );
    for (length, fits) in [
        (None, true),
        (Some("10"), true),
        (Some("11"), false),
        (Some("x"), true),
        (Some("-1"), true),
    ] {
        assert_eq!(check_length(length, 10).is_ok(), fits, "{length:?}");
    }
}

#[test]
fn takes_json_only() {
    for (content_type, good) in [
        (Some("application/json"), true),
        (Some("Application/JSON; charset=UTF-8"), true),
        (Some("application/json;charset=\"utf-8\""), true),
        (Some("application/json; charset=latin1"), false),
        (Some("application/json+x"), false),
        (Some("text/plain"), false),
        (Some("application/x-www-form-urlencoded"), false),
        (Some(""), false),
        (None, false),
    ] {
        let read = parse::<UpdateApp>(br#"{"name":"x"}"#, content_type, &Limits::DEFAULT);
        assert_eq!(read.is_ok(), good, "{content_type:?}");
        assert!(read.map_or_else(|error| error.public.contains("application/json"), |_| true));
    }
}

#[test]
fn what_is_json_is_not_called_otherwise() {
    let error = read::<PostMessage>(r#"{"content":"a","mode":null}"#).unwrap_err();
    assert_eq!(error.public, "`mode` has a value of the wrong kind.");
    for body in ["1", r#""x""#, "true", " null"] {
        let error = read::<CreateApp>(body).unwrap_err();
        assert_eq!(
            error.public,
            "The body is JSON, but no object. Send a JSON object."
        );
    }
}

#[test]
fn repeats_no_secret_and_no_flood() {
    let token = format!("osk_local_{}", "S".repeat(42));
    let error = read::<ConsoleLogin>(&format!(r#"{{"token":"{token}"}}"#)).unwrap_err();
    assert_eq!(error.kind, Kind::Unauthenticated);
    assert!(!error.to_string().contains("SSS"));
    let flood = "ü".repeat(20_000);
    let error = read::<StartBuild>(&format!(r#"{{"mode":"{flood}"}}"#)).unwrap_err();
    assert!(error.public.len() < 1_000, "{}", error.public.len());
    let error = read::<StartBuild>(&format!(r#"{{"{flood}":1}}"#)).unwrap_err();
    assert!(error.public.len() < 1_000, "{}", error.public.len());
    assert!(Value::Object(*error.members).to_string().len() < 1_000);
}

proptest! {
    #[test]
    fn a_body_cut_off_anywhere_is_refused(cut in 0..70_usize) {
        let body = r#"{"prompt":"a recipe box \u00fc","name":"Recipes","model":"offline"}"#;
        let cut = cut.min(body.len() - 1);
        let error = read::<CreateApp>(&body[..cut]).unwrap_err();
        prop_assert_eq!(error.kind, Kind::Invalid);
        prop_assert!(cut == 0 || error.public.contains("cut off"), "{}", error.public);
    }

    #[test]
    fn every_prompt_arrives_as_it_was_sent(prompt in ".*", name in proptest::option::of("[^\\p{Cc}\\s]{1,80}")) {
        prop_assume!(!name.as_deref().is_some_and(template::is_blank));
        let sent = CreateApp { prompt, name, model: None };
        let read = read::<CreateApp>(&serde_json::to_string(&sent).unwrap());
        if template::is_blank(&sent.prompt) {
            prop_assert!(read.is_err());
        } else {
            prop_assert_eq!(read.unwrap(), sent);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = parse::<PostMessage>(&bytes, JSON, &Limits::DEFAULT);
    }
}
