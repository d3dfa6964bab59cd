use overskill_syntax::Native;
use serde_json::{Value, json};

use super::*;

mod packages;
mod search;
mod tables;

fn bench(files: &[(&str, &[u8])]) -> Workbench<'static> {
    let mut bench = Workbench {
        packages: SortedMap::new(),
        tables: SortedMap::new(),
        manifest: Manifest::default(),
        contents: SortedMap::new(),
        views: Views::new(),
        ledger: Ledger::default(),
        intent: Intent::Auto,
        dialect: Dialect::LineReplace,
        syntax: Box::leak(Box::new(Known::new(&Native))),
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
        unreadable: None,
    }
}

fn ask(bench: &mut Workbench<'_>, name: &str, input: Value) -> Outcome {
    run(&call(name, input), bench)
}

fn content(bench: &Workbench<'_>, path: &str) -> String {
    let entry = bench.manifest.get(&path.parse().unwrap()).unwrap();
    String::from_utf8(bench.contents[&entry.hash].clone()).unwrap()
}

#[test]
fn a_call_whose_arguments_were_cut_off_does_nothing() {
    let mut bench = bench(&[("src/a.ts", b"export {}\n")]);
    for (name, written) in [
        (
            "write_file",
            "{\"path\":\"src/b.ts\",\"content\":\"export const é = 1",
        ),
        ("delete_file", "{\"path\":\"src/a.ts\""),
        ("add_dependency", "[\"left-pad\"]"),
    ] {
        let cut = ToolCall {
            unreadable: Some(written.to_owned()),
            ..call(name, json!({}))
        };
        assert!(question(&cut, &bench).is_none());
        let outcome = run(&cut, &mut bench);
        assert!(!outcome.result.ok && outcome.changes.is_empty());
        let said = outcome.result.content;
        assert!(
            said.starts_with(&format!("{name}: the arguments are no whole JSON object")),
            "{said}"
        );
        assert!(said.contains(written), "{said}");
    }
}

#[test]
fn one_edit_tool_is_offered() {
    for dialect in Dialect::ALL {
        let offered = offered(dialect, Intent::Auto);
        let names: Vec<&str> = offered.iter().map(|tool| tool.name.as_str()).collect();
        let edits = ["edit_lines", "line_replace", "str_replace", "apply_patch"];
        let edits: Vec<&str> = edits
            .into_iter()
            .filter(|name| names.contains(name))
            .collect();
        match dialect {
            Dialect::Whole => assert!(edits.is_empty()),
            _ => assert_eq!(edits, [dialect.tool()]),
        }
        assert!(
            ["write_file", "view_file", "delete_file", "rename_app"]
                .iter()
                .all(|name| names.contains(name))
        );
    }
}

#[test]
fn a_discussion_changes_nothing() {
    let mut bench = bench(&[]);
    bench.intent = Intent::Discuss;
    let offered = offered(Dialect::EditLines, Intent::Discuss);
    let names: Vec<&str> = offered.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["view_file", "search_files", "ask_user"]);
    for (name, input) in [
        ("write_file", json!({ "path": "src/a.ts", "content": "x" })),
        ("rename_app", json!({ "name": "Other" })),
        ("add_dependency", json!({ "name": "left-pad" })),
    ] {
        let outcome = run(&call(name, input), &mut bench);
        assert!(!outcome.result.ok && outcome.changes.is_empty(), "{name}");
        assert!(
            outcome.result.content.contains("this is a discussion"),
            "{name}"
        );
        assert_eq!(outcome.renamed, None);
    }
}

#[test]
fn a_question_is_short_and_has_few_answers() {
    let mut bench = bench(&[]);
    let mut ask = |input| run(&call("ask_user", input), &mut bench);
    let asked =
        ask(json!({ "question": " Public or private? ", "options": ["Public", " ", "Private"] }));
    let question = asked.asked.unwrap();
    assert_eq!(question.text, "Public or private?");
    assert_eq!(question.options, ["Public", "Private"]);
    assert_eq!(
        ask(json!({ "question": "Which?" }))
            .asked
            .unwrap()
            .options
            .len(),
        0
    );
    for wrong in [
        json!({ "question": " " }),
        json!({ "question": "x".repeat(2_001) }),
        json!({ "question": "Which?", "options": vec!["a"; 9] }),
        json!({ "options": ["a"] }),
    ] {
        let refused = ask(wrong);
        assert!(!refused.result.ok && refused.asked.is_none());
    }
}

