//! Real builds at every level, and starts that are refused. What a level keeps in is tested beside it, in
//! `src/sandbox/attacks.rs`.

use overskill::build::{FailureReason, Mode, Status};
use overskill_builder::{Server, StartError, sandbox::Choice, settings::Settings};

use crate::client::{Builder, TOKEN, node, shell, state, toolchain};

#[tokio::test]
async fn every_level_builds() {
    for choice in [Choice::Namespaces, Choice::Landlock, Choice::UnsafeNone] {
        if !holds(choice).await {
            continue;
        }
        let builder = Builder::start_with(|settings| settings.sandbox = choice).await;
        let level = builder.health().await["sandbox"].to_string();
        let expected = match choice {
            Choice::Namespaces => "namespaces",
            Choice::Landlock => "landlock",
            _ => "none",
        };
        assert!(level.contains(expected), "{level}");
        // Types are checked by a process of a process.
        for mode in [Mode::Development, Mode::Production] {
            let answer = builder.build(&shell(&[]), mode).await;
            assert_eq!(answer.report.status, Status::Succeeded, "{level}");
            assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
        }
        // What the strongest level makes of too much memory has a test of its own.
        if choice == Choice::Landlock {
            let bomb = "@import \"tailwindcss\";\n@source inline(\"p-[{1..9000}{1..9000}px]\");\n";
            let answer = builder
                .build(&shell(&[("src/main.css", bomb)]), Mode::Development)
                .await;
            assert_eq!(answer.report.reason, Some(FailureReason::Memory), "{level}");
            let answer = builder.build(&shell(&[]), Mode::Development).await;
            assert_eq!(answer.report.status, Status::Succeeded, "{level}");
        }
        builder.stop().await;
    }
}

/// Whether the level is offered here. What it refuses with says what to do.
async fn holds(choice: Choice) -> bool {
    let state = state();
    let hash = overskill::digest::Digest::of(TOKEN.as_bytes());
    let mut settings = Settings::new(toolchain(), state.clone(), hash);
    settings.node = node();
    settings.sandbox = choice;
    let held = match Server::start(settings).await {
        Ok(_) => true,
        Err(StartError::Sandbox(error)) => {
            assert!(error.to_string().contains("--unsafe-no-sandbox"), "{error}");
            false
        }
        Err(error) => panic!("{error}"),
    };
    let _ = std::fs::remove_dir_all(state);
    held
}
