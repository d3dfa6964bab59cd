//! Noun phrases in a row of tokens: what a sentence is about.
//!
//! Finds them by the words that cannot be part of one; knows nothing of fields.

use super::{
    text::{Mark, Token},
    vocabulary::{CONTAINERS, KEEPING, NAMED_LISTS, PREPOSITIONS, STOP, group, has},
    words::{is_plural, on_last_word, plural, singular},
};

/// A noun phrase and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noun {
    /// The words as written, without articles.
    pub(super) words: String,
    /// Index of its first word.
    pub(super) start: usize,
    /// Index after its last word.
    pub(super) end: usize,
}

impl Noun {
    /// Its last word in lower case.
    pub(super) fn head(&self) -> String {
        self.words.rsplit(' ').next().unwrap_or("").to_lowercase()
    }

    /// Whether it is written as a plural.
    pub(super) fn is_plural(&self) -> bool {
        is_plural(&self.head())
    }

    /// Whether all of its words only name containers: "app", "library app".
    pub(super) fn is_container(&self) -> bool {
        self.words
            .to_lowercase()
            .split(' ')
            .all(|word| has(CONTAINERS, word))
    }
}

fn in_noun(token: &Token) -> bool {
    token.is_word() && !token.is_in(STOP) && token.mark != Mark::Number
        || token.mark == Mark::Number
}

/// The longest noun phrase, in words.
const MOST_WORDS_OF_A_NOUN: usize = 8;

/// The noun phrase that ends right before `end`.
fn directly_before(tokens: &[Token], end: usize) -> Option<Noun> {
    let before = tokens.get(..end)?;
    let count = before
        .iter()
        .rev()
        .take(MOST_WORDS_OF_A_NOUN)
        .take_while(|token| in_noun(token))
        .count();
    let counted = before
        .iter()
        .skip(end - count)
        .take_while(|token| token.mark == Mark::Number)
        .count();
    let start = end - count + counted;
    let start = start + usize::from(starts_with_verb(before, start));
    let words: Vec<&str> = before
        .get(start..)?
        .iter()
        .map(|token| token.text.as_str())
        .collect();
    (!words.is_empty()).then(|| Noun {
        words: words.join(" "),
        start,
        end,
    })
}

/// Whether the word at `start` is what someone does: "people can borrow books", "to swap books", "and plan meals".
fn starts_with_verb(tokens: &[Token], start: usize) -> bool {
    let Some([first, .., last]) = tokens.get(start..) else {
        return false;
    };
    let Some(before) = start.checked_sub(1).and_then(|index| tokens.get(index)) else {
        // "log dreams": politeness before it is off already
        return first.is_in("log plan schedule catalog catalogue")
            && is_plural(&last.lower)
            && !last.is_in("entries items books");
    };
    let linked = start > 1
        && tokens.get(start - 2).is_some_and(|token| {
            token.is_in("belongs belong belonging refers refer linked link assigned connected related attached reference add")
        });
    let does = before
        .is_in("can could should will must may i we they you people users wanna gonna gotta")
        || (before.is("to") && !linked);
    let keeps = before.is("and") && first.is_in(KEEPING) && !is_plural(&first.lower);
    (does || keeps) && is_plural(&last.lower)
}

/// How far back a noun may stand from what is said of it, in words and signs.
const MOST_WORDS_BACK: usize = 24;

/// The noun that what stands at `end` is said of. Relative clauses ("movies I've watched") and places ("plants in my house") are
/// stepped over; "list of movies" is about movies.
///
/// Looks back over at most [`MOST_WORDS_BACK`] words, so that a sentence without end costs no more than its length.
pub(super) fn before(tokens: &[Token], end: usize) -> Option<Noun> {
    let floor = end.saturating_sub(MOST_WORDS_BACK);
    let mut noun = look_back(tokens.get(floor..)?, end - floor)?;
    noun.start += floor;
    noun.end += floor;
    Some(noun)
}

