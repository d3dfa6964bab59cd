//! What is counted of a conversation, and what it tells when a threshold is reached.

use overskill::{
    generation::{Input, Job, Probe, Wanted, feed::Event},
    monitor::{
        Kind, Measurement,
        alert::{Alert, Levels, MOST_ATTEMPTS, Threshold, Thresholds, Webhook, wait},
    },
    publish::Environment,
    sorted::SortedMap,
    time::Timestamp,
};

use super::{
    PROMPT, until,
    world::{Fault, World},
};

fn webhook() -> Option<Webhook> {
    Some(Webhook {
        url: "https://hooks.example.com/".to_owned(),
        secret: "sealed".to_owned(),
    })
}

fn watch(world: &mut World, webhook: Option<Webhook>, threshold: Threshold, limit: u64) {
    world
        .take(Input::SetAlerts {
            webhook,
            thresholds: SortedMap::from([(threshold, limit)]),
        })
        .unwrap();
}

/// The app stands like this from now on.
fn stands(world: &mut World, threshold: Threshold, value: u64) {
    world.levels = Levels {
        at: world.now,
        values: SortedMap::from([(threshold, value)]),
    };
}

fn raised(world: &World) -> Vec<(String, u64)> {
    let told = world.feed.iter().filter_map(|event| match event {
        Event::AlertRaised { alert, value, .. } => Some((alert.clone(), *value)),
        _ => None,
    });
    told.collect()
}

/// Everything that is measured on the way to rest, once each.
fn measured(world: &mut World) -> Vec<Measurement> {
    let mut all: Vec<Measurement> = Vec::new();
    for _ in 0..2_000 {
        world.consume_all();
        let Some(job) = world.next_job() else {
            return all;
        };
        if let Job::Measure(Some(measurement)) = &job {
            all.push(measurement.clone());
        }
        world.run(&job, Fault::None);
    }
    panic!("never at rest");
}

#[test]
fn every_build_and_deployment_that_ends_is_measured_once() {
    let mut world = World::new(PROMPT);
    let built = measured(&mut world);
    let keys: Vec<_> = built.iter().map(Measurement::key).collect();
    let mut builds: Vec<_> = world
        .builds
        .keys()
        .map(|build| format!("build/{}", &build.as_str()[1..]))
        .collect();
    builds.sort();
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(sorted, builds);
    for measurement in &built {
        let sample = &measurement.sample;
        assert_eq!(measurement.kind, Kind::DevelopmentBuild);
        assert!(sample.ok && sample.sizes.is_some(), "{sample:?}");
        // Those of even versions came out of the build cache, where nobody has built.
        assert_eq!(sample.millis.is_none(), sample.cached, "{sample:?}");
    }
    let source = world.versions[&1].1.digest();
    let wanted = |environment| {
        Input::Deploy(Box::new(Wanted {
            environment,
            version: 1,
            source: Some(source),
            url: "http://app.example".to_owned(),
            by: "set-up".to_owned(),
            note: None,
        }))
    };
    world.take(wanted(Environment::Staging)).unwrap();
    world.now = world.now.after(1_000);
    let staged = measured(&mut world);
    let kinds: Vec<_> = staged
        .iter()
        .map(|one| (one.kind, one.sample.ok, one.sample.id))
        .collect();
    let number = u32::try_from(world.builds.len()).unwrap();
    assert!(
        kinds.contains(&(Kind::ProductionBuild, true, number)),
        "{kinds:?}"
    );
    assert!(
        kinds.contains(&(Kind::StagingDeployment, true, 1)),
        "{kinds:?}"
    );
    assert_eq!(kinds.len(), 2);
    let deployed = staged
        .iter()
        .find(|one| one.kind == Kind::StagingDeployment);
    assert!(deployed.unwrap().sample.millis.unwrap() >= 1_000);
}

#[test]
fn a_deployment_that_fails_is_measured_as_that() {
    let mut world = World::new(PROMPT);
    world.settle();
    let source = world.versions[&1].1.digest();
    world
        .take(Input::Deploy(Box::new(Wanted {
            environment: Environment::Production,
            version: 1,
            source: Some(source),
            url: "http://app.example".to_owned(),
            by: "set-up".to_owned(),
            note: None,
        })))
        .unwrap();
    let deployment = loop {
        world.consume_all();
        match world.next_job().unwrap() {
            Job::Deploy { deployment } => break deployment,
            job => world.run(&job, Fault::None),
        }
    };
    world
        .take(Input::Deployed {
            deployment,
            probe: Probe::Failed(vec!["The start page is empty.".to_owned()]),
            remote: None,
        })
        .unwrap();
    let is_of_deployment = |job: &Job| matches!(job, Job::Measure(Some(one)) if one.kind == Kind::ProductionDeployment);
    let Job::Measure(Some(measurement)) = world.next_job_of(is_of_deployment) else {
        panic!("it is measured")
    };
    assert!(!measurement.sample.ok);
}

