use proptest::prelude::*;

use super::*;

const BOM: char = '\u{feff}';

/// Applies one edit.
fn apply_one(content: &str, edit: &LineEdit) -> Result<(String, Landing), Refusal> {
    let applied = apply(content, std::slice::from_ref(edit)).map_err(|refused| refused.refusal)?;
    let [landing] = applied.landings.try_into().unwrap();
    Ok((applied.content, landing))
}

fn edit(search: &str, first_line: usize, last_line: usize, replacement: &str) -> LineEdit {
    LineEdit {
        search: search.to_owned(),
        first_line,
        last_line,
        replacement: replacement.to_owned(),
    }
}

#[test]
fn lands_at_the_stated_lines() {
    for (content, search, first, last, replacement, expected) in [
        ("a\nb\nc\n", "b", 2, 2, "x\ny", "a\nx\ny\nc\n"),
        ("a\nb\nc\n", "a\nb\nc", 1, 3, "x", "x\n"),
        ("a\nb\nc\n", "c", 3, 3, "x", "a\nb\nx\n"),
        ("a\nb\nc", "c", 3, 3, "x\ny", "a\nb\nx\ny"),
        ("a", "a", 1, 1, "x\ny", "x\ny"),
        // An empty replacement deletes, and leaves no empty line.
        ("a\nb\nc\n", "b", 2, 2, "", "a\nc\n"),
        ("a\nb\nc", "c", 3, 3, "", "a\nb"),
        ("a\nb", "a\nb", 1, 2, "", ""),
        ("a\n", "a", 1, 1, "", ""),
        // A trailing line break is one more empty line; an empty search is an empty line.
        ("a\nb\n", "a", 1, 1, "x\n", "x\n\nb\n"),
        ("a\n\nb\n", "", 2, 2, "x", "a\nx\nb\n"),
        // The file's own endings, also where they are mixed.
        (
            "a\r\nb\r\nc\r\n",
            "a\nb",
            1,
            2,
            "x\ny\nz",
            "x\r\ny\r\nz\r\nc\r\n",
        ),
        ("a\r\nb", "b", 2, 2, "x\ny", "a\r\nx\r\ny"),
        ("a\nb\r\nc\n", "b", 2, 2, "x\ny", "a\nx\r\ny\r\nc\n"),
        ("a\r\nb\r\n", "b\r", 2, 2, "x\r\ny\r", "a\r\nx\r\ny\r\n"),
        // A carriage return that is no part of an ending is part of its line.
        ("\n\r", "\r", 2, 2, "x", "\nx"),
        ("a\r\r\nb\r\n", "a\r", 1, 1, "x", "x\r\nb\r\n"),
        ("a\r\nb\r\n", "a\r\nb\r", 1, 2, "x", "x\r\n"),
        // The byte order mark stays, whether or not the edit names it.
        ("\u{feff}a\nb\n", "a", 1, 1, "x", "\u{feff}x\nb\n"),
        (
            "\u{feff}a\nb\n",
            "\u{feff}a",
            1,
            1,
            "\u{feff}x",
            "\u{feff}x\nb\n",
        ),
        ("\u{feff}a\nb\n", "a", 1, 1, "", "\u{feff}b\n"),
        // Nothing in a replacement is special.
        (
            "a\n$1\n",
            "$1",
            2,
            2,
            "$& $$ \\1 ${x}",
            "a\n$& $$ \\1 ${x}\n",
        ),
        ("same\nsame\nsame\n", "same", 2, 2, "x", "same\nx\nsame\n"),
    ] {
        let (changed, landing) =
            apply_one(content, &edit(search, first, last, replacement)).unwrap();
        assert_eq!(changed, expected, "{content:?} {search:?}");
        assert!(!landing.relocated && landing.likeness == Likeness::Exact);
    }
}