fn look_back(tokens: &[Token], end: usize) -> Option<Noun> {
    let mut end = end;
    for _ in 0..6 {
        while end > 0
            && tokens.get(end - 1).is_some_and(|token| {
                steps_over(token)
                    || (token.is_sign(',')
                        && tokens.get(end).is_some_and(|next| {
                            next.is_in("each which that all every with having")
                        }))
            })
        {
            end -= 1;
        }
        let Some(noun) = directly_before(tokens, end) else {
            // "movies I want to see with": only small words so far.
            let small = tokens
                .get(..end)?
                .iter()
                .rev()
                .take_while(|token| token.is_in(STOP))
                .count();
            let told = tokens.get(end - small..end)?;
            let clause = told.iter().any(|token| {
                token.is_in("i we i've we've they he she you it people users someone everyone to")
            });
            if small == 0 || !clause {
                return None;
            }
            end -= small;
            continue;
        };
        let before = tokens.get(..noun.start)?;
        let small: Vec<&Token> = before
            .iter()
            .rev()
            .take_while(|token| token.is_in(STOP))
            .collect();
        let closest = small.first().copied();
        // "an entry every day"
        if closest.is_some_and(|token| token.is_in("each every"))
            && noun.start > small.len()
            && has(
                "day night morning evening week weekend month year time",
                &noun.head(),
            )
            && !small.iter().any(|token| token.is("for"))
        {
            end = noun.start - 1;
            continue;
        }
        let speaker = |token: &Token| {
            token.is_in("i we i've we've they he she you it that which who i'm we're")
        };
        let aim = closest.is_some_and(|token| token.is("to"))
            && small.iter().any(|token| token.is_in("i we they"));
        if (closest.is_some_and(speaker) || aim) && noun.start > small.len() {
            end = noun.start - small.len();
            continue;
        }
        let prepositional = small.iter().find(|token| {
            !token.is_in("a an the my our your their his her its this all some each every")
        });
        if prepositional.is_some_and(|token| token.is_in(PREPOSITIONS)) {
            let place = small
                .iter()
                .position(|token| token.is_in(PREPOSITIONS))
                .unwrap_or(0);
            let left = noun.start - place - 1;
            if directly_before(tokens, left).is_some() {
                end = left;
                continue;
            }
        }
        if prepositional.is_some_and(|token| token.is_in("for")) {
            let place = small
                .iter()
                .position(|token| token.is_in("for"))
                .unwrap_or(0);
            let left = directly_before(tokens, noun.start - place - 1);
            if let Some(left) = left.filter(|left| {
                let held = !noun.is_plural() && has(CONTAINERS, &left.head());
                let many = left.is_plural() && !has(CONTAINERS, &left.head());
                !left.is_container() && (held || many)
            }) {
                return Some(left);
            }
        }
        return Some(noun);
    }
    None
}

fn steps_over(token: &Token) -> bool {
    token.is_in("that which who should must will would can could may also each all always to do does they it both and usually")
}

/// All noun phrases, in order.
pub(super) fn all(tokens: &[Token]) -> Vec<Noun> {
    let mut found: Vec<Noun> = Vec::new();
    for end in 1..=tokens.len() {
        let ends = !tokens.get(end).is_some_and(in_noun);
        if let Some(noun) = directly_before(tokens, end).filter(|_| ends) {
            found.push(noun);
        }
    }
    found
}

/// The last noun phrase of an item of a list, where "people" are one.
pub(super) fn last(item: &[Token]) -> Option<Noun> {
    if let [.., people] = item
        && people.is("people")
    {
        return Some(Noun {
            words: people.text.clone(),
            start: item.len() - 1,
            end: item.len(),
        });
    }
    all(item).pop()
}

/// What a noun phrase keeps records of: "recipes" of "recipe box", "shopping items" of "shopping list". `None` when it names
/// nothing but a container.
pub(super) fn subject(noun: &Noun) -> Option<String> {
    let lower = noun.words.to_lowercase();
    let one = on_last_word(&lower, singular);
    let plain = |word: &str| has("app application tracker manager system tool planner", word);
    let count = lower.split(' ').count();
    let shown = lower
        .split(' ')
        .rev()
        .take_while(|word| plain(word))
        .count();
    let shown = if shown < count { shown } else { 0 };
    for (size, cut) in (1..=count)
        .rev()
        .map(|size| (size, 0))
        .chain([(count - shown, shown)])
    {
        let skipped = count - size - cut;
        let tail = lower
            .split(' ')
            .skip(skipped)
            .take(size)
            .collect::<Vec<_>>()
            .join(" ");
        if size == 1 && count - cut > 1 {
            continue;
        }
        if let Some(known) = group(NAMED_LISTS, &tail, '|').or_else(|| {
            group(NAMED_LISTS, &on_last_word(&tail, singular), '|').filter(|_| size > 1)
        }) {
            return Some(known.to_owned());
        }
    }
    let mut words: Vec<&str> = noun.words.split(' ').collect();
    while words.len() > 1
        && words.last().is_some_and(|word| {
            (has(CONTAINERS, &word.to_lowercase()) && !is_plural(&word.to_lowercase()))
                && !is_thing(word, &one)
        })
    {
        words.pop();
    }
    if words
        .iter()
        .all(|word| has(CONTAINERS, &word.to_lowercase()) && !is_thing(word, &one))
    {
        return None;
    }
    Some(on_last_word(&words.join(" "), plural))
}

/// Containers that people also keep lists of.
fn is_thing(word: &str, phrase: &str) -> bool {
    let word = word.to_lowercase();
    has(
        "books book boxes records pages sites websites tables shelves boards tools programs collections desks apps",
        &word,
    ) && (is_plural(&word) || word == "book" || phrase == "book")
}
