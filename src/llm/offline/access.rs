//! Who may read records, where a prompt says so: "everyone can see the recipes", "tips are public", "shared with all users".
//!
//! Takes off the words that say it, so that the rest is read as without them. What may mean something else ("everyone can edit",
//! "their own recipes", a field "is public") is left as it is.

use super::{
    model::Thing,
    plan::Plan,
    text::{Token, quote},
};

const PUBLIC: &str = "public_read";
const USERS: &str = "app_read";
const TEAM: &str = "team";

/// What was said of who may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// One of the kinds of access.
    pub(super) access: &'static str,
    /// The words for what may be read; none where it is everything.
    what: Vec<String>,
    /// How it was said.
    pub(super) part: String,
}

/// Who reads records of this access besides whoever added them, as the end of a sentence.
pub(super) fn readers(access: &str) -> Option<&'static str> {
    match access {
        PUBLIC => Some("; everyone on the internet can read them"),
        USERS => Some("; everyone who has an account in the app can read them"),
        _ => None,
    }
}

/// Takes what a sentence says of it.
pub(super) fn take(tokens: &mut Vec<Token>) -> Option<Said> {
    let looks = [reading, state, kind];
    let found = (0..tokens.len()).find_map(|at| looks.iter().find_map(|look| look(tokens, at)));
    let Found {
        said,
        from,
        to,
        keeps,
    } = found?;
    if let Some(verb) = keeps.and_then(|verb| tokens.get_mut(verb)) {
        // What is read has to be kept; the sentence goes on to say what it is.
        *verb = Token {
            text: "keep".to_owned(),
            lower: "keep".to_owned(),
            ..verb.clone()
        };
        return Some(said);
    }
    let leads = |token: &&Token| {
        token.is_in("and but so that which where who then also") || token.is_sign(',')
    };
    let led = tokens.get(..from).unwrap_or(&[]).iter().rev();
    let from = from - led.take_while(leads).count();
    tokens.drain(from..to);
    Some(said)
}

fn is(tokens: &[Token], at: usize, words: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.is_in(words))
}

/// Where a clause that goes on at `at` ends.
fn end(tokens: &[Token], at: usize) -> usize {
    let ends = |token: &Token| !token.is_word() || token.is_in("but with so");
    let rest = tokens.get(at..).unwrap_or(&[]);
    at + rest.iter().position(ends).unwrap_or(rest.len())
}

/// Who is named at a place, and where that ends.
fn who(tokens: &[Token], at: usize) -> Option<(&'static str, usize)> {
    let is = |at, words: &[&str]| (at..).zip(words).all(|(at, words)| is(tokens, at, words));
    let named: [(_, &[&str]); 4] = [
        (PUBLIC, &["everyone everybody anyone anybody"]),
        (PUBLIC, &["the", "public"]),
        (USERS, &["all every other", "user users"]),
        (TEAM, &["my our the", "team"]),
    ];
    let (access, words) = named.into_iter().find(|(_, words)| is(at, words))?;
    let at = at + words.len();
    let at = at + usize::from(is(at, &["else"]));
    let more: [(_, &[&str]); 4] = [
        (USERS, &["in of on", "the this my our", "app site"]),
        (USERS, &["with", "an", "account"]),
        (USERS, &["who", "is", "signed logged", "in"]),
        (access, &["on in", "the", "internet web world"]),
    ];
    match more.into_iter().find(|(_, words)| is(at, words)) {
        Some((narrower, words)) if access == PUBLIC => Some((narrower, at + words.len())),
        Some((_, words)) => Some((access, at + words.len())),
        None => Some((access, at)),
    }
}

/// What was said, from where to where, and the verb that is to be one of keeping instead, where a description goes on.
struct Found {
    said: Said,
    from: usize,
    to: usize,
    keeps: Option<usize>,
}

