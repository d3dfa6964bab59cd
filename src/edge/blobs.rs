//! Content by hash in R2: sources in BLOBS, published bytes in ASSETS, both under `apps/<id>/`; in ASSETS as well, under
//! `builds/<key>/`, what the build cache keeps. An app that takes something from there reads it there, until it has copies.
//!
//! What the foundation has alike in every app is stored once, under `foundation/`, and never deleted: apps that began
//! with an earlier foundation still name it. The foundation of today is read from beside the Worker, once in an isolate. Vendor
//! modules are stored once as well, under `vendor/` in ASSETS, and never deleted for the same reason.

use std::{cell::Cell, iter, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _, future, stream};
use serde::{Serialize, de::DeserializeOwned};
use worker::{Bucket, Delay, Env, Range, ResponseBody, console_error};

use super::console;
use crate::{
    digest::Digest,
    error::{Error, Result},
    ids::AppId,
    sorted::SortedMap,
    template::Foundation,
};

/// How many reads or writes are under way at once.
const CONCURRENCY: usize = 24;

/// The wait before a write that failed is tried once more.
const AGAIN: Duration = Duration::from_secs(1);

const VENDOR: &str = "vendor";

const FOUNDATION: &str = "foundation/blobs";

/// One folder of a bucket.
#[derive(Clone)]
pub(super) struct Blobs {
    bucket: Bucket,
    folder: String,
    /// Where what is not in the folder is looked for.
    also: Option<String>,
    /// Of sources: what leads to those that every app has.
    foundation: Option<Env>,
}

impl Blobs {
    /// The app's sources.
    pub(super) fn sources(env: &Env, app: &AppId) -> Result<Self> {
        Ok(Self {
            also: Some(FOUNDATION.to_owned()),
            foundation: Some(env.clone()),
            ..Self::open(env, "BLOBS", format!("apps/{app}/blobs"))?
        })
    }

    /// The app's published files.
    pub(super) fn assets(env: &Env, app: &AppId) -> Result<Self> {
        Self::open(env, "ASSETS", format!("apps/{app}/assets"))
    }

    /// The app's published files, some of which may still be where the build cache keeps them, under `kept`.
    pub(super) fn assets_or_kept(env: &Env, app: &AppId, kept: Option<&Digest>) -> Result<Self> {
        Ok(Self {
            also: kept.map(build_folder),
            ..Self::assets(env, app)?
        })
    }

    /// The app's artifact sets, as JSON.
    pub(super) fn sets(env: &Env, app: &AppId) -> Result<Self> {
        Self::open(env, "ASSETS", format!("apps/{app}/sets"))
    }

    /// The vendor modules, which all apps share.
    pub(super) fn vendor(env: &Env) -> Result<Self> {
        Self::open(env, "ASSETS", VENDOR.to_owned())
    }

    /// The files of one key of the build cache.
    pub(super) fn build(env: &Env, key: &Digest) -> Result<Self> {
        Self::open(env, "ASSETS", build_folder(key))
    }

    fn open(env: &Env, binding: &str, folder: String) -> Result<Self> {
        let bucket = env.bucket(binding).map_err(unavailable)?;
        Ok(Self {
            bucket,
            folder,
            also: None,
            foundation: None,
        })
    }

    fn key(&self, hash: &Digest) -> String {
        format!("{}/{hash}", self.folder)
    }

    /// Whether the content with this hash is stored.
    pub(super) async fn has(&self, hash: &Digest) -> Result<bool> {
        let found = self.bucket.head(self.key(hash)).await;
        Ok(found.map_err(unavailable)?.is_some())
    }

    /// Whether everything with these hashes is stored.
    pub(super) async fn has_all(&self, hashes: impl IntoIterator<Item = Digest>) -> Result<bool> {
        stream::iter(hashes)
            .map(|hash| async move { self.has(&hash).await })
            .buffer_unordered(CONCURRENCY)
            .try_fold(true, |all, one| future::ready(Ok(all && one)))
            .await
    }

