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
    edge::{blobs, blobs::Blobs, clock, objects, preview},
    error::{Error, Result},
    generation::{Conversation as Machine, Input, Job, Probe, ToolsRan, prompt, tools},
    ids::{AppId, BuildId, TurnId},
    llm::{
        message::{Block, Message, ToolCall},
        offline,
    },
    project::{FileEntry, Manifest},
};

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
        self.arm();
        result
    }

    /// Ends when nothing is due, or with the error of a job that could not be settled: it is due still, and would
    /// be run again and again without a pause.
    async fn run_jobs(&self, nudges: &mut mpsc::Receiver<()>) -> Result<()> {
        let mut jobs = FuturesUnordered::new();
        let mut unsettled = None;
        loop {
            if unsettled.is_none() {
                for due in self.store.due(clock::now())? {
                    if self.under_way.borrow_mut().insert(due.job.key()) {
                        jobs.push(self.run(due));
                    }
                }
            }
            if jobs.is_empty() {
                return unsettled.map_or(Ok(()), Err);
            }
            let wait = self
                .store
                .next_due(|key| self.under_way.borrow().contains(key))?;
            let timer = match wait {
                Some(due) if unsettled.is_none() => Either::Left(Delay::from(
                    Duration::from_millis(due.since(clock::now()).max(1)),
                )),
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
    async fn run(&self, due: DueJob) -> (String, Result<()>) {
        let DueJob { job, failures } = due;
        let key = job.key();
        let result = match self.perform(&job).await {
            Ok(Some(input)) => self.step(input).map(drop),
            Ok(None) => self.store.finish(&job),
            Err(error) => {
                console_error!("{key} failed: {error}");
                let reason = error.public.trim_end_matches('.').to_owned();
                self.step(Input::JobFailed {
                    job,
                    failures: failures + 1,
                    reason,
                })
                .map(drop)
            }
        };
        (key, result)
    }

    /// Does a job's work. The input that it leads to, or nothing when there is nothing more to do about it.
    async fn perform(&self, job: &Job) -> Result<Option<Input>> {
        let machine = self.machine.borrow().clone().ok_or_else(super::no_app)?;
        match job {
            Job::LayFoundation => self.lay_foundation(&machine).await.map(Some),
            Job::CallModel { turn, step } => self.call_model(&machine, turn, *step).map(Some),
            Job::RunTools { turn, step } => self.run_tools(&machine, turn, *step).await.map(Some),
            Job::SendBuild { build } => self.send_build(&machine.app, build).await.map(Some),
            Job::Probe { build } => self.probe(&machine, build).await.map(Some),
            Job::Announce => self.announce(&machine).await.map(Some),
            Job::Purge => {
                blobs::purge(&self.env, &machine.app).await?;
                objects::workspace(&self.env, &machine.workspace)?
                    .ask::<()>(
                        None,
                        objects::WorkspaceCall::RemoveApp {
                            app: machine.app.clone(),
                        },
                    )
                    .await?;
                self.store.forget()?;
                self.readers.borrow_mut().clear();
                Ok(None)
            }
        }
    }

    async fn lay_foundation(&self, machine: &Machine) -> Result<Input> {
        let files = crate::template::foundation(&machine.name).map_err(Error::internal)?;
        let mut manifest = Manifest::default();
        let mut contents = Vec::new();
        for (path, content) in files {
            let entry = FileEntry::of(&content);
            manifest
                .put(path, entry, &crate::config::Limits::DEFAULT)
                .map_err(Error::internal)?;
            contents.push((entry.hash, content));
        }
        Blobs::sources(&self.env, &machine.app)?
            .put_all(contents)
            .await?;
        Ok(Input::FoundationLaid { manifest })
    }

    fn call_model(&self, machine: &Machine, turn: &TurnId, step: u32) -> Result<Input> {
        let mut others: Vec<&TurnId> = machine.waiting_turns().collect();
        others.push(turn);
        let earlier = self.store.earlier(&others)?;
        let transcript = self.store.transcript(turn)?;
        let request = prompt::request(&machine.name, machine.manifest(), &earlier, transcript);
        let reply = offline::reply(&request);
        Ok(Input::ModelReplied {
            turn: turn.clone(),
            step,
            reply,
        })
    }

    async fn run_tools(&self, machine: &Machine, turn: &TurnId, step: u32) -> Result<Input> {
        let calls = last_calls(self.store.transcript(turn)?);
        let sources = Blobs::sources(&self.env, &machine.app)?;
        let manifest = machine.manifest().clone();
        let needed: Vec<_> = tools::reads(&calls)
            .iter()
            .filter_map(|path| manifest.get(path).map(|entry| entry.hash))
            .collect();
        let contents = sources.get_all(needed).await?;
        let known: Vec<_> = contents.keys().copied().collect();
        let mut bench = tools::Workbench {
            manifest,
            contents,
            limits: crate::config::Limits::DEFAULT,
        };
        let outcomes: Vec<_> = calls
            .iter()
            .map(|call| {
                let outcome = tools::run(call, &mut bench);
                (tools::summary(call, &outcome.result), outcome)
            })
            .collect();
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
        }))
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
            Some(set) => preview::probe(&self.env, self.state.as_raw(), &machine.app, &set).await?,
            None => Probe::Failed(vec!["There is nothing to look at.".to_owned()]),
        };
        Ok(Input::Probed {
            build: build.clone(),
            probe,
        })
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

/// The tools that the model called last.
fn last_calls(transcript: Vec<Message>) -> Vec<ToolCall> {
    let Some(Message::Assistant(blocks)) = transcript.into_iter().next_back() else {
        return Vec::new();
    };
    blocks
        .into_iter()
        .filter_map(|block| match block {
            Block::ToolCall(call) => Some(call),
            Block::Text { .. } => None,
        })
        .collect()
}
