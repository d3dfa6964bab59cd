//! Fields that are said as clauses: "how many days …", "whether it is paid", "who is a customer", "belongs to a company".
//!
//! Takes the words of the clause off and leaves those that name the field.

use super::{
    kinds::Draft,
    model::Kind,
    text::{Token, quote},
    words::{on_last_word, singular},
};

/// Reads what a field is said to be, and leaves its name.
pub(super) fn take(rest: &mut Vec<Token>, draft: &mut Draft) {
    strip_like(rest, draft);
    link(rest, draft);
    clause(rest, draft);
}

/// Reads "belongs to a company", "who are for a team" and "is taught by a teacher" as what they refer to.
fn link(rest: &mut Vec<Token>, draft: &mut Draft) {
    let is = |index: usize, words: &str| rest.get(index).is_some_and(|token| token.is_in(words));
    let lead = rest
        .iter()
        .take_while(|token| {
            token.is_in("each every who which that it they is are be being always must")
        })
        .count();
    let belongs = is(
        lead,
        "belongs belong belonging refers refer referring linked assigned connected related attached",
    ) && is(lead + 1, "to with");
    if belongs || (lead > 0 && is(lead, "for") && is(lead + 1, "a an one")) {
        let start = lead + if belongs { 2 } else { 1 };
        let articles = "a an one the exactly its their our my";
        let skipped = rest
            .iter()
            .skip(start)
            .take_while(|token| token.is_in(articles))
            .count();
        if start + skipped >= rest.len() {
            return;
        }
        rest.drain(..start + skipped);
        draft.like = Some(on_last_word(&quote(rest), singular));
        if let Some(last) = rest.last_mut() {
            last.text = on_last_word(&last.text, singular);
        }
        return;
    }
    // "takes place in a room", "is taught by a teacher": whose, if there are such things.
    let verb = is(
        0,
        "is are who which takes take happens happen held taught led run made written played given",
    );
    let place =
        (1..rest.len()).find(|index| is(*index, "by in at with") && is(index + 1, "a an one"));
    if let Some(place) = place.filter(|_| verb && draft.like.is_none()) {
        draft.like =
            Some(quote(rest.get(place + 2..).unwrap_or(&[]))).filter(|like| !like.is_empty());
        rest.drain(..lead.min(rest.len().saturating_sub(1)));
    }
}

/// Takes "who is a customer" off the end.
fn strip_like(rest: &mut Vec<Token>, draft: &mut Draft) {
    let Some(place) = rest
        .iter()
        .position(|token| token.is_in("who which that"))
        .filter(|place| *place > 0)
    else {
        return;
    };
    let mut said = rest.get(place + 1..).unwrap_or(&[]);
    if !said.first().is_some_and(|token| token.is_in("is are")) {
        return;
    }
    while let [first, after @ ..] = said
        && first.is_in("is are a an one of the our my")
    {
        said = after;
    }
    draft.like = Some(quote(said)).filter(|like| !like.is_empty());
    if draft.like.is_some() {
        rest.truncate(place);
    }
}

/// Reads fields said as questions: "how many days …", "whether it is paid", "which project it belongs to".
fn clause(rest: &mut Vec<Token>, draft: &mut Draft) {
    let is = |index: usize, words: &str| rest.get(index).is_some_and(|token| token.is_in(words));
    if is(0, "how") && is(1, "many") && rest.len() > 2 {
        draft.kind = draft.kind.or(Some(Kind::Number));
        rest.drain(..2);
    } else if is(0, "whether if") || (is(0, "is has was are") && rest.len() > 1) {
        draft.kind = draft.kind.or(Some(Kind::Boolean));
        let fillers = "whether if it it's its is are was were has have i i've ive we we've they they're he she been the a an be or not";
        let lead = rest.iter().take_while(|token| token.is_in(fillers)).count();
        rest.drain(..lead.min(rest.len().saturating_sub(1)));
        while rest.len() > 1
            && rest
                .last()
                .is_some_and(|token| token.is_in("it or not already yet them"))
        {
            rest.pop();
        }
    } else if is(0, "which") && rest.len() > 1 {
        rest.remove(0);
        let clause = rest
            .iter()
            .position(|token| token.is_in("it they i we he she is was this that the"));
        if let Some(clause) = clause.filter(|clause| *clause > 0) {
            rest.truncate(clause);
        }
    }
}
