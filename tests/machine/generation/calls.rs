//! Calls of models as the machine makes them: attempts, stops, fail-over, repair, questions, cancellation, and what they cost.

use std::collections::VecDeque;

use overskill::{
    build::Diagnostic,
    config::Limits,
    error::Kind,
    generation::{
        Answer, BuildOutcome, CallEnd, Input, Job, Spent, Writing,
        feed::{Event, Outcome},
        repair::Strategy,
        tools::Intent,
    },
    ids::TurnId,
    llm::{
        message::{Block, Message, Reply, Request, Stop, ToolCall, Usage, UserBlock},
        retry::Failure,
    },
};
use serde_json::json;

use super::world::{self, Fault, World, said, turn};

const CLAUDE: &str = "claude-a";
const GPT: &str = "gpt-b";
const BOTH: &[&str] = &[CLAUDE, GPT];
const ALONE: &[&str] = &[CLAUDE];

fn usage(output: u64) -> Usage {
    Usage {
        input: 100,
        output,
        ..Usage::default()
    }
}

fn text(words: &str) -> Block {
    Block::Text {
        text: words.to_owned(),
    }
}

fn call(id: &str, name: &str, input: serde_json::Value) -> Block {
    Block::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        input,
        unreadable: None,
    })
}

fn reply(blocks: Vec<Block>, stop: Stop) -> Reply {
    Reply {
        blocks,
        stop,
        usage: usage(10),
    }
}

/// How many answers there were since the user spoke.
fn answers(request: &Request) -> usize {
    let is_answer = |message: &&Message| matches!(message, Message::Assistant(_));
    request.messages.iter().filter(is_answer).count()
}

fn write(number: usize) -> Block {
    let content = format!("export const number = {number};\n");
    let input = json!({ "path": format!("src/lib/number{number}.ts"), "content": content });
    call(&format!("call_{number}"), "write_file", input)
}

/// One file, then the end.
fn builder(request: &Request) -> Reply {
    match answers(request) {
        0 => reply(vec![text("I write it."), write(0)], Stop::ToolUse),
        _ => reply(vec![text("It counts now.")], Stop::EndTurn),
    }
}

fn finished(world: &World, number: u8) -> (Outcome, String) {
    let ends = super::finished(world, number);
    let [end] = &ends[..] else {
        panic!("{ends:?}");
    };
    end.clone()
}

fn voided(world: &World) -> Vec<(u32, String)> {
    let voided = world.feed.iter().filter_map(|event| match event {
        Event::AttemptVoided { attempt, model, .. } => Some((*attempt, model.clone())),
        _ => None,
    });
    voided.collect()
}

fn answered_by(world: &World) -> Vec<String> {
    let who = world.feed.iter().filter_map(|event| match event {
        Event::StepFinished { model, .. } => Some(model.clone()),
        _ => None,
    });
    who.collect()
}

fn fails(world: &mut World, model: &'static str, failures: impl IntoIterator<Item = Failure>) {
    world.failing.insert(model, failures.into_iter().collect());
}

fn status(status: u16, retry_after_millis: Option<u64>) -> Failure {
    Failure::Status {
        status,
        kind: String::new(),
        retry_after_millis,
    }
}

