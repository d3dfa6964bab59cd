//! What a builder's answer means that is not a stream of frames: the table of `build::job`, as outcomes.

use super::records::{BuildOutcome, Cause};
use crate::build::Diagnostic;

/// How much of a refusal's own words is passed on, in characters.
const DETAIL_CHARS: usize = 500;

/// What an attempt comes to whose job was answered with this status. `problem` is the body, a problem document if it was
/// the builder that answered.
#[must_use]
pub fn refused(status: u16, retry_after: Option<&str>, problem: &[u8]) -> BuildOutcome {
    let detail = detail(problem).unwrap_or_else(|| format!("it answered {status}"));
    let detail = detail.trim_end_matches('.');
    match status {
        400 => ended(
            "builder_refused",
            format!("The builder refused the job: {detail}."),
            "Your files are safe. The Worker and the builder may be of different versions: whoever runs them brings both up to date.",
        ),
        401 => ended(
            "builder_token",
            "The builder does not accept this Worker's token.".to_owned(),
            "Your files are safe. Whoever runs the Worker gives both the same token; docs/builder.md says where it stands.",
        ),
        413 => ended(
            "too_large",
            format!("The builder refused the sources: {detail}."),
            "Make the app smaller: the largest files first.",
        ),
        503 => BuildOutcome::Busy {
            retry_after_millis: retry_after
                .and_then(|seconds| seconds.parse::<u64>().ok())
                .map(|seconds| seconds.saturating_mul(1_000)),
        },
        _ => BuildOutcome::Unavailable {
            cause: Cause::Builder,
            reason: format!("the builder refused the job: {detail}"),
        },
    }
}

fn detail(problem: &[u8]) -> Option<String> {
    let problem: serde_json::Value = crate::json::from_str(str::from_utf8(problem).ok()?).ok()?;
    let detail = problem.get("detail")?.as_str()?;
    Some(detail.chars().take(DETAIL_CHARS).collect())
}

/// The end of a build that would be refused again.
fn ended(code: &str, message: String, advice: &str) -> BuildOutcome {
    BuildOutcome::Failed {
        diagnostics: vec![Diagnostic::error(code, message).advising(advice)],
        report: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_refused_again_is_final_and_says_what_to_do() {
        for (status, code, says) in [
            (
                400,
                "builder_refused",
                "The builder refused the job: no `end`.",
            ),
            (
                401,
                "builder_token",
                "The builder does not accept this Worker's token.",
            ),
            (
                413,
                "too_large",
                "The builder refused the sources: no `end`.",
            ),
        ] {
            let outcome = refused(status, None, br#"{"detail":"no `end`."}"#);
            let BuildOutcome::Failed { diagnostics, .. } = outcome else {
                panic!("{status}: {outcome:?}");
            };
            let [diagnostic] = &diagnostics[..] else {
                panic!("{diagnostics:?}");
            };
            assert_eq!(diagnostic.code.as_deref(), Some(code));
            assert_eq!(diagnostic.message, says);
            assert!(diagnostic.suggestion.is_some());
        }
    }

    #[test]
    fn anything_else_is_tried_again() {
        let busy = |retry_after| refused(503, retry_after, b"");
        assert_eq!(
            busy(Some("7")),
            BuildOutcome::Busy {
                retry_after_millis: Some(7_000)
            }
        );
        assert_eq!(
            busy(Some("soon")),
            BuildOutcome::Busy {
                retry_after_millis: None
            }
        );
        for status in [408, 409, 500, 502, 507] {
            assert_eq!(
                refused(status, None, b"<html>"),
                BuildOutcome::Unavailable {
                    cause: Cause::Builder,
                    reason: format!("the builder refused the job: it answered {status}"),
                }
            );
        }
    }
}
