//! Deployments of a conversation: one at a time for each environment, those after it wait.
//!
//! A version is built in production mode once; every deployment of it serves what that build made. What an address serves changes in one step, after
//! the new one was put there and looked at: whatever fails before leaves what was. A rollback needs no build and goes before what waits.
//!
//! For a while after that, what visitors are answered is heard of. When most of it is errors, what was there before comes back by itself, once.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    effect::{Answer, Effect, Job, Step},
    feed::Event,
    input::Wanted,
    records::Probe,
    state::Conversation,
};
use crate::{
    build::{Diagnostic, Mode, Severity},
    digest::Digest,
    error::{Error, Kind, Result},
    ids::{BuildId, DeploymentId},
    publish::{
        AUTOMATIC, Answers, Deployment, DeploymentStatus, Environment, Origin, Told, Variable,
        VariableKind, WATCHED_MILLIS,
    },
    sorted::SortedMap,
    time::Timestamp,
};

/// How many of the sets that an address served before are remembered: a page that was opened then still loads its files.
const MOST_EARLIER: usize = 4;
/// How many versions are known that were built in production mode.
const MOST_PRODUCED: usize = 200;
/// The longest reason of a failure, in characters.
const MOST_REASON_CHARS: usize = 1_000;

/// An environment: what it serves, what comes next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Site {
    live: Option<Deployment>,
    /// Sets that were live before, the newest first.
    earlier: Vec<Digest>,
    /// Deployments that are not over. The first is under way.
    queue: VecDeque<Deployment>,
    variables: SortedMap<String, Variable>,
    /// What is heard of what is live, until something was made of it.
    watched: Option<Watched>,
}

/// What visitors are answered since an address serves something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Watched {
    /// Since when. A deployment of the same bytes goes on with the time of the one before.
    since: Timestamp,
    /// What the live deployment has answered.
    answers: Answers,
    /// What would come back. Nothing behind a rollback, so that two that fail do not take turns.
    before: Option<Deployment>,
}

impl Watched {
    const fn until(&self) -> Timestamp {
        self.since.after(WATCHED_MILLIS)
    }
}

/// What was built of a version in production mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Produced {
    build: BuildId,
    set: Digest,
}

/// What an address serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served<'a> {
    /// The artifact set and the version that it was built of; nothing before the first deployment.
    pub live: Option<(Digest, u32)>,
    /// Sets that were live before, the newest first.
    pub earlier: &'a [Digest],
    /// What the environment's variables come to.
    pub told: Told,
    /// The deployment whose answers are counted, and until when.
    pub watched: Option<(&'a DeploymentId, Timestamp)>,
}

