//! A client of the builder, in plain bytes: it can send what no library would.

use std::{
    collections::BTreeMap,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use overskill::{
    build::{
        AnswerEvent, AnswerReader, ArtifactLimits, Diagnostic, FailureReason, Job, JobFrame, Mode,
        Report, Status, TypeCheck, header_line,
    },
    config::Limits,
    project::{FileEntry, Manifest, ProjectPath},
};

/// How long an answer may be silent: longer than any time limit of the builder that is attacked.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Sources by path.
pub(crate) type Sources = BTreeMap<String, Vec<u8>>;

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    /// The status; 0 when the connection ended without an answer.
    pub(crate) status: u16,
    /// Everything that came, the body without the marks of its chunks.
    pub(crate) bytes: Vec<u8>,
    body_at: usize,
}

/// What an answer says.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What is wrong with the sources.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How it ended.
    pub(crate) report: Report,
}

impl Response {
    /// The body.
    pub(crate) fn body(&self) -> &[u8] {
        self.bytes.get(self.body_at..).unwrap_or_default()
    }

    /// The answer, if it is whole.
    ///
    /// # Errors
    /// When it breaks off, or is none.
    pub(crate) fn answer(&self) -> Result<Answer, String> {
        let mut reader = AnswerReader::new(ArtifactLimits::DEFAULT);
        let events = reader
            .push(self.body())
            .map_err(|error| error.to_string())?;
        reader.finish().map_err(|error| error.to_string())?;
        let (mut diagnostics, mut report) = (Vec::new(), None);
        for event in events {
            match event {
                AnswerEvent::Diagnostic(diagnostic) => diagnostics.push(diagnostic),
                AnswerEvent::Report(last) => report = Some(last),
                // Whatever is in these is looked through as bytes.
                _ => {}
            }
        }
        let report = report.ok_or("no report")?;
        Ok(Answer {
            diagnostics,
            report,
        })
    }

    /// What it says, in a line.
    pub(crate) fn told(&self) -> String {
        match (self.status, self.answer()) {
            (0, _) => "the connection ended without an answer".to_owned(),
            (200, Ok(answer)) => answer.told(),
            (200, Err(error)) => format!("no result: {error}"),
            (status, _) => {
                let problem: serde_json::Value =
                    serde_json::from_slice(self.body()).unwrap_or_default();
                let detail = problem.get("detail").and_then(|text| text.as_str());
                format!("{status} {}", detail.unwrap_or_default())
            }
        }
    }
}

impl Answer {
    /// Whether it was built.
    pub(crate) fn is_built(&self) -> bool {
        self.report.status == Status::Succeeded
    }

    fn told(&self) -> String {
        if self.is_built() {
            return format!(
                "built, {} artifacts, no canary in them",
                self.report.artifacts
            );
        }
        let reason = match self.report.reason {
            Some(FailureReason::Source) | None => "refused",
            Some(FailureReason::Timeout) => "stopped (time)",
            Some(FailureReason::Memory) => "stopped (memory)",
            Some(FailureReason::Output) => "refused (output)",
            Some(FailureReason::Render) => "refused (as it looks)",
        };
        let first = self.diagnostics.first();
        let place = first.and_then(|first| {
            let path = first.path.as_ref()?;
            Some(format!(" {path}:{}", first.line.unwrap_or(0)))
        });
        let said = first.map_or("", |first| first.message.as_str());
        format!("{reason}{}: {said}", place.unwrap_or_default())
    }
}

/// Connects.
///
/// # Errors
/// When nobody listens.
pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends bytes as they are, and reads until the connection ends.
///
/// # Errors
/// When nobody listens, or nothing comes for too long.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> io::Result<Response> {
    let mut stream = connect(address)?;
    // The builder may answer and close before everything is sent.
    let _ = stream.write_all(bytes);
    read(&mut stream)
}

/// Reads a response to the end of the connection.
///
/// # Errors
/// When nothing comes for too long.
pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Response> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ) =>
        {
            return Err(io::Error::other(format!(
                "nothing came for {} s",
                PATIENCE.as_secs()
            )));
        }
        // A connection that is cut: what came before counts.
        _ => {}
    }
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(head_end) = end.map(|end| end + 4) else {
        return Ok(Response {
            status: 0,
            body_at: bytes.len(),
            bytes,
        });
    };
    let body = bytes.split_off(head_end);
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    bytes.extend(if head.contains("transfer-encoding: chunked") {
        unchunk(&body)
    } else {
        body
    });
    Ok(Response {
        status: status.unwrap_or(0),
        bytes,
        body_at: head_end,
    })
}

/// A chunked body as far as it goes.
fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = bytes.windows(2).position(|window| window == b"\r\n") {
        let (size, rest) = bytes.split_at(line);
        let size = std::str::from_utf8(size).ok();
        let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
        let rest = rest.get(2..).unwrap_or_default();
        let Some(size @ 1..) = size else { break };
        let (part, after) = rest.split_at(size.min(rest.len()));
        body.extend(part);
        bytes = after.get(2..).unwrap_or_default();
    }
    body
}

/// The head of a POST.
pub(crate) fn head(token: &str, length: usize) -> Vec<u8> {
    format!(
        "POST /builds HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    )
    .into_bytes()
}

/// A job's body.
///
/// # Errors
/// When a path or the id is not one.
pub(crate) fn job(id: &str, mode: Mode, sources: &Sources) -> Result<Vec<u8>, String> {
    try_job(id, mode, sources).map_err(|error| error.to_string())
}

fn try_job(id: &str, mode: Mode, sources: &Sources) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut manifest = Manifest::default();
    let mut files = Vec::new();
    for (path, content) in sources {
        let path: ProjectPath = path.parse()?;
        manifest.put(path.clone(), FileEntry::of(content), &Limits::DEFAULT)?;
        let size = content.len() as u64;
        files.extend(header_line(&JobFrame::File { path, size })?);
        files.extend(content);
    }
    let mut body = header_line(&JobFrame::Job(Job {
        id: id.parse()?,
        mode,
        // The whole compiler looks at a production build.
        type_check: TypeCheck::Report,
        source_digest: manifest.digest(),
    }))?;
    body.extend(files);
    body.extend(header_line(&JobFrame::End {
        files: sources.len() as u64,
    })?);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together_as_far_as_they_go() {
        assert_eq!(unchunk(b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), b"abcd");
        assert_eq!(unchunk(b"3\r\nabc\r\n9\r\nd"), b"abcd");
        assert_eq!(unchunk(b"x\r\nabc"), b"");
    }
}
