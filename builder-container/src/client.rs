//! The other end of the builder's door: a folder as a job, and what comes back. For the programs that build by hand and
//! that time builds; the product's own client is the Worker.

mod sources;

use std::{fs, io::Read as _, path::Path};

use overskill::{
    build::{AnswerEvent, AnswerReader, Artifact, ArtifactLimits, Diagnostic, Report},
    digest::Digest,
};

pub use sources::{Refusal, Sources};

/// Whatever goes wrong between here and the builder; a sentence for who started the program.
pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Where a builder is.
#[derive(Debug, Clone)]
pub struct Door {
    /// Its address, `http://…`, without a slash at the end.
    pub address: String,
    /// What it knows its callers by.
    pub token: String,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// What was said while it was built.
    pub logs: Vec<String>,
    /// What is wrong with the sources.
    pub diagnostics: Vec<Diagnostic>,
    /// What was built: path, size in bytes, hash.
    pub artifacts: Vec<(String, usize, Digest)>,
    /// The lock file that the app should have, if its own says something else.
    pub lockfile: Option<String>,
    /// How the start page looks: the size of a WebP picture in bytes.
    pub screenshot: Option<usize>,
    /// How it ended.
    pub report: Report,
}

impl Door {
    /// Sends the body of a job, and waits for its answer. What is built is written to `out`, vendor modules included, and
    /// how the start page looks to `picture_file`.
    ///
    /// # Errors
    /// When the builder refuses the job, breaks off, says what cannot be believed, or something cannot be written.
    pub fn ask(
        &self,
        body: &[u8],
        out: Option<&Path>,
        picture_file: Option<&Path>,
    ) -> Result<Answer, AnyError> {
        let mut response = ureq::post(format!("{}/builds", self.address))
            .config()
            .http_status_as_error(false)
            .build()
            .header("authorization", self.bearer())
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
                            let content = self.vendor(&sha256)?;
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
            logs,
            diagnostics,
            artifacts,
            lockfile,
            screenshot,
            report: report.ok_or("the answer ended without a report")?,
        })
    }

    /// The content of a vendor module, which an answer only names.
    fn vendor(&self, sha256: &Digest) -> Result<Vec<u8>, AnyError> {
        let mut response = ureq::get(format!("{}/vendor/{sha256}", self.address))
            .header("authorization", self.bearer())
            .call()?;
        let content = response.body_mut().read_to_vec()?;
        if Digest::of(&content) != *sha256 {
            return Err(format!("the vendor module {sha256} has another hash").into());
        }
        Ok(content)
    }

    /// What a builder says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn health(&self) -> Result<serde_json::Value, AnyError> {
        let mut response = ureq::get(format!("{}/healthz", self.address)).call()?;
        Ok(serde_json::from_slice(&response.body_mut().read_to_vec()?)?)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

fn write(out: &Path, artifact: &Artifact) -> std::io::Result<()> {
    let file = out.join(artifact.path.as_str());
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, &artifact.content)
}
