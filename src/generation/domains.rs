//! Domains of people's own that lead to an app's production: each is looked at until it is there.

use super::{
    effect::{Job, Step},
    feed::Event,
    state::Conversation,
};
use crate::{
    error::{Error, Kind, Result},
    publish::domain::{Domain, DomainName, DomainStatus, Look},
};

impl Conversation {
    /// The domains of the app, by host name.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.domains.values()
    }

    /// One of them.
    #[must_use]
    pub fn domain(&self, host: &DomainName) -> Option<&Domain> {
        self.domains.get(host)
    }

    /// The domains that the app has, and those that it is letting go of.
    pub fn all_domains(&self) -> impl Iterator<Item = &DomainName> {
        self.domains.keys().chain(&self.leaving)
    }

    pub(super) fn add_domain(&mut self, domain: Domain, step: &mut Step<'_>) -> Result<()> {
        let host = domain.host.clone();
        if self.domains.contains_key(&host) {
            return Err(conflict(format!("The app has `{host}` already.")));
        }
        if self.leaving.contains(&host) {
            return Err(conflict(format!(
                "`{host}` is being removed. Add it again in a moment."
            )));
        }
        let most = step.limits.domains;
        if self.domains.len() >= most {
            return Err(conflict(format!(
                "An app has at most {most} domains; remove one that is not needed."
            ))
            .with("limit", most));
        }
        tell(&domain, false, step);
        self.domains.insert(host.clone(), domain);
        step.run(Job::CheckDomain { host });
        Ok(())
    }

    /// Somebody wants to know now.
    pub(super) fn check_domain(&mut self, host: DomainName, step: &mut Step<'_>) -> Result<()> {
        let now = step.now;
        let domain = self.domains.get_mut(&host).ok_or_else(|| missing(&host))?;
        domain.asked_at = now;
        domain.next_check_at = Some(now);
        step.run(Job::CheckDomain { host });
        Ok(())
    }

    /// Those that lead to the app are looked at once more: its Worker's routes were written meanwhile.
    pub(super) fn look_at_active_domains(&self, step: &mut Step<'_>) {
        let active = self.domains();
        for domain in active.filter(|domain| domain.status == DomainStatus::Active) {
            let host = domain.host.clone();
            step.run(Job::CheckDomain { host });
        }
    }

    pub(super) fn remove_domain(&mut self, host: DomainName, step: &mut Step<'_>) -> Result<()> {
        let domain = self.domains.remove(&host).ok_or_else(|| missing(&host))?;
        tell(&domain, true, step);
        step.finish(&Job::CheckDomain { host: host.clone() });
        self.leaving.insert(host.clone());
        step.run(Job::LeaveDomain { host });
        Ok(())
    }

    /// A domain was looked at.
    pub(super) fn domain_looked_at(&mut self, host: &DomainName, look: Look, step: &mut Step<'_>) {
        let job = Job::CheckDomain { host: host.clone() };
        let Some(domain) = self.domains.get_mut(host) else {
            step.finish(&job);
            return;
        };
        let before = (domain.status, domain.problem.clone());
        domain.take(look, step.now);
        if before != (domain.status, domain.problem.clone()) {
            tell(domain, false, step);
        }
        match domain.next_check_at {
            Some(due) => step.run_at(job, due),
            None => step.finish(&job),
        }
    }

    /// Nothing leads from a domain to the app any more.
    pub(super) fn domain_left(&mut self, host: DomainName, step: &mut Step<'_>) {
        self.leaving.remove(&host);
        step.finish(&Job::LeaveDomain { host });
    }
}

fn conflict(sentence: String) -> Error {
    Error::new(Kind::Conflict, sentence)
}

fn missing(host: &DomainName) -> Error {
    Error::new(Kind::NotFound, format!("The app has no domain `{host}`."))
}

fn tell(domain: &Domain, is_deleted: bool, step: &mut Step<'_>) {
    step.feed(Event::DomainChanged {
        host: domain.host.clone(),
        status: domain.status,
        problem: domain.problem.clone(),
        is_deleted,
    });
}
