//! The calls about deployments and variables.

use super::{
    Content::Empty,
    Method::{Delete, Get, Post, Put},
    Operation,
    available::{PAGE, answer, json},
};
use crate::http::{
    body::{Decide, Deploy, RollBack, SetApprovals, SetVariable},
    resource as r,
    route::AppCall,
};

pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        Get,
        "/v1/apps/{app}/deployments",
        "listDeployments",
        "List the deployments",
        &[answer(
            200,
            "Deployments, newest first.",
            json::<r::DeploymentPage>(),
        )],
        |_, captures| captures.app(AppCall::ListDeployments),
    )
    .reads(PAGE),
    Operation::new(
        Post,
        "/v1/apps/{app}/deployments",
        "deploy",
        "Deploy or promote a version",
        &[answer(
            202,
            "Accepted. The version is built for production unless it was; what is live stays until the new one was looked at. Its progress is in the feed.",
            json::<r::DeploymentShown>(),
        )],
        |_, captures| captures.app(AppCall::Deploy),
    )
    .takes(json::<Deploy>()),
    Operation::new(
        Get,
        "/v1/apps/{app}/deployments/{deployment}",
        "getDeployment",
        "Show a deployment",
        &[answer(200, "The deployment.", json::<r::DeploymentShown>())],
        |_, captures| {
            captures.app(AppCall::ShowDeployment {
                deployment: captures.id("deployment")?,
            })
        },
    ),
    Operation::new(
        Post,
        "/v1/apps/{app}/deployments/{deployment}/rollback",
        "rollBack",
        "Go back to an earlier deployment",
        &[answer(
            202,
            "A new deployment of what that one had put at its address. Those of the environment that wait come to nothing.",
            json::<r::DeploymentShown>(),
        )],
        |_, captures| {
            captures.app(AppCall::RollBack {
                deployment: captures.id("deployment")?,
            })
        },
    )
    .takes(json::<RollBack>()),
    Operation::new(
        Get,
        "/v1/apps/{app}/approvals",
        "listApprovals",
        "Show which deployments need an approval, and which await one",
        &[answer(
            200,
            "The environments, and what awaits an approval, the oldest first.",
            json::<r::Approvals>(),
        )],
        |_, captures| captures.app(AppCall::ListApprovals),
    ),
    Operation::new(
        Put,
        "/v1/apps/{app}/approvals",
        "setApprovals",
        "Set which deployments need an approval",
        &[answer(
            200,
            "It holds for what is asked for from now on. What awaits an approval goes on to do so.",
            json::<r::Approvals>(),
        )],
        |_, captures| captures.app(AppCall::SetApprovals),
    )
    .takes(json::<SetApprovals>()),
    Operation::new(
        Post,
        "/v1/apps/{app}/approvals",
        "decide",
        "Approve or reject a deployment",
        &[answer(
            202,
            "Approved, it begins, or waits for others of its environment. Rejected, it is over.",
            json::<r::DeploymentShown>(),
        )],
        |_, captures| captures.app(AppCall::Decide),
    )
    .takes(json::<Decide>()),
    Operation::new(
        Get,
        "/v1/apps/{app}/env",
        "listVariables",
        "List the variables",
        &[answer(
            200,
            "By environment and name.",
            json::<r::VariableList>(),
        )],
        |_, captures| captures.app(AppCall::ListVariables),
    ),
    Operation::new(
        Put,
        "/v1/apps/{app}/env/{environment}/{name}",
        "setVariable",
        "Set a variable",
        &[answer(
            200,
            "It holds from the next request on.",
            json::<r::VariableShown>(),
        )],
        |_, captures| {
            captures.app(AppCall::SetVariable {
                environment: captures.environment()?,
                name: captures.variable()?,
            })
        },
    )
    .takes(json::<SetVariable>()),
    Operation::new(
        Delete,
        "/v1/apps/{app}/env/{environment}/{name}",
        "deleteVariable",
        "Delete a variable",
        &[answer(204, "It is gone from the next request on.", Empty)],
        |_, captures| {
            captures.app(AppCall::DeleteVariable {
                environment: captures.environment()?,
                name: captures.variable()?,
            })
        },
    ),
];
