//! The generation's values as what the API answers with.

use super::{body::MessageMode, resource};
use crate::{
    generation::{
        AppSummary, AppUsage, Author, Build, BuildStatus, MessageRole, Spending, Status, Version,
        budget::Total, tools::Intent,
    },
    llm::message::Usage,
};

impl From<MessageMode> for Intent {
    fn from(mode: MessageMode) -> Self {
        match mode {
            MessageMode::Auto => Self::Auto,
            MessageMode::Discuss => Self::Discuss,
            MessageMode::Build => Self::Build,
        }
    }
}

fn costs(usage: Usage, micros: u64) -> resource::Costs {
    resource::Costs {
        tokens: resource::Tokens {
            input: usage.input,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            output: usage.output,
        },
        micros,
    }
}

/// What is billed, and what is not.
#[must_use]
pub fn both(spent: &Spending) -> (resource::Costs, resource::Costs) {
    (
        costs(spent.billed, spent.billed_micros),
        costs(spent.unbilled, spent.unbilled_micros),
    )
}

impl From<AppUsage> for resource::AppUsage {
    fn from(usage: AppUsage) -> Self {
        let (billed, unbilled) = both(&usage.spent);
        Self {
            billed,
            unbilled,
            builder_ms: usage.builder_millis,
            builds: usage.builds,
        }
    }
}

impl From<Total> for resource::UsageTotal {
    fn from(total: Total) -> Self {
        Self {
            tokens: total.tokens,
            micros: total.micros,
            steps: total.steps,
            milliseconds: total.millis,
        }
    }
}

impl From<AppSummary> for resource::App {
    fn from(app: AppSummary) -> Self {
        Self {
            id: app.id,
            name: app.name,
            status: match app.status {
                Status::Creating => resource::AppStatus::Creating,
                Status::Working => resource::AppStatus::Working,
                Status::Ready => resource::AppStatus::Ready,
                Status::Failed => resource::AppStatus::Failed,
            },
            preview_url: app.preview_url,
            model: app.model,
            version: app.version,
            preview_version: app.preview_version,
            production_url: app.production_url,
            created_at: app.created_at,
            updated_at: app.updated_at,
        }
    }
}

impl From<MessageRole> for resource::Role {
    fn from(role: MessageRole) -> Self {
        match role {
            MessageRole::User => Self::User,
            MessageRole::Assistant => Self::Assistant,
        }
    }
}

impl From<Version> for resource::Version {
    fn from(version: Version) -> Self {
        Self {
            number: version.number,
            parent: version.parent,
            author: match version.author {
                Author::Foundation => resource::Author::Foundation,
                Author::Model => resource::Author::Model,
                Author::User => resource::Author::User,
                Author::Restore => resource::Author::Restore,
                Author::System => resource::Author::System,
            },
            summary: version.summary,
            turn: version.turn,
            files: version.files as u64,
            created_at: version.created_at,
        }
    }
}

impl From<Build> for resource::Build {
    fn from(build: Build) -> Self {
        Self {
            id: build.id,
            version: build.version,
            mode: build.mode,
            status: match build.status {
                BuildStatus::Queued => resource::BuildStatus::Queued,
                BuildStatus::Running => resource::BuildStatus::Running,
                BuildStatus::Retrying => resource::BuildStatus::Retrying,
                BuildStatus::Succeeded => resource::BuildStatus::Succeeded,
                BuildStatus::Failed => resource::BuildStatus::Failed,
                BuildStatus::Superseded => resource::BuildStatus::Superseded,
            },
            attempts: build.attempts,
            diagnostics: build.diagnostics,
            report: build.report,
            cached: build.cached,
            sizes: build.sizes,
            created_at: build.created_at,
            finished_at: build.finished_at,
        }
    }
}
