//! Packages that are not baked in: installed from a registry of the tests, kept, or refused with advice.

use std::{fs, io::ErrorKind, path::Path, time::Duration};

use overskill::build::{Diagnostic, FailureReason, Mode, Status};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Builder, Sources, TOKEN, job, read_response, shell, state},
    registry::Registry,
};

const HOME: &str =
    "import { greet } from \"greeting\"\n\nexport const Home = () => <p>{greet()}</p>\n";

/// A package that needs another and React, and comes with a script; what the tests refuse beside it.
fn packages() -> Value {
    let script = json!({ "postinstall": "node -e \"require('fs').writeFileSync('ran', '')\"" });
    json!({
        "greeting": { "versions": {
            "1.0.0": { "files": {
                "index.js": "import { createElement } from 'react'\nimport { word } from 'greeting-word'\nexport const greet = () => createElement('b', null, word + ' from the registry')\n",
                "index.d.ts": "export declare const greet: () => import('react').ReactNode\n",
            }, "manifest": {
                "scripts": script, "types": "./index.d.ts",
                "exports": { "types": "./index.d.ts", "default": "./index.js" },
                "dependencies": { "greeting-word": "^1.0.0" }, "peerDependencies": { "react": ">=18" },
            } },
            "1.1.0": { "hours": 2, "files": { "index.js": "export const greet = () => 'young'\n" } },
        } },
        "greeting-word": { "versions": { "1.0.0": { "files": { "index.js": "export const word = 'hello'\n" } } } },
        "calls-it-otherwise": { "versions": { "1.0.0": {
            "files": { "index.js": "import { word } from 'word'\nexport const said = word + ' otherwise'\n" },
            "manifest": { "dependencies": { "word": "npm:greeting-word@^1.0.0" } },
        } } },
        "newborn": { "versions": { "0.1.0": { "hours": 1, "files": { "index.js": "" } } } },
        "elsewhere": { "versions": { "1.0.0": { "manifest": { "dependencies": { "far": "http://127.0.0.1:9/far.tgz" } } } } },
        "by-git": { "versions": { "1.0.0": { "manifest": { "dependencies": { "far": "github:far/away" } } } } },
        "altered": { "versions": { "1.0.0": { "served": "something else" } } },
        "react": { "versions": { "16.14.0": {}, "19.3.1": {} } },
        "for-another-react": { "versions": { "1.0.0": {
            "files": { "index.js": "export const other = 'made for another'\n" },
            "manifest": { "peerDependencies": { "react": "^16.0.0" } },
        } } },
    })
}

/// The small app, with these packages and those that it needs anyway, and a page that greets.
fn app(dependencies: &Value, lock: Option<&str>) -> Sources {
    let mut all = json!({ "react": "19.3.1", "react-dom": "19.3.1" });
    for (name, version) in dependencies.as_object().unwrap() {
        all[name] = version.clone();
    }
    let package = json!({
        "name": "app", "dependencies": all, "devDependencies": { "tailwindcss": "4.3.3" },
    });
    let package = serde_json::to_string_pretty(&package).unwrap();
    let mut sources = shell(&[("src/pages/Home.tsx", HOME), ("package.json", &package)]);
    if let Some(lock) = lock {
        sources.insert("package-lock.json".to_owned(), lock.as_bytes().to_vec());
    }
    sources
}

fn greeting() -> Sources {
    app(
        &json!({ "react": "19.3.1", "react-dom": "19.3.1", "greeting": "^1.0.0" }),
        None,
    )
}

async fn start(registry: &Registry) -> Builder {
    start_at(registry, &state()).await
}

async fn start_at(registry: &Registry, state: &Path) -> Builder {
    Builder::start_with(|settings| {
        settings.registry.clone_from(&registry.url);
        settings.state = state.to_owned();
    })
    .await
}

