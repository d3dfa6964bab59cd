use proptest::prelude::*;

use super::*;

fn sample(id: u32, at: u64, ok: bool) -> Sample {
    Sample {
        id,
        at: Timestamp(at),
        ok,
        cached: false,
        millis: Some(u64::from(id) * 10),
        waited: None,
        sizes: None,
    }
}

fn measurement(kind: Kind, sample: Sample) -> Measurement {
    Measurement { kind, sample }
}

const NOW: Timestamp = Timestamp(1_000 * DAY_MILLIS);

#[test]
fn what_comes_twice_is_counted_once() {
    let mut window = Window::default();
    for _ in 0..2 {
        let built = measurement(Kind::DevelopmentBuild, sample(7, NOW.0, true));
        window.take(built, NOW);
    }
    let series = &window.series[&Kind::DevelopmentBuild];
    assert_eq!((series.succeeded, series.timed, series.millis), (1, 1, 70));
    assert_eq!(window.samples(Kind::DevelopmentBuild).len(), 1);
    assert_eq!(window.builder.values().copied().collect::<Vec<_>>(), [70]);
    assert_eq!(window.samples(Kind::ProductionBuild), []);
}

#[test]
fn the_newest_hundred_of_each_kind_are_kept() {
    let mut window = Window::default();
    for id in 1..=250 {
        let at = NOW.0 + u64::from(id);
        for kind in [Kind::DevelopmentBuild, Kind::StagingDeployment] {
            window.take(measurement(kind, sample(id, at, true)), Timestamp(at));
        }
    }
    for kind in [Kind::DevelopmentBuild, Kind::StagingDeployment] {
        let ids: Vec<u32> = window.samples(kind).iter().map(|one| one.id).collect();
        assert_eq!(ids, (151..=250).collect::<Vec<_>>());
        // How many there ever were is known still.
        assert_eq!(window.series[&kind].succeeded, 250);
    }
    assert_eq!(MOST_SAMPLES, 100);
}

#[test]
fn what_is_older_than_thirty_days_is_not_kept() {
    let mut window = Window::default();
    let old = NOW.0 - 30 * DAY_MILLIS;
    for (id, at) in [(1, old - 1), (2, old), (3, NOW.0)] {
        window.take(
            measurement(Kind::ProductionBuild, sample(id, at, true)),
            Timestamp(at),
        );
    }
    let ids = |window: &Window| -> Vec<u32> {
        let samples = window.samples(Kind::ProductionBuild).iter();
        samples.map(|one| one.id).collect()
    };
    assert_eq!(ids(&window), [2, 3]);
    assert_eq!(window.builder.values().copied().collect::<Vec<_>>(), [30]);
    // Also where nothing new is measured.
    window.forget(NOW.after(31 * DAY_MILLIS));
    assert_eq!(ids(&window), [] as [u32; 0]);
    assert_eq!(window.builder.values().count(), 0);
    assert_eq!(window.series[&Kind::ProductionBuild].succeeded, 3);
}

#[test]
fn failures_count_back_from_the_newest_of_all_kinds() {
    let mut window = Window::default();
    for (kind, id, at, ok) in [
        (Kind::DevelopmentBuild, 1, 1, false),
        (Kind::ProductionBuild, 2, 2, true),
        (Kind::DevelopmentBuild, 3, 3, false),
        (Kind::ProductionBuild, 4, 4, false),
        (Kind::StagingDeployment, 1, 5, true),
    ] {
        window.take(measurement(kind, sample(id, NOW.0 + at, ok)), NOW.after(at));
    }
    assert_eq!(window.failures_in_a_row(&Kind::BUILDS), 2);
    assert_eq!(window.failures_in_a_row(&Kind::DEPLOYMENTS), 0);
}

#[test]
fn it_is_stored_as_json() {
    let mut window = Window::default();
    let mut one = sample(7, NOW.0, true);
    one.sizes = Some(Sizes {
        script: 1,
        assets: 2,
    });
    window.take(measurement(Kind::DevelopmentBuild, one), NOW);
    window.take(measurement(Kind::Start, sample(7, NOW.0, true)), NOW);
    let text = serde_json::to_string(&window).unwrap();
    assert_eq!(serde_json::from_str::<Window>(&text).unwrap(), window);
    let key = |kind| measurement(kind, sample(7, 1, true)).key();
    assert_eq!(key(Kind::ProductionBuild), "build/7");
    assert_eq!(key(Kind::StagingDeployment), "deployment/7");
    assert_eq!(key(Kind::Start), "start/7");
}

proptest! {
    /// Whatever is measured, and in whichever order it comes: no more is kept than may be, in the order of time, and all is counted.
    #[test]
    fn it_is_bounded(all in proptest::collection::vec((1..400_u32, 0..60 * DAY_MILLIS, any::<bool>()), 0..300)) {
        let mut window = Window::default();
        let mut ids = std::collections::BTreeSet::new();
        let now = NOW.after(60 * DAY_MILLIS);
        for (id, after, ok) in all {
            ids.insert(id);
            window.take(measurement(Kind::DevelopmentBuild, sample(id, NOW.0 + after, ok)), now);
        }
        let samples = window.samples(Kind::DevelopmentBuild);
        prop_assert!(samples.len() <= MOST_SAMPLES);
        prop_assert!(samples.iter().all(|one| now.since(one.at) <= KEPT_DAYS * DAY_MILLIS));
        prop_assert!(samples.is_sorted_by_key(|one| one.at));
        prop_assert!(window.builder.values().count() <= KEPT_DAYS as usize);
        if let Some(series) = window.series.get(&Kind::DevelopmentBuild) {
            prop_assert!(series.succeeded + series.failed >= ids.len() as u64);
        }
    }
}
