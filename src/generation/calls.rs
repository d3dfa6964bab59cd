//! The calls of a model: begun, heard, answered, failed, refused.
//!
//! A call has attempts. What an attempt has said is shown as it comes; when it comes to nothing, it is void as a whole, and what it
//! has said counts for nothing: tools run when an answer is whole, and not before.

use super::{
    effect::{Answer, Effect, Job, Planned, Step},
    feed::{Event, Outcome},
    input::{CallEnd, Writing},
    prompt,
    records::{Charge, Spent},
    state::{Call, Conversation, Phase, Turn},
};
use crate::{
    ids::TurnId,
    llm::{
        message::{Block, Message, Reply, Stop, UserBlock, words},
        retry::{self, Decision, Failure, Policy, Situation},
    },
    sorted::SortedSet,
};

/// How much an answer that goes on may have said, in bytes: the state holds it.
const MOST_BEGUN: usize = 256 * 1024;

/// Why an attempt came to nothing that nobody has heard the end of.
const INTERRUPTED: &str = "it was interrupted";

impl Conversation {
    /// Gives the model the word.
    pub(super) fn call_model(&mut self, mut turn: Turn, step: &mut Step<'_>) {
        step.feed(Event::StepStarted {
            turn: turn.id.clone(),
            step: turn.step,
            model: turn.model.clone(),
            repair: turn.repair.is_on(),
        });
        step.run(Job::CallModel {
            turn: turn.id.clone(),
            step: turn.step,
        });
        turn.call = Call::default();
        self.phase = Phase::AwaitingModel(turn);
    }

    /// The turn whose call of this step is awaited.
    fn calling(&self, id: &TurnId, number: u32) -> Option<Turn> {
        match &self.phase {
            Phase::AwaitingModel(turn) if turn.id == *id && turn.step == number => {
                Some(turn.clone())
            }
            _ => None,
        }
    }

    pub(super) fn call_begun(
        &mut self,
        id: &TurnId,
        number: u32,
        chain: &[String],
        outline: Option<String>,
        step: &mut Step<'_>,
    ) {
        let Some(mut turn) = self.calling(id, number) else {
            step.finish(&Job::CallModel {
                turn: id.clone(),
                step: number,
            });
            step.effects.push(Effect::Answer(Answer::Call(None)));
            return;
        };
        // Whoever was at it is gone.
        void(&mut turn, INTERRUPTED, None, step);
        if !turn.is_open {
            turn.is_open = true;
            let outline = outline.unwrap_or_default();
            step.effects.push(Effect::OpenTranscript {
                turn: turn.id.clone(),
                context: prompt::context(&self.name, &outline, turn.intent) + &self.weight_told(),
            });
            step.feed(Event::AppOutlined {
                turn: turn.id.clone(),
                outline,
            });
        }
        let is_well = |name: &&String| {
            let breaker = self.breakers.get(*name);
            breaker.is_none_or(|breaker| breaker.allows(step.now))
        };
        let is_same = |name: &&String| **name == turn.model;
        let others = || chain.iter().filter(|name| !is_same(name));
        let same = chain.iter().find(is_same);
        let chosen = if turn.repair.wants_other {
            others().find(is_well).or(same)
        } else if turn.call.attempt == 0 {
            same.filter(is_well)
                .or_else(|| others().find(is_well))
                .or(same)
        } else {
            same
        };
        if let Some(chosen) = chosen.or_else(|| chain.first()) {
            turn.model.clone_from(chosen);
        }
        turn.repair.wants_other = false;
        turn.call.attempt += 1;
        turn.call.is_open = true;
        turn.call.shown = 0;
        turn.call.spent = Spent::default();
        step.effects.push(Effect::Answer(Answer::Call(Some(Planned {
            model: turn.model.clone(),
            attempt: turn.call.attempt,
        }))));
        self.phase = Phase::AwaitingModel(turn);
    }

    pub(super) fn call_progress(
        &mut self,
        id: &TurnId,
        number: u32,
        text: String,
        writing: Vec<Writing>,
        spent: Spent,
        step: &mut Step<'_>,
    ) {
        let turn = match &mut self.phase {
            Phase::AwaitingModel(turn)
                if turn.id == *id && turn.step == number && turn.call.is_open =>
            {
                turn
            }
            _ => {
                step.effects.push(Effect::Answer(Answer::Held(false)));
                return;
            }
        };
        turn.call.spent = spent;
        turn.call.shown += text.len();
        step.effects.push(Effect::Answer(Answer::Held(true)));
        say(id, number, text, step);
        for (index, writing) in writing.into_iter().enumerate() {
            if writing.bytes > 0 {
                step.feed(Event::ToolDelta {
                    turn: id.clone(),
                    step: number,
                    index,
                    name: writing.name,
                    path: writing.path,
                    bytes: writing.bytes,
                });
            }
        }
    }

