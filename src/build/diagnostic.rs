//! One shape for everything that is wrong with an app's sources, whoever found it.

use serde::{Deserialize, Serialize};

use crate::project::ProjectPath;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The build failed because of it, or the page would.
    Error,
    /// The build went through all the same.
    Warning,
}

/// Something in the sources that its author can mend. Every position is one in the source as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, when one is to blame.
    pub path: Option<ProjectPath>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
    /// A stable name for the kind, such as `unresolved_import` or `TS2322`.
    pub code: Option<String>,
    /// What is wrong, in one or a few lines.
    pub message: String,
    /// The lines around the position, numbered.
    pub frame: Option<String>,
    /// What to do about it.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    /// The most that one build reports.
    pub const MAX_PER_BUILD: usize = 50;
    /// The longest message, in bytes.
    pub const MAX_MESSAGE_BYTES: usize = 4 * 1024;
    /// The longest frame, in bytes.
    pub const MAX_FRAME_BYTES: usize = 2 * 1024;
    /// The longest code, in bytes.
    pub const MAX_CODE_BYTES: usize = 100;

    /// An error without a position.
    #[must_use]
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            path: None,
            line: None,
            column: None,
            code: Some(code.to_owned()),
            message: cut(message.into(), Self::MAX_MESSAGE_BYTES),
            frame: None,
            suggestion: None,
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same, in this file.
    #[must_use]
    pub fn in_file(mut self, path: ProjectPath) -> Self {
        self.path = Some(path);
        self
    }

    /// The same, at this line and column (from 1) of `source`, with the lines around it. What is wrong with the end of a
    /// source is told at the end of its last line that is not empty.
    #[must_use]
    pub fn at(mut self, source: &str, line: u32, column: Option<u32>) -> Self {
        let (line, column) = match end_of(source) {
            Some((last, end)) if last < line && beyond(source, line) => (last, Some(end)),
            _ => (line, column),
        };
        self.line = Some(line);
        self.column = column;
        self.frame = code_frame(source, line, column);
        self
    }

    /// The same, with advice.
    #[must_use]
    pub fn advising(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(cut(suggestion.into(), Self::MAX_MESSAGE_BYTES));
        self
    }

    /// The same, no text of it longer than allowed, whoever wrote it.
    #[must_use]
    pub(super) fn cut_to_limits(self) -> Self {
        Self {
            code: self.code.map(|code| cut(code, Self::MAX_CODE_BYTES)),
            message: cut(self.message, Self::MAX_MESSAGE_BYTES),
            frame: self.frame.map(|frame| cut(frame, Self::MAX_FRAME_BYTES)),
            suggestion: self
                .suggestion
                .map(|suggestion| cut(suggestion, Self::MAX_MESSAGE_BYTES)),
            ..self
        }
    }

    /// Puts the errors first and among them what may be the cause of others, drops repetitions, and keeps at most
    /// [`Self::MAX_PER_BUILD`]; how many are left out is the last one then. Otherwise the order stays.
    #[must_use]
    pub fn settled(mut diagnostics: Vec<Self>) -> Vec<Self> {
        let mut seen = std::collections::HashSet::new();
        diagnostics.retain(|diagnostic| {
            seen.insert((
                diagnostic.path.clone(),
                diagnostic.line,
                diagnostic.message.clone(),
            ))
        });
        crate::sorted::sort_by_key(&mut diagnostics, |diagnostic| {
            (diagnostic.severity, diagnostic.cause())
        });
        if diagnostics.len() > Self::MAX_PER_BUILD {
            let rest = diagnostics.split_off(Self::MAX_PER_BUILD - 1);
            let errors = rest.iter().filter(|one| one.severity == Severity::Error);
            let errors = errors.count();
            let message = format!(
                "{errors} more errors and {} more warnings are not shown.",
                rest.len() - errors
            );
            let more = Self::error("more", message);
            diagnostics.push(if errors > 0 { more } else { more.as_warning() });
        }
        diagnostics
    }

    /// How early it comes among causes: a file that cannot be read makes its exports missing, a file that is missing
    /// makes names undefined, and either makes types wrong.
    fn cause(&self) -> u8 {
        match self.code.as_deref().unwrap_or_default() {
            "timeout" | "memory" | "entry" | "missing_page" | "tailwind_code" => 0,
            "syntax" | "css" | "json" | "html" | "duplicate" => 1,
            "unresolved_import" | "unknown_package" | "outside" | "unsupported_file" => 2,
            "missing_export" | "type_import" => 3,
            code if code.starts_with("TS") => 5,
            "more" => 6,
            _ => 4,
        }
    }
}

