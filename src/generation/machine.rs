//! The one door to a conversation: [`Conversation::create`] and [`Conversation::step`].
//!
//! What belongs to a turn is in `turns`, to a build in `builds`, to a version in `versions`.

use std::collections::VecDeque;

use super::{
    approvals::Approvals,
    calls,
    effect::{Effect, Job, Step},
    feed::Event,
    input::{Created, Input},
    records::Spending,
    state::{Conversation, Phase},
};
use crate::{
    config::{BuildPolicy, Limits},
    edit::tokens::Saving,
    error::{Error, Kind, Result},
    monitor::alert::Watch,
    project::Manifest,
    sorted::{SortedMap, SortedSet},
    time::Timestamp,
};

impl Conversation {
    /// A new conversation and what is to be done first.
    #[must_use]
    pub fn create(created: Created, now: Timestamp) -> (Self, Vec<Effect>) {
        let mut conversation = Self {
            app: created.app,
            workspace: created.workspace,
            name: created.name,
            model: created.model,
            preview_url: created.preview_url,
            created_at: created.at,
            updated_at: now,
            phase: Phase::Founding,
            waiting: VecDeque::new(),
            manifest: Manifest::default(),
            revision: 0,
            head: None,
            builds_made: 0,
            builds: SortedMap::new(),
            preview: None,
            earlier: Vec::new(),
            last_outcome: None,
            turn_edits: Saving::default(),
            edits: Saving::default(),
            breakers: SortedMap::new(),
            broken: SortedSet::new(),
            heavy: SortedMap::new(),
            spent: Spending::default(),
            voided: Spending::default(),
            builder_millis: 0,
            sites: SortedMap::new(),
            deployments_made: 0,
            produced: SortedMap::new(),
            sources: SortedMap::new(),
            public_name: None,
            domains: SortedMap::new(),
            leaving: SortedSet::new(),
            watch: Watch::default(),
            approvals: Approvals::default(),
        };
        let mut step = Step {
            now,
            limits: &Limits::DEFAULT,
            policy: &BuildPolicy::DEFAULT,
            effects: Vec::new(),
        };
        conversation.accept_message(created.turn, created.said, &mut step);
        step.run(Job::LayFoundation);
        step.run(Job::Announce);
        (conversation, step.effects)
    }

    /// Takes an input and says what is to be done. An input that comes late or again changes nothing.
    ///
    /// # Errors
    /// When a user's wish cannot be fulfilled now; the state is unchanged then.
    pub fn step(&mut self, input: Input, now: Timestamp) -> Result<Vec<Effect>> {
        let before = self.summary();
        let mut step = Step {
            now,
            limits: &Limits::DEFAULT,
            policy: &BuildPolicy::DEFAULT,
            effects: Vec::new(),
        };
        if self.is_deleted() {
            self.take_after_deletion(input, &mut step)?;
            return Ok(step.effects);
        }
        self.take(input, &mut step)?;
        Self::measure(&mut step);
        if self.summary() != before && !self.is_deleted() {
            self.updated_at = now;
            step.run(Job::Announce);
        }
        Ok(step.effects)
    }

