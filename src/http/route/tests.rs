use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn app(call: AppCall) -> Route {
    Route::App {
        app: "abcdefgh".parse().unwrap(),
        call,
    }
}

fn file(text: &str) -> ProjectPath {
    text.parse().unwrap()
}

/// A path of each operation, with every parameter filled in.
fn example(template: &str) -> String {
    [
        ("{app}", "abcdefgh"),
        ("{shard}", "s23456789abcdef0"),
        ("{token}", "k23456789abcdef0"),
        ("{turn}", "t23456789abcdef0"),
        ("{build}", "b7"),
        ("{deployment}", "d7"),
        ("{domain}", "www.recipes.com"),
        ("{environment}", "staging"),
        ("{name}", "GREETING"),
        ("{version}", "3"),
        ("{path}", "src/App.tsx"),
    ]
    .into_iter()
    .fold(template.to_owned(), |path, (parameter, value)| {
        path.replace(parameter, value)
    })
    .replace(['{', '}'], "")
}

#[test]
fn finds_calls() {
    for (method, path, expected) in [
        ("GET", "/healthz", Route::Health),
        ("HEAD", "/healthz", Route::Health),
        ("GET", "/v1/openapi.json", Route::OpenApi),
        (
            "GET",
            "/problems/conflict",
            Route::Problem {
                kind: "conflict".to_owned(),
            },
        ),
        ("POST", "/v1/console-login", Route::ConsoleLogin),
        ("POST", "/v1/console-logout", Route::ConsoleLogout),
        ("GET", "/v1/session", Route::Session),
        ("GET", "/v1/tokens", Route::ListTokens),
        ("POST", "/v1/tokens", Route::CreateToken),
        (
            "DELETE",
            "/v1/tokens/k23456789abcdef0",
            Route::DeleteToken {
                token: "k23456789abcdef0".parse().unwrap(),
            },
        ),
        ("GET", "/v1/apps", Route::ListApps),
        ("POST", "/v1/apps", Route::CreateApp),
        ("GET", "/v1/apps/abcdefgh", app(AppCall::Show)),
        ("GET", "/v1/apps/%61bcdefgh", app(AppCall::Show)),
        ("PATCH", "/v1/apps/abcdefgh", app(AppCall::Update)),
        ("DELETE", "/v1/apps/abcdefgh", app(AppCall::Delete)),
        (
            "POST",
            "/v1/apps/abcdefgh/messages",
            app(AppCall::PostMessage),
        ),
        (
            "GET",
            "/v1/apps/abcdefgh/messages",
            app(AppCall::ListMessages),
        ),
        ("GET", "/v1/apps/abcdefgh/feed", app(AppCall::Feed)),
        ("GET", "/v1/apps/abcdefgh/files", app(AppCall::ListFiles)),
        (
            "GET",
            "/v1/apps/abcdefgh/files/a",
            app(AppCall::ReadFile { path: file("a") }),
        ),
        (
            "PUT",
            "/v1/apps/abcdefgh/files/src/a%20b/%C3%BC%25.ts",
            app(AppCall::WriteFile {
                path: file("src/a b/ü%.ts"),
            }),
        ),
        (
            "DELETE",
            "/v1/apps/abcdefgh/files/src%2FApp.tsx",
            app(AppCall::DeleteFile {
                path: file("src/App.tsx"),
            }),
        ),
        (
            "GET",
            "/v1/apps/abcdefgh/versions",
            app(AppCall::ListVersions),
        ),
        (
            "GET",
            "/v1/apps/abcdefgh/versions/3",
            app(AppCall::ShowVersion { version: 3 }),
        ),
        (
            "POST",
            "/v1/apps/abcdefgh/versions/3/restore",
            app(AppCall::RestoreVersion { version: 3 }),
        ),
        ("POST", "/v1/apps/abcdefgh/edits", app(AppCall::EditFiles)),
        ("POST", "/v1/apps/abcdefgh/builds", app(AppCall::StartBuild)),
        (
            "GET",
            "/v1/apps/abcdefgh/builds/b7",
            app(AppCall::ShowBuild {
                build: BuildId::numbered(7),
            }),
        ),
        (
            "GET",
            "/v1/apps/abcdefgh/builds/b7/log",
            app(AppCall::BuildLog {
                build: BuildId::numbered(7),
            }),
        ),
        (
            "GET",
            "/v1/apps/abcdefgh/builds/b7/screenshot",
            app(AppCall::BuildScreenshot {
                build: BuildId::numbered(7),
            }),
        ),
        ("GET", "/v1/shards", Route::ListShards),
        (
            "PATCH",
            "/v1/shards/default",
            Route::ChangeShard {
                shard: ShardId::of_settings(),
            },
        ),
        (
            "GET",
            "/v1/shards/default/apps",
            Route::ListShardApps {
                shard: ShardId::of_settings(),
            },
        ),
        (
            "PUT",
            "/v1/shards/default/apps/abcdefgh",
            Route::MoveApp {
                shard: ShardId::of_settings(),
                app: "abcdefgh".parse().unwrap(),
            },
        ),
        (
            "DELETE",
            "/v1/shards/default/apps/abcdefgh",
            Route::CallOffMove {
                shard: ShardId::of_settings(),
                app: "abcdefgh".parse().unwrap(),
            },
        ),
        (
            "POST",
            "/v1/apps/import",
            Route::NotYet {
                operation: "importApp",
            },
        ),
        (
            "DELETE",
            "/v1/apps/abcdefgh/env/preview/KEY",
            app(AppCall::DeleteVariable {
                environment: Environment::Preview,
                name: "KEY".to_owned(),
            }),
        ),
        (
            "POST",
            "/v1/apps/abcdefgh/deployments/d7/rollback",
            app(AppCall::RollBack {
                deployment: DeploymentId::numbered(7),
            }),
        ),
        ("GET", "/metrics", Route::Metrics),
        (
            "GET",
            "/",
            Route::Console {
                path: "/".to_owned(),
            },
        ),
        (
            "GET",
            "/console/console.js",
            Route::Console {
                path: "/console/console.js".to_owned(),
            },
        ),
        (
            "HEAD",
            "/v1x",
            Route::Console {
                path: "/v1x".to_owned(),
            },
        ),
    ] {
        assert_eq!(route(method, path).ok(), Some(expected), "{method} {path}");
    }
}

