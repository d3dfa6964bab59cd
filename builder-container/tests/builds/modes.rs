//! What a development build is, and what a production build is.

use std::collections::BTreeSet;

use overskill::{
    build::{FailureReason, Mode, Render, Severity, Status, TypeCheck, VENDOR_FOLDER},
    digest::Digest,
};

use crate::client::{Answer, Builder, Sources, TOKEN, job_with, read, shell, toolchain};

/// The import map of a page, by specifier.
fn import_map(page: &str) -> serde_json::Value {
    let (before, rest) = page.split_once("<script type=\"importmap\">").unwrap();
    assert!(
        !before.contains("<script") && !before.contains("modulepreload"),
        "{page}"
    );
    let (map, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str::<serde_json::Value>(map).unwrap()["imports"].take()
}

fn own_script(answer: &Answer) -> String {
    answer.artifact(".js")
}

#[tokio::test]
async fn a_development_build_leaves_common_packages_outside() {
    let builder = Builder::start().await;
    let small = builder.build(&shell(&[]), Mode::Development).await;
    let foundation = builder.build(&read(&toolchain()), Mode::Development).await;
    for answer in [&small, &foundation] {
        let page = answer.artifact("index.html");
        let served: BTreeSet<String> = answer
            .vendor
            .iter()
            .map(|(path, _)| format!("/{path}"))
            .collect();
        let map = import_map(&page);
        for specifier in ["react", "react-dom/client", "react/jsx-runtime"] {
            assert!(
                map.get(specifier).is_some() || specifier == "react",
                "{map}"
            );
        }
        for address in map.as_object().unwrap().values() {
            assert!(
                served.contains(address.as_str().unwrap()),
                "{address} in {served:?}"
            );
        }
        // Everything that is loaded at once is fetched at once.
        for address in &served {
            assert!(
                page.contains(&format!(
                    "<link rel=\"modulepreload\" crossorigin href=\"{address}\">"
                )),
                "{address}"
            );
        }
        let script = own_script(answer);
        assert!(script.contains("from \"react-dom/client\""), "{script}");
        assert!(!script.contains("reconcile") && !script.contains("@license React"));
        assert!(script.len() < 200_000, "{}", script.len());
    }
    // What two apps have in common is the same file, and an app names no more than it loads.
    let (few, many): (BTreeSet<_>, BTreeSet<_>) = (
        small.vendor.iter().collect(),
        foundation.vendor.iter().collect(),
    );
    assert!(
        few.is_subset(&many) && few.len() < many.len(),
        "{few:?} {many:?}"
    );
    assert!(!few.iter().any(|(path, _)| path.contains("radix")));
    // The report counts them.
    assert_eq!(
        small.report.artifacts,
        (small.artifacts.len() + small.vendor.len()) as u64
    );
    builder.stop().await;
}

#[tokio::test]
async fn a_vendor_module_is_fetched_by_its_hash() {
    let builder = Builder::start().await;
    let answer = builder.build(&shell(&[]), Mode::Development).await;
    let get = async |hash: &str, token: &str| {
        let head = format!(
            "GET /vendor/{hash} HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        builder.request(head.as_bytes()).await
    };
    let mut bytes: usize = answer
        .artifacts
        .iter()
        .map(|artifact| artifact.content.len())
        .sum();
    for (path, hash) in &answer.vendor {
        assert!(path.starts_with(VENDOR_FOLDER), "{path}");
        let response = get(&hash.to_string(), TOKEN).await;
        assert_eq!(response.status, 200);
        assert_eq!(Digest::of(&response.body), *hash);
        let text = response.text();
        assert!(!text.contains("node_modules"), "{path} names a folder");
        bytes += response.body.len();
    }
    assert_eq!(answer.report.artifact_bytes, bytes as u64);
    let (_, hash) = &answer.vendor[0];
    assert_eq!(get(&hash.to_string(), "another").await.status, 401);
    assert_eq!(
        get(&Digest::of(b"nothing").to_string(), TOKEN).await.status,
        404
    );
    assert_eq!(get("..%2Fvendor.json", TOKEN).await.status, 404);
    builder.stop().await;
}

/// Imports common packages in every way there is, and throws where two ways lead to two things.
const EVERY_WAY: &str = r#"import React, * as All from "react"
import { ReactNode, useEffect, useState as state } from "react"
import * as Dialog from "@radix-ui/react-dialog"
import { Dialog as Same } from "radix-ui"
import { Root } from "radix-ui/dialog"
import "sonner/dist/styles.css"
import required from "./required.cjs"
export { toast } from "sonner"

const Late = React.lazy(() => import("./Late"))

export function Home(props: { children?: ReactNode }) {
  const [count] = state(1)
  useEffect(() => {
    new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }).onerror = () => {
      throw new Error("the worker does not run")
    }
  }, [])
  if (React.version !== All.version || required !== React || Root !== Same.Root || Root !== Dialog.Root || count !== 1)
    throw new Error("two of what is one")
  return <Dialog.Root><React.Suspense fallback="…"><Late /></React.Suspense>{props.children}</Dialog.Root>
}
"#;

