//! The build cache as an attempt uses it. Its own trouble fails no build: what cannot be looked up is built, and what cannot
//! be kept is not.
//!
//! A key names the toolchain, and only the builder knows which one it has, so it is asked each time: what is remembered may be
//! of a builder that was replaced since. While the builder is away nothing is taken from the cache either.

use std::{pin::pin, time::Duration};

use futures::future::{self, Either};
use serde_json::Value;
use worker::{AbortController, Delay, Method, Request, console_warn};

use super::{Attempt, exchange::read_short, pulse::Pulse};
use crate::{
    digest::Digest,
    edge::{
        blobs::Blobs,
        builder, clock,
        objects::{self, CacheCall, Object},
    },
    error::{Error, Result},
    generation::{BuildOutcome, pulse::RENEW_MILLIS},
    publish::{
        self,
        cache::{Built, Toolchain, Turn},
    },
    time::Timestamp,
};

/// How often whoever waits for another's build asks for it, in milliseconds.
const ASK_MILLIS: u64 = 200;

/// How long it may take to keep what was built, in milliseconds. Nobody waits for it but those who want the same.
const KEEP_MILLIS: u64 = 60_000;

/// One key of the cache, and the attempt that wants its result.
pub(super) struct Cache {
    key: Digest,
    /// Names the build, not the attempt: the next attempt goes on where this one fell silent.
    holder: String,
    object: Object,
    kept: Blobs,
    /// The app's built files.
    files: Blobs,
    /// Where the app's pictures are.
    pictures: Blobs,
    toolchain: Toolchain,
}

impl Attempt<'_> {
    /// What the builder builds with, if it says so. What its other answers mean shows when it is asked to build.
    pub(super) async fn toolchain(&self, abort: &AbortController) -> Result<Option<Toolchain>> {
        let url = format!("{}/healthz", builder::base(self.env)?);
        let request = Request::new(&url, Method::Get).map_err(Error::internal)?;
        let mut response = builder::send(self.env, self.app, request, &abort.signal()).await?;
        let health = read_short(&mut response).await?;
        let health = crate::json::from_str::<Value>(&String::from_utf8_lossy(&health)).ok();
        Ok(health.as_ref().and_then(Toolchain::of))
    }

    /// The key of this build's result.
    pub(super) fn cache(&self, toolchain: Toolchain) -> Result<Cache> {
        let key = self
            .job()?
            .key(&toolchain.digest)
            .map_err(Error::internal)?;
        Ok(Cache {
            key,
            holder: format!("{}-{}", self.app, self.work.build),
            object: objects::build_cache(self.env, &key)?,
            kept: Blobs::build(self.env, &key)?,
            files: Blobs::assets(self.env, self.app)?,
            pictures: Blobs::sources(self.env, self.app)?,
            toolchain,
        })
    }
}

impl Cache {
    /// Publishes what was built before, as soon as nobody else builds it; or nothing: then this attempt builds. The app's own
    /// copies of its files are made later, by a job of its conversation.
    pub(super) async fn look(&self, attempt: &Attempt<'_>, pulse: &Pulse) -> Option<BuildOutcome> {
        let began_at = clock::now();
        let mut waited = false;
        loop {
            pulse.beat();
            match self.ask().await {
                Ok(Turn::Take { kept_at }) => {
                    let why = match self.take(attempt).await {
                        Ok(Some(outcome)) => {
                            pulse.say(taken(began_at, waited));
                            return Some(outcome);
                        }
                        Ok(None) => "a file is missing".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    console_warn!("the build cache does not hold what it should: {why}");
                    // Then one of those who want it builds it, as if nothing had been kept.
                    if !self.say(CacheCall::Forget { kept_at }).await {
                        return None;
                    }
                }
                Ok(Turn::Build) => return None,
                Ok(Turn::Wait) => {
                    if !waited {
                        waited = true;
                        pulse.say("the same sources are being built: waiting for them".to_owned());
                    }
                    Delay::from(Duration::from_millis(ASK_MILLIS)).await;
                }
                Err(error) => {
                    console_warn!("the build cache was not asked: {error}");
                    return None;
                }
            }
        }
    }

    /// Publishes what is kept, and copies its picture to the app; nothing when some of it is not there.
    async fn take(&self, attempt: &Attempt<'_>) -> Result<Option<BuildOutcome>> {
        let built: Built = self.kept.get_json(&self.key).await?;
        let (files, picture, outcome) = future::try_join3(
            self.kept.has_all(publish::own_hashes(&built.entries)),
            self.pictures.copy(&self.kept, picture(&built)),
            attempt.publish(built, &self.kept, Some(self.key), None),
        )
        .await?;
        Ok((files && picture).then_some(outcome))
    }

    /// Whether a success is to be kept.
    pub(super) fn may_keep(&self, built: &Built) -> bool {
        self.toolchain.may_keep(built)
    }

    /// Does the work while the key is held.
    pub(super) async fn hold_while<T>(&self, work: impl Future<Output = T>) -> T {
        let work = pin!(work);
        let hold = pin!(async {
            loop {
                Delay::from(Duration::from_millis(RENEW_MILLIS)).await;
                if let Err(error) = self.ask().await {
                    console_warn!("a key of the build cache was not renewed: {error}");
                }
            }
        });
        match future::select(work, hold).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => match never {},
        }
    }

    /// Keeps what was built, whose files are the app's by now, and leaves the key to others.
    pub(super) async fn keep(self, built: &Built) {
        let copied = pin!(async {
            let (files, picture) = future::try_join(
                self.kept
                    .copy(&self.files, publish::own_hashes(&built.entries)),
                self.kept.copy(&self.pictures, picture(built)),
            )
            .await?;
            if files && picture {
                self.kept.put_json(&self.key, built).await?;
            }
            Ok::<_, Error>(files && picture)
        });
        let late = Delay::from(Duration::from_millis(KEEP_MILLIS));
        match self.hold_while(future::select(copied, late)).await {
            Either::Left((Ok(true), _)) => {
                self.say(CacheCall::Keep { key: self.key }).await;
            }
            Either::Left((Ok(false), _)) => {
                console_warn!("a build was not cached: a file is missing")
            }
            Either::Left((Err(error), _)) => console_warn!("a build was not cached: {error}"),
            Either::Right(_) => console_warn!("a build was not cached: it took too long"),
        }
        self.release().await;
    }

    /// Leaves the key to others. What was kept stays.
    pub(super) async fn release(&self) {
        let holder = self.holder.clone();
        self.say(CacheCall::Release { holder }).await;
    }

    async fn ask(&self) -> Result<Turn> {
        let (key, holder) = (self.key, self.holder.clone());
        self.object.ask(None, CacheCall::Ask { key, holder }).await
    }

    /// Whether the key's object has heard it.
    async fn say(&self, call: CacheCall) -> bool {
        let told = self.object.ask::<()>(None, call).await;
        if let Err(error) = &told {
            console_warn!("the build cache was not told: {error}");
        }
        told.is_ok()
    }
}

/// How its start page looks, if somebody looked.
fn picture(built: &Built) -> Option<Digest> {
    built.report.render.screenshot().copied()
}

fn taken(began_at: Timestamp, waited: bool) -> String {
    let whose = if waited {
        "was just built"
    } else {
        "was built before"
    };
    let millis = clock::now().since(began_at);
    format!("the same {whose}: taken from the build cache in {millis} ms")
}