    fn take(&mut self, input: Input, step: &mut Step<'_>) -> Result<()> {
        match input {
            Input::Post { turn, said } => self.post(turn, said, step),
            Input::Cancel { turn } => self.cancel(&turn, step),
            Input::Update { name, model } => {
                if let Some(name) = name {
                    self.rename(name, step);
                }
                if let Some(model) = model {
                    self.model = model;
                }
                Ok(())
            }
            Input::PutFile { path, entry } => self.put_file(path, entry, step),
            Input::EditFiles { files } => self.edit_files(files, step),
            Input::DeleteFile { path } => self.delete_file(&path, step),
            Input::Restore { version, manifest } => self.restore(version, manifest, step),
            Input::StartBuild { mode } => self.start_build_by_hand(mode, step),
            Input::Deploy(wanted) => self.deploy(*wanted, step),
            Input::RollBack { to, by, note } => self.roll_back(*to, by, note, step),
            Input::SetApprovals { environments, by } => {
                self.set_approvals(environments, by, step);
                Ok(())
            }
            Input::Decide {
                deployment,
                decision,
                by,
                note,
            } => self.decide(&deployment, decision, by, note, step),
            Input::SetVariable {
                environment,
                name,
                value,
                by,
                redeploys,
            } => {
                self.set_variable(environment, name, value, by.clone(), step)?;
                if redeploys {
                    self.tell_again(environment, by, step)?;
                }
                Ok(())
            }
            Input::Named { name } => {
                self.public_name = Some(name);
                Ok(())
            }
            Input::AddDomain(domain) => self.add_domain(*domain, step),
            Input::CheckDomain { host } => self.check_domain(host, step),
            Input::RemoveDomain { host } => self.remove_domain(host, step),
            Input::SetAlerts {
                webhook,
                thresholds,
            } => {
                self.set_alerts(webhook, thresholds, step);
                Ok(())
            }
            Input::Delete => {
                // What the call that runs has cost so far is settled before the rest is forgotten.
                if let Phase::AwaitingModel(turn) = &mut self.phase {
                    calls::void(turn, "the app was deleted", None, step);
                }
                self.forget();
                step.effects.push(Effect::FinishAll);
                step.run(Job::Purge);
                Ok(())
            }
            internal => {
                self.take_result(internal, step);
                Ok(())
            }
        }
    }

    /// Nothing of the app is kept but that it was.
    fn forget(&mut self) {
        self.phase = Phase::Deleted { purged_once: false };
        self.name.clear();
        self.waiting.clear();
        self.manifest = Manifest::default();
        self.head = None;
        self.builds.clear();
        self.preview = None;
        self.earlier.clear();
        self.sites.clear();
        self.produced.clear();
        self.sources.clear();
        self.watch = Watch::default();
        self.heavy.clear();
        self.last_outcome = None;
    }

    /// Work that was under way comes to nothing, whether it succeeded or not.
    fn take_after_deletion(&mut self, input: Input, step: &mut Step<'_>) -> Result<()> {
        match (&mut self.phase, input) {
            (Phase::Deleted { purged_once }, Input::Purged) if !*purged_once => {
                *purged_once = true;
                step.run_at(Job::Purge, step.now.after(step.policy.build_millis));
            }
            (
                _,
                Input::JobFailed {
                    job: Job::Purge,
                    failures,
                    ..
                },
            ) => step.retry(Job::Purge, failures),
            (_, input) => {
                let job = input.job().ok_or_else(|| {
                    Error::new(
                        Kind::NotFound,
                        format!("There is no app `{}`: it was deleted.", self.app),
                    )
                })?;
                step.finish(&job);
            }
        }
        Ok(())
    }

