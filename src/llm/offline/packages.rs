//! Packages: "add the package recharts", "use date-fns", "uninstall zod". A message is about packages as a whole or not
//! at all; what is known of a package is what the tool's result says.

use serde_json::json;

use super::{
    colour,
    session::{Done, Wanted},
    summary::LABEL,
    text::sentences,
};

/// Words that say that a package is meant.
const NOUNS: [&str; 10] = [
    "package",
    "packages",
    "dependency",
    "dependencies",
    "library",
    "libraries",
    "module",
    "modules",
    "npm",
    "lib",
];
/// Words that say nothing.
const FILLERS: [&str; 12] = [
    "please", "the", "a", "an", "npm", "also", "called", "named", "from", "can", "you", "could",
];

/// What is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// A package more, in this version or in any.
    Add {
        name: String,
        version: Option<String>,
    },
    /// A package less.
    Remove { name: String },
}

impl Wish {
    /// The call that fulfils it.
    pub(super) fn call(&self) -> Wanted {
        match self {
            Self::Add {
                name,
                version: None,
            } => ("add_dependency", json!({ "name": name })),
            Self::Add {
                name,
                version: Some(version),
            } => (
                "add_dependency",
                json!({ "name": name, "version": version }),
            ),
            Self::Remove { name } => ("remove_dependency", json!({ "name": name })),
        }
    }

    fn says(&self) -> String {
        match self {
            Self::Add { name, version } => match version {
                Some(version) => format!("the package {name} {version} is added"),
                None => format!("the package {name} is added"),
            },
            Self::Remove { name } => format!("the package {name} is removed"),
        }
    }
}

/// The packages that a message wishes for, if it wishes for nothing else.
pub(super) fn wished(prompt: &str) -> Option<Vec<Wish>> {
    let text = prompt.trim().trim_end_matches(['.', '!', '?']);
    if text.lines().count() != 1 || sentences(text).is_empty() {
        return None;
    }
    let words: Vec<&str> = text
        .split([' ', ','])
        .map(|word| word.trim_matches(['`', '"', '\'', '“', '”', ':', ';']))
        .filter(|word| !word.is_empty())
        .collect();
    let mut words = words
        .into_iter()
        .skip_while(|word| is(word, &FILLERS))
        .peekable();
    let verb = words.next()?.to_lowercase();
    let (removes, certain) = match verb.as_str() {
        "install" => (false, true),
        "i" => (false, true),
        "uninstall" => (true, true),
        "add" | "use" | "include" => (false, false),
        "remove" | "drop" | "delete" => (true, false),
        _ => return None,
    };
    // "npm i x": what stood before was passed over; without it `i` is a person.
    if verb == "i" && !text.to_lowercase().starts_with("npm i ") {
        return None;
    }
    let mut certain = certain;
    let mut wishes = Vec::new();
    while let Some(word) = words.next() {
        if is(word, &NOUNS) {
            certain = true;
            continue;
        }
        if is(word, &FILLERS) || word.eq_ignore_ascii_case("and") {
            continue;
        }
        // What it is for is not for this planner.
        if is(word, &["for", "to", "so", "in"]) {
            if wishes.is_empty() {
                return None;
            }
            break;
        }
        let (name, mut version) = named(word)?;
        if words
            .peek()
            .is_some_and(|word| is(word, &["version", "at"]))
        {
            words.next();
            version = Some(words.next()?.to_owned());
        }
        wishes.push(if removes {
            Wish::Remove { name }
        } else {
            Wish::Add { name, version }
        });
    }
    let plain = |wish: &Wish| {
        let (Wish::Add { name, .. } | Wish::Remove { name }) = wish;
        name.contains(['-', '/', '.', '@'])
    };
    // "use recharts": one word that is no colour.
    let used = verb == "use" && wishes.len() == 1 && colour::find(&tokens(text)).is_none();
    let meant =
        certain || used || (verb != "remove" && !wishes.is_empty() && wishes.iter().all(plain));
    (meant && !wishes.is_empty()).then_some(wishes)
}

