//! A list of fields, in words: "a title, cooking minutes and status: planned, active or done".
//!
//! Cuts the list into items and reads each. What is no field is handed back word for word.

use super::{
    clauses,
    items::{closing, items, opens_group, options_start},
    kinds::{Draft, is_field_word},
    model::{Kind, OPTIONS},
    text::{Mark, Token, quote, tokens},
    vocabulary::{CHOICE_WORDS, KIND_NAMES, UNITS, group, has},
    words::sentence,
};

/// Words of a longest field.
const WORDS: usize = 8;

/// What a list of fields says.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) drafts: Vec<Draft>,
    /// Parts that are no fields.
    pub(super) left: Vec<String>,
}

/// Reads a list of fields.
pub(super) fn fields(body: &[Token]) -> Listed {
    let mut listed = Listed::default();
    for item in items(body).into_iter().flat_map(run_together) {
        if let [only] = item
            && let Some(required) = necessity(only)
            && let Some(previous) = listed.drafts.last_mut()
        {
            previous.required = Some(required);
            continue;
        }
        // "…, as a link"
        if let [first, told @ ..] = item
            && first.is("as")
            && let Some(previous) = listed.drafts.last_mut()
            && aside(told, previous)
        {
            continue;
        }
        match draft(item) {
            Read::Field(draft) => listed.drafts.push(*draft),
            Read::Nothing => {}
            Read::Unknown => listed.left.push(quote(item)),
        }
    }
    listed
}

/// "title year genre" without commas: several fields, when each word is one.
fn run_together(item: &[Token]) -> Vec<&[Token]> {
    let named = |token: &Token| is_field_word(&token.lower) || token.is_in(CHOICE_WORDS);
    if item.len() < 3
        || !item
            .iter()
            .all(|token| token.mark == Mark::Word && named(token))
    {
        return vec![item];
    }
    let mut found = Vec::new();
    let mut rest = item;
    while let [first, next @ ..] = rest {
        let pair = next.first().is_some_and(|next| match first.lower.as_str() {
            "due" | "start" | "end" | "expiry" => next.is_in("date day time"),
            "phone" | "account" => next.is("number"),
            _ => false,
        });
        let (one, after) = rest.split_at(if pair { 2 } else { 1 });
        found.push(one);
        rest = after;
    }
    found
}

/// Reads a list of fields out of a phrase of the tables.
pub(super) fn phrase(text: &str) -> Vec<Draft> {
    fields(&tokens(text)).drafts
}

enum Read {
    Field(Box<Draft>),
    Nothing,
    Unknown,
}

/// Whether a word says that a field is required, or optional.
pub(super) fn necessity(token: &Token) -> Option<bool> {
    if token.is_in("optional") {
        return Some(false);
    }
    token.is_in("required mandatory compulsory").then_some(true)
}

