use super::*;

/// Every way in which a search is answered, as the model reads it.
#[test]
fn files_are_searched() {
    let many = "deal(card);\n".repeat(300);
    let long = format!("{}card{}", "x".repeat(300), "y".repeat(300));
    let large = "card\n".repeat(60_000);
    let mut bench = bench(&[
        ("src/App.tsx", b"import { Card } from \"./Card\";\n\nexport function App() {\n  return (\n    <Card\n      title=\"a\"\n    />\n  );\n}\n"),
        ("src/Card.tsx", b"export function Card() {}\r\n"),
        ("src/many.ts", many.as_bytes()),
        ("src/long.css", long.as_bytes()),
        ("public/logo.png", b"card\xff"),
        ("data.json", large.as_bytes()),
    ]);
    let before = bench.clone();
    let mut answers = String::new();
    for input in [
        json!({ "query": "card" }),
        json!({ "query": "Card\\b", "case_sensitive": true, "include": "src/**/*.tsx", "context": 1 }),
        json!({ "query": "<Card(", "include": ["src/", "*.json"] }),
        json!({ "query": "<Card\\n\\s*title" }),
        json!({ "query": "\\w{20}", "include": "src/" }),
        json!({ "query": "nowhere", "exclude": "data.json\n*.png" }),
        json!({ "query": "x", "include": "lib/" }),
    ] {
        let outcome = ask(&mut bench, "search_files", input.clone());
        assert!(outcome.result.ok && outcome.changes.is_empty(), "{input}");
        answers.push_str(&format!("> {input}\n{}\n", outcome.result.content));
    }
    insta::assert_snapshot!(answers);
    assert_eq!(
        (&bench.manifest, &bench.contents),
        (&before.manifest, &before.contents)
    );
}

#[test]
fn a_search_shows_a_bounded_part_and_names_the_rest() {
    let names: Vec<String> = (0..130)
        .map(|number| format!("src/{number:03}.ts"))
        .collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"card\n"[..]))
        .collect();
    let mut many = bench(&files);
    let answer = ask(&mut many, "search_files", json!({ "query": "card" }))
        .result
        .content;
    assert!(
        answer.starts_with("130 hits for `card` in 130 files of 130, 100 of them shown\n"),
        "{answer}"
    );
    assert!(
        answer.contains("30 more hits in src/100.ts, src/101.ts"),
        "{answer}"
    );
    assert!(
        answer.contains("src/119.ts and 10 more files; narrow the search to see them."),
        "{answer}"
    );

    let wide = format!("{}card{}\n", "é".repeat(300), "é".repeat(300)).repeat(100);
    let mut heavy = bench(&[
        ("a.ts", wide.as_bytes()),
        ("b.ts", wide.as_bytes()),
        ("c.ts", wide.as_bytes()),
    ]);
    for context in 0..=10 {
        let answer = ask(
            &mut heavy,
            "search_files",
            json!({ "query": "card", "context": context }),
        )
        .result
        .content;
        assert!(
            answer.chars().count() < 64 * 1024,
            "{context}: {}",
            answer.chars().count()
        );
    }
    let query = "q".repeat(900);
    let answer = ask(&mut heavy, "search_files", json!({ "query": query })).result;
    assert_eq!(
        answer.content,
        format!("no hit for `{}…` in 3 files\n", "q".repeat(80))
    );
}

#[test]
fn a_search_that_makes_no_sense_is_refused() {
    let mut bench = bench(&[("a", b"one\n")]);
    for (input, sentence) in [
        (json!({}), "search_files: `query` is missing"),
        (
            json!({ "query": "" }),
            "search_files: `query`: there is nothing to search for; give a text or a regular expression",
        ),
        (
            json!({ "query": "a", "include": 5 }),
            "search_files: `include` must be a string or a list of strings, not 5",
        ),
        (
            json!({ "query": "a", "exclude": ["a", 5] }),
            "search_files: `exclude` must be a string or a list of strings, not a list",
        ),
        (
            json!({ "query": "a", "case_sensitive": "yes" }),
            "search_files: `case_sensitive` must be true or false, not \"yes\"",
        ),
        (
            json!({ "query": "a", "context": -1 }),
            "search_files: `context` must be a whole number from 0, not -1",
        ),
        (
            json!({ "query": "a", "context": 11 }),
            "search_files: `context` may be at most 10 lines, not 11",
        ),
        (
            json!({ "query": "a", "include": "src/{a" }),
            "search_files: `include`: in the glob `src/{a` the `{` is never closed; write `\\{` for the sign itself",
        ),
        (
            json!({ "query": "a", "path": "b" }),
            "search_files: there is no argument `path`; it takes query, include, exclude, case_sensitive, context",
        ),
    ] {
        let outcome = ask(&mut bench, "search_files", input);
        assert_eq!(
            (outcome.result.ok, outcome.result.content.as_str()),
            (false, sentence)
        );
    }
    bench.contents.clear();
    let unloaded = ask(&mut bench, "search_files", json!({ "query": "a" })).result;
    assert_eq!(
        (unloaded.ok, unloaded.content.as_str()),
        (false, "a: its content could not be loaded; try again")
    );
}

#[test]
fn a_search_may_need_every_text_file() {
    let large = "x".repeat(300 * 1024);
    let bench = bench(&[
        ("b.ts", b""),
        ("a.ts", b"x"),
        ("c.png", b"\xff"),
        ("d.json", large.as_bytes()),
    ]);
    let wanted = |calls: &[ToolCall]| needs(calls, &bench.manifest, &bench.views);
    let mut all = [&b""[..], b"x"].map(Digest::of).to_vec();
    all.sort();
    assert_eq!(
        wanted(&[call("search_files", json!({ "query": "x" }))]),
        all
    );
    all.push(Digest::of(large.as_bytes()));
    all.sort();
    let calls = [
        call("search_files", json!({ "query": "x" })),
        call("view_file", json!({ "path": "d.json" })),
        call("view_file", json!({ "path": "a.ts" })),
    ];
    assert_eq!(wanted(&calls), all);
}
