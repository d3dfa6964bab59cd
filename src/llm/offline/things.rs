//! Sentences that say what things there are and what they have.
//!
//! Finds the heads of a sentence (a noun and what introduces its fields: "with", "has", ":", "(", "for each") and gives
//! each the words up to the next. Knows nothing of an existing app.

use super::{
    fields,
    heads::{Head, heads},
    items,
    kinds::{Draft, is_field_word},
    nouns::{self, Noun},
    text::{Mark, Token, quote},
    vocabulary::{
        BEYOND, CONTAINERS, DEFAULTS, KEEPING, NAMED_LISTS, RECORD_CONTAINERS, group, has,
    },
    words::{on_last_word, plural, singular},
};

/// A thing that was described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    /// Its name as people say it, or `None` for "it", which is the thing named last.
    pub(super) words: Option<String>,
    pub(super) drafts: Vec<Draft>,
    /// Whether it was only named by what holds it: "gym log".
    pub(super) held: bool,
    /// Whether it stands after "each" or "every".
    pub(super) each: bool,
    /// Where its name starts in the sentence.
    pub(super) start: usize,
    /// Where its name ends.
    pub(super) end: usize,
}

/// What a sentence says of things.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) things: Vec<Described>,
    /// Pairs of a thing and the thing that each of its records belongs to.
    pub(super) belongs: Vec<(String, String)>,
    /// Parts that are no fields.
    pub(super) left: Vec<String>,
}

/// Reads a sentence.
pub(super) fn declare(tokens: &[Token]) -> Declared {
    if let Some((child, parent, rest)) = belonging(tokens) {
        let mut declared = if rest.is_empty() {
            Declared::default()
        } else {
            declare(&rest)
        };
        declared.belongs.push((child, parent));
        return declared;
    }
    let mut declared = Declared::default();
    let heads = heads(tokens);
    if heads.is_empty()
        && let [first, rest @ ..] = items::items(tokens).as_slice()
    {
        // "a library of board games, players, play time in minutes, rating"
        let field = |item: &&&[Token]| item.iter().any(|token| is_field_word(&token.lower));
        if rest.len() > 1
            && rest.iter().filter(field).count() * 2 > rest.len()
            && let Some(mut thing) = mentioned(first, 0).pop()
        {
            let listed = fields::fields(purpose_cut(tokens.get(first.len()..).unwrap_or(&[])));
            thing.drafts = listed.drafts;
            declared.left = listed.left;
            declared.things.push(thing);
            return declared;
        }
    }
    let mut open = 0;
    for (index, head) in heads.iter().enumerate() {
        let next = heads
            .get(index + 1)
            .map_or(tokens.len(), |next| next.start.max(head.body));
        let end = head.end.unwrap_or(next).min(next.max(head.body));
        let body = tokens.get(head.body..end).unwrap_or(&[]);
        let before = tokens.get(open..head.start.max(open)).unwrap_or(&[]);
        if index > 0 || head.noun.is_none() {
            declared.things.extend(mentioned(before, open));
        }
        open = head.end.map_or(end, |close| close + 1);
        if !body.iter().any(Token::is_word) {
            continue;
        }
        if !plausible(head, tokens, body) {
            declared.left.push(quote(tokens));
            return declared;
        }
        let things = container_of(head, body);
        if !things.is_empty() {
            declared.things.extend(things);
            continue;
        }
        let words = match &head.noun {
            Some(noun) => match nouns::subject(noun) {
                Some(words) => Some(words),
                // "the list should show …" is said of what is in it
                None if head.verb && is_whole(noun, tokens) => None,
                None if has(
                    "app application tool website site webapp page system software program something",
                    &noun.head(),
                ) =>
                {
                    Some("entries".to_owned())
                }
                None => Some(noun.words.clone()),
            },
            None => None,
        };
        let listed = fields::fields(purpose_cut(body));
        declared.left.extend(listed.left);
        let end = head.noun.as_ref().map_or(head.start, |noun| noun.end);
        declared.things.push(Described {
            words,
            drafts: listed.drafts,
            held: false,
            each: tokens
                .get(..head.noun.as_ref().map_or(0, |noun| noun.start))
                .and_then(<[Token]>::last)
                .is_some_and(|token| token.is_in("each every per")),
            start: head.start,
            end,
        });
    }
    if heads.is_empty() {
        declared.things.extend(mentioned(tokens, 0));
    } else {
        declared
            .things
            .extend(mentioned(tokens.get(open..).unwrap_or(&[]), open));
    }
    declared
}

