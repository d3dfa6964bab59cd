use super::*;
use crate::edit::apply;

fn changed(content: &str, patch: &str) -> Result<String, String> {
    let files = parse(patch).map_err(|error| error.to_string())?;
    let [
        FilePatch {
            action: Action::Update { hunks, .. },
            ..
        },
    ] = files.as_slice()
    else {
        return Err(format!("{files:?}"));
    };
    let edits = edits(content, hunks).map_err(|error| error.to_string())?;
    let applied = apply(content, &edits).map_err(|error| error.to_string())?;
    Ok(applied.content)
}

#[test]
fn a_unified_diff_changes_what_it_says() {
    let patch = "diff --git a/x.ts b/x.ts\nindex 1..2 100644\n--- a/x.ts\n+++ b/x.ts\n@@ -1,3 +1,3 @@ head\n alpha\n-beta\n+$&\n gamma\n@@ -5 +5,2 @@\n last\n+more\n";
    let content = "alpha\nbeta\ngamma\ndelta\nlast\n";
    let changed_text = "alpha\n$&\ngamma\ndelta\nlast\nmore\n";
    assert_eq!(changed(content, patch).unwrap(), changed_text);
    // Lines moved: found where they are.
    assert_eq!(
        changed(&format!("zero\n{content}"), patch).unwrap(),
        format!("zero\n{changed_text}")
    );
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(
        changed(&windows(content), patch).unwrap(),
        windows(changed_text)
    );
    let (open, open_changed) = (content.trim_end(), changed_text.trim_end());
    assert_eq!(changed(open, patch).unwrap(), open_changed);
}

#[test]
fn a_new_file_ends_as_the_patch_says() {
    for (lines, content) in [
        ("+one\n", "one\n"),
        ("+one\n\n", "one\n"),
        ("+one\n\\ No newline at end of file\n", "one"),
        ("\\ No newline at end of file\n", ""),
        ("+one\n\\ No newline\n\\ at the end\n", "one"),
    ] {
        let patch = format!("--- /dev/null\n+++ b/a.ts\n@@ -0,0 +1 @@\n{lines}");
        let files = parse(&patch).unwrap();
        assert_eq!(
            files[0].action,
            Action::Add(content.to_owned()),
            "{lines:?}"
        );
    }
}

#[test]
fn a_file_keeps_its_end() {
    let mark = "\\ No newline at end of file\n";
    let patch = format!("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n{mark}+b\n{mark}");
    assert_eq!(changed("a", &patch).unwrap(), "b");
    assert_eq!(changed("a\n", &patch).unwrap(), "b\n");
}

#[test]
fn every_place_of_a_hunk_is_shown() {
    let patch = "*** Begin Patch\n*** Update File: x\n@@\n-one\n+1\n*** End Patch\n";
    assert_eq!(
        changed("one\n2\n3\n4\n5\n6\n7\none\n9\n", patch).unwrap_err(),
        "the text stands there 2 times, at lines 1, 8; nothing was changed. State more of what is around it:\n    1\tone\n    2\t2\n    3\t3\n    …\n    6\t6\n    7\t7\n    8\tone\n    9\t9\n"
    );
}

#[test]
fn an_empty_line_goes() {
    let patch = "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n a\n-\n";
    assert_eq!(changed("a\n\nb\n", patch).unwrap(), "a\nb\n");
}

#[test]
fn a_hunk_may_begin_where_the_one_before_ends() {
    let patch = "*** Begin Patch\n*** Update File: x\n@@\n x\n-a\n+b\n@@\n-c\n+d\n*** End Patch\n";
    assert_eq!(changed("x\na\nc\n", patch).unwrap(), "x\nb\nd\n");
}

#[test]
fn of_a_hunk_that_is_like_nothing_the_lines_below_the_one_before_are_shown() {
    let patch =
        "*** Begin Patch\n*** Update File: x\n@@\n one\n-two\n+2\n@@\n-other\n+o\n*** End Patch\n";
    let refused = changed("one\ntwo\nc\nd\ne\nf\ng\n", patch).unwrap_err();
    assert_eq!(
        refused,
        "none of the 7 lines hold this text; nothing was changed. The closest:\n    1\tone\n    2\ttwo\n    3\tc\n    4\td\n    5\te\n"
    );
}

#[test]
fn a_line_that_is_none_is_not_stated() {
    let patch = "--- a/x\n+++ b/x\n@@ -0,0 +0,1 @@\n-b\n+c\n";
    assert_eq!(changed("a\nb\n", patch).unwrap(), "a\nc\n");
}

#[test]
fn what_git_says_between_files_is_no_line_of_them() {
    let file = |name: &str| {
        format!(
            "diff --git a/{name} b/{name}\nindex 1..2 100644\n--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-a\n+b\n"
        )
    };
    let files = parse(&format!("{}{}", file("x"), file("y"))).unwrap();
    let hunk = Hunk {
        first_line: Some(1),
        scope: None,
        old: vec!["a".to_owned()],
        new: vec!["b".to_owned()],
    };
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
    for file in files {
        let hunks = vec![hunk.clone()];
        assert_eq!(
            file.action,
            Action::Update {
                hunks,
                moved_to: None
            }
        );
    }
}

