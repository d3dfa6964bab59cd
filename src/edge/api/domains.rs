//! Domains of people's own.

use super::{Call, Principal, Reply, apps::Asked};
use crate::{
    digest::Digest,
    edge::objects::ConversationCall,
    error::{Error, Kind, Result},
    http::{body::AddDomain, idempotency::Nonce, resource},
    ids::AppId,
    publish::{
        Environment,
        domain::{Domain, DomainName},
    },
};

impl Call<'_> {
    pub(super) async fn add_domain(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        principal: &Principal,
        wanted: AddDomain,
        nonce: Nonce,
    ) -> Result<Reply> {
        let host = self.hosts.foreign(&wanted.host).ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                format!(
                    "`{}` is under a domain of this installation. Apps have names there by themselves; add a domain of your own.",
                    wanted.host
                ),
            )
        })?;
        // The first look already says where it is to lead.
        self.public_name(app, asked).await?;
        let proof = Digest::of_parts([b"domain".as_slice(), nonce.0.as_slice()]).to_string();
        let call = ConversationCall::AddDomain {
            host,
            proof: proof.chars().take(32).collect(),
            by: principal.name.clone(),
        };
        self.one_domain(201, app, asked, call).await
    }

    pub(super) async fn check_domain(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        host: DomainName,
    ) -> Result<Reply> {
        let call = ConversationCall::CheckDomain { host };
        self.one_domain(202, app, asked, call).await
    }

    pub(super) async fn remove_domain(&self, asked: &Asked<'_>, host: DomainName) -> Result<Reply> {
        asked
            .ask::<()>(ConversationCall::RemoveDomain { host })
            .await?;
        Ok(Reply::empty())
    }

    pub(super) async fn list_domains(&self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        let domains: Vec<Domain> = asked.ask(ConversationCall::Domains).await?;
        if domains.is_empty() {
            return Reply::json(200, &resource::DomainList { domains: vec![] });
        }
        let target = self.target(app, asked).await?;
        let domains = domains.into_iter();
        let domains = domains.map(|domain| self.shown(domain, &target)).collect();
        Reply::json(200, &resource::DomainList { domains })
    }

    /// What is asked, and the domain as it is then.
    async fn one_domain(
        &self,
        status: u16,
        app: &AppId,
        asked: &Asked<'_>,
        call: ConversationCall,
    ) -> Result<Reply> {
        let domain: Option<Domain> = asked.ask(call).await?;
        let domain =
            domain.ok_or_else(|| Error::internal("a domain that was asked for is gone"))?;
        let target = self.target(app, asked).await?;
        let domain = self.shown(domain, &target);
        Reply::json(status, &resource::DomainShown { domain })
    }

    /// The app's host name below the domain of the apps, to which its domains lead. It is claimed when it is wanted first.
    async fn target(&self, app: &AppId, asked: &Asked<'_>) -> Result<String> {
        let name = self.public_name(app, asked).await?;
        let url = self.hosts.url(app, Environment::Production, Some(&name));
        Ok(crate::http::host::name_of(&url).to_owned())
    }

    fn shown(&self, domain: Domain, target: &str) -> resource::Domain {
        let url = self.hosts.domain_url(&domain.host);
        resource::Domain::of(domain, url, target)
    }
}
