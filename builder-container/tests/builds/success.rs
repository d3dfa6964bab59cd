//! Sources that build.

use overskill::{
    build::{MOST_WEIGHTS, Mode, Status, Weight, WeightKind},
    publish::FunctionName,
};

use crate::client::{Builder, read, shell, toolchain};

#[tokio::test]
async fn the_foundation_builds_in_both_modes() {
    let builder = Builder::start().await;
    let sources = read(&toolchain());
    let development = builder.build(&sources, Mode::Development).await;
    assert_eq!(development.diagnostics, []);
    assert_eq!(development.report.status, Status::Succeeded);
    let production = builder.build(&sources, Mode::Production).await;
    assert_eq!(production.diagnostics, []);
    assert!(production.report.artifact_bytes < development.report.artifact_bytes);
    assert!(
        production
            .logs
            .iter()
            .any(|line| line.contains("type check")),
        "{:?}",
        production.logs
    );
    for answer in [&development, &production] {
        // Sizes and hashes were checked by the reader.
        let paths: Vec<_> = answer.artifacts.iter().map(|a| a.path.as_str()).collect();
        assert!(
            paths
                .iter()
                .any(|path| path.starts_with("assets/") && path.ends_with(".css")),
            "{paths:?}"
        );
        let html = answer.artifact("index.html");
        assert!(html.contains("src=\"/assets/"), "{html}");
    }
    assert_eq!(
        development.report.toolchain_digest,
        production.report.toolchain_digest
    );
    let health = builder.health().await;
    assert_eq!(
        health["toolchain_digest"],
        development.report.toolchain_digest.to_string()
    );
    builder.stop().await;
}

#[tokio::test]
async fn the_same_sources_give_the_same_bytes() {
    let builder = Builder::start().await;
    for mode in [Mode::Development, Mode::Production] {
        let first = builder.build(&shell(&[]), mode).await;
        let second = builder.build(&shell(&[]), mode).await;
        assert!(
            first.artifacts == second.artifacts,
            "two builds of the same sources differ"
        );
        for artifact in &first.artifacts {
            let text = String::from_utf8_lossy(&artifact.content);
            assert!(
                !text.contains(builder.state.to_str().unwrap()),
                "{} names a folder of the builder",
                artifact.path
            );
        }
    }
    builder.wait_until_nothing_is_left().await;
    builder.stop().await;
}

#[tokio::test]
async fn the_mode_decides_what_the_app_sees() {
    let builder = Builder::start().await;
    let home = "console.log(\"SEEN\", import.meta.env.DEV, import.meta.env.PROD, import.meta.env.MODE)\n\
                export const Home = () => <p>Home</p>\n";
    let sources = shell(&[
        ("src/pages/Home.tsx", home),
        ("public/robots.txt", "User-agent: *\n"),
    ]);
    for (mode, seen) in [
        (Mode::Development, "SEEN,true,false,development"),
        (Mode::Production, "SEEN,false,true,production"),
    ] {
        let answer = builder.build(&sources, mode).await;
        let script = answer.artifact(".js").replace(['`', '"', '\'', ' '], "");
        let script = script.replace("!0", "true").replace("!1", "false");
        assert!(script.contains(seen), "{seen}");
        assert_eq!(answer.artifact("robots.txt"), "User-agent: *\n");
    }
    builder.stop().await;
}

#[tokio::test]
async fn aliases_lead_where_the_app_says() {
    let builder = Builder::start().await;
    let sources = shell(&[
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "baseUrl": ".", "paths": { "~/*": ["./nowhere/*", "./app/*"], "@ui": ["./app/ui/index.ts"], "@/deep/*": ["./app/deep/*"] } } }"#,
        ),
        ("app/a.ts", "export const a = 'in the app'\n"),
        ("app/ui/index.ts", "export const ui = 'the parts'\n"),
        ("app/deep/b.js", "export const b = 'in the deep'\n"),
        ("app/kind.ts", "export interface Kind { a: string }\n"),
        (
            "src/pages/Home.tsx",
            "import { a } from '~/a'\nimport { ui } from '@ui'\nimport { b } from '@/deep/b'\n\
             import { Kind } from '~/kind'\nconst kind: Kind = { a }\nexport function Home() { return <p>{kind.a}{ui}{b}</p> }\n",
        ),
    ]);
    let answer = builder.build(&sources, Mode::Development).await;
    assert_eq!(answer.diagnostics, []);
    let script = answer.artifact(".js");
    for text in ["in the app", "the parts", "in the deep"] {
        assert!(script.contains(text), "{text}");
    }
    builder.stop().await;
}

