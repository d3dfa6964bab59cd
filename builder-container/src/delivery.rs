//! A received job on its way through inspection, a slot and the checks of what it put out, to the end of its answer.

use std::{io, sync::Arc, time::Duration};

use axum::body::Bytes;
use overskill::{
    build::{
        AnswerFrame, ArtifactLimits, Diagnostic, FailureReason, Mode, Render, Report, Screenshot,
        Severity, Status, Timings,
    },
    digest::Digest,
};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    task::JoinHandle,
    time::{Instant, Interval, MissedTickBehavior, interval, timeout},
};

use crate::{
    answer::{Answer, Gone},
    beneath,
    check::{Texts, merge},
    collect::{Found, Output, add_fitting, collect, too_much_with},
    dependencies::{self, Dependencies, Packages, Ready},
    explain::{explain, files_are_up, memory_is_up, time_is_up},
    foreign::SVG_COMPONENT,
    inspect::inspect,
    intake::{Received, blocking},
    metrics::Unfinished,
    scratch::Folder,
    slots::{Built, Held, Slots, Ticket},
    vendor::Module,
    worker::{Death, Findings, Task},
};

/// The longest silence of an answer while a job waits or builds.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a job waits for a builder none of whose workers gets ready.
const NO_WORKER: Duration = Duration::from_secs(60);

/// What a build goes on with, besides its sources.
struct Given {
    ready: Ready,
    checking: Checking,
}

/// How a job ended, its answer not yet written.
enum Outcome {
    Succeeded {
        diagnostics: Vec<Diagnostic>,
        artifacts: Vec<Found>,
        vendor: Vec<Module>,
        folder: Arc<Folder>,
        /// Holds the slot until a browser has looked.
        browser: Option<Held>,
    },
    Failed {
        reason: FailureReason,
        diagnostics: Vec<Diagnostic>,
    },
}

/// What preflight finds, while it looks.
type Checking = JoinHandle<io::Result<Vec<Diagnostic>>>;

/// Why there is no outcome.
enum Stop {
    /// Nobody reads the answer.
    Gone,
    /// The builder is to blame: the answer breaks off.
    Fault(String),
}

impl From<Gone> for Stop {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Fault(error.to_string())
    }
}

impl From<Death> for Stop {
    fn from(death: Death) -> Self {
        Self::Fault(death.to_string())
    }
}

/// Builds a job and writes its answer. The seat is free again when the answer has ended.
pub(crate) async fn deliver(
    received: Received,
    slots: Arc<Slots>,
    dependencies: Arc<Dependencies>,
    limit: Duration,
    mut answer: Answer,
    _seat: OwnedSemaphorePermit,
) {
    let (id, mode) = (received.job.id.clone(), received.job.mode);
    match write(received, &slots, &dependencies, limit, &mut answer).await {
        Ok(report) => slots.metrics().finished(mode, &report),
        Err(Stop::Gone) => {
            slots.metrics().unfinished(mode, Unfinished::Gone);
            eprintln!("overskill-builder: {id}: nobody reads the answer any more");
        }
        Err(Stop::Fault(why)) => {
            slots.metrics().unfinished(mode, Unfinished::Fault);
            eprintln!("overskill-builder: {id}: no result: {why}");
            answer.break_off(&why).await;
        }
    }
}

