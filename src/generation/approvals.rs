//! Approvals: deployments to some environments begin when somebody else than whoever asked for them has looked at them. A rollback needs none, and neither
//! does what is deployed again because its variables have changed.

use serde::{Deserialize, Serialize};

use super::{
    deployments::{end, refused, tell},
    effect::{Answer, Effect, Step},
    feed::Event,
    input::Wanted,
    state::Conversation,
};
use crate::{
    digest::Digest,
    error::Result,
    ids::DeploymentId,
    publish::{Approval, Decision, Deployment, DeploymentStatus, Environment, Origin},
    sorted::SortedSet,
};

/// What is approved, and what awaits it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Approvals {
    /// To which a deployment needs one.
    pub(super) environments: SortedSet<Environment>,
    /// The oldest first.
    asked: Vec<Asked>,
}

/// A deployment that awaits approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    deployment: Deployment,
    /// The digest of its version's sources.
    source: Option<Digest>,
}

impl Approvals {
    /// Lets go of all that await one to an environment.
    pub(super) fn take_all(&mut self, environment: Environment) -> Vec<Deployment> {
        let all = std::mem::take(&mut self.asked).into_iter();
        let (taken, left): (Vec<_>, Vec<_>) =
            all.partition(|asked| asked.deployment.environment == environment);
        self.asked = left;
        taken.into_iter().map(|asked| asked.deployment).collect()
    }
}

impl Conversation {
    /// The environments that a deployment needs an approval to.
    pub fn approved_environments(&self) -> impl Iterator<Item = Environment> {
        self.approvals.environments.iter().copied()
    }

    /// The deployments that await approval, the oldest first.
    pub fn awaiting_approval(&self) -> impl Iterator<Item = &Deployment> {
        self.approvals.asked.iter().map(|asked| &asked.deployment)
    }

    pub(super) fn set_approvals(
        &mut self,
        environments: SortedSet<Environment>,
        by: String,
        step: &mut Step<'_>,
    ) {
        if self.approvals.environments != environments {
            self.approvals.environments.clone_from(&environments);
            step.feed(Event::ApprovalsChanged {
                environments: environments.into_iter().collect(),
                by,
            });
        }
    }

    pub(super) fn ask_for_approval(&mut self, wanted: Wanted, step: &mut Step<'_>) -> Result<()> {
        let environment = wanted.environment;
        let most = step.limits.waiting_deployments;
        let waiting = self
            .awaiting_approval()
            .filter(|asked| asked.environment == environment)
            .count();
        if waiting >= most {
            return Err(refused(format!(
                "{waiting} deployments await approval already; have some of them approved or rejected first."
            ))
            .with("limit", most));
        }
        let source = wanted.source;
        let mut deployment = self.new_deployment(wanted, Origin::Deploy, None, step);
        deployment.status = DeploymentStatus::AwaitingApproval;
        tell(&deployment, step);
        step.effects
            .push(Effect::Answer(Answer::Deployment(Box::new(
                deployment.clone(),
            ))));
        self.approvals.asked.push(Asked { deployment, source });
        Ok(())
    }

    /// Somebody lets a deployment begin, or come to nothing.
    pub(super) fn decide(
        &mut self,
        id: &DeploymentId,
        decision: Decision,
        by: String,
        note: Option<String>,
        step: &mut Step<'_>,
    ) -> Result<()> {
        let mut all = self.approvals.asked.iter();
        let awaits = all.position(|asked| asked.deployment.id == *id);
        let Some((place, asked)) =
            awaits.and_then(|place| Some((place, self.approvals.asked.get(place)?)))
        else {
            return Err(refused(format!("`{id}` does not await approval.")));
        };
        let environment = asked.deployment.environment;
        if decision == Decision::Approve {
            if asked.deployment.by == by {
                return Err(refused(format!(
                    "`{by}` has asked for `{id}` and cannot approve it; somebody with another token can."
                )));
            }
            self.refuse_many(environment, step)?;
        }
        let Asked {
            mut deployment,
            source,
        } = self.approvals.asked.remove(place);
        match decision {
            Decision::Approve => {
                let at = step.now;
                deployment.approval = Some(Approval { by, note, at });
                deployment.status = DeploymentStatus::Waiting;
                tell(&deployment, step);
                self.queue(deployment, source, step);
            }
            Decision::Reject => {
                let why = note.map_or_else(String::new, |note| format!(": {note}"));
                deployment.error = Some(format!("`{by}` has rejected it{why}"));
                let shown = end(deployment, DeploymentStatus::Rejected, step);
                step.effects
                    .push(Effect::Answer(Answer::Deployment(Box::new(shown))));
            }
        }
        Ok(())
    }
}
