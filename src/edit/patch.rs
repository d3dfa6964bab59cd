//! Patches over several files, in the two forms that models write: unified diffs (`--- a/x`, `+++ b/x`, `@@ -3,2 +3,4 @@`)
//! and the envelope of `*** Begin Patch` with `*** Add File:`, `*** Update File:`, `*** Delete File:`, `*** Move to:`.
//!
//! A hunk is what it says about lines: those that stay and those that go are searched, at the line that is stated or, where
//! none is, at the only place there is. Line counts in headers are ignored: models miscount.

use std::ops::Range;

use super::{
    LineEdit, Refusal, Refused,
    lines::{self, Line},
    locate::MOST_PLACES,
    pattern::{Likeness, Pattern},
    refusal::{closest, regions},
};

/// What a patch does to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePatch {
    /// Which file, as the patch names it, without `a/` and `b/`.
    pub path: String,
    /// What is done.
    pub action: Action,
}

/// What is done to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is made, with this content.
    Add(String),
    /// It is deleted.
    Delete,
    /// Lines change; then it may get another path.
    Update {
        /// The changes, from the top down.
        hunks: Vec<Hunk>,
        /// Its new path.
        moved_to: Option<String>,
    },
}

/// Lines that change, with lines around them that stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hunk {
    /// The first line of it, from 1, where the patch says so.
    pub first_line: Option<usize>,
    /// A line that stands above it, such as the head of a function, where the patch says so.
    pub scope: Option<String>,
    /// What the lines hold now.
    pub old: Vec<String>,
    /// What they shall hold.
    pub new: Vec<String>,
}

/// Why a text is no patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Nothing in it is a change.
    #[error(
        "this is no patch: it is a unified diff with `--- a/path`, `+++ b/path` and `@@` lines, or begins with `*** Begin Patch`"
    )]
    NoPatch,
    /// A line is none of a hunk's.
    #[error("line {line} of the patch begins with neither a space, `+` nor `-`: {text}")]
    NoHunkLine {
        /// Which line of the patch, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// Lines stand before the first file or hunk.
    #[error("line {line} of the patch belongs to no file: {text}")]
    NoFile {
        /// Which line of the patch, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// Lines are inserted, and nothing says where.
    #[error(
        "a change of {path} only adds lines; give at least one line of what stands beside them"
    )]
    NoContext {
        /// Which file.
        path: String,
    },
}

/// Reads a patch.
///
/// # Errors
/// With the first line that makes no sense.
pub fn parse(text: &str) -> Result<Vec<FilePatch>, Malformed> {
    let mut reader = Reader::default();
    let all: Vec<&str> = text.lines().collect();
    for (index, line) in all.iter().enumerate() {
        let next = all.get(index + 1..).unwrap_or_default();
        reader.line(index + 1, line, next)?;
    }
    reader.close();
    if reader.files.is_empty() {
        return Err(Malformed::NoPatch);
    }
    for file in &reader.files {
        if let Action::Update { hunks, .. } = &file.action
            && hunks
                .iter()
                .any(|hunk| hunk.old.is_empty() && !hunk.new.is_empty())
        {
            let path = file.path.clone();
            return Err(Malformed::NoContext { path });
        }
    }
    Ok(reader.files)
}

