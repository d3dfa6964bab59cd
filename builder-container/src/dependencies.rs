//! The packages of an app: what its `package.json` asks for and the baked packages do not have is resolved, installed
//! beside them and kept, in a step of its own before the build. No code of the app and none of a package runs in it.
//!
//! | room | does |
//! |---|---|
//! | `wanted`, `range` | what an app asks for, read as data; what of it is baked |
//! | `policy` | which packages may be installed, and from which registry |
//! | `npm` | npm and the questions to the registry, as programs |
//! | `lock` | lock files: what comes from elsewhere, what is missing beside the baked packages |
//! | `store` | installs on disk, kept over restarts and within a limit |
//! | `refusals`, `advice` | what its author reads when a package cannot be had, and which one was probably meant |
//!
//! An app all of whose packages are baked costs a look at its `package.json`. Equal lists are resolved once, equal installs
//! made once, whoever asks first.

mod advice;
mod lock;
mod npm;
mod policy;
mod range;
mod refusals;
mod store;
mod wanted;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use overskill::{
    build::{DependencyAnswer, DependencyQuestion, Diagnostic, FailureReason},
    config::Limits,
    digest::Digest,
};
use serde_json::Value;
use tokio::{sync::Semaphore, time::sleep};

pub(crate) use self::{advice::instead_of, lock::Lock, policy::Policy, store::Packages};
use self::{
    npm::{Npm, Question, Said},
    store::{Resolution, Store, measure},
    wanted::{FILE, LOCK_FILE, Wanted, is_name},
};
use crate::{
    intake::blocking,
    scratch::{Folder, Scratch},
    settings::Settings,
    toolchain::Toolchain,
};

/// Packages of one install.
const MOST_PACKAGES: usize = 800;
/// Files and folders of one install.
const MOST_FILES: u64 = 120_000;
/// Bytes of one install.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Packages of a lock file that is followed: the registry is asked about each.
const MOST_LOCKED: usize = 3_000;
/// How often an install is looked at while it is made.
const LOOK: Duration = Duration::from_millis(200);
/// npm at work at once: it takes a core.
const RUNS: u32 = 2;
/// Bytes that npm may keep of what it fetched.
const NPM_CACHE: u64 = 1024 * 1024 * 1024;
/// Packages that are remembered to be old enough.
const TRUSTED: usize = 100_000;

/// Resolves and installs, and remembers.
#[derive(Debug)]
pub(crate) struct Dependencies {
    toolchain: Arc<Toolchain>,
    scratch: Arc<Scratch>,
    policy: Policy,
    npm: Result<Npm, String>,
    store: Arc<Store>,
    runs: Semaphore,
    turns: Turns,
    /// Packages of lock files, `name@version integrity`, that are known to be old enough.
    trusted: Mutex<HashSet<String>>,
}

/// What an app gets.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// The packages beside the baked ones.
    pub(crate) packages: Option<Packages>,
    /// The lock file that the app should have, if that is another than its own.
    pub(crate) lockfile: Option<String>,
    /// Whether the registry chose versions that the app's own lock file does not say.
    pub(crate) resolved: bool,
    /// What its author should know.
    pub(crate) warnings: Vec<Diagnostic>,
    /// What was done, for whoever watches; nothing when nothing was to be done.
    pub(crate) told: Option<String>,
}

/// Why an app gets nothing.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Its author can mend that.
    Refused(FailureReason, Vec<Diagnostic>),
    /// The builder, or the registry, is to blame.
    Fault(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Fault(error)
    }
}

fn refused(diagnostics: Vec<Diagnostic>) -> Stop {
    Stop::Refused(FailureReason::Source, Diagnostic::settled(diagnostics))
}

/// A list, resolved.
#[derive(Debug)]
struct Resolved {
    lock: Lock,
    /// What is to be installed, by where it lies.
    kept: BTreeSet<String>,
    lockfile: Option<String>,
    /// Whether the app's own lock file does not say all of it.
    resolved: bool,
    warnings: Vec<Diagnostic>,
}