#[test]
fn what_a_model_is_told_of_the_tools() {
    let all: Vec<String> = Dialect::ALL
        .into_iter()
        .flat_map(|dialect| offered(dialect, Intent::Auto))
        .map(|tool| format!("{}: {}\n{:#}", tool.name, tool.description, tool.arguments))
        .collect::<crate::sorted::SortedSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(all.len(), CONTRACTS.len());
    insta::assert_snapshot!(all.join("\n\n"));
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
            "there is no tool `search_web`; the tools are write_file, line_replace, view_file, search_files, delete_file, add_dependency, define_tables, scaffold_resource, remove_dependency, ask_user, rename_app",
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
        call(
            "apply_patch",
            json!({ "patch": "*** Begin Patch\n*** Delete File: e\n*** End Patch" }),
        ),
    ];
    let mut bench = bench(&[
        ("a", b"one\n"),
        ("b", b"two\n"),
        ("d", b""),
        ("e", b"e"),
        ("f", b"f"),
    ]);
    let shown = Digest::of(b"shown");
    bench.views.insert("a".parse().unwrap(), View::whole(shown));
    let mut wanted: Vec<Digest> = [&b"one\n"[..], b"two\n", b"", b"e"]
        .map(Digest::of)
        .to_vec();
    wanted.push(shown);
    wanted.sort();
    assert_eq!(needs(&calls, &bench.manifest, &bench.views), wanted);

    // What was not loaded is not edited.
    bench.contents.clear();
    let outcome = ask(&mut bench, "view_file", json!({ "path": "a" }));
    assert_eq!(
        outcome.result.content,
        "a: its content could not be loaded; try again"
    );
    assert!(!outcome.result.ok);
}

fn anchor(number: usize, text: &str) -> String {
    crate::edit::anchors::anchor(number, text)
}

#[test]
fn anchors_are_those_of_the_view_whatever_edits_come_after_it() {
    let mut bench = bench(&[("a.txt", b"one\ntwo\nthree\nfour\n")]);
    bench.dialect = Dialect::EditLines;
    let edit = |edits: Value| json!({ "path": "a.txt", "edits": edits });
    let unseen = ask(&mut bench, "edit_lines", edit(json!([["1", "1", "x"]])));
    assert_eq!(
        unseen.result.content,
        "a.txt: its lines have no anchors yet; view the file first"
    );

    let viewed = ask(&mut bench, "view_file", json!({ "path": "a.txt" }));
    let labels: Vec<&str> = viewed
        .result
        .content
        .lines()
        .skip(1)
        .map(|row| row.split('\t').next().unwrap())
        .collect();
    assert_eq!(
        labels,
        [
            anchor(1, "one"),
            anchor(2, "two"),
            anchor(3, "three"),
            anchor(4, "four")
        ]
    );

    let [one, two, three, four] = labels.try_into().unwrap();
    let first = ask(
        &mut bench,
        "edit_lines",
        edit(json!([[four, four, ""], [one, one, "1\n1"]])),
    );
    assert_eq!(
        first.result.content,
        "a.txt: deleted line 4\na.txt: replaced line 1 by 2 lines"
    );
    // The same view counts for the next call, and a line that is gone is not edited.
    let second = ask(&mut bench, "edit_lines", edit(json!([[three, three, "3"]])));
    assert!(second.result.ok, "{}", second.result.content);
    assert_eq!(content(&bench, "a.txt"), "1\n1\ntwo\n3\n");
    let gone = ask(
        &mut bench,
        "edit_lines",
        edit(json!([[two, two, "2"], [four, four, "4"]])),
    );
    assert!(!gone.result.ok);
    assert!(
        gone.result
            .content
            .starts_with("a.txt: edit 2: lines 4–4 have changed since you viewed them"),
        "{}",
        gone.result.content
    );
    assert_eq!(content(&bench, "a.txt"), "1\n1\ntwo\n3\n");
    let [receipt] = second.receipts.as_slice() else {
        panic!()
    };
    assert_eq!(receipt.hash, Some(Digest::of(b"1\n1\ntwo\n3\n")));
    assert_eq!(
        (
            receipt.edits[0].first_line,
            receipt.edits[0].removed,
            receipt.edits[0].added
        ),
        (4, 1, 1)
    );
}

