//! Changes to parts of a text. Returns the new content, or a refusal that shows the lines as they are.
//!
//! An edit lands at exactly one proven place or nowhere ([`locate()`]); bytes outside of it stay as they are, and so do
//! line endings, a byte order mark and whether the text ends with a line break. Several edits are stated against one
//! text, in any order, and all land or none ([`apply`]). Knows nothing of models, trees or syntax.

pub mod anchors;
mod exact;
pub mod guard;
pub mod lines;
mod locate;
pub mod patch;
mod pattern;
mod receipt;
mod refusal;
pub mod tokens;
pub mod whole;

use std::ops::Range;

pub use exact::{TextEdit, replace};
pub use lines::Numbering;
pub use locate::{Landing, LineEdit, Splice, locate};
pub use pattern::Likeness;
pub use refusal::{Refusal, excerpt};

/// Edits that have landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The whole new content.
    pub content: String,
    /// How each edit landed, in the order of the edits.
    pub landings: Vec<Landing>,
    /// What was replaced, from the top down. All other bytes are as they were.
    pub changes: Vec<Change>,
}

/// Bytes that were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where they stood before.
    pub old: Range<usize>,
    /// Where their replacement stands now.
    pub new: Range<usize>,
}

/// An edit of a batch that did not land.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct Refused {
    /// Which edit, from 0.
    pub edit: usize,
    /// Why.
    pub refusal: Refusal,
}

/// Applies edits to one text, all or none. Their line numbers are those of `content`; their order does not matter.
///
/// Deleting the last lines of a text without a final line break takes the break before them away as well: the text
/// still has none.
///
/// # Errors
/// At the first edit that has no proven place, or that changes what another changes.
pub fn apply(content: &str, edits: &[LineEdit]) -> Result<Applied, Refused> {
    let file = lines::split(content);
    let mut splices = Vec::with_capacity(edits.len());
    for (edit, wanted) in edits.iter().enumerate() {
        let found = locate::locate_in(content, &file, wanted);
        splices.push(found.map_err(|refusal| Refused { edit, refusal })?);
    }
    consistent(&file, &splices, edits)?;
    assemble(content, &splices)
}

/// Puts splices into a text, all or none.
fn assemble(content: &str, splices: &[Splice]) -> Result<Applied, Refused> {
    let landings = splices
        .iter()
        .map(|splice| splice.landing.clone())
        .collect();
    let mut order: Vec<(usize, &Splice)> = splices.iter().enumerate().collect();
    crate::sorted::sort_by_key(&mut order, |(edit, splice)| (splice.range.start, *edit));
    for pair in order.windows(2) {
        if let [(one, before), (other, after)] = pair
            && after.range.start < before.range.end
        {
            let refusal = Refusal::Overlap {
                one: one.min(other) + 1,
                other: one.max(other) + 1,
                line: after.landing.first_line,
            };
            return Err(Refused {
                edit: *one.max(other),
                refusal,
            });
        }
    }
    let growth: usize = splices.iter().map(|splice| splice.new.len()).sum();
    let mut result = String::with_capacity(content.len() + growth);
    let mut changes: Vec<Change> = Vec::new();
    let mut kept = 0;
    for (_, splice) in order {
        result.push_str(content.get(kept..splice.range.start).unwrap_or_default());
        let mut change = Change {
            old: splice.range.clone(),
            new: result.len()..result.len() + splice.new.len(),
        };
        if splice.takes_break {
            let text = result
                .strip_suffix('\n')
                .map(|text| text.strip_suffix('\r').unwrap_or(text).len());
            let cut = text.unwrap_or(result.len());
            result.truncate(cut);
            // The break may be what has come for lines before: then these changes and this one are one.
            let mut start = change.new.start;
            while let Some(before) = changes.pop_if(|before| before.new.end > cut) {
                change.old.start = before.old.start;
                start = before.new.start;
            }
            change.old.start -= start.saturating_sub(cut);
            // What takes the break before it away is a deletion.
            change.new = start.min(cut)..cut;
        }
        result.push_str(&splice.new);
        kept = splice.range.end;
        changes.push(change);
    }
    result.push_str(content.get(kept..).unwrap_or_default());
    Ok(Applied {
        content: result,
        landings,
        changes,
    })
}

/// Edits are stated against one text. Where lines came or went in between, what stands below has moved by as much: from
/// some edit on all places are shifted alike, or none is. Anything else is a likeness of what was meant.
fn consistent(
    lines: &[lines::Line<'_>],
    splices: &[Splice],
    edits: &[LineEdit],
) -> Result<(), Refused> {
    let mut shifts: Vec<(usize, isize, usize)> = splices
        .iter()
        .zip(edits)
        .enumerate()
        .map(|(number, (splice, edit))| {
            let shift = splice.landing.first_line.cast_signed() - edit.first_line.cast_signed();
            (edit.first_line, shift, number)
        })
        .collect();
    crate::sorted::sort(&mut shifts);
    let moved = shifts
        .iter()
        .map(|(_, shift, _)| *shift)
        .find(|shift| *shift != 0);
    let mut steps = 0;
    let mut before = 0;
    let mut above = 0;
    for (_, shift, number) in shifts {
        if shift != before {
            steps += 1;
            before = shift;
        }
        // What stands where it was stated, and as well where the rest has gone, may be meant there.
        let twice = moved.filter(|_| shift == 0).is_some_and(|moved| {
            let splice = splices
                .get(number)
                .map(|splice| (&splice.old, &splice.landing));
            splice.is_some_and(|(old, landing)| {
                let start = (landing.first_line - 1).checked_add_signed(moved);
                let there = start.and_then(|start| lines.get(start..start + landing.removed));
                there.is_some_and(|there| {
                    lines::split(old)
                        .iter()
                        .map(|line| line.text)
                        .eq(there.iter().map(|line| line.text))
                })
            })
        });
        // Nothing that comes or goes changes the order of what stays.
        let place = splices
            .get(number)
            .map_or(0, |splice| splice.landing.first_line);
        let crossed = place < above;
        above = place;
        if steps > 1 || twice || crossed {
            return Err(Refused {
                edit: number,
                refusal: Refusal::Inconsistent { shift },
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
