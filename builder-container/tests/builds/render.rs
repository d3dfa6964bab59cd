//! What a browser sees of a built app. Needs Chromium, on PATH or named in `CHROMIUM`: without it these fail.

use overskill::build::{FailureReason, Mode, Render, Severity, Status};

use crate::client::{Builder, Sources, shell};

/// The small app with another start page.
fn app(home: &str) -> Sources {
    shell(&[("src/pages/Home.tsx", home)])
}

/// A builder with a browser. Nothing where builds are not confined by namespaces: Chromium is not let loose there, and
/// the report has to say so.
async fn seeing() -> Option<Builder> {
    let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| "auto".to_owned());
    let builder = Builder::start_with(|settings| settings.browser = browser.as_str().into()).await;
    let health = builder.health().await;
    let sandbox = health["sandbox"].as_str().unwrap();
    if sandbox.starts_with("namespaces") && !sandbox.contains("no /proc") {
        assert_eq!(health["render_check"], "on");
        return Some(builder);
    }
    let answer = builder.build(&shell(&[]), Mode::Development).await;
    let Render::Off { reason } = answer.report.render else {
        panic!("{:?}", answer.report.render)
    };
    assert!(reason.contains("Chromium needs namespaces"), "{reason}");
    None
}

#[tokio::test]
async fn an_app_that_works_is_pictured() {
    let Some(builder) = seeing().await else {
        return;
    };
    // What nobody has looked at is not taken for what somebody has.
    let blind = Builder::start().await;
    let digest = |health: serde_json::Value| health["toolchain_digest"].to_string();
    assert_ne!(digest(builder.health().await), digest(blind.health().await));
    for mode in [Mode::Development, Mode::Production] {
        let home = "export const Home = () => <a href=\"/about\">Hello</a>\n";
        let answer = builder.build(&app(home), mode).await;
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{:?} {:?}",
            answer.report,
            answer.diagnostics
        );
        let Render::Checked { pages, screenshot } = &answer.report.render else {
            panic!("{:?}", answer.report.render)
        };
        let paths: Vec<_> = pages.iter().map(|page| page.path.as_str()).collect();
        assert_eq!(paths, ["/", "/about"]);
        assert!(pages.iter().all(|page| !page.empty && page.problems == 0));
        let picture = answer.screenshot.as_ref().unwrap();
        assert_eq!(Some(picture.sha256), *screenshot);
        assert!(answer.report.timings.render_ms > 0);
    }
}

#[tokio::test]
async fn what_throws_in_the_browser_is_told_where_it_is() {
    let Some(builder) = seeing().await else {
        return;
    };
    for (home, message) in [
        (
            "import { useState } from \"react\"\n\nexport function Home() {\n  const [list] = useState<string[]>()\n  return <p>{list!.length}</p>\n}\n",
            "TypeError: Cannot read properties of undefined (reading 'length')",
        ),
        (
            "declare const nothing: () => string\n\nexport function Home() {\n  // No such thing.\n  return <p>{nothing()}</p>\n}\n",
            "ReferenceError: nothing is not defined",
        ),
    ] {
        for mode in [Mode::Development, Mode::Production] {
            let answer = builder.build(&app(home), mode).await;
            assert_eq!(
                answer.report.reason,
                Some(FailureReason::Render),
                "{:?} {:?}",
                answer.report,
                answer.diagnostics
            );
            let first = &answer.diagnostics[0];
            assert_eq!(
                (first.severity, first.code.as_deref()),
                (Severity::Error, Some("runtime"))
            );
            assert!(first.message.starts_with(message), "{}", first.message);
            let path = first.path.as_ref().map(ToString::to_string);
            assert_eq!(
                (path.as_deref(), first.line),
                (Some("src/pages/Home.tsx"), Some(5)),
                "{mode:?}"
            );
            assert!(answer.artifacts.is_empty());
        }
    }
}

