//! Builds of a conversation: queued, claimed by one consumer at a time, tried again, probed, made the preview.
//!
//! A queue may lose a message or deliver it twice, and a consumer may die. The job that sends the message stays
//! in the outbox until the build is over; a claim is a lease, and its holder renews it by reporting progress.

use super::{
    effect::{Answer, Effect, Job, Step},
    feed::{Event, Outcome},
    records::{Build, BuildOutcome, BuildStatus, Cause, Preview, Probe, Work},
    state::{ActiveBuild, Conversation, Phase, Stage},
};
use crate::{
    build::{Diagnostic, Mode},
    digest::Digest,
    ids::{BuildId, TurnId},
};

/// Why a build whose claim has lapsed is tried again.
const SILENT: &str = "the builder stopped answering";

/// Why a build whose message nobody could take is tried again.
const UNDELIVERED: &str = "its message could not be delivered";

impl Conversation {
    /// Has the newest version built. Builds of older versions that no builder has yet are superseded.
    pub(super) fn start_build(
        &mut self,
        mode: Mode,
        turn: Option<TurnId>,
        step: &mut Step<'_>,
    ) -> Build {
        let (version, source_digest) = self.head.map_or((0, self.manifest.digest()), |head| {
            (head.number, head.digest)
        });
        self.start_build_of(version, source_digest, mode, turn, step)
    }

    /// Has a version built.
    pub(super) fn start_build_of(
        &mut self,
        version: u32,
        source_digest: Digest,
        mode: Mode,
        turn: Option<TurnId>,
        step: &mut Step<'_>,
    ) -> Build {
        self.builds_made += 1;
        let id = BuildId::numbered(self.builds_made);
        if mode == Mode::Development {
            self.supersede_before(version, &id, step);
        }
        let build = Build {
            id: id.clone(),
            version,
            mode,
            status: BuildStatus::Queued,
            attempts: 0,
            diagnostics: Vec::new(),
            report: None,
            cached: false,
            sizes: None,
            created_at: step.now,
            finished_at: None,
        };
        step.effects.push(Effect::Build(Box::new(build.clone())));
        step.feed(Event::BuildQueued {
            turn: turn.clone(),
            build: id.clone(),
            version,
            mode,
        });
        step.run(Job::SendBuild { build: id.clone() });
        self.builds.insert(
            id,
            ActiveBuild {
                build: build.clone(),
                turn,
                source_digest,
                stage: Stage::Waiting { from: step.now },
                failures: 0,
                lapses: 0,
            },
        );
        build
    }

    fn supersede_before(&mut self, version: u32, successor: &BuildId, step: &mut Step<'_>) {
        let superseded: Vec<BuildId> = self
            .builds
            .values()
            .filter(|active| {
                matches!(active.stage, Stage::Waiting { .. })
                    && active.build.mode == Mode::Development
                    && active.build.version < version
                    // While nothing is live, the foundation is what is live if the rest does not build.
                    && !(self.preview.is_none() && active.build.version == 1)
            })
            .map(|active| active.build.id.clone())
            .collect();
        for id in superseded {
            self.end_build(&id, BuildStatus::Superseded, Vec::new(), step);
            if let Phase::Building { build, .. } = &mut self.phase
                && *build == id
            {
                build.clone_from(successor);
            }
        }
    }

    /// The message is in the queue, but a queue may lose it: it is sent again unless somebody claims the build.
    pub(super) fn build_sent(&mut self, id: &BuildId, step: &mut Step<'_>) {
        let Some(active) = self.waiting_for_message(id, Cause::Builder, step) else {
            return;
        };
        if active.build.status == BuildStatus::Retrying {
            active.build.status = BuildStatus::Queued;
            step.effects
                .push(Effect::Build(Box::new(active.build.clone())));
        }
        let job = Job::SendBuild { build: id.clone() };
        step.run_at(job, step.now.after(step.policy.queue_millis));
    }

    /// The queue did not take the message.
    pub(super) fn build_unsent(&mut self, id: &BuildId, failures: u32, step: &mut Step<'_>) {
        let waits = self.waiting_for_message(id, Cause::Platform, step);
        if waits.is_some() {
            step.retry(Job::SendBuild { build: id.clone() }, failures);
        }
    }

