//! What is asked about an account: Workers, their versions and secrets, dispatch namespaces, R2, queues, static assets.

use serde_json::{Map, Value, json};

use super::{
    AssetFile, Body, Consumer, Form, Method, Proof, Request, Upload, encoded, script::manifest,
};
use crate::sorted::SortedMap;

/// An account, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account(pub String);

/// Where a Worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// One of the account's own.
    Own,
    /// In this dispatch namespace.
    Namespace(&'a str),
}

/// How the clients write the type of some JSON.
const AS_TEXT: &str = "text/plain;charset=UTF-8";

impl Account {
    fn path(&self, rest: &str) -> String {
        format!("/accounts/{}{rest}", encoded(&self.0))
    }

    fn worker(&self, place: Place<'_>, name: &str, rest: &str) -> String {
        let name = encoded(name);
        match place {
            Place::Own => self.path(&format!("/workers/scripts/{name}{rest}")),
            Place::Namespace(namespace) => self.path(&format!(
                "/workers/dispatch/namespaces/{}/scripts/{name}{rest}",
                encoded(namespace)
            )),
        }
    }

    /// Uploads a Worker, which is live from then on. Its secrets stay. Each time it is another version.
    #[must_use]
    pub fn put_worker(&self, place: Place<'_>, name: &str, upload: &Upload) -> Request {
        let request = Request::new(Method::Put, self.worker(place, name, ""))
            .with("excludeScript", "true")
            .with("bindings_inherit", "strict")
            .body(Body::Form(upload.as_script()));
        Request {
            repeats: false,
            ..request
        }
    }

    /// Takes a Worker away, whatever uses it.
    #[must_use]
    pub fn delete_worker(&self, place: Place<'_>, name: &str) -> Request {
        let request = Request::new(Method::Delete, self.worker(place, name, ""));
        match place {
            Place::Own => request.with("force", "true"),
            Place::Namespace(_) => request,
        }
    }

    /// All Workers that are the account's own.
    #[must_use]
    pub fn workers(&self) -> Request {
        Request::get(self.path("/workers/scripts"))
    }

    /// Whether the token, one of the account's own, is good.
    #[must_use]
    pub fn verify(&self) -> Request {
        Request::get(self.path("/tokens/verify"))
    }

    /// A Worker as a whole, with the tag of its newest migration.
    #[must_use]
    pub fn service(&self, name: &str) -> Request {
        Request::get(self.path(&format!("/workers/services/{}", encoded(name))))
    }

    /// How a Worker is set up.
    #[must_use]
    pub fn worker_settings(&self, name: &str) -> Request {
        Request::get(self.worker(Place::Own, name, "/settings"))
    }

    /// A Worker of a dispatch namespace.
    #[must_use]
    pub fn namespace_worker(&self, namespace: &str, name: &str) -> Request {
        Request::get(self.worker(Place::Namespace(namespace), name, ""))
    }

    /// The Workers of a dispatch namespace that have this tag.
    #[must_use]
    pub fn namespace_workers(&self, namespace: &str, tag: &str) -> Request {
        let namespace = encoded(namespace);
        Request::get(self.path(&format!("/workers/dispatch/namespaces/{namespace}/scripts")))
            .with("tags", format!("{tag}:yes"))
    }

    /// Uploads a version of a Worker, which is not live yet. The answer names it.
    #[must_use]
    pub fn post_version(&self, name: &str, upload: &Upload) -> Request {
        Request::new(Method::Post, self.worker(Place::Own, name, "/versions"))
            .with("bindings_inherit", "strict")
            .body(Body::Form(upload.as_version()))
    }

    /// A version.
    #[must_use]
    pub fn version(&self, name: &str, id: &str) -> Request {
        Request::get(self.worker(Place::Own, name, &format!("/versions/{}", encoded(id))))
    }

    /// The newest versions.
    #[must_use]
    pub fn versions(&self, name: &str) -> Request {
        Request::get(self.worker(Place::Own, name, "/versions"))
    }

    /// What is live, and was.
    #[must_use]
    pub fn deployments(&self, name: &str) -> Request {
        Request::get(self.worker(Place::Own, name, "/deployments"))
    }

    /// Makes versions live: each with the percentage of requests that it gets, 100 in all. An earlier version brings back what was. Done again,
    /// the same is live.
    #[must_use]
    pub fn deploy(&self, name: &str, versions: &[(&str, u8)], message: &str) -> Request {
        let versions: Vec<Value> = versions
            .iter()
            .map(|(id, percentage)| json!({ "version_id": id, "percentage": percentage }))
            .collect();
        Request::new(Method::Post, self.worker(Place::Own, name, "/deployments"))
            .json(json!({
                "strategy": "percentage", "versions": versions, "annotations": { "workers/message": message },
                "code_update_strategy": { "mode": "deferred", "max_delay": 300 },
            }))
            .repeating()
    }

