//! What a Worker is uploaded as (<https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/>).

use serde_json::{Map, Value, json};

use super::Form;
use crate::{
    publish::{Module, ModuleKind},
    sorted::SortedMap,
};

/// For how many seconds requests may be answered by the code before, while the new one spreads.
const DEFERRED_SECONDS: u64 = 300;

/// Something that a Worker is given by name, as the API writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// A text that everybody with access to the account can read.
    Text(String),
    /// A value, likewise.
    Json(Value),
    /// A text that nobody reads again.
    Secret(String),
    /// A bucket of R2.
    R2Bucket(String),
    /// A queue to send to.
    Queue(String),
    /// Another Worker.
    Service(String),
    /// A dispatch namespace.
    DispatchNamespace(String),
    /// A class of Durable Objects of this Worker.
    DurableObjects(String),
    /// A namespace of Workers KV, by its id.
    KvNamespace(String),
    /// A database of D1, by its id.
    Database(String),
    /// The models of Workers AI.
    Ai,
    /// What runs code that is no Worker of the account.
    WorkerLoader,
    /// The static assets that go with the upload.
    Assets,
    /// What it has now.
    Inherit,
}

impl Binding {
    fn written(&self, name: &str) -> Value {
        match self {
            Self::Text(text) => json!({ "name": name, "type": "plain_text", "text": text }),
            Self::Json(value) => json!({ "name": name, "type": "json", "json": value }),
            Self::Secret(text) => json!({ "name": name, "type": "secret_text", "text": text }),
            Self::R2Bucket(bucket) => {
                json!({ "name": name, "type": "r2_bucket", "bucket_name": bucket })
            }
            Self::Queue(queue) => json!({ "name": name, "type": "queue", "queue_name": queue }),
            Self::Service(service) => {
                json!({ "name": name, "type": "service", "service": service })
            }
            Self::DispatchNamespace(namespace) => {
                json!({ "name": name, "type": "dispatch_namespace", "namespace": namespace })
            }
            Self::DurableObjects(class) => {
                json!({ "name": name, "type": "durable_object_namespace", "class_name": class })
            }
            Self::KvNamespace(id) => {
                json!({ "name": name, "type": "kv_namespace", "namespace_id": id })
            }
            Self::Database(id) => json!({ "name": name, "type": "d1", "id": id }),
            Self::Ai => json!({ "name": name, "type": "ai" }),
            Self::WorkerLoader => json!({ "name": name, "type": "worker_loader" }),
            Self::Assets => json!({ "name": name, "type": "assets" }),
            Self::Inherit => json!({ "name": name, "type": "inherit" }),
        }
    }
}

/// What a Worker is given, by name.
pub type Bindings = Vec<(String, Binding)>;

/// A Worker to be uploaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// The module whose default export answers.
    pub main: String,
    /// All modules.
    pub modules: Vec<Module>,
    /// What it is given. Secrets that it has stay, named or not, unless `more` has other `keep_bindings`.
    pub bindings: Bindings,
    /// As of which day the platform behaves, as `2026-07-01`.
    pub compatibility_date: String,
    /// What of it behaves otherwise.
    pub compatibility_flags: Vec<String>,
    /// More of the metadata: `migrations`, `observability`, `assets`, `tags`, `keep_bindings`.
    pub more: Map<String, Value>,
}

impl Upload {
    /// As the script that is live from then on.
    pub(super) fn as_script(&self) -> Form {
        let strategy = json!({ "mode": "deferred", "max_delay": DEFERRED_SECONDS });
        self.form("code_update_strategy", strategy)
    }

    /// As a version that is not live yet.
    pub(super) fn as_version(&self) -> Form {
        self.form("annotations", json!({}))
    }

    fn form(&self, name: &str, value: Value) -> Form {
        let bindings = self.bindings.iter();
        let bindings: Vec<Value> = bindings
            .map(|(name, binding)| binding.written(name))
            .collect();
        let mut metadata = json!({
            "main_module": self.main, "bindings": bindings, "compatibility_date": self.compatibility_date,
            "compatibility_flags": self.compatibility_flags, "keep_bindings": ["secret_text", "secret_key"],
        });
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert(name.to_owned(), value);
            metadata.extend(self.more.clone());
        }
        let mut form = Form::default();
        form.field("metadata", metadata.to_string());
        for module in &self.modules {
            form.file(&module.name, kind(module), module.bytes.clone());
        }
        form
    }
}

fn kind(module: &Module) -> &'static str {
    match module.kind {
        ModuleKind::EsModule => "application/javascript+module",
        ModuleKind::Text => "text/plain",
        ModuleKind::Data => "application/octet-stream",
        ModuleKind::Wasm => "application/wasm",
    }
}

/// How a Worker consumes a queue; what is not said is as Cloudflare has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consumer {
    /// The Worker's name.
    pub worker: String,
    /// Where messages go that were tried often enough; nowhere without.
    pub dead_letters: Option<String>,
    /// How many messages come at once, at most.
    pub batch: Option<u32>,
    /// How often a message is tried again.
    pub retries: Option<u32>,
    /// For how many milliseconds a batch is waited for.
    pub wait_millis: Option<u64>,
    /// How many batches are worked on at a time, at most.
    pub concurrency: Option<u32>,
    /// For how many seconds a message rests before it is tried again.
    pub delay_seconds: Option<u64>,
}

impl Consumer {
    /// As the API writes it, in requests and in answers.
    pub(super) fn written(&self) -> Value {
        let settings = [
            ("batch_size", self.batch.map(Value::from)),
            ("max_retries", self.retries.map(Value::from)),
            ("max_wait_time_ms", self.wait_millis.map(Value::from)),
            ("max_concurrency", self.concurrency.map(Value::from)),
            ("retry_delay", self.delay_seconds.map(Value::from)),
        ];
        let settings = settings
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut written = json!({
            "type": "worker", "script_name": self.worker, "settings": settings.collect::<Map<_, _>>(),
        });
        if let (Some(queue), Some(written)) = (&self.dead_letters, written.as_object_mut()) {
            written.insert("dead_letter_queue".to_owned(), queue.clone().into());
        }
        written
    }

    /// Whether a consumer that the API tells of is this one, with all that is said of it here.
    #[must_use]
    pub fn is(&self, told: &Value) -> bool {
        let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
        let worker = ["script", "script_name", "service"].map(text);
        let said = self.written();
        let settings = said.get("settings").and_then(Value::as_object);
        text("type") == "worker"
            && worker.contains(&self.worker.as_str())
            && text("dead_letter_queue") == self.dead_letters.as_deref().unwrap_or_default()
            && settings.is_some_and(|settings| {
                settings.iter().all(|(name, value)| {
                    told.get("settings").and_then(|told| told.get(name)) == Some(value)
                })
            })
    }
}

/// A static asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetFile {
    /// What [`asset_hash`] says of it.
    pub hash: String,
    /// Its length in bytes.
    pub size: u64,
}

/// The manifest of an upload of assets, by path with a `/` before it.
pub(super) fn manifest(files: &SortedMap<String, AssetFile>) -> Value {
    let files = files.iter().map(|(path, AssetFile { hash, size })| {
        (path.clone(), json!({ "hash": hash, "size": size }))
    });
    json!({ "manifest": files.collect::<Map<_, _>>() })
}

/// By what an asset is known: the first 32 hexadecimal digits of the BLAKE3 hash of its content in base64 with its extension behind it.
#[must_use]
pub fn asset_hash(content_base64: &str, extension: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content_base64.as_bytes());
    hasher.update(extension.as_bytes());
    hasher.finalize().to_hex().chars().take(32).collect()
}
