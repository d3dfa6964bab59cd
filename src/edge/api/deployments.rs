//! Deployments and variables of an app.

use super::{Call, Principal, Reply, apps::Asked};
use crate::{
    edge::{
        cipher, hostnames,
        objects::{ConversationCall, Variables},
        settings,
    },
    error::{Error, Kind, Result},
    generation::AppSummary,
    http::{
        body::{self, Decide, Deploy, RollBack, SetApprovals, SetVariable},
        idempotency::Nonce,
        page::{self, Page},
        query::Query,
        resource,
    },
    ids::{AppId, DeploymentId},
    publish::{self, ALLOWED_HOSTS, Deployment, Environment, Variable, VariableKind, names::Name},
};

/// What the names begin with that functions are told by the platform.
const OURS: &str = "OVERSKILL_";

/// A variable as it is shown: never a secret's value.
fn shown(environment: Environment, name: String, variable: Variable) -> resource::Variable {
    let Variable {
        kind,
        value,
        by,
        at,
    } = variable;
    resource::Variable {
        environment,
        name,
        kind,
        value: (kind != VariableKind::Secret).then_some(value),
        by,
        set_at: at,
    }
}

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
    pub(super) async fn public_name(&self, app: &AppId, asked: &Asked<'_>) -> Result<Name> {
        let known: Option<Name> = asked.ask(ConversationCall::PublicName).await?;
        if let Some(name) = known {
            return Ok(name);
        }
        let summary: AppSummary = asked.ask(ConversationCall::Show).await?;
        let name = hostnames::claim_one(self.env, app, Name::proposed(&summary.name, app)).await?;
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

    pub(super) async fn list_approvals(&self, asked: &Asked<'_>) -> Result<Reply> {
        Query::parse(&self.query, &[])?;
        let approvals: resource::Approvals = asked.ask(ConversationCall::Approvals).await?;
        Reply::json(200, &approvals)
    }

    pub(super) async fn set_approvals(
        &mut self,
        asked: &Asked<'_>,
        principal: &Principal,
    ) -> Result<Reply> {
        let bytes = self.body(body::MAX_JSON_BYTES).await?;
        let SetApprovals { environments } = self.parse(&bytes)?;
        let approvals: resource::Approvals = asked
            .ask(ConversationCall::SetApprovals {
                environments: environments.into_iter().collect(),
                by: principal.name.clone(),
            })
            .await?;
        Reply::json(200, &approvals)
    }

    pub(super) async fn decide(
        &self,
        asked: &Asked<'_>,
        principal: &Principal,
        wanted: Decide,
        nonce: Nonce,
    ) -> Result<Reply> {
        let deployment: Deployment = asked
            .ask(ConversationCall::Decide {
                deployment: wanted.deployment,
                decision: wanted.decision,
                by: principal.name.clone(),
                note: wanted.note,
                nonce,
            })
            .await?;
        Reply::json(202, &resource::DeploymentShown { deployment })
    }

    pub(super) async fn list_variables(&self, asked: &Asked<'_>) -> Result<Reply> {
        let known: Variables = asked.ask(ConversationCall::Variables).await?;
        let variables = known
            .into_iter()
            .flat_map(|(environment, variables)| {
                variables
                    .into_iter()
                    .map(move |(name, variable)| shown(environment, name, variable))
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
        let SetVariable { kind, value } = wanted;
        if (kind == VariableKind::Platform) != (name == ALLOWED_HOSTS) {
            return Err(Error::new(
                Kind::Invalid,
                format!(
                    "`{ALLOWED_HOSTS}` is the one variable of the kind `platform`; `{name}` is no such."
                ),
            ));
        }
        if name.starts_with(OURS) {
            return Err(Error::new(
                Kind::Invalid,
                format!("What begins with `{OURS}` is set by the platform. Choose another name."),
            ));
        }
        let value = match kind {
            VariableKind::Public => value,
            VariableKind::Platform => publish::hosts(&value, self.hosts.is_local())
                .map_err(|why| Error::new(Kind::Invalid, format!("{why}.")))?
                .join(" "),
            VariableKind::Secret => {
                let of = publish::sealed_as(app, environment, &name);
                cipher::seal(self.env, &of, &value).await?
            }
        };
        let change = Some((kind, value));
        let variable = self
            .change_variable(asked, principal, environment, name.clone(), change)
            .await?
            .ok_or_else(|| Error::internal("a variable that was set is not there"))?;
        let variable = shown(environment, name, variable);
        Reply::json(200, &resource::VariableShown { variable })
    }

    async fn change_variable(
        &self,
        asked: &Asked<'_>,
        principal: &Principal,
        environment: Environment,
        name: String,
        value: Option<(VariableKind, String)>,
    ) -> Result<Option<Variable>> {
        let call = ConversationCall::SetVariable {
            environment,
            name,
            value,
            by: principal.name.clone(),
            // An app's own Worker is told by another deployment of the same.
            redeploys: environment != Environment::Preview
                && settings::cloudflare(self.env)?.is_some(),
        };
        asked.ask(call).await
    }

    pub(super) async fn delete_variable(
        &self,
        asked: &Asked<'_>,
        principal: &Principal,
        environment: Environment,
        name: String,
    ) -> Result<Reply> {
        self.change_variable(asked, principal, environment, name, None)
            .await?;
        Ok(Reply::empty())
    }
}
