//! Preflight over whole apps.
//!
//! A case is a folder in `tests/preflight/cases`: `app/` holds what it has beside `tests/preflight/shell` and the settings
//! of the foundation, `before/` the same for the tree before, `absent.txt` names files that it has not, `tables.txt` the
//! tables that are declared, and `expected.txt` what is found. `UPDATE=1` writes the expectations.
//! `tests/edge/preflight.test.mjs` builds the same folders with Vite.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use overskill::{
    preflight::{self, Diagnostic, File, Tree, Vendor},
    template,
};
use overskill_syntax::{Facts, Native, Parser};

type Files = BTreeMap<String, String>;

/// The files of the foundation that every case has.
const SETTINGS: [&str; 3] = ["package.json", "tsconfig.json", "vite.config.ts"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/preflight")
}

fn read(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// The shell with the files of a folder.
fn app(case: &Path, folder: &str) -> Files {
    let mut files = Files::new();
    read(&root().join("shell"), "", &mut files);
    for (path, content) in template::Foundation::committed().named("Case").unwrap() {
        if SETTINGS.contains(&path.as_str()) {
            files.insert(path.to_string(), String::from_utf8(content).unwrap());
        }
    }
    let own = case.join(folder);
    if own.is_dir() {
        read(&own, "", &mut files);
    }
    let absent = fs::read_to_string(case.join("absent.txt")).unwrap_or_default();
    for path in absent.lines() {
        files.remove(path);
    }
    files
}

fn facts(files: &Files) -> Vec<(&str, &str, Facts)> {
    let parsed = files
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_str(), Native.facts(path, content)));
    parsed.collect()
}

fn tree<'a>(parsed: &'a [(&'a str, &'a str, Facts)]) -> Tree<'a> {
    parsed
        .iter()
        .map(|(path, content, facts)| (*path, File { content, facts }))
        .collect()
}

fn shown(found: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in found {
        writeln!(
            text,
            "{:?} {} {}:{}:{}\n{}",
            diagnostic.severity,
            diagnostic.code.as_deref().unwrap(),
            diagnostic.path.as_ref().unwrap(),
            diagnostic.line.unwrap(),
            diagnostic.column.unwrap(),
            diagnostic.message
        )
        .unwrap();
        text.push_str(diagnostic.frame.as_deref().unwrap_or_default());
        if let Some(suggestion) = &diagnostic.suggestion {
            writeln!(text, "{suggestion}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn checked(case: &Path) -> String {
    let files = app(case, "app");
    let parsed = facts(&files);
    let before = case.join("before").is_dir().then(|| app(case, "before"));
    let before = before.as_ref().map(facts);
    let before = before.as_deref().map(tree);
    let tables = fs::read_to_string(case.join("tables.txt")).ok();
    let tables: Option<Vec<&str>> = tables.as_ref().map(|tables| tables.lines().collect());
    let found = preflight::check(
        &tree(&parsed),
        before.as_ref(),
        tables.as_deref(),
        Vendor::foundation(),
    );
    shown(&found)
}

#[test]
fn every_case_comes_out_as_expected() {
    let mut cases: Vec<_> = fs::read_dir(root().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 25);
    let mut different = Vec::new();
    for case in &cases {
        let found = checked(case);
        let expected = case.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &found).unwrap();
        } else if fs::read_to_string(&expected).ok().as_ref() != Some(&found) {
            different.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        cases.len(),
        different.join("\n")
    );
}

#[test]
fn nothing_is_wrong_with_the_foundation() {
    let files: Files = template::Foundation::committed()
        .named("A “name” & more")
        .unwrap()
        .into_iter()
        .map(|(path, content)| (path.to_string(), String::from_utf8(content).unwrap()))
        .collect();
    let parsed = facts(&files);
    let found = preflight::check(&tree(&parsed), None, None, Vendor::foundation());
    assert_eq!(shown(&found), "");
    // What a turn changes and what it breaks elsewhere.
    let mut after = files.clone();
    after.remove("src/lib/cn.ts");
    let changed = facts(&after);
    let before = tree(&parsed);
    let found = preflight::check(&tree(&changed), Some(&before), None, Vendor::foundation());
    assert!(found.len() > 10);
    assert!(
        found
            .iter()
            .all(|one| one.code.as_deref() == Some("unresolved_import")),
        "{}",
        shown(&found)
    );
}

fn check(files: &Files) -> Vec<Diagnostic> {
    let parsed = facts(files);
    preflight::check(&tree(&parsed), None, None, Vendor::foundation())
}

fn of<'a>(files: impl IntoIterator<Item = (&'a str, String)>) -> Files {
    files
        .into_iter()
        .map(|(path, content)| (path.to_owned(), content))
        .collect()
}

