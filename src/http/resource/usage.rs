//! What apps and workspaces have cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens of language models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Read at the full price.
    pub input: u64,
    /// Read out of the provider's cache.
    pub cache_read: u64,
    /// Read and put into it.
    pub cache_write: u64,
    /// Written, thinking included.
    pub output: u64,
}

/// Tokens and what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Costs {
    /// The tokens.
    pub tokens: Tokens,
    /// Millionths of a dollar. Calls of models whose price is not known count nothing.
    pub micros: u64,
}

/// `GET /v1/apps/{app}/usage`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppUsage {
    /// What was asked for.
    pub billed: Costs,
    /// What mended the model's own mistakes, and calls that came to nothing.
    pub unbilled: Costs,
    /// How long the builder has worked, in milliseconds; what came out of the build cache has taken no time.
    pub builder_ms: u64,
    /// Builds, however they ended.
    pub builds: u32,
}

/// `GET /v1/usage`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceUsage {
    /// What was asked for.
    pub billed: Costs,
    /// Repairs, and calls that came to nothing.
    pub unbilled: Costs,
    /// Everything, with what is set aside for calls under way: what the workspace's budget is held against.
    pub total: UsageTotal,
    /// The same of today, in UTC.
    pub today: UsageTotal,
}

/// What a budget is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsageTotal {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Millionths of a dollar.
    pub micros: u64,
    /// Calls of models.
    pub steps: u64,
    /// How long they have taken.
    pub milliseconds: u64,
}