impl Dependencies {
    /// Finds npm and what was installed before. That there is no npm is told to whoever needs one.
    ///
    /// # Errors
    /// When the state folder, or the list of allowed packages, cannot be read.
    pub(crate) fn open(
        settings: &Settings,
        toolchain: Arc<Toolchain>,
        scratch: Arc<Scratch>,
    ) -> io::Result<Self> {
        let allowed = settings.allowed_packages.as_deref();
        let policy = Policy::new(&settings.registry, settings.minimum_package_age, allowed)?;
        let npm = Npm::find(
            &toolchain.node,
            settings.npm.as_deref(),
            scratch.npm_cache(),
        );
        if let Ok(npm) = &npm {
            npm.keep_cache_below(NPM_CACHE)?;
        }
        let store = Store::open(
            scratch.installs(),
            scratch.resolutions(),
            settings.installs_bytes,
        )?;
        Ok(Self {
            toolchain,
            scratch,
            policy,
            npm,
            store: Arc::new(store),
            runs: Semaphore::new(RUNS as usize),
            turns: Turns::default(),
            trusted: Mutex::default(),
        })
    }

    /// Differs when other packages may be installed.
    pub(crate) fn policy_digest(&self) -> Digest {
        self.policy.digest()
    }

    /// Makes the packages of these sources ready. Safe to drop at any point.
    pub(crate) async fn prepare(&self, sources: &Path) -> Result<Ready, Stop> {
        let (sources, toolchain) = (sources.to_owned(), Arc::clone(&self.toolchain));
        let wanted = blocking(move || Wanted::read(&sources, &toolchain.baked)).await?;
        let wanted = wanted.map_err(refused)?;
        if wanted.packages.is_empty() {
            return Ok(Ready::default());
        }
        let key = self.key(&wanted);
        if let Some(ready) = self.remembered(key) {
            return Ok(ready);
        }
        let _turn = self.turns.take(key).await;
        if let Some(ready) = self.remembered(key) {
            return Ok(ready);
        }
        let resolved = self.resolve(&wanted).await?;
        let (resolution, packages, count) = self.install(resolved).await?;
        self.remember(key, wanted, &resolution)?;
        let told = match count {
            0 => "every package was there".to_owned(),
            1 => "1 package was installed".to_owned(),
            _ => format!("{count} packages were installed"),
        };
        Ok(Ready {
            packages,
            lockfile: resolution.lockfile,
            resolved: resolution.resolved,
            warnings: resolution.warnings,
            told: Some(told),
        })
    }

    fn remembered(&self, key: Digest) -> Option<Ready> {
        let (resolution, packages) = self.store.resolution(key)?;
        Some(Ready {
            told: packages
                .as_ref()
                .map(|_| "packages were installed before".to_owned()),
            packages,
            lockfile: resolution.lockfile,
            resolved: resolution.resolved,
            warnings: resolution.warnings,
        })
    }

    /// Remembers what came of a list, and that the same comes of it when its app has the lock file.
    fn remember(&self, key: Digest, mut wanted: Wanted, resolution: &Resolution) -> io::Result<()> {
        self.store.remember(key, resolution)?;
        let Some(lockfile) = &resolution.lockfile else {
            return Ok(());
        };
        wanted.lock = Some(lockfile.clone().into_bytes());
        let mut settled = Resolution {
            lockfile: None,
            resolved: false,
            ..resolution.clone()
        };
        settled
            .warnings
            .retain(|warning| !refusals::is_of_lock_file(warning));
        self.store.remember(self.key(&wanted), &settled)
    }

    /// Equal for lists that are resolved alike.
    fn key(&self, wanted: &Wanted) -> Digest {
        let project = wanted.to_resolve(&self.toolchain.baked).to_string();
        Digest::of_parts([
            project.as_bytes(),
            wanted.specs().as_bytes(),
            wanted.lock.as_deref().unwrap_or_default(),
            self.toolchain.lock_digest.bytes(),
            self.policy.digest().bytes(),
        ])
    }

    fn npm(&self) -> io::Result<&Npm> {
        self.npm
            .as_ref()
            .map_err(|why| io::Error::other(why.clone()))
    }

    fn baked(&self) -> Vec<&str> {
        self.toolchain.packages.iter().map(String::as_str).collect()
    }