#[derive(Default)]
struct Reader {
    files: Vec<FilePatch>,
    hunk: Option<Hunk>,
    /// The path of the last `---`, where it is not `/dev/null`.
    from: Option<String>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str, next: &[&str]) -> Result<(), Malformed> {
        if let Some(rest) = line.strip_prefix("*** ") {
            return self.directive(number, rest.trim());
        }
        // Inside of a hunk these may be lines that go and come: `-- x` and `++ x`.
        let heads = match next {
            [to, hunk, ..] => {
                to.starts_with("+++ ") && (self.hunk.is_none() || hunk.starts_with("@@"))
            }
            [to] => to.starts_with("+++ ") && self.hunk.is_none(),
            [] => false,
        };
        if line.starts_with("--- ") && heads {
            self.close();
            self.from = named(line.get(4..).unwrap_or_default());
            return Ok(());
        }
        if let Some(path) = line.strip_prefix("+++ ")
            && self.hunk.is_none()
        {
            self.unified(named(path));
            return Ok(());
        }
        if let Some(rest) = line.strip_prefix("@@") {
            return self.open(number, line, rest);
        }
        self.body(number, line)
    }

    fn directive(&mut self, number: usize, said: &str) -> Result<(), Malformed> {
        let of = |head: &str| said.strip_prefix(head).map(|path| path.trim().to_owned());
        if said == "End of File" {
            return Ok(());
        }
        self.close();
        if let Some(path) = of("Add File:") {
            self.begin(path, Action::Add(String::new()));
        } else if let Some(path) = of("Delete File:") {
            self.begin(path, Action::Delete);
        } else if let Some(path) = of("Update File:") {
            let hunks = Vec::new();
            self.begin(
                path,
                Action::Update {
                    hunks,
                    moved_to: None,
                },
            );
        } else if let Some(path) = of("Move to:") {
            match self.files.last_mut().map(|file| &mut file.action) {
                Some(Action::Update { moved_to, .. }) => *moved_to = Some(path),
                _ => return Err(no_file(number, said)),
            }
        } else if said != "Begin Patch" && said != "End Patch" {
            return Err(no_file(number, said));
        }
        Ok(())
    }

    fn unified(&mut self, to: Option<String>) {
        match (self.from.take(), to) {
            (Some(path), None) => self.begin(path, Action::Delete),
            (None, Some(path)) => self.begin(path, Action::Add(String::new())),
            (Some(from), Some(to)) => {
                let moved_to = (from != to).then_some(to);
                let hunks = Vec::new();
                self.begin(from, Action::Update { hunks, moved_to });
            }
            (None, None) => {}
        }
    }

    fn begin(&mut self, path: String, action: Action) {
        self.close();
        self.files.push(FilePatch { path, action });
    }

    fn open(&mut self, number: usize, line: &str, rest: &str) -> Result<(), Malformed> {
        // Several `@@` lines in a row narrow the scope: the last one is the closest.
        self.close();
        if self.files.is_empty() {
            return Err(no_file(number, line));
        }
        let mut hunk = Hunk::default();
        match rest.trim_start().strip_prefix('-') {
            Some(ranges) => {
                let digits = ranges.split(|letter: char| !letter.is_ascii_digit()).next();
                hunk.first_line = digits
                    .and_then(|digits| digits.parse().ok())
                    .filter(|line| *line > 0);
            }
            None => {
                let scope = rest.trim().trim_end_matches("@@").trim();
                hunk.scope = (!scope.is_empty()).then(|| scope.to_owned());
            }
        }
        self.hunk = Some(hunk);
        Ok(())
    }

    fn body(&mut self, number: usize, line: &str) -> Result<(), Malformed> {
        let (sign, text) = match line.chars().next() {
            None => (' ', ""),
            Some(sign) => (sign, line.get(sign.len_utf8()..).unwrap_or_default()),
        };
        if let Some(FilePatch {
            action: Action::Add(content),
            ..
        }) = self.files.last_mut()
        {
            return match sign {
                '+' => {
                    content.push_str(text);
                    content.push('\n');
                    Ok(())
                }
                // `\ No newline at end of file`
                '\\' => {
                    let line = content.strip_suffix('\n').map(str::len);
                    content.truncate(line.unwrap_or(content.len()));
                    Ok(())
                }
                _ if line.trim().is_empty() => Ok(()),
                _ => Err(no_hunk_line(number, line)),
            };
        }
        let heading = [
            "diff ",
            "index ",
            "new file",
            "deleted file",
            "similarity ",
            "rename ",
            "old mode",
            "new mode",
        ];
        if self.hunk.is_none()
            && (line.trim().is_empty() || heading.iter().any(|head| line.starts_with(head)))
        {
            return Ok(());
        }
        match self.files.last().map(|file| &file.action) {
            Some(Action::Update { .. }) => {}
            Some(Action::Delete) => return Ok(()),
            _ => return Err(no_file(number, line)),
        }
        let hunk = self.hunk.get_or_insert_default();
        match sign {
            ' ' => {
                hunk.old.push(text.to_owned());
                hunk.new.push(text.to_owned());
            }
            '-' => hunk.old.push(text.to_owned()),
            '+' => hunk.new.push(text.to_owned()),
            '\\' => {}
            _ if heading.iter().any(|head| line.starts_with(head)) => self.close(),
            _ => return Err(no_hunk_line(number, line)),
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(hunk) = self.hunk.take() {
            self.push(hunk);
        }
    }

    fn push(&mut self, mut hunk: Hunk) {
        // An empty line at the end of a patch is no line of the file.
        while hunk.old.last().is_some_and(String::is_empty)
            && hunk.new.last().is_some_and(String::is_empty)
        {
            hunk.old.pop();
            hunk.new.pop();
        }
        if hunk.old == hunk.new {
            return;
        }
        if let Some(FilePatch {
            action: Action::Update { hunks, .. },
            ..
        }) = self.files.last_mut()
        {
            hunks.push(hunk);
        }
    }
}