/// Waits until nothing of a builder that has stopped holds its state folder.
async fn until_free(state: &Path) {
    for _ in 0..200 {
        let lock = fs::File::open(state.join("lock")).unwrap();
        if lock.try_lock().is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the state folder is still held after 10 s");
}

async fn refused(builder: &Builder, sources: &Sources) -> Vec<Diagnostic> {
    let answer = builder.build(sources, Mode::Development).await;
    assert_eq!(answer.report.status, Status::Failed, "{:?}", answer.logs);
    assert_eq!(answer.report.reason, Some(FailureReason::Source));
    of_list(answer.diagnostics)
}

/// The line of `package.json` that lists a package.
fn line_of(sources: &Sources, name: &str) -> Option<u32> {
    let text = std::str::from_utf8(&sources["package.json"]).unwrap();
    let line = text
        .lines()
        .position(|line| line.trim().starts_with(&format!("{name:?}:")));
    line.map(|line| u32::try_from(line).unwrap() + 1)
}

/// Those that are about packages: the page imports one that may not be there.
fn of_list(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let of_page = |one: &Diagnostic| {
        one.path
            .as_ref()
            .is_some_and(|path| path.extension() == "tsx")
    };
    diagnostics
        .into_iter()
        .filter(|one| !of_page(one))
        .collect()
}

/// Code, file, line and advice.
fn told(diagnostic: &Diagnostic) -> (&str, &str, Option<u32>, &str) {
    (
        diagnostic.code.as_deref().unwrap_or_default(),
        diagnostic.path.as_ref().map_or("", |path| path.as_str()),
        diagnostic.line,
        diagnostic.suggestion.as_deref().unwrap_or_default(),
    )
}

/// What is done to an entry of a lock file.
type Change<'a> = &'a dyn Fn(&mut Value);

fn count(answer: &Answer, text: &str) -> usize {
    let scripts = answer
        .artifacts
        .iter()
        .filter(|file| file.path.extension() == "js");
    let found = scripts.map(|file| String::from_utf8_lossy(&file.content).matches(text).count());
    found.sum()
}

#[tokio::test]
async fn a_package_is_installed_built_and_kept() {
    let registry = Registry::start(&packages());
    let state = state();
    let builder = start_at(&registry, &state).await;
    let plain = builder.build(&shell(&[]), Mode::Development).await;
    assert_eq!(registry.asked(), Vec::<String>::new());
    assert_eq!(
        (plain.report.timings.install_ms, plain.lockfile.as_deref()),
        (0, None)
    );

    let first = builder.build(&greeting(), Mode::Production).await;
    assert_eq!(
        first.report.status,
        Status::Succeeded,
        "{:?}",
        first.diagnostics
    );
    assert_eq!(first.diagnostics, []);
    assert!(first.report.timings.install_ms > 0);
    assert_eq!(count(&first, "from the registry"), 1);
    assert!(first.logs.contains(&format!(
        "2 packages were installed, in {} ms",
        first.report.timings.install_ms
    )));
    // Not the one of today.
    let lock: Value = serde_json::from_str(first.lockfile.as_deref().unwrap()).unwrap();
    let locked = &lock["packages"]["node_modules/greeting"];
    assert_eq!(locked["version"], "1.0.0");
    assert!(locked["integrity"].is_string() && locked["resolved"].is_null());
    assert_eq!(lock["packages"][""]["dependencies"]["greeting"], "^1.0.0");
    assert_eq!(lock["packages"]["node_modules/react"]["version"], "19.3.1");
    let asked = registry.asked();
    assert!(
        asked.contains(&"/greeting/-/greeting-1.0.0.tgz".to_owned()),
        "{asked:?}"
    );
    // What is baked is not fetched again, and there is one React.
    let bare = builder.build(&shell(&[]), Mode::Production).await;
    let mark = "react.transitional.element";
    assert!(count(&bare, mark) > 0 && count(&first, mark) == count(&bare, mark));
    assert!(
        !asked.iter().any(|path| path.starts_with("/react/-/")),
        "{asked:?}"
    );
    let again = builder.build(&greeting(), Mode::Development).await;
    assert_eq!(again.report.status, Status::Succeeded);
    // With the lock file that came back.
    let settled = app(
        &json!({ "react": "19.3.1", "react-dom": "19.3.1", "greeting": "^1.0.0" }),
        first.lockfile.as_deref(),
    );
    let settled = builder.build(&settled, Mode::Development).await;
    assert_eq!(
        (settled.report.status, settled.lockfile),
        (Status::Succeeded, None)
    );
    assert_eq!(registry.asked(), Vec::<String>::new());
    builder.stop().await;

    // No script ran, and what was installed outlives the builder.
    let installs: Vec<_> = fs::read_dir(state.join("installs")).unwrap().collect();
    let [Ok(install)] = &installs[..] else {
        panic!("{installs:?}");
    };
    let package = install.path().join("node_modules/greeting");
    assert!(package.join("index.js").is_file() && !package.join("ran").exists());
    until_free(&state).await;
    let builder = start_at(&registry, &state).await;
    let after = builder.build(&greeting(), Mode::Development).await;
    assert_eq!(after.report.status, Status::Succeeded);
    assert_eq!(after.artifact(".js"), again.artifact(".js"));
    assert_eq!(registry.asked(), Vec::<String>::new());
    builder.stop().await;
    fs::remove_dir_all(state).unwrap();
}

#[tokio::test]
async fn equal_apps_at_once_install_once() {
    let registry = Registry::start(&packages());
    let builder = Builder::start_with(|settings| {
        settings.registry.clone_from(&registry.url);
        settings.slots = std::num::NonZeroUsize::new(2).unwrap();
    })
    .await;
    let mut streams = Vec::new();
    for id in ["one", "two", "three"] {
        streams.push(builder.open(&job(id, Mode::Development, &greeting())).await);
    }
    for stream in &mut streams {
        let answer = read_response(stream).await.answer().unwrap();
        assert_eq!(answer.report.status, Status::Succeeded);
    }
    let tarballs = registry
        .asked()
        .into_iter()
        .filter(|path| path.ends_with("greeting-1.0.0.tgz"));
    assert_eq!(tarballs.count(), 1);
    builder.stop().await;
}

#[tokio::test]
async fn types_of_packages_are_found() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    let mut sources = greeting();
    let wrong =
        "import { greet } from \"greeting\"\n\nexport const Home = () => <p>{greet(3)}</p>\n";
    sources.insert("src/pages/Home.tsx".to_owned(), wrong.into());
    let answer = builder.build(&sources, Mode::Production).await;
    let [one] = &answer.diagnostics[..] else {
        panic!("{:?}", answer.diagnostics);
    };
    assert_eq!((one.code.as_deref(), one.line), (Some("TS2554"), Some(3)));
    builder.stop().await;
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_all_at_once_with_advice() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    let dependencies = json!({
        "rechart": "^2.0.0", "frobnicator-qzxv": "1.0.0", "greeting": "^9.0.0", "newborn": "*", "greeting-word": "1.0.0",
    });
    let sources = app(&dependencies, None);
    let diagnostics = refused(&builder, &sources).await;
    assert_eq!(diagnostics.len(), 4, "{diagnostics:#?}");
    let of = |name: &str| {
        let line = line_of(&sources, name);
        let found = diagnostics.iter().find(|one| one.line == line).unwrap();
        let (code, path, _, advice) = told(found);
        assert_eq!(path, "package.json");
        (code, advice)
    };
    let advice = "Correct the name, or remove it from package.json and do without it.";
    assert_eq!(of("frobnicator-qzxv"), ("unknown_package", advice));
    let advice = "The newest that may be used is `1.0.0`: ask for `^1.0.0`.";
    assert_eq!(of("greeting"), ("unknown_version", advice));
    let (code, advice) = of("newborn");
    assert_eq!(code, "young_package");
    assert!(
        advice.starts_with("It has no older version: do without it, or wait until 20"),
        "{advice}"
    );
    let (code, advice) = of("rechart");
    assert_eq!(code, "unknown_package");
    assert!(advice.starts_with("Did you mean `recharts`"), "{advice}");

    let young = refused(&builder, &app(&json!({ "greeting": "1.1.0" }), None)).await;
    assert_eq!(young[0].code.as_deref(), Some("young_package"));
    assert!(
        young[0]
            .suggestion
            .as_deref()
            .unwrap()
            .starts_with("Use `1.0.0`, or wait until"),
        "{young:?}"
    );
    builder.stop().await;

    // Where the operator does not mind.
    let builder = Builder::start_with(|settings| {
        settings.registry.clone_from(&registry.url);
        settings.minimum_package_age = Duration::ZERO;
    })
    .await;
    let answer = builder
        .build(
            &app(&json!({ "greeting": "^1.0.0" }), None),
            Mode::Development,
        )
        .await;
    assert_eq!(
        answer.report.status,
        Status::Succeeded,
        "{:?}",
        answer.diagnostics
    );
    assert_eq!(count(&answer, "young"), 1);
    builder.stop().await;
}