/// Every call that went to a model has exactly one result for each call of a tool.
fn assert_answered(world: &World) {
    for transcript in world.transcript.values() {
        let mut open: Vec<&str> = Vec::new();
        for message in transcript {
            match message {
                Message::Assistant(blocks) => {
                    assert!(open.is_empty(), "{open:?}");
                    open = blocks
                        .iter()
                        .filter_map(|block| match block {
                            Block::ToolCall(call) => Some(call.id.as_str()),
                            _ => None,
                        })
                        .collect();
                }
                Message::User(blocks) => {
                    for block in blocks {
                        if let UserBlock::ToolResult(result) = block {
                            let place = open.iter().position(|id| *id == result.call);
                            open.remove(place.expect("a result of a call"));
                        }
                    }
                    assert!(open.is_empty(), "{open:?}");
                }
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
    let ids = |kind: &str| -> Vec<String> {
        let of_kind = world.feed.iter().filter(|event| event.kind() == kind);
        let mut ids: Vec<String> = of_kind
            .map(|event| serde_json::to_value(event).unwrap()["call"].to_string())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("tool_call"), ids("tool_result"));
}

fn begin(world: &mut World) -> Job {
    for _ in 0..100 {
        let job = world.next_job().expect("the call comes");
        if matches!(job, Job::CallModel { .. }) {
            return job;
        }
        world.run(&job, Fault::None);
    }
    panic!("the call never came");
}

#[test]
fn a_model_that_is_overloaded_is_asked_again_and_then_another() {
    let mut world = World::with("count", BOTH);
    world.model = builder;
    fails(&mut world, CLAUDE, [status(529, None), status(529, None)]);
    let began = world.now;
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Completed);
    assert_eq!(
        voided(&world),
        [(1, CLAUDE.to_owned()), (2, CLAUDE.to_owned())]
    );
    // Who stands in has the word until the turn ends.
    assert_eq!(answered_by(&world), [GPT, GPT]);
    assert!(world.now.since(began) < 5_000 + 2 * 60_000);
    let asked: Vec<&str> = world
        .asked
        .iter()
        .map(|(model, _)| model.as_str())
        .collect();
    assert_eq!(asked, [CLAUDE, CLAUDE, GPT, GPT]);
    // With the same words.
    assert_eq!(world.asked[0].1, world.asked[2].1);
    world.post(2, "again");
    world.settle();
    assert_eq!(answered_by(&world)[2], CLAUDE, "the next turn is its own");
    assert_answered(&world);
}

#[test]
fn a_model_that_wants_to_be_left_alone_is_not_waited_for_when_another_is_well() {
    let mut world = World::with("count", BOTH);
    world.model = builder;
    fails(&mut world, CLAUDE, [status(429, Some(60_000))]);
    world.settle();
    assert_eq!(answered_by(&world), [GPT, GPT]);
    // It is left alone in the next turn too, for as long as it wants.
    world.post(2, "again");
    let job = begin(&mut world);
    world.run(&job, Fault::None);
    assert_eq!(world.asked.last().unwrap().0, GPT);
}

#[test]
fn where_the_other_will_have_no_request_the_first_is_waited_for() {
    let mut world = World::with("count", BOTH);
    world.model = builder;
    fails(&mut world, CLAUDE, [status(429, Some(6_000))]);
    fails(&mut world, GPT, [status(401, None)]);
    let job = begin(&mut world);
    let asked_at = world.now;
    world.run(&job, Fault::None);
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Completed);
    assert_eq!(
        voided(&world),
        [(1, CLAUDE.to_owned()), (2, GPT.to_owned())]
    );
    assert_eq!(answered_by(&world), [CLAUDE, CLAUDE]);
    assert!(world.now.since(asked_at) >= 6_000);
    assert!(world.asked.len() <= 5, "nobody is asked again and again");
}

#[test]
fn alone_it_is_waited_for() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    fails(&mut world, CLAUDE, [status(429, Some(7_000))]);
    let job = begin(&mut world);
    let asked_at = world.now;
    world.run(&job, Fault::None);
    let again = begin(&mut world);
    assert_eq!(job, again);
    assert_eq!(world.now.since(asked_at), 7_000);
    let told = world.feed.iter().find_map(|event| match event {
        Event::AttemptVoided {
            retry_at, reason, ..
        } => Some((*retry_at, reason.clone())),
        _ => None,
    });
    let (retry_at, reason) = told.unwrap();
    assert_eq!(retry_at, Some(asked_at.after(7_000)));
    assert!(reason.contains("429"), "{reason}");
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Completed);
}

#[test]
fn a_request_that_nobody_will_have_is_sent_once_and_said_plainly() {
    let mut world = World::with("count", BOTH);
    fails(&mut world, CLAUDE, [status(400, None)]);
    world.settle();
    let (outcome, summary) = finished(&world, 1);
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        summary.contains(CLAUDE) && summary.contains("did not take the request (400)"),
        "{summary}"
    );
    assert_eq!(world.asked.len(), 1);
    assert!(world.outbox.is_empty());
}

