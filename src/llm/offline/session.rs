//! Where a turn stands, read from its messages alone, and what comes next.
//!
//! View what is needed, write the new files, change those that are there, report what the results say. A new file that
//! is refused ends it before anything names that file. Keeps nothing between calls.

use serde_json::json;

use super::{
    edits::{Edit, edits},
    grammar::{Understanding, understand},
    model::Thing,
    packages,
    plan::{Plan, Taken, plan},
    scaffold::table_of,
    source::{self, File},
    summary, tables,
    wiring::{FileChange, IDENTITY, INDEX, NAVIGATION, ROUTES, Views, Wiring, wire},
};
use crate::{
    llm::message::{Block, Message, Reply, Request, Stop, ToolCall, ToolResult, Usage, UserBlock},
    sorted::SortedMap,
};

/// A call of this turn and its result, if there is one.
pub(super) struct Done {
    pub(super) call: ToolCall,
    pub(super) result: Option<ToolResult>,
}

impl Done {
    pub(super) fn ok(&self) -> bool {
        self.result.as_ref().is_some_and(|result| result.ok)
    }
}

/// What makes tables.
const DEFINE: &str = "define_tables";

/// Names of an app that nobody has named.
const UNNAMED: [&str; 4] = ["", "Untitled app", "New app", "__APP_NAME__"];

/// This turn so far.
struct Turn {
    prompt: String,
    /// What was told of the app when it began.
    context: String,
    steps: usize,
    done: Vec<Done>,
}

impl Turn {
    fn of(messages: &[Message]) -> Self {
        let starts = |message: &Message| match message {
            Message::User(blocks) => {
                blocks
                    .iter()
                    .any(|block| matches!(block, UserBlock::Text { .. }))
                    && !blocks
                        .iter()
                        .any(|block| matches!(block, UserBlock::ToolResult(_)))
            }
            Message::Assistant(_) => false,
        };
        let start = messages.iter().rposition(starts).unwrap_or(0);
        let mut turn = Self {
            prompt: String::new(),
            context: String::new(),
            steps: 0,
            done: Vec::new(),
        };
        for (index, message) in messages.iter().skip(start).enumerate() {
            match message {
                Message::User(blocks) => {
                    for block in blocks {
                        match block {
                            UserBlock::Text { text } if index == 0 => turn.prompt.push_str(text),
                            UserBlock::Context { text } if index == 0 => {
                                turn.context.clone_from(text);
                            }
                            UserBlock::Text { .. }
                            | UserBlock::Context { .. }
                            | UserBlock::Image(_) => {}
                            UserBlock::ToolResult(result) => turn.note(result),
                        }
                    }
                }
                Message::Assistant(blocks) => {
                    turn.steps += 1;
                    for block in blocks {
                        if let Block::ToolCall(call) = block {
                            turn.done.push(Done {
                                call: call.clone(),
                                result: None,
                            });
                        }
                    }
                }
            }
        }
        turn
    }

    fn note(&mut self, result: &ToolResult) {
        if let Some(done) = self
            .done
            .iter_mut()
            .rev()
            .find(|done| done.call.id == result.call)
        {
            done.result = Some(result.clone());
        }
    }

    fn views(&self) -> Views {
        let mut views: Views = SortedMap::new();
        for done in self
            .done
            .iter()
            .filter(|done| done.call.name == "view_file")
        {
            let Some(path) = path_of(&done.call) else {
                continue;
            };
            let shown = done.result.as_ref().filter(|result| result.ok);
            views.insert(
                path.to_owned(),
                shown.and_then(|result| File::viewed(path, &result.content)),
            );
        }
        views
    }

    /// The calls that are to change files. Tables come before them.
    fn changes(&self) -> impl Iterator<Item = &Done> {
        self.done
            .iter()
            .filter(|done| !["view_file", DEFINE].contains(&done.call.name.as_str()))
    }
}

/// The path that a call is about.
pub(super) fn path_of(call: &ToolCall) -> Option<&str> {
    call.input.get("path").and_then(serde_json::Value::as_str)
}

