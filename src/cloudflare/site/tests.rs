use std::cell::{Cell, RefCell};

use futures::{FutureExt as _, executor::block_on};
use serde_json::json;

use super::*;
use crate::{
    cloudflare::{Body, Method},
    publish::{Module, ModuleKind},
};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is refused, and nothing was done.
    Status(u16),
    /// Nobody hears of it, and nothing was done.
    Lost,
    /// It was done, and nobody hears of it.
    Unheard,
}

/// An account with one Worker, as far as this module asks for it.
#[derive(Debug, Default)]
struct Cloud {
    versions: RefCell<Vec<(String, Value)>>,
    live: RefCell<Vec<String>>,
    routes: RefCell<Value>,
    asked: RefCell<Vec<String>>,
    /// How often the route of a domain was taken from another Worker.
    taken: Cell<usize>,
    /// How many other Workers there are.
    others: Cell<usize>,
    waited: Cell<u64>,
    /// Which request goes wrong, from 0, how, and how often from then on.
    fault: Cell<Option<(usize, Fault, usize)>>,
}

impl Cloud {
    fn does(&self, request: &Request) -> (u16, Value) {
        let missing = || {
            (
                404,
                json!({ "success": false, "errors": [{ "code": 10007, "message": "This Worker does not exist." }] }),
            )
        };
        let good = |result: Value| {
            (
                200,
                json!({ "success": true, "errors": [], "result": result }),
            )
        };
        if request.path == "/zones/zone/workers/routes" {
            return good(
                json!([{ "id": "r1", "pattern": "www.recipes.com/*", "script": "platform" }]),
            );
        }
        if request.path == "/zones/zone/workers/routes/r1" {
            assert_eq!(request.method, Method::Put);
            self.taken.set(self.taken.get() + 1);
            return good(json!({}));
        }
        let path = request.path.strip_prefix("/accounts/acc/workers").unwrap();
        let exists = !self.versions.borrow().is_empty();
        match (request.method, path) {
            (Method::Get, "/subdomain") => good(json!({ "subdomain": "me" })),
            (Method::Put, "/scripts/app") => {
                let id = self.add(request);
                self.live.borrow_mut().push(id);
                good(json!({ "id": "app" }))
            }
            (Method::Get, "/scripts") => {
                good(vec![json!({ "id": "another" }); self.others.get()].into())
            }
            _ if !exists => missing(),
            (Method::Get, "/scripts/app/versions") => {
                let versions = self.versions.borrow();
                let items: Vec<Value> = versions
                    .iter()
                    .rev()
                    .map(|(id, annotations)| json!({ "id": id, "annotations": annotations }))
                    .collect();
                good(json!({ "items": items }))
            }
            (Method::Post, "/scripts/app/versions") => {
                let id = self.add(request);
                good(json!({ "id": id }))
            }
            (Method::Get, "/scripts/app/deployments") => {
                let live = self.live.borrow();
                let all: Vec<Value> = live
                    .iter()
                    .rev()
                    .map(|id| json!({ "versions": [{ "version_id": id, "percentage": 100 }] }))
                    .collect();
                good(json!({ "deployments": all }))
            }
            (Method::Post, "/scripts/app/deployments") => {
                let Body::Json(_, body) = &request.body else {
                    panic!("{request:?}")
                };
                let id = body["versions"][0]["version_id"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                assert!(self.versions.borrow().iter().any(|(known, _)| *known == id));
                self.live.borrow_mut().push(id);
                good(json!({ "id": "deployment" }))
            }
            (Method::Post, "/scripts/app/subdomain") => {
                good(json!({ "enabled": false, "previews_enabled": true }))
            }
            (Method::Put, "/scripts/app/routes") => {
                let Body::Json(_, body) = &request.body else {
                    panic!("{request:?}")
                };
                self.routes.replace(body.clone());
                good(json!([]))
            }
            (Method::Delete, "/scripts/app") => {
                self.versions.borrow_mut().clear();
                self.live.borrow_mut().clear();
                good(json!(null))
            }
            other => panic!("{other:?}"),
        }
    }

    fn add(&self, request: &Request) -> String {
        let Body::Form(form) = &request.body else {
            panic!("{request:?}")
        };
        let metadata: Value = serde_json::from_slice(&form.parts[0].bytes).unwrap();
        let mut versions = self.versions.borrow_mut();
        let id = format!("{:08}-version", versions.len() + 1);
        versions.push((id.clone(), metadata["annotations"].clone()));
        id
    }

    fn is_live(&self) -> Option<String> {
        self.live.borrow().last().cloned()
    }

    fn of_tag(&self, tag: &str) -> usize {
        let versions = self.versions.borrow();
        versions
            .iter()
            .filter(|(_, annotations)| annotations["workers/tag"] == tag)
            .count()
    }
}

impl Api for Cloud {
    async fn send(&self, request: &Request) -> Result<Sent, ApiError> {
        let number = self.asked.borrow().len();
        self.asked
            .borrow_mut()
            .push(format!("{} {}", request.method.as_str(), request.path));
        let fault = self
            .fault
            .get()
            .filter(|(first, _, times)| (*first..first + times).contains(&number));
        let sent = |(status, body): (u16, Value)| {
            Ok(Sent {
                status,
                retry_after: None,
                body: body.to_string().into_bytes(),
            })
        };
        match fault.map(|(_, fault, _)| fault) {
            None => sent(self.does(request)),
            Some(Fault::Status(status)) => sent((
                status,
                json!({ "success": false, "errors": [{ "code": 1, "message": "no" }] }),
            )),
            Some(Fault::Lost) => Err(answer::silent("it went lost")),
            Some(Fault::Unheard) => {
                self.does(request);
                Err(answer::silent("the connection was reset"))
            }
        }
    }