#[test]
fn a_provider_that_stays_away_ends_the_turn_and_no_storm_is_made() {
    let mut world = World::with("count", ALONE);
    fails(
        &mut world,
        CLAUDE,
        std::iter::repeat_n(Failure::Broken, 100),
    );
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Failed);
    assert_eq!(world.asked.len(), 6);
    assert_answered(&world);
}

#[test]
fn an_empty_answer_is_a_failure_until_something_was_done() {
    fn silent(_: &Request) -> Reply {
        reply(vec![], Stop::EndTurn)
    }
    let mut world = World::with("count", ALONE);
    world.model = silent;
    world.settle();
    let (outcome, summary) = finished(&world, 1);
    assert_eq!(outcome, Outcome::Failed);
    assert!(summary.contains("said nothing"), "{summary}");

    fn quiet(request: &Request) -> Reply {
        match answers(request) {
            0 => reply(vec![write(0)], Stop::ToolUse),
            _ => reply(vec![], Stop::EndTurn),
        }
    }
    let mut world = World::with("count", ALONE);
    world.model = quiet;
    world.settle();
    assert_eq!(
        finished(&world, 1),
        (Outcome::Completed, "I have changed the app.".to_owned())
    );
}

/// Begins an attempt at a call, and does not make it.
fn call_begun(world: &mut World, job: &Job) -> (TurnId, u32) {
    let Job::CallModel { turn, step } = job.clone() else {
        panic!("{job:?}");
    };
    let begun = world.take(Input::CallBegun {
        turn: turn.clone(),
        step,
        chain: vec![CLAUDE.to_owned()],
        outline: Some(String::new()),
    });
    assert!(matches!(begun, Ok(Some(Answer::Call(Some(_))))));
    (turn, step)
}

/// Whether somebody still wants what a call says.
fn is_heard(world: &mut World, turn: &TurnId, step: u32, words: &str) -> bool {
    let answer = world.take(Input::CallProgress {
        turn: turn.clone(),
        step,
        text: words.to_owned(),
        writing: vec![],
        spent: Spent::default(),
    });
    answer.unwrap() == Some(Answer::Held(true))
}