#[tokio::test]
async fn an_apps_own_configuration_changes_nothing() {
    let builder = Builder::start().await;
    let plain = builder.build(&shell(&[]), Mode::Development).await;
    let throws = "throw new Error('this ran')";
    let configured = builder
        .build(
            &shell(&[
                ("vite.config.ts", throws),
                ("postcss.config.js", throws),
                ("postcss.config.mjs", throws),
                ("tailwind.config.js", throws),
                ("babel.config.js", throws),
                (".env", "VITE_SECRET=1\nNODE_ENV=test\n"),
                (
                    "tsconfig.json",
                    r#"{"extends": "./nowhere.json", "compilerOptions": {"jsx": "preserve"}}"#,
                ),
                (
                    "src/tsconfig.json",
                    r#"{"extends": "./nowhere.json", "compilerOptions": {"jsx": "preserve"}}"#,
                ),
                (
                    "package.json",
                    r#"{"type": "module", "scripts": {"postinstall": "exit 1"}, "imports": {"react": "./no.js"}}"#,
                ),
            ]),
            Mode::Development,
        )
        .await;
    // What cannot be read without running it is named, and that is all.
    let named: Vec<_> = configured
        .diagnostics
        .iter()
        .map(|one| {
            (
                one.code.as_deref(),
                one.path.as_ref().map(|path| path.as_str()),
            )
        })
        .collect();
    assert_eq!(named, [(Some("build_settings"), Some("vite.config.ts"))]);
    // Not the style sheet: Tailwind takes the words of these files for class names.
    assert_eq!(configured.artifact(".js"), plain.artifact(".js"));
    builder.stop().await;
}

#[tokio::test]
async fn a_function_becomes_one_module_beside_what_is_served() {
    let builder = Builder::start().await;
    let hello = "import { greet } from \"./lib/greet\"\n\
                 export default { fetch: (request: Request, env: Record<string, string>) => new Response(greet(env.NAME ?? request.url)) }\n";
    let named = "export const fetch = () => new Response(\"named\")\n";
    let sources = shell(&[
        ("functions/hello.ts", hello),
        ("functions/named.js", named),
        (
            "functions/lib/greet.ts",
            "export const greet = (name: string) => `hello ${name}`\n",
        ),
        ("functions/types.d.ts", "export type Name = string\n"),
        ("functions/_shared.ts", "export const shared = 1\n"),
        ("functions/hello.test.ts", "export const checks = 1\n"),
        (
            "public/overskill-functions/planted.js",
            "export default {}\n",
        ),
    ]);
    for mode in [Mode::Development, Mode::Production] {
        let answer = builder.build(&sources, mode).await;
        assert_eq!(answer.diagnostics, []);
        let functions: Vec<_> = answer
            .artifacts
            .iter()
            .filter_map(|artifact| FunctionName::of(&artifact.path))
            .map(|name| name.to_string())
            .collect();
        assert_eq!(functions, ["hello", "named"]);
        let code = answer.artifact("overskill-functions/hello.js");
        assert!(
            code.contains("hello ${") && !code.contains("import"),
            "{code}"
        );
    }
    // Somebody else's kind of functions.
    let sources = shell(&[
        ("functions/package.json", "{}"),
        ("functions/index.js", "exports.run = require(\"x\")\n"),
    ]);
    let answer = builder.build(&sources, Mode::Development).await;
    assert_eq!(answer.report.status, Status::Succeeded);
    assert!(
        answer
            .diagnostics
            .iter()
            .any(|one| one.message.contains("package.json")),
        "{:?}",
        answer.diagnostics
    );
    builder.stop().await;
}

/// A module that has this many bytes of data in it, whatever is minified.
fn heavy(name: &str, bytes: usize) -> String {
    let data = "x".repeat(bytes);
    format!(";(globalThis as Record<string, unknown>).{name} = \"{data}\"\nexport {{}}\n")
}

