use serde_json::{Value, json};

use super::*;

fn bench(files: &[(&str, &[u8])]) -> Workbench {
    let mut bench = Workbench {
        manifest: Manifest::default(),
        contents: BTreeMap::new(),
        limits: Limits::DEFAULT,
    };
    for (path, content) in files {
        let entry = FileEntry::of(content);
        bench
            .manifest
            .put(path.parse().unwrap(), entry, &Limits::DEFAULT)
            .unwrap();
        bench.contents.insert(entry.hash, content.to_vec());
    }
    bench
}

fn call(name: &str, input: Value) -> ToolCall {
    ToolCall {
        id: "c1".to_owned(),
        name: name.to_owned(),
        input,
    }
}

fn ask(bench: &mut Workbench, name: &str, input: Value) -> Outcome {
    run(&call(name, input), bench)
}

fn content(bench: &Workbench, path: &str) -> String {
    let entry = bench.manifest.get(&path.parse().unwrap()).unwrap();
    String::from_utf8(bench.contents[&entry.hash].clone()).unwrap()
}

#[test]
fn the_names_are_those_of_the_contracts() {
    assert_eq!(
        CONTRACTS.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        TOOLS
    );
}

#[test]
fn files_are_written_changed_viewed_and_deleted() {
    let mut bench = bench(&[("index.html", b"<html>\r\n</html>\r\n")]);

    let made = ask(
        &mut bench,
        "write_file",
        json!({ "path": "src/a.ts", "content": "one\ntwo\n" }),
    );
    assert_eq!(
        made.result,
        ToolResult {
            call: "c1".to_owned(),
            ok: true,
            content: "src/a.ts: created with 2 lines".to_owned()
        }
    );
    let entry = FileEntry::of(b"one\ntwo\n");
    assert_eq!(
        made.changes,
        [Change {
            path: "src/a.ts".parse().unwrap(),
            entry: Some(entry)
        }]
    );
    assert_eq!(bench.contents[&entry.hash], b"one\ntwo\n");

    let again = ask(
        &mut bench,
        "write_file",
        json!({ "path": "src/a.ts", "content": "one\ntwo\n" }),
    );
    assert!(again.result.ok && again.changes.is_empty());
    assert_eq!(
        again.result.content,
        "src/a.ts: has this content already, nothing was changed"
    );

    let edited = ask(
        &mut bench,
        "line_replace",
        json!({ "path": "index.html", "search": "<html>", "first_line": 1, "last_line": 1, "replacement": "<html>\n$&" }),
    );
    assert_eq!(
        edited.result.content,
        "index.html: replaced line 1 by 2 lines\nLater lines are 1 further down."
    );
    assert_eq!(content(&bench, "index.html"), "<html>\r\n$&\r\n</html>\r\n");
    assert_eq!(
        summary(&call("line_replace", json!({})), &edited.result),
        "index.html: replaced line 1 by 2 lines"
    );

    let viewed = ask(&mut bench, "view_file", json!({ "path": "index.html" }));
    assert_eq!(
        viewed.result.content,
        "index.html (3 lines)\n    1\t<html>\n    2\t$&\n    3\t</html>\n"
    );
    assert_eq!(
        summary(&call("view_file", json!({})), &viewed.result),
        "looked at index.html (3 lines)"
    );

    let gone = ask(&mut bench, "delete_file", json!({ "path": "src/a.ts" }));
    assert_eq!(
        gone.changes,
        [Change {
            path: "src/a.ts".parse().unwrap(),
            entry: None
        }]
    );
    let again = ask(&mut bench, "delete_file", json!({ "path": "src/a.ts" }));
    assert_eq!(
        (again.result.ok, again.result.content.as_str()),
        (false, "src/a.ts: there is no such file")
    );
}

#[test]
fn lines_are_chosen_and_capped() {
    let long = (1..=2_500)
        .map(|n| format!("line {n}\n"))
        .collect::<String>();
    let mut bench = bench(&[
        ("a", b"one\ntwo\nthree"),
        ("long", long.as_bytes()),
        ("empty", b""),
    ]);
    for (lines, shown) in [
        (json!("2-3"), "a (3 lines)\n    2\ttwo\n    3\tthree\n"),
        (json!([2, 2]), "a (3 lines)\n    2\ttwo\n"),
        (json!("2"), "a (3 lines)\n    2\ttwo\n"),
        (json!([3, 99]), "a (3 lines)\n    3\tthree\n"),
        (
            Value::Null,
            "a (3 lines)\n    1\tone\n    2\ttwo\n    3\tthree\n",
        ),
    ] {
        let viewed = ask(
            &mut bench,
            "view_file",
            json!({ "path": "a", "lines": lines }),
        );
        assert_eq!(viewed.result.content, shown);
    }
    for lines in [
        json!("3-2"),
        json!("0-2"),
        json!("a-b"),
        json!([1]),
        json!([1, "2"]),
        json!(7),
        json!("4-4"),
    ] {
        let refused = ask(
            &mut bench,
            "view_file",
            json!({ "path": "a", "lines": lines }),
        );
        assert!(!refused.result.ok, "{lines}: {}", refused.result.content);
    }
    let capped = ask(
        &mut bench,
        "view_file",
        json!({ "path": "long", "lines": "2-2200" }),
    )
    .result
    .content;
    assert!(capped.starts_with("long (2500 lines)\n    2\tline 2\n"));
    assert!(capped.ends_with(
        " 1001\tline 1001\nLines 1002–2200 are not shown; ask for them with `lines`.\n"
    ));
    assert_eq!(
        ask(&mut bench, "view_file", json!({ "path": "empty" }))
            .result
            .content,
        "empty (0 lines)\n"
    );
}

