//! A world without a runtime: keeps what the machine decides, does its jobs, and can fail in every way that the
//! platform can: a crash after the work and before the answer, a message lost or delivered twice, a consumer that
//! dies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::shard::Shard;
use overskill::{
    build::{Mode, Render, Report, Status, Timings},
    config::Limits,
    digest::Digest,
    error::{Kind, Result},
    facts::Known,
    generation::{
        Answer, Build, BuildOutcome, CallEnd, Charge, Conversation, Created, Effect, Input, Job,
        MessageRole, Probe, Said, Spent, ToolsRan, Version, Work,
        feed::Event,
        prompt, survey,
        tools::{self, Dialect},
    },
    ids::{BuildId, DeploymentId, TurnId},
    llm::{
        message::{Block, Message, Reply, Request, ToolCall, UserBlock},
        models::OFFLINE,
        offline,
        retry::Failure,
    },
    monitor::alert::Levels,
    project::{FileEntry, Manifest},
    publish::{Band, Deployment, Share, SizeReport, domain::Look},
    sorted::SortedMap,
    template::Foundation,
    time::Timestamp,
};
use overskill_syntax::Native;

/// The parser, which reads no file twice.
fn syntax() -> &'static Known<'static> {
    thread_local! {
        static KNOWN: &'static Known<'static> = Box::leak(Box::new(Known::new(&Native)));
    }
    KNOWN.with(|known| *known)
}

/// What one job does, apart from its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing goes wrong.
    None,
    /// The work is done, but the process dies before the machine hears of it.
    Crash,
    /// The machine hears of it twice.
    Twice,
}

#[derive(Clone)]
pub(crate) struct World {
    state: String,
    pub(crate) now: Timestamp,
    pub(crate) outbox: BTreeMap<String, (Job, Timestamp)>,
    /// How often each job has failed in a row.
    pub(crate) failures: BTreeMap<String, u32>,
    pub(crate) feed: Vec<Event>,
    pub(crate) messages: Vec<(TurnId, MessageRole, String)>,
    pub(crate) transcript: BTreeMap<TurnId, Vec<Message>>,
    pub(crate) versions: BTreeMap<u32, (Version, Manifest)>,
    pub(crate) builds: BTreeMap<BuildId, Build>,
    pub(crate) deployments: BTreeMap<DeploymentId, Deployment>,
    pub(crate) queue: Vec<BuildId>,
    pub(crate) blobs: SortedMap<Digest, Vec<u8>>,
    /// Artifact sets whose files are the app's own by now, and the keys of the build cache that they came from.
    pub(crate) copied: BTreeSet<(Digest, Digest)>,
    pub(crate) model: fn(&Request) -> Reply,
    /// Who can be asked, in order.
    pub(crate) models: &'static [&'static str],
    /// How the next calls of a model fail.
    pub(crate) failing: BTreeMap<&'static str, VecDeque<Failure>>,
    /// What was asked of whom.
    pub(crate) asked: Vec<(String, Request)>,
    pub(crate) charges: Vec<Charge>,
    /// What the next looks at a domain find; after them, each leads to the app.
    pub(crate) looks: VecDeque<Look>,
    /// How the workspace says that the app stands.
    pub(crate) levels: Levels,
    /// The app's tables.
    shard: Shard,
}

pub(crate) fn said(content: &str) -> Said {
    Said {
        content: content.to_owned(),
        ..Said::default()
    }
}

pub(crate) fn turn(number: u8) -> TurnId {
    TurnId::from_seed(&[number; 16])
}

/// When the app of every world was accepted: before its conversation began.
pub(crate) const ACCEPTED: Timestamp = Timestamp(999_000);

impl World {
    pub(crate) fn new(prompt: &str) -> Self {
        Self::with(prompt, &[OFFLINE])
    }

