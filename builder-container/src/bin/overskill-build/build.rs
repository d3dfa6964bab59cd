//! One job, given to a builder of its own over HTTP as the Worker gives it.

use std::{fs, io::Read as _, num::NonZeroUsize};

use overskill::{
    build::{FailureReason, Status},
    digest::Digest,
};
use overskill_builder::{
    Server,
    client::{Answer, AnyError, Door, Refusal, Sources},
    settings::Settings,
};

use crate::{Ending, arguments::Arguments};

/// What came of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The builder has answered.
    Answered(Box<Answered>),
    /// The folder was not sent, or the door refused it.
    Refused(Refusal),
    /// The builder, or this machine, failed.
    Failed(String),
}

/// An answer to a folder.
#[derive(Debug)]
pub(crate) struct Answered {
    /// What is in the folder and was not sent.
    pub(crate) left_out: Vec<String>,
    /// What the builder said.
    pub(crate) answer: Answer,
}

impl Outcome {
    /// Whom it is for to mend it.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::Answered(answered) => {
                match (answered.answer.report.status, answered.answer.report.reason) {
                    (Status::Succeeded, _) => Ending::Built,
                    (
                        Status::Failed,
                        Some(FailureReason::Source | FailureReason::Render) | None,
                    ) => Ending::Author,
                    (
                        Status::Failed,
                        Some(
                            FailureReason::Timeout | FailureReason::Memory | FailureReason::Output,
                        ),
                    ) => Ending::Limit,
                }
            }
            Self::Refused(Refusal::NoPage(_) | Refusal::Limit(_)) => Ending::Limit,
            Self::Refused(Refusal::Unreadable { .. }) | Self::Failed(_) => Ending::Builder,
        }
    }
}

/// Builds the sources.
pub(crate) async fn build(arguments: &Arguments, sources: Sources) -> Outcome {
    match try_build(arguments, &sources).await {
        Ok(answer) => {
            let left_out = sources.left_out;
            Outcome::Answered(Box::new(Answered { left_out, answer }))
        }
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

async fn try_build(arguments: &Arguments, sources: &Sources) -> Result<Answer, AnyError> {
    if let Some(out) = &arguments.out
        && fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(format!(
            "{} is not empty; name another folder with --out",
            out.display()
        )
        .into());
    }
    let (address, token) = match &arguments.builder {
        Some(url) => {
            let token = std::env::var("BUILDER_TOKEN");
            let token = token
                .map_err(|_| "BUILDER_TOKEN is not set: what the builder knows its callers by")?;
            (url.trim_end_matches('/').to_owned(), token)
        }
        None => start(arguments).await?,
    };
    let body = sources.job("local", arguments.mode, arguments.type_check)?;
    let (out, picture) = (arguments.out.clone(), arguments.screenshot.clone());
    let door = Door { address, token };
    let asked =
        tokio::task::spawn_blocking(move || door.ask(&body, out.as_deref(), picture.as_deref()));
    let answer = asked.await??;
    if let (Some(file), Some(lockfile)) = (&arguments.lockfile, &answer.lockfile) {
        fs::write(file, lockfile)?;
    }
    Ok(answer)
}

/// A builder of this process's own: its address and token. It is gone when the process is.
async fn start(arguments: &Arguments) -> Result<(String, String), AnyError> {
    let token = random_token()?;
    let hash = Digest::of(token.as_bytes());
    let mut settings = Settings::new(arguments.toolchain.clone(), arguments.state.clone(), hash);
    settings.node.clone_from(&arguments.node);
    settings.extras.clone_from(&arguments.extras);
    settings.vendor.clone_from(&arguments.vendor);
    settings.slots = NonZeroUsize::MIN;
    for (flag, value) in &arguments.passed {
        settings.set(flag.clone(), Some(value.clone()))?;
    }
    settings.browser = arguments.browser.clone();
    let server = Server::start(settings).await?;
    let address = server.address()?;
    tokio::spawn(server.serve(std::future::pending()));
    Ok((format!("http://{address}"), token))
}

/// Whoever else is on this machine can find the address, and cannot guess this.
fn random_token() -> std::io::Result<String> {
    let mut random = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(Digest::of(&random).to_string())
}
