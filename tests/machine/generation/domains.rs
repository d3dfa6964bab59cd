//! Domains of people's own: looked at until they lead to the app, and let go of.

use overskill::{
    config::Limits,
    error::{Error, Kind},
    generation::{Input, Job, feed::Event},
    publish::domain::{Domain, DomainName, DomainStatus as Status, Look},
};

use super::{
    PROMPT,
    world::{Fault, World},
};

fn app() -> World {
    let mut world = World::new(PROMPT);
    world.settle();
    world
}

fn host(text: &str) -> DomainName {
    text.parse().unwrap()
}

fn add(world: &mut World, name: &str) -> Result<(), Error> {
    let domain = Domain::new(host(name), "p".repeat(32), "set-up".to_owned(), world.now);
    world.take(Input::AddDomain(Box::new(domain))).map(drop)
}

fn status(world: &World, name: &str) -> Option<Status> {
    let machine = world.machine();
    machine.domain(&host(name)).map(|domain| domain.status)
}

/// What the app has to let go of, when it is deleted.
fn left(world: &World) -> Vec<String> {
    let machine = world.machine();
    machine.all_domains().map(ToString::to_string).collect()
}

/// What the feed tells of a domain: its status, what is missing, and whether it was removed.
fn told(world: &World) -> Vec<(Status, Option<&str>, bool)> {
    let events = world.feed.iter();
    events
        .filter_map(|event| match event {
            Event::DomainChanged {
                status,
                problem,
                is_deleted,
                ..
            } => Some((*status, problem.as_deref(), *is_deleted)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_domain_is_looked_at_until_it_leads_to_the_app() {
    let mut world = app();
    let missing = || Look::Missing("There is no record.".to_owned());
    let proven = Look::Proven {
        problem: "No certificate.".to_owned(),
        validation: Vec::new(),
    };
    world.looks.extend([missing(), missing(), proven]);
    add(&mut world, "www.recipes.com").unwrap();
    world.settle();
    assert_eq!(status(&world, "www.recipes.com"), Some(Status::Active));
    // The same is not told twice.
    assert_eq!(
        told(&world),
        [
            (Status::Pending, None, false),
            (Status::Pending, Some("There is no record."), false),
            (Status::Proven, Some("No certificate."), false),
            (Status::Active, None, false),
        ]
    );
    assert!(world.outbox.is_empty());
}

#[test]
fn what_is_never_there_is_given_up_until_somebody_asks() {
    let mut world = app();
    let missing = Look::Missing("There is no record.".to_owned());
    world.looks.extend(vec![missing; 1_000]);
    add(&mut world, "www.recipes.com").unwrap();
    world.settle();
    assert_eq!(status(&world, "www.recipes.com"), Some(Status::Failed));
    assert!(world.outbox.is_empty(), "nobody looks any more");
    let looks = 1_000 - world.looks.len();
    assert!((90..=120).contains(&looks), "{looks} looks in three days");
    world.looks.clear();
    let check = Input::CheckDomain {
        host: host("www.recipes.com"),
    };
    world.take(check).unwrap();
    world.settle();
    assert_eq!(status(&world, "www.recipes.com"), Some(Status::Active));
}

#[test]
fn one_that_is_removed_is_let_go_of_before_it_can_come_again() {
    let mut world = app();
    add(&mut world, "www.recipes.com").unwrap();
    let twice = add(&mut world, "www.recipes.com").unwrap_err();
    assert_eq!(twice.kind, Kind::Conflict);
    world.settle();
    let remove = || Input::RemoveDomain {
        host: host("www.recipes.com"),
    };
    world.take(remove()).unwrap();
    assert_eq!(world.take(remove()).unwrap_err().kind, Kind::NotFound);
    assert_eq!(left(&world), ["www.recipes.com"]);
    let early = add(&mut world, "www.recipes.com").unwrap_err();
    assert!(early.public.contains("being removed"), "{early}");
    // The process dies before anybody hears that it was let go of.
    let job = world.next_job_of(|job| matches!(job, Job::LeaveDomain { .. }));
    world.run(&job, Fault::Crash);
    world.run(&job, Fault::Twice);
    assert!(left(&world).is_empty());
    assert_eq!(told(&world).last(), Some(&(Status::Active, None, true)));
    add(&mut world, "www.recipes.com").unwrap();
    world.settle();
    assert_eq!(status(&world, "www.recipes.com"), Some(Status::Active));
}

#[test]
fn a_look_that_comes_after_the_removal_changes_nothing() {
    let mut world = app();
    add(&mut world, "www.recipes.com").unwrap();
    let job = world.next_job_of(|job| matches!(job, Job::CheckDomain { .. }));
    let late = world.perform(&job).unwrap();
    let host = host("www.recipes.com");
    world.take(Input::RemoveDomain { host }).unwrap();
    let before = told(&world).len();
    world.take(late).unwrap();
    assert_eq!(told(&world).len(), before);
    world.settle();
    assert_eq!(status(&world, "www.recipes.com"), None);
    assert!(world.outbox.is_empty());
}

#[test]
fn an_app_has_so_many_and_no_more() {
    let mut world = app();
    let most = Limits::DEFAULT.domains;
    for number in 0..most {
        add(&mut world, &format!("n{number}.recipes.com")).unwrap();
    }
    let more = add(&mut world, "www.recipes.com").unwrap_err();
    assert_eq!(more.kind, Kind::Conflict);
    assert!(more.public.contains(&most.to_string()), "{more}");
}

#[test]
fn a_deleted_app_still_knows_what_it_has_to_let_go_of() {
    let mut world = app();
    add(&mut world, "www.recipes.com").unwrap();
    world.settle();
    world.take(Input::Delete).unwrap();
    assert_eq!(left(&world), ["www.recipes.com"]);
}
