//! The state folder: `run/` with the worker scripts, `incoming/` with jobs that arrive, `workers/` with one folder a
//! worker, `installing/` with installs that are made, and `node_modules`, a link to the toolchain's, beside them: Node, Vite
//! and TypeScript find it from any of them, and Tailwind, which would follow a link inside the sources, does not scan it.
//!
//! One builder at a time uses it; what an earlier one left of these is removed. What it installed stays: `installs/`,
//! `resolutions/`, and `npm/`, which is npm's own cache. (`vendor/` in it is the room `vendor`'s.)

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    sandbox::View,
    toolchain::{Toolchain, WORKER_SCRIPTS},
    typescript::TSCONFIG,
};

/// What workers build before their first job, so that it is not the one that waits for code to be loaded and compiled.
const WARM_UP: [(&str, &str); 4] = [
    ("tsconfig.json", TSCONFIG),
    ("index.html", include_str!("../warm/index.html")),
    ("src/main.tsx", include_str!("../warm/src/main.tsx")),
    ("src/main.css", include_str!("../warm/src/main.css")),
];

/// The state folder, held by this process.
#[derive(Debug)]
pub(crate) struct Scratch {
    root: PathBuf,
    next: AtomicU64,
    /// The lock goes with the open file.
    _lock: fs::File,
}

impl Scratch {
    /// Takes the folder; `None` when another process has it.
    pub(crate) fn open(folder: &Path) -> io::Result<Option<Self>> {
        fs::create_dir_all(folder)?;
        let root = folder.canonicalize()?;
        let lock = fs::File::create(root.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        for name in ["run", "incoming", "workers", "installing"] {
            remove(&root.join(name))?;
            fs::create_dir(root.join(name))?;
        }
        for name in ["installs", "resolutions", "npm"] {
            fs::create_dir_all(root.join(name))?;
        }
        Ok(Some(Self {
            root,
            next: AtomicU64::new(1),
            _lock: lock,
        }))
    }

    /// Puts the worker scripts and the link to the packages in place.
    pub(crate) fn install(&self, toolchain: &Toolchain) -> io::Result<()> {
        let link = self.root.join("node_modules");
        match fs::remove_file(&link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => std::os::unix::fs::symlink(&toolchain.node_modules, link)?,
        }
        for (name, script) in WORKER_SCRIPTS {
            fs::write(self.root.join("run").join(name), script)?;
        }
        // Node looks for one above its scripts, and stops at one that it finds but may not read.
        fs::write(self.root.join("run/package.json"), "{}")?;
        for (path, content) in WARM_UP {
            let file = self.root.join("run/warm").join(path);
            fs::create_dir_all(file.parent().unwrap_or(&self.root))?;
            fs::write(file, content)?;
        }
        Ok(())
    }

    /// What workers see of this folder and of the toolchain.
    pub(crate) fn view(&self, toolchain: &Toolchain) -> View {
        View {
            node: toolchain.node.clone(),
            packages: toolchain.node_modules.clone(),
            scripts: self.root.join("run"),
            link: self.root.join("node_modules"),
            installs: self.installs(),
            state: self.root.clone(),
            more: Vec::new(),
        }
    }

    /// The program of a worker.
    pub(crate) fn script(&self) -> PathBuf {
        self.scripts().join("worker.mjs")
    }

    /// The folder of the scripts.
    pub(crate) fn scripts(&self) -> PathBuf {
        self.root.join("run")
    }

    /// The program of a worker that looks at an app.
    pub(crate) fn render_script(&self) -> PathBuf {
        self.root.join("run/render.mjs")
    }

    /// A fresh folder for a job that arrives.
    pub(crate) fn incoming(&self) -> io::Result<Folder> {
        self.fresh("incoming")
    }

    /// A fresh folder for a worker.
    pub(crate) fn worker(&self) -> io::Result<Folder> {
        self.fresh("workers")
    }

    /// A fresh folder for an install that is made.
    pub(crate) fn installing(&self) -> io::Result<Folder> {
        self.fresh("installing")
    }

    /// Where installs are kept.
    pub(crate) fn installs(&self) -> PathBuf {
        self.root.join("installs")
    }

    /// Where it is kept what lists of packages were resolved to.
    pub(crate) fn resolutions(&self) -> PathBuf {
        self.root.join("resolutions")
    }

    /// What npm keeps of what it fetched.
    pub(crate) fn npm_cache(&self) -> PathBuf {
        self.root.join("npm")
    }

    fn fresh(&self, kind: &str) -> io::Result<Folder> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join(kind).join(number.to_string());
        fs::create_dir(&path)?;
        Ok(Folder { path })
    }
}

/// A folder that is removed with everything in it when this goes.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it, with its content, to `target`, which must not exist. Whoever owns that place removes it.
    pub(crate) fn move_to(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            eprintln!(
                "overskill-builder: {} was left behind: {error}",
                self.path.display()
            );
        }
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
