//! Hostile apps: each reaches for what is not its own through something that a build does.

use overskill::build::Mode;

use crate::{
    attack::Attack,
    client::Sources,
    field::{Field, neighbour},
};

/// What the builder does with an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// It tells the author what is wrong.
    Refused,
    /// It builds the app, and what is hostile has no part in it.
    Built,
    /// One or the other: refused where the file can be seen, built as if it were missing where it cannot.
    Either,
}
use Expected::{Built, Either, Refused};

/// Name, what is tried, what is expected, and the files. In them `$OUT` is the folder that holds the secrets as a way up from
/// `src/pages`, `$UP` the same from `src`, `$TOP` the same from the project, `$ABSOLUTE` the whole of it, `$JOB` another job.
type App = (
    &'static str,
    &'static str,
    Expected,
    &'static [(&'static str, &'static str)],
);

/// A page that shows what it got hold of.
macro_rules! home {
    ($import:literal) => {
        (
            "src/pages/Home.tsx",
            concat!(
                $import,
                "\nexport const Home = () => <p>{String(found)}</p>\n"
            ),
        )
    };
}

/// Code that tells when it runs: it writes where it can, and puts a mark into whatever is built.
const HOSTILE: &str = r#"
import { writeFileSync } from "node:fs"
const ran = ["hostile", "code", "ran", "here"].join("-")
for (const file of ["$ABSOLUTE/secret.txt", "$ABSOLUTE/state/run/worker.mjs"]) try { writeFileSync(file, ran) } catch {}
console.log(ran)
console.error(ran)
"#;

