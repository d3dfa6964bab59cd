use proptest::prelude::*;

use super::*;

fn app(text: &str) -> Host {
    Host::App(text.parse().unwrap(), Environment::Preview)
}

fn domain(text: &str) -> Host {
    Host::Domain(text.parse().unwrap())
}

fn named(text: &str) -> Host {
    Host::Named(text.parse().unwrap())
}

#[test]
fn tells_hosts_apart() {
    let local = Hosts::parse("localhost:8787", "localhost:8787").unwrap();
    let hosted = Hosts::parse("console.example", "apps.test").unwrap();
    let staging = Host::App("abcdefgh".parse().unwrap(), Environment::Staging);
    let long = format!("preview-abcdefgh.{}localhost:8787", "a.".repeat(200));
    for (hosts, asked, answer) in [
        (&local, "localhost:8787", Host::Console),
        (&local, "LocalHost.:8787", Host::Console),
        (&local, "localhost", Host::Unknown),
        (&local, "localhost:8788", Host::Unknown),
        (&local, "preview-abcdefgh.localhost:8787", app("abcdefgh")),
        (&local, "PREVIEW-ABCDEFGH.localhost.:8787", app("abcdefgh")),
        (&local, "preview-abcdefgh.localhost", Host::Unknown),
        (&local, "preview-abc.localhost:8787", Host::Unknown),
        (&local, "preview-.localhost:8787", Host::Unknown),
        (&local, "x.preview-abcdefgh.localhost:8787", Host::Unknown),
        (&local, "preview-abcdefghlocalhost:8787", Host::Unknown),
        (&local, "www.localhost:8787", Host::Unknown),
        (&local, "127.0.0.1:8787", Host::Unknown),
        (&local, "[::1]:8787", Host::Unknown),
        (&local, "2130706433:8787", Host::Unknown),
        (&local, "", Host::Unknown),
        (&local, ":8787", Host::Unknown),
        (&local, "localhost:99999", Host::Unknown),
        (&local, "localhost:+8787", Host::Unknown),
        (&local, "localhost..:8787", Host::Unknown),
        (&local, "local host:8787", Host::Unknown),
        (&local, &long, Host::Unknown),
        (&hosted, "console.example", Host::Console),
        (&hosted, "console.example:443", Host::Console),
        (&hosted, "console.example:80", Host::Unknown),
        (&hosted, "console.example:", Host::Console),
        (&hosted, "preview-abcdefgh.apps.test", app("abcdefgh")),
        (&hosted, "preview-abcdefgh.console.example", Host::Unknown),
        (&hosted, "apps.test", Host::Unknown),
        (&hosted, "staging-abcdefgh.apps.test", staging),
        (&hosted, "staging-x.apps.test", Host::Unknown),
        (&hosted, "production-abcdefgh.apps.test", Host::Unknown),
        (&hosted, "todo-list.apps.test", named("todo-list")),
        (&hosted, "Todo-List.Apps.Test.", named("todo-list")),
        (&hosted, "www.todo-list.apps.test", Host::Unknown),
        (&hosted, "todo-list.apps.test.evil.example", Host::Unknown),
        (&hosted, "todo-list.apps.test:8787", Host::Unknown),
        (&hosted, "www.recipes.com", domain("www.recipes.com")),
        (&hosted, "WWW.Recipes.com.", domain("www.recipes.com")),
        (&hosted, "www.recipes.com:8787", Host::Unknown),
        (&local, "www.recipes.com:8787", domain("www.recipes.com")),
        (&local, "www.recipes.com", Host::Unknown),
        (&hosted, "api.console.example", Host::Unknown),
        (&hosted, "recipes.internal", Host::Unknown),
        // Reserved names are nobody's.
        (&hosted, "www.apps.test", Host::Unknown),
        (&hosted, "overskill.apps.test", Host::Unknown),
    ] {
        assert_eq!(hosts.classify(asked), answer, "{asked}");
    }
}

#[test]
fn refuses_a_shared_site_and_what_is_no_host() {
    for (console, apps, good) in [
        ("localhost:8787", "localhost:8787", true),
        ("console.localhost", "localhost", true),
        ("console.example", "apps.test", true),
        ("overskill.dev", "overskill.app", true),
        ("console.co.uk", "apps.co.uk", true),
        ("me.workers.dev", "you.workers.dev", true),
        ("example.com", "example.com", false),
        ("console.example.com", "apps.example.com", false),
        ("example.com", "APPS.EXAMPLE.COM.", false),
        ("console.me.workers.dev", "apps.me.workers.dev", false),
        ("console.x.co.uk", "x.co.uk", false),
        ("a.k12.unknown", "b.k12.unknown", false),
        ("", "apps.test", false),
        ("console.example", "", false),
        ("https://console.example", "apps.test", false),
        ("10.0.0.1", "apps.test", false),
        ("console.example", "apps_test", false),
        ("-x.example", "apps.test", false),
    ] {
        assert_eq!(
            Hosts::parse(console, apps).is_ok(),
            good,
            "{console} {apps}"
        );
    }
}

#[test]
fn makes_addresses() {
    let local = Hosts::parse("localhost:8787", "localhost:8787").unwrap();
    let hosted = Hosts::parse("console.example:443", "apps.test").unwrap();
    let app = "abcdefgh".parse().unwrap();
    assert_eq!(local.console_origin(), "http://localhost:8787");
    assert_eq!(
        local.preview_url(&app),
        "http://preview-abcdefgh.localhost:8787"
    );
    assert_eq!(local.frame_source(), "http://*.localhost:8787");
    assert_eq!(hosted.console_origin(), "https://console.example");
    assert_eq!(
        hosted.preview_url(&app),
        "https://preview-abcdefgh.apps.test"
    );
    assert_eq!(hosted.frame_source(), "https://*.apps.test");
    let name = "todo-list".parse().unwrap();
    assert_eq!(
        hosted.url(&app, Environment::Staging, Some(&name)),
        "https://staging-abcdefgh.apps.test"
    );
    assert_eq!(
        hosted.url(&app, Environment::Production, Some(&name)),
        "https://todo-list.apps.test"
    );
}

proptest! {
    #[test]
    fn every_preview_address_leads_back(app in "[a-z][a-z0-9]{7,15}", hosted: bool) {
        let hosts = if hosted {
            Hosts::parse("console.example", "apps.test")
        } else {
            Hosts::parse("localhost:8787", "localhost:8787")
        }.unwrap();
        let app: AppId = app.parse().unwrap();
        let url = hosts.preview_url(&app);
        let host = url.split_once("://").unwrap().1;
        prop_assert_eq!(hosts.classify(host), Host::App(app, Environment::Preview));
    }

    #[test]
    fn any_text_is_a_host_or_unknown(host in ".{0,300}") {
        let hosts = Hosts::parse("console.example", "apps.test").unwrap();
        let _ = hosts.classify(&host);
    }

    #[test]
    fn what_ends_alike_is_never_two_sites(name in "[a-z]{1,5}(\\.[a-z]{2,4}){1,4}", one in "[a-z]{1,4}") {
        let under = format!("{one}.{name}");
        let suffix = TWO_LABEL_SUFFIXES.contains(&name.as_str());
        prop_assert!(suffix || registrable(&name) == registrable(&under));
    }
}
