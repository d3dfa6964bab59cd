//! Slots: as many builds at once as there are slots. Each keeps one worker ready, gives it one job, and replaces it
//! when the job is done, not before: on a busy machine the next worker's start would slow the build that is waited for.
//! While memory is short, none is kept ready: a worker is started when there is a job for it.
//!
//! Jobs wait first come, first served. How many may wait is decided at the door (`http`), not here.

use std::{
    collections::VecDeque,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use overskill::digest::Digest;
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    dependencies::Packages,
    metrics::Metrics,
    pool::Machine,
    render::Renderer,
    sandbox::Sandbox,
    scratch::{Folder, Scratch},
    toolchain::Toolchain,
    vendor::Vendor,
    worker::{Death, Findings, Task, Worker},
};

/// How often it is looked whether memory is short no more.
const RELIEF: Duration = Duration::from_secs(5);

/// Looks at the machine.
pub(crate) type Look = Box<dyn Fn() -> Machine + Send + Sync>;

/// A job that waits for a slot. Dropping the other end of `done` cancels it when it runs, dropping its [`Place`] when
/// it waits.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// How it is built.
    pub(crate) task: Task,
    /// The sources.
    pub(crate) sources: Folder,
    /// The packages that are not baked.
    pub(crate) packages: Option<Packages>,
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
    /// The most memory that was seen to be in use, in bytes.
    pub(crate) peak_memory: u64,
    /// A browser to look at it with, where there is one. The slot is taken for as long as this is held.
    pub(crate) browser: Held,
}

/// A slot's browser, on its way or ready. Dropped, it is gone, and the slot is free for the next job.
#[derive(Debug)]
pub(crate) struct Held {
    starting: Option<JoinHandle<Option<Result<Worker, Death>>>>,
    _slot: Option<oneshot::Sender<()>>,
}

impl Held {
    /// One that is made ready ahead, unless memory is short: then it is started when there is something to look at.
    fn starting(shared: &Arc<Shared>) -> Self {
        let ahead = Arc::clone(shared);
        let starting = async move { ahead.renderer.start(&ahead.scratch).await };
        Self {
            starting: (!(shared.look)().is_short()).then(|| tokio::spawn(starting)),
            _slot: None,
        }
    }

    fn in_slot(mut self, slot: oneshot::Sender<()>) -> Self {
        self._slot = Some(slot);
        self
    }

    /// The browser, if it started.
    pub(crate) async fn ready(&mut self) -> Option<Worker> {
        let started = self.starting.take()?.await.ok()??;
        // Whoever wants to look starts another, and hears why it does not start.
        started.ok()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(starting) = self.starting.take() {
            starting.abort();
        }
    }
}

/// The slots, shared by everyone who has a job.
#[derive(Debug)]
pub(crate) struct Slots {
    shared: Arc<Shared>,
    count: usize,
}

/// A place in the queue. Dropped, the job is taken out of it at once, and its sources are removed; a job that a slot
/// has taken is no longer there.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    number: u64,
}

/// Jobs by number, in the order in which they came; `None` when no more are taken.
type Tickets = Option<VecDeque<(u64, Ticket)>>;

/// What builds are made with.
pub(crate) struct Parts {
    pub(crate) toolchain: Arc<Toolchain>,
    /// Names all that decides over a result besides the job.
    pub(crate) digest: Digest,
    pub(crate) vendor: Arc<Vendor>,
    pub(crate) scratch: Arc<Scratch>,
    pub(crate) sandbox: Sandbox,
    pub(crate) renderer: Renderer,
}

struct Shared {
    tickets: Mutex<Tickets>,
    arrived: Notify,
    look: Look,
    /// Workers that are being started for a job each.
    starting: AtomicUsize,
    next: AtomicU64,
    toolchain: Arc<Toolchain>,
    digest: Digest,
    vendor: Arc<Vendor>,
    scratch: Arc<Scratch>,
    sandbox: Sandbox,
    renderer: Renderer,
    metrics: Arc<Metrics>,
    ready: AtomicUsize,
    busy: AtomicUsize,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("ready", &self.ready)
            .field("busy", &self.busy)
            .finish_non_exhaustive()
    }
}

