//! Requests that change what something is like: a colour, the tagline, required or not, a kind, options.

use super::{
    colour,
    commands::renamed,
    fields::{necessity, options},
    grammar::{Place, Wish},
    items,
    model::{Kind, Thing},
    naming,
    places::{bare, choice, place, split_at},
    text::{Token, quote},
    vocabulary::{KIND_NAMES, group},
};

/// "make it green", "make the title optional", "change the year to a number", "set the tagline to …".
pub(super) fn change(verb: &Token, rest: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    if let Some((_, after)) = split_at(rest, "tagline slogan subtitle") {
        let words: Vec<&str> = after
            .iter()
            .filter(|token| token.is_word())
            .map(|token| token.text.as_str())
            .collect();
        let words = words.join(" ");
        let words = words.strip_prefix("to ").unwrap_or(&words);
        return (!words.is_empty()).then(|| vec![Wish::Tagline(words.to_owned())]);
    }
    if let Some((_, after)) = split_at(rest, "name title label").filter(|(before, _)| {
        !verb.is("make") && before.iter().all(|token| token.is_in("the app's apps its"))
    }) && let Some((of, to)) = split_at(after, "to")
    {
        let to = bare(to);
        if of.is_empty() && known.iter().all(|thing| thing.field("name").is_none()) {
            return Some(vec![Wish::Name(naming::cut(&to))]);
        }
        if of.first().is_some_and(|token| token.is("of")) && !to.is_empty() {
            return Some(vec![renamed(of.get(1..)?, to, known)]);
        }
    }
    if let Some(wish) = coloured(rest) {
        return Some(vec![wish]);
    }
    if known.is_empty() {
        return None;
    }
    shaped(rest, known, verb.is_in("change turn convert set switch"))
}

/// A wish for a colour: nothing else is named.
pub(super) fn coloured(rest: &[Token]) -> Option<Wish> {
    let (start, length, colour) = colour::find(rest)?;
    let small = "it the app everything all whole a an my our theme colour color colours colors main primary accent brand look design scheme style to in into as of be for background more its site this ui interface with palette please should them buttons hue use instead";
    let others = rest
        .iter()
        .enumerate()
        .filter(|(index, token)| !(start..start + length).contains(index) && token.is_word());
    others
        .into_iter()
        .all(|(_, token)| token.is_in(small))
        .then_some(Wish::Colour(colour))
}

/// "the title (of recipes) optional", "the year a number", "the status one of a, b or c".
pub(super) fn shaped(rest: &[Token], known: &[Thing], needs_to: bool) -> Option<Vec<Wish>> {
    // "the minutes optional and the title required"
    if let Some(and) = rest.iter().position(|token| token.is("and"))
        && let (first, [_, second @ ..]) = rest.split_at(and)
        && [first, second]
            .iter()
            .all(|part| part.len() > 1 && part.last().is_some_and(|last| necessity(last).is_some()))
    {
        let mut wishes = shaped(first, known, needs_to)?;
        wishes.extend(shaped(second, known, needs_to)?);
        return Some(wishes);
    }
    if let [what @ .., last] = rest
        && let Some(required) = necessity(last)
    {
        let what: Vec<Token> = what
            .iter()
            .filter(|token| !token.is_in("to as be"))
            .cloned()
            .collect();
        let items = items::items(&what);
        let whole = place(&what, known);
        let places = items.iter().map(|item| {
            let one = place(item, known);
            Place {
                thing: one.thing.or_else(|| whole.thing.clone()),
                field: one.field,
            }
        });
        return Some(
            places
                .map(|place| Wish::Require { place, required })
                .collect(),
        );
    }
    let of = |index: usize| {
        let is = |offset: usize, words: &str| {
            rest.get(index + offset)
                .is_some_and(|token| token.is_in(words))
        };
        is(0, "choice one dropdown select either")
            && (is(1, "of between with from")
                || rest.get(index + 1).is_some_and(|token| token.is_sign(':')))
    };
    if let Some(index) = (1..rest.len()).find(|index| of(*index)) {
        let what: Vec<Token> = rest
            .get(..index)?
            .iter()
            .filter(|token| !token.is_in("to into a an be"))
            .cloned()
            .collect();
        let add = options(rest.get(index + 2..)?);
        return (add.len() > 1).then(|| {
            vec![Wish::Options {
                place: place(&what, known),
                add,
                remove: Vec::new(),
            }]
        });
    }
    for split in 1..rest.len() {
        let (what, told) = rest.split_at(split);
        let told_at = told
            .iter()
            .take_while(|token| token.is_in("to into as a an be of"))
            .count();
        let marked = told_at > 0 || !needs_to;
        let Some(kind) = told
            .get(told_at..)
            .map(|told| quote(told).to_lowercase())
            .filter(|_| marked)
        else {
            continue;
        };
        let kind = kind.trim_end_matches(" field");
        if let Some(kind) = group(KIND_NAMES, kind, '|')
            .filter(|kind| !matches!(kind, Kind::Choice | Kind::Reference))
        {
            return Some(vec![Wish::Kind {
                place: place(what, known),
                kind,
            }]);
        }
    }
    None
}

/// "status can also be archived", "the year should be a number", "title is required".
pub(super) fn state(said: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    let (what, told) = split_at(said, "should must can is are could needs")?;
    if let Some(named) = told.iter().position(|token| token.is_in("called named"))
        && told
            .iter()
            .take(named)
            .all(|token| token.is_in("be now rather"))
        && let to = bare(told.get(named + 1..)?)
        && !to.is_empty()
    {
        return Some(vec![renamed(what, to, known)]);
    }
    let told: Vec<Token> = told
        .iter()
        .skip_while(|token| token.is_in("also be to now a an one of"))
        .cloned()
        .collect();
    if what.is_empty() || told.is_empty() {
        return None;
    }
    if let Some(place) = choice(what, known) {
        let required = told.len() == 1
            && told
                .first()
                .is_some_and(|token| token.is_in("required optional mandatory"));
        let listed = options(&told);
        if !required && !listed.is_empty() {
            return Some(vec![Wish::Options {
                place,
                add: listed,
                remove: Vec::new(),
            }]);
        }
    }
    let words = place(what, known);
    let exists = known.iter().any(|thing| {
        words
            .thing
            .as_ref()
            .is_none_or(|table| *table == thing.table)
            && thing.field(&words.field).is_some()
    });
    if !exists {
        return coloured(said).map(|wish| vec![wish]);
    }
    let together: Vec<Token> = what.iter().chain(&told).cloned().collect();
    shaped(&together, known, false)
}
