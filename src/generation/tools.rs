//! The model's tools, run over an app's files in memory.
//!
//! Every call has a result; a call that is refused changes nothing and says which argument is wrong, or shows the
//! lines as they are. Arguments are read strictly: an unknown one is an error. Stores nothing and waits for
//! nothing: the caller loads what [`reads`] names beforehand and stores new contents afterwards.

mod arguments;
mod view;

use std::collections::BTreeMap;

use arguments::{Arguments, Refused};

use crate::{
    config::Limits,
    digest::Digest,
    edit::{self, LineEdit},
    llm::message::{ToolCall, ToolResult},
    project::{FileEntry, Manifest, ProjectPath},
    template,
};

/// The tools on offer, with their arguments in the order in which they are described.
const CONTRACTS: &[(&str, &[&str])] = &[
    ("write_file", &["path", "content"]),
    (
        "line_replace",
        &["path", "search", "first_line", "last_line", "replacement"],
    ),
    ("view_file", &["path", "lines"]),
    ("delete_file", &["path"]),
    ("rename_app", &["name"]),
];

/// The names of the tools on offer.
pub const TOOLS: &[&str] = &[
    "write_file",
    "line_replace",
    "view_file",
    "delete_file",
    "rename_app",
];

/// How much of a result the feed shows, in characters.
const SUMMARY_CHARS: usize = 200;

/// An app's files while a turn changes them.
#[derive(Debug, Clone)]
pub struct Workbench {
    /// Every file, by hash.
    pub manifest: Manifest,
    /// The contents that were loaded, and those that tools have made.
    pub contents: BTreeMap<Digest, Vec<u8>>,
    /// What bounds the app.
    pub limits: Limits,
}

/// One file that a call has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which file.
    pub path: ProjectPath,
    /// What it is now; nothing when it was deleted. The content is on the workbench.
    pub entry: Option<FileEntry>,
}

/// What a call has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the model reads.
    pub result: ToolResult,
    /// The files that are different now. Empty when the call was refused or changed nothing.
    pub changes: Vec<Change>,
    /// The app's new name, when the call gave it one.
    pub renamed: Option<String>,
}

/// A call that did what was asked.
struct Done {
    says: String,
    changes: Vec<Change>,
    renamed: Option<String>,
}

impl Done {
    fn saying(says: String) -> Self {
        Self {
            says,
            changes: Vec::new(),
            renamed: None,
        }
    }
}

