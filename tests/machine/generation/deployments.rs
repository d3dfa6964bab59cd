//! Deployments: what an address serves, and that it goes on doing so whatever fails.

use overskill::{
    build::{Diagnostic, Mode},
    error::Kind,
    generation::{BuildOutcome, Input, Job, Probe, Wanted, feed::Event},
    ids::DeploymentId,
    project::FileEntry,
    publish::{
        Answers, Deployment, DeploymentStatus as Status,
        Environment::{self, Preview, Production, Staging},
        Origin, Told, VariableKind,
    },
};
use proptest::prelude::*;

use super::{
    PROMPT, until,
    world::{Fault, World, succeeded},
};

/// An app with three versions: the foundation, what was asked for, and a change by hand.
pub(super) fn app() -> World {
    let mut world = World::new(PROMPT);
    world.settle();
    let content = b"export const changed = 1;\n".to_vec();
    let entry = FileEntry::of(&content);
    world.blobs.insert(entry.hash, content);
    let path = "src/changed.ts".parse().unwrap();
    world.take(Input::PutFile { path, entry }).unwrap();
    world.settle();
    world
}

pub(super) fn wanted(world: &World, environment: Environment, version: u32) -> Input {
    let source = world
        .versions
        .get(&version)
        .map(|(_, manifest)| manifest.digest());
    Input::Deploy(Box::new(Wanted {
        environment,
        version,
        source,
        url: format!("http://{}.example", environment.as_str()),
        by: "set-up".to_owned(),
        note: None,
    }))
}

pub(super) fn deploy(world: &mut World, environment: Environment, version: u32) -> DeploymentId {
    let input = wanted(world, environment, version);
    world.take(input).unwrap();
    DeploymentId::numbered(world.deployments.len().try_into().unwrap())
}

pub(super) fn roll_back(
    world: &mut World,
    to: &DeploymentId,
) -> Result<DeploymentId, overskill::error::Error> {
    let to = Box::new(world.deployments[to].clone());
    let by = "set-up".to_owned();
    let note = Some("it was better".to_owned());
    world.take(Input::RollBack { to, by, note })?;
    Ok(DeploymentId::numbered(
        world.deployments.len().try_into().unwrap(),
    ))
}

pub(super) fn live(world: &World, environment: Environment) -> Option<u32> {
    world
        .machine()
        .served(environment)
        .live
        .map(|(_, version)| version)
}

fn live_id(world: &World) -> Option<DeploymentId> {
    let machine = world.machine();
    let live = machine.live_deployment(Production);
    live.map(|live| live.id.clone())
}

pub(super) fn status(world: &World, id: &DeploymentId) -> Status {
    world.deployments[id].status
}

pub(super) fn at_deploy(world: &mut World) -> DeploymentId {
    for _ in 0..1_000 {
        world.consume_all();
        let job = world.next_job().expect("the job comes");
        if let Job::Deploy { deployment } = job {
            return deployment;
        }
        world.run(&job, Fault::None);
    }
    panic!("it never came to the address");
}

pub(super) fn fails(world: &mut World, id: &DeploymentId) {
    world
        .take(Input::Deployed {
            deployment: id.clone(),
            probe: Probe::Failed(vec!["The start page is empty.".to_owned()]),
            remote: None,
        })
        .unwrap();
}

pub(super) fn production_builds(world: &World) -> usize {
    let builds = world.builds.values();
    builds
        .filter(|build| build.mode == Mode::Production)
        .count()
}