#[tokio::test]
async fn nothing_comes_from_elsewhere() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    for spec in [
        "git+https://host.example/x.git",
        "file:../../etc",
        "http://127.0.0.1:9/x.tgz",
        "far/away",
        "npm:greeting@1",
    ] {
        let sources = app(&json!({ "greeting": spec }), None);
        let diagnostics = refused(&builder, &sources).await;
        let (code, path, line, advice) = told(&diagnostics[0]);
        assert_eq!(
            (code, path, line),
            (
                "foreign_package",
                "package.json",
                line_of(&sources, "greeting")
            ),
            "{spec}"
        );
        assert!(advice.contains("\"greeting\": \"^1.0.0\""), "{advice}");
    }
    for name in ["elsewhere", "by-git"] {
        let diagnostics = refused(&builder, &app(&json!({ name: "1.0.0" }), None)).await;
        assert_eq!(
            diagnostics[0].code.as_deref(),
            Some("foreign_package"),
            "{diagnostics:?}"
        );
    }
    let diagnostics = refused(&builder, &app(&json!({ "altered": "1.0.0" }), None)).await;
    assert_eq!(
        diagnostics[0].code.as_deref(),
        Some("altered_package"),
        "{diagnostics:?}"
    );
    builder.stop().await;
}

#[tokio::test]
async fn a_lock_file_is_honoured_and_not_trusted() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    let dependencies = json!({ "react": "19.3.1", "react-dom": "19.3.1", "greeting": "^1.0.0" });
    let answer = builder
        .build(&app(&dependencies, None), Mode::Development)
        .await;
    assert!(answer.report.packages_resolved);
    let lock: Value = serde_json::from_str(&answer.lockfile.unwrap()).unwrap();
    let with = |change: Change<'_>| {
        let mut lock = lock.clone();
        change(&mut lock["packages"]["node_modules/greeting"]);
        app(&dependencies, Some(&lock.to_string()))
    };
    // Which registry it came from does not matter: the content is the same.
    let answer = builder
        .build(
            &with(&|entry| entry["resolved"] = json!("https://mirror.example/greeting.tgz")),
            Mode::Development,
        )
        .await;
    assert_eq!(
        answer.report.status,
        Status::Succeeded,
        "{:?}",
        answer.diagnostics
    );
    assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
    let anew: [(&str, Change<'_>); 5] = [
        ("a folder", &|entry| entry["link"] = json!(true)),
        ("git+ssh://git@host.example/far.git#1", &|entry| {
            entry["resolved"] = json!("git+ssh://git@host.example/far.git#1")
        }),
        ("no integrity", &|entry| {
            entry.as_object_mut().unwrap().remove("integrity");
        }),
        // Two hours old, which npm itself does not look at.
        ("`greeting` 1.1.0 was published too recently", &|entry| {
            entry["version"] = json!("1.1.0");
            entry["integrity"] = json!("sha512-AA==");
        }),
        ("no version of `greeting` that `1.0.9` allows", &|entry| {
            entry["version"] = json!("1.0.9");
        }),
    ];
    for (why, change) in anew {
        let sources = with(change);
        let answer = builder.build(&sources, Mode::Development).await;
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{why}: {:?}",
            answer.diagnostics
        );
        assert_eq!(count(&answer, "from the registry"), 1, "{why}");
        let [told] = &answer.diagnostics[..] else {
            panic!("{why}: {:?}", answer.diagnostics);
        };
        assert_eq!(told.code.as_deref(), Some("lock_file"));
        assert!(told.message.contains(why), "{}", told.message);
        let written: Value = serde_json::from_str(answer.lockfile.as_deref().unwrap()).unwrap();
        assert_eq!(written["packages"], lock["packages"], "{why}");
        // Whoever takes that lock file reads no more of it.
        let mended = app(&dependencies, answer.lockfile.as_deref());
        let answer = builder.build(&mended, Mode::Development).await;
        assert!(!answer.report.packages_resolved, "{why}");
        assert!(
            answer.diagnostics.is_empty(),
            "{why}: {:?}",
            answer.diagnostics
        );
    }
    let altered = with(&|entry| entry["integrity"] = json!("sha512-AA=="));
    let diagnostics = refused(&builder, &altered).await;
    let (code, path, _, advice) = told(&diagnostics[0]);
    assert_eq!(
        (code, path),
        ("altered_package", "package-lock.json"),
        "{diagnostics:?}"
    );
    assert!(advice.starts_with("Remove package-lock.json"), "{advice}");
    // One that cannot be read is as good as none.
    let answer = builder
        .build(&app(&dependencies, Some("{")), Mode::Development)
        .await;
    assert_eq!(answer.report.status, Status::Succeeded);
    assert!(answer.lockfile.is_some());
    builder.stop().await;
}

