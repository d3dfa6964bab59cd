//! One thing that is asked of the engine, what must come of it, and what came.

use overskill::edit::{
    self, LineEdit, TextEdit, anchors,
    patch::{self, Action, FilePatch},
};

use super::{corpus::Case, forms};
use crate::oracle::{self, Change, Verdict};

/// In which form edits are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Search text and line numbers.
    LineReplace,
    /// Anchors of the text that was viewed.
    EditLines,
    /// Text that stands there once, a call for each edit, from the bottom up.
    StrReplace,
    /// One unified patch.
    ApplyPatch,
}

impl Dialect {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LineReplace => "line_replace",
            Self::EditLines => "edit_lines",
            Self::StrReplace => "str_replace",
            Self::ApplyPatch => "apply_patch",
        }
    }
}

/// What a variant demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Every one lands right.
    Right,
    /// What lands is right; a refusal is allowed.
    NeverWrong,
    /// Every one is refused, or lands where the contract has it.
    ByContract,
    /// Every one is refused.
    Refused,
}

/// Edits that were stated against one text and are applied to another.
pub(crate) struct Trial {
    /// The text that their author has seen.
    pub(crate) viewed: String,
    /// The text as it is now.
    pub(crate) content: String,
    pub(crate) edits: Vec<LineEdit>,
    /// What they mean; nothing where that is gone or cannot be known.
    pub(crate) expected: Option<String>,
}

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Right,
    Refused,
    /// It landed where the contract has it, though its author means another place: at stated lines that hold what the
    /// edits say byte for byte, or at the only other place. Nothing in the call can tell.
    ByContract,
    Wrong,
}

impl Trial {
    pub(crate) fn run(&self, dialect: Dialect) -> Outcome {
        let Some(result) = self.apply(dialect) else {
            return Outcome::Refused;
        };
        if Some(&result) == self.expected.as_ref() {
            return Outcome::Right;
        }
        let by_contract = match dialect {
            Dialect::LineReplace | Dialect::EditLines | Dialect::ApplyPatch => {
                self.as_stated().as_ref() == Some(&result)
                    || self.only_places().as_ref() == Some(&result)
            }
            Dialect::StrReplace => self.only_texts().as_ref() == Some(&result),
        };
        if by_contract {
            return Outcome::ByContract;
        }
        Outcome::Wrong
    }

    /// Whether the edits can be stated in a form: a text that stands there twice in all its surroundings cannot be named.
    pub(crate) fn can_be_stated(&self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::LineReplace | Dialect::EditLines => true,
            Dialect::StrReplace => self.texts().is_some(),
            Dialect::ApplyPatch => forms::patch("file", &self.viewed, &self.edits).is_some(),
        }
    }

    /// The edits as texts, each of what those before it have left.
    fn texts(&self) -> Option<Vec<TextEdit>> {
        let mut edits: Vec<&LineEdit> = self.edits.iter().collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.first_line));
        let mut seen = self.viewed.clone();
        let text = |edit: &LineEdit| {
            let text = forms::str_replace(&seen, edit)?;
            seen = oracle::splice(&seen, &Case::changes(std::slice::from_ref(edit)))?;
            Some(text)
        };
        edits.into_iter().map(text).collect()
    }

    fn apply(&self, dialect: Dialect) -> Option<String> {
        let applied = match dialect {
            Dialect::StrReplace => {
                let replaced = |content: String, text: TextEdit| {
                    edit::replace(&content, &text).map(|applied| applied.content)
                };
                let content = self.content.clone();
                return self.texts()?.into_iter().try_fold(content, replaced).ok();
            }
            Dialect::ApplyPatch => {
                let text = forms::patch("file", &self.viewed, &self.edits)?;
                let files = patch::parse(&text).ok()?;
                let [
                    FilePatch {
                        action: Action::Update { hunks, .. },
                        ..
                    },
                ] = files.as_slice()
                else {
                    return None;
                };
                let edits = patch::edits(&self.content, hunks).ok()?;
                edit::apply(&self.content, &edits)
            }
            Dialect::LineReplace => edit::apply(&self.content, &self.edits),
            Dialect::EditLines => {
                let resolved: Option<Vec<LineEdit>> = self
                    .edits
                    .iter()
                    .map(|edit| anchored(&self.viewed, edit))
                    .collect();
                edit::apply(&self.content, &resolved?)
            }
        };
        applied.ok().map(|applied| applied.content)
    }

    /// The text with the edits made at the stated lines, where all of these hold the search texts.
    pub(crate) fn as_stated(&self) -> Option<String> {
        let texts = oracle::texts(&self.content);
        let holds = |edit: &LineEdit| {
            let held = texts.get(edit.first_line - 1..edit.last_line);
            held.is_some_and(|held| held.join("\n") == edit.search)
        };
        if !self.edits.iter().all(holds) {
            return None;
        }
        oracle::splice(&self.content, &Case::changes(&self.edits))
    }
}

impl Trial {
    /// The text with each text replaced where it stands, which has to be in one place. Line endings are the first one's.
    fn only_texts(&self) -> Option<String> {
        let crlf = self.content.contains("\r\n");
        let mut content = self.content.replace("\r\n", "\n");
        for TextEdit { old, new } in self.texts()? {
            if content.matches(&old).count() != 1 {
                return None;
            }
            content = content.replacen(&old, &new, 1);
        }
        Some(if crlf {
            content.replace('\n', "\r\n")
        } else {
            content
        })
    }

    /// The text with each edit made at the only place that the contract knows for it.
    fn only_places(&self) -> Option<String> {
        let change = |edit: &LineEdit| match oracle::meant(&self.content, edit) {
            Verdict::Lands(change) => Some(change),
            Verdict::Already | Verdict::Refused => None,
        };
        let changes: Option<Vec<Change>> = self.edits.iter().map(change).collect();
        oracle::splice(&self.content, &changes?)
    }
}

/// The edit as its anchors say it.
fn anchored(viewed: &str, edit: &LineEdit) -> Option<LineEdit> {
    let call = anchors::anchored(viewed, edit.first_line, edit.last_line, &edit.replacement)?;
    anchors::resolve(viewed, &call).ok()
}