async fn write(
    received: Received,
    slots: &Slots,
    dependencies: &Dependencies,
    limit: Duration,
    answer: &mut Answer,
) -> Result<Report, Stop> {
    let received_at = Instant::now();
    let Received {
        job,
        sources,
        claim: _claim,
    } = received;
    let mut report = Report {
        status: Status::Succeeded,
        reason: None,
        timings: Timings::default(),
        peak_memory_bytes: 0,
        sandbox: slots.sandbox().name(),
        weights: Vec::new(),
        artifact_bytes: 0,
        artifacts: 0,
        packages_resolved: false,
        render: Render::off("it was not built"),
        toolchain_digest: slots.toolchain_digest(),
    };
    let mut screenshot = None;

    let extras = slots.toolchain().extras.is_some();
    let looking = blocking(move || {
        let refused = inspect(sources.path(), extras)?;
        Ok((Texts::read(sources.path())?, sources, refused))
    });
    let looked = meanwhile(
        "looking through the sources",
        answer,
        timeout(limit, looking),
    )
    .await?;
    report.timings.prepare_ms = millis(received_at.elapsed());
    let outcome = match looked {
        Err(_) => too_late(job.mode, limit),
        Ok(Err(error)) => return Err(error.into()),
        Ok(Ok((texts, sources, refused))) if refused.is_empty() => {
            let task = Task {
                mode: job.mode,
                type_check: job.type_check,
            };
            // Beside the packages and the build: it takes a moment of the time that they take.
            let checking = tokio::spawn(blocking(move || Ok(texts.check())));
            match ready(&sources, dependencies, answer, &mut report).await? {
                Ok(ready) => {
                    let given = Given { ready, checking };
                    let outcome =
                        run(sources, given, task, slots, limit, answer, &mut report).await?;
                    let (outcome, picture) = look(outcome, slots, answer, &mut report).await?;
                    screenshot = picture;
                    outcome
                }
                Err((reason, refused)) => {
                    let checked = checked(checking, limit);
                    let checked = meanwhile("looking through the sources", answer, checked).await?;
                    Outcome::Failed {
                        reason,
                        diagnostics: Diagnostic::settled(merge(false, refused, checked)),
                    }
                }
            }
        }
        Ok(Ok((texts, _, refused))) => {
            let checking = tokio::spawn(blocking(move || Ok(texts.check())));
            let checked = checked(checking, limit);
            let checked = meanwhile("looking through the sources", answer, checked).await?;
            let mut diagnostics = merge(false, refused, checked);
            diagnostics.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
            Outcome::Failed {
                reason: FailureReason::Source,
                diagnostics: Diagnostic::settled(diagnostics),
            }
        }
    };
    report.timings.total_ms = millis(received_at.elapsed());

    let diagnostics = match &outcome {
        Outcome::Succeeded { diagnostics, .. } | Outcome::Failed { diagnostics, .. } => diagnostics,
    };
    for diagnostic in diagnostics {
        answer
            .frame(&AnswerFrame::Diagnostic(diagnostic.clone()))
            .await?;
    }
    if let Some(Screenshot { sha256, content }) = screenshot {
        let size = content.len() as u64;
        let frame = AnswerFrame::Screenshot { sha256, size };
        answer.frame_with(&frame, content.into()).await?;
    }
    match outcome {
        Outcome::Failed { reason, .. } => {
            report.weights.clear();
            report.status = Status::Failed;
            report.reason = Some(reason);
        }
        Outcome::Succeeded {
            artifacts,
            vendor,
            folder,
            ..
        } => {
            report.artifacts = (artifacts.len() + vendor.len()) as u64;
            let own: u64 = artifacts.iter().map(|found| found.size).sum();
            report.artifact_bytes = own + bytes(&vendor);
            for module in vendor {
                let frame = AnswerFrame::Vendor {
                    path: module.path,
                    sha256: module.sha256,
                    size: module.content.len() as u64,
                };
                answer.frame(&frame).await?;
            }
            for found in artifacts {
                send(&folder, found, answer).await?;
            }
        }
    }
    answer.frame(&AnswerFrame::Report(report.clone())).await?;
    Ok(report)
}

/// Makes the packages of an app ready, and tells what was done.
async fn ready(
    sources: &Folder,
    dependencies: &Dependencies,
    answer: &mut Answer,
    report: &mut Report,
) -> Result<Result<Ready, (FailureReason, Vec<Diagnostic>)>, Stop> {
    let begun = Instant::now();
    let preparing = dependencies.prepare(sources.path());
    let prepared = meanwhile("installing packages", answer, preparing).await?;
    let took = millis(begun.elapsed());
    match prepared {
        Ok(ready) => {
            report.packages_resolved = ready.resolved;
            if let Some(told) = &ready.told {
                report.timings.install_ms = took;
                answer.log(format!("{told}, in {took} ms")).await?;
            }
            if let Some(lockfile) = &ready.lockfile {
                let content = Bytes::from(lockfile.clone());
                let frame = AnswerFrame::Lockfile {
                    sha256: Digest::of(&content),
                    size: content.len() as u64,
                };
                answer.frame_with(&frame, content).await?;
            }
            Ok(Ok(ready))
        }
        Err(dependencies::Stop::Refused(reason, diagnostics)) => {
            report.timings.install_ms = took;
            Ok(Err((reason, diagnostics)))
        }
        Err(dependencies::Stop::Fault(error)) => Err(Stop::Fault(format!(
            "the packages could not be made ready: {error}"
        ))),
    }
}