    /// The names of a Worker's secrets.
    #[must_use]
    pub fn secrets(&self, name: &str) -> Request {
        Request::get(self.worker(Place::Own, name, "/secrets"))
    }

    /// Sets a secret.
    #[must_use]
    pub fn put_secret(&self, place: Place<'_>, worker: &str, name: &str, text: &str) -> Request {
        Request::new(Method::Put, self.worker(place, worker, "/secrets")).json(secret(name, text))
    }

    /// Sets several secrets at once, and takes those away that have no text.
    #[must_use]
    pub fn patch_secrets(
        &self,
        worker: &str,
        secrets: &SortedMap<String, Option<String>>,
    ) -> Request {
        let secrets = secrets.iter().map(|(name, text)| {
            let written = text.as_ref().map_or(Value::Null, |text| secret(name, text));
            (name.clone(), written)
        });
        let secrets: Map<String, Value> = secrets.collect();
        let path = self.worker(Place::Own, worker, "/secrets-bulk");
        let body = Body::Json(
            "application/merge-patch+json",
            json!({ "secrets": secrets }),
        );
        Request::new(Method::Patch, path).body(body)
    }

    /// Takes a secret away.
    #[must_use]
    pub fn delete_secret(&self, worker: &str, name: &str) -> Request {
        let path = self.worker(Place::Own, worker, &format!("/secrets/{}", encoded(name)));
        Request::new(Method::Delete, path).with("url_encoded", "true")
    }

    /// The account's name below `workers.dev`.
    #[must_use]
    pub fn subdomain(&self) -> Request {
        Request::get(self.path("/workers/subdomain"))
    }

    /// Whether a Worker is reached below `workers.dev`, and its versions are.
    #[must_use]
    pub fn put_on_subdomain(&self, worker: &str, enabled: bool, previews: bool) -> Request {
        Request::new(Method::Post, self.worker(Place::Own, worker, "/subdomain"))
            .json(json!({ "enabled": enabled, "previews_enabled": previews }))
            .repeating()
    }

    /// Sets all routes of a Worker: patterns, each with its zone, which Cloudflare finds by the host name where it is not said.
    #[must_use]
    pub fn put_routes(&self, worker: &str, routes: &[(&str, Option<&str>)]) -> Request {
        let written = |(pattern, zone): &(&str, Option<&str>)| match zone {
            Some(zone) => json!({ "pattern": pattern, "zone_id": zone }),
            None => json!({ "pattern": pattern }),
        };
        let routes: Vec<Value> = routes.iter().map(written).collect();
        Request::new(Method::Put, self.worker(Place::Own, worker, "/routes")).json(routes.into())
    }

    /// When a Worker is woken, in the notation of cron.
    #[must_use]
    pub fn put_schedules(&self, worker: &str, crons: &[&str]) -> Request {
        let crons: Vec<Value> = crons.iter().map(|cron| json!({ "cron": cron })).collect();
        Request::new(Method::Put, self.worker(Place::Own, worker, "/schedules")).json(crons.into())
    }

    /// The custom domains with this host name.
    #[must_use]
    pub fn domains(&self, hostname: &str) -> Request {
        Request::get(self.path("/workers/domains")).with("hostname", hostname)
    }

    /// Leads a host name of a zone to a Worker, with a certificate and a record of its own.
    #[must_use]
    pub fn put_domain(&self, hostname: &str, worker: &str, zone: &str) -> Request {
        Request::new(Method::Put, self.path("/workers/domains")).json(json!({
            "hostname": hostname, "service": worker, "zone_id": zone, "environment": "production",
        }))
    }

    /// Takes a custom domain away.
    #[must_use]
    pub fn delete_domain(&self, id: &str) -> Request {
        let path = self.path(&format!("/workers/domains/{}", encoded(id)));
        Request::new(Method::Delete, path)
    }

    /// The dispatch namespaces.
    #[must_use]
    pub fn namespaces(&self) -> Request {
        Request::get(self.path("/workers/dispatch/namespaces"))
    }