#[test]
fn only_the_call_that_is_under_way_is_heard() {
    let mut world = World::with("count", ALONE);
    let job = begin(&mut world);
    let heard = |world: &mut World, turn: &TurnId, step: u32| {
        let told = world.feed.len();
        let is_held = is_heard(world, turn, step, "I wr");
        assert_eq!(world.feed.len() > told, is_held, "told is what is heard");
        is_held
    };
    // It is awaited, but nobody is at it.
    assert!(!heard(&mut world, &turn(1), 1));
    let (id, step) = call_begun(&mut world, &job);
    assert!(heard(&mut world, &id, step));
    assert!(!heard(&mut world, &id, step + 1));
    assert!(!heard(&mut world, &turn(2), step));
    assert!(heard(&mut world, &id, step));
    // Of the whole answer, the rest is told.
    let end = CallEnd {
        spent: Spent::default(),
        chain: vec![CLAUDE.to_owned()],
        chance: 0,
    };
    world
        .take(Input::ModelReplied {
            turn: id,
            step,
            reply: reply(vec![text("I wrI write it.")], Stop::EndTurn),
            end,
        })
        .unwrap();
    let words = world.feed.iter().filter_map(|event| match event {
        Event::TextDelta { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(words.collect::<Vec<_>>(), ["I wr", "I wr", "ite it."]);
}

#[test]
fn what_a_model_says_is_told_as_it_comes_and_all_of_it_once() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    let job = begin(&mut world);
    let (id, step) = call_begun(&mut world, &job);
    let mut hear = |words: &str, bytes| {
        let writing = Writing {
            name: "write_file".to_owned(),
            path: Some("src/a.ts".to_owned()),
            bytes,
        };
        world
            .take(Input::CallProgress {
                turn: id.clone(),
                step,
                text: words.to_owned(),
                writing: vec![writing],
                spent: Spent::default(),
            })
            .unwrap()
    };
    assert_eq!(hear("I wr", 0), Some(Answer::Held(true)));
    assert_eq!(hear("ite", 12), Some(Answer::Held(true)));
    // The process dies: what was told does not count, and is told again as a whole.
    world.run(&job, Fault::None);
    let told: Vec<String> = world
        .feed
        .iter()
        .filter_map(|event| match event {
            Event::TextDelta { step: 1, text, .. } => Some(text.clone()),
            Event::ToolDelta { bytes, .. } => Some(bytes.to_string()),
            Event::AttemptVoided { .. } => Some("void".to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["I wr", "ite", "12", "void", "I write it."]);
    // Whoever still listens to the first hears that nobody wants it.
    assert!(!is_heard(&mut world, &id, step, "late"));
}

#[test]
fn a_call_that_could_not_be_made_is_void_at_once_and_made_again() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    let job = begin(&mut world);
    let (id, step) = call_begun(&mut world, &job);
    world
        .take(Input::JobFailed {
            job,
            failures: 1,
            reason: "the storage does not answer".to_owned(),
        })
        .unwrap();
    assert_eq!(voided(&world), [(1, CLAUDE.to_owned())]);
    assert_eq!(world.charges.len(), 1);
    assert!(world.charges[0].voided);
    assert!(!is_heard(&mut world, &id, step, "late"));
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Completed);
    assert_eq!(voided(&world).len(), 1);
}

#[test]
fn a_call_that_was_cut_off_by_its_limit_is_not_run_and_the_others_are() {
    fn cut(request: &Request) -> Reply {
        match answers(request) {
            0 => {
                let cut = Block::ToolCall(ToolCall {
                    id: "call_cut".to_owned(),
                    name: "delete_file".to_owned(),
                    input: json!({}),
                    unreadable: Some("{\"path\":\"src/main.tsx".to_owned()),
                });
                reply(vec![write(0), cut], Stop::MaxTokens)
            }
            _ => reply(vec![text("Done.")], Stop::EndTurn),
        }
    }
    let mut world = World::with("count", ALONE);
    world.model = cut;
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Completed);
    let machine = world.machine();
    assert!(
        machine
            .manifest()
            .get(&"src/main.tsx".parse().unwrap())
            .is_some()
    );
    assert!(
        machine
            .manifest()
            .get(&"src/lib/number0.ts".parse().unwrap())
            .is_some()
    );
    assert_answered(&world);
}

#[test]
fn an_answer_that_is_too_long_goes_on_and_not_for_ever() {
    fn long(request: &Request) -> Reply {
        match answers(request) {
            0 => reply(vec![text("First, this. ")], Stop::MaxTokens),
            1 => reply(vec![text("Then th")], Stop::MaxTokens),
            _ => reply(vec![text("at.")], Stop::EndTurn),
        }
    }
    let mut world = World::with("tell", ALONE);
    world.model = long;
    world.settle();
    // What was said in pieces is one message.
    let whole = "First, this. Then that.".to_owned();
    assert_eq!(finished(&world, 1), (Outcome::Completed, whole.clone()));
    assert_eq!(world.messages.last().map(|(.., said)| said), Some(&whole));
    let Some(Message::User(last)) = world.asked[1].1.messages.last() else {
        panic!("{:?}", world.asked[1]);
    };
    assert!(matches!(&last[..], [UserBlock::Context { text }] if text.contains("cut off")));

    fn whole_already(request: &Request) -> Reply {
        match answers(request) {
            0 => reply(vec![text("That is all.")], Stop::MaxTokens),
            _ => reply(vec![], Stop::EndTurn),
        }
    }
    let mut world = World::with("tell", ALONE);
    world.model = whole_already;
    world.settle();
    assert_eq!(
        finished(&world, 1),
        (Outcome::Completed, "That is all.".to_owned())
    );

    fn endless(_: &Request) -> Reply {
        reply(vec![text("And then")], Stop::MaxTokens)
    }
    let mut world = World::with("tell", ALONE);
    world.model = endless;
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Failed);
    assert_eq!(world.asked.len(), 1 + Limits::DEFAULT.cut_offs as usize);

    // Before that, an answer ends that has said too much.
    fn very_long(_: &Request) -> Reply {
        reply(vec![text(&"And then ".repeat(15_000))], Stop::MaxTokens)
    }
    let mut world = World::with("tell", ALONE);
    world.model = very_long;
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Failed);
    assert_eq!(world.asked.len(), 3);
}

