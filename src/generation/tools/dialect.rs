//! In which form a model states its edits.

use std::str::FromStr;

use crate::edit::lines::Numbering;

/// The edit tool that a model is offered beside `write_file`. Which one is best depends on the model; the tools come to
/// the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `edit_lines`: anchors that `view_file` hands out, and no search text. Costs the least.
    #[default]
    EditLines,
    /// `line_replace`: line numbers and the text that they hold.
    LineReplace,
    /// `str_replace`: a piece of text that stands there once.
    StrReplace,
    /// `apply_patch`: a unified diff, or the envelope of `*** Begin Patch`.
    Patch,
    /// None: files are written as a whole.
    Whole,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::EditLines,
        Self::LineReplace,
        Self::StrReplace,
        Self::Patch,
        Self::Whole,
    ];

    /// The tool, which is also the dialect's name.
    #[must_use]
    pub const fn tool(self) -> &'static str {
        match self {
            Self::EditLines => "edit_lines",
            Self::LineReplace => "line_replace",
            Self::StrReplace => "str_replace",
            Self::Patch => "apply_patch",
            Self::Whole => "write_file",
        }
    }

    /// What stands before the lines that a model is shown.
    #[must_use]
    pub const fn numbering(self) -> Numbering {
        match self {
            Self::EditLines => Numbering::Anchors,
            Self::LineReplace | Self::StrReplace | Self::Patch | Self::Whole => Numbering::Lines,
        }
    }

    /// What the standing instructions say of it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::EditLines => {
                "Change a file that exists with `edit_lines`: each edit is [first, last, text], where first and last are the anchors that `view_file` shows before the lines, and text is what stands there afterwards; empty text deletes. Put all edits of a file into one call; their anchors are those of the view, whatever the other edits do."
            }
            Self::LineReplace => {
                "Change a file that exists with `line_replace`: give the exact lines that are there and their numbers. In a long search text a line of three dots stands for any lines. An empty replacement deletes."
            }
            Self::StrReplace => {
                "Change a file that exists with `str_replace`: give a piece of text that stands there exactly once, and what it becomes."
            }
            Self::Patch => {
                "Change files that exist with `apply_patch`: a unified diff with a few lines of context around each change."
            }
            Self::Whole => "Change a file that exists with `write_file`: write all of it.",
        }
    }
}

/// No dialect has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no dialect `{0}`; there are edit_lines, line_replace, str_replace, apply_patch and write_file"
)]
pub struct UnknownDialect(String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|dialect| dialect.tool() == name);
        known.ok_or_else(|| UnknownDialect(name.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_dialect_or_says_which_there_are() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.tool().parse(), Ok(dialect));
        }
        let error = "diff".parse::<Dialect>().unwrap_err().to_string();
        assert!(
            Dialect::ALL
                .iter()
                .all(|dialect| error.contains(dialect.tool())),
            "{error}"
        );
    }
}
