//! What the conversation answers when it is asked.

use serde::Serialize;

use super::{Conversation, no_app};
use crate::{
    cloudflare::dispatch,
    edge::{
        clock, objects,
        objects::{
            Asked, Claimed, ConversationCall as Call, EditedFile, FileWritten, Files, Live,
            VersionFiles, Watched, WorkspaceCall,
        },
        pace,
    },
    error::{Error, Kind, Result},
    generation::{Answer, Conversation as Machine, Created, Input, Status, Wanted},
    http::{etag, idempotency::Nonce, resource},
    ids::{BuildId, DeploymentId, WorkspaceId},
    project::ProjectPath,
    publish::{Deployment, Environment, domain::Domain},
};

impl Conversation {
    /// Answers a call as JSON.
    pub(super) async fn answer(&self, asked: Asked<Call>) -> Result<serde_json::Value> {
        if let Some(error) = &self.unreadable {
            return Err(error.clone());
        }
        let Asked {
            name,
            workspace,
            call,
        } = asked;
        if let Some(workspace) = &workspace {
            pace::request();
            // Whoever looks at a new app has time, until what others say to theirs was heard.
            let has_time = matches!(call, Call::Show);
            self.open_if_accepted(&name, workspace, has_time).await?;
        }
        let entry = entry(&call);
        let answer = match call {
            Call::Open { workspace } => {
                self.open_if_accepted(&name, &workspace, false).await?;
                json(&self.check(Some(&workspace)).is_ok())
            }
            Call::Knock { attempts, at } => {
                let machine = self.machine.borrow();
                let is_there = machine
                    .as_ref()
                    .is_some_and(|machine| !machine.is_deleted());
                json(&is_there.then(|| self.knocks.borrow_mut().wait(&attempts, at).unwrap_or(0)))
            }
            Call::Site { environment } => json(
                &self
                    .machine
                    .borrow()
                    .as_ref()
                    .filter(|machine| !machine.is_deleted())
                    .map(|machine| live(machine, environment)),
            ),
            call => {
                self.check(workspace.as_ref())?;
                self.answer_existing(call)
            }
        }?;
        if let Some((point, of)) = entry {
            self.witness.hears(point, &of).await;
        }
        Ok(answer)
    }

