//! Where a name that is searched for is defined, by the files in which it was found.

use overskill_syntax::Facts;

use super::{
    names::Likeness,
    symbols::{Source, Symbol, SymbolKind, find, is_name, sort},
};

/// How many are listed.
pub const MAX_DEFINITIONS: usize = 5;
/// How many files are parsed to find them.
const MAX_PARSED: usize = 100;

/// Collects definitions while a search goes through its files. Without a plain name as the query it collects none.
#[derive(Debug)]
pub struct Definitions<'a> {
    name: Option<&'a str>,
    parsed: usize,
    symbols: Vec<Symbol>,
}

impl<'a> Definitions<'a> {
    /// Begins for a query.
    #[must_use]
    pub fn of(query: &'a str) -> Self {
        Self {
            name: Some(query).filter(|query| is_name(query)),
            parsed: 0,
            symbols: Vec::new(),
        }
    }

    /// Looks into a file with hits. Its facts are asked for only when they are needed.
    pub fn look<F: AsRef<Facts>>(
        &mut self,
        path: &str,
        content: &str,
        facts: impl FnOnce() -> Option<F>,
    ) {
        let Some(name) = self.name.filter(|_| self.parsed < MAX_PARSED) else {
            return;
        };
        let Some(facts) = facts() else { return };
        self.parsed += 1;
        let source = Source {
            path,
            content,
            facts: facts.as_ref(),
        };
        let found = find(name, &[], &[source]).into_iter();
        self.symbols.extend(found.filter(|symbol| {
            symbol.likeness < Likeness::Words && symbol.kind != SymbolKind::Import
        }));
    }

    /// The likest, at most [`MAX_DEFINITIONS`].
    #[must_use]
    pub fn finish(mut self) -> Vec<Symbol> {
        sort(&mut self.symbols);
        self.symbols.truncate(MAX_DEFINITIONS);
        self.symbols
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use overskill_syntax::{Native, Parser as _};

    use super::*;

    fn look(definitions: &mut Definitions<'_>, path: &str, content: &str) {
        definitions.look(path, content, || Some(Rc::new(Native.facts(path, content))));
    }

    #[test]
    fn definitions_come_from_the_files_that_were_looked_into() {
        let mut definitions = Definitions::of("card");
        look(
            &mut definitions,
            "b.tsx",
            "export function Card() { return <p />; }",
        );
        look(
            &mut definitions,
            "a.ts",
            "import { card } from \"./b\";\nexport const card = 1, cards = 2;",
        );
        definitions.look("c.ts", "", || None::<Rc<Facts>>);
        let found: Vec<String> = definitions
            .finish()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "defined in a.ts:2 (value card)",
                "defined in b.tsx:1 (component Card)"
            ]
        );
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut many = Definitions::of("card");
        let mut asked = 0;
        for number in 0..150 {
            many.look(&format!("{number:03}.ts"), "const card = 1;", || {
                asked += 1;
                Some(Rc::new(Native.facts("a.ts", "const card = 1;")))
            });
        }
        assert_eq!((many.finish().len(), asked), (MAX_DEFINITIONS, MAX_PARSED));

        let mut none = Definitions::of("card.*");
        none.look("a.ts", "card", || -> Option<Rc<Facts>> {
            panic!("no name, no facts")
        });
        assert_eq!(none.finish(), []);
    }
}
