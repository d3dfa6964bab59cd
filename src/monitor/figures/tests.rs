use proptest::prelude::*;

use super::*;
use crate::monitor::{Measurement, Sizes, cost::Models};

/// Before the first measurement.
const BEGAN: Timestamp = Timestamp(1_000 * crate::monitor::DAY_MILLIS);

pub(in crate::monitor) fn built(id: u32, millis: Option<u64>, script: Option<u64>) -> Measurement {
    Measurement {
        kind: Kind::DevelopmentBuild,
        sample: Sample {
            id,
            at: BEGAN.after(u64::from(id)),
            ok: script.is_some(),
            cached: script.is_some() && millis.is_none(),
            millis,
            waited: Some(millis.unwrap_or_default() + 5),
            sizes: script.map(|script| Sizes {
                script,
                assets: 10 * script,
            }),
        },
    }
}

pub(in crate::monitor) fn window(measurements: impl IntoIterator<Item = Measurement>) -> Window {
    let mut window = Window::default();
    for measurement in measurements {
        window.take(measurement, BEGAN.after(1_000));
    }
    window
}

pub(in crate::monitor) const PRICES: Prices = Prices {
    builds_in_containers: false,
};

pub(in crate::monitor) fn app(id: &str, name: &str, window: Window) -> FleetApp {
    let app = id.parse().unwrap();
    FleetApp::new(app, name.to_owned(), window, Models::default(), &PRICES)
}

#[test]
fn percentiles_are_of_the_nearest_rank() {
    assert_eq!(percentile(&[], 50), None);
    assert_eq!(percentile(&[7], 50), Some(7));
    assert_eq!(percentile(&[7], 95), Some(7));
    let five = [15, 20, 35, 40, 50];
    for (percent, value) in [(0, 15), (5, 15), (30, 20), (40, 20), (50, 35), (100, 50)] {
        assert_eq!(percentile(&five, percent), Some(value), "{percent}");
    }
    let hundred: Vec<u64> = (1..=100).rev().collect();
    assert_eq!(percentile(&hundred, 50), Some(50));
    assert_eq!(percentile(&hundred, 95), Some(95));
}

proptest! {
    #[test]
    fn a_percentile_is_the_least_value_that_enough_are_not_above(values in proptest::collection::vec(0..1_000_u64, 1..300), percent in 1..=100_usize) {
        let value = percentile(&values, percent).unwrap();
        prop_assert!(values.contains(&value));
        let share = |bound: u64| 100 * values.iter().filter(|one| **one <= bound).count();
        prop_assert!(share(value) >= percent * values.len());
        if let Some(below) = values.iter().filter(|one| **one < value).max() {
            prop_assert!(share(*below) < percent * values.len());
        }
    }

    #[test]
    fn a_change_is_rounded(first in 1..1_000_000_u64, newest in 0..1_000_000_u64) {
        let change = Change::between(first, newest);
        let exact = (newest as f64 - first as f64) * 100.0 / first as f64;
        prop_assert!((change.percent.unwrap() as f64 - exact).abs() <= 0.5);
        prop_assert_eq!(change.bytes, newest as i64 - first as i64);
    }
}

#[test]
fn an_app_is_told_with_its_trend() {
    let window = window([
        built(1, Some(100), Some(1_000)),
        built(2, Some(300), None),
        built(3, None, Some(2_000)),
        built(4, Some(200), Some(1_500)),
        built(5, None, None),
    ]);
    let cost = Cost::of(&window, Models::default(), &PRICES);
    let metrics = AppMetrics::of("abcdefgh".parse().unwrap(), &window, cost);
    let builds = &metrics.figures.builds[0];
    assert_eq!(
        (builds.mode, builds.count, builds.failed, builds.cached),
        ("development", 5, 2, 1)
    );
    assert_eq!(
        builds.build,
        Some(Spread {
            count: 3,
            p50_ms: 200,
            p95_ms: 300
        })
    );
    assert_eq!(builds.wait.unwrap().count, 5);
    assert_eq!(metrics.figures.build_p95_ms(), Some(300));
    assert_eq!(metrics.figures.builds[1].build, None);
    let [trend] = metrics.sizes.as_slice() else {
        panic!("one mode was built")
    };
    assert_eq!((trend.first.build, trend.newest.build), (1, 4));
    assert_eq!(
        trend.script_change,
        Change {
            bytes: 500,
            percent: Some(50)
        }
    );
    assert_eq!(trend.series.len(), 3);
    assert_eq!(metrics.failed_builds_in_a_row, 1);
    assert_eq!(metrics.measured_at, Some(BEGAN.after(5)));
    assert_eq!(Change::between(0, 5).percent, None);
}

#[test]
fn a_fleet_is_all_durations_of_all_apps() {
    let one = window((1..=19).map(|id| built(id, Some(10), Some(1))));
    let other = window([built(1, Some(500), Some(1))]);
    let mut functions = window([]);
    functions.facts.functions = 1;
    let fleet = Fleet::of(
        vec![
            app("abcdefgh", "One", one),
            app("bcdefghi", "Other", other),
            app("cdefghij", "Functions", functions),
        ],
        3,
    );
    // Not a percentile of percentiles.
    assert_eq!(
        fleet.fleet.builds[0].build,
        Some(Spread {
            count: 20,
            p50_ms: 10,
            p95_ms: 10
        })
    );
    let tiers: Vec<_> = fleet.tiers.iter().map(|tier| tier.apps).collect();
    assert_eq!(tiers, [2, 0, 1]);
    assert_eq!(fleet.apps_left_out, 3);
    assert!(fleet.apps[0].sizes[0].series.is_empty());
}
