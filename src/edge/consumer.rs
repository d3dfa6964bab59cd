//! The queue consumer: takes a build message, streams the sources to the builder and the artifacts to R2, and
//! reports to the conversation.
//!
//! A message is always acknowledged: whether a build is over, is tried again or was lost is the conversation's
//! knowledge, and its outbox sends another message when one is needed.

use std::{collections::BTreeMap, time::Duration};

use futures::{
    FutureExt as _, Stream, StreamExt as _,
    future::{self, Either},
    stream,
};
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use worker::{
    AbortController, ByteStream, Delay, Env, Fetch, Headers, Method, Request, RequestInit,
    Response, console_error, console_warn, worker_sys,
};

use super::{
    blobs::Blobs,
    clock,
    loader::{ModuleText, StoredSet},
    objects::{self, Claimed, ConversationCall as Call, Object},
    settings,
};
use crate::{
    build::{
        AnswerEvent, AnswerReader, ArtifactLimits, Diagnostic, Job, JobFrame, Report, Status,
        header_line,
    },
    digest::Digest,
    error::{Error, Result},
    generation::{BuildOutcome, Work},
    ids::{AppId, BuildId},
    project::{Manifest, ProjectPath},
    publish::{self, Artifact, ArtifactSet, ModuleKind, Runtime},
};

/// How often the conversation hears of a running build, in milliseconds.
const PROGRESS_MILLIS: u64 = 1_000;

