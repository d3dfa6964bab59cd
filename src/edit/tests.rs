use proptest::prelude::*;

use super::*;

fn edit(search: &str, first_line: usize, last_line: usize, replacement: &str) -> Edit {
    Edit {
        path: "src/App.tsx".parse().unwrap(),
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
        let applied = apply(content, &edit(search, first, last, replacement));
        assert_eq!(
            applied.map(|applied| applied.content).as_deref(),
            Ok(expected),
            "{content:?} {search:?}"
        );
    }
}

#[test]
fn a_refusal_shows_the_lines_as_they_are() {
    let content = "one\ntwo\nthree\nfour\nfive\nsix\n";
    for (wrong, message) in [
        (
            edit("three\nFour", 3, 4, "x"),
            "src/App.tsx: lines 3–4 do not hold the search text, line 4 is different; nothing was changed\n    1\tone\n    2\ttwo\n    3\tthree\n    4\tfour\n    5\tfive\n    6\tsix\n",
        ),
        (
            edit("two\n", 2, 2, "x"),
            "src/App.tsx: lines 2–2 are 1, but the search text has 2; nothing was changed\n    1\tone\n    2\ttwo\n    3\tthree\n    4\tfour\n",
        ),
        (
            edit("six\nseven", 6, 7, "x"),
            "src/App.tsx: there is no line 7, the file has 6\n    3\tthree\n    4\tfour\n    5\tfive\n    6\tsix\n",
        ),
        (
            edit("x", usize::MAX, usize::MAX, "x"),
            "src/App.tsx: there is no line 18446744073709551615, the file has 6\n    3\tthree\n    4\tfour\n    5\tfive\n    6\tsix\n",
        ),
        (
            edit("one", 0, 1, "x"),
            "src/App.tsx: lines 0–1 are no range; lines count from 1 and the last one is included",
        ),
        (
            edit("one", 2, 1, "x"),
            "src/App.tsx: lines 2–1 are no range; lines count from 1 and the last one is included",
        ),
    ] {
        assert_eq!(apply(content, &wrong).unwrap_err().to_string(), message);
    }
}

#[test]
fn nothing_is_similar_enough() {
    for (content, search) in [
        ("  a\n", "a"),
        ("a \n", "a"),
        ("a\t\n", "a "),
        ("A\n", "a"),
        ("“a”\n", "\"a\""),
        ("a\u{a0}b\n", "a b"),
        ("\n", " "),
        ("", ""),
    ] {
        assert!(
            apply(content, &edit(search, 1, 1, "x")).is_err(),
            "{content:?} {search:?}"
        );
    }
}

#[test]
fn a_long_refusal_is_bounded() {
    let content = "x".repeat(10_000) + &"\nline".repeat(500);
    let shown = apply(&content, &edit("no", 1, 501, "x"))
        .unwrap_err()
        .to_string();
    assert!(shown.len() < 4_000, "{}", shown.len());
    assert!(shown.contains("(8000 more characters)"));
    let differs = apply(
        &content,
        &edit(&format!("{}y", "line\n".repeat(499)), 2, 501, "x"),
    )
    .unwrap_err();
    assert!(
        differs.to_string().ends_with("… and 441 more lines\n"),
        "{differs}"
    );
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
        let applied = apply(&content, &wanted).unwrap();

        prop_assert!(applied.content.ends_with(&after));
        prop_assert_eq!(applied.removed, last + 1 - first);
        if replacement.is_empty() && lines[last].1.is_empty() {
            prop_assert_eq!(applied.content, before.strip_suffix("\r\n").or(before.strip_suffix('\n')).unwrap_or(&before));
        } else {
            prop_assert!(applied.content.starts_with(&before));
            prop_assert_eq!(lines::split(&applied.content).len(), lines.len() - applied.removed + applied.added);
            prop_assert_eq!(applied.content.ends_with('\n'), content.ends_with('\n') && applied.content.len() > mark.len());
            let middle = &applied.content[before.len()..applied.content.len() - after.len()];
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
        let changed = apply(&content, &there).unwrap();
        let back = edit(&replacement, at, at + changed.added - 1, &texts[at - 1]);
        prop_assert_eq!(apply(&changed.content, &back).unwrap().content, content);
    }

    #[test]
    fn one_other_character_is_refused(
        lines in content(), at in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), other in "[ a-dz]",
    ) {
        let index = at.index(lines.len());
        let mut text: Vec<char> = lines[index].0.chars().collect();
        let place = place.index(text.len() + 1);
        text.insert(place, other.chars().next().unwrap());
        let wrong: String = text.into_iter().collect();
        prop_assert!(apply(&joined(&lines), &edit(&wrong, index + 1, index + 1, "x")).is_err());
    }
}
