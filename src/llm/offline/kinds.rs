//! From the words of a field to its kind, bounds and unit.
//!
//! Looks words up in `vocabulary`; the order of the rules is the one documented in `grammar`.

use super::{
    model::{Field, Kind, Thing},
    vocabulary::{CHOICES, KINDS, NAMED_NUMBERS, NUMBERS, SIGNED, UNITS, group, has},
    words::{is_plural, sentence, singular},
};

/// A field as it was described, before it is known what other things there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// The words that name it.
    pub(super) phrase: String,
    /// A kind that was said outright.
    pub(super) kind: Option<Kind>,
    /// Bounds.
    pub(super) range: Option<(String, String)>,
    /// What can be chosen.
    pub(super) options: Vec<String>,
    /// What its numbers count.
    pub(super) unit: Option<String>,
    /// What each value is: "customer" of "an owner who is a customer".
    pub(super) like: Option<String>,
    /// Whether it was said to be required or optional.
    pub(super) required: Option<bool>,
}

impl Draft {
    /// The thing that this field names, if it is one of `things`.
    pub(super) fn target<'a>(&self, things: &'a [Thing]) -> Option<&'a Thing> {
        let told = matches!(self.kind, None | Some(Kind::Reference));
        if !told || !self.options.is_empty() || self.range.is_some() || self.unit.is_some() {
            return None;
        }
        if let Some(like) = &self.like
            && let Some(thing) = things.iter().find(|thing| thing.answers_to(like))
        {
            return Some(thing);
        }
        let head = relative_head(&self.phrase);
        let named = things
            .iter()
            .find(|thing| thing.answers_to(&self.phrase) || thing.answers_to(&head));
        // "room" where there are hotel rooms and no others
        let ends = |thing: &&Thing| {
            let tail = thing.singular.rsplit_once(' ').map_or("", |(_, tail)| tail);
            !is_field_word(tail) && tail == self.phrase.to_lowercase()
        };
        let mut close = things.iter().filter(ends);
        named.or_else(|| close.next().filter(|_| close.next().is_none()))
    }

    /// The field, without regard to other things.
    pub(super) fn field(&self) -> Field {
        let mut field = Field::new(&label(&self.phrase), Kind::Text);
        let mut lower = self.phrase.to_lowercase();
        if has("day weekday", lower.split(' ').next().unwrap_or("")) && lower.ends_with("week") {
            "weekday".clone_into(&mut lower);
        }
        let one = super::words::on_last_word(&lower, singular);
        if CHOICES
            .iter()
            .any(|(word, _)| last_word(&one) == *word && last_word(&lower) != *word)
        {
            field = Field::new(
                &label(&super::words::on_last_word(&self.phrase, singular)),
                Kind::Text,
            );
            lower = one;
        }
        let guessed = infer(&lower);
        field.kind = match self.kind {
            Some(Kind::Reference) | None => guessed,
            Some(kind) => kind,
        };
        if self.options.len() > 1 {
            field.kind = Kind::Choice;
            field.options.clone_from(&self.options);
        } else if field.kind == Kind::Choice {
            let options = CHOICES.iter().find(|(word, _)| last_word(&lower) == *word);
            field.options = options.map_or_else(Vec::new, |(_, all)| {
                all.iter().map(|one| (*one).to_owned()).collect()
            });
            if field.options.is_empty() {
                field.kind = Kind::Text;
            }
        }
        if self.range.is_some() || self.unit.is_some() {
            let rating = field.kind == Kind::Rating;
            let small = self
                .range
                .as_ref()
                .is_none_or(|(_, max)| max.parse::<u32>().is_ok_and(|max| max <= 10));
            field.kind = if rating && small && self.unit.is_none() {
                Kind::Rating
            } else {
                Kind::Number
            };
        }
        self.bound(&mut field, &lower);
        field.required = self.required.unwrap_or(false);
        field
    }

    fn bound(&self, field: &mut Field, lower: &str) {
        match field.kind {
            Kind::Rating => {
                let (min, max) = self
                    .range
                    .clone()
                    .unwrap_or_else(|| ("1".to_owned(), "5".to_owned()));
                field.min = Some(if min == "0" { "1".to_owned() } else { min });
                field.max = Some(max);
            }
            Kind::Number => {
                let head = head(lower);
                field.min = (!has(SIGNED, last_word(&head))).then(|| "0".to_owned());
                if let Some((min, max)) = self.range.clone() {
                    field.min = Some(min);
                    field.max = Some(max);
                }
                let step = step(lower, &head);
                field.step = (step != "1").then(|| step.to_owned());
                field.unit = self.unit.clone().or_else(|| unit_of(lower, &head));
            }
            _ => {}
        }
    }
}