#[test]
fn a_version_is_built_for_production_once_and_both_environments_serve_that() {
    let mut world = app();
    let staging = deploy(&mut world, Staging, 3);
    assert_eq!(status(&world, &staging), Status::Building);
    assert_eq!(live(&world, Staging), None);
    world.settle();
    assert_eq!(status(&world, &staging), Status::Live);
    assert_eq!(live(&world, Staging), Some(3));
    assert_eq!(live(&world, Production), None);

    let production = deploy(&mut world, Production, 3);
    assert_eq!(
        status(&world, &production),
        Status::Deploying,
        "nothing is built again"
    );
    world.settle();
    assert_eq!(production_builds(&world), 1);
    let [staging, production] = [&staging, &production].map(|id| &world.deployments[id]);
    assert!(staging.digest.is_some());
    assert_eq!(staging.digest, production.digest);
    assert_eq!(staging.build, production.build);
    assert_eq!(
        world.machine().summary().production_url,
        Some(production.url.clone())
    );
    assert_eq!(
        world.machine().preview().map(|preview| preview.version),
        Some(3)
    );
    let told: Vec<Status> = world
        .feed
        .iter()
        .filter_map(|event| match event {
            Event::DeploymentChanged {
                status,
                environment: Staging,
                ..
            } => Some(*status),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            Status::Waiting,
            Status::Building,
            Status::Deploying,
            Status::Live
        ]
    );
}

#[test]
fn what_fails_leaves_what_was_live() {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    world.settle();
    // It does not work at its address.
    let second = deploy(&mut world, Production, 3);
    assert_eq!(at_deploy(&mut world), second);
    assert_eq!(live(&world, Production), Some(2));
    fails(&mut world, &second);
    assert_eq!(status(&world, &second), Status::Failed);
    assert_eq!(
        world.deployments[&second].error.as_deref(),
        Some("The start page is empty.")
    );
    assert_eq!(
        (status(&world, &first), live(&world, Production)),
        (Status::Live, Some(2))
    );
    // It does not build.
    let third = deploy(&mut world, Production, 1);
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
    assert_eq!(status(&world, &third), Status::Failed);
    let error = world.deployments[&third].error.clone().unwrap();
    assert_eq!(
        error,
        format!(
            "Build `{}` of its version failed: There is no `x`.",
            work.build
        )
    );
    // Nobody could put it there.
    let fourth = deploy(&mut world, Production, 3);
    let job = Job::Deploy {
        deployment: at_deploy(&mut world),
    };
    world
        .take(Input::JobFailed {
            job: job.clone(),
            failures: 2,
            reason: "it did not answer".to_owned(),
        })
        .unwrap();
    assert_eq!(
        status(&world, &fourth),
        Status::Deploying,
        "it is tried again"
    );
    world
        .take(Input::JobFailed {
            job,
            failures: 6,
            reason: "it did not answer".to_owned(),
        })
        .unwrap();
    assert_eq!(status(&world, &fourth), Status::Failed);
    assert_eq!(
        (status(&world, &first), live(&world, Production)),
        (Status::Live, Some(2))
    );
    world.settle();
    assert_eq!(world.machine().served(Production).earlier, []);
}

#[test]
fn whoever_waits_for_a_version_that_did_not_build_has_it_built_once_more() {
    let mut world = app();
    let all = [Staging, Staging, Production].map(|environment| deploy(&mut world, environment, 3));
    for builds in 0..2 {
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
        assert_eq!(status(&world, &all[0]), Status::Failed);
        assert_eq!(status(&world, &all[2]), Status::Failed);
        let expected = [Status::Building, Status::Failed][builds];
        assert_eq!(status(&world, &all[1]), expected);
    }
    let error = world.deployments[&all[1]].error.clone().unwrap();
    assert!(
        error.ends_with("of its version failed: There is no `x`."),
        "{error}"
    );
}

#[test]
fn of_two_at_once_one_waits() {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    let second = deploy(&mut world, Production, 3);
    let elsewhere = deploy(&mut world, Staging, 3);
    assert_eq!(status(&world, &first), Status::Building);
    assert_eq!(status(&world, &second), Status::Waiting);
    assert_eq!(
        status(&world, &elsewhere),
        Status::Building,
        "another environment waits for nobody"
    );
    assert_eq!(at_deploy(&mut world), first);
    assert_eq!(status(&world, &second), Status::Waiting);
    world.settle();
    assert_eq!(live(&world, Production), Some(3));
    assert_eq!(status(&world, &first), Status::Superseded);
    assert!(world.deployments[&first].live_at <= world.deployments[&first].ended_at);
    assert_eq!(production_builds(&world), 2);
}