    fn answer_existing(&self, call: Call) -> Result<serde_json::Value> {
        match call {
            Call::Post { turn, said } => {
                if !self.store.knows_turn(&turn)? {
                    self.step(Input::Post { turn, said })?;
                }
                json(&())
            }
            Call::Cancel { turn } => {
                if !self.store.knows_turn(&turn)? {
                    return Err(Error::new(
                        Kind::NotFound,
                        format!("There is no turn `{turn}`."),
                    ));
                }
                self.step(Input::Cancel { turn })?;
                json(&())
            }
            Call::Usage => json(&self.read_machine(Machine::usage)?),
            Call::Show => json(&self.read_machine(Machine::summary)?),
            Call::Update { name, model } => {
                self.step(Input::Update { name, model })?;
                json(&self.read_machine(Machine::summary)?)
            }
            Call::Delete => {
                self.step(Input::Delete)?;
                json(&())
            }
            Call::Messages { after, limit } => json(&self.store.messages(after, limit)?),
            Call::Files { after, limit } => json(&self.files(after.as_ref(), limit)?),
            Call::File { path } => {
                let entry = self.read_machine(|machine| machine.manifest().get(&path).copied())?;
                json(&entry.ok_or_else(|| no_file(&path))?)
            }
            Call::PutFile {
                path,
                entry,
                if_match,
                if_none_match,
            } => {
                let created =
                    self.expect_file(&path, if_match.as_deref(), if_none_match.as_deref())?;
                self.written(created, Input::PutFile { path, entry })
            }
            Call::EditFiles { files, nonce } => self.edit_files(files, nonce),
            Call::Edited { nonce } => json(&self.done(nonce)?),
            Call::DeleteFile { path, if_match } => {
                if self.expect_file(&path, if_match.as_deref(), None)? {
                    return Err(no_file(&path));
                }
                self.written(false, Input::DeleteFile { path })
            }
            Call::Versions { before, limit } => json(&self.store.versions(before, limit)?),
            Call::Version { number } => {
                let (version, manifest) = self
                    .store
                    .version(number)?
                    .ok_or_else(|| no_version(number))?;
                json(&VersionFiles { version, manifest })
            }
            Call::Restore { number, nonce } => {
                let input = || {
                    let (_, manifest) = self
                        .store
                        .version(number)?
                        .ok_or_else(|| no_version(number))?;
                    Ok(Input::Restore {
                        version: number,
                        manifest,
                    })
                };
                self.once(nonce, input, value)
            }
            Call::StartBuild { mode, nonce } => {
                self.once(nonce, || Ok(Input::StartBuild { mode }), value)
            }
            Call::Build { build } => {
                json(&self.store.build(&build)?.ok_or_else(|| no_build(&build))?)
            }
            Call::BuildLog { build } => {
                self.store.build(&build)?.ok_or_else(|| no_build(&build))?;
                json(&self.store.build_log(&build)?)
            }
            Call::Claim { build } => json(&self.claim(build)?),
            Call::Progress {
                build,
                attempt,
                lines,
            } => {
                let answer = self.step(Input::Progress {
                    build,
                    attempt,
                    lines,
                })?;
                json(&matches!(answer, Some(Answer::Held(true))))
            }
            Call::BuildReported {
                build,
                attempt,
                lines,
                outcome,
            } => {
                self.step(Input::BuildReported {
                    build,
                    attempt,
                    lines,
                    outcome,
                })?;
                json(&())
            }
            Call::BuildUndelivered { build } => {
                self.step(Input::BuildUndelivered { build })?;
                json(&())
            }
            Call::Deployments { before, limit } => json(&self.store.deployments(before, limit)?),
            Call::Deployment { id } => json(&self.deployment(&id)?),
            Call::Deploy {
                environment,
                version,
                url,
                by,
                note,
                nonce,
            } => {
                let input = || {
                    let newest = || self.read_machine(|machine| machine.summary().version);
                    let number = match version {
                        Some(number) => number,
                        None => newest()?.unwrap_or_default(),
                    };
                    let known = self.store.version(number)?;
                    let source = match (known, version) {
                        (Some((_, manifest)), _) => Some(manifest.digest()),
                        (None, Some(_)) => return Err(no_version(number)),
                        // Before the first version, the machine says so.
                        (None, None) => None,
                    };
                    Ok(Input::Deploy(Box::new(Wanted {
                        environment,
                        version: number,
                        source,
                        url,
                        by,
                        note,
                    })))
                };
                self.once(nonce, input, value)
            }
            Call::RollBack {
                to,
                by,
                note,
                nonce,
            } => {
                let input = || {
                    let to = Box::new(self.deployment(&to)?);
                    Ok(Input::RollBack { to, by, note })
                };
                self.once(nonce, input, value)
            }
            Call::Approvals => json(&self.read_machine(approvals)?),
            Call::SetApprovals { environments, by } => {
                self.step(Input::SetApprovals { environments, by })?;
                json(&self.read_machine(approvals)?)
            }
            Call::Decide {
                deployment,
                decision,
                by,
                note,
                nonce,
            } => {
                let input = || {
                    let deployment = self.deployment(&deployment)?.id;
                    Ok(Input::Decide {
                        deployment,
                        decision,
                        by,
                        note,
                    })
                };
                self.once(nonce, input, value)
            }
            Call::Answered {
                deployment,
                answers,
            } => {
                self.step(Input::Answered {
                    deployment,
                    answers,
                })?;
                json(&())
            }
            Call::Alerts => json(&self.read_machine(|machine| machine.watch().clone())?),
            Call::SetAlerts {
                webhook,
                thresholds,
            } => {
                self.step(Input::SetAlerts {
                    webhook,
                    thresholds,
                })?;
                json(&self.read_machine(|machine| machine.watch().clone())?)
            }
            Call::PublicName => json(&self.read_machine(|machine| machine.public_name().cloned())?),
            Call::Named { name } => {
                self.step(Input::Named { name })?;
                json(&())
            }
            Call::Domains => {
                json(&self.read_machine(|machine| machine.domains().cloned().collect::<Vec<_>>())?)
            }
            Call::AddDomain { host, proof, by } => {
                let known = self.read_machine(|machine| machine.domain(&host).cloned())?;
                // The same request once more.
                if known.is_none_or(|known| known.proof != proof) {
                    let domain = Domain::new(host.clone(), proof, by, clock::now());
                    self.step(Input::AddDomain(Box::new(domain)))?;
                }
                json(&self.read_machine(|machine| machine.domain(&host).cloned())?)
            }
            Call::CheckDomain { host } => {
                self.step(Input::CheckDomain { host: host.clone() })?;
                json(&self.read_machine(|machine| machine.domain(&host).cloned())?)
            }
            Call::RemoveDomain { host } => {
                self.step(Input::RemoveDomain { host })?;
                json(&())
            }
            Call::Variables => json(&self.read_machine(|machine| {
                let all = machine.variables();
                all.map(|(environment, variables)| (environment, variables.clone()))
                    .collect::<objects::Variables>()
            })?),
            Call::SetVariable {
                environment,
                name,
                value,
                by,
                redeploys,
            } => {
                self.step(Input::SetVariable {
                    environment,
                    name: name.clone(),
                    value,
                    by,
                    redeploys,
                })?;
                json(&self.read_machine(|machine| {
                    let mut all = machine.variables();
                    let (_, variables) = all.find(|(one, _)| *one == environment)?;
                    variables.get(&name).cloned()
                })?)
            }
            Call::Open { .. } | Call::Site { .. } | Call::Knock { .. } => {
                Err(Error::internal("answered before"))
            }
        }
    }

