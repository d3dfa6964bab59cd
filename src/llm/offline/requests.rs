//! Where one request of a sentence ends and the next begins, and what of it is no request.

use super::{
    colour::{self, Colour},
    kinds::{self, Draft},
    model::Thing,
    places,
    text::{Mark, Token},
    vocabulary::{FEATURES, has},
};

/// "We are a small school", "an inventory app": what a description starts with.
pub(super) fn is_background(said: &[Token], trimmed: &[Token]) -> bool {
    let first = said.first().is_some_and(|token| {
        token.is_in("we we're we've i i'm i've my our it it's this i'd there")
    });
    let asks = said.iter().any(|token| {
        token.is_in(FEATURES) || token.is_in("want need add show send can should let also")
    });
    let app = trimmed.iter().any(|token| {
        token.is_in(
            "app application tool website site tracker manager system inventory library journal",
        )
    });
    let verb = said
        .iter()
        .any(|token| token.is_in("write tell sing play solve translate send explain"));
    !verb
        && (first && !asks
            || app && trimmed.len() <= 12 && !said.iter().any(|token| token.is_in(FEATURES)))
}

/// "write a story with a title", and with an app there "share recipes with friends": something to do, not something to keep.
pub(super) fn is_order(said: &[Token], there: bool) -> bool {
    let Some(first) = said.first() else {
        return false;
    };
    let app = said
        .iter()
        .any(|token| token.is_in("app application tool website site system tracker page program"));
    let work = first
        .is_in("write tell sing play solve translate explain draw compose summarize summarise")
        && !app;
    let use_of_it = first.is_in(
        "select insert update call remove delete drop clear erase share send print export import find give sort filter move copy duplicate email notify",
    );
    work || (there && use_of_it)
}

pub(super) fn is_small_talk(said: &[Token]) -> bool {
    said.iter().all(|token| !token.is_word() || token.is_in("i want would could can you just like the app to be it should is looks look and in hi hello hey thanks thank you please great cool ok okay good morning there dear nice perfect awesome very much so all that's it"))
}

/// "add a thing: recipes with …" is about what follows.
pub(super) fn without_adding(said: &[Token]) -> &[Token] {
    let Some(first) = said
        .first()
        .filter(|first| first.is_in("add create make build include"))
    else {
        return said;
    };
    let _ = first;
    let mut rest = said.get(1..).unwrap_or(said);
    let mut generic = false;
    while let [next, after @ ..] = rest
        && !after.is_empty()
    {
        let kind = next.is_in("thing list page table section collection type entity model");
        let small = next.is_in("a an another new second third also me us in addition")
            || (generic && (next.is_in("called named for of") || next.is_sign(':')));
        let follows = after
            .first()
            .is_some_and(|token| token.is_in("called named for of") || token.is_sign(':'));
        if !(small || kind && follows) {
            break;
        }
        generic |= kind;
        rest = after;
    }
    if generic { rest } else { said }
}

/// Takes "in dark blue", "with a green theme" out of a description.
pub(super) fn take_colour(tokens: &mut Vec<Token>) -> Option<Colour> {
    let (start, length, colour) = colour::find(tokens)?;
    let mut from = start;
    let mut to = start + length;
    let themed = |token: &Token| {
        token.is_in(
            "theme themed look design colours colors colour color accent accents style palette branding",
        )
    };
    let has_theme = tokens.get(to).is_some_and(themed);
    while tokens.get(to).is_some_and(themed) {
        to += 1;
    }
    let before = |from: usize| from.checked_sub(1).and_then(|index| tokens.get(index));
    while before(from).is_some_and(|token| token.is_in("a an the nice")) {
        from -= 1;
    }
    let led = before(from).is_some_and(|token| token.is_in("in with using") || themed(token));
    let ends = tokens
        .get(to)
        .is_none_or(|token| !token.is_word() || token.is_in("and with where for to that"));
    let bare_in = before(from).is_some_and(|token| token.is("in")) && ends;
    let rest = tokens.get(to..).unwrap_or(&[]);
    let only =
        colour::find(rest).is_none() && colour::find(tokens.get(..start).unwrap_or(&[])).is_none();
    let last = rest
        .iter()
        .all(|token| token.is("please") || !token.is_word());
    let alone = only
        && last
        && before(from).is_some_and(|token| token.is("and") || token.mark == Mark::Sign(','));
    if !(bare_in || has_theme && (led || ends) || alone) || from == 0 {
        return None;
    }
    while before(from).is_some_and(|token| {
        token.is_in("in with using and") || themed(token) || token.mark == Mark::Sign(',')
    }) {
        from -= 1;
    }
    tokens.drain(from..to);
    Some(colour)
}

