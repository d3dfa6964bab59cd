//! "A workout app where I can write down the exercise, sets and reps": a noun, and fields after a verb of writing.
//!
//! Tells what such a clause keeps and where its list starts, if a list of fields follows; a list of things is left to others.

use super::{
    items,
    kinds::is_field_word,
    nouns::{self, Noun},
    text::{Mark, Token},
    things::{default_fields, is_things},
    vocabulary::{BEYOND, has},
};

/// What one does to keep something.
const WRITING: &str = "write jot note put record log enter save store keep track list type fill add register collect capture \
    document submit provide leave writing jotting noting putting recording logging entering saving storing keeping tracking listing typing filling \
    adding registering collecting capturing documenting";

/// Words of a question, which name a field by themselves.
const ASKING: &str = "how what when where who whom whose which whether if why";

/// What holds a list and says nothing about it.
const NOWHERE: &str = "place space spot way somewhere something anything thing one";

/// How many words may stand between "where" and the verb.
const MOST_WORDS_BETWEEN: usize = 6;

/// How far ahead the list is looked at, so that a long sentence of many "where" stays linear.
const MOST_WORDS_AHEAD: usize = 32;

/// What is kept and the index of its first field, if a clause of keeping opens at `index`.
pub(super) fn keeping(tokens: &[Token], index: usize) -> Option<(Noun, usize)> {
    let opener = tokens.get(index)?;
    let before = |back: usize| index.checked_sub(back).and_then(|place| tokens.get(place));
    let direct = opener.is_in("to for");
    let which = opener.is("which") && before(1).is_some_and(|token| token.is_in("in on"));
    let lets = opener.is_in("that which")
        && tokens
            .get(index + 1)
            .is_some_and(|token| token.is_in("let lets allow allows help helps"));
    if !(direct || which || lets || opener.is_in("where so letting")) {
        return None;
    }
    let rest = tokens.get(index + 1..)?;
    let verb = rest
        .iter()
        .take(MOST_WORDS_BETWEEN + 1)
        .position(|token| token.is_in(WRITING))?;
    let between = rest.get(..verb)?;
    if direct != between.is_empty() || !between.iter().all(Token::is_word) {
        return None;
    }
    let small = |token: &&Token| token.is_in("down up in track of");
    let told = rest.get(verb + 1..)?;
    let start = index + 2 + verb + told.iter().take_while(small).count();
    let end =
        index - usize::from(which || before(1).is_some_and(|token| token.mark == Mark::Sign(',')));
    let holder = nouns::before(tokens, end)?;
    let beyond = |word: &str| has(BEYOND, &word.to_lowercase());
    if !holder.is_plural() && holder.words.split(' ').any(beyond) {
        return None;
    }
    let told = tokens.get(start..)?;
    let items = items::items(told.get(..MOST_WORDS_AHEAD).unwrap_or(told));
    let (first, others) = items.split_first()?;
    if let Some(thing) = headline(first, others) {
        let skip = first.len() + told.get(first.len()..)?.iter().position(Token::is_word)?;
        let after = told.get(skip)?;
        let start = start + skip + usize::from(after.is_in("and plus"));
        return Some((thing, start));
    }
    // "a tool for our charity where volunteers …" keeps no charities
    let whose = !holder.is_plural()
        && holder.start > 1
        && matches!(tokens.get(holder.start - 2..holder.start), Some([led, own]) if led.is("for") && own.is_in("my our the a an"));
    let nowhere = whose || nouns::subject(&holder).is_none() || has(NOWHERE, &holder.head());
    let noun = Noun {
        words: if nowhere {
            "entries".to_owned()
        } else {
            holder.words.clone()
        },
        ..holder
    };
    is_list(first, others).then_some((noun, start))
}

/// "exercises, sets and reps": a thing, and after it nothing but fields.
fn headline(first: &[Token], others: &[&[Token]]) -> Option<Noun> {
    let fits =
        !others.is_empty() && others.iter().all(|item| names_field(item)) && is_things(first);
    nouns::all(first).pop().filter(|_| fits)
}

/// Whether these are fields and no things.
fn is_list(first: &[Token], others: &[&[Token]]) -> bool {
    let asks = first.first().is_some_and(|token| token.is_in(ASKING));
    let introduces = first.iter().any(|token| {
        token.is_in("with has have having each every") || matches!(token.mark, Mark::Sign(':'))
    }) || first.iter().any(|token| token.is_sign('('))
        && !first.iter().any(|token| token.is("or"));
    if introduces || (!asks && is_things(first)) {
        return false;
    }
    if others.is_empty() {
        let many = nouns::all(first).last().is_some_and(Noun::is_plural);
        return names_field(first) && !many;
    }
    let known = |item: &[Token]| matches!(nouns::all(item).as_slice(), [noun] if noun.is_plural() && default_fields(&noun.words).is_some());
    // "the dose": one of it
    let the = |item: &[Token]| {
        item.first()
            .is_some_and(|token| token.is_in("the its their"))
            && !nouns::all(item).last().is_some_and(Noun::is_plural)
    };
    let fields = others
        .iter()
        .filter(|item| names_field(item) || the(item))
        .count();
    fields * 2 >= others.len() && !(known(first) && others.iter().all(|item| known(item)))
}

/// Whether an item is likely a field: by a word of it, or because it is put as a question.
pub(super) fn names_field(item: &[Token]) -> bool {
    let asks = item.first().is_some_and(|token| token.is_in(ASKING));
    asks || item.iter().any(|token| is_field_word(&token.lower))
}
