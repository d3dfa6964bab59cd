//! What an edit breaks, by the facts of the file before and after.
//!
//! Names only what the edit introduces: a file that was broken before may be mended in several steps. Compares facts and
//! never guesses at what was meant. Knows nothing of parsers and of other files.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use overskill_syntax::{Facts, Fault, FaultKind, Import, ImportKind, Member};

use super::{Change, lines, refusal::regions};

/// Something that an edit has broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakage {
    /// What it is.
    pub kind: BreakageKind,
    /// Where it shows in the text after the edit: a line from 1.
    pub line: usize,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// The lines there after the edit, numbered.
    pub shown: String,
}

/// What an edit can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakageKind {
    /// The file could be parsed before.
    Syntax,
    /// A name is declared, imported or exported twice.
    Duplicate,
    /// An import or export has got into a body.
    Misplaced,
    /// A key that the edit does not name has got another parent.
    Moved,
    /// A key that the edit adds is inside of braces that end further down than its indentation says.
    Level,
}

impl fmt::Display for Breakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}:\n{}", self.line, self.message, self.shown)
    }
}

/// A text and its facts.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The text.
    pub content: &'a str,
    /// What a parser says of it.
    pub facts: &'a Facts,
}

/// What the changes have broken that was whole before, in the order in which it stands; the first few only.
#[must_use]
pub fn breakages(before: Side<'_>, after: Side<'_>, changes: &[Change]) -> Vec<Breakage> {
    const MOST: usize = 3;
    let mut found = faults(before, after, changes);
    if before.facts.faults.is_empty() && after.facts.faults.is_empty() {
        found.extend(repeated_imports(before, after));
        found.extend(moved(before, after, changes));
        found.extend(wrong_level(before, after, changes));
    }
    crate::sorted::sort_by_key(&mut found, |breakage| breakage.line);
    found.truncate(MOST);
    found
}

/// Faults that were not there before.
fn faults(before: Side<'_>, after: Side<'_>, changes: &[Change]) -> Vec<Breakage> {
    let judged = |side: Side<'_>| {
        let unchecked = |fault: &Fault| fault.kind == FaultKind::Unchecked;
        !side.facts.faults.iter().any(unchecked)
    };
    if !judged(before) || !judged(after) {
        return Vec::new();
    }
    let stops = |fault: &&Fault| fault.kind == FaultKind::Syntax;
    let stopped = before.facts.faults.iter().find(stops);
    let known: HashSet<(FaultKindKey, &str)> = before.facts.faults.iter().map(same).collect();
    let introduced = |fault: &&Fault| match stopped {
        None => !known.contains(&same(fault)),
        // The parser came as far as `stopped` before. A fault above it, in what the edit has put in, is the edit's.
        Some(stopped) => {
            fault.kind == FaultKind::Syntax
                && changes.iter().any(|change| {
                    change.old.end <= stopped.start && change.new.contains(&fault.start)
                })
        }
    };
    let new = after.facts.faults.iter().filter(introduced);
    new.map(|fault| {
        let kind = match fault.kind {
            FaultKind::Duplicate | FaultKind::Shadowed => BreakageKind::Duplicate,
            FaultKind::Misplaced => BreakageKind::Misplaced,
            FaultKind::Syntax | FaultKind::Unchecked => BreakageKind::Syntax,
        };
        let help = fault.help.as_ref();
        let help = help.map_or_else(String::new, |help| format!(" ({help})"));
        breakage(
            kind,
            after.content,
            fault.start,
            format!("{}{help}", fault.message),
        )
    })
    .collect()
}

type FaultKindKey = std::mem::Discriminant<FaultKind>;

fn same(fault: &Fault) -> (FaultKindKey, &str) {
    (std::mem::discriminant(&fault.kind), &fault.message)
}

/// Imports that stand there twice, word for word.
fn repeated_imports(before: Side<'_>, after: Side<'_>) -> Option<Breakage> {
    let seen = |facts: &Facts| {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for import in &facts.imports {
            if let Some(key) = statement(import) {
                *seen.entry(key).or_default() += 1;
            }
        }
        seen
    };
    let known = seen(before.facts);
    let mut now: HashMap<String, usize> = HashMap::new();
    after.facts.imports.iter().find_map(|import| {
        let key = statement(import)?;
        let times = now.entry(key.clone()).or_default();
        *times += 1;
        let twice = *times > 1 && *times > known.get(&key).copied().unwrap_or(0);
        twice.then(|| {
            let message = format!("`{}` is imported there a second time", import.from);
            breakage(
                BreakageKind::Duplicate,
                after.content,
                import.start,
                message,
            )
        })
    })
}

/// What a static import says; nothing for the others, which may well be repeated.
fn statement(import: &Import) -> Option<String> {
    match import.kind {
        ImportKind::Static | ImportKind::SideEffect => {}
        ImportKind::Dynamic | ImportKind::ReExport | ImportKind::Asset => return None,
    }
    let names = import.names.iter();
    let names: Vec<String> = names
        .map(|name| format!("{} as {}", name.imported, name.local))
        .collect();
    Some(format!("{}: {}", import.from, names.join(", ")))
}

/// Where bytes outside of the changes stand afterwards.
struct Moves<'a>(&'a [Change]);

