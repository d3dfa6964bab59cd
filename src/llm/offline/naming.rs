//! What an app is called: by the user, or after what it keeps.

use super::{
    nouns::{self, Noun},
    text::{Mark, Token},
    vocabulary::{CONTAINERS, has},
    words::{on_last_word, plural, sentence},
};

/// Longest name that is made up here, in characters.
const NAME_CHARS: usize = 40;
/// Longest name that is taken from the user, in characters.
const GIVEN_CHARS: usize = 60;

/// Takes `called "Kitchen"` out of a sentence that describes an app.
pub(super) fn take_given(tokens: &mut Vec<Token>) -> Option<String> {
    let place = tokens
        .iter()
        .position(|token| token.is_in("called named titled"))?;
    let earlier = tokens.get(..place)?;
    let said_of_app = earlier.last().is_some_and(|token| token.is_in("be is"))
        && earlier
            .iter()
            .any(|token| token.is_in("app application it site website"));
    if !said_of_app && !has(CONTAINERS, &nouns::before(tokens, place)?.head()) {
        return None;
    }
    let length = given(tokens.get(place + 1..)?)?;
    let words: Vec<String> = tokens
        .drain(place..=place + length)
        .skip(1)
        .map(|token| token.text)
        .collect();
    Some(words.join(" "))
}

/// How many tokens at the front are a name.
fn given(tokens: &[Token]) -> Option<usize> {
    if tokens.first()?.mark == Mark::Quoted {
        return Some(1);
    }
    let ends = |token: &Token| {
        !token.is_word() || token.is_in("that which where with for to who in so and it")
    };
    let length = tokens.iter().position(ends).unwrap_or(tokens.len());
    (1..=6).contains(&length).then_some(length)
}

/// A name as the user gave it, cut to what an app may be called.
pub(super) fn cut(name: &str) -> String {
    sentence(name.trim())
        .chars()
        .filter(|letter| !letter.is_control())
        .take(GIVEN_CHARS)
        .collect()
}

/// The container that a prompt asks for, as a name: "Recipe box". Looks at the words before `until`.
pub(super) fn container(tokens: &[Token], until: usize) -> Option<String> {
    let nouns = nouns::all(tokens.get(..until)?);
    let noun = nouns
        .into_iter()
        .find(|noun| has(CONTAINERS, &noun.head()))?;
    let Noun { words, .. } = noun;
    let plain = "web mobile online app application tool site website webapp system software platform program page solution prototype mvp thing something crud";
    let mut parts: Vec<&str> = words.split(' ').collect();
    let mut generic = false;
    while parts
        .last()
        .is_some_and(|word| has(plain, &word.to_lowercase()))
    {
        parts.pop();
        generic = true;
    }
    let vague = "list lists collection log record records set overview table database index board bunch folder tracker manager planner organizer organiser";
    if parts.is_empty()
        || (parts.len() == 1
            && parts
                .first()
                .is_some_and(|word| has(vague, &word.to_lowercase())))
    {
        return None;
    }
    let name = parts.join(" ");
    let last = parts
        .last()
        .map_or(String::new(), |word| word.to_lowercase());
    let known = super::things::default_fields(&name).is_some();
    let name = if generic && known && !has(CONTAINERS, &last) {
        on_last_word(&name, plural)
    } else {
        name
    };
    (name.chars().count() <= NAME_CHARS).then(|| sentence(&name))
}

/// A name after the things of an app: "Projects and tasks".
pub(super) fn after_things(plurals: &[String]) -> Option<String> {
    let all = super::summary::list(plurals);
    let name = if all.chars().count() <= NAME_CHARS {
        all
    } else {
        plurals.first()?.clone()
    };
    (!name.is_empty()).then(|| sentence(&name).chars().take(GIVEN_CHARS).collect())
}
