//! Runs the jobs of the outbox inside the alarm: several at once, each until its input was taken.

use futures::{
    FutureExt as _, StreamExt as _,
    channel::mpsc,
    future::{self, Either},
    stream::FuturesUnordered,
};
use std::time::Duration;
use worker::{Delay, console_error};

use super::{Conversation, store::DueJob};
use crate::{
    data::TableSpec,
    digest::Digest,
    edge::{
        blobs, blobs::Blobs, clock, console, data::Tables, hostnames, loader, objects, pace,
        pace::Working, packages, parser, settings,
    },
    error::{Error, Result},
    generation::{Conversation as Machine, Input, Job, Probe, ToolsRan, survey, tools},
    ids::{AppId, BuildId, TurnId},
    llm::message::{Block, Message, ToolCall},
    project::{FileEntry, Manifest, ProjectPath},
    publish::{self, Environment},
    sorted::{SortedMap, SortedSet},
};

/// How often a job is begun without coming to an end.
const MOST_STARTS: u32 = 10;

/// For how long one alarm takes on work that may take long, in milliseconds. The platform ends it after 15 minutes, and a call of a model
/// may take ten.
const DRIVE_MILLIS: u64 = 3 * 60 * 1_000;

/// For how long it takes on any, in milliseconds.
const LAST_MILLIS: u64 = 13 * 60 * 1_000;

impl Conversation {
    /// Runs what is due until nothing is, then leaves the rest to the alarm.
    pub(super) async fn drive(&self) -> Result<()> {
        if self.nudge.borrow().is_some() {
            return Ok(());
        }
        let (sender, mut nudges) = mpsc::channel(1);
        self.nudge.replace(Some(sender));
        let result = self.run_jobs(&mut nudges).await;
        self.nudge.replace(None);
        self.under_way.borrow_mut().clear();
        self.call_offs.borrow_mut().clear();
        result.and_then(|()| self.arm())
    }

    /// Ends when nothing is due, or with the error of a job that could not be settled: it is due still, and would
    /// be run again and again without a pause.
    async fn run_jobs(&self, nudges: &mut mpsc::Receiver<()>) -> Result<()> {
        let mut jobs = FuturesUnordered::new();
        let mut unsettled = None;
        let began = clock::now();
        loop {
            let now = clock::now();
            let since = now.since(began);
            let takes = |job: &Job| {
                since
                    < if takes_long(job) {
                        DRIVE_MILLIS
                    } else {
                        LAST_MILLIS
                    }
            };
            let takes_more = unsettled.is_none() && since < LAST_MILLIS;
            if takes_more {
                for due in self.store.due(now)? {
                    if takes(&due.job) && self.under_way.borrow_mut().insert(due.job.key()) {
                        jobs.push(self.run(due));
                    }
                }
            }
            if jobs.is_empty() {
                return unsettled.map_or(Ok(()), Err);
            }
            // What is due and not taken on waits for the next alarm.
            let wait = self
                .store
                .next_due(now, |key| self.under_way.borrow().contains(key))?;
            let timer = match wait {
                Some(due) if takes_more => {
                    Either::Left(Delay::from(Duration::from_millis(due.since(now).max(1))))
                }
                _ => Either::Right(future::pending::<()>()),
            };
            futures::select_biased! {
                done = jobs.next() => {
                    if let Some((key, settled)) = done {
                        self.under_way.borrow_mut().remove(&key);
                        unsettled = unsettled.or(settled.err());
                    }
                }
                _ = nudges.next() => {}
                () = timer.fuse() => {}
            }
        }
    }

