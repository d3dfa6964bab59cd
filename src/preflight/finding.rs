//! What was found, before it becomes a diagnostic: sorted, without what was there before, and not too much of it.

use super::{MAX_DIAGNOSTICS, Tree};
use crate::{
    build::{Diagnostic, Severity},
    project::ProjectPath,
    sorted::{SortedMap, SortedSet},
};

/// One finding. Its message holds nothing that changes when lines move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding<'a> {
    pub(super) path: &'a str,
    /// Where it stands, in bytes.
    pub(super) start: usize,
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

/// Takes away what the tree before had as well: the same of path, code and message, as often as it was there. A warning
/// that became an error is new.
pub(super) fn without_old<'a>(
    mut findings: Vec<Finding<'a>>,
    before: &[Finding<'_>],
) -> Vec<Finding<'a>> {
    let key = |finding: &Finding<'_>| {
        (
            finding.path.to_owned(),
            finding.code,
            finding.message.clone(),
        )
    };
    let mut known: SortedMap<_, [usize; 2]> = SortedMap::new();
    for old in before {
        let counts = known.entry(key(old)).or_default();
        let [errors, warnings] = counts;
        match old.severity {
            Severity::Error => *errors += 1,
            Severity::Warning => *warnings += 1,
        }
    }
    findings.retain(|finding| {
        let Some([errors, warnings]) = known.get_mut(&key(finding)) else {
            return true;
        };
        let counts = match finding.severity {
            Severity::Error => [errors, &mut 0],
            Severity::Warning => [warnings, errors],
        };
        for count in counts {
            if *count > 0 {
                *count -= 1;
                return false;
            }
        }
        true
    });
    findings
}

/// Sorts by path and place, drops repetitions, keeps [`MAX_DIAGNOSTICS`] with errors before warnings, and cuts frames
/// from the sources.
pub(super) fn settled(mut findings: Vec<Finding<'_>>, tree: &Tree<'_>) -> Vec<Diagnostic> {
    crate::sorted::sort_by(&mut findings, |a, b| {
        (a.path, a.start, a.code, &a.message).cmp(&(b.path, b.start, b.code, &b.message))
    });
    let mut seen = SortedSet::new();
    findings.retain(|finding| {
        seen.insert((
            finding.path,
            finding.start,
            finding.code,
            finding.message.clone(),
        ))
    });
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let mut room = [MAX_DIAGNOSTICS, MAX_DIAGNOSTICS.saturating_sub(errors)];
    findings.retain(|finding| {
        let [errors, warnings] = &mut room;
        let left = if finding.severity == Severity::Error {
            errors
        } else {
            warnings
        };
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    });
    findings
        .into_iter()
        .map(|finding| diagnostic(finding, tree))
        .collect()
}

fn diagnostic(finding: Finding<'_>, tree: &Tree<'_>) -> Diagnostic {
    let content = tree
        .get(finding.path)
        .map(|file| file.content)
        .unwrap_or_default();
    let (line, column) = position(content, finding.start);
    let mut diagnostic =
        Diagnostic::error(finding.code, finding.message).at(content, line, Some(column));
    if finding.severity == Severity::Warning {
        diagnostic = diagnostic.as_warning();
    }
    if let Some(suggestion) = finding.suggestion {
        diagnostic = diagnostic.advising(suggestion);
    }
    match finding.path.parse::<ProjectPath>() {
        Ok(path) => diagnostic.in_file(path),
        Err(_) => diagnostic,
    }
}

/// The line and the column in characters of a byte, both from 1. A byte order mark counts for nothing.
fn position(content: &str, start: usize) -> (u32, u32) {
    let before = content.get(..start).unwrap_or(content);
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |rest| rest.chars().count())
        + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

#[cfg(test)]
mod tests {
    use overskill_syntax::Facts;

    use super::*;
    use crate::preflight::File;

    fn finding(start: usize, severity: Severity, message: &str) -> Finding<'static> {
        Finding {
            path: "src/a.ts",
            start,
            severity,
            code: "x",
            message: message.to_owned(),
            suggestion: None,
        }
    }

    #[test]
    fn what_was_there_is_left_out_as_often_as_it_was() {
        use Severity::{Error, Warning};
        let before = [
            finding(1, Error, "a"),
            finding(2, Warning, "b"),
            finding(3, Error, "c"),
        ];
        let after = vec![
            finding(9, Error, "a"),
            finding(10, Error, "a"),
            finding(11, Error, "b"),
            finding(12, Warning, "c"),
            finding(13, Warning, "c"),
        ];
        let left: Vec<usize> = without_old(after, &before)
            .iter()
            .map(|finding| finding.start)
            .collect();
        assert_eq!(left, [10, 11, 13]);
    }

    #[test]
    fn positions_are_in_characters() {
        for (content, start, expected) in [
            ("abc", 0, (1, 1)),
            ("ä\nüöx", 7, (2, 3)),
            ("a\r\nb", 3, (2, 1)),
            ("\u{feff}ab", 4, (1, 2)),
            ("a", 9, (1, 2)),
        ] {
            assert_eq!(position(content, start), expected, "{content:?} {start}");
        }
    }

    #[test]
    fn errors_stay_when_there_is_too_much() {
        let facts = Facts::default();
        let tree: Tree<'_> = [(
            "src/a.ts",
            File {
                content: "a\nb",
                facts: &facts,
            },
        )]
        .into();
        let mut all: Vec<_> = (0..MAX_DIAGNOSTICS)
            .map(|at| finding(0, Severity::Warning, &format!("{at:03}")))
            .collect();
        all.push(finding(2, Severity::Error, "late"));
        all.push(finding(2, Severity::Error, "late"));
        let settled = settled(all, &tree);
        assert_eq!(settled.len(), MAX_DIAGNOSTICS);
        let last = settled.last().unwrap();
        assert_eq!(
            (last.message.as_str(), last.line, last.column),
            ("late", Some(2), Some(1))
        );
        assert_eq!(
            settled.iter().filter(|one| one.message == "late").count(),
            1
        );
    }
}
