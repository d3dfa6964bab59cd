//! Sources that do not build, or build and do not work. Each folder of `tests/broken` is laid over `tests/shell`; its
//! `expected.txt` is what the app's author gets to read, `mode.txt` says `production` where that is what is built. What a
//! model gets to read of some of them are snapshots. With `OVERSKILL_UPDATE=1` the files are written instead of compared.

use std::{fmt::Write as _, fs, num::NonZeroUsize, path::Path};

use overskill::build::{Diagnostic, FailureReason, Mode, Status, repair_text};

use crate::client::{Builder, read, shell};

/// What builds all the same: the mistake is a warning.
const BUILT: [&str; 4] = ["circular", "circular-harmless", "types", "undefined-name"];
/// One of each kind, and all of them at once. What throws when it runs is found when a page is opened, not here.
const REPAIRED: [&str; 10] = [
    "circular",
    "css-brace-open",
    "missing-imports",
    "missing-package",
    "script",
    "syntax",
    "ten",
    "types",
    "undefined-name",
    "wrong-exports",
];

#[tokio::test]
async fn every_mistake_is_explained_where_it_was_made() {
    // While one worker builds, the next gets ready.
    let builder =
        Builder::start_with(|settings| settings.slots = const { NonZeroUsize::new(2).unwrap() })
            .await;
    let mut wrong = Vec::new();
    let mut cases: Vec<_> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    cases.sort();
    assert!(cases.len() >= 10);
    for case in cases {
        let mut sources = shell(&[]);
        sources.extend(read(&case));
        let expected = sources.remove("expected.txt").unwrap_or_default();
        let mode = match sources.remove("mode.txt") {
            Some(_) => Mode::Production,
            None => Mode::Development,
        };
        let name = case.file_name().unwrap().to_str().unwrap();
        let answer = builder.build(&sources, mode).await;
        let built = match (answer.report.status, answer.report.reason) {
            (Status::Succeeded, None) => "Built.\n\n",
            (Status::Failed, Some(FailureReason::Source)) => "",
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(built.is_empty(), !BUILT.contains(&name), "{name}");
        let told = format!("{built}{}", tell(&answer.diagnostics));
        if REPAIRED.contains(&name) {
            insta::assert_snapshot!(name, repair_text(&answer.diagnostics));
        }
        assert!(!told.contains(builder.state.to_str().unwrap()), "{told}");
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

/// Diagnostics as a text.
pub(crate) fn tell(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for one in diagnostics {
        let path = one.path.as_ref().map_or("-", |path| path.as_str());
        let line = one
            .line
            .map_or_else(|| "-".to_owned(), |line| line.to_string());
        let column = one
            .column
            .map_or_else(|| "-".to_owned(), |column| column.to_string());
        let code = one.code.as_deref().unwrap_or("-");
        writeln!(
            text,
            "{:?} {code} {path}:{line}:{column}\n{}",
            one.severity, one.message
        )
        .unwrap();
        text.push_str(one.frame.as_deref().unwrap_or_default());
        if let Some(suggestion) = &one.suggestion {
            writeln!(text, "{suggestion}").unwrap();
        }
        text.push('\n');
    }
    text
}
