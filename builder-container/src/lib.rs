//! The builder: takes an app's sources over HTTP, builds them with Vite, streams back what came of it.
//!
//! | room | does |
//! |---|---|
//! | `settings`, `toolchain`, `node_rule` | what the process is started with, checked before it listens |
//! | `connections` | how many at once, and how long each may stand still |
//! | `http` | the routes, the token, problem documents |
//! | `intake` | a request's body → sources on disk, every limit checked while it arrives |
//! | `typescript` | what decides how TypeScript is read, whatever an app brings along |
//! | `inspect` | what is refused before a build, because building it would run the app's code here |
//! | `check` | what preflight finds in all files, beside the build; who found what twice |
//! | `dependencies` | the packages of an app that are not baked in: resolved, installed, kept, or refused with advice |
//! | `foreign` | what an app asks for that did not start from our foundation, and the builder does not have |
//! | `slots` | as many builds at once as there are slots, each with a worker made ready ahead |
//! | `pool` | how many workers this machine can have, and whether there is memory for one more |
//! | `worker` | one worker process |
//! | `sandbox` | what keeps a worker away from everything else, in levels; which of them holds is found out at start |
//! | `render` | the built app, looked at in a browser |
//! | `explain` | what Vite and TypeScript found → diagnostics with positions in the source |
//! | `beneath` | what a worker has left, opened without following it anywhere |
//! | `vendor` | the packages that most apps share, prebuilt once |
//! | `collect` | the output folder → artifacts, nothing about it believed |
//! | `answer`, `delivery` | the answer's stream |
//! | `metrics` | what is counted, for Prometheus |
//! | `client` | the other end: a folder as a job |
//!
//! A worker builds one job and is gone; nothing of a job outlives it. The builder holds no credential: it knows the
//! hash of the token that its callers send. It keeps packages of the registry, installed and prebuilt, and nothing of an
//! app, has no queue on disk and no database: what it was doing when it died is asked of it again.

mod answer;
mod beneath;
mod check;
pub mod client;
mod collect;
mod connections;
mod delivery;
mod dependencies;
mod explain;
mod foreign;
mod http;
mod inspect;
mod intake;
mod locate;
mod metrics;
mod node_rule;
mod pool;
pub mod recognise;
pub mod render;
pub mod sandbox;
mod scratch;
pub mod settings;
mod slots;
mod toolchain;
mod typescript;
mod vendor;
mod worker;

use std::{
    io::{self, Read as _},
    sync::Arc,
};

use overskill::digest::Digest;
use tokio::net::TcpListener;

use crate::{
    dependencies::Dependencies, http::Builder, render::Renderer, sandbox::Sandbox,
    scratch::Scratch, settings::Settings, slots::Slots, toolchain::Toolchain, vendor::Vendor,
};

/// Why the builder does not start. The sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Vite, its plugins or Node are missing or too old.
    #[error(transparent)]
    Toolchain(#[from] toolchain::ToolchainError),
    /// The state folder cannot be used.
    #[error("the state folder {folder} cannot be used: {source}")]
    State {
        /// Which folder.
        folder: String,
        /// Why not.
        source: io::Error,
    },
    /// The installed packages, or the list of those that are allowed, cannot be read.
    #[error(
        "the installed packages in {state}, or the list of allowed ones, cannot be read: {source}"
    )]
    Packages {
        /// The state folder.
        state: String,
        /// Why not.
        source: io::Error,
    },
    /// No sandbox holds.
    #[error(transparent)]
    Sandbox(#[from] sandbox::SandboxError),
    /// Nothing can be counted.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Another builder uses the state folder.
    #[error(
        "another builder uses the state folder {0}: stop it, or give this one its own with --state"
    )]
    InUse(String),
    /// The packages that apps share cannot be prebuilt.
    #[error(transparent)]
    Vendor(#[from] vendor::VendorError),
    /// The program cannot read itself.
    #[error(
        "this program's own file cannot be read: {source}; start it again from where it lies now"
    )]
    Program {
        /// Why not.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; give another with --listen")]
    Listen {
        /// Which address.
        address: String,
        /// Why not.
        source: io::Error,
    },
}

/// The level that keeps builds away from everything else here, in a few words.
///
/// # Errors
/// When something is missing, or no level holds.
pub async fn find_sandbox(settings: &Settings) -> Result<String, StartError> {
    let (_, _, sandbox) = prepare(settings).await?;
    Ok(sandbox.name())
}