/// Whether a container is the app itself: "the list", "the page".
fn is_whole(noun: &Noun, tokens: &[Token]) -> bool {
    let before = noun
        .start
        .checked_sub(1)
        .and_then(|index| tokens.get(index));
    before.is_some_and(|token| token.is("the"))
        && has(
            "list page table form app application site website",
            &noun.head(),
        )
}

/// Whether what stands before a list is likely a thing: a plural, a known thing, something "each" or "every", something kept in a
/// container, or at least "a …" with a field that is known by name. A calculator with buttons is none.
fn plausible(head: &Head, tokens: &[Token], body: &[Token]) -> bool {
    let Some(noun) = &head.noun else { return true };
    let before = noun
        .start
        .checked_sub(1)
        .and_then(|index| tokens.get(index));
    if before.is_some_and(|token| token.is_in("each every"))
        || tokens
            .get(head.start)
            .is_some_and(|token| token.is_in("for per each every"))
    {
        return true;
    }
    let last = noun.head();
    let lower = noun.words.to_lowercase();
    let beyond = |word: &str| has(BEYOND, word);
    if !noun.is_plural()
        && (beyond(&last) || has(CONTAINERS, &last) && lower.split(' ').any(beyond))
    {
        return false;
    }
    let kept = nouns::subject(noun)
        .is_none_or(|subject| subject.to_lowercase() != on_last_word(&lower, plural));
    if noun.is_plural() || kept || default_fields(&lower).is_some() {
        return noun.words.split(' ').count() <= 4;
    }
    let introduced = before.is_none_or(|token| {
        !token.is_word()
            || token.is_in("a an my our the new and simple small little")
            || token.is_in(KEEPING)
    });
    let items = items::items(body);
    let known = items
        .iter()
        .any(|item| item.iter().any(|token| is_field_word(&token.lower)));
    introduced && (known || head.verb) && noun.words.split(' ').count() <= 4
}

/// "a library app with books and authors": a container whose parts are things.
fn container_of(head: &Head, body: &[Token]) -> Vec<Described> {
    let Some(noun) = &head.noun else {
        return Vec::new();
    };
    let list_word = "thing entity object model type section list table page record part area";
    let generic = noun.is_plural() && has(list_word, &singular(&noun.head()));
    let container = generic
        || has(CONTAINERS, &noun.head())
            && (noun.is_container() || noun.head() == "app" || noun.head() == "system");
    let items = items::items(body);
    let names: Vec<Noun> = items.iter().filter_map(|item| nouns::last(item)).collect();
    let all = names.len() == items.len()
        && names.iter().all(|name| {
            let known = default_fields(&name.words).is_some();
            let record = has(RECORD_CONTAINERS, &name.head());
            known || record || (name.is_plural() && !is_field_word(&name.head()))
        });
    let any = names.iter().any(Noun::is_plural);
    // "school project: plants and gardens"
    let heading = !head.verb
        && !noun.is_plural()
        && names.len() > 1
        && !DEFAULTS
            .iter()
            .any(|(known, _)| *known == on_last_word(&noun.words.to_lowercase(), singular))
        && names
            .iter()
            .all(|name| name.is_plural() && !is_field_word(&name.head()));
    if !(container || heading) || !all || !any {
        return Vec::new();
    }
    let named = names.iter().filter_map(nouns::subject);
    named
        .map(|words| Described {
            words: Some(words),
            drafts: Vec::new(),
            held: false,
            each: false,
            start: head.start,
            end: noun.end,
        })
        .collect()
}

/// The list without what it is for: "so that …", "because …".
fn purpose_cut(body: &[Token]) -> &[Token] {
    let purpose = body.windows(2).position(|pair| match pair {
        [so, that] => {
            so.is("because")
                || (so.is("so") && that.is_in("that i we people everyone you"))
                || (so.is("in") && that.is("order"))
        }
        _ => false,
    });
    body.get(..purpose.unwrap_or(body.len())).unwrap_or(body)
}

