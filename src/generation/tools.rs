//! The model's tools, run over an app's files in memory.
//!
//! Every call has a result; a call that is refused changes nothing and says which argument is wrong, or shows the
//! lines as they are. Arguments are read strictly: an unknown one is an error. Stores nothing and waits for
//! nothing: the caller loads what [`reads`] names beforehand and stores new contents afterwards.

mod arguments;
mod contract;
mod dialect;
mod edits;
mod files;
mod packages;
mod search;
mod tables;
mod view;
mod views;

use arguments::{Arguments, Refused};
use contract::CONTRACTS;
use serde::{Deserialize, Serialize};

use crate::{
    config::Limits,
    digest::Digest,
    edit::{
        Landing, patch,
        tokens::{Ledger, Saving},
    },
    facts::Known,
    llm::message::{ToolCall, ToolResult},
    project::{FileEntry, Manifest, ProjectPath},
    sorted::SortedMap,
    template,
};

pub use contract::offered;
pub use dialect::{Dialect, UnknownDialect};
pub use packages::{Answers, Wanted, question};
pub use tables::{Defined, defines};
pub use views::{Move, View, Views};

/// How much is shown of arguments that cannot be read, in characters.
const END_CHARS: usize = 80;

/// How much of a result the feed shows, in characters.
const SUMMARY_CHARS: usize = 200;

/// An app's files while a turn changes them.
#[derive(Debug, Clone)]
pub struct Workbench<'a> {
    /// Every file, by hash.
    pub manifest: Manifest,
    /// The contents that were loaded, and those that tools have made.
    pub contents: SortedMap<Digest, Vec<u8>>,
    /// What the model has seen of them in this turn.
    pub views: Views,
    /// What its edits have cost in this turn.
    pub ledger: Ledger,
    /// In which form it states its edits.
    pub dialect: Dialect,
    /// What the builder said of the packages that calls of this step want to add.
    pub packages: Answers,
    /// What the app's shard said of the tables that calls of this step want.
    pub tables: Defined,
    /// What a parser says of them.
    pub syntax: &'a Known<'a>,
    /// What the turn may lead to.
    pub intent: Intent,
    /// What bounds the app.
    pub limits: Limits,
}

/// What somebody wants a message to lead to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Whatever it asks for: the model decides.
    #[default]
    Auto,
    /// Words only. Nothing can be changed.
    Discuss,
    /// Changes.
    Build,
}

/// A question of the model's to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub text: String,
    /// Answers to choose from; may be none.
    pub options: Vec<String>,
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
    /// What the user is asked.
    pub asked: Option<Question>,
    /// What was done to which file; empty for a call that is no change of files, and for one that was refused.
    pub receipts: Vec<Receipt>,
    /// What the call has cost against writing the files anew, estimated; nothing for a call that is no edit.
    pub saving: Option<Saving>,
}

/// What a call has done to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which file.
    pub path: ProjectPath,
    /// The hash of its content before; nothing when it was not there.
    pub before: Option<Digest>,
    /// The hash of its content now; nothing when it is gone.
    pub hash: Option<Digest>,
    /// Where the edits have landed; empty for a file that was written or deleted as a whole.
    pub edits: Vec<Landing>,
}

/// A call that did what was asked.
#[derive(Default)]
struct Done {
    says: String,
    changes: Vec<Change>,
    landings: Vec<(ProjectPath, Vec<Landing>)>,
    renamed: Option<String>,
    asked: Option<Question>,
}

impl Done {
    fn saying(says: String) -> Self {
        Self {
            says,
            ..Self::default()
        }
    }

    /// One thing after another.
    fn then(&mut self, next: Self) {
        if !self.says.is_empty() && !next.says.is_empty() {
            self.says.push('\n');
        }
        self.says.push_str(&next.says);
        self.changes.extend(next.changes);
        self.landings.extend(next.landings);
        self.renamed = next.renamed.or_else(|| self.renamed.take());
        self.asked = next.asked.or_else(|| self.asked.take());
    }
}

