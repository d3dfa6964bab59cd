//! Sources that build.

use overskill::{
    build::{Mode, Status},
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
