use super::*;
use crate::monitor::{
    Facts,
    figures::tests::{PRICES, built, window},
};

fn with(facts: Facts, script: u64) -> Window {
    let mut window = window([built(1, Some(2_000), Some(script))]);
    window.facts = facts;
    window
}

#[test]
fn a_tier_is_what_an_app_is_made_of() {
    let none = Facts::default();
    // All built files of the sample are ten times its script.
    let most = SIMPLE_BYTES / 10;
    for (facts, script, tier) in [
        (none, 1, Tier::Simple),
        (none, most, Tier::Simple),
        (none, most + 1, Tier::Performance),
        (
            Facts {
                own_worker: true,
                ..none
            },
            1,
            Tier::Performance,
        ),
        (
            Facts {
                functions: 1,
                ..none
            },
            1,
            Tier::Complex,
        ),
        (
            Facts {
                has_data: true,
                own_worker: true,
                ..none
            },
            most + 1,
            Tier::Complex,
        ),
    ] {
        assert_eq!(Tier::of(&with(facts, script)), tier, "{facts:?} {script}");
    }
}

#[test]
fn a_month_is_what_was_measured_at_its_price() {
    let facts = Facts {
        source_bytes: 1_000_000_000,
        ..Facts::default()
    };
    let models = Models {
        calls: 3,
        unpriced: 1,
        micros: 1_234,
    };
    let window = with(facts, 100_000_000);
    let cost = Cost::of(&window, models, &PRICES);
    let parts: Vec<_> = cost
        .parts
        .iter()
        .map(|part| (part.part, part.micros, part.quantity))
        .collect();
    assert_eq!(
        parts,
        [
            ("models", Some(1_234), Some(3)),
            ("builder", None, Some(2_000)),
            // Two gigabytes.
            ("storage", Some(30_000), Some(2_000_000_000)),
            ("requests", None, None),
            ("database", Some(0), Some(0)),
        ]
    );
    assert_eq!(cost.month_micros, 31_234);
    assert!(cost.parts[0].basis.contains("price is not known"));
    // Two seconds at 0.00003584 dollars.
    let prices = Prices {
        builds_in_containers: true,
    };
    let cost = Cost::of(&window, models, &prices);
    assert_eq!(cost.parts[1].micros, Some(71));
    assert_eq!(cost.month_micros, 31_305);
}

#[test]
fn what_nobody_has_measured_has_no_number() {
    let facts = Facts {
        has_data: true,
        ..Facts::default()
    };
    let cost = Cost::of(&with(facts, 1), Models::default(), &PRICES);
    for part in &cost.parts {
        assert!(part.basis.ends_with('.'), "{part:?}");
        if part.basis.starts_with("Not measured") {
            assert_eq!((part.micros, part.quantity), (None, None));
        }
    }
    let unmeasured = cost.parts.iter().filter(|part| part.quantity.is_none());
    let unmeasured: Vec<_> = unmeasured.map(|part| part.part).collect();
    assert_eq!(unmeasured, ["requests", "database"]);
}
