//! Runs an app's own Worker through the Worker Loader, cut off from the network but for the hosts that its functions may ask.

use js_sys::{
    Array, Object, Promise, Reflect, Uint8Array,
    futures::{JsFuture, future_to_promise},
};
use std::{cell::Cell, panic::AssertUnwindSafe, rc::Rc};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};
use worker::{Env, Fetcher, console_error, worker_sys, worker_sys::web_sys};

use super::{blobs::Blobs, cipher, runtime};
use crate::{
    build::is_vendor,
    digest::Digest,
    error::{Error, Result},
    ids::AppId,
    publish::{self, ArtifactSet, FunctionName, Runtime, SizeReport},
    sorted::SortedMap,
};

use serde::{Deserialize, Serialize};

#[wasm_bindgen]
extern "C" {
    type WorkerLoader;

    #[wasm_bindgen(method, catch)]
    fn get(
        this: &WorkerLoader,
        id: &str,
        code: &JsValue,
    ) -> std::result::Result<WorkerStub, JsValue>;

    /// A dispatch namespace.
    type Dispatcher;

    #[wasm_bindgen(method, catch, js_name = get)]
    fn dispatched(
        this: &Dispatcher,
        name: &str,
    ) -> std::result::Result<worker_sys::Fetcher, JsValue>;

    type WorkerStub;

    #[wasm_bindgen(method, catch, js_name = getEntrypoint)]
    fn get_entrypoint(this: &WorkerStub) -> std::result::Result<worker_sys::Fetcher, JsValue>;
}

/// An app's Worker in the dispatch namespace that this one has; nothing where it has none.
pub(super) fn dispatched(env: &Env, name: &str) -> Result<Option<worker_sys::Fetcher>> {
    let dispatcher = Reflect::get(env, &"DISPATCHER".into()).map_err(failed)?;
    if dispatcher.is_undefined() {
        return Ok(None);
    }
    let dispatcher: Dispatcher = dispatcher.unchecked_into();
    dispatcher.dispatched(name).map(Some).map_err(failed)
}

/// Asks a Worker.
pub(super) async fn fetch(
    worker: &worker_sys::Fetcher,
    request: &web_sys::Request,
) -> Result<web_sys::Response> {
    let answer = async { JsFuture::from(worker.fetch(request)?).await }.await;
    answer.map(JsValue::unchecked_into).map_err(|error| {
        Error::unavailable(
            "The app's Worker did not answer. Please try again.",
            format!("{error:?}"),
        )
    })
}

/// As of which day the platform behaves for the Workers of apps.
pub(super) const COMPATIBILITY_DATE: &str = "2026-07-01";

/// What behaves otherwise: bindings are in the hands of whom they are given to, and not of every function that imports them.
pub(super) const COMPATIBILITY_FLAG: &str = "disallow_importable_env";

/// An artifact set as it is stored: what was built, and the generated script around it.
/// Its digest names the code: under one digest it never changes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredSet {
    pub(super) artifacts: ArtifactSet,
    /// The key of the build cache that its files came from: they are there as long as they are not the app's own.
    pub(super) kept: Option<Digest>,
    pub(super) main: String,
    /// By their names.
    pub(super) modules: SortedMap<String, StoredModule>,
    pub(super) sizes: SizeReport,
}

impl StoredSet {
    /// Whether any of it runs beside the files.
    pub(super) fn has_functions(&self) -> bool {
        let mut paths = self.artifacts.entries.keys();
        paths.any(|path| FunctionName::of(path).is_some())
    }
}

/// A module of the app's Worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredModule {
    /// JavaScript.
    Js(String),
    /// Imported as a string.
    Text(String),
    /// Imported as bytes, which are stored beside the set under their hash.
    Data(Digest),
}

thread_local! {
    static FAILURES: Cell<u64> = const { Cell::new(0) };
}

/// How often this isolate could not load an app's Worker.
pub(super) fn failures() -> u64 {
    FAILURES.get()
}

/// What an app's Worker is told, with the name by which it is found loaded.
pub(super) struct Named {
    pub(super) runtime: Runtime,
    name: String,
}