    /// Stores content under its hash. When that fails and somebody else has stored it, it is stored; else it is tried once more.
    pub(super) async fn put(&self, hash: &Digest, content: Vec<u8>) -> Result<()> {
        match self.write(hash, content.clone()).await {
            Err(_) if self.has(hash).await? => Ok(()),
            Err(_) => self.write_later(hash, content).await,
            Ok(()) => Ok(()),
        }
    }

    async fn write(&self, hash: &Digest, content: Vec<u8>) -> Result<()> {
        let put = self.bucket.put(self.key(hash), content).execute();
        put.await.map(drop).map_err(unavailable)
    }

    /// R2 takes one write a second of a key.
    async fn write_later(&self, hash: &Digest, content: Vec<u8>) -> Result<()> {
        Delay::from(AGAIN).await;
        self.write(hash, content).await
    }

    /// Stores several contents; when one fails, others may be stored.
    pub(super) async fn put_all(
        &self,
        contents: impl IntoIterator<Item = (Digest, Vec<u8>)>,
    ) -> Result<()> {
        stream::iter(contents.into_iter().map(Ok))
            .try_for_each_concurrent(CONCURRENCY, |(hash, content)| async move {
                self.put(&hash, content).await
            })
            .await
    }

    /// What every app has, if this is it and can be read: it is in the bucket as well.
    async fn shared(&self, hash: &Digest) -> Option<&'static str> {
        let foundation = console::foundation(self.foundation.as_ref()?).await;
        let foundation = foundation.inspect_err(|error| console_error!("{error}"));
        foundation.ok()?.shared(hash)
    }

    /// The object with this content, or with a part of it, wherever it is.
    async fn object(&self, hash: &Digest, part: Option<Range>) -> Result<Option<worker::Object>> {
        for folder in iter::once(&self.folder).chain(&self.also) {
            let mut request = self.bucket.get(format!("{folder}/{hash}"));
            if let Some(part) = part.clone() {
                request = request.range(part);
            }
            let found = request.execute().await.map_err(unavailable)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The content with this hash.
    pub(super) async fn get(&self, hash: &Digest) -> Result<Vec<u8>> {
        if let Some(content) = self.shared(hash).await {
            return Ok(content.as_bytes().to_vec());
        }
        let object = self.object(hash, None).await?;
        let body = object.as_ref().and_then(|object| object.body());
        let body =
            body.ok_or_else(|| Error::internal(format!("{} is not stored", self.key(hash))))?;
        body.bytes().await.map_err(unavailable)
    }

    /// The content with this hash, as a future that borrows nothing.
    pub(super) fn get_owned(&self, hash: Digest) -> impl Future<Output = Result<Vec<u8>>> + use<> {
        let blobs = self.clone();
        async move { blobs.get(&hash).await }
    }

    /// Several contents.
    pub(super) async fn get_all(
        &self,
        hashes: impl IntoIterator<Item = Digest>,
    ) -> Result<SortedMap<Digest, Vec<u8>>> {
        if let Some(env) = &self.foundation {
            // Before all of them ask for it at once. Who cannot have it asks the bucket.
            _ = console::foundation(env).await;
        }
        stream::iter(hashes)
            .map(|hash| async move { Ok((hash, self.get(&hash).await?)) })
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await
    }

    /// The content with this hash, or a part of it, as a stream; or nothing.
    pub(super) async fn stream(
        &self,
        hash: &Digest,
        part: Option<Range>,
    ) -> Result<Option<ResponseBody>> {
        let object = self.object(hash, part).await?;
        let Some(body) = object.as_ref().and_then(|object| object.body()) else {
            return Ok(None);
        };
        body.response_body().map(Some).map_err(unavailable)
    }

    /// Stores from another folder what has these hashes; false when one of them is not there. The bytes do not come by here.
    pub(super) async fn copy(
        &self,
        from: &Self,
        hashes: impl IntoIterator<Item = Digest>,
    ) -> Result<bool> {
        stream::iter(hashes)
            .map(|hash| async move {
                let Some(ResponseBody::Stream(content)) = from.stream(&hash, None).await? else {
                    return Ok(false);
                };
                let put = self.bucket.put(self.key(&hash), content).execute();
                if let Err(error) = put.await
                    && !self.has(&hash).await?
                {
                    return Err(unavailable(error));
                }
                Ok(true)
            })
            .buffer_unordered(CONCURRENCY)
            .try_fold(true, |all, one| future::ready(Ok(all && one)))
            .await
    }

    /// Stores a value as JSON under a hash, which need not be its own: what is there already is replaced.
    pub(super) async fn put_json<T: Serialize>(&self, hash: &Digest, value: &T) -> Result<()> {
        let content = serde_json::to_vec(value).map_err(Error::internal)?;
        match self.write(hash, content.clone()).await {
            Err(_) => self.write_later(hash, content).await,
            Ok(()) => Ok(()),
        }
    }

    /// The value stored as JSON under a hash.
    pub(super) async fn get_json<T: DeserializeOwned>(&self, hash: &Digest) -> Result<T> {
        // As text, as everything else is read: for bytes all readers of JSON would be compiled once more.
        let text = String::from_utf8(self.get(hash).await?).map_err(Error::internal)?;
        crate::json::from_str(&text).map_err(Error::internal)
    }
}

/// Stores the foundation's contents that every app has, unless they are stored already.
pub(super) async fn keep_foundation(env: &Env, foundation: &Foundation) -> Result<()> {
    thread_local! {
        static KEPT: Cell<bool> = const { Cell::new(false) };
    }
    if KEPT.get() {
        return Ok(());
    }
    let bucket = env.bucket("BLOBS").map_err(unavailable)?;
    let names: String = foundation
        .shared_files()
        .map(|(_, entry, _)| entry.hash.to_string())
        .collect();
    let mark = format!("foundation/complete/{}", Digest::of(names.as_bytes()));
    if bucket.head(&mark).await.map_err(unavailable)?.is_none() {
        stream::iter(foundation.shared_files().map(Ok))
            .try_for_each_concurrent(CONCURRENCY, |(_, entry, content)| {
                let key = format!("{FOUNDATION}/{}", entry.hash);
                let put = bucket.put(key, content.as_bytes().to_vec()).execute();
                async move { put.await.map(drop).map_err(unavailable) }
            })
            .await?;
        let put = bucket.put(mark, Vec::new()).execute();
        put.await.map_err(unavailable)?;
    }
    KEPT.set(true);
    Ok(())
}

fn build_folder(key: &Digest) -> String {
    format!("builds/{key}")
}

/// Deletes everything of an app. Can be repeated.
pub(super) async fn purge(env: &Env, app: &AppId) -> Result<()> {
    for binding in ["BLOBS", "ASSETS"] {
        delete_folder(env, binding, &format!("apps/{app}")).await?;
    }
    Ok(())
}

/// Deletes the files of one key of the build cache. Can be repeated.
pub(super) async fn purge_build(env: &Env, key: &Digest) -> Result<()> {
    delete_folder(env, "ASSETS", &build_folder(key)).await
}

async fn delete_folder(env: &Env, binding: &str, folder: &str) -> Result<()> {
    let bucket = env.bucket(binding).map_err(unavailable)?;
    loop {
        let listed = bucket
            .list()
            .prefix(format!("{folder}/"))
            .limit(1_000)
            .execute()
            .await
            .map_err(unavailable)?;
        let keys: Vec<String> = listed.objects().iter().map(worker::Object::key).collect();
        if keys.is_empty() {
            return Ok(());
        }
        bucket.delete_multiple(keys).await.map_err(unavailable)?;
    }
}

fn unavailable(error: worker::Error) -> Error {
    Error::unavailable(
        "The storage does not answer. Nothing was lost; please try again.",
        error,
    )
}
