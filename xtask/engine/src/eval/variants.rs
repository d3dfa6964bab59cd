//! The ways in which a recorded edit is put to the engine.

mod moved;
mod outdated;
mod written;

use overskill_bench::Random;

pub(crate) use self::written::elided;
use super::{
    corpus::Case,
    trial::{Demand, Dialect, Trial},
};

/// One way, and what it demands.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) demand: Demand,
    pub(crate) dialects: &'static [Dialect],
    pub(crate) trials: fn(&Case, &mut Random) -> Vec<Trial>,
}

const ALL: &[Dialect] = &[
    Dialect::LineReplace,
    Dialect::EditLines,
    Dialect::StrReplace,
    Dialect::ApplyPatch,
];
/// Those that state lines by their numbers.
const BOTH: &[Dialect] = &[Dialect::LineReplace, Dialect::EditLines];
/// An anchored edit has no search text that could be written otherwise.
const SEARCHED: &[Dialect] = &[Dialect::LineReplace];

/// All of them, in the order of the table.
pub(crate) const VARIANTS: &[Variant] = &[
    Variant {
        name: "exact",
        demand: Demand::Right,
        dialects: ALL,
        trials: written::exact,
    },
    Variant {
        name: "ellipsis",
        demand: Demand::Right,
        dialects: SEARCHED,
        trials: written::ellipsis,
    },
    Variant {
        name: "CRLF",
        demand: Demand::Right,
        dialects: ALL,
        trials: written::crlf,
    },
    Variant {
        name: "byte order mark",
        demand: Demand::Right,
        dialects: ALL,
        trials: written::marked,
    },
    Variant {
        name: "no final newline",
        demand: Demand::Right,
        dialects: ALL,
        trials: written::unfinished,
    },
    Variant {
        name: "$-sequences",
        demand: Demand::Right,
        dialects: ALL,
        trials: written::dollars,
    },
    Variant {
        name: "parallel, shuffled",
        demand: Demand::Right,
        dialects: BOTH,
        trials: written::shuffled,
    },
    Variant {
        name: "trailing white space",
        demand: Demand::NeverWrong,
        dialects: SEARCHED,
        trials: written::trailing,
    },
    Variant {
        name: "re-indented",
        demand: Demand::NeverWrong,
        dialects: SEARCHED,
        trials: written::indented,
    },
    Variant {
        name: "shifted down",
        demand: Demand::NeverWrong,
        dialects: ALL,
        trials: moved::shifted_down,
    },
    Variant {
        name: "shifted down by blank lines",
        demand: Demand::NeverWrong,
        dialects: ALL,
        trials: moved::shifted_by_blanks,
    },
    Variant {
        name: "shifted up",
        demand: Demand::NeverWrong,
        dialects: ALL,
        trials: moved::shifted_up,
    },
    Variant {
        name: "shifted from some edit on",
        demand: Demand::NeverWrong,
        dialects: ALL,
        trials: moved::shifted_between,
    },
    Variant {
        name: "shifted, ellipsis",
        demand: Demand::NeverWrong,
        dialects: SEARCHED,
        trials: moved::shifted_ellipsis,
    },
    Variant {
        name: "stale",
        demand: Demand::Refused,
        dialects: BOTH,
        trials: outdated::stale,
    },
    Variant {
        name: "stale, not gone",
        demand: Demand::Refused,
        dialects: &[Dialect::ApplyPatch],
        trials: outdated::stale_touched,
    },
    Variant {
        // A text may stand in a line that has more now.
        name: "stale, not gone",
        demand: Demand::ByContract,
        dialects: &[Dialect::StrReplace],
        trials: outdated::stale_touched,
    },
    Variant {
        name: "stale, ellipsis",
        demand: Demand::Refused,
        dialects: SEARCHED,
        trials: outdated::stale_ellipsis,
    },
    Variant {
        name: "stale, a copy elsewhere",
        demand: Demand::Refused,
        dialects: BOTH,
        trials: outdated::stale_copied,
    },
    Variant {
        name: "lines gone, a copy elsewhere",
        demand: Demand::ByContract,
        dialects: BOTH,
        trials: outdated::gone_copied,
    },
    Variant {
        name: "duplicated target",
        demand: Demand::Refused,
        dialects: BOTH,
        trials: outdated::duplicated,
    },
    Variant {
        name: "duplicated target, ellipsis",
        demand: Demand::Refused,
        dialects: SEARCHED,
        trials: outdated::duplicated_ellipsis,
    },
];