    /// A world in which these models can be asked.
    pub(crate) fn with(prompt: &str, models: &'static [&'static str]) -> Self {
        let now = Timestamp(1_000_000);
        let (conversation, effects) = Conversation::create(
            Created {
                app: "abcdefgh".parse().unwrap(),
                workspace: "local".parse().unwrap(),
                name: "Untitled app".to_owned(),
                model: models[0].to_owned(),
                preview_url: "http://preview-abcdefgh.localhost:8787".to_owned(),
                turn: turn(1),
                said: said(prompt),
                at: ACCEPTED,
            },
            now,
        );
        let mut world = Self {
            state: String::new(),
            now,
            outbox: BTreeMap::new(),
            failures: BTreeMap::new(),
            feed: Vec::new(),
            messages: Vec::new(),
            transcript: BTreeMap::new(),
            versions: BTreeMap::new(),
            builds: BTreeMap::new(),
            deployments: BTreeMap::new(),
            queue: Vec::new(),
            blobs: SortedMap::new(),
            copied: BTreeSet::new(),
            model: offline::reply,
            models,
            failing: BTreeMap::new(),
            asked: Vec::new(),
            charges: Vec::new(),
            looks: VecDeque::new(),
            levels: Levels::default(),
            shard: Shard::default(),
        };
        world.keep(&conversation, effects);
        world
    }

    /// The state as a process that starts finds it.
    pub(crate) fn machine(&self) -> Conversation {
        serde_json::from_str(&self.state).unwrap()
    }

    /// The state as it is stored.
    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    pub(crate) fn state_bytes(&self) -> usize {
        self.state.len()
    }

    pub(crate) fn take(&mut self, input: Input) -> Result<Option<Answer>> {
        let mut machine = self.machine();
        let effects = machine.step(input, self.now)?;
        let answer = effects.iter().find_map(|effect| match effect {
            Effect::Answer(answer) => Some(answer.clone()),
            _ => None,
        });
        self.keep(&machine, effects);
        Ok(answer)
    }

    fn keep(&mut self, machine: &Conversation, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Feed(event) => self.feed.push(event),
                Effect::Message {
                    turn,
                    role,
                    content,
                    ..
                } => self.messages.push((turn, role, content)),
                Effect::Charge(charge) => self.charges.push(charge),
                Effect::OpenTranscript { turn, context } => {
                    let mut said = self.messages.iter().filter(|(id, ..)| *id == turn);
                    let (_, _, text) = said.next().expect("a turn has a message").clone();
                    self.transcript
                        .entry(turn)
                        .or_default()
                        .push(Message::User(vec![
                            UserBlock::Context { text: context },
                            UserBlock::Text { text },
                        ]))
                }
                Effect::Transcript { turn, message } => {
                    self.transcript.entry(turn).or_default().push(message)
                }
                Effect::Version { version, manifest } => {
                    let number = version.number;
                    assert!(
                        self.versions.insert(number, (version, manifest)).is_none(),
                        "version {number} twice"
                    );
                }
                Effect::Build(build) => {
                    self.builds.insert(build.id.clone(), *build);
                }
                Effect::Deployment(deployment) => {
                    self.deployments.insert(deployment.id.clone(), *deployment);
                }
                Effect::Run { job, due, failures } => {
                    self.failures.insert(job.key(), failures);
                    self.outbox.insert(job.key(), (job, due));
                }
                Effect::Finish { key } => {
                    self.outbox.remove(&key);
                }
                Effect::FinishAll => self.outbox.clear(),
                Effect::BuildLog { .. } | Effect::Answer(_) => {}
            }
        }
        self.state = serde_json::to_string(machine).unwrap();
    }

    /// The job that is due first; time goes on to it.
    pub(crate) fn next_job(&mut self) -> Option<Job> {
        let (job, due) = self
            .outbox
            .values()
            .min_by_key(|(job, due)| (*due, job.key()))
            .cloned()?;
        self.now = self.now.max(due);
        Some(job)
    }

    /// A job that is to be done, whatever else is.
    pub(crate) fn next_job_of(&self, wanted: fn(&Job) -> bool) -> Job {
        let mut jobs = self.outbox.values().map(|(job, _)| job);
        jobs.find(|job| wanted(job))
            .expect("the job is there")
            .clone()
    }

    pub(crate) fn run(&mut self, job: &Job, fault: Fault) {
        let Some(input) = self.perform(job) else {
            return;
        };
        match fault {
            Fault::None => drop(self.take(input)),
            Fault::Crash => {}
            Fault::Twice => {
                drop(self.take(input.clone()));
                drop(self.take(input));
            }
        }
    }

    pub(crate) fn perform(&mut self, job: &Job) -> Option<Input> {
        let machine = self.machine();
        Some(match job {
            Job::LayFoundation => {
                let mut manifest = Manifest::default();
                for (path, content) in Foundation::committed().named(&machine.name).unwrap() {
                    let entry = FileEntry::of(&content);
                    self.blobs.insert(entry.hash, content);
                    manifest.put(path, entry, &Limits::DEFAULT).unwrap();
                }
                Input::FoundationLaid { manifest }
            }
            Job::CallModel { turn, step } => return self.call(&machine, turn, *step),
            Job::RunTools { turn, step } => Input::ToolsRan(self.run_tools(&machine, turn, *step)),
            Job::SendBuild { build } => {
                self.queue.push(build.clone());
                Input::BuildSent {
                    build: build.clone(),
                }
            }
            Job::Probe { build } => Input::Probed {
                build: build.clone(),
                probe: Probe::Passed,
            },
            Job::Deploy { deployment } => Input::Deployed {
                deployment: deployment.clone(),
                probe: Probe::Passed,
                remote: None,
            },
            Job::CheckDomain { host } => Input::DomainLookedAt {
                host: host.clone(),
                look: self.looks.pop_front().unwrap_or(Look::Leads),
            },
            Job::LeaveDomain { host } => Input::DomainLeft { host: host.clone() },
            Job::CopyArtifacts { set, from } => {
                self.copied.insert((*set, *from));
                Input::ArtifactsCopied {
                    set: *set,
                    from: *from,
                }
            }
            Job::Settle {
                turn,
                step,
                attempt,
            } => Input::Settled {
                turn: turn.clone(),
                step: *step,
                attempt: *attempt,
            },
            Job::Announce => Input::Announced {
                summary: Box::new(machine.summary()),
            },
            Job::Measure(measurement) => Input::Measured {
                measurement: measurement.clone(),
                levels: self.levels.clone(),
            },
            Job::Alert(alert) => Input::AlertSent {
                alert: alert.clone(),
            },
            Job::EndTurn { turn } => Input::TimeIsUp { turn: turn.clone() },
            Job::Purge => {
                self.feed.clear();
                self.messages.clear();
                self.transcript.clear();
                self.versions.clear();
                self.builds.clear();
                self.deployments.clear();
                self.blobs.clear();
                Input::Purged
            }
        })
    }

    /// Who answers, in the order in which they are asked.
    fn chain(&self) -> Vec<String> {
        self.models
            .iter()
            .map(|model| (*model).to_owned())
            .collect()
    }

    /// Makes a call, once it is known to be wanted.
    fn call(&mut self, machine: &Conversation, turn: &TurnId, step: u32) -> Option<Input> {
        let outline = survey::outline(
            machine.manifest(),
            &self.blobs,
            Foundation::committed(),
            syntax(),
        );
        let begun = self.take(Input::CallBegun {
            turn: turn.clone(),
            step,
            chain: self.chain(),
            outline: Some(outline),
        });
        let Ok(Some(Answer::Call(Some(planned)))) = begun else {
            return None;
        };
        let transcript = self.transcript.get(turn).cloned().unwrap_or_default();
        let request = prompt::request(
            &survey::shared_outline(Foundation::committed(), syntax()),
            &prompt::Told::default(),
            transcript,
            Dialect::EditLines,
            machine.intent(),
        );
        self.asked.push((planned.model.clone(), request.clone()));
        let chain = self.chain();
        let end = |spent| CallEnd {
            spent,
            chain,
            chance: 0,
        };
        let failure = self.failing.get_mut(planned.model.as_str());
        if let Some(failure) = failure.and_then(VecDeque::pop_front) {
            return Some(Input::CallFailed {
                turn: turn.clone(),
                step,
                failure,
                says: String::new(),
                end: end(Spent::default()),
            });
        }
        let reply = (self.model)(&request);
        Some(Input::ModelReplied {
            turn: turn.clone(),
            step,
            end: end(Spent {
                usage: reply.usage,
                micros: Some(reply.usage.output),
            }),
            reply,
        })
    }

    pub(crate) fn run_tools(
        &mut self,
        machine: &Conversation,
        turn: &TurnId,
        step: u32,
    ) -> ToolsRan {
        let Some(Message::Assistant(blocks)) = self
            .transcript
            .get(turn)
            .and_then(|messages| messages.last())
        else {
            panic!("no call to run");
        };
        let mut bench = tools::Workbench {
            packages: tools::Answers::new(),
            tables: tools::Defined::new(),
            manifest: machine.manifest().clone(),
            contents: self.blobs.clone(),
            views: machine.seen_and_spent().0,
            ledger: machine.seen_and_spent().1,
            dialect: Dialect::EditLines,
            intent: machine.intent(),
            syntax: syntax(),
            limits: Limits::DEFAULT,
        };
        let calls: Vec<&ToolCall> = blocks
            .iter()
            .filter_map(|block| match block {
                Block::ToolCall(call) => Some(call),
                Block::Text { .. } | Block::Own { .. } => None,
            })
            .collect();
        let mut outcomes: Vec<_> = calls
            .iter()
            .map(|call| {
                if let Some(wanted) = tools::defines(call, &bench) {
                    let answer = self.shard.define(&wanted);
                    bench.tables.insert(call.id.clone(), answer);
                }
                tools::run(call, &mut bench)
            })
            .collect();
        let committed = self.versions.values().next_back();
        let committed = committed.map(|(_, manifest)| manifest.clone());
        let findings = survey::inspect(&mut outcomes, &committed.unwrap_or_default(), &bench);
        let outcomes = calls
            .iter()
            .zip(outcomes)
            .map(|(call, outcome)| (tools::summary(call, &outcome.result), outcome))
            .collect();
        self.blobs = bench.contents;
        ToolsRan {
            turn: turn.clone(),
            step,
            revision: machine.revision(),
            outcomes,
            findings,
            views: bench.views,
            ledger: bench.ledger,
        }
    }

    /// A consumer takes the oldest build message.
    pub(crate) fn claim(&mut self) -> Option<Work> {
        let build = if self.queue.is_empty() {
            return None;
        } else {
            self.queue.remove(0)
        };
        match self.take(Input::Claim { build }) {
            Ok(Some(Answer::Claim(work))) => work,
            Err(error) if error.kind == Kind::NotFound => None,
            other => panic!("a claim was answered with {other:?}"),
        }
    }

    pub(crate) fn report(&mut self, work: &Work, outcome: BuildOutcome) {
        self.take(Input::BuildReported {
            build: work.build.clone(),
            attempt: work.attempt,
            lines: vec![],
            outcome: Box::new(outcome),
        })
        .unwrap();
    }

    /// Works off the queue, stale messages included.
    pub(crate) fn consume_all(&mut self) {
        while !self.queue.is_empty() {
            if let Some(work) = self.claim() {
                self.report(&work, succeeded(&work));
            }
        }
    }

    /// Does everything that is to be done, without faults.
    pub(crate) fn settle(&mut self) {
        for _ in 0..2_000 {
            self.consume_all();
            let Some(job) = self.next_job() else { return };
            self.run(&job, Fault::None);
        }
        panic!("never at rest: {:?}", self.outbox);
    }

    pub(crate) fn post(&mut self, number: u8, content: &str) {
        self.take(Input::Post {
            turn: turn(number),
            said: said(content),
        })
        .unwrap();
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.feed.iter().map(Event::kind).collect()
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        self.kinds()
            .into_iter()
            .filter(|other| *other == kind)
            .count()
    }

    /// What must be the same however often the world fell apart.
    pub(crate) fn story(&self) -> Vec<String> {
        let told = self.feed.iter().filter(|event| {
            !matches!(
                event,
                Event::AttemptVoided { .. }
                    | Event::BuildQueued { .. }
                    | Event::BuildStarted { .. }
                    | Event::BuildLog { .. }
                    | Event::BuildRetrying { .. }
                    | Event::BuildFinished { .. }
                    | Event::PreviewLive { .. }
                    | Event::DeploymentChanged { .. }
            )
        });
        told.map(|event| serde_json::to_string(event).unwrap())
            .chain(self.messages.iter().map(|message| format!("{message:?}")))
            .chain(self.transcript.iter().map(|entry| format!("{entry:?}")))
            .chain(self.versions.values().map(|(version, manifest)| {
                format!(
                    "{} {:?} {} {}",
                    version.number,
                    version.author,
                    version.summary,
                    manifest.digest()
                )
            }))
            .collect()
    }
}

/// A build of an even version came out of the build cache.
pub(crate) fn succeeded(work: &Work) -> BuildOutcome {
    BuildOutcome::Succeeded {
        set: Digest::of(work.source_digest.bytes()),
        diagnostics: Vec::new(),
        report: report(Status::Succeeded),
        lockfile: None,
        cached: work
            .version
            .is_multiple_of(2)
            .then(|| Digest::of(b"a key of the build cache")),
        sizes: Box::new(SizeReport {
            script_bytes: 1,
            budget: 2,
            band: Band::Healthy,
            embedded: Share::default(),
            external: Share { files: 1, bytes: 1 },
            without_room: Share::default(),
            assets: Vec::new(),
            what_if: Vec::new(),
        }),
    }
}

pub(crate) fn report(status: Status) -> Report {
    Report {
        status,
        reason: None,
        timings: Timings::default(),
        peak_memory_bytes: 1,
        sandbox: "namespaces".to_owned(),
        packages_resolved: false,
        render: Render::off("none"),
        weights: Vec::new(),
        artifact_bytes: 1,
        artifacts: 1,
        toolchain_digest: Digest::of(b"toolchain"),
    }
}

pub(crate) const DEVELOPMENT: Mode = Mode::Development;