/// "everyone can see the recipes"
fn reading(tokens: &[Token], at: usize) -> Option<Found> {
    if at > 0 && is(tokens, at - 1, "whether if not") {
        return None;
    }
    let (access, mut verb) = who(tokens, at)?;
    if !is(tokens, verb, "can may could should") {
        return None;
    }
    verb += 1;
    if is(tokens, verb, "be") && is(tokens, verb + 1, "able") {
        verb += 3;
    }
    let to = end(tokens, verb + 1);
    let what = tokens.get(verb + 1..to)?;
    // More than reading, or not of everybody's.
    let more = |token: &Token| {
        token.is_in("own their his her edit change write add delete remove create update manage post rate comment")
    };
    let after = tokens.get(to..)?;
    let is_more = what.iter().chain(after.iter().take(3)).any(more);
    if !is(tokens, verb, "see read view browse")
        || is_more
        || is(what, 0, "and or")
        || what.len() > 5
    {
        return None;
    }
    let goes_on = is(after, 0, "with")
        || after
            .first()
            .is_some_and(|token| token.is_sign(':') || token.is_sign('('));
    let mut found = found(tokens, access, what, at, to);
    found.keeps = goes_on.then_some(verb);
    Some(found)
}

/// "the recipes are public", "tips that are visible to everyone", "make it public", "share them with all users"
fn state(tokens: &[Token], at: usize) -> Option<Found> {
    let is_shared = is(tokens, at, "with");
    let (access, to) = if is(tokens, at, "public") {
        (PUBLIC, at + 1)
    } else if is(tokens, at, "publicly") && is(tokens, at + 1, "visible readable available") {
        (PUBLIC, at + 2)
    } else if is_shared {
        who(tokens, at + 1)?
    } else if is(tokens, at, "shared visible readable open available")
        && is(tokens, at + 1, "with to by for")
    {
        who(tokens, at + 2)?
    } else {
        return None;
    };
    if end(tokens, to) != to || is(tokens, to, "with") {
        return None;
    }
    let begins = |token: &Token| !token.is_word() || token.is_in("and but so where");
    let before = tokens.get(..at)?;
    let from = before
        .iter()
        .rposition(begins)
        .map_or(0, |before| before + 1);
    let clause = before.get(from..)?;
    let Some((first, rest)) = clause.split_first() else {
        let is_last = from > 0 && to == tokens.len() && !is(tokens, at, "public with");
        return is_last.then(|| found(tokens, access, &[], from, to));
    };
    if rest.len() > 4
        || clause
            .iter()
            .any(|token| token.is_in("whether if not a an"))
        || rest.iter().any(|token| token.is_in("that which with"))
    {
        return None;
    }
    let what = if first.is_in(if is_shared { "share" } else { "make keep" }) {
        rest
    } else if is_shared || first.is_in("that which") && to < tokens.len() {
        return None;
    } else {
        clause.get(
            ..clause
                .iter()
                .position(|token| token.is_in("is are be stay should must"))?,
        )?
    };
    (!what.is_empty()).then(|| found(tokens, access, what, from, to))
}

/// "a public list of …"
fn kind(tokens: &[Token], at: usize) -> Option<Found> {
    let is_kind = is(tokens, at, "public")
        && is(
            tokens,
            at + 1,
            "app list site website board directory page collection blog wiki catalogue catalog gallery guestbook",
        );
    is_kind.then(|| found(tokens, PUBLIC, &[], at, at + 1))
}

fn found(tokens: &[Token], access: &'static str, what: &[Token], from: usize, to: usize) -> Found {
    let small = "it they them these those this that which all every everything the my our your list app page site website records entries data and";
    // "the tasks of a project" opens no projects.
    let what = what
        .iter()
        .take_while(|token| !token.is_in("of in on for by"));
    let named = what.filter(|token| !token.is_in(small));
    let said = Said {
        access,
        what: named.map(|token| token.text.clone()).collect(),
        part: quote(tokens.get(from..to).unwrap_or(&[])),
    };
    Found {
        said,
        from,
        to,
        keeps: None,
    }
}