impl Conversation {
    /// What the address of an environment serves.
    #[must_use]
    pub fn served(&self, environment: Environment) -> Served<'_> {
        let site = self.sites.get(&environment);
        let told = site
            .map(|site| Told::of(&site.variables))
            .unwrap_or_default();
        if environment == Environment::Preview {
            return Served {
                live: self
                    .preview
                    .as_ref()
                    .map(|preview| (preview.set, preview.version)),
                earlier: &self.earlier,
                told,
                watched: None,
            };
        }
        let live = site.and_then(|site| site.live.as_ref());
        Served {
            live: live.and_then(|live| Some((live.digest?, live.version))),
            earlier: site.map_or(&[], |site| &site.earlier),
            told,
            watched: live.and_then(|live| Some((&live.id, site?.watched.as_ref()?.until()))),
        }
    }

    /// The deployment that an environment serves.
    #[must_use]
    pub fn live_deployment(&self, environment: Environment) -> Option<&Deployment> {
        self.sites.get(&environment)?.live.as_ref()
    }

    /// A deployment whose files are being put at its address.
    #[must_use]
    pub fn deploying(&self, id: &DeploymentId) -> Option<&Deployment> {
        let mut sites = self.sites.values();
        sites.find_map(|site| site.queue.front().filter(|first| is_deploying(first, id)))
    }

    /// The variables of each environment.
    pub fn variables(&self) -> impl Iterator<Item = (Environment, &SortedMap<String, Variable>)> {
        self.sites
            .iter()
            .map(|(environment, site)| (*environment, &site.variables))
    }

    pub(super) fn deploy(&mut self, wanted: Wanted, step: &mut Step<'_>) -> Result<()> {
        self.refuse_before_foundation()?;
        if self.approvals.environments.contains(&wanted.environment) {
            return self.ask_for_approval(wanted, step);
        }
        self.enqueue(wanted, Origin::Deploy, None, step)
    }

    /// Goes back to what an earlier deployment has put at its address.
    pub(super) fn roll_back(
        &mut self,
        to: Deployment,
        by: String,
        note: Option<String>,
        step: &mut Step<'_>,
    ) -> Result<()> {
        let (Some(_), Some(digest)) = (to.live_at, to.digest) else {
            return Err(refused(format!(
                "`{}` was never live; go back to one that was.",
                to.id
            )));
        };
        let site = self.sites.entry(to.environment).or_default();
        if site.live.as_ref().is_some_and(|live| live.id == to.id) {
            return Err(refused(format!("`{}` is what is live.", to.id)));
        }
        // Whoever goes back does not want what waits.
        let under_way = site
            .queue
            .pop_front_if(|first| first.status == DeploymentStatus::Deploying);
        let waiting = std::mem::replace(&mut site.queue, under_way.into_iter().collect());
        let unapproved = self.approvals.take_all(to.environment);
        for mut deployment in waiting.into_iter().chain(unapproved) {
            deployment.error = Some("A rollback was asked for after it.".to_owned());
            end(deployment, DeploymentStatus::Failed, step);
        }
        let wanted = Wanted {
            environment: to.environment,
            version: to.version,
            source: None,
            url: to.url,
            by,
            note,
        };
        let known = to.build.map(|build| Produced { build, set: digest });
        self.enqueue(wanted, Origin::Rollback { to: to.id }, known, step)
    }

    fn enqueue(
        &mut self,
        wanted: Wanted,
        origin: Origin,
        known: Option<Produced>,
        step: &mut Step<'_>,
    ) -> Result<()> {
        self.refuse_many(wanted.environment, step)?;
        let source = wanted.source;
        let deployment = self.new_deployment(wanted, origin, known, step);
        tell(&deployment, step);
        self.queue(deployment, source, step);
        Ok(())
    }

    /// One more would be too many.
    pub(super) fn refuse_many(&self, environment: Environment, step: &Step<'_>) -> Result<()> {
        let most = step.limits.waiting_deployments;
        let site = self.sites.get(&environment);
        let waiting = site.map_or(0, |site| site.queue.len());
        if waiting < most {
            return Ok(());
        }
        Err(refused(format!(
            "{waiting} deployments wait or run already; ask for this one when some of them are done."
        ))
        .with("limit", most))
    }

    pub(super) fn new_deployment(
        &mut self,
        wanted: Wanted,
        origin: Origin,
        known: Option<Produced>,
        step: &Step<'_>,
    ) -> Deployment {
        self.deployments_made += 1;
        Deployment {
            id: DeploymentId::numbered(self.deployments_made),
            environment: wanted.environment,
            version: wanted.version,
            origin,
            status: DeploymentStatus::Waiting,
            build: known.as_ref().map(|known| known.build.clone()),
            digest: known.map(|known| known.set),
            remote: None,
            url: wanted.url,
            by: wanted.by,
            note: wanted.note,
            approval: None,
            error: None,
            trouble: None,
            created_at: step.now,
            live_at: None,
            ended_at: None,
        }
    }

    /// Puts a deployment behind those of its environment that wait, and answers with what became of it.
    pub(super) fn queue(
        &mut self,
        deployment: Deployment,
        source: Option<Digest>,
        step: &mut Step<'_>,
    ) {
        let (id, environment) = (deployment.id.clone(), deployment.environment);
        if let Some(source) = source {
            self.sources.insert(deployment.version, source);
        }
        let site = self.sites.entry(environment).or_default();
        site.queue.push_back(deployment);
        self.advance(environment, step);
        let shown = self.sites.get(&environment).and_then(|site| {
            let all = site.queue.iter();
            all.chain(&site.live).find(|one| one.id == id).cloned()
        });
        // One that cannot even begin has failed.
        let shown = shown.or_else(|| last_told(&step.effects, &id));
        if let Some(shown) = shown {
            step.effects
                .push(Effect::Answer(Answer::Deployment(Box::new(shown))));
        }
    }

    /// Visitors were answered by a deployment. What is heard of one that is not live any more, or has been live for long, is nothing to go by.
    pub(super) fn answered(&mut self, id: &DeploymentId, answers: Answers, step: &mut Step<'_>) {
        let is_live = |site: &&mut Site| site.live.as_ref().is_some_and(|live| live.id == *id);
        let Some(site) = self.sites.values_mut().find(is_live) else {
            return;
        };
        let (Some(live), Some(watched)) = (&mut site.live, &mut site.watched) else {
            return;
        };
        if step.now > watched.until() {
            return;
        }
        watched.answers.add(answers);
        // What is being put there takes its place in a moment, or if not, the next that is heard decides.
        let next = site.queue.front();
        let is_replaced = next.is_some_and(|next| next.status == DeploymentStatus::Deploying);
        if !watched.answers.are_bad() || is_replaced {
            return;
        }
        let since = live.live_at.unwrap_or(watched.since);
        let found = watched.answers.in_words(step.now.since(since));
        let before = site.watched.take().and_then(|watched| watched.before);
        let comes = match (&before, &live.origin) {
            (Some(before), _) => format!("`{}` comes back", before.id),
            (None, Origin::Deploy) => "There is nothing to go back to".to_owned(),
            (None, _) => "It was gone back to itself, so it stays".to_owned(),
        };
        live.trouble = Some(format!("{found}. {comes}."));
        tell(live, step);
        if let Some(before) = before {
            self.bring_back(before, id, format!("{found}."), step);
        }
    }

    /// Puts what was live before at its address again. What waits or is being built waits for that, and comes then: it may be what mends the fault.
    fn bring_back(
        &mut self,
        before: Deployment,
        from: &DeploymentId,
        reason: String,
        step: &mut Step<'_>,
    ) {
        let (Some(build), Some(set)) = (before.build, before.digest) else {
            return;
        };
        let environment = before.environment;
        if let Some(first) = self.first(environment)
            && first.status != DeploymentStatus::Waiting
        {
            first.status = DeploymentStatus::Waiting;
            tell(first, step);
        }
        let wanted = Wanted {
            environment,
            version: before.version,
            source: None,
            url: before.url,
            by: AUTOMATIC.to_owned(),
            note: None,
        };
        let origin = Origin::AutomaticRollback {
            to: before.id,
            from: from.clone(),
            reason,
        };
        let known = Some(Produced { build, set });
        let deployment = self.new_deployment(wanted, origin, known, step);
        tell(&deployment, step);
        let site = self.sites.entry(environment).or_default();
        site.queue.push_front(deployment);
        self.advance(environment, step);
    }

    /// Brings the first deployment of an environment as far as it can be brought now.
    fn advance(&mut self, environment: Environment, step: &mut Step<'_>) {
        while let Some(first) = self.first(environment) {
            if first.status == DeploymentStatus::Deploying {
                return;
            }
            let version = first.version;
            let known = match (&first.build, first.digest) {
                (Some(build), Some(set)) => Some(Produced {
                    build: build.clone(),
                    set,
                }),
                _ => self.produced.get(&version).cloned(),
            };
            if let Some(Produced { build, set }) = known {
                self.change_first(environment, step, |first| {
                    first.build = Some(build);
                    first.digest = Some(set);
                    first.status = DeploymentStatus::Deploying;
                });
                return;
            }
            match self.production_build(version, step) {
                Ok(build) => {
                    self.change_first(environment, step, |first| {
                        first.build = Some(build);
                        first.status = DeploymentStatus::Building;
                    });
                    return;
                }
                Err(error) => self.fail_first(environment, error.public, step),
            }
        }
    }

    /// The production build of a version that is under way, or a new one.
    fn production_build(&mut self, version: u32, step: &mut Step<'_>) -> Result<BuildId> {
        let under_way = self.builds.values().find(|active| {
            active.build.mode == Mode::Production && active.build.version == version
        });
        if let Some(active) = under_way {
            return Ok(active.build.id.clone());
        }
        self.refuse_many_builds(step)?;
        let source = self
            .sources
            .get(&version)
            .copied()
            .ok_or_else(|| Error::internal("a deployment of a version without its sources"))?;
        let build = self.start_build_of(version, source, Mode::Production, None, step);
        Ok(build.id)
    }

    fn first(&mut self, environment: Environment) -> Option<&mut Deployment> {
        self.sites.get_mut(&environment)?.queue.front_mut()
    }

    fn change_first(
        &mut self,
        environment: Environment,
        step: &mut Step<'_>,
        change: impl FnOnce(&mut Deployment),
    ) {
        let Some(first) = self.first(environment) else {
            return;
        };
        let before = first.status;
        change(first);
        if first.status != before {
            tell(first, step);
        }
        if first.status == DeploymentStatus::Deploying {
            step.run(Job::Deploy {
                deployment: first.id.clone(),
            });
        }
    }

    /// The first deployment comes to nothing, and what is live stays.
    fn fail_first(&mut self, environment: Environment, reason: String, step: &mut Step<'_>) {
        let first = self
            .sites
            .get_mut(&environment)
            .and_then(|site| site.queue.pop_front());
        if let Some(mut first) = first {
            first.error = Some(reason.chars().take(MOST_REASON_CHARS).collect());
            end(first, DeploymentStatus::Failed, step);
        }
    }

    /// A version was built in production mode.
    pub(super) fn was_produced(
        &mut self,
        version: u32,
        build: &BuildId,
        set: Digest,
        step: &mut Step<'_>,
    ) {
        let build = build.clone();
        self.produced.insert(version, Produced { build, set });
        while self.produced.len() > MOST_PRODUCED {
            self.produced.pop_first();
        }
        self.sources.remove(&version);
        for environment in self.waiting_for_build() {
            self.advance(environment, step);
        }
    }

    /// A production build is over without anything to deploy.
    pub(super) fn was_not_produced(
        &mut self,
        build: &BuildId,
        diagnostics: &[Diagnostic],
        step: &mut Step<'_>,
    ) {
        let reason = diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error)
            .map_or_else(String::new, |diagnostic| {
                format!(": {}", diagnostic.message.trim_end_matches('.'))
            });
        for environment in self.waiting_for_build() {
            let waits = |first: &Deployment| first.build.as_ref() == Some(build);
            if self.first(environment).is_some_and(|first| waits(first)) {
                let reason = format!("Build `{build}` of its version failed{reason}.");
                let version = self.first(environment).map(|first| first.version);
                self.fail_first(environment, reason, step);
                self.advance(environment, step);
                let is_of = |deployment: &Deployment| Some(deployment.version) == version;
                let mut sites = self.sites.values();
                if !sites.any(|site| site.queue.iter().any(is_of)) {
                    self.sources.retain(|known, _| Some(*known) != version);
                }
            }
        }
    }

    fn waiting_for_build(&self) -> Vec<Environment> {
        let waits = |deployment: &&Deployment| deployment.status == DeploymentStatus::Building;
        self.sites
            .iter()
            .filter(|(_, site)| site.queue.front().filter(waits).is_some())
            .map(|(environment, _)| *environment)
            .collect()
    }

    /// What was put at an address was looked at there.
    pub(super) fn deployed(
        &mut self,
        id: &DeploymentId,
        probe: Probe,
        remote: Option<String>,
        step: &mut Step<'_>,
    ) {
        step.finish(&Job::Deploy {
            deployment: id.clone(),
        });
        let Some(environment) = self.deploying(id).map(|deployment| deployment.environment) else {
            return;
        };
        match probe {
            Probe::Failed(reasons) => self.fail_first(environment, reasons.join(" "), step),
            Probe::Passed => {
                let is_on_account = remote.is_some();
                if let Some(first) = self.first(environment) {
                    first.remote = remote;
                }
                self.switch(environment, step);
                if is_on_account && environment == Environment::Production {
                    self.look_at_active_domains(step);
                }
            }
        }
        self.advance(environment, step);
    }

    /// What an environment serves, or will when all of its deployments are over, is deployed once more for whoever is told by it. What has not begun
    /// to be put at its address will be told by itself.
    pub(super) fn tell_again(
        &mut self,
        environment: Environment,
        by: String,
        step: &mut Step<'_>,
    ) -> Result<()> {
        let Some(site) = self.sites.get(&environment) else {
            return Ok(());
        };
        let last = match site.queue.back() {
            Some(last) if last.status != DeploymentStatus::Deploying => return Ok(()),
            Some(last) => Some(last),
            None => site.live.as_ref(),
        };
        let Some((last, build, set)) =
            last.and_then(|last| Some((last, last.build.clone()?, last.digest?)))
        else {
            return Ok(());
        };
        let wanted = Wanted {
            environment,
            version: last.version,
            source: None,
            url: last.url.clone(),
            by,
            note: Some("The variables have changed.".to_owned()),
        };
        let known = Some(Produced { build, set });
        self.enqueue(wanted, Origin::Deploy, known, step)
    }

    /// From now on the address serves the first deployment.
    fn switch(&mut self, environment: Environment, step: &mut Step<'_>) {
        let Some(site) = self.sites.get_mut(&environment) else {
            return;
        };
        let Some(mut first) = site.queue.pop_front() else {
            return;
        };
        first.status = DeploymentStatus::Live;
        first.live_at = Some(step.now);
        let set = first.digest;
        let is_back = first.origin != Origin::Deploy;
        tell(&first, step);
        let before = site.live.replace(first);
        match (&before, &mut site.watched) {
            // Whoever was told that it fails is not told again.
            (Some(before), watched) if before.digest == set => {
                if let Some(watched) = watched {
                    watched.answers = Answers::default();
                }
            }
            (before, watched) => {
                *watched = Some(Watched {
                    since: step.now,
                    answers: Answers::default(),
                    before: before.clone().filter(|_| !is_back),
                });
            }
        }
        if let Some(before) = before {
            site.earlier.splice(0..0, before.digest);
            end(before, DeploymentStatus::Superseded, step);
        }
        site.earlier.retain(|earlier| Some(*earlier) != set);
        site.earlier.truncate(MOST_EARLIER);
    }

    /// What was to be put at an address could not be.
    pub(super) fn not_deployed(&mut self, id: &DeploymentId, reason: &str, step: &mut Step<'_>) {
        if let Some(environment) = self.deploying(id).map(|deployment| deployment.environment) {
            let reason = format!("It could not be put at its address: {reason}.");
            self.fail_first(environment, reason, step);
            self.advance(environment, step);
        }
    }

    /// Sets a variable, or takes it away.
    pub(super) fn set_variable(
        &mut self,
        environment: Environment,
        name: String,
        value: Option<(VariableKind, String)>,
        by: String,
        step: &mut Step<'_>,
    ) -> Result<()> {
        let variables = &mut self.sites.entry(environment).or_default().variables;
        let is_deleted = value.is_none();
        let variable = match value {
            None => {
                let gone = variables.remove(&name).ok_or_else(|| {
                    let environment = environment.as_str();
                    Error::new(
                        Kind::NotFound,
                        format!("There is no variable `{name}` in {environment}."),
                    )
                })?;
                gone.kind
            }
            Some((kind, value)) => {
                let most = step.limits.variables;
                if variables.len() >= most && !variables.contains_key(&name) {
                    return Err(refused(format!(
                        "An environment has at most {most} variables; delete one that is not needed."
                    ))
                    .with("limit", most));
                }
                let variable = Variable {
                    kind,
                    value,
                    by: by.clone(),
                    at: step.now,
                };
                variables.insert(name.clone(), variable);
                kind
            }
        };
        step.feed(Event::VariableChanged {
            environment,
            name,
            variable,
            is_deleted,
            by,
        });
        Ok(())
    }
}

