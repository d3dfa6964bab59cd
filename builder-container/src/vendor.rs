//! The packages that most apps share, prebuilt as vendor modules: once for a toolchain, kept under its digest in a
//! folder that several builders may share. Development builds leave them outside (`externals.mjs`).
//!
//! What a worker says of them is names. Contents and hashes are this room's own.

use std::{
    collections::BTreeMap,
    fs,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
    path::Path,
    process::Output,
    time::Duration,
};

use axum::body::Bytes;
use overskill::{build::VENDOR_FOLDER, digest::Digest, project::ProjectPath};
use serde::{Deserialize, de::IgnoredAny};
use tokio::time::timeout;

use crate::{sandbox::Sandbox, scratch::Scratch, toolchain::Toolchain};

/// How long prebuilding may take. It was seen to take one second.
const LIMIT: Duration = Duration::from_secs(120);
/// What the script writes beside the modules.
const MANIFEST: &str = "vendor.json";

/// Why there are no vendor modules.
#[derive(Debug, thiserror::Error)]
pub enum VendorError {
    /// The script failed, which it does for no reason of an app's.
    #[error("the toolchain's packages cannot be prebuilt: {0}; run `npm ci` in its folder")]
    Failed(String),
    /// The folder cannot be used.
    #[error("the prebuilt packages cannot be kept: {0}; name another folder with --vendor")]
    Io(#[from] io::Error),
}

/// One vendor module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Module {
    /// Where it is served.
    pub(crate) path: ProjectPath,
    /// Hash of the content.
    pub(crate) sha256: Digest,
    /// What it is.
    pub(crate) content: Bytes,
}

/// All vendor modules, by file name.
#[derive(Debug)]
pub(crate) struct Vendor {
    modules: BTreeMap<String, Module>,
}

#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, IgnoredAny>,
}

impl Vendor {
    /// Takes them from the folder, or has them prebuilt. Workers find the manifest beside their scripts.
    pub(crate) async fn prepare(
        folder: &Path,
        scratch: &Scratch,
        toolchain: &Toolchain,
        sandbox: &Sandbox,
    ) -> Result<Self, VendorError> {
        let kept = folder.join(toolchain.digest.to_string());
        let vendor = match Self::open(&kept) {
            Ok(vendor) => vendor,
            Err(_) => prebuild(scratch, sandbox, &kept).await?,
        };
        fs::copy(kept.join(MANIFEST), scratch.scripts().join(MANIFEST))?;
        Ok(vendor)
    }

    fn open(folder: &Path) -> io::Result<Self> {
        let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join(MANIFEST))?)?;
        let modules = manifest.files.into_keys().map(|name| {
            let path = format!("{VENDOR_FOLDER}{name}");
            let path: ProjectPath = path.parse().map_err(io::Error::other)?;
            if name.contains('/') {
                return Err(io::Error::other(format!("{name} is not a file name")));
            }
            let content = Bytes::from(fs::read(folder.join(&name))?);
            let sha256 = Digest::of(&content);
            let module = Module {
                path,
                sha256,
                content,
            };
            Ok((name, module))
        });
        Ok(Self {
            modules: modules.collect::<io::Result<_>>()?,
        })
    }

    /// The modules of these names; the name that is none of them otherwise.
    pub(crate) fn named(&self, names: &[String]) -> Result<Vec<Module>, String> {
        let found = names.iter().map(|name| {
            let module = self.modules.get(name).cloned();
            module.ok_or_else(|| name.clone())
        });
        found.collect()
    }

    /// The content of this hash.
    pub(crate) fn content(&self, sha256: &Digest) -> Option<Bytes> {
        let mut modules = self.modules.values();
        let found = modules.find(|module| module.sha256 == *sha256);
        found.map(|module| module.content.clone())
    }
}

/// Runs the script in the sandbox and keeps what it wrote, if nobody else did so in the meantime.
async fn prebuild(
    scratch: &Scratch,
    sandbox: &Sandbox,
    kept: &Path,
) -> Result<Vendor, VendorError> {
    let folder = scratch.worker()?;
    let user = sandbox.prepare(folder.path())?;
    let out = folder.path().join("out");
    let mut command = sandbox.command(folder.path(), user)?;
    command.arg(scratch.scripts().join("vendor.mjs")).arg(&out);
    let output = match timeout(LIMIT, command.output()).await {
        Ok(output) => output?,
        Err(_) => {
            let why = format!("not done after {} s", LIMIT.as_secs());
            return Err(VendorError::Failed(why));
        }
    };
    if !output.status.success() {
        return Err(VendorError::Failed(said(&output)));
    }
    let vendor = Vendor::open(&out)?;
    // Another builder may share the folder, and have the same number in a container of its own.
    let fresh = kept.with_extension(format!("{:x}", RandomState::new().build_hasher().finish()));
    fs::create_dir_all(&fresh)?;
    fs::copy(out.join(MANIFEST), fresh.join(MANIFEST))?;
    for (name, module) in &vendor.modules {
        fs::write(fresh.join(name), &module.content)?;
    }
    match fs::rename(&fresh, kept) {
        Err(_) if Vendor::open(kept).is_ok() => fs::remove_dir_all(&fresh)?,
        renamed => renamed?,
    }
    Ok(vendor)
}

/// The end of what the script wrote to its standard error.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines.iter().skip(lines.len().saturating_sub(8)).copied();
    format!(
        "{}: {}",
        output.status,
        last.collect::<Vec<_>>().join(" | ")
    )
}
