//! From received artifacts to a stored artifact set with the app's Worker script around it.

use super::Attempt;
use crate::{
    digest::Digest,
    edge::{
        blobs::Blobs,
        gzip::gzip,
        loader::{StoredModule, StoredSet},
        settings,
    },
    error::{Error, Result},
    generation::BuildOutcome,
    project::FileEntry,
    publish::{
        self, ArtifactSet, Critical, Function, FunctionName, MOST_FUNCTIONS, Module, ModuleKind,
        Part, SizeReport,
        advice::{advice, refusal},
        cache::Built,
    },
    sorted::SortedMap,
};

/// How many bytes of what first paint needs are looked at. What is beyond stays outside of the script.
const MOST_CRITICAL_BYTES: u64 = 8 * 1024 * 1024;

impl Attempt<'_> {
    /// Generates the app's Worker script around the artifacts and stores both as one artifact set.
    /// `stored` has the page; `cached` is the key of the build cache where the files are.
    pub(super) async fn publish(
        &self,
        built: Built,
        stored: &Blobs,
        cached: Option<Digest>,
        lockfile: Option<FileEntry>,
    ) -> Result<BuildOutcome> {
        let Built {
            entries,
            mut diagnostics,
            report,
        } = built;
        let artifacts = ArtifactSet {
            mode: self.work.mode,
            source_digest: self.work.source_digest,
            toolchain_digest: report.toolchain_digest,
            entries,
        };
        match self.store_set(artifacts, stored, cached).await? {
            Ok((set, sizes)) => {
                diagnostics.extend(advice(&sizes, &report.weights, self.work.mode));
                Ok(BuildOutcome::Succeeded {
                    set,
                    diagnostics,
                    report,
                    lockfile,
                    cached,
                    sizes: Box::new(sizes),
                })
            }
            Err(refused) => Ok(BuildOutcome::Failed {
                diagnostics: vec![refusal(&refused, &report.weights)],
                report: Some(report),
            }),
        }
    }

    async fn store_set(
        &self,
        artifacts: ArtifactSet,
        files: &Blobs,
        kept: Option<Digest>,
    ) -> Result<std::result::Result<(Digest, SizeReport), publish::PublishError>> {
        let Some(page) = artifacts.page().map(|page| page.hash) else {
            return Ok(Err(publish::PublishError::NoPage));
        };
        let html = files.get(&page).await?;
        let parts = parts(&artifacts, &html, files).await?;
        let functions = functions(&artifacts, files).await?;
        let budget = settings::script_budget(self.env)?;
        let script = match publish::worker_script(&artifacts, &html, functions, parts, budget) {
            Ok(script) => script,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let set = publish::code_id(&script);
        let sets = Blobs::sets(self.env, self.app)?;
        let mut modules = SortedMap::new();
        for Module { name, kind, bytes } in script.modules {
            let text = |bytes| String::from_utf8(bytes).map_err(Error::internal);
            let module = match kind {
                ModuleKind::EsModule => StoredModule::Js(text(bytes)?),
                ModuleKind::Text => StoredModule::Text(text(bytes)?),
                ModuleKind::Wasm => {
                    return Err(Error::internal("the script of an app has a module of wasm"));
                }
                ModuleKind::Data => {
                    let hash = Digest::of(&bytes);
                    sets.put(&hash, bytes).await?;
                    StoredModule::Data(hash)
                }
            };
            modules.insert(name.into_owned(), module);
        }
        let stored = StoredSet {
            artifacts,
            kept,
            main: script.main.to_owned(),
            modules,
            sizes: script.report.clone(),
        };
        sets.put_json(&set, &stored).await?;
        Ok(Ok((set, script.report)))
    }
}

/// The app's functions, by name.
async fn functions(artifacts: &ArtifactSet, files: &Blobs) -> Result<Vec<Function>> {
    let entries = artifacts.entries.iter();
    let named: Vec<_> = entries
        .filter_map(|(path, artifact)| Some((FunctionName::of(path)?, artifact)))
        .take(MOST_FUNCTIONS)
        .collect();
    let hashes = named.iter().map(|(_, artifact)| artifact.hash);
    let codes = files.get_all(hashes).await?;
    let functions = named.into_iter().map(|(name, artifact)| {
        let code = codes.get(&artifact.hash).cloned();
        let code = code.ok_or_else(|| Error::internal("the module of a function is not stored"))?;
        Ok(Function { name, code })
    });
    functions.collect()
}

/// What first paint needs, the most important first, in gzip where that is shorter.
async fn parts(artifacts: &ArtifactSet, page: &[u8], files: &Blobs) -> Result<Vec<Part>> {
    // A page that is no text is refused a moment later.
    let mut critical = Critical::of(artifacts, &String::from_utf8_lossy(page));
    let mut contents: SortedMap<Digest, Vec<u8>> = SortedMap::new();
    let mut left = MOST_CRITICAL_BYTES;
    loop {
        let mut wanted = Vec::new();
        while let Some((path, kind)) = critical.unread() {
            let artifact = artifacts.entries.get(&path);
            if let Some(artifact) = artifact.filter(|artifact| artifact.size <= left) {
                left -= artifact.size;
                wanted.push((path, kind, artifact.hash));
            }
        }
        if wanted.is_empty() {
            break;
        }
        let found = files
            .get_all(wanted.iter().map(|(_, _, hash)| *hash))
            .await?;
        for (path, kind, hash) in wanted {
            let content = found.get(&hash).map(Vec::as_slice).unwrap_or_default();
            critical.read(&path, kind, &String::from_utf8_lossy(content));
        }
        contents.extend(found);
    }
    let mut parts = Vec::new();
    for path in critical.found() {
        let hash = artifacts.entries.get(&path).map(|artifact| artifact.hash);
        let part = match hash.and_then(|hash| contents.get(&hash)) {
            None => Part {
                path,
                bytes: None,
                is_gzip: false,
            },
            Some(content) => {
                let short = gzip(content).await?;
                let is_gzip = short.len() < content.len();
                let bytes = if is_gzip { short } else { content.clone() };
                Part {
                    path,
                    bytes: Some(bytes),
                    is_gzip,
                }
            }
        };
        parts.push(part);
    }
    Ok(parts)
}