#[test]
fn a_refusal_ends_the_turn_in_the_models_words_and_runs_nothing() {
    fn no(_: &Request) -> Reply {
        reply(vec![text("I would rather not."), write(0)], Stop::Refused)
    }
    let mut world = World::with("count", ALONE);
    world.model = no;
    world.settle();
    assert_eq!(
        finished(&world, 1),
        (Outcome::Failed, "I would rather not.".to_owned())
    );
    assert_eq!(world.versions.len(), 1);
    assert_answered(&world);
}

#[test]
fn a_paused_answer_is_given_back_as_it_is() {
    fn paused(request: &Request) -> Reply {
        match answers(request) {
            0 => reply(vec![text("I search.")], Stop::Paused),
            _ => reply(vec![text("Found.")], Stop::EndTurn),
        }
    }
    let mut world = World::with("search", ALONE);
    world.model = paused;
    world.settle();
    assert_eq!(
        finished(&world, 1),
        (Outcome::Completed, "Found.".to_owned())
    );
    assert!(matches!(
        world.asked[1].1.messages.last(),
        Some(Message::Assistant(_))
    ));
}

#[test]
fn a_question_ends_the_turn_and_keeps_what_was_done() {
    fn asks(request: &Request) -> Reply {
        match answers(request) {
            0 => {
                let input =
                    json!({ "question": "Public or private?", "options": ["Public", "Private"] });
                let ask = call("call_ask", "ask_user", input);
                reply(vec![write(0), ask], Stop::ToolUse)
            }
            _ => reply(vec![text("Private it is.")], Stop::EndTurn),
        }
    }
    let mut world = World::with("count", ALONE);
    world.model = asks;
    world.settle();
    let (outcome, summary) = finished(&world, 1);
    assert_eq!(outcome, Outcome::Asked);
    assert_eq!(summary, "Public or private?\n\n- Public\n- Private");
    assert_eq!(world.count("question"), 1);
    assert_eq!(world.versions.len(), 2);
    assert_eq!(world.asked.len(), 1, "waiting costs nothing");
    assert!(world.outbox.is_empty());
    assert_answered(&world);
}

#[test]
fn a_discussion_is_told_so() {
    let mut world = World::with("count", ALONE);
    fn talks(request: &Request) -> Reply {
        assert!(request.tools.len() == 3 || answers(request) > 0 || request.messages.len() == 1);
        reply(vec![text("It is so.")], Stop::EndTurn)
    }
    world.model = talks;
    world.settle();
    let mut why = said("why?");
    why.intent = Intent::Discuss;
    world
        .take(Input::Post {
            turn: turn(2),
            said: why,
        })
        .unwrap();
    world.settle();
    let (_, request) = world.asked.last().unwrap();
    let names: Vec<&str> = request
        .tools
        .iter()
        .map(|tool| tool.name.as_str())
        .collect();
    assert_eq!(names, ["view_file", "search_files", "ask_user"]);
    let Some(Message::User(first)) = request.messages.first() else {
        panic!("{request:?}");
    };
    assert!(matches!(&first[0], UserBlock::Context { text } if text.contains("answer in words")));
}

