use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn pieces_are_counted() {
    for (text, tokens) in [
        ("", 0),
        ("a", 1),
        ("const value = useState(0);\n", 8),
        ("                                    x", 2),
        ("123456789", 3),
        // Rounded: 1.83 and 1.43 tokens.
        ("abcdefghijklm", 2),
        ("abcdefghijkl", 1),
    ] {
        assert_eq!(estimate(text), tokens, "{text:?}");
    }
    let rule = estimate(&"-".repeat(80));
    assert!(rule < 12, "{rule}");
    assert!(estimate(&"字".repeat(100)) > 50);
}

fn pieces(mut text: &str) -> Vec<(&str, Kind)> {
    let mut pieces = Vec::new();
    while let Some((piece, kind)) = next(text) {
        pieces.push((piece, kind));
        text = &text[piece.len()..];
    }
    pieces
}

#[test]
fn a_text_is_cut_where_tokenizers_cut_it() {
    use Kind::{Number, Signed, Signs, Space, Spaced, Word};
    for (text, expected) in [
        ("useState", &[("use", Word), ("State", Word)][..]),
        ("HTMLElement x", &[("HTMLElement", Word), (" x", Spaced)]),
        ("a  b", &[("a", Word), (" ", Space), (" b", Spaced)]),
        ("(a)", &[("(a", Signed), (")", Signs)]),
        ("\tif", &[("\tif", Signed)]),
        ("\nif", &[("\n", Space), ("if", Word)]),
        ("\rif", &[("\r", Space), ("if", Word)]),
        ("1if", &[("1", Number), ("if", Word)]),
        ("12345", &[("123", Number), ("45", Number)]),
        ("a => {\n", &[("a", Word), (" =>", Signs), (" {\n", Signs)]),
        (");\r\n//x", &[(");\r\n//", Signs), ("x", Word)]),
        (" 1", &[(" ", Space), ("1", Number)]),
        ("  1", &[(" ", Space), (" ", Space), ("1", Number)]),
        (
            "x \n  y",
            &[("x", Word), (" \n", Space), (" ", Space), (" y", Spaced)],
        ),
        ("x  ", &[("x", Word), ("  ", Space)]),
        (
            "\u{3000}\u{3000}\u{e4}",
            &[("\u{3000}", Space), ("\u{3000}\u{e4}", Signed)],
        ),
    ] {
        assert_eq!(pieces(text), expected, "{text:?}");
    }
}

#[test]
fn a_piece_weighs_by_its_kind_and_length() {
    use Kind::{Number, Signed, Signs, Space, Spaced, Word};
    let of = |length: usize| "x".repeat(length);
    for (kind, weights) in [
        (
            Word,
            &[
                (1, 106),
                (8, 106),
                (9, 118),
                (10, 143),
                (12, 143),
                (13, 183),
                (15, 263),
            ][..],
        ),
        (
            Spaced,
            &[
                (1, 103),
                (9, 103),
                (10, 122),
                (15, 122),
                (16, 162),
                (20, 322),
            ],
        ),
        (
            Signed,
            &[
                (3, 106),
                (4, 114),
                (5, 114),
                (6, 124),
                (8, 124),
                (9, 146),
                (10, 184),
                (12, 184),
                (13, 224),
                (14, 264),
            ],
        ),
        (Number, &[(1, 100), (3, 100)]),
        (Space, &[(1, 100), (79, 100), (80, 200), (160, 300)]),
    ] {
        for (length, weight) in weights {
            assert_eq!(kind.weight(&of(*length)), *weight, "{kind:?} {length}");
        }
    }
    for (signs, weight) in [
        ("=>(", 101),
        ("=>({", 109),
        ("=>({[", 120),
        ("=>({[+", 160),
        ("=>({[+*", 195),
        // Three of a run count, and every sixteenth.
        ("----", 101),
        ("-----=>", 120),
    ] {
        assert_eq!(Signs.weight(signs), weight, "{signs}");
    }
    assert_eq!(Signs.weight(&"-".repeat(16)), 101);
    assert_eq!(Signs.weight(&"-".repeat(17)), 109);
    assert_eq!(Signs.weight(&"-".repeat(33)), 120);
    assert_eq!(Signed.weight("\\n"), 106);
    assert_eq!(Signed.weight("\\na"), 206);
    // Letters beyond ASCII cost more, but for the first.
    assert_eq!(Word.weight("\u{e4}x"), 106);
    assert_eq!(Word.weight("\u{e4}\u{f6}\u{fc}"), 246);
}

