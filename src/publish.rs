//! From built files to something that answers requests: the artifact set, the app's Worker, and the check before it
//! goes live.
//!
//! What is generated is equal in preview, staging and production; only the variables differ. Uploads nothing and
//! runs nothing: the edge stores the bytes, loads the Worker and asks it the probe's questions.

pub mod advice;
mod answers;
mod artifacts;
pub mod cache;
mod critical;
mod deployment;
pub mod dns;
pub mod domain;
mod functions;
mod html;
pub mod names;
pub mod own;
pub mod placeholder;
pub mod probe;
mod runtime;
mod script;
pub mod secrets;
mod sizes;
mod variable;

pub use answers::{ASSET_UNREADABLE, Answers, LEAST_FAILED, WATCHED_MILLIS};
pub use artifacts::{Artifact, ArtifactSet, own_hashes};
pub use critical::Critical;
pub use deployment::{
    AUTOMATIC, Approval, Decision, Deployment, DeploymentStatus, MOST_NOTE_CHARS, Origin,
};
pub use functions::{FUNCTIONS_FOLDER, Function, FunctionName, MOST_FUNCTIONS, is_of_functions};
pub use runtime::{Environment, Runtime};
pub use script::{
    BUDGET, Module, ModuleKind, Part, Plan, PublishError, Script, Split, code_id, is_immutable,
    misnamed, worker_script,
};
pub use sizes::{Asset, Band, MOST_ASSETS, OTHER_BUDGETS, Place, Share, SizeReport, WhatIf};
pub use variable::{ALLOWED_HOSTS, MOST_HOSTS, Told, Variable, VariableKind, hosts, sealed_as};

/// The page that every navigation gets.
pub const PAGE: &str = "index.html";
