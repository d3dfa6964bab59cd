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