/// How long the builder may be silent, in milliseconds. It promises a line every five seconds.
const SILENCE_MILLIS: u64 = 20_000;

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
            Some(parsed) if queue.ends_with("-dead") => {
                console_warn!(
                    "a message for build {} of {} was not taken",
                    parsed.build,
                    parsed.app
                );
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
                retry_after_millis: None,
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

/// What a builder's answer amounts to.
struct Received {
    entries: BTreeMap<ProjectPath, Artifact>,
    diagnostics: Vec<Diagnostic>,
    report: Report,
}

impl Attempt<'_> {
    async fn build(&self, manifest: Manifest) -> Result<BuildOutcome> {
        let abort = AbortController::default();
        let request = self.request(manifest)?;
        let mut response = Fetch::Request(request)
            .send_with_signal(&abort.signal())
            .await
            .map_err(|error| Error::unavailable("the builder could not be reached", error))?;
        if response.status_code() != 200 {
            return self.refused(&mut response).await;
        }
        let answer = response.stream().map_err(Error::internal)?;
        let received = match self.receive(answer).await {
            Ok(received) => received,
            Err(error) => {
                // Nobody listens any more: the builder stops.
                abort.abort();
                return Err(error);
            }
        };
        match received.report.status {
            Status::Succeeded => self.publish(received).await,
            Status::Failed => Ok(BuildOutcome::Failed {
                diagnostics: received.diagnostics,
                report: Some(received.report),
            }),
        }
    }

    /// The request with the sources as a stream: one blob at a time is held.
    fn request(&self, manifest: Manifest) -> Result<Request> {
        let sources = Blobs::sources(self.env, self.app)?;
        let id = format!("{}-{}-{}", self.app, self.work.build, self.work.attempt);
        let job = Job {
            id: id.parse().map_err(Error::internal)?,
            mode: self.work.mode,
            source_digest: self.work.source_digest,
        };
        let head = header_line(&JobFrame::Job(job)).map_err(Error::internal)?;
        let end = header_line(&JobFrame::End {
            files: manifest.len() as u64,
        })
        .map_err(Error::internal)?;
        let files: Vec<_> = manifest
            .iter()
            .map(|(path, entry)| (path.clone(), *entry))
            .collect();
        let bodies = stream::iter(files).then(move |(path, entry)| {
            let blob = sources.get_owned(entry.hash);
            async move {
                let mut bytes = header_line(&JobFrame::File {
                    path,
                    size: entry.size,
                })
                .map_err(Error::internal)?;
                bytes.extend(blob.await?);
                Ok::<_, Error>(bytes)
            }
        });
        let frames = stream::once(async { Ok(head) })
            .chain(bodies)
            .chain(stream::once(async { Ok(end) }));
        let headers = Headers::new();
        let token = settings::builder_token(self.env)?;
        headers
            .set("authorization", &format!("Bearer {token}"))
            .map_err(Error::internal)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_body(Some(readable(frames)));
        let url = format!("{}/builds", settings::builder_url(self.env)?);
        Request::new_with_init(&url, &init).map_err(Error::internal)
    }

    /// An answer that is not a stream of frames. What it means is in `build::job`'s table.
    async fn refused(&self, response: &mut Response) -> Result<BuildOutcome> {
        let status = response.status_code();
        let retry_after = response.headers().get("retry-after").ok().flatten();
        let problem = response.text().await.unwrap_or_default();
        let detail = serde_json::from_str::<serde_json::Value>(&problem)
            .ok()
            .and_then(|problem| problem.get("detail")?.as_str().map(str::to_owned))
            .unwrap_or_else(|| format!("it answered {status}"));
        Ok(match status {
            413 => BuildOutcome::Failed {
                diagnostics: vec![Diagnostic::error(
                    "too_large",
                    format!("The builder refused the sources: {detail}"),
                )],
                report: None,
            },
            503 => BuildOutcome::Unavailable {
                reason: "the builder is busy".to_owned(),
                retry_after_millis: retry_after
                    .and_then(|seconds| seconds.parse::<u64>().ok())
                    .map(|seconds| seconds.saturating_mul(1_000)),
            },
            401 => BuildOutcome::Unavailable {
                reason: "the builder does not accept this Worker's token".to_owned(),
                retry_after_millis: None,
            },
            _ => BuildOutcome::Unavailable {
                reason: format!(
                    "the builder refused the job: {}",
                    detail.trim_end_matches('.')
                ),
                retry_after_millis: None,
            },
        })
    }

    async fn receive(&self, mut answer: ByteStream) -> Result<Received> {
        let broken = |error: &dyn std::fmt::Display| {
            Error::unavailable("the builder broke off", error.to_string())
        };
        let assets = Blobs::assets(self.env, self.app)?;
        let mut reader = AnswerReader::new(ArtifactLimits::DEFAULT);
        let mut progress = Progress::new();
        let mut entries = BTreeMap::new();
        let mut diagnostics = Vec::new();
        let mut report = None;
        loop {
            let silence = Delay::from(Duration::from_millis(SILENCE_MILLIS));
            let next = match future::select(answer.next(), silence.boxed_local()).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => {
                    return Err(Error::unavailable(
                        "the builder fell silent",
                        "no byte within the time-out",
                    ));
                }
            };
            let Some(chunk) = next else { break };
            for event in reader
                .push(&chunk.map_err(|error| broken(&error))?)
                .map_err(|error| broken(&error))?
            {
                match event {
                    AnswerEvent::Started { .. } => {}
                    AnswerEvent::Log(line) => progress.lines.push(line),
                    AnswerEvent::Diagnostic(diagnostic) => diagnostics.push(diagnostic),
                    AnswerEvent::Artifact(artifact) => {
                        let entry = Artifact {
                            hash: artifact.sha256,
                            size: artifact.content.len() as u64,
                            media_type: artifact.media_type,
                        };
                        assets.put(&artifact.sha256, artifact.content).await?;
                        entries.insert(artifact.path, entry);
                    }
                    AnswerEvent::Report(done) => report = Some(done),
                }
            }
            self.tell(&mut progress, false).await?;
        }
        reader.finish().map_err(|error| broken(&error))?;
        self.tell(&mut progress, true).await?;
        let report = report.ok_or_else(|| broken(&"no report"))?;
        Ok(Received {
            entries,
            diagnostics,
            report,
        })
    }

    /// Renews the claim and passes on what the builder said, once a second or at the end.
    async fn tell(&self, progress: &mut Progress, last: bool) -> Result<()> {
        let now = clock::now();
        if !last && now.since(progress.told_at) < PROGRESS_MILLIS
            || last && progress.lines.is_empty()
        {
            return Ok(());
        }
        progress.told_at = now;
        let lines = std::mem::take(&mut progress.lines);
        let call = Call::Progress {
            build: self.work.build.clone(),
            attempt: self.work.attempt,
            lines,
        };
        self.conversation.ask(None, call).await
    }

    /// Generates the app's Worker script around the artifacts and stores both as one artifact set.
    async fn publish(&self, received: Received) -> Result<BuildOutcome> {
        let Received {
            entries,
            diagnostics,
            report,
        } = received;
        let artifacts = ArtifactSet {
            mode: self.work.mode,
            source_digest: self.work.source_digest,
            toolchain_digest: report.toolchain_digest,
            entries,
        };
        match self.store_set(artifacts).await? {
            Ok(set) => Ok(BuildOutcome::Succeeded {
                set,
                diagnostics,
                report,
            }),
            Err(refusal) => Ok(BuildOutcome::Failed {
                diagnostics: vec![Diagnostic::error("publish", refusal.to_string())],
                report: Some(report),
            }),
        }
    }

    async fn store_set(
        &self,
        artifacts: ArtifactSet,
    ) -> Result<std::result::Result<Digest, publish::PublishError>> {
        let Some(page) = artifacts.page().map(|page| page.hash) else {
            return Ok(Err(publish::PublishError::NoPage));
        };
        let html = Blobs::assets(self.env, self.app)?.get(&page).await?;
        let script = match publish::worker_script(&artifacts, &html, publish::BUDGET) {
            Ok(script) => script,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let runtime = Runtime {
            app_id: self.app.clone(),
            environment: publish::Environment::Preview,
            version: self.work.version,
            console_origin: Some(settings::hosts(self.env)?.console_origin().to_owned()),
            public: BTreeMap::new(),
        };
        let variables = runtime.vars();
        let set = publish::code_id(&script, &variables);
        let mut modules = BTreeMap::new();
        for module in script.modules {
            let text = String::from_utf8(module.bytes).map_err(Error::internal)?;
            let module_text = match module.kind {
                ModuleKind::EsModule => ModuleText::Js(text),
                ModuleKind::Text => ModuleText::Text(text),
                ModuleKind::Data => {
                    return Err(Error::internal(
                        "a binary module where only text is embedded",
                    ));
                }
            };
            modules.insert(module.name.to_owned(), module_text);
        }
        let stored = StoredSet {
            artifacts,
            main: script.main.to_owned(),
            modules,
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            sizes: script.report,
        };
        Blobs::sets(self.env, self.app)?
            .put_json(&set, &stored)
            .await?;
        Ok(Ok(set))
    }
}

/// What the conversation has not heard yet.
struct Progress {
    lines: Vec<String>,
    told_at: crate::time::Timestamp,
}

impl Progress {
    fn new() -> Self {
        Self {
            lines: Vec::new(),
            told_at: clock::now(),
        }
    }
}

/// A stream of bytes as a request body.
fn readable(frames: impl Stream<Item = Result<Vec<u8>>> + 'static) -> JsValue {
    let chunks = frames.map(|chunk| match chunk {
        Ok(bytes) => Ok(JsValue::from(Uint8Array::from(bytes.as_slice()))),
        Err(error) => Err(JsValue::from(error.to_string())),
    });
    wasm_streams::ReadableStream::from_stream(chunks)
        .into_raw()
        .into()
}

/// The public sentence as the end of another one.
fn reason(error: &Error) -> String {
    error.public.trim_end_matches('.').to_owned()
}
