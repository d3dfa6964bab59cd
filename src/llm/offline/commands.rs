//! Requests that change an app that is there: "add … to …", "remove …", "rename … to …", "make it green".
//!
//! Knows the things of the app, because what "to books" means depends on whether there are books. Reads one request; the
//! cutting into requests is `grammar`'s.

use super::{
    fields::{self, options},
    grammar::{Place, Wish},
    items,
    model::Thing,
    naming,
    places::{MOST_WORDS_OF_A_NAME, bare, choice, is_app, place, split_at, thing_named, trim},
    shapes::{change, state},
    text::{Token, quote},
};

/// Reads a request, if it is one.
pub(super) fn command(said: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    let said = trim(said);
    let verb = said.first()?;
    let rest = said.get(1..)?;
    match verb.lower.as_str() {
        "rename" | "retitle" => rename(rest, known),
        "call" | "name" => call(rest, known),
        "add" | "include" | "put" | "give" | "create" => add(verb, rest, known),
        "remove" | "delete" | "drop" => remove(rest, known),
        "get" if rest.first().is_some_and(|token| token.is("rid")) => remove(rest.get(2..)?, known),
        "take"
            if rest
                .first()
                .is_some_and(|token| token.is_in("out away off")) =>
        {
            remove(rest.get(1..)?, known)
        }
        "make" | "change" | "set" | "switch" | "use" | "turn" | "paint" | "color" | "colour"
        | "mark" | "convert" => change(verb, rest, known),
        _ => tracked(said, known).or_else(|| state(said, known)),
    }
}

fn rename(rest: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    let (from, to) = split_at(rest, "to into as")?;
    let to = given(to);
    (!to.is_empty()).then(|| vec![renamed(from, to, known)])
}

