//! What to say when a package cannot be had: which one was probably meant. Names are compared with those that are baked
//! in, and with `known-packages.txt`, which names packages that front ends are often made of.

use std::{collections::BTreeSet, sync::LazyLock};

use overskill::preflight::nearest::distance;

/// The most names that are suggested.
const MOST: usize = 3;
/// Words that say nothing of what a package is for.
const PLAIN: [&str; 16] = [
    "react",
    "js",
    "ts",
    "jsx",
    "lib",
    "library",
    "ui",
    "kit",
    "core",
    "component",
    "components",
    "use",
    "web",
    "the",
    "pro",
    "easy",
];

static KNOWN: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../../known-packages.txt").lines().collect());

/// The names that are nearest to one that does not exist, the nearest first; at most [`MOST`].
pub(super) fn nearest<'a>(written: &str, baked: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted: Vec<char> = written.to_lowercase().chars().take(64).collect();
    let far = (wanted.len() / 3).clamp(1, 4);
    let words = words(written);
    let all: BTreeSet<&str> = baked.into_iter().chain(KNOWN.iter().copied()).collect();
    // Less is nearer: a misspelling before a name of the same words.
    let mut found: Vec<(usize, &str)> = all
        .into_iter()
        .filter(|name| *name != written)
        .filter_map(|name| {
            let letters: Vec<char> = name.chars().collect();
            if letters.len().abs_diff(wanted.len()) <= far {
                let distance = distance(&wanted, &letters);
                if distance <= far && distance < wanted.len() {
                    return Some((distance * 10, name));
                }
            }
            let theirs = self::words(name);
            let shared = || {
                let alike = |word: &&String| theirs.iter().any(|other| alike(word, other));
                words.iter().filter(alike)
            };
            let letters = |words: &mut dyn Iterator<Item = &String>| -> usize {
                words.map(String::len).sum()
            };
            let enough = 2 * letters(&mut shared()) >= letters(&mut words.iter()).max(1);
            let others = (words.len() + theirs.len()).saturating_sub(2 * shared().count());
            enough.then_some((50 + 10 * others, name))
        })
        .collect();
    found.sort();
    found
        .into_iter()
        .take(MOST)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// What to say of a package that an app does not list: the names that are nearest, unless this one is well known itself.
pub(crate) fn instead_of<'a>(name: &str, baked: impl IntoIterator<Item = &'a str>) -> String {
    let names = if KNOWN.binary_search(&name).is_ok() {
        Vec::new()
    } else {
        nearest(name, baked)
    };
    did_you_mean(
        &names,
        "Add the package to the dependencies in package.json (`add_dependency` does it), or do without it.",
    )
}

/// "Did you mean `a`, `b` or `c`?", with what else to do.
pub(super) fn did_you_mean(names: &[String], otherwise: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => otherwise.to_owned(),
        Some((only, [])) => format!("Did you mean {only}? {otherwise}"),
        Some((last, others)) => {
            format!("Did you mean {} or {last}? {otherwise}", others.join(", "))
        }
    }
}

/// What a name is made of, without words that say nothing.
fn words(name: &str) -> Vec<String> {
    name.to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() > 1 && !PLAIN.contains(word))
        .map(|word| {
            word.strip_suffix('s')
                .filter(|rest| rest.len() > 3)
                .unwrap_or(word)
                .to_owned()
        })
        .collect()
}

/// The same word, or one that the other begins or ends with: `chart` and `rechart`.
fn alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    short == long || (short.len() >= 4 && (long.starts_with(short) || long.ends_with(short)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_were_meant_are_found() {
        for (written, expected) in [
            ("rechart", "recharts"),
            ("recharts-js", "recharts"),
            ("datefns", "date-fns"),
            ("date-fn", "date-fns"),
            ("loadash", "lodash"),
            ("react-charts-pro", "react-chartjs-2"),
            ("react-confetti-cannon", "react-confetti"),
            ("react-query", "@tanstack/react-query"),
            ("framer-motions", "framer-motion"),
            ("lucid-react", "lucide-react"),
        ] {
            let found = nearest(written, ["react", "lucide-react"]);
            assert!(found.contains(&expected.to_owned()), "{written}: {found:?}");
            assert!(found.len() <= MOST);
        }
        assert_eq!(
            nearest("overskill-qzxv-frobnicator", []),
            Vec::<String>::new()
        );
        assert_eq!(nearest("left-pad", []), Vec::<String>::new());
        assert_eq!(nearest("", []), Vec::<String>::new());
    }

    #[test]
    fn a_name_that_is_known_is_meant() {
        assert!(instead_of("canvas-confetti", []).starts_with("Add the package"));
        assert!(instead_of("canvas-confeti", []).starts_with("Did you mean `canvas-confetti`"));
    }

    #[test]
    fn the_list_is_in_order_and_of_names() {
        let mut before = "";
        for name in KNOWN.iter() {
            assert!(super::super::wanted::is_name(name), "{name}");
            assert!(before < *name, "{name}");
            before = name;
        }
    }

    #[test]
    fn advice_is_a_sentence() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(did_you_mean(&[], "Do."), "Do.");
        assert_eq!(did_you_mean(&names[..1], "Do."), "Did you mean `a`? Do.");
        assert_eq!(
            did_you_mean(&names, "Do."),
            "Did you mean `a`, `b` or `c`? Do."
        );
    }
}
