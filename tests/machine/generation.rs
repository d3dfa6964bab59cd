mod answers;
mod approvals;
mod calls;
mod deployments;
mod domains;
mod monitoring;
mod world;

use overskill::{
    build::{Diagnostic, Mode, Status, Weight, WeightKind},
    config::{BuildPolicy, Limits},
    error::Kind,
    generation::{
        Answer, Author, BuildOutcome, BuildStatus, Cause, Input, Job, Probe, Status as AppStatus,
        Work,
        feed::{Event, Outcome},
    },
    ids::BuildId,
    llm::message::{Block, Reply, Request, Stop, ToolCall, Usage},
    project::FileEntry,
    publish::{BUDGET, Band, advice::advice},
    time::Timestamp,
};
use proptest::prelude::*;
use world::{ACCEPTED, DEVELOPMENT, Fault, World, report, said, succeeded, turn};

const PROMPT: &str =
    "a recipe box where people save recipes with a title, ingredients and cooking minutes";

fn finished(world: &World, number: u8) -> Vec<(Outcome, String)> {
    world
        .feed
        .iter()
        .filter_map(|event| match event {
            Event::TurnFinished {
                turn: id,
                outcome,
                summary,
                ..
            } if *id == turn(number) => Some((*outcome, summary.clone())),
            _ => None,
        })
        .collect()
}

fn live(world: &World) -> Option<u32> {
    world.machine().preview().map(|preview| preview.version)
}

/// Runs jobs until one of this kind is next.
fn until(world: &mut World, wanted: fn(&Job) -> bool) -> Job {
    for _ in 0..1_000 {
        let job = world.next_job().expect("the job comes");
        if wanted(&job) {
            return job;
        }
        world.run(&job, Fault::None);
    }
    panic!("the job never came");
}