fn is_deploying(deployment: &Deployment, id: &DeploymentId) -> bool {
    deployment.id == *id && deployment.status == DeploymentStatus::Deploying
}

pub(super) fn refused(sentence: String) -> Error {
    Error::new(Kind::Conflict, sentence)
}

/// A deployment is over, or what it put there is: as it is then.
pub(super) fn end(
    mut deployment: Deployment,
    status: DeploymentStatus,
    step: &mut Step<'_>,
) -> Deployment {
    deployment.status = status;
    deployment.ended_at = Some(step.now);
    tell(&deployment, step);
    deployment
}

/// Keeps a deployment as it is now, and tells of it.
pub(super) fn tell(deployment: &Deployment, step: &mut Step<'_>) {
    step.feed(Event::DeploymentChanged {
        deployment: deployment.id.clone(),
        environment: deployment.environment,
        version: deployment.version,
        status: deployment.status,
        url: deployment.url.clone(),
        origin: deployment.origin.clone(),
        error: deployment.error.clone(),
        trouble: deployment.trouble.clone(),
    });
    step.effects
        .push(Effect::Deployment(Box::new(deployment.clone())));
}

fn last_told(effects: &[Effect], id: &DeploymentId) -> Option<Deployment> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Deployment(told) if told.id == *id => Some(Deployment::clone(told)),
        _ => None,
    })
}