#[test]
fn a_refused_call_says_why_and_changes_nothing() {
    let big = "x".repeat(Limits::DEFAULT.text_file_bytes + 1);
    let mut bench = bench(&[("a", b"one\ntwo\n"), ("pic.png", &[0x89, b'P', 0xff])]);
    let before = bench.clone();
    for (name, input, why) in [
        (
            "search_web",
            json!({}),
            "there is no tool `search_web`; the tools are write_file, line_replace, view_file, delete_file, rename_app",
        ),
        (
            "view_file",
            json!([]),
            "view_file: the arguments must be a JSON object with path, lines",
        ),
        ("view_file", json!({}), "view_file: `path` is missing"),
        (
            "view_file",
            json!({ "path": 3 }),
            "view_file: `path` must be a string, not 3",
        ),
        (
            "view_file",
            json!({ "path": "../x" }),
            "view_file: `path`: a path must not contain empty, `.` or `..` segments",
        ),
        (
            "view_file",
            json!({ "path": "b" }),
            "b: there is no such file",
        ),
        (
            "view_file",
            json!({ "path": "pic.png" }),
            "pic.png: is a binary file; the text tools do not open it",
        ),
        (
            "write_file",
            json!({ "path": "pic.png", "content": "" }),
            "pic.png: is a binary file; the text tools do not open it",
        ),
        (
            "write_file",
            json!({ "path": "a", "content": "x", "mode": 1 }),
            "write_file: there is no argument `mode`; it takes path, content",
        ),
        (
            "write_file",
            json!({ "path": "a", "content": null }),
            "write_file: `content` must be a string, not null",
        ),
        (
            "write_file",
            json!({ "path": "a", "content": big }),
            "`a` has 524289 bytes; a text file may have at most 524288; nothing was changed",
        ),
        (
            "write_file",
            json!({ "path": "a/b", "content": "" }),
            "`a/b` cannot be a file: `a` exists; nothing was changed",
        ),
        (
            "line_replace",
            json!({ "path": "a", "search": "one", "first_line": "1", "last_line": 1, "replacement": "" }),
            "line_replace: `first_line` must be a line number from 1, not \"1\"",
        ),
        (
            "line_replace",
            json!({ "path": "a", "search": "One", "first_line": 1, "last_line": 1, "replacement": "" }),
            "a: lines 1–1 do not hold the search text, and no other place of the 2 lines does; nothing was changed. The closest:\n    1\tone\n    2\ttwo\n",
        ),
        (
            "rename_app",
            json!({ "name": " \n" }),
            "rename_app: `name`: a name must not be empty",
        ),
        (
            "rename_app",
            json!({ "name": "a\nb" }),
            "rename_app: `name`: a name must be one line without control characters",
        ),
    ] {
        let outcome = ask(&mut bench, name, input);
        assert_eq!(
            (outcome.result.ok, outcome.result.content.as_str()),
            (false, why)
        );
        assert_eq!((outcome.changes, outcome.renamed), (vec![], None));
        assert_eq!(
            (&bench.manifest, &bench.contents),
            (&before.manifest, &before.contents)
        );
    }
}

#[test]
fn the_app_is_renamed_in_name_only() {
    let mut bench = bench(&[]);
    let outcome = ask(&mut bench, "rename_app", json!({ "name": "  Recipe Box " }));
    assert_eq!(outcome.renamed.as_deref(), Some("Recipe Box"));
    assert!(outcome.result.ok && outcome.changes.is_empty());
    assert_eq!(
        summary(&call("rename_app", json!({})), &outcome.result),
        "the app is called “Recipe Box” now"
    );
}

#[test]
fn names_what_must_be_loaded() {
    let calls = [
        call("view_file", json!({ "path": "b" })),
        call("line_replace", json!({ "path": "a" })),
        call("view_file", json!({ "path": "b" })),
        call("view_file", json!({ "path": "../c" })),
        call("write_file", json!({ "path": "d", "content": "" })),
        call("view_file", json!("no object")),
    ];
    assert_eq!(
        reads(&calls)
            .iter()
            .map(ProjectPath::as_str)
            .collect::<Vec<_>>(),
        ["a", "b"]
    );

    // What was not loaded is not edited.
    let mut bench = bench(&[("a", b"one\n")]);
    bench.contents.clear();
    let outcome = ask(&mut bench, "view_file", json!({ "path": "a" }));
    assert_eq!(
        outcome.result.content,
        "a: its content could not be loaded; try again"
    );
    assert!(!outcome.result.ok);
}
