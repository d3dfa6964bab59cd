//! What a parser has said of files, kept as long as it may be asked again.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use overskill_syntax::{Facts, Language, Parser};

use crate::{
    digest::Digest,
    edit::{
        Change,
        guard::{self, Breakage, Side},
    },
};

/// The facts of how much text are kept, in bytes of it; about as much memory as it has bytes. When there is more, all
/// are forgotten.
const MOST_KEPT: usize = 8 * 1024 * 1024;

/// A parser that reads no file twice. Facts are kept by the file's name and the hash of its content.
pub struct Known<'p> {
    parser: &'p dyn Parser,
    kept: RefCell<Kept>,
}

#[derive(Default)]
struct Kept {
    facts: HashMap<(Digest, String), Rc<Facts>>,
    bytes: usize,
}

impl std::fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known")
            .field("kept", &self.kept.borrow().facts.len())
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
        if let Some(facts) = self.kept.borrow().facts.get(&key) {
            return Some(Rc::clone(facts));
        }
        let content = content()?;
        let facts = Rc::new(self.parser.facts(path, content));
        let mut kept = self.kept.borrow_mut();
        if kept.bytes + content.len() > MOST_KEPT {
            *kept = Kept::default();
        }
        kept.bytes += content.len();
        kept.facts.insert(key, Rc::clone(&facts));
        Some(facts)
    }

    /// What changes of a file have broken.
    #[must_use]
    pub fn breakages(
        &self,
        path: &str,
        before: &str,
        after: &str,
        changes: &[Change],
    ) -> Vec<Breakage> {
        let (old, new) = (self.facts(path, before), self.facts(path, after));
        let side = |content, facts| Side { content, facts };
        guard::breakages(side(before, &old), side(after, &new), changes)
    }

    /// Whether a file would have to be read for its facts.
    #[must_use]
    pub fn lacks(&self, path: &str, hash: Digest) -> bool {
        Language::of(path).is_some()
            && !self
                .kept
                .borrow()
                .facts
                .contains_key(&(hash, path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Default)]
    struct Counting(Cell<usize>);

    impl Parser for Counting {
        fn facts(&self, _: &str, _: &str) -> Facts {
            self.0.set(self.0.get() + 1);
            Facts::default()
        }
    }

    #[test]
    fn a_file_is_read_once_until_too_much_is_kept() {
        let parser = Counting::default();
        let known = Known::new(&parser);
        let hash = Digest::of(b"a");
        assert!(known.lacks("a.ts", hash));
        let _ = known.facts("a.ts", "a");
        let _ = known.facts("a.ts", "a");
        assert!(!known.lacks("a.ts", hash) && known.lacks("b.ts", hash));
        assert!(known.of("a.ts", hash, || None).is_some());
        assert_eq!(known.of("b.ts", hash, || None), None);
        // A file that is in no language is not read at all.
        assert!(!known.lacks("a.txt", hash) && known.of("a.txt", hash, || None).is_some());
        assert_eq!(parser.0.get(), 1);
        let large = "x".repeat(MOST_KEPT);
        let _ = known.facts("large.ts", &large);
        assert!(known.lacks("a.ts", hash));
    }
}