    /// Runs one job; its key, and whether the machine took what came of it.
    fn run(&self, due: DueJob) -> impl Future<Output = (String, Result<()>)> {
        let key = due.job.key();
        let work = async move {
            let working = pace::turn().await;
            let name = due.job.key();
            self.witness.hears("begins", &name).await;
            let working = takes_long(&due.job).then_some(working);
            let input = self.attempt(due, working).await?;
            // What is done is not called off: the machine knows whether it wants what came of it.
            self.call_offs.borrow_mut().remove(&name);
            self.witness.hears("done", &name).await;
            if let Some(input) = input {
                self.step(input)?;
                self.witness.hears("taken", &name).await;
            }
            Ok(())
        };
        let (work, handle) = future::abortable(work);
        self.call_offs.borrow_mut().insert(key.clone(), handle);
        async move {
            let done = work.await;
            self.call_offs.borrow_mut().remove(&key);
            // What was called off is not wanted any more.
            (key, done.unwrap_or(Ok(())))
        }
    }

    /// Does a job's work, unless it was begun too often already: it may be what ends this process.
    async fn attempt(&self, due: DueJob, working: Option<Working>) -> Result<Option<Input>> {
        let DueJob {
            job,
            failures,
            starts,
        } = due;
        if starts >= MOST_STARTS {
            console_error!("{} was interrupted {starts} times", job.key());
            return Ok(Some(Input::JobFailed {
                job,
                failures: u32::MAX,
                reason: format!("it was interrupted {starts} times"),
            }));
        }
        // A start that cannot be counted is not made.
        self.store.count_start(&job)?;
        match self.perform(&job, working).await {
            Ok(input) => Ok(input),
            Err(error) => {
                console_error!("{} failed: {error}", job.key());
                let reason = error.public.trim_end_matches('.').to_owned();
                Ok(Some(Input::JobFailed {
                    job,
                    failures: failures.saturating_add(1),
                    reason,
                }))
            }
        }
    }

    /// Does a job's work; the input that it leads to, or nothing when the work is not wanted any more.
    async fn perform(&self, job: &Job, working: Option<Working>) -> Result<Option<Input>> {
        let machine = self.machine.borrow().clone().ok_or_else(super::no_app)?;
        let machine = &machine;
        let input = match job {
            Job::CallModel { turn, step } => {
                return self.call_model(machine, turn, *step, working).await;
            }
            Job::LayFoundation => self.lay_foundation(machine).await,
            Job::RunTools { turn, step } => self.run_tools(machine, turn, *step, working).await,
            Job::Settle {
                turn,
                step,
                attempt,
            } => self.settle(machine, turn, *step, *attempt).await,
            Job::SendBuild { build } => self.send_build(&machine.app, build).await,
            Job::Probe { build } => self.probe(machine, build).await,
            Job::Deploy { deployment } => self.deploy(machine, deployment).await,
            Job::CopyArtifacts { set, from } => {
                self.copy_artifacts(&machine.app, set, from).await?;
                Ok(Input::ArtifactsCopied {
                    set: *set,
                    from: *from,
                })
            }
            Job::CheckDomain { host } => self.check_domain(machine, host).await,
            Job::LeaveDomain { host } => self.leave_domain(machine, host).await,
            Job::EndTurn { turn } => Ok(Input::TimeIsUp { turn: turn.clone() }),
            Job::Measure(measurement) => self.count(machine, measurement.as_ref()).await,
            Job::Alert(alert) => self.send_alert(machine, alert).await,
            Job::Announce => self.announce(machine).await,
            Job::Purge => {
                self.settle_all(machine).await?;
                blobs::purge(&self.env, &machine.app).await?;
                objects::workspace(&self.env, &machine.workspace)?
                    .ask::<()>(
                        None,
                        objects::WorkspaceCall::RemoveApp {
                            app: machine.app.clone(),
                        },
                    )
                    .await?;
                // An app that has never had data asks no shard.
                if let Some(tables) = Tables::as_of_now(&self.env, &machine.app).await? {
                    tables.drop_all(&machine.app).await?;
                }
                self.leave_account(machine).await?;
                for host in machine.all_domains() {
                    self.let_go(machine, host).await?;
                }
                if let Some(name) = machine.public_name() {
                    hostnames::release(&self.env, &machine.app, name.as_str()).await?;
                }
                self.store.forget()?;
                self.readers.borrow_mut().clear();
                self.close_sockets();
                Ok(Input::Purged)
            }
        };
        input.map(Some)
    }