#[rustfmt::skip]
const APPS: &[App] = &[
    ("vite-config", "vite.config.* that writes files and marks every module", Built, &[
        ("vite.config.ts", "$HOSTILE\nexport default { plugins: [{ name: 'x', transform: (code) => code + `\\nconsole.log('${ran}')` }] }\n"),
        ("vite.config.js", "$HOSTILE\nexport default { define: { 'import.meta.env.DEV': JSON.stringify(ran) } }\n"),
        ("vite.config.mjs", "$HOSTILE\nthrow new Error(ran)\n"),
    ]),
    ("postcss-config", "postcss.config.* that writes files and marks every style sheet", Built, &[
        ("postcss.config.mjs", "$HOSTILE\nexport default { plugins: [{ postcssPlugin: 'x', Once: (root) => root.append(`.a{content:'${ran}'}`) }] }\n"),
        ("postcss.config.js", "$HOSTILE\nthrow new Error(ran)\n"),
        (".postcssrc.json", "{\"plugins\":{\"./postcss.config.js\":{}}}\n"),
        (".postcssrc.js", "$HOSTILE\nthrow new Error(ran)\n"),
    ]),
    ("tailwind-config", "tailwind.config.* that is not referred to", Built, &[
        ("tailwind.config.js", "$HOSTILE\nexport default { theme: { extend: { colors: { [ran]: 'red' } } } }\n"),
        ("tailwind.config.ts", "$HOSTILE\nthrow new Error(ran)\n"),
    ]),
    ("tailwind-3-config", "tailwind.config.* of Tailwind 3, which it would run", Built, &[
        ("package.json", "{\"name\":\"x\",\"devDependencies\":{\"tailwindcss\":\"^3.4.0\"}}\n"),
        ("src/main.css", "@tailwind base;\n@tailwind utilities;\n"),
        ("tailwind.config.mjs", "$HOSTILE\nexport default { content: ['./src/**/*.tsx', '$TOP/**/*'], theme: { extend: { colors: { x: ran } } }, plugins: [() => console.log(ran)] }\n"),
    ]),
    ("tailwind-plugin", "`@plugin` of a file of the app", Refused, &[
        ("src/main.css", "@import \"tailwindcss\";\n@plugin \"./plugin.js\";\n"), ("src/plugin.js", "$HOSTILE\nexport default () => {}\n"),
    ]),
    ("tailwind-plugin-hidden", "`@plugin` in a file that has no name of a style sheet", Refused, &[
        ("src/main.css", "@import \"tailwindcss\";\n@import \"./hidden.txt\";\n"),
        ("src/hidden.txt", "@plugin \"./plugin.js\";\n"), ("src/plugin.js", "$HOSTILE\nexport default () => {}\n"),
    ]),
    ("tailwind-config-rule", "`@config` of a file of the app", Refused, &[
        ("src/main.css", "@import \"tailwindcss\";\n@config \"../tailwind.config.js\";\n"), ("tailwind.config.js", "$HOSTILE\nexport default {}\n"),
    ]),
    ("tailwind-source", "`@source` of folders outside", Refused, &[
        ("src/main.css", "@import \"tailwindcss\";\n@source \"$UP\";\n@source \"/etc\";\n"),
    ]),
    ("package-scripts", "package.json with preinstall, postinstall, prepare, prebuild", Built, &[
        ("package.json", "{\"name\":\"x\",\"scripts\":{\"preinstall\":\"node evil.mjs\",\"postinstall\":\"node evil.mjs\",\"prepare\":\"node evil.mjs\",\"prebuild\":\"node evil.mjs\",\"build\":\"node evil.mjs\"}}\n"),
        ("evil.mjs", "$HOSTILE"), (".npmrc", "script-shell=/bin/sh\nignore-scripts=false\n"),
    ]),
    ("babel-config", "babel, swc and browserslist configuration", Built, &[
        ("babel.config.mjs", "$HOSTILE\nexport default {}\n"), (".babelrc.js", "$HOSTILE\n"), (".swcrc", "{\"jsc\":{\"experimental\":{\"plugins\":[[\"./evil.js\",{}]]}}}\n"),
        (".browserslistrc", "extends ./evil.js\n"), ("evil.js", "$HOSTILE"),
    ]),
    ("tsconfig-extends", "tsconfig.json that extends files of the system", Built, &[
        ("tsconfig.json", "{\"extends\":[\"$ABSOLUTE/tsconfig.json\",\"/etc/passwd\",\"$TOP/tsconfig.json\"],\"compilerOptions\":{\"plugins\":[{\"name\":\"./evil.js\"}]}}\n"),
        ("evil.js", "$HOSTILE"),
    ]),
    ("tsconfig-paths", "tsconfig.json whose paths lead outside", Refused, &[
        ("tsconfig.json", "{\"compilerOptions\":{\"paths\":{\"@/*\":[\"./src/*\"],\"out/*\":[\"$TOP/*\"]}}}\n"), home!("import found from \"out/secret.json\""),
    ]),
    ("tsconfig-references", "tsconfig.json that refers to and includes files outside", Built, &[
        ("tsconfig.json", "{\"include\":[\"$TOP/**/*\",\"/etc\"],\"files\":[\"$TOP/secret.ts\"],\"references\":[{\"path\":\"$TOP\"}]}\n"),
    ]),
    ("types-of-a-secret", "a type error that would quote a file outside", Built, &[
        ("src/pages/Home.tsx", "import type { secret } from \"$OUT/secret\"\nconst wrong: typeof secret = 1\nexport const Home = () => <p>{wrong}</p>\n"),
    ]),
    ("env-file", ".env, and an .env of a folder above", Built, &[
        (".env", "VITE_CANARY=hostile-code-ran\u{2d}here\n"), (".env.local", "VITE_CANARY=hostile-code-ran\u{2d}here\n"), (".env.development", "VITE_CANARY=hostile-code-ran\u{2d}here\n"),
        ("src/pages/Home.tsx", "const all = JSON.stringify(import.meta.env)\nexport const Home = () => <p>{all + import.meta.env.VITE_CANARY + import.meta.env.VITE_SECRET}</p>\n"),
    ]),
    ("env-of-supervisor", "`process.env` and `import.meta.env` of the supervisor", Built, &[
        ("src/pages/Home.tsx", "declare const process: { env: Record<string, string> }\nexport const Home = () => <p>{process.env.BUILDER_CANARY + import.meta.env.BUILDER_CANARY}</p>\n"),
        ("index.html", "<!doctype html><title>%BUILDER_CANARY% %VITE_SECRET%</title><div id=\"root\"></div><script type=\"module\" src=\"/src/main.tsx\"></script>\n"),
    ]),
    ("raw-above", "`?raw` of a file above the project", Refused, &[home!("import found from \"$OUT/secret.json?raw\"")]),
    ("raw-absolute", "`?raw` of an absolute path", Refused, &[home!("import found from \"$ABSOLUTE/secret.txt?raw\"")]),
    ("raw-system", "`?raw` of /etc/passwd", Refused, &[home!("import found from \"/etc/passwd?raw\"")]),
    ("raw-environ", "`?raw` of /proc/self/environ", Refused, &[home!("import found from \"/proc/self/environ?raw\"")]),
    ("raw-job", "`?raw` of another job's source", Refused, &[home!("import found from \"$JOB/src/secret.ts?raw\"")]),
    ("url-above", "`?url` of a file above", Refused, &[home!("import found from \"$OUT/secret.txt?url\"")]),
    ("url-inline", "`?inline` of a file of the system", Refused, &[home!("import found from \"/etc/passwd?url&inline\"")]),
    ("fs-prefix", "Vite's `/@fs/` prefix", Refused, &[home!("import found from \"/@fs$ABSOLUTE/secret.json\"")]),
    ("file-url", "a `file:` URL", Refused, &[home!("import found from \"file://$ABSOLUTE/secret.json\"")]),
    ("plain-import", "an import of a module above", Refused, &[home!("import { secret as found } from \"$OUT/secret\"")]),
    ("query-tricks", "a path with queries, escapes and a null", Refused, &[home!("import found from \"$OUT/./x/../secret.json?a#b?raw\"")]),
    ("dynamic-import", "`import()` with a path in pieces", Built, &[
        ("src/pages/Home.tsx", "const up = ['..', '..'].join('/')\nexport const Home = () => <p onClick={() => import(/* @vite-ignore */ `${up}/../../../../secret.json`)} />\n"),
    ]),
    ("new-url", "`new URL('…', import.meta.url)` of a file above", Either, &[
        ("src/pages/Home.tsx", "const found = new URL('$OUT/secret.txt', import.meta.url).href\nexport const Home = () => <p>{found}</p>\n"),
    ]),
    ("glob", "`import.meta.glob` above the project", Either, &[
        ("src/pages/Home.tsx", "const found = import.meta.glob('$OUT/*', { eager: true, query: '?raw' })\nexport const Home = () => <p>{JSON.stringify(found)}</p>\n"),
    ]),
    ("worker-import", "a web worker whose module is above", Refused, &[
        ("src/pages/Home.tsx", "const found = new Worker(new URL('$OUT/secret.js', import.meta.url), { type: 'module' })\nexport const Home = () => <p>{String(found)}</p>\n"),
    ]),
    ("css-url", "`url()` of a file above", Either, &[("src/main.css", "@import \"tailwindcss\";\nbody { background: url($UP/secret.txt) }\n")]),
    ("css-import", "`@import` of a file above", Refused, &[("src/main.css", "@import \"$UP/secret.css\";\n")]),
    ("css-import-system", "`@import` of /etc/passwd", Refused, &[("src/main.css", "@import \"/etc/passwd\";\n")]),
    ("css-reference", "`@reference` of a file above", Refused, &[("src/main.css", "@reference \"$UP/secret.css\";\n.a { @apply flex; }\n")]),
    ("css-source-map", "a source map reference to a file above", Built, &[
        ("src/main.css", "@import \"tailwindcss\";\n/*# sourceMappingURL=$UP/secret.json */\n"), ("src/other.js", "//# sourceMappingURL=$UP/secret.json\n"),
    ]),
    ("html-script", "a script of the page above the project", Refused, &[
        ("index.html", "<!doctype html><div id=\"root\"></div><script type=\"module\" src=\"$TOP/secret.js\"></script>\n"),
    ]),
    ("html-link", "a style sheet and an image of the page above the project", Either, &[
        ("index.html", "<!doctype html><link rel=\"stylesheet\" href=\"$TOP/secret.css\"><img src=\"$TOP/secret.txt\"><div id=\"root\"></div><script type=\"module\" src=\"/src/main.tsx\"></script>\n"),
    ]),
    ("memory-bomb", "a style sheet that asks for 81 million classes", Refused, &[
        ("src/main.css", "@import \"tailwindcss\";\n@source inline(\"p-[{1..9000}{1..9000}px]\");\n"),
    ]),
];

