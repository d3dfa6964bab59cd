//! What there is already that is like a component, hook or function that is about to be written.
//!
//! Two declarations are alike by the words of their names and by their shape: the props or parameters that both take,
//! the elements and hooks that both use. What many declarations of the app have says little, what few have says much:
//! each thing counts by how rare it is. A name and half a shape suffice, and so does a shape that is nearly all of the
//! smaller one's; a single shared prop never does. The measure and its threshold are calibrated on the foundation, whose
//! components are no copies of each other.

use std::{collections::BTreeMap, fmt};

use overskill_syntax::{Declaration, DeclarationKind};

use super::{
    names::words,
    symbols::{LineStarts, Source, SymbolKind},
};
use crate::sorted::SortedSet;

/// The least score, in per cent, at which a declaration is named.
pub const THRESHOLD: u32 = 50;
/// How many are named at most.
const MOST: usize = 5;
/// What the likeness of names and that of shapes count together, in per cent.
const BOTH: f64 = 50.0;
/// What the likeness of shapes counts alone, in per cent.
const SHAPE: f64 = 70.0;
/// What the likeness of names counts where there is no shape, in per cent.
const NAME: f64 = 75.0;
/// How much a shape has to have in common to be half believed: as much as two things that hardly anything else has.
const DOUBT: f64 = 6.0;
/// How long the beginning that two words share must be, and the rest of the longer, for them to be one: `auth` and
/// `authentication`.
const STEM: usize = 4;
/// How many things are listed as a reason.
const LISTED: usize = 4;
/// The sorts of things that are weighed.
const WORD: char = 'w';
const PARAMETER: char = 'p';
const USE: char = 'u';

/// A declaration that is like another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// How much it is alike, in per cent.
    pub score: u32,
    /// What both have, as phrases: `both take record, resource`.
    pub reasons: Vec<String>,
}

impl fmt::Display for Alike {
    /// One line for a model.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            kind,
            path,
            line,
            score,
            reasons,
        } = self;
        write!(
            f,
            "{kind} {name} in {path}:{line} ({score} % alike: {})",
            reasons.join("; ")
        )
    }
}