    /// Finds out which versions of which packages the app gets.
    async fn resolve(&self, wanted: &Wanted) -> Result<Resolved, Stop> {
        let baked = self.baked();
        let not_allowed: Vec<_> = wanted
            .packages
            .keys()
            .filter(|name| !self.policy.allows(name))
            .map(|name| wanted.at(refusals::not_allowed(name, &self.policy, &baked), name))
            .collect();
        if !not_allowed.is_empty() {
            return Err(refused(not_allowed));
        }
        let mut own = wanted.lock.as_deref().and_then(Lock::parse);
        let foreign = own.as_mut().map(Lock::drop_foreign).unwrap_or_default();
        let mut not_followed: Vec<String> = foreign.iter().map(refusals::elsewhere).collect();
        if own
            .as_ref()
            .is_some_and(|own| own.locations().count() > MOST_LOCKED)
        {
            own = None;
            not_followed = vec![format!("it has more than {MOST_LOCKED} packages.")];
        }
        let npm = self.npm()?;
        let folder = self.scratch.installing()?;
        let _run = self.runs.acquire().await.map_err(io::Error::other)?;
        loop {
            let refused_of_lock = self.question(wanted, own.as_ref(), npm, &folder).await?;
            let Some(own) = own.as_mut().filter(|_| !refused_of_lock.is_empty()) else {
                break;
            };
            for (Question { name, spec }, why) in refused_of_lock {
                if !own.drop_version(&name, &spec) {
                    return Err(
                        io::Error::other(format!("the lock file has no {name} {spec}")).into(),
                    );
                }
                not_followed.push(why);
            }
        }

        let project = wanted.to_resolve(&self.toolchain.baked);
        let mut seed = own.clone().unwrap_or_default();
        // The baked packages are as they are, and not as the app had them.
        seed.take(
            wanted.baked.keys().map(String::as_str),
            &self.toolchain.baked,
        );
        seed.add(&self.toolchain.baked);
        let root = project.as_object().cloned().unwrap_or_default();
        write(&folder, FILE, &project)?;
        write(&folder, LOCK_FILE, &seed.file(&root))?;
        let mut warnings: Vec<_> = refusals::not_followed(&not_followed).into_iter().collect();
        let mut done = npm.resolve(folder.path(), &self.policy, false).await?;
        if let Err(failure) = &done
            && failure.code.as_deref() == Some("ERESOLVE")
        {
            warnings.push(refusals::unfit(failure));
            write(&folder, LOCK_FILE, &seed.file(&root))?;
            done = npm.resolve(folder.path(), &self.policy, true).await?;
        }
        done.map_err(|failure| self.failed(&failure, wanted))?;

        let made = std::fs::read(folder.path().join(LOCK_FILE))?;
        let mut lock = Lock::parse(&made)
            .ok_or_else(|| io::Error::other("npm wrote no lock file that can be read"))?;
        lock.check_origins(&self.policy.registry)
            .map_err(|foreign| refused(vec![refusals::foreign(&foreign)]))?;
        let kept = self.kept(&lock)?;
        self.trust(&lock, &kept);
        let resolved = !own.as_ref().is_some_and(|own| own.has(&lock, &kept));
        let lockfile = wanted
            .is_whole()
            .then(|| lock.clone())
            .filter(|lock| own.as_ref() != Some(lock))
            .and_then(|lock| serde_json::to_string_pretty(&lock.file(wanted.project())).ok())
            .map(|text| text + "\n")
            .filter(|text| text.len() <= Limits::DEFAULT.text_file_bytes);
        Ok(Resolved {
            lock,
            kept,
            lockfile,
            resolved,
            warnings,
        })
    }

