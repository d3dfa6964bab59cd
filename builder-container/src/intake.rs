//! A request's body → sources in a folder. Every limit is checked while the bytes arrive; nothing is kept of a job that
//! is cut off or refused.

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use overskill::{
    build::{Job, JobError, JobEvent, JobId, JobReader},
    config::Limits,
    project::ProjectPath,
};
use tokio::time::timeout;

use crate::{
    scratch::{Folder, Scratch},
    typescript,
};

/// A job that has arrived whole.
#[derive(Debug)]
pub(crate) struct Received {
    /// What is to be built.
    pub(crate) job: Job,
    /// The sources, as they are built.
    pub(crate) sources: Folder,
    /// Holds the job's id until the answer has ended.
    pub(crate) claim: Claim,
}

/// Why a job was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is malformed, cut off or over a limit.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The connection broke.
    #[error("the request's body broke off: {0}")]
    Broken(#[from] axum::Error),
    /// It kept arriving, too slowly.
    #[error("the request's body took more than {} s", .0.as_secs())]
    Slow(Duration),
    /// It stopped arriving.
    #[error("the request's body stood still for {} s", .0.as_secs())]
    Still(Duration),
    /// A job of this id is in flight.
    #[error("the job `{0}` is being built")]
    InFlight(JobId),
    /// It could not be stored.
    #[error("the job could not be stored: {0}")]
    Storage(#[from] io::Error),
}

/// The ids of the jobs in flight.
#[derive(Debug, Default, Clone)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<JobId>>>);

/// One id in flight, until dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    all: InFlight,
    id: JobId,
}

impl InFlight {
    fn claim(&self, id: &JobId) -> Option<Claim> {
        let fresh = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone());
        fresh.then(|| Claim {
            all: self.clone(),
            id: id.clone(),
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.all
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

/// Reads a job and stores its sources. The body may stand still for `patience`, and take `limit` in all: a sender that
/// trickles would otherwise hold a seat for as long as it likes.
pub(crate) async fn receive(
    body: Body,
    scratch: &Scratch,
    in_flight: &InFlight,
    patience: Duration,
    limit: Duration,
) -> Result<Received, Refusal> {
    let mut body = body.into_data_stream();
    let reading = read(&mut body, scratch, in_flight, patience);
    let received = timeout(limit, reading)
        .await
        .unwrap_or(Err(Refusal::Slow(limit)));
    if received.is_err() {
        drain(&mut body).await;
    }
    received
}

async fn read(
    body: &mut (impl futures::Stream<Item = Result<Bytes, axum::Error>> + Unpin),
    scratch: &Scratch,
    in_flight: &InFlight,
    patience: Duration,
) -> Result<Received, Refusal> {
    let mut reader = JobReader::new(Limits::DEFAULT);
    let mut sources = scratch.incoming()?;
    let mut head = None;
    let mut settings = BTreeMap::new();
    while let Some(bytes) = timeout(patience, body.next())
        .await
        .map_err(|_| Refusal::Still(patience))?
    {
        let mut files = Vec::new();
        for event in reader.push(&bytes?)? {
            match event {
                JobEvent::Job(job) => {
                    let claim = in_flight
                        .claim(&job.id)
                        .ok_or_else(|| Refusal::InFlight(job.id.clone()))?;
                    head = Some((job, claim));
                }
                JobEvent::File { path, content } if typescript::is_configuration(&path) => {
                    settings.insert(path.as_str().to_owned(), content);
                }
                JobEvent::File { path, content } => files.push((path, content)),
                JobEvent::End => {}
            }
        }
        if !files.is_empty() {
            sources = blocking(move || {
                files
                    .iter()
                    .try_for_each(|(path, content)| store(sources.path(), path, content))
                    .map(|()| sources)
            })
            .await?;
        }
    }
    reader.finish()?;
    let Some((job, claim)) = head else {
        return Err(JobError::NoEnd.into());
    };
    let root = sources.path();
    let configuration = root.join("tsconfig.json");
    // The inspection tells of a folder.
    if !configuration.is_dir() {
        fs::write(
            configuration,
            typescript::configuration(&settings, |folder| names(&root.join(folder))),
        )?;
    }
    Ok(Received {
        job,
        sources,
        claim,
    })
}

/// Reads on for a while, so that a sender that is still busy sending gets to see the answer.
pub(crate) async fn drain(
    body: &mut (impl futures::Stream<Item = Result<Bytes, axum::Error>> + Unpin),
) {
    const MOST: u64 = 64 * 1024 * 1024;
    let rest = async {
        let mut seen = 0;
        while let Some(Ok(bytes)) = body.next().await {
            seen += bytes.len() as u64;
            if seen > MOST {
                break;
            }
        }
    };
    // Whoever takes longer sees a broken connection instead.
    let _ = timeout(Duration::from_secs(5), rest).await;
}

/// What lies in a folder, if there is one.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn store(folder: &Path, path: &ProjectPath, content: &[u8]) -> io::Result<()> {
    let file = folder.join(path.as_str());
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, content)
}

/// Runs what waits for the disk where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_claimed_once_until_it_is_free() {
        let all = InFlight::default();
        let id: JobId = "a".parse().unwrap();
        let claim = all.claim(&id);
        assert!(claim.is_some());
        assert!(all.claim(&id).is_none());
        drop(claim);
        assert!(all.claim(&id).is_some());
    }
}
