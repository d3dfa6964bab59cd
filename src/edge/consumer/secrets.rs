//! Secrets in what was built: none of it is published then.

use super::Attempt;
use crate::{
    build::Diagnostic,
    edge::blobs::Blobs,
    error::Result,
    project::Manifest,
    publish::secrets::{self, Leak},
};

/// How many are told.
const MOST_TOLD: usize = 20;

impl Attempt<'_> {
    /// What to tell of secrets in built files: where they are in the app's own files, as far as they are there as they were built.
    pub(super) async fn tell_leaks(
        &self,
        manifest: &Manifest,
        built: Vec<Leak>,
    ) -> Result<Vec<Diagnostic>> {
        let sources = Blobs::sources(self.env, self.app)?;
        let mut told = Vec::new();
        for (path, entry) in manifest.iter() {
            let content = sources.get(&entry.hash).await?;
            let known = |leak: &Leak| built.iter().any(|built| built.rule == leak.rule);
            told.extend(secrets::scan(path, &content).into_iter().filter(known));
        }
        told.extend(built);
        let first = |at: usize, leak: &Leak| {
            let before = told.get(..at).unwrap_or_default();
            // In a source and in what was built of it, a secret is one.
            !before.iter().any(|other| {
                other.rule == leak.rule && (other == leak || manifest.get(&leak.path).is_none())
            })
        };
        Ok(told
            .iter()
            .enumerate()
            .filter(|(at, leak)| first(*at, leak))
            .take(MOST_TOLD)
            .map(|(_, leak)| diagnostic(leak))
            .collect())
    }
}

fn diagnostic(leak: &Leak) -> Diagnostic {
    let diagnostic = Diagnostic::error("secret", leak.to_string()).in_file(leak.path.clone());
    Diagnostic {
        line: u32::try_from(leak.line).ok(),
        ..diagnostic
    }
}
