use super::*;
use crate::{build::Mode, digest::Digest, publish::Artifact};

const PAGE: &str = "<!doctype html><html><head><link rel=\"icon\" href=\"/favicon.svg\"><script type=\"module\" crossorigin src=\"/assets/index.js\"></script>\
    <link rel=\"modulepreload\" crossorigin href=\"/assets/react.js\"><link rel=\"stylesheet\" href=\"./assets/index.css\">\
    <script src=\"https://cdn.example/x.js\"></script></head></html>";

const FILES: [(&str, &str); 12] = [
    ("index.html", PAGE),
    (
        "assets/index.js",
        "import{r}from\"./react.js\";import\"../shared/a%20b.js?x\";import\"./overskill-vendor/react-1.js\";import\"react\";import\"../../../top.js\";import(\"./lazy.js\")",
    ),
    ("assets/react.js", "export const r=1"),
    (
        "shared/a b.js",
        "import\"/assets/index.js\";export*from'./c.js'",
    ),
    ("shared/c.js", "import'./gone.js'"),
    ("top.js", ""),
    ("assets/lazy.js", "import'./chart.js'"),
    ("assets/chart.js", ""),
    ("assets/overskill-vendor/react-1.js", ""),
    (
        "assets/index.css",
        "@import'theme.css';a{background:url(./photo.png)}",
    ),
    ("assets/theme.css", ""),
    ("assets/photo.png", "png"),
];

fn set() -> ArtifactSet {
    let entries = FILES.map(|(path, content)| {
        let artifact = Artifact {
            hash: Digest::of(content.as_bytes()),
            size: content.len() as u64,
        };
        (path.parse().unwrap(), artifact)
    });
    ArtifactSet {
        mode: Mode::Production,
        source_digest: Digest::of(b"sources"),
        toolchain_digest: Digest::of(b"tools"),
        entries: entries.into(),
    }
}

#[test]
fn what_the_page_runs_and_shows_is_found_and_what_comes_later_is_not() {
    let set = set();
    let mut critical = Critical::of(&set, PAGE);
    while let Some((path, kind)) = critical.unread() {
        let (_, text) = FILES
            .iter()
            .find(|(name, _)| *name == path.as_str())
            .unwrap();
        critical.read(&path, kind, text);
    }
    let found = critical.found();
    let found: Vec<&str> = found.iter().map(ProjectPath::as_str).collect();
    assert_eq!(
        found,
        [
            "assets/index.js",
            "assets/react.js",
            "assets/index.css",
            "shared/a b.js",
            "top.js",
            "assets/theme.css",
            "shared/c.js",
        ]
    );
}

#[test]
fn what_a_page_has_in_itself_imports_as_well() {
    let set = set();
    let page = "<!--><script type=\"module\">import\"/shared/c.js\"</script><script>import('/top.js')</script>\
        <style>@import url(\"/assets/theme.css\");</style><script type=\"text/javascript\" src=\"/top.js\"></script>";
    let found = Critical::of(&set, page).found();
    let found: Vec<&str> = found.iter().map(ProjectPath::as_str).collect();
    assert_eq!(found, ["shared/c.js", "assets/theme.css", "top.js"]);
}

#[test]
fn an_address_leads_to_a_file_of_the_set_or_nowhere() {
    for (folder, address, path) in [
        ("", "a.js", Some("a.js")),
        ("x/y", "./a.js", Some("x/y/a.js")),
        ("x/y", "../a.js#top", Some("x/a.js")),
        ("x", "../../../a.js", Some("a.js")),
        ("x", "/b/./c.js", Some("b/c.js")),
        ("x", "//host/a.js", None),
        ("x", "data:text/javascript,1", None),
        ("x", "https://host/a.js", None),
        ("x", "?a", None),
        ("x", "%ff.js", None),
        ("x", "..", None),
    ] {
        let found = resolved(folder, address);
        assert_eq!(found.as_ref().map(ProjectPath::as_str), path, "{address}");
    }
}
