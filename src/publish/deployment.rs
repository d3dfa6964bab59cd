//! A deployment: an artifact set at one of an app's addresses, and the history of these.

use serde::{Deserialize, Serialize};

use super::Environment;
use crate::{
    digest::Digest,
    ids::{BuildId, DeploymentId},
    time::Timestamp,
};

/// The longest note about why, in characters.
pub const MOST_NOTE_CHARS: usize = 500;

/// Who has asked for a deployment that nobody has asked for. Its origin says why.
pub const AUTOMATIC: &str = "automatic";

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentStatus {
    /// Somebody else than whoever asked for it has to approve it.
    AwaitingApproval,
    /// Another one of the same environment has to end before.
    Waiting,
    /// Its version is being built in production mode.
    Building,
    /// What was built is being put at the address, and looked at.
    Deploying,
    /// The address serves it.
    Live,
    /// The address served it, and serves a later one now.
    Superseded,
    /// It never was at the address; `error` says why.
    Failed,
    /// Somebody did not want it; `error` says who and why.
    Rejected,
}

/// What a deployment came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Origin {
    /// Somebody deployed a version.
    Deploy,
    /// Somebody went back to what an earlier deployment had put there.
    Rollback {
        /// Which one.
        to: DeploymentId,
    },
    /// The platform went back by itself to what was there before, since most of what visitors were answered were errors.
    AutomaticRollback {
        /// To which one.
        to: DeploymentId,
        /// From which one.
        from: DeploymentId,
        /// What visitors were answered, as a sentence.
        reason: String,
    },
}

/// One deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Where to: `staging` or `production`. The preview follows the conversation by itself.
    pub environment: Environment,
    /// Which version.
    pub version: u32,
    /// What it came from.
    pub origin: Origin,
    /// How far it is.
    pub status: DeploymentStatus,
    /// The production build of the version.
    pub build: Option<BuildId>,
    /// The digest of what is served: files and script. Two deployments with one digest serve the same bytes, but for the variables.
    pub digest: Option<Digest>,
    /// The version of the app's own Worker on an account, or what its Worker in a dispatch namespace is called, where it has one.
    pub remote: Option<String>,
    /// The address.
    pub url: String,
    /// Whose token or session it was asked with; [`AUTOMATIC`] when the platform did it by itself.
    pub by: String,
    /// Why, in the words of whoever asked.
    pub note: Option<String>,
    /// Who has approved it, where that was needed.
    pub approval: Option<Approval>,
    /// Why it failed, or was rejected.
    pub error: Option<String>,
    /// What was noticed once it was live, and what came of that.
    pub trouble: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the address began to serve it.
    pub live_at: Option<Timestamp>,
    /// When it failed or was rejected, or another one took its place.
    pub ended_at: Option<Timestamp>,
}

/// That a deployment may begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Whose token or session it was approved with.
    pub by: String,
    /// Why, in their words.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What somebody makes of a deployment that awaits approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may begin.
    Approve,
    /// It comes to nothing.
    Reject,
}