impl Named {
    pub(super) fn new(runtime: Runtime) -> Rc<Self> {
        let name = runtime.loaded_as().to_string();
        Rc::new(Self { runtime, name })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// An app's Worker. It starts when the first request reaches it, and has to be kept until that has its answer.
pub(super) struct AppWorker {
    fetcher: worker_sys::Fetcher,
    /// What is called for its code where it is not loaded. A function that is given away for good would be kept for ever by a Worker that is.
    _code: Closure<dyn FnMut() -> Promise>,
}

impl AppWorker {
    /// Asks it.
    pub(super) async fn fetch(&self, request: &web_sys::Request) -> Result<web_sys::Response> {
        fetch(&self.fetcher, request).await
    }

    /// The same for whoever asks it by address.
    pub(super) fn fetcher(&self) -> Fetcher {
        self.fetcher.clone().into()
    }
}

/// The app's Worker, told this.
pub(super) fn app_worker(env: &Env, context: &JsValue, named: &Rc<Named>) -> Result<AppWorker> {
    let loader: WorkerLoader = Reflect::get(env, &"LOADER".into())
        .map_err(failed)?
        .unchecked_into();
    let (env, context, told) = (env.clone(), context.clone(), Rc::clone(named));
    let code = Closure::once(move || {
        future_to_promise(AssertUnwindSafe(async move {
            Ok(code(&env, &context, &told.runtime).await?)
        }))
    });
    let stub = loader.get(&named.name, code.as_ref()).map_err(failed)?;
    Ok(AppWorker {
        fetcher: stub.get_entrypoint().map_err(failed)?,
        _code: code,
    })
}

/// The secret variables that a Worker's functions are told, by the names of their bindings; and what is wrong with one that does not open.
pub(super) async fn opened(env: &Env, told: &Runtime) -> (Vec<(String, String)>, Option<Error>) {
    let (mut all, mut closed) = (Vec::new(), None);
    for (name, sealed) in &told.told.secrets {
        let of = publish::sealed_as(&told.app_id, told.environment, name);
        match cipher::open(env, &of, sealed).await {
            Ok(secret) => all.push((format!("SECRET_{name}"), secret)),
            Err(error) => closed = Some(error),
        }
    }
    (all, closed)
}

pub(super) async fn stored_set(env: &Env, app: &AppId, set: &Digest) -> Result<StoredSet> {
    Blobs::sets(env, app)?.get_json(set).await
}

/// What the loader is given: modules, bindings, and what it may reach.
pub(super) async fn code(env: &Env, context: &JsValue, told: &Runtime) -> worker::Result<JsValue> {
    let code = worker_code(env, context, told).await;
    code.map_err(|error| {
        FAILURES.set(FAILURES.get().wrapping_add(1));
        error.into()
    })
}

async fn worker_code(env: &Env, context: &JsValue, told: &Runtime) -> Result<JsValue> {
    let app = &told.app_id;
    let stored = stored_set(env, app, &told.set).await?;
    let hashes = stored.modules.values().filter_map(|module| match module {
        StoredModule::Data(hash) => Some(*hash),
        _ => None,
    });
    let data = Blobs::sets(env, app)?.get_all(hashes).await?;
    let modules = Object::new();
    for (name, module) in &stored.modules {
        let value = match module {
            StoredModule::Js(text) => object([("js", text.as_str().into())])?,
            StoredModule::Text(text) => object([("text", text.as_str().into())])?,
            StoredModule::Data(hash) => {
                let bytes = data.get(hash).map(Vec::as_slice).unwrap_or_default();
                object([("data", Uint8Array::from(bytes).buffer().into())])?
            }
        };
        Reflect::set(&modules, &name.into(), &value).map_err(failed)?;
    }
    let bindings = Object::new();
    for (name, value) in told.vars() {
        Reflect::set(&bindings, &name.into(), &value.into()).map_err(failed)?;
    }
    let entries = &stored.artifacts.entries;
    let hashes = |vendor: bool| -> JsValue {
        let wanted = entries.iter().filter(|(path, _)| is_vendor(path) == vendor);
        let hashes: Array = wanted
            .map(|(_, artifact)| JsValue::from(artifact.hash.to_string()))
            .collect();
        hashes.into()
    };
    let kept = stored.kept.map(|key| JsValue::from(key.to_string()));
    let props = object([
        ("app", app.as_str().into()),
        ("hashes", hashes(false)),
        ("kept", kept.unwrap_or(JsValue::UNDEFINED)),
        ("vendor", hashes(true)),
    ])?;
    let mut outbound = JsValue::NULL;
    if stored.has_functions() {
        let (secrets, closed) = opened(env, told).await;
        // The pages, and functions that need others, go on.
        if let Some(error) = closed {
            console_error!("{}: {error}", told.app_id);
        }
        for (name, value) in secrets {
            Reflect::set(&bindings, &name.into(), &value.into()).map_err(failed)?;
        }
        let hosts = told.told.hosts.iter().map(JsValue::from);
        let props = object([
            ("hosts", hosts.collect::<Array>().into()),
            ("origin", told.origin.as_str().into()),
        ])?;
        outbound = runtime::outbound(context, &props)?.into_rpc();
    }
    let assets = runtime::app_assets(context, &props)?;
    Reflect::set(&bindings, &"ASSETS".into(), &assets.into_rpc::<JsValue>()).map_err(failed)?;
    let code = object([
        ("compatibilityDate", COMPATIBILITY_DATE.into()),
        (
            "compatibilityFlags",
            Array::of1(&COMPATIBILITY_FLAG.into()).into(),
        ),
        ("mainModule", stored.main.as_str().into()),
        ("modules", modules.into()),
        ("env", bindings.into()),
        ("globalOutbound", outbound),
    ])?;
    Ok(code.into())
}

fn object<const N: usize>(members: [(&str, JsValue); N]) -> Result<Object> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &name.into(), &value).map_err(failed)?;
    }
    Ok(object)
}

fn failed(error: JsValue) -> Error {
    Error::internal(format!("the app's Worker cannot be loaded: {error:?}"))
}
