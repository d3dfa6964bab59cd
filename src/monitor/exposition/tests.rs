use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::monitor::{
    Window,
    figures::tests::{app, built, window},
};

/// A line of the format: name, labels, value.
type Line = (String, BTreeMap<String, String>, f64);

/// Reads the text as strictly as the format is described; families by name with their kind.
fn read(text: &str) -> (BTreeMap<String, String>, Vec<Line>) {
    assert!(text.ends_with('\n'));
    let mut families = BTreeMap::new();
    let mut helped = BTreeSet::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut family = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
            continue;
        }
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name), "{line}");
            assert!(["counter", "gauge", "summary"].contains(&kind), "{line}");
            assert!(
                families.insert(name.to_owned(), kind.to_owned()).is_none(),
                "a family twice: {line}"
            );
            family = name.to_owned();
            continue;
        }
        let one = sample(line);
        let of_summary = families[&family] == "summary"
            && [format!("{family}_sum"), format!("{family}_count")].contains(&one.0);
        assert!(one.0 == family || of_summary, "{line} is in {family}");
        assert!(
            !lines
                .iter()
                .any(|known| (&known.0, &known.1) == (&one.0, &one.1)),
            "a series twice: {line}"
        );
        lines.push(one);
    }
    (families, lines)
}

fn sample(line: &str) -> Line {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    };
    let mut labels = BTreeMap::new();
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap();
            assert!(is_name(label), "{line}");
            let mut value = String::new();
            let mut chars = after.char_indices();
            let closing = loop {
                match chars.next().unwrap() {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match chars.next().unwrap().1 {
                        'n' => '\n',
                        c @ ('\\' | '"') => c,
                        c => panic!("\\{c} in {line}"),
                    }),
                    (_, c) => value.push(c),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[closing + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').unwrap();
    }
    let value = rest.strip_prefix(' ').unwrap().parse().unwrap();
    (name.to_owned(), labels, value)
}

fn value(lines: &[Line], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let wanted: BTreeMap<String, String> = labels
        .iter()
        .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
        .collect();
    let mut found = lines
        .iter()
        .filter(|line| line.0 == name && line.1 == wanted);
    found.next().map(|line| line.2)
}

#[test]
fn it_is_read_back() {
    let one = window([
        built(1, Some(1_250), Some(1_000)),
        built(2, None, Some(2_000)),
        built(3, Some(750), None),
    ]);
    let name = "A \"name\"\\ of\ntwo lines, {so=\"\"}";
    let apps = [
        app("abcdefgh", name, one),
        app("bcdefghi", "Empty", Window::default()),
    ];
    let text = text(&apps, 7);
    let (families, lines) = read(&text);
    assert_eq!(families["overskill_build_duration_seconds"], "summary");
    assert_eq!(families["overskill_builds_total"], "counter");
    let of = |name: &str, labels: &[(&str, &str)]| value(&lines, name, labels);
    let app = ("app", "abcdefgh");
    let mode = ("mode", "development");
    let simple = ("tier", "simple");
    assert_eq!(of("overskill_apps", &[]), Some(2.0));
    assert_eq!(of("overskill_apps_left_out", &[]), Some(7.0));
    assert_eq!(
        of("overskill_app_info", &[app, ("name", name), simple]),
        Some(1.0)
    );
    for (outcome, count) in [("built", 1.0), ("cached", 1.0), ("failed", 1.0)] {
        let labels = [app, mode, ("outcome", outcome)];
        assert_eq!(of("overskill_builds_total", &labels), Some(count));
    }
    let took = "overskill_build_duration_seconds";
    assert_eq!(of(took, &[app, mode, ("quantile", "0.5")]), Some(0.75));
    assert_eq!(of(took, &[app, mode, ("quantile", "0.95")]), Some(1.25));
    assert_eq!(of(&format!("{took}_sum"), &[app, mode]), Some(2.0));
    assert_eq!(of(&format!("{took}_count"), &[app, mode]), Some(2.0));
    assert_eq!(of("overskill_script_bytes", &[app, mode]), Some(2_000.0));
    assert_eq!(of("overskill_asset_bytes", &[app, mode]), Some(20_000.0));
    // 20,000 bytes for a month are 0.3 millionths of a dollar.
    let storage = [app, ("part", "storage")];
    assert_eq!(of("overskill_month_cost_dollars", &storage), Some(0.0));
    let requests = [app, ("part", "requests")];
    assert_eq!(of("overskill_month_cost_dollars", &requests), None);
    // Of what was never measured there is no number.
    let other = [("app", "bcdefghi"), mode];
    assert_eq!(of("overskill_script_bytes", &other), None);
}

#[test]
fn numbers_have_their_digits() {
    assert_eq!(Decimal(1_250, 3).to_string(), "1.250");
    assert_eq!(Decimal(7, 6).to_string(), "0.000007");
    assert_eq!(Decimal(u64::MAX, 3).to_string(), "18446744073709551.615");
}
