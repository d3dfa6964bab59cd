use proptest::prelude::*;

use super::*;
use crate::project::FileEntry;

const CAPS: Caps = Caps {
    per_file: 5,
    total: 12,
    lines: 60,
    line_chars: 40,
    file_bytes: 2_000,
    effort: 1 << 20,
};

fn query(text: &str) -> Query {
    Query::parse(&Asked {
        query: text,
        ..Asked::default()
    })
    .unwrap()
}

fn run(query: &Query, files: &[(&str, &str)]) -> Found {
    let mut search = Search::new(query, CAPS);
    for (path, content) in files {
        let _ = search.file(path, content.as_bytes());
    }
    search.finish()
}

/// Line, column and text of each hit of one content.
fn places(text: &str, content: &str) -> Vec<(usize, usize, String)> {
    let found = run(&query(text), &[("a", content)]);
    found
        .files
        .into_iter()
        .flat_map(|file| file.hits)
        .map(|hit| (hit.line, hit.column, hit.text.text))
        .collect()
}

fn lines_of(text: &str, content: &str) -> Vec<usize> {
    places(text, content)
        .into_iter()
        .map(|(line, ..)| line)
        .collect()
}

#[test]
fn a_hit_is_a_line_with_its_place_and_what_stands_around() {
    let query = Query::parse(&Asked {
        query: "card",
        context: 1,
        ..Asked::default()
    })
    .unwrap();
    let found = run(
        &query,
        &[
            ("src/a.tsx", "\u{feff}one\r\ntwo äCard card\r\nthree\r\n"),
            ("src/b.ts", "none\n"),
        ],
    );
    let plain = |text: &str| Excerpt {
        text: text.to_owned(),
        cut: false,
    };
    assert_eq!(
        found,
        Found {
            literal: None,
            files: vec![FileHits {
                path: "src/a.tsx".to_owned(),
                count: 1,
                hits: vec![Hit {
                    line: 2,
                    column: 6,
                    last_line: 2,
                    text: plain("two äCard card"),
                    before: vec![plain("one")],
                    after: vec![plain("three")],
                }],
            }],
            searched: 2,
            skipped: Vec::new(),
        }
    );
}

#[test]
fn case_counts_when_it_is_asked_for() {
    let content = "Card\ncard\nÄCK\näck\n";
    assert_eq!(lines_of("card", content), [1, 2]);
    assert_eq!(lines_of("äck", content), [3, 4]);
    let query = Query::parse(&Asked {
        query: "card",
        case_sensitive: true,
        ..Asked::default()
    })
    .unwrap();
    assert_eq!(run(&query, &[("a", content)]).count(), 1);
}

#[test]
fn lines_are_matched_one_by_one() {
    let content = "alpha beta\r\nbeta\n\nlast";
    for (text, lines) in [
        ("^beta$", &[2][..]),
        ("^$", &[3]),
        ("a$", &[1, 2]),
        (r"\Abeta\z", &[2]),
        ("beta[^x]", &[]),
        (r"beta\s", &[]),
        (r"\r", &[]),
        (".*", &[1, 2, 3, 4]),
        ("x*", &[1, 2, 3, 4]),
        (r"\bl\w+t\b", &[4]),
        ("alpha|last", &[1, 4]),
        ("(?-i)Beta", &[]),
    ] {
        assert_eq!(lines_of(text, content), lines, "{text}");
    }
    assert_eq!(lines_of("x*", ""), [] as [usize; 0]);
}

#[test]
fn an_expression_with_a_line_break_is_matched_over_lines() {
    let content = "\u{feff}a {\r\n  b\r\n}\r\na {\r\n}\r\n";
    assert_eq!(places(r"\{\n\s*b", content), [(1, 3, "a {".to_owned())]);
    assert_eq!(lines_of("a \\{\n", content), [1, 4]);
    assert_eq!(lines_of(r"\{\r\n", content), [1, 4]);
    assert_eq!(lines_of(r"[^\n]+\}", content), [] as [usize; 0]);
    assert_eq!(lines_of(r"^\}$\n", content), [3, 5]);
    assert_eq!(lines_of(r"\n?$", "one\ntwo"), [1, 2]);
    assert_eq!(lines_of(r"\n*", "one\ntwo\n"), [1, 2]);
    assert_eq!(lines_of(r"\n", ""), [] as [usize; 0]);
    // A backslash and an n are no line break.
    assert_eq!(lines_of(r"a\\n", "a\\n\na\n"), [1]);

    let found = run(&query(r"(?s)a.*\n\}"), &[("a", content)]);
    let hit = &found.files[0].hits[0];
    assert_eq!((hit.line, hit.last_line, hit.after.len()), (1, 5, 4));
    assert_eq!(found.count(), 2);
}

