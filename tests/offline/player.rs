//! Plays messages against the planner, with the product's own tools on the product's own foundation.

use std::collections::BTreeMap;

use overskill::{
    config::Limits,
    edit::tokens::Ledger,
    facts::Known,
    generation::{
        MessageRole,
        prompt::{self, Told, history::Earlier},
        survey,
        tools::{self, Dialect, Intent, Views, Workbench},
    },
    llm::{
        message::{Block, Message, Reply, Stop, ToolCall, ToolResult, UserBlock},
        offline,
    },
    project::{FileEntry, Manifest},
    sorted::SortedMap,
    template::Foundation,
};
use overskill_syntax::Native;

use crate::shard::Shard;

/// A step takes at most this many model calls.
const STEPS: usize = 8;

/// An app and its conversation.
pub(super) struct Player {
    pub(super) bench: Workbench<'static>,
    pub(super) name: String,
    told: Told,
    /// What messages may lead to.
    pub(super) intent: Intent,
    /// Tools that refuse: a name and a path.
    pub(super) refuse: Option<(&'static str, &'static str)>,
    shard: Shard,
}

/// What one message led to.
pub(super) struct Turn {
    pub(super) calls: Vec<(ToolCall, ToolResult)>,
    pub(super) answer: String,
}

impl Turn {
    /// The calls that change something.
    pub(super) fn changes(&self) -> Vec<&ToolCall> {
        self.calls
            .iter()
            .map(|(call, _)| call)
            .filter(|call| call.name != "view_file")
            .collect()
    }
}

impl Player {
    /// A new app.
    pub(super) fn new() -> Self {
        let limits = Limits::DEFAULT;
        let mut bench = Workbench {
            packages: SortedMap::new(),
            tables: SortedMap::new(),
            manifest: Manifest::default(),
            contents: SortedMap::new(),
            views: Views::new(),
            ledger: Ledger::default(),
            dialect: Dialect::EditLines,
            intent: Intent::Auto,
            syntax: Box::leak(Box::new(Known::new(&Native))),
            limits: limits.clone(),
        };
        for (path, content) in Foundation::committed().named("New app").unwrap() {
            let entry = FileEntry::of(&content);
            bench.manifest.put(path, entry, &limits).unwrap();
            bench.contents.insert(entry.hash, content);
        }
        Self {
            bench,
            name: "New app".to_owned(),
            told: Told::default(),
            intent: Intent::Auto,
            refuse: None,
            shard: Shard::default(),
        }
    }

    /// Says one message and plays the turn to its end.
    pub(super) fn say(&mut self, content: &str) -> Turn {
        self.bench.views.clear();
        let outline = survey::outline(
            &self.bench.manifest,
            &self.bench.contents,
            Foundation::committed(),
            self.bench.syntax,
        );
        let mut transcript = vec![Message::User(vec![
            UserBlock::Context {
                text: prompt::context(&self.name, &outline, self.intent),
            },
            UserBlock::Text {
                text: content.to_owned(),
            },
        ])];
        let mut calls = Vec::new();
        for _ in 0..STEPS {
            let request = prompt::request(
                &survey::shared_outline(Foundation::committed(), self.bench.syntax),
                &self.told,
                transcript.clone(),
                Dialect::EditLines,
                self.intent,
            );
            let reply = offline::reply(&request);
            assert_eq!(
                reply,
                offline::reply(&request),
                "the answer depends on the request alone"
            );
            well_formed(&reply, &calls);
            transcript.push(Message::Assistant(reply.blocks.clone()));
            if reply.stop == Stop::EndTurn {
                let answer = text(&reply);
                self.told.full.push(Earlier {
                    role: MessageRole::User,
                    content: content.to_owned(),
                });
                self.told.full.push(Earlier {
                    role: MessageRole::Assistant,
                    content: answer.clone(),
                });
                return Turn { calls, answer };
            }
            let mut results = Vec::new();
            for block in reply.blocks {
                let Block::ToolCall(call) = block else {
                    continue;
                };
                let result = self.run(&call);
                results.push(UserBlock::ToolResult(result.clone()));
                calls.push((call, result));
            }
            transcript.push(Message::User(results));
        }
        panic!("no end after {STEPS} steps: {content}");
    }

    fn run(&mut self, call: &ToolCall) -> ToolResult {
        let path = call.input.get("path").and_then(serde_json::Value::as_str);
        if self
            .refuse
            .is_some_and(|(name, refused)| call.name == name && path == Some(refused))
        {
            return ToolResult {
                call: call.id.clone(),
                ok: false,
                content: "the disk is full".to_owned(),
            };
        }
        if let Some(wanted) = tools::defines(call, &self.bench) {
            let answer = match self.refuse {
                Some(("define_tables", _)) => Err("The app's database does not answer.".to_owned()),
                _ => self.shard.define(&wanted),
            };
            self.bench.tables.insert(call.id.clone(), answer);
        }
        let outcome = tools::run(call, &mut self.bench);
        self.name = outcome.renamed.unwrap_or_else(|| self.name.clone());
        outcome.result
    }

    /// The text of a file.
    pub(super) fn file(&self, path: &str) -> Option<String> {
        let entry = self.bench.manifest.get(&path.parse().unwrap())?;
        Some(String::from_utf8(self.bench.contents[&entry.hash].clone()).unwrap())
    }

    /// Puts a file, as a user would by hand.
    pub(super) fn put(&mut self, path: &str, content: &str) {
        let entry = FileEntry::of(content.as_bytes());
        self.bench
            .manifest
            .put(path.parse().unwrap(), entry, &self.bench.limits.clone())
            .unwrap();
        self.bench
            .contents
            .insert(entry.hash, content.as_bytes().to_vec());
    }

    /// Every file.
    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let paths = self.bench.manifest.iter().map(|(path, _)| path.to_string());
        paths
            .filter_map(|path| Some((path.clone(), self.file(&path)?)))
            .collect()
    }
}

fn text(reply: &Reply) -> String {
    let texts = reply.blocks.iter().filter_map(|block| match block {
        Block::Text { text } => Some(text.as_str()),
        Block::ToolCall(_) | Block::Own { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// What every reply keeps to.
fn well_formed(reply: &Reply, earlier: &[(ToolCall, ToolResult)]) {
    let calls: Vec<&ToolCall> = reply
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::ToolCall(call) => Some(call),
            Block::Text { .. } | Block::Own { .. } => None,
        })
        .collect();
    assert_eq!(reply.stop == Stop::ToolUse, !calls.is_empty());
    assert!(!text(reply).trim().is_empty());
    let mut ids: Vec<&str> = calls
        .iter()
        .copied()
        .chain(earlier.iter().map(|(call, _)| call))
        .map(|call| call.id.as_str())
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "ids are unique within the turn");
    for call in calls {
        assert!(
            tools::offered(Dialect::EditLines, Intent::Auto)
                .iter()
                .any(|tool| tool.name == call.name),
            "{}",
            call.name
        );
    }
}