#[test]
fn cancelled_while_the_model_has_the_word_the_turn_ends_and_the_next_begins() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    let job = begin(&mut world);
    world.post(2, "later");
    let input = world.perform(&job).unwrap();
    let Job::CallModel { turn: id, step } = job else {
        panic!("{job:?}");
    };
    let mut spent = Spent::default();
    spent.usage.input = 70;
    let heard = Input::CallProgress {
        turn: id,
        step,
        text: "I wr".to_owned(),
        writing: vec![],
        spent,
    };
    world.take(heard).unwrap();
    world.take(Input::Cancel { turn: turn(1) }).unwrap();
    assert_eq!(
        finished(&world, 1),
        (
            Outcome::Cancelled,
            "Stopped. Nothing was changed since the last version.".to_owned()
        )
    );
    assert_eq!(voided(&world).len(), 1);
    // It has cost something, and nobody pays for it.
    let spent = world.machine().usage().spent;
    assert_eq!((spent.billed.input, spent.unbilled.input), (0, 70));
    // What comes of the call afterwards changes nothing.
    let before = world.state().to_owned();
    world.take(input).unwrap();
    assert_eq!(world.state(), before);
    world.settle();
    assert_eq!(finished(&world, 2).0, Outcome::Completed);
    let refused = world.take(Input::Cancel { turn: turn(1) }).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert_answered(&world);
}

#[test]
fn cancelled_with_a_part_done_it_is_kept_and_said() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    let job = begin(&mut world);
    world.run(&job, Fault::None);
    let tools = world.next_job_of(|job| matches!(job, Job::RunTools { .. }));
    world.run(&tools, Fault::None);
    world.take(Input::Cancel { turn: turn(1) }).unwrap();
    assert_eq!(
        finished(&world, 1),
        (
            Outcome::Cancelled,
            "Stopped. What was done so far is kept as a version.".to_owned()
        )
    );
    assert_eq!(world.machine().summary().version, Some(2));
}

#[test]
fn what_tools_of_another_turn_or_step_did_lands_nowhere() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    let job = begin(&mut world);
    world.run(&job, Fault::None);
    let tools = world.next_job_of(|job| matches!(job, Job::RunTools { .. }));
    let Some(Input::ToolsRan(ran)) = world.perform(&tools) else {
        panic!("tools ran");
    };
    let before = (world.state().to_owned(), world.feed.len());
    let mut late = ran.clone();
    late.step += 1;
    let mut other = ran.clone();
    other.turn = turn(2);
    for stray in [late, other] {
        world.take(Input::ToolsRan(stray)).unwrap();
        assert_eq!((world.state().to_owned(), world.feed.len()), before);
    }
    world.take(Input::ToolsRan(ran)).unwrap();
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Completed);
}

#[test]
fn cancelled_while_tools_run_every_call_has_its_result_and_nothing_lands() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    let job = begin(&mut world);
    world.run(&job, Fault::None);
    let tools = world.next_job_of(|job| matches!(job, Job::RunTools { .. }));
    let ran = world.perform(&tools).unwrap();
    world.take(Input::Cancel { turn: turn(1) }).unwrap();
    world.take(ran).unwrap();
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Cancelled);
    assert_eq!(world.versions.len(), 1);
    assert_answered(&world);
}

#[test]
fn cancelled_before_it_began_or_while_it_is_built() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    begin(&mut world);
    world.post(2, "later");
    world.take(Input::Cancel { turn: turn(2) }).unwrap();
    assert_eq!(finished(&world, 2).0, Outcome::Cancelled);
    // Nobody takes it for something that is still to be done.
    let (of, _, said) = world.messages.last().unwrap();
    assert_eq!(
        (of, said.as_str()),
        (&turn(2), "Cancelled before it began.")
    );
    for _ in 0..20 {
        if world.count("version_created") == 2 {
            break;
        }
        let job = world.next_job().unwrap();
        world.run(&job, Fault::None);
    }
    world.take(Input::Cancel { turn: turn(1) }).unwrap();
    let (outcome, summary) = finished(&world, 1);
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(summary.contains("If build b2 succeeds"), "{summary}");
    world.settle();
    assert_eq!(
        world.machine().preview().map(|preview| preview.version),
        Some(2),
        "what was committed stays, and is shown when it is built"
    );
}