/// A label in sentence case, short forms in capitals.
pub(super) fn label(phrase: &str) -> String {
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let titled = words
        .first()
        .is_some_and(|first| first.chars().next().is_some_and(char::is_uppercase));
    let cased = words.iter().map(|word| {
        let lower = word.to_lowercase();
        if has("url id isbn vat sku dob iban pin bmi", &lower) {
            lower.to_uppercase()
        } else if titled && word.chars().skip(1).all(char::is_lowercase) {
            lower
        } else {
            (*word).to_owned()
        }
    });
    sentence(&cased.collect::<Vec<_>>().join(" "))
}

/// The part of a phrase that says what it is: "number" of "number of guests".
pub(super) fn head(lower: &str) -> String {
    let cut = [
        "of", "in", "for", "per", "between", "until", "from", "to", "by", "since", "spent",
        "needed", "required", "left", "used",
    ];
    let mut words: Vec<&str> = Vec::new();
    for (index, word) in lower.split_whitespace().enumerate() {
        if index > 0 && (cut.contains(&word) || starts_clause(word)) {
            break;
        }
        words.push(word);
    }
    words.join(" ")
}

fn starts_clause(word: &str) -> bool {
    has(
        "i it we they you he she i've we've it's that which who is was are were",
        word,
    )
}

/// The noun before a relative clause: "project" of "project it belongs to", "author" of "author of the book".
fn relative_head(phrase: &str) -> String {
    let lower = phrase.to_lowercase();
    let words = lower
        .split_whitespace()
        .skip_while(|word| has("link reference to which the a an assigned related", word));
    let words = words.take_while(|word| !starts_clause(word) && !has("of for in", word));
    words.collect::<Vec<_>>().join(" ")
}

fn last_word(phrase: &str) -> &str {
    phrase.rsplit(' ').next().unwrap_or(phrase)
}

/// The kind that the words of a field suggest.
pub(super) fn infer(lower: &str) -> Kind {
    let words: Vec<&str> = lower.split_whitespace().collect();
    let first = words.first().copied().unwrap_or("");
    let head = head(lower);
    let last = last_word(&head);
    if has("how", first) {
        return how(&words);
    }
    if has("is has was are can should does did whether needs", first) && words.len() > 1 {
        return Kind::Boolean;
    }
    if words.len() > 1 && last_word(lower) == "by" {
        return if has("due needed finish complete return", first) {
            Kind::Date
        } else {
            Kind::Text
        };
    }
    // "watered on", but not "the shelf they're on"
    let on = has("on at until since", last_word(lower))
        && !words
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|word| has("is it's they're are was were he's she's", word));
    let from = has("valid available effective", first) && has("from to till", last_word(lower));
    // "date found"
    let dated =
        words.len() > 1 && first == "date" && !has("name time place range", last_word(lower));
    if has("when since", first) || on || from || dated {
        return Kind::Date;
    }
    if has("what why", first) {
        return if words.iter().any(|word| has("cost costs paid price", word)) {
            Kind::Number
        } else {
            Kind::LongText
        };
    }
    if has("no nr num", first) && words.get(1) == Some(&"of") {
        return Kind::Number;
    }
    if has("where who which whose", first) {
        return Kind::Text;
    }
    if lower == "number" || lower == "no" {
        return Kind::Text;
    }
    if words.len() > 1
        && (last == "number" || last == "no")
        && words.iter().any(|word| has(NAMED_NUMBERS, word))
    {
        return Kind::Text;
    }
    if has("last next", first)
        && words.len() > 1
        && !has("name names word", last)
        && group(KINDS, last, ' ').is_none_or(|kind| kind == Kind::Boolean)
        && group(NUMBERS, last, ' ').is_none()
    {
        return Kind::Date;
    }
    if words.iter().any(|word| has("email e-mail", word)) {
        return Kind::Email;
    }
    if head.ends_with("web address") {
        return Kind::Url;
    }
    if last == "time" {
        let lasting = words.iter().any(|word| {
            has("cook cooking prep preparation baking total drying running play playing reading travel", word)
        });
        return if lasting { Kind::Number } else { Kind::Text };
    }
    if let Some(kind) = group(KINDS, last, ' ') {
        return kind;
    }
    if group(NUMBERS, last, ' ').is_some() || unit_of(lower, &head).is_some() {
        return Kind::Number;
    }
    if CHOICES.iter().any(|(word, _)| *word == last) {
        return Kind::Choice;
    }
    if words.len() == 1 && is_participle(last) {
        let dated = "created released published planted hired started joined updated watered opened founded launched repotted sowed installed";
        return if has(dated, last) {
            Kind::Date
        } else {
            Kind::Boolean
        };
    }
    Kind::Text
}

