//! Platform calls that the `worker` crate does not bind, and what an isolate remembers between events.

use std::{borrow::Borrow, cell::RefCell, thread::LocalKey};

use js_sys::{Date, Object, Promise, Reflect, Uint8Array, futures::JsFuture};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::{
    Fetcher, Headers, Request, RequestInit, Response, ResponseBody, State, worker_sys,
    worker_sys::web_sys,
};

use crate::{
    error::{Error, Result},
    sorted::SortedSet,
    time::Timestamp,
};

#[wasm_bindgen]
extern "C" {
    type Storage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Storage,
        body: &mut dyn FnMut() -> std::result::Result<(), JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, at: &Date) -> std::result::Result<Promise, JsValue>;

    type Context;

    #[wasm_bindgen(method, js_name = waitUntil)]
    fn wait_until(this: &Context, work: &Promise);

    type Bytes;

    #[wasm_bindgen(method, catch, js_name = toBase64)]
    fn to_base64(this: &Bytes) -> std::result::Result<String, JsValue>;

    type Exports;

    #[wasm_bindgen(method, catch, js_name = AppAssets)]
    fn app_assets(
        this: &Exports,
        options: &JsValue,
    ) -> std::result::Result<worker_sys::Fetcher, JsValue>;

    #[wasm_bindgen(method, catch, js_name = Outbound)]
    fn outbound(
        this: &Exports,
        options: &JsValue,
    ) -> std::result::Result<worker_sys::Fetcher, JsValue>;
}

/// How many values of one kind an isolate remembers; with one more it begins anew.
const REMEMBERED: usize = 4_096;

/// Values that this isolate has seen, for a `thread_local!`.
pub(super) struct Seen<T>(RefCell<SortedSet<T>>);

impl<T: Ord + 'static> Seen<T> {
    pub(super) const fn new() -> Self {
        Self(RefCell::new(SortedSet::new()))
    }

    pub(super) fn has<Q: Ord + ?Sized>(of: &'static LocalKey<Self>, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        of.with(|seen| seen.0.borrow().contains(value))
    }

    pub(super) fn remember(of: &'static LocalKey<Self>, value: T) {
        of.with(|seen| {
            let mut seen = seen.0.borrow_mut();
            if seen.len() >= REMEMBERED {
                seen.clear();
            }
            seen.insert(value);
        });
    }
}

/// Goes on with work when the event of this context has its answer.
pub(super) fn wait_until(context: &JsValue, work: &Promise) {
    context.unchecked_ref::<Context>().wait_until(work);
}

fn storage(state: &State) -> Storage {
    let storage = state.storage();
    let storage: &JsValue = storage.as_raw().as_ref();
    storage.clone().unchecked_into()
}

/// Bytes in base64.
pub(super) fn base64(bytes: &[u8]) -> Result<String> {
    let bytes: JsValue = Uint8Array::from(bytes).into();
    bytes
        .unchecked_into::<Bytes>()
        .to_base64()
        .map_err(|error| Error::internal(format!("no base64: {error:?}")))
}

/// What an answer says. The crate's own way reads it as a stream, piece by piece, which takes several times as long.
pub(super) async fn text(answer: Response) -> worker::Result<String> {
    let ResponseBody::Stream(stream) = answer.into_parts().1 else {
        return Ok(String::new());
    };
    let text = web_sys::Response::new_with_opt_readable_stream(Some(&stream))?.text()?;
    let text = JsFuture::from(text).await?;
    Ok(text.as_string().unwrap_or_default())
}

/// A request for a WebSocket at this address.
pub(super) fn upgrade(address: &str) -> Result<Request> {
    let headers = Headers::new();
    headers
        .set("upgrade", "websocket")
        .map_err(Error::internal)?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    Request::new_with_init(address, &init).map_err(Error::internal)
}

/// The size of this module's memory, in bytes. The memory is that of all objects and requests in the isolate.
pub(super) fn memory_bytes() -> u64 {
    const PAGE_BYTES: u64 = 64 * 1024;
    core::arch::wasm32::memory_size::<0>() as u64 * PAGE_BYTES
}

/// Runs `body` in one transaction: all of its writes, or none when it fails.
pub(super) fn transaction(
    state: &State,
    mut body: impl FnMut() -> worker::Result<()>,
) -> worker::Result<()> {
    storage(state).transaction_sync(&mut || body().map_err(JsValue::from))?;
    Ok(())
}

/// Arms the object's one alarm, replacing an earlier one. Part of the transaction of the event that calls it.
pub(super) fn arm(state: &State, at: Timestamp) -> worker::Result<()> {
    // Milliseconds since the epoch are exact in a double until the year 287396.
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    let date = Date::new(&JsValue::from_f64(at.0 as f64));
    let _written = storage(state).set_alarm(&date)?;
    Ok(())
}

/// A binding to this Worker's own `AppAssets` entry point that carries `props`, so that whoever holds it can ask
/// for nothing else. `context` is the event's, or a Durable Object's state.
pub(super) fn app_assets(context: &JsValue, props: &JsValue) -> Result<Fetcher> {
    loopback(context, props, |exports, options| {
        exports.app_assets(options)
    })
}

/// Likewise to `Outbound`, which bounds where the functions of an app send requests.
pub(super) fn outbound(context: &JsValue, props: &JsValue) -> Result<Fetcher> {
    loopback(context, props, |exports, options| exports.outbound(options))
}

fn loopback(
    context: &JsValue,
    props: &JsValue,
    entry: impl FnOnce(&Exports, &JsValue) -> std::result::Result<worker_sys::Fetcher, JsValue>,
) -> Result<Fetcher> {
    let failed = |error: JsValue| Error::internal(format!("no loopback binding: {error:?}"));
    let exports = Reflect::get(context, &"exports".into()).map_err(failed)?;
    let options = Object::new();
    Reflect::set(&options, &"props".into(), props).map_err(failed)?;
    let fetcher = entry(&exports.unchecked_into(), &options).map_err(failed)?;
    Ok(fetcher.into())
}
