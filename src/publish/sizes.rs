//! How an artifact set is divided between the app's script and what is served beside it: as a whole, file by file, and as it would be
//! with other budgets. Decides nothing: the [`Plan`] does.

use serde::{Deserialize, Serialize};

use super::{ArtifactSet, PAGE, Part, Plan, Split, is_of_functions};
use crate::{
    build::is_vendor,
    project::ProjectPath,
    sorted::{SortedMap, SortedSet},
};

/// The most files of one report.
pub const MOST_ASSETS: usize = 100;

/// The budgets that every report tells of besides its own, in bytes: 500, 700, 900 and 1,000 KB.
pub const OTHER_BUDGETS: [usize; 4] = [512_000, 716_800, 921_600, 1_024_000];

/// How near a script is to its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Up to 70 % of it.
    Healthy,
    /// Up to 90 %.
    Warning,
    /// More.
    Critical,
}

impl Band {
    /// That of a script of so many bytes.
    #[must_use]
    pub const fn of(script_bytes: usize, budget: usize) -> Self {
        let tenths = script_bytes.saturating_mul(10);
        if tenths <= budget.saturating_mul(7) {
            Self::Healthy
        } else if tenths <= budget.saturating_mul(9) {
            Self::Warning
        } else {
            Self::Critical
        }
    }
}

/// How an artifact set was divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeReport {
    /// The sum of all modules, in bytes. The budget is about this number alone.
    pub script_bytes: usize,
    /// What it may be, in bytes.
    pub budget: usize,
    /// How near it is to that.
    pub band: Band,
    /// The artifacts inside the script.
    pub embedded: Share,
    /// The artifacts outside, served by hash.
    pub external: Share,
    /// Those of the artifacts outside that the page needs first, and for which there was no room.
    pub without_room: Share,
    /// Each file, at most [`MOST_ASSETS`]: those without room first, then those inside, then the rest, the largest of each first.
    pub assets: Vec<Asset>,
    /// The same with each of the [`OTHER_BUDGETS`].
    pub what_if: Vec<WhatIf>,
}

impl SizeReport {
    /// How much there is to do about it: the band; what found no room is critical, however small the rest is.
    #[must_use]
    pub const fn concern(&self) -> Band {
        if self.without_room.files > 0 {
            Band::Critical
        } else {
            self.band
        }
    }

    /// That of what a plan comes to within a budget.
    pub(super) fn of(plan: &Plan<'_>, split: &Split, budget: usize) -> Self {
        let places = Places::of(plan, split);
        let shared = |wanted: fn(Place) -> bool| places.share(plan.set(), wanted);
        Self {
            script_bytes: split.script_bytes,
            budget,
            band: Band::of(split.script_bytes, budget),
            embedded: shared(|place| place == Place::Embedded),
            external: shared(|place| place != Place::Embedded),
            without_room: shared(|place| place == Place::WithoutRoom),
            assets: places.assets(plan),
            what_if: OTHER_BUDGETS.map(|budget| WhatIf::of(plan, budget)).into(),
        }
    }
}

/// A part of the artifacts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How many files.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
}

/// Where an artifact is, and why there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Outside: the page needs it first, and there was no room.
    WithoutRoom,
    /// In the script: the page, a function, or what the page needs first.
    Embedded,
    /// Outside: it is loaded later, or is media.
    Late,
    /// Outside: a vendor module, which is stored once for all apps.
    Shared,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Where it is served.
    pub path: ProjectPath,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its length in gzip, which is what it takes in the script; nothing where it was not tried, or is not shorter.
    pub gzip_bytes: Option<u64>,
    /// Where it is.
    pub place: Place,
}

/// How the same artifacts would be divided within another budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// The budget, in bytes.
    pub budget: usize,
    /// The sum of all modules, in bytes; nothing where the page and the functions alone are more than the budget, and it would be refused.
    pub script_bytes: Option<usize>,
    /// The artifacts that would be inside.
    pub embedded: Share,
    /// Those that would be outside, though the page needs them first.
    pub without_room: Share,
}

impl WhatIf {
    fn of(plan: &Plan<'_>, budget: usize) -> Self {
        let Ok(split) = plan.split(budget) else {
            return Self {
                budget,
                script_bytes: None,
                embedded: Share::default(),
                without_room: Share::default(),
            };
        };
        let places = Places::of(plan, &split);
        let share = |wanted: Place| places.share(plan.set(), |place| place == wanted);
        Self {
            budget,
            script_bytes: Some(split.script_bytes),
            embedded: share(Place::Embedded),
            without_room: share(Place::WithoutRoom),
        }
    }
}

/// Where what the page needs first is.
struct Places<'p>(SortedMap<&'p ProjectPath, Place>);

impl<'p> Places<'p> {
    fn of(plan: &'p Plan<'_>, split: &Split) -> Self {
        let inside: SortedSet<&ProjectPath> = split.inside.iter().collect();
        let place = |part: &'p Part| {
            let place = if inside.contains(&part.path) {
                Place::Embedded
            } else {
                Place::WithoutRoom
            };
            (&part.path, place)
        };
        Self(plan.parts().iter().map(place).collect())
    }

    fn place(&self, path: &ProjectPath) -> Place {
        if path.as_str() == PAGE || is_of_functions(path) {
            Place::Embedded
        } else if is_vendor(path) {
            Place::Shared
        } else {
            self.0.get(path).copied().unwrap_or(Place::Late)
        }
    }

    fn share(&self, set: &ArtifactSet, is_wanted: impl Fn(Place) -> bool) -> Share {
        let files = set.entries.iter();
        let wanted = files.filter(|(path, _)| is_wanted(self.place(path)));
        wanted.fold(Share::default(), |share, (_, artifact)| Share {
            files: share.files + 1,
            bytes: share.bytes + artifact.size,
        })
    }

    fn assets(&self, plan: &Plan<'_>) -> Vec<Asset> {
        let in_gzip: SortedMap<&ProjectPath, u64> = plan
            .parts()
            .iter()
            .filter(|part| part.is_gzip)
            .filter_map(|part| Some((&part.path, part.bytes.as_ref()?.len() as u64)))
            .collect();
        let all = plan.set().entries.iter().map(|(path, artifact)| Asset {
            path: path.clone(),
            bytes: artifact.size,
            gzip_bytes: in_gzip.get(path).copied(),
            place: self.place(path),
        });
        let mut assets: Vec<Asset> = all.collect();
        crate::sorted::sort_by_key(&mut assets, |asset| {
            (asset.place, std::cmp::Reverse(asset.bytes))
        });
        assets.truncate(MOST_ASSETS);
        assets
    }
}

#[cfg(test)]
mod tests;