#[test]
fn what_is_no_expression_is_searched_as_it_is_and_said() {
    for (text, content, reason) in [
        ("useState(", "const [a] = useState(0)", "unclosed group"),
        ("a[0", "b = a[0]", "unclosed character class"),
        (
            "*bold*",
            "so *Bold*",
            "repetition operator missing expression",
        ),
        ("{x}\\", "{x}\\", "repetition operator missing expression"),
        (
            r"a(?=b)",
            "a(?=b)",
            "look-around, including look-ahead and look-behind, is not supported",
        ),
        (r"(a)\1", r"(a)\1", "backreferences are not supported"),
    ] {
        let found = run(&query(text), &[("a", content)]);
        assert_eq!(found.count(), 1, "{text}");
        let said = found.literal.unwrap();
        assert!(said.contains(reason), "{text}: {said}");
    }
    assert_eq!(query("a.b").expression.literal(), None);
    // A text over two lines is one text.
    assert_eq!(lines_of("f(\n(x", "f(\r\n(x\r\n"), [1]);
    assert_eq!(lines_of(r"f(\n", "f(\\n\nf(\n"), [1]);
}

#[test]
fn an_expression_has_limits() {
    use ExpressionError::{Empty, TooLarge, TooLong};

    let refused = |text: &str| match Query::parse(&Asked {
        query: text,
        ..Asked::default()
    }) {
        Err(QueryError::Expression(error)) => error,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(refused(""), Empty);
    assert_eq!(refused(&"a".repeat(1_001)), TooLong(1_001));
    assert_eq!(query(&"a".repeat(100)).expression.effort(), 1);
    assert_eq!(query(&"a".repeat(1_000)).expression.literal(), None);
    for text in [
        r"\w{1000}",
        "(a{300}){300}",
        "((a{99}){99}){99}",
        "(x{1,1000}){1,1000}",
    ] {
        assert_eq!(refused(text), TooLarge, "{text}");
    }
    let deep = "(".repeat(100) + "a" + &")".repeat(100);
    assert!(query(&deep).expression.literal().is_some());
    assert!(
        query(&("(".repeat(40) + "a" + &")".repeat(40)))
            .expression
            .literal()
            .is_none()
    );
    let context = Query::parse(&Asked {
        query: "a",
        context: MAX_CONTEXT + 1,
        ..Asked::default()
    });
    assert_eq!(
        context.unwrap_err().to_string(),
        "`context` may be at most 10 lines, not 11"
    );
}

/// Expressions on which a backtracking engine takes exponential or cubic time, and those on which an automaton grows.
#[test]
fn no_expression_blows_up() {
    let many = "a".repeat(100_000);
    let bits = "01101".repeat(20_000);
    for (text, content) in [
        ("(a+)+$", &many),
        ("(a|a)*b", &many),
        ("(a|aa)+$", &many),
        ("(.*)(.*)(.*)(.*)(.*)b", &many),
        ("(a*)*(a*)*b", &many),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", &many),
        ("a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaa$", &many),
        ("[01]*1[01]{40}x", &bits),
        (r"(?s).*\n.*x", &many),
    ] {
        let query = query(text);
        let mut search = Search::new(
            &query,
            Caps {
                file_bytes: 1 << 20,
                effort: 1 << 30,
                ..CAPS
            },
        );
        search.file("a", content.as_bytes());
        assert_eq!(search.finish().searched, 1, "{text}");
    }
}

#[test]
fn words_end_at_letters_of_any_language() {
    let lines = |expression: &str, content: &str| -> Vec<(usize, usize)> {
        let found = run(&query(expression), &[("a", content)]);
        let hits = found.files.iter().flat_map(|file| &file.hits);
        hits.map(|hit| (hit.line, hit.column)).collect()
    };
    let content = "größe\nGRÖSSE größer\nmaß größe\nx größe→\n";
    assert_eq!(lines(r"\bgröße\b", content), [(1, 1), (3, 5), (4, 3)]);
    assert_eq!(
        lines(r"\bgrö\w+\b", content),
        [(1, 1), (2, 1), (3, 5), (4, 3)]
    );
    assert_eq!(lines(r"ß\b", content), [(3, 3)]);
    assert_eq!(lines(r"\be\b|\be→", content), []);
}

#[test]
fn effort_is_bounded_and_what_it_leaves_out_is_named() {
    let content = "aaaaaaaaa\n".repeat(100);
    let skipped = |text: &str, caps| {
        let query = query(text);
        let mut search = Search::new(&query, caps);
        for path in ["a", "b", "c"] {
            search.file(path, content.as_bytes());
        }
        let found = search.finish();
        assert_eq!(found.searched + found.skipped.len(), 3);
        assert!(
            found
                .skipped
                .iter()
                .all(|skipped| skipped.reason == SkipReason::Effort)
        );
        found.skipped.len()
    };
    let caps = |effort| Caps { effort, ..CAPS };
    assert_eq!(skipped("b", caps(3_000)), 0);
    assert_eq!(skipped("b", caps(2_999)), 1);
    let large = r"\w{20}";
    let cost = query(large).expression.effort();
    assert!(cost > 1);
    assert_eq!(skipped(large, caps(3_000 * cost)), 0);
    assert_eq!(skipped(large, caps(3_000 * cost - 1)), 1);
    // Over lines each hit may cost the rest of the text.
    assert_eq!(skipped(r"a\n", caps(3 * 50_500)), 0);
    assert_eq!(skipped(r"a\n", caps(3 * 50_500 - 1)), 1);
    assert_eq!(skipped(r"b\n", caps(3_000)), 0);
}

#[test]
fn every_file_has_its_share_and_all_are_counted() {
    let many = "x\n".repeat(900);
    let found = run(
        &query("x"),
        &[
            ("a", &many),
            ("b", "x\nx\n"),
            ("c", &many),
            ("d", "x"),
            ("e", &many),
        ],
    );
    let counts: Vec<_> = found
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.count, file.hits.len()))
        .collect();
    assert_eq!(
        counts,
        [
            ("a", 900, 3),
            ("b", 2, 2),
            ("c", 900, 3),
            ("d", 1, 1),
            ("e", 900, 3)
        ]
    );
    assert_eq!((found.count(), found.shown()), (2_703, 12));

    let alone = run(&query("x"), &[("a", &many)]);
    assert_eq!((alone.count(), alone.shown()), (900, 5));

    let names: Vec<String> = (10..40).map(|number| format!("f{number}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "x\nx\n")).collect();
    let crowd = run(&query("x"), &files);
    assert_eq!(
        (crowd.files.len(), crowd.count(), crowd.shown()),
        (30, 60, 12)
    );
    assert!(crowd.files[..12].iter().all(|file| file.hits.len() == 1));

    // Much context, fewer hits: 60 lines are 2 hits with 21 lines each.
    let wide = Query::parse(&Asked {
        query: "x",
        context: 10,
        ..Asked::default()
    })
    .unwrap();
    assert_eq!(run(&wide, &[("a", &many), ("b", &many)]).shown(), 2);
    assert_eq!(CAPS.hits(&query("x")), 12);
    assert_eq!(CAPS.hits(&query(r"x\n")), 5);
    assert_eq!(Caps { lines: 3, ..CAPS }.hits(&wide), 1);
}

#[test]
fn what_is_not_searched_is_named() {
    let query = Query::parse(&Asked {
        query: "x",
        exclude: &["*.md"],
        ..Asked::default()
    })
    .unwrap();
    let mut search = Search::new(&query, CAPS);
    let large = "x".repeat(2_001);
    assert!(!search.needs("logo.png", &FileEntry::of(b"x\xff")));
    assert!(!search.needs("large.ts", &FileEntry::of(large.as_bytes())));
    assert!(!search.needs("large.md", &FileEntry::of(large.as_bytes())));
    assert!(search.needs("a.ts", &FileEntry::of(&[b'x'; 2_000])));
    search.file("b.bin", b"x\xff");
    search.file("b.ts", large.as_bytes());
    search.file("c.md", b"x");
    search.file("c.ts", b"x");
    let found = search.finish();
    let skipped: Vec<_> = found
        .skipped
        .iter()
        .map(|skipped| (skipped.path.as_str(), skipped.reason))
        .collect();
    assert_eq!(
        skipped,
        [
            ("logo.png", SkipReason::Binary),
            ("large.ts", SkipReason::Large),
            ("b.bin", SkipReason::Binary),
            ("b.ts", SkipReason::Large),
        ]
    );
    assert_eq!((found.searched, found.count()), (1, 1));
}

#[test]
fn a_long_line_is_cut_around_the_hit() {
    let excerpt = |content: &str| {
        run(&query("hit"), &[("a", content)])
            .files
            .remove(0)
            .hits
            .remove(0)
    };
    let start = excerpt(&format!("hit{}", "é".repeat(100)));
    assert_eq!(start.text.text, format!("hit{}…", "é".repeat(37)));
    let middle = excerpt(&format!("{}hit{}", "é".repeat(100), "ü".repeat(100)));
    assert_eq!(
        middle.text.text,
        format!("…{}hit{}…", "é".repeat(13), "ü".repeat(24))
    );
    assert_eq!(middle.column, 101);
    let end = excerpt(&format!("{}hit", "é".repeat(100)));
    assert_eq!(end.text.text, format!("…{}hit", "é".repeat(37)));
    assert!(start.text.cut && middle.text.cut && end.text.cut);
    let whole = excerpt(&format!("hit{}", "é".repeat(37)));
    assert!(!whole.text.cut && !whole.text.text.contains('…'));
}

proptest! {
    /// A search is a scan of the lines, one by one, with an engine that knows nothing of files.
    #[test]
    fn a_search_is_a_scan_of_the_lines(
        content in "([abA ]{0,6}(\n|\r\n|)){0,12}",
        expression in "[ab.]{1,3}[*+?]?|\\^[ab]|[ab]\\$|[ab]\\|[ab ]+|\\(\\?-i\\)A|\\\\bb|\\[\\^a\\]",
        case_sensitive: bool,
    ) {
        let query = Query::parse(&Asked { query: &expression, case_sensitive, ..Asked::default() }).unwrap();
        let caps = Caps { per_file: 100, total: 100, lines: 100, ..CAPS };
        let mut search = Search::new(&query, caps);
        search.file("a", content.as_bytes());
        let found = search.finish();
        let naive = regex::RegexBuilder::new(&expression).case_insensitive(!case_sensitive).build().unwrap();
        let expected: Vec<(usize, usize)> = content
            .lines()
            .enumerate()
            .filter_map(|(number, line)| naive.find(line).map(|hit| (number + 1, line[..hit.start()].chars().count() + 1)))
            .collect();
        let hits: Vec<(usize, usize)> =
            found.files.iter().flat_map(|file| &file.hits).map(|hit| (hit.line, hit.column)).collect();
        prop_assert_eq!(found.count(), expected.len());
        prop_assert_eq!(hits, expected);
    }

    #[test]
    fn caps_hold_and_counts_are_exact(
        files in proptest::collection::vec(0_usize..30, 0..20),
        per_file in 1_usize..10,
        total in 1_usize..40,
    ) {
        let query = query("x");
        let mut search = Search::new(&query, Caps { per_file, total, ..CAPS });
        for (number, hits) in files.iter().enumerate() {
            search.file(&format!("f{number:02}"), "x\ny\n".repeat(*hits).as_bytes());
        }
        let found = search.finish();
        let capped: usize = files.iter().map(|hits| hits.min(&per_file)).sum();
        prop_assert_eq!(found.count(), files.iter().sum::<usize>());
        prop_assert_eq!(found.shown(), capped.min(total));
        prop_assert!(found.files.iter().all(|file| file.hits.len() <= per_file.min(file.count)));
        for file in &found.files {
            let lines: Vec<usize> = file.hits.iter().map(|hit| hit.line).collect();
            let first: Vec<usize> = (0..lines.len()).map(|number| number * 2 + 1).collect();
            prop_assert_eq!(lines, first);
        }
    }

    #[test]
    fn any_expression_is_run_or_refused(expression in ".{0,30}", content in ".{0,30}\n.{0,30}") {
        if let Ok(query) = Query::parse(&Asked { query: &expression, ..Asked::default() }) {
            let mut search = Search::new(&query, CAPS);
            search.file("a", content.as_bytes());
            prop_assert_eq!(search.finish().searched, 1);
        }
    }
}