    /// The build, if somebody who gets its message now may take it. For any other, what is due is done here. `cause` is why a
    /// build that has waited too long was not taken.
    fn waiting_for_message(
        &mut self,
        id: &BuildId,
        cause: Cause,
        step: &mut Step<'_>,
    ) -> Option<&mut ActiveBuild> {
        let job = Job::SendBuild { build: id.clone() };
        let Some(active) = self.builds.get(id) else {
            step.finish(&job);
            return None;
        };
        let waited = step.now.since(active.build.created_at);
        match active.stage {
            Stage::Waiting { .. } if waited >= step.policy.build_millis => {
                let text = format!(
                    "No builder took the build within {} minutes",
                    waited / 60_000
                );
                self.give_up(id, cause, text, step);
            }
            Stage::Waiting { from } if step.now < from => step.run_at(job, from),
            Stage::Waiting { .. } => return self.builds.get_mut(id),
            Stage::Claimed { until } if step.now < until => step.run_at(job, until),
            Stage::Claimed { .. } => self.lapsed(id, SILENT, step),
            Stage::Probing { .. } => step.finish(&job),
        }
        None
    }

    /// The queue has given up on a message: whoever was to take it could not. Messages of builds that are in somebody's hands, or
    /// whose next message is not sent yet, are of no use any more.
    pub(super) fn build_undelivered(&mut self, id: &BuildId, step: &mut Step<'_>) {
        let waits = |active: &ActiveBuild| {
            matches!(active.stage, Stage::Waiting { .. })
                && active.build.status == BuildStatus::Queued
        };
        if self.builds.get(id).is_some_and(waits) {
            self.lapsed(id, UNDELIVERED, step);
        }
    }

    pub(super) fn claim(&mut self, id: &BuildId, step: &mut Step<'_>) {
        let now = step.now;
        let lapsed =
            |active: &ActiveBuild| matches!(active.stage, Stage::Claimed { until } if until <= now);
        if self.builds.get(id).is_some_and(lapsed) {
            // Whoever had it counts as failed before somebody else has it.
            self.lapsed(id, SILENT, step);
        }
        // A message too many, or one that was long under way, does not shorten the wait.
        let Some(active) = self
            .builds
            .get_mut(id)
            .filter(|active| matches!(active.stage, Stage::Waiting { from } if from <= now))
        else {
            step.effects.push(Effect::Answer(Answer::Claim(None)));
            return;
        };
        let until = now.after(step.policy.lease_millis);
        active.stage = Stage::Claimed { until };
        active.build.attempts += 1;
        active.build.status = BuildStatus::Running;
        let work = Work {
            build: id.clone(),
            attempt: active.build.attempts,
            version: active.build.version,
            mode: active.build.mode,
            source_digest: active.source_digest,
        };
        step.effects
            .push(Effect::Build(Box::new(active.build.clone())));
        step.feed(Event::BuildStarted {
            turn: active.turn.clone(),
            build: id.clone(),
            version: work.version,
            attempt: work.attempt,
        });
        step.run_at(Job::SendBuild { build: id.clone() }, until);
        step.effects.push(Effect::Answer(Answer::Claim(Some(work))));
    }

    pub(super) fn build_progress(
        &mut self,
        id: &BuildId,
        attempt: u32,
        lines: Vec<String>,
        step: &mut Step<'_>,
    ) {
        let until = step.now.after(step.policy.lease_millis);
        let Some(active) = self.claimed_by(id, attempt) else {
            step.effects.push(Effect::Answer(Answer::Held(false)));
            return;
        };
        active.stage = Stage::Claimed { until };
        step.effects.push(Effect::Answer(Answer::Held(true)));
        log(id, lines, step);
        step.run_at(Job::SendBuild { build: id.clone() }, until);
    }

