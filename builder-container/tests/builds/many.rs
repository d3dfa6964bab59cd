//! Sources with more mistakes than anyone reads: the report about them is still one, and it is the author's.

use overskill::build::{Diagnostic, FailureReason, Mode, Status};
use tokio::time::Instant;

use crate::client::{Builder, shell};

#[tokio::test]
async fn thousands_of_mistakes_are_reported_to_their_author() {
    let builder = Builder::start().await;
    // What Rolldown itself takes for its messages grows with the square of their number: more of these is a timeout,
    // which is a report as well.
    let lines = |line: &dyn Fn(u32) -> String| (0..2_000).map(line).collect::<String>();
    let missing = lines(&|n| format!("import \"./nowhere{n}\"\n"));
    let twice = lines(&|n| format!("let a{n} = 1; let a{n} = 2\n"));
    let names = lines(&|n| format!("  a{n},\n"));
    let exports = format!("import {{\n{names}}} from \"./pages/Other\"\nconsole.log({names})\n");
    let plugins = "@plugin \"./a.js\";\n".repeat(20_000);
    let rules = "@apply no-such-class;".repeat(20_000);
    for (what, path, content) in [
        ("missing imports", "src/main.tsx", missing),
        ("double declarations", "src/main.tsx", twice),
        ("missing exports", "src/main.tsx", exports),
        ("refused rules", "src/main.css", plugins),
        (
            "unknown classes",
            "src/main.css",
            format!("a {{ {rules} }}"),
        ),
    ] {
        let begun = Instant::now();
        let sources = shell(&[
            (path, &content),
            ("src/pages/Other.ts", "export const other = 1\n"),
        ]);
        let answer = builder.build(&sources, Mode::Production).await;
        eprintln!("{what}: {:?}", begun.elapsed());
        assert_eq!(answer.report.status, Status::Failed, "{what}");
        assert_eq!(answer.report.reason, Some(FailureReason::Source), "{what}");
        let count = answer.diagnostics.len();
        assert!((1..=Diagnostic::MAX_PER_BUILD).contains(&count), "{what}");
        let first = &answer.diagnostics[0];
        assert_eq!(
            first.path.as_ref().map(|path| path.as_str()),
            Some(path),
            "{what}: {first:?}"
        );
    }
    builder.stop().await;
}
