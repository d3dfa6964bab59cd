//! `wrangler.toml`, as far as it says what a Worker is given. There is no second list of bindings.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use overskill::cloudflare::Consumer;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The file. What is not known here is refused: it would be missing on the account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configuration {
    /// The Worker's name.
    pub(crate) name: String,
    /// Its main module; the others lie beside it.
    pub(crate) main: PathBuf,
    pub(crate) compatibility_date: String,
    #[serde(default)]
    pub(crate) compatibility_flags: Vec<String>,
    pub(crate) assets: Assets,
    pub(crate) vars: BTreeMap<String, String>,
    pub(crate) durable_objects: Objects,
    pub(crate) migrations: Vec<Migration>,
    pub(crate) queues: Queues,
    pub(crate) r2_buckets: Vec<Bucket>,
    #[serde(default)]
    pub(crate) worker_loaders: Vec<Loader>,
}

/// Static assets.
#[derive(Debug, Deserialize)]
pub(crate) struct Assets {
    pub(crate) directory: PathBuf,
    pub(crate) binding: String,
    /// How they are served, as the API has it, too.
    #[serde(flatten)]
    pub(crate) config: Map<String, Value>,
}

/// Durable Objects.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Objects {
    pub(crate) bindings: Vec<Object>,
}

/// A class of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) class_name: String,
}

/// A step in the history of the classes.
#[derive(Debug, Deserialize)]
pub(crate) struct Migration {
    pub(crate) tag: String,
    /// What it does, as the API has it, too.
    #[serde(flatten)]
    pub(crate) step: Map<String, Value>,
}

/// Queues.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Queues {
    pub(crate) producers: Vec<Producer>,
    pub(crate) consumers: Vec<Consumed>,
}

/// A queue that is sent to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Producer {
    pub(crate) binding: String,
    pub(crate) queue: String,
}

/// A queue that is listened to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consumed {
    pub(crate) queue: String,
    max_batch_size: Option<u32>,
    /// In seconds.
    max_batch_timeout: Option<u64>,
    max_concurrency: Option<u32>,
    max_retries: Option<u32>,
    /// In seconds.
    retry_delay: Option<u64>,
    dead_letter_queue: Option<String>,
}

/// A bucket of R2.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bucket {
    pub(crate) binding: String,
    pub(crate) bucket_name: String,
}

/// A Worker Loader.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Loader {
    pub(crate) binding: String,
}

/// Reads it.
///
/// # Errors
/// When it cannot be read, or has something in it that no deployment would make.
pub(crate) fn read(path: &Path) -> Result<Configuration> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} cannot be deployed", path.display()))
}

fn parse(text: &str) -> Result<Configuration> {
    let read: Configuration = toml::from_str(text)?;
    if read.vars.get("BUILDER").is_some_and(|kind| kind != "url") {
        bail!("BUILDER must be `url`: containers are put up by wrangler alone (docs/builder.md)");
    }
    Ok(read)
}

impl Configuration {
    /// The queues that there have to be.
    pub(crate) fn queue_names(&self) -> Vec<&str> {
        let sent = self.queues.producers.iter().map(|one| one.queue.as_str());
        let heard = self.queues.consumers.iter().flat_map(|one| {
            let dead = one.dead_letter_queue.as_deref();
            [Some(one.queue.as_str()), dead].into_iter().flatten()
        });
        let mut names: Vec<&str> = sent.chain(heard).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The consumer of a queue.
    pub(crate) fn consumer(&self, of: &Consumed) -> Consumer {
        Consumer {
            worker: self.name.clone(),
            dead_letters: of.dead_letter_queue.clone(),
            batch: of.max_batch_size,
            retries: of.max_retries,
            wait_millis: of.max_batch_timeout.map(|seconds| seconds * 1_000),
            concurrency: of.max_concurrency,
            delay_seconds: of.retry_delay,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The one of this repository.
    pub(crate) const OURS: &str = include_str!("../../../wrangler.toml");

    pub(crate) fn ours() -> Configuration {
        parse(OURS).unwrap()
    }

    #[test]
    fn ours_is_read_whole() {
        let ours = ours();
        assert_eq!(
            ours.queue_names(),
            ["overskill-builds", "overskill-builds-dead"]
        );
        let [builds, dead] = ours.queues.consumers.as_slice() else {
            panic!("two queues")
        };
        let consumer = ours.consumer(builds);
        assert_eq!(
            consumer.dead_letters.as_deref(),
            Some("overskill-builds-dead")
        );
        assert_eq!(consumer.wait_millis, Some(0));
        assert_eq!(ours.consumer(dead).wait_millis, Some(1_000));
        let names: Vec<_> = ours.assets.config.keys().collect();
        assert_eq!(names, ["html_handling", "run_worker_first"]);
        assert!(ours.migrations.iter().all(|one| !one.step.is_empty()));
    }

    #[test]
    fn what_no_deployment_would_make_is_refused() {
        let error = |text: String| format!("{:#}", parse(&text).unwrap_err());
        let said = error(format!(
            "{OURS}\n[[kv_namespaces]]\nbinding = \"KV\"\nid = \"1\"\n"
        ));
        assert!(said.contains("unknown field `kv_namespaces`"), "{said}");
        let said = error(OURS.replace("BUILDER = \"url\"", "BUILDER = \"container\""));
        assert!(
            said.contains("containers are put up by wrangler alone"),
            "{said}"
        );
    }
}