    /// Inputs that answer a job. None of them can be refused: what is stale is ignored.
    fn take_result(&mut self, input: Input, step: &mut Step<'_>) {
        match input {
            Input::FoundationLaid { manifest } => self.foundation_laid(manifest, step),
            Input::CallBegun {
                turn,
                step: number,
                chain,
                outline,
            } => self.call_begun(&turn, number, &chain, outline, step),
            Input::CallProgress {
                turn,
                step: number,
                text,
                writing,
                spent,
            } => self.call_progress(&turn, number, text, writing, spent, step),
            Input::ModelReplied {
                turn,
                step: number,
                reply,
                end,
            } => self.model_replied(&turn, number, reply, &end, step),
            Input::CallFailed {
                turn,
                step: number,
                failure,
                says,
                end,
            } => self.call_failed(&turn, number, &failure, &says, &end, step),
            Input::CallRefused {
                turn,
                step: number,
                reason,
            } => self.call_refused(&turn, number, &reason, step),
            Input::Settled { .. } => {
                if let Some(job) = input.job() {
                    step.finish(&job);
                }
                self.cost_changed(step);
            }
            Input::ToolsRan(ran) => self.tools_ran(ran, step),
            Input::BuildSent { build } => self.build_sent(&build, step),
            Input::Claim { build } => self.claim(&build, step),
            Input::Progress {
                build,
                attempt,
                lines,
            } => self.build_progress(&build, attempt, lines, step),
            Input::BuildReported {
                build,
                attempt,
                lines,
                outcome,
            } => self.build_reported(&build, attempt, lines, *outcome, step),
            Input::BuildUndelivered { build } => self.build_undelivered(&build, step),
            Input::Probed { build, probe } => self.probed(&build, probe, step),
            Input::Deployed {
                deployment,
                probe,
                remote,
            } => self.deployed(&deployment, probe, remote, step),
            Input::Answered {
                deployment,
                answers,
            } => self.answered(&deployment, answers, step),
            Input::DomainLookedAt { host, look } => self.domain_looked_at(&host, look, step),
            Input::DomainLeft { host } => self.domain_left(host, step),
            Input::ScriptStarted { build, millis } => Self::script_started(&build, millis, step),
            Input::Measured {
                measurement,
                levels,
            } => self.measured(measurement, &levels, step),
            Input::AlertSent { alert } => self.alert_sent(alert, step),
            Input::ArtifactsCopied { set, from } => step.finish(&Job::CopyArtifacts { set, from }),
            Input::TimeIsUp { turn } => self.time_is_up(&turn, step),
            Input::Announced { summary } if *summary == self.summary() => {
                step.finish(&Job::Announce)
            }
            Input::Announced { .. } => step.run(Job::Announce),
            Input::JobFailed {
                job,
                failures,
                reason,
            } => self.job_failed(&job, failures, &reason, step),
            Input::Post { .. }
            | Input::Cancel { .. }
            | Input::Update { .. }
            | Input::PutFile { .. }
            | Input::EditFiles { .. }
            | Input::DeleteFile { .. }
            | Input::Restore { .. }
            | Input::StartBuild { .. }
            | Input::Purged
            | Input::Deploy(_)
            | Input::RollBack { .. }
            | Input::SetApprovals { .. }
            | Input::Decide { .. }
            | Input::SetVariable { .. }
            | Input::Named { .. }
            | Input::AddDomain(_)
            | Input::CheckDomain { .. }
            | Input::RemoveDomain { .. }
            | Input::SetAlerts { .. }
            | Input::Delete => {}
        }
    }

    fn rename(&mut self, name: String, step: &mut Step<'_>) {
        if self.name != name {
            self.name.clone_from(&name);
            step.feed(Event::AppRenamed { name });
        }
    }

    pub(super) fn rename_by_tool(&mut self, name: String, step: &mut Step<'_>) {
        self.rename(name, step);
    }

    fn job_failed(&mut self, job: &Job, failures: u32, reason: &str, step: &mut Step<'_>) {
        const MOST_FAILURES: u32 = 6;
        if let Job::SendBuild { build } = job {
            self.build_unsent(build, failures, step);
            return;
        }
        if let Job::Alert(alert) = job {
            self.alert_not_sent(alert, failures, reason, step);
            return;
        }
        let for_ever = matches!(
            job,
            Job::Announce
                | Job::Measure(_)
                | Job::Purge
                | Job::EndTurn { .. }
                | Job::CheckDomain { .. }
                | Job::LeaveDomain { .. }
                | Job::CopyArtifacts { .. }
                | Job::Settle { .. }
        );
        if let Job::CallModel { turn, step: number } = job {
            self.call_not_made(turn, *number, step);
        }
        if failures < MOST_FAILURES || for_ever {
            step.retry(job.clone(), failures);
            return;
        }
        step.finish(job);
        match job {
            Job::LayFoundation => self.founding_failed(reason, step),
            Job::CallModel { turn, .. } | Job::RunTools { turn, .. } => {
                self.turn_failed(turn, reason, step)
            }
            Job::Probe { build } => {
                self.unprobed(build, reason, step);
            }
            Job::Deploy { deployment } => self.not_deployed(deployment, reason, step),
            Job::SendBuild { .. }
            | Job::Settle { .. }
            | Job::CheckDomain { .. }
            | Job::LeaveDomain { .. }
            | Job::CopyArtifacts { .. }
            | Job::EndTurn { .. }
            | Job::Measure(_)
            | Job::Alert(_)
            | Job::Announce
            | Job::Purge => {}
        }
    }
}
