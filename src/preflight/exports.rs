//! What a file exports under a name, through whatever passes it on.

use std::cell::Cell;

use overskill_syntax::{Export, FaultKind, ImportKind, Language};

use super::{
    File, Tree,
    form::Form,
    location::extension,
    resolve::{Resolved, Resolver, Way},
    vendor::{EntryKind, Exported},
    written::just_before,
};
use crate::sorted::{SortedMap, SortedSet};

/// The most files that a name is followed through, one after the other.
const LONGEST_CHAIN: usize = 64;
/// The most files that are looked into for names in one check. What is asked after that is not known.
const MOST_STEPS: u32 = 200_000;

/// What a name is, over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A value, first exported by this file.
    Value(&'a str),
    /// Only a type.
    Type,
    /// Only a type, in a module of which the build does not know the names.
    UnseenType,
    /// Nothing.
    Missing,
    /// Two things, from these files.
    Ambiguous(&'a str, &'a str),
    /// It is passed on in a circle.
    Circle,
    /// Undefined when it runs; the build does not notice.
    Undefined,
    /// That cannot be said.
    Unknown,
}

/// Looks names up in one tree.
pub(super) struct Exports<'a, 'r> {
    tree: &'a Tree<'a>,
    resolver: &'r Resolver<'a>,
    /// The files that export as CommonJS does.
    common: SortedSet<&'a str>,
    steps: Cell<u32>,
}

/// What one search has come by.
#[derive(Default)]
struct Seen<'a> {
    /// What was found; nothing for what is still looked at.
    names: SortedMap<(&'a str, String), Option<Found<'a>>>,
    /// How many files lie between here and where the search began.
    depth: usize,
}

impl<'a, 'r> Exports<'a, 'r> {
    pub(super) fn new(tree: &'a Tree<'a>, resolver: &'r Resolver<'a>) -> Self {
        let common = tree.iter().filter(|(path, file)| is_common_js(path, file));
        Self {
            tree,
            resolver,
            common: common.map(|(path, _)| *path).collect(),
            steps: Cell::new(MOST_STEPS),
        }
    }

    /// What `name` is in a file.
    pub(super) fn find(&self, path: &'a str, query: &str, name: &str) -> Found<'a> {
        self.search(path, query, name, &mut Seen::default())
    }

    /// Whether a file exports as CommonJS does: what, is only known when it runs.
    pub(super) fn is_common_js(&self, path: &str) -> bool {
        self.common.contains(path)
    }

    fn search(&self, path: &'a str, query: &str, name: &str, seen: &mut Seen<'a>) -> Found<'a> {
        let Some(file) = self.tree.get(path) else {
            return Found::Unknown;
        };
        let either = |is_there: bool| {
            if is_there {
                Found::Value(path)
            } else {
                Found::Missing
            }
        };
        match Form::of(path, query) {
            Form::Single => either(name == "default"),
            Form::Sheet => Found::Missing,
            Form::SheetModule => match name {
                "default" => Found::Value(path),
                // Names come from more than classes: whatever stands in the file may be one.
                _ if file.content.contains(name) => Found::Unknown,
                _ => Found::Missing,
            },
            Form::Json => match name {
                "default" => Found::Value(path),
                _ if !file.facts.faults.is_empty() => Found::Unknown,
                _ => either(
                    file.facts
                        .members
                        .iter()
                        .any(|member| member.parent.is_none() && member.name == name),
                ),
            },
            Form::Preprocessed(_) | Form::Foreign => Found::Unknown,
            Form::Script => self.in_script(path, file, name, seen),
        }
    }

