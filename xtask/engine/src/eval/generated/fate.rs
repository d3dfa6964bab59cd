//! What becomes of a file between the moment when it was viewed and the call that edits it.

use overskill::edit::LineEdit;
use overskill_bench::Random;

use super::{
    file::{self, File},
    stated,
};
use crate::oracle::Change;

/// One sort of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The file is as it was.
    Exact,
    /// As it was, and long search texts are elided.
    Elided,
    /// Lines came or went above.
    Moved,
    /// The same, elided.
    MovedElided,
    /// White space is not what the search text says.
    Spaced,
    /// The lines of one edit have changed.
    Stale,
    /// Search text and lines are anything.
    Noise,
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) content: String,
    pub(super) edits: Vec<LineEdit>,
    /// What its author means, where that is still there.
    pub(super) meant: Option<Vec<Change>>,
}

impl Fate {
    pub(super) const ALL: [Self; 7] = [
        Self::Exact,
        Self::Elided,
        Self::Moved,
        Self::MovedElided,
        Self::Spaced,
        Self::Stale,
        Self::Noise,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Elided => "elided",
            Self::Moved => "moved",
            Self::MovedElided => "moved, elided",
            Self::Spaced => "white space",
            Self::Stale => "stale",
            Self::Noise => "noise",
        }
    }

    pub(super) fn call(self, random: &mut Random) -> Call {
        let mut file = File::new(random);
        let mut edits = batch(&file, random);
        random.shuffle(&mut edits);
        let mut meant = Some(stated(&edits));
        if matches!(self, Self::Elided | Self::MovedElided) {
            edits.iter_mut().for_each(|edit| elide(edit, random));
        }
        match self {
            Self::Exact | Self::Elided => {}
            Self::Moved | Self::MovedElided => shift(&mut file, meant.as_mut(), random),
            Self::Spaced => {
                edits.iter_mut().for_each(|edit| space(edit, random));
                // Where replacements move with their lines, what is meant depends on how they were written.
                meant = None;
            }
            Self::Stale => {
                spoil(&mut file, &edits, random);
                meant = None;
            }
            Self::Noise => {
                edits.iter_mut().for_each(|edit| noise(edit, &file, random));
                meant = None;
            }
        }
        Call {
            content: file.content(),
            edits,
            meant,
        }
    }
}

/// Up to four edits that share no line.
fn batch(file: &File, random: &mut Random) -> Vec<LineEdit> {
    let mut edits = Vec::new();
    let mut next = random.below(file.lines.len());
    for _ in 0..random.between(1, 4) {
        let last = next + random.pick(&[0, 0, 0, 1, 2, 5, 9]).copied().unwrap_or(0);
        let Some(held) = file.lines.get(next..=last) else {
            break;
        };
        edits.push(LineEdit {
            search: held.join("\n"),
            first_line: next + 1,
            last_line: last + 1,
            replacement: file::replacement(random),
        });
        next = last + 1 + random.below(6);
    }
    edits
}

fn elide(edit: &mut LineEdit, random: &mut Random) {
    let mut lines: Vec<&str> = edit.search.split('\n').collect();
    if lines.len() < 3 {
        return;
    }
    let from = random.between(0, lines.len() - 2);
    let to = random.between(from + 1, lines.len() - 1);
    lines.splice(from..to, ["..."]);
    edit.search = lines.join("\n");
}

/// Lines come or go above, and at times between the edits.
fn shift(file: &mut File, meant: Option<&mut Vec<Change>>, random: &mut Random) {
    let Some(meant) = meant else {
        return;
    };
    let starts: Vec<usize> = meant.iter().map(|change| change.first).collect();
    let at = random.pick(&starts).copied().unwrap_or(1);
    let taken = meant
        .iter()
        .map(|change| change.last)
        .filter(|last| *last < at)
        .max()
        .unwrap_or(0);
    let room = at - 1 - taken;
    if room > 0 && random.once_in(2) {
        let count = random.between(1, room);
        file.remove(at - 1 - count, count);
        for change in meant.iter_mut().filter(|change| change.first >= at) {
            change.first -= count;
            change.last -= count;
        }
    } else {
        let lines = file::others(random);
        let count = lines.len();
        file.insert(at - 1, lines);
        for change in meant.iter_mut().filter(|change| change.first >= at) {
            change.first += count;
            change.last += count;
        }
    }
}

/// The search text has other white space than the file: at ends of lines, or before them all.
fn space(edit: &mut LineEdit, random: &mut Random) {
    let write = |text: &str, with: &dyn Fn(&str) -> String| {
        text.split('\n').map(with).collect::<Vec<_>>().join("\n")
    };
    match random.below(4) {
        0 => edit.search = write(&edit.search, &|line| format!("{line} ")),
        1 => edit.search = write(&edit.search, &|line| line.trim_end().to_owned()),
        2 => {
            let deeper = |line: &str| {
                if line.trim().is_empty() {
                    line.to_owned()
                } else {
                    format!("  {line}")
                }
            };
            edit.search = write(&edit.search, &deeper);
            edit.replacement = write(&edit.replacement, &deeper);
        }
        _ => edit.search = write(&edit.search, &|line| line.trim_start().to_owned()),
    }
}

/// Lines of one edit change, go, or get others between them.
fn spoil(file: &mut File, edits: &[LineEdit], random: &mut Random) {
    let Some(edit) = random.pick(edits) else {
        return;
    };
    let at = random.between(edit.first_line - 1, edit.last_line - 1);
    match random.below(4) {
        0 if file.lines.len() > 1 => file.remove(at, 1),
        1 => file.insert(at + 1, file::others(random)),
        2 => {
            if let Some(line) = file.lines.get_mut(at) {
                line.push_str(" // changed");
            }
        }
        _ => {
            if let Some(line) = file.lines.get_mut(at) {
                *line = "changed".to_owned();
            }
        }
    }
}

fn noise(edit: &mut LineEdit, file: &File, random: &mut Random) {
    if random.once_in(2) {
        edit.first_line = random.between(0, file.lines.len() + 3);
        edit.last_line = (edit.first_line + random.below(4)).saturating_sub(random.below(2));
    }
    if random.once_in(2) {
        let from = random.below(file.lines.len());
        let lines: Vec<String> = file
            .lines
            .iter()
            .skip(from)
            .take(random.between(1, 4))
            .cloned()
            .collect();
        edit.search = lines.join("\n");
    }
    if random.once_in(4) {
        edit.search.push_str(
            random
                .pick(&["\n...", "x", "\n", " ", "\n}"])
                .unwrap_or(&""),
        );
    }
}