    async fn wait(&self, millis: u64) {
        self.waited.set(self.waited.get() + millis);
    }
}

fn site() -> Site {
    Site {
        account: Account("acc".to_owned()),
        zone: "zone".to_owned(),
        worker: "app".to_owned(),
        host: "app.example".to_owned(),
        most_workers: 3,
        domains: Vec::new(),
    }
}

fn upload() -> Upload {
    Upload {
        main: "own.js".to_owned(),
        modules: vec![Module {
            name: "own.js".into(),
            kind: ModuleKind::EsModule,
            bytes: b"export default {}".to_vec(),
        }],
        bindings: Vec::new(),
        compatibility_date: "2026-07-01".to_owned(),
        compatibility_flags: Vec::new(),
        more: serde_json::Map::new(),
    }
}

/// One deployment, as whoever uses this does it.
fn deploy(cloud: &Cloud, tag: &str) -> Result<String, ApiError> {
    block_on(async {
        let site = site();
        let staged = site.stage(cloud, upload(), tag).await?;
        site.switch(cloud, &staged.version, "because").await?;
        Ok(staged.version)
    })
}

#[test]
fn a_worker_is_made_and_then_replaced_by_versions_that_are_looked_at_before() {
    let cloud = Cloud::default();
    let staged = block_on(site().stage(&cloud, upload(), "d1")).unwrap();
    assert_eq!(staged.host, "00000001-app.me.workers.dev");
    assert_eq!(
        *cloud.routes.borrow(),
        Value::Null,
        "no host name leads to it"
    );
    block_on(site().switch(&cloud, &staged.version, "first")).unwrap();
    assert_eq!(
        *cloud.routes.borrow(),
        json!([{ "pattern": "app.example/*", "zone_id": "zone" }])
    );

    let second = block_on(site().stage(&cloud, upload(), "d2")).unwrap();
    assert_eq!(
        cloud.is_live(),
        Some(staged.version.clone()),
        "until the switch"
    );
    block_on(site().switch(&cloud, &second.version, "second")).unwrap();
    assert_eq!(cloud.is_live(), Some(second.version));
    // Back, without an upload.
    let before = cloud.versions.borrow().len();
    block_on(site().switch(&cloud, &staged.version, "back")).unwrap();
    assert_eq!(
        (cloud.is_live(), cloud.versions.borrow().len()),
        (Some(staged.version), before)
    );

    block_on(site().remove(&cloud)).unwrap();
    assert_eq!(cloud.is_live(), None);
    block_on(site().remove(&cloud)).unwrap();
}

#[test]
fn whatever_goes_wrong_at_any_step_what_was_live_stays_and_another_attempt_ends_it() {
    let (of_new, of_known) = {
        let cloud = Cloud::default();
        deploy(&cloud, "d1").unwrap();
        let first = cloud.asked.borrow().len();
        deploy(&cloud, "d2").unwrap();
        (first, cloud.asked.borrow().len() - first)
    };
    let cases = [(of_new, true), (of_known, false)];
    let cases = cases
        .iter()
        .flat_map(|(steps, is_new)| (0..*steps).map(move |step| (step, *is_new)));
    for (step, fault, is_new) in cases.flat_map(|(step, is_new)| {
        [
            Fault::Status(500),
            Fault::Status(429),
            Fault::Status(403),
            Fault::Lost,
            Fault::Unheard,
        ]
        .into_iter()
        .map(move |fault| (step, fault, is_new))
    }) {
        let what = format!("{fault:?} at step {step}, of a new Worker: {is_new}");
        let cloud = Cloud::default();
        let before = if is_new {
            None
        } else {
            Some(deploy(&cloud, "d1").unwrap())
        };
        let routes = cloud.routes.borrow().clone();
        let begun = cloud.asked.borrow().len();
        cloud
            .fault
            .set(Some((begun + step, fault, usize::MAX - begun - step)));
        deploy(&cloud, "d2").unwrap_err();
        if !is_new {
            let live = cloud.is_live();
            let switched = cloud.of_tag("d2") == 1 && live != before;
            assert!(live == before || switched, "{what}");
        }
        if is_new && *cloud.routes.borrow() != routes {
            assert_eq!(cloud.of_tag("d2"), 1, "{what}");
        }
        cloud.fault.set(None);
        let version = deploy(&cloud, "d2").unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(cloud.is_live(), Some(version), "{what}");
        // An upload of which nobody heard is found by its tag. Nobody can tell whether one that went lost was done, so it is not made
        // again within one attempt.
        assert_eq!(cloud.of_tag("d2"), 1, "{what}");
    }
}

#[test]
fn what_passes_is_waited_for() {
    let cloud = Cloud::default();
    let first = deploy(&cloud, "d1").unwrap();
    let begun = cloud.asked.borrow().len();
    // The list of versions can be asked for again, and is.
    cloud.fault.set(Some((begun, Fault::Status(503), 2)));
    let second = deploy(&cloud, "d2").unwrap();
    assert_ne!(first, second);
    assert_eq!(cloud.waited.get(), 1_000 + 2_000);
}

#[test]
fn an_account_that_is_not_there_is_no_worker_that_is_not_there() {
    struct Nowhere;
    impl Api for Nowhere {
        async fn send(&self, _: &Request) -> Result<Sent, ApiError> {
            let body = json!({ "success": false, "errors": [{ "code": 7003, "message": "Could not route to /accounts/acc" }] });
            Ok(Sent {
                status: 404,
                retry_after: None,
                body: body.to_string().into_bytes(),
            })
        }
        async fn wait(&self, _: u64) {}
    }
    let error = site()
        .stage(&Nowhere, upload(), "d1")
        .now_or_never()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.code, Some(7003));
    assert!(site().remove(&Nowhere).now_or_never().unwrap().is_err());
}

