//! The render check: the built app, loaded page by page in Chromium, confined as a build is.
//!
//! | room | does |
//! |---|---|
//! | `browser` | which Chromium, and what of the system it needs to see |
//! | `addresses` | pages that the sources name |
//! | `sight` | what was seen → diagnostics with positions in the source, and what the report says |
//!
//! What runs there is the app itself. It has no network: `render.mjs` answers every request out of the artifacts, and
//! says what it saw. Nothing of that is believed.

mod addresses;
mod browser;
mod sight;

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use overskill::build::{Diagnostic, Render, Screenshot};
use serde::Serialize;

pub use self::browser::Choice;
pub(crate) use self::sight::Sight;
use self::{addresses::addresses, browser::Browser};
use crate::{
    beneath,
    sandbox::Sandbox,
    scratch::{Folder, Scratch},
    vendor::Module,
    worker::{Death, Worker},
};

/// How long all pages of an app may take.
const ALL_PAGES: Duration = Duration::from_secs(20);
/// How long one page may take; one that shows nothing yet and still answers gets three times as long (`render.mjs`).
const ONE_PAGE: Duration = Duration::from_secs(5);
/// How much longer its process may take to say what it saw.
const GRACE: Duration = Duration::from_secs(5);

/// What the picture of the start page is called.
const PICTURE: &str = "screenshot.webp";

/// What looks at built apps, or why nothing does.
#[derive(Debug)]
pub(crate) enum Renderer {
    /// Chromium, which was seen to start.
    On {
        /// Where it runs.
        sandbox: Box<Sandbox>,
        /// The program.
        browser: Browser,
    },
    /// Nothing.
    Off(String),
}

/// What was made of an app.
#[derive(Debug)]
pub(crate) struct Look {
    /// What is wrong with it; an error means that it does not work.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// For the report.
    pub(crate) render: Render,
    /// How the start page looks.
    pub(crate) screenshot: Option<Screenshot>,
}

impl Look {
    fn none(reason: impl Into<String>) -> Self {
        Self {
            diagnostics: Vec::new(),
            render: Render::off(reason),
            screenshot: None,
        }
    }
}

/// What its process is told.
#[derive(Debug, Serialize)]
struct Order<'a> {
    out: &'a Path,
    pages: Vec<String>,
    page_ms: u128,
    limit_ms: u128,
    screenshot: &'a Path,
}

impl Renderer {
    /// Finds Chromium and starts it once, confined as for an app.
    pub(crate) async fn open(choice: &Choice, sandbox: &Sandbox, scratch: &Scratch) -> Self {
        let browser = match Browser::find(choice) {
            Ok(browser) => browser,
            Err(reason) => return Self::Off(reason),
        };
        let Some(sandbox) = sandbox.for_browser(&browser.needs()) else {
            return Self::Off(format!(
                "Chromium needs namespaces with a /proc, and builds are confined by: {}",
                sandbox.name()
            ));
        };
        let renderer = Self::On {
            sandbox: Box::new(sandbox),
            browser,
        };
        match renderer.start(scratch).await {
            Some(Ok(_)) => renderer,
            Some(Err(death)) => Self::Off(format!("Chromium does not start here: {death}")),
            None => Self::Off("there is no browser".to_owned()),
        }
    }

    /// Why nothing looks, if nothing does.
    pub(crate) fn off(&self) -> Option<&str> {
        match self {
            Self::On { .. } => None,
            Self::Off(reason) => Some(reason),
        }
    }

    /// A process with Chromium, ready for one app.
    pub(crate) async fn start(&self, scratch: &Scratch) -> Option<Result<Worker, Death>> {
        match self {
            Self::On { sandbox, browser } => {
                Some(Worker::with_browser(sandbox, scratch, &browser.program).await)
            }
            Self::Off(_) => None,
        }
    }

    /// Looks at what was built: sources in `app` of the folder, artifacts in `out`. A browser that was made `ready` ahead may
    /// have died since; what takes a fresh one down as well is the app. A look that fails for another reason says why in the
    /// report, and judges nothing.
    pub(crate) async fn look(
        &self,
        ready: Option<Worker>,
        scratch: &Scratch,
        built: &Arc<Folder>,
        vendor: &[Module],
    ) -> Look {
        if let Some(worker) = ready {
            match self.look_with(worker, built, vendor).await {
                Err(Death::Crash { .. } | Death::Io(_)) => {}
                seen => return judged(seen),
            }
        }
        match self.start(scratch).await {
            Some(Ok(worker)) => judged(self.look_with(worker, built, vendor).await),
            Some(Err(death)) => Look::none(format!("Chromium did not start: {death}")),
            None => Look::none(self.off().unwrap_or("there is no browser")),
        }
    }

