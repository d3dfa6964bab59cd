//! From a plan to the files that change.
//!
//! Works on the files as they were viewed; a file that a change needs and that was not viewed is asked for first. A file
//! whose expected lines are missing is left alone, and that is said.

use super::{
    codegen::{self, attributes, page_imports, references, resource_import, resource_path},
    model::Thing,
    plan::{Part, Plan},
    source::File,
};
use crate::sorted::SortedMap;

pub(super) const IDENTITY: &str = "src/app/identity.ts";
pub(super) const ROUTES: &str = "src/app/routes.tsx";
pub(super) const NAVIGATION: &str = "src/app/navigation.ts";
pub(super) const THEME: &str = "src/app/theme.css";
pub(super) const INDEX: &str = "index.html";

/// What becomes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileChange {
    /// A new file.
    Write(String),
    /// The lines that it should have.
    Lines(Vec<String>),
    Delete,
}

/// The files that change, with the part of the app that each belongs to.
#[derive(Debug, Default)]
pub(super) struct Wiring {
    pub(super) changes: SortedMap<String, FileChange>,
    /// Which files each part needs written.
    pub(super) parts: Vec<(Part, String)>,
    /// Files that have to be viewed first.
    pub(super) needs: Vec<String>,
    /// Files that are not as expected.
    pub(super) strange: Vec<(Part, String)>,
}

/// The files seen so far: `None` for one that could not be viewed.
pub(super) type Views = SortedMap<String, Option<File>>;

/// Works out the changes of files.
pub(super) fn wire(plan: &Plan, before: &[Thing], views: &Views) -> Wiring {
    let mut wiring = Wiring::default();
    for thing in &plan.things {
        match before.iter().find(|known| known.table == thing.table) {
            None => wiring.create(thing, views),
            Some(known) if known != thing => wiring.update(known, thing, views),
            Some(_) => {}
        }
    }
    for thing in before
        .iter()
        .filter(|known| !plan.things.iter().any(|thing| thing.table == known.table))
    {
        wiring.remove(thing, views);
    }
    if let Some(name) = &plan.name {
        let escaped = codegen::literal(name);
        wiring.edit(&Part::Identity, IDENTITY, views, |lines| {
            set(lines, "name:", &format!("  name: {escaped},"))
        });
        let title = format!("    <title>{}</title>", codegen::html(name));
        wiring.edit(&Part::Identity, INDEX, views, |lines| {
            set(lines, "<title>", &title)
        });
    }
    if let Some(tagline) = &plan.tagline {
        let line = format!("  tagline: {},", codegen::literal(tagline));
        wiring.edit(&Part::Identity, IDENTITY, views, |lines| {
            set(lines, "tagline:", &line)
        });
    }
    if let Some((hue, chroma)) = &plan.colour {
        wiring.edit(&Part::Theme, THEME, views, |lines| {
            set(lines, "--brand-hue:", &format!("  --brand-hue: {hue};"))
                && set(
                    lines,
                    "--brand-chroma:",
                    &format!("  --brand-chroma: {chroma};"),
                )
        });
    }
    wiring
}

impl Wiring {
    /// Applies `change` to a file's lines; `false` means that they are not as expected.
    fn edit(
        &mut self,
        part: &Part,
        path: &str,
        views: &Views,
        change: impl FnOnce(&mut Vec<String>) -> bool,
    ) {
        let mut lines = match (self.changes.get(path), views.get(path)) {
            (Some(FileChange::Lines(lines)), _) => lines.clone(),
            (_, Some(Some(file))) => file.lines.clone(),
            (_, Some(None)) => {
                self.strange.push((part.clone(), path.to_owned()));
                return;
            }
            (_, None) => {
                if !self.needs.iter().any(|needed| needed == path) {
                    self.needs.push(path.to_owned());
                }
                return;
            }
        };
        if change(&mut lines) {
            self.put(part, path, FileChange::Lines(lines));
        } else {
            self.strange.push((part.clone(), path.to_owned()));
        }
    }

    fn put(&mut self, part: &Part, path: &str, change: FileChange) {
        self.changes.insert(path.to_owned(), change);
        self.parts.push((part.clone(), path.to_owned()));
    }

    fn create(&mut self, thing: &Thing, views: &Views) {
        let part = Part::Thing(thing.table.clone());
        self.put(
            &part,
            &resource_path(&thing.table),
            FileChange::Write(codegen::resource(thing)),
        );
        for (shared, own) in codegen::pages(thing) {
            let page = FileChange::Write(codegen::page(thing, shared, &own));
            self.put(&part, &codegen::page_path(thing, &own), page);
        }
        self.edit(&part, ROUTES, views, |lines| {
            insert(
                lines,
                "// Page imports of this app go above this line.",
                page_imports(thing),
            ) && insert(
                lines,
                "// Routes of this app go above this line.",
                codegen::routes(thing),
            )
        });
        self.edit(&part, NAVIGATION, views, |lines| {
            insert(
                lines,
                "// Navigation of this app goes above this line.",
                vec![codegen::navigation(thing)],
            )
        });
    }

    fn remove(&mut self, thing: &Thing, views: &Views) {
        let part = Part::Thing(thing.table.clone());
        self.put(&part, &resource_path(&thing.table), FileChange::Delete);
        for (_, page) in codegen::pages(thing) {
            self.put(&part, &codegen::page_path(thing, &page), FileChange::Delete);
        }
        let mut gone = page_imports(thing);
        gone.extend(codegen::routes(thing));
        self.edit(&part, ROUTES, views, |lines| drop_lines(lines, &gone));
        let address = format!("to: {}", codegen::literal(&format!("/{}", thing.path)));
        self.edit(&part, NAVIGATION, views, |lines| {
            lines.retain(|line| !(line.contains(&address) && line.trim_start().starts_with('{')));
            true
        });
    }

