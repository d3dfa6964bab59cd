//! "A workout log where I can write down the exercise, sets and reps": a container, and a verb of keeping before its fields.
//!
//! Finds the verb, and where the fields start. Knows nothing of an existing app.

use super::{
    fields, items,
    kinds::{Draft, is_field_word},
    nouns::{self, Noun},
    text::{Mark, Token},
    things::{Described, default_fields, is_things},
    words::{on_last_word, singular},
};

/// How many words at the front say to keep what follows: "write down", "keep track of", "log".
pub(super) fn verb(tokens: &[Token]) -> usize {
    let is = |index: usize, words: &str| tokens.get(index).is_some_and(|token| token.is_in(words));
    let particle = is(
        0,
        "write note jot put mark take set writing noting jotting putting",
    ) && is(1, "down")
        || is(0, "fill type key put log write filling typing") && is(1, "in into");
    if particle {
        return 2;
    }
    if is(0, "keep keeping") && is(1, "track note record records") {
        return 2 + usize::from(is(2, "of"));
    }
    if is(0, "keep make take keeping making taking")
        && is(1, "a")
        && is(2, "note record log")
        && is(3, "of")
    {
        return 4;
    }
    usize::from(is(
        0,
        "log logs tracks track record save store note enter remember register capture write jot keep input logging tracking recording \
         saving storing noting entering remembering registering capturing",
    ))
}

/// How many words stand at most between "where" and the verb: "where my mother can easily write down".
const MOST_WORDS_BETWEEN: usize = 8;

/// How many "where", "to" and "for" are looked at; so a long sentence costs no more than its length.
const MOST_LINKS: usize = 8;

/// How far ahead the fields of a list are looked at.
const MOST_WORDS_AHEAD: usize = 64;

/// Where the container ends, and where its fields start: "a workout log | where I can write down | the exercise, …".
pub(super) fn find(tokens: &[Token]) -> Option<(usize, &[Token])> {
    let is = |index: usize, words: &str| tokens.get(index).is_some_and(|token| token.is_in(words));
    let length = |link: usize| {
        if is(link, "in on into with") && is(link + 1, "which") {
            2
        } else {
            usize::from(is(link, "where that which so to for"))
        }
    };
    let links = (1..tokens.len()).map(|link| (link, length(link)));
    let mut links = links.filter(|(_, length)| *length > 0).take(MOST_LINKS);
    links.find_map(|(link, length)| {
        let from = link + length;
        let start = (from..from + MOST_WORDS_BETWEEN)
            .take_while(|start| tokens.get(*start).is_some_and(Token::is_word))
            .find(|start| {
                let led = *start == from || is(start - 1, "i we you they people users everyone one can could may will would want should to be able also me us that simply just quickly easily");
                led && tokens.get(*start..).is_some_and(|rest| verb(rest) > 0)
            })?;
        let body = tokens.get(start + verb(tokens.get(start..)?)..)?;
        is_list(body).then_some((link, body))
    })
}

/// Whether a list is one of fields: at least two, most of them said like fields, and no thing in front ("track recipes, …").
fn is_list(body: &[Token]) -> bool {
    let items = items::items(body.get(..MOST_WORDS_AHEAD).unwrap_or(body));
    let Some(first) = items.first() else {
        return false;
    };
    let said = items.iter().filter(|item| is_said_like_a_field(item));
    let thing = is_things(first) && !first.first().is_some_and(|token| token.is("the"));
    items.len() > 1 && !thing && said.count() * 2 >= items.len()
}

/// "the lake", "how hard it felt", "weight in kg".
pub(super) fn is_said_like_a_field(item: &[Token]) -> bool {
    item.first().is_some_and(|first| {
        first.is_in("the a an how when where what who which whether why its their his her")
    }) || item
        .iter()
        .any(|token| is_field_word(&token.lower) || token.mark == Mark::Number)
}

/// A field that is named like its own thing ("a tea log where I enter the tea") is what the record is called.
pub(super) fn name_self(drafts: &mut [Draft], words: &str) {
    let own = on_last_word(&words.to_lowercase(), singular);
    for draft in drafts {
        if on_last_word(&draft.phrase.to_lowercase(), singular) == own {
            let usual = default_fields(words).map(fields::phrase);
            let usual = usual.and_then(|usual| usual.into_iter().next());
            draft.phrase = usual.map_or_else(|| "name".to_owned(), |usual| usual.phrase);
        }
    }
}

/// The items that are said like fields and become none, where things were only mentioned.
pub(super) fn passed_over<'a>(tokens: &'a [Token], things: &[Described]) -> Vec<&'a [Token]> {
    let Some(last) = things.last() else {
        return Vec::new();
    };
    let listed = find(tokens).map_or_else(
        || {
            let after = tokens.get(last.end..).unwrap_or(&[]);
            let comma = after.iter().position(|token| !token.is_word());
            comma
                .and_then(|comma| after.get(comma + 1..))
                .unwrap_or(&[])
        },
        |(_, body)| body,
    );
    let is_thing = |noun: &Noun| {
        let words = nouns::subject(noun);
        words.is_some() && things.iter().any(|thing| thing.words == words)
    };
    let passed = |item: &&[Token]| {
        let nouns = nouns::all(item);
        is_said_like_a_field(item) && !nouns.is_empty() && !nouns.iter().any(is_thing)
    };
    items::items(listed).into_iter().filter(passed).collect()
}
