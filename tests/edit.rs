//! Calls of the model's tools over small apps, in folders of `tests/edit/cases`: adding a case adds files only.
//!
//! A folder holds the files before (`before/…`), the steps (`call.json`), what the model reads after each
//! (`result.txt`) and, where something changes, the files after (`after/…`). A step is a call, `{"name","input"}`, or
//! what a user has written meanwhile, `{"user":{"path","content"}}`. `UPDATE=1` writes `result.txt` and `after` anew;
//! read what it wrote.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use overskill::config::Limits;
use overskill::edit::tokens::Ledger;
use overskill::facts::Known;
use overskill::generation::tools::{self, Dialect, Intent, Views, Workbench};
use overskill::llm::message::ToolCall;
use overskill::project::{FileEntry, Manifest};
use overskill::sorted::SortedMap;
use overskill_syntax::Native;
use serde::Deserialize;
use serde_json::Value;

type Files = BTreeMap<String, Vec<u8>>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Call { name: String, input: Value },
    User { user: Written },
}

#[derive(Deserialize)]
struct Written {
    path: String,
    content: String,
}

#[test]
fn every_case_comes_out_as_expected() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut cases: Vec<PathBuf> = folder("tests/edit/cases");
    cases.sort();
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let before = read(&case.join("before"));
        let (result, files) = play(&case, &before);
        let after = if files == before { Files::new() } else { files };
        if update {
            fs::write(case.join("result.txt"), &result).unwrap();
            write(&case.join("after"), &after);
        }
        let expected = fs::read_to_string(case.join("result.txt")).unwrap_or_default();
        if expected != result {
            wrong.push(format!(
                "{}\nexpected:\n{expected}\nfound:\n{result}",
                case.display()
            ));
        }
        if read(&case.join("after")) != after {
            let found: Vec<_> = after
                .iter()
                .map(|(path, content)| (path, String::from_utf8_lossy(content)))
                .collect();
            wrong.push(format!(
                "{}: other files than in `after`: {found:#?}",
                case.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What the model reads after each step, and the files in the end.
fn play(case: &Path, before: &Files) -> (String, Files) {
    let calls = fs::read(case.join("call.json"))
        .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let steps: Vec<Step> = serde_json::from_slice(&calls)
        .unwrap_or_else(|error| panic!("{}/call.json: {error}", case.display()));
    let known = Known::new(&Native);
    let mut bench = bench(before, &known);
    let mut result = String::new();
    for (number, step) in (1..).zip(steps) {
        match step {
            Step::User { user } => {
                put(&mut bench, &user.path, user.content.as_bytes());
                writeln!(result, "# {number}. a user writes {}", user.path).unwrap();
            }
            Step::Call { name, input } => {
                let call = ToolCall {
                    id: number.to_string(),
                    name,
                    input,
                    unreadable: None,
                };
                let kept = (bench.manifest.clone(), bench.contents.clone());
                let outcome = tools::run(&call, &mut bench);
                let how = if outcome.result.ok { "ok" } else { "refused" };
                writeln!(
                    result,
                    "# {number}. {}: {how}\n{}",
                    call.name,
                    outcome.result.content.trim_end_matches('\n')
                )
                .unwrap();
                if !outcome.result.ok {
                    assert_eq!(
                        (&bench.manifest, &bench.contents),
                        (&kept.0, &kept.1),
                        "{}: a refused call has changed files",
                        case.display()
                    );
                }
            }
        }
    }
    let contents = bench
        .manifest
        .iter()
        .map(|(path, entry)| (path.to_string(), bench.contents[&entry.hash].clone()));
    (result, contents.collect())
}

fn bench<'a>(files: &Files, syntax: &'a Known<'a>) -> Workbench<'a> {
    let mut bench = Workbench {
        packages: SortedMap::new(),
        tables: SortedMap::new(),
        manifest: Manifest::default(),
        contents: SortedMap::new(),
        views: Views::new(),
        ledger: Ledger::default(),
        intent: Intent::Auto,
        dialect: Dialect::EditLines,
        syntax,
        limits: Limits::DEFAULT,
    };
    for (path, content) in files {
        put(&mut bench, path, content);
    }
    bench
}

fn put(bench: &mut Workbench<'_>, path: &str, content: &[u8]) {
    let entry = FileEntry::of(content);
    bench
        .manifest
        .put(path.parse().unwrap(), entry, &Limits::DEFAULT)
        .unwrap();
    bench.contents.insert(entry.hash, content.to_vec());
}

fn folder(path: impl AsRef<Path>) -> Vec<PathBuf> {
    fs::read_dir(path)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default()
}

/// All files below a folder, by their path in it.
fn read(root: &Path) -> Files {
    let mut files = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(folder(&path));
        } else if path.is_file() {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
    files
}

fn write(root: &Path, files: &Files) {
    if root.exists() {
        fs::remove_dir_all(root).unwrap();
    }
    for (path, content) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
