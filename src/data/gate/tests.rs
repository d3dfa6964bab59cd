use super::*;

const ORIGIN: &str = "https://preview-kitchen1.apps.test";

fn of(method: &str, path: &str, query: &str) -> Result<Asked, Denied> {
    asked(&"kitchen1".parse().unwrap(), ORIGIN, method, path, query)
}

#[test]
fn an_apps_own_tables_are_served_and_nothing_else_of_the_shard() {
    let rows = |text: &str| Ok(Asked::Rows(text.to_owned()));
    assert_eq!(
        of("GET", "/rest/v1/app_kitchen1_recipes", "select=*&id=eq.1"),
        rows("/rest/v1/app_kitchen1_recipes?select=*&id=eq.1")
    );
    assert_eq!(
        of("DELETE", "/rest/v1/app_kitchen1_recipes", ""),
        rows("/rest/v1/app_kitchen1_recipes")
    );
    for path in [
        "/rest/v1/",
        "/rest/v1/recipes",
        "/rest/v1/app_garden12_recipes",
        "/rest/v1/app_kitchen1_",
        "/rest/v1/app_kitchen1",
        "/rest/v1/app_kitchen1_a/b",
        "/rest/v1/app_kitchen1_recipes/",
        "/rest/v1/app_kitchen1_%72ecipes",
        "/rest/v1/app_kitchen1_../app_garden12_recipes",
        "/rest/v1/rpc/provision_app",
        "/rest/v1/rpc/app_kitchen1_recipes",
        "/rest/v1/APP_kitchen1_recipes",
        "/rest/v1//app_kitchen1_recipes",
    ] {
        let denied = of("GET", path, "").unwrap_err();
        assert_eq!(denied.status, 404, "{path}");
        assert!(denied.body.contains("PGRST205"), "{}", denied.body);
    }
    for method in ["OPTIONS", "TRACE", "get"] {
        assert_eq!(
            of(method, "/rest/v1/app_kitchen1_recipes", "")
                .unwrap_err()
                .status,
            405
        );
    }
}

#[test]
fn users_reach_what_they_need_to_sign_in_and_no_administration() {
    let auth = |method: &str, path: &str, query: &str| match of(method, path, query) {
        Ok(Asked::Auth(call)) => (call.target(false), call.way),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        auth("POST", "/auth/v1/token", "grant_type=password"),
        ("/auth/v1/token?grant_type=password".to_owned(), Way::In)
    );
    assert_eq!(
        auth("GET", "/auth/v1/user", ""),
        ("/auth/v1/user".to_owned(), Way::Other)
    );
    for (method, path) in [
        ("GET", "/auth/v1/admin/users"),
        ("POST", "/auth/v1/admin/users"),
        ("POST", "/auth/v1/invite"),
        ("POST", "/auth/v1/admin/generate_link"),
        ("DELETE", "/auth/v1/user"),
        ("GET", "/auth/v1/"),
        ("GET", "/auth/v1/user/"),
        ("GET", "/auth/v1/../rest/v1/x"),
        ("POST", "/auth/v1/%74oken"),
    ] {
        let denied = of(method, path, "").unwrap_err();
        assert_eq!(
            (denied.status, denied.body.contains("not_found")),
            (404, true),
            "{method} {path}"
        );
    }
}

fn call(method: &str, path: &str, query: &str) -> AuthCall {
    match of(method, path, query) {
        Ok(Asked::Auth(call)) => call,
        other => panic!("{other:?}"),
    }
}

/// Where a shard is told to send people back to.
fn back(target: &str) -> String {
    parameter(target.split_once('?').unwrap().1, "redirect_to").unwrap()
}

const ELSEWHERE: [&str; 11] = [
    "redirect_to=https%3A%2F%2Fevil.test",
    "redirect_to=https%3A%2F%2Fpreview-kitchen1.apps.test.evil.test",
    "redirect_to=",
    "redirect_to",
    "redirect_to=%FF",
    "Redirect_To=https%3A%2F%2Fevil.test",
    "redirect%5Fto=https%3A%2F%2Fevil.test",
    "%72edirect_to=https%3A%2F%2Fevil.test",
    "redirect_to=https%3A%2F%2Fpreview-kitchen1.apps.test%40evil.test",
    "redirect_to=%2F%2Fevil.test",
    "redirect_to=https%3A%2F%2Fpreview-kitchen1.apps.test%2F%0Dx",
];

