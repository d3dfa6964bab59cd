//! Deployments and variables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::publish::{Deployment, Environment};

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

/// Who gets to know a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// Everybody: the app's page is told as it is served.
    Public,
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
    /// Its value.
    pub value: Option<String>,
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