/// Where the last line that is not empty ends.
fn end_of(source: &str) -> Option<(u32, u32)> {
    let text = source.trim_end();
    let last = text.lines().count();
    let end = text.lines().next_back()?.chars().count() + 1;
    Some((u32::try_from(last).ok()?, u32::try_from(end).ok()?))
}

/// Whether a line is the empty one that follows the last.
fn beyond(source: &str, line: u32) -> bool {
    source.ends_with('\n') && u32::try_from(source.lines().count() + 1) == Ok(line)
}

/// The lines around a position, numbered, the line itself marked and the column pointed at. `None` when there is no such line.
fn code_frame(source: &str, line: u32, column: Option<u32>) -> Option<String> {
    const AROUND: usize = 2;
    const WIDTH: usize = 160;
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    source.lines().nth(index)?;
    let first = index.saturating_sub(AROUND);
    let mut frame = String::new();
    for (number, text) in source
        .lines()
        .enumerate()
        .skip(first)
        .take(index - first + AROUND + 1)
    {
        let mark = if number == index { '>' } else { ' ' };
        let text: String = text.chars().take(WIDTH).collect();
        frame.push_str(format!("{mark} {:>4} | {}", number + 1, text.trim_end()).trim_end());
        frame.push('\n');
        if number == index
            && let Some(column) = column.and_then(|column| usize::try_from(column).ok())
            && (1..=WIDTH).contains(&column)
        {
            frame.push_str("       | ");
            // A tab stays a tab, so that the caret stands under its character.
            frame.extend(
                text.chars()
                    .chain(std::iter::repeat(' '))
                    .take(column - 1)
                    .map(|c| if c == '\t' { '\t' } else { ' ' }),
            );
            frame.push_str("^\n");
        }
    }
    Some(cut(frame, Diagnostic::MAX_FRAME_BYTES))
}

fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        const ELLIPSIS: char = '…';
        let end = (0..=limit - ELLIPSIS.len_utf8())
            .rev()
            .find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push(ELLIPSIS);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_points_at_the_column() {
        let source = "one\n\ttwo here\nthree\r\nfour\nfive\n";
        let diagnostic = Diagnostic::error("x", "wrong").at(source, 2, Some(6));
        assert_eq!(
            diagnostic.frame.as_deref(),
            Some(
                "     1 | one\n>    2 | \ttwo here\n       | \t    ^\n     3 | three\n     4 | four\n"
            )
        );
        assert_eq!(
            Diagnostic::error("x", "wrong").at(source, 9, None).frame,
            None
        );
        assert_eq!(
            Diagnostic::error("x", "wrong").at(source, 0, None).frame,
            None
        );
        let end = Diagnostic::error("x", "wrong").at("f({\n\n", 3, Some(1));
        assert_eq!((end.line, end.column), (Some(1), Some(4)));
        assert!(end.frame.is_some());
        let beyond = Diagnostic::error("x", "wrong").at("ab", 1, Some(4)).frame;
        assert_eq!(beyond.as_deref(), Some(">    1 | ab\n       |    ^\n"));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let diagnostic = Diagnostic::error("x", "ü".repeat(4_000));
        assert!(diagnostic.message.len() <= Diagnostic::MAX_MESSAGE_BYTES);
        assert!(diagnostic.message.ends_with("ü…"));
        let wide = Diagnostic::error("x", "").at(&"ü".repeat(100_000), 1, Some(99_999));
        assert!(wide.frame.is_some_and(|frame| frame.len() < 400));
    }

    #[test]
    fn errors_come_first_once_and_not_too_many() {
        let mut all: Vec<_> = (0..60)
            .map(|n| Diagnostic::error("x", n.to_string()))
            .collect();
        all.insert(0, Diagnostic::error("w", "warn").as_warning());
        all.push(Diagnostic::error("y", "0"));
        let settled = Diagnostic::settled(all);
        assert_eq!(settled.len(), Diagnostic::MAX_PER_BUILD);
        assert_eq!(
            settled.last().map(|last| last.message.as_str()),
            Some("11 more errors and 1 more warnings are not shown.")
        );
        assert_eq!(
            settled.first().map(|first| first.message.as_str()),
            Some("0")
        );
        assert!(
            settled
                .iter()
                .all(|diagnostic| diagnostic.severity == Severity::Error)
        );
    }

    #[test]
    fn causes_come_before_what_follows_from_them() {
        let order = [
            "memory",
            "syntax",
            "unknown_package",
            "missing_export",
            "undefined_name",
            "TS2322",
        ];
        let all = order
            .iter()
            .rev()
            .map(|code| Diagnostic::error(code, *code));
        let settled = Diagnostic::settled(all.collect());
        let codes: Vec<_> = settled
            .iter()
            .filter_map(|one| one.code.as_deref())
            .collect();
        assert_eq!(codes, order);
    }
}
