//! What visitors are answered right after a deployment: when most of it is errors, what was there before comes back by itself, once.

use overskill::{
    generation::{Input, Job, feed::Event},
    ids::DeploymentId,
    publish::{
        AUTOMATIC, Answers, Deployment, DeploymentStatus as Status,
        Environment::{Production, Staging},
        LEAST_FAILED, Origin, WATCHED_MILLIS,
    },
};

use super::{
    deployments::{app, at_deploy, deploy, fails, live, production_builds, roll_back, status},
    world::{Fault, World},
};

/// An app with a version live in production, and a later one in its place.
fn two() -> (World, DeploymentId, DeploymentId) {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    world.settle();
    let second = deploy(&mut world, Production, 3);
    world.settle();
    (world, first, second)
}

fn answered(world: &mut World, deployment: &DeploymentId, failed: u32, all: u32) {
    world
        .take(Input::Answered {
            deployment: deployment.clone(),
            answers: Answers { all, failed },
        })
        .unwrap();
}

fn trouble<'a>(world: &'a World, id: &DeploymentId) -> Option<&'a str> {
    world.deployments[id].trouble.as_deref()
}

fn newest(world: &World) -> &Deployment {
    world.deployments.values().next_back().unwrap()
}

#[test]
fn what_was_there_before_comes_back_without_a_build() {
    let (mut world, first, second) = two();
    let builds = production_builds(&world);
    world.now = world.deployments[&second].live_at.unwrap().after(39_500);
    answered(&mut world, &second, 5, 8);
    assert_eq!(world.deployments.len(), 2, "so few may be anything");
    answered(&mut world, &second, 7, 12);
    let back = newest(&world).id.clone();
    assert_eq!(status(&world, &back), Status::Deploying);
    assert_eq!(live(&world, Production), Some(3), "until it was looked at");
    world.settle();
    assert_eq!(live(&world, Production), Some(2));
    assert_eq!(production_builds(&world), builds);
    let back = &world.deployments[&back];
    assert_eq!(back.digest, world.deployments[&first].digest);
    let found = "12 of 20 answers in the 40 seconds after the switch were errors.";
    let origin = Origin::AutomaticRollback {
        to: first.clone(),
        from: second.clone(),
        reason: found.to_owned(),
    };
    assert_eq!(
        (&back.origin, back.by.as_str(), &back.note),
        (&origin, AUTOMATIC, &None)
    );
    assert_eq!(status(&world, &second), Status::Superseded);
    let said = format!("{found} `{first}` comes back.");
    assert_eq!(trouble(&world, &second), Some(said.as_str()));
    let told = world.feed.iter().any(|event| {
        matches!(event, Event::DeploymentChanged { deployment, status: Status::Live, origin: told, .. }
            if *deployment == back.id && *told == origin)
    });
    assert!(told, "the feed says why");
}

#[test]
fn a_deployment_that_fails_now_and_then_stays() {
    let (mut world, _, second) = two();
    answered(&mut world, &second, LEAST_FAILED - 1, LEAST_FAILED - 1);
    answered(&mut world, &second, 40, 100);
    answered(&mut world, &second, 0, 50);
    world.settle();
    assert_eq!(live(&world, Production), Some(3));
    assert_eq!(
        (world.deployments.len(), trouble(&world, &second)),
        (2, None)
    );
}

#[test]
fn what_is_told_too_late_or_of_another_is_nothing() {
    let (mut world, first, second) = two();
    answered(&mut world, &first, 100, 100);
    answered(&mut world, &DeploymentId::numbered(77), 100, 100);
    let since = world.deployments[&second].live_at.unwrap();
    let machine = world.machine();
    let (watched, until) = machine.served(Production).watched.unwrap();
    let watched = watched.clone();
    assert_eq!(
        (until, watched),
        (since.after(WATCHED_MILLIS), second.clone())
    );
    world.now = until.after(1);
    answered(&mut world, &second, 100, 100);
    world.settle();
    assert_eq!(live(&world, Production), Some(3));
    world.now = until;
    answered(&mut world, &second, 100, 100);
    world.settle();
    assert_eq!(live(&world, Production), Some(2));
}

#[test]
fn the_first_deployment_stays_and_says_so_once() {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    world.settle();
    answered(&mut world, &first, 10, 10);
    let events = world.feed.len();
    assert!(
        trouble(&world, &first)
            .unwrap()
            .ends_with("There is nothing to go back to.")
    );
    assert_eq!(
        world.machine().served(Production).watched,
        None,
        "nobody counts any more"
    );
    answered(&mut world, &first, 10, 10);
    world.settle();
    assert_eq!(world.feed.len(), events);
    assert_eq!(
        (status(&world, &first), world.deployments.len()),
        (Status::Live, 1)
    );
}