impl Slots {
    /// Starts the slots; their workers become ready by and by, unless `look` says that memory is short.
    ///
    /// # Errors
    /// When nothing can be counted.
    pub(crate) fn start(
        count: NonZeroUsize,
        look: Look,
        parts: Parts,
    ) -> Result<Self, prometheus::Error> {
        let Parts {
            toolchain,
            digest,
            vendor,
            scratch,
            sandbox,
            renderer,
        } = parts;
        let metrics = Arc::new(Metrics::new(&sandbox.name(), &digest)?);
        let shared = Arc::new(Shared {
            tickets: Mutex::new(Some(VecDeque::new())),
            arrived: Notify::new(),
            look,
            starting: AtomicUsize::new(0),
            next: AtomicU64::new(0),
            toolchain,
            digest,
            vendor,
            scratch,
            sandbox,
            renderer,
            metrics,
            ready: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
        });
        for _ in 0..count.get() {
            tokio::spawn(Arc::clone(&shared).slot());
        }
        Ok(Self {
            shared,
            count: count.get(),
        })
    }

    /// Queues a job. When the slots are gone, its channels are dropped.
    pub(crate) fn submit(&self, ticket: Ticket) -> Place {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        if let Some(waiting) = self.shared.tickets().as_mut() {
            waiting.push_back((number, ticket));
        }
        // Not all who are told may take it.
        self.shared.arrived.notify_waiters();
        Place {
            shared: Arc::clone(&self.shared),
            number,
        }
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

    /// Whether memory is short, and no worker is kept ready.
    pub(crate) fn is_short(&self) -> bool {
        (self.shared.look)().is_short()
    }

    /// What workers are confined by.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.shared.sandbox
    }

    /// What looks at what was built.
    pub(crate) fn renderer(&self) -> &Renderer {
        &self.shared.renderer
    }

    /// Where jobs live.
    pub(crate) fn scratch(&self) -> &Scratch {
        &self.shared.scratch
    }

    /// What builds.
    pub(crate) fn toolchain(&self) -> &Arc<Toolchain> {
        &self.shared.toolchain
    }

    /// The packages that are prebuilt.
    pub(crate) fn vendor(&self) -> &Arc<Vendor> {
        &self.shared.vendor
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// What names all that decides over a result besides the job.
    pub(crate) fn toolchain_digest(&self) -> Digest {
        self.shared.digest
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        *self.shared.tickets() = None;
        self.shared.arrived.notify_waiters();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut tickets = self.shared.tickets();
        let position = tickets
            .iter()
            .flatten()
            .position(|(number, _)| *number == self.number);
        let cancelled =
            position.and_then(|position| tickets.as_mut().and_then(|all| all.remove(position)));
        // Its folder is removed without the lock.
        drop(tickets);
        drop(cancelled);
    }
}

impl Shared {
    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; `None` when no more come. Safe to drop at any point.
    async fn next(&self) -> Option<Ticket> {
        loop {
            let arrived = self.arrived.notified();
            match self.tickets().as_mut() {
                None => return None,
                Some(waiting) => {
                    if let Some((_, ticket)) = waiting.pop_front() {
                        return Some(ticket);
                    }
                }
            }
            arrived.await;
        }
    }

    /// Waits until a worker should be started: at once, or, while memory is short, when there is a job more than workers that
    /// could take it.
    async fn wanted(&self) -> Option<Counted<'_>> {
        loop {
            let arrived = self.arrived.notified();
            if !(self.look)().is_short() {
                return None;
            }
            {
                let tickets = self.tickets();
                let waiting = tickets.as_ref()?;
                let workers =
                    self.ready.load(Ordering::Relaxed) + self.starting.load(Ordering::Relaxed);
                if waiting.len() > workers {
                    return Some(Counted::new(&self.starting));
                }
            }
            // Not in time: it is looked again.
            let _ = timeout(RELIEF, arrived).await;
        }
    }