#[test]
fn lands_elsewhere_where_that_is_the_only_place() {
    use Likeness::{Exact, Indentation, Punctuation, TrailingSpace};
    for (content, search, first, last, replacement, expected, likeness) in [
        // Shifted lines.
        (
            "new\none\ntwo\ntri\n",
            "two",
            2,
            2,
            "x",
            "new\none\nx\ntri\n",
            Exact,
        ),
        ("one\ntwo\ntri\n", "two\ntri", 9, 10, "x", "one\nx\n", Exact),
        // Miscounted ones.
        ("a\nb\nc\nd\n", "b\nc", 2, 2, "x", "a\nx\nd\n", Exact),
        ("a\nb\nc\n", "b", 1, 3, "x", "a\nx\nc\n", Exact),
        ("a  \nb\n", "a\nb ", 1, 2, "x", "x\n", TrailingSpace),
        ("a\t\r\nb\r\n", "a", 1, 1, "x", "x\r\nb\r\n", TrailingSpace),
        ("new\none \n", "one", 1, 1, "x", "new\nx\n", TrailingSpace),
        // The replacement moves with the lines; blank lines do not matter.
        (
            "{\n    a\n\n      b\n}\n",
            "a\n\n  b",
            2,
            4,
            "x\n\n  y",
            "{\n    x\n\n      y\n}\n",
            Indentation,
        ),
        (
            "a\n  b\n",
            "  a\n    b",
            1,
            2,
            "  x\n      y",
            "x\n    y\n",
            Indentation,
        ),
        ("\ta\n", "a", 1, 1, "x\n  y", "\tx\n\t  y\n", Indentation),
        (
            "    a  \n    b\n",
            "a\nb",
            1,
            2,
            "x\ny",
            "    x\n    y\n",
            Indentation,
        ),
        (
            "say(“it’s”)\u{a0}– x\n",
            "say(\"it's\") - x",
            1,
            1,
            "y",
            "y\n",
            Punctuation,
        ),
    ] {
        let (changed, landing) =
            apply_one(content, &edit(search, first, last, replacement)).unwrap();
        assert_eq!(changed, expected, "{content:?} {search:?}");
        assert_eq!(landing.likeness, likeness, "{content:?}");
    }
}

#[test]
fn the_stated_lines_win_over_their_like() {
    for (content, expected) in [("a\na\na\n", "a\nx\na\n"), ("a \na \na \n", "a \nx\na \n")] {
        let (changed, _) = apply_one(content, &edit("a", 2, 2, "x")).unwrap();
        assert_eq!(changed, expected);
    }
    let (_, landing) = apply_one("a\na\na\n", &edit("a", 2, 2, "x")).unwrap();
    assert!(!landing.relocated);
    let refusal = apply_one("a\nb\na\n", &edit("a", 2, 2, "x")).unwrap_err();
    assert!(matches!(refusal, Refusal::Ambiguous { places, .. } if places == [1, 3]));
    let refusal = apply_one("a\n2\n3\n4\n5\n6\n7\na\n", &edit("a", 5, 5, "x")).unwrap_err();
    assert!(
        matches!(&refusal, Refusal::Ambiguous { shown, .. } if shown == "    1\ta\n    2\t2\n    3\t3\n    …\n    6\t6\n    7\t7\n    8\ta\n"),
        "{refusal}"
    );
    // A looser likeness is not looked for where a stricter one has too many.
    let refusal = apply_one("a\nb \na\n", &edit("a", 2, 2, "x")).unwrap_err();
    assert!(matches!(refusal, Refusal::Ambiguous { .. }));
}

