//! Apps that did not start from our foundation. Each folder of `tests/foreign` is one; its `expected.txt` has the exit status of
//! `overskill-build` and what its author gets to read, `built.txt` what some file of the output holds: an ending and a text a
//! line. `mode.txt` says `production` where that is what is built. With `OVERSKILL_UPDATE=1` the expectations are written.

use std::{fs, num::NonZeroUsize, path::Path};

use overskill::build::{FailureReason, Mode, Status};
use serde_json::json;

use crate::{
    broken::tell,
    client::{Answer, Builder, extras, read},
    folder,
    registry::Registry,
};

#[tokio::test]
async fn every_foreign_app_is_built_or_told_why_not() {
    // What no foundation has and an app declares comes from here.
    let registry = Registry::start(&json!({
        "vue": { "versions": { "3.5.0": { "files": {
            "index.js": "export const createApp = (app) => ({ mount: () => app })\n",
        } } } },
    }));
    let builder = Builder::start_with(|settings| {
        settings.slots = const { NonZeroUsize::new(2).unwrap() };
        settings.extras = Some(extras());
        settings.registry.clone_from(&registry.url);
    })
    .await;
    let mut wrong = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let mut cases: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 15);
    for case in cases {
        let mut sources = read(&case);
        let expected = sources.remove("expected.txt").unwrap_or_default();
        let holds = sources.remove("built.txt").unwrap_or_default();
        let mode = match sources.remove("mode.txt") {
            Some(_) => Mode::Production,
            None => Mode::Development,
        };
        let told = if sources.contains_key("index.html") {
            let answer = builder.build(&sources, mode).await;
            let exit = exit(&answer);
            let holds = String::from_utf8(holds).unwrap();
            if exit == 0 {
                wrong.extend(missing(&answer, &holds, &case));
            }
            format!("exit {exit}\n\n{}", tell(&answer.diagnostics))
        } else {
            let (exit, said) = folder::build_at(&case);
            format!(
                "exit {exit}\n\n{}",
                said.replace(&format!("{}/", root.display()), "")
            )
        };
        if std::env::var_os("OVERSKILL_UPDATE").is_some() {
            fs::write(case.join("expected.txt"), &told).unwrap();
        } else if told.as_bytes() != expected {
            wrong.push(format!(
                "{}:\n{told}\ninstead of\n{}",
                case.display(),
                String::from_utf8_lossy(&expected)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    builder.stop().await;
}

/// As `overskill-build` ends.
fn exit(answer: &Answer) -> u8 {
    match (answer.report.status, answer.report.reason) {
        (Status::Succeeded, _) => 0,
        (Status::Failed, Some(FailureReason::Source)) => 1,
        (Status::Failed, _) => 2,
    }
}

/// What no file of an ending holds.
fn missing(answer: &Answer, holds: &str, case: &Path) -> Vec<String> {
    let lines = holds.lines().map(|line| line.split_once(' ').unwrap());
    let is_held = |ending: &str, text: &str| {
        let ending = format!(".{ending}");
        let mut files = answer.artifacts.iter();
        files.any(|artifact| {
            artifact.path.as_str().ends_with(&ending)
                && String::from_utf8_lossy(&artifact.content).contains(text)
        })
    };
    lines
        .filter(|(ending, text)| !is_held(ending, text))
        .map(|(ending, text)| format!("{}: no .{ending} holds {text}", case.display()))
        .collect()
}