    async fn lay_foundation(&self, machine: &Machine) -> Result<Input> {
        let foundation = console::foundation(&self.env).await?;
        let mut manifest = Manifest::default();
        let limits = crate::config::Limits::DEFAULT;
        for (path, entry, _) in foundation.shared_files() {
            manifest
                .put(path.clone(), *entry, &limits)
                .map_err(Error::internal)?;
        }
        let mut contents = Vec::new();
        for (path, content) in foundation
            .carrying(&machine.name)
            .map_err(Error::internal)?
        {
            let entry = FileEntry::of(&content);
            manifest
                .put(path, entry, &limits)
                .map_err(Error::internal)?;
            contents.push((entry.hash, content));
        }
        blobs::keep_foundation(&self.env, foundation).await?;
        Blobs::sources(&self.env, &machine.app)?
            .put_all(contents)
            .await?;
        Ok(Input::FoundationLaid { manifest })
    }

    /// The files of the newest version; none before the first.
    fn committed(&self, machine: &Machine) -> Result<Manifest> {
        let Some(number) = machine.summary().version else {
            return Ok(Manifest::default());
        };
        let version = self.store.version(number)?;
        Ok(version.map(|(_, manifest)| manifest).unwrap_or_default())
    }

    /// The outline of the app. Only files that the parser has not read before are loaded.
    pub(super) async fn outline(&self, machine: &Machine) -> Result<String> {
        let foundation = console::foundation(&self.env).await?;
        let syntax = parser::known();
        let manifest = machine.manifest();
        let lacking =
            |path: &ProjectPath, entry: &FileEntry| syntax.lacks(path.as_str(), entry.hash);
        let own = survey::own_files(manifest, foundation);
        let wanted = survey::wanted(&[&own], &SortedMap::new(), lacking);
        let contents = Blobs::sources(&self.env, &machine.app)?
            .get_all(wanted)
            .await?;
        Ok(survey::outline(manifest, &contents, foundation, syntax))
    }

    async fn run_tools(
        &self,
        machine: &Machine,
        turn: &TurnId,
        step: u32,
        mut working: Option<Working>,
    ) -> Result<Input> {
        let calls = last_calls(self.store.transcript(turn)?);
        let sources = Blobs::sources(&self.env, &machine.app)?;
        let manifest = machine.manifest().clone();
        let committed = self.committed(machine)?;
        let (views, ledger) = machine.seen_and_spent();
        let needed = tools::needs(&calls, &manifest, &views);
        let mut contents = sources.get_all(needed).await?;
        if calls.iter().any(tools::changes_files) {
            // The app is looked at as a whole afterwards.
            let parsed = |path: &ProjectPath, _: &FileEntry| survey::is_parsed(path);
            let wanted = survey::wanted(&[&manifest, &committed], &contents, parsed);
            contents.extend(sources.get_all(wanted).await?);
        }
        let known: SortedSet<_> = contents.keys().copied().collect();
        let mut bench = tools::Workbench {
            packages: tools::Answers::new(),
            tables: tools::Defined::new(),
            manifest,
            contents,
            views,
            ledger,
            dialect: settings::dialect(&self.env)?,
            intent: machine.intent(),
            syntax: parser::known(),
            limits: crate::config::Limits::DEFAULT,
        };
        let registry = packages::Registry::new(&self.env, &machine.app);
        let mut outcomes = Vec::new();
        for call in &calls {
            if let Some((wanted, question)) = tools::question(call, &bench) {
                // Others work while this one waits.
                drop(working.take());
                let answer = registry.ask(&question).await;
                bench.packages.insert(wanted, answer);
            }
            if let Some(wanted) = tools::defines(call, &bench) {
                drop(working.take());
                let answer = self.define(&machine.app, &wanted).await;
                let answer = answer.map_err(|error| error.public);
                bench.tables.insert(call.id.clone(), answer);
            }
            outcomes.push(tools::run(call, &mut bench));
        }
        console::know_packages(&self.env).await?;
        let findings = survey::inspect(&mut outcomes, &committed, &bench);
        let outcomes = calls.iter().zip(outcomes);
        let outcomes =
            outcomes.map(|(call, outcome)| (tools::summary(call, &outcome.result), outcome));
        let outcomes: Vec<_> = outcomes.collect();
        let fresh = bench
            .contents
            .into_iter()
            .filter(|(hash, _)| !known.contains(hash));
        sources.put_all(fresh).await?;
        Ok(Input::ToolsRan(ToolsRan {
            turn: turn.clone(),
            step,
            revision: machine.revision(),
            outcomes,
            findings,
            views: bench.views,
            ledger: bench.ledger,
        }))
    }