#[test]
fn a_deployment_waits_for_the_build_that_somebody_has_started() {
    let mut world = app();
    world
        .take(Input::StartBuild {
            mode: Mode::Production,
        })
        .unwrap();
    let id = deploy(&mut world, Staging, 3);
    assert_eq!(status(&world, &id), Status::Building);
    world.settle();
    assert_eq!(
        (production_builds(&world), live(&world, Staging)),
        (1, Some(3))
    );
}

#[test]
fn rollback_brings_back_what_was_without_a_build() {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    world.settle();
    let second = deploy(&mut world, Production, 3);
    world.settle();
    let builds = world.builds.len();
    let back = roll_back(&mut world, &first).unwrap();
    assert_eq!(status(&world, &back), Status::Deploying);
    assert_eq!(live(&world, Production), Some(3), "until it was looked at");
    world.settle();
    assert_eq!(live(&world, Production), Some(2));
    assert_eq!(world.builds.len(), builds);
    let Deployment {
        origin,
        digest,
        note,
        by,
        ..
    } = &world.deployments[&back];
    assert_eq!(*origin, Origin::Rollback { to: first.clone() });
    assert_eq!(*digest, world.deployments[&first].digest);
    assert_eq!(
        (by.as_str(), note.as_deref()),
        ("set-up", Some("it was better"))
    );
    assert_eq!(status(&world, &second), Status::Superseded);
    assert_eq!(
        world.machine().served(Production).earlier,
        [world.deployments[&second].digest.unwrap()],
        "pages that were opened before still load their files"
    );
    // And forth again.
    roll_back(&mut world, &second).unwrap();
    world.settle();
    assert_eq!(live(&world, Production), Some(3));
}

#[test]
fn rollback_goes_before_what_waits() {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    world.settle();
    deploy(&mut world, Production, 1);
    world.settle();
    let building = deploy(&mut world, Production, 3);
    let waiting = deploy(&mut world, Production, 3);
    let back = roll_back(&mut world, &first).unwrap();
    assert_eq!(status(&world, &back), Status::Deploying);
    for id in [&building, &waiting] {
        assert_eq!(status(&world, id), Status::Failed);
        assert!(
            world.deployments[id]
                .error
                .as_deref()
                .unwrap()
                .contains("rollback")
        );
    }
    world.settle();
    assert_eq!(live(&world, Production), Some(2));
    // What is being put there already comes to its end first.
    let next = deploy(&mut world, Production, 3);
    assert_eq!(at_deploy(&mut world), next);
    let back = roll_back(&mut world, &first).unwrap();
    assert_eq!(status(&world, &back), Status::Waiting);
    world.settle();
    assert_eq!(
        (status(&world, &next), live(&world, Production)),
        (Status::Superseded, Some(2))
    );
}

#[test]
fn what_was_never_live_is_nothing_to_go_back_to() {
    let mut world = app();
    let first = deploy(&mut world, Production, 2);
    let error = roll_back(&mut world, &first).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    world.settle();
    let error = roll_back(&mut world, &first).unwrap_err();
    assert_eq!(error.public, "`d1` is what is live.");
}

#[test]
fn deployments_and_variables_have_limits() {
    let mut world = app();
    for _ in 0..10 {
        deploy(&mut world, Staging, 3);
    }
    let input = wanted(&world, Staging, 3);
    let error = world.take(input).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(
        error.public.contains("10 deployments wait"),
        "{}",
        error.public
    );
    let set = |name: String, value: Option<&str>| Input::SetVariable {
        environment: Staging,
        name,
        value: value.map(|value| (VariableKind::Public, value.to_owned())),
        by: "ada".to_owned(),
        redeploys: false,
    };
    for number in 0..64 {
        world.take(set(format!("V{number}"), Some("1"))).unwrap();
    }
    let error = world.take(set("V64".to_owned(), Some("1"))).unwrap_err();
    assert!(
        error.public.contains("at most 64 variables"),
        "{}",
        error.public
    );
    world.take(set("V0".to_owned(), Some("2"))).unwrap();
    world.take(set("V1".to_owned(), None)).unwrap();
    world.take(set("V64".to_owned(), Some("1"))).unwrap();
    let error = world.take(set("V1".to_owned(), None)).unwrap_err();
    assert_eq!(
        (error.kind, error.public.as_str()),
        (Kind::NotFound, "There is no variable `V1` in staging.")
    );
    let told = world.machine().served(Staging).told;
    assert_eq!((told.public.len(), told.public["V0"].as_str()), (64, "2"));
    assert_eq!(world.machine().served(Production).told, Told::default());
    assert_eq!(world.machine().served(Preview).told, Told::default());
}

