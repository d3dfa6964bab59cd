//! What a model is told of a build that failed: by file, the first cause first, and no more than it can use.

use std::fmt::Write as _;

use super::{Diagnostic, Severity};

/// The longest text about one build, in characters.
pub const MAX_REPAIR_CHARS: usize = 12_000;

/// Where nothing more specific is known.
const NO_FILE: &str = "no file in particular";

/// The text about diagnostics in the order in which [`Diagnostic::settled`] has them: grouped by file, errors with the
/// lines around them, then what to do. What does not fit into [`MAX_REPAIR_CHARS`] is counted.
#[must_use]
pub fn repair_text(diagnostics: &[Diagnostic]) -> String {
    let (errors, warnings): (Vec<&Diagnostic>, Vec<&Diagnostic>) = diagnostics
        .iter()
        .partition(|one| one.severity == Severity::Error);
    let warned = count(warnings.len(), "warning");
    let mut text = match errors.len() {
        0 => format!("No error was found, and {warned}.\n"),
        some if warnings.is_empty() => format!("The build failed: {}.\n", count(some, "error")),
        some => format!("The build failed: {}, {warned}.\n", count(some, "error")),
    };
    if errors.len() > 1 {
        text.push_str(
            "Mend all of them before the next build, from the top: the first may be the cause of others.\n",
        );
    }
    let mut left = MAX_REPAIR_CHARS.saturating_sub(text.chars().count() + ROOM_FOR_REST);
    let mut untold = 0;
    for (title, group) in [("", errors), ("\nWarnings\n", warnings)] {
        let mut title = title;
        for (file, found) in by_file(&group) {
            let mut heading = format!("{title}\n{file}\n");
            for one in found {
                let said = format!("{heading}{}", told(one));
                let length = said.chars().count();
                if untold > 0 || length > left {
                    untold += 1;
                    continue;
                }
                left -= length;
                text.push_str(&said);
                heading.clear();
                title = "";
            }
        }
    }
    if untold > 0 {
        let _ = write!(
            text,
            "\n… and {untold} more, which are told after the next build.\n"
        );
    }
    text
}

/// Kept free for the last line.
const ROOM_FOR_REST: usize = 100;

fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// Files in the order of their first diagnostic, each with all of its own.
fn by_file<'d>(diagnostics: &[&'d Diagnostic]) -> Vec<(&'d str, Vec<&'d Diagnostic>)> {
    let mut files: Vec<(&str, Vec<&Diagnostic>)> = Vec::new();
    for one in diagnostics {
        let name = one.path.as_ref().map_or(NO_FILE, |path| path.as_str());
        match files.iter_mut().find(|(file, _)| *file == name) {
            Some((_, found)) => found.push(one),
            None => files.push((name, vec![one])),
        }
    }
    files
}

fn told(one: &Diagnostic) -> String {
    let mut text = String::new();
    if let Some(line) = one.line {
        let _ = write!(text, "line {line}: ");
    }
    let _ = writeln!(text, "{}", one.message);
    if one.severity == Severity::Error {
        text.push_str(one.frame.as_deref().unwrap_or_default());
    }
    if let Some(suggestion) = &one.suggestion {
        let _ = writeln!(text, "→ {suggestion}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str, line: u32, code: &str, message: &str) -> Diagnostic {
        Diagnostic::error(code, message)
            .in_file(path.parse().unwrap())
            .at("one\ntwo\nthree\n", line, Some(1))
    }

    #[test]
    fn files_are_grouped_and_the_first_cause_comes_first() {
        let all = vec![
            at(
                "src/b.ts",
                2,
                "missing_export",
                "`x` is not exported by `src/a.ts`.",
            ),
            at("src/a.ts", 1, "syntax", "Unexpected token.").advising("Close the brace."),
            at("src/b.ts", 1, "TS2322", "Wrong type.").as_warning(),
            at("src/b.ts", 3, "undefined_name", "`y` is not defined."),
            Diagnostic::error("vite", "Something else.").as_warning(),
        ];
        insta::assert_snapshot!(repair_text(&Diagnostic::settled(all)));
    }

    #[test]
    fn a_text_is_bounded_and_says_what_it_leaves_out() {
        let all: Vec<Diagnostic> = (0..49)
            .map(|number| {
                at(
                    "src/a.ts",
                    1,
                    "syntax",
                    &format!("{number} {}", "é".repeat(900)),
                )
            })
            .collect();
        let text = repair_text(&all);
        assert!(text.chars().count() <= MAX_REPAIR_CHARS);
        let told = all.iter().filter(|one| text.contains(&one.message)).count();
        assert!(told > 5, "{told}");
        let rest = format!("… and {} more", all.len() - told);
        assert!(text.contains(&rest), "{text}");
        let warning = at("src/a.ts", 1, "TS2322", "Wrong type.").as_warning();
        assert_eq!(
            repair_text(&[warning]),
            "No error was found, and 1 warning.\n\nWarnings\n\nsrc/a.ts\nline 1: Wrong type.\n"
        );
    }
}
