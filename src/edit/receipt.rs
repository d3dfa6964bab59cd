//! What a landed edit is told as: what was done, where, and how the place was found.

use std::{cmp::Ordering, fmt};

use super::{Landing, Likeness};

impl fmt::Display for Landing {
    /// A sentence without its end: `replaced lines 3–4 by 2 lines, found there and not at the stated lines`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.first_line + self.removed - 1;
        let range = if self.removed == 1 {
            format!("line {last}")
        } else {
            format!("lines {}–{last}", self.first_line)
        };
        match (self.already_applied, self.added) {
            (true, _) => return write!(f, "{range} say this already, nothing was changed"),
            (false, 0) => write!(f, "deleted {range}")?,
            (false, added) => write!(f, "replaced {range} by {}", lines(added))?,
        }
        if self.relocated {
            f.write_str(", found there and not at the stated lines")?;
        }
        match self.likeness {
            Likeness::Exact => {}
            Likeness::TrailingSpace => f.write_str(", white space at the ends of lines aside")?,
            Likeness::Indentation => f.write_str(", moved to the indentation there")?,
            Likeness::Punctuation => f.write_str(", typographic characters aside")?,
        }
        if self.elided > 0 {
            write!(f, "; the search text left out {}", lines(self.elided))?;
        }
        Ok(())
    }
}

impl Landing {
    /// By how many lines what follows has moved, if it has.
    #[must_use]
    pub fn shift(&self) -> Option<String> {
        if self.already_applied {
            return None;
        }
        match self.added.cmp(&self.removed) {
            Ordering::Equal => None,
            Ordering::Greater => Some(format!(
                "Later lines are {} further down.",
                self.added - self.removed
            )),
            Ordering::Less => Some(format!(
                "Later lines are {} further up.",
                self.removed - self.added
            )),
        }
    }
}

fn lines(number: usize) -> String {
    format!("{number} line{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landing(first_line: usize, removed: usize, added: usize) -> Landing {
        Landing {
            first_line,
            removed,
            added,
            relocated: false,
            likeness: Likeness::Exact,
            elided: 0,
            text: String::new(),
            already_applied: false,
        }
    }

    #[test]
    fn a_receipt_says_what_was_done() {
        let plain = landing(3, 2, 2);
        for (landing, said) in [
            (plain.clone(), "replaced lines 3–4 by 2 lines"),
            (landing(3, 1, 1), "replaced line 3 by 1 line"),
            (landing(3, 1, 0), "deleted line 3"),
            (
                Landing {
                    already_applied: true,
                    ..plain.clone()
                },
                "lines 3–4 say this already, nothing was changed",
            ),
            (
                Landing {
                    relocated: true,
                    likeness: Likeness::Indentation,
                    elided: 1,
                    ..plain.clone()
                },
                "replaced lines 3–4 by 2 lines, found there and not at the stated lines, moved to the indentation there; the search text left out 1 line",
            ),
            (
                Landing {
                    likeness: Likeness::TrailingSpace,
                    elided: 5,
                    ..plain.clone()
                },
                "replaced lines 3–4 by 2 lines, white space at the ends of lines aside; the search text left out 5 lines",
            ),
            (
                Landing {
                    likeness: Likeness::Punctuation,
                    ..plain
                },
                "replaced lines 3–4 by 2 lines, typographic characters aside",
            ),
        ] {
            assert_eq!(landing.to_string(), said);
        }
    }

    #[test]
    fn what_follows_has_moved_by_the_difference() {
        let further = |lines, to: &str| Some(format!("Later lines are {lines} further {to}."));
        assert_eq!(landing(1, 2, 2).shift(), None);
        assert_eq!(landing(1, 2, 5).shift(), further(3, "down"));
        assert_eq!(landing(1, 5, 1).shift(), further(4, "up"));
        let done = Landing {
            already_applied: true,
            ..landing(1, 2, 5)
        };
        assert_eq!(done.shift(), None);
    }
}
