//! What becomes of a turn whose build is over: it is live, it is mended, or it has failed.

use super::{
    effect::{Effect, Step},
    feed::{Event, Outcome},
    records::MessageRole,
    repair::{Verdict, signature},
    state::{Conversation, Phase, Turn},
};
use crate::{
    build::{Diagnostic, Severity},
    ids::BuildId,
    llm::{
        message::{Message, UserBlock},
        models::OFFLINE,
    },
};

impl Conversation {
    /// The turn that waits for this build, and what it was about.
    fn waiting_turn(&self, id: &BuildId) -> Option<(Turn, String)> {
        match &self.phase {
            Phase::Building {
                turn,
                build,
                summary,
            } if build == id => Some((turn.clone(), summary.clone())),
            _ => None,
        }
    }

    /// Ends the turn that waits for this build of a version. The next one is not begun yet.
    pub(super) fn turn_is_live(&mut self, id: &BuildId, version: u32, step: &mut Step<'_>) {
        // An older version that works says nothing of what is wrong with the newest.
        if self.head.is_some_and(|head| head.number == version) {
            self.broken.clear();
        }
        if let Some((turn, summary)) = self.waiting_turn(id) {
            self.end_turn(&turn, Outcome::Completed, summary, step);
        }
    }

    pub(super) fn turn_did_not_build(
        &mut self,
        id: &BuildId,
        diagnostics: &[Diagnostic],
        step: &mut Step<'_>,
    ) {
        let Some((mut turn, summary)) = self.waiting_turn(id) else {
            return;
        };
        let verdict = if turn.model == OFFLINE {
            Verdict::Stop(None)
        } else {
            turn.repair
                .decide(diagnostics, &self.broken, step.limits.repairs)
        };
        let why = match verdict {
            Verdict::Repair {
                strategy,
                text,
                errors,
            } => {
                turn.summary = Some(summary);
                step.feed(Event::RepairStarted {
                    turn: turn.id.clone(),
                    repair: turn.repair.count,
                    strategy,
                    errors,
                });
                step.effects.push(Effect::Transcript {
                    turn: turn.id.clone(),
                    message: Message::User(vec![UserBlock::Context { text }]),
                });
                self.next_step(turn, step);
                return;
            }
            Verdict::Stop(why) => why,
        };
        self.broken = diagnostics
            .iter()
            .filter(|one| one.severity == Severity::Error)
            .map(signature)
            .collect();
        let first = diagnostics.first().map_or_else(String::new, describe);
        let why = why.map_or_else(String::new, |why| format!(" {why}"));
        let live = self.preview.as_ref().map_or_else(String::new, |preview| {
            format!(" The preview still shows version {}.", preview.version)
        });
        let text = format!("The build failed. {first}{why}{live}");
        if turn.repair.is_on() {
            self.record_message(&turn.id, MessageRole::Assistant, text.clone(), step);
        }
        self.end_turn(&turn, Outcome::Failed, text, step);
    }
}

fn describe(diagnostic: &Diagnostic) -> String {
    match (&diagnostic.path, diagnostic.line) {
        (Some(path), Some(line)) => format!("{path}:{line}: {}", diagnostic.message),
        (Some(path), None) => format!("{path}: {}", diagnostic.message),
        (None, _) => diagnostic.message.clone(),
    }
}
