use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    publish::{Module, ModuleKind},
    sorted::SortedMap,
};

const RECORDED: &str = include_str!("../../tests/cloudflare/requests.jsonl");
const ZONE: &str = "zone000000000000000000000000000b";

fn account() -> Account {
    Account("acc0000000000000000000000000000a".to_owned())
}

/// What Cloudflare's own clients have sent.
fn recorded(scenario: &str, method: &str, path_end: &str) -> Value {
    let lines = RECORDED
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found = lines.filter(|one| {
        one["scenario"] == scenario
            && one["method"] == method
            && one["path"].as_str().unwrap().ends_with(path_end)
    });
    found
        .next()
        .unwrap_or_else(|| panic!("{scenario} has no {method} …{path_end}"))
}

/// Holds a request to a recorded one, field by field. Maps of sources are nothing that is sent here.
fn same(request: &Request, scenario: &str, method: &str, path_end: &str) {
    let theirs = recorded(scenario, method, path_end);
    let what = format!("{scenario}: {method} {}", theirs["path"]);
    assert_eq!(request.method.as_str(), method, "{what}");
    assert_eq!(
        format!("/client/v4{}", request.path),
        theirs["path"],
        "{what}"
    );
    let query: SortedMap<&str, &str> = request
        .query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(json!(query), theirs["query"], "{what}");
    let proof = match &request.proof {
        Proof::Token => "<Bearer api-token>",
        Proof::Session(_) => "<Bearer upload-session-jwt>",
    };
    assert_eq!(proof, theirs["headers"]["authorization"], "{what}");
    let kind = theirs["headers"]["content-type"].as_str();
    match &request.body {
        Body::None => assert_eq!(theirs.get("json"), None, "{what}"),
        Body::Json(ours, value) => {
            assert_eq!(Some(*ours), kind, "{what}");
            assert_eq!(Some(value), theirs.get("json"), "{what}");
        }
        Body::Bytes(ours, bytes) => {
            assert_eq!(Some(ours.as_str()), kind, "{what}");
            assert_eq!(
                theirs["body_text"].as_str().map(str::as_bytes),
                Some(bytes.as_slice()),
                "{what}"
            );
        }
        Body::Form(form) => {
            let (ours, _) = form.encode("x");
            assert!(ours.starts_with("multipart/form-data; boundary="), "{what}");
            assert!(
                kind.unwrap().starts_with("multipart/form-data; boundary="),
                "{what}"
            );
            let parts: Vec<&Value> = theirs["multipart"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|part| part["content_type"] != "application/source-map")
                .collect();
            let names = |parts: Vec<(&str, Option<&str>)>| {
                parts
                    .into_iter()
                    .map(|(name, kind)| json!([name, kind]))
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                names(
                    form.parts
                        .iter()
                        .map(|part| (part.name.as_str(), part.file.as_deref()))
                        .collect()
                ),
                names(
                    parts
                        .iter()
                        .map(|part| (
                            part["name"].as_str().unwrap(),
                            part["content_type"].as_str()
                        ))
                        .collect()
                ),
                "{what}"
            );
            for (ours, theirs) in form.parts.iter().zip(parts) {
                // A file is called as its part.
                let filename = theirs.get("filename");
                assert!(
                    filename.is_none_or(|name| name == ours.name.as_str()),
                    "{what}"
                );
                let text = String::from_utf8(ours.bytes.clone()).unwrap();
                if ours.name == "metadata" {
                    assert_eq!(
                        serde_json::from_str::<Value>(&text).unwrap(),
                        theirs["json"],
                        "{what}"
                    );
                } else if let Some(theirs) =
                    theirs["text"].as_str().filter(|text| !text.ends_with('…'))
                {
                    assert_eq!(text, theirs, "{what}");
                }
            }
        }
    }
}

fn upload(text: &str, bindings: Bindings, flags: &[&str], more: Value) -> Upload {
    let Value::Object(more) = more else {
        unreachable!()
    };
    Upload {
        main: "index.js".to_owned(),
        modules: vec![Module {
            name: "index.js".into(),
            kind: ModuleKind::EsModule,
            bytes: text.into(),
        }],
        bindings,
        compatibility_date: "2025-09-01".to_owned(),
        compatibility_flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        more,
    }
}