#[tokio::test]
async fn a_package_that_another_needs_by_another_name_is_found() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    let home =
        "import { said } from \"calls-it-otherwise\"\n\nexport const Home = () => <p>{said}</p>\n";
    let mut sources = app(&json!({ "calls-it-otherwise": "1.0.0" }), None);
    sources.insert("src/pages/Home.tsx".to_owned(), home.as_bytes().to_vec());
    let answer = builder.build(&sources, Mode::Development).await;
    assert_eq!(
        answer.report.status,
        Status::Succeeded,
        "{:?}",
        answer.diagnostics
    );
    assert_eq!(count(&answer, "hello"), 1);
    let lock = answer.lockfile.unwrap();
    sources.insert("package-lock.json".to_owned(), lock.into_bytes());
    let again = builder.build(&sources, Mode::Development).await;
    assert_eq!(
        again.report.status,
        Status::Succeeded,
        "{:?}",
        again.diagnostics
    );
    assert!(again.lockfile.is_none(), "{:?}", again.lockfile);
    builder.stop().await;

    // The list is of what the registry has, not of what it is called.
    let list = std::env::temp_dir().join(format!("overskill-aliases-{}", std::process::id()));
    fs::write(&list, "calls-it-otherwise\nword\n").unwrap();
    let builder = Builder::start_with(|settings| {
        settings.registry.clone_from(&registry.url);
        settings.allowed_packages = Some(list.clone());
    })
    .await;
    let diagnostics = refused(&builder, &sources).await;
    assert_eq!(diagnostics[0].code.as_deref(), Some("package_not_allowed"));
    assert!(
        diagnostics[0].message.contains("`greeting-word`"),
        "{diagnostics:?}"
    );
    builder.stop().await;
    fs::remove_file(&list).unwrap();
}