    fn update(&mut self, before: &Thing, after: &Thing, views: &Views) {
        let part = Part::Thing(after.table.clone());
        self.edit(&part, &resource_path(&after.table), views, |lines| {
            update_resource(lines, before, after)
        });
        let (old, new) = (references(before), references(after));
        if old != new {
            for (_, page) in codegen::pages(after) {
                self.edit(&part, &codegen::page_path(after, &page), views, |lines| {
                    update_page(lines, after, &old, &new)
                });
            }
        }
        if before.plural != after.plural {
            let address = format!("to: {}", codegen::literal(&format!("/{}", after.path)));
            self.edit(&part, NAVIGATION, views, |lines| {
                set_where(
                    lines,
                    |line| line.contains(&address),
                    |line| relabel(line, &before.plural, &after.plural),
                )
            });
        }
    }
}

fn relabel(line: &str, old: &str, new: &str) -> String {
    let label = |words: &str| codegen::literal(&super::words::sentence(words));
    line.replace(
        &format!("label: {}", label(old)),
        &format!("label: {}", label(new)),
    )
}

/// Brings a resource's lines from one state to the other.
fn update_resource(lines: &mut Vec<String>, before: &Thing, after: &Thing) -> bool {
    for ((key, old), (_, new)) in codegen::properties(before)
        .into_iter()
        .zip(codegen::properties(after))
    {
        if old != new && !set(lines, &format!("{key}:"), &codegen::property_line(key, new)) {
            return false;
        }
    }
    for field in &before.fields {
        let Some(place) = field_place(lines, &field.name) else {
            return false;
        };
        match after.fields.iter().find(|known| known.name == field.name) {
            None => {
                lines.remove(place);
                if let Some(column) = column_place(lines, &field.name) {
                    lines.remove(column);
                }
            }
            Some(changed) if changed != field => {
                if let Some(line) = lines.get_mut(place) {
                    *line = codegen::field_line(changed);
                }
                if codegen::column_line(changed) != codegen::column_line(field)
                    && let Some(line) =
                        column_place(lines, &field.name).and_then(|column| lines.get_mut(column))
                {
                    *line = codegen::column_line(changed);
                }
            }
            Some(_) => {}
        }
    }
    let new = after
        .fields
        .iter()
        .filter(|field| !before.fields.iter().any(|known| known.name == field.name));
    for field in new {
        insert(
            lines,
            &codegen::columns_marker(&after.table),
            vec![codegen::column_line(field)],
        );
        let line = vec![codegen::field_line(field)];
        if !insert(lines, &codegen::fields_marker(&after.table), line.clone()) {
            let from = lines
                .iter()
                .position(|line| line.trim().starts_with("fields:"));
            let end = from.and_then(|from| {
                lines
                    .iter()
                    .skip(from)
                    .position(|line| line.trim().starts_with(']'))
                    .map(|end| from + end)
            });
            let Some(end) = end else { return false };
            lines.splice(end..end, line);
        }
    }
    true
}

fn field_place(lines: &[String], name: &str) -> Option<usize> {
    lines
        .iter()
        .position(|line| super::source::field(line).is_some_and(|field| field.name == name))
}

fn column_place(lines: &[String], name: &str) -> Option<usize> {
    let end = lines.iter().position(|line| line.trim() == "}")?;
    lines
        .iter()
        .take(end)
        .position(|line| line.trim().starts_with(&format!("{name}:")))
}

/// Gives a page the resources that its thing refers to.
fn update_page(lines: &mut Vec<String>, thing: &Thing, old: &[String], new: &[String]) -> bool {
    let (from, to) = (attributes(&thing.table, old), attributes(&thing.table, new));
    let found = set_where(
        lines,
        |line| line.contains(&from),
        |line| line.replace(&from, &to),
    );
    if !found {
        return false;
    }
    lines.retain(|line| {
        !old.iter()
            .any(|table| !new.contains(table) && *line == resource_import(table))
    });
    for table in new.iter().filter(|table| !old.contains(table)) {
        let import = resource_import(table);
        if lines.contains(&import) {
            continue;
        }
        let after = |line: &String| line.contains("@/resources/") && *line > import;
        let place = lines.iter().position(after).or_else(|| {
            lines
                .iter()
                .rposition(|line| line.starts_with("import "))
                .map(|place| place + 1)
        });
        let place = place.unwrap_or(0);
        lines.insert(place, import);
    }
    true
}

/// Replaces the first line that starts with `key`.
fn set(lines: &mut [String], key: &str, new: &str) -> bool {
    set_where(
        lines,
        |line| line.trim().starts_with(key),
        |_| new.to_owned(),
    )
}

fn set_where(
    lines: &mut [String],
    is: impl Fn(&str) -> bool,
    new: impl FnOnce(&str) -> String,
) -> bool {
    let Some(line) = lines.iter_mut().find(|line| is(line)) else {
        return false;
    };
    *line = new(line);
    true
}

/// Puts lines above a marker, unless they are there.
fn insert(lines: &mut Vec<String>, marker: &str, new: Vec<String>) -> bool {
    let Some(place) = lines.iter().position(|line| line.trim() == marker) else {
        return false;
    };
    let new: Vec<String> = new
        .into_iter()
        .filter(|line| !lines.contains(line))
        .collect();
    lines.splice(place..place, new);
    true
}

fn drop_lines(lines: &mut Vec<String>, gone: &[String]) -> bool {
    let before = lines.len();
    lines.retain(|line| !gone.iter().any(|gone| gone.trim() == line.trim()));
    lines.len() < before
}
