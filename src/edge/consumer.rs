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
mod vendor;

use std::{pin::pin, rc::Rc};

use futures::future::{self, Either};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use worker::{AbortController, Env, console_error, console_warn, worker_sys};

use self::{cached::Cache, pulse::Pulse};
use super::{
    builder,
    objects::{self, Claimed, ConversationCall as Call, Object},
    settings,
};
use crate::{
    build::Status,
    error::{Error, Result},
    generation::{BuildOutcome, Work},
    ids::{AppId, BuildId},
    project::Manifest,
};

/// How the name of the queue of dead letters ends.
const DEAD: &str = "-dead";

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
    let outcome = match attempt.build(manifest).await {
        Ok(outcome) => outcome,
        Err(error) => {
            console_warn!(
                "build {} of {}, attempt {}: {error}",
                work.build,
                message.app,
                work.attempt
            );
            BuildOutcome::Unavailable {
                reason: reason(&error),
            }
        }
    };
    let report = Call::BuildReported {
        build: work.build.clone(),
        attempt: work.attempt,
        outcome: Box::new(outcome),
    };
    conversation.ask(None, report).await
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
    async fn build(&self, manifest: Manifest) -> Result<BuildOutcome> {
        let abort = AbortController::default();
        let pulse = Rc::new(Pulse::new());
        let outcome = {
            let work = pin!(self.exchange(manifest, &pulse, &abort));
            let claim = pin!(self.keep_claim(&pulse));
            match future::select(work, claim).await {
                Either::Left((outcome, _)) => outcome,
                Either::Right((lost, _)) => Err(lost),
            }
        };
        if outcome.is_err() {
            abort.abort();
        }
        self.tell(&pulse).await?;
        outcome
    }

    /// Takes what the build cache has, or has it built.
    async fn exchange(
        &self,
        manifest: Manifest,
        pulse: &Rc<Pulse>,
        abort: &AbortController,
    ) -> Result<BuildOutcome> {
        let toolchain = match settings::build_cache_millis(self.env)? {
            0 => None,
            _ => self.toolchain(abort).await?,
        };
        let Some(toolchain) = toolchain else {
            return self.have_built(manifest, pulse, abort, None).await;
        };
        let cache = self.cache(toolchain)?;
        if let Some(built) = cache.look(pulse).await {
            return self.publish(built, true, None).await;
        }
        let building = self.have_built(manifest, pulse, abort, Some(&cache));
        let outcome = cache.hold_while(building).await;
        cache.release().await;
        outcome
    }

    async fn have_built(
        &self,
        manifest: Manifest,
        pulse: &Rc<Pulse>,
        abort: &AbortController,
        cache: Option<&Cache>,
    ) -> Result<BuildOutcome> {
        let request = self.request(manifest, pulse)?;
        let mut response = builder::send(self.env, self.app, request, &abort.signal()).await?;
        if response.status_code() != 200 {
            return self.refused(&mut response).await;
        }
        let answer = response.stream().map_err(Error::internal)?;
        let (built, lockfile) = self.receive(answer, pulse).await?;
        match built.report.status {
            Status::Succeeded => {
                self.keep_vendor(&built, pulse, &abort.signal()).await?;
                // What the registry decided is not in the key.
                if let Some(cache) = cache.filter(|_| lockfile.is_none()) {
                    cache.keep(&built).await;
                }
                self.publish(built, false, lockfile).await
            }
            Status::Failed => Ok(BuildOutcome::Failed {
                diagnostics: built.diagnostics,
                report: Some(built.report),
            }),
        }
    }
}

/// The public sentence as the end of another one.
fn reason(error: &Error) -> String {
    error.public.trim_end_matches('.').to_owned()
}