#[tokio::test]
async fn what_only_warns_does_not_stop_an_app() {
    let Some(builder) = seeing().await else {
        return;
    };
    let home = "import { useEffect } from \"react\"\n\nexport function Home() {\n  useEffect(() => {\n    console.error(\"Careful\")\n    \
                void fetch(\"https://api.example.com/x\")\n    void fetch(\"/nowhere.json\")\n    void Promise.reject(new Error(\"unheard\"))\n  }, [])\n  return <p>Hello</p>\n}\n";
    let answer = builder.build(&app(home), Mode::Development).await;
    assert_eq!(
        answer.report.status,
        Status::Succeeded,
        "{:?} {:?}",
        answer.report,
        answer.diagnostics
    );
    let codes: Vec<_> = answer
        .diagnostics
        .iter()
        .map(|one| (one.severity, one.code.as_deref().unwrap()))
        .collect();
    for expected in ["console", "not_checked", "missing_file", "runtime"] {
        assert!(
            codes.contains(&(Severity::Warning, expected)),
            "{expected}: {codes:?}"
        );
    }
}

#[tokio::test]
async fn the_database_of_an_app_does_not_answer_and_is_no_missing_file() {
    let Some(builder) = seeing().await else {
        return;
    };
    let home = r#"import { useEffect, useState } from "react"

async function ask() {
  for (const [path, method] of [["/rest/v1/app_x_tips?select=*", "GET"], ["/auth/v1/token", "POST"]]) {
    const answer = await fetch(path, { method })
    const { code, msg } = await answer.json()
    if (answer.status !== 503 || code !== "PGRST000" || !msg) throw new Error(path)
  }
}

export function Home() {
  const [asked, setAsked] = useState(false)
  useEffect(() => void ask().then(() => setAsked(true)), [])
  return asked ? <p>Hello</p> : null
}
"#;
    let answer = builder.build(&app(home), Mode::Development).await;
    let Render::Checked { pages, .. } = &answer.report.render else {
        panic!("{:?}", answer.report.render)
    };
    assert_eq!(
        (pages[0].empty, pages[0].problems),
        (false, 0),
        "{:?}",
        answer.diagnostics
    );
}

#[tokio::test]
async fn a_page_is_not_blank_that_shows_anything() {
    let Some(builder) = seeing().await else {
        return;
    };
    let note = "export const Home = () => <textarea defaultValue=\"a note\" />\n";
    let dialog = "import { createPortal } from \"react-dom\"\n\nexport const Home = () => createPortal(<p>All is here</p>, document.body)\n";
    let component = "customElements.define(\"my-app\", class extends HTMLElement {\n  connectedCallback() {\n    \
                     this.attachShadow({ mode: \"open\" }).innerHTML = \"<div><p>inside</p></div>\"\n  }\n})\n\n\
                     export const Home = () => <div ref={(div) => void div?.append(document.createElement(\"my-app\"))} />\n";
    // Nothing answers while it computes, and it has nothing to show at the moment at which something does again.
    let slow = "import { useEffect, useState } from \"react\"\n\nexport function Home() {\n  const [text, setText] = useState(\"\")\n  useEffect(() => {\n    \
                setTimeout(() => {\n      const end = Date.now() + 2_000\n      while (Date.now() < end);\n      setTimeout(() => setText(\"Ready\"), 100)\n    }, 50)\n  }, [])\n  \
                return text === \"\" ? null : <p>{text}</p>\n}\n";
    for home in [note, dialog, component, slow] {
        let answer = builder.build(&app(home), Mode::Development).await;
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{home}: {:?}",
            answer.diagnostics
        );
    }
}

#[tokio::test]
async fn an_address_that_no_file_can_have_is_a_file_that_is_not_there() {
    let Some(builder) = seeing().await else {
        return;
    };
    let home = "import { useEffect } from \"react\"\n\nexport function Home() {\n  useEffect(() => {\n    \
                void fetch(`/api/${\"x\".repeat(300)}`)\n    void fetch(\"/a%00b\")\n    void fetch(\"/%E0%A4%A\")\n  }, [])\n  \
                return <img src={`/${\"iVBORw0KGgo\".repeat(40)}`} />\n}\n";
    let answer = builder.build(&app(home), Mode::Development).await;
    assert_eq!(
        answer.report.status,
        Status::Succeeded,
        "{:?}",
        answer.diagnostics
    );
    let missing = answer
        .diagnostics
        .iter()
        .filter(|one| one.code.as_deref() == Some("missing_file"));
    assert!(missing.count() >= 3, "{:?}", answer.diagnostics);
}