/// All that must be there before anyone is listened to.
async fn prepare(settings: &Settings) -> Result<(Arc<Scratch>, Toolchain, Sandbox), StartError> {
    let state = |source| StartError::State {
        folder: settings.state.display().to_string(),
        source,
    };
    let scratch = match Scratch::open(&settings.state).map_err(state)? {
        Some(scratch) => Arc::new(scratch),
        None => return Err(StartError::InUse(settings.state.display().to_string())),
    };
    let toolchain = Toolchain::open(&settings.toolchain, &settings.node).await?;
    let toolchain = toolchain.with_extras(settings.extras.as_deref())?;
    scratch.install(&toolchain).map_err(state)?;
    let view = scratch.view(&toolchain);
    let cpu = settings.cpu_time();
    let sandbox = sandbox::choose(settings.sandbox, &view, &scratch, cpu).await?;
    Ok((scratch, toolchain, sandbox))
}

/// What names this program: it decides what of a build is an error, and how packages are chosen.
fn program() -> io::Result<Digest> {
    let mut file = std::fs::File::open(std::env::current_exe()?)?;
    let mut digest = Digest::of(b"");
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(digest);
        }
        digest = Digest::of_parts([digest.bytes(), piece.get(..read).unwrap_or_default()]);
    }
}

/// A builder that listens. Its workers are being made ready.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    builder: Arc<Builder>,
}

impl Server {
    /// Checks everything and starts to listen.
    ///
    /// # Errors
    /// When something is missing, with a sentence that says what to do.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let program = tokio::task::spawn_blocking(program);
        let (scratch, toolchain, sandbox) = prepare(&settings).await?;
        let vendor =
            Vendor::prepare(&settings.vendor_folder(), &scratch, &toolchain, &sandbox).await?;
        let address = settings.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| StartError::Listen {
                address: address.to_string(),
                source,
            })?;
        let toolchain = Arc::new(toolchain);
        let dependencies =
            Dependencies::open(&settings, Arc::clone(&toolchain), Arc::clone(&scratch)).map_err(
                |source| StartError::Packages {
                    state: settings.state.display().to_string(),
                    source,
                },
            )?;
        let renderer = Renderer::open(&settings.browser, &sandbox, &scratch).await;
        // What decides over a result besides the job. What nobody has looked at is another result.
        let looks = [u8::from(renderer.off().is_none())];
        let program = program.await.map_err(io::Error::other).flatten();
        let program = program.map_err(|source| StartError::Program { source })?;
        let digest = Digest::of_parts([
            toolchain.digest.bytes().as_slice(),
            program.bytes(),
            dependencies.policy_digest().bytes(),
            &looks,
        ]);
        let slots = Slots::start(
            settings.slots,
            Box::new(pool::Machine::now),
            slots::Parts {
                toolchain,
                digest,
                vendor: Arc::new(vendor),
                scratch: Arc::clone(&scratch),
                sandbox,
                renderer,
            },
        )?;
        Ok(Self {
            listener,
            builder: Arc::new(Builder::new(settings, slots, dependencies, scratch)),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// How many builds it does at once, and what it has seen of the machine, in a few words.
    #[must_use]
    pub fn slots(&self) -> String {
        let pool::Machine { cores, memory } = pool::Machine::now();
        let memory = memory.map_or("unknown".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
        let slots = self.builder.slots();
        format!("{slots} slots, {cores} cores, {memory} of memory free")
    }

    /// What keeps builds away from everything else, in a few words.
    #[must_use]
    pub fn sandbox(&self) -> String {
        self.builder.sandbox()
    }

    /// Why nothing looks at what was built, if nothing does.
    #[must_use]
    pub fn render_off(&self) -> Option<String> {
        self.builder.render_off()
    }

    /// Serves until `stop` resolves, then takes no new jobs and gives the running ones [`Settings::drain`] to finish.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) {
        let Self { listener, builder } = self;
        let (drain, patience) = (builder.drain_time(), builder.patience());
        let most = builder.all_seats() + connections::SPARE;
        let routes = http::routes(Arc::clone(&builder));
        let stop = async move {
            stop.await;
            builder.refuse_new_jobs();
        };
        connections::serve(listener, routes, most, patience, drain, stop).await;
    }
}