#[test]
fn two_that_fail_do_not_take_turns() {
    let (mut world, first, second) = two();
    answered(&mut world, &second, 10, 10);
    world.settle();
    let back = newest(&world).id.clone();
    answered(&mut world, &back, 10, 10);
    world.settle();
    assert_eq!(newest(&world).id, back);
    assert!(trouble(&world, &back).unwrap().ends_with("so it stays."));

    // One that somebody has asked for is a rollback as well.
    let again = deploy(&mut world, Production, 3);
    world.settle();
    let back = roll_back(&mut world, &first).unwrap();
    world.settle();
    answered(&mut world, &back, 10, 10);
    world.settle();
    assert_eq!(
        (newest(&world).id.clone(), live(&world, Production)),
        (back, Some(2))
    );
    assert_eq!(status(&world, &again), Status::Superseded);
}

#[test]
fn one_that_cannot_come_back_is_tried_once() {
    let (mut world, _, second) = two();
    answered(&mut world, &second, 10, 10);
    let back = at_deploy(&mut world);
    fails(&mut world, &back);
    answered(&mut world, &second, 10, 10);
    world.settle();
    assert_eq!(status(&world, &back), Status::Failed);
    assert_eq!(
        (newest(&world).id.clone(), live(&world, Production)),
        (back, Some(3))
    );
}

#[test]
fn what_may_mend_it_is_not_lost() {
    let (mut world, _, second) = two();
    // It is being built: what was there comes back meanwhile, and then it comes.
    let mends = deploy(&mut world, Production, 1);
    let later = deploy(&mut world, Production, 3);
    assert_eq!(status(&world, &mends), Status::Building);
    answered(&mut world, &second, 10, 10);
    let back = newest(&world).id.clone();
    assert_eq!(
        [&back, &mends, &later].map(|id| status(&world, id)),
        [Status::Deploying, Status::Waiting, Status::Waiting]
    );
    let job = Job::Deploy {
        deployment: back.clone(),
    };
    world.run(&job, Fault::None);
    assert_eq!(
        (status(&world, &back), live(&world, Production)),
        (Status::Live, Some(2))
    );
    assert_eq!(status(&world, &mends), Status::Building);
    world.settle();
    assert_eq!(
        [&back, &mends, &later].map(|id| status(&world, id)),
        [Status::Superseded, Status::Superseded, Status::Live]
    );

    // It is being put there: nothing comes before it, and when it fails, what is heard then decides.
    let mends = deploy(&mut world, Production, 2);
    assert_eq!(at_deploy(&mut world), mends);
    answered(&mut world, &later, 10, 10);
    assert_eq!(newest(&world).id, mends);
    fails(&mut world, &mends);
    answered(&mut world, &later, 1, 1);
    world.settle();
    assert_eq!(live(&world, Production), Some(1));
}

#[test]
fn the_same_bytes_once_more_are_no_way_back() {
    let (mut world, first, second) = two();
    let since = world.deployments[&second].live_at.unwrap();
    world.now = since.after(60_000);
    let again = deploy(&mut world, Production, 3);
    world.settle();
    let machine = world.machine();
    assert_eq!(
        machine.served(Production).watched,
        Some((&again, since.after(WATCHED_MILLIS))),
        "as long as the bytes are new"
    );
    answered(&mut world, &second, 10, 10);
    assert_eq!(live(&world, Production), Some(3), "that one is over");
    answered(&mut world, &again, 10, 10);
    world.settle();
    let Origin::AutomaticRollback { to, from, .. } = &newest(&world).origin else {
        panic!("{:?}", newest(&world));
    };
    assert_eq!((to, from), (&first, &again));
}

#[test]
fn environments_are_apart_and_the_preview_is_not_watched() {
    let (mut world, _, second) = two();
    let staging = deploy(&mut world, Staging, 3);
    world.settle();
    answered(&mut world, &staging, 10, 10);
    world.settle();
    assert!(trouble(&world, &staging).is_some());
    assert_eq!(
        (live(&world, Production), live(&world, Staging)),
        (Some(3), Some(3))
    );
    let machine = world.machine();
    assert!(
        machine
            .served(overskill::publish::Environment::Preview)
            .watched
            .is_none()
    );
    assert_eq!(machine.served(Production).watched.unwrap().0, &second);
}

#[test]
fn an_app_that_was_deleted_hears_nothing() {
    let (mut world, _, second) = two();
    world.take(Input::Delete).unwrap();
    let answers = Answers {
        all: 10,
        failed: 10,
    };
    let told = world.take(Input::Answered {
        deployment: second,
        answers,
    });
    assert!(told.is_err());
    world.settle();
    assert!(world.deployments.is_empty());
}
