use super::*;

fn levels(at: u64, value: Option<u64>) -> Levels {
    let values = value.map(|value| (Threshold::ScriptBytes, value));
    Levels {
        at: Timestamp(at),
        values: values.into_iter().collect(),
    }
}

fn watching(limit: u64) -> Watch {
    let mut watch = Watch::default();
    watch.set(None, SortedMap::from([(Threshold::ScriptBytes, limit)]));
    watch
}

fn told(watch: &mut Watch, at: u64, value: impl Into<Option<u64>>) -> Vec<String> {
    let alerts = watch.look(&levels(at, value.into()));
    alerts.into_iter().map(|alert| alert.id).collect()
}

#[test]
fn a_threshold_is_told_once_until_it_was_not_reached() {
    let mut watch = watching(100);
    assert_eq!(told(&mut watch, 1, 99), [] as [&str; 0]);
    assert_eq!(told(&mut watch, 2, 100), ["a1"]);
    assert_eq!(told(&mut watch, 3, 500), [] as [&str; 0]);
    // What is not known changes nothing.
    assert_eq!(told(&mut watch, 4, None), [] as [&str; 0]);
    assert_eq!(told(&mut watch, 5, 100), [] as [&str; 0]);
    assert_eq!(told(&mut watch, 6, 99), [] as [&str; 0]);
    assert_eq!(told(&mut watch, 7, 101), ["a2"]);
    // Nor does what was known earlier, and comes later.
    assert_eq!(told(&mut watch, 6, 1), [] as [&str; 0]);
    assert_eq!(told(&mut watch, 8, 101), [] as [&str; 0]);
}

#[test]
fn another_threshold_is_told_anew_and_the_same_is_not() {
    let mut watch = watching(100);
    assert_eq!(told(&mut watch, 1, 200), ["a1"]);
    watch.set(None, SortedMap::from([(Threshold::ScriptBytes, 100)]));
    assert_eq!(told(&mut watch, 2, 200), [] as [&str; 0]);
    watch.set(None, SortedMap::from([(Threshold::ScriptBytes, 150)]));
    assert_eq!(told(&mut watch, 3, 200), ["a2"]);
    watch.set(None, Thresholds::new());
    assert_eq!(told(&mut watch, 4, 200), [] as [&str; 0]);
    watch.set(None, SortedMap::from([(Threshold::ScriptBytes, 150)]));
    assert_eq!(told(&mut watch, 5, 200), ["a3"]);
}

#[test]
fn waits_grow_to_ten_minutes() {
    let waits: Vec<u64> = (1..=MOST_ATTEMPTS)
        .map(|attempt| wait(attempt) / 1_000)
        .collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    assert_eq!(wait(u32::MAX), 600_000);
}

/// The signature as `openssl dgst -sha256 -hmac secret` makes it of `1700000000.{"id":1}`.
#[test]
fn a_signature_is_of_time_and_body() {
    let signed = signature("secret", Timestamp(1_700_000_000_999), r#"{"id":1}"#);
    assert_eq!(signed, SIGNED);
}

const SIGNED: &str =
    "t=1700000000,v1=3dd1b9aef568d75f6790a84bd2e5dfa1f44409eef3cbdbd3f10b837376100c11";

#[test]
fn an_alert_says_whose_it_is_and_is_the_same_each_time() {
    let mut watch = watching(100);
    let alert = watch.look(&levels(7, Some(120))).remove(0);
    let app = "abcdefgh".parse().unwrap();
    let expected = r#"{"id":"abcdefgh/a1","kind":"alert_raised","app":{"id":"abcdefgh","name":"Tea \"&\" co"},"threshold":"script_bytes","limit":100,"value":120,"at":7}"#;
    assert_eq!(alert.body(&app, "Tea \"&\" co"), expected);
    assert_eq!(sealed_as(&app), "app:abcdefgh:alerts");
}

#[test]
fn alerts_go_to_hosts_that_everybody_reaches() {
    for address in [
        "https://hooks.example.com",
        "https://hooks.example.com/a/b?c=d",
        "https://Hooks.Example.com/",
        "https://hooks.example.com?a=@b",
    ] {
        assert_eq!(check_address(address, false), Ok(()), "{address}");
    }
    let long = format!("https://hooks.example.com/{}", "a".repeat(2_048));
    for address in [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://hooks.example.com:8443/",
        "https://user@hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com#@127.0.0.1/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com,other.example.com/",
        "https://*.example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://localhost/",
        "https://localhost:8080/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https:///hooks.example.com",
        "http://localhost:8080/",
        &long,
    ] {
        assert!(check_address(address, false).is_err(), "{address}");
    }
    assert_eq!(check_address("http://localhost:8080/hook", true), Ok(()));
    for address in [
        "https://localhost:8080/",
        "http://localhost/",
        "http://127.0.0.1:8080/",
        "http://hooks.example.com/",
    ] {
        assert!(check_address(address, true).is_err(), "{address}");
    }
}