#[test]
fn says_why_there_is_no_call() {
    let long = format!("/v1/apps/abcdefgh/files/{}", "a".repeat(256));
    for (method, path, kind) in [
        ("GET", "/v1", Kind::NotFound),
        ("GET", "/v1/", Kind::NotFound),
        ("GET", "/v1/app", Kind::NotFound),
        ("GET", "/v1/apps/", Kind::NotFound),
        ("GET", "/v1/apps//files", Kind::NotFound),
        ("GET", "/v1/apps/abc", Kind::NotFound),
        ("GET", "/v1/apps/ABCDEFGH", Kind::NotFound),
        ("GET", "/v1/apps/abcdefgh/", Kind::NotFound),
        ("GET", "/v1/apps/abcdefgh%00", Kind::NotFound),
        ("GET", "/v1/apps/import", Kind::NotFound),
        ("GET", "/v1/apps/abcdefgh/files/", Kind::NotFound),
        ("GET", "/v1/apps/abcdefgh/versions/0", Kind::NotFound),
        ("GET", "/v1/apps/abcdefgh/versions/03", Kind::NotFound),
        ("GET", "/v1/apps/abcdefgh/versions/+3", Kind::NotFound),
        (
            "GET",
            "/v1/apps/abcdefgh/versions/4294967296",
            Kind::NotFound,
        ),
        ("GET", "/v1/apps/abcdefgh/versions/x", Kind::NotFound),
        ("GET", "/v1/apps/abcdefgh/builds/7", Kind::NotFound),
        ("DELETE", "/v1/tokens/x", Kind::NotFound),
        ("GET", "/healthz/x", Kind::NotFound),
        ("GET", "", Kind::NotFound),
        ("GET", "x", Kind::NotFound),
        ("PUT", "/v1/apps/abcdefgh/files/../x", Kind::Invalid),
        ("PUT", "/v1/apps/abcdefgh/files/..%2fx", Kind::Invalid),
        (
            "PUT",
            "/v1/apps/abcdefgh/files/%2Fetc/passwd",
            Kind::Invalid,
        ),
        ("PUT", "/v1/apps/abcdefgh/files//etc/passwd", Kind::Invalid),
        ("PUT", "/v1/apps/abcdefgh/files/a%00b", Kind::Invalid),
        ("PUT", "/v1/apps/abcdefgh/files/a%5Cb", Kind::Invalid),
        ("PUT", "/v1/apps/abcdefgh/files/a%", Kind::Invalid),
        ("PUT", "/v1/apps/abcdefgh/files/a%zz", Kind::Invalid),
        ("PUT", "/v1/apps/abcdefgh/files/a%f", Kind::Invalid),
        ("PUT", "/v1/apps/abcdefgh/files/a%ff", Kind::Invalid),
        (
            "PUT",
            "/v1/apps/abcdefgh/files/node_modules/x",
            Kind::Invalid,
        ),
        ("PUT", &long, Kind::Invalid),
        ("DELETE", "/v1/apps", Kind::MethodNotAllowed),
        ("get", "/v1/apps", Kind::MethodNotAllowed),
        ("OPTIONS", "/v1/apps", Kind::MethodNotAllowed),
        ("", "/v1/apps", Kind::MethodNotAllowed),
        ("POST", "/", Kind::MethodNotAllowed),
        ("POST", "/index.html", Kind::MethodNotAllowed),
        // The method is wrong whoever the app is.
        ("PUT", "/v1/apps/abc", Kind::MethodNotAllowed),
    ] {
        assert_eq!(
            route(method, path).map_err(|error| error.kind),
            Err(kind),
            "{method} {path}"
        );
    }
}

