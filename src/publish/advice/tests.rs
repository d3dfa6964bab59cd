use super::*;
use crate::publish::{BUDGET, Share};

fn weight(kind: WeightKind, name: &str, bytes: [u64; 3]) -> Weight {
    let [page_bytes, late_bytes, function_bytes] = bytes;
    Weight {
        kind,
        name: name.to_owned(),
        page_bytes,
        late_bytes,
        function_bytes,
    }
}

fn weights() -> Vec<Weight> {
    use WeightKind::{File, Package};
    vec![
        weight(Package, "recharts", [420_000, 0, 0]),
        weight(File, "src/data/countries.ts", [210_000, 0, 0]),
        weight(Package, "react-dom", [130_000, 0, 0]),
        weight(Package, "stripe", [0, 0, 100_000]),
        weight(File, "src/pages/Home.tsx", [3_000, 0, 0]),
        weight(File, "src/main.tsx", [1_000, 0, 0]),
        weight(Package, "three", [0, 700_000, 0]),
    ]
}

fn sizes(script_bytes: usize, outside: &[(&str, u64, Option<u64>)]) -> SizeReport {
    let assets = outside.iter().map(|(path, bytes, gzip_bytes)| Asset {
        path: path.parse().unwrap(),
        bytes: *bytes,
        gzip_bytes: *gzip_bytes,
        place: Place::WithoutRoom,
    });
    SizeReport {
        script_bytes,
        budget: BUDGET,
        band: Band::of(script_bytes, BUDGET),
        embedded: Share::default(),
        external: Share::default(),
        without_room: Share {
            files: outside.len(),
            bytes: outside.iter().map(|(_, bytes, _)| bytes).sum(),
        },
        assets: assets.collect(),
        what_if: Vec::new(),
    }
}

#[test]
fn what_is_healthy_and_whole_needs_no_advice() {
    let least = BUDGET * 7 / 10;
    assert_eq!(
        advice(&sizes(least, &[]), &weights(), Mode::Production),
        None
    );
    assert!(advice(&sizes(least + 1, &[]), &weights(), Mode::Production).is_some());
    let outside = [("assets/a.js", 1, None)];
    assert!(advice(&sizes(1, &outside), &weights(), Mode::Production).is_some());
}

#[test]
fn the_advice_says_how_much_what_and_what_to_do() {
    let told = advice(&sizes(700_000, &[]), &weights(), Mode::Production).unwrap();
    let outside = [
        ("assets/index-a.js", 2_100_000, Some(1_000_000)),
        ("assets/b.js", 90, None),
        ("assets/c.js", 80, None),
        ("assets/d.js", 70, None),
    ];
    let whole = advice(&sizes(900_000, &outside), &[], Mode::Development).unwrap();
    assert_eq!(
        (told.severity, told.code.as_deref()),
        (crate::build::Severity::Warning, Some("size"))
    );
    let text =
        |one: &Diagnostic| format!("{}\n→ {}", one.message, one.suggestion.as_deref().unwrap());
    insta::assert_snapshot!(format!("{}\n\n{}", text(&told), text(&whole)));
}

#[test]
fn what_is_refused_is_told_with_what_made_it_so_large() {
    let over = |largest: &'static str| PublishError::OverBudget {
        script_bytes: 1_000_000,
        budget: BUDGET,
        largest: largest.into(),
        largest_bytes: 950_000,
    };
    let page = refusal(&over("index.after.html"), &weights());
    assert_eq!(page.suggestion.as_deref(), Some(super::PAGE));
    let function = refusal(&over("function-pay.js"), &weights());
    assert_eq!(function.code.as_deref(), Some("publish"));
    assert_eq!(
        function.message,
        "the app's script has 1000000 bytes, 921600 are allowed; the largest part is `function-pay.js` with 950000"
    );
    assert_eq!(
        function.suggestion.unwrap(),
        format!("What weighs most, before compression: `stripe` 98 KB. {LIGHTER} {FUNCTION}")
    );
    assert_eq!(refusal(&PublishError::NoPage, &weights()).suggestion, None);
}

#[test]
fn a_length_is_as_people_read_it() {
    for (bytes, expected) in [
        (0, "0 KB"),
        (1, "1 KB"),
        (921_600, "900 KB"),
        (1_047_552, "1023 KB"),
        (1_048_576, "1.0 MB"),
        (2_202_010, "2.2 MB"),
    ] {
        assert_eq!(size(bytes), expected);
    }
}