    fn in_script(
        &self,
        path: &'a str,
        file: &'a File<'a>,
        name: &str,
        seen: &mut Seen<'a>,
    ) -> Found<'a> {
        let key = (path, name.to_owned());
        if let Some(known) = seen.names.get(&key) {
            return known.clone().unwrap_or(Found::Circle);
        }
        let Some(left) = self.steps.get().checked_sub(1) else {
            return Found::Unknown;
        };
        self.steps.set(left);
        if seen.depth > LONGEST_CHAIN || is_unreadable(file) || self.is_common_js(path) {
            return Found::Unknown;
        }
        seen.names.insert(key.clone(), None);
        seen.depth += 1;
        let found = self.among_exports(path, file, name, seen);
        seen.depth -= 1;
        seen.names.insert(key, Some(found.clone()));
        found
    }

    fn among_exports(
        &self,
        path: &'a str,
        file: &'a File<'a>,
        name: &str,
        seen: &mut Seen<'a>,
    ) -> Found<'a> {
        let mut found = Found::Missing;
        for export in file
            .facts
            .exports
            .iter()
            .filter(|export| export.name == name)
        {
            match self.exported(path, file, export, seen) {
                Found::Value(from) => return Found::Value(from),
                other => found = other,
            }
        }
        if found != Found::Missing || name == "default" {
            return found;
        }
        self.passed_on(path, file, name, seen)
    }

    /// What one export is.
    fn exported(
        &self,
        path: &'a str,
        file: &'a File<'a>,
        export: &'a Export,
        seen: &mut Seen<'a>,
    ) -> Found<'a> {
        let declares = Language::of(path) == Some(Language::Declarations);
        if export.type_only || declares || is_declared(file.content, export) {
            return Found::Type;
        }
        if let Some(from) = &export.from {
            if export.local == "*" {
                return Found::Value(path);
            }
            return self.behind(path, from, &export.local, seen);
        }
        // It may be an import under the name it has here.
        let mut imports = file
            .facts
            .imports
            .iter()
            .filter(|import| import.kind == ImportKind::Static);
        let import = imports.find_map(|import| {
            let name = import
                .names
                .iter()
                .find(|name| name.local == export.local)?;
            Some((import, name))
        });
        match import {
            Some((import, name)) if import.type_only || name.type_only => Found::Type,
            Some((import, name)) if name.imported != "*" => {
                self.behind(path, &import.from, &name.imported, seen)
            }
            _ => Found::Value(path),
        }
    }

    /// What a name is in a module that is passed on. Where that is wrong, the file that passes it on is told so: seen
    /// from further away it counts as there.
    fn behind(&self, path: &'a str, from: &'a str, name: &str, seen: &mut Seen<'a>) -> Found<'a> {
        match self.resolver.resolve(path, from, Way::Types) {
            Resolved::File { path, query } => match self.search(path, query, name, seen) {
                Found::Missing | Found::Ambiguous(..) | Found::Undefined => Found::Unknown,
                other => other,
            },
            Resolved::Package { .. } => match self.in_package(from, name) {
                Found::Missing | Found::Undefined => Found::Unknown,
                other => other,
            },
            _ => Found::Unknown,
        }
    }

    /// What a name is through `export * from`.
    fn passed_on(
        &self,
        path: &'a str,
        file: &'a File<'a>,
        name: &str,
        seen: &mut Seen<'a>,
    ) -> Found<'a> {
        let mut found = Found::Missing;
        let stars = file
            .facts
            .exports
            .iter()
            .filter(|export| export.name == "*");
        for export in stars {
            let Some(from) = &export.from else {
                continue;
            };
            let next = match self.resolver.resolve(path, from, Way::Types) {
                Resolved::File { path, query } => self.search(path, query, name, seen),
                Resolved::Package { .. } => match self.in_package(from, name) {
                    // What CommonJS exports is only known when it runs.
                    Found::Undefined => Found::Unknown,
                    other => other,
                },
                _ => Found::Unknown,
            };
            let next = if export.type_only && matches!(next, Found::Value(_)) {
                Found::Type
            } else {
                next
            };
            found = match (found, next) {
                (found, Found::Missing | Found::Circle) => found,
                (Found::Value(one), Found::Value(other)) if one != other => {
                    Found::Ambiguous(one, other)
                }
                (Found::Value(one), _) => Found::Value(one),
                (Found::Ambiguous(one, other), _) => Found::Ambiguous(one, other),
                (_, next) => next,
            };
        }
        found
    }

    /// What a name is in a package.
    pub(super) fn in_package(&self, specifier: &'a str, name: &str) -> Found<'a> {
        let Some(entry) = self.resolver.entry(specifier) else {
            return Found::Unknown;
        };
        match entry.exported(name) {
            Exported::Value => Found::Value(specifier),
            Exported::Type if entry.kind == EntryKind::Cjs => Found::UnseenType,
            Exported::Type => Found::Type,
            Exported::Missing if entry.kind == EntryKind::Cjs => Found::Undefined,
            Exported::Missing => Found::Missing,
            Exported::Unknown => Found::Unknown,
        }
    }

    /// The names that a file exports, as far as they are known, for advice.
    pub(super) fn names(&self, path: &'a str, types: bool) -> SortedSet<&'a str> {
        let mut names = SortedSet::new();
        let mut open = vec![path];
        let mut seen = SortedSet::new();
        while let Some(path) = open.pop() {
            let Some(file) = self.tree.get(path).filter(|_| seen.insert(path)) else {
                continue;
            };
            for export in &file.facts.exports {
                match &export.from {
                    Some(from) if export.name == "*" => {
                        if let Resolved::File { path, .. } =
                            self.resolver.resolve(path, from, Way::Types)
                        {
                            open.push(path);
                        }
                    }
                    _ if export.name != "default" && (types || !export.type_only) => {
                        names.insert(export.name.as_str());
                    }
                    _ => {}
                }
            }
        }
        names
    }
}

/// `export declare const x`: nothing that runs.
fn is_declared(content: &str, export: &Export) -> bool {
    let before = just_before(content, export.start);
    let statement = before.rfind("export").and_then(|start| before.get(start..));
    let mut words = statement.unwrap_or_default().split_whitespace();
    words.next() == Some("export") && words.next() == Some("declare")
}

/// Whether nothing can be said of what a file exports.
pub(super) fn is_unreadable(file: &File<'_>) -> bool {
    let blind = |kind| matches!(kind, FaultKind::Syntax | FaultKind::Unchecked);
    file.facts.faults.iter().any(|fault| blind(fault.kind))
}

/// Whether a file exports as CommonJS does: what, is only known when it runs.
fn is_common_js(path: &str, file: &File<'_>) -> bool {
    let no_module = || {
        let static_import = |kind| {
            matches!(
                kind,
                ImportKind::Static | ImportKind::SideEffect | ImportKind::ReExport
            )
        };
        file.facts.exports.is_empty()
            && !file
                .facts
                .imports
                .iter()
                .any(|import| static_import(import.kind))
    };
    matches!(extension(path), "cjs" | "cts")
        || (file.content.contains("exports") && no_module())
        // `export = x`
        || file.content.lines().any(|line| line.trim_start().strip_prefix("export").is_some_and(|rest| rest.trim_start().starts_with('=')))
}