/// The files that an outline names under a heading, if it names all of them; none where there is no such heading.
fn listed_files(text: &str, heading: &str) -> Option<Vec<String>> {
    let lines = text.lines().skip_while(|line| line.trim() != heading);
    let mut folder = "";
    let mut files = Vec::new();
    for line in lines.skip(1).take_while(|line| !line.trim().is_empty()) {
        let name = |line: &str| line.split(": ").next().unwrap_or(line).trim().to_owned();
        if line.starts_with('…') {
            return None;
        } else if line.ends_with('/') {
            folder = line;
        } else if let Some(file) = line.strip_prefix(' ') {
            files.push(format!("{folder}{}", name(file)));
        } else {
            files.push(name(line));
        }
    }
    Some(files)
}

/// All files of the app at the beginning of the turn, if all are named: the foundation's and its own.
fn all_files(system: &str, context: &str) -> Option<Vec<String>> {
    let gone = listed_files(context, "Deleted:")?;
    let own = listed_files(context, "Files:")?;
    let foundation = listed_files(system, "Foundation:")?;
    let still_there = foundation.into_iter().filter(|file| !gone.contains(file));
    let mut files: Vec<String> = still_there.chain(own).collect();
    crate::sorted::sort(&mut files);
    files.dedup();
    Some(files)
}

/// Everything that is known in a step.
pub(super) struct Outlook {
    pub(super) before: Vec<Thing>,
    /// Resource files that could not be read.
    pub(super) unreadable: Vec<String>,
    pub(super) understanding: Understanding,
    pub(super) plan: Plan,
    pub(super) wiring: Wiring,
}

/// Answers one call.
pub(super) fn reply(request: &Request) -> Reply {
    let turn = Turn::of(&request.messages);
    let may_change = request.tools.iter().any(|tool| tool.name == "write_file");
    if let Some(wishes) = packages::wished(&turn.prompt) {
        return if !may_change {
            end(request, discussed(&packages::intent(&wishes)))
        } else if turn.done.is_empty() {
            let calls = wishes.iter().map(packages::Wish::call).collect();
            act(request, packages::intent(&wishes), numbered(&turn, calls))
        } else {
            end(request, packages::report(&turn.done))
        };
    }
    let files = all_files(&request.system, &turn.context);
    let files: Option<Vec<&str>> = files
        .as_ref()
        .map(|files| files.iter().map(String::as_str).collect());
    let views = turn.views();
    let anchored = request.tools.iter().any(|tool| tool.name == "edit_lines");
    let missing = |wanted: Vec<String>| -> Vec<String> {
        wanted
            .into_iter()
            .filter(|path| !views.contains_key(path))
            .collect()
    };
    let fresh = files
        .as_ref()
        .is_some_and(|files| !files.iter().any(|file| is_resource(file)));
    // What this turn wrote was not there when it was planned.
    let written: Vec<&str> = turn
        .changes()
        .filter_map(|done| path_of(&done.call))
        .collect();
    let there = files
        .iter()
        .flatten()
        .copied()
        .filter(|path| !written.contains(path));
    let outlook = look(&turn.prompt, &views, &there.collect::<Vec<_>>());
    let defined = turn.done.iter().find(|done| done.call.name == DEFINE);
    if defined.is_some_and(|done| !done.ok()) {
        return end(request, summary::report(&outlook, &turn.done));
    }
    if turn.changes().next().is_some() {
        let (text, rest) = remaining(&outlook, &views, &turn, anchored);
        if rest.is_empty() {
            return end(request, summary::report(&outlook, &turn.done));
        }
        return act(request, text.to_owned(), numbered(&turn, rest));
    }
    if fresh && outlook.plan.deeds.is_empty() && turn.done.is_empty() {
        return end(request, summary::report(&outlook, &turn.done));
    }
    let needed = missing(first_views(files.as_deref(), &views));
    if !needed.is_empty() {
        return views_step(request, &turn, &needed, "Let me look at the app as it is.");
    }
    let needed = missing(outlook.wiring.needs.clone());
    if !needed.is_empty() {
        return views_step(
            request,
            &turn,
            &needed,
            "Let me look at the files that this changes.",
        );
    }
    let mut calls = writes(&outlook);
    if calls.is_empty() {
        calls = changes(&outlook, &views, anchored);
    }
    if calls.is_empty() {
        return end(request, summary::report(&outlook, &turn.done));
    }
    if !may_change {
        return end(request, discussed(&summary::intent(&outlook)));
    }
    let wanted = tables::wanted(&outlook.plan.things, &outlook.before);
    if defined.is_some() {
        let blocks = numbered(&turn, calls);
        return act(request, "Now the pages.".to_owned(), blocks);
    }
    if !wanted.is_empty() {
        calls = vec![(DEFINE, json!({ "tables": wanted }))];
    }
    let blocks = numbered(&turn, calls);
    act(request, summary::intent(&outlook), blocks)
}

