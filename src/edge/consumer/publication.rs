//! From received artifacts to a stored artifact set with the app's Worker script around it.

use std::collections::BTreeMap;

use super::Attempt;
use crate::{
    build::Diagnostic,
    digest::Digest,
    edge::{
        blobs::Blobs,
        loader::{ModuleText, StoredSet},
        settings,
    },
    error::{Error, Result},
    generation::BuildOutcome,
    project::FileEntry,
    publish::{self, ArtifactSet, ModuleKind, Runtime, SizeReport, cache::Built},
};

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
            diagnostics,
            report,
        } = built;
        let artifacts = ArtifactSet {
            mode: self.work.mode,
            source_digest: self.work.source_digest,
            toolchain_digest: report.toolchain_digest,
            entries,
        };
        match self.store_set(artifacts, stored, cached).await? {
            Ok((set, sizes)) => Ok(BuildOutcome::Succeeded {
                set,
                diagnostics,
                report,
                lockfile,
                cached,
                sizes,
            }),
            Err(refusal) => Ok(BuildOutcome::Failed {
                diagnostics: vec![Diagnostic::error("publish", refusal.to_string())],
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
        let script = match publish::worker_script(&artifacts, &html, Vec::new(), publish::BUDGET) {
            Ok(script) => script,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let runtime = Runtime {
            app_id: self.app.clone(),
            environment: publish::Environment::Preview,
            version: self.work.version,
            console_origin: Some(settings::hosts(self.env)?.console_origin().to_owned()),
            public: BTreeMap::new(),
        };
        let variables = runtime.vars();
        let set = publish::code_id(&script, &variables);
        let mut modules = BTreeMap::new();
        for module in script.modules {
            let text = String::from_utf8(module.bytes).map_err(Error::internal)?;
            let module_text = match module.kind {
                ModuleKind::EsModule => ModuleText::Js(text),
                ModuleKind::Text => ModuleText::Text(text),
                ModuleKind::Data => {
                    return Err(Error::internal(
                        "a binary module where only text is embedded",
                    ));
                }
            };
            modules.insert(module.name.into_owned(), module_text);
        }
        let stored = StoredSet {
            artifacts,
            kept,
            main: script.main.to_owned(),
            modules,
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            sizes: script.report.clone(),
        };
        Blobs::sets(self.env, self.app)?
            .put_json(&set, &stored)
            .await?;
        Ok(Ok((set, script.report)))
    }
}