#[test]
fn dots_elide() {
    for (content, search, first, last, expected, elided) in [
        ("a\nb\nc\nd\n", "a\n...\nd", 1, 4, "x\n", 2),
        ("a\nb\nc\nd\n", "a\n  ...\nd", 1, 4, "x\n", 2),
        ("a\nd\n", "a\n...\nd", 1, 2, "x\n", 0),
        ("a\nb\nc\nd\ne\n", "a\n...\nc\n...\ne", 1, 5, "x\n", 2),
        ("a\nb\nc\n", "...\nc", 1, 3, "x\n", 2),
        ("a\nb\nc\n", "a\n...", 1, 2, "x\nc\n", 1),
        ("a\nb\nc\n", "...\nb\n...", 1, 3, "x\n", 2),
        // Moved as a whole.
        ("new\none\ntwo\ntri\n", "one\n...\ntri", 1, 3, "new\nx\n", 1),
        // The last part is at the end, wherever else it stands.
        ("a\nb\nc\nb\n", "a\n...\nb", 1, 4, "x\n", 2),
        // The middle may be found twice; the range is proven all the same.
        ("a\nb\nb\nc\n", "a\n...\nb\n...\nc", 1, 4, "x\n", 1),
        // A line of dots in the file is a line.
        ("a\n...\nc\n", "a\n...\nc", 1, 3, "x\n", 0),
        ("one\n...\ntri\nd\n", "one\n...\ntri", 2, 4, "x\nd\n", 0),
    ] {
        let (changed, landing) = apply_one(content, &edit(search, first, last, "x")).unwrap();
        assert_eq!(changed, expected, "{content:?} {search:?}");
        assert_eq!(landing.elided, elided, "{content:?} {search:?}");
    }
    for (content, search, first, last) in [
        // A spread is no ellipsis.
        ("a\nb\nc\n", "a\n...b\nc", 1, 3),
        ("a\nb\nc\n", "...", 1, 3),
        ("a\nb\nc\n", "...\n\n...", 1, 3),
        // Out of order, overlapping, or beyond the range.
        ("a\nb\nc\nd\n", "a\n...\nc\n...\nb\n...\nd", 1, 4),
        ("a\nb\n", "a\nb\n...\nb", 1, 2),
        ("a\nb\nc\nd\n", "a\n...\nd", 1, 3),
        // Where it begins or ends is not said: it cannot be looked for.
        ("new\na\nb\nc\n", "...\nc", 1, 3),
        ("new\na\nb\nc\n", "a\n...", 1, 2),
    ] {
        let refused = apply_one(content, &edit(search, first, last, "x"));
        assert!(
            matches!(refused, Err(Refusal::NotFound { .. })),
            "{content:?} {search:?}: {refused:?}"
        );
    }
}

#[test]
fn what_was_done_before_is_not_done_again() {
    let content = "a\nx\ny\nc\n";
    let (changed, landing) = apply_one(content, &edit("b", 2, 2, "x\ny")).unwrap();
    assert_eq!(changed, content);
    assert!(landing.already_applied);
    // Also where something like the search text stands elsewhere.
    assert!(
        apply_one("x\nb \n", &edit("b", 1, 1, "x"))
            .unwrap()
            .1
            .already_applied
    );
    assert_eq!(
        landing.to_string(),
        "lines 2–3 say this already, nothing was changed"
    );
    for (search, first, replacement) in [("b", 3, "x\ny"), ("b", 2, ""), ("b", 2, "x\nz")] {
        assert!(apply_one(content, &edit(search, first, first, replacement)).is_err());
    }
}

