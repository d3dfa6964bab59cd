use std::cell::{Cell, RefCell};

use futures::{FutureExt as _, executor::block_on};
use serde_json::{Map, json};

use super::*;
use crate::cloudflare::{
    Body, Method, Request,
    site::{Sent, lead_host, leave_host},
};

/// A namespace, and the routes of a zone, as far as this module asks for them.
#[derive(Debug, Default)]
struct Cloud {
    workers: RefCell<Vec<String>>,
    routes: RefCell<Vec<(String, String)>>,
    asked: RefCell<Vec<String>>,
    /// Whether uploads are refused.
    refuses: Cell<bool>,
}

impl Cloud {
    fn does(&self, request: &Request) -> (u16, serde_json::Value) {
        let good = |result: serde_json::Value| {
            (
                200,
                json!({ "success": true, "errors": [], "result": result }),
            )
        };
        let bad = |status: u16, code: u32| {
            let error = json!({ "code": code, "message": "no" });
            (status, json!({ "success": false, "errors": [error] }))
        };
        let scripts = "/accounts/acc/workers/dispatch/namespaces/apps/scripts";
        let name = request.path.strip_prefix(&format!("{scripts}/"));
        let mut workers = self.workers.borrow_mut();
        match (request.method, name) {
            (Method::Get, None) if request.path == scripts => {
                assert_eq!(request.query, [("tags", "app-a-staging:yes".to_owned())]);
                let all = workers.iter().map(|id| json!({ "id": id }));
                good(all.collect())
            }
            (Method::Put, Some(_)) if self.refuses.get() => bad(403, 10_000),
            (Method::Put, Some(name)) => {
                let Body::Form(form) = &request.body else {
                    panic!("{request:?}")
                };
                let (_, pieces) = form.pieces("x");
                let text: Vec<u8> = pieces.concat();
                let text = String::from_utf8(text).unwrap();
                assert!(text.contains(r#""tags":["app-a-staging"]"#), "{text}");
                workers.push(name.to_owned());
                good(json!({}))
            }
            (_, Some(name)) if !workers.iter().any(|known| known == name) => bad(404, 10_007),
            (Method::Get, Some(_)) => good(json!({})),
            (Method::Delete, Some(name)) => {
                workers.retain(|known| known != name);
                good(json!(null))
            }
            _ => self.routed(request),
        }
    }

    fn routed(&self, request: &Request) -> (u16, serde_json::Value) {
        let mut routes = self.routes.borrow_mut();
        let result = match (request.method, &request.body) {
            (Method::Get, _) => {
                let all = routes.iter();
                all.map(|(pattern, script)| json!({ "id": pattern, "pattern": pattern, "script": script }))
                    .collect()
            }
            (Method::Post, Body::Json(_, body)) => {
                let text = |name: &str| body[name].as_str().unwrap().to_owned();
                routes.push((text("pattern"), text("script")));
                json!({})
            }
            (Method::Put, Body::Json(_, body)) => {
                let id = request.path.rsplit('/').next().unwrap();
                let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
                let known = routes.iter_mut().find(|(pattern, _)| *pattern == id);
                body["script"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut known.unwrap().1);
                json!({})
            }
            (Method::Delete, _) => {
                let id = request.path.rsplit('/').next().unwrap();
                let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
                routes.retain(|(pattern, _)| *pattern != id);
                json!({})
            }
            _ => panic!("{request:?}"),
        };
        (
            200,
            json!({ "success": true, "errors": [], "result": result }),
        )
    }
}

impl Api for Cloud {
    fn send(&self, request: &Request) -> impl Future<Output = Result<Sent, ApiError>> {
        let asked = format!(
            "{} {}",
            request.method.as_str(),
            request.path.rsplit('/').next().unwrap()
        );
        self.asked.borrow_mut().push(asked);
        let (status, body) = self.does(request);
        std::future::ready(Ok(Sent {
            status,
            retry_after: None,
            body: body.to_string().into_bytes(),
        }))
    }

    fn wait(&self, _: u64) -> impl Future<Output = ()> {
        std::future::ready(()).boxed_local()
    }
}

fn dispatched() -> Dispatched {
    Dispatched {
        account: Account("acc".to_owned()),
        namespace: "apps".to_owned(),
        worker: "app-a-staging".to_owned(),
    }
}

fn upload() -> Upload {
    Upload {
        main: "own.js".to_owned(),
        modules: Vec::new(),
        bindings: Vec::new(),
        compatibility_date: "2026-07-01".to_owned(),
        compatibility_flags: Vec::new(),
        more: Map::new(),
    }
}

#[test]
fn a_worker_is_uploaded_once_under_its_name_and_tagged() {
    let (cloud, one) = (Cloud::default(), dispatched());
    let name = one.name("d1");
    assert_eq!(name, "app-a-staging-d1");
    assert!(name.starts_with(PREFIX));
    for _ in 0..2 {
        block_on(one.stage(&cloud, &name, upload())).unwrap();
    }
    assert_eq!(*cloud.workers.borrow(), [name.as_str()]);
    let asked = cloud.asked.borrow().join(", ");
    assert_eq!(
        asked,
        "GET app-a-staging-d1, PUT app-a-staging-d1, GET app-a-staging-d1"
    );
}

#[test]
fn what_is_refused_is_told() {
    let cloud = Cloud::default();
    cloud.refuses.set(true);
    let error = block_on(dispatched().stage(&cloud, "app-a-staging-d1", upload())).unwrap_err();
    assert_eq!(error.status, 403);
}

#[test]
fn all_but_what_is_kept_is_taken_away() {
    let cloud = Cloud::default();
    let names = ["app-a-staging-d1", "app-a-staging-d2", "app-a-staging-d3"];
    *cloud.workers.borrow_mut() = names.map(str::to_owned).into();
    block_on(dispatched().keep(&cloud, &names[1..])).unwrap();
    assert_eq!(*cloud.workers.borrow(), names[1..]);
    block_on(dispatched().keep(&cloud, &[])).unwrap();
    assert!(cloud.workers.borrow().is_empty());
}

#[test]
fn a_host_name_leads_to_one_worker_or_to_none() {
    let cloud = Cloud::default();
    for (worker, puts) in [("platform", 0), ("platform", 0), ("other", 1)] {
        block_on(lead_host(&cloud, "zone", "shop.example", worker)).unwrap();
        let routes = cloud.routes.borrow().clone();
        assert_eq!(routes, [("shop.example/*".to_owned(), worker.to_owned())]);
        let asked = cloud.asked.borrow();
        let count = |method| asked.iter().filter(|one| one.starts_with(method)).count();
        assert_eq!((count("POST"), count("PUT"), count("DELETE")), (1, puts, 0));
    }
    for _ in 0..2 {
        block_on(leave_host(&cloud, "zone", "shop.example")).unwrap();
        assert!(cloud.routes.borrow().is_empty());
    }
}
