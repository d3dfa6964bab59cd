//! Which lines differ. Takes time that is bounded whatever the texts are.
//!
//! Lines that stand once on both sides, and in the same order, are anchors (as in Bram Cohen's patience diff); between
//! anchors the shortest edit is looked for (Myers, “An O(ND) Difference Algorithm and Its Variations”, 1986), but only
//! where that is cheap. The libraries that were tried take half a minute for two files of 100,000 lines of ten kinds.

use std::{collections::HashMap, convert::Infallible, ops::Range};

use similar::algorithms::{DiffHook, myers};

/// The most lines, both sides together, among which the shortest edit is looked for.
const MOST_LINES: usize = 4_000;

/// Lines that were replaced: the old ones by the new ones. Not both are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// The replaced lines, in order, no two touching; and whether some stretch was not compared line by line.
pub(super) fn blocks(old: &[&str], new: &[&str]) -> (Vec<Block>, bool) {
    let same = |one: &[&str], other: &[&str]| {
        one.iter()
            .zip(other)
            .take_while(|(one, other)| one == other)
            .count()
    };
    let head = same(old, new);
    let (old_rest, new_rest) = (
        old.get(head..).unwrap_or_default(),
        new.get(head..).unwrap_or_default(),
    );
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let mut found = Found::default();
    let (mut old_at, mut new_at) = (head, head);
    for (old_anchor, new_anchor) in anchors(old, new, head..old_end, head..new_end) {
        found.stretch(old, new, old_at..old_anchor, new_at..new_anchor);
        (old_at, new_at) = (old_anchor + 1, new_anchor + 1);
    }
    found.stretch(old, new, old_at..old_end, new_at..new_end);
    (found.blocks, found.coarse)
}

/// The runs of lines that stay: where on either side, and how many. What goes and comes is between them.
struct Kept(Vec<(usize, usize, usize)>);

impl DiffHook for Kept {
    type Error = Infallible;

    fn equal(&mut self, old: usize, new: usize, count: usize) -> Result<(), Infallible> {
        self.0.push((old, new, count));
        Ok(())
    }
}

#[derive(Default)]
struct Found {
    blocks: Vec<Block>,
    coarse: bool,
}

impl Found {
    /// Compares what stands between two anchors.
    fn stretch(
        &mut self,
        old_lines: &[&str],
        new_lines: &[&str],
        old: Range<usize>,
        new: Range<usize>,
    ) {
        if old.is_empty() || new.is_empty() {
            return self.replaced(old, new);
        }
        if old.len() + new.len() > MOST_LINES {
            self.coarse = true;
            return self.replaced(old, new);
        }
        let mut kept = Kept(Vec::new());
        let Ok(()) = myers::diff(&mut kept, old_lines, old.clone(), new_lines, new.clone());
        let (mut old_at, mut new_at) = (old.start, new.start);
        for (old_kept, new_kept, count) in kept.0 {
            self.replaced(old_at..old_kept, new_at..new_kept);
            (old_at, new_at) = (old_kept + count, new_kept + count);
        }
        self.replaced(old_at..old.end, new_at..new.end);
    }

    fn replaced(&mut self, old: Range<usize>, new: Range<usize>) {
        if old.is_empty() && new.is_empty() {
            return;
        }
        match self.blocks.last_mut() {
            Some(last) if last.old.end == old.start && last.new.end == new.start => {
                last.old.end = old.end;
                last.new.end = new.end;
            }
            _ => self.blocks.push(Block { old, new }),
        }
    }
}

/// The lines that stand once on each side, as many as stand there in the same order.
fn anchors(
    old_lines: &[&str],
    new_lines: &[&str],
    old: Range<usize>,
    new: Range<usize>,
) -> Vec<(usize, usize)> {
    // For each line, how often it stands on each side, and where.
    let mut places: HashMap<&str, [(usize, usize); 2]> = HashMap::new();
    for (side, lines, range) in [(0, old_lines, old), (1, new_lines, new.clone())] {
        for (number, line) in lines.iter().enumerate().take(range.end).skip(range.start) {
            let entry = places.entry(line).or_default();
            if let Some((times, place)) = entry.get_mut(side) {
                *times += 1;
                *place = number;
            }
        }
    }
    let unique = new_lines
        .iter()
        .take(new.end)
        .skip(new.start)
        .filter_map(|line| match places.get(line) {
            Some([(1, old), (1, new)]) => Some((*old, *new)),
            _ => None,
        });
    rising(&unique.collect::<Vec<_>>())
}

/// The longest part of some pairs in which the first ones rise (patience sorting).
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The pair that lies on top of each pile, and below each pair the top of the pile before it.
    let mut tops: Vec<usize> = Vec::new();
    let mut below: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (old, _)) in pairs.iter().enumerate() {
        let pile = tops.partition_point(|top| pairs.get(*top).is_some_and(|(top, _)| top < old));
        below.push(pile.checked_sub(1).and_then(|pile| tops.get(pile).copied()));
        match tops.get_mut(pile) {
            Some(top) => *top = index,
            None => tops.push(index),
        }
    }
    let mut longest = Vec::with_capacity(tops.len());
    let mut next = tops.last().copied();
    while let Some(index) = next {
        longest.extend(pairs.get(index));
        next = below.get(index).copied().flatten();
    }
    longest.reverse();
    longest
}
