//! What is sent about deployments and variables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Body, field};
use crate::{
    config::Limits,
    error::{Error, Kind, Result},
    ids::DeploymentId,
    publish::{Decision, Environment, MOST_NOTE_CHARS, VariableKind},
};

/// `POST /v1/apps/{app}/deployments`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// Where to: `staging` or `production`.
    pub environment: Environment,
    /// Which version; the newest one when it is not given. Both environments serve the same build of a version.
    #[serde(default)]
    pub version: Option<u32>,
    /// Why, at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// `POST /v1/apps/{app}/deployments/{deployment}/rollback`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// Why, at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// `PUT /v1/apps/{app}/approvals`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetApprovals {
    /// To which environments a deployment needs an approval: `staging`, `production`, both or none.
    pub environments: Vec<Environment>,
}

/// `POST /v1/apps/{app}/approvals`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// Which deployment.
    pub deployment: DeploymentId,
    /// What becomes of it. Whoever has asked for it can reject it, and not approve it.
    pub decision: Decision,
    /// Why, at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// `PUT /v1/apps/{app}/env/{environment}/{name}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetVariable {
    /// Who gets to know it.
    pub kind: VariableKind,
    /// Its value, at most 4 KiB. It holds from the next request on, without a deployment. A secret is sealed and never shown again.
    pub value: String,
}

impl Body for Deploy {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        if wire.environment == Environment::Preview {
            return Err(field(
                "environment",
                "must be `staging` or `production`: the preview follows the conversation by itself",
            ));
        }
        if wire.version == Some(0) {
            return Err(field("version", "must be 1 or more, or left out"));
        }
        let note = checked_note(wire.note)?;
        Ok(Self { note, ..wire })
    }
}

impl Body for RollBack {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        let note = checked_note(wire.note)?;
        Ok(Self { note })
    }
}

impl Body for SetApprovals {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        if wire.environments.contains(&Environment::Preview) {
            return Err(field(
                "environments",
                "must be of `staging` and `production`: the preview follows the conversation by itself",
            ));
        }
        Ok(wire)
    }
}

impl Body for Decide {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        let note = checked_note(wire.note)?;
        Ok(Self { note, ..wire })
    }
}

impl Body for SetVariable {
    type Wire = Self;

    fn check(wire: Self, limits: &Limits) -> Result<Self> {
        let most = limits.variable_bytes;
        if wire.value.len() > most {
            return Err(Error::new(
                Kind::TooLarge,
                format!("A variable has at most {most} bytes."),
            )
            .with("limit", most));
        }
        Ok(wire)
    }
}

/// A note without the white space around it. An empty one is none.
fn checked_note(note: Option<String>) -> Result<Option<String>> {
    let note = note
        .map(|note| note.trim().to_owned())
        .filter(|note| !note.is_empty());
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > MOST_NOTE_CHARS)
    {
        let rule = format!("must have at most {MOST_NOTE_CHARS} characters");
        return Err(field("note", &rule));
    }
    Ok(note)
}
