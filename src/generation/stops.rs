//! The ends of a turn that has not come to its own: cancelled, out of time, out of money, broken.
//!
//! What it waits for is called off, every tool call that has no result gets one, and what it has changed is kept as a version.

use super::{
    calls::void,
    effect::{Effect, Job, Step},
    feed::{Event, Outcome},
    records::{Author, MessageRole, Spending},
    state::{Conversation, Phase, Turn},
};
use crate::{
    edit::tokens::Saving,
    error::{Error, Kind, Result},
    ids::TurnId,
    llm::message::{Message, ToolResult, UserBlock},
};

impl Conversation {
    /// A job that the turn waits for cannot be done.
    pub(super) fn turn_failed(&mut self, id: &TurnId, reason: &str, step: &mut Step<'_>) {
        match &self.phase {
            Phase::AwaitingModel(turn) | Phase::RunningTools(turn) if turn.id == *id => {
                let turn = turn.clone();
                self.turn_broken(turn, reason, step);
            }
            _ => {}
        }
    }

    /// A turn may be at anything when its time is up. A build that still runs goes live when it is done.
    pub(super) fn time_is_up(&mut self, id: &TurnId, step: &mut Step<'_>) {
        step.finish(&Job::EndTurn { turn: id.clone() });
        let minutes = step.limits.turn_millis / 60_000;
        match &self.phase {
            Phase::AwaitingModel(turn) | Phase::RunningTools(turn) if turn.id == *id => {
                let turn = turn.clone();
                self.turn_broken(turn, &format!("it took more than {minutes} minutes"), step);
            }
            Phase::Building { turn, build, .. } if turn.id == *id => {
                let text = format!(
                    "Your changes are kept, but they could not be built within {minutes} minutes. \
                     If build {build} succeeds later, the preview shows them."
                );
                let turn = turn.clone();
                self.finish_turn(&turn, Outcome::Failed, text, step);
            }
            _ => {}
        }
    }

    /// Somebody wants the turn to stop: one that waits never begins, one that runs ends here, with what it has changed as a
    /// version. Nothing happens to one that is over.
    pub(super) fn cancel(&mut self, id: &TurnId, step: &mut Step<'_>) -> Result<()> {
        if let Some(place) = self.waiting.iter().position(|waiting| waiting.turn == *id) {
            self.waiting.remove(place);
            let text = "Cancelled before it began.".to_owned();
            // A message without an answer would be one that later turns still have to do.
            self.record_message(id, MessageRole::Assistant, text.clone(), step);
            step.feed(Event::TurnFinished {
                turn: id.clone(),
                outcome: Outcome::Cancelled,
                summary: text,
                version: self.head.map(|head| head.number),
                edits: Saving::default(),
                app_edits: self.edits,
                spent: Spending::default(),
                app_spent: self.spent,
            });
            return Ok(());
        }
        let Some(turn) = self.phase.turn().filter(|turn| turn.id == *id).cloned() else {
            return Err(Error::new(
                Kind::Conflict,
                format!("The turn `{id}` is over: there is nothing to stop."),
            ));
        };
        let text = match &self.phase {
            Phase::Building { build, .. } => format!(
                "Stopped. What was changed is kept. If build {build} succeeds, the preview shows it."
            ),
            _ if self.is_committed() => {
                "Stopped. Nothing was changed since the last version.".to_owned()
            }
            _ => "Stopped. What was done so far is kept as a version.".to_owned(),
        };
        self.stop_turn(turn, Outcome::Cancelled, text, step);
        Ok(())
    }

    /// Ends a turn that cannot go on.
    pub(super) fn turn_broken(&mut self, turn: Turn, reason: &str, step: &mut Step<'_>) {
        let reason = reason.trim_end_matches('.');
        let text = format!(
            "I had to stop: {reason}. What was done so far is kept; send a message to go on."
        );
        self.stop_turn(turn, Outcome::Failed, text, step);
    }

    /// Ends a turn half-way. What it changed is kept as a version, so that nothing is lost.
    pub(super) fn stop_turn(
        &mut self,
        mut turn: Turn,
        outcome: Outcome,
        text: String,
        step: &mut Step<'_>,
    ) {
        self.call_off(&mut turn, "the turn was stopped", step);
        self.record_message(&turn.id, MessageRole::Assistant, text.clone(), step);
        if !self.is_committed() {
            self.commit(
                Author::Model,
                "Stopped half-way".to_owned(),
                Some(turn.id.clone()),
                step,
            );
        }
        self.finish_turn(&turn, outcome, text, step);
    }

    /// Ends a turn whose work is to be heard of no more: what it waits for is called off, and nothing is left open.
    pub(super) fn call_off(&mut self, turn: &mut Turn, reason: &str, step: &mut Step<'_>) {
        for job in [
            Job::CallModel {
                turn: turn.id.clone(),
                step: turn.step,
            },
            Job::RunTools {
                turn: turn.id.clone(),
                step: turn.step,
            },
        ] {
            step.finish(&job);
        }
        void(turn, reason, None, step);
        self.answer_all(turn, reason, step);
    }

    /// Gives every tool call a result that has none: what is asked of a model again has one for each.
    pub(super) fn answer_all(&self, turn: &mut Turn, reason: &str, step: &mut Step<'_>) {
        let calls = std::mem::take(&mut turn.unanswered);
        if calls.is_empty() {
            return;
        }
        let mut results = Vec::new();
        for call in calls {
            let content = format!("not run: {reason}");
            step.feed(Event::ToolResult {
                turn: turn.id.clone(),
                step: turn.step,
                call: call.clone(),
                ok: false,
                summary: content.clone(),
                receipts: Vec::new(),
                tokens: None,
            });
            let ok = false;
            results.push(UserBlock::ToolResult(ToolResult { call, ok, content }));
        }
        step.effects.push(Effect::Transcript {
            turn: turn.id.clone(),
            message: Message::User(results),
        });
    }
}