#[test]
fn a_wrong_method_learns_the_right_ones() {
    for (path, allow) in [
        ("/v1/apps", "GET, POST, HEAD"),
        ("/v1/apps/abcdefgh/files/x", "GET, PUT, DELETE, HEAD"),
        ("/v1/apps/import", "GET, PATCH, DELETE, POST, HEAD"),
        ("/v1/console-login", "POST"),
        ("/", "GET, HEAD"),
    ] {
        let error = route("FOO\nbar", path).unwrap_err();
        assert_eq!(
            error.members.get("allow").and_then(|allow| allow.as_str()),
            Some(allow),
            "{path}"
        );
        assert_eq!(
            error.public,
            format!("FOObar does not fit here. Use {allow}.")
        );
    }
}

#[test]
fn every_operation_is_found_by_its_own_path_and_knows_what_it_is() {
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let id = operation.id;
        assert!(ids.insert(id), "{id} is there twice");
        let path = example(operation.template);
        let rivals = operations().filter(|other| {
            other.method == operation.method && capture(other.template, &path).is_some()
        });
        assert_eq!(rivals.count(), 1, "{id} has a rival");
        let found = route(operation.method.name(), &path).unwrap();
        match &found {
            Route::NotYet { operation } => {
                assert_eq!(*operation, id);
                assert_eq!(found.not_yet().kind, Kind::NotImplemented);
            }
            _ => assert!(!operation.answers.is_empty(), "{id}"),
        }
        assert_eq!(
            operation.answers.is_empty(),
            matches!(found, Route::NotYet { .. }),
            "{id}"
        );
        assert_eq!(found.access(), operation.access, "{id}");
        if !matches!(found, Route::NotYet { .. }) {
            assert_eq!(
                found.changes_state(),
                operation.method != Method::Get,
                "{id}"
            );
        }
    }
}

#[test]
fn an_objects_call_survives_the_way() {
    let call = AppCall::WriteFile {
        path: file("src/App.tsx"),
    };
    let sent = serde_json::to_string(&call).unwrap();
    assert_eq!(sent, r#"{"call":"write_file","path":"src/App.tsx"}"#);
    assert_eq!(serde_json::from_str::<AppCall>(&sent).unwrap(), call);
    assert!(serde_json::from_str::<AppCall>(r#"{"call":"write_file","path":"../x"}"#).is_err());
}

proptest! {
    #[test]
    fn any_file_can_be_reached(segments in proptest::collection::vec("[^/\\\\\\p{Cc}]{1,12}", 1..4)) {
        let path = segments.join("/");
        if let Ok(parsed) = path.parse::<ProjectPath>() {
            let encoded: String = path.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let found = route("GET", &format!("/v1/apps/abcdefgh/files/{encoded}")).unwrap();
            prop_assert_eq!(found, app(AppCall::ReadFile { path: parsed }));
        }
    }

    #[test]
    fn any_request_is_a_call_or_an_error(method in "\\PC{0,8}", path in "(/|v1|apps|abcdefgh|files|%2e|\\.\\.|\\PC){0,12}") {
        let _ = route(&method, &path);
    }
}
