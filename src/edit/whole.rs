//! What is wrong with writing a whole file anew: where an edit would have done, where most of the file goes missing, and
//! where a text stands for lines that the writer left out.

use std::collections::HashMap;

use super::lines;

/// From how many lines on a file is a large one: below, writing it anew costs about as much as editing it.
pub const LARGE_LINES: usize = 60;
/// A rewrite of a large file that keeps more than this share of its lines is an edit, in per cent.
pub const MOST_KEPT_PERCENT: usize = 70;
/// A rewrite of a large file that has less than this share of its lines has lost something, in per cent.
pub const LEAST_LEFT_PERCENT: usize = 30;

/// Why a whole file is not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwanted {
    /// Most of it is there already.
    #[error(
        "{kept} of the {count} lines of this file stay as they are; nothing was changed. Edit the others instead of writing all of them"
    )]
    MostlyKept {
        /// Lines that stay.
        kept: usize,
        /// Lines that the file has.
        count: usize,
    },
    /// Most of it would be gone.
    #[error(
        "this file has {count} lines, and the new content has {left}; nothing was changed. Edit the file, or delete it first if all of it shall go"
    )]
    MostlyGone {
        /// Lines that the file has.
        count: usize,
        /// Lines that the new content has.
        left: usize,
    },
    /// A line says that something was left out.
    #[error(
        "line {line} stands for lines that are left out: {text}\nNothing was changed. Every line is written out, or only the lines that change are edited"
    )]
    LeftOut {
        /// Which line of the new text, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
}

/// Whether a file may be written anew with a content.
///
/// # Errors
/// When an edit is wanted instead; the error says so.
pub fn check(before: &str, after: &str) -> Result<(), Unwanted> {
    left_out(before, after)?;
    let (old, new) = (lines::split(before), lines::split(after));
    if old.len() < LARGE_LINES {
        return Ok(());
    }
    let count = old.len();
    if new.len() * 100 < count * LEAST_LEFT_PERCENT {
        let left = new.len();
        return Err(Unwanted::MostlyGone { count, left });
    }
    let mut there: HashMap<&str, usize> = HashMap::new();
    for line in &old {
        *there.entry(line.text).or_default() += 1;
    }
    let kept = new.iter().filter(|line| {
        let left = there.get_mut(line.text).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    });
    let kept = kept.count();
    if kept * 100 > count * MOST_KEPT_PERCENT {
        return Err(Unwanted::MostlyKept { kept, count });
    }
    Ok(())
}

/// Whether a new text has a comment that stands for code which is not written out, such as `// ... rest unchanged`,
/// and `before` has not.
///
/// # Errors
/// With the first such line.
pub fn left_out(before: &str, new: &str) -> Result<(), Unwanted> {
    for (index, line) in new.lines().enumerate() {
        let text = line.trim();
        if stands_for_code(text) && !before.lines().any(|line| line.trim() == text) {
            return Err(Unwanted::LeftOut {
                line: index + 1,
                text: text.chars().take(120).collect(),
            });
        }
    }
    Ok(())
}

/// Whether a trimmed line is nothing but a comment which says that code was left out.
fn stands_for_code(line: &str) -> bool {
    const OPENINGS: [&str; 6] = ["{/*", "/*", "//", "<!--", "#", "--"];
    const CLOSINGS: [&str; 3] = ["*/}", "*/", "-->"];
    /// What a comment between dots says when it stands for code.
    const LEFT: [&str; 11] = [
        "existing",
        "rest",
        "remain",
        "unchanged",
        "same",
        "previous",
        "other",
        "omitted",
        "above",
        "keep",
        "more",
    ];
    /// What one that only ends with dots says: less, since many a comment does.
    const CLEARLY_LEFT: [&str; 4] = ["existing", "remaining", "unchanged", "omitted"];
    let Some(comment) = OPENINGS
        .iter()
        .find_map(|opening| line.strip_prefix(opening))
    else {
        return false;
    };
    let comment = CLOSINGS
        .iter()
        .find_map(|closing| comment.trim_end().strip_suffix(closing))
        .unwrap_or(comment);
    let said = comment.trim().to_lowercase();
    let dots = |text: &str| text.ends_with("...") || text.ends_with('…');
    let words: Vec<&str> = said
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let any = |of: &[&str]| {
        words
            .iter()
            .any(|word| of.iter().any(|left| word.starts_with(left)))
    };
    if said.starts_with("...") || said.starts_with('…') {
        return words.is_empty() || any(&LEFT);
    }
    if dots(&said) && any(&CLEARLY_LEFT) {
        return true;
    }
    let rest = matches!(
        words.as_slice(),
        ["rest" | "remaining", ..]
            | [
                "the" | "keep" | "all",
                "rest" | "remaining" | "existing" | "other",
                ..
            ]
    );
    let unchanged = words
        .iter()
        .any(|word| matches!(*word, "unchanged" | "same" | "before" | "here" | "omitted"));
    rest && unchanged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(count: usize) -> String {
        (1..=count)
            .map(|number| format!("line {number}\n"))
            .collect()
    }

    #[test]
    fn a_large_file_is_edited_and_not_written_anew() {
        let before = text(100);
        let changed = |from: usize| {
            let lines = before.lines().enumerate();
            let lines = lines.map(|(index, line)| {
                if index >= from {
                    format!("new {index}\n")
                } else {
                    format!("{line}\n")
                }
            });
            lines.collect::<String>()
        };
        assert_eq!(check(&before, &changed(70)), Ok(()));
        assert_eq!(
            check(&before, &changed(71)),
            Err(Unwanted::MostlyKept {
                kept: 71,
                count: 100
            })
        );
        assert_eq!(
            check(&before, &text(29)),
            Err(Unwanted::MostlyGone {
                count: 100,
                left: 29
            })
        );
        assert_eq!(check(&before, &text(30)), Ok(()));
        // A small one may be.
        assert_eq!(
            check(&text(59), &text(59).replace("line 1\n", "x\n")),
            Ok(())
        );
        assert_eq!(check(&text(59), "x\n"), Ok(()));
        assert_eq!(
            check(&text(60), "x\n"),
            Err(Unwanted::MostlyGone { count: 60, left: 1 })
        );
        // A line is kept as often as it was there.
        assert_eq!(check(&before, &"line 1\n".repeat(100)), Ok(()));
    }

    #[test]
    fn the_line_that_stands_for_others_is_named() {
        assert_eq!(
            left_out("", "a\nb\n  // ... existing code ...\n"),
            Err(Unwanted::LeftOut {
                line: 3,
                text: "// ... existing code ...".to_owned()
            })
        );
    }

    #[test]
    fn a_text_that_stands_for_code_is_found() {
        for line in [
            "// ... existing code ...",
            "  // …rest of the component",
            "/* ... rest unchanged ... */",
            "{/* ... same as before */}",
            "<!-- ... -->",
            "# ... (unchanged)",
            "// rest of the file unchanged",
            "// remaining code stays the same",
            "// keep existing imports here",
            "// other handlers omitted...",
        ] {
            assert!(left_out("", line).is_err(), "{line}");
            assert_eq!(left_out(line, line), Ok(()), "{line}");
        }
        for line in [
            "const { a, ...rest } = props",
            "// Loading...",
            "{/* The rest of the row is a link */}",
            "// the rest is a union of all other kinds",
            "<p>…</p>",
            "...",
            "#rest { color: red }",
            "// TODO: handle the other cases",
            "{/* Loading more... */}",
            "// Same here...",
        ] {
            assert_eq!(left_out("", line), Ok(()), "{line}");
        }
    }
}
