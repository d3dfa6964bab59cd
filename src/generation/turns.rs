//! A turn: one user message and all work until the conversation rests.

use super::{
    effect::{Effect, Job, Step},
    feed::{Event, Outcome},
    input::{Said, ToolsRan},
    records::{Author, MessageRole, Spending},
    repair::Repair,
    state::{Call, Conversation, Phase, Turn, Waiting},
    tools::{Question, Views},
};
use crate::{
    edit::tokens::{Ledger, Saving},
    error::{Error, Kind, Result},
    ids::TurnId,
    llm::message::{Message, UserBlock},
    project::Manifest,
    sorted::SortedSet,
};

impl Conversation {
    pub(super) fn post(&mut self, turn: TurnId, said: Said, step: &mut Step<'_>) -> Result<()> {
        if self.waiting.len() >= step.limits.queued_messages {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "{} messages wait already; send this one again when some of them are done.",
                    self.waiting.len()
                ),
            )
            .with("limit", step.limits.queued_messages));
        }
        self.accept_message(turn, said, step);
        match self.phase {
            Phase::Resting if self.head.is_some() => self.start_next_turn(step),
            Phase::Resting => {
                self.phase = Phase::Founding;
                step.run(Job::LayFoundation);
            }
            _ => {}
        }
        Ok(())
    }

    /// From here on the message is not lost.
    pub(super) fn accept_message(&mut self, turn: TurnId, said: Said, step: &mut Step<'_>) {
        step.feed(Event::Message {
            turn: turn.clone(),
            role: MessageRole::User,
            content: said.content.clone(),
            attachments: said.attachments.iter().map(|image| image.hash).collect(),
        });
        step.effects.push(Effect::Message {
            turn: turn.clone(),
            role: MessageRole::User,
            content: said.content,
            attachments: said.attachments,
        });
        let intent = said.intent;
        self.waiting.push_back(Waiting { turn, intent });
    }

    pub(super) fn foundation_laid(&mut self, manifest: Manifest, step: &mut Step<'_>) {
        step.finish(&Job::LayFoundation);
        if self.phase != Phase::Founding {
            return;
        }
        self.manifest = manifest;
        self.revision += 1;
        self.phase = Phase::Resting;
        self.commit(
            Author::Foundation,
            "Laid the foundation".to_owned(),
            None,
            step,
        );
        self.start_next_turn(step);
    }

    pub(super) fn founding_failed(&mut self, reason: &str, step: &mut Step<'_>) {
        if self.phase != Phase::Founding {
            return;
        }
        self.phase = Phase::Resting;
        self.last_outcome = Some(Outcome::Failed);
        let text = format!(
            "The app's first files could not be stored: {reason}. Send a message to try again."
        );
        while let Some(Waiting { turn, .. }) = self.waiting.pop_front() {
            self.record_message(&turn, MessageRole::Assistant, text.clone(), step);
            step.feed(Event::TurnFinished {
                turn,
                outcome: Outcome::Failed,
                summary: text.clone(),
                version: None,
                edits: Saving::default(),
                app_edits: self.edits,
                spent: Spending::default(),
                app_spent: self.spent,
            });
        }
    }

    /// Begins the turn that has waited longest, unless one runs.
    pub(super) fn start_next_turn(&mut self, step: &mut Step<'_>) {
        if self.phase != Phase::Resting {
            return;
        }
        let Some(Waiting { turn, intent }) = self.waiting.pop_front() else {
            return;
        };
        step.feed(Event::TurnStarted { turn: turn.clone() });
        step.run_at(
            Job::EndTurn { turn: turn.clone() },
            step.now.after(step.limits.turn_millis),
        );
        let turn = Turn {
            id: turn,
            intent,
            step: 1,
            ends_at: step.now.after(step.limits.turn_millis),
            is_open: false,
            first_model: self.model.clone(),
            model: self.model.clone(),
            call: Call::default(),
            calls: SortedSet::new(),
            unanswered: Vec::new(),
            cut_off: 0,
            begun: String::new(),
            repair: Repair::default(),
            summary: None,
            spent: Spending::default(),
            voided: Spending::default(),
            views: Views::new(),
            ledger: Ledger::default(),
        };
        self.turn_edits = Saving::default();
        self.call_model(turn, step);
    }

    pub(super) fn tools_ran(&mut self, ran: ToolsRan, step: &mut Step<'_>) {
        let job = Job::RunTools {
            turn: ran.turn.clone(),
            step: ran.step,
        };
        let Phase::RunningTools(turn) = &self.phase else {
            step.finish(&job);
            return;
        };
        if turn.id != ran.turn || turn.step != ran.step {
            step.finish(&job);
            return;
        }
        if ran.revision != self.revision {
            // The user changed a file meanwhile: the tools run again, on what is there now.
            step.run(job);
            return;
        }
        step.finish(&job);
        let mut turn = turn.clone();
        let mut results = Vec::new();
        let mut asked = None;
        for (summary, outcome) in ran.outcomes {
            asked = asked.or(outcome.asked);
            step.feed(Event::ToolResult {
                turn: turn.id.clone(),
                step: turn.step,
                call: outcome.result.call.clone(),
                ok: outcome.result.ok,
                summary,
                receipts: outcome.receipts,
                tokens: outcome.saving,
            });
            for change in outcome.changes {
                self.apply_change(change.path, change.entry, Author::Model, step);
            }
            if let Some(name) = outcome.renamed {
                self.rename_by_tool(name, step);
            }
            results.push(UserBlock::ToolResult(outcome.result));
        }
        if let Some(findings) = ran.findings {
            step.feed(Event::AppChecked {
                turn: turn.id.clone(),
                step: turn.step,
                findings,
            });
        }
        step.effects.push(Effect::Transcript {
            turn: turn.id.clone(),
            message: Message::User(results),
        });
        turn.unanswered.clear();
        turn.views = ran.views;
        self.turn_edits = ran.ledger.saving();
        turn.ledger = ran.ledger;
        match asked {
            Some(question) => self.ask(turn, question, step),
            None => self.next_step(turn, step),
        }
    }

    /// The model has a question: the turn ends with it, and the next message is the answer.
    fn ask(&mut self, turn: Turn, question: Question, step: &mut Step<'_>) {
        let Question { text, options } = question;
        step.feed(Event::Question {
            turn: turn.id.clone(),
            question: text.clone(),
            options: options.clone(),
        });
        let listed: String = options
            .iter()
            .map(|option| format!("\n- {option}"))
            .collect();
        let gap = if options.is_empty() { "" } else { "\n" };
        self.stop_turn(turn, Outcome::Asked, format!("{text}{gap}{listed}"), step);
    }

    /// Gives the model the word again, unless it had it too often.
    pub(super) fn next_step(&mut self, mut turn: Turn, step: &mut Step<'_>) {
        turn.step += 1;
        if turn.step > step.limits.steps {
            let reason = format!("it took more than {} steps", step.limits.steps);
            self.turn_broken(turn, &reason, step);
        } else {
            self.call_model(turn, step);
        }
    }

    /// The model has said all it had to say: what it changed becomes a version, and that is built.
    pub(super) fn model_rests(&mut self, mut turn: Turn, said: &str, step: &mut Step<'_>) {
        let words = std::mem::take(&mut turn.begun) + said;
        let words = if words.trim().is_empty() {
            "I have changed the app.".to_owned()
        } else {
            words
        };
        self.record_message(&turn.id, MessageRole::Assistant, words.clone(), step);
        let line = first_line(&words);
        // A repair ends as what was asked for.
        let summary = turn.summary.clone().unwrap_or_else(|| line.clone());
        if self.is_committed() {
            if turn.repair.is_on() {
                let text =
                    format!("{summary} The build fails still, and nothing more was changed.");
                self.finish_turn(&turn, Outcome::Failed, text, step);
            } else {
                self.finish_turn(&turn, Outcome::Completed, summary, step);
            }
            return;
        }
        let build = self.commit(Author::Model, line, Some(turn.id.clone()), step);
        self.phase = Phase::Building {
            turn,
            build,
            summary,
        };
    }

    pub(super) fn finish_turn(
        &mut self,
        turn: &Turn,
        outcome: Outcome,
        summary: String,
        step: &mut Step<'_>,
    ) {
        self.end_turn(turn, outcome, summary, step);
        self.start_next_turn(step);
    }

    /// Ends the turn, and leaves the conversation at rest.
    pub(super) fn end_turn(
        &mut self,
        turn: &Turn,
        outcome: Outcome,
        summary: String,
        step: &mut Step<'_>,
    ) {
        step.finish(&Job::EndTurn {
            turn: turn.id.clone(),
        });
        let edits = std::mem::take(&mut self.turn_edits);
        self.edits = self.edits + edits;
        self.spent.merge(&turn.spent);
        self.voided.merge(&turn.voided);
        step.feed(Event::TurnFinished {
            turn: turn.id.clone(),
            outcome,
            summary,
            version: self.head.map(|head| head.number),
            edits,
            app_edits: self.edits,
            spent: turn.spent,
            app_spent: self.spent,
        });
        self.last_outcome = Some(outcome);
        self.phase = Phase::Resting;
    }

    pub(super) fn record_message(
        &self,
        turn: &TurnId,
        role: MessageRole,
        content: String,
        step: &mut Step<'_>,
    ) {
        step.feed(Event::Message {
            turn: turn.clone(),
            role,
            content: content.clone(),
            attachments: Vec::new(),
        });
        step.effects.push(Effect::Message {
            turn: turn.clone(),
            role,
            content,
            attachments: Vec::new(),
        });
    }
}

