//! The name that was probably meant. Used for advice only: nothing is ever changed because of it.

use std::borrow::Borrow;

/// Texts longer than this are not compared, in characters.
const LONGEST: usize = 64;

/// The candidate that is closest to what was written: the same without case, or within a third of its length of
/// insertions, deletions, replacements and swaps of neighbours. Among equals the first by name.
pub(super) fn nearest<T: Borrow<str>>(
    written: &str,
    candidates: impl IntoIterator<Item = T>,
) -> Option<T> {
    let wanted: Vec<char> = written.to_lowercase().chars().take(LONGEST + 1).collect();
    if wanted.len() > LONGEST {
        return None;
    }
    let most = (wanted.len() / 3).clamp(1, 4);
    let mut best: Option<(usize, T)> = None;
    for candidate in candidates {
        let text: &str = candidate.borrow();
        if text == written || text.chars().count().abs_diff(wanted.len()) > most {
            continue;
        }
        let found: Vec<char> = text.to_lowercase().chars().collect();
        let distance = distance(&wanted, &found);
        if distance > most || distance >= wanted.len() {
            continue;
        }
        let better = best.as_ref().is_none_or(|(least, name)| {
            (distance, text) < (*least, <T as Borrow<str>>::borrow(name))
        });
        if better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance, in characters: insertions, deletions, replacements, swaps of neighbours.
#[must_use]
pub fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, one) in a.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let at =
                |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&last, column) + usize::from(one != other))
                .min(at(&last, column + 1) + 1)
                .min(at(&next, column) + 1);
            let swapped = row > 0
                && column > 0
                && a.get(row - 1) == Some(other)
                && b.get(column - 1) == Some(one);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        let names = [
            "useState",
            "useEffect",
            "House",
            "HouseWifi",
            "Recipes",
            "recipe-list",
        ];
        for (written, expected) in [
            ("useStat", Some("useState")),
            ("usestate", Some("useState")),
            ("useSatte", Some("useState")),
            ("Housee", Some("House")),
            ("Recipe", Some("Recipes")),
            ("RecipeList", Some("recipe-list")),
            ("Banana", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, names), expected, "{written}");
        }
        assert_eq!(nearest(&"a".repeat(100), ["a".repeat(101)]), None);
    }

    #[test]
    fn distances_count_swaps_once() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "ab", 2),
            ("abcd", "acbd", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(&chars(a), &chars(b)), expected, "{a} {b}");
        }
    }
}