fn named(path: &str) -> Option<String> {
    let path = path.split('\t').next().unwrap_or_default().trim();
    let bare = path.strip_prefix("a/").or_else(|| path.strip_prefix("b/"));
    (path != "/dev/null").then(|| bare.unwrap_or(path).to_owned())
}

fn no_file(line: usize, text: &str) -> Malformed {
    let text = text.chars().take(120).collect();
    Malformed::NoFile { line, text }
}

fn no_hunk_line(line: usize, text: &str) -> Malformed {
    let text = text.chars().take(120).collect();
    Malformed::NoHunkLine { line, text }
}

/// The hunks of one file as edits of its lines.
///
/// # Errors
/// When a hunk that states no line has no place, or more than one.
pub fn edits(content: &str, hunks: &[Hunk]) -> Result<Vec<LineEdit>, Refused> {
    let file = lines::split(content);
    let mut from = 0;
    let found = hunks.iter().enumerate().map(|(edit, hunk)| {
        let first = match hunk.first_line {
            Some(line) => line,
            None => find(&file, hunk, from).map_err(|refusal| Refused { edit, refusal })? + 1,
        };
        from = first - 1 + hunk.old.len();
        Ok(LineEdit {
            search: hunk.old.join("\n"),
            first_line: first,
            last_line: first - 1 + hunk.old.len(),
            replacement: hunk.new.join("\n"),
        })
    });
    found.collect()
}

/// The only place of a hunk at or below a line, inside of its scope where it names one.
fn find(file: &[Line<'_>], hunk: &Hunk, from: usize) -> Result<usize, Refusal> {
    let said: Vec<&str> = hunk.old.iter().map(String::as_str).collect();
    let pattern = Pattern::literal(&said);
    let scope = hunk
        .scope
        .as_deref()
        .and_then(|scope| body(file, scope, from));
    for likeness in Likeness::ALL {
        let all = pattern.places(file, said.len(), likeness, MOST_PLACES);
        let below: Vec<usize> = all.into_iter().filter(|start| *start >= from).collect();
        let inside = scope.as_ref().map(|scope| {
            let inside = below.iter().copied().filter(|start| scope.contains(start));
            inside.collect::<Vec<usize>>()
        });
        match (inside.as_deref(), below.as_slice()) {
            (Some([start]), _) | (_, [start]) => return Ok(*start),
            (_, []) => {}
            (_, many) => {
                return Err(Refusal::TextNotUnique {
                    places: many.iter().map(|start| start + 1).collect(),
                    shown: regions(file, many.iter().map(|start| *start..start + said.len())),
                });
            }
        }
    }
    Err(Refusal::TextNotFound {
        count: file.len(),
        shown: regions(file, closest(file, &pattern, &(from..from + said.len()))),
    })
}

/// The lines below the only line that says `scope`, as long as they are indented more.
fn body(file: &[Line<'_>], scope: &str, from: usize) -> Option<Range<usize>> {
    let says = |line: &Line<'_>| line.text.trim() == scope.trim();
    let mut heads =
        (from.saturating_sub(1)..file.len()).filter(|index| file.get(*index).is_some_and(says));
    let head = heads.next().filter(|_| heads.next().is_none())?;
    let indentation = |line: &Line<'_>| line.text.len() - line.text.trim_start().len();
    let own = file.get(head).map(indentation)?;
    let ends = |line: &Line<'_>| !line.text.trim().is_empty() && indentation(line) <= own;
    let end = (head + 1..file.len()).find(|index| file.get(*index).is_some_and(ends));
    Some(head..end.unwrap_or(file.len()))
}

#[cfg(test)]
mod tests;
