//! Which thing a word means, of those that there are and those that were just wished for.
//!
//! Pure values; a word that could mean two things means none of them.

use super::{
    grammar::Wish,
    model::Thing,
    text::Token,
    things::{Declared, Described},
    words::{on_last_word, singular},
};

/// Whether a sentence about an app that is there names nothing but what the app has: "sort recipes by time".
pub(super) fn nothing_new(known: &[Thing], declared: &Declared, said: &[Token]) -> bool {
    let has = |words: &str| {
        let tail = words.split_once(' ').map_or("", |(_, tail)| tail);
        let first = words.split(' ').next().unwrap_or("").to_lowercase();
        let added = said
            .first()
            .is_some_and(|verb| verb.is_in("add create make build include"))
            && said.iter().take(5).any(|token| token.lower == first);
        known.iter().any(|thing| {
            thing.answers_to(words)
                || (!added && thing.answers_to(tail))
                || thing.field(words).is_some()
        })
    };
    let fresh = |thing: &Described| {
        !thing.drafts.is_empty() || thing.words.as_deref().is_some_and(|words| !has(words))
    };
    !known.is_empty() && declared.belongs.is_empty() && !declared.things.iter().any(fresh)
}

/// "for each trip packing items with …": the thing named before, and what is many of it.
pub(super) fn owned(known: &[Thing], wishes: &[Wish], words: &str) -> Option<(String, String)> {
    let (parent, child) = words.split_once(' ')?;
    let last = child.rsplit(' ').next().unwrap_or("").to_lowercase();
    let one = |words: &str| on_last_word(&words.to_lowercase(), singular);
    let wished = wishes.iter().filter_map(Wish::thing);
    let mut all = wished.chain(known.iter().map(|thing| thing.singular.as_str()));
    let known = all.any(|thing| one(thing) == one(parent));
    (known && singular(&last) != last).then(|| (parent.to_owned(), child.to_owned()))
}

/// "each record" after "vinyl records" means those.
pub(super) fn same(known: &[Thing], wishes: &[Wish], words: &str) -> Option<String> {
    let one = on_last_word(&words.to_lowercase(), singular);
    let known = known.iter().map(|thing| thing.singular.as_str());
    let wished = wishes.iter().filter_map(|wish| match wish {
        Wish::Thing { words, .. } => Some(words.as_str()),
        _ => None,
    });
    let mut all: Vec<String> = known
        .chain(wished)
        .map(|words| on_last_word(&words.to_lowercase(), singular))
        .collect();
    all.dedup();
    if one.contains(' ') || all.contains(&one) {
        return None;
    }
    let mut longer = all
        .iter()
        .filter(|words| words.rsplit(' ').next() == Some(one.as_str()));
    if let Some(found) = longer.next() {
        return Some(found.clone()).filter(|_| longer.next().is_none());
    }
    // "each plant" after "houseplants", of which no more was said
    let mut bare = wishes.iter().filter_map(|wish| match wish {
        Wish::Thing { words, drafts } if drafts.is_empty() => {
            Some(on_last_word(&words.to_lowercase(), singular))
        }
        _ => None,
    });
    bare.find(|words| {
        let lead = words.strip_suffix(one.as_str());
        one.len() > 3 && lead.is_some_and(|lead| lead.len() > 2)
    })
}