    /// A dispatch namespace.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Request {
        Request::get(self.path(&format!("/workers/dispatch/namespaces/{}", encoded(name))))
    }

    /// Makes a dispatch namespace.
    #[must_use]
    pub fn post_namespace(&self, name: &str) -> Request {
        let path = self.path("/workers/dispatch/namespaces");
        Request::new(Method::Post, path).json(json!({ "name": name }))
    }

    /// Sets the tags of a Worker in a dispatch namespace.
    #[must_use]
    pub fn put_tags(&self, namespace: &str, worker: &str, tags: &[&str]) -> Request {
        let path = self.worker(Place::Namespace(namespace), worker, "/tags");
        Request::new(Method::Put, path).json(json!(tags))
    }

    /// The first buckets of R2.
    #[must_use]
    pub fn buckets(&self) -> Request {
        Request::get(self.path("/r2/buckets"))
    }

    /// Takes a bucket of R2 away, which has to be empty.
    #[must_use]
    pub fn delete_bucket(&self, name: &str) -> Request {
        let path = self.path(&format!("/r2/buckets/{}", encoded(name)));
        Request::new(Method::Delete, path)
    }

    /// A bucket of R2.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Request {
        Request::get(self.path(&format!("/r2/buckets/{}", encoded(name))))
    }

    /// Makes a bucket of R2.
    #[must_use]
    pub fn post_bucket(&self, name: &str) -> Request {
        let path = self.path("/r2/buckets");
        Request::new(Method::Post, path).body(Body::Json(AS_TEXT, json!({ "name": name })))
    }

    fn object(&self, method: Method, bucket: &str, key: &str) -> Request {
        // The slashes of a key are those of the path.
        let key: Vec<String> = key.split('/').map(encoded).collect();
        let path = format!("/r2/buckets/{}/objects/{}", encoded(bucket), key.join("/"));
        Request::new(method, self.path(&path))
    }

    /// An object's content.
    #[must_use]
    pub fn get_object(&self, bucket: &str, key: &str) -> Request {
        self.object(Method::Get, bucket, key)
    }

    /// Stores an object.
    #[must_use]
    pub fn put_object(&self, bucket: &str, key: &str, kind: &str, bytes: Vec<u8>) -> Request {
        let body = Body::Bytes(kind.to_owned(), bytes);
        self.object(Method::Put, bucket, key).body(body)
    }

    /// Takes an object away.
    #[must_use]
    pub fn delete_object(&self, bucket: &str, key: &str) -> Request {
        self.object(Method::Delete, bucket, key)
    }

    /// The queues of this name, a page of them, from 1 on.
    #[must_use]
    pub fn queues(&self, name: &str, page: u32) -> Request {
        Request::get(self.path("/queues"))
            .with("name", name)
            .with("page", page.to_string())
    }

    /// Makes a queue.
    #[must_use]
    pub fn post_queue(&self, name: &str) -> Request {
        let body = Body::Json(AS_TEXT, json!({ "queue_name": name }));
        Request::new(Method::Post, self.path("/queues")).body(body)
    }

    /// Takes a queue away, by its id.
    #[must_use]
    pub fn delete_queue(&self, id: &str) -> Request {
        let path = self.path(&format!("/queues/{}", encoded(id)));
        Request::new(Method::Delete, path)
    }

    /// Who consumes a queue, by the queue's id.
    #[must_use]
    pub fn consumers(&self, queue: &str) -> Request {
        Request::get(self.path(&format!("/queues/{}/consumers", encoded(queue))))
    }

    /// Has a Worker consume a queue, by the queue's id.
    #[must_use]
    pub fn post_consumer(&self, queue: &str, consumer: &Consumer) -> Request {
        let path = self.path(&format!("/queues/{}/consumers", encoded(queue)));
        Request::new(Method::Post, path).body(Body::Json(AS_TEXT, consumer.written()))
    }

    /// Has a consumer, by the queue's id and its own, be another one.
    #[must_use]
    pub fn put_consumer(&self, queue: &str, id: &str, consumer: &Consumer) -> Request {
        let (queue, id) = (encoded(queue), encoded(id));
        let path = self.path(&format!("/queues/{queue}/consumers/{id}"));
        Request::new(Method::Put, path).body(Body::Json(AS_TEXT, consumer.written()))
    }

    /// Begins an upload of assets: the answer names those that are missing, in groups to be sent together, and the token to send them with.
    #[must_use]
    pub fn post_assets(
        &self,
        place: Place<'_>,
        worker: &str,
        files: &SortedMap<String, AssetFile>,
    ) -> Request {
        let path = self.worker(place, worker, "/assets-upload-session");
        Request::new(Method::Post, path)
            .json(manifest(files))
            .repeating()
    }

    /// Uploads a group of assets with the token of their session: each with its hash, its type, and its content in base64. The last answer has
    /// the token that goes into the Worker's metadata.
    #[must_use]
    pub fn post_asset_files<'a>(
        &self,
        session: &str,
        files: impl IntoIterator<Item = (&'a str, &'a str, String)>,
    ) -> Request {
        let mut form = Form::default();
        for (hash, kind, base64) in files {
            form.file(hash, kind, base64.into_bytes());
        }
        let request = Request::new(Method::Post, self.path("/workers/assets/upload"));
        let request = request
            .with("base64", "true")
            .body(Body::Form(form))
            .repeating();
        Request {
            proof: Proof::Session(session.to_owned()),
            ..request
        }
    }
}

fn secret(name: &str, text: &str) -> Value {
    json!({ "name": name, "text": text, "type": "secret_text" })
}