/// "a task belongs to a project", "repairs are for a bike", and what else is said of the child.
pub(super) fn belonging(tokens: &[Token]) -> Option<(String, String, Vec<Token>)> {
    let text = |part: &[Token]| {
        let nouns = nouns::all(part);
        let [only] = nouns.as_slice() else {
            return None;
        };
        Some(on_last_word(&only.words, singular))
    };
    let owns = |index: usize| {
        let is = |offset: usize, words: &str| {
            tokens
                .get(index + offset)
                .is_some_and(|token| token.is_in(words))
        };
        let linked = is(
            0,
            "belongs belong refers refer linked assigned connected related attached",
        ) && is(1, "to with");
        linked || (is(0, "is are") && is(1, "for") && is(2, "a an one"))
    };
    let place = (0..tokens.len()).find(|index| owns(*index))?;
    // "bikes belong to a customer and have a brand": what follows is said of the bikes.
    let having = |token: &Token| token.is_in("have has with");
    let more = tokens
        .iter()
        .skip(place)
        .position(having)
        .map(|more| place + more);
    let parent = tokens.get(place + 2..more.unwrap_or(tokens.len()))?;
    let subject = tokens.get(..place)?;
    let rest = more.and_then(|more| tokens.get(more..)).unwrap_or_default();
    let rest = if rest.is_empty() {
        Vec::new()
    } else {
        subject.iter().chain(rest).cloned().collect()
    };
    Some((text(subject)?, text(parent)?, rest))
}

/// Things named without fields: after a verb of keeping, "list of …", "… tracker".
fn mentioned(tokens: &[Token], offset: usize) -> Vec<Described> {
    let mut found = Vec::new();
    let mut keeping = false;
    let mut last_end = 0;
    for noun in nouns::all(tokens) {
        let between = tokens.get(last_end..noun.start).unwrap_or(&[]);
        let joined = between.iter().all(|token| {
            token.is_in("and my our the their a an of also")
                || matches!(token.mark, Mark::Sign(',' | '&') | Mark::Item)
        }) && !between.is_empty();
        let verb = between.iter().any(|token| token.is_in(KEEPING));
        let about = between.iter().any(|token| token.is_in("for of about")) && last_end > 0;
        keeping = verb
            || (keeping && joined)
            || (about && !between.iter().any(|token| token.is_in("game")));
        last_end = noun.end;
        let lower = noun.words.to_lowercase();
        let first = lower.split(' ').next().unwrap_or("");
        let (noun, kept) = if has(KEEPING, first) && lower.contains(' ') {
            (
                Noun {
                    words: noun
                        .words
                        .split_once(' ')
                        .map_or("", |(_, rest)| rest)
                        .to_owned(),
                    ..noun.clone()
                },
                true,
            )
        } else {
            (noun.clone(), false)
        };
        if lower.split(' ').any(|word| has(BEYOND, word)) && !noun.is_plural() {
            return Vec::new();
        }
        keeping |= kept;
        let Some(words) = nouns::subject(&noun) else {
            continue;
        };
        let named = group(NAMED_LISTS, &lower, '|').is_some();
        let contained = has(RECORD_CONTAINERS, &noun.head()) && words.to_lowercase() != lower;
        let app = has(CONTAINERS, &noun.head()) && default_fields(&words).is_some();
        let plural = noun.is_plural() && keeping;
        if named
            || contained
            || app
            || plural
            || (noun.is_plural() && default_fields(&words).is_some())
        {
            found.push(Described {
                words: Some(words),
                drafts: Vec::new(),
                each: false,
                held: (named || contained) && default_fields(&noun.words).is_none(),
                start: offset + noun.start,
                end: offset + noun.end,
            });
        }
    }
    // "a box for recipes" names recipes once.
    found.dedup_by(|a, b| a.words == b.words);
    found
}

/// Whether an item names a thing by itself: a plural and nothing else.
pub(super) fn is_things(item: &[Token]) -> bool {
    matches!(nouns::all(item).as_slice(), [noun] if noun.is_plural() && !is_field_word(&noun.head()))
}

/// The fields of a thing that is known by name.
pub(super) fn default_fields(words: &str) -> Option<&'static str> {
    let one = on_last_word(&words.to_lowercase(), singular);
    let last = one.rsplit(' ').next().unwrap_or("").to_owned();
    let by = |name: &str| {
        DEFAULTS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, fields)| *fields)
    };
    by(&one).or_else(|| by(&last))
}