    async fn slot(self: Arc<Self>) {
        let mut pause = Duration::from_secs(1);
        while self.tickets().is_some() {
            let starting = self.wanted().await;
            let started = Worker::start(&self.sandbox, &self.scratch).await;
            drop(starting);
            match started {
                Ok(worker) => {
                    self.metrics.worker_started();
                    pause = Duration::from_secs(1);
                    if !self.serve_one(worker).await {
                        return;
                    }
                }
                Err(death) => {
                    self.metrics.worker_ended(death.kind());
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
    async fn serve_one(self: &Arc<Self>, mut worker: Worker) -> bool {
        let browser = Held::starting(self);
        let ticket = {
            let _ready = Counted::new(&self.ready);
            loop {
                tokio::select! {
                    ticket = self.next() => match ticket {
                        None => return false,
                        // Whoever wanted it is gone: this worker is as good as before.
                        Some(ticket) if ticket.done.is_closed() => {}
                        Some(ticket) => break ticket,
                    },
                    death = worker.died() => {
                        self.metrics.worker_ended(death.kind());
                        eprintln!("overskill-builder: an idle worker is lost: {death}");
                        return true;
                    }
                }
            }
        };
        let _busy = Counted::new(&self.busy);
        let Ticket {
            task,
            sources,
            packages,
            limit,
            started,
            mut done,
        } = ticket;
        let folder = packages.as_ref().map(Packages::folder);
        // Fails when nobody waits any more; `done` is closed as well then.
        let _ = started.send(());
        let maps = self.renderer.off().is_none();
        let begun = Instant::now();
        let findings = tokio::select! {
            findings = timeout(limit, worker.build(sources, folder, task, maps, limit)) => findings.map_err(|_| ()),
            () = done.closed() => Err(()),
        };
        let peak_memory = worker.peak_memory();
        let folder = worker.end().await;
        self.metrics.worker_ended(match &findings {
            Ok(Ok(_)) => "done",
            Ok(Err(death)) => death.kind(),
            Err(_) => "given_up",
        });
        let built = match findings {
            Ok(Ok(findings)) => Ok(Some(findings)),
            Ok(Err(death)) => Err(death),
            // Its time is up, or nobody waits any more.
            Err(_) => Ok(None),
        };
        let time = begun.elapsed();
        let (hold, held) = oneshot::channel();
        // Fails when nobody waits any more; the folder goes with it.
        let _ = done.send(built.map(|findings| Built {
            findings,
            folder,
            time,
            peak_memory,
            browser: browser.in_slot(hold),
        }));
        // Nothing is ever sent: it ends when the other end is dropped.
        let _ = held.await;
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

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::atomic::AtomicBool};

    use overskill::build::{Mode, TypeCheck};

    use super::*;
    use crate::{pool::BUDGET, sandbox::Choice, settings::Settings};

    async fn until(what: &str, condition: impl Fn() -> bool) {
        for _ in 0..600 {
            if condition() {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("not so after 30 s: {what}");
    }

    #[tokio::test]
    async fn while_memory_is_short_a_worker_is_started_when_there_is_a_job() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let state = project
            .join("target/tmp")
            .join(format!("slots-{}", std::process::id()));
        let toolchain = project.join("templates/foundation");
        let mut settings = Settings::new(toolchain, state.clone(), Digest::of(b""));
        settings.sandbox = Choice::UnsafeNone;
        if let Some(node) = std::env::var_os("OVERSKILL_NODE") {
            settings.node = node.into();
        }
        let (scratch, toolchain, sandbox) = crate::prepare(&settings).await.unwrap();
        let short = Arc::new(AtomicBool::new(true));
        let look: Look = Box::new({
            let short = Arc::clone(&short);
            move || Machine {
                cores: 2,
                memory: Some(if short.load(Ordering::Relaxed) {
                    BUDGET - 1
                } else {
                    BUDGET
                }),
            }
        });
        let two = NonZeroUsize::new(2).unwrap();
        let prebuilt = settings.vendor_folder();
        let vendor = Vendor::prepare(&prebuilt, &scratch, &toolchain, &sandbox)
            .await
            .unwrap();
        let slots = Slots::start(
            two,
            look,
            Parts {
                digest: toolchain.digest,
                toolchain: Arc::new(toolchain),
                vendor: Arc::new(vendor),
                scratch: Arc::clone(&scratch),
                sandbox,
                renderer: Renderer::Off("nobody looks".to_owned()),
            },
        )
        .unwrap();
        sleep(Duration::from_millis(500)).await;
        let workers = || std::fs::read_dir(state.join("workers")).unwrap().count();
        assert_eq!((slots.ready(), workers()), (0, 0));
        assert!(slots.is_short());

        let sources = scratch.incoming().unwrap();
        std::fs::write(sources.path().join("index.html"), "<p>a page</p>").unwrap();
        std::fs::write(
            sources.path().join("tsconfig.json"),
            crate::typescript::TSCONFIG,
        )
        .unwrap();
        let (started, begun) = oneshot::channel();
        let (done, end) = oneshot::channel();
        let place = slots.submit(Ticket {
            task: Task {
                mode: Mode::Development,
                type_check: TypeCheck::Off,
            },
            packages: None,
            sources,
            limit: Duration::from_secs(60),
            started,
            done,
        });
        begun.await.unwrap();
        let built = end.await.unwrap().unwrap();
        assert!(built.findings.unwrap().ok);
        drop((place, built.folder, built.browser));
        until("no worker is left", || workers() == 0).await;
        sleep(Duration::from_millis(500)).await;
        assert_eq!((slots.ready(), workers()), (0, 0));

        short.store(false, Ordering::Relaxed);
        until("each slot has a worker again", || slots.ready() == 2).await;
        drop(slots);
        until("no worker is left at the end", || workers() == 0).await;
        std::fs::remove_dir_all(state).unwrap();
    }
}