    /// Asks the registry about everything that it may refuse, at once. What of the app's lock file it refuses is
    /// returned, with the reason: that can be resolved anew.
    async fn question(
        &self,
        wanted: &Wanted,
        own: Option<&Lock>,
        npm: &Npm,
        folder: &Folder,
    ) -> Result<Vec<(Question, String)>, Stop> {
        let mut questions = BTreeSet::new();
        let mut of_lock = HashSet::new();
        for (name, spec) in &wanted.packages {
            let locked = own
                .filter(|own| own.package(&format!("node_modules/{name}")) == name)
                .and_then(|own| own.top(name))
                .filter(|version| range::allows(spec, version));
            let question = Question {
                name: name.clone(),
                spec: locked.unwrap_or(spec).to_owned(),
            };
            if locked.is_some() {
                of_lock.insert(question.clone());
            }
            questions.insert(question);
        }
        // What is locked is installed without asking how old it is: it is asked here.
        let mut locked = HashMap::new();
        if self.policy.minimum_age.is_some()
            && let Some(own) = own
        {
            for location in own.without(&self.toolchain.baked) {
                let (Some(version), Some(integrity)) =
                    (own.version(&location), own.integrity(&location))
                else {
                    continue;
                };
                let question = Question {
                    name: own.package(&location).to_owned(),
                    spec: version.to_owned(),
                };
                if !self.trusts(&question, integrity) {
                    of_lock.insert(question.clone());
                    locked.insert(question.clone(), integrity.to_owned());
                    questions.insert(question);
                }
            }
        }
        let questions: Vec<Question> = questions.into_iter().collect();
        let answers = npm.ask(folder.path(), &self.policy, &questions).await?;
        let baked = self.baked();
        let mut wrong = Vec::new();
        let mut to_drop = Vec::new();
        for (question, said) in questions.iter().zip(&answers) {
            let Question { name, spec } = question;
            let own = locked.get(question);
            match (refusals::of(name, spec, said, &baked), said) {
                (Some(refusal), _) if of_lock.contains(question) => {
                    to_drop.push((question.clone(), refusal.message));
                }
                (Some(refusal), _) => wrong.push(wanted.at(refusal, name)),
                (
                    None,
                    Said::Found {
                        integrity: Some(theirs),
                        ..
                    },
                ) if own.is_some_and(|own| own != theirs) => {
                    wrong.push(refusals::altered(name, spec));
                }
                (None, _) => {
                    if let Some(integrity) = own {
                        self.believe(question, integrity);
                    }
                }
            }
        }
        if wrong.is_empty() {
            Ok(to_drop)
        } else {
            Err(refused(wrong))
        }
    }

    fn failed(&self, failure: &npm::Failure, wanted: &Wanted) -> Stop {
        if failure.is_too_much() {
            let much = "one of them unpacks to far more than it is packed";
            return Stop::Refused(FailureReason::Output, vec![refusals::too_much(much)]);
        }
        match refusals::of_npm(failure, wanted, &self.baked()) {
            Some(diagnostic) => refused(vec![diagnostic]),
            None => Stop::Fault(io::Error::other(format!(
                "npm failed: {} {}",
                failure.code.as_deref().unwrap_or_default(),
                failure.summary
            ))),
        }
    }

    /// What must be installed, within the limits and all of it allowed.
    fn kept(&self, lock: &Lock) -> Result<BTreeSet<String>, Stop> {
        let mut kept = lock.without(&self.toolchain.baked);
        kept.retain(|location| !wanted::is_tool(location) && !lock.is_native(location));
        if kept.len() > MOST_PACKAGES {
            let much = format!("{} are needed, {MOST_PACKAGES} may be", kept.len());
            return Err(Stop::Refused(
                FailureReason::Output,
                vec![refusals::too_much(&much)],
            ));
        }
        let others: BTreeSet<&str> = kept
            .iter()
            .map(|location| lock.package(location))
            .filter(|name| !self.policy.allows(name))
            .collect();
        if !others.is_empty() {
            let baked = self.baked();
            let told = others.into_iter().map(|name| {
                let mut told = refusals::not_allowed(name, &self.policy, &baked);
                told.suggestion = Some(format!(
                    "A package in {FILE} needs it: do without that package."
                ));
                told
            });
            return Err(refused(told.collect()));
        }
        Ok(kept)
    }