#[test]
fn a_file_cut_anywhere_is_survived() {
    let whole = app(&root().join("cases/120_names_are_found"), "app");
    for (path, content) in &whole {
        for end in (0..content.len()).step_by(7) {
            let mut files = whole.clone();
            let end = content.floor_char_boundary(end);
            files.insert(path.clone(), content[..end].to_owned());
            for diagnostic in check(&files) {
                assert!(diagnostic.line >= Some(1) && diagnostic.column >= Some(1));
            }
        }
    }
}

#[test]
fn names_passed_on_many_ways_are_found_in_time() {
    // Two ways at each of 50 levels: 2^50 in all.
    let mut files = of([
        (
            "src/main.ts",
            "import { x, y } from \"./a0\"\nconsole.log(x, y)\n".to_owned(),
        ),
        ("src/a50.ts", "export const x = 1\n".to_owned()),
        ("src/b50.ts", "export * from \"./a50\"\n".to_owned()),
    ]);
    for level in 0..50 {
        for side in ["a", "b"] {
            let next = level + 1;
            let text = format!("export * from \"./a{next}\"\nexport * from \"./b{next}\"\n");
            files.insert(format!("src/{side}{level}.ts"), text);
        }
    }
    let found = check(&files);
    assert_eq!(found.len(), 1, "{}", shown(&found));
    assert_eq!(found[0].message, "`y` is not exported by `src/a0.ts`.");
}

#[test]
fn very_much_that_is_wrong_is_found_in_time_and_cut() {
    let mut files = Files::new();
    for file in 0..300 {
        let mut text = String::new();
        for line in 0..100 {
            text.push_str(&format!(
                "import {{ n{line} }} from \"./nothing{file}x{line}\"\n"
            ));
            text.push_str(&format!(
                "import {{ House{line}x }} from \"lucide-react\"\n"
            ));
            text.push_str(&format!("value{line}x(n{line}, House{line}x)\n"));
        }
        files.insert(format!("src/file{file}.ts"), text);
    }
    let found = check(&files);
    assert_eq!(found.len(), preflight::MAX_DIAGNOSTICS);
    assert!(
        found
            .iter()
            .all(|one| one.severity == preflight::Severity::Error)
    );
}

#[test]
fn without_a_page_every_file_counts_as_read() {
    let broken = "import { a } from \"./nope\"\na()\n".to_owned();
    let found = check(&of([("src/lonely.ts", broken.clone())]));
    assert_eq!(found[0].severity, preflight::Severity::Error);
    let page = "<script type=\"module\" src=\"/src/main.ts\"></script>".to_owned();
    let found = check(&of([
        ("index.html", page),
        ("src/lonely.ts", broken),
        ("src/main.ts", String::new()),
    ]));
    assert_eq!(found[0].severity, preflight::Severity::Warning);
}

#[test]
fn a_page_that_is_taken_away_is_told() {
    let with = of([("index.html", "<p>".to_owned())]);
    let parsed = facts(&with);
    let empty = Tree::new();
    let found = preflight::check(&empty, Some(&tree(&parsed)), None, Vendor::foundation());
    assert_eq!(
        shown(&found),
        "Error missing_page index.html:1:1\nThere is no `index.html`, with which the build begins.\nPut it back, with `<script type=\"module\" src=\"/src/main.tsx\"></script>`.\n\n"
    );
    assert_eq!(check(&Files::new()), []);
}

#[test]
fn paths_and_plugins_of_other_projects_are_known() {
    let main = "import a from \"~/a\"\nimport b from \"lib/b\"\nimport page from \"./page.md\"\nimport v from \"virtual:x\"\nconsole.log(a, b, page, v)\n";
    let settled = check(&of([
        (
            "package.json",
            "{ \"devDependencies\": { \"vite-plugin-x\": \"1\" } }".to_owned(),
        ),
        (
            "tsconfig.json",
            "{ \"compilerOptions\": { \"paths\": { \"lib/*\": [\"./library/*\"] } } }".to_owned(),
        ),
        (
            "vite.config.ts",
            "export default { resolve: { alias: { \"~\": \"/src\" } } }\n".to_owned(),
        ),
        ("library/b.ts", "export default 1\n".to_owned()),
        ("src/page.md", "# x".to_owned()),
        ("src/main.ts", main.to_owned()),
    ]));
    assert_eq!(shown(&settled), "");
}