#[test]
fn a_call_is_counted_as_compact_json() {
    assert_eq!(
        call("a\"b", &json!({ "x": [1, "y"] })),
        r#"{"name":"a\"b","input":{"x":[1,"y"]}}"#
    );
}

#[test]
fn a_failed_call_only_costs() {
    let input = json!({ "path": "a.ts", "edits": [["1aa", "1aa", "x"]] });
    let content = "const value = 1;\n".repeat(50);
    let mut turn = Ledger::default();
    turn.failed("edit_lines", &input);
    assert_eq!(turn.saving().saved_percent(), None);
    turn.landed("edit_lines", &input, [("a.ts", content.as_str())]);
    let once = turn.saving();
    assert_eq!((once.calls, once.failed), (2, 1));
    assert!(once.saved_percent().unwrap() > 50);
    // Another edit of the same file saves no second rewrite.
    turn.landed("edit_lines", &input, [("a.ts", content.as_str())]);
    let twice = turn.saving();
    assert_eq!(twice.rewrite, once.rewrite);
    assert!(twice.saved_percent() < once.saved_percent());
    turn.failed("edit_lines", &input);
    assert!(turn.saving().saved_percent() < twice.saved_percent());
    let kept: Ledger = serde_json::from_value(serde_json::to_value(&turn).unwrap()).unwrap();
    assert_eq!(kept, turn);
    let dear = Saving {
        spent: 30,
        rewrite: 10,
        ..Saving::default()
    };
    assert_eq!(dear.saved_percent(), Some(-200));
}

#[test]
fn savings_are_added() {
    let saving = |calls, failed, spent, rewrite| Saving {
        calls,
        failed,
        spent,
        rewrite,
    };
    assert_eq!(
        saving(1, 2, 3, 4) + saving(10, 20, 30, 40),
        saving(11, 22, 33, 44)
    );
}

fn saving() -> impl Strategy<Value = Saving> {
    (any::<u32>(), any::<u32>(), any::<u64>(), any::<u64>()).prop_map(
        |(calls, failed, spent, rewrite)| Saving {
            calls,
            failed,
            spent,
            rewrite,
        },
    )
}

proptest! {
    #[test]
    fn sums_are_associative(a in saving(), b in saving(), c in saving()) {
        prop_assert_eq!((a + b) + c, a + (b + c));
        prop_assert_eq!(a + b, b + a);
        prop_assert_eq!([a, b].into_iter().sum::<Saving>(), a + b);
    }

    #[test]
    fn any_text_is_counted(text in any::<String>(), more in any::<String>()) {
        let count = u64::from(estimate(&text));
        prop_assert!(count <= 4 * text.len() as u64 + 1);
        prop_assert_eq!(count == 0, text.is_empty());
        // Two texts in one: pieces may join or part at the seam, and there only.
        let both = u64::from(estimate(&format!("{text}{more}")));
        prop_assert!(both + 200 + 40 * (text.len() as u64 + more.len() as u64) / 100 >= count);
    }

    #[test]
    fn a_saving_is_never_more_than_everything(one in saving()) {
        prop_assert!(one.saved_percent().is_none_or(|percent| percent <= 100));
        prop_assert_eq!(one.saved_percent().is_none(), one.rewrite == 0);
    }
}
