//! Files of the machine that are not the project's. The ways to name one that do not need to know where the builder
//! lives are in `tests/broken`. Without a sandbox, in which these files would not be there at all: the fence holds by
//! itself.

use overskill::build::{FailureReason, Mode, Severity, Status};

use overskill_builder::sandbox::Choice;

use crate::client::{Builder, shell};

const HOME: &str = "export const Home = () => <p>{String(found)}</p>\n";

async fn unconfined() -> Builder {
    Builder::start_with(|settings| settings.sandbox = Choice::UnsafeNone).await
}

#[tokio::test]
async fn absolute_paths_lead_to_no_file_of_the_project() {
    let builder = unconfined().await;
    let secret = builder.state.canonicalize().unwrap().join("secret.json");
    std::fs::write(&secret, "{\"secret\":\"kept from everyone\"}").unwrap();
    // Whoever resolves a package looks for this in all folders above: it is no file of the project's either.
    std::fs::write(builder.state.join("package.json"), "{}").unwrap();
    let secret = secret.display();
    let cases = [
        (
            "src/pages/Home.tsx",
            format!("import found from \"{secret}?raw\"\n{HOME}"),
        ),
        (
            "src/pages/Home.tsx",
            format!("import found from \"{secret}?url&inline\"\n{HOME}"),
        ),
        (
            "src/pages/Home.tsx",
            format!("import found from \"{secret}\"\n{HOME}"),
        ),
        (
            "src/pages/Home.tsx",
            format!("import found from \"/@fs{secret}?raw\"\n{HOME}"),
        ),
        (
            "src/pages/Home.tsx",
            format!("import found from \"file://{secret}?raw\"\n{HOME}"),
        ),
        (
            "src/main.css",
            format!("@import \"tailwindcss\"; body {{ background: url({secret}) }}\n"),
        ),
        ("src/main.css", format!("@import \"{secret}\";\n")),
        (
            "src/main.css",
            format!(
                "@import \"tailwindcss\" source(\"{}\");\n",
                builder.state.display()
            ),
        ),
    ];
    for (path, content) in cases {
        let answer = builder
            .build(&shell(&[(path, &content)]), Mode::Development)
            .await;
        assert_eq!(answer.report.status, Status::Failed, "{content}");
        assert_eq!(
            answer.report.reason,
            Some(FailureReason::Source),
            "{content}"
        );
        assert_eq!(answer.artifacts.len(), 0);
        let first = &answer.diagnostics[0];
        assert_eq!(
            first.path.as_ref().map(|path| path.as_str()),
            Some(path),
            "{first:?}"
        );
        assert_eq!(first.line, Some(1), "{first:?}");
        let told = format!("{:?}", answer.diagnostics);
        assert!(!told.contains("kept from everyone"), "{told}");
    }
    builder.stop().await;
}

#[tokio::test]
async fn the_type_check_tells_nothing_of_other_files() {
    let builder = unconfined().await;
    std::fs::write(
        builder.state.join("secret.ts"),
        "export const secret = \"kept from everyone\" as const\n",
    )
    .unwrap();
    // Vite drops an import of types without following it; the compiler quotes what it found in its messages.
    let home = "import type { secret } from \"../../../../../secret\"\n\
                const wrong: typeof secret = 1\n\
                export const Home = () => <p>{wrong}</p>\n";
    let answer = builder
        .build(&shell(&[("src/pages/Home.tsx", home)]), Mode::Production)
        .await;
    assert_eq!(answer.report.status, Status::Succeeded);
    let told = format!("{:?}", answer.diagnostics);
    assert!(!told.contains("kept from everyone"), "{told}");
    let mut all = answer.diagnostics.iter();
    assert!(
        all.any(|one| one.message.contains("outside of the project")),
        "{told}"
    );
    let mut all = answer.diagnostics.iter();
    assert!(all.all(|one| one.severity == Severity::Warning), "{told}");
    builder.stop().await;
}
