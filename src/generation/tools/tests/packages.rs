//! The tools for packages, with answers that a builder could have given.

use super::*;

const LIST: &str = "{\n  \"name\": \"app\",\n  \"dependencies\": {\n    \"clsx\": \"2.1.1\",\n    \"react\": \"19.3.1\"\n  },\n  \"devDependencies\": { \"vite\": \"8.3.8\" }\n}\n";

fn resolved(version: &str) -> DependencyAnswer {
    DependencyAnswer::Resolved {
        version: version.to_owned(),
        warning: None,
        package_lock: Some("{}\n".to_owned()),
    }
}

fn add(list: &str, name: &str, answer: Option<DependencyAnswer>) -> (Outcome, String) {
    let mut bench = bench(&[("package.json", list.as_bytes())]);
    bench.packages = answer
        .map(|answer| ("c1".to_owned(), answer))
        .into_iter()
        .collect();
    let outcome = ask(&mut bench, "add_dependency", json!({ "name": name }));
    let text = content(&bench, "package.json");
    (outcome, text)
}

#[test]
fn a_package_is_added_in_its_place_and_nothing_else_changes() {
    let (outcome, text) = add(LIST, "date-fns", Some(resolved("4.4.0")));
    assert!(outcome.result.ok, "{}", outcome.result.content);
    assert_eq!(
        outcome.result.content,
        "package.json: date-fns was added in version 4.4.0"
    );
    assert_eq!(
        text,
        LIST.replace(
            "    \"react\"",
            "    \"date-fns\": \"4.4.0\",\n    \"react\""
        )
    );
    let paths: Vec<_> = outcome
        .changes
        .iter()
        .map(|change| change.path.as_str())
        .collect();
    assert_eq!(paths, ["package.json", "package-lock.json"]);

    let (_, text) = add(LIST, "zod", Some(resolved("4.0.0")));
    assert_eq!(
        text,
        LIST.replace("\"19.3.1\"", "\"19.3.1\",\n    \"zod\": \"4.0.0\"")
    );
    // In the list that it is in.
    let (_, text) = add(LIST, "vite", Some(resolved("8.4.0")));
    assert_eq!(text, LIST.replace("8.3.8", "8.4.0"));
    let (outcome, text) = add(LIST, "react", Some(resolved("19.3.1")));
    assert_eq!(text, LIST);
    assert!(
        outcome.result.content.contains("already"),
        "{}",
        outcome.result.content
    );
}

#[test]
fn lists_are_made_where_there_are_none() {
    for (list, expected) in [
        (
            "{}",
            "{\n  \"dependencies\": {\n    \"zod\": \"4.0.0\"\n  }\n}\n",
        ),
        (
            "{\n  \"name\": \"app\"\n}\n",
            "{\n  \"name\": \"app\",\n  \"dependencies\": {\n    \"zod\": \"4.0.0\"\n  }\n}\n",
        ),
        (
            "{\n  \"dependencies\": {}\n}\n",
            "{\n  \"dependencies\": {\n    \"zod\": \"4.0.0\"\n  }\n}\n",
        ),
        (
            "{\"dependencies\":{\"a\":\"1\"}}",
            "{\"dependencies\":{\"a\":\"1\",\"zod\": \"4.0.0\"}}",
        ),
    ] {
        let (outcome, text) = add(list, "zod", Some(resolved("4.0.0")));
        assert!(outcome.result.ok, "{list}: {}", outcome.result.content);
        assert_eq!(text, expected);
    }
}

#[test]
fn what_is_refused_changes_nothing_and_says_why() {
    let refused = DependencyAnswer::Refused {
        message: "The registry has no package `rechart`.".to_owned(),
        suggestion: Some("Did you mean `recharts`?".to_owned()),
    };
    for (list, answer, says) in [
        (
            LIST,
            Some(refused),
            "rechart was not added: The registry has no package `rechart`. Did you mean `recharts`?",
        ),
        (
            LIST,
            None,
            "rechart was not added: the builder, which knows the registry, could not be asked; try again later",
        ),
        (
            "{",
            Some(resolved("1.0.0")),
            "package.json: cannot be read as a JSON object with lists of packages; mend it first. Nothing was changed",
        ),
        (
            "{ \"dependencies\": [] }",
            Some(resolved("1.0.0")),
            "package.json: cannot be read as a JSON object with lists of packages; mend it first. Nothing was changed",
        ),
    ] {
        let (outcome, text) = add(list, "rechart", answer);
        assert!(!outcome.result.ok);
        assert_eq!(outcome.result.content, says);
        assert!(outcome.changes.is_empty());
        assert_eq!(text, list);
    }
}

#[test]
fn a_package_is_removed_with_its_comma() {
    for (name, expected) in [
        ("clsx", LIST.replace("\"clsx\": \"2.1.1\",\n    ", "")),
        ("react", LIST.replace(",\n    \"react\": \"19.3.1\"", "")),
        ("vite", LIST.replace("{ \"vite\": \"8.3.8\" }", "{}")),
    ] {
        let mut bench = bench(&[("package.json", LIST.as_bytes())]);
        let outcome = ask(&mut bench, "remove_dependency", json!({ "name": name }));
        assert!(outcome.result.ok, "{}", outcome.result.content);
        assert_eq!(content(&bench, "package.json"), expected);
    }
    let mut bench = bench(&[("package.json", LIST.as_bytes())]);
    let outcome = ask(&mut bench, "remove_dependency", json!({ "name": "zod" }));
    assert_eq!(
        outcome.result.content,
        "remove_dependency: package.json does not list `zod`; it lists clsx, react, vite"
    );
}

#[test]
fn the_builder_is_asked_with_the_files_as_they_are() {
    let bench = bench(&[
        ("package.json", LIST.as_bytes()),
        ("package-lock.json", b"{}"),
    ]);
    let text = |hash: &Digest| std::str::from_utf8(bench.contents.get(hash)?).ok();
    let calls = [
        call("add_dependency", json!({ "name": " zod ", "version": "4" })),
        call("add_dependency", json!({ "name": "" })),
        call("add_dependency", json!({ "name": "x".repeat(300) })),
        call("remove_dependency", json!({ "name": "react" })),
    ];
    let asked = questions(&calls, &bench.manifest, text);
    let [(id, question)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!((id.as_str(), question.name.as_str()), ("c1", "zod"));
    assert_eq!(question.version.as_deref(), Some("4"));
    assert_eq!(question.package_json, LIST);
    assert_eq!(question.package_lock.as_deref(), Some("{}"));
    assert_eq!(needs(&calls, &bench.manifest, &Views::new()).len(), 2);
}
