//! English words: number, case and the identifiers made of them.
//!
//! Pure functions over words. Knows nothing of things and fields; an identifier that leaves here is ASCII and
//! starts with a letter, or there is none.

/// Longest identifier, in bytes: a table's full name `app_<id>_<table>` stays under PostgreSQL's 63.
pub(super) const IDENTIFIER_BYTES: usize = 40;

/// Plurals that no rule gives, and words that have only one form.
const IRREGULAR: &[(&str, &str)] = &[
    ("person", "people"),
    ("child", "children"),
    ("man", "men"),
    ("woman", "women"),
    ("mouse", "mice"),
    ("goose", "geese"),
    ("foot", "feet"),
    ("tooth", "teeth"),
    ("leaf", "leaves"),
    ("knife", "knives"),
    ("wife", "wives"),
    ("shelf", "shelves"),
    ("life", "lives"),
    ("loaf", "loaves"),
    ("half", "halves"),
    ("wolf", "wolves"),
    ("calf", "calves"),
    ("quiz", "quizzes"),
    ("hero", "heroes"),
    ("potato", "potatoes"),
    ("tomato", "tomatoes"),
    ("criterion", "criteria"),
    ("analysis", "analyses"),
    ("status", "statuses"),
    ("bus", "buses"),
    ("gas", "gases"),
    ("virus", "viruses"),
    ("bonus", "bonuses"),
    ("campus", "campuses"),
    ("cactus", "cacti"),
    ("lens", "lenses"),
    ("shoe", "shoes"),
    ("movie", "movies"),
    ("cookie", "cookies"),
    ("zombie", "zombies"),
    ("pie", "pies"),
    ("tie", "ties"),
    ("selfie", "selfies"),
    ("cache", "caches"),
    ("canvas", "canvases"),
    ("atlas", "atlases"),
    ("iris", "irises"),
    ("datum", "data"),
    ("medium", "media"),
    ("series", "series"),
    ("species", "species"),
    ("equipment", "equipment"),
    ("news", "news"),
    ("stuff", "stuff"),
    ("gear", "gear"),
    ("furniture", "furniture"),
    ("software", "software"),
    ("homework", "homework"),
    ("feedback", "feedback"),
    ("clothing", "clothing"),
    ("music", "music"),
    ("sheep", "sheep"),
    ("fish", "fish"),
    ("livestock", "livestock"),
    ("cattle", "cattle"),
    ("merchandise", "merchandise"),
    ("luggage", "luggage"),
    ("jewelry", "jewelry"),
    ("laundry", "laundry"),
    ("produce", "produce"),
    ("hardware", "hardware"),
];

/// The singular of a lower-case word, which may be singular already.
pub(super) fn singular(word: &str) -> String {
    if let Some((one, _)) = IRREGULAR
        .iter()
        .find(|(one, many)| *many == word || *one == word)
    {
        return (*one).to_owned();
    }
    let stem = |ending: &str| word.strip_suffix(ending).filter(|stem| stem.len() > 1);
    if let Some(stem) = stem("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "zzes"] {
        if word.ends_with(ending) {
            return stem("es").unwrap_or(word).to_owned();
        }
    }
    if ["ss", "us", "is"]
        .iter()
        .any(|ending| word.ends_with(ending))
    {
        return word.to_owned();
    }
    stem("s").unwrap_or(word).to_owned()
}

/// The plural of a lower-case word, which may be plural already.
pub(super) fn plural(word: &str) -> String {
    if let Some((_, many)) = IRREGULAR
        .iter()
        .find(|(one, many)| *many == word || *one == word)
    {
        return (*many).to_owned();
    }
    let word = singular(word);
    let before_last = word.chars().rev().nth(1).unwrap_or('a');
    if word.ends_with('y') && !"aeiou".contains(before_last) {
        return format!("{}ies", word.strip_suffix('y').unwrap_or(&word));
    }
    if ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|ending| word.ends_with(ending))
    {
        return format!("{word}es");
    }
    format!("{word}s")
}

/// Whether a lower-case word is a plural by its form. A word with one form counts as one.
pub(super) fn is_plural(word: &str) -> bool {
    IRREGULAR.iter().any(|(_, many)| *many == word) || (word.len() > 2 && singular(word) != word)
}