#[test]
fn a_list_is_read_to_its_end() {
    /// Has two pages by number, and one behind a cursor.
    struct Long(RefCell<Vec<String>>);
    impl Api for Long {
        async fn send(&self, request: &Request) -> Result<Sent, ApiError> {
            let (name, at) = request
                .query
                .last()
                .map_or(("", ""), |(name, at)| (*name, at.as_str()));
            self.0.borrow_mut().push(format!("{name}={at}"));
            let info = match name {
                "" => json!({ "page": 1, "total_pages": 2 }),
                "page" => json!({ "page": 2, "total_pages": 2, "cursor": "abc" }),
                _ => json!({}),
            };
            let body = json!({ "success": true, "errors": [], "result": [format!("{name}{at}")], "result_info": info });
            Ok(Sent {
                status: 200,
                retry_after: None,
                body: body.to_string().into_bytes(),
            })
        }
        async fn wait(&self, _: u64) {}
    }
    let api = Long(RefCell::default());
    let found: Vec<String> = list(&api, &zone::routes("z"))
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(found, ["", "page2", "cursorabc"]);
    assert_eq!(api.0.take(), ["=", "page=2", "cursor=abc"]);
}

#[test]
fn a_full_account_is_said_to_be_full_before_anything_is_uploaded() {
    let cloud = Cloud::default();
    cloud.others.set(3);
    let error = deploy(&cloud, "d1").unwrap_err();
    assert_eq!(error.code, Some(10_037));
    let sentence = error.to_string();
    assert!(sentence.contains("3 Workers already"), "{sentence}");
    assert!(sentence.contains("CLOUDFLARE_MOST_WORKERS"), "{sentence}");
    let asked = cloud.asked.borrow().clone();
    assert!(asked.iter().all(|one| one.starts_with("GET")), "{asked:?}");
    // One that is there needs no more room.
    cloud.others.set(2);
    deploy(&cloud, "d1").unwrap();
    cloud.others.set(3);
    deploy(&cloud, "d2").unwrap();
}

#[test]
fn all_of_its_domains_lead_to_it_from_the_switch_on() {
    let cloud = Cloud::default();
    deploy(&cloud, "d1").unwrap();
    let with = Site {
        domains: vec!["www.recipes.com".to_owned()],
        ..site()
    };
    block_on(with.lead(&cloud)).unwrap();
    let patterns = |cloud: &Cloud| -> Vec<String> {
        let routes = cloud.routes.borrow();
        let routes = routes.as_array().unwrap().iter();
        routes
            .map(|route| route["pattern"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(patterns(&cloud), ["app.example/*", "www.recipes.com/*"]);
    assert_eq!(cloud.taken.get(), 1, "from the Worker that dispatches");
    block_on(site().lead(&cloud)).unwrap();
    assert_eq!(patterns(&cloud), ["app.example/*"]);
}

#[test]
fn a_switch_that_went_wrong_is_taken_back() {
    let cloud = Cloud::default();
    let first = deploy(&cloud, "d1").unwrap();
    block_on(site().put_back(&cloud, None, "it does not work")).unwrap();
    assert_eq!(*cloud.routes.borrow(), json!([]), "nothing leads to it");
    deploy(&cloud, "d1").unwrap();
    deploy(&cloud, "d2").unwrap();
    block_on(site().put_back(&cloud, Some(&first), "it does not work")).unwrap();
    assert_eq!(cloud.is_live(), Some(first));
    assert_eq!(cloud.routes.borrow()[0]["pattern"], "app.example/*");
}