#[test]
fn a_variable_is_of_one_kind_and_who_set_it_is_told() {
    let mut world = app();
    let set = |name: &str, value: Option<(VariableKind, &str)>| Input::SetVariable {
        environment: Production,
        name: name.to_owned(),
        value: value.map(|(kind, value)| (kind, value.to_owned())),
        by: "ada".to_owned(),
        redeploys: false,
    };
    for (name, kind, value) in [
        ("KEY", VariableKind::Public, "seen"),
        ("KEY", VariableKind::Secret, "sealed"),
        (
            "ALLOWED_HOSTS",
            VariableKind::Platform,
            "a.example b.example",
        ),
        ("TITLE", VariableKind::Public, "Recipes"),
    ] {
        world.take(set(name, Some((kind, value)))).unwrap();
    }
    let told = world.machine().served(Production).told;
    assert_eq!(told.public.keys().collect::<Vec<_>>(), ["TITLE"]);
    assert_eq!(told.secrets["KEY"], "sealed");
    assert_eq!(told.hosts, ["a.example", "b.example"]);
    world.take(set("KEY", None)).unwrap();
    assert!(world.machine().served(Production).told.secrets.is_empty());
    let changes: Vec<_> = world
        .feed
        .iter()
        .filter_map(|event| match event {
            Event::VariableChanged {
                name,
                variable,
                is_deleted,
                by,
                ..
            } => Some((name.as_str(), *variable, *is_deleted, by.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        changes,
        [
            ("KEY", VariableKind::Public, false, "ada"),
            ("KEY", VariableKind::Secret, false, "ada"),
            ("ALLOWED_HOSTS", VariableKind::Platform, false, "ada"),
            ("TITLE", VariableKind::Public, false, "ada"),
            ("KEY", VariableKind::Secret, true, "ada"),
        ]
    );
}

/// On an account, an address is told by a deployment.
#[test]
fn whoever_is_told_of_variables_by_deployments_is_told_by_one_of_what_comes_last() {
    let mut world = app();
    let set = |value: &str| Input::SetVariable {
        environment: Production,
        name: "KEY".to_owned(),
        value: Some((VariableKind::Secret, value.to_owned())),
        by: "ada".to_owned(),
        redeploys: true,
    };
    let count = |world: &World| world.deployments.len();
    world.take(set("nothing is there to be told")).unwrap();
    assert_eq!(count(&world), 0);

    // What has not begun to be put there is told by itself.
    let first = deploy(&mut world, Production, 2);
    world.take(set("while it is built")).unwrap();
    assert_eq!(count(&world), 1);
    let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    let work = world.claim().unwrap();
    world.report(&work, succeeded(&work));
    until(&mut world, |job| matches!(job, Job::Deploy { .. }));
    world.take(set("while it is put there")).unwrap();
    world.take(set("and again")).unwrap();
    assert_eq!(count(&world), 2);
    world.settle();
    let live = world.machine().live_deployment(Production).unwrap().clone();
    assert_eq!(
        (
            live.id.as_str(),
            live.version,
            live.digest,
            live.by.as_str()
        ),
        ("d2", 2, world.deployments[&first].digest, "ada")
    );

    // Never back to what is replaced a moment later.
    deploy(&mut world, Production, 3);
    world.take(set("for what comes")).unwrap();
    world.settle();
    assert_eq!(
        world.machine().live_deployment(Production).unwrap().version,
        3
    );

    // And what was gone back to stays what it is.
    let back = roll_back(&mut world, &first).unwrap();
    world.settle();
    world.take(set("for what was")).unwrap();
    world.settle();
    let live = world.machine().live_deployment(Production).unwrap().clone();
    assert_ne!(live.id, back);
    assert_eq!(
        (live.version, live.digest),
        (2, world.deployments[&first].digest)
    );
}

#[test]
fn nothing_is_deployed_before_there_is_a_version() {
    let mut world = World::new(PROMPT);
    let input = wanted(&world, Staging, 1);
    assert_eq!(world.take(input).unwrap_err().kind, Kind::Conflict);
}

#[test]
fn a_deleted_app_has_no_address() {
    let mut world = app();
    deploy(&mut world, Production, 3);
    world.settle();
    let pending = deploy(&mut world, Production, 2);
    at_deploy(&mut world);
    world.take(Input::Delete).unwrap();
    world
        .take(Input::Deployed {
            deployment: pending,
            probe: Probe::Passed,
            remote: None,
        })
        .unwrap();
    world.settle();
    assert_eq!(live(&world, Production), None);
    assert!(world.deployments.is_empty());
}

/// What may happen between deployments.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Deploy(u32),
    RollBack(u32),
    Job(Fault),
    Build,
    BuildFails,
    ProbeFails,
    Errors,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1_u32..4).prop_map(Happening::Deploy),
        (1_u32..6).prop_map(Happening::RollBack),
        prop::sample::select(vec![Fault::None, Fault::Crash, Fault::Twice])
            .prop_map(Happening::Job),
        Just(Happening::Build),
        Just(Happening::BuildFails),
        Just(Happening::ProbeFails),
        Just(Happening::Errors),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However it goes: what is live was once proven, and stays until another one is; only one is under way; nothing hangs.
    #[test]
    fn an_address_serves_what_was_proven(happenings in prop::collection::vec(happening(), 0..40)) {
        thread_local! {
            static APP: World = app();
        }
        let mut world = APP.with(World::clone);
        let mut was_live = None;
        for what in happenings {
            match what {
                Happening::Deploy(version) => {
                    let input = wanted(&world, Production, version);
                    drop(world.take(input));
                }
                Happening::RollBack(number) => {
                    if world.deployments.contains_key(&DeploymentId::numbered(number)) {
                        drop(roll_back(&mut world, &DeploymentId::numbered(number)));
                    }
                }
                Happening::Job(fault) => {
                    if let Some(job) = world.next_job() {
                        world.run(&job, fault);
                    }
                }
                Happening::Build | Happening::BuildFails => {
                    if let Some(work) = world.claim() {
                        let outcome = match what {
                            Happening::Build => succeeded(&work),
                            _ => BuildOutcome::Failed { diagnostics: Vec::new(), report: None },
                        };
                        world.report(&work, outcome);
                    }
                }
                Happening::ProbeFails => {
                    let under_way = world.deployments.values().find(|one| one.status == Status::Deploying);
                    if let Some(id) = under_way.map(|one| one.id.clone()) {
                        fails(&mut world, &id);
                    }
                }
                Happening::Errors => {
                    let live = live_id(&world);
                    if let Some(deployment) = live {
                        let answers = Answers { all: 10, failed: 10 };
                        world.take(Input::Answered { deployment, answers }).unwrap();
                    }
                }
            }
            let of = |wanted: &[Status]| world.deployments.values().filter(|one| wanted.contains(&one.status)).count();
            prop_assert!(of(&[Status::Building, Status::Deploying]) <= 1);
            prop_assert!(of(&[Status::Live]) <= 1);
            let live = live(&world, Production);
            prop_assert!(was_live.is_none() || live.is_some(), "an address that served something serves nothing");
            was_live = live;
        }
        world.settle();
        for deployment in world.deployments.values() {
            let is_over = matches!(deployment.status, Status::Live | Status::Superseded | Status::Failed);
            prop_assert!(is_over, "{deployment:?}");
            let was_live = deployment.status != Status::Failed;
            prop_assert_eq!(deployment.live_at.is_some(), was_live);
            prop_assert_eq!(deployment.error.is_some(), !was_live);
        }
    }
}