/// Cuts "add … and make it green" into its requests.
pub(super) fn requests<'a>(tokens: &'a [Token], known: &[Thing]) -> Vec<&'a [Token]> {
    const CLEAR: &str = "add remove delete rename give drop";
    const ANY: &str = "make call name change turn set switch paint use";
    let starts_command = places::trim(tokens)
        .first()
        .is_some_and(|first| first.is_in(CLEAR) || first.is_in(ANY));
    let mut found = Vec::new();
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate().skip(1) {
        let joins = token.is_in("and then also")
            || matches!(token.mark, Mark::Sign(',' | ';') | Mark::Item);
        let Some(next) = tokens.get(index + 1).filter(|_| joins && index > start) else {
            continue;
        };
        let object = tokens.get(index + 2);
        let it = object.is_some_and(|token| token.is_in("it them everything this"))
            || (object.is_some_and(|token| token.is("the"))
                && (starts_command || tokens.get(index + 3).is_some_and(|token| token.is("app"))));
        let cut = next.is_in(CLEAR)
            && (starts_command || !known.is_empty())
            && object.is_some_and(Token::is_word)
            || next.is_in(ANY)
                && (it
                    || object.is_some_and(|token| token.is_sign('#'))
                    || colour::find(tokens.get(index + 2..index + 4).unwrap_or(&[]))
                        .is_some_and(|(start, ..)| start == 0)
                    || starts_command
                        && !next.is_in("name use set")
                        && object.is_some_and(Token::is_word));
        let declares = starts_command
            && joins
            && !known.is_empty()
            && subject_follows(tokens, index + 1, known);
        if cut || declares {
            found.push(tokens.get(start..index).unwrap_or(&[]));
            start = index + 1;
        }
    }
    found.push(tokens.get(start..).unwrap_or(&[]));
    found
}

/// "…, and books need a year": a known thing and a verb of having.
fn subject_follows(tokens: &[Token], index: usize, known: &[Thing]) -> bool {
    let Some(rest) = tokens.get(index..) else {
        return false;
    };
    let verb = rest
        .iter()
        .take(6)
        .position(|token| token.is_in("have has need needs should"));
    verb.and_then(|verb| rest.get(..verb))
        .is_some_and(|subject| {
            let words: Vec<&str> = subject
                .iter()
                .filter(|token| !token.is_in("the each every also"))
                .map(|token| token.text.as_str())
                .collect();
            known
                .iter()
                .any(|thing| !words.is_empty() && thing.answers_to(&words.join(" ")))
        })
}

/// Whether an item of a list asks for something that no field is.
pub(super) fn is_feature(draft: &Draft) -> bool {
    let phrase = draft.phrase.to_lowercase();
    let head = kinds::head(&phrase);
    let last = head.rsplit(' ').next().unwrap_or("");
    let first = phrase.split(' ').next().unwrap_or("");
    let plain = draft.kind.is_none() && draft.options.is_empty();
    plain
        && (has(FEATURES, last)
            || has("chart graph export import search sorting", first)
            || has("search searching sorting filtering", last))
}
