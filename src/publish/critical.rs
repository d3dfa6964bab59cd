//! What first paint needs: the scripts and styles that the page names, and all that these import before they run. What is imported later, by
//! `import()`, and media are none of it.
//!
//! Files are read one after the other by whoever has them; a name alone says nothing ([`Critical`]). A file that is not read as it is meant
//! costs nothing but its place in the script.

mod imports;

use std::collections::VecDeque;

use percent_encoding::percent_decode_str;

use super::{
    ArtifactSet, html,
    probe::{self, Kind},
};
use crate::{build::is_vendor, project::ProjectPath, sorted::SortedSet};

/// The way through a set of files, from the page on.
#[derive(Debug)]
pub struct Critical<'a> {
    set: &'a ArtifactSet,
    found: Vec<ProjectPath>,
    known: SortedSet<ProjectPath>,
    unread: VecDeque<(ProjectPath, Kind)>,
}

impl<'a> Critical<'a> {
    /// Begins at the page.
    #[must_use]
    pub fn of(set: &'a ArtifactSet, page: &str) -> Self {
        let mut critical = Self {
            set,
            found: Vec::new(),
            known: SortedSet::new(),
            unread: VecDeque::new(),
        };
        for tag in html::tags(page) {
            if let Some(load) = probe::load(&tag) {
                critical.find("", &load.path, load.kind);
            } else if let Some(kind) = probe::inline(&tag) {
                critical.follow("", kind, html::text(page, &tag));
            }
        }
        critical
    }

    /// The next file whose text is wanted, with what it is. To be answered with [`Critical::read`].
    pub fn unread(&mut self) -> Option<(ProjectPath, Kind)> {
        self.unread.pop_front()
    }

    /// Takes the text of a file.
    pub fn read(&mut self, path: &ProjectPath, kind: Kind, text: &str) {
        let folder = path
            .as_str()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        self.follow(folder, kind, text);
    }

    /// Finds what a text in a folder imports.
    fn follow(&mut self, folder: &str, kind: Kind, text: &str) {
        let imports = match kind {
            Kind::Script => imports::of_module(text),
            Kind::Style => imports::of_style(text),
        };
        for import in imports {
            // A package is none of the set's files.
            if kind == Kind::Style || import.starts_with(['.', '/']) {
                self.find(folder, import, kind);
            }
        }
    }

    /// What was found, in the order in which a browser would ask for it. Vendor modules, which are stored once for all apps, are none of it.
    #[must_use]
    pub fn found(self) -> Vec<ProjectPath> {
        self.found
    }

    fn find(&mut self, folder: &str, address: &str, kind: Kind) {
        let Some(path) = resolved(folder, address) else {
            return;
        };
        let is_ours = self.set.entries.contains_key(&path) && !is_vendor(&path);
        if is_ours && self.known.insert(path.clone()) {
            self.found.push(path.clone());
            self.unread.push_back((path, kind));
        }
    }
}

/// The file that an address in a file of this folder means; nothing where it leads elsewhere.
fn resolved(folder: &str, address: &str) -> Option<ProjectPath> {
    let address = address.split(['?', '#']).next()?.trim();
    let is_elsewhere = address.starts_with("//")
        || address
            .split('/')
            .next()
            .is_some_and(|start| start.contains(':'));
    if address.is_empty() || is_elsewhere {
        return None;
    }
    let address = percent_decode_str(address).decode_utf8().ok()?;
    let (mut parts, rest): (Vec<&str>, &str) = match address.strip_prefix('/') {
        Some(rest) => (Vec::new(), rest),
        None => (
            folder.split('/').filter(|part| !part.is_empty()).collect(),
            &address,
        ),
    };
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            // Above the top there is the top.
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/").parse().ok()
}

#[cfg(test)]
mod tests;
