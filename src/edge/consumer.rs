//! The queue consumer: takes a build message, streams the sources to the builder and the artifacts to R2, and
//! reports to the conversation. What the build cache has is not built.
//!
//! A message is always acknowledged: whether a build is over, is tried again or was lost is the conversation's
//! knowledge, and its outbox sends another message when one is needed. A message that could not even be taken comes to the
//! queue of dead letters, and the conversation is told.

mod cached;
mod exchange;
mod publication;
mod pulse;
mod secrets;
mod vendor;

use std::{pin::pin, rc::Rc, time::Duration};

use futures::future::{self, Either};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use worker::{AbortController, Delay, Env, console_error, console_warn, worker_sys};

use self::{cached::Cache, pulse::Pulse};
use super::{
    blobs::Blobs,
    builder,
    objects::{self, Claimed, ConversationCall as Call, Object},
    settings,
};
use crate::{
    build::{Diagnostic, Status},
    error::{Error, Result},
    generation::{BuildOutcome, Cause, Work},
    ids::{AppId, BuildId},
    project::Manifest,
    publish::{self, cache::Built},
};

/// How the name of the queue of dead letters ends.
const DEAD: &str = "-dead";

/// How often the end of an attempt is told, at most, and the wait in between: together less than a lease.
const REPORTS: u32 = 4;
const AGAIN: Duration = Duration::from_secs(1);

/// The body of a build message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BuildMessage {
    pub(super) app: AppId,
    pub(super) build: BuildId,
}

/// Works off a batch, its messages side by side.
pub(super) async fn consume(batch: &worker_sys::MessageBatch, env: &Env) {
    let queue = batch.queue().map(String::from).unwrap_or_default();
    let Ok(messages) = batch.messages() else {
        return;
    };
    let messages: Vec<worker_sys::Message> = messages.iter().map(JsCast::unchecked_into).collect();
    future::join_all(messages.iter().map(|message| async {
        let parsed = message
            .body()
            .ok()
            .and_then(|body| serde_wasm_bindgen::from_value::<BuildMessage>(body).ok());
        match parsed {
            Some(parsed) if queue.ends_with(DEAD) => {
                console_warn!(
                    "a message for build {} of {} was not taken",
                    parsed.build,
                    parsed.app
                );
                // Unless the conversation hears of it now, its outbox sends another message later.
                if let Err(error) = tell_undelivered(env, &parsed).await {
                    console_error!("build {} of {}: {error}", parsed.build, parsed.app);
                }
            }
            Some(parsed) => {
                if let Err(error) = work_off(env, &parsed).await {
                    console_error!("build {} of {}: {error}", parsed.build, parsed.app);
                }
            }
            None => console_error!("a message in {queue} is not a build message"),
        }
        if let Err(error) = message.ack() {
            console_error!("a build message could not be acknowledged: {error:?}");
        }
    }))
    .await;
}

async fn tell_undelivered(env: &Env, message: &BuildMessage) -> Result<()> {
    let build = message.build.clone();
    objects::conversation(env, &message.app)?
        .ask(None, Call::BuildUndelivered { build })
        .await
}

async fn work_off(env: &Env, message: &BuildMessage) -> Result<()> {
    let conversation = objects::conversation(env, &message.app)?;
    let claimed: Option<Claimed> = conversation
        .ask(
            None,
            Call::Claim {
                build: message.build.clone(),
            },
        )
        .await?;
    let Some(Claimed { work, manifest }) = claimed else {
        return Ok(());
    };
    let attempt = Attempt {
        env,
        app: &message.app,
        conversation: &conversation,
        work: &work,
    };
    let pulse = Rc::new(Pulse::new());
    let done = attempt.build(manifest, &pulse).await;
    let Done { outcome, unkept } = done.unwrap_or_else(|error| {
        console_warn!(
            "build {} of {}, attempt {}: {error}",
            work.build,
            message.app,
            work.attempt
        );
        unavailable(&error).into()
    });
    let reported = attempt.report(outcome, pulse.take_lines()).await;
    if let Some((cache, built)) = unkept {
        cache.keep(&built).await;
    }
    reported
}

/// How an attempt ended.
struct Done {
    outcome: BuildOutcome,
    /// What is to be kept in the build cache when nobody waits any more, under a key that is held.
    unkept: Option<(Cache, Built)>,
}

impl From<BuildOutcome> for Done {
    fn from(outcome: BuildOutcome) -> Self {
        Self {
            outcome,
            unkept: None,
        }
    }
}

/// One attempt at a build.
struct Attempt<'a> {
    env: &'a Env,
    app: &'a AppId,
    conversation: &'a Object,
    work: &'a Work,
}