fn tokens(text: &str) -> Vec<super::text::Token> {
    sentences(text)
        .into_iter()
        .flat_map(|sentence| sentence.tokens)
        .collect()
}

fn is(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// `@scope/name@1.2` as name and version; nothing when no package can be called so.
fn named(word: &str) -> Option<(String, Option<String>)> {
    let at = word.char_indices().skip(1).find(|(_, c)| *c == '@');
    let (name, version) = match at {
        Some((at, _)) => {
            let (name, version) = word.split_at(at);
            (name, Some(version.trim_start_matches('@').to_owned()))
        }
        None => (word, None),
    };
    let allowed = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_' | '/' | '@')
    };
    let letters = name.chars().any(|c| c.is_ascii_lowercase());
    (letters && name.chars().all(allowed)).then(|| (name.to_owned(), version))
}

/// What is about to be done.
pub(super) fn intent(wishes: &[Wish]) -> String {
    let says: Vec<String> = wishes.iter().map(Wish::says).collect();
    format!("I understood: {}.", says.join("; "))
}

/// What came of it, as the results have it.
pub(super) fn report(done: &[Done]) -> String {
    let said = |done: &Done| {
        let result = done.result.as_ref();
        let text = result.map_or("it was interrupted", |result| result.content.as_str());
        format!("- {}", text.lines().collect::<Vec<_>>().join(" "))
    };
    let (good, bad): (Vec<&Done>, Vec<&Done>) = done.iter().partition(|done| done.ok());
    let mut lines = Vec::new();
    if !good.is_empty() {
        lines.push("Done:".to_owned());
        lines.extend(good.iter().map(|done| said(done)));
        lines.push(
            "Nothing in the app uses it yet: I know no code for packages, you can write it by hand."
                .to_owned(),
        );
    }
    if !bad.is_empty() {
        lines.push("Not done:".to_owned());
        lines.extend(bad.iter().map(|done| said(done)));
    }
    if good.is_empty() {
        lines.push("I changed nothing.".to_owned());
    }
    lines.push(LABEL.to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(name: &str, version: Option<&str>) -> Wish {
        Wish::Add {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        }
    }

    #[test]
    fn packages_are_wished_for_in_many_ways() {
        for (said, expected) in [
            ("add the package recharts", vec![add("recharts", None)]),
            (
                "Please add the recharts package.",
                vec![add("recharts", None)],
            ),
            ("use date-fns", vec![add("date-fns", None)]),
            ("use recharts for the charts", vec![add("recharts", None)]),
            ("install zod", vec![add("zod", None)]),
            ("npm i zod", vec![add("zod", None)]),
            (
                "npm install @tanstack/react-query@5",
                vec![add("@tanstack/react-query", Some("5"))],
            ),
            ("add dependency zod@1.2", vec![add("zod", Some("1.2"))]),
            (
                "add the library zod version 4.0.1",
                vec![add("zod", Some("4.0.1"))],
            ),
            (
                "add the packages recharts and date-fns",
                vec![add("recharts", None), add("date-fns", None)],
            ),
            (
                "remove the package recharts",
                vec![Wish::Remove {
                    name: "recharts".to_owned(),
                }],
            ),
            (
                "uninstall `date-fns`",
                vec![Wish::Remove {
                    name: "date-fns".to_owned(),
                }],
            ),
        ] {
            assert_eq!(wished(said), Some(expected), "{said}");
        }
    }

    #[test]
    fn what_is_about_things_is_not_about_packages() {
        for said in [
            "add a rating from 1 to 5 to recipes",
            "add a rating",
            "use green",
            "use dark blue",
            "remove the rating from recipes",
            "remove e-mail",
            "a library of books with a title",
            "I want a package tracker",
            "packages with a weight and a recipient",
            "add books with a title and install dates",
            "",
        ] {
            assert_eq!(wished(said), None, "{said}");
        }
    }
}
