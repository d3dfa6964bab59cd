//! The grammar (documented below).

use super::{
    kinds::Draft,
    model::Thing,
    text::{Sentence, quote, sentences},
    things,
};

/// One wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// There is a thing, with these fields; one that exists gets the fields that it lacks.
    Thing { words: String, drafts: Vec<Draft> },
    /// Each record of one thing belongs to one of another.
    Belongs { child: String, parent: String },
    /// The app is called so.
    Name(String),
}

/// What a prompt says.
#[derive(Debug, Default)]
pub(super) struct Understanding {
    pub(super) wishes: Vec<Wish>,
    /// Parts that were not understood, word for word.
    pub(super) left: Vec<String>,
}

/// Reads a prompt, knowing the things that the app has.
pub(super) fn understand(prompt: &str, known: &[Thing]) -> Understanding {
    let mut found = Understanding::default();
    let mut last: Option<String> = None;
    for sentence in sentences(prompt) {
        read(&sentence, known, &mut last, &mut found);
    }
    found
}

fn read(sentence: &Sentence, _known: &[Thing], last: &mut Option<String>, found: &mut Understanding) {
    let declared = things::declare(&sentence.tokens);
    if declared.things.is_empty() && declared.belongs.is_empty() {
        found.left.push(quote(&sentence.tokens));
        return;
    }
    for thing in declared.things {
        let Some(words) = thing.words.or_else(|| last.clone()) else { continue };
        *last = Some(words.clone());
        found.wishes.push(Wish::Thing { words, drafts: thing.drafts });
    }
    for (child, parent) in declared.belongs {
        found.wishes.push(Wish::Belongs { child, parent });
    }
    found.left.extend(declared.left);
}
