//! One job, given to a builder of its own over HTTP as the Worker gives it.

use std::{fs, io::Read as _, num::NonZeroUsize, path::Path};

use overskill::{
    build::{
        AnswerEvent, AnswerReader, Artifact, ArtifactLimits, Diagnostic, FailureReason, Report,
        Status,
    },
    digest::Digest,
};
use overskill_builder::{Server, settings::Settings};

use crate::{
    Ending,
    arguments::Arguments,
    sources::{Refusal, Sources},
};

/// What came of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The builder has answered.
    Answered(Box<Answer>),
    /// The folder was not sent, or the door refused it.
    Refused(Refusal),
    /// The builder, or this machine, failed.
    Failed(String),
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What is in the folder and was not sent.
    pub(crate) left_out: Vec<String>,
    /// What was said while it was built.
    pub(crate) logs: Vec<String>,
    /// What is wrong with the sources.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What was built: path, size in bytes, hash.
    pub(crate) artifacts: Vec<(String, usize, Digest)>,
    /// The lock file that the folder should have, if its own says something else.
    pub(crate) lockfile: Option<String>,
    /// How the start page looks: the size of a WebP picture in bytes.
    pub(crate) screenshot: Option<usize>,
    /// How it ended.
    pub(crate) report: Report,
}

impl Outcome {
    /// Whom it is for to mend it.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::Answered(answer) => match (answer.report.status, answer.report.reason) {
                (Status::Succeeded, _) => Ending::Built,
                (Status::Failed, Some(FailureReason::Source | FailureReason::Render) | None) => {
                    Ending::Author
                }
                (
                    Status::Failed,
                    Some(FailureReason::Timeout | FailureReason::Memory | FailureReason::Output),
                ) => Ending::Limit,
            },
            Self::Refused(Refusal::NoPage(_) | Refusal::Limit(_)) => Ending::Limit,
            Self::Refused(Refusal::Unreadable { .. }) | Self::Failed(_) => Ending::Builder,
        }
    }
}

/// Builds the sources.
pub(crate) async fn build(arguments: &Arguments, sources: Sources) -> Outcome {
    match try_build(arguments, sources).await {
        Ok(answer) => Outcome::Answered(Box::new(answer)),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

async fn try_build(arguments: &Arguments, sources: Sources) -> Result<Answer> {
    if let Some(out) = &arguments.out
        && fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some())
    {
        return Err(format!(
            "{} is not empty; name another folder with --out",
            out.display()
        )
        .into());
    }
    // Nobody else is told the address, and it is gone with this process.
    let token = format!("local-{}", std::process::id());
    let hash = Digest::of(token.as_bytes());
    let mut settings = Settings::new(arguments.toolchain.clone(), arguments.state.clone(), hash);
    settings.node.clone_from(&arguments.node);
    settings.vendor.clone_from(&arguments.vendor);
    settings.slots = NonZeroUsize::MIN;
    for (flag, value) in &arguments.builder {
        settings.set(flag.clone(), Some(value.clone()))?;
    }
    settings.browser = arguments.browser.clone();
    let server = Server::start(settings).await?;
    let address = server.address()?;
    let serving = tokio::spawn(server.serve(std::future::pending()));
    let body = sources
        .job(arguments.mode, arguments.type_check)
        .map_err(|error| error.to_string())?;
    let (out, picture) = (arguments.out.clone(), arguments.screenshot.clone());
    let asked = tokio::task::spawn_blocking(move || {
        ask(
            &format!("http://{address}"),
            &token,
            &body,
            out.as_deref(),
            picture.as_deref(),
        )
    });
    let mut answer = asked.await??;
    serving.abort();
    answer.left_out = sources.left_out;
    if let (Some(file), Some(lockfile)) = (&arguments.lockfile, &answer.lockfile) {
        fs::write(file, lockfile)?;
    }
    Ok(answer)
}

fn ask(
    address: &str,
    token: &str,
    body: &[u8],
    out: Option<&Path>,
    picture_file: Option<&Path>,
) -> Result<Answer> {
    let mut response = ureq::post(format!("{address}/builds"))
        .config()
        .http_status_as_error(false)
        .build()
        .header("authorization", &format!("Bearer {token}"))
        .send(body)?;
    let status = response.status().as_u16();
    if status != 200 {
        let said = response.body_mut().read_to_string()?;
        return Err(format!("the builder answers {status}: {said}").into());
    }
    let mut stream = response.body_mut().as_reader();
    let mut reader = AnswerReader::new(ArtifactLimits::DEFAULT);
    let (mut logs, mut diagnostics, mut artifacts) = (vec![], vec![], vec![]);
    let (mut lockfile, mut screenshot, mut report) = (None, None, None);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        for event in reader.push(buffer.get(..length).unwrap_or_default())? {
            match event {
                AnswerEvent::Started { .. } => {}
                AnswerEvent::Log(line) => logs.push(line),
                AnswerEvent::Diagnostic(diagnostic) => diagnostics.push(diagnostic),
                AnswerEvent::Artifact(artifact) => {
                    if let Some(out) = out {
                        write(out, &artifact)?;
                    }
                    let path = artifact.path.as_str().to_owned();
                    artifacts.push((path, artifact.content.len(), artifact.sha256));
                }
                AnswerEvent::Lockfile(text) => lockfile = Some(text),
                AnswerEvent::Screenshot(picture) => {
                    if let Some(file) = picture_file {
                        fs::write(file, &picture.content)?;
                    }
                    screenshot = Some(picture.content.len());
                }
                AnswerEvent::Vendor { path, sha256, size } => {
                    if let Some(out) = out {
                        let content = vendor(address, token, &sha256)?;
                        write(
                            out,
                            &Artifact {
                                path: path.clone(),
                                sha256,
                                content,
                            },
                        )?;
                    }
                    artifacts.push((path.to_string(), usize::try_from(size)?, sha256));
                }
                AnswerEvent::Report(last) => report = Some(last),
            }
        }
    }
    reader.finish()?;
    Ok(Answer {
        left_out: Vec::new(),
        logs,
        diagnostics,
        artifacts,
        lockfile,
        screenshot,
        report: report.ok_or("the answer ended without a report")?,
    })
}

/// The content of a vendor module, which an answer only names.
fn vendor(address: &str, token: &str, sha256: &Digest) -> Result<Vec<u8>> {
    let mut response = ureq::get(format!("{address}/vendor/{sha256}"))
        .header("authorization", &format!("Bearer {token}"))
        .call()?;
    let content = response.body_mut().read_to_vec()?;
    if Digest::of(&content) != *sha256 {
        return Err(format!("the vendor module {sha256} has another hash").into());
    }
    Ok(content)
}

fn write(out: &Path, artifact: &Artifact) -> std::io::Result<()> {
    let file = out.join(artifact.path.as_str());
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, &artifact.content)
}