#[tokio::test]
async fn a_common_package_is_there_once_however_it_is_imported() {
    let builder = Builder::start_with(|settings| settings.browser = "auto".into()).await;
    let late = "import { createPortal } from \"react-dom\"\nimport { Close } from \"@radix-ui/react-dialog\"\n\
                export default () => <p><Close>{typeof createPortal}</Close></p>\n";
    let sources = shell(&[
        ("src/pages/Home.tsx", EVERY_WAY),
        ("src/pages/Late.tsx", late),
        (
            "src/pages/required.cjs",
            "module.exports = require(\"react\")\n",
        ),
        (
            "src/pages/worker.ts",
            "import { clsx } from \"clsx\"\npostMessage(clsx(\"a\", \"b\"))\n",
        ),
    ]);
    for mode in [Mode::Development, Mode::Production] {
        let answer = builder.build(&sources, mode).await;
        assert_eq!(answer.report.status, Status::Succeeded, "{answer:?}");
        // Where builds are confined by namespaces, a browser has run it.
        let seen = matches!(answer.report.render, Render::Checked { .. });
        assert_eq!(seen, builder.health().await["render_check"] == "on");
        let worker = answer.artifact_of("assets/worker-");
        assert!(!worker.contains("from \"clsx\""), "{worker}");
        if mode == Mode::Development {
            let map = import_map(&answer.artifact("index.html"));
            for specifier in ["react", "react-dom", "radix-ui", "radix-ui/dialog"] {
                assert!(map.get(specifier).is_some(), "{specifier}: {map}");
            }
            let radix = answer.vendor.iter();
            let radix = radix.filter(|(path, _)| path.contains("radix-ui-shared"));
            assert_eq!(radix.count(), 1);
        }
    }
    builder.stop().await;
}

#[tokio::test]
async fn a_file_of_the_apps_own_is_no_vendor_module() {
    let builder = Builder::start().await;
    let path = format!("public/{VENDOR_FOLDER}react.js");
    let answer = builder
        .build(&shell(&[(&path, "x")]), Mode::Development)
        .await;
    assert_eq!(answer.report.reason, Some(FailureReason::Output));
    assert!(
        answer.diagnostics[0].message.contains("vendor modules"),
        "{:?}",
        answer.diagnostics
    );
    builder.stop().await;
}

#[tokio::test]
async fn only_a_development_build_has_maps_and_they_name_the_project() {
    let builder = Builder::start().await;
    let home = "\n\nexport function Home() {\n  document.title = \"here it is\"\n  return <p>Home</p>\n}\n";
    let sources = shell(&[("src/pages/Home.tsx", home)]);
    let answer = builder.build(&sources, Mode::Development).await;
    let map: serde_json::Value = serde_json::from_str(&answer.artifact(".js.map")).unwrap();
    let paths: Vec<&str> = map["sources"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|path| path.as_str())
        .collect();
    assert!(
        paths.contains(&"src/pages/Home.tsx") && paths.contains(&"src/main.tsx"),
        "{paths:?}"
    );
    assert!(
        paths.iter().all(|path| path.starts_with("src/")),
        "{paths:?}"
    );
    assert!(
        map["sourcesContent"]
            .as_array()
            .unwrap()
            .iter()
            .any(|text| text == home)
    );
    let script = own_script(&answer);
    let (line, _) = script
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains("here it is"))
        .unwrap();
    assert_eq!(
        original(&map, line),
        Some(("src/pages/Home.tsx".to_owned(), 4))
    );
    for artifact in &answer.artifacts {
        let text = String::from_utf8_lossy(&artifact.content);
        assert!(
            !text.contains(builder.state.to_str().unwrap()),
            "{}",
            artifact.path
        );
    }
    let answer = builder.build(&sources, Mode::Production).await;
    assert!(answer.vendor.is_empty());
    for artifact in &answer.artifacts {
        assert_ne!(artifact.path.extension(), "map");
        assert!(
            !String::from_utf8_lossy(&artifact.content).contains("sourceMappingURL"),
            "{}",
            artifact.path
        );
    }
    builder.stop().await;
}

/// Where the first mapping of a line, counted from 0, comes from: path and line, counted from 1.
fn original(map: &serde_json::Value, wanted: usize) -> Option<(String, i64)> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut source, mut origin) = (0, 0);
    for (line, segments) in map["mappings"].as_str()?.split(';').enumerate() {
        for segment in segments.split(',').filter(|segment| !segment.is_empty()) {
            let (mut fields, mut value, mut shift) = (Vec::new(), 0_i64, 0);
            for digit in segment.chars() {
                let digit = i64::try_from(DIGITS.find(digit)?).ok()?;
                value += (digit & 31) << shift;
                shift += 5;
                if digit & 32 == 0 {
                    fields.push(if value & 1 == 1 {
                        -(value >> 1)
                    } else {
                        value >> 1
                    });
                    (value, shift) = (0, 0);
                }
            }
            if let [_, of, to, ..] = fields[..] {
                source += of;
                origin += to;
                if line == wanted {
                    let path = map["sources"][usize::try_from(source).ok()?].as_str()?;
                    return Some((path.to_owned(), origin + 1));
                }
            }
        }
    }
    None
}