    /// Opens the conversation, if it is not open and its workspace has accepted the app `name`; in its turn, where whoever asks has time.
    pub(super) async fn open_if_accepted(
        &self,
        name: &str,
        workspace: &WorkspaceId,
        has_time: bool,
    ) -> Result<()> {
        if self.machine.borrow().is_some() {
            return Ok(());
        }
        let _working = match has_time {
            true => Some(pace::turn().await),
            false => None,
        };
        let app = name.parse().map_err(Error::internal)?;
        let accepted: Option<Created> = objects::workspace(&self.env, workspace)?
            .ask(None, WorkspaceCall::Accepted { app })
            .await?;
        let Some(created) = accepted else {
            return Ok(());
        };
        if self.machine.borrow().is_some() {
            // Another call was quicker.
            return Ok(());
        }
        let turn = created.turn.clone();
        let now = clock::now();
        let (machine, effects) = Machine::create(created, now);
        self.store.create().map_err(Error::internal)?;
        self.commit(machine, &effects, now, || Ok(()))?;
        self.witness.hears("opened", turn.as_str()).await;
        Ok(())
    }

    /// Runs an input that answers with a value, once for a nonce.
    fn once(
        &self,
        nonce: Nonce,
        input: impl FnOnce() -> Result<Input>,
        value: impl Fn(Option<&Answer>) -> serde_json::Result<serde_json::Value>,
    ) -> Result<serde_json::Value> {
        if let Some(answer) = self.done(nonce)? {
            return Ok(answer);
        }
        let answer = self.step_with(input()?, |answer, now| {
            let text = value(answer)?.to_string();
            self.store.keep_answer(&nonce.to_string(), &text, now)
        })?;
        value(answer.as_ref()).map_err(Error::internal)
    }

    /// What was answered with this nonce.
    fn done(&self, nonce: Nonce) -> Result<Option<serde_json::Value>> {
        let answer = self.store.done(&nonce.to_string())?;
        let answer = answer.map(|answer| crate::json::from_str(&answer));
        answer.transpose().map_err(Error::internal)
    }

    /// The edits were applied to the files as they were: one that has changed since is a conflict.
    fn edit_files(&self, files: Vec<EditedFile>, nonce: Nonce) -> Result<serde_json::Value> {
        let input = || {
            for file in &files {
                let now = self.read_machine(|machine| {
                    machine.manifest().get(&file.path).map(|now| now.hash)
                })?;
                if now != Some(file.before) {
                    return Err(edited_meanwhile(&file.path));
                }
            }
            let files = files.iter().map(|file| (file.path.clone(), file.entry));
            Ok(Input::EditFiles {
                files: files.collect(),
            })
        };
        self.once(nonce, input, |answer| {
            let version = match answer {
                Some(Answer::Version(version)) => version.as_ref().map(|version| version.number),
                _ => None,
            };
            let files = files.iter().map(|file| resource::FileEdited {
                path: file.path.clone(),
                hash: file.entry.hash,
                size: file.entry.size,
                edits: file.edits.clone(),
            });
            serde_json::to_value(resource::FilesEdited {
                version,
                files: files.collect(),
            })
        })
    }

    fn deployment(&self, id: &DeploymentId) -> Result<Deployment> {
        let known = self.store.deployment(id)?;
        known.ok_or_else(|| Error::new(Kind::NotFound, format!("There is no deployment `{id}`.")))
    }

