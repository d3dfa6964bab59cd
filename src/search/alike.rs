//! What there is already that is like a component, hook or function that is about to be written.
//!
//! Two declarations are alike by the words of their names and by their shape: the props or parameters that both take,
//! the elements and hooks that both use. What many declarations of the app share says little, what few share says
//! much: each word counts by how rare it is. The threshold is calibrated on the foundation, whose components are no
//! copies of each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use overskill_syntax::{Declaration, DeclarationKind};

use super::{
    names::words,
    symbols::{LineStarts, Source, SymbolKind},
};

/// The least score, in per cent, at which a declaration is named.
pub const THRESHOLD: u32 = 50;
/// How many are named at most.
const MOST: usize = 5;
/// What the likeness of names counts, in per cent; that of shapes counts the rest.
const NAME: f64 = 50.0;
/// How many things are listed as a reason.
const LISTED: usize = 4;

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
    found.sort_by(|one, other| {
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
    words: BTreeSet<String>,
    parameters: BTreeSet<String>,
    uses: BTreeSet<String>,
}

impl Traits {
    fn of(declaration: &Declaration) -> Self {
        let mut words: BTreeSet<String> =
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
        let names = rarity.overlap('w', &self.words, &other.words);
        let parameters = rarity.overlap('p', &self.parameters, &other.parameters);
        let uses = rarity.overlap('u', &self.uses, &other.uses);
        // Without parameters or uses on either side there is nothing that is different in them either.
        let shape: Vec<f64> = [parameters, uses].into_iter().flatten().collect();
        let score = match shape.len() {
            0 => names.unwrap_or_default() * 100.0,
            parts => {
                let shape =
                    shape.iter().sum::<f64>() / f64::from(u32::try_from(parts).unwrap_or(1));
                names
                    .unwrap_or_default()
                    .mul_add(NAME, shape * (100.0 - NAME))
            }
        };
        let mut reasons = Vec::new();
        for (verb, one, other) in [
            ("both are called", &self.words, &other.words),
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
                .map(|word| ('w', word))
                .chain(parameters.into_iter().map(|name| ('p', name)))
                .chain(uses.into_iter().map(|name| ('u', name)));
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

    /// What is in both, of what is in either, by weight; nothing when both are empty.
    fn overlap(&self, sort: char, one: &BTreeSet<String>, other: &BTreeSet<String>) -> Option<f64> {
        let weigh = |names: Vec<&String>| {
            names
                .into_iter()
                .map(|name| self.weight(sort, name))
                .sum::<f64>()
        };
        let either = weigh(one.union(other).collect());
        (either > 0.0).then(|| weigh(one.intersection(other).collect()) / either)
    }
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