impl Moves<'_> {
    /// The place afterwards of a byte that no change covers.
    fn after(&self, place: usize) -> Option<usize> {
        let mut shift = 0_isize;
        for change in self.0 {
            if place < change.old.start {
                break;
            }
            if place < change.old.end {
                return None;
            }
            shift = change.new.end.cast_signed() - change.old.end.cast_signed();
        }
        place.checked_add_signed(shift)
    }
}

/// A key whose parent is another one than before, where the key and both parents are no part of the edit and the edit
/// does not say the key's name: somebody's braces are in the wrong place.
fn moved(before: Side<'_>, after: Side<'_>, changes: &[Change]) -> Option<Breakage> {
    let moves = Moves(changes);
    let now: HashMap<usize, &Member> = after.facts.members.iter().map(|m| (m.start, m)).collect();
    let was: HashSet<usize> = before
        .facts
        .members
        .iter()
        .filter_map(|member| moves.after(member.start))
        .collect();
    let parent = |side: Side<'_>, member: &Member| {
        let parent = member
            .parent
            .and_then(|index| side.facts.members.get(index));
        parent.map(|parent| (parent.start, parent.name.clone()))
    };
    before.facts.members.iter().find_map(|member| {
        let place = moves.after(member.start)?;
        let same = *now.get(&place)?;
        let old = parent(before, member);
        let new = parent(after, same);
        let kept = match &old {
            Some((start, _)) => Some(Some(moves.after(*start)?)),
            None => Some(None),
        };
        let here = new.as_ref().map(|(start, _)| *start);
        let known = here.is_none_or(|start| was.contains(&start));
        if kept == Some(here) || !known || names(before, after, changes, &member.name) {
            return None;
        }
        let inside = |parent: Option<(usize, String)>| {
            parent.map_or("no other key".to_owned(), |(_, name)| format!("`{name}`"))
        };
        let message = format!(
            "`{}` was inside of {} and is now inside of {}, and the edit does not name it; check the braces",
            member.name,
            inside(old),
            inside(new)
        );
        Some(breakage(BreakageKind::Moved, after.content, place, message))
    })
}

/// Whether the changed text says a name, before or after.
fn names(before: Side<'_>, after: Side<'_>, changes: &[Change], name: &str) -> bool {
    changes.iter().any(|change| {
        let old = before.content.get(change.old.clone());
        let new = after.content.get(change.new.clone());
        old.into_iter().chain(new).any(|text| says(text, name))
    })
}

/// Whether a text says a name as a word of its own.
fn says(text: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    text.match_indices(name).any(|(start, _)| {
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let after = text
            .get(start + name.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// A key that an edit adds inside of older braces, indented no deeper than the line on which these open, where all the
/// others in there are: it was meant for what is around them.
fn wrong_level(before: Side<'_>, after: Side<'_>, changes: &[Change]) -> Option<Breakage> {
    let added = |place: usize| changes.iter().any(|change| change.new.contains(&place));
    // Whether the others inside of the same braces are all indented more than these open.
    let mut others: HashMap<usize, bool> = HashMap::new();
    for member in after
        .facts
        .members
        .iter()
        .filter(|member| !added(member.start))
    {
        let Some(own) = indentation(after.content, member.start) else {
            continue;
        };
        let deeper = others.entry(member.container).or_insert(true);
        *deeper &= own > line_indentation(after.content, member.container);
    }
    let moves = Moves(changes);
    let old: HashSet<usize> = before
        .facts
        .members
        .iter()
        .filter_map(|member| moves.after(member.container))
        .collect();
    let wrong = |member: &&Member| {
        let own = indentation(after.content, member.start);
        added(member.start)
            && old.contains(&member.container)
            && others.get(&member.container) == Some(&true)
            && own.is_some_and(|own| own <= line_indentation(after.content, member.container))
    };
    let member = after.facts.members.iter().find(wrong)?;
    let message = format!(
        "`{}` is indented as what is around the braces, and stands inside of them",
        member.name
    );
    Some(breakage(
        BreakageKind::Level,
        after.content,
        member.start,
        message,
    ))
}

/// The indentation of a place that is the first on its line, in characters.
fn indentation(content: &str, place: usize) -> Option<usize> {
    let line = content.get(..place)?.rsplit('\n').next()?;
    line.trim().is_empty().then(|| line.chars().count())
}

/// The indentation of the line that a place is on, in characters.
fn line_indentation(content: &str, place: usize) -> usize {
    let start = content
        .get(..place)
        .and_then(|text| text.rfind('\n'))
        .map_or(0, |end| end + 1);
    let line = content.get(start..).unwrap_or_default();
    line.chars()
        .take_while(|letter| matches!(letter, ' ' | '\t'))
        .count()
}

fn breakage(kind: BreakageKind, content: &str, place: usize, message: String) -> Breakage {
    let before = content.get(..place).unwrap_or(content);
    let line = before.matches('\n').count();
    let file = lines::split(content);
    Breakage {
        kind,
        line: line + 1,
        message,
        shown: regions(&file, std::iter::once(line..(line + 1).min(file.len()))),
    }
}

#[cfg(test)]
mod tests;