/// Waits for a slot and for what the worker makes of the job.
async fn run(
    sources: Folder,
    given: Given,
    task: Task,
    slots: &Slots,
    limit: Duration,
    answer: &mut Answer,
    report: &mut Report,
) -> Result<Outcome, Stop> {
    let queued_at = Instant::now();
    let (started, mut begin) = oneshot::channel();
    let (done, mut end) = oneshot::channel();
    // Leaving this function by an error drops both `place` and `end`, and that cancels the job, waiting or running.
    let _place = slots.submit(Ticket {
        task,
        sources,
        packages: given.ready.packages.clone(),
        limit,
        started,
        done,
    });
    let mut heartbeat = heartbeat().await;
    let mut waiting = true;
    let built = loop {
        tokio::select! {
            biased;
            () = answer.closed() => return Err(Stop::Gone),
            begun = &mut begin, if waiting => {
                begun.map_err(|_| Stop::Fault("the builder is shutting down".to_owned()))?;
                waiting = false;
                report.timings.queue_ms = millis(queued_at.elapsed());
                answer.frame(&AnswerFrame::Started { queued_ms: report.timings.queue_ms }).await?;
                answer.log(format!("building for {}", task.mode.as_str())).await?;
            }
            built = &mut end => break built.map_err(|_| Stop::Fault("the builder is shutting down".to_owned()))?,
            _ = heartbeat.tick() => {
                if waiting && queued_at.elapsed() > NO_WORKER && slots.ready() + slots.busy() == 0 {
                    return Err(Stop::Fault("no worker gets ready".to_owned()));
                }
                let what = if waiting { "waiting for a free slot" } else { "building" };
                answer.log(format!("{what}, {} s", queued_at.elapsed().as_secs())).await?;
            }
        }
    };
    match built {
        Ok(Built {
            findings: Some(findings),
            folder,
            time,
            peak_memory,
            browser,
        }) => {
            report.timings.build_ms = millis(time);
            report.timings.types_ms = findings.types_ms.unwrap_or(0);
            report.peak_memory_bytes = peak_memory;
            report.weights.clone_from(&findings.weights);
            answer.log(times(&findings)).await?;
            let judged = judge(findings, task, given, folder, browser, slots, limit);
            meanwhile("explaining", answer, judged).await?
        }
        Ok(Built {
            findings: None,
            time,
            peak_memory,
            ..
        }) => {
            report.timings.build_ms = millis(time);
            report.peak_memory_bytes = peak_memory;
            Ok(too_late(task.mode, limit))
        }
        Err(Death::Memory) => Ok(Outcome::Failed {
            reason: FailureReason::Memory,
            diagnostics: vec![memory_is_up()],
        }),
        Err(Death::Files) => Ok(Outcome::Failed {
            reason: FailureReason::Output,
            diagnostics: vec![files_are_up()],
        }),
        Err(death) => Err(death.into()),
    }
}

/// Waits for work that says nothing by itself, with a sign of life now and then, until the reader is gone.
async fn meanwhile<T>(
    what: &str,
    answer: &mut Answer,
    work: impl Future<Output = T>,
) -> Result<T, Gone> {
    let begun = Instant::now();
    let mut heartbeat = heartbeat().await;
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            () = answer.closed() => return Err(Gone),
            done = &mut work => return Ok(done),
            _ = heartbeat.tick() => {
                answer.log(format!("{what}, {} s", begun.elapsed().as_secs())).await?;
            }
        }
    }
}

/// Its first tick is one period away.
async fn heartbeat() -> Interval {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.tick().await;
    heartbeat
}

fn too_late(mode: Mode, limit: Duration) -> Outcome {
    Outcome::Failed {
        reason: FailureReason::Timeout,
        diagnostics: vec![time_is_up(mode, limit)],
    }
}

/// Has a browser look at what was built. What does not work there has failed.
async fn look(
    outcome: Outcome,
    slots: &Slots,
    answer: &mut Answer,
    report: &mut Report,
) -> Result<(Outcome, Option<Screenshot>), Stop> {
    let Outcome::Succeeded {
        diagnostics,
        artifacts,
        vendor,
        folder,
        browser,
    } = outcome
    else {
        return Ok((outcome, None));
    };
    let begun = Instant::now();
    let looking = async {
        let mut browser = browser;
        let ready = match &mut browser {
            Some(browser) => browser.ready().await,
            None => None,
        };
        let renderer = slots.renderer();
        renderer
            .look(ready, slots.scratch(), &folder, &vendor)
            .await
    };
    let seen = meanwhile("looking at it in a browser", answer, looking).await?;
    report.render = seen.render;
    if matches!(report.render, Render::Checked { .. }) {
        report.timings.render_ms = millis(begun.elapsed());
    }
    let works = seen
        .diagnostics
        .iter()
        .all(|one| one.severity != Severity::Error);
    let diagnostics = Diagnostic::settled(with_causes(seen.diagnostics, diagnostics));
    let outcome = if works {
        Outcome::Succeeded {
            diagnostics,
            artifacts,
            vendor,
            folder,
            browser: None,
        }
    } else {
        Outcome::Failed {
            reason: FailureReason::Render,
            diagnostics,
        }
    };
    Ok((outcome, seen.screenshot))
}

