//! One exchange with the builder: sources out, log, diagnostics and artifacts in. Nothing that comes back is believed
//! before the core's reader has checked it.

use std::rc::Rc;

use futures::{Stream, StreamExt as _, stream};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use worker::{ByteStream, Env, Headers, Method, Request, RequestInit, Response};

use super::{Attempt, pulse::Pulse};
use crate::{
    build::{AnswerEvent, AnswerReader, ArtifactLimits, Job, JobFrame, header_line},
    edge::{blobs::Blobs, builder, settings},
    error::{Error, Result},
    generation::{self, BuildOutcome},
    project::{FileEntry, Manifest},
    publish::{
        Artifact,
        cache::Built,
        secrets::{self, Leak},
    },
    sorted::{SortedMap, SortedSet},
};

/// How many sources are read at the same time. Each has at most 5 MiB.
const READ_AT_ONCE: usize = 4;

/// How much of a short answer is read, in bytes. What is longer is no problem document of the builder's, nor how it is.
const SHORT_BYTES: usize = 16 * 1024;

impl Attempt<'_> {
    /// What is to be built. The id names this attempt alone.
    pub(super) fn job(&self) -> Result<Job> {
        let id = format!("{}-{}-{}", self.app, self.work.build, self.work.attempt);
        Ok(Job {
            id: id.parse().map_err(Error::internal)?,
            mode: self.work.mode,
            type_check: settings::type_check(self.env)?,
            source_digest: self.work.source_digest,
        })
    }

    /// The request with the sources as a stream: few blobs are held at a time.
    pub(super) fn request(&self, manifest: Manifest, pulse: &Rc<Pulse>) -> Result<Request> {
        let sources = Blobs::sources(self.env, self.app)?;
        let head = header_line(&JobFrame::Job(self.job()?)).map_err(Error::internal)?;
        let end = header_line(&JobFrame::End {
            files: manifest.len() as u64,
        })
        .map_err(Error::internal)?;
        let files: Vec<_> = manifest
            .iter()
            .map(|(path, entry)| (path.clone(), *entry))
            .collect();
        let pulse = Rc::clone(pulse);
        let bodies = stream::iter(files).map(move |(path, entry)| {
            let blob = sources.get_owned(entry.hash);
            let pulse = Rc::clone(&pulse);
            async move {
                let mut bytes = header_line(&JobFrame::File {
                    path,
                    size: entry.size,
                })
                .map_err(Error::internal)?;
                let content = blob.await.inspect_err(|error| pulse.source_failed(error))?;
                bytes.extend(content);
                pulse.beat();
                Ok::<_, Error>(bytes)
            }
        });
        let frames = stream::once(async { Ok(head) })
            .chain(bodies.buffered(READ_AT_ONCE))
            .chain(stream::once(async { Ok(end) }));
        let headers = credential(self.env)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_body(Some(readable(frames)));
        let url = format!("{}/builds", builder::base(self.env)?);
        Request::new_with_init(&url, &init).map_err(Error::internal)
    }

    /// An answer that is not a stream of frames.
    pub(super) async fn refused(&self, response: &mut Response) -> BuildOutcome {
        let status = response.status_code();
        let retry_after = response.headers().get("retry-after").ok().flatten();
        let problem = read_short(response).await.unwrap_or_default();
        generation::refused(status, retry_after.as_deref(), &problem)
    }

    /// What was built, and the lock file that the app should have, stored; and which secrets are in it. A file with one is not stored.
    pub(super) async fn receive(
        &self,
        mut answer: ByteStream,
        pulse: &Pulse,
    ) -> Result<(Built, Option<FileEntry>, Vec<Leak>)> {
        let assets = Blobs::assets(self.env, self.app)?;
        let mut reader = AnswerReader::new(ArtifactLimits::DEFAULT);
        let mut entries = SortedMap::new();
        let mut stored = SortedSet::new();
        let mut diagnostics = Vec::new();
        let mut leaks = Vec::new();
        let (mut lockfile, mut report) = (None, None);
        while let Some(chunk) = next_chunk(&mut answer).await? {
            pulse.beat();
            for event in reader.push(&chunk).map_err(|error| broken(&error))? {
                match event {
                    AnswerEvent::Started { .. } => pulse.begin(),
                    AnswerEvent::Log(line) => pulse.say(line),
                    AnswerEvent::Diagnostic(diagnostic) => diagnostics.push(diagnostic),
                    AnswerEvent::Artifact(artifact) => {
                        let entry = Artifact {
                            hash: artifact.sha256,
                            size: artifact.content.len() as u64,
                        };
                        let found = secrets::scan(&artifact.path, &artifact.content);
                        if found.is_empty() && stored.insert(artifact.sha256) {
                            assets.put(&artifact.sha256, artifact.content).await?;
                        }
                        leaks.extend(found);
                        pulse.beat();
                        entries.insert(artifact.path, entry);
                    }
                    AnswerEvent::Vendor { path, sha256, size } => {
                        entries.insert(path, Artifact { hash: sha256, size });
                    }
                    AnswerEvent::Screenshot(picture) => {
                        let blobs = Blobs::sources(self.env, self.app)?;
                        blobs.put(&picture.sha256, picture.content).await?;
                        pulse.beat();
                    }
                    AnswerEvent::Lockfile(text) => {
                        let entry = FileEntry::of(text.as_bytes());
                        let blobs = Blobs::sources(self.env, self.app)?;
                        blobs.put(&entry.hash, text.into_bytes()).await?;
                        pulse.beat();
                        lockfile = Some(entry);
                    }
                    AnswerEvent::Report(done) => report = Some(done),
                }
            }
        }
        reader.finish().map_err(|error| broken(&error))?;
        let report = report.ok_or_else(|| broken(&"no report"))?;
        let built = Built {
            entries,
            diagnostics,
            report,
        };
        Ok((built, lockfile, leaks))
    }
}

/// What the builder knows this Worker by, as headers.
pub(super) fn credential(env: &Env) -> Result<Headers> {
    let headers = Headers::new();
    let token = settings::builder_token(env)?;
    headers
        .set("authorization", &format!("Bearer {token}"))
        .map_err(Error::internal)?;
    Ok(headers)
}

pub(super) async fn next_chunk(answer: &mut ByteStream) -> Result<Option<Vec<u8>>> {
    let chunk = answer.next().await.transpose();
    chunk.map_err(|error| broken(&error))
}

/// The body of a refusal or of a few words, or nothing when it is too long to be one.
pub(super) async fn read_short(response: &mut Response) -> Result<Vec<u8>> {
    let mut body = response.stream().map_err(|error| broken(&error))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = next_chunk(&mut body).await? {
        bytes.extend(chunk);
        if bytes.len() > SHORT_BYTES {
            return Ok(Vec::new());
        }
    }
    Ok(bytes)
}

pub(super) fn broken(error: &dyn std::fmt::Display) -> Error {
    builder::away("the builder broke off", error)
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
