//! A builder of one's own, and a client that can misbehave.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use overskill::{
    build::{
        AnswerError, AnswerEvent, AnswerReader, Artifact, ArtifactLimits, Diagnostic, Job,
        JobFrame, Mode, Report, TypeCheck, header_line,
    },
    config::Limits,
    digest::Digest,
    project::{FileEntry, Manifest},
};
use overskill_builder::{Server, settings::Settings};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// What the builder's callers send; it knows the hash.
pub(crate) const TOKEN: &str = "a token of the tests";

/// Sources by path.
pub(crate) type Sources = BTreeMap<String, Vec<u8>>;

/// The folder that holds the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of packages. Fails, with what to do, when there are none.
pub(crate) fn toolchain() -> PathBuf {
    let folder = repository().join("templates/foundation");
    assert!(
        folder.join("node_modules/vite/package.json").is_file(),
        "templates/foundation/node_modules is missing: run `npm ci` in templates/foundation"
    );
    folder
}

/// The folder of the builder's own packages. Fails, with what to do, when there are none.
pub(crate) fn extras() -> PathBuf {
    let folder = repository().join("builder-container");
    assert!(
        folder
            .join("node_modules/tailwindcss/package.json")
            .is_file(),
        "builder-container/node_modules is missing: run `npm ci` in builder-container"
    );
    folder
}

/// The Node to build with.
pub(crate) fn node() -> PathBuf {
    std::env::var_os("OVERSKILL_NODE").map_or_else(|| PathBuf::from("node"), PathBuf::from)
}

/// A state folder that nothing else uses.
pub(crate) fn state() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("builder-{}-{number}", std::process::id()))
}

/// Where the prebuilt packages are, which all builders share.
pub(crate) fn vendor() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("vendor")
}

/// A builder in this process. Stopped, and its state removed, when dropped.
pub(crate) struct Builder {
    pub(crate) address: SocketAddr,
    pub(crate) state: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Builder {
    /// Starts one with a single slot, and waits until its worker is ready.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let state = state();
        let mut settings = Settings::new(toolchain(), state.clone(), Digest::of(TOKEN.as_bytes()));
        settings.vendor = Some(vendor());
        settings.node = node();
        settings.slots = std::num::NonZeroUsize::MIN;
        // Where it is not what is tested, it costs time.
        settings.browser = "off".into();
        change(&mut settings);
        let slots = settings.slots.get() as u64;
        let server = Server::start(settings)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let address = server.address().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(server.serve(async {
            let _ = stopped.await;
        }));
        let builder = Self {
            address,
            state,
            stop: Some(stop),
            served,
        };
        builder.wait(|health| health["ready"] == slots).await;
        builder
    }

    /// Waits until `/healthz` says so.
    pub(crate) async fn wait(&self, expected: impl Fn(&serde_json::Value) -> bool) {
        let mut last = serde_json::Value::Null;
        for _ in 0..600 {
            last = self.health().await;
            if expected(&last) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("the builder is not as expected after 30 s: {last}");
    }

    /// Jobs whose sources are there.
    pub(crate) fn incoming(&self) -> usize {
        fs::read_dir(self.state.join("incoming")).unwrap().count()
    }

    /// Waits until the sources of no job are there any more: they are removed beside everything else.
    pub(crate) async fn wait_until_nothing_is_left(&self) {
        self.wait(|_| self.incoming() == 0).await;
    }

    pub(crate) async fn health(&self) -> serde_json::Value {
        let response = self
            .request(b"GET /healthz HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n")
            .await;
        serde_json::from_slice(&response.body).unwrap()
    }

    /// Sends bytes as they are, and reads until the connection ends.
    pub(crate) async fn request(&self, bytes: &[u8]) -> Response {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The builder may answer and close before everything is sent.
        let _ = stream.write_all(bytes).await;
        read_response(&mut stream).await
    }

    /// Posts a body with the right token.
    pub(crate) async fn post(&self, body: &[u8]) -> Response {
        self.request(&[head(TOKEN, body.len()), body.to_vec()].concat())
            .await
    }

    /// Opens a connection and sends a whole job on it.
    pub(crate) async fn open(&self, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream
            .write_all(&[head(TOKEN, body.len()), body.to_vec()].concat())
            .await
            .unwrap();
        stream
    }

    /// Builds, and reads the answer as the Worker does.
    pub(crate) async fn build(&self, sources: &Sources, mode: Mode) -> Answer {
        let response = self.post(&job("job-1", mode, sources)).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response.answer().unwrap()
    }

    /// Stops it as a signal does, and waits until it has ended.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        (&mut self.served).await.unwrap();
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        self.served.abort();
        let _ = fs::remove_dir_all(&self.state);
    }
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
pub(crate) fn job(id: &str, mode: Mode, sources: &Sources) -> Vec<u8> {
    job_with(id, mode, TypeCheck::Report, sources)
}

/// A job's body, with a word on its types.
pub(crate) fn job_with(id: &str, mode: Mode, type_check: TypeCheck, sources: &Sources) -> Vec<u8> {
    let mut manifest = Manifest::default();
    let mut files = Vec::new();
    for (path, content) in sources {
        let path: overskill::project::ProjectPath = path.parse().unwrap();
        manifest
            .put(path.clone(), FileEntry::of(content), &Limits::DEFAULT)
            .unwrap();
        files.extend(
            header_line(&JobFrame::File {
                path,
                size: content.len() as u64,
            })
            .unwrap(),
        );
        files.extend(content);
    }
    let job = Job {
        id: id.parse().unwrap(),
        mode,
        type_check,
        source_digest: manifest.digest(),
    };
    let end = JobFrame::End {
        files: sources.len() as u64,
    };
    [
        header_line(&JobFrame::Job(job)).unwrap(),
        files,
        header_line(&end).unwrap(),
    ]
    .concat()
}

/// Every file below a folder, without what npm and Vite put there.
pub(crate) fn read(folder: &Path) -> Sources {
    let mut sources = Sources::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !["node_modules", "dist"].contains(&name) {
                    folders.push(path);
                }
            } else {
                let relative = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                sources.insert(relative, fs::read(&path).unwrap());
            }
        }
    }
    sources
}