    pub(super) fn build_reported(
        &mut self,
        id: &BuildId,
        attempt: u32,
        lines: Vec<String>,
        outcome: BuildOutcome,
        step: &mut Step<'_>,
    ) {
        if self.claimed_by(id, attempt).is_some() {
            self.builder_millis += outcome.builder_millis();
        }
        let Some(active) = self.claimed_by(id, attempt) else {
            return;
        };
        log(id, lines, step);
        match outcome {
            BuildOutcome::Succeeded {
                set,
                diagnostics,
                report,
                lockfile,
                cached,
                sizes,
            } => {
                step.finish(&Job::SendBuild { build: id.clone() });
                active.build.report = Some(report);
                active.build.cached = cached.is_some();
                if let Some(from) = cached {
                    let due = step.now.after(step.policy.copy_millis);
                    step.run_at(Job::CopyArtifacts { set, from }, due);
                }
                active.build.sizes = Some(*sizes);
                if active.build.mode == Mode::Development {
                    active.build.diagnostics = diagnostics;
                    active.stage = Stage::Probing { set, lockfile };
                    step.effects
                        .push(Effect::Build(Box::new(active.build.clone())));
                    step.run(Job::Probe { build: id.clone() });
                } else {
                    let version = active.build.version;
                    self.end_build(id, BuildStatus::Succeeded, diagnostics, step);
                    self.was_produced(version, id, set, step);
                    if let Some(lockfile) = lockfile {
                        self.lock_packages(version, lockfile, step);
                    }
                }
            }
            BuildOutcome::Failed {
                diagnostics,
                report,
            } => {
                active.build.report = report;
                self.fail_build(id, diagnostics, step);
            }
            BuildOutcome::Unavailable { cause, reason } => {
                self.attempt_failed(id, cause, &reason, step);
            }
            BuildOutcome::Busy { retry_after_millis } => {
                let attempt = active.build.attempts;
                let wait = step
                    .policy
                    .backoff(attempt)
                    .max(retry_after_millis.unwrap_or(0));
                self.wait_for_builder(id, "the builder is busy", wait, step);
            }
        }
    }

    pub(super) fn probed(&mut self, id: &BuildId, probe: Probe, step: &mut Step<'_>) {
        step.finish(&Job::Probe { build: id.clone() });
        let Some(active) = self.builds.get(id) else {
            return;
        };
        let Stage::Probing { set, lockfile } = active.stage else {
            return;
        };
        let version = active.build.version;
        let turn = active.turn.clone();
        let mut diagnostics = active.build.diagnostics.clone();
        match probe {
            Probe::Passed => {
                self.end_build(id, BuildStatus::Succeeded, diagnostics, step);
                // A slow build of an old version never replaces a newer one.
                if self
                    .preview
                    .as_ref()
                    .is_none_or(|preview| preview.version <= version)
                {
                    self.replace_preview(Preview {
                        build: id.clone(),
                        version,
                        set,
                    });
                    step.feed(Event::PreviewLive {
                        turn,
                        build: id.clone(),
                        version,
                        url: self.preview_url.clone(),
                    });
                }
                self.turn_is_live(id, version, step);
                if let Some(lockfile) = lockfile {
                    self.lock_packages(version, lockfile, step);
                }
                self.start_next_turn(step);
            }
            Probe::Failed(reasons) => {
                diagnostics.extend(
                    reasons
                        .into_iter()
                        .map(|reason| Diagnostic::error("preview_probe", reason)),
                );
                self.fail_build(id, diagnostics, step);
            }
        }
    }

    /// Nobody could look at a built preview.
    pub(super) fn unprobed(&mut self, id: &BuildId, reason: &str, step: &mut Step<'_>) {
        let is_probed = |active: &ActiveBuild| matches!(active.stage, Stage::Probing { .. });
        if self.builds.get(id).is_some_and(is_probed) {
            let text = format!("The preview could not be checked: {reason}");
            self.give_up(id, Cause::Platform, text, step);
        }
    }

    /// An attempt came to nothing through no fault of the sources.
    fn attempt_failed(&mut self, id: &BuildId, cause: Cause, reason: &str, step: &mut Step<'_>) {
        let Some(active) = self.builds.get_mut(id) else {
            return;
        };
        active.failures += 1;
        let failures = active.failures;
        if failures >= step.policy.attempts {
            let text = format!("The build was tried {failures} times, the last time {reason}");
            self.give_up(id, cause, text, step);
            return;
        }
        self.wait_for_builder(id, reason, step.policy.backoff(failures), step);
    }

