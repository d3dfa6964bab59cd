//! Looks how far a domain is, and lets go of one: the proof in its DNS, the claim, and on an account its certificate and its route.

use super::Conversation;
use crate::{
    cloudflare::{hostname, site},
    edge::{
        cloudflare::{Target, failed},
        dns, hostnames, settings,
    },
    error::Result,
    generation::{Conversation as Machine, Input},
    http::host,
    publish::{
        Environment,
        domain::{Domain, DomainName, DomainStatus, Look},
    },
};

impl Conversation {
    pub(super) async fn check_domain(&self, machine: &Machine, host: &DomainName) -> Result<Input> {
        let look = match machine.domain(host) {
            Some(domain) => self.look_at_domain(machine, domain).await,
            None => Ok(Look::Missing("It was removed.".to_owned())),
        };
        // What could not be found out is found out later, and said meanwhile.
        let look = look.unwrap_or_else(|error| {
            worker::console_error!("domain {host}: {error}");
            Look::Unknown(error.public)
        });
        Ok(Input::DomainLookedAt {
            host: host.clone(),
            look,
        })
    }

    async fn look_at_domain(&self, machine: &Machine, domain: &Domain) -> Result<Look> {
        let host = &domain.host;
        if !domain.is_claimed {
            let name = domain.proof_name();
            let found = dns::resolve(&self.env, &name, "TXT").await?;
            if !domain.is_proven_by(&found.texts) {
                return Ok(Look::Missing(match found.texts.first() {
                    None => format!("There is no TXT record `{name}` yet."),
                    Some(_) => format!("The TXT record `{name}` says something else."),
                }));
            }
            if !hostnames::claim(&self.env, &machine.app, host.as_str()).await? {
                return Ok(Look::Taken);
            }
        }
        let unled = self.unled(machine, host).await?;
        let Some(target) = settings::cloudflare(&self.env)? else {
            return Ok(match unled {
                Some(problem) => Look::Proven {
                    problem,
                    validation: Vec::new(),
                },
                None => Look::Leads,
            });
        };
        let known = hostname::ensure(&target, &target.zone, host.as_str()).await;
        let look = known.map_err(failed)?.look(unled);
        if look == Look::Leads {
            self.lead(&target, machine, Some(host), None).await?;
        }
        Ok(look)
    }

    /// What is missing for the DNS to lead a domain to the app, as a sentence.
    async fn unled(&self, machine: &Machine, host: &DomainName) -> Result<Option<String>> {
        let target = settings::hosts(&self.env)?.url(
            &machine.app,
            Environment::Production,
            machine.public_name(),
        );
        let target = host::name_of(&target);
        let found = dns::resolve(&self.env, host.as_str(), "A").await?;
        let leads = found.aliases.iter().any(|alias| alias == target);
        Ok(match found.aliases.first() {
            _ if leads => None,
            Some(other) => Some(format!(
                "`{host}` leads to `{other}`, and not to `{target}`."
            )),
            // Where a name cannot have a CNAME, its provider gives addresses for it.
            None if found.has_address => None,
            None => Some(format!(
                "`{host}` leads nowhere yet; set its CNAME to `{target}`."
            )),
        })
    }

    /// The app's Worker in production, where it is live, answers at its host name and its domains: those that are active, with one and without another.
    async fn lead(
        &self,
        target: &Target,
        machine: &Machine,
        with: Option<&DomainName>,
        without: Option<&DomainName>,
    ) -> Result<()> {
        if !target.namespace.is_empty() {
            return self.lead_here(target, with, without).await;
        }
        let Some(live) = machine.live_deployment(Environment::Production) else {
            return Ok(());
        };
        let mut domains = self.active_domains()?;
        domains.extend(with.map(|host| host.to_string()));
        crate::sorted::sort(&mut domains);
        domains.dedup();
        domains.retain(|host| without.is_none_or(|without| without.as_str() != host));
        let site = target.site(&machine.app, Environment::Production, &live.url, domains);
        site.lead(target).await.map_err(failed)
    }

    /// This Worker, which dispatches, answers at one domain, and at another one no more.
    async fn lead_here(
        &self,
        target: &Target,
        with: Option<&DomainName>,
        without: Option<&DomainName>,
    ) -> Result<()> {
        let (zone, worker) = (target.zone.as_str(), target.platform.as_str());
        if let Some(host) = with {
            let led = site::lead_host(target, zone, host.as_str(), worker);
            led.await.map_err(failed)?;
        }
        if let Some(host) = without {
            let left = site::leave_host(target, zone, host.as_str());
            left.await.map_err(failed)?;
        }
        Ok(())
    }

    /// The host names that lead to the app besides its own, as of now.
    pub(super) fn active_domains(&self) -> Result<Vec<String>> {
        self.read_machine(|machine| {
            let domains = machine.domains();
            let active = domains.filter(|domain| domain.status == DomainStatus::Active);
            active.map(|domain| domain.host.to_string()).collect()
        })
    }

    /// Gives a host name back, and takes away what the account's zone has for it. Of one that is not this app's, nothing here is.
    pub(super) async fn let_go(&self, machine: &Machine, host: &DomainName) -> Result<()> {
        let holder = hostnames::holder(&self.env, host.as_str()).await?;
        if holder.as_ref() != Some(&machine.app) {
            return Ok(());
        }
        if let Some(target) = settings::cloudflare(&self.env)? {
            let gone = hostname::remove(&target, &target.zone, host.as_str()).await;
            gone.map_err(failed)?;
        }
        hostnames::release(&self.env, &machine.app, host.as_str()).await
    }

    pub(super) async fn leave_domain(&self, machine: &Machine, host: &DomainName) -> Result<Input> {
        if let Some(target) = settings::cloudflare(&self.env)? {
            self.lead(&target, machine, None, Some(host)).await?;
        }
        self.let_go(machine, host).await?;
        Ok(Input::DomainLeft { host: host.clone() })
    }
}