/// Whether a call states an edit in any dialect but that of whole files.
fn is_edit(call: &ToolCall) -> bool {
    let named = |dialect: &Dialect| dialect.tool() == call.name;
    Dialect::ALL
        .iter()
        .any(|dialect| named(dialect) && *dialect != Dialect::Whole)
}

/// Puts a call in the turn's ledger; what it comes to alone.
fn account(call: &ToolCall, changes: &[Change], bench: &mut Workbench<'_>) -> Saving {
    let files: Vec<(String, String)> = changes
        .iter()
        .filter_map(|change| {
            let content = bench.content(&change.entry?.hash)?;
            Some((change.path.to_string(), content.to_owned()))
        })
        .collect();
    let mut alone = Ledger::default();
    for ledger in [&mut alone, &mut bench.ledger] {
        if changes.is_empty() {
            ledger.failed(&call.name, &call.input);
        } else {
            let files = files
                .iter()
                .map(|(path, content)| (path.as_str(), content.as_str()));
            ledger.landed(&call.name, &call.input, files);
        }
    }
    alone.saving()
}

/// Whether a call may change files.
#[must_use]
pub fn changes_files(call: &ToolCall) -> bool {
    call.name != "rename_app" && !only_looks(&call.name)
}

/// Whether a tool changes nothing of the app.
fn only_looks(tool: &str) -> bool {
    matches!(tool, "view_file" | "search_files" | "ask_user")
}

/// The contents that [`run`] needs on the workbench for these calls, by hash, each once.
#[must_use]
pub fn needs(calls: &[ToolCall], manifest: &Manifest, views: &Views) -> Vec<Digest> {
    let patched = calls
        .iter()
        .filter_map(|call| call.input.get("patch")?.as_str())
        .flat_map(|patch| patch::parse(patch).unwrap_or_default())
        .filter_map(|file| file.path.parse().ok());
    let paths = calls.iter().filter_map(target).chain(patched);
    let paths = paths.chain(calls.iter().flat_map(packages::files));
    let paths = paths.chain(tables::files(calls, manifest).cloned());
    let mut hashes: Vec<Digest> = paths
        .flat_map(|path| {
            let now = manifest.get(&path).map(|entry| entry.hash);
            let shown = views.get(&path).map(|view| view.shown);
            now.into_iter().chain(shown)
        })
        .collect();
    if calls.iter().any(|call| call.name == "search_files") {
        hashes.extend(search::needs(manifest));
    }
    crate::sorted::sort(&mut hashes);
    hashes.dedup();
    hashes
}

/// The file that a call is about, when it names one.
#[must_use]
pub fn target(call: &ToolCall) -> Option<ProjectPath> {
    call.input.get("path")?.as_str()?.parse().ok()
}