#[test]
fn what_somebody_else_has_changed_stays() {
    let mut bench = bench(&[("a.txt", b"one\ntwo\nthree\n")]);
    bench.dialect = Dialect::EditLines;
    let path: ProjectPath = "a.txt".parse().unwrap();
    let labels = [anchor(1, "one"), anchor(2, "two"), anchor(3, "three")];
    let by_hand = |bench: &mut Workbench<'_>, content: &[u8]| {
        let entry = FileEntry::of(content);
        bench
            .manifest
            .put(path.clone(), entry, &Limits::DEFAULT)
            .unwrap();
        bench.contents.insert(entry.hash, content.to_vec());
    };
    ask(&mut bench, "view_file", json!({ "path": "a.txt" }));
    by_hand(&mut bench, b"zero\none\nTWO\nthree\n");

    let edit = |at: usize, text: &str| json!({ "path": "a.txt", "edits": [[labels[at - 1], labels[at - 1], text]] });
    let lost = ask(&mut bench, "edit_lines", edit(2, "2"));
    assert_eq!(
        lost.result.content,
        format!(
            "a.txt: edit 1: lines 2–2 have changed since you viewed them; nothing was changed. You viewed:\n{}Now there is:\n{}",
            crate::edit::lines::shown(
                1,
                ["one", "two", "three"],
                crate::edit::lines::Numbering::Anchors
            ),
            crate::edit::lines::shown(
                1,
                ["zero", "one", "TWO", "three"],
                crate::edit::lines::Numbering::Anchors
            ),
        )
    );
    // The anchors that the refusal shows are good.
    let third = anchor(3, "TWO");
    let now = ask(
        &mut bench,
        "edit_lines",
        json!({ "path": "a.txt", "edits": [[third, third, "2"]] }),
    );
    assert!(now.result.ok, "{}", now.result.content);
    assert_eq!(content(&bench, "a.txt"), "zero\none\n2\nthree\n");

    // What was only moved is found.
    ask(&mut bench, "view_file", json!({ "path": "a.txt" }));
    by_hand(&mut bench, b"new\nzero\none\n2\nthree\n");
    let fourth = anchor(4, "three");
    let moved = ask(
        &mut bench,
        "edit_lines",
        json!({ "path": "a.txt", "edits": [[fourth, fourth, "3"]] }),
    );
    assert!(moved.result.ok, "{}", moved.result.content);
    assert_eq!(content(&bench, "a.txt"), "new\nzero\none\n2\n3\n");

    // Neither is it written over, nor deleted.
    by_hand(&mut bench, b"mine\n");
    for (name, input) in [
        ("write_file", json!({ "path": "a.txt", "content": "x" })),
        ("delete_file", json!({ "path": "a.txt" })),
    ] {
        let refused = ask(&mut bench, name, input);
        assert!(
            refused.result.content.contains("theirs is kept"),
            "{}",
            refused.result.content
        );
        assert_eq!(content(&bench, "a.txt"), "mine\n");
    }
}

#[test]
fn lines_like_those_that_were_viewed_are_not_taken_for_them() {
    let text = "if (a) {\n}\nif (b) {\n}\nend\n";
    let mut bench = bench(&[("a.txt", text.as_bytes())]);
    bench.dialect = Dialect::EditLines;
    let path: ProjectPath = "a.txt".parse().unwrap();
    ask(&mut bench, "view_file", json!({ "path": "a.txt" }));
    // Two lines come above and one below: line 4 holds a brace still, but it is another one.
    let content_now = "new\nnew\nif (a) {\n}\nif (b) {\n}\nend\nmore\n";
    let entry = FileEntry::of(content_now.as_bytes());
    bench.manifest.put(path, entry, &Limits::DEFAULT).unwrap();
    bench
        .contents
        .insert(entry.hash, content_now.as_bytes().to_vec());
    let brace = anchor(4, "}");
    let edit = |text: &str| json!({ "path": "a.txt", "edits": [[brace, brace, text]] });
    let refused = ask(&mut bench.clone(), "edit_lines", edit("} // b"));
    assert!(!refused.result.ok, "{}", refused.result.content);
    // An edit that is proven by its text does not make the rest of the view good again.
    let mut other = bench.clone();
    let landed = ask(
        &mut other,
        "line_replace",
        json!({ "path": "a.txt", "search": "if (a) {", "first_line": 3, "last_line": 3, "replacement": "if (aa) {" }),
    );
    assert!(landed.result.ok, "{}", landed.result.content);
    assert!(!ask(&mut other, "edit_lines", edit("} // b")).result.ok);
    // Below all that somebody else has changed, lines are known wherever they are.
    let below = format!("new\n{text}");
    let entry = FileEntry::of(below.as_bytes());
    bench
        .manifest
        .put("a.txt".parse().unwrap(), entry, &Limits::DEFAULT)
        .unwrap();
    bench.contents.insert(entry.hash, below.into_bytes());
    let found = ask(&mut bench, "edit_lines", edit("} // b"));
    assert!(found.result.ok, "{}", found.result.content);
    assert_eq!(
        content(&bench, "a.txt"),
        "new\nif (a) {\n}\nif (b) {\n} // b\nend\n"
    );
}