#[test]
fn links_in_mails_lead_back_to_the_app_whatever_is_asked_for() {
    let of = |query: &str| call("POST", "/auth/v1/recover", query).target(false);
    let landing = format!("{ORIGIN}/auth/v1/verify?redirect_to=");
    let home = format!("{landing}{}", encoded(ORIGIN));
    assert_eq!(
        of(""),
        format!("/auth/v1/recover?redirect_to={}", encoded(&home))
    );
    let page = format!("{ORIGIN}/update-password?a=b c");
    let own = format!("a=1&redirect_to={}", encoded(&page));
    assert!(
        of(&own).starts_with("/auth/v1/recover?a=1&redirect_to="),
        "{}",
        of(&own)
    );
    assert_eq!(back(&of(&own)), format!("{landing}{}", encoded(&page)));
    for elsewhere in ELSEWHERE {
        assert_eq!(back(&of(elsewhere)), home, "{elsewhere}");
    }
    assert_eq!(
        back(&of(&format!("{own}&redirect_to=https%3A%2F%2Fevil.test"))),
        home
    );
    let proof = call("POST", "/auth/v1/signup", "").target(true);
    assert_eq!(back(&proof), format!("{home}&flow=pkce"));
    assert_eq!(
        call("POST", "/auth/v1/token", "grant_type=pkce&redirect_to=x").target(true),
        "/auth/v1/token?grant_type=pkce"
    );
}

#[test]
fn a_link_opens_a_session_or_hands_the_page_what_does() {
    let page = format!("{ORIGIN}/in?a=1#top");
    let to = |more: &str| {
        let query = format!("redirect_to={}&{more}", encoded(&page));
        call("GET", "/auth/v1/verify", &query).landing()
    };
    let go = |text: &str| Landing::Go(format!("{ORIGIN}{text}"));
    assert_eq!(
        to("token=abc%2B1&type=recovery"),
        Landing::Open {
            token: "abc+1".to_owned(),
            kind: "recovery".to_owned()
        }
    );
    assert_eq!(
        to("flow=pkce&token=abc&type=signup"),
        go("/in?a=1&token_hash=abc&type=signup#top")
    );
    assert_eq!(to("code=a%26b"), go("/in?a=1&code=a%26b#top"));
    assert_eq!(
        to("error=access_denied&error_code=otp_expired&error_description=It+is+over"),
        go("/in?a=1#error=access_denied&error_code=otp%5Fexpired&error_description=It%20is%20over")
    );
    for nothing in [
        "",
        "token=&type=signup",
        "token=abc",
        "type=signup",
        "code=",
    ] {
        let Landing::Go(there) = to(nothing) else {
            panic!("{nothing}");
        };
        let told = format!("{ORIGIN}/in?a=1#error=access_denied&error_code=bad%5Foauth%5Fcallback");
        assert!(there.starts_with(&told), "{there}");
    }
    for elsewhere in ELSEWHERE {
        let query = format!("{elsewhere}&code=x");
        let landing = call("GET", "/auth/v1/verify", &query).landing();
        assert_eq!(landing, go("?code=x"), "{elsewhere}");
    }
}

#[test]
fn whoever_goes_to_a_provider_brings_a_proof() {
    let denied = of("GET", "/auth/v1/authorize", "provider=github").unwrap_err();
    assert_eq!(denied.status, 400);
    assert!(denied.body.contains("flowType"), "{}", denied.body);
    let query = "provider=github&code_challenge=abc&code_challenge_method=s256&redirect_to=https%3A%2F%2Fevil.test";
    let target = call("GET", "/auth/v1/authorize", query).target(false);
    assert!(
        target.starts_with("/auth/v1/authorize?provider=github&code_challenge=abc&"),
        "{target}"
    );
    assert_eq!(back(&target), back_to(ORIGIN, ORIGIN, false));
}

#[test]
fn word_of_changes_is_spoken_at_one_address_in_two_versions() {
    let path = "/realtime/v1/websocket";
    for (query, version) in [
        ("apikey=x&vsn=1.0.0", Version::One),
        ("apikey=x&vsn=2.0.0", Version::Two),
    ] {
        assert_eq!(of("GET", path, query), Ok(Asked::Changes(version)));
    }
    for (method, path, query, status) in [
        ("GET", path, "vsn=3.0.0", 400),
        ("POST", path, "vsn=2.0.0", 404),
        ("POST", "/realtime/v1/api/broadcast", "", 404),
        ("GET", "/realtime/v1/", "", 404),
        ("GET", "/realtime/v1/websocket/x", "", 404),
    ] {
        let denied = of(method, path, query).unwrap_err();
        assert_eq!(denied.status, status, "{method} {path}");
        assert!(denied.body.starts_with("{\"error\":"), "{}", denied.body);
    }
    assert_eq!(Service::of(path), Some(Service::Realtime));
}

#[test]
fn a_path_belongs_to_a_service_or_to_the_app() {
    assert_eq!(
        Service::of("/rest/v1/app_kitchen1_recipes"),
        Some(Service::Rest)
    );
    assert_eq!(Service::of("/auth/v1/token"), Some(Service::Auth));
    for path in [
        "/",
        "/rest",
        "/rest/v1",
        "/rest/v2/x",
        "/auth/callback",
        "/recipes",
    ] {
        assert_eq!(Service::of(path), None, "{path}");
    }
}