/// The declarations that are like a new one, the likest first, at most five. `path` is the file that the new one is to
/// be in: what has its name there is itself.
#[must_use]
pub fn alike(new: &Declaration, path: &str, sources: &[Source<'_>]) -> Vec<Alike> {
    let Some(group) = group(new.kind) else {
        return Vec::new();
    };
    let rarity = Rarity::of(sources, new);
    let wanted = Traits::of(new);
    let mut found: Vec<Alike> = Vec::new();
    for source in sources {
        let candidates = source
            .facts
            .declarations
            .iter()
            .filter(|other| self::group(other.kind) == Some(group))
            .filter(|other| !(source.path == path && other.name == new.name));
        for other in candidates {
            let (score, reasons) = wanted.compare(&Traits::of(other), &rarity);
            if score >= THRESHOLD {
                found.push(Alike {
                    name: other.name.clone(),
                    kind: other.kind.into(),
                    path: source.path.to_owned(),
                    line: LineStarts::of(source.content).line(other.name_start),
                    score,
                    reasons,
                });
            }
        }
    }
    crate::sorted::sort_by(&mut found, |one, other| {
        (other.score, &one.path, one.line).cmp(&(one.score, &other.path, other.line))
    });
    found.truncate(MOST);
    found
}

/// What can be used in each other's place.
const fn group(kind: DeclarationKind) -> Option<u8> {
    match kind {
        DeclarationKind::Component => Some(0),
        DeclarationKind::Hook => Some(1),
        DeclarationKind::Function => Some(2),
        DeclarationKind::Class
        | DeclarationKind::Variable
        | DeclarationKind::Type
        | DeclarationKind::Interface
        | DeclarationKind::Enum
        | DeclarationKind::Namespace => None,
    }
}

/// What a declaration is compared by.
struct Traits {
    words: SortedSet<String>,
    parameters: SortedSet<String>,
    uses: SortedSet<String>,
}

impl Traits {
    fn of(declaration: &Declaration) -> Self {
        let mut words: SortedSet<String> =
            words(&declaration.name).into_iter().map(singular).collect();
        if declaration.kind == DeclarationKind::Hook {
            words.remove("use");
        }
        Self {
            words,
            parameters: declaration.parameters.iter().cloned().collect(),
            uses: declaration.uses.iter().cloned().collect(),
        }
    }

    /// How much both are alike, in per cent, and why.
    fn compare(&self, other: &Self, rarity: &Rarity) -> (u32, Vec<String>) {
        let words = self.words.iter().map(|word| {
            let same = other.words.iter().find(|other| is_same_stem(word, other));
            same.unwrap_or(word).clone()
        });
        let words: SortedSet<String> = words.collect();
        let names = rarity.shared(WORD, &words, &other.words);
        let shape = rarity
            .shared(PARAMETER, &self.parameters, &other.parameters)
            .and(&rarity.shared(USE, &self.uses, &other.uses));
        let names = names.of_both();
        let score = if shape.is_nothing() {
            NAME * names
        } else {
            let shape = shape.of_smaller();
            (BOTH * names + BOTH * shape).max(SHAPE * shape)
        };
        let mut reasons = Vec::new();
        for (verb, one, other) in [
            ("both are called", &words, &other.words),
            ("both take", &self.parameters, &other.parameters),
            ("both use", &self.uses, &other.uses),
        ] {
            let shared: Vec<&str> = one.intersection(other).map(String::as_str).collect();
            if !shared.is_empty() {
                let more = shared.len().saturating_sub(LISTED);
                let listed: Vec<&str> = shared.into_iter().take(LISTED).collect();
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                reasons.push(format!("{verb} {}{more}", listed.join(", ")));
            }
        }
        (percent(score), reasons)
    }
}

/// How much it says that two declarations share something.
struct Rarity {
    declarations: f64,
    /// In a tree: an app has thousands of names, and they come in any order.
    counts: BTreeMap<(char, String), f64>,
}

impl Rarity {
    fn of(sources: &[Source<'_>], new: &Declaration) -> Self {
        let all = sources
            .iter()
            .flat_map(|source| &source.facts.declarations)
            .chain([new])
            .filter(|declaration| group(declaration.kind).is_some());
        let mut rarity = Self {
            declarations: 0.0,
            counts: BTreeMap::new(),
        };
        for declaration in all {
            rarity.declarations += 1.0;
            let Traits {
                words,
                parameters,
                uses,
            } = Traits::of(declaration);
            let traits = words
                .into_iter()
                .map(|word| (WORD, word))
                .chain(parameters.into_iter().map(|name| (PARAMETER, name)))
                .chain(uses.into_iter().map(|name| (USE, name)));
            for key in traits {
                *rarity.counts.entry(key).or_default() += 1.0;
            }
        }
        rarity
    }

    /// What one thing of a sort weighs: the more, the fewer have it.
    fn weight(&self, sort: char, name: &str) -> f64 {
        let count = self
            .counts
            .get(&(sort, name.to_owned()))
            .copied()
            .unwrap_or(1.0);
        (1.0 + self.declarations / count).ln()
    }

    /// What two sets have in common, by weight.
    fn shared(&self, sort: char, one: &SortedSet<String>, other: &SortedSet<String>) -> Shared {
        let weigh = |name: &String| self.weight(sort, name);
        Shared {
            both: one.intersection(other).map(weigh).sum(),
            one: one.iter().map(weigh).sum(),
            other: other.iter().map(weigh).sum(),
        }
    }
}

/// What two sets weigh, and what they have in common.
struct Shared {
    both: f64,
    one: f64,
    other: f64,
}

impl Shared {
    fn and(&self, more: &Self) -> Self {
        Self {
            both: self.both + more.both,
            one: self.one + more.one,
            other: self.other + more.other,
        }
    }

    /// Whether both sets are empty.
    fn is_nothing(&self) -> bool {
        self.one + self.other <= 0.0
    }

    /// The common part of the two together, from 0 to 1 (the coefficient of Dice).
    fn of_both(&self) -> f64 {
        let all = self.one + self.other;
        if all > 0.0 {
            2.0 * self.both / all
        } else {
            0.0
        }
    }

    /// The common part of the smaller one, less when it is small.
    fn of_smaller(&self) -> f64 {
        self.both / (self.one.min(self.other) + DOUBT)
    }
}

/// Whether one word is the other's beginning, and long enough to be meant as it.
fn is_same_stem(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    short == long
        || (short.len() >= STEM
            && long
                .strip_prefix(short)
                .is_some_and(|rest| rest.len() >= STEM))
}

/// A word without the ending of its plural: `recipes` and `recipe` are one.
fn singular(word: String) -> String {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word,
    }
}

fn percent(score: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 100"
    )]
    let score = score.round().clamp(0.0, 100.0) as u32;
    score
}

#[cfg(test)]
mod tests;