fn named<const N: usize>(bindings: [(&str, Binding); N]) -> Bindings {
    bindings
        .map(|(name, binding)| (name.to_owned(), binding))
        .into()
}

/// The text of the recorded module, where it is whole.
fn module_of(scenario: &str, method: &str, path_end: &str) -> String {
    let theirs = recorded(scenario, method, path_end);
    let parts = theirs["multipart"].as_array().unwrap().clone();
    let part = parts
        .iter()
        .find(|part| part["name"] == "index.js")
        .unwrap()
        .clone();
    part["text"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn workers_are_uploaded_as_cloudflares_own_client_does() {
    let assets = json!({ "assets": { "jwt": "COMPLETION.JWT.PLACEHOLDER", "config": {
        "html_handling": "auto-trailing-slash", "not_found_handling": "single-page-application", "run_worker_first": ["/api/*"],
        "_redirects": "/old /new 301\n", "_headers": "/*\n  X-Test: 1\n",
    } } });
    let account = account();
    let with_assets = |scenario, method, end| {
        upload(
            &module_of(scenario, method, end),
            named([("ASSETS", Binding::Assets)]),
            &[],
            assets.clone(),
        )
    };
    let script = with_assets("18-assets-dispatch-deploy", "PUT", "/scripts/my-worker");
    same(
        &account.put_worker(Place::Namespace("apps"), "my-worker", &script),
        "18-assets-dispatch-deploy",
        "PUT",
        "/scripts/my-worker",
    );
    let script = with_assets("17-assets-deploy", "PUT", "/scripts/my-worker");
    same(
        &account.put_worker(Place::Own, "my-worker", &script),
        "17-assets-deploy",
        "PUT",
        "/scripts/my-worker",
    );
    let version = with_assets("07-versions-upload", "POST", "/versions");
    same(
        &account.post_version("my-worker", &version),
        "07-versions-upload",
        "POST",
        "/versions",
    );
    let bindings = named([
        ("APP_ID", Binding::Text("123".to_owned())),
        ("FILES", Binding::R2Bucket("app-files".to_owned())),
    ]);
    let script = upload("", bindings, &[], json!({}));
    same(
        &account.put_worker(Place::Namespace("apps"), "app-123", &script),
        "16-dispatch-upload",
        "PUT",
        "/scripts/app-123",
    );
}

/// The metadata of an upload.
fn metadata(request: Request) -> Value {
    let Body::Form(form) = request.body else {
        panic!("no form")
    };
    serde_json::from_slice(&form.parts[0].bytes).unwrap()
}

#[test]
fn every_binding_is_written_as_cloudflares_own_client_does() {
    let kv = "kv000000000000000000000000000001".to_owned();
    let database = "d1000000-0000-0000-0000-000000000001".to_owned();
    let ours = named([
        ("APP_ENV", Binding::Text("production".to_owned())),
        ("CFG", Binding::Json(json!({ "a": 1 }))),
        ("KV", Binding::KvNamespace(kv)),
        ("ROOM", Binding::DurableObjects("Room".to_owned())),
        ("JOBS", Binding::Queue("jobs".to_owned())),
        ("FILES", Binding::R2Bucket("app-files".to_owned())),
        ("DB", Binding::Database(database)),
        ("AUTH", Binding::Service("auth-worker".to_owned())),
        ("DISPATCHER", Binding::DispatchNamespace("apps".to_owned())),
        ("AI", Binding::Ai),
    ]);
    for scenario in [
        "01-deploy-new",
        "02-deploy-existing",
        "19-deploy-route-flag",
    ] {
        let theirs = recorded(scenario, "PUT", "/scripts/my-worker");
        let theirs = &theirs["multipart"][0]["json"];
        let more =
            json!({ "migrations": theirs["migrations"], "observability": { "enabled": true } });
        let upload = upload("", ours.clone(), &["nodejs_compat"], more);
        let request = account().put_worker(Place::Own, "my-worker", &upload);
        assert_eq!(&metadata(request), theirs, "{scenario}");
    }
}

#[test]
fn a_worker_that_runs_others_is_uploaded_with_its_wasm() {
    let mut upload = upload(
        "",
        named([("LOADER", Binding::WorkerLoader)]),
        &[],
        json!({}),
    );
    upload.modules.push(Module {
        name: "index_bg.wasm".into(),
        kind: ModuleKind::Wasm,
        bytes: vec![0, 97, 115, 109],
    });
    let request = account().put_worker(Place::Own, "my-worker", &upload);
    let Body::Form(form) = &request.body else {
        panic!("no form")
    };
    assert_eq!(form.parts[2].file.as_deref(), Some("application/wasm"));
    let bindings = &metadata(request)["bindings"];
    assert_eq!(
        bindings,
        &json!([{ "name": "LOADER", "type": "worker_loader" }])
    );
}

#[test]
fn a_consumer_is_known_by_all_that_is_said_of_it() {
    let consumer = Consumer {
        worker: "w".to_owned(),
        dead_letters: Some("dead".to_owned()),
        batch: Some(1),
        retries: Some(5),
        wait_millis: Some(0),
        concurrency: Some(4),
        delay_seconds: Some(7),
    };
    let said = json!({
        "type": "worker", "script_name": "w", "dead_letter_queue": "dead",
        "settings": { "batch_size": 1, "max_retries": 5, "max_wait_time_ms": 0, "max_concurrency": 4, "retry_delay": 7 },
    });
    let request = account().put_consumer("q/1", "c1", &consumer);
    assert!(request.path.ends_with("/queues/q%2F1/consumers/c1"));
    assert_eq!(
        request.body,
        Body::Json("text/plain;charset=UTF-8", said.clone())
    );
    let told = |name: &str, value: Value| {
        let mut told = said.clone();
        told[name] = value;
        told
    };
    // Cloudflare tells more of it, and the Worker by one of three names.
    let mut same = told("script", json!("w"));
    same["settings"]["visibility_timeout_ms"] = json!(30_000);
    assert!(consumer.is(&same));
    for (name, value) in [
        ("type", json!("http_pull")),
        ("script_name", json!("other")),
        ("dead_letter_queue", json!("elsewhere")),
        ("dead_letter_queue", Value::Null),
        ("settings", json!({})),
    ] {
        assert!(!consumer.is(&told(name, value)), "{name}");
    }
}

#[test]
fn an_account_and_its_zones_are_looked_at() {
    let account = account();
    let base = "/accounts/acc0000000000000000000000000000a";
    for (request, path) in [
        (verify(), "/user/tokens/verify".to_owned()),
        (accounts(), "/accounts".to_owned()),
        (account.verify(), format!("{base}/tokens/verify")),
        (account.buckets(), format!("{base}/r2/buckets")),
        (
            account.consumers("q1"),
            format!("{base}/queues/q1/consumers"),
        ),
        (zone::named("a.test"), "/zones".to_owned()),
        (zone::routes("z"), "/zones/z/workers/routes".to_owned()),
        (
            zone::records("z", "*.a.test"),
            "/zones/z/dns_records".to_owned(),
        ),
    ] {
        assert_eq!((request.method, &request.path), (Method::Get, &path));
        assert!(request.repeats);
    }
    for (request, path) in [
        (account.delete_bucket("b"), format!("{base}/r2/buckets/b")),
        (account.delete_queue("q1"), format!("{base}/queues/q1")),
        (
            zone::delete_record("z", "r"),
            "/zones/z/dns_records/r".to_owned(),
        ),
    ] {
        assert_eq!((request.method, &request.path), (Method::Delete, &path));
    }
    assert_eq!(
        zone::records("z", "*.a.test").url(),
        format!("{BASE}/zones/z/dns_records?name=%2A.a.test")
    );
}

#[test]
fn everything_else_is_asked_as_cloudflares_own_clients_do() {
    let account = account();
    let own = Place::Own;
    let apps = Place::Namespace("apps");
    let file = |hash: &str, size| AssetFile {
        hash: hash.to_owned(),
        size,
    };
    let assets = SortedMap::from([
        (
            "/app.css".to_owned(),
            file("aa42bba514e8ddfea838ec1a715ca332", 7),
        ),
        (
            "/app.js".to_owned(),
            file("f9ad670347ab4f7d8c17966a6b9b5081", 15),
        ),
        (
            "/index.html".to_owned(),
            file("17453d0cfb9bacc76d9f30d3cb9ca048", 12),
        ),
        (
            "/img/a.png".to_owned(),
            file("dd02a71c7985e6e49cb2bd51bf23ff52", 6),
        ),
    ]);
    let bulk = SortedMap::from([
        ("A".to_owned(), Some("1".to_owned())),
        ("B".to_owned(), Some("2".to_owned())),
    ]);
    let id = "11111111-2222-3333-4444-555555555555";
    let css = (
        "aa42bba514e8ddfea838ec1a715ca332",
        "text/css; charset=utf-8",
        "Ym9keXt9Cg==".to_owned(),
    );
    let js = (
        "f9ad670347ab4f7d8c17966a6b9b5081",
        "text/javascript; charset=utf-8",
        "Y29uc29sZS5sb2coMSkK".to_owned(),
    );
    let html = b"<h1>x</h1>\n".to_vec();
    let consumer = Consumer {
        worker: "my-worker".to_owned(),
        batch: Some(5),
        retries: Some(3),
        ..Consumer::default()
    };
    let page = SortedMap::from([(
        "/index.html".to_owned(),
        file("0123456789abcdef0123456789abcdef", 3),
    )]);
    let cases: Vec<(Request, &str, &str, &str)> = vec![
        (
            account.service("my-worker"),
            "01-deploy-new",
            "GET",
            "/services/my-worker",
        ),
        (
            account.secrets("my-worker"),
            "01-deploy-new",
            "GET",
            "/secrets",
        ),
        (
            account.put_routes("my-worker", &[("example.com/p/*", None)]),
            "19-deploy-route-flag",
            "PUT",
            "/routes",
        ),
        (
            account.post_asset_files("the.session.token", [css.clone(), js.clone()]),
            "17-assets-deploy",
            "POST",
            "/assets/upload",
        ),
        (
            account.post_asset_files("the.session.token", [css.clone(), js.clone()]),
            "18-assets-dispatch-deploy",
            "POST",
            "/assets/upload",
        ),
        (
            account.post_assets(own, "my-worker", &page),
            "sdk-asset-upload-session",
            "POST",
            "/assets-upload-session",
        ),
        (
            account.post_assets(apps, "app-123", &page),
            "sdk-dispatch-asset-upload-session",
            "POST",
            "/assets-upload-session",
        ),
        (
            account.post_namespace("apps"),
            "sdk-dispatch-namespace-create",
            "POST",
            "/namespaces",
        ),
        (
            account.put_secret(own, "my-worker", "K", "v"),
            "sdk-secret-put",
            "PUT",
            "/secrets",
        ),
        (
            zone::post_record(ZONE, "CNAME", "app", "my-worker.mysub.workers.dev"),
            "sdk-dns-record-create",
            "POST",
            "/dns_records",
        ),
        (
            account.subdomain(),
            "01-deploy-new",
            "GET",
            "/workers/subdomain",
        ),
        (
            account.deployments("my-worker"),
            "01-deploy-new",
            "GET",
            "/deployments",
        ),
        (
            account.worker_settings("my-worker"),
            "01-deploy-new",
            "GET",
            "/settings",
        ),
        (account.queues("jobs", 1), "01-deploy-new", "GET", "/queues"),
        (
            account.bucket("app-files"),
            "01-deploy-new",
            "GET",
            "/app-files",
        ),
        (
            account.put_routes("my-worker", &[("example.com/api/*", Some(ZONE))]),
            "01-deploy-new",
            "PUT",
            "/routes",
        ),
        (
            account.put_schedules("my-worker", &["*/5 * * * *"]),
            "01-deploy-new",
            "PUT",
            "/schedules",
        ),
        (
            account.post_consumer("q0000000000000000000000000000001", &consumer),
            "01-deploy-new",
            "POST",
            "/consumers",
        ),
        (
            account.put_secret(own, "my-worker", "OPENAI_KEY", "s3cr3t"),
            "03-secret-put",
            "PUT",
            "/secrets",
        ),
        (
            account.patch_secrets("my-worker", &bulk),
            "04-secret-bulk",
            "PATCH",
            "/secrets-bulk",
        ),
        (
            account.delete_secret("my-worker", "OPENAI_KEY"),
            "06-secret-delete",
            "DELETE",
            "/OPENAI_KEY",
        ),
        (
            account.post_assets(own, "my-worker", &assets),
            "07-versions-upload",
            "POST",
            "/assets-upload-session",
        ),
        (
            account.post_assets(apps, "my-worker", &assets),
            "18-assets-dispatch-deploy",
            "POST",
            "/assets-upload-session",
        ),
        (
            account.post_asset_files("the.session.token", [css.clone(), js.clone()]),
            "07-versions-upload",
            "POST",
            "/assets/upload",
        ),
        (
            account.version("my-worker", id),
            "07b-versions-deploy",
            "GET",
            id,
        ),
        (
            account.deploy("my-worker", &[(id, 100)], ""),
            "07b-versions-deploy",
            "POST",
            "/deployments",
        ),
        (
            account.post_queue("jobs"),
            "09-queues-create",
            "POST",
            "/queues",
        ),
        (
            account.post_bucket("app-files"),
            "10-r2-bucket-create",
            "POST",
            "/buckets",
        ),
        (
            account.put_object("app-files", "apps/123/index.html", "text/html", html),
            "11-r2-object-put",
            "PUT",
            "/index.html",
        ),
        (
            account.delete_object("app-files", "apps/123/index.html"),
            "13-r2-object-delete",
            "DELETE",
            "/index.html",
        ),
        (
            account.get_object("app-files", "apps/123/index.html"),
            "12-r2-object-get",
            "GET",
            "/index.html",
        ),
        (
            account.post_namespace("apps"),
            "14-dispatch-namespace-create",
            "POST",
            "/namespaces",
        ),
        (
            account.namespaces(),
            "15-dispatch-namespace-list",
            "GET",
            "/namespaces",
        ),
        (
            account.namespace_worker("apps", "app-123"),
            "16-dispatch-upload",
            "GET",
            "/app-123",
        ),
        (
            account.delete_worker(apps, "app-123"),
            "sdk-dispatch-script-delete",
            "DELETE",
            "/app-123",
        ),
        (
            account.delete_worker(own, "my-worker"),
            "sdk-script-delete",
            "DELETE",
            "/my-worker",
        ),
        (
            account.put_secret(apps, "app-123", "K", "v"),
            "sdk-dispatch-secret-put",
            "PUT",
            "/secrets",
        ),
        (
            account.put_tags("apps", "app-123", &["a", "b"]),
            "sdk-dispatch-tags-put",
            "PUT",
            "/tags",
        ),
        (
            account.put_on_subdomain("my-worker", true, false),
            "sdk-script-subdomain",
            "POST",
            "/subdomain",
        ),
        (
            account.domains("app.example.com"),
            "sdk-domain-list",
            "GET",
            "/domains",
        ),
        (
            account.put_domain("app.example.com", "my-worker", ZONE),
            "sdk-domain-put",
            "PUT",
            "/domains",
        ),
        (
            account.delete_domain("dom1"),
            "sdk-domain-delete",
            "DELETE",
            "/dom1",
        ),
        (
            zone::post_route(ZONE, "example.com/*", "my-worker"),
            "sdk-route-create",
            "POST",
            "/routes",
        ),
        (
            zone::delete_route(ZONE, "r1"),
            "sdk-route-delete",
            "DELETE",
            "/r1",
        ),
        (
            zone::post_hostname(ZONE, "shop.customer.com"),
            "sdk-custom-hostname-create",
            "POST",
            "/custom_hostnames",
        ),
        (
            zone::post_alias(ZONE, "app", "my-worker.mysub.workers.dev"),
            "sdk-dns-record-create",
            "POST",
            "/dns_records",
        ),
    ];
    for (request, scenario, method, path_end) in cases {
        same(&request, scenario, method, path_end);
    }
}

#[test]
fn an_asset_is_known_by_the_hash_of_its_text_and_extension() {
    assert_eq!(
        asset_hash("Ym9keXt9Cg==", "css"),
        "aa42bba514e8ddfea838ec1a715ca332"
    );
    assert_eq!(
        asset_hash("Y29uc29sZS5sb2coMSkK", "js"),
        "f9ad670347ab4f7d8c17966a6b9b5081"
    );
}

#[test]
fn what_is_named_stays_in_its_part_of_an_address() {
    let request = account().put_object("a/b", "x/../ü?#%", "text/plain", Vec::new());
    assert!(
        request
            .path
            .ends_with("/r2/buckets/a%2Fb/objects/x/../%C3%BC%3F%23%25"),
        "{}",
        request.path
    );
    let request = account().domains("a&b=c d");
    assert_eq!(
        request.url(),
        format!(
            "{BASE}/accounts/acc0000000000000000000000000000a/workers/domains?hostname=a%26b%3Dc%20d"
        )
    );
}

fn failed(
    request: &Request,
    status: u16,
    retry_after: Option<u64>,
    body: &Value,
) -> answer::ApiError {
    let body = body.to_string();
    let answer = answer::Answer {
        status,
        retry_after,
        body: body.as_bytes(),
    };
    answer::result::<Value>(request, answer).unwrap_err()
}

#[test]
fn an_error_says_what_cloudflare_does_and_what_to_do() {
    let account = account();
    let refused = |code, message: &str| json!({ "success": false, "errors": [{ "code": code, "message": message }], "messages": [], "result": null });
    let denied = failed(
        &zone::post_route("z", "p", "w"),
        403,
        None,
        &refused(10000, "Authentication error"),
    );
    assert_eq!(
        denied.to_string(),
        "Cloudflare: Authentication error (HTTP 403, code 10000): the API token needs the permission \"Workers Routes: Edit\" for this account or \
         zone (My Profile, API Tokens)"
    );
    for (request, permission) in [
        (account.secrets("w"), "Workers Scripts: Read"),
        (account.delete_secret("w", "x"), "Workers Scripts: Edit"),
        (account.get_object("b", "k"), "Workers R2 Storage: Read"),
        (account.post_bucket("b"), "Workers R2 Storage: Edit"),
        (account.post_queue("q"), "Queues: Edit"),
        (zone::post_hostname("z", "h"), "SSL and Certificates: Edit"),
        (zone::post_alias("z", "a", "b"), "DNS: Edit"),
        (zone::purge("z", &["https://a/b"]), "Cache Purge: Purge"),
    ] {
        assert_eq!(answer::permission(&request), permission);
    }
    let full = failed(
        &account.deployments("w"),
        400,
        None,
        &refused(10037, "You have exceeded the limit"),
    );
    assert!(
        full.to_string().contains("CLOUDFLARE_MOST_WORKERS"),
        "{full}"
    );
    let page = answer::Answer {
        status: 502,
        retry_after: None,
        body: b"<html>",
    };
    let strange = answer::result::<Value>(&account.subdomain(), page).unwrap_err();
    assert_eq!(
        strange.to_string(),
        "Cloudflare: what it answers is no JSON of its API (HTTP 502)"
    );
    assert!(
        failed(
            &account.deployments("w"),
            404,
            None,
            &refused(10007, "not found")
        )
        .is_missing()
    );
    // A success that says that it is none.
    assert_eq!(
        failed(
            &account.subdomain(),
            200,
            None,
            &json!({ "success": false })
        )
        .message,
        "it refused this without a reason"
    );
}

#[test]
fn what_a_token_may_not_is_told_from_what_an_account_has_not() {
    let account = account();
    let refused = |status, code: u64| {
        let body = json!({ "success": false, "errors": [{ "code": code, "message": "no" }] });
        failed(&account.buckets(), status, None, &body)
    };
    for (status, code, is_denied, is_off) in [
        (403, 10000, true, false),
        (401, 1000, true, false),
        (400, 9109, true, false),
        (403, 10042, false, true),
        (403, 10037, false, false),
        (404, 10006, false, false),
        (500, 10013, false, false),
    ] {
        let error = refused(status, code);
        assert_eq!(
            (error.is_denied(), error.is_off()),
            (is_denied, is_off),
            "{error}"
        );
    }
    for (code, remedy) in [
        (10042, "switch R2 on in the dashboard"),
        (10079, "has had other migrations"),
        (100_117, "has a record already"),
    ] {
        assert!(refused(409, code).to_string().contains(remedy), "{code}");
    }
    let token = failed(&verify(), 401, None, &json!({ "success": false }));
    assert!(token.remedy.contains("no token that is active"), "{token}");
    assert_eq!(answer::permission(&zone::named("a.test")), "Zone: Read");
    assert_eq!(answer::permission(&accounts()), "Account Settings: Read");
}

#[test]
fn it_is_asked_again_where_that_may_help_and_does_nothing_twice() {
    let account = account();
    let none = json!({ "success": false, "errors": [] });
    let (reads, makes, deploys) = (
        account.subdomain(),
        account.post_queue("q"),
        account.deploy("w", &[("v", 100)], ""),
    );
    let at =
        |request: &Request, status, after| failed(request, status, after, &none).again(request, 1);
    assert_eq!(at(&reads, 503, None), Some(1_000));
    assert_eq!(at(&deploys, 503, None), Some(1_000));
    assert_eq!(at(&makes, 503, None), None);
    assert_eq!(at(&makes, 429, Some(7)), Some(7_000));
    assert_eq!(at(&reads, 429, None), Some(1_000));
    assert_eq!(at(&reads, 429, Some(3_600)), None);
    assert_eq!(at(&reads, 400, None), None);
    assert_eq!(answer::silent("no route").again(&reads, 1), Some(1_000));
    assert_eq!(answer::silent("no route").again(&makes, 1), None);
    let waits: Vec<_> = (1..=5)
        .map(|attempts| failed(&reads, 500, None, &none).again(&reads, attempts))
        .collect();
    assert_eq!(
        waits,
        [Some(1_000), Some(2_000), Some(4_000), Some(8_000), None]
    );
}

#[test]
fn a_refusal_is_one_whatever_its_status_is() {
    let request = account().subdomain();
    let done = |status, body: &str| {
        let answer = answer::Answer {
            status,
            retry_after: None,
            body: body.as_bytes(),
        };
        answer::done(&request, answer)
    };
    let refused =
        r#"{"success":false,"errors":[{"code":10007,"message":"not found"}],"result":null}"#;
    assert_eq!(done(200, refused).unwrap_err().code, Some(10_007));
    for body in [
        "",
        "{}",
        r#"{"success":true,"errors":[],"result":null}"#,
        r#"{"success":false}"#,
        "content",
    ] {
        done(200, body).unwrap();
    }
    done(500, "").unwrap_err();
}

#[test]
fn a_list_goes_on_where_its_answer_says() {
    let page = |info: Value| {
        let body = json!({ "success": true, "errors": [], "result": ["a"], "result_info": info })
            .to_string();
        let answer = answer::Answer {
            status: 200,
            retry_after: None,
            body: body.as_bytes(),
        };
        answer::page::<String>(&account().namespaces(), answer).unwrap()
    };
    let items = vec!["a".to_owned()];
    for (info, next) in [
        (json!(null), None),
        (
            json!({ "page": 1, "total_pages": 3 }),
            Some(answer::Next::Page(2)),
        ),
        (json!({ "page": 3, "total_pages": 3 }), None),
        (
            json!({ "cursor": "abc" }),
            Some(answer::Next::Cursor("abc".to_owned())),
        ),
        (json!({ "cursor": "" }), None),
    ] {
        assert_eq!(page(info.clone()), (items.clone(), next), "{info}");
    }
}

#[test]
fn a_form_is_written_part_by_part() {
    let mut form = Form::default();
    form.field("metadata", "{}".to_owned());
    form.file("a\"\n.bin", "application/octet-stream", vec![0, 255]);
    let (kind, body) = form.encode("limit");
    assert_eq!(kind, "multipart/form-data; boundary=limit");
    let expected = b"--limit\r\ncontent-disposition: form-data; name=\"metadata\"\r\n\r\n{}\r\n--limit\r\ncontent-disposition: form-data; \
        name=\"a%22%0A.bin\"; filename=\"a%22%0A.bin\"\r\ncontent-type: application/octet-stream\r\n\r\n\x00\xff\r\n--limit--\r\n";
    assert_eq!(body, expected);
}

proptest! {
    #[test]
    fn any_answer_is_read(status in 100..600_u16, body in ".{0,80}") {
        let answer = answer::Answer { status, retry_after: None, body: body.as_bytes() };
        prop_assert!(answer::result::<Value>(&account().subdomain(), answer).is_err());
    }
}
