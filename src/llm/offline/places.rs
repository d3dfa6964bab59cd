//! What part of an app some words mean: a thing, a field of a thing, a choice.

use super::{
    grammar::Place,
    model::{Kind, Thing},
    text::{Mark, Token, quote, tokens},
    words::{on_last_word, singular},
};

/// Without politeness at its ends.
pub(super) fn trim(said: &[Token]) -> &[Token] {
    let mut said = said;
    while let [first, rest @ ..] = said
        && !rest.is_empty()
        && (first.is_in(POLITE) || !first.is_word())
    {
        said = rest;
    }
    while let [rest @ .., last] = said
        && !rest.is_empty()
        && (last.is_in("please too thanks instead now")
            || (last.is("well") && rest.last().is_some_and(|token| token.is("as")))
            || matches!(last.mark, Mark::Sign(',' | '.' | '!' | ':')))
    {
        said = rest;
    }
    match said {
        [rest @ .., last] if last.is("as") && !rest.is_empty() => rest,
        _ => said,
    }
}

/// A name as people put it: without articles and words like "field".
pub(super) fn bare(said: &[Token]) -> String {
    let small = "a an the my our their its this that each every all of field fields column columns thing things list table page section called named label for";
    let mut said = trim(said);
    while let [first, rest @ ..] = said
        && (first.is_in(small) && !rest.is_empty() || first.is_sign(':'))
    {
        said = rest;
    }
    while let [rest @ .., last] = said
        && !rest.is_empty()
        && last.is_in(
            "field fields column columns thing things list table page section record records entry anymore",
        )
    {
        said = rest;
    }
    let words: Vec<&str> = said
        .iter()
        .filter(|token| token.is_word())
        .map(|token| token.text.as_str())
        .collect();
    words.join(" ")
}

/// The longest way to name a thing or a field, in words and signs.
pub(super) const MOST_WORDS_OF_A_NAME: usize = 16;

pub(super) fn thing_named<'a>(said: &[Token], known: &'a [Thing]) -> Option<&'a Thing> {
    if said.len() > MOST_WORDS_OF_A_NAME {
        return None;
    }
    let words = bare(said);
    known
        .iter()
        .find(|thing| !words.is_empty() && thing.answers_to(&words))
}

pub(super) fn is_app(words: &str) -> bool {
    super::vocabulary::has(
        "app application it site website project",
        &words.to_lowercase(),
    ) || words.eq_ignore_ascii_case("whole app")
}

/// "the notes of recipes", "recipe's notes", "notes".
pub(super) fn place(said: &[Token], known: &[Thing]) -> Place {
    for (index, token) in said.iter().enumerate().rev() {
        if token.is_in("of in from on for to within")
            && let Some(thing) = said
                .get(index + 1..)
                .and_then(|after| thing_named(after, known))
        {
            return Place {
                thing: Some(thing.table.clone()),
                field: bare(said.get(..index).unwrap_or(&[])),
            };
        }
    }
    for split in 1..said.len().min(MOST_WORDS_OF_A_NAME) {
        let (head, field) = said.split_at(split);
        let owner = quote(head)
            .trim_end_matches("'s")
            .trim_end_matches('\'')
            .to_owned();
        if let Some(thing) = thing_named(&tokens(&owner), known)
            && let field = bare(field)
            && thing.field(&field).is_some()
        {
            return Place {
                thing: Some(thing.table.clone()),
                field,
            };
        }
    }
    Place {
        thing: None,
        field: bare(said),
    }
}

pub(super) fn split_at<'a>(said: &'a [Token], words: &str) -> Option<(&'a [Token], &'a [Token])> {
    let place = said.iter().position(|token| token.is_in(words))?;
    Some((said.get(..place)?, said.get(place + 1..)?))
}

/// The choice that words name: "the statuses", "status of projects".
pub(super) fn choice(said: &[Token], known: &[Thing]) -> Option<Place> {
    let mut place = place(said, known);
    place.field = on_last_word(&place.field, singular);
    let fits = |thing: &&Thing| {
        place
            .thing
            .as_ref()
            .is_none_or(|table| *table == thing.table)
            && thing
                .field(&place.field)
                .is_some_and(|field| field.kind == Kind::Choice)
    };
    let found = known.iter().any(|thing| fits(&thing));
    found.then_some(place)
}

/// Words of politeness before a request.
pub(super) const POLITE: &str = "please can could would you i we want wanna gotta need to i'd we'd like now also then and next let's lets let us me should hey hi thanks ok okay just maybe so but additionally finally kindly go ahead";