#[tokio::test]
async fn what_weighs_most_is_told_by_package_and_by_file() {
    let builder = Builder::start().await;
    let data = heavy("data", 200_000);
    let late = "import { Toaster } from \"sonner\"\nexport default function Late() { return <Toaster /> }\n";
    let home = "import { lazy } from \"react\"\nimport \"@/data\"\nconst Late = lazy(() => import(\"@/pages/Late\"))\n\
                export function Home() { return <Late /> }\n";
    let function = "import { createClient } from \"@supabase/supabase-js\"\n\
                    export default { fetch: () => new Response(String(createClient(\"https://a.example\", \"key\"))) }\n";
    let sources = shell(&[
        ("src/data.ts", &data),
        ("src/pages/Late.tsx", late),
        ("src/pages/Home.tsx", home),
        ("functions/db.ts", function),
    ]);
    for mode in [Mode::Development, Mode::Production] {
        let answer = builder.build(&sources, mode).await;
        assert_eq!(
            answer.report.status,
            Status::Succeeded,
            "{:?}",
            answer.diagnostics
        );
        let weights = &answer.report.weights;
        let find = |name: &str| weights.iter().find(|one| one.name == name);
        let shown = format!("{mode:?}: {weights:#?}");
        let own = find("src/data.ts").expect(&shown);
        assert_eq!(
            (own.kind, own.late_bytes, own.function_bytes),
            (WeightKind::File, 0, 0)
        );
        assert!((196_000..=204_000).contains(&own.page_bytes), "{shown}");
        let database = weights
            .iter()
            .filter(|one| one.name.starts_with("@supabase/"));
        let of_function: u64 = database.clone().map(|one| one.function_bytes).sum();
        assert!(of_function > 50_000, "{shown}");
        assert!(
            database
                .clone()
                .all(|one| one.kind == WeightKind::Package && one.page_bytes == 0)
        );
        let prebuilt = ["react-dom", "sonner"].map(find);
        if mode == Mode::Development {
            assert_eq!(
                prebuilt,
                [None, None],
                "vendor modules are no part of the app"
            );
        } else {
            let [dom, sonner] = prebuilt.map(|one| one.expect(&shown));
            assert!(dom.page_bytes > 50_000 && dom.late_bytes == 0, "{shown}");
            assert!(
                sonner.page_bytes == 0 && sonner.late_bytes > 5_000,
                "{shown}"
            );
        }
        let scripts = answer
            .artifacts
            .iter()
            .filter(|one| one.path.extension() == "js");
        let built: u64 = scripts.map(|one| one.content.len() as u64).sum();
        let told: u64 = weights
            .iter()
            .map(|one| one.script_bytes() + one.late_bytes)
            .sum();
        assert!(
            told <= built + 20 && told > built * 9 / 10,
            "{told} of {built}: {shown}"
        );
    }
    builder.stop().await;
}

#[tokio::test]
async fn no_more_is_weighed_than_is_told() {
    let builder = Builder::start().await;
    let names: Vec<String> = (10..35).map(|number| format!("data{number}")).collect();
    let imports: String = names
        .iter()
        .map(|name| format!("import \"@/{name}\"\n"))
        .collect();
    let mut sources = shell(&[(
        "src/pages/Home.tsx",
        &format!("{imports}export function Home() {{ return <p>x</p> }}\n"),
    )]);
    for (number, name) in names.iter().enumerate() {
        let content = heavy(name, 1_000 * (number + 1));
        sources.insert(format!("src/{name}.ts"), content.into_bytes());
    }
    let answer = builder.build(&sources, Mode::Development).await;
    let weights = &answer.report.weights;
    assert_eq!(weights.len(), MOST_WEIGHTS);
    assert!(weights.is_sorted_by_key(|one| std::cmp::Reverse(one.script_bytes())));
    assert_eq!(
        weights.first().map(|one| one.name.as_str()),
        Some("src/data34.ts")
    );
    assert_eq!(
        weights.last().map(|one| one.name.as_str()),
        Some("src/data15.ts")
    );
    let failed = shell(&[(
        "src/pages/Home.tsx",
        "import \"@/nowhere\"\nexport const Home = 1\n",
    )]);
    let failed = builder.build(&failed, Mode::Development).await;
    assert_eq!(failed.report.status, Status::Failed);
    assert_eq!(failed.report.weights, [] as [Weight; 0]);
    builder.stop().await;
}