#[tokio::test]
async fn an_empty_page_and_an_endless_one_are_told() {
    let Some(builder) = seeing().await else {
        return;
    };
    let answer = builder
        .build(&app("export const Home = () => null\n"), Mode::Development)
        .await;
    assert_eq!(answer.report.reason, Some(FailureReason::Render));
    assert_eq!(answer.diagnostics[0].code.as_deref(), Some("blank_page"));
    let endless = "export function Home() {\n  for (;;) {}\n}\n";
    let answer = builder.build(&app(endless), Mode::Development).await;
    assert_eq!(answer.report.reason, Some(FailureReason::Render));
    let codes: Vec<_> = answer
        .diagnostics
        .iter()
        .map(|one| one.code.as_deref())
        .collect();
    assert!(codes.contains(&Some("slow_page")), "{codes:?}");
}

#[tokio::test]
async fn a_hostile_page_takes_down_no_more_than_its_browser() {
    let Some(builder) = seeing().await else {
        return;
    };
    for (home, code) in [
        (
            "const all: ArrayBuffer[] = []\nexport function Home() {\n  for (;;) all.push(new Uint8Array(64 * 1024 * 1024).fill(1).buffer)\n}\n",
            None,
        ),
        (
            "export function Home() {\n  location.reload()\n  return <p>Hello</p>\n}\n",
            Some("slow_page"),
        ),
    ] {
        let answer = builder.build(&app(home), Mode::Development).await;
        let codes: Vec<_> = answer
            .diagnostics
            .iter()
            .filter_map(|one| one.code.as_deref())
            .collect();
        match code {
            Some(code) => assert!(
                codes.contains(&code),
                "{:?} {:?}",
                answer.report,
                answer.diagnostics
            ),
            None => assert_eq!(
                answer.report.reason,
                Some(FailureReason::Render),
                "{:?} {:?}",
                answer.report,
                answer.diagnostics
            ),
        }
        // The next one is seen as if nothing had happened.
        let home = "export function Home() {\n  alert('Hello')\n  return <p>Hello</p>\n}\n";
        let answer = builder.build(&app(home), Mode::Development).await;
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{:?} {:?}",
            answer.report,
            answer.diagnostics
        );
        assert!(
            answer.diagnostics.is_empty(),
            "{:?} {:?}",
            answer.report,
            answer.diagnostics
        );
    }
}