#[test]
fn without_room_in_the_budget_nobody_is_asked_and_what_works_stays() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    let job = begin(&mut world);
    world.run(&job, Fault::None);
    let Job::CallModel { turn: id, .. } = begin(&mut world) else {
        panic!("no call");
    };
    world
        .take(Input::CallBegun {
            turn: id.clone(),
            step: 2,
            chain: vec![CLAUDE.to_owned()],
            outline: None,
        })
        .unwrap();
    world
        .take(Input::CallRefused {
            turn: id,
            step: 2,
            reason: "the budget of this turn is used up (5 tokens)".to_owned(),
        })
        .unwrap();
    world.settle();
    let (outcome, summary) = finished(&world, 1);
    assert_eq!(outcome, Outcome::LimitReached);
    assert!(summary.contains("used up (5 tokens)"), "{summary}");
    assert!(voided(&world).is_empty(), "nobody was asked");
    assert_eq!(world.versions.len(), 2);
    assert_eq!(world.charges.len(), 1);
}

/// Builds of the turn fail with this message while there are any.
fn fail_builds(world: &mut World, messages: &[&str]) {
    let mut messages: VecDeque<&str> = messages.iter().copied().collect();
    for _ in 0..500 {
        while let Some(work) = world.claim() {
            let outcome = match messages.pop_front() {
                Some(message) if work.version > 1 => BuildOutcome::Failed {
                    diagnostics: vec![
                        Diagnostic::error("syntax", message).in_file("src/a.ts".parse().unwrap()),
                    ],
                    report: None,
                },
                kept => {
                    if let Some(message) = kept {
                        messages.push_front(message);
                    }
                    world::succeeded(&work)
                }
            };
            world.report(&work, outcome);
        }
        let Some(job) = world.next_job() else { return };
        world.run(&job, Fault::None);
    }
    panic!("never at rest: {:?}", world.outbox);
}

/// One more file at each other answer, so that every repair changes something.
fn mender(request: &Request) -> Reply {
    let number = answers(request);
    if number.is_multiple_of(2) {
        reply(vec![write(number)], Stop::ToolUse)
    } else {
        reply(vec![text(&format!("Answer {number}."))], Stop::EndTurn)
    }
}

fn strategies(world: &World) -> Vec<Strategy> {
    let all = world.feed.iter().filter_map(|event| match event {
        Event::RepairStarted { strategy, .. } => Some(*strategy),
        _ => None,
    });
    all.collect()
}

#[test]
fn a_build_that_fails_is_mended_and_the_user_pays_for_what_was_asked_alone() {
    let mut world = World::with("count", ALONE);
    world.model = mender;
    fail_builds(&mut world, &["Unexpected token."]);
    assert_eq!(
        finished(&world, 1),
        (Outcome::Completed, "Answer 1.".to_owned())
    );
    assert_eq!(strategies(&world), [Strategy::Mend]);
    let free: Vec<bool> = world
        .charges
        .iter()
        .map(|charge| charge.billing_ignore)
        .collect();
    assert_eq!(free, [false, false, true, true]);
    let usage = world.machine().usage();
    assert_eq!(usage.spent.billed.output, 20);
    assert_eq!(usage.spent.unbilled.output, 20);
    let (_, request) = &world.asked[2];
    let Some(Message::User(told)) = request.messages.last() else {
        panic!("{request:?}");
    };
    assert!(
        matches!(&told[..], [UserBlock::Context { text }] if text.contains("Unexpected token.") && text.contains("src/a.ts"))
    );
    assert_answered(&world);
}

#[test]
fn the_same_error_again_changes_the_strategy_and_the_third_time_ends_it() {
    let mut world = World::with("count", BOTH);
    world.model = mender;
    fail_builds(
        &mut world,
        &["Line 1 is odd.", "Line 22 is odd.", "Line 3 is odd."],
    );
    let (outcome, summary) = finished(&world, 1);
    assert_eq!(outcome, Outcome::Failed);
    assert!(summary.contains("same error is still there"), "{summary}");
    assert!(summary.contains("still shows version 1"), "{summary}");
    assert_eq!(strategies(&world), [Strategy::Mend, Strategy::Rethink]);
    assert_eq!(
        answered_by(&world),
        [CLAUDE, CLAUDE, CLAUDE, CLAUDE, GPT, GPT]
    );
    assert_eq!(
        world.machine().preview().map(|preview| preview.version),
        Some(1)
    );
}