/// What is said of a change where nothing is to be changed.
fn discussed(intent: &str) -> String {
    format!(
        "{intent}\n\nThis is a discussion, so I changed nothing. Send it to be built, and I do it."
    )
}

pub(super) fn is_resource(path: &str) -> bool {
    path.strip_prefix("src/resources/")
        .is_some_and(|name| name.ends_with(".ts") && !name.contains('/'))
}

/// What has to be seen before anything can be planned.
fn first_views(files: Option<&[&str]>, views: &Views) -> Vec<String> {
    let mut wanted: Vec<String> = [IDENTITY, ROUTES, NAVIGATION, INDEX]
        .map(str::to_owned)
        .to_vec();
    match files {
        Some(files) => wanted.extend(
            files
                .iter()
                .filter(|file| is_resource(file))
                .map(|file| (*file).to_owned()),
        ),
        None => {
            // Without a list of files, the routes tell which things there are.
            let routes = views.get(ROUTES).and_then(Option::as_ref);
            for line in routes.map_or(&[][..], |file| file.lines.as_slice()) {
                let table = line
                    .split_once("from \"@/pages/")
                    .and_then(|(_, rest)| rest.split_once('/'));
                if let Some((table, _)) = table {
                    wanted.push(super::codegen::resource_path(table));
                }
            }
            wanted.dedup();
        }
    }
    wanted
}

/// The folders of pages that belong to no thing.
pub(super) fn taken_folders(paths: &[&str], things: &[Thing]) -> Vec<String> {
    let folders = paths
        .iter()
        .filter_map(|path| path.strip_prefix("src/pages/")?.split_once('/'));
    let folders = folders.map(|(folder, _)| folder.to_owned());
    folders
        .filter(|folder| !things.iter().any(|thing| thing.table == *folder))
        .collect()
}

fn look(prompt: &str, views: &Views, files: &[&str]) -> Outlook {
    let mut before = Vec::new();
    let mut unreadable = Vec::new();
    for (path, file) in views.iter().filter(|(path, _)| is_resource(path)) {
        match file.as_ref().and_then(source::thing) {
            Some(thing) => before.push(thing),
            None => unreadable.push(path.clone()),
        }
    }
    let name = views
        .get(IDENTITY)
        .and_then(Option::as_ref)
        .and_then(|file| file.property("name"))
        .and_then(source::string);
    let understanding = understand(prompt, &before);
    let named = name.is_some_and(|name| !UNNAMED.contains(&name.trim()));
    let taken = Taken {
        unreadable: unreadable
            .iter()
            .filter_map(|path| table_of(path))
            .collect(),
        tables: taken_folders(files, &before),
    };
    let plan = plan(&understanding, &before, named, &taken);
    let wiring = wire(&plan, &before, views);
    Outlook {
        before,
        unreadable,
        understanding,
        plan,
        wiring,
    }
}

