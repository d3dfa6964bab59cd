//! What is printed of a build.

use std::fmt::Write as _;

use overskill::build::{Diagnostic, Render, Severity, Status};
use serde_json::{Value, json};

use crate::{
    Ending,
    build::{Answered, Outcome},
};

/// As text: what is wrong, then how it ended.
pub(crate) fn text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answer) => answered(answer),
        Outcome::Refused(refusal) => format!("not built: {refusal}\n"),
        Outcome::Failed(error) => format!("not built, by the builder's fault: {error}\n"),
    }
}

/// The same as one JSON object: `status` is `built`, `failed` by its author's fault, `limit`, `refused`, or `fault` by the
/// builder's; `exit` is the exit status.
pub(crate) fn json(outcome: &Outcome) -> Value {
    let exit = outcome.ending().code();
    let status = match (outcome, outcome.ending()) {
        (_, Ending::Built) => "built",
        (_, Ending::Author) => "failed",
        (Outcome::Answered(_), Ending::Limit) => "limit",
        (_, Ending::Limit) => "refused",
        (_, Ending::Builder) => "fault",
    };
    match outcome {
        Outcome::Answered(answered) => {
            let answer = &answered.answer;
            let artifacts = answer.artifacts.iter();
            let artifacts = artifacts
                .map(|(path, size, hash)| json!({ "path": path, "size": size, "sha256": hash }));
            json!({
                "status": status,
                "exit": exit,
                "diagnostics": answer.diagnostics,
                "artifacts": artifacts.collect::<Vec<_>>(),
                "screenshot_bytes": answer.screenshot,
                "report": answer.report,
                "log": answer.logs,
                "left_out": answered.left_out,
                "lockfile": answer.lockfile,
            })
        }
        Outcome::Refused(refusal) => {
            json!({ "status": status, "exit": exit, "error": refusal.to_string() })
        }
        Outcome::Failed(error) => json!({ "status": status, "exit": exit, "error": error }),
    }
}

fn answered(answered: &Answered) -> String {
    let mut text = String::new();
    let answer = &answered.answer;
    for line in &answered.left_out {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "left out: {line}");
    }
    for diagnostic in &answer.diagnostics {
        text.push_str(&told(diagnostic));
    }
    if let Some(lockfile) = &answer.lockfile {
        let size = lockfile.len();
        let _ = writeln!(
            text,
            "packages were resolved to a package-lock.json of {size} bytes (--lockfile FILE writes it)"
        );
    }
    let report = &answer.report;
    let timings = &report.timings;
    let _ = match report.status {
        Status::Succeeded => writeln!(
            text,
            "built in {} ms: {} artifacts, {} bytes",
            timings.total_ms, report.artifacts, report.artifact_bytes
        ),
        Status::Failed => writeln!(text, "not built, after {} ms", timings.total_ms),
    };
    let _ = match &report.render {
        Render::Off { reason } => writeln!(text, "not looked at in a browser: {reason}"),
        Render::Checked { pages, .. } => {
            let pages: Vec<_> = pages.iter().map(|page| page.path.as_str()).collect();
            writeln!(
                text,
                "looked at in a browser, {} ms: {}",
                timings.render_ms,
                pages.join(" ")
            )
        }
    };
    for (path, size, _) in &answer.artifacts {
        let _ = writeln!(text, "{size:>10}  {path}");
    }
    text
}

fn told(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = severity.to_owned();
    if let Some(path) = &diagnostic.path {
        let _ = write!(text, " {path}");
        for number in [diagnostic.line, diagnostic.column].into_iter().flatten() {
            let _ = write!(text, ":{number}");
        }
    }
    let _ = writeln!(text, ": {}", diagnostic.message);
    text.push_str(diagnostic.frame.as_deref().unwrap_or_default());
    if let Some(suggestion) = &diagnostic.suggestion {
        let _ = writeln!(text, "{suggestion}");
    }
    text.push('\n');
    text
}
