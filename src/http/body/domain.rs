//! What is sent about domains of people's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Body, field};
use crate::{config::Limits, error::Result, publish::domain::DomainName};

/// `POST /v1/apps/{app}/domains`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDomain {
    /// A host name such as `www.example.com`.
    pub host: String,
}

impl Body for AddDomain {
    type Wire = Self;

    fn check(wire: Self, _: &Limits) -> Result<Self> {
        let host: std::result::Result<DomainName, _> = wire.host.trim().parse();
        let host = host.map_err(|why| field("host", &format!("is refused: {why}")))?;
        Ok(Self {
            host: host.to_string(),
        })
    }
}