    pub(super) fn model_replied(
        &mut self,
        id: &TurnId,
        number: u32,
        mut reply: Reply,
        end: &CallEnd,
        step: &mut Step<'_>,
    ) {
        step.finish(&Job::CallModel {
            turn: id.clone(),
            step: number,
        });
        let Some(mut turn) = self.calling(id, number) else {
            return;
        };
        tell_apart(&mut reply.blocks, &mut turn.calls);
        let said = words(&reply.blocks);
        let calls = reply.blocks.iter().filter_map(|block| match block {
            Block::ToolCall(call) => Some(call),
            Block::Text { .. } | Block::Own { .. } => None,
        });
        let calls: Vec<_> = calls.collect();
        // What was cut off may have been whole.
        let is_empty = said.trim().is_empty() && calls.is_empty() && turn.begun.is_empty();
        if is_empty
            && reply.stop != Stop::Refused
            && reply.stop != Stop::Paused
            && self.is_committed()
        {
            self.call_failed(id, number, &Failure::Empty, "", end, step);
            return;
        }
        if let Some(breaker) = self.breakers.get_mut(&turn.model) {
            breaker.succeeded();
        }
        if let Some(rest) = said.get(turn.call.shown..) {
            say(id, number, rest.to_owned(), step);
        }
        turn.call.spent = end.spent;
        for call in &calls {
            let path = call.input.get("path").and_then(|path| path.as_str());
            step.feed(Event::ToolCall {
                turn: id.clone(),
                step: number,
                call: call.id.clone(),
                name: call.name.clone(),
                path: path.map(str::to_owned),
            });
        }
        turn.unanswered = calls.iter().map(|call| call.id.clone()).collect();
        turn.call.is_open = false;
        turn.spent.add(&end.spent, turn.repair.is_on());
        charge(&turn, false, step);
        step.feed(Event::StepFinished {
            turn: id.clone(),
            step: number,
            model: turn.model.clone(),
            stop: reply.stop,
            spent: end.spent,
            billing_ignore: turn.repair.is_on(),
        });
        let stop = reply.stop;
        step.effects.push(Effect::Transcript {
            turn: id.clone(),
            message: Message::Assistant(reply.blocks),
        });
        turn.cut_off = if stop == Stop::MaxTokens {
            turn.cut_off + 1
        } else {
            0
        };
        let cut_too_often = turn.cut_off > step.limits.cut_offs || turn.begun.len() > MOST_BEGUN;
        match stop {
            Stop::Refused => {
                let text = if said.trim().is_empty() {
                    "The model declines to answer this. Say it in other words, or ask for something else.".to_owned()
                } else {
                    said
                };
                self.stop_turn(turn, Outcome::Failed, text, step);
            }
            Stop::MaxTokens if cut_too_often => {
                let reason = "the model's answers were too long, again and again";
                self.turn_broken(turn, reason, step);
            }
            _ if !turn.unanswered.is_empty() => {
                turn.begun.clear();
                step.run(Job::RunTools {
                    turn: id.clone(),
                    step: number,
                });
                self.phase = Phase::RunningTools(turn);
            }
            Stop::MaxTokens => {
                turn.begun.push_str(&said);
                step.effects.push(Effect::Transcript {
                    turn: id.clone(),
                    message: Message::User(vec![UserBlock::Context {
                        text: prompt::go_on(),
                    }]),
                });
                self.next_step(turn, step);
            }
            // The answer is given back as it is, and goes on.
            Stop::Paused => self.next_step(turn, step),
            Stop::EndTurn | Stop::ToolUse | Stop::Other => self.model_rests(turn, &said, step),
        }
    }