/// "how many …" counts, "how much …" is money or pleasure.
fn how(words: &[&str]) -> Kind {
    let any = |list: &str| words.iter().any(|word| has(list, word));
    match words.get(1).copied().unwrap_or("") {
        "many" | "old" | "far" | "tall" | "heavy" => Kind::Number,
        "good" | "well" => Kind::Rating,
        "much" if any("like liked enjoy enjoyed love loved") => Kind::Rating,
        "much" => Kind::Number,
        "long" if any("minutes hours days weeks") => Kind::Number,
        _ => Kind::Text,
    }
}

fn is_participle(word: &str) -> bool {
    word.len() > 4
        && word.ends_with("ed")
        && !word.ends_with("eed")
        && !has("hundred sacred indeed embed", word)
}

fn step(lower: &str, head: &str) -> &'static str {
    let money = lower
        .split(' ')
        .any(|word| has("cost costs paid price", word))
        && lower.starts_with("how");
    if money || lower.starts_with("what") || (lower.starts_with("how much")) {
        return "0.01";
    }
    let all = head.split(' ').rev().chain(lower.split(' '));
    all.filter(|word| *word != "number")
        .find_map(|word| group(NUMBERS, word, ' '))
        .unwrap_or("1")
}

/// The unit that a word of the field names: "min" of "cooking minutes".
fn unit_of(lower: &str, head: &str) -> Option<String> {
    let counted = |word: &&str| word.len() > 3 || has("kg km", word);
    let words = std::iter::once(last_word(head)).chain(lower.split(' ').take(3));
    let unit = words
        .filter(counted)
        .filter(|word| is_plural(word) || has("kg km percent", word));
    let unit = unit
        .map(|word| (word, group(UNITS, word, ' ')))
        .find_map(|(_, unit)| unit);
    let time = lower.ends_with(" time") && infer_time(lower);
    unit.map(str::to_owned)
        .or_else(|| time.then(|| "min".to_owned()))
}

fn infer_time(lower: &str) -> bool {
    lower.split(' ').any(|word| {
        has(
            "cook cooking prep preparation baking total drying running play playing reading travel",
            word,
        )
    })
}

/// Whether a word by itself is likely a field: "title", "deadline", "price".
pub(super) fn is_field_word(word: &str) -> bool {
    let known = "name title label phone author country city location place colour color model brand species tags category type subject position";
    let one = singular(word);
    has(known, &one)
        || has(known, word)
        || [word, one.as_str()].iter().any(|word| {
            group(KINDS, word, ' ').is_some()
                || group(NUMBERS, word, ' ').is_some()
                || CHOICES.iter().any(|(known, _)| known == word)
        })
}
