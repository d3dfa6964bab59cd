//! The edits that `cargo xtask bench edits` times, the same natively and in workerd.
//!
//! Makes files and edits that a seed decides, and applies one edit when told to. Nothing of what is timed may depend on
//! where it runs: the parser is given. Knows nothing of clocks.

#[cfg(target_arch = "wasm32")]
mod abi;
mod file;
mod random;

use overskill::{
    edit::{
        self, LineEdit,
        anchors::{self, AnchoredEdit},
        lines,
    },
    facts::Known,
};
use overskill_syntax::{Fault, Parser};

pub use random::Random;

/// The fewest lines of a file.
pub const FEWEST_LINES: usize = 100;

const PATH: &str = "bench.tsx";

/// A kind of edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// One line, where it is said to be; the file is parsed after it. What the parser said of it before is known.
    Guarded,
    /// Three lines where they are said to be.
    Exact,
    /// Three lines that stand seven lines above.
    Relocated,
    /// Three lines that are indented otherwise.
    Reindented,
    /// Three lines that are nowhere; the refusal shows the closest.
    Refused,
    /// Ten edits at once.
    Batch,
    /// Ten edits at once, each of lines between two anchors.
    Anchored,
}

impl Row {
    /// All rows. Each is at the place of its own number.
    pub const ALL: [Self; 7] = [
        Self::Guarded,
        Self::Exact,
        Self::Relocated,
        Self::Reindented,
        Self::Refused,
        Self::Batch,
        Self::Anchored,
    ];

    /// What it is called in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guarded => "exact, with the guard",
            Self::Exact => "exact",
            Self::Relocated => "relocated",
            Self::Reindented => "re-indented",
            Self::Refused => "refused, closest shown",
            Self::Batch => "batch of 10",
            Self::Anchored => "anchored, batch of 10",
        }
    }

    /// Whether each of its edits is refused; else each lands.
    #[must_use]
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::Refused)
    }
}

/// What one run hands to the engine.
#[derive(Debug)]
enum Call {
    Guarded(LineEdit),
    Edits(Vec<LineEdit>),
    Anchored(Vec<AnchoredEdit>),
}

impl Call {
    fn new(row: Row, lines: &[String], random: &mut Random) -> Self {
        match row {
            Row::Guarded => {
                let component = random.below(lines.len() / file::COMPONENT);
                Self::Guarded(file::at(lines, component * file::COMPONENT + 1, 1))
            }
            Row::Exact => Self::Edits(vec![file::at(lines, random.below(lines.len()), 3)]),
            Row::Relocated => {
                let edit = file::unique(lines, random);
                Self::Edits(vec![LineEdit {
                    first_line: edit.first_line + 7,
                    last_line: edit.last_line + 7,
                    ..edit
                }])
            }
            Row::Reindented => {
                let edit = file::unique(lines, random);
                Self::Edits(vec![LineEdit {
                    search: edit.search.replace('\n', "\n ").replacen("", " ", 1),
                    replacement: " x".to_owned(),
                    ..edit
                }])
            }
            Row::Refused => {
                let edit = file::unique(lines, random);
                Self::Edits(vec![LineEdit {
                    search: format!("{}Q", edit.search),
                    ..edit
                }])
            }
            Row::Batch => Self::Edits(file::ten(lines, random)),
            Row::Anchored => {
                let name = |number: usize| {
                    let line = lines.get(number - 1).map_or("", String::as_str);
                    anchors::anchor(number, line)
                };
                let edits = file::ten(lines, random).into_iter();
                let anchored = edits.map(|edit| AnchoredEdit {
                    first: name(edit.first_line),
                    last: name(edit.last_line),
                    text: edit.replacement,
                });
                Self::Anchored(anchored.collect())
            }
        }
    }
}

/// A file and edits of it, ready to be timed.
#[derive(Debug)]
pub struct Prepared {
    content: String,
    calls: Vec<Call>,
    syntax: Known<'static>,
    guarded: usize,
}

impl Prepared {
    /// Makes a file of so many lines, [`FEWEST_LINES`] at least, and edits of it. The same numbers make the same ones.
    ///
    /// # Errors
    /// Where the file is parsed: the faults that the parser finds in it before any edit.
    pub fn new(
        row: Row,
        lines: usize,
        count: usize,
        parser: &'static dyn Parser,
    ) -> Result<Self, Vec<Fault>> {
        let lines = file::lines(lines.max(FEWEST_LINES));
        let content = lines.join("\n") + "\n";
        let syntax = Known::new(parser);
        if row == Row::Guarded {
            let before = syntax.facts(PATH, &content);
            if !before.faults.is_empty() {
                return Err(before.faults.clone());
            }
        }
        let mut random = Random::new(lines.len() as u64);
        let calls = (0..count).map(|_| Call::new(row, &lines, &mut random));
        Ok(Self {
            content,
            calls: calls.collect(),
            syntax,
            guarded: 0,
        })
    }

    /// Applies an edit to the file as it was made, and drops what it comes to. Says whether it was refused or, with the
    /// guard, has broken the file; nothing when there is no such edit.
    pub fn run(&mut self, edit: usize) -> Option<bool> {
        Some(match self.calls.get(edit)? {
            Call::Guarded(edit) => {
                // Another number each time: what is known of a content is not read again.
                self.guarded += 1;
                let edit = LineEdit {
                    replacement: format!("  const [open, setOpen] = useState(1{});", self.guarded),
                    ..edit.clone()
                };
                edit::apply(&self.content, &[edit]).map_or(true, |applied| {
                    let (after, changes) = (&applied.content, &applied.changes);
                    let breakages = self.syntax.breakages(PATH, &self.content, after, changes);
                    !breakages.is_empty()
                })
            }
            Call::Edits(edits) => edit::apply(&self.content, edits).is_err(),
            Call::Anchored(edits) => {
                let file = lines::split(&self.content);
                let resolved = edits.iter().map(|edit| anchors::resolve_in(&file, edit));
                let resolved: Result<Vec<LineEdit>, _> = resolved.collect();
                resolved.map_or(true, |edits| edit::apply(&self.content, &edits).is_err())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use overskill_syntax::{Facts, Native};

    use super::*;

    #[test]
    fn every_edit_lands_or_is_refused_as_its_row_says() {
        for (number, row) in Row::ALL.into_iter().enumerate() {
            assert_eq!(row as usize, number, "{}", row.name());
            for lines in [100, 1_000] {
                let mut prepared = Prepared::new(row, lines, 50, &Native).unwrap();
                for edit in 0..50 {
                    let refused = prepared.run(edit);
                    assert_eq!(refused, Some(row.is_refused()), "{}", row.name());
                }
                assert_eq!(prepared.run(50), None);
            }
        }
    }

    #[test]
    fn a_guarded_edit_is_parsed_each_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static READ: AtomicUsize = AtomicUsize::new(0);
        struct Counting;
        impl Parser for Counting {
            fn facts(&self, path: &str, content: &str) -> Facts {
                READ.fetch_add(1, Ordering::Relaxed);
                Native.facts(path, content)
            }
        }
        let mut prepared = Prepared::new(Row::Guarded, 100, 1, &Counting).unwrap();
        for _ in 0..5 {
            prepared.run(0);
        }
        assert_eq!(READ.load(Ordering::Relaxed), 1 + 5);
    }
}