/// A call to be made: a tool and its arguments.
pub(super) type Wanted = (&'static str, serde_json::Value);

/// What is left of the plan once its new files were asked for: the changes that use them or, where one was refused,
/// taking the others back.
fn remaining(
    outlook: &Outlook,
    views: &Views,
    turn: &Turn,
    anchored: bool,
) -> (&'static str, Vec<Wanted>) {
    if turn.changes().any(|done| done.call.name != "write_file") {
        return ("", Vec::new());
    }
    let (written, refused): (Vec<&Done>, Vec<&Done>) = turn.changes().partition(|done| done.ok());
    if refused.is_empty() {
        return ("Now the app uses them.", changes(outlook, views, anchored));
    }
    let paths = written.iter().filter_map(|done| path_of(&done.call));
    (
        "Not every file could be written, so I take the others back.",
        paths
            .map(|path| ("delete_file", json!({ "path": path })))
            .collect(),
    )
}

/// The calls that write new files.
fn writes(outlook: &Outlook) -> Vec<Wanted> {
    let changes = outlook.wiring.changes.iter();
    changes
        .filter_map(|(path, change)| match change {
            FileChange::Write(content) => {
                Some(("write_file", json!({ "path": path, "content": content })))
            }
            FileChange::Lines(_) | FileChange::Delete => None,
        })
        .collect()
}

/// All edits of one file by the anchors of its view.
fn anchors(file: &File, edits: &[Edit]) -> serde_json::Value {
    let label = |line: usize| file.labels.get(line - 1).map_or("", String::as_str);
    let triples: Vec<[&str; 3]> = edits
        .iter()
        .map(|edit| [label(edit.first), label(edit.last), &edit.replacement])
        .collect();
    json!({ "path": file.path, "edits": triples })
}

/// The calls that change what is there: the name, then edits, then removals.
fn changes(outlook: &Outlook, views: &Views, anchored: bool) -> Vec<Wanted> {
    let mut found = Vec::new();
    if let Some(name) = &outlook.plan.name {
        found.push(("rename_app", json!({ "name": name })));
    }
    let changes = &outlook.wiring.changes;
    for (path, change) in changes {
        let FileChange::Lines(after) = change else {
            continue;
        };
        let Some(Some(file)) = views.get(path) else {
            continue;
        };
        let edits = edits(&file.lines, after).unwrap_or_default();
        if anchored && !edits.is_empty() {
            found.push(("edit_lines", anchors(file, &edits)));
            continue;
        }
        for edit in edits {
            found.push((
                "line_replace",
                json!({
                    "path": path,
                    "search": edit.search,
                    "first_line": edit.first,
                    "last_line": edit.last,
                    "replacement": edit.replacement,
                }),
            ));
        }
    }
    for (path, change) in changes {
        if *change == FileChange::Delete {
            found.push(("delete_file", json!({ "path": path })));
        }
    }
    found
}

fn numbered(turn: &Turn, calls: Vec<Wanted>) -> Vec<ToolCall> {
    let step = turn.steps + 1;
    let named = calls.into_iter().enumerate();
    named
        .map(|(index, (name, input))| ToolCall {
            id: format!("offline_{step}_{}", index + 1),
            name: name.to_owned(),
            input,
            unreadable: None,
        })
        .collect()
}

fn views_step(request: &Request, turn: &Turn, paths: &[String], text: &str) -> Reply {
    let calls = paths
        .iter()
        .map(|path| ("view_file", json!({ "path": path })))
        .collect();
    act(request, text.to_owned(), numbered(turn, calls))
}

fn act(request: &Request, text: String, calls: Vec<ToolCall>) -> Reply {
    let mut blocks = vec![Block::Text { text }];
    blocks.extend(calls.into_iter().map(Block::ToolCall));
    Reply {
        usage: usage(request, &blocks),
        blocks,
        stop: Stop::ToolUse,
    }
}

fn end(request: &Request, text: String) -> Reply {
    let blocks = vec![Block::Text { text }];
    Reply {
        usage: usage(request, &blocks),
        blocks,
        stop: Stop::EndTurn,
    }
}

/// No tokens are used: nothing is sent anywhere.
fn usage(_request: &Request, _blocks: &[Block]) -> Usage {
    Usage::default()
}