#[test]
fn an_envelope_names_files_and_scopes() {
    let patch = "*** Begin Patch\n*** Update File: x.ts\n@@ function two() {\n-  return 1\n+  return 2\n*** End Patch\n";
    let content = "function one() {\n  return 1\n}\nfunction two() {\n  return 1\n}\n";
    assert_eq!(
        changed(content, patch).unwrap(),
        "function one() {\n  return 1\n}\nfunction two() {\n  return 2\n}\n"
    );
    let without = patch.replace("@@ function two() {", "@@");
    assert_eq!(
        changed(content, &without).unwrap_err(),
        "the text stands there 2 times, at lines 2, 5; nothing was changed. State more of what is around it:\n    1\tfunction one() {\n    2\t  return 1\n    3\t}\n    4\tfunction two() {\n    5\t  return 1\n    6\t}\n"
    );
    let other = patch.replace("return 1", "return 9");
    assert!(
        changed(content, &other)
            .unwrap_err()
            .contains("none of the 6 lines")
    );
}

#[test]
fn a_scope_goes_on_after_an_empty_line() {
    let patch = "*** Begin Patch\n*** Update File: x.ts\n@@ function two() {\n-  return 1\n+  return 2\n*** End Patch\n";
    let content = "function two() {\n  let a\n\n  return 1\n}\nfunction one() {\n  return 1\n}\n";
    assert_eq!(
        changed(content, patch).unwrap(),
        content.replacen("return 1", "return 2", 1)
    );
    // Of several scopes in a row the last one counts.
    let nested = patch.replace(
        "@@ function two() {",
        "@@ function one() {\n@@ function two() {",
    );
    assert_eq!(changed(content, &nested), changed(content, patch));
}

#[test]
fn files_come_go_and_move() {
    let envelope = "*** Begin Patch\n*** Add File: a.ts\n+one\n+\n+two\n*** Delete File: b.ts\n*** Update File: c.ts\n*** Move to: d.ts\n@@\n-x\n+y\n*** End of File\n*** End Patch";
    let unified = "--- /dev/null\n+++ b/a.ts\n@@ -0,0 +1,3 @@\n+one\n+\n+two\n--- a/b.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n--- a/c.ts\n+++ b/d.ts\n@@ -1 +1 @@\n-x\n+y\n";
    let hunk = |first_line| Hunk {
        first_line,
        scope: None,
        old: vec!["x".to_owned()],
        new: vec!["y".to_owned()],
    };
    for (patch, first_line) in [(envelope, None), (unified, Some(1))] {
        let made = |path: &str, action| FilePatch {
            path: path.to_owned(),
            action,
        };
        let hunks = vec![hunk(first_line)];
        assert_eq!(
            parse(patch).unwrap(),
            [
                made("a.ts", Action::Add("one\n\ntwo\n".to_owned())),
                made("b.ts", Action::Delete),
                made(
                    "c.ts",
                    Action::Update {
                        hunks,
                        moved_to: Some("d.ts".to_owned())
                    }
                ),
            ]
        );
    }
}

#[test]
fn what_is_no_patch_is_refused() {
    assert_eq!(parse(""), Err(Malformed::NoPatch));
    assert_eq!(
        parse("*** Begin Patch\n*** End Patch\n"),
        Err(Malformed::NoPatch)
    );
    assert!(matches!(
        parse("hello"),
        Err(Malformed::NoFile { line: 1, .. })
    ));
    assert!(matches!(
        parse("@@ -1 +1 @@\n-a\n"),
        Err(Malformed::NoFile { line: 1, .. })
    ));
    let odd = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\nb\n";
    assert!(matches!(
        parse(odd),
        Err(Malformed::NoHunkLine { line: 5, .. })
    ));
    // A file that is new has lines that come, and no others.
    let new = "*** Begin Patch\n*** Add File: a.ts\n+one\ntwo\n*** End Patch\n";
    assert!(matches!(
        parse(new),
        Err(Malformed::NoHunkLine { line: 4, text }) if text == "two"
    ));
    let bare = "--- a/x\n+++ b/x\n@@ -1,0 +2 @@\n+a\n";
    for patch in [bare.to_owned(), format!("{bare}@@\n-b\n+c\n")] {
        assert!(matches!(parse(&patch), Err(Malformed::NoContext { path }) if path == "x"));
    }
}

#[test]
fn removed_and_added_lines_may_look_like_headers() {
    let patch = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n--- b\n+++ c\n d\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-e\n+f\n";
    let files = parse(patch).unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["x", "y"]);
    assert_eq!(
        changed("a\n-- b\nd\n", patch.split_once("--- a/y").unwrap().0).unwrap(),
        "a\n++ c\nd\n"
    );
    let last = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n--- b\n+++ c\n";
    assert_eq!(changed("a\n-- b\n", last).unwrap(), "a\n++ c\n");
    assert!(matches!(
        parse("--- a/x\nhello"),
        Err(Malformed::NoFile { line: 1, .. })
    ));
}
