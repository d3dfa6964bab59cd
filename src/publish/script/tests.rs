use super::*;
use crate::{
    build::Mode,
    ids::AppId,
    publish::{Environment, Runtime},
};

const PAGE_SOURCE: &str = "<!doctype html>\n<html lang=\"en\">\n  <head>\n    <title>Recipes</title>\n    <script type=\"module\" src=\"/assets/index-B1xZ_9aQ.js\"></script>\n  </head>\n  <body><div id=\"root\"></div></body>\n</html>\n";

fn set(page: &str) -> ArtifactSet {
    let entries = [
        ("index.html", page),
        ("assets/index-B1xZ_9aQ.js", "console.log(1)"),
        ("assets/index-Cz81hdTq.css", "body{}"),
        ("assets/profile-pictures.png", "png"),
        ("favicon.svg", "<svg/>"),
        ("a \"quoted\" näme.txt", "text"),
    ]
    .map(|(path, content)| (path.parse().unwrap(), artifact(content.as_bytes())))
    .into();
    ArtifactSet {
        mode: Mode::Development,
        source_digest: Digest::of(b"sources"),
        toolchain_digest: Digest::of(b"tools"),
        entries,
    }
}

fn artifact(content: &[u8]) -> Artifact {
    Artifact {
        hash: Digest::of(content),
        size: content.len() as u64,
    }
}

fn text<'s>(script: &'s Script, name: &str) -> &'s str {
    let module = script
        .modules
        .iter()
        .find(|module| module.name == name)
        .unwrap();
    std::str::from_utf8(&module.bytes).unwrap()
}

#[test]
fn the_script_is_what_a_person_would_write() {
    let script = worker_script(&set(PAGE_SOURCE), PAGE_SOURCE.as_bytes(), BUDGET).unwrap();
    let modules: Vec<String> = script
        .modules
        .iter()
        .map(|module| {
            format!(
                "=== {} ({:?})\n{}",
                module.name,
                module.kind,
                text(&script, module.name)
            )
        })
        .collect();
    insta::assert_snapshot!(format!(
        "{}\n=== report\n{:#?}",
        modules.join("\n"),
        script.report
    ));
}

#[test]
fn the_configuration_goes_before_every_script_of_the_app() {
    for (page, before) in [
        (
            "<!doctype html><html><head class=\"a>b\"><script></script>",
            "<!doctype html><html><head class=\"a>b\">",
        ),
        (
            "<!-- <head> --><html><HEAD ><title>",
            "<!-- <head> --><html><HEAD >",
        ),
        (
            "<!doctype html><html lang=en><body>",
            "<!doctype html><html lang=en>",
        ),
        ("<!DOCTYPE html><header></header>", "<!DOCTYPE html>"),
        ("<div></div>", ""),
        ("", ""),
    ] {
        let script = worker_script(&set(page), page.as_bytes(), BUDGET).unwrap();
        assert_eq!(text(&script, "index.before.html"), before, "{page}");
        assert_eq!(
            format!("{before}{}", text(&script, "index.after.html")),
            page
        );
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_numbers() {
    let page = format!("<html><head>{}", "x".repeat(BUDGET));
    let error = worker_script(&set(&page), page.as_bytes(), BUDGET).unwrap_err();
    assert!(
        matches!(
            error,
            PublishError::OverBudget {
                budget: BUDGET,
                largest: "index.after.html",
                ..
            }
        ),
        "{error}"
    );
    let page = PAGE_SOURCE;
    let bytes = worker_script(&set(page), page.as_bytes(), BUDGET)
        .unwrap()
        .report
        .script_bytes;
    assert!(worker_script(&set(page), page.as_bytes(), bytes).is_ok());
    assert!(matches!(
        worker_script(&set(page), page.as_bytes(), bytes - 1),
        Err(PublishError::OverBudget { script_bytes, .. }) if script_bytes == bytes
    ));
}

#[test]
fn the_page_must_be_the_one_of_the_set() {
    assert_eq!(
        worker_script(&set(PAGE_SOURCE), b"other", BUDGET),
        Err(PublishError::OtherPage)
    );
    let mut without = set(PAGE_SOURCE);
    without.entries.remove(&"index.html".parse().unwrap());
    assert_eq!(
        worker_script(&without, PAGE_SOURCE.as_bytes(), BUDGET),
        Err(PublishError::NoPage)
    );
    let mut binary = set(PAGE_SOURCE);
    binary
        .entries
        .insert("index.html".parse().unwrap(), artifact(&[0xff]));
    assert_eq!(
        worker_script(&binary, &[0xff], BUDGET),
        Err(PublishError::PageEncoding)
    );
}

#[test]
fn only_a_name_with_a_hash_is_kept_forever() {
    for (path, expected) in [
        ("assets/index-B1xZ_9aQ.js", true),
        ("assets/index-B1xZ_9aQ.js.map", true),
        ("assets/a/b-B1xZ-9aQ.css", true),
        ("assets/profile-pictures.png", false),
        ("assets/index.js", false),
        ("assets/indexB1xZ_9aQ.js", false),
        ("assets/ü-B1xZ_9ü.js", false),
        ("index-B1xZ_9aQ.js", false),
    ] {
        assert_eq!(is_immutable(&path.parse().unwrap()), expected, "{path}");
    }
}

#[test]
fn the_code_id_follows_code_and_variables() {
    let runtime = |version| {
        let app_id: AppId = "abcdefgh".parse().unwrap();
        let public = BTreeMap::new();
        Runtime {
            app_id,
            environment: Environment::Preview,
            version,
            console_origin: None,
            public,
        }
        .vars()
    };
    let script = worker_script(&set(PAGE_SOURCE), PAGE_SOURCE.as_bytes(), BUDGET).unwrap();
    let other = worker_script(&set("<html>"), b"<html>", BUDGET).unwrap();
    assert_eq!(
        code_id(&script, &runtime(1)),
        code_id(&script.clone(), &runtime(1))
    );
    assert_ne!(code_id(&script, &runtime(1)), code_id(&script, &runtime(2)));
    assert_ne!(code_id(&script, &runtime(1)), code_id(&other, &runtime(1)));
}

#[test]
fn the_digest_is_about_what_visitors_get() {
    let one = set(PAGE_SOURCE);
    let mut other = one.clone();
    other.source_digest = Digest::of(b"others");
    assert_eq!(one.digest(), other.digest());
    other
        .entries
        .insert("favicon.svg".parse().unwrap(), artifact(b"<svg></svg>"));
    assert_ne!(one.digest(), other.digest());
}