#[test]
fn ever_new_errors_end_after_as_many_repairs_as_a_turn_may_have() {
    let mut world = World::with("count", ALONE);
    world.model = mender;
    let messages = ["A.", "B.", "C.", "D.", "E.", "F.", "G."];
    fail_builds(&mut world, &messages);
    assert_eq!(finished(&world, 1).0, Outcome::Failed);
    assert_eq!(strategies(&world).len(), Limits::DEFAULT.repairs as usize);
}

#[test]
fn a_repair_that_changes_nothing_ends_the_turn() {
    let mut world = World::with("count", ALONE);
    world.model = builder;
    fail_builds(&mut world, &["A."]);
    let (outcome, summary) = finished(&world, 1);
    assert_eq!(outcome, Outcome::Failed);
    assert!(summary.contains("The build fails still"), "{summary}");
}

#[test]
fn every_attempt_is_settled_once() {
    let mut world = World::with("count", BOTH);
    world.model = builder;
    fails(&mut world, CLAUDE, [Failure::Malformed, Failure::Broken]);
    world.settle();
    let charges: Vec<(u32, u32, &str, bool)> = world
        .charges
        .iter()
        .map(|charge| {
            (
                charge.step,
                charge.attempt,
                charge.model.as_str(),
                charge.voided,
            )
        })
        .collect();
    assert_eq!(
        charges,
        [
            (1, 1, CLAUDE, true),
            (1, 2, CLAUDE, true),
            (1, 3, GPT, false),
            (2, 1, GPT, false)
        ]
    );
    assert!(world.outbox.is_empty());
}

#[test]
fn another_model_answers_from_the_next_turn_on() {
    let mut world = World::with("count", BOTH);
    world.model = builder;
    let job = begin(&mut world);
    world
        .take(Input::Update {
            name: None,
            model: Some(GPT.to_owned()),
        })
        .unwrap();
    assert_eq!(world.machine().summary().model, GPT);
    assert_eq!(world.machine().first_model(), CLAUDE);
    world.run(&job, Fault::None);
    world.settle();
    assert_eq!(answered_by(&world), [CLAUDE, CLAUDE]);
    assert_eq!(world.machine().first_model(), GPT);
    world.post(2, "again");
    world.settle();
    // Who comes first in the list still stands in for it.
    assert_eq!(answered_by(&world)[2], GPT);
}

#[test]
fn calls_of_a_server_that_counts_them_anew_in_each_answer_are_told_apart() {
    fn counts(request: &Request) -> Reply {
        match answers(request) {
            0 => reply(vec![write(0), write(0)], Stop::ToolUse),
            1 => reply(vec![write(0)], Stop::ToolUse),
            _ => reply(vec![text("It counts now.")], Stop::EndTurn),
        }
    }
    let mut world = World::with("count", ALONE);
    world.model = counts;
    world.settle();
    assert_eq!(finished(&world, 1).0, Outcome::Completed);
    let ids: Vec<&str> = world
        .feed
        .iter()
        .filter_map(|event| match event {
            Event::ToolCall { call, .. } => Some(call.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(ids, ["call_0", "call_0_2", "call_0_3"]);
    assert_answered(&world);
}

#[test]
fn what_a_call_has_cost_counts_when_its_app_is_deleted_meanwhile() {
    let mut world = World::with("count", ALONE);
    let job = begin(&mut world);
    let (id, step) = call_begun(&mut world, &job);
    let spent = Spent {
        usage: usage(5),
        micros: Some(7),
    };
    let heard = world.take(Input::CallProgress {
        turn: id.clone(),
        step,
        text: "I wr".to_owned(),
        writing: vec![],
        spent,
    });
    assert_eq!(heard.unwrap(), Some(Answer::Held(true)));
    world.take(Input::Delete).unwrap();
    let [charge] = &world.charges[..] else {
        panic!("{:?}", world.charges);
    };
    assert_eq!(
        (&charge.turn, charge.attempt, charge.spent, charge.voided),
        (&id, 1, spent, true)
    );
}