impl Plan {
    /// Opens what is new to who was said to read it. What is there stays as it is: so does its table.
    pub(super) fn open(&mut self, said: &Said, before: &[Thing]) {
        let part = &said.part;
        if said.access == TEAM {
            return self.refuse(format!("“{part}”: nobody is in a team before the app's owner puts them there, so everyone reads their own"));
        }
        let is_meant = |thing: &Thing| {
            let what = &said.what;
            what.is_empty()
                || thing.answers_to(&what.join(" "))
                || what.iter().any(|one| thing.answers_to(one))
        };
        let is_old = |thing: &Thing| before.iter().any(|known| known.table == thing.table);
        let mut new = 0;
        for thing in self
            .things
            .iter_mut()
            .filter(|thing| is_meant(thing) && !is_old(thing))
        {
            said.access.clone_into(&mut thing.access);
            new += 1;
        }
        if new == 0 {
            let why = if self.things.iter().any(is_meant) {
                "who reads records is decided when I make their table, and stays so"
            } else {
                "there is no such thing in this app"
            };
            self.refuse(format!("“{part}”: {why}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::sentences;
    use super::*;

    /// What is left of a sentence, and what was taken.
    fn taken(prompt: &str) -> (String, Option<(&'static str, String)>) {
        let mut tokens = sentences(prompt).remove(0).tokens;
        let said = take(&mut tokens);
        (
            quote(&tokens),
            said.map(|said| (said.access, said.what.join(" "))),
        )
    }

    #[test]
    fn who_may_read_is_taken_off_what_is_said() {
        for (prompt, left, access, what) in [
            ("Everyone can read the recipes", "", PUBLIC, "recipes"),
            (
                "everybody on the internet should be able to see them",
                "",
                PUBLIC,
                "",
            ),
            (
                "All users can see the tips and notices",
                "",
                USERS,
                "tips notices",
            ),
            (
                "everyone who is signed in can view everything",
                "",
                USERS,
                "",
            ),
            (
                "Everyone in the app may browse all books",
                "",
                USERS,
                "books",
            ),
            (
                "everyone can see the tasks of a project",
                "",
                PUBLIC,
                "tasks",
            ),
            ("my team can see the tasks", "", TEAM, "tasks"),
            (
                "recipes with a title, which everyone can see",
                "recipes with a title",
                PUBLIC,
                "",
            ),
            (
                "tips with a title and text that are public",
                "tips with a title and text that are public",
                "",
                "",
            ),
            (
                "tips with a title and text, which are public",
                "tips with a title and text",
                PUBLIC,
                "",
            ),
            ("The recipes are public", "", PUBLIC, "recipes"),
            ("recipes should be publicly visible", "", PUBLIC, "recipes"),
            ("make it public", "", PUBLIC, ""),
            (
                "notices are shared with everybody in the app",
                "",
                USERS,
                "notices",
            ),
            ("share them with all users", "", USERS, ""),
            (
                "A recipe box, visible to everyone",
                "A recipe box",
                PUBLIC,
                "",
            ),
            (
                "a public list of tips with a title",
                "a list of tips with a title",
                PUBLIC,
                "",
            ),
            (
                "where everyone can read tips with a title",
                "where everyone can keep tips with a title",
                PUBLIC,
                "tips",
            ),
            (
                "tips are open to the public, tasks have a title",
                "tasks have a title",
                PUBLIC,
                "tips",
            ),
        ] {
            let expected = (!access.is_empty()).then(|| (access, what.to_owned()));
            assert_eq!(taken(prompt), (left.to_owned(), expected), "{prompt}");
        }
    }

    #[test]
    fn what_may_mean_something_else_stays() {
        for prompt in [
            "everyone can edit the recipes",
            "everyone can read and edit recipes",
            "everyone can see, add and rate recipes",
            "everyone can see their own recipes",
            "not everyone can see the recipes",
            "notes with a title and whether everyone can see them",
            "notes with a title, is public and due date",
            "notes with a title and whether it is public",
            "notes with a text that is public and a date",
            "status: public or private",
            "the recipes are not public",
            "the recipes are public or private",
            "public transport stops with a name",
            "public holidays: name, date",
            "share recipes with friends",
            "make public a required field",
            "a team has players",
            "everyone has a name and an email",
            "users have a name",
            "track who can see what",
        ] {
            let (left, said) = taken(prompt);
            assert_eq!((left.as_str(), said), (prompt, None));
        }
    }
}
