//! What is wrong with an app as a whole, before anything is built: imports that lead nowhere or in a circle, names that
//! nobody exports or defines, links without a route, tables without a declaration, and faults of single files.
//!
//! An [error](Severity::Error) fails the build or the page for certain, as Vite 8 with the foundation's config does it;
//! all else is a [warning](Severity::Warning). What `index.html` does not lead to is not built, so that it can have
//! warnings only. Where the sources do not say for certain (computed routes, packages without a known list of exports,
//! files of plugins), nothing is said.
//!
//! Not seen, because the facts do not hold it: scripts inside of HTML, `require`, `@plugin`, `@config` and `source()` of
//! Tailwind, assignments to constants, members of namespaces, paths of `import()` that are no plain text. `@/` always counts as
//! `src/`, whatever tsconfig.json leaves out.
//!
//! Sees the facts of files and no parser; knows nothing of models, builds and storage.

use overskill_syntax::Facts;

pub use crate::build::{Diagnostic, Severity};
pub use vendor::Vendor;

use exports::Exports;
use finding::Finding;
use reach::Reach;
use resolve::Resolver;

use crate::sorted::SortedMap;

pub mod compiler;
mod config;
mod cycles;
mod exports;
mod faults;
mod finding;
mod form;
mod imports;
mod location;
mod names;
pub mod nearest;
mod reach;
mod resolve;
mod routes;
mod vendor;
mod written;

/// The most that one check reports: errors first, then warnings, both in the order of paths and places.
pub const MAX_DIAGNOSTICS: usize = 100;

/// How many findings of one check get advice that takes a search.
const MOST_ADVICES: usize = 2 * MAX_DIAGNOSTICS;

/// A file of an app.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its content; nothing for one that is not text.
    pub content: &'a str,
    /// What a parser says of this content.
    pub facts: &'a Facts,
}

/// All files of an app by path, those that are not text included.
pub type Tree<'a> = SortedMap<&'a str, File<'a>>;

/// Checks an app. Columns are characters from 1.
///
/// With `before`, what was wrong in that tree as well is left out, wherever its line has moved. With `tables`, a table
/// that is read but not in the list is reported.
#[must_use]
pub fn check(
    tree: &Tree<'_>,
    before: Option<&Tree<'_>>,
    tables: Option<&[&str]>,
    vendor: &Vendor,
) -> Vec<Diagnostic> {
    let mut findings = findings(tree, tables, vendor, MOST_ADVICES);
    if let Some(before) = before {
        let old = self::findings(before, tables, vendor, 0);
        findings = finding::without_old(findings, &old);
        if before.contains_key("index.html") && !tree.contains_key("index.html") {
            findings.push(without_page());
        }
    }
    finding::settled(findings, tree)
}

fn findings<'a>(
    tree: &'a Tree<'a>,
    tables: Option<&[&str]>,
    vendor: &'a Vendor,
    advices: usize,
) -> Vec<Finding<'a>> {
    let resolver = Resolver::new(tree, vendor);
    let reach = Reach::of(tree, &resolver);
    resolver.allow_advices(advices);
    let app = App {
        tree,
        vendor,
        reach: &reach,
        resolver: &resolver,
        exports: Exports::new(tree, &resolver),
    };
    let mut findings = Vec::new();
    for (path, file) in tree {
        faults::check(&app, path, file, &mut findings);
        imports::check(&app, path, file, &mut findings);
        names::check(&app, path, file, &mut findings);
        if let Some(tables) = tables {
            undeclared(path, file, tables, &mut findings);
        }
    }
    findings.extend(tree.get("index.html").and_then(without_script));
    routes::check(&app, &mut findings);
    cycles::check(&app, &mut findings);
    findings
}

/// What the checks look at.
struct App<'a, 'r> {
    tree: &'a Tree<'a>,
    vendor: &'a Vendor,
    reach: &'r Reach<'a>,
    resolver: &'r Resolver<'a>,
    exports: Exports<'a, 'r>,
}

impl App<'_, '_> {
    /// Looks for what was meant, while there is not too much of it.
    fn advice(&self, look: impl FnOnce() -> Option<String>) -> Option<String> {
        self.resolver.may_advise().then(look).flatten()
    }

    /// How bad it is in this file when it fails what reads the file.
    fn failing(&self, path: &str) -> Severity {
        if self.reach.is_read(path) {
            Severity::Error
        } else {
            Severity::Warning
        }
    }
}

fn without_page() -> Finding<'static> {
    Finding {
        path: "index.html",
        start: 0,
        severity: Severity::Error,
        code: "missing_page",
        message: "There is no `index.html`, with which the build begins.".to_owned(),
        suggestion: Some(
            "Put it back, with `<script type=\"module\" src=\"/src/main.tsx\"></script>`."
                .to_owned(),
        ),
    }
}

/// What such a page shows is all there is, whatever else the app has.
fn without_script(page: &File<'_>) -> Option<Finding<'static>> {
    let is_without = !page.content.to_ascii_lowercase().contains("<script");
    is_without.then(|| Finding {
        path: "index.html",
        start: 0,
        severity: Severity::Warning,
        code: "page_without_script",
        message: "`index.html` loads no script, so that nothing of the app starts.".to_owned(),
        suggestion: Some(
            "Add `<script type=\"module\" src=\"/src/main.tsx\"></script>` to its body.".to_owned(),
        ),
    })
}

fn undeclared<'a>(
    path: &'a str,
    file: &File<'_>,
    tables: &[&str],
    findings: &mut Vec<Finding<'a>>,
) {
    for table in &file.facts.tables {
        if tables.contains(&table.name.as_str()) {
            continue;
        }
        let meant = nearest::nearest(&table.name, tables.iter().copied());
        findings.push(Finding {
            path,
            start: table.start,
            severity: Severity::Warning,
            code: "undeclared_table",
            message: format!("The table `{}` is not declared.", table.name),
            suggestion: Some(match meant {
                Some(meant) => {
                    format!("Did you mean `{meant}`? Otherwise declare the table first.")
                }
                None => "Declare the table before it is used.".to_owned(),
            }),
        });
    }
}