/// A small app, with some of its files replaced.
pub(crate) fn shell(changes: &[(&str, &str)]) -> Sources {
    let mut sources = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell"));
    for (path, content) in changes {
        sources.insert((*path).to_owned(), content.as_bytes().to_vec());
    }
    sources
}

/// A small app that keeps Tailwind busy for a long time.
pub(crate) fn slow() -> Sources {
    shell(&[(
        "src/main.css",
        "@import \"tailwindcss\";\n@source inline(\"p-[{1..200000}px]\");\n",
    )])
}

/// A small app whose types take the compiler minutes, and Vite nothing.
pub(crate) fn slow_types() -> Sources {
    let mut types = "type Grow<S, N extends number, A extends unknown[] = []> =\n  \
                     A[\"length\"] extends N ? A : Grow<S, N, [...A, S]>\n"
        .to_owned();
    for number in 0..5_000 {
        types += &format!("export type T{number} = Grow<{number}, 990>[\"length\"]\n");
    }
    shell(&[("src/types.ts", &types)])
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether the body ended as it should.
    pub(crate) whole: bool,
}

/// What an answer says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) logs: Vec<String>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) lockfile: Option<String>,
    pub(crate) screenshot: Option<overskill::build::Screenshot>,
    /// Paths and hashes of the vendor modules.
    pub(crate) vendor: Vec<(String, Digest)>,
    pub(crate) report: Report,
}

impl Answer {
    /// The artifact whose path begins so.
    pub(crate) fn artifact_of(&self, start: &str) -> String {
        let mut artifacts = self.artifacts.iter();
        let found = artifacts.find(|artifact| artifact.path.as_str().starts_with(start));
        String::from_utf8(found.unwrap().content.clone()).unwrap()
    }

    pub(crate) fn artifact(&self, end: &str) -> String {
        let artifact = self
            .artifacts
            .iter()
            .find(|artifact| artifact.path.as_str().ends_with(end))
            .unwrap();
        String::from_utf8(artifact.content.clone()).unwrap()
    }
}

impl Response {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The problem document's sentence.
    pub(crate) fn detail(&self) -> String {
        assert!(
            self.head.contains("content-type: application/problem+json"),
            "{}",
            self.head
        );
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        assert!(problem["title"].is_string() && problem["type"].is_string());
        problem["detail"].as_str().unwrap().to_owned()
    }

    /// Whether the answer ends before its report.
    pub(crate) fn answer_without_report(&self) -> bool {
        let mut reader = AnswerReader::new(ArtifactLimits::DEFAULT);
        reader.push(&self.body).is_ok() && reader.finish().is_err()
    }

    pub(crate) fn answer(&self) -> Result<Answer, AnswerError> {
        let mut reader = AnswerReader::new(ArtifactLimits::DEFAULT);
        let events = reader.push(&self.body)?;
        reader.finish()?;
        assert!(self.whole, "a complete answer in a broken body");
        let (mut logs, mut diagnostics, mut artifacts) = (vec![], vec![], vec![]);
        let (mut lockfile, mut screenshot, mut report) = (None, None, None);
        let mut vendor = vec![];
        for event in events {
            match event {
                AnswerEvent::Started { .. } => {}
                AnswerEvent::Log(line) => logs.push(line),
                AnswerEvent::Diagnostic(diagnostic) => diagnostics.push(diagnostic),
                AnswerEvent::Artifact(artifact) => artifacts.push(artifact),
                AnswerEvent::Lockfile(text) => lockfile = Some(text),
                AnswerEvent::Screenshot(picture) => screenshot = Some(picture),
                AnswerEvent::Vendor { path, sha256, .. } => vendor.push((path.to_string(), sha256)),
                AnswerEvent::Report(last) => report = Some(last),
            }
        }
        Ok(Answer {
            logs,
            diagnostics,
            artifacts,
            lockfile,
            screenshot,
            vendor,
            report: report.unwrap(),
        })
    }
}

/// Reads a response to the end of the connection.
pub(crate) async fn read_response(stream: &mut TcpStream) -> Response {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(100), stream.read_to_end(&mut bytes)).await;
    // A reset connection: what came before it counts.
    let _ = read.expect("no answer for 100 s");
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("no head")
        + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let (body, whole) = if head.contains("transfer-encoding: chunked") {
        unchunk(&bytes[end..])
    } else {
        (bytes[end..].to_vec(), true)
    };
    Response {
        status,
        head,
        body,
        whole,
    }
}

fn unchunk(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(newline) = bytes.windows(2).position(|window| window == b"\r\n") else {
            return (body, false);
        };
        let size =
            usize::from_str_radix(std::str::from_utf8(&bytes[..newline]).unwrap(), 16).unwrap();
        bytes = &bytes[newline + 2..];
        if size == 0 {
            return (body, true);
        }
        let part = size.min(bytes.len());
        body.extend(&bytes[..part]);
        if bytes.len() < size + 2 {
            return (body, false);
        }
        bytes = &bytes[size + 2..];
    }
}
