//! What the model has seen of each file in this turn, and what its own edits have made of that since.
//!
//! Anchors and line numbers are those of the text that was viewed. The model's own edits move lines in a known way; any
//! other change of the file is somebody else's, and theirs wins.

use serde::{Deserialize, Serialize};

use crate::{digest::Digest, edit::Landing, project::ProjectPath, sorted::SortedMap};

/// Every file that the model has seen or written.
pub type Views = SortedMap<ProjectPath, View>;

/// What the model knows of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The content that was shown, or written as a whole.
    pub shown: Digest,
    /// The content that the model's edits have left.
    pub left: Digest,
    /// How these edits have moved lines, in order. Each is in the numbers that the one before has left.
    pub moves: Vec<Move>,
}

/// Lines that were replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The first line that was replaced, from 1.
    pub first: usize,
    /// How many were.
    pub removed: usize,
    /// How many came.
    pub added: usize,
}

impl View {
    /// A file that was shown or written as a whole.
    #[must_use]
    pub const fn whole(content: Digest) -> Self {
        Self {
            shown: content,
            left: content,
            moves: Vec::new(),
        }
    }

    /// Notes edits that were stated against one content and have left another. They go in from the bottom up, so that
    /// each leaves the numbers of those above it.
    pub fn note(&mut self, landings: &[Landing], left: Digest) {
        let landed = landings.iter().filter(|landing| !landing.already_applied);
        let mut moves: Vec<Move> = landed
            .map(|landing| Move {
                first: landing.first_line,
                removed: landing.removed,
                added: landing.added,
            })
            .collect();
        crate::sorted::sort_by_key(&mut moves, |one| std::cmp::Reverse(one.first));
        self.moves.extend(moves);
        self.left = left;
    }

    /// Where lines that were shown are now; nothing when an edit has replaced some of them.
    #[must_use]
    pub fn now(&self, first: usize, last: usize) -> Option<(usize, usize)> {
        self.moves
            .iter()
            .try_fold((first, last), |(first, last), one| {
                let end = one.first + one.removed;
                if last < one.first {
                    Some((first, last))
                } else if first >= end {
                    Some((
                        first - one.removed + one.added,
                        last - one.removed + one.added,
                    ))
                } else {
                    None
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{LineEdit, apply};

    #[test]
    fn lines_are_followed_through_edits() {
        let content = "a\nb\nc\nd\ne\n";
        let edit = |line: usize, search: &str, replacement: &str| LineEdit {
            search: search.to_owned(),
            first_line: line,
            last_line: line,
            replacement: replacement.to_owned(),
        };
        let mut view = View::whole(Digest::of(content.as_bytes()));
        let applied = apply(content, &[edit(2, "b", "x\ny\nz"), edit(4, "d", "")]).unwrap();
        assert_eq!(applied.content, "a\nx\ny\nz\nc\ne\n");
        view.note(&applied.landings, Digest::of(applied.content.as_bytes()));
        for (shown, now) in [
            ((1, 1), Some((1, 1))),
            ((2, 2), None),
            ((3, 3), Some((5, 5))),
            ((3, 4), None),
            ((5, 5), Some((6, 6))),
            ((1, 3), None),
        ] {
            assert_eq!(view.now(shown.0, shown.1), now, "{shown:?}");
        }
        let again = apply(&applied.content, &[edit(1, "a", "a\na")]).unwrap();
        view.note(&again.landings, Digest::of(again.content.as_bytes()));
        assert_eq!(view.now(5, 5), Some((7, 7)));
        assert_eq!(view.left, Digest::of(again.content.as_bytes()));
    }
}
