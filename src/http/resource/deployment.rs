//! Deployments and variables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    publish::{Deployment, Environment, VariableKind},
    time::Timestamp,
};

/// One deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentShown {
    /// The deployment.
    pub deployment: Deployment,
}

/// A page of deployments, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentPage {
    /// The deployments.
    pub deployments: Vec<Deployment>,
    /// The `cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
}

/// What is approved before it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approvals {
    /// To which environments a deployment needs an approval.
    pub environments: Vec<Environment>,
    /// The deployments that await one, the oldest first.
    pub deployments: Vec<Deployment>,
}

/// A variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// Of which environment.
    pub environment: Environment,
    /// Its name: a capital letter and at most 63 capital letters, digits and `_`.
    pub name: String,
    /// Who gets to know it.
    pub kind: VariableKind,
    /// Its value. A secret's is never shown.
    pub value: Option<String>,
    /// Who has set it: the name of their token.
    pub by: String,
    /// When.
    pub set_at: Timestamp,
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariableShown {
    /// The variable.
    pub variable: Variable,
}

/// All variables of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariableList {
    /// By environment and name.
    pub variables: Vec<Variable>,
}
