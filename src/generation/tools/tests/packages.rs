//! The tools for packages, with answers that a builder could have given.

use super::*;
use crate::build::{DependencyAnswer, DependencyQuestion};

const LIST: &str = "{\n  \"name\": \"app\",\n  \"dependencies\": {\n    \"clsx\": \"2.1.1\",\n    \"react\": \"19.3.1\"\n  },\n  \"devDependencies\": { \"vite\": \"8.3.8\" }\n}\n";

fn resolved(version: &str) -> DependencyAnswer {
    DependencyAnswer::Resolved {
        version: version.to_owned(),
        warning: None,
        package_lock: Some("{}\n".to_owned()),
    }
}

/// Runs a call, before which the builder answers, if it is asked.
fn asked(
    call: &ToolCall,
    bench: &mut Workbench<'_>,
    mut builder: impl FnMut(&DependencyQuestion) -> Option<DependencyAnswer>,
) -> Outcome {
    if let Some((wanted, question)) = question(call, bench) {
        let answer = builder(&question);
        bench.packages.insert(wanted, answer);
    }
    run(call, bench)
}

fn add(list: &str, name: &str, answer: Option<DependencyAnswer>) -> (Outcome, String) {
    let mut bench = bench(&[("package.json", list.as_bytes())]);
    let call = call("add_dependency", json!({ "name": name }));
    let outcome = asked(&call, &mut bench, |_| answer.clone());
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
fn each_question_is_about_what_the_calls_before_it_have_left() {
    let mut bench = bench(&[
        ("package.json", LIST.as_bytes()),
        ("package-lock.json", b"lock"),
    ]);
    let calls = [
        call("add_dependency", json!({ "name": " zod ", "version": "4" })),
        call("remove_dependency", json!({ "name": "clsx" })),
        call("add_dependency", json!({ "name": "date-fns" })),
        // Once more: nobody is asked, and the lock file of the first answer does not come back.
        call("add_dependency", json!({ "name": "zod", "version": "4" })),
        call("add_dependency", json!({ "name": "" })),
        call("add_dependency", json!({ "name": "x".repeat(300) })),
        call(
            "add_dependency",
            json!({ "name": "x", "version": "1".repeat(300) }),
        ),
    ];
    assert_eq!(needs(&calls, &bench.manifest, &Views::new()).len(), 2);
    let mut questions = Vec::new();
    let outcomes: Vec<bool> = calls
        .iter()
        .map(|call| {
            let outcome = asked(call, &mut bench, |question| {
                questions.push(question.clone());
                // As the builder does: what was locked stays locked.
                let before = question.package_lock.as_deref().unwrap_or_default();
                Some(DependencyAnswer::Resolved {
                    version: "4.0.0".to_owned(),
                    warning: None,
                    package_lock: Some(format!("{before} {}", question.name)),
                })
            });
            outcome.result.ok
        })
        .collect();
    assert_eq!(outcomes, [true, true, true, true, false, false, false]);
    let [first, second] = &questions[..] else {
        panic!("{questions:?}");
    };
    assert_eq!(
        (first.name.as_str(), first.version.as_deref()),
        ("zod", Some("4"))
    );
    assert_eq!(first.package_json, LIST);
    assert_eq!(first.package_lock.as_deref(), Some("lock"));
    assert_eq!(
        (second.name.as_str(), second.version.as_deref()),
        ("date-fns", None)
    );
    assert!(second.package_json.contains("zod") && !second.package_json.contains("clsx"));
    assert_eq!(second.package_lock.as_deref(), Some("lock zod"));
    assert_eq!(content(&bench, "package-lock.json"), "lock zod date-fns");
}

#[test]
fn a_step_asks_about_so_many_packages_and_no_more() {
    let mut bench = bench(&[("package.json", LIST.as_bytes())]);
    let most = bench.limits.step_packages;
    let mut questions = 0;
    let mut last = None;
    for number in 0..=most {
        let call = call("add_dependency", json!({ "name": format!("p{number}") }));
        // A builder that does not answer is not asked for ever either.
        last = Some(asked(&call, &mut bench, |_| {
            questions += 1;
            None
        }));
    }
    assert_eq!(questions, most);
    assert_eq!(
        last.unwrap().result.content,
        "p8 was not added: one step adds at most 8 packages; add it once more"
    );
}