/// A new name as people put it: nothing is taken off its end, for "shopping list" is one.
fn given(said: &[Token]) -> String {
    let name = trim(said);
    let lead = name
        .iter()
        .take_while(|token| token.is_in("the a an called"))
        .count();
    let words = name
        .get(lead..)
        .unwrap_or(name)
        .iter()
        .filter(|token| token.is_word());
    words
        .map(|token| token.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

pub(super) fn renamed(from: &[Token], to: String, known: &[Thing]) -> Wish {
    let words = bare(from);
    let field = from
        .iter()
        .any(|token| token.is_in("field fields column label"));
    if is_app(&words) || words.is_empty() && from.iter().any(|token| token.is("app")) {
        return Wish::Name(naming::cut(&to));
    }
    match thing_named(from, known).filter(|_| !field) {
        Some(thing) => Wish::RenameThing {
            table: thing.table.clone(),
            to,
        },
        None => Wish::RenameField {
            place: place(from, known),
            to,
        },
    }
}

/// "call the app Kitchen", "call it Kitchen", "call recipes dishes".
fn call(rest: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    let lead = rest
        .iter()
        .take_while(|token| token.is_in("the this my our whole"))
        .count();
    let subject = rest.get(lead)?;
    if subject.is_in("app application it site website project this") {
        let name: Vec<&str> = rest
            .get(lead + 1..)?
            .iter()
            .filter(|token| !token.is_in("to as"))
            .map(|token| token.text.as_str())
            .collect();
        return (!name.is_empty()).then(|| vec![Wish::Name(naming::cut(&name.join(" ")))]);
    }
    for split in 1..rest.len().min(MOST_WORDS_OF_A_NAME) {
        let (from, to) = rest.split_at(split);
        let words = bare(from);
        let fits = thing_named(from, known).is_some()
            || known.iter().any(|thing| thing.field(&words).is_some());
        let told = to
            .first()
            .is_some_and(|token| token.is_in("with for about if when"));
        if fits && !told && !bare(to).is_empty() {
            return Some(vec![renamed(from, bare(to), known)]);
        }
    }
    None
}

fn add(verb: &Token, rest: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    if known.is_empty() {
        return None;
    }
    if let Some(option) = added_option(rest, known) {
        return Some(vec![option]);
    }
    if verb.is("give") && !rest.first().is_some_and(|token| token.is_in("me us")) {
        for split in (1..rest.len()).rev() {
            let (thing, what) = rest.split_at(split);
            if let Some(thing) = thing_named(thing, known) {
                return added(thing.table.clone(), what);
            }
        }
    }
    if verb.is("give") {
        return None;
    }
    if rest.first().is_some_and(|token| token.is("to")) {
        for split in (2..=rest.len()).rev() {
            let (thing, what) = rest.split_at(split);
            if let Some(thing) = thing_named(thing.get(1..)?, known) {
                return added(thing.table.clone(), what);
            }
        }
    }
    if let Some(wishes) = add_to_each(verb, rest, known) {
        return Some(wishes);
    }
    for (index, token) in rest.iter().enumerate().rev() {
        if token.is_in("to for on in into of")
            && let Some(thing) = thing_named(rest.get(index + 1..)?, known)
        {
            return added(thing.table.clone(), rest.get(..index)?);
        }
    }
    let items = items::items(rest);
    let wants = rest
        .iter()
        .any(|token| token.is_in("field fields column columns"));
    let declared = super::things::declare(rest).things;
    let headed = declared.iter().any(|thing| !thing.drafts.is_empty());
    let alone = items.iter().all(|item| super::things::is_things(item)) && !declared.is_empty();
    match known {
        [only] if wants || !(headed || alone || rest.iter().any(|token| token.is_in("to for"))) => {
            added(only.table.clone(), rest)
        }
        [_] => None,
        _ => {
            let field = items.iter().any(|item| {
                item.iter()
                    .any(|token| super::kinds::is_field_word(&token.lower))
            });
            let unclear = wants || (field && !headed && !alone);
            unclear.then(|| {
                vec![Wish::Unclear {
                    part: quote(rest),
                    why: "say which thing it is for".to_owned(),
                }]
            })
        }
    }
}

/// "a size to companies and a role to contacts", "comments to recipes, each with a text": what follows the first thing.
fn add_to_each(verb: &Token, rest: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    let joins = |token: &Token| token.is("and") || token.is_sign(',');
    let to = rest.iter().position(|token| token.is("to"))?;
    let target = rest.get(to + 1..)?;
    let end = target
        .iter()
        .take(MOST_WORDS_OF_A_NAME)
        .position(|token| joins(token) || token.is("each"))?;
    let parent = thing_named(target.get(..end)?, known)?;
    let after = target.get(end..)?;
    let lead = after.iter().take_while(|token| joins(token)).count();
    let after = after.get(lead..)?;
    let what = rest.get(..to)?;
    if let [each, with, list @ ..] = after
        && each.is_in("each which")
        && with.is_in("with has having have")
        && matches!(super::nouns::all(what).as_slice(), [noun] if noun.is_plural())
    {
        let listed = fields::fields(list);
        let child = bare(what);
        let mut wishes = vec![
            Wish::Thing {
                words: child.clone(),
                drafts: listed.drafts,
            },
            Wish::Belongs {
                child,
                parent: parent.plural.clone(),
            },
        ];
        wishes.extend(listed.left.into_iter().map(Wish::Left));
        return Some(wishes);
    }
    let mut wishes = added(parent.table.clone(), what)?;
    if let Some(also) = thing_named(after, known) {
        wishes.extend(added(also.table.clone(), what)?);
    } else if after.iter().any(|token| token.is("to")) {
        let more = add(verb, after, known);
        wishes.extend(more.unwrap_or_else(|| vec![Wish::Left(quote(after))]));
    } else {
        return None;
    }
    Some(wishes)
}

fn added(table: String, what: &[Token]) -> Option<Vec<Wish>> {
    let what: Vec<Token> = match what {
        // "fields: a, b" and "the following fields: a, b"
        _ if what
            .iter()
            .position(|token| token.is_sign(':'))
            .is_some_and(|colon| {
                bare(what.get(..colon).unwrap_or(&[])).is_empty()
                    || what.get(..colon).is_some_and(|lead| {
                        lead.iter().all(|token| {
                            token.is_in("the following new these fields field columns a")
                        })
                    })
            }) =>
        {
            let colon = what
                .iter()
                .position(|token| token.is_sign(':'))
                .unwrap_or(0);
            what.get(colon + 1..)?.to_vec()
        }
        _ => what
            .iter()
            .filter(|token| !token.is_in("new another"))
            .cloned()
            .collect(),
    };
    let listed = fields::fields(&what);
    let mut wishes = Vec::new();
    if !listed.drafts.is_empty() {
        wishes.push(Wish::Thing {
            words: table,
            drafts: listed.drafts,
        });
    }
    wishes.extend(listed.left.into_iter().map(Wish::Left));
    Some(wishes)
}

/// "'archived' to the statuses", "urgent as a priority", "the option archived to status".
fn added_option(rest: &[Token], known: &[Thing]) -> Option<Wish> {
    for (index, token) in rest.iter().enumerate().rev() {
        if !token.is_in("to as in for") {
            continue;
        }
        let target: Vec<Token> = rest
            .get(index + 1..)?
            .iter()
            .filter(|token| {
                !token.is_in("options option choices choice values value possible allowed")
            })
            .cloned()
            .collect();
        if thing_named(&target, known).is_some() {
            continue;
        }
        let place = choice(&target, known);
        let Some(place) = place else { continue };
        let what: Vec<Token> = rest
            .get(..index)?
            .iter()
            .filter(|token| !token.is_in("option options choice value the a an new another"))
            .cloned()
            .collect();
        let listed = options(&what);
        return (!listed.is_empty()).then_some(Wish::Options {
            place,
            add: listed,
            remove: Vec::new(),
        });
    }
    None
}

fn remove(rest: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    if known.is_empty() || rest.iter().any(|token| token.is_in("all every everything")) {
        return None;
    }
    for (index, token) in rest.iter().enumerate().rev() {
        if token.is_in("from of in on")
            && let Some(place) = rest
                .get(index + 1..)
                .and_then(|target| choice(target, known))
        {
            let listed = options(
                rest.get(..index)?
                    .iter()
                    .filter(|token| !token.is_in("option options choice value the a"))
                    .cloned()
                    .collect::<Vec<_>>()
                    .as_slice(),
            );
            return Some(vec![Wish::Options {
                place,
                add: Vec::new(),
                remove: listed,
            }]);
        }
    }
    if let Some(thing) = thing_named(rest, known) {
        return Some(vec![Wish::RemoveThing {
            table: thing.table.clone(),
        }]);
    }
    let whole = place(rest, known);
    let from = rest
        .iter()
        .rposition(|token| token.is_in("from of in on for"))
        .filter(|_| whole.thing.is_some());
    let body = rest.get(..from.unwrap_or(rest.len()))?;
    let items = items::items(body);
    let places = items.iter().map(|item| match &whole.thing {
        Some(table) if from.is_some() => Place {
            thing: Some(table.clone()),
            field: bare(item),
        },
        _ => place(item, known),
    });
    Some(places.map(|place| Wish::RemoveField { place }).collect())
}

/// "track the prep time for each recipe", "we need a source url on recipes".
fn tracked(said: &[Token], known: &[Thing]) -> Option<Vec<Wish>> {
    let verb = said.first().filter(|token| {
        token.is_in("track record store keep save note log see enter have need show remember")
    });
    let body = if verb.is_some() {
        said.get(1..)?
    } else {
        return None;
    };
    for (index, token) in body.iter().enumerate().rev() {
        if token.is_in("for on of with in")
            && let Some(thing) = body
                .get(index + 1..)
                .and_then(|after| thing_named(after, known))
        {
            return added(thing.table.clone(), body.get(..index)?);
        }
    }
    match known {
        // "also track who came along"
        [only]
            if verb.is_some_and(|verb| {
                verb.is_in("track record store keep save note log remember")
            }) && !items::items(body).into_iter().any(super::things::is_things)
                && super::things::declare(body)
                    .things
                    .iter()
                    .all(|thing| thing.drafts.is_empty()) =>
        {
            added(only.table.clone(), body)
        }
        _ => None,
    }
}