/// What a text says first, shortened to what fits a list of versions: a heading such as "Done:" is passed over, a
/// longer one is read together with what follows it; the marks of lists and headings are taken off.
fn first_line(text: &str) -> String {
    const MOST_CHARS: usize = 120;
    let mut lines = text
        .lines()
        .map(|line| line.trim_start_matches(['#', '-', '*', ' ']).trim())
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let line = match first.strip_suffix(':') {
        None => first.to_owned(),
        Some(heading) => match lines.next() {
            Some(next) if heading.contains(' ') => format!("{first} {next}"),
            Some(next) => next.to_owned(),
            None => heading.to_owned(),
        },
    };
    if line.chars().count() <= MOST_CHARS {
        return line;
    }
    let kept: String = line.chars().take(MOST_CHARS - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn a_summary_is_a_line_that_says_something() {
        assert_eq!(
            first_line("Done:\n\n- Recipes have a rating now.\n- More"),
            "Recipes have a rating now."
        );
        assert_eq!(first_line("## All **good**"), "All **good**");
        assert_eq!(first_line("Only this:"), "Only this");
        assert_eq!(
            first_line("I did not understand:\n- “a poem”"),
            "I did not understand: “a poem”"
        );
        assert_eq!(
            first_line(&"ü".repeat(121)),
            format!("{}…", "ü".repeat(119))
        );
    }
}
