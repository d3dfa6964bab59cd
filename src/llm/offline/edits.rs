//! From the lines of a file as it is to the lines as it should be, as exact line edits.
//!
//! Each edit replaces whole lines with whole lines, never with nothing. No two touch the same line and they come bottom up:
//! their numbers hold whether they are applied together or one after the other.

/// Replaces the lines `first..=last`, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) first: usize,
    pub(super) last: usize,
    /// The lines as they are.
    pub(super) search: String,
    /// The lines as they should be.
    pub(super) replacement: String,
}

/// The edits that turn `before` into `after`. `None` when that needs more than edits of lines: an empty file.
pub(super) fn edits(before: &[String], after: &[String]) -> Option<Vec<Edit>> {
    if before == after {
        return Some(Vec::new());
    }
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let mut widened: Vec<Hunk> = Vec::new();
    for mut hunk in hunks(before, after) {
        let above = widened.last().map_or(0, |hunk| hunk.to);
        if hunk.from == hunk.to || hunk.new_from == hunk.new_to {
            // An insertion or a removal takes an unchanged neighbour along.
            if hunk.from > above {
                hunk.from -= 1;
                hunk.new_from -= 1;
            } else if hunk.to < before.len() {
                hunk.to += 1;
                hunk.new_to += 1;
            } else if let Some(last) = widened.last_mut() {
                last.to = hunk.to;
                last.new_to = hunk.new_to;
                continue;
            }
        }
        widened.push(hunk);
    }
    let mut found: Vec<Edit> = Vec::new();
    for hunk in widened {
        found.push(Edit {
            first: hunk.from + 1,
            last: hunk.to,
            search: before.get(hunk.from..hunk.to)?.join("\n"),
            replacement: after.get(hunk.new_from..hunk.new_to)?.join("\n"),
        });
    }
    found.reverse();
    Some(found)
}

/// Lines `from..to` become lines `new_from..new_to`.
struct Hunk {
    from: usize,
    to: usize,
    new_from: usize,
    new_to: usize,
}

/// The differing ranges, in order, at least one common line between two.
fn hunks(before: &[String], after: &[String]) -> Vec<Hunk> {
    let head = before
        .iter()
        .zip(after)
        .take_while(|(old, new)| old == new)
        .count();
    let left = before.len().min(after.len()) - head;
    let tail = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take(left)
        .take_while(|(old, new)| old == new)
        .count();
    let middle = |lines: &'_ [String]| head..lines.len() - tail;
    let inner = common(
        before.get(middle(before)).unwrap_or_default(),
        after.get(middle(after)).unwrap_or_default(),
    );
    let shifted = inner.into_iter().map(|(old, new)| (old + head, new + head));
    let ends = (0..tail)
        .rev()
        .map(|back| (before.len() - 1 - back, after.len() - 1 - back));
    let common = (0..head)
        .map(|index| (index, index))
        .chain(shifted)
        .chain(ends);
    let mut found = Vec::new();
    let (mut old, mut new) = (0, 0);
    for (next_old, next_new) in common.chain([(before.len(), after.len())]) {
        if next_old > old || next_new > new {
            found.push(Hunk {
                from: old,
                to: next_old,
                new_from: new,
                new_to: next_new,
            });
        }
        (old, new) = (next_old + 1, next_new + 1);
    }
    found
}

/// Pairs of equal lines of a longest common subsequence.
fn common(before: &[String], after: &[String]) -> Vec<(usize, usize)> {
    let width = after.len() + 1;
    let mut lengths = vec![0_u32; (before.len() + 1) * width];
    let at = |lengths: &[u32], old: usize, new: usize| {
        lengths.get(old * width + new).copied().unwrap_or(0)
    };
    for (old, line) in before.iter().enumerate().rev() {
        for (new, other) in after.iter().enumerate().rev() {
            let best = if line == other {
                at(&lengths, old + 1, new + 1) + 1
            } else {
                at(&lengths, old + 1, new).max(at(&lengths, old, new + 1))
            };
            if let Some(cell) = lengths.get_mut(old * width + new) {
                *cell = best;
            }
        }
    }
    let mut pairs = Vec::new();
    let (mut old, mut new) = (0, 0);
    while let (Some(line), Some(other)) = (before.get(old), after.get(new)) {
        if line == other {
            pairs.push((old, new));
            old += 1;
            new += 1;
        } else if at(&lengths, old + 1, new) >= at(&lengths, old, new + 1) {
            old += 1;
        } else {
            new += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(before: &[String], edits: &[Edit]) -> Vec<String> {
        let mut lines = before.to_vec();
        for edit in edits {
            assert_eq!(lines[edit.first - 1..edit.last].join("\n"), edit.search);
            assert!(!edit.search.is_empty() || edit.first == edit.last);
            lines.splice(
                edit.first - 1..edit.last,
                edit.replacement.split('\n').map(str::to_owned),
            );
        }
        lines
    }

    #[test]
    fn edits_lead_from_one_to_the_other() {
        let mut state = 7_u32;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..500 {
            let mut text = |length: u32| {
                (0..=length)
                    .map(|_| format!("l{}", next(6)))
                    .collect::<Vec<_>>()
            };
            let (before, after) = (text(9), text(9));
            let edits = edits(&before, &after).unwrap();
            assert!(edits.windows(2).all(|pair| pair[1].last < pair[0].first));
            assert_eq!(apply(&before, &edits), after, "{before:?} {after:?}");
        }
        assert_eq!(edits(&[], &["a".to_owned()]), None);
    }
}