    /// Whoever had the build or its message is gone: a consumer whose builder is away says so itself.
    fn lapsed(&mut self, id: &BuildId, reason: &str, step: &mut Step<'_>) {
        let Some(active) = self.builds.get_mut(id) else {
            return;
        };
        active.lapses += 1;
        let lapses = active.lapses;
        if lapses >= step.policy.lapses {
            let text =
                format!("The build was begun {lapses} times, and nobody brought it to an end");
            self.give_up(id, Cause::Platform, text, step);
            return;
        }
        self.wait_for_builder(id, reason, step.policy.backoff(lapses), step);
    }

    /// Gives up, through no fault of the sources.
    fn give_up(&mut self, id: &BuildId, cause: Cause, text: String, step: &mut Step<'_>) {
        let (code, advice) = match cause {
            Cause::Builder => (
                "builder_unavailable",
                "Your files are safe. Start the build again when the builder is back.",
            ),
            Cause::Platform => (
                "platform_unavailable",
                "Your files are safe. Start the build again in a few minutes. If it ends in the same way, the log of the Worker \
                 says why.",
            ),
        };
        let diagnostics = vec![Diagnostic::error(code, format!("{text}.")).advising(advice)];
        self.fail_build(id, diagnostics, step);
    }

    /// Gives the claim back; the message is sent again after `wait` milliseconds, within the policy's bound.
    fn wait_for_builder(&mut self, id: &BuildId, reason: &str, wait: u64, step: &mut Step<'_>) {
        let Some(active) = self.builds.get_mut(id) else {
            return;
        };
        let retry_at = step.now.after(wait.min(step.policy.longest_wait_millis));
        active.stage = Stage::Waiting { from: retry_at };
        active.build.status = BuildStatus::Retrying;
        step.effects
            .push(Effect::Build(Box::new(active.build.clone())));
        step.feed(Event::BuildRetrying {
            turn: active.turn.clone(),
            build: id.clone(),
            attempt: active.build.attempts,
            reason: reason.to_owned(),
            retry_at,
        });
        step.run_at(Job::SendBuild { build: id.clone() }, retry_at);
    }

    fn end_build(
        &mut self,
        id: &BuildId,
        status: BuildStatus,
        diagnostics: Vec<Diagnostic>,
        step: &mut Step<'_>,
    ) {
        let Some(mut active) = self.builds.remove(id) else {
            return;
        };
        let newest = self
            .head
            .is_some_and(|head| head.number == active.build.version);
        if status == BuildStatus::Failed
            && newest
            && active.build.mode == Mode::Development
            && self.phase == Phase::Resting
        {
            self.last_outcome = Some(Outcome::Failed);
        }
        step.finish(&Job::SendBuild { build: id.clone() });
        active.build.status = status;
        active.build.diagnostics.clone_from(&diagnostics);
        if status == BuildStatus::Succeeded && newest {
            self.weigh(&active.build);
        }
        let report = active.build.report.as_ref();
        let screenshot = report
            .and_then(|report| report.render.screenshot())
            .copied();
        active.build.finished_at = Some(step.now);
        step.feed(Event::BuildFinished {
            turn: active.turn,
            build: id.clone(),
            version: active.build.version,
            status,
            millis: step.now.since(active.build.created_at),
            cached: active.build.cached,
            diagnostics,
            screenshot,
        });
        step.effects.push(Effect::Build(Box::new(active.build)));
    }

    /// Ends the build. The turn that waits for it mends what it broke, or ends as well.
    fn fail_build(&mut self, id: &BuildId, diagnostics: Vec<Diagnostic>, step: &mut Step<'_>) {
        self.end_build(id, BuildStatus::Failed, diagnostics.clone(), step);
        self.was_not_produced(id, &diagnostics, step);
        self.turn_did_not_build(id, &diagnostics, step);
        self.start_next_turn(step);
    }

    fn claimed_by(&mut self, id: &BuildId, attempt: u32) -> Option<&mut ActiveBuild> {
        self.builds.get_mut(id).filter(|active| {
            active.build.attempts == attempt && matches!(active.stage, Stage::Claimed { .. })
        })
    }
}

fn log(id: &BuildId, lines: Vec<String>, step: &mut Step<'_>) {
    for line in lines {
        step.feed(Event::BuildLog {
            build: id.clone(),
            line: line.clone(),
        });
        step.effects.push(Effect::BuildLog {
            build: id.clone(),
            line,
        });
    }
}
