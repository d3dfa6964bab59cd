//! The state folder: `run/` with the worker scripts, `incoming/` with jobs that arrive, `workers/` with one folder a
//! worker, `installing/` with installs that are made, and `node_modules`, a link to the toolchain's, beside them: Node, Vite
//! and TypeScript find it from any of them, and Tailwind, which would follow a link inside the sources, does not scan it.
//!
//! One builder at a time uses it; what an earlier one left of these is removed. What it installed stays: `installs/`,
//! `resolutions/`, and `npm/`, which is npm's own cache. (`vendor/` in it is the room `vendor`'s.)

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
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
        // In a folder of their own, where no app and no package of the toolchain looks for packages.
        if let Some(extras) = &toolchain.extras {
            let folder = self.root.join("run/extras");
            fs::create_dir(&folder)?;
            std::os::unix::fs::symlink(extras, folder.join("node_modules"))?;
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
            extras: toolchain.extras.clone(),
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
        let path = std::mem::take(&mut self.path);
        if path.as_os_str().is_empty() {
            return;
        }
        let remove = move || {
            if let Err(error) = remove(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                eprintln!(
                    "overskill-builder: {} was left behind: {error}",
                    path.display()
                );
            }
        };
        // An install has a hundred thousand files: nobody else shall wait for them.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Removes a folder with everything in it. Nested deep enough, it would fill the stack of whoever goes down into it, and be
/// out of reach by its path: what lies two levels down is brought up, until nothing does. Folders may have been closed.
fn remove(folder: &Path) -> io::Result<()> {
    let mut number = 0_u64;
    let mut unused = || loop {
        number += 1;
        let path = folder.join(format!("{number}.removed"));
        if path.symlink_metadata().is_err() {
            break path;
        }
    };
    loop {
        let entries = match open_up(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        if entries.is_empty() {
            return fs::remove_dir(folder);
        }
        for entry in entries {
            if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
                continue;
            }
            for inner in open_up(&entry.path())? {
                if inner.file_type()?.is_dir() {
                    // Moving a folder changes it.
                    fs::set_permissions(inner.path(), fs::Permissions::from_mode(0o700))?;
                    fs::rename(inner.path(), unused())?;
                } else {
                    fs::remove_file(inner.path())?;
                }
            }
            fs::remove_dir(entry.path())?;
        }
    }
}

/// What is in a folder, even in one that nobody may look into.
fn open_up(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    fs::read_dir(folder)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_it_it_is_removed() {
        let root = std::env::temp_dir().join(format!("overskill-remove-{}", std::process::id()));
        remove(&root).unwrap();
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::create_dir_all(root.join("a/2.removed/c")).unwrap();
        fs::create_dir_all(root.join("1.removed")).unwrap();
        fs::write(root.join("a/b/c/file"), "").unwrap();
        let kept = root.with_extension("kept");
        fs::create_dir_all(&kept).unwrap();
        fs::write(kept.join("file"), "").unwrap();
        std::os::unix::fs::symlink(&kept, root.join("a/link")).unwrap();
        std::os::unix::fs::symlink(&kept, root.join("link")).unwrap();
        // Deeper than a path can be long, and than a stack is.
        let mut deep = fs::File::open(root.join("a/b")).unwrap();
        for _ in 0..5_000 {
            rustix::fs::mkdirat(&deep, "deeper", rustix::fs::Mode::RWXU).unwrap();
            let flags = rustix::fs::OFlags::RDONLY;
            let next = rustix::fs::openat(&deep, "deeper", flags, rustix::fs::Mode::empty());
            deep = next.unwrap().into();
        }
        for closed in ["a/b/c", "a/b", "a"] {
            fs::set_permissions(root.join(closed), fs::Permissions::from_mode(0o000)).unwrap();
        }
        remove(&root).unwrap();
        assert!(!root.exists());
        assert!(kept.join("file").exists());
        remove(&kept).unwrap();
    }
}