/// What was seen in a browser beside what was known. Of what throws there the cause may be known: a value of the environment
/// that there is none of, or the address of a picture that is taken for a component.
fn with_causes(mut seen: Vec<Diagnostic>, mut known: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is = |one: &Diagnostic, code: &str| one.code.as_deref() == Some(code);
    for one in seen
        .iter_mut()
        .filter(|one| is(one, "runtime") && one.suggestion.is_none())
    {
        let cause = known
            .iter()
            .find(|other| is(other, "environment") && other.path == one.path);
        one.suggestion = cause.map(|cause| cause.message.clone());
    }
    let is_no_element =
        |one: &Diagnostic| is(one, "runtime") && one.message.contains("The tag name provided");
    if known.iter().any(|one| is(one, SVG_COMPONENT)) && seen.iter().any(is_no_element) {
        seen.retain(|one| !is_no_element(one));
        for one in known.iter_mut().filter(|one| is(one, SVG_COMPONENT)) {
            one.severity = Severity::Error;
        }
    }
    known.extend(seen);
    known
}

/// What preflight has found, waited for no longer than `limit`. Without it only what lies beyond the build is not known.
async fn checked(checking: Checking, limit: Duration) -> Vec<Diagnostic> {
    let checked = match timeout(limit, checking).await {
        Ok(checked) => checked.map_err(io::Error::other).flatten(),
        Err(late) => Err(late.into()),
    };
    checked.unwrap_or_else(|error| {
        eprintln!("overskill-builder: the sources were not checked: {error}");
        Vec::new()
    })
}

/// Turns findings into diagnostics and, when all went well, lists the artifacts.
async fn judge(
    findings: Findings,
    task: Task,
    given: Given,
    folder: Folder,
    browser: Held,
    slots: &Slots,
    limit: Duration,
) -> Result<Outcome, Stop> {
    let Given { ready, checking } = given;
    let toolchain = Arc::clone(slots.toolchain());
    let vendor = slots.vendor().named(&findings.vendor).map_err(|name| {
        Stop::Fault(format!(
            "the worker names {name:?}, which is no vendor module"
        ))
    })?;
    let checked = checked(checking, limit).await;
    let outcome = blocking(move || {
        let packages = ready.packages.as_ref().map(Packages::folder);
        let root = folder.path().join("app");
        let found = explain(&findings, task, &root, &toolchain, packages, checked);
        let diagnostics = Diagnostic::settled([found, ready.warnings].concat());
        if !findings.ok || diagnostics.iter().any(is_error) {
            return Ok(Outcome::Failed {
                reason: FailureReason::Source,
                diagnostics,
            });
        }
        let limits = ArtifactLimits::DEFAULT;
        let collected = collect(&folder.path().join("out"), &limits)?;
        let refused = |refused| Outcome::Failed {
            reason: FailureReason::Output,
            diagnostics: Diagnostic::settled([vec![refused], diagnostics.clone()].concat()),
        };
        Ok(match collected {
            Err(why) => refused(why),
            Ok(Output { mut files, maps }) => {
                match too_much_with(&files, vendor.len(), bytes(&vendor), &limits) {
                    Some(why) => refused(why),
                    None => {
                        // Those of a production build are for the look in a browser alone.
                        if task.mode == Mode::Development {
                            add_fitting(&mut files, maps, vendor.len(), bytes(&vendor), &limits);
                        }
                        Outcome::Succeeded {
                            diagnostics,
                            artifacts: files,
                            vendor,
                            folder: Arc::new(folder),
                            browser: Some(browser),
                        }
                    }
                }
            }
        })
    });
    Ok(outcome.await?)
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

/// Their contents together.
fn bytes(modules: &[Module]) -> u64 {
    modules
        .iter()
        .map(|module| module.content.len() as u64)
        .sum()
}

async fn send(folder: &Folder, found: Found, answer: &Answer) -> Result<(), Stop> {
    let (out, path) = (folder.path().join("out"), found.path.clone());
    let content = blocking(move || beneath::read(&out, &path, found.size)).await?;
    if content.len() as u64 != found.size {
        return Err(Stop::Fault(format!(
            "{} changed after the build",
            found.path
        )));
    }
    let content = Bytes::from(content);
    let frame = AnswerFrame::Artifact {
        sha256: Digest::of(&content),
        size: found.size,
        path: found.path,
    };
    Ok(answer.frame_with(&frame, content).await?)
}

fn times(findings: &Findings) -> String {
    match findings.types_ms {
        Some(types) => format!(
            "Vite took {} ms, the type check beside it {types} ms",
            findings.vite_ms
        ),
        None => format!("Vite took {} ms", findings.vite_ms),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
