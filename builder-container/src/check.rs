//! The builder's own look at an app, beside the build: what preflight finds in all files at once, whatever stops Vite.
//! And what both have found → one report, each mistake once.

mod merge;
mod recover;

use std::{collections::BTreeMap, fs, io, path::Path};

use overskill::{
    build::Diagnostic,
    preflight::{self, File, Tree, Vendor},
};
use overskill_syntax::{Facts, FaultKind, Language, Native, Parser as _};

use crate::inspect::files;

pub(crate) use merge::{merge, merge_types};

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
        let facts: Vec<(&str, &str, Facts)> = self
            .0
            .iter()
            .map(|(path, text)| {
                let mut facts = Native.facts(path, text);
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
        preflight::check(&tree, None, None, Vendor::foundation())
    }
}
