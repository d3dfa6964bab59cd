use proptest::prelude::*;

use super::*;
use crate::{
    build::{Mode, VENDOR_FOLDER},
    digest::Digest,
    publish::{Artifact, BUDGET, Function, FunctionName},
};

const PAGE_SOURCE: &str = "<html><head></head></html>";

fn artifact(content: &[u8]) -> Artifact {
    Artifact {
        hash: Digest::of(content),
        size: content.len() as u64,
    }
}

fn set(files: &[(&str, usize)]) -> ArtifactSet {
    let mut set = ArtifactSet {
        mode: Mode::Production,
        source_digest: Digest::of(b"sources"),
        toolchain_digest: Digest::of(b"tools"),
        entries: SortedMap::new(),
    };
    let page = artifact(PAGE_SOURCE.as_bytes());
    set.entries.insert(PAGE.parse().unwrap(), page);
    for (path, size) in files {
        let content = vec![b'x'; *size];
        set.entries
            .insert(path.parse().unwrap(), artifact(&content));
    }
    set
}

fn part(path: &str, bytes: Option<usize>, is_gzip: bool) -> Part {
    Part {
        path: path.parse().unwrap(),
        bytes: bytes.map(|bytes| vec![b'x'; bytes]),
        is_gzip,
    }
}

fn plan(set: &ArtifactSet, parts: Vec<Part>) -> Plan<'_> {
    let function = Function {
        name: FunctionName::of(&"overskill-functions/pay.js".parse().unwrap()).unwrap(),
        code: vec![b'x'; 500],
    };
    Plan::of(set, PAGE_SOURCE.as_bytes(), vec![function], parts).unwrap()
}

#[test]
fn a_band_says_how_near_the_budget_is() {
    for (bytes, band) in [
        (0, Band::Healthy),
        (645_120, Band::Healthy),
        (645_121, Band::Warning),
        (829_440, Band::Warning),
        (829_441, Band::Critical),
        (BUDGET, Band::Critical),
    ] {
        assert_eq!(Band::of(bytes, BUDGET), band, "{bytes}");
    }
}

#[test]
fn each_file_says_where_it_is_and_why() {
    let vendor = format!("{VENDOR_FOLDER}react.js");
    let set = set(&[
        ("overskill-functions/pay.js", 500),
        ("assets/index.js", 3_000),
        ("assets/index.css", 100),
        ("assets/huge.js", 2_000_000),
        ("assets/unread.js", 9_000_000),
        ("assets/late.js", 400),
        ("photo.png", 5_000),
        (&vendor, 7_000),
    ]);
    let parts = vec![
        part("assets/index.js", Some(1_000), true),
        part("assets/huge.js", Some(1_500_000), true),
        part("assets/unread.js", None, false),
        part("assets/index.css", Some(100), false),
    ];
    let plan = plan(&set, parts);
    let report = plan.script(BUDGET).unwrap().report;
    let told: Vec<(&str, u64, Option<u64>, Place)> = report
        .assets
        .iter()
        .map(|one| (one.path.as_str(), one.bytes, one.gzip_bytes, one.place))
        .collect();
    assert_eq!(
        told,
        [
            ("assets/unread.js", 9_000_000, None, Place::WithoutRoom),
            (
                "assets/huge.js",
                2_000_000,
                Some(1_500_000),
                Place::WithoutRoom
            ),
            ("assets/index.js", 3_000, Some(1_000), Place::Embedded),
            ("overskill-functions/pay.js", 500, None, Place::Embedded),
            ("assets/index.css", 100, None, Place::Embedded),
            ("index.html", 26, None, Place::Embedded),
            ("photo.png", 5_000, None, Place::Late),
            ("assets/late.js", 400, None, Place::Late),
            (vendor.as_str(), 7_000, None, Place::Shared),
        ]
    );
    let share = |files, bytes| Share { files, bytes };
    assert_eq!(report.embedded, share(4, 3_626));
    assert_eq!(report.without_room, share(2, 11_000_000));
    assert_eq!(report.external, share(5, 11_012_400));
    assert_eq!(report.band, Band::Healthy);
    assert_eq!(report.concern(), Band::Critical, "something found no room");
    assert_eq!(
        plan.script(BUDGET * 10).unwrap().report.without_room,
        share(1, 9_000_000)
    );
}