    /// All tables of the app, once these are among them.
    async fn define(&self, app: &AppId, wanted: &[TableSpec]) -> Result<Vec<TableSpec>> {
        if !wanted.is_empty() {
            return Tables::define(&self.env, app, wanted).await;
        }
        match Tables::if_any(&self.env, app).await? {
            Some(shard) => shard.list(app).await,
            None => Ok(Vec::new()),
        }
    }

    async fn send_build(&self, app: &AppId, build: &BuildId) -> Result<Input> {
        let message = crate::edge::consumer::BuildMessage {
            app: app.clone(),
            build: build.clone(),
        };
        let queue = self.env.queue("BUILDS").map_err(Error::internal)?;
        queue.send(message).await.map_err(|error| {
            Error::unavailable("The build queue does not take messages.", error)
        })?;
        Ok(Input::BuildSent {
            build: build.clone(),
        })
    }

    async fn probe(&self, machine: &Machine, build: &BuildId) -> Result<Input> {
        let candidate = machine
            .active_build(build)
            .and_then(crate::generation::ActiveBuild::candidate);
        let probe = match candidate {
            Some((set, version)) => {
                let origin = settings::hosts(&self.env)?.preview_url(&machine.app);
                let told = self.told(machine, Environment::Preview, version, set, origin)?;
                let (probe, millis) = self.look(&told).await?;
                // A script that is live, or was, may be running.
                if !machine.has_served(&set) {
                    self.step(Input::ScriptStarted {
                        build: build.clone(),
                        millis,
                    })?;
                }
                probe
            }
            None => Probe::Failed(vec!["There is nothing to look at.".to_owned()]),
        };
        Ok(Input::Probed {
            build: build.clone(),
            probe,
        })
    }

    /// What the build cache has lost meanwhile cannot be copied, however often it is tried.
    async fn copy_artifacts(&self, app: &AppId, set: &Digest, from: &Digest) -> Result<()> {
        let stored = loader::stored_set(&self.env, app, set).await?;
        let files = publish::own_hashes(&stored.artifacts.entries);
        let kept = Blobs::build(&self.env, from)?;
        let assets = Blobs::assets(&self.env, app)?;
        // An app that goes back to an earlier version has them.
        if !assets.has_all(files.iter().copied()).await? && !assets.copy(&kept, files).await? {
            console_error!("the files of {set} of {app} are not in the build cache any more");
        }
        Ok(())
    }

    async fn announce(&self, machine: &Machine) -> Result<Input> {
        let summary = Box::new(machine.summary());
        objects::workspace(&self.env, &machine.workspace)?
            .ask::<()>(
                None,
                objects::WorkspaceCall::PutApp {
                    summary: summary.clone(),
                },
            )
            .await?;
        Ok(Input::Announced { summary })
    }
}

/// Whether a job takes the thread for long, and not only waits for others.
const fn takes_long(job: &Job) -> bool {
    matches!(
        job,
        Job::LayFoundation | Job::CallModel { .. } | Job::RunTools { .. } | Job::Probe { .. }
    )
}

/// The tools that the model called last.
fn last_calls(transcript: Vec<Message>) -> Vec<ToolCall> {
    let Some(Message::Assistant(blocks)) = transcript.into_iter().next_back() else {
        return Vec::new();
    };
    blocks
        .into_iter()
        .filter_map(|block| match block {
            Block::ToolCall(call) => Some(call),
            Block::Text { .. } | Block::Own { .. } => None,
        })
        .collect()
}
