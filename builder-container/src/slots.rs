//! Slots: as many builds at once as there are slots. Each keeps one worker ready, gives it one job, and replaces it
//! when the job is done, not before: on a busy machine the next worker's start would slow the build that is waited for.
//!
//! Jobs wait first come, first served. How many may wait is decided at the door (`http`), not here.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use overskill::{build::Mode, digest::Digest};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

use crate::{
    scratch::{Folder, Scratch},
    toolchain::Toolchain,
    worker::{Death, Findings, Worker},
};

/// A job that waits for a slot. Dropping the other ends of its channels cancels it, running or not.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// What it is for.
    pub(crate) mode: Mode,
    /// The sources.
    pub(crate) sources: Folder,
    /// How long the worker may take.
    pub(crate) limit: Duration,
    /// Told when a worker has the job.
    pub(crate) started: oneshot::Sender<()>,
    /// Told what came of it.
    pub(crate) done: oneshot::Sender<Result<Built, Death>>,
}

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Built {
    /// What the worker says; `None` when its time was up.
    pub(crate) findings: Option<Findings>,
    /// The worker's folder: sources in `app`, artifacts in `out`. The worker is dead.
    pub(crate) folder: Folder,
    /// How long it took.
    pub(crate) time: Duration,
}

/// The slots, shared by everyone who has a job.
#[derive(Debug)]
pub(crate) struct Slots {
    tickets: mpsc::UnboundedSender<Ticket>,
    shared: Arc<Shared>,
    count: usize,
}

#[derive(Debug)]
struct Shared {
    tickets: Mutex<mpsc::UnboundedReceiver<Ticket>>,
    toolchain: Arc<Toolchain>,
    scratch: Arc<Scratch>,
    ready: AtomicUsize,
    busy: AtomicUsize,
}

impl Slots {
    /// Starts the slots; their workers become ready by and by.
    pub(crate) fn start(
        count: NonZeroUsize,
        toolchain: Arc<Toolchain>,
        scratch: Arc<Scratch>,
    ) -> Self {
        let (tickets, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            tickets: Mutex::new(receiver),
            toolchain,
            scratch,
            ready: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
        });
        for _ in 0..count.get() {
            tokio::spawn(Arc::clone(&shared).slot());
        }
        Self {
            tickets,
            shared,
            count: count.get(),
        }
    }

    /// Queues a job. When the slots are gone, its channels are dropped.
    pub(crate) fn submit(&self, ticket: Ticket) {
        // The receiver lives as long as `shared`; a send can fail only while the process ends.
        let _ = self.tickets.send(ticket);
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// How many have a worker that waits for a job.
    pub(crate) fn ready(&self) -> usize {
        self.shared.ready.load(Ordering::Relaxed)
    }

    /// How many have a job.
    pub(crate) fn busy(&self) -> usize {
        self.shared.busy.load(Ordering::Relaxed)
    }

    /// What builds.
    pub(crate) fn toolchain(&self) -> &Arc<Toolchain> {
        &self.shared.toolchain
    }

    /// What names the toolchain.
    pub(crate) fn toolchain_digest(&self) -> Digest {
        self.shared.toolchain.digest
    }
}

impl Shared {
    async fn slot(self: Arc<Self>) {
        let mut pause = Duration::from_secs(1);
        loop {
            match Worker::start(&self.toolchain, &self.scratch).await {
                Ok(worker) => {
                    pause = Duration::from_secs(1);
                    if !self.serve_one(worker).await {
                        return;
                    }
                }
                Err(death) => {
                    eprintln!(
                        "overskill-builder: no worker: {death}; trying again in {} s",
                        pause.as_secs()
                    );
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(30));
                }
            }
        }
    }

    /// Waits for a job and has it built. False when no more come.
    async fn serve_one(&self, mut worker: Worker) -> bool {
        let ticket = {
            let _ready = Counted::new(&self.ready);
            loop {
                let next = async { self.tickets.lock().await.recv().await };
                tokio::select! {
                    ticket = next => match ticket {
                        None => return false,
                        // Whoever wanted it is gone: this worker is as good as before.
                        Some(ticket) if ticket.done.is_closed() => {}
                        Some(ticket) => break ticket,
                    },
                    death = worker.died() => {
                        eprintln!("overskill-builder: an idle worker is lost: {death}");
                        return true;
                    }
                }
            }
        };
        let _busy = Counted::new(&self.busy);
        let Ticket {
            mode,
            sources,
            limit,
            started,
            mut done,
        } = ticket;
        // Fails when nobody waits any more; `done` is closed as well then.
        let _ = started.send(());
        let begun = Instant::now();
        let findings = tokio::select! {
            findings = timeout(limit, worker.build(sources, mode)) => findings.map_err(|_| ()),
            () = done.closed() => Err(()),
        };
        let folder = worker.end().await;
        let built = match findings {
            Ok(Ok(findings)) => Ok(Some(findings)),
            Ok(Err(death)) => Err(death),
            // Its time is up, or nobody waits any more.
            Err(_) => Ok(None),
        };
        let time = begun.elapsed();
        // Fails when nobody waits any more; the folder goes with it.
        let _ = done.send(built.map(|findings| Built {
            findings,
            folder,
            time,
        }));
        true
    }
}

/// Counts while it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