impl Attempt<'_> {
    /// Builds while a pulse keeps the claim. Without the claim nobody needs the result, and the builder is told to stop.
    async fn build(&self, manifest: Manifest, pulse: &Rc<Pulse>) -> Result<Done> {
        let abort = AbortController::default();
        let (done, is_over) = {
            let work = pin!(self.exchange(manifest, pulse, &abort));
            let claim = pin!(self.keep_claim(pulse));
            match future::select(work, claim).await {
                Either::Left((done, _)) => {
                    let is_over = done.is_ok();
                    (done, is_over)
                }
                Either::Right((over, _)) => {
                    console_warn!(
                        "build {} of {}, attempt {}: {over:?}",
                        self.work.build,
                        self.app,
                        self.work.attempt
                    );
                    (Ok(over.outcome().into()), false)
                }
            }
        };
        if !is_over {
            abort.abort();
        }
        match pulse.unread() {
            Some(error) => Err(error),
            None => done,
        }
    }

    /// Reports how the attempt ended, with the lines that were not passed on yet. What was built is stored by now, so one call that
    /// fails is not the end of it; should the claim be lost, the report comes to nothing.
    async fn report(&self, outcome: BuildOutcome, lines: Vec<String>) -> Result<()> {
        let report = || Call::BuildReported {
            build: self.work.build.clone(),
            attempt: self.work.attempt,
            lines: lines.clone(),
            outcome: Box::new(outcome.clone()),
        };
        for _ in 1..REPORTS {
            match self.conversation.ask(None, report()).await {
                Ok(()) => return Ok(()),
                Err(error) => console_warn!("the end of a build was not told: {error}"),
            }
            Delay::from(AGAIN).await;
        }
        self.conversation.ask(None, report()).await
    }

    /// Takes what the build cache has, or has it built.
    async fn exchange(
        &self,
        manifest: Manifest,
        pulse: &Rc<Pulse>,
        abort: &AbortController,
    ) -> Result<Done> {
        let toolchain = match settings::build_cache_millis(self.env)? {
            0 => None,
            _ => self.toolchain(abort).await?,
        };
        let Some(toolchain) = toolchain else {
            let (outcome, _) = self.have_built(manifest, pulse, abort).await?;
            return Ok(outcome.into());
        };
        let cache = self.cache(toolchain)?;
        if let Some(outcome) = cache.look(self, pulse).await {
            return Ok(outcome.into());
        }
        let building = self.have_built(manifest, pulse, abort);
        match cache.hold_while(building).await {
            Ok((outcome, Some(built))) if cache.may_keep(&built) => Ok(Done {
                outcome,
                unkept: Some((cache, built)),
            }),
            done => {
                cache.release().await;
                Ok(done?.0.into())
            }
        }
    }

    /// Has it built; with what was built, if it was published.
    async fn have_built(
        &self,
        manifest: Manifest,
        pulse: &Rc<Pulse>,
        abort: &AbortController,
    ) -> Result<(BuildOutcome, Option<Built>)> {
        let misnamed: Vec<Diagnostic> = manifest
            .iter()
            .filter_map(|(path, _)| publish::misnamed(path))
            .collect();
        if !misnamed.is_empty() {
            let failed = BuildOutcome::Failed {
                diagnostics: misnamed,
                report: None,
            };
            return Ok((failed, None));
        }
        let request = self.request(manifest.clone(), pulse)?;
        let mut response = builder::send(self.env, self.app, request, &abort.signal()).await?;
        if response.status_code() != 200 {
            return Ok((self.refused(&mut response).await, None));
        }
        let answer = response.stream().map_err(Error::internal)?;
        let (mut built, lockfile, leaks) = self.receive(answer, pulse).await?;
        if !leaks.is_empty() {
            let told = self.tell_leaks(&manifest, leaks).await?;
            built.diagnostics.extend(told);
            built.report.status = Status::Failed;
        }
        if built.report.status == Status::Failed {
            let failed = BuildOutcome::Failed {
                diagnostics: built.diagnostics,
                report: Some(built.report),
            };
            return Ok((failed, None));
        }
        self.keep_vendor(&built, pulse, &abort.signal()).await?;
        let stored = Blobs::assets(self.env, self.app)?;
        let outcome = self.publish(built.clone(), &stored, None, lockfile).await?;
        let succeeded = matches!(outcome, BuildOutcome::Succeeded { .. });
        Ok((outcome, succeeded.then_some(built)))
    }
}

/// An attempt that an error has ended.
fn unavailable(error: &Error) -> BuildOutcome {
    BuildOutcome::Unavailable {
        cause: if builder::is_away(error) {
            Cause::Builder
        } else {
            Cause::Platform
        },
        reason: reason(error),
    }
}

/// What is wrong, as the end of another sentence.
fn reason(error: &Error) -> String {
    let first = error.public.split(". ").next().unwrap_or_default();
    let mut letters = first.trim_end_matches('.').chars();
    let head = letters.next().map(|letter| letter.to_ascii_lowercase());
    head.into_iter().chain(letters).collect()
}