/// A page whose types keep the compiler for minutes, and a style sheet that keeps Tailwind.
fn endless() -> Sources {
    let mut app = neighbour();
    app.insert(
        "src/main.css".to_owned(),
        b"@import \"tailwindcss\";\n@source inline(\"p-[{1..2000000}px]\");\n".to_vec(),
    );
    app
}

/// All of them.
pub(crate) fn attacks() -> Vec<Attack> {
    let mut attacks: Vec<_> = APPS
        .iter()
        .map(|(name, tried, expected, files)| {
            Attack::new("sources", name, tried, |field| {
                attempt(field, *expected, files)
            })
        })
        .collect();
    attacks.push(Attack::new(
        "sources",
        "endless",
        "a style sheet that takes for ever",
        |field| {
            let response = field.post("endless", Mode::Production, &endless())?;
            match response.answer() {
                Ok(answer) if !answer.is_built() => Ok(response.told()),
                _ => Err(format!("neither refused nor stopped: {}", response.told())),
            }
        },
    ));
    attacks
}

fn attempt(
    field: &mut Field,
    expected: Expected,
    files: &[(&str, &str)],
) -> Result<String, String> {
    let mut app = neighbour();
    for (path, content) in files {
        app.insert((*path).to_owned(), filled(field, content).into_bytes());
    }
    let mut seen = String::new();
    for mode in [Mode::Development, Mode::Production] {
        let response = field.post("hostile", mode, &app)?;
        let answer = response.answer().map_err(|_| response.told())?;
        if expected != Either && answer.is_built() != (expected == Built) {
            return Err(format!("{expected:?} was expected: {}", response.told()));
        }
        seen = response.told();
        if expected == Refused {
            break;
        }
    }
    Ok(seen)
}

/// A file's content, the places in it filled in.
fn filled(field: &Field, content: &str) -> String {
    let absolute = field.canaries.folder.display().to_string();
    content
        .replace("$HOSTILE", HOSTILE)
        .replace("$OUT", "../../../../../..")
        .replace("$UP", "../../../../..")
        .replace("$TOP", "../../../..")
        .replace("$JOB", &field.other_job().display().to_string())
        .replace("$ABSOLUTE", &absolute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canaries::RAN;

    #[test]
    fn no_source_has_the_mark_of_hostile_code() {
        assert!(!HOSTILE.contains(RAN));
        for (name, _, _, files) in APPS {
            let marked = files.iter().any(|(_, content)| content.contains(RAN));
            assert_eq!(marked, *name == "env-file", "{name}");
        }
    }
}