#[tokio::test]
async fn a_production_build_says_whose_code_is_in_it() {
    let builder = Builder::start().await;
    let answer = builder.build(&shell(&[]), Mode::Production).await;
    let script = own_script(&answer);
    assert!(script.lines().count() < 200, "minified");
    let react = answer.artifact_of("assets/react-");
    assert!(react.contains("@license React") && !script.contains("@license React"));
    let licences = answer.artifact("assets/licences.md");
    for name in ["react", "react-dom", "scheduler"] {
        assert!(
            licences.contains(&format!("## {name} - ")),
            "{name}: {licences}"
        );
    }
    assert!(licences.contains("MIT") && licences.contains("Permission is hereby granted"));
    assert!(!licences.contains(toolchain().to_str().unwrap()));
    // A change of the app is no change of React, whose file stays in the browser's cache.
    let home = "/*! Set in type by J. Doe */\nexport const Home = () => <p>Another home</p>\n";
    let changed = shell(&[("src/pages/Home.tsx", home)]);
    let answer = builder.build(&changed, Mode::Production).await;
    assert_eq!(answer.artifact_of("assets/react-"), react);
    assert!(own_script(&answer).contains("Set in type by J. Doe"));
    builder.stop().await;
}

#[tokio::test]
async fn type_errors_are_warnings_unless_they_are_to_block() {
    let builder = Builder::start().await;
    let home = "import fs from \"fs\"\n\nexport function Home() {\n  const minutes: number = \"ten\"\n  return <p>{minutes}{String(fs)}</p>\n}\n";
    let sources = shell(&[("src/pages/Home.tsx", home)]);
    let answer = builder.build(&sources, Mode::Production).await;
    assert_eq!(answer.report.status, Status::Succeeded);
    let wrong = answer
        .diagnostics
        .iter()
        .find(|one| one.code.as_deref() == Some("TS2322"))
        .unwrap();
    assert_eq!(
        (wrong.severity, wrong.line, wrong.column),
        (Severity::Warning, Some(4), Some(9))
    );
    assert_eq!(
        wrong.path.as_ref().map(|path| path.as_str()),
        Some("src/pages/Home.tsx")
    );
    assert!(
        wrong
            .frame
            .as_deref()
            .unwrap()
            .contains(">    4 |   const minutes: number = \"ten\"")
    );
    let node = answer
        .diagnostics
        .iter()
        .find(|one| one.code.as_deref() == Some("node_module"))
        .unwrap();
    assert_eq!((node.severity, node.line), (Severity::Warning, Some(1)));
    let blocked = built(&builder, TypeCheck::Block, &sources).await;
    assert_eq!(blocked.report.reason, Some(FailureReason::Source));
    let wrong = blocked
        .diagnostics
        .iter()
        .find(|one| one.code.as_deref() == Some("TS2322"));
    assert_eq!(wrong.unwrap().severity, Severity::Error);
    assert!(blocked.artifacts.is_empty());
    let unasked = built(&builder, TypeCheck::Off, &sources).await;
    assert_eq!(unasked.report.status, Status::Succeeded);
    assert!(
        unasked
            .diagnostics
            .iter()
            .all(|one| one.code.as_deref() != Some("TS2322"))
    );
    assert_eq!(unasked.report.timings.types_ms, 0);
    builder.stop().await;
}

async fn built(builder: &Builder, type_check: TypeCheck, sources: &Sources) -> Answer {
    let body = job_with("job-1", Mode::Production, type_check, sources);
    builder.post(&body).await.answer().unwrap()
}

#[tokio::test]
async fn types_that_are_right_block_nothing() {
    let builder = Builder::start().await;
    let answer = built(&builder, TypeCheck::Block, &shell(&[])).await;
    assert_eq!(
        (answer.report.status, answer.diagnostics.len()),
        (Status::Succeeded, 0)
    );
    assert!(answer.report.timings.types_ms > 0);
    builder.stop().await;
}

#[tokio::test]
async fn what_a_browser_passes_over_in_a_style_sheet_stops_no_build() {
    let builder = Builder::start().await;
    let style =
        "@import \"tailwindcss\";\n\np { *zoom: 1; color: teal; }\nq { : red; margin: 7px; }\n";
    for mode in [Mode::Development, Mode::Production] {
        let answer = builder
            .build(&shell(&[("src/main.css", style)]), mode)
            .await;
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{mode:?}: {:?}",
            answer.diagnostics
        );
        let styles: String = answer
            .artifacts
            .iter()
            .filter(|file| file.path.extension() == "css")
            .map(|file| String::from_utf8_lossy(&file.content).into_owned())
            .collect();
        assert!(
            styles.contains("teal") && styles.contains("7px"),
            "{mode:?}"
        );
    }
    builder.stop().await;
}