    /// Installs what was resolved, unless it is there; how many packages were installed.
    async fn install(
        &self,
        resolved: Resolved,
    ) -> Result<(Resolution, Option<Packages>, usize), Stop> {
        let Resolved {
            lock,
            kept,
            lockfile,
            resolved,
            warnings,
        } = resolved;
        let resolution = |install| Resolution {
            install,
            lockfile: lockfile.clone(),
            resolved,
            warnings: warnings.clone(),
        };
        if kept.is_empty() {
            return Ok((resolution(None), None, 0));
        }
        let (project, file) = lock.install(&kept);
        let digest = Digest::of_parts([
            file.to_string().as_bytes(),
            self.toolchain.lock_digest.bytes().as_slice(),
        ]);
        let _turn = self.turns.take(digest).await;
        if let Some(packages) = self.store.find(digest) {
            return Ok((resolution(Some(digest)), Some(packages), 0));
        }
        let npm = self.npm()?;
        let folder = self.scratch.installing()?;
        let run = self.runs.acquire().await.map_err(io::Error::other)?;
        write(&folder, FILE, &project)?;
        write(&folder, LOCK_FILE, &file)?;
        let made = folder.path().join("node_modules");
        let done = tokio::select! {
            done = npm.install(folder.path(), &self.policy) => done?,
            much = too_much(&made) => return Err(much),
        };
        done.map_err(|failure| self.failed(&failure, &Wanted::default()))?;
        let size = {
            let made = made.clone();
            blocking(move || measure(&made)).await?
        };
        if let Some(stop) = judge(size) {
            return Err(stop);
        }
        // What it was made by is of no use any more.
        let whole = self.scratch.installing()?;
        std::fs::rename(&made, whole.path().join("node_modules"))?;
        let store = Arc::clone(&self.store);
        let keep = move || store.keep(digest, whole.path(), size.bytes);
        let packages = blocking(keep).await?;
        drop(run);
        self.keep_cache_small().await;
        Ok((resolution(Some(digest)), Some(packages), kept.len()))
    }

    /// Empties npm's cache when it has grown too large and no npm is at work. That it could not be done is no matter: it
    /// is tried again.
    async fn keep_cache_small(&self) {
        let (Ok(npm), Ok(_all)) = (&self.npm, self.runs.try_acquire_many(RUNS)) else {
            return;
        };
        let npm = npm.clone();
        if let Err(error) = blocking(move || npm.keep_cache_below(NPM_CACHE)).await {
            eprintln!("overskill-builder: npm's cache was not emptied: {error}");
        }
    }

    fn trusts(&self, package: &Question, integrity: &str) -> bool {
        let trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        trusted.contains(&entry(package, integrity))
    }

    fn believe(&self, package: &Question, integrity: &str) {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        if trusted.len() >= TRUSTED {
            // Each can be asked about again.
            trusted.clear();
        }
        trusted.insert(entry(package, integrity));
    }

    /// What was resolved here is old enough.
    fn trust(&self, lock: &Lock, kept: &BTreeSet<String>) {
        for location in kept {
            if let (Some(version), Some(integrity)) =
                (lock.version(location), lock.integrity(location))
            {
                let package = Question {
                    name: lock.package(location).to_owned(),
                    spec: version.to_owned(),
                };
                self.believe(&package, integrity);
            }
        }
    }

