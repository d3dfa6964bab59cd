//! Names as words: `RecordCard` is a record and a card.

/// How a name is like one that is looked for; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It is the same.
    Same,
    /// It is the same but for capitals.
    OtherCase,
    /// Its words begin as those of the name that is looked for, in their order: `recCard` or `card` for `RecordCard`.
    Words,
}

/// The words of a name, in small letters: parted by signs, at capitals, and between letters and digits.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let signs: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, sign) in signs.iter().enumerate() {
        if !sign.is_alphanumeric() {
            words.push(std::mem::take(&mut word));
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| signs.get(before));
        let next = signs.get(index + 1);
        let starts = before.is_some_and(|before| {
            (sign.is_uppercase()
                && (!before.is_uppercase() || next.is_some_and(|next| next.is_lowercase())))
                || sign.is_numeric() != before.is_numeric()
        });
        if starts {
            words.push(std::mem::take(&mut word));
        }
        word.extend(sign.to_lowercase());
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// How `name` is like `wanted`, if it is.
#[must_use]
pub fn likeness(wanted: &str, name: &str) -> Option<Likeness> {
    if wanted == name {
        return Some(Likeness::Same);
    }
    if wanted.to_lowercase() == name.to_lowercase() {
        return Some(Likeness::OtherCase);
    }
    // A single letter says too little; capitals alone are the first letters of words.
    let initials = wanted.chars().count() > 1 && wanted.chars().all(char::is_uppercase);
    let wanted: Vec<String> = if initials {
        wanted
            .chars()
            .map(|sign| sign.to_lowercase().collect())
            .collect()
    } else {
        words(wanted)
    };
    if wanted
        .iter()
        .map(|word| word.chars().count())
        .sum::<usize>()
        < 2
    {
        return None;
    }
    let mut words = words(name).into_iter();
    wanted
        .iter()
        .all(|wanted| words.any(|word| word.starts_with(wanted)))
        .then_some(Likeness::Words)
}

#[cfg(test)]
mod tests {
    use super::{Likeness::*, *};

    #[test]
    fn a_name_has_words() {
        for (name, expected) in [
            ("RecordCard", &["record", "card"][..]),
            ("useHTTPClient2", &["use", "http", "client", "2"]),
            ("field_value-text", &["field", "value", "text"]),
            ("/recipes/:id", &["recipes", "id"]),
            ("--brand-hue", &["brand", "hue"]),
            ("ÄpfelListe", &["äpfel", "liste"]),
            ("URL", &["url"]),
            ("", &[]),
            ("__", &[]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_found_by_itself_its_letters_or_its_words() {
        for (wanted, name, expected) in [
            ("RecordCard", "RecordCard", Some(Same)),
            ("recordcard", "RecordCard", Some(OtherCase)),
            ("card", "RecordCard", Some(Words)),
            ("recCard", "RecordCard", Some(Words)),
            ("RC", "RecordCard", Some(Words)),
            ("RLP", "ResourceListPage", Some(Words)),
            ("RP", "ResourceListPage", Some(Words)),
            ("cardRecord", "RecordCard", None),
            ("cord", "RecordCard", None),
            ("recordCardList", "RecordCard", None),
            ("r", "RecordCard", None),
            ("R", "RecordCard", None),
            ("", "RecordCard", None),
        ] {
            assert_eq!(likeness(wanted, name), expected, "{wanted} {name}");
        }
    }
}