    async fn look_with(
        &self,
        mut worker: Worker,
        built: &Arc<Folder>,
        vendor: &[Module],
    ) -> Result<Look, Death> {
        let seen = Self::see(&mut worker, built, vendor).await;
        let folder = worker.end().await;
        let (sight, built) = (seen?, Arc::clone(built));
        let look = tokio::task::spawn_blocking(move || {
            let screenshot = sight.screenshot.then(|| picture(folder.path())).flatten();
            let (diagnostics, pages) = sight.judge(&built.path().join("app"));
            let render = Render::Checked {
                pages,
                screenshot: screenshot.as_ref().map(|picture| picture.sha256),
            };
            Look {
                diagnostics,
                render,
                screenshot,
            }
        });
        Ok(look.await.map_err(io::Error::other)?)
    }

    async fn see(
        worker: &mut Worker,
        built: &Arc<Folder>,
        vendor: &[Module],
    ) -> Result<Sight, Death> {
        let (root, out) = (worker.root(), worker.out());
        let built = Arc::clone(built);
        let target = root.clone();
        let vendor = vendor.to_vec();
        let pages = tokio::task::spawn_blocking(move || {
            copy(&built.path().join("out"), &target)?;
            for module in vendor {
                let file = target.join(module.path.as_str());
                fs::create_dir_all(file.parent().unwrap_or(&target))?;
                fs::write(file, module.content)?;
            }
            addresses(&built.path().join("app"))
        });
        let pages = pages.await.map_err(io::Error::other)??;
        worker.hand_over(&root)?;
        let order = Order {
            out: &root,
            pages,
            page_ms: ONE_PAGE.as_millis(),
            limit_ms: ALL_PAGES.as_millis(),
            screenshot: &out.join(PICTURE),
        };
        match tokio::time::timeout(ALL_PAGES + GRACE, worker.render(&order)).await {
            Ok(sight) => sight,
            Err(_) => Err(Death::Message("nothing was said in time".to_owned())),
        }
    }
}

/// What a look amounts to whose browser may have died of it.
fn judged(seen: Result<Look, Death>) -> Look {
    let death = match seen {
        Ok(look) => return look,
        Err(death) => death,
    };
    let (code, message, advice) = match &death {
        Death::Memory => (
            "memory",
            "The app needed more memory in a browser than it may have.",
            "Look for a list that grows without end, or a component that renders itself.",
        ),
        Death::Crash { .. } => (
            "crash",
            "The app took the browser down that looked at it.",
            "Look for an endless recursion, or for very much that is drawn at once.",
        ),
        _ => return Look::none(format!("Chromium ended before it said anything: {death}")),
    };
    Look {
        diagnostics: vec![Diagnostic::error(code, message).advising(advice)],
        ..Look::none("the app ended it")
    }
}

/// The picture that a program inside has written to its folder, if it is one.
fn picture(folder: &Path) -> Option<Screenshot> {
    let path = PICTURE.parse().ok()?;
    Screenshot::of(beneath::read(&folder.join("out"), &path, Screenshot::MAX_BYTES).ok()?)
}

/// Copies a folder: what runs on the copy cannot change what will be published. It was checked to hold files alone.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_browser_down_is_the_app_and_what_keeps_it_from_starting_is_not() {
        let crash = Death::Crash {
            status: "signal: 6".to_owned(),
            stderr: String::new(),
        };
        for (death, code) in [(crash, "crash"), (Death::Memory, "memory")] {
            let look = judged(Err(death));
            assert_eq!(look.diagnostics[0].code.as_deref(), Some(code));
            assert_eq!(look.render, Render::off("the app ended it"));
        }
        let look = judged(Err(Death::Io(io::Error::other("no space"))));
        assert!(look.diagnostics.is_empty());
        let Render::Off { reason } = look.render else {
            panic!("{:?}", look.render)
        };
        assert!(reason.contains("no space"), "{reason}");
    }
}