/// The page tries everything that leads out, and says on the console what it has got.
#[tokio::test]
async fn a_page_reaches_nothing_but_its_own_files() {
    let Some(builder) = seeing().await else {
        return;
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = format!(
        r#"import {{ useEffect }} from "react"

const addresses = [
  "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://app.localhost:{port}/",
  "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "file:///proc/self/environ", "/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
]
const tell = (how: string, text: string) => {{
  if (!text.includes('<div id="root">')) console.error("OUT", how, text.slice(0, 80))
}}

export function Home() {{
  useEffect(() => {{
    for (const address of addresses) {{
      fetch(address).then(async (answer) => {{ if (answer.ok) tell(address, await answer.text()) }}, () => {{}})
      const frame = document.createElement("iframe")
      frame.src = address
      document.body.append(frame)
      new Image().src = address
      navigator.sendBeacon(address, "x")
    }}
    const socket = new WebSocket("ws://127.0.0.1:{port}/")
    socket.onopen = () => tell("socket", "open")
    new EventSource("http://127.0.0.1:{port}/").onopen = () => tell("events", "open")
    window.open("http://127.0.0.1:{port}/")
    const peer = new RTCPeerConnection({{ iceServers: [{{ urls: "stun:127.0.0.1:{port}" }}] }})
    peer.createDataChannel("x")
    peer.createOffer().then((offer) => peer.setLocalDescription(offer))
    const worker = new Worker(URL.createObjectURL(new Blob(["fetch('http://127.0.0.1:{port}/').then(() => postMessage('open'), () => {{}})"])))
    worker.onmessage = () => tell("worker", "open")
  }}, [])
  return <p>Hello</p>
}}
"#
    );
    let answer = builder.build(&app(&home), Mode::Development).await;
    assert!(
        matches!(answer.report.render, Render::Checked { .. }),
        "{:?} {:?}",
        answer.report,
        answer.diagnostics
    );
    let told = format!("{:?}", answer.diagnostics);
    assert!(!told.contains("OUT") && !told.contains("root:x:"), "{told}");
    assert!(told.contains("127.0.0.1"), "{told}");
    let arrived = listener.accept().map_err(|error| error.kind());
    assert_eq!(arrived.unwrap_err(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn where_it_is_turned_off_the_report_says_so() {
    let builder = Builder::start().await;
    let answer = builder.build(&shell(&[]), Mode::Development).await;
    assert_eq!(answer.report.render, Render::off("it was turned off"));
    assert_eq!(
        (answer.report.timings.render_ms, answer.screenshot),
        (0, None)
    );
}

#[tokio::test]
async fn a_picture_that_is_taken_for_a_component_is_told_where_it_is_imported() {
    let Some(builder) = seeing().await else {
        return;
    };
    let home = "import Logo from \"./logo.svg?react\"\n\nexport const Home = () => <Logo />\n";
    let mut sources = app(home);
    let logo = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1' />";
    sources.insert("src/pages/logo.svg".to_owned(), logo.as_bytes().to_vec());
    let answer = builder.build(&sources, Mode::Development).await;
    assert_eq!(answer.report.reason, Some(FailureReason::Render));
    let first = &answer.diagnostics[0];
    assert_eq!(
        (first.code.as_deref(), first.line),
        (Some("svg_component"), Some(1))
    );
    assert!(
        answer
            .diagnostics
            .iter()
            .all(|one| one.code.as_deref() != Some("runtime"))
    );
    // Nobody draws it.
    sources.insert(
        "src/pages/Home.tsx".to_owned(),
        b"export const Home = () => <p>Hello</p>\n".to_vec(),
    );
    sources.insert("src/pages/Other.tsx".to_owned(), home.as_bytes().to_vec());
    let answer = builder.build(&sources, Mode::Development).await;
    assert_eq!(
        answer.report.status,
        Status::Succeeded,
        "{:?}",
        answer.diagnostics
    );
}

#[tokio::test]
async fn a_page_that_asks_a_function_is_missing_nothing() {
    let Some(builder) = seeing().await else {
        return;
    };
    let home = |path: &str| {
        format!(
            "import {{ useEffect, useState }} from \"react\"\n\
             export const Home = () => {{\n\
               const [said, setSaid] = useState(\"nothing yet\")\n\
               useEffect(() => {{ fetch(\"{path}\").then((answer) => answer.json()).then((all) => setSaid(String(all.message)), () => setSaid(\"nothing\")) }}, [])\n\
               return <p>{{said}}</p>\n\
             }}\n"
        )
    };
    let function = "export default { fetch: () => Response.json({ message: \"hello\" }) }\n";
    for (path, missing) in [
        ("/api/hello/below", false),
        ("/api/other", true),
        ("/overskill-functions/hello.js", true),
    ] {
        let home = home(path);
        let sources = shell(&[
            ("src/pages/Home.tsx", home.as_str()),
            ("functions/hello.ts", function),
        ]);
        let answer = builder.build(&sources, Mode::Development).await;
        assert_eq!(answer.report.status, Status::Succeeded);
        let told = answer
            .diagnostics
            .iter()
            .any(|one| one.message.contains(path));
        assert_eq!(told, missing, "{path}: {:?}", answer.diagnostics);
    }
    builder.stop().await;
}