    /// Whether an app may have a package, and in which version. What is found out is remembered for the build, and the
    /// install begins.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        question: DependencyQuestion,
    ) -> io::Result<DependencyAnswer> {
        match self.try_answer(question).await {
            Ok(resolved) => Ok(resolved),
            Err(Stop::Refused(_, diagnostics)) => {
                let first = diagnostics.into_iter().next();
                let first = first.ok_or_else(|| io::Error::other("refused without a reason"))?;
                Ok(DependencyAnswer::Refused {
                    message: first.message,
                    suggestion: first.suggestion,
                })
            }
            Err(Stop::Fault(error)) => Err(error),
        }
    }

    async fn try_answer(
        self: &Arc<Self>,
        question: DependencyQuestion,
    ) -> Result<DependencyAnswer, Stop> {
        let DependencyQuestion {
            name,
            version,
            package_json,
            package_lock,
        } = question;
        let spec = version.unwrap_or_else(|| "latest".to_owned());
        let baked = &self.toolchain.baked;
        if !is_name(&name) {
            let baked = self.baked();
            return Err(refused(vec![refusals::unknown(&name, &baked)]));
        }
        if let Some(version) = baked
            .top(&name)
            .filter(|version| range::allows(&spec, version))
        {
            return Ok(DependencyAnswer::Resolved {
                version: version.to_owned(),
                warning: None,
                package_lock: None,
            });
        }
        let read = |text: String| Wanted::of(text, baked, |_| Ok(false));
        let before = read(package_json)?.map_err(refused)?;
        let of_app = |spec: &str| -> Result<Wanted, Stop> {
            let mut wanted =
                read(refusals::with(before.project(), &name, spec))?.map_err(refused)?;
            wanted.lock = package_lock.clone().map(String::into_bytes);
            Ok(wanted)
        };
        let wanted = of_app(&spec)?;
        if !self.policy.allows(&name) {
            return Err(refused(vec![refusals::not_allowed(
                &name,
                &self.policy,
                &self.baked(),
            )]));
        }
        if !wanted.packages.contains_key(&name) {
            let tool = Diagnostic::error(
                "tool",
                format!("`{name}` comes with the builder in a version of its own."),
            )
            .advising("Use it as it is there.");
            return Err(refused(vec![tool]));
        }
        let asked = [Question {
            name: name.clone(),
            spec: spec.clone(),
        }];
        let said = {
            let folder = self.scratch.installing()?;
            let _run = self.runs.acquire().await.map_err(io::Error::other)?;
            self.npm()?.ask(folder.path(), &self.policy, &asked).await?
        };
        let version = match said.first() {
            Some(Said::Found { version, .. }) => version.clone(),
            Some(said) => {
                let refusal = refusals::of(&name, &spec, said, &self.baked());
                return Err(refused(refusal.into_iter().collect()));
            }
            None => return Err(io::Error::other("the registry did not answer").into()),
        };
        let wanted = of_app(&version)?;
        let key = self.key(&wanted);
        if let Some(ready) = self.remembered(key) {
            return Ok(DependencyAnswer::Resolved {
                version,
                warning: warning(&ready.warnings),
                package_lock: ready.lockfile,
            });
        }
        let turn = self.turns.take(key).await;
        let resolved = self.resolve(&wanted).await?;
        let answer = DependencyAnswer::Resolved {
            version,
            warning: warning(&resolved.warnings),
            package_lock: resolved.lockfile.clone(),
        };
        let here = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = turn;
            match here.install(resolved).await {
                Ok((resolution, _, _)) => {
                    if let Err(error) = here.remember(key, wanted, &resolution) {
                        eprintln!("overskill-builder: a resolution was not stored: {error}");
                    }
                }
                // The build comes upon it as well, and tells it.
                Err(stop) => {
                    eprintln!("overskill-builder: packages were not installed ahead: {stop:?}")
                }
            }
        });
        Ok(answer)
    }
}

fn warning(warnings: &[Diagnostic]) -> Option<String> {
    warnings.first().map(|warning| warning.message.clone())
}

fn entry(package: &Question, integrity: &str) -> String {
    format!("{}@{} {integrity}", package.name, package.spec)
}

fn write(folder: &Folder, name: &str, content: &Value) -> io::Result<()> {
    std::fs::write(folder.path().join(name), content.to_string())
}

/// Resolves when a folder that grows has become too large.
async fn too_much(folder: &Path) -> Stop {
    loop {
        sleep(LOOK).await;
        let folder = folder.to_owned();
        if let Ok(size) = blocking(move || measure(&folder)).await
            && let Some(stop) = judge(size)
        {
            return stop;
        }
    }
}

fn judge(size: store::Size) -> Option<Stop> {
    let much = if size.bytes > MOST_BYTES {
        format!("they have more than {} MiB", MOST_BYTES / 1024 / 1024)
    } else if size.entries > MOST_FILES {
        format!("they have more than {MOST_FILES} files")
    } else if size.others > 0 {
        "some of their files are links or devices".to_owned()
    } else {
        return None;
    };
    Some(Stop::Refused(
        FailureReason::Output,
        vec![refusals::too_much(&much)],
    ))
}

/// Who wants the same waits until whoever came first is done.
#[derive(Debug, Default)]
struct Turns(Mutex<HashMap<Digest, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    async fn take(&self, key: Digest) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, lock| lock.strong_count() > 0);
            let lock = all.get(&key).and_then(Weak::upgrade).unwrap_or_default();
            all.insert(key, Arc::downgrade(&lock));
            lock
        };
        lock.lock_owned().await
    }
}
