//! Questions, which are answered and change nothing.

use super::{
    model::{FIELDS, THINGS, Thing},
    summary::list,
    text::Sentence,
    words::sentence as capital,
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// What this planner can do.
    Ability,
    /// How to say something.
    How,
    /// What there is.
    Things,
    /// How many records there are, or what they hold.
    Records,
}

/// What a sentence asks, if it is a question that is known here. `Err` is a question that is not.
pub(super) fn question(sentence: &Sentence) -> Option<Result<Question, ()>> {
    let tokens = &sentence.tokens;
    let any = |words: &str| tokens.iter().any(|token| token.is_in(words));
    let first = |words: &str| tokens.first().is_some_and(|token| token.is_in(words));
    if tokens.len() <= 2 && any("help") {
        return Some(Ok(Question::Ability));
    }
    let open = first(
        "what what's whats how why which who who's when where is are does do did was were am should",
    );
    let possible = first("can could may")
        && tokens
            .get(1)
            .is_some_and(|token| token.is_in("i it this one"));
    if !(open && (sentence.asks || first("what what's whats how why which who who's"))
        || possible && sentence.asks)
    {
        return None;
    }
    if any("how")
        && any("many")
        && !any("thing things field fields list lists table tables page pages kinds")
    {
        return Some(Ok(Question::Records));
    }
    if any("thing things field fields list lists table tables pages columns")
        && first("what which how")
        && !any("add create make change remove rename delete")
    {
        return Some(Ok(Question::Things));
    }
    if any("you")
        && any("can do are understand know help able work")
        && !any("weather time love think")
    {
        return Some(Ok(Question::Ability));
    }
    if any("add create make change remove rename delete use work works colour color") {
        return Some(Ok(Question::How));
    }
    if first("what what's whats") && any("app this here") && tokens.len() <= 6 {
        return Some(Ok(Question::Things));
    }
    Some(Err(()))
}

/// The answer.
pub(super) fn answer(question: Question, things: &[Thing]) -> String {
    match question {
        Question::Ability => format!(
            "I make apps that keep records: for each thing that you name a list with search, a page for each record, and a form to create and edit. I know \
             text, long text, numbers, dates, yes or no, e-mail, links, ratings, choices, and references between things, up to {THINGS} \
             things of {FIELDS} fields. Later I add, remove and rename fields and things, change options and what is required, the \
             app's name and its colour. I am not a language model: what does not fit my grammar I leave alone, and say so."
        ),
        Question::How => {
            let thing = things
                .first()
                .map_or("recipes", |thing| thing.plural.as_str());
            format!(
                "Say it like one of these: “add a rating from 1 to 5 to {thing}”, “add a thing: shopping items with name and \
                 quantity”, “remove the notes from {thing}”, “rename the field notes to remarks”, “make the date of {thing} required”, \
                 “add 'archived' to the statuses”, “call the app Kitchen”, “make it green”."
            )
        }
        Question::Records => {
            "I see the app's source, not its records. The Dashboard of the app counts them."
                .to_owned()
        }
        Question::Things if things.is_empty() => "There are no things in this app yet.".to_owned(),
        Question::Things => {
            let told = things.iter().map(|thing| {
                let labels: Vec<String> = thing
                    .fields
                    .iter()
                    .map(|field| super::summary::inner(&field.label))
                    .collect();
                format!("- {}: {}", capital(&thing.plural), list(&labels))
            });
            let told: Vec<String> = told.collect();
            let count = if told.len() == 1 {
                "There is 1 thing".to_owned()
            } else {
                format!("There are {} things", told.len())
            };
            format!("{count} in this app:\n{}", told.join("\n"))
        }
    }
}