#[test]
fn a_measurement_that_nobody_counts_is_tried_until_it_is() {
    let mut world = World::new(PROMPT);
    let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    world.consume_all();
    let job = until(&mut world, |job| matches!(job, Job::Measure(Some(_))));
    for failures in 1..50 {
        world
            .take(Input::JobFailed {
                job: job.clone(),
                failures,
                reason: "the workspace is away".to_owned(),
            })
            .unwrap();
    }
    assert!(world.outbox.contains_key(&job.key()));
    world.run(&job, Fault::Twice);
    assert!(!world.outbox.contains_key(&job.key()));
}

#[test]
fn a_threshold_that_is_reached_is_told_once_until_it_was_not() {
    let mut world = World::new(PROMPT);
    world.settle();
    stands(&mut world, Threshold::ScriptBytes, 900);
    watch(&mut world, webhook(), Threshold::ScriptBytes, 900);
    // What is reached already is told at once, to whom it was asked for and in the feed.
    world.settle();
    assert_eq!(raised(&world), [("a1".to_owned(), 900)]);
    let delivery = world.machine().watch().delivery.clone().unwrap();
    assert_eq!((delivery.alert.as_str(), delivery.error), ("a1", None));
    world.post(2, "add a rating from 1 to 5 to recipes");
    world.settle();
    assert_eq!(raised(&world).len(), 1);
    stands(&mut world, Threshold::ScriptBytes, 899);
    world
        .take(Input::StartBuild {
            mode: overskill::build::Mode::Development,
        })
        .unwrap();
    world.settle();
    assert!(world.machine().watch().raised.iter().next().is_none());
    stands(&mut world, Threshold::ScriptBytes, 901);
    world
        .take(Input::StartBuild {
            mode: overskill::build::Mode::Development,
        })
        .unwrap();
    world.settle();
    assert_eq!(raised(&world)[1..], [("a2".to_owned(), 901)]);
}

#[test]
fn a_threshold_of_costs_is_looked_at_whenever_something_was_paid() {
    let mut world = World::with(PROMPT, &["claude-test"]);
    watch(&mut world, None, Threshold::MonthCostMicros, 5);
    let job = until(&mut world, |job| matches!(job, Job::Settle { .. }));
    let asks = |world: &World| world.outbox.contains_key(&Job::Measure(None).key());
    while asks(&world) {
        let job = world.next_job_of(|job| matches!(job, Job::Measure(None)));
        world.run(&job, Fault::None);
    }
    stands(&mut world, Threshold::MonthCostMicros, 7);
    world.run(&job, Fault::None);
    assert!(asks(&world));
    world.run(&Job::Measure(None), Fault::Crash);
    world.run(&Job::Measure(None), Fault::Twice);
    assert_eq!(raised(&world), [("a1".to_owned(), 7)]);
    // Without a webhook nothing is sent.
    assert!(!world.outbox.keys().any(|key| key.starts_with("alert/")));
}

#[test]
fn an_alert_that_does_not_arrive_is_sent_again_with_growing_waits_and_given_up_in_the_end() {
    let mut world = World::new(PROMPT);
    world.settle();
    stands(&mut world, Threshold::FailedBuilds, 3);
    watch(&mut world, webhook(), Threshold::FailedBuilds, 3);
    let job = until(&mut world, |job| matches!(job, Job::Alert(_)));
    let Job::Alert(Alert { id, value, .. }) = &job else {
        panic!("{job:?}")
    };
    assert_eq!((id.as_str(), *value), ("a1", 3));
    for failures in 1..=MOST_ATTEMPTS {
        assert!(world.outbox.contains_key("alert/a1"), "{failures}");
        world
            .take(Input::JobFailed {
                job: job.clone(),
                failures,
                reason: "The webhook answers with the status 500".to_owned(),
            })
            .unwrap();
        if let Some((_, due)) = world.outbox.get("alert/a1") {
            assert_eq!(due.since(world.now), wait(failures));
        }
    }
    assert!(!world.outbox.contains_key("alert/a1"));
    let delivery = world.machine().watch().delivery.clone().unwrap();
    assert!(delivery.error.unwrap().contains("500"));
}

#[test]
fn what_is_not_watched_any_more_is_not_told() {
    let mut world = World::new(PROMPT);
    world.settle();
    stands(&mut world, Threshold::FailedBuilds, 3);
    watch(&mut world, webhook(), Threshold::FailedBuilds, 3);
    world
        .take(Input::SetAlerts {
            webhook: None,
            thresholds: Thresholds::new(),
        })
        .unwrap();
    world.settle();
    assert_eq!(raised(&world), []);
    assert_eq!(world.machine().watch().webhook, None);
}

#[test]
fn of_an_app_that_was_deleted_nothing_is_told() {
    let mut world = World::new(PROMPT);
    world.settle();
    stands(&mut world, Threshold::FailedBuilds, 3);
    watch(&mut world, webhook(), Threshold::FailedBuilds, 3);
    until(&mut world, |job| matches!(job, Job::Alert(_)));
    world.take(Input::Delete).unwrap();
    assert!(!world.outbox.keys().any(|key| key.starts_with("alert/")));
    assert_eq!(world.machine().watch().webhook, None);
    world
        .take(Input::Measured {
            measurement: None,
            levels: Levels {
                at: Timestamp(u64::MAX),
                ..world.levels.clone()
            },
        })
        .unwrap();
    assert!(!world.outbox.keys().any(|key| key.starts_with("alert/")));
}