#[test]
fn a_patch_lands_as_a_whole_or_not_at_all() {
    let mut bench = bench(&[
        ("a.txt", b"one\ntwo\n"),
        ("b.txt", b"b\n"),
        ("c.txt", b"c\n"),
    ]);
    bench.dialect = Dialect::Patch;
    let before = bench.clone();
    let patch = "*** Begin Patch\n*** Add File: d.txt\n+d\n*** Delete File: b.txt\n*** Update File: c.txt\n*** Move to: e.txt\n@@\n-c\n+C\n*** Update File: a.txt\n@@\n-NAME\n+2\n*** End Patch";
    let refused = ask(
        &mut bench,
        "apply_patch",
        json!({ "patch": patch.replace("NAME", "three") }),
    );
    assert!(!refused.result.ok && refused.changes.is_empty() && refused.receipts.is_empty());
    assert_eq!(
        (&bench.manifest, &bench.views),
        (&before.manifest, &before.views)
    );

    let done = ask(
        &mut bench,
        "apply_patch",
        json!({ "patch": patch.replace("NAME", "two") }),
    );
    assert_eq!(
        done.result.content,
        "d.txt: created with 1 line\nb.txt: deleted\nc.txt: replaced line 1 by 1 line\nc.txt: is e.txt now\na.txt: replaced line 2 by 1 line"
    );
    let paths: Vec<&str> = bench
        .manifest
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(paths, ["a.txt", "d.txt", "e.txt"]);
    assert_eq!(content(&bench, "e.txt"), "C\n");
    assert_eq!(done.receipts.len(), 5);
}

#[test]
fn an_edit_that_breaks_a_file_is_refused() {
    let app = "export function App() {\n  return <p>{1}</p>\n}\n";
    let mut bench = bench(&[("App.tsx", app.as_bytes())]);
    let edit = |search: &str, line: usize, replacement: &str| json!({ "path": "App.tsx", "search": search, "first_line": line, "last_line": line, "replacement": replacement });
    let broken = ask(&mut bench, "line_replace", edit("}", 3, "}\n}"));
    assert!(!broken.result.ok);
    assert!(
        broken.result.content.starts_with(
            "App.tsx: the file would be broken by this; nothing was changed. line 4: "
        ),
        "{}",
        broken.result.content
    );
    let left_out = ask(
        &mut bench,
        "line_replace",
        edit("}", 3, "}\n// ... rest unchanged"),
    );
    assert!(
        left_out
            .result
            .content
            .contains("stands for lines that are left out"),
        "{}",
        left_out.result.content
    );
    assert_eq!(content(&bench, "App.tsx"), app);
    let whole = ask(
        &mut bench,
        "write_file",
        json!({ "path": "App.tsx", "content": "export const = 1\n" }),
    );
    assert!(
        whole
            .result
            .content
            .starts_with("App.tsx: the new content is broken"),
        "{}",
        whole.result.content
    );

    // A new file may be broken: it is mended by edits, and the result says so.
    let fresh = ask(
        &mut bench,
        "write_file",
        json!({ "path": "New.tsx", "content": "export const = 1\n" }),
    );
    assert!(
        fresh.result.ok && fresh.result.content.contains("Mend it: line 1: "),
        "{}",
        fresh.result.content
    );
    let step = ask(
        &mut bench,
        "line_replace",
        json!({ "path": "New.tsx", "search": "export const = 1", "first_line": 1, "last_line": 1, "replacement": "export const a = (1" }),
    );
    assert!(
        step.result.ok || step.result.content.contains("broken"),
        "{}",
        step.result.content
    );
    let mended = ask(
        &mut bench,
        "write_file",
        json!({ "path": "New.tsx", "content": "export const a = 1\n" }),
    );
    assert!(mended.result.ok, "{}", mended.result.content);
}