/// The files whose contents [`run`] needs on the workbench for these calls, each once; they may not exist.
#[must_use]
pub fn reads(calls: &[ToolCall]) -> Vec<ProjectPath> {
    let mut paths: Vec<ProjectPath> = calls
        .iter()
        .filter(|call| matches!(call.name.as_str(), "line_replace" | "view_file"))
        .filter_map(target)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// The file that a call is about, when it names one.
#[must_use]
pub fn target(call: &ToolCall) -> Option<ProjectPath> {
    call.input.get("path")?.as_str()?.parse().ok()
}

/// Runs one call. The workbench is changed only when the result is ok.
#[must_use]
pub fn run(call: &ToolCall, bench: &mut Workbench) -> Outcome {
    let (ok, done) = match dispatch(call, bench) {
        Ok(done) => (true, done),
        Err(Refused(why)) => (false, Done::saying(why)),
    };
    let result = ToolResult {
        call: call.id.clone(),
        ok,
        content: done.says,
    };
    Outcome {
        result,
        changes: done.changes,
        renamed: done.renamed,
    }
}

/// One line for the feed that says what a call has come to.
#[must_use]
pub fn summary(call: &ToolCall, result: &ToolResult) -> String {
    let line = result.content.lines().next().unwrap_or_default();
    let line = if call.name == "view_file" && result.ok {
        format!("looked at {line}")
    } else {
        line.to_owned()
    };
    match line.char_indices().nth(SUMMARY_CHARS) {
        Some((cut, _)) => format!("{}…", line.split_at(cut).0),
        None => line,
    }
}

fn dispatch(call: &ToolCall, bench: &mut Workbench) -> Result<Done, Refused> {
    let Some((tool, names)) = CONTRACTS.iter().find(|(tool, _)| *tool == call.name) else {
        return Err(Refused(format!(
            "there is no tool `{}`; the tools are {}",
            call.name.escape_debug(),
            TOOLS.join(", ")
        )));
    };
    let arguments = Arguments::read(tool, names, &call.input)?;
    match *tool {
        "write_file" => write_file(&arguments, bench),
        "line_replace" => line_replace(&arguments, bench),
        "view_file" => view_file(&arguments, bench),
        "delete_file" => delete_file(&arguments, bench),
        _ => rename_app(&arguments, bench),
    }
}

fn write_file(arguments: &Arguments<'_>, bench: &mut Workbench) -> Result<Done, Refused> {
    let path = arguments.path()?;
    let content = arguments.text("content")?;
    let before = bench.manifest.get(&path).copied();
    if before.is_some_and(|entry| entry.binary) {
        return Err(binary(&path));
    }
    let lines = count(edit::lines::split(content).len(), "line");
    let Some(change) = bench.put(path.clone(), content.as_bytes())? else {
        return Ok(Done::saying(format!(
            "{path}: has this content already, nothing was changed"
        )));
    };
    let verb = if before.is_some() {
        "rewrote"
    } else {
        "created"
    };
    Ok(Done {
        says: format!("{path}: {verb} with {lines}"),
        changes: vec![change],
        renamed: None,
    })
}

fn line_replace(arguments: &Arguments<'_>, bench: &mut Workbench) -> Result<Done, Refused> {
    let path = arguments.path()?;
    let edit = LineEdit {
        search: arguments.text("search")?.to_owned(),
        first_line: arguments.line("first_line")?,
        last_line: arguments.line("last_line")?,
        replacement: arguments.text("replacement")?.to_owned(),
    };
    let applied = edit::apply(bench.text(&path)?, std::slice::from_ref(&edit))
        .map_err(|refused| Refused(format!("{path}: {refused}")))?;
    let Some(landing) = applied.landings.first() else {
        return Err(Refused(format!("{path}: nothing was changed")));
    };
    let Some(change) = bench.put(path.clone(), applied.content.as_bytes())? else {
        return Ok(Done::saying(format!(
            "{path}: the lines say this already, nothing was changed"
        )));
    };
    let moved = landing
        .shift()
        .map_or_else(String::new, |moved| format!("\n{moved}"));
    Ok(Done {
        says: format!("{path}: {landing}{moved}"),
        changes: vec![change],
        renamed: None,
    })
}

fn view_file(arguments: &Arguments<'_>, bench: &Workbench) -> Result<Done, Refused> {
    let path = arguments.path()?;
    let range = arguments.range("lines")?;
    view::render(&path, bench.text(&path)?, range).map(Done::saying)
}

fn delete_file(arguments: &Arguments<'_>, bench: &mut Workbench) -> Result<Done, Refused> {
    let path = arguments.path()?;
    if bench.manifest.remove(&path).is_none() {
        return Err(missing(&path));
    }
    Ok(Done {
        says: format!("{path}: deleted"),
        changes: vec![Change { path, entry: None }],
        renamed: None,
    })
}

fn rename_app(arguments: &Arguments<'_>, bench: &Workbench) -> Result<Done, Refused> {
    let name = template::name(arguments.text("name")?, &bench.limits)
        .map_err(|error| Refused(format!("rename_app: `name`: {error}")))?;
    Ok(Done {
        says: format!(
            "the app is called “{name}” now\nThe name that the app itself shows stands in its files (src/app/identity.ts, index.html); they are as they were."
        ),
        changes: Vec::new(),
        renamed: Some(name.to_owned()),
    })
}

impl Workbench {
    fn text(&self, path: &ProjectPath) -> Result<&str, Refused> {
        let entry = self.manifest.get(path).ok_or_else(|| missing(path))?;
        if entry.binary {
            return Err(binary(path));
        }
        let content = self.contents.get(&entry.hash).ok_or_else(|| {
            Refused(format!(
                "{path}: its content could not be loaded; try again"
            ))
        })?;
        std::str::from_utf8(content).map_err(|_| binary(path))
    }

    /// Puts a file; nothing when it has that content already.
    fn put(&mut self, path: ProjectPath, content: &[u8]) -> Result<Option<Change>, Refused> {
        let entry = FileEntry::of(content);
        if self.manifest.get(&path) == Some(&entry) {
            return Ok(None);
        }
        self.manifest
            .put(path.clone(), entry, &self.limits)
            .map_err(|error| Refused(format!("{error}; nothing was changed")))?;
        self.contents.insert(entry.hash, content.to_vec());
        Ok(Some(Change {
            path,
            entry: Some(entry),
        }))
    }
}

fn missing(path: &ProjectPath) -> Refused {
    Refused(format!("{path}: there is no such file"))
}

fn binary(path: &ProjectPath) -> Refused {
    Refused(format!(
        "{path}: is a binary file; the text tools do not open it"
    ))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
