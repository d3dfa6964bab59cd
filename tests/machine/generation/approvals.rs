//! Approvals: what needs one begins when somebody else has given it, and nothing else waits for that.

use overskill::{
    build::Diagnostic,
    config::Limits,
    error::{Error, Kind},
    generation::{BuildOutcome, Input, Job, feed::Event},
    ids::DeploymentId,
    publish::{
        Decision, DeploymentStatus as Status,
        Environment::{self, Production, Staging},
    },
};

use super::{
    deployments::{app, deploy, live, roll_back, status},
    until,
    world::{Fault, World},
};

/// An app whose deployments to production are approved.
fn approved() -> World {
    let mut world = app();
    need(&mut world, &[Production]);
    world
}

fn need(world: &mut World, environments: &[Environment]) {
    world
        .take(Input::SetApprovals {
            environments: environments.iter().copied().collect(),
            by: "set-up".to_owned(),
        })
        .unwrap();
}

fn decide(world: &mut World, id: &DeploymentId, decision: Decision, by: &str) -> Result<(), Error> {
    world.take(Input::Decide {
        deployment: id.clone(),
        decision,
        by: by.to_owned(),
        note: Some("seen".to_owned()),
    })?;
    Ok(())
}

fn awaiting(world: &World) -> Vec<DeploymentId> {
    let machine = world.machine();
    let all = machine.awaiting_approval();
    all.map(|deployment| deployment.id.clone()).collect()
}

#[test]
fn nothing_is_built_or_served_before_somebody_else_has_approved_it() {
    let mut world = approved();
    let id = deploy(&mut world, Production, 3);
    world.settle();
    assert_eq!(status(&world, &id), Status::AwaitingApproval);
    assert_eq!(awaiting(&world), std::slice::from_ref(&id));
    assert_eq!(
        (
            live(&world, Production),
            world.deployments[&id].build.as_ref()
        ),
        (None, None)
    );
    // Whoever has asked for it is no second pair of eyes.
    let error = decide(&mut world, &id, Decision::Approve, "set-up").unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(
        error.public,
        "`set-up` has asked for `d1` and cannot approve it; somebody with another token can."
    );
    assert_eq!(awaiting(&world), std::slice::from_ref(&id));
    decide(&mut world, &id, Decision::Approve, "laptop").unwrap();
    assert_eq!(status(&world, &id), Status::Building);
    assert_eq!(awaiting(&world), []);
    world.settle();
    assert_eq!(live(&world, Production), Some(3));
    let approval = world.deployments[&id].approval.clone().unwrap();
    assert_eq!(
        (approval.by.as_str(), approval.note.as_deref()),
        ("laptop", Some("seen"))
    );
    // It is approved once.
    let error = decide(&mut world, &id, Decision::Approve, "laptop").unwrap_err();
    assert_eq!(error.public, "`d1` does not await approval.");
    let told: Vec<Status> = world
        .feed
        .iter()
        .filter_map(|event| match event {
            Event::DeploymentChanged { status, .. } => Some(*status),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            Status::AwaitingApproval,
            Status::Waiting,
            Status::Building,
            Status::Deploying,
            Status::Live
        ]
    );
}

#[test]
fn what_awaits_one_is_in_nobodys_way() {
    let mut world = approved();
    let staged = deploy(&mut world, Staging, 2);
    assert_eq!(
        status(&world, &staged),
        Status::Building,
        "staging needs none"
    );
    let asked = deploy(&mut world, Production, 2);
    // Its version's build fails meanwhile, and takes the sources along that staging has brought.
    let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    let work = world.claim().unwrap();
    world.report(
        &work,
        BuildOutcome::Failed {
            diagnostics: vec![Diagnostic::error("vite", "There is no `x`.")],
            report: None,
        },
    );
    assert_eq!(status(&world, &staged), Status::Failed);
    need(&mut world, &[]);
    let free = deploy(&mut world, Production, 3);
    world.settle();
    assert_eq!(live(&world, Production), Some(3));
    assert_eq!(status(&world, &free), Status::Live);
    assert_eq!(
        status(&world, &asked),
        Status::AwaitingApproval,
        "what awaits an approval goes on to do so"
    );
    decide(&mut world, &asked, Decision::Approve, "laptop").unwrap();
    world.settle();
    assert_eq!(live(&world, Production), Some(2));
}

#[test]
fn a_rejected_deployment_comes_to_nothing_and_says_why() {
    let mut world = approved();
    let id = deploy(&mut world, Production, 3);
    // Whoever has asked may take it back.
    decide(&mut world, &id, Decision::Reject, "set-up").unwrap();
    assert_eq!(status(&world, &id), Status::Rejected);
    let shown = &world.deployments[&id];
    assert_eq!(
        shown.error.as_deref(),
        Some("`set-up` has rejected it: seen")
    );
    assert!(shown.ended_at.is_some());
    world.settle();
    assert_eq!((awaiting(&world), live(&world, Production)), (vec![], None));
}

#[test]
fn going_back_needs_no_approval_and_ends_what_awaits_one() {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    world.settle();
    deploy(&mut world, Production, 3);
    world.settle();
    need(&mut world, &[Staging, Production]);
    let asked = deploy(&mut world, Production, 3);
    let elsewhere = deploy(&mut world, Staging, 3);
    roll_back(&mut world, &first).unwrap();
    world.settle();
    assert_eq!(live(&world, Production), Some(2));
    assert_eq!(status(&world, &asked), Status::Failed);
    assert_eq!(
        world.deployments[&asked].error.as_deref(),
        Some("A rollback was asked for after it.")
    );
    assert_eq!(awaiting(&world), [elsewhere]);
}

#[test]
fn only_so_many_await_one_and_what_is_the_same_is_not_told() {
    let mut world = approved();
    need(&mut world, &[Production]);
    let changes = |world: &World| {
        let all = world.feed.iter();
        all.filter(|event| matches!(event, Event::ApprovalsChanged { .. }))
            .count()
    };
    assert_eq!(changes(&world), 1);
    let most = Limits::DEFAULT.waiting_deployments;
    for _ in 0..most {
        deploy(&mut world, Production, 3);
    }
    let error = world
        .take(super::deployments::wanted(&world, Production, 3))
        .unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(
        error.public.contains("await approval already"),
        "{}",
        error.public
    );
    assert_eq!(awaiting(&world).len(), most);
}
