use proptest::prelude::*;

use super::*;
use crate::config::Limits;

fn manifest(files: &[(&str, &[u8])]) -> Manifest {
    let mut manifest = Manifest::default();
    for (path, content) in files {
        manifest
            .put(
                path.parse().unwrap(),
                FileEntry::of(content),
                &Limits::DEFAULT,
            )
            .unwrap();
    }
    manifest
}

/// A diff in the unified format, with endings made visible.
fn unified(diff: &TextDiff) -> String {
    let mut out = String::new();
    for hunk in &diff.hunks {
        out.push_str(&format!(
            "@@ -{},{} +{},{} @@\n",
            hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines
        ));
        for line in &hunk.lines {
            let sign = match line.side {
                Side::Both => ' ',
                Side::Old => '-',
                Side::New => '+',
            };
            out.push_str(&format!("{sign}{}\n", line.text.escape_debug()));
        }
    }
    out
}

/// What a diff makes of the old text, as `patch` would: every line on the old side is looked for where it is said to be.
fn patched(before: &str, diff: &TextDiff) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let mut new = String::new();
    let mut lines = 0;
    let mut at = 0;
    for hunk in &diff.hunks {
        let start = hunk.old_start - usize::from(hunk.old_lines > 0);
        assert!(start >= at);
        new.extend(old[at..start].iter().copied());
        lines += start - at;
        at = start;
        assert_eq!(lines, hunk.new_start - usize::from(hunk.new_lines > 0));
        for line in &hunk.lines {
            if line.side != Side::New {
                assert_eq!(line.text, old[at]);
                at += 1;
            }
            if line.side != Side::Old {
                new.push_str(&line.text);
                lines += 1;
            }
        }
        assert_eq!(at, start + hunk.old_lines);
    }
    new.extend(old[at..].iter().copied());
    new
}

#[test]
fn trees_differ_where_files_do() {
    let before = manifest(&[("a", b"1"), ("b", b"1"), ("c", b"\xff"), ("d", b"1")]);
    let after = manifest(&[
        ("0", b"1"),
        ("a", b"1"),
        ("b", b"2"),
        ("c", b"1"),
        ("e", b"\xff"),
    ]);
    let all = changed(&before, &after);
    let seen: Vec<_> = all
        .iter()
        .map(|one| {
            (
                one.path.as_str(),
                one.before.is_some(),
                one.after.is_some(),
                one.is_text(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("0", false, true, true),
            ("b", true, true, true),
            ("c", true, true, false),
            ("d", true, false, true),
            ("e", false, true, false),
        ]
    );
    assert_eq!(changed(&after, &after), []);
    assert_eq!(changed(&Manifest::default(), &before).len(), 4);
}

#[test]
fn hunks_have_three_lines_around_them() {
    let before: String = (1..=30).map(|number| format!("line {number}\n")).collect();
    let after = before
        .replace("line 2\n", "line two\nand more\n")
        .replace("line 8\n", "")
        .replace("line 20\n", "line twenty\n");
    let diff = compare(&before, &after, FILE_BYTES);
    insta::assert_snapshot!(unified(&diff));
    assert_eq!(
        (diff.added, diff.deleted, diff.cut, diff.coarse),
        (3, 3, None, false)
    );
    assert_eq!(patched(&before, &diff), after);
}

#[test]
fn endings_and_marks_are_shown_as_they_are() {
    for (before, after, shown) in [
        ("a\n", "a", "@@ -1,1 +1,1 @@\n-a\\n\n+a\n"),
        (
            "a\r\nb\r\n",
            "a\nb\r\n",
            "@@ -1,2 +1,2 @@\n-a\\r\\n\n+a\\n\n b\\r\\n\n",
        ),
        (
            "\u{feff}a\n",
            "a\n",
            "@@ -1,1 +1,1 @@\n-\\u{feff}a\\n\n+a\\n\n",
        ),
        ("", "a\n", "@@ -0,0 +1,1 @@\n+a\\n\n"),
        ("a\n", "", "@@ -1,1 +0,0 @@\n-a\\n\n"),
        ("a\n", "a\nb", "@@ -1,1 +1,2 @@\n a\\n\n+b\n"),
        ("a\n", "a\n", ""),
        ("", "", ""),
    ] {
        let diff = compare(before, after, FILE_BYTES);
        assert_eq!(unified(&diff), shown, "{before:?} {after:?}");
        assert_eq!(patched(before, &diff), after);
    }
}

#[test]
fn what_is_cut_is_counted() {
    let before: String = (1..=100).map(|number| format!("line {number}\n")).collect();
    let after = before
        .replace("line 10\n", "ten\n")
        .replace("line 50\n", "fifty\n")
        .replace("line 90\n", "ninety\n");
    let whole = compare(&before, &after, FILE_BYTES);
    assert_eq!((whole.hunks.len(), whole.cut), (3, None));
    let bytes: usize = whole
        .hunks
        .iter()
        .flat_map(|hunk| &hunk.lines)
        .map(|line| line.text.len())
        .sum();
    assert_eq!(compare(&before, &after, bytes), whole);

    // The second hunk in part, the third not at all.
    let part = compare(&before, &after, 100);
    assert_eq!((part.added, part.deleted), (3, 3));
    assert_eq!(part.hunks.len(), 2);
    assert_eq!(part.hunks[0], whole.hunks[0]);
    let shown = part.hunks[1].lines.len();
    assert_eq!(part.hunks[1].lines[..], whole.hunks[1].lines[..shown]);
    assert_eq!(
        part.cut,
        Some(Cut {
            hunks: 1,
            lines: 8 - shown + 8
        })
    );
    assert_eq!((part.hunks[1].old_start, part.hunks[1].new_start), (47, 47));

    let none = compare("a\n", &format!("{}\n", "b".repeat(FILE_BYTES)), FILE_BYTES);
    assert_eq!((none.added, none.deleted), (1, 1));
    assert_eq!(none.cut, Some(Cut { hunks: 0, lines: 1 }));
    let long = compare("", &"b".repeat(FILE_BYTES + 1), FILE_BYTES);
    assert_eq!(
        (long.hunks.len(), long.cut),
        (0, Some(Cut { hunks: 1, lines: 1 }))
    );
}

#[test]
fn moved_and_repeated_lines_are_found() {
    let before = "a\nb\nc\n}\n\nd\ne\n}\n\nf\n}\n";
    let after = "a\nb\nc\n}\n\nnew\n}\n\nd\ne\n}\n\nf\n}\n";
    let diff = compare(before, after, FILE_BYTES);
    assert_eq!((diff.added, diff.deleted), (3, 0));
    let moved = compare("a\nb\nc\nd\n", "c\nd\na\nb\n", FILE_BYTES);
    assert_eq!((moved.added, moved.deleted), (2, 2));
    assert_eq!(patched("a\nb\nc\nd\n", &moved), "c\nd\na\nb\n");
}

/// Two texts for which the shortest edit would take minutes.
#[test]
fn texts_that_are_too_different_are_replaced_as_a_whole() {
    let random = |mut seed: u64| -> String {
        (0..100_000)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                format!("{}\n", (seed >> 33) % 10)
            })
            .collect()
    };
    let (before, after) = (random(1), random(2));
    let diff = compare(&before, &after, usize::MAX);
    assert!(diff.coarse);
    assert!(diff.added <= 100_000 && diff.added == diff.deleted);
    assert_eq!(patched(&before, &diff), after);
    assert!(!compare(&before, &before.replacen("1\n", "x\n", 1), usize::MAX).coarse);
}