    pub(super) fn call_failed(
        &mut self,
        id: &TurnId,
        number: u32,
        failure: &Failure,
        says: &str,
        end: &CallEnd,
        step: &mut Step<'_>,
    ) {
        let job = Job::CallModel {
            turn: id.clone(),
            step: number,
        };
        let Some(mut turn) = self.calling(id, number) else {
            step.finish(&job);
            return;
        };
        turn.call.spent = end.spent;
        turn.call.failures += 1;
        let failing_since = *turn.call.failing_since.get_or_insert(step.now);
        self.breakers.retain(|name, _| end.chain.contains(name));
        let breaker = self.breakers.entry(turn.model.clone()).or_default();
        breaker.failed(failure, &Policy::DEFAULT, step.now);
        let place = |name: &String| end.chain.iter().position(|other| other == name);
        let breakers: Vec<_> = end
            .chain
            .iter()
            .map(|name| self.breakers.get(name).copied().unwrap_or_default())
            .collect();
        let tried: Vec<usize> = turn.call.tried.iter().filter_map(place).collect();
        let decision = retry::decide(
            &Situation {
                failure,
                provider: place(&turn.model).unwrap_or(usize::MAX),
                attempt: turn.call.failures,
                failing_since,
                ends_at: turn.ends_at,
                breakers: &breakers,
                tried: &tried,
                now: step.now,
                chance: end.chance,
            },
            &Policy::DEFAULT,
        );
        let told = failure.told();
        let reason = if says.is_empty() {
            told.clone()
        } else {
            format!("{told}: {says}")
        };
        let (to, retry_at) = match decision {
            Decision::Retry { at } => (None, Some(at)),
            Decision::FailOver { to } => (Some(to), None),
            Decision::GoBack { to, at } => (Some(to), Some(at)),
            Decision::GiveUp => (None, None),
        };
        void(&mut turn, &reason, retry_at, step);
        let next = to.and_then(|to| end.chain.get(to));
        if let Some(next) = next {
            let before = std::mem::replace(&mut turn.model, next.clone());
            turn.call.tried.push(before);
            turn.call.failures = 0;
            turn.call.failing_since = None;
        }
        match (next, retry_at) {
            (_, Some(at)) => step.run_at(job, at),
            (Some(_), None) => step.run(job),
            (None, None) => {
                step.finish(&job);
                let reason = format!("the model {} {reason}", turn.model);
                self.turn_broken(turn, &reason, step);
                return;
            }
        }
        self.phase = Phase::AwaitingModel(turn);
    }

    pub(super) fn call_refused(
        &mut self,
        id: &TurnId,
        number: u32,
        reason: &str,
        step: &mut Step<'_>,
    ) {
        step.finish(&Job::CallModel {
            turn: id.clone(),
            step: number,
        });
        let Some(mut turn) = self.calling(id, number) else {
            return;
        };
        // Nobody was asked.
        turn.call.is_open = false;
        let text = format!("I had to stop: {reason}. What was done so far is kept.");
        self.stop_turn(turn, Outcome::LimitReached, text, step);
    }

    /// The call could not be made, through no fault of a model's. It is made again.
    pub(super) fn call_not_made(&mut self, id: &TurnId, number: u32, step: &mut Step<'_>) {
        if let Some(mut turn) = self.calling(id, number) {
            void(&mut turn, INTERRUPTED, None, step);
            self.phase = Phase::AwaitingModel(turn);
        }
    }
}

/// The attempt under way comes to nothing, if there is one.
pub(super) fn void(
    turn: &mut Turn,
    reason: &str,
    retry_at: Option<crate::time::Timestamp>,
    step: &mut Step<'_>,
) {
    if !turn.call.is_open {
        return;
    }
    turn.call.is_open = false;
    step.feed(Event::AttemptVoided {
        turn: turn.id.clone(),
        step: turn.step,
        attempt: turn.call.attempt,
        model: turn.model.clone(),
        reason: reason.to_owned(),
        retry_at,
        spent: turn.call.spent,
    });
    turn.voided.add(&turn.call.spent, true);
    charge(turn, true, step);
}

/// Puts the attempt in the ledger. What cost nothing and was answered by nobody is settled as well: room was set aside for it.
fn charge(turn: &Turn, voided: bool, step: &mut Step<'_>) {
    if turn.model == crate::llm::models::OFFLINE {
        return;
    }
    let charge = Charge {
        turn: turn.id.clone(),
        step: turn.step,
        attempt: turn.call.attempt,
        model: turn.model.clone(),
        spent: turn.call.spent,
        billing_ignore: voided || turn.repair.is_on(),
        voided,
    };
    step.run(charge.settlement());
    step.effects.push(Effect::Charge(charge));
}

fn say(turn: &TurnId, number: u32, text: String, step: &mut Step<'_>) {
    if !text.is_empty() {
        step.feed(Event::TextDelta {
            turn: turn.clone(),
            step: number,
            text,
            whole: false,
        });
    }
}

/// Gives calls another id whose id the turn has seen before: some servers count the calls of each answer anew.
fn tell_apart(blocks: &mut [Block], known: &mut SortedSet<String>) {
    for block in blocks {
        if let Block::ToolCall(call) = block {
            let given = call.id.clone();
            let mut count = 1;
            while !known.insert(call.id.clone()) {
                count += 1;
                call.id = format!("{given}_{count}");
            }
        }
    }
}
