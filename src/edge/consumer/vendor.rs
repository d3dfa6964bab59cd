//! Vendor modules: an answer names them, and whichever of them is not stored yet is fetched from the builder, once for
//! all apps.

use futures::{TryStreamExt as _, stream};
use worker::{AbortSignal, Method, Request, RequestInit};

use super::{
    Attempt,
    exchange::{broken, credential, next_chunk},
    pulse::Pulse,
};
use crate::{
    digest::Digest,
    edge::{blobs::Blobs, builder, runtime::Seen},
    error::{Error, Result},
    publish::{Artifact, cache::Built},
};

/// How many are looked for or fetched at the same time.
const AT_ONCE: usize = 6;

thread_local! {
    /// What is stored, as far as this isolate has seen it. It is never deleted.
    static STORED: Seen<Digest> = const { Seen::new() };
}

impl Attempt<'_> {
    /// Sees to it that those of a build are stored.
    pub(super) async fn keep_vendor(
        &self,
        built: &Built,
        pulse: &Pulse,
        signal: &AbortSignal,
    ) -> Result<()> {
        let stored = Blobs::vendor(self.env)?;
        let unknown = built
            .vendor()
            .filter(|module| !Seen::has(&STORED, &module.hash));
        stream::iter(unknown.map(Ok))
            .try_for_each_concurrent(AT_ONCE, |module| {
                let stored = stored.clone();
                async move {
                    if !stored.has(&module.hash).await? {
                        let content = self.fetch_vendor(module, pulse, signal).await?;
                        stored.put(&module.hash, content).await?;
                    }
                    pulse.beat();
                    Seen::remember(&STORED, module.hash);
                    Ok(())
                }
            })
            .await
    }

    /// The content that the builder has under this hash, if it is what the hash says.
    async fn fetch_vendor(
        &self,
        module: &Artifact,
        pulse: &Pulse,
        signal: &AbortSignal,
    ) -> Result<Vec<u8>> {
        let url = format!("{}/vendor/{}", builder::base(self.env)?, module.hash);
        let mut init = RequestInit::new();
        init.with_method(Method::Get)
            .with_headers(credential(self.env)?);
        let request = Request::new_with_init(&url, &init).map_err(Error::internal)?;
        let mut response = builder::send(self.env, self.app, request, signal).await?;
        if response.status_code() != 200 {
            return Err(broken(&format!("{url}: {}", response.status_code())));
        }
        let mut body = response.stream().map_err(|error| broken(&error))?;
        let mut content = Vec::new();
        while let Some(chunk) = next_chunk(&mut body).await? {
            pulse.beat();
            content.extend(chunk);
            if content.len() as u64 > module.size {
                break;
            }
        }
        if Digest::of(&content) != module.hash || content.len() as u64 != module.size {
            return Err(broken(&format!("{url}: not the content of that hash")));
        }
        Ok(content)
    }
}