#[tokio::test]
async fn hostile_tarballs_leave_nothing_outside() {
    let outside = std::env::temp_dir().join(format!("overskill-outside-{}", std::process::id()));
    let absolute = outside.to_str().unwrap();
    let code = json!({ "index.js": "export const greet = () => 'ours'\n" });
    let hostile = |raw: Value| json!({ "versions": { "1.0.0": { "files": code, "raw": raw } } });
    let registry = Registry::start(&json!({
        "climber": hostile(json!([
            { "name": "package/../../../../climbed", "content": "x" }, { "name": "../../climbed", "content": "x" },
        ])),
        "absolute": hostile(json!([{ "name": absolute, "content": "x" }])),
        "linker": hostile(json!([
            { "name": "package/link", "type": "2", "link": "/etc" }, { "name": "package/link/linked", "content": "x" },
            { "name": "package/hard", "type": "1", "link": "/etc/hostname" },
        ])),
        "bomb": hostile(json!([{ "name": "package/zeros", "zeros": 300 * 1024 * 1024 }])),
    }));
    let state = state();
    let builder = start_at(&registry, &state).await;
    let page = HOME.replace("greeting", "NAME");
    for name in ["climber", "absolute", "linker"] {
        let mut sources = app(&json!({ name: "1.0.0" }), None);
        sources.insert(
            "src/pages/Home.tsx".to_owned(),
            page.replace("NAME", name).into_bytes(),
        );
        let answer = builder.build(&sources, Mode::Development).await;
        // The rest of it may be installed.
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{name}: {:?}",
            answer.diagnostics
        );
    }
    let answer = builder
        .build(&app(&json!({ "bomb": "1.0.0" }), None), Mode::Development)
        .await;
    assert_eq!(
        answer.report.reason,
        Some(FailureReason::Output),
        "{:?}",
        answer.diagnostics
    );
    assert_eq!(
        of_list(answer.diagnostics)[0].code.as_deref(),
        Some("too_many_packages")
    );
    assert!(!outside.exists() && !Path::new("/etc/linked").exists());
    let mut folders = vec![state.clone()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // The builder empties what the last build used, meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound && folder != state => continue,
            Err(error) => panic!("{}: {error}", folder.display()),
        };
        for entry in entries {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let kind = entry.file_type().unwrap();
            assert!(
                name != "climbed"
                    || entry
                        .path()
                        .to_str()
                        .unwrap()
                        .contains("node_modules/climber"),
                "{entry:?}"
            );
            assert!(name != "hard", "{entry:?}");
            assert!(!kind.is_symlink() || name == "node_modules", "{entry:?}");
            if kind.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    builder.stop().await;
    fs::remove_dir_all(state).unwrap();
}

