//! What an app costs in a month of thirty days: what was measured times what is published as its price.
//!
//! Prices are constants with their source. What a plan includes is not taken off, since it is the account's and not an app's. What nobody has measured
//! has no price here, and says so.

use serde::Serialize;

use super::window::{Kind, Window};

/// Millionths of a dollar for a gigabyte (10^9 bytes) of R2's standard storage in a month: 0.015 dollars.
/// <https://developers.cloudflare.com/r2/pricing/>
pub const R2_GIGABYTE_MICROS: u64 = 15_000;

/// Thousand-millionths of a dollar for a second of a container of the type `standard-2`, as `docs/builder.md` sets it up: one vCPU at 0.000020 dollars, 6 GiB of memory at
/// 0.0000025 and 12 GB of disk at 0.00000007. <https://developers.cloudflare.com/containers/pricing/>
pub const CONTAINER_SECOND_NANOS: u64 = 20_000 + 6 * 2_500 + 12 * 70;

/// How large the built files of a simple app are at most, in bytes.
pub const SIMPLE_BYTES: u64 = 5 * 1024 * 1024;

/// What an app is made of, the cheapest to run first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Pages alone, with built files of at most [`SIMPLE_BYTES`], served by this Worker.
    Simple,
    /// Pages alone, with more files or a Worker of its own on an account.
    Performance,
    /// It has functions, or tables or users in a database.
    Complex,
}

impl Tier {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Simple, Self::Performance, Self::Complex];

    /// That of an app.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        let facts = &window.facts;
        if facts.functions > 0 || facts.has_data {
            Self::Complex
        } else if facts.own_worker || built_bytes(window) > SIMPLE_BYTES {
            Self::Performance
        } else {
            Self::Simple
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Performance => "performance",
            Self::Complex => "complex",
        }
    }
}

/// What the installation pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// Whether builds run in Cloudflare's containers, and not on a machine of the operator's.
    pub builds_in_containers: bool,
}

/// What the models of an app have cost in the last thirty days, as the ledger has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Models {
    /// Calls that are settled.
    pub calls: u64,
    /// How many of them were of models whose price is not known.
    pub unpriced: u64,
    /// What the others cost, in millionths of a dollar.
    pub micros: u64,
}

/// A part of what an app costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Which one.
    pub part: &'static str,
    /// Millionths of a dollar; nothing where it was not measured, or has no price.
    pub micros: Option<u64>,
    /// How much was measured.
    pub quantity: Option<u64>,
    /// Of what.
    pub unit: &'static str,
    /// Where the number comes from, or why there is none.
    pub basis: &'static str,
}

/// What an app costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// What it is made of.
    pub tier: Tier,
    /// What is known of the last thirty days, in millionths of a dollar: the sum of the parts that have a number.
    pub month_micros: u64,
    /// All parts.
    pub parts: Vec<Part>,
}

impl Cost {
    /// That of an app.
    #[must_use]
    pub fn of(window: &Window, models: Models, prices: &Prices) -> Self {
        let tier = Tier::of(window);
        let parts = vec![
            of_models(models),
            of_builder(window, prices),
            of_storage(window),
            not_measured(
                "requests",
                "requests",
                "Not measured: visitors are not counted. The account's own numbers have them (Workers Paid: 5 dollars a month with 10 million requests, 0.30 for each million more).",
            ),
            match window.facts.has_data {
                true => not_measured(
                    "database",
                    "bytes",
                    "Not measured: the apps of a database share it, and what it costs is the project's price.",
                ),
                false => Part {
                    part: "database",
                    micros: Some(0),
                    quantity: Some(0),
                    unit: "bytes",
                    basis: "The app has no data in a database.",
                },
            },
        ];
        Self {
            tier,
            month_micros: parts.iter().filter_map(|part| part.micros).sum(),
            parts,
        }
    }
}

fn of_models(models: Models) -> Part {
    Part {
        part: "models",
        micros: Some(models.micros),
        quantity: Some(models.calls),
        unit: "calls",
        basis: if models.unpriced > 0 {
            "The ledger of the last 30 days. Some calls were of models whose price is not known, and count nothing."
        } else {
            "The ledger of the last 30 days."
        },
    }
}

fn of_builder(window: &Window, prices: &Prices) -> Part {
    let millis: u64 = window.builder.values().sum();
    Part {
        part: "builder",
        // Nanodollars a second are micros a million milliseconds.
        micros: prices
            .builds_in_containers
            .then(|| millis.saturating_mul(CONTAINER_SECOND_NANOS) / 1_000_000),
        quantity: Some(millis),
        unit: "milliseconds",
        basis: if prices.builds_in_containers {
            "The builder's own account of the last 30 days, at the price of a container of the type standard-2 while it works."
        } else {
            "The builder's own account of the last 30 days. It is a machine of the operator's, whose price is not known here."
        },
    }
}

fn of_storage(window: &Window) -> Part {
    let bytes = built_bytes(window).saturating_add(window.facts.source_bytes);
    Part {
        part: "storage",
        micros: Some(bytes.saturating_mul(R2_GIGABYTE_MICROS) / 1_000_000_000),
        quantity: Some(bytes),
        unit: "bytes",
        basis: "The app's files and the newest built files of each mode for a month in R2. Earlier versions and builds, and operations, are not measured.",
    }
}

const fn not_measured(part: &'static str, unit: &'static str, basis: &'static str) -> Part {
    Part {
        part,
        micros: None,
        quantity: None,
        unit,
        basis,
    }
}

/// The newest built files of each mode, in bytes.
fn built_bytes(window: &Window) -> u64 {
    let newest = Kind::BUILDS
        .into_iter()
        .filter_map(|kind| window.newest_sizes(kind));
    newest.map(|sizes| sizes.assets).sum()
}

#[cfg(test)]
mod tests;