#[test]
fn a_report_has_no_more_files_than_that() {
    let names: Vec<String> = (0..MOST_ASSETS + 5)
        .map(|number| format!("assets/{number:03}.png"))
        .collect();
    let files: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    let set = set(&files);
    let report = plan(&set, Vec::new()).script(BUDGET).unwrap().report;
    assert_eq!(report.assets.len(), MOST_ASSETS);
    assert_eq!(
        report.assets[0].path.as_str(),
        PAGE,
        "what is inside comes first"
    );
    assert_eq!(report.external.files, MOST_ASSETS + 5);
}

#[test]
fn what_if_tells_of_other_budgets() {
    let set = set(&[
        ("overskill-functions/pay.js", 500),
        ("assets/a.js", 1_300_000),
        ("assets/b.js", 900_000),
    ]);
    let parts = vec![
        part("assets/a.js", Some(600_000), true),
        part("assets/b.js", Some(400_000), true),
    ];
    let plan = plan(&set, parts);
    let report = plan.script(BUDGET).unwrap().report;
    let share = |files, bytes| Share { files, bytes };
    let told = |budget| {
        report
            .what_if
            .iter()
            .find(|one| one.budget == budget)
            .unwrap()
    };
    let base = plan.split(100_000).unwrap().script_bytes;
    for (budget, inside, embedded, without_room) in [
        (512_000, 400_000, 900_000, share(1, 1_300_000)),
        (716_800, 600_000, 1_300_000, share(1, 900_000)),
        (921_600, 600_000, 1_300_000, share(1, 900_000)),
        (1_024_000, 1_000_000, 2_200_000, share(0, 0)),
    ] {
        let one = told(budget);
        let script_bytes = one.script_bytes.unwrap();
        let listed = script_bytes - base - inside;
        assert!((1..=200).contains(&listed), "{budget}: {listed}");
        assert_eq!(one.embedded.bytes, embedded + 526, "{budget}");
        assert_eq!(one.without_room, without_room, "{budget}");
    }
    assert_eq!(report.what_if.len(), OTHER_BUDGETS.len());
}

#[test]
fn what_would_be_refused_has_no_script() {
    let set = set(&[]);
    let large = Function {
        name: FunctionName::of(&"overskill-functions/pay.js".parse().unwrap()).unwrap(),
        code: vec![b'x'; 600_000],
    };
    let plan = Plan::of(&set, PAGE_SOURCE.as_bytes(), vec![large], Vec::new()).unwrap();
    let report = plan.script(BUDGET).unwrap().report;
    let fits: Vec<bool> = report
        .what_if
        .iter()
        .map(|one| one.script_bytes.is_some())
        .collect();
    assert_eq!(fits, [false, true, true, true]);
    assert_eq!(report.what_if[0].embedded, Share::default());
}

proptest! {
    #[test]
    fn what_if_is_what_it_would_be(sizes in prop::collection::vec(0..300_000_usize, 0..12), budget in prop::sample::select(&OTHER_BUDGETS[..])) {
        let names: Vec<String> = (0..sizes.len()).map(|number| format!("assets/{number}.js")).collect();
        let files: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(sizes.iter().copied()).collect();
        let set = set(&files);
        let parts = files.iter().map(|(path, size)| part(path, Some(*size), false)).collect();
        let plan = plan(&set, parts);
        let told = plan.script(BUDGET).unwrap().report.what_if;
        let told = told.iter().find(|one| one.budget == budget).unwrap();
        let made = plan.script(budget).unwrap();
        let sum: usize = made.modules.iter().map(|module| module.bytes.len()).sum();
        prop_assert_eq!(told.script_bytes, Some(sum));
        prop_assert_eq!(told.embedded, made.report.embedded);
        prop_assert_eq!(told.without_room, made.report.without_room);
    }
}