#[tokio::test]
async fn only_allowed_packages_are_installed() {
    let registry = Registry::start(&packages());
    let list = std::env::temp_dir().join(format!("overskill-list-{}", std::process::id()));
    fs::write(&list, "greeting\nfor-another-react\n").unwrap();
    let builder = Builder::start_with(|settings| {
        settings.registry.clone_from(&registry.url);
        settings.allowed_packages = Some(list.clone());
    })
    .await;
    fs::remove_file(&list).unwrap();
    let sources = app(&json!({ "greetings": "1" }), None);
    let diagnostics = refused(&builder, &sources).await;
    assert_eq!(
        told(&diagnostics[0]),
        (
            "package_not_allowed",
            "package.json",
            line_of(&sources, "greetings"),
            "Did you mean `greeting`? Do without it."
        )
    );
    assert_eq!(registry.asked(), Vec::<String>::new());
    // What it needs is not allowed.
    let diagnostics = refused(&builder, &greeting()).await;
    assert_eq!(diagnostics[0].code.as_deref(), Some("package_not_allowed"));
    assert!(
        diagnostics[0].message.contains("`greeting-word`"),
        "{diagnostics:?}"
    );
    builder.stop().await;
}

#[tokio::test]
async fn what_does_not_fit_is_built_with_a_warning() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    let mut sources = app(
        &json!({ "react": "^19.0.0", "for-another-react": "1.0.0" }),
        None,
    );
    let page =
        "import { other } from \"for-another-react\"\n\nexport const Home = () => <p>{other}</p>\n";
    sources.insert("src/pages/Home.tsx".to_owned(), page.into());
    for _ in 0..2 {
        let answer = builder.build(&sources, Mode::Development).await;
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{:?}",
            answer.diagnostics
        );
        assert_eq!(
            answer.diagnostics[0].message,
            "Packages do not fit each other: for-another-react@1.0.0 was made for react@^16.0.0, this app has react@19.3.1."
        );
    }
    builder.stop().await;
}

#[tokio::test]
async fn a_registry_that_is_away_is_not_the_authors_fault() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    drop(registry);
    let response = builder
        .post(&job("a", Mode::Development, &greeting()))
        .await;
    assert_eq!(response.status, 200);
    assert!(!response.whole && response.answer_without_report());
    // Who needs no package is built.
    let answer = builder.build(&shell(&[]), Mode::Development).await;
    assert_eq!(answer.report.status, Status::Succeeded);
    builder.stop().await;
}

#[tokio::test]
async fn it_is_asked_before_a_package_is_added() {
    let registry = Registry::start(&packages());
    let builder = start(&registry).await;
    let ask = async |token: &str, name: &str, version: Option<&str>| {
        let question = json!({
            "name": name, "version": version, "package_lock": null,
            "package_json": String::from_utf8(app(&json!({}), None)["package.json"].clone()).unwrap(),
        });
        let body = question.to_string();
        let head = format!(
            "POST /dependencies HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            body.len()
        );
        let response = builder.request(format!("{head}{body}").as_bytes()).await;
        (
            response.status,
            serde_json::from_slice::<Value>(&response.body).unwrap(),
        )
    };
    let (status, answer) = ask(TOKEN, "greeting", None).await;
    assert_eq!(
        (status, &answer["version"]),
        (200, &json!("1.0.0")),
        "{answer}"
    );
    let (_, answer) = ask(TOKEN, "react-router", Some("^7")).await;
    assert_eq!(answer["version"], "7.18.5", "what is baked");
    let (_, answer) = ask(TOKEN, "rechart", None).await;
    assert_eq!(answer["status"], "refused");
    assert!(
        answer["suggestion"]
            .as_str()
            .unwrap()
            .contains("`recharts`"),
        "{answer}"
    );
    let (_, answer) = ask(TOKEN, "greeting", Some("git+https://host.example/x.git")).await;
    assert_eq!(answer["status"], "refused");
    let (_, answer) = ask(TOKEN, "vite", Some("1")).await;
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("comes with the builder"),
        "{answer}"
    );
    assert_eq!(ask("wrong", "greeting", None).await.0, 401);

    // The build finds it made ready.
    let answer = builder
        .build(
            &app(
                &json!({ "react": "19.3.1", "react-dom": "19.3.1", "greeting": "1.0.0" }),
                None,
            ),
            Mode::Development,
        )
        .await;
    assert_eq!(
        answer.report.status,
        Status::Succeeded,
        "{:?}",
        answer.diagnostics
    );
    assert!(answer.lockfile.is_some());
    let asked = registry.asked();
    let documents = asked
        .iter()
        .filter(|path| *path == "/greeting-word")
        .count();
    assert!(documents <= 2, "{asked:?}");
    builder.stop().await;
}
