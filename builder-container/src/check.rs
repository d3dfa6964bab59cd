//! The builder's own look at an app, beside the build: what preflight finds in all files at once, whatever stops Vite.
//! And what both have found → one report, each mistake once.

mod merge;
mod recover;

use std::{collections::BTreeMap, fs, io, path::Path};

use overskill::{
    build::{Diagnostic, Severity},
    preflight::{self, File, Tree, Vendor},
    project::ProjectPath,
};
use overskill_syntax::{Facts, FaultKind, Language, Native, Parser as _};

use crate::{foreign, inspect::files};
use merge::is_same;

pub(crate) use merge::{merge, merge_types};

/// The settings that stand in for an app's own.
const TSCONFIG: &str = "tsconfig.json";

/// The sources of an app in memory: nobody changes them while they are looked at.
#[derive(Debug, Default)]
pub(crate) struct Texts(BTreeMap<String, String>);

impl Texts {
    /// Reads every source. Those that no parser reads, or that are no text, are there by name alone.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(crate) fn read(sources: &Path) -> io::Result<Self> {
        let mut texts = BTreeMap::new();
        for path in files(sources)? {
            let parsed = Language::of(path.as_str()).is_some();
            let text = if parsed {
                String::from_utf8(fs::read(sources.join(path.as_str()))?).unwrap_or_default()
            } else {
                String::new()
            };
            texts.insert(path.as_str().to_owned(), text);
        }
        Ok(Self(texts))
    }

    /// Everything that preflight finds. What a file that does not parse imports is read from its text, so that what it
    /// leads to counts as read, and is looked at.
    pub(crate) fn check(&self) -> Vec<Diagnostic> {
        let settings = self.0.get(TSCONFIG).map(|text| for_every_script(text));
        let facts: Vec<(&str, &str, Facts)> = self
            .0
            .iter()
            .map(|(path, text)| {
                let text = match &settings {
                    Some(settings) if path == TSCONFIG => settings,
                    _ => text,
                };
                let mut facts = Native.facts(path, text);
                foreign::name_elements(path, text, &mut facts);
                let broken = facts
                    .faults
                    .iter()
                    .any(|fault| fault.kind == FaultKind::Syntax);
                if broken
                    && facts.imports.is_empty()
                    && Language::of(path).is_some_and(Language::is_script)
                {
                    facts.imports = recover::imports(text);
                }
                (path.as_str(), text.as_str(), facts)
            })
            .collect();
        let tree: Tree<'_> = facts
            .iter()
            .map(|(path, content, facts)| (*path, File { content, facts }))
            .collect();
        let mut found = preflight::check(&tree, None, None, Vendor::foundation());
        let mut unsupported = Vec::new();
        for (path, text, facts) in &facts {
            foreign::check(path, text, facts, &mut unsupported);
        }
        // Preflight knows the file only as one that is no script.
        found.retain(|one| !unsupported.iter().any(|other| is_same(one, other)));
        found.extend(unsupported.iter().cloned());
        // What other tools read is not run here, and what no page loads fails on none.
        found.retain(|one| {
            let elsewhere = |path: &ProjectPath| {
                let asked_of_us = one.severity == Severity::Error && !unsupported.contains(one);
                is_of_a_tool(path) || (!asked_of_us && runs_elsewhere(path))
            };
            !one.path.as_ref().is_some_and(elsewhere)
        });
        let texts = self
            .0
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        found.extend(foreign::environment(texts));
        found
    }
}

/// The same settings for JavaScript as well: Vite is told the aliases for every kind of file.
fn for_every_script(settings: &str) -> String {
    let mut all: serde_json::Value = serde_json::from_str(settings).unwrap_or_default();
    if let Some(options) = all
        .get_mut("compilerOptions")
        .and_then(|all| all.as_object_mut())
    {
        options.insert("allowJs".to_owned(), true.into());
    }
    all.to_string()
}

/// Whether a file is for tests, or for a server, by names that no page has.
pub(crate) fn runs_elsewhere(path: &ProjectPath) -> bool {
    const TOP: [&str; 4] = ["cypress", "e2e", "netlify", "supabase"];
    const FOLDERS: [&str; 2] = ["__tests__", "__mocks__"];
    const ENDINGS: [&str; 4] = [".test.", ".spec.", ".stories.", ".cy."];
    let mut parts = path.as_str().split('/');
    let name = parts.next_back().unwrap_or_default();
    ENDINGS.iter().any(|ending| name.contains(ending))
        || parts.enumerate().any(|(depth, folder)| {
            FOLDERS.contains(&folder) || (depth == 0 && TOP.contains(&folder))
        })
}

/// Whether a file is the settings of a tool, such as `vite.config.ts`.
fn is_of_a_tool(path: &ProjectPath) -> bool {
    let path = path.as_str();
    !path.contains('/') && (path.starts_with('.') || path.contains(".config."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_no_page_has_are_of_tests_and_servers() {
        for (path, expected) in [
            ("src/App.test.tsx", true),
            ("src/__tests__/App.tsx", true),
            ("supabase/functions/hello/index.ts", true),
            ("e2e/home.ts", true),
            ("scripts/main.js", false),
            ("api/client.ts", false),
            ("src/pages/test/Question.tsx", false),
            ("src/supabase/client.ts", false),
        ] {
            assert_eq!(runs_elsewhere(&path.parse().unwrap()), expected, "{path}");
        }
    }
}