proptest! {
    #[test]
    fn a_diff_of_the_old_gives_the_new(
        before in "([ab]?(\n|\r\n)){0,30}[ab]?",
        after in "([abc]?(\n|\r\n)){0,30}[ab]?",
    ) {
        let diff = compare(&before, &after, FILE_BYTES);
        prop_assert_eq!(patched(&before, &diff), after.as_str());
        let hunks = diff.hunks.iter().flat_map(|hunk| &hunk.lines);
        let on = |side| hunks.clone().filter(|line| line.side == side).count();
        prop_assert_eq!((on(Side::New), on(Side::Old)), (diff.added, diff.deleted));
        prop_assert_eq!(diff.hunks.is_empty(), before == after);
        let back = compare(&after, &before, FILE_BYTES);
        prop_assert_eq!(patched(&after, &back), before);
    }

    #[test]
    fn an_edit_of_a_long_text_is_as_long_as_it_is(at in 0_usize..300, gone in 0_usize..5, new in proptest::collection::vec("[x-z]{1,3}\n", 0..5)) {
        let lines: Vec<String> = (0..300).map(|number| format!("{number}\n")).collect();
        let gone = gone.min(300 - at);
        let before = lines.concat();
        let after = [&lines[..at], &new, &lines[at + gone..]].concat().concat();
        let diff = compare(&before, &after, FILE_BYTES);
        prop_assert_eq!((diff.added, diff.deleted), (new.len(), gone));
        prop_assert!(diff.hunks.len() <= 1);
    }

    #[test]
    fn what_is_shown_fits(before in "([ab]{0,9}\n){0,30}", after in "([ab]{0,9}\n){0,30}", bytes in 0_usize..200) {
        let diff = compare(&before, &after, bytes);
        let whole = compare(&before, &after, usize::MAX);
        let lines = |diff: &TextDiff| diff.hunks.iter().flat_map(|hunk| hunk.lines.clone()).collect::<Vec<_>>();
        let (shown, all) = (lines(&diff), lines(&whole));
        prop_assert!(shown.iter().map(|line| line.text.len()).sum::<usize>() <= bytes);
        prop_assert_eq!(&all[..shown.len()], &shown[..]);
        prop_assert_eq!(diff.cut.map_or(0, |cut| cut.lines), all.len() - shown.len());
        prop_assert_eq!(diff.cut.map_or(0, |cut| cut.hunks), whole.hunks.len() - diff.hunks.len());
    }
}
