//! Deployments and variables of an app.

use super::{Call, Principal, Reply, apps::Asked};
use crate::{
    edge::{
        hostnames,
        objects::{ConversationCall, Live, Variables},
        random, settings,
    },
    error::{Error, Kind, Result},
    generation::AppSummary,
    http::{
        body::{Deploy, RollBack, SetVariable},
        idempotency::Nonce,
        page::{self, Page},
        resource,
    },
    ids::{AppId, DeploymentId},
    publish::{Deployment, Environment, names::Name},
};

impl Call<'_> {
    pub(super) async fn deploy(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        principal: &Principal,
        wanted: Deploy,
        nonce: Nonce,
    ) -> Result<Reply> {
        let environment = wanted.environment;
        let name = match environment {
            Environment::Production => Some(self.public_name(app, asked).await?),
            _ => None,
        };
        let deployment: Deployment = asked
            .ask(ConversationCall::Deploy {
                environment,
                version: wanted.version,
                url: self.hosts.url(app, environment, name.as_ref()),
                by: principal.name.clone(),
                note: wanted.note,
                nonce,
            })
            .await?;
        Reply::json(202, &resource::DeploymentShown { deployment })
    }

    /// The app's name below the domain of the apps. It is claimed when it is wanted first.
    async fn public_name(&self, app: &AppId, asked: &Asked<'_>) -> Result<Name> {
        let known: Option<Name> = asked.ask(ConversationCall::PublicName).await?;
        if let Some(name) = known {
            return Ok(name);
        }
        let summary: AppSummary = asked.ask(ConversationCall::Show).await?;
        let name = hostnames::claim(self.env, app, Name::proposed(&summary.name, app)).await?;
        let name = name.ok_or_else(|| {
            Error::new(
                Kind::Conflict,
                "Every name that fits this app is taken. Give the app another name and deploy again.",
            )
        })?;
        asked
            .ask::<()>(ConversationCall::Named { name: name.clone() })
            .await?;
        Ok(name)
    }

    pub(super) async fn roll_back(
        &self,
        asked: &Asked<'_>,
        principal: &Principal,
        to: DeploymentId,
        wanted: RollBack,
        nonce: Nonce,
    ) -> Result<Reply> {
        let deployment: Deployment = asked
            .ask(ConversationCall::RollBack {
                to,
                by: principal.name.clone(),
                note: wanted.note,
                nonce,
            })
            .await?;
        Reply::json(202, &resource::DeploymentShown { deployment })
    }

    pub(super) async fn list_deployments(&self, asked: &Asked<'_>) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let call = ConversationCall::Deployments {
            before: page.after("deployments")?,
            limit: page.limit + 1,
        };
        let deployments: Vec<Deployment> = asked.ask(call).await?;
        let (deployments, next_cursor) = page::cut(deployments, page.limit, |deployment| {
            page::cursor("deployments", &deployment.id.number())
        });
        Reply::json(
            200,
            &resource::DeploymentPage {
                deployments,
                next_cursor,
            },
        )
    }

    pub(super) async fn show_deployment(
        &self,
        asked: &Asked<'_>,
        id: DeploymentId,
    ) -> Result<Reply> {
        let deployment = asked.ask(ConversationCall::Deployment { id }).await?;
        Reply::json(200, &resource::DeploymentShown { deployment })
    }

    pub(super) async fn list_variables(&self, asked: &Asked<'_>) -> Result<Reply> {
        let known: Variables = asked.ask(ConversationCall::Variables).await?;
        let variables = known
            .into_iter()
            .flat_map(|(environment, variables)| {
                variables
                    .into_iter()
                    .map(move |(name, value)| resource::Variable {
                        environment,
                        name,
                        kind: resource::VariableKind::Public,
                        value: Some(value),
                    })
            })
            .collect();
        Reply::json(200, &resource::VariableList { variables })
    }

    pub(super) async fn set_variable(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        principal: &Principal,
        environment: Environment,
        name: String,
        wanted: SetVariable,
    ) -> Result<Reply> {
        let variable = resource::Variable {
            environment,
            name: name.clone(),
            kind: wanted.kind,
            value: Some(wanted.value.clone()),
        };
        self.change_variable(app, asked, principal, environment, name, Some(wanted.value))
            .await?;
        Reply::json(200, &resource::VariableShown { variable })
    }

    async fn change_variable(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        principal: &Principal,
        environment: Environment,
        name: String,
        value: Option<String>,
    ) -> Result<()> {
        let call = ConversationCall::SetVariable {
            environment,
            name,
            value,
        };
        asked.ask::<()>(call).await?;
        self.tell_own_worker(app, asked, principal, environment)
            .await
    }

    /// Where an app has a Worker of its own, variables go there with another deployment of what is live.
    async fn tell_own_worker(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        principal: &Principal,
        environment: Environment,
    ) -> Result<()> {
        if environment == Environment::Preview || settings::cloudflare(self.env)?.is_none() {
            return Ok(());
        }
        let live: Option<Live> = asked.ask(ConversationCall::Site { environment }).await?;
        if let Some((_, version)) = live.and_then(|live| live.set) {
            let wanted = Deploy {
                environment,
                version: Some(version),
                note: Some("The variables have changed.".to_owned()),
            };
            let nonce = Nonce(random::bytes()?);
            self.deploy(app, asked, principal, wanted, nonce).await?;
        }
        Ok(())
    }

    pub(super) async fn delete_variable(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        principal: &Principal,
        environment: Environment,
        name: String,
    ) -> Result<Reply> {
        self.change_variable(app, asked, principal, environment, name, None)
            .await?;
        Ok(Reply::empty())
    }
}
