//! What a parser has said of files, kept as long as it may be asked again.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use overskill_syntax::{Facts, Language, Parser};

use crate::digest::Digest;

/// How many files' facts are kept; when there are more, all are forgotten.
const MOST_KEPT: usize = 4_000;

/// A parser that reads no file twice. Facts are kept by the file's name and the hash of its content.
pub struct Known<'p> {
    parser: &'p dyn Parser,
    kept: RefCell<HashMap<(Digest, String), Rc<Facts>>>,
}

impl std::fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known")
            .field("kept", &self.kept.borrow().len())
            .finish_non_exhaustive()
    }
}

impl<'p> Known<'p> {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(parser: &'p dyn Parser) -> Self {
        Self {
            parser,
            kept: RefCell::default(),
        }
    }

    /// The facts of a file.
    #[must_use]
    pub fn facts(&self, path: &str, content: &str) -> Rc<Facts> {
        self.of(path, Digest::of(content.as_bytes()), || Some(content))
            .unwrap_or_default()
    }

    /// The facts of a file whose hash is known; its content is asked for only when it has to be read. Nothing when it is
    /// not there then.
    #[must_use]
    pub fn of<'c>(
        &self,
        path: &str,
        hash: Digest,
        content: impl FnOnce() -> Option<&'c str>,
    ) -> Option<Rc<Facts>> {
        if Language::of(path).is_none() {
            return Some(Rc::default());
        }
        let key = (hash, path.to_owned());
        if let Some(facts) = self.kept.borrow().get(&key) {
            return Some(Rc::clone(facts));
        }
        let facts = Rc::new(self.parser.facts(path, content()?));
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, Rc::clone(&facts));
        Some(facts)
    }

    /// Whether a file would have to be read for its facts.
    #[must_use]
    pub fn lacks(&self, path: &str, hash: Digest) -> bool {
        Language::of(path).is_some() && !self.kept.borrow().contains_key(&(hash, path.to_owned()))
    }
}