    fn claim(&self, build: BuildId) -> Result<Option<Claimed>> {
        let Some(Answer::Claim(Some(work))) = self.step(Input::Claim { build })? else {
            return Ok(None);
        };
        let (_, manifest) = self
            .store
            .version(work.version)?
            .ok_or_else(|| no_version(work.version))?;
        Ok(Some(Claimed { work, manifest }))
    }

    fn files(&self, after: Option<&ProjectPath>, limit: u32) -> Result<Files> {
        self.read_machine(|machine| {
            let mut rest = machine
                .manifest()
                .iter()
                .skip_while(|(path, _)| after.is_some_and(|after| *path <= after));
            let files = rest
                .by_ref()
                .take(limit as usize)
                .map(|(path, entry)| (path.clone(), *entry))
                .collect();
            Files {
                version: machine.summary().version,
                files,
                more: rest.next().is_some(),
            }
        })
    }

    /// Checks the preconditions of a change; whether the file does not exist yet.
    fn expect_file(
        &self,
        path: &ProjectPath,
        if_match: Option<&str>,
        if_none_match: Option<&str>,
    ) -> Result<bool> {
        let current =
            self.read_machine(|machine| machine.manifest().get(path).map(|entry| entry.hash))?;
        let precondition = etag::Precondition::parse(if_match, if_none_match)?;
        etag::decide(current, &precondition)?;
        Ok(current.is_none())
    }

    fn written(&self, created: bool, input: Input) -> Result<serde_json::Value> {
        let version = match self.step(input)? {
            Some(Answer::Version(version)) => version.map(|version| version.number),
            _ => None,
        };
        json(&FileWritten { created, version })
    }

    /// Another workspace's app is like none.
    fn check(&self, workspace: Option<&WorkspaceId>) -> Result<()> {
        let known = self.read_machine(|machine| {
            !machine.is_deleted()
                && workspace.is_none_or(|workspace| machine.workspace == *workspace)
        })?;
        if known { Ok(()) } else { Err(no_app()) }
    }
}

fn live(machine: &Machine, environment: Environment) -> Live {
    let served = machine.served(environment);
    Live {
        name: machine.name.clone(),
        failed: machine.summary().status == Status::Failed,
        set: served.live,
        earlier: served.earlier.to_vec(),
        dispatched: machine
            .live_deployment(environment)
            .and_then(|live| live.remote.clone())
            .filter(|remote| remote.starts_with(dispatch::PREFIX)),
        watched: served.watched.map(|(deployment, until)| Watched {
            deployment: deployment.clone(),
            until,
        }),
        told: served.told,
    }
}

/// What whoever watches the journal hears of a call that was written there and not answered yet.
fn entry(call: &Call) -> Option<(&'static str, String)> {
    match call {
        Call::Post { turn, .. } => Some(("accepted", turn.to_string())),
        Call::Claim { build } => Some(("claimed", build.to_string())),
        Call::BuildReported { build, .. } => Some(("reported", build.to_string())),
        _ => None,
    }
}

fn value(answer: Option<&Answer>) -> serde_json::Result<serde_json::Value> {
    match answer {
        Some(Answer::Version(version)) => serde_json::to_value(version),
        Some(Answer::Build(build)) => serde_json::to_value(build),
        Some(Answer::Deployment(deployment)) => serde_json::to_value(deployment),
        Some(Answer::Claim(_) | Answer::Held(_) | Answer::Call(_)) | None => {
            Ok(serde_json::Value::Null)
        }
    }
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

fn no_file(path: &ProjectPath) -> Error {
    Error::new(Kind::NotFound, format!("There is no file `{path}`."))
}

fn edited_meanwhile(path: &ProjectPath) -> Error {
    Error::new(
        Kind::Conflict,
        format!("`{path}` was changed in this moment. Send the edits again."),
    )
    .with("path", path.as_str())
}

fn approvals(machine: &Machine) -> resource::Approvals {
    resource::Approvals {
        environments: machine.approved_environments().collect(),
        deployments: machine.awaiting_approval().cloned().collect(),
    }
}

fn no_version(number: u32) -> Error {
    Error::new(Kind::NotFound, format!("There is no version {number}."))
}

fn no_build(build: &BuildId) -> Error {
    Error::new(Kind::NotFound, format!("There is no build `{build}`."))
}
