//! The packages and the Node that build. Checked once, before the builder listens.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use overskill::digest::Digest;
use serde::Deserialize;
use tokio::process::Command;

use crate::{
    dependencies::Lock,
    node_rule::{NEEDED, suffices},
};

/// The scripts that run in workers, the first of them their program, and the one that prebuilds packages for them.
pub(crate) const WORKER_SCRIPTS: [(&str, &str); 14] = [
    ("worker.mjs", include_str!("../worker.mjs")),
    ("compile.mjs", include_str!("../compile.mjs")),
    ("diagnose.mjs", include_str!("../diagnose.mjs")),
    ("externals.mjs", include_str!("../externals.mjs")),
    ("fence.mjs", include_str!("../fence.mjs")),
    ("foreign.mjs", include_str!("../foreign.mjs")),
    ("functions.mjs", include_str!("../functions.mjs")),
    ("plain.mjs", include_str!("../plain.mjs")),
    ("tailwind3.mjs", include_str!("../tailwind3.mjs")),
    ("typecheck.mjs", include_str!("../typecheck.mjs")),
    ("vendor.mjs", include_str!("../vendor.mjs")),
    ("types.mjs", include_str!("../types.mjs")),
    ("weigh.mjs", include_str!("../weigh.mjs")),
    ("render.mjs", include_str!("../render.mjs")),
];

/// What cannot be built without.
const REQUIRED: [&str; 7] = [
    "vite",
    "@vitejs/plugin-react",
    "tailwindcss",
    "@tailwindcss/vite",
    "typescript",
    "react",
    "react-dom",
];

/// Why there is no toolchain. The sentence names the command that mends it.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// A file of the folder is missing or malformed.
    #[error(
        "{file} cannot be read ({reason}): --toolchain must name a folder with package.json and package-lock.json"
    )]
    Folder {
        /// Which file.
        file: String,
        /// Why not.
        reason: String,
    },
    /// Packages are missing.
    #[error(
        "{folder}/node_modules lacks {package}: run `npm ci` in {folder}, or `cargo xtask dev`, which does it"
    )]
    Packages {
        /// The toolchain's folder.
        folder: String,
        /// The first package that is missing.
        package: &'static str,
    },
    /// Node does not run.
    #[error(
        "{node} does not run ({reason}): install Node ({NEEDED}), name one with --node, or use `cargo xtask dev`, \
         which brings one"
    )]
    NoNode {
        /// The program.
        node: String,
        /// Why not.
        reason: String,
    },
    /// Node is too old.
    #[error(
        "{node} is version {version}, {NEEDED} is needed: name another with --node, or use `cargo xtask dev`, \
         which brings one"
    )]
    OldNode {
        /// The program.
        node: String,
        /// Its version.
        version: String,
    },
}

/// What builds.
#[derive(Debug)]
pub(crate) struct Toolchain {
    /// The Node program, as given.
    pub(crate) node: PathBuf,
    /// The folder of packages, without symbolic links in its path.
    pub(crate) node_modules: PathBuf,
    /// What an app may import by name, in order.
    pub(crate) packages: Vec<String>,
    /// The builder's own packages, which no app can import: older compilers of styles.
    pub(crate) extras: Option<PathBuf>,
    /// All packages, by where they lie.
    pub(crate) baked: Lock,
    /// Equal for equal packages.
    pub(crate) lock_digest: Digest,
    /// Equal for equal packages, Node and worker scripts.
    pub(crate) digest: Digest,
}

#[derive(Deserialize)]
struct PackageFile {
    #[serde(default)]
    dependencies: std::collections::BTreeMap<String, String>,
}

impl Toolchain {
    /// Checks the folder and asks Node for its version.
    pub(crate) async fn open(folder: &Path, node: &Path) -> Result<Self, ToolchainError> {
        let read = |name: &str| {
            let file = folder.join(name);
            std::fs::read(&file).map_err(|error| unreadable(&file, &error))
        };
        let lock = read("package-lock.json")?;
        let package: PackageFile = serde_json::from_slice(&read("package.json")?)
            .map_err(|error| unreadable(&folder.join("package.json"), &error))?;
        let baked = Lock::parse(&lock).ok_or_else(|| {
            let reason = "it is no lock file of version 2 or 3";
            unreadable(&folder.join("package-lock.json"), &reason)
        })?;
        let node_modules = folder.join("node_modules");
        if let Some(package) = REQUIRED
            .into_iter()
            .find(|package| !node_modules.join(package).join("package.json").is_file())
        {
            return Err(ToolchainError::Packages {
                folder: folder.display().to_string(),
                package,
            });
        }
        let node_modules = node_modules
            .canonicalize()
            .map_err(|error| unreadable(&node_modules, &error))?;
        let (version, node) = identify(node).await?;
        let scripts = WORKER_SCRIPTS.map(|(_, script)| script.as_bytes());
        let parts = [lock.as_slice(), version.as_bytes()]
            .into_iter()
            .chain(scripts);
        Ok(Self {
            node,
            node_modules,
            packages: package.dependencies.into_keys().collect(),
            extras: None,
            baked,
            lock_digest: Digest::of(&lock),
            digest: Digest::of_parts(parts),
        })
    }

    /// The same, with the packages of another folder for the builder's own use.
    ///
    /// # Errors
    /// When they are not installed.
    pub(crate) fn with_extras(self, folder: Option<&Path>) -> Result<Self, ToolchainError> {
        let Some(folder) = folder else {
            return Ok(self);
        };
        let lock = folder.join("package-lock.json");
        let lock = std::fs::read(&lock).map_err(|error| unreadable(&lock, &error))?;
        let packages = folder.join("node_modules");
        if !packages.join("tailwindcss/package.json").is_file() {
            return Err(ToolchainError::Packages {
                folder: folder.display().to_string(),
                package: "tailwindcss",
            });
        }
        let extras = packages
            .canonicalize()
            .map_err(|error| unreadable(&packages, &error))?;
        let digest = Digest::of_parts([self.digest.to_string().as_bytes(), &lock]);
        Ok(Self {
            extras: Some(extras),
            digest,
            ..self
        })
    }

    /// Whether the package is installed, asked for by an app or not.
    pub(crate) fn has(&self, package: &str) -> bool {
        self.node_modules
            .join(package)
            .join("package.json")
            .is_file()
    }
}

fn unreadable(file: &Path, reason: &dyn std::fmt::Display) -> ToolchainError {
    ToolchainError::Folder {
        file: file.display().to_string(),
        reason: reason.to_string(),
    }
}

/// Node's version, and where it is: workers start without the `PATH` that finds it.
async fn identify(node: &Path) -> Result<(String, PathBuf), ToolchainError> {
    let broken = |reason: String| ToolchainError::NoNode {
        node: node.display().to_string(),
        reason,
    };
    let output = Command::new(node)
        .args([
            "--print",
            "`${process.versions.node}\\n${process.execPath}`",
        ])
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error: io::Error| broken(error.to_string()))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    let Some((version, program)) = answer.trim().split_once('\n') else {
        return Err(broken(format!(
            "asked for its version it printed {:?}",
            answer.trim()
        )));
    };
    match suffices(version) {
        Some(true) => Ok((version.to_owned(), PathBuf::from(program))),
        Some(false) => Err(ToolchainError::OldNode {
            node: node.display().to_string(),
            version: version.to_owned(),
        }),
        None => Err(broken(format!(
            "asked for its version it printed {version:?}"
        ))),
    }
}