/// Reads one item.
fn draft(item: &[Token]) -> Read {
    let mut draft = Draft::default();
    let mut rest: Vec<Token> = Vec::new();
    let mut index = 0;
    while let Some(token) = item.get(index) {
        if opens_group(token) {
            let close = closing(item, index);
            let told = item.get(index + 1..close).unwrap_or(&[]);
            if !aside(told, &mut draft) {
                draft.like = Some(quote(told));
            }
            index = close + 1;
        } else if let Some(skip) =
            options_start(item, 0, index).filter(|_| index > 0 && !rest.is_empty())
        {
            let listed = item.get(index + skip..).unwrap_or(&[]);
            if token.is_sign(':') || skip == 0 || !listed.is_empty() {
                aside(listed, &mut draft);
            }
            while rest.last().is_some_and(|token| {
                token.is_in("is are can be which that with the following options choices values")
            }) {
                rest.pop();
            }
            index = item.len();
        } else if token.is_sign(':')
            || (token.is_sign('-') && !rest.is_empty() && !between_numbers(item, index))
        {
            let told = item.get(index + 1..).unwrap_or(&[]);
            if !aside(told, &mut draft) {
                return Read::Unknown;
            }
            index = item.len();
        } else {
            if token.mark == Mark::Quoted {
                rest.extend(tokens(&token.text));
            } else {
                rest.push(token.clone());
            }
            index += 1;
        }
    }
    strip_lead(&mut rest, &mut draft);
    strip_tail(&mut rest, &mut draft);
    clauses::take(&mut rest, &mut draft);
    rest.retain(Token::is_word);
    if rest.is_empty() {
        return if draft == Draft::default() {
            Read::Nothing
        } else {
            Read::Unknown
        };
    }
    let verb =
        rest.first().filter(|first| draft.kind != Some(Kind::Boolean) && (rest.len() > 1 || !first.is_in("make show"))).is_some_and(|first| {
            first.is_in(
                "should can must will would i we you let show allow want please be so it they do make also assign send notify calculate",
            )
        });
    let names = rest
        .iter()
        .any(|token| super::words::snake(&token.text).is_some());
    // "tick it off", "only the title"
    let object = !rest
        .first()
        .is_some_and(|first| first.is_in("is was has who what when where how why"))
        && rest
            .get(1)
            .is_some_and(|token| token.is_in("it them me us"))
        && rest
            .get(2)
            .is_none_or(|token| token.is_in("off out up down as done when in on"));
    let limit = rest.first().is_some_and(|first| first.is("only"));
    if verb || object || limit || rest.len() > WORDS || !names {
        return Read::Unknown;
    }
    draft.phrase = rest
        .iter()
        .map(|token| token.text.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    Read::Field(Box::new(draft))
}

fn between_numbers(item: &[Token], index: usize) -> bool {
    let number = |index: Option<usize>| {
        index
            .and_then(|index| item.get(index))
            .is_some_and(|token| token.mark == Mark::Number)
    };
    number(index.checked_sub(1)) && number(Some(index + 1))
}

/// What stands in parentheses or after a colon: a kind, a range, a unit, options, or whether it is required.
fn aside(told: &[Token], draft: &mut Draft) -> bool {
    let mut told: Vec<Token> = told.to_vec();
    if let Some(place) = told.iter().position(|token| necessity(token).is_some()) {
        draft.required = told.get(place).and_then(necessity);
        told.remove(place);
    }
    if range(&mut told, draft) && told.iter().filter(|token| token.is_word()).count() == 0 {
        return true;
    }
    while told.first().is_some_and(|first| {
        first.is_in("a an in either one of which is the as e g eg ie like such for example can be")
            || matches!(first.mark, Mark::Sign('.' | ','))
    }) {
        told.remove(0);
    }
    let text = quote(&told).to_lowercase();
    if text.is_empty() {
        return true;
    }
    if let Some(kind) = group(KIND_NAMES, &text, '|') {
        draft.kind = Some(kind);
        return true;
    }
    let (power, text) = match text.split_once(' ') {
        Some(("square", unit)) => ("²", unit.to_owned()),
        Some(("cubic", unit)) => ("³", unit.to_owned()),
        _ => ("", text),
    };
    if let Some(unit) = group(UNITS, &text, ' ')
        .or_else(|| ["€", "$", "£", "%"].into_iter().find(|sign| *sign == text))
    {
        draft.unit = Some(format!("{unit}{power}"));
        return true;
    }
    let options = options(&told);
    if options.len() > 1 {
        draft.options = options;
        return true;
    }
    false
}

/// The options of "planned, active or done".
pub(super) fn options(told: &[Token]) -> Vec<String> {
    let border = |token: &Token| {
        matches!(token.mark, Mark::Sign(',' | '/' | '|' | ';') | Mark::Item)
            || token.is_in("or and")
    };
    let mut found: Vec<String> = Vec::new();
    for part in told.split(border) {
        let part: Vec<Token> = part
            .iter()
            .filter(|token| token.is_word())
            .cloned()
            .collect();
        let text: Vec<&str> = part.iter().map(|token| token.text.as_str()).collect();
        let text = sentence(&text.join(" "));
        let known = found
            .iter()
            .any(|known| known.to_lowercase() == text.to_lowercase());
        if !text.is_empty() && text.chars().count() <= 40 && !known && found.len() < OPTIONS {
            found.push(text);
        }
    }
    found
}

/// Takes "from 1 to 5", "between 0 and 10", "1-5", "out of 5" out of the words.
fn range(rest: &mut Vec<Token>, draft: &mut Draft) -> bool {
    const NUMBERS: [&str; 11] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let number = |token: Option<&Token>| {
        let token = token?;
        let told = NUMBERS.iter().position(|word| token.is(word));
        let written = (token.mark == Mark::Number).then(|| token.text.clone());
        written.or_else(|| told.map(|value| value.to_string()))
    };
    for index in 0..rest.len() {
        if let (Some(min), Some(max)) = (number(rest.get(index)), number(rest.get(index + 2)))
            && rest.get(index + 1).is_some_and(|token| {
                token.is_in("to and through") || token.is_sign('-') || token.is_sign('/')
            })
        {
            let lead = rest.iter().take(index).rev();
            let lead = lead
                .take_while(|token| {
                    token.is_in("from between a on scale of range in 1") || token.is_sign('(')
                })
                .count();
            let tail = rest
                .iter()
                .skip(index + 3)
                .take_while(|token| token.is_in("stars star points"))
                .count();
            if tail > 0 {
                draft.kind = Some(Kind::Rating);
            }
            rest.drain(index - lead..index + 3 + tail);
            draft.range = Some((min, max));
            return true;
        }
        if let Some(max) = number(rest.get(index + 2))
            .filter(|_| rest.get(index).is_some_and(|token| token.is("out")))
            && rest.get(index + 1).is_some_and(|token| token.is("of"))
        {
            rest.drain(index..index + 3);
            draft.range = Some(("1".to_owned(), max));
            return true;
        }
    }
    false
}

/// Takes articles and the like off the front.
fn strip_lead(rest: &mut Vec<Token>, draft: &mut Draft) {
    const FILLERS: &str = "a an the its their his her your my our some also maybe possibly perhaps then finally both one \
        include including many several multiple store record track of with any have has just plus basic field column called named";
    let guest = |rest: &[Token]| matches!(rest, [plus, one, ..] if plus.is("plus") && one.is_in("one ones"));
    let pair = |rest: &[Token]| {
        let words = quote(rest.get(..2).unwrap_or(&[])).to_lowercase();
        has(
            "field_for column_for place_for space_for room_for field_with",
            &words.replace(' ', "_"),
        )
    };
    while let Some(first) = rest.first().filter(|_| !guest(rest) && !pair(rest)) {
        if has("optional optionally", &first.lower) && rest.len() > 1 {
            draft.required = Some(false);
        } else if has("required mandatory", &first.lower) && rest.len() > 1 {
            draft.required = Some(true);
        } else if !(first.is_in(FILLERS) || first.is_word() && first.is_in("and or but"))
            || first.mark == Mark::Quoted
        {
            break;
        }
        rest.remove(0);
    }
    let words = |count: usize| quote(rest.get(..count).unwrap_or(&[])).to_lowercase();
    if pair(rest) {
        rest.drain(..2);
        strip_lead(rest, draft);
    } else if has(
        "checkbox_for flag_for toggle_for checkbox_if flag_if",
        &words(2).replace(' ', "_"),
    ) {
        rest.drain(..2);
        draft.kind = Some(Kind::Boolean);
        strip_lead(rest, draft);
    } else if words(2) == "yes / no" || words(3).replace(' ', "") == "yes/no" {
        rest.drain(..3.min(rest.len()));
        draft.kind = Some(Kind::Boolean);
        strip_lead(rest, draft);
    }
}

/// Takes "as a number", "in minutes", "(1-5)" and "which is optional" off the end.
fn strip_tail(rest: &mut Vec<Token>, draft: &mut Draft) {
    range(rest, draft);
    if let [what @ .., yes, sign, no] = rest.as_slice()
        && yes.is("yes")
        && sign.is_sign('/')
        && no.is("no")
        && !what.is_empty()
    {
        draft.kind = Some(Kind::Boolean);
        let left = what.len();
        rest.truncate(left);
    }
    if let [what @ .., or, not] = rest.as_slice()
        && or.is("or")
        && not.is("not")
    {
        draft.kind = draft.kind.or(Some(Kind::Boolean));
        let left = what.len();
        rest.truncate(left);
    }
    let cut = |words: &str, rest: &[Token]| {
        rest.iter()
            .rposition(|token| token.is_in(words))
            .filter(|place| *place > 0)
    };
    for words in ["as", "in", "which that", "is being"] {
        let Some(place) = cut(words, rest) else {
            continue;
        };
        let told = rest.get(place + 1..).unwrap_or(&[]);
        let mut probe = draft.clone();
        let says =
            !told.is_empty() && told.len() <= 5 && aside(told, &mut probe) && probe != *draft;
        if says && (words != "in" || probe.unit.is_some()) {
            *draft = probe;
            rest.truncate(place);
        }
    }
    while rest
        .last()
        .is_some_and(|token| token.is_in("field column too also please each etc well as"))
        && rest.len() > 1
    {
        rest.pop();
    }
    if let Some(required) = rest.last().and_then(necessity).filter(|_| rest.len() > 1) {
        draft.required = Some(required);
        rest.pop();
    }
    if rest.len() > 1
        && rest
            .last()
            .is_some_and(|token| token.is_in("flag checkbox"))
    {
        draft.kind = Some(Kind::Boolean);
        rest.pop();
    }
}