/// Runs one call. The files on the workbench are changed only when the result is ok.
#[must_use]
pub fn run(call: &ToolCall, bench: &mut Workbench<'_>) -> Outcome {
    let before = bench.manifest.clone();
    let (ok, done) = match dispatch(call, bench) {
        Ok(done) => (true, done),
        Err(Refused(why)) => (false, Done::saying(why)),
    };
    let result = ToolResult {
        call: call.id.clone(),
        ok,
        content: done.says,
    };
    let mut landings: SortedMap<ProjectPath, Vec<Landing>> = SortedMap::new();
    for (path, landed) in done.landings {
        landings.entry(path).or_default().extend(landed);
    }
    for change in &done.changes {
        landings.entry(change.path.clone()).or_default();
    }
    let saving = is_edit(call).then(|| account(call, &done.changes, bench));
    let receipts = landings.into_iter().map(|(path, edits)| Receipt {
        before: before.get(&path).map(|entry| entry.hash),
        hash: bench.hash(&path),
        edits,
        path,
    });
    Outcome {
        receipts: receipts.collect(),
        saving,
        result,
        changes: done.changes,
        renamed: done.renamed,
        asked: done.asked,
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

fn dispatch(call: &ToolCall, bench: &mut Workbench<'_>) -> Result<Done, Refused> {
    let Some(contract) = CONTRACTS.iter().find(|tool| tool.name == call.name) else {
        return Err(Refused(format!(
            "there is no tool `{}`; the tools are {}",
            call.name.escape_debug(),
            contract::names(bench.dialect, bench.intent).join(", ")
        )));
    };
    let tool = contract.name;
    if let Some(written) = &call.unreadable {
        let end: String = written.chars().rev().take(END_CHARS).collect();
        let end: String = end.chars().rev().collect();
        return Err(Refused(format!(
            "{tool}: the arguments are no whole JSON object, so nothing was done. They were cut off, or are malformed; they end in \
             `{end}`. Call it again, with less at once if they were long"
        )));
    }
    let arguments = Arguments::read(contract, &call.input)?;
    if bench.intent == Intent::Discuss && !only_looks(tool) {
        return Err(Refused(format!(
            "{tool}: this is a discussion, in which nothing of the app is changed. Answer in words"
        )));
    }
    match tool {
        "write_file" => files::write_file(&arguments, bench),
        "edit_lines" => edits::edit_lines(&arguments, bench),
        "line_replace" => edits::line_replace(&arguments, bench),
        "str_replace" => edits::str_replace(&arguments, bench),
        "apply_patch" => edits::apply_patch(&arguments, bench),
        "view_file" => files::view_file(&arguments, bench),
        "search_files" => search::search_files(&arguments, bench),
        "delete_file" => files::delete_file(&arguments, bench),
        "add_dependency" => packages::add_dependency(call, &arguments, bench),
        "define_tables" => tables::define_tables(call, &arguments, bench),
        "scaffold_resource" => tables::scaffold_resource(call, &arguments, bench),
        "remove_dependency" => packages::remove_dependency(&arguments, bench),
        "ask_user" => ask_user(&arguments),
        _ => rename_app(&arguments, bench),
    }
}

fn ask_user(arguments: &Arguments<'_>) -> Result<Done, Refused> {
    const MOST_OPTIONS: usize = 8;
    const MOST_CHARS: usize = 2_000;
    let text = arguments.text("question")?.trim();
    let options = arguments.list("options")?;
    let options: Vec<String> = options
        .iter()
        .map(|option| option.trim().to_owned())
        .filter(|option| !option.is_empty())
        .collect();
    let chars = text.chars().count()
        + options
            .iter()
            .map(|option| option.chars().count())
            .sum::<usize>();
    if text.is_empty() {
        return Err(Refused("ask_user: `question` is empty".to_owned()));
    }
    if options.len() > MOST_OPTIONS || chars > MOST_CHARS {
        return Err(Refused(format!(
            "ask_user: a question has at most {MOST_OPTIONS} options and {MOST_CHARS} characters; make it shorter"
        )));
    }
    Ok(Done {
        says: "asked; the answer comes as the next message".to_owned(),
        asked: Some(Question {
            text: text.to_owned(),
            options,
        }),
        ..Done::default()
    })
}

fn rename_app(arguments: &Arguments<'_>, bench: &Workbench<'_>) -> Result<Done, Refused> {
    let name = template::name(arguments.text("name")?, &bench.limits)
        .map_err(|error| Refused(format!("rename_app: `name`: {error}")))?;
    Ok(Done {
        says: format!(
            "the app is called “{name}” now\nThe name that the app itself shows stands in its files (src/app/identity.ts, index.html); they are as they were."
        ),
        renamed: Some(name.to_owned()),
        ..Done::default()
    })
}

impl Workbench<'_> {
    fn hash(&self, path: &ProjectPath) -> Option<Digest> {
        self.manifest.get(path).map(|entry| entry.hash)
    }

    /// A text that is on the workbench.
    fn content(&self, hash: &Digest) -> Option<&str> {
        std::str::from_utf8(self.contents.get(hash)?).ok()
    }

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
        tables::check(self, &path, content)?;
        self.put_any(path, content)
    }

    /// Puts a file, whatever tables it names.
    fn put_any(&mut self, path: ProjectPath, content: &[u8]) -> Result<Option<Change>, Refused> {
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
