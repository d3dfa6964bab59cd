//! Sources that do not build. Each folder of `tests/broken` is laid over `tests/shell`; its `expected.txt` is what the
//! app's author gets to read. With `OVERSKILL_UPDATE=1` the files are written instead of compared.

use std::{fmt::Write as _, fs, num::NonZeroUsize, path::Path};

use overskill::build::{Diagnostic, FailureReason, Mode, Status};

use crate::client::{Builder, read, shell};

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
        let answer = builder.build(&sources, Mode::Development).await;
        assert_eq!(answer.report.status, Status::Failed, "{}", case.display());
        assert_eq!(
            answer.report.reason,
            Some(FailureReason::Source),
            "{}",
            case.display()
        );
        let told = tell(&answer.diagnostics);
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

fn tell(diagnostics: &[Diagnostic]) -> String {
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