#[test]
fn likeness_is_not_similarity() {
    for (content, search) in [
        ("A\n", "a"),
        ("a b\n", "a  b"),
        ("a;\n", "a"),
        ("  a\n   b\n", "a\nb"),
        ("\ta\n", "  a"),
        ("", ""),
        ("\n", "a"),
    ] {
        let refused = apply_one(content, &edit(search, 1, search.split('\n').count(), "x"));
        assert!(
            matches!(refused, Err(Refusal::NotFound { .. })),
            "{content:?} {search:?}: {refused:?}"
        );
    }
    let refused = apply_one("x\na\nb\n", &edit("    a\n    b", 2, 3, "  x"));
    assert!(
        matches!(
            refused,
            Err(Refusal::Unindentable {
                first: 2,
                last: 3,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn a_refusal_shows_the_lines_that_matter() {
    let content = "one\ntwo\nthree\nfour\nfive\nsix\n";
    for (wrong, message) in [
        (
            edit("three\nFour", 3, 4, "x"),
            "lines 3–4 do not hold the search text, and no other place of the 6 lines does; nothing was changed. The closest:\n    1\tone\n    2\ttwo\n    3\tthree\n    4\tfour\n    5\tfive\n    6\tsix\n",
        ),
        (
            edit("one", 0, 1, "x"),
            "lines 0–1 are no range; lines count from 1 and the last one is included",
        ),
        (
            edit("one", 2, 1, "x"),
            "lines 2–1 are no range; lines count from 1 and the last one is included",
        ),
    ] {
        assert_eq!(apply_one(content, &wrong).unwrap_err().to_string(), message);
    }
    let far = edit("nothing", usize::MAX, usize::MAX, "x");
    assert!(
        apply_one(content, &far)
            .unwrap_err()
            .to_string()
            .contains("    6\tsix")
    );
    let long: String = (1..200)
        .map(|number| format!("let a{number} = {number}\n"))
        .collect();
    let shown = apply_one(&long, &edit("let a150 = 15", 3, 3, "x"))
        .unwrap_err()
        .to_string();
    assert!(shown.contains("  150\tlet a150 = 150"), "{shown}");
}

#[test]
fn a_refusal_is_bounded() {
    let content = "x".repeat(10_000) + &"\nline".repeat(500);
    let shown = apply_one(&content, &edit("no", 1, 501, "x"))
        .unwrap_err()
        .to_string();
    assert!(shown.len() < 6_000, "{}", shown.len());
    assert!(shown.contains("(8000 more characters)"));
    let shown = apply_one(&content, &edit("line", 1, 1, "x"))
        .unwrap_err()
        .to_string();
    assert!(
        shown.contains("at lines 2, 3, 4, 5, 6, 7, 8, 9 and 92 more"),
        "{shown}"
    );
}

#[test]
fn what_may_have_changed_is_not_looked_for_elsewhere() {
    for (content, search, first) in [
        // The stated line was changed; its copy is another one.
        (
            "call(old, value, other)\nx\ncall(old, value)\n",
            "call(old, value)",
            1,
        ),
        (
            "if (open) {\n  close(it)\n}\nx\nif (open) {\n  shut(it)\n}\n",
            "if (open) {\n  shut(it)\n}",
            1,
        ),
        (
            "call(old, value)\nx\ncall(old, value, other)\n",
            "call(old, value)",
            3,
        ),
        // Brackets say little, and so does one word that is indented otherwise there.
        ("x\n})\n", "})", 1),
        ("x\n  </div>\n", "</div>", 1),
        ("x\n\n", "", 1),
    ] {
        let count = search.split('\n').count();
        let refused = apply_one(content, &edit(search, first, first + count - 1, "y"));
        assert!(
            matches!(refused, Err(Refusal::Doubtful { .. })),
            "{content:?}: {refused:?}"
        );
    }
}

#[test]
fn the_other_place_is_named() {
    let content = "call(old, value, other)\nx\ncall(old, value)\n";
    let refused = apply_one(content, &edit("call(old, value)", 1, 1, "y")).unwrap_err();
    assert!(
        matches!(
            &refused,
            Refusal::Doubtful {
                first: 1,
                last: 1,
                other: 3,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn a_batch_moves_as_one() {
    let content = "new\none\n\ntwo\n\nsix\n";
    // Stated against the text without its first line.
    let all = [
        edit("one", 1, 1, "1"),
        edit("two", 3, 3, "3"),
        edit("six", 5, 5, "6"),
    ];
    assert_eq!(apply(content, &all).unwrap().content, "new\n1\n\n3\n\n6\n");
    // The empty line is there, and one further down as well.
    let content = "new\n\n\none\ntwo\n";
    let refused = apply(content, &[edit("", 2, 2, "x"), edit("one", 3, 3, "1")]).unwrap_err();
    assert_eq!(refused.refusal, Refusal::Inconsistent { shift: 0 });
    // Lines that came or went do not change the order of the others.
    let content = "call(three, of, them)\none\ntwo\nx\n";
    let edits = [
        edit("two", 3, 3, "2"),
        edit("call(three, of, them)", 4, 4, "3"),
    ];
    let refused = apply(content, &edits).unwrap_err();
    assert_eq!(
        (refused.edit, refused.refusal),
        (1, Refusal::Inconsistent { shift: -3 })
    );
    // Lines have come in two places: what is further down may be another.
    let content = "new\none of them\nnew\ntwo of them\n";
    let edits = [
        edit("one of them", 1, 1, "1"),
        edit("two of them", 2, 2, "2"),
    ];
    let refused = apply(content, &edits).unwrap_err();
    assert_eq!(
        (refused.edit, refused.refusal),
        (1, Refusal::Inconsistent { shift: 2 })
    );
    // Up and down at once is no shift.
    let content = "two\nx\nx\none\n";
    let refused = apply(content, &[edit("one", 1, 1, "1"), edit("two", 4, 4, "2")]).unwrap_err();
    assert!(
        matches!(refused.refusal, Refusal::Inconsistent { .. }),
        "{refused}"
    );
}

#[test]
fn a_batch_lands_whole_or_not_at_all() {
    let content = "a\nb\nc\nd\n";
    let edits = [
        edit("c", 3, 3, "x\ny"),
        edit("a", 1, 1, ""),
        edit("b", 2, 2, "z"),
    ];
    assert_eq!(apply(content, &edits).unwrap().content, "z\nx\ny\nd\n");
    let clash = [edit("b\nc", 2, 3, "x"), edit("c", 3, 3, "y")];
    let refused = apply(content, &clash).unwrap_err();
    assert_eq!(refused.edit, 1);
    assert_eq!(
        refused.refusal,
        Refusal::Overlap {
            one: 1,
            other: 2,
            line: 3
        }
    );
    let same = [edit("b", 2, 2, "x"), edit("b", 2, 2, "y")];
    assert!(matches!(
        apply(content, &same).unwrap_err().refusal,
        Refusal::Overlap {
            one: 1,
            other: 2,
            line: 2
        }
    ));
    let refused = apply(content, &[edit("a", 1, 1, "x"), edit("no", 2, 2, "y")]).unwrap_err();
    assert_eq!(refused.edit, 1);
    // The end of a text without a final line break, and the line before it.
    let edits = [edit("b", 2, 2, ""), edit("a", 1, 1, "x")];
    assert_eq!(apply("a\nb", &edits).unwrap().content, "x");
    assert_eq!(apply("a\r\nb", &edits).unwrap().content, "x");
    let both = [edit("b", 2, 2, ""), edit("a", 1, 1, "")];
    let changes = apply("a\nb", &both).unwrap().changes;
    let old: Vec<_> = changes.iter().map(|change| change.old.clone()).collect();
    assert_eq!(old, [0..2, 2..3]);
}

/// A content as texts with their endings; only the last ending may be missing.
fn content() -> impl Strategy<Value = Vec<(String, &'static str)>> {
    let line = (
        "[a-c $&\\\\\u{e4}\u{1f372}]{0,6}",
        prop_oneof![Just("\n"), Just("\r\n")],
    );
    (prop::collection::vec(line, 1..12), any::<bool>()).prop_map(|(mut lines, complete)| {
        if let Some((text, ending)) = lines.last_mut()
            && !complete
        {
            text.push('z');
            *ending = "";
        }
        lines
    })
}

fn joined(lines: &[(String, &'static str)]) -> String {
    lines
        .iter()
        .map(|(text, ending)| format!("{text}{ending}"))
        .collect()
}

fn lf(lines: &[(String, &'static str)]) -> String {
    lines
        .iter()
        .map(|(text, _)| text.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

proptest! {
    #[test]
    fn lines_joined_are_the_content(content in "(\u{feff})?[ab\r\n]{0,20}") {
        let lines = lines::split(&content);
        let bom = if content.starts_with(BOM) { "\u{feff}" } else { "" };
        let again: String = lines.iter().map(|line| format!("{}{}", line.text, line.ending)).collect();
        prop_assert_eq!(format!("{bom}{again}"), content.clone());
        for line in lines {
            prop_assert_eq!(content.get(line.start..line.text_end()), Some(line.text));
        }
    }

    #[test]
    fn bytes_outside_the_lines_stay(
        lines in content(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
        replacement in "[a-c$&\u{e4}\n]{0,12}", bom in any::<bool>(),
    ) {
        let (a, b) = (from.index(lines.len()), to.index(lines.len()));
        let (first, last) = (a.min(b), a.max(b));
        // An empty line without an ending is no line: such a replacement ends the file's last line instead.
        prop_assume!(!(lines[last].1.is_empty() && replacement.ends_with('\n')));
        let mark = if bom { "\u{feff}" } else { "" };
        let content = format!("{mark}{}", joined(&lines));
        let before = format!("{mark}{}", joined(&lines[..first]));
        let after = joined(&lines[last + 1..]);
        // LF search text, whatever the endings of the file.
        let wanted = edit(&lf(&lines[first..=last]), first + 1, last + 1, &replacement);
        let (changed, landing) = apply_one(&content, &wanted).unwrap();

        prop_assert!(changed.ends_with(&after));
        prop_assert_eq!(landing.removed, last + 1 - first);
        prop_assert_eq!(landing.first_line, first + 1);
        if replacement.is_empty() && lines[last].1.is_empty() {
            prop_assert_eq!(changed, before.strip_suffix("\r\n").or(before.strip_suffix('\n')).unwrap_or(&before));
        } else {
            prop_assert!(changed.starts_with(&before));
            prop_assert_eq!(lines::split(&changed).len(), lines.len() - landing.removed + landing.added);
            prop_assert_eq!(changed.ends_with('\n'), content.ends_with('\n') && changed.len() > mark.len());
            let middle = &changed[before.len()..changed.len() - after.len()];
            let texts: Vec<&str> = lines::split(middle).iter().map(|line| line.text).collect();
            let given: Vec<&str> = if replacement.is_empty() { vec![] } else { replacement.split('\n').collect() };
            prop_assert_eq!(texts, given);
        }
    }

    #[test]
    fn the_inverse_restores(
        texts in prop::collection::vec("[a-c]{1,3}", 1..10), crlf in any::<bool>(), complete in any::<bool>(),
        from in any::<prop::sample::Index>(), replacement in "[x-z]{1,2}(\n[x-z]{1,2}){0,3}",
    ) {
        let newline = if crlf { "\r\n" } else { "\n" };
        let content = texts.join(newline) + if complete { newline } else { "" };
        let at = from.index(texts.len()) + 1;
        let there = edit(&texts[at - 1], at, at, &replacement);
        let (changed, landing) = apply_one(&content, &there).unwrap();
        let back = edit(&replacement, at, at + landing.added - 1, &texts[at - 1]);
        prop_assert_eq!(apply_one(&changed, &back).unwrap().0, content);
    }

    #[test]
    fn an_edit_that_lands_lands_on_what_it_says(
        lines in content(), search in "[a-c $\u{e4}]{0,6}(\n[a-c $\u{e4}]{0,6}){0,2}", at in 0..14_usize,
    ) {
        let content = joined(&lines);
        let texts: Vec<&str> = search.split('\n').collect();
        let wanted = edit(&search, at + 1, at + texts.len(), "replacement");
        if let Ok((_, landing)) = apply_one(&content, &wanted) {
            let trimmed = |text: &str| text.trim().to_owned();
            let held: Vec<String> = lines[landing.first_line - 1..][..landing.removed].iter().map(|(text, _)| trimmed(text)).collect();
            let said: Vec<String> = texts.iter().map(|text| trimmed(text)).collect();
            prop_assert_eq!(held, said);
        }
    }

    #[test]
    fn the_order_of_a_batch_does_not_matter(lines in content(), picks in prop::collection::vec((any::<prop::sample::Index>(), "[x-z\n]{0,4}"), 1..5), seed in any::<u64>()) {
        let content = joined(&lines);
        let mut edits: Vec<LineEdit> = Vec::new();
        for (pick, replacement) in picks {
            let at = pick.index(lines.len());
            if edits.iter().all(|edit| edit.first_line != at + 1) {
                edits.push(edit(&lines[at].0, at + 1, at + 1, &replacement));
            }
        }
        let applied = apply(&content, &edits).unwrap();
        // What is outside of the changes is what was there.
        let (mut old, mut new) = (0, 0);
        for change in &applied.changes {
            prop_assert_eq!(&content[old..change.old.start], &applied.content[new..change.new.start]);
            (old, new) = (change.old.end, change.new.end);
        }
        prop_assert_eq!(&content[old..], &applied.content[new..]);
        let one = applied.content;
        let turns = seed as usize % edits.len();
        edits.rotate_left(turns);
        edits.reverse();
        prop_assert_eq!(apply(&content, &edits).unwrap().content, one);
    }
}