/// Applies `change` to the last word of a phrase, keeping the rest.
pub(super) fn on_last_word(phrase: &str, change: impl Fn(&str) -> String) -> String {
    match phrase.rsplit_once(' ') {
        Some((rest, last)) => format!("{rest} {}", keep_case(last, change(&last.to_lowercase()))),
        None => keep_case(phrase, change(&phrase.to_lowercase())),
    }
}

/// Keeps a word that the change left alone as it was written, and a capital at its start.
fn keep_case(before: &str, after: String) -> String {
    if before.to_lowercase() == after {
        return before.to_owned();
    }
    if before.chars().next().is_some_and(char::is_uppercase) {
        sentence(&after)
    } else {
        after
    }
}

/// The text with its first letter in upper case.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// `snake_case` of a phrase: at most [`IDENTIFIER_BYTES`], cut between words. `None` when no letter can be
/// written in ASCII.
pub(super) fn snake(phrase: &str) -> Option<String> {
    let mut name = String::new();
    for word in identifier_words(phrase) {
        let room = IDENTIFIER_BYTES.saturating_sub(name.len() + usize::from(!name.is_empty()));
        if name.is_empty() {
            name.extend(word.chars().take(room));
        } else if word.len() <= room {
            name.push('_');
            name.push_str(&word);
        } else {
            break;
        }
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name = format!("n{name}").chars().take(IDENTIFIER_BYTES).collect();
    }
    name.bytes()
        .any(|byte| byte.is_ascii_lowercase())
        .then_some(name)
}

/// `PascalCase` of an identifier in `snake_case`.
pub(super) fn pascal(snake: &str) -> String {
    snake.split('_').map(sentence).collect()
}

/// `camelCase` of an identifier in `snake_case`.
pub(super) fn camel(snake: &str) -> String {
    let mut letters = pascal(snake);
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    letters
}

fn identifier_words(phrase: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in phrase.chars() {
        let mut ascii = String::new();
        if matches!(letter, '\'' | '’') || is_combining(letter) {
            continue;
        }
        transliterate(letter, &mut ascii);
        if ascii.is_empty() {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push_str(&ascii.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn is_combining(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// ASCII for a letter: itself, its base letter, or the usual digraph. Nothing for what has no such spelling.
fn transliterate(letter: char, out: &mut String) {
    if letter.is_ascii_alphanumeric() {
        out.push(letter);
        return;
    }
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    out.push_str(match lower {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' | 'ĉ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ĝ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ľ' | 'ļ' | 'ĺ' => "l",
        'ñ' | 'ń' | 'ň' | 'ņ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plural_and_singular_undo_each_other() {
        for (one, many) in [
            ("recipe", "recipes"),
            ("category", "categories"),
            ("box", "boxes"),
            ("class", "classes"),
            ("house", "houses"),
            ("expense", "expenses"),
            ("status", "statuses"),
            ("person", "people"),
            ("match", "matches"),
            ("day", "days"),
            ("exercise", "exercises"),
            ("movie", "movies"),
            ("size", "sizes"),
            ("address", "addresses"),
            ("news", "news"),
            ("photo", "photos"),
        ] {
            assert_eq!(plural(one), many);
            assert_eq!(plural(many), many);
            assert_eq!(singular(many), one);
            assert_eq!(singular(one), one);
        }
        assert!(
            is_plural("recipes")
                && is_plural("people")
                && !is_plural("class")
                && !is_plural("recipe")
        );
    }

    #[test]
    fn identifiers_are_ascii_or_none() {
        assert_eq!(snake("Cooking minutes").as_deref(), Some("cooking_minutes"));
        assert_eq!(snake("Größe (cm)").as_deref(), Some("groesse_cm"));
        assert_eq!(snake("owner's e-mail").as_deref(), Some("owners_e_mail"));
        assert_eq!(snake("2nd name").as_deref(), Some("n2nd_name"));
        assert_eq!(snake("料理"), None);
        assert_eq!(snake("42").as_deref(), Some("n42"));
        assert!(snake(&"long ".repeat(30)).is_some_and(|name| name.len() <= IDENTIFIER_BYTES));
        assert_eq!(camel("house_plants"), "housePlants");
        assert_eq!(pascal("house_plants"), "HousePlants");
        assert_eq!(on_last_word("House plants", singular), "House plant");
    }
}