/// Sends the build that is due next, and takes it.
fn claimed(world: &mut World) -> Work {
    let job = until(world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    world.claim().unwrap()
}

/// A build that is as heavy as that, with its advice.
fn heavy(work: &Work, script_bytes: usize) -> BuildOutcome {
    let mut outcome = succeeded(work);
    if let BuildOutcome::Succeeded {
        diagnostics,
        report,
        sizes,
        ..
    } = &mut outcome
    {
        report.weights = vec![Weight {
            kind: WeightKind::Package,
            name: "recharts".to_owned(),
            page_bytes: 500_000,
            late_bytes: 0,
            function_bytes: 0,
        }];
        sizes.script_bytes = script_bytes;
        sizes.budget = BUDGET;
        sizes.band = Band::of(script_bytes, BUDGET);
        diagnostics.extend(advice(sizes, &report.weights, work.mode));
    }
    outcome
}

#[test]
fn a_model_hears_once_that_the_app_is_heavy_and_again_when_it_is_worse() {
    let mut world = World::new(PROMPT);
    world.settle();
    let (warning, critical) = (700_000, 900_000);
    for (number, field, script_bytes, told) in [
        (2, "rating", warning, false),
        (3, "difficulty", warning, true),
        (4, "cost", critical, false),
        (5, "taste", 1, true),
        (6, "effort", warning, false),
        (7, "quality", 1, true),
    ] {
        world.post(number, &format!("add a {field} from 1 to 5 to recipes"));
        let work = claimed(&mut world);
        world.report(&work, heavy(&work, script_bytes));
        world.settle();
        let (outcome, _) = &finished(&world, number)[0];
        assert_eq!(*outcome, Outcome::Completed);
        assert_eq!(live(&world), Some(work.version));
        let context = format!("{:?}", world.transcript[&turn(number)][0]);
        assert_eq!(
            context.contains("`recharts` 489 KB"),
            told,
            "{number}: {context}"
        );
    }
    assert_eq!(world.count("repair_started"), 0);
}

#[test]
fn a_prompt_becomes_a_live_version() {
    let mut world = World::new(PROMPT);
    assert_eq!(world.machine().summary().status, AppStatus::Creating);
    world.settle();
    assert!(matches!(
        finished(&world, 1).as_slice(),
        [(Outcome::Completed, _)]
    ));
    assert_eq!(live(&world), Some(2));
    assert_eq!(world.machine().summary().status, AppStatus::Ready);
    assert!(world.outbox.is_empty());
    let authors: Vec<_> = world
        .versions
        .values()
        .map(|(version, _)| version.author)
        .collect();
    assert_eq!(authors, [Author::Foundation, Author::Model]);
}

#[test]
fn an_app_was_created_when_it_was_accepted() {
    let summary = World::new(PROMPT).machine().summary();
    assert_eq!(summary.created_at, ACCEPTED);
    assert!(summary.updated_at > ACCEPTED);
}

#[test]
fn where_nothing_else_builds_the_foundation_is_live() {
    let mut world = World::new(PROMPT);
    // No builder has taken the foundation before there is a newer version.
    until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    while world.versions.len() < 2 {
        let job =
            world.next_job_of(|job| !matches!(job, Job::SendBuild { .. } | Job::EndTurn { .. }));
        world.run(&job, Fault::None);
    }
    let [first, second] = [claimed(&mut world), claimed(&mut world)];
    assert_eq!([first.version, second.version], [1, 2]);
    let broken = BuildOutcome::Failed {
        diagnostics: vec![Diagnostic::error("syntax", "Unexpected token")],
        report: None,
    };
    world.report(&second, broken);
    world.report(&first, succeeded(&first));
    world.settle();
    assert_eq!(live(&world), Some(1));
    // What is wrong with the newest version is known still: the next turn is not blamed for it.
    let state: serde_json::Value = serde_json::from_str(world.state()).unwrap();
    assert_eq!(state["broken"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_message_during_a_turn_waits_and_is_kept() {
    let mut world = World::new(PROMPT);
    until(&mut world, |job| matches!(job, Job::RunTools { .. }));
    world.post(2, "add a rating from 1 to 5 to recipes");
    world.post(3, "make it green");
    assert_eq!(world.count("turn_started"), 1);
    world.settle();
    assert_eq!(world.count("turn_started"), 3);
    for number in 1..=3 {
        assert!(
            matches!(
                finished(&world, number).as_slice(),
                [(Outcome::Completed, _)]
            ),
            "turn {number}"
        );
    }
    assert_eq!(live(&world), Some(4));
}

#[test]
fn too_many_waiting_messages_are_refused_and_none_is_lost() {
    let mut world = World::new(PROMPT);
    for number in 2..=u8::try_from(Limits::DEFAULT.queued_messages).unwrap() {
        world.post(number, "what can you do?");
    }
    let refused = world
        .take(Input::Post {
            turn: turn(200),
            said: said("one more"),
        })
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    world.settle();
    assert_eq!(
        world.count("turn_finished"),
        Limits::DEFAULT.queued_messages
    );
}

#[test]
fn a_failed_build_leaves_the_last_good_preview_live() {
    let mut world = World::new(PROMPT);
    world.settle();
    world.post(2, "add a rating from 1 to 5 to recipes");
    let work = claimed(&mut world);
    let diagnostic = Diagnostic::error("syntax", "Unexpected token")
        .in_file("src/App.tsx".parse().unwrap())
        .at("x", 1, None);
    world.report(
        &work,
        BuildOutcome::Failed {
            diagnostics: vec![diagnostic.clone()],
            report: Some(report(Status::Failed)),
        },
    );
    world.settle();
    let ends = finished(&world, 2);
    assert!(
        matches!(ends.as_slice(), [(Outcome::Failed, summary)] if summary.contains("src/App.tsx:1") && summary.contains("version 2")),
        "{ends:?}"
    );
    assert_eq!(live(&world), Some(2));
    assert_eq!(world.builds[&work.build].status, BuildStatus::Failed);
    assert_eq!(world.builds[&work.build].diagnostics, [diagnostic]);
    assert_eq!(world.machine().summary().status, AppStatus::Failed);
}

#[test]
fn a_preview_that_does_not_work_does_not_go_live() {
    let mut world = World::new(PROMPT);
    world.settle();
    world.post(2, "add a rating from 1 to 5 to recipes");
    let work = claimed(&mut world);
    world.report(&work, succeeded(&work));
    let probe = Probe::Failed(vec!["`/` answered 500".to_owned()]);
    world
        .take(Input::Probed {
            build: work.build.clone(),
            probe,
        })
        .unwrap();
    world.settle();
    assert!(
        matches!(finished(&world, 2).as_slice(), [(Outcome::Failed, summary)] if summary.contains("answered 500"))
    );
    assert_eq!(live(&world), Some(2));
}

#[test]
fn a_preview_that_nobody_could_look_at_is_no_fault_of_the_sources() {
    let mut world = World::new(PROMPT);
    world.settle();
    world.post(2, "add a rating from 1 to 5 to recipes");
    let work = claimed(&mut world);
    world.report(&work, succeeded(&work));
    let job = until(&mut world, |job| matches!(job, Job::Probe { .. }));
    for failures in 1..=6 {
        world
            .take(Input::JobFailed {
                job: job.clone(),
                failures,
                reason: "the storage does not answer".to_owned(),
            })
            .unwrap();
    }
    world.settle();
    let [diagnostic] = &world.builds[&work.build].diagnostics[..] else {
        panic!("{:?}", world.builds[&work.build].diagnostics);
    };
    assert_eq!(diagnostic.code.as_deref(), Some("platform_unavailable"));
    assert!(diagnostic.message.contains("the storage does not answer"));
    assert!(matches!(
        finished(&world, 2).as_slice(),
        [(Outcome::Failed, _)]
    ));
    let is_repair = |event: &Event| matches!(event, Event::RepairStarted { .. });
    assert!(!world.feed.iter().any(is_repair));
    assert_eq!(live(&world), Some(2));
}

#[test]
fn a_builder_that_stays_away_is_tried_again_and_then_given_up_with_a_reason() {
    let mut world = World::new(PROMPT);
    world.settle();
    world.post(2, "add a rating from 1 to 5 to recipes");
    for _ in 0..200 {
        if let Some(work) = world.claim() {
            let reason = "the builder could not be reached".to_owned();
            world.report(
                &work,
                BuildOutcome::Unavailable {
                    cause: Cause::Builder,
                    reason,
                },
            );
        }
        let Some(job) = world.next_job() else { break };
        world.run(&job, Fault::None);
    }
    assert_eq!(
        world.count("build_retrying"),
        BuildPolicy::DEFAULT.attempts as usize - 1
    );
    let ends = finished(&world, 2);
    assert!(
        matches!(ends.as_slice(), [(Outcome::Failed, summary)] if summary.contains("could not be reached")),
        "{ends:?}"
    );
    assert_eq!(live(&world), Some(2));
    assert!(world.outbox.is_empty());
}

#[test]
fn a_build_is_given_up_with_the_last_reason_whosever_fault_it_is() {
    let mut world = World::new(PROMPT);
    let mut work = claimed_in_a_second_turn(&mut world);
    for attempt in 1.. {
        let (cause, reason) = if attempt < BuildPolicy::DEFAULT.attempts {
            (Cause::Builder, "the builder broke off")
        } else {
            (Cause::Platform, "the storage does not answer")
        };
        let reason = reason.to_owned();
        world.report(&work, BuildOutcome::Unavailable { cause, reason });
        if world.builds[&work.build].status == BuildStatus::Failed {
            break;
        }
        let lost = work;
        work = claimed_again(&mut world, &lost);
    }
    let [diagnostic] = &world.builds[&work.build].diagnostics[..] else {
        panic!("one diagnostic");
    };
    assert_eq!(diagnostic.code.as_deref(), Some("platform_unavailable"));
    assert_eq!(
        diagnostic.message,
        "The build was tried 6 times, the last time the storage does not answer."
    );
    assert!(
        !diagnostic
            .suggestion
            .as_deref()
            .unwrap()
            .contains("builder")
    );
}

#[test]
fn a_silent_consumer_loses_its_claim_and_its_late_report_counts_for_nothing() {
    let mut world = World::new(PROMPT);
    until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    let job = world.next_job().unwrap();
    world.run(&job, Fault::None);
    let lost = world.claim().unwrap();
    world.queue.push(lost.build.clone());
    assert!(
        world.claim().is_none(),
        "a claimed build is in one hand only"
    );
    world.now = world.now.after(BuildPolicy::DEFAULT.lease_millis);
    let second = claimed_again(&mut world, &lost);
    assert_eq!(second.attempt, 2);
    world.report(
        &lost,
        BuildOutcome::Failed {
            diagnostics: vec![],
            report: None,
        },
    );
    assert_eq!(world.builds[&lost.build].status, BuildStatus::Running);
    world.report(&second, succeeded(&second));
    world.settle();
    assert_eq!(world.builds[&lost.build].status, BuildStatus::Succeeded);
}

#[test]
fn progress_renews_the_claim() {
    let mut world = World::new(PROMPT);
    let work = claimed(&mut world);
    for _ in 0..10 {
        world.now = world.now.after(BuildPolicy::DEFAULT.lease_millis - 1);
        let (build, attempt) = (work.build.clone(), work.attempt);
        world
            .take(Input::Progress {
                build,
                attempt,
                lines: vec!["still at it".to_owned()],
            })
            .unwrap();
        world.queue.push(work.build.clone());
        assert!(world.claim().is_none());
    }
    world.settle();
    assert_eq!(world.count("build_log"), 10);
}

#[test]
fn the_last_lines_come_with_the_report_once_and_before_the_end() {
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    let before = world.count("build_log");
    let report = |attempt| Input::BuildReported {
        build: work.build.clone(),
        attempt,
        lines: vec!["the last line".to_owned()],
        outcome: Box::new(succeeded(&work)),
    };
    // Whoever has lost the claim is not listened to, and what is told twice is heard once.
    for attempt in [work.attempt + 1, work.attempt, work.attempt] {
        world.take(report(attempt)).unwrap();
    }
    world.settle();
    assert_eq!(world.count("build_log"), before + 1);
    let place = |wanted: &dyn Fn(&Event) -> bool| world.feed.iter().rposition(wanted).unwrap();
    let said = place(&|event| matches!(event, Event::BuildLog { .. }));
    let ended =
        place(&|event| matches!(event, Event::BuildFinished { build, .. } if *build == work.build));
    assert!(said < ended);
}

#[test]
fn what_the_build_cache_had_is_copied_when_the_preview_is_live_and_as_often_as_it_takes() {
    let mut world = World::new(PROMPT);
    let copy = loop {
        world.consume_all();
        let job = world.next_job().unwrap();
        if matches!(job, Job::CopyArtifacts { .. }) {
            break job;
        }
        world.run(&job, Fault::None);
    };
    assert_eq!(live(&world), Some(2));
    assert!(world.builds.values().any(|build| build.cached));
    for failures in 1..20 {
        world.run(&copy, Fault::Crash);
        let reason = "the storage does not answer".to_owned();
        let failed = Input::JobFailed {
            job: copy.clone(),
            failures,
            reason,
        };
        world.take(failed).unwrap();
        assert!(world.outbox.contains_key(&copy.key()));
    }
    assert_eq!(live(&world), Some(2));
    world.settle();
    assert_eq!(world.copied.len(), 1);
    assert!(world.outbox.is_empty());
}

#[test]
fn a_slow_build_of_an_old_version_never_replaces_a_newer_preview() {
    let mut world = World::new(PROMPT);
    until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    let job = world.next_job().unwrap();
    world.run(&job, Fault::None);
    let slow = world.claim().unwrap();
    assert_eq!(slow.version, 1);
    let (build, attempt) = (slow.build.clone(), slow.attempt);
    for _ in 0..100 {
        world.consume_all();
        world
            .take(Input::Progress {
                build: build.clone(),
                attempt,
                lines: vec![],
            })
            .unwrap();
        if live(&world) == Some(2) {
            break;
        }
        let job = world.next_job().unwrap();
        world.run(&job, Fault::None);
    }
    assert_eq!(live(&world), Some(2));
    world.report(&slow, succeeded(&slow));
    world.settle();
    assert_eq!(live(&world), Some(2));
    assert_eq!(world.builds[&build].status, BuildStatus::Succeeded);
}

#[test]
fn the_lock_file_of_a_build_becomes_a_version_that_is_not_built() {
    let mut world = World::new(PROMPT);
    world.settle();
    let entry = FileEntry::of(b"{}");
    let path = "package-lock.json".parse().unwrap();
    let with_lock = |work: &Work, entry| {
        let mut outcome = succeeded(work);
        if let BuildOutcome::Succeeded { lockfile, .. } = &mut outcome {
            *lockfile = Some(entry);
        }
        outcome
    };
    world.take(Input::StartBuild { mode: DEVELOPMENT }).unwrap();
    let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    let builds = world.count("build_queued");
    let work = world.claim().unwrap();
    world.report(&work, with_lock(&work, entry));
    world.settle();
    let (version, manifest) = &world.versions[&3];
    assert_eq!(version.author, Author::System);
    assert_eq!(manifest.get(&path), Some(&entry));
    assert_ne!(world.versions[&2].1.get(&path), Some(&entry));
    assert_eq!(world.count("build_queued"), builds);
    assert_eq!(live(&world), Some(2));

    // A message that waits does not take it away.
    world.post(2, "add a rating from 1 to 5 to recipes");
    world.post(3, "make it green");
    let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    let work = world.claim().unwrap();
    let newer = FileEntry::of(b"{\n}");
    world.report(&work, with_lock(&work, newer));
    until(&mut world, |job| matches!(job, Job::CallModel { .. }));
    assert_eq!(work.version + 1, 5);
    assert_eq!(world.versions[&5].0.author, Author::System);
    assert_eq!(world.machine().manifest().get(&path), Some(&newer));
    world.settle();
    assert_eq!(live(&world), Some(6));

    // Nor does it matter what the build was for.
    let mode = Mode::Production;
    world.take(Input::StartBuild { mode }).unwrap();
    let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    let work = world.claim().unwrap();
    world.report(&work, with_lock(&work, entry));
    assert_eq!(world.versions[&7].0.author, Author::System);
    assert_eq!(world.versions[&7].1.get(&path), Some(&entry));
    assert_eq!(live(&world), Some(6));

    // Where somebody was quicker, their build resolves their packages.
    world.take(Input::StartBuild { mode: DEVELOPMENT }).unwrap();
    let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
    world.run(&job, Fault::None);
    let work = world.claim().unwrap();
    let other = FileEntry::of(b"{ }");
    world
        .take(Input::PutFile {
            path: "package.json".parse().unwrap(),
            entry: other,
        })
        .unwrap();
    world.report(&work, with_lock(&work, other));
    world.settle();
    assert_eq!(world.versions.len(), 8);
    assert_eq!(world.versions[&8].1.get(&path), Some(&entry));
}

#[test]
fn restore_brings_back_every_file_as_a_new_version() {
    let mut world = World::new(PROMPT);
    world.settle();
    world.post(2, "add a rating from 1 to 5 to recipes");
    let (_, before) = world.versions[&2].clone();
    let refused = world
        .take(Input::Restore {
            version: 2,
            manifest: before.clone(),
        })
        .unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    world.settle();
    assert_ne!(world.versions[&3].1, before);
    let answer = world
        .take(Input::Restore {
            version: 2,
            manifest: before.clone(),
        })
        .unwrap();
    assert!(
        matches!(answer, Some(Answer::Version(Some(version))) if version.number == 4 && version.author == Author::Restore)
    );
    world.settle();
    assert_eq!(world.versions[&4].1, before);
    assert_eq!(live(&world), Some(4));
}

#[test]
fn a_file_written_during_a_turn_is_kept_and_the_tools_see_it() {
    let mut world = World::new(PROMPT);
    let job = until(&mut world, |job| {
        matches!(job, Job::RunTools { step: 2, .. })
    });
    let Job::RunTools { turn: id, step } = job else {
        unreachable!()
    };
    let machine = world.machine();
    let stale = world.run_tools(&machine, &id, step);
    let entry = FileEntry::of(b"by hand");
    world.blobs.insert(entry.hash, b"by hand".to_vec());
    let answer = world
        .take(Input::PutFile {
            path: "NOTES.md".parse().unwrap(),
            entry,
        })
        .unwrap();
    assert_eq!(answer, Some(Answer::Version(None)));
    world.take(Input::ToolsRan(stale)).unwrap();
    assert_eq!(
        world.count("tool_result"),
        world
            .feed
            .iter()
            .filter(|event| matches!(event, Event::ToolResult { step: 1, .. }))
            .count()
    );
    world.settle();
    assert_eq!(
        world.versions[&2].1.get(&"NOTES.md".parse().unwrap()),
        Some(&entry)
    );
    assert!(matches!(
        finished(&world, 1).as_slice(),
        [(Outcome::Completed, _)]
    ));
}

#[test]
fn a_file_written_at_rest_is_a_version_of_its_own() {
    let mut world = World::new(PROMPT);
    let entry = FileEntry::of(b"x");
    let early = world
        .take(Input::PutFile {
            path: "a.txt".parse().unwrap(),
            entry,
        })
        .unwrap_err();
    assert_eq!(early.kind, Kind::Conflict);
    world.settle();
    let answer = world
        .take(Input::PutFile {
            path: "a.txt".parse().unwrap(),
            entry,
        })
        .unwrap();
    assert!(
        matches!(answer, Some(Answer::Version(Some(version))) if version.number == 3 && version.author == Author::User)
    );
    let again = world
        .take(Input::PutFile {
            path: "a.txt".parse().unwrap(),
            entry,
        })
        .unwrap();
    assert_eq!(again, Some(Answer::Version(None)));
    world
        .take(Input::DeleteFile {
            path: "a.txt".parse().unwrap(),
        })
        .unwrap();
    world.settle();
    assert_eq!(world.versions[&4].1, world.versions[&2].1);
    assert_eq!(live(&world), Some(4));
}

fn endless(request: &Request) -> Reply {
    let id = format!("call_{}", request.messages.len());
    let input = serde_json::json!({"path": "index.html"});
    let call = ToolCall {
        id,
        name: "view_file".to_owned(),
        input,
        unreadable: None,
    };
    Reply {
        blocks: vec![Block::ToolCall(call)],
        stop: Stop::ToolUse,
        usage: Usage::default(),
    }
}

#[test]
fn a_turn_without_end_is_stopped_at_its_limit() {
    let mut world = World::new(PROMPT);
    world.model = endless;
    world.settle();
    let ends = finished(&world, 1);
    assert!(
        matches!(ends.as_slice(), [(Outcome::Failed, summary)] if summary.contains("40 steps")),
        "{ends:?}"
    );
    assert_eq!(world.count("step_started"), Limits::DEFAULT.steps as usize);
}

#[test]
fn a_turn_that_takes_too_long_is_stopped() {
    let mut world = World::new(PROMPT);
    world.model = endless;
    until(&mut world, |job| matches!(job, Job::RunTools { .. }));
    world.now = world.now.after(Limits::DEFAULT.turn_millis + 1);
    world.settle();
    assert!(
        matches!(finished(&world, 1).as_slice(), [(Outcome::Failed, summary)] if summary.contains("20 minutes"))
    );
}

#[test]
fn the_time_of_another_turn_and_a_job_of_one_stop_nothing() {
    let phases: [fn(&Job) -> bool; 3] = [
        |job| matches!(job, Job::CallModel { .. }),
        |job| matches!(job, Job::RunTools { .. }),
        |job| matches!(job, Job::SendBuild { build } if *build == BuildId::numbered(2)),
    ];
    for phase in phases {
        let mut world = World::new(PROMPT);
        until(&mut world, phase);
        let before = (world.state().to_owned(), world.feed.len());
        let other = turn(2);
        world
            .take(Input::TimeIsUp {
                turn: other.clone(),
            })
            .unwrap();
        world
            .take(Input::JobFailed {
                job: Job::CallModel {
                    turn: other,
                    step: 1,
                },
                failures: u32::MAX,
                reason: "it was interrupted 10 times".to_owned(),
            })
            .unwrap();
        assert_eq!((world.state().to_owned(), world.feed.len()), before);
        world.settle();
        assert!(matches!(
            finished(&world, 1).as_slice(),
            [(Outcome::Completed, _)]
        ));
    }
}

#[test]
fn a_storage_that_fails_is_tried_again_and_the_next_message_starts_over() {
    let mut world = World::new(PROMPT);
    let mut failures = 0;
    while let Some(job) = world.next_job() {
        if job == Job::LayFoundation {
            failures += 1;
            world
                .take(Input::JobFailed {
                    job,
                    failures,
                    reason: "the disk is full".to_owned(),
                })
                .unwrap();
        } else {
            world.run(&job, Fault::None);
        }
    }
    assert_eq!(failures, 6);
    assert!(
        matches!(finished(&world, 1).as_slice(), [(Outcome::Failed, summary)] if summary.contains("the disk is full"))
    );
    world.post(2, PROMPT);
    world.settle();
    assert!(matches!(
        finished(&world, 2).as_slice(),
        [(Outcome::Completed, _)]
    ));
    assert_eq!(live(&world), Some(2));
}

#[test]
fn what_one_job_failed_is_not_counted_against_another() {
    let mut world = World::new(PROMPT);
    let job = until(&mut world, |job| matches!(job, Job::CallModel { .. }));
    let announced = Job::Announce;
    world.run(&announced, Fault::None);
    for failures in 1..=6 {
        let reason = "the model is away".to_owned();
        world
            .take(Input::JobFailed {
                job: job.clone(),
                failures,
                reason,
            })
            .unwrap();
        let counted = world.failures[&job.key()];
        assert_eq!(counted, failures.min(5), "the last one gives up");
    }
    // The turn has failed, and the app's list hears of it by a job that has not.
    assert!(world.outbox.contains_key(&announced.key()));
    assert_eq!(world.failures[&announced.key()], 0);
}

#[test]
fn a_build_whose_message_no_queue_takes_ends_at_its_deadline() {
    let mut world = World::new(PROMPT);
    world.settle();
    let began_at = world.now;
    world.post(2, "add a rating from 1 to 5 to recipes");
    let unsent = |world: &mut World, job: Job| {
        let failures = world.failures[&job.key()] + 1;
        let reason = "the build queue does not take messages".to_owned();
        world.take(Input::JobFailed {
            job,
            failures,
            reason,
        })
    };
    let mut told = 0;
    while let Some(job) = world.next_job() {
        if matches!(job, Job::SendBuild { .. }) {
            told += 1;
            unsent(&mut world, job).unwrap();
        } else {
            world.run(&job, Fault::None);
        }
    }
    assert!(told < 40, "with growing waits: {told}");
    let policy = BuildPolicy::DEFAULT;
    let waited = world.now.since(began_at);
    let longest = policy.build_millis + policy.longest_wait_millis;
    assert!(
        (policy.build_millis..=longest).contains(&waited),
        "{waited}"
    );
    let ended = world.builds.values().next_back().unwrap();
    assert_eq!(ended.status, BuildStatus::Failed);
    assert!(
        matches!(finished(&world, 2).as_slice(), [(Outcome::Failed, _)]),
        "{ended:?}"
    );

    // Where somebody has the build all the same, its claim lapses as ever.
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    world.now = world.now.after(policy.lease_millis);
    let build = work.build.clone();
    unsent(&mut world, Job::SendBuild { build }).unwrap();
    assert_eq!(world.builds[&work.build].status, BuildStatus::Retrying);
}

#[test]
fn a_deleted_app_takes_nothing_more() {
    let mut world = World::new(PROMPT);
    until(&mut world, |job| matches!(job, Job::RunTools { .. }));
    world.take(Input::Delete).unwrap();
    assert_eq!(world.outbox.keys().collect::<Vec<_>>(), ["purge"]);
    let refused = world
        .take(Input::Post {
            turn: turn(2),
            said: said("hello"),
        })
        .unwrap_err();
    assert_eq!(refused.kind, Kind::NotFound);
    world.settle();
}

#[test]
fn sets_that_were_live_before_are_remembered_newest_first_and_only_so_many() {
    let mut world = World::new(PROMPT);
    world.settle();
    let now = |world: &World| world.machine().preview().unwrap().set;
    let mut sets = vec![now(&world)];
    let mut manifests = vec![world.machine().manifest().clone()];
    let fields = ["source", "cuisine", "rating", "story", "yield"];
    for (number, field) in (2..).zip(fields) {
        world.post(number, &format!("add a {field} to recipes"));
        world.settle();
        sets.push(now(&world));
        manifests.push(world.machine().manifest().clone());
    }
    let [.., v3, v4, v5, v6, v7] = sets[..] else {
        panic!("six went live after one another")
    };
    assert_eq!(live(&world), Some(7));
    assert_eq!(world.machine().earlier_previews(), [v6, v5, v4, v3]);
    world
        .take(Input::Restore {
            version: 5,
            manifest: manifests[3].clone(),
        })
        .unwrap();
    world.settle();
    assert_eq!(live(&world), Some(8));
    assert_eq!(
        world.machine().earlier_previews(),
        [v7, v6, v4, v3],
        "what is live again is no earlier one"
    );
    world.take(Input::Delete).unwrap();
    assert_eq!(world.machine().earlier_previews(), []);
}

#[test]
fn a_production_build_by_hand_changes_no_preview() {
    let mut world = World::new(PROMPT);
    world.settle();
    let before = world.machine().preview().cloned();
    let answer = world
        .take(Input::StartBuild {
            mode: Mode::Production,
        })
        .unwrap();
    assert!(
        matches!(answer, Some(Answer::Build(build)) if build.mode == Mode::Production && build.version == 2)
    );
    world.settle();
    assert_eq!(world.machine().preview().cloned(), before);
    assert!(
        world
            .builds
            .values()
            .any(|build| build.mode != DEVELOPMENT && build.status == BuildStatus::Succeeded)
    );
}

/// One thing that happens in the disturbed world.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Job(Fault),
    LoseMessages,
    RepeatMessages,
    ConsumerDies,
    ConsumerWorks,
    ConsumerReportsTwice,
    TimePasses,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => Just(Happening::Job(Fault::None)),
        4 => Just(Happening::Job(Fault::Crash)),
        4 => Just(Happening::Job(Fault::Twice)),
        1 => Just(Happening::LoseMessages),
        1 => Just(Happening::RepeatMessages),
        1 => Just(Happening::ConsumerDies),
        2 => Just(Happening::ConsumerWorks),
        1 => Just(Happening::ConsumerReportsTwice),
        1 => Just(Happening::TimePasses),
    ]
}

fn happen(world: &mut World, what: Happening) {
    match what {
        Happening::Job(fault) => {
            if let Some(job) = world.next_job() {
                world.run(&job, fault);
            }
        }
        Happening::LoseMessages => world.queue.clear(),
        Happening::RepeatMessages => world.queue.extend(world.queue.clone()),
        Happening::ConsumerDies => drop(world.claim()),
        Happening::ConsumerWorks => {
            if let Some(work) = world.claim() {
                world.report(&work, succeeded(&work));
            }
        }
        Happening::ConsumerReportsTwice => {
            if let Some(work) = world.claim() {
                world.report(&work, succeeded(&work));
                world.report(&work, succeeded(&work));
            }
        }
        Happening::TimePasses => world.now = world.now.after(5_000),
    }
}

fn told() -> World {
    let mut world = World::new(PROMPT);
    world.post(2, "add a rating from 1 to 5 to recipes");
    world
}

/// A sample; with `OVERSKILL_TEST_DEPTH=full` enough to look for the rare, with `least` so few that mutants can be tested.
fn cases() -> u32 {
    match std::env::var("OVERSKILL_TEST_DEPTH").as_deref() {
        Ok("full") => 1_000,
        Ok("least") => 4,
        _ => 24,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// Invariants I1 and I2: crashes, repetitions and losses change nothing but the time.
    #[test]
    fn however_the_world_falls_apart_the_story_is_the_same(happenings in prop::collection::vec(happening(), 0..60)) {
        let mut undisturbed = told();
        undisturbed.settle();
        let mut world = told();
        for what in happenings {
            happen(&mut world, what);
        }
        world.settle();
        prop_assert_eq!(world.story(), undisturbed.story());
        prop_assert_eq!(live(&world), Some(3));
        prop_assert!(world.outbox.is_empty());
        for build in world.builds.values() {
            prop_assert!(matches!(build.status, BuildStatus::Succeeded | BuildStatus::Superseded), "{build:?}");
        }
        let ids: Vec<BuildId> = world.builds.keys().cloned().collect();
        prop_assert_eq!(ids.len(), 3);
        // Whatever came out of the build cache is the app's own in the end.
        prop_assert_eq!(world.copied.len(), world.builds.values().filter(|build| build.cached).count());
    }
}

/// Begins a second turn and stops when its build has been claimed.
fn claimed_in_a_second_turn(world: &mut World) -> Work {
    world.settle();
    world.post(2, "add a rating from 1 to 5 to recipes");
    claimed(world)
}

/// Sends a build whose consumer fell silent until it is in another's hands.
fn claimed_again(world: &mut World, lost: &Work) -> Work {
    for _ in 0..3 {
        let key = Job::SendBuild {
            build: lost.build.clone(),
        }
        .key();
        let (job, due) = world.outbox[&key].clone();
        world.now = world.now.max(due);
        world.run(&job, Fault::None);
        if let Some(work) = world.claim() {
            return work;
        }
    }
    panic!("nobody takes {}", lost.build);
}

#[test]
fn the_state_stays_small_however_much_is_waiting() {
    let mut world = World::new(PROMPT);
    let long = "\"".repeat(Limits::DEFAULT.prompt_bytes);
    for number in 2..=u8::try_from(Limits::DEFAULT.queued_messages).unwrap() {
        world.post(number, &long);
    }
    // A row of the platform's storage holds 2 MB.
    assert!(world.state_bytes() < 200_000, "{}", world.state_bytes());
    world.settle();
    assert_eq!(
        world.count("turn_finished"),
        Limits::DEFAULT.queued_messages
    );
}

#[test]
fn a_builder_that_is_busy_has_not_failed() {
    let mut world = World::new(PROMPT);
    let mut work = claimed_in_a_second_turn(&mut world);
    for _ in 0..2 * BuildPolicy::DEFAULT.attempts {
        let busy = BuildOutcome::Busy {
            retry_after_millis: Some(86_400_000),
        };
        let before = world.now;
        world.report(&work, busy);
        work = loop {
            let job = world.next_job().unwrap();
            world.run(&job, Fault::None);
            if let Some(work) = world.claim() {
                break work;
            }
        };
        assert!(world.now.since(before) <= BuildPolicy::DEFAULT.longest_wait_millis);
    }
    world.report(&work, succeeded(&work));
    world.settle();
    assert!(matches!(
        finished(&world, 2).as_slice(),
        [(Outcome::Completed, _)]
    ));
}

#[test]
fn a_builder_that_is_busy_for_ever_ends_the_turn_and_then_the_build() {
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    let busy = || BuildOutcome::Busy {
        retry_after_millis: None,
    };
    world.report(&work, busy());
    for _ in 0..1_000 {
        while let Some(work) = world.claim() {
            world.report(&work, busy());
        }
        let Some(job) = world.next_job() else { break };
        world.run(&job, Fault::None);
    }
    assert!(world.outbox.is_empty(), "{:?}", world.outbox);
    assert!(
        matches!(finished(&world, 2).as_slice(), [(Outcome::Failed, summary)] if summary.contains("20 minutes"))
    );
    let build = &world.builds[&work.build];
    assert_eq!(build.status, BuildStatus::Failed);
    assert!(
        build.diagnostics[0].message.contains("No builder took"),
        "{build:?}"
    );
    assert_eq!(live(&world), Some(2));
}

#[test]
fn a_turn_whose_build_takes_too_long_ends_and_the_build_goes_live_later() {
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    for _ in 0..Limits::DEFAULT.turn_millis / 10_000 + 1 {
        world.now = world.now.after(10_000);
        let held = world
            .take(Input::Progress {
                build: work.build.clone(),
                attempt: work.attempt,
                lines: vec![],
            })
            .unwrap();
        assert_eq!(held, Some(Answer::Held(true)));
    }
    let job = world.next_job().unwrap();
    assert!(matches!(job, Job::EndTurn { .. }), "{job:?}");
    world.run(&job, Fault::Twice);
    assert!(
        matches!(finished(&world, 2).as_slice(), [(Outcome::Failed, summary)] if summary.contains("20 minutes"))
    );
    world.report(&work, succeeded(&work));
    world.settle();
    assert_eq!(live(&world), Some(3));
}

#[test]
fn a_consumer_that_lost_its_claim_hears_of_it() {
    let mut world = World::new(PROMPT);
    let lost = claimed_in_a_second_turn(&mut world);
    world.now = world.now.after(BuildPolicy::DEFAULT.lease_millis);
    claimed_again(&mut world, &lost);
    let held = world
        .take(Input::Progress {
            build: lost.build.clone(),
            attempt: lost.attempt,
            lines: vec![],
        })
        .unwrap();
    assert_eq!(held, Some(Answer::Held(false)));
}

#[test]
fn a_claim_that_lapses_again_and_again_is_given_up() {
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    let mut attempts = 1;
    while world.builds[&work.build].status != BuildStatus::Failed {
        // Nobody reports; the outbox finds out.
        let job = world.next_job().unwrap();
        world.run(&job, Fault::None);
        attempts += u32::from(world.claim().is_some());
    }
    assert_eq!(attempts, BuildPolicy::DEFAULT.lapses);
    assert!(
        attempts > BuildPolicy::DEFAULT.attempts,
        "a consumer that dies is no builder that fails"
    );
    world.settle();
    assert!(matches!(
        finished(&world, 2).as_slice(),
        [(Outcome::Failed, _)]
    ));
}

/// How long a build was to wait, each time that it was to be tried again.
fn waits(world: &World, build: &BuildId, told_at: &[Timestamp]) -> Vec<u64> {
    let retries = world.feed.iter().filter_map(|event| match event {
        Event::BuildRetrying {
            build: id,
            retry_at,
            ..
        } if id == build => Some(*retry_at),
        _ => None,
    });
    let waits = retries.zip(told_at);
    waits.map(|(until, from)| until.since(*from)).collect()
}

#[test]
fn a_message_that_the_queue_gave_up_on_is_told_of_and_sent_again_with_growing_waits() {
    let mut world = World::new(PROMPT);
    world.settle();
    world.post(2, "add a rating from 1 to 5 to recipes");
    let mut told_at = Vec::new();
    let build = loop {
        let job = until(&mut world, |job| matches!(job, Job::SendBuild { .. }));
        world.run(&job, Fault::None);
        let build = world.queue.pop().unwrap();
        if world.builds[&build].status == BuildStatus::Failed {
            break build;
        }
        let undelivered = Input::BuildUndelivered {
            build: build.clone(),
        };
        told_at.push(world.now);
        world.take(undelivered.clone()).unwrap();
        // Dead letters come twice as well.
        world.take(undelivered).unwrap();
        if world.builds[&build].status == BuildStatus::Failed {
            break build;
        }
    };
    let waits = waits(&world, &build, &told_at);
    let policy = BuildPolicy::DEFAULT;
    let expected: Vec<u64> = (1..policy.lapses)
        .map(|lapse| policy.backoff(lapse))
        .collect();
    assert_eq!(waits, expected);
    assert!(waits.is_sorted() && waits.first() < waits.last());
    assert_eq!(waits.last(), Some(&policy.longest_wait_millis));
    assert!(
        world.feed.iter().any(|event| matches!(event, Event::BuildRetrying { reason, .. } if reason.contains("could not be delivered"))),
    );
    let ended = &world.builds[&build];
    assert!(
        ended.diagnostics[0].code.as_deref() == Some("platform_unavailable"),
        "{ended:?}"
    );
    world.settle();
    assert!(matches!(
        finished(&world, 2).as_slice(),
        [(Outcome::Failed, _)]
    ));
    assert!(world.outbox.is_empty());
}

#[test]
fn a_dead_letter_of_a_build_that_somebody_has_changes_nothing() {
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    let state = world.state().to_owned();
    let undelivered = |build: &BuildId| Input::BuildUndelivered {
        build: build.clone(),
    };
    world.take(undelivered(&work.build)).unwrap();
    assert_eq!(world.state(), state);
    world.report(&work, succeeded(&work));
    world.take(undelivered(&work.build)).unwrap();
    world.settle();
    world.take(undelivered(&work.build)).unwrap();
    assert_eq!(live(&world), Some(3));
    assert_eq!(world.count("build_retrying"), 0);
}

#[test]
fn a_message_too_many_does_not_shorten_the_wait_for_the_builder() {
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    let reason = "the builder could not be reached".to_owned();
    world.report(
        &work,
        BuildOutcome::Unavailable {
            cause: Cause::Builder,
            reason,
        },
    );
    let wait = BuildPolicy::DEFAULT.backoff(1);
    // A process that starts sends all messages anew, whatever they wait for.
    let again = Job::SendBuild {
        build: work.build.clone(),
    };
    world.now = world.now.after(wait - 1);
    world.run(&again, Fault::Twice);
    assert!(world.claim().is_none() && world.claim().is_none());
    assert_eq!(world.builds[&work.build].status, BuildStatus::Retrying);
    let due = world.outbox[&again.key()].1;
    assert_eq!(due, world.now.after(1), "sent once more when it is time");
    world.now = due;
    world.run(&again, Fault::None);
    assert_eq!(world.claim().unwrap().attempt, 2);
}

#[test]
fn a_build_from_the_cache_says_so() {
    let mut world = World::new(PROMPT);
    let work = claimed_in_a_second_turn(&mut world);
    world.report(&work, succeeded(&work));
    world.settle();
    for build in world.builds.values() {
        // The first is superseded.
        let has_sizes = build.status == BuildStatus::Succeeded;
        assert_eq!(
            (build.cached, build.sizes.is_some()),
            (build.version == 2, has_sizes)
        );
    }
    let told: Vec<bool> = world
        .feed
        .iter()
        .filter_map(|event| match event {
            Event::BuildFinished { cached, .. } => Some(*cached),
            _ => None,
        })
        .collect();
    assert_eq!(told, [false, true, false]);
}

#[test]
fn a_build_that_is_under_way_is_not_started_again_and_their_number_is_bounded() {
    let mut world = World::new(PROMPT);
    world.settle();
    let start = |world: &mut World| {
        world.take(Input::StartBuild {
            mode: Mode::Production,
        })
    };
    let first = start(&mut world).unwrap();
    assert_eq!(start(&mut world).unwrap(), first);
    let mut started = 1;
    let refused = loop {
        let entry = FileEntry::of(&[started]);
        let path = "a.txt".parse().unwrap();
        world.take(Input::PutFile { path, entry }).unwrap();
        match start(&mut world) {
            Ok(_) => started += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind, Kind::Conflict);
    assert!(usize::from(started) <= Limits::DEFAULT.active_builds);
    world.settle();
    start(&mut world).unwrap();
}

#[test]
fn an_old_build_does_not_say_how_the_app_is() {
    let mut world = World::new(PROMPT);
    let mut old = claimed_in_a_second_turn(&mut world);
    while old.version < 3 {
        old = world.claim().unwrap();
    }
    let entry = FileEntry::of(b"x");
    let path = "a.txt".parse().unwrap();
    world.take(Input::PutFile { path, entry }).unwrap();
    // Both are built at the same time; the newer one is done first.
    for _ in 0..100 {
        let Some(job) = world.next_job() else { break };
        world.run(&job, Fault::None);
        world.consume_all();
        if live(&world) == Some(4) {
            break;
        }
    }
    assert_eq!(live(&world), Some(4));
    let failed = BuildOutcome::Failed {
        diagnostics: vec![Diagnostic::error("syntax", "Unexpected token")],
        report: None,
    };
    world.report(&old, failed);
    // The turn that waited for it failed; what somebody does by hand afterwards decides.
    assert_eq!(world.machine().summary().status, AppStatus::Failed);
    let path = "b.txt".parse().unwrap();
    world.take(Input::PutFile { path, entry }).unwrap();
    world.settle();
    assert_eq!(world.machine().summary().status, AppStatus::Ready);
    let production = world
        .take(Input::StartBuild {
            mode: Mode::Production,
        })
        .unwrap();
    let Some(Answer::Build(production)) = production else {
        panic!("{production:?}")
    };
    let work = claimed(&mut world);
    assert_eq!(work.build, production.id);
    world.report(
        &work,
        BuildOutcome::Failed {
            diagnostics: vec![Diagnostic::error("types", "no")],
            report: None,
        },
    );
    assert_eq!(world.machine().summary().status, AppStatus::Ready);
}

#[test]
fn an_app_is_ready_when_its_first_preview_is_live() {
    let mut world = World::new("what can you do?");
    while finished(&world, 1).is_empty() {
        let job = world.next_job().unwrap();
        world.run(&job, Fault::None);
    }
    assert_eq!(live(&world), None);
    assert_eq!(world.machine().summary().status, AppStatus::Creating);
    world.settle();
    assert_eq!(live(&world), Some(1));
    assert_eq!(world.machine().summary().status, AppStatus::Ready);
}

#[test]
fn a_failed_turn_is_not_made_good_by_the_build_of_what_it_left() {
    let mut world = World::new(PROMPT);
    world.model = endless;
    world.settle();
    assert!(matches!(
        finished(&world, 1).as_slice(),
        [(Outcome::Failed, _)]
    ));
    assert_eq!(live(&world), Some(1));
    assert_eq!(world.machine().summary().status, AppStatus::Failed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// Whatever is under way when an app is deleted comes to nothing, and nothing of it stays.
    #[test]
    fn deleted_at_any_moment_nothing_comes_back(before in 0_usize..30, happenings in prop::collection::vec(happening(), 0..30)) {
        let mut world = told();
        let mut under_way = Vec::new();
        for _ in 0..before {
            world.consume_all();
            let Some(job) = world.next_job() else { break };
            under_way.extend(world.perform(&job));
            world.run(&job, Fault::None);
        }
        world.take(Input::Delete).unwrap();
        for late in under_way {
            world.take(late.clone()).unwrap();
            if let Some(job) = late.job() {
                world.take(Input::JobFailed { job, failures: 1, reason: "it was gone".to_owned() }).unwrap();
            }
        }
        for what in happenings {
            happen(&mut world, what);
        }
        world.settle();
        prop_assert!(world.outbox.is_empty());
        prop_assert!(world.feed.is_empty() && world.messages.is_empty() && world.blobs.is_empty());
        prop_assert!(!world.state().contains("recipe"), "{}", world.state());
    }
}
