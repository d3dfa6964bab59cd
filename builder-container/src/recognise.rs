//! A folder that has no page to start from: what it is instead, and what it would need.

use std::{fs, path::Path};

use serde_json::Value;

/// What is looked for inside of the folder, where the app itself may lie.
const NESTS: [&str; 12] = [
    "app", "apps", "packages", "client", "frontend", "web", "www", "site", "ui", "website",
    "webapp", "src",
];
/// The most folders that are named.
const MOST_NAMED: usize = 5;

/// Frameworks by the package that makes them one, and what they are called. The first that is declared counts.
const FRAMEWORKS: [(&str, &str); 12] = [
    ("next", "a Next.js app, whose pages a server makes"),
    ("nuxt", "a Nuxt app, whose pages a server makes"),
    ("@remix-run/dev", "a Remix app, whose pages a server makes"),
    (
        "@react-router/dev",
        "an app in React Router's framework mode, which makes its own page",
    ),
    (
        "@tanstack/react-start",
        "a TanStack Start app, whose pages a server makes",
    ),
    ("gatsby", "a Gatsby site, which makes its own pages"),
    ("astro", "an Astro site, which makes its own pages"),
    (
        "@sveltejs/kit",
        "a SvelteKit app, which makes its own pages",
    ),
    ("@angular/core", "an Angular app"),
    ("expo", "an Expo app"),
    ("react-native", "a React Native app"),
    ("electron", "an Electron app"),
];

/// What is said of a folder without an `index.html`: one or a few sentences.
#[must_use]
pub fn without_page(folder: &Path) -> String {
    let manifest = read(&folder.join("package.json"));
    let declares = |name: &str| {
        ["dependencies", "devDependencies"]
            .iter()
            .any(|key| manifest.get(key).is_some_and(|all| all.get(name).is_some()))
    };
    let framework = FRAMEWORKS.iter().find(|(package, _)| declares(package));
    let nested = pages_inside(folder);
    let is_monorepo = manifest.get("workspaces").is_some()
        || ["pnpm-workspace.yaml", "turbo.json", "nx.json", "lerna.json"]
            .iter()
            .any(|name| folder.join(name).is_file());
    let what = if let Some((_, what)) = framework {
        format!(
            "It looks like {what}: only apps that Vite builds from a page of their own are built."
        )
    } else if declares("react-scripts") || folder.join("public/index.html").is_file() {
        "It looks like an app of Create React App: move `public/index.html` here, write `/` for `%PUBLIC_URL%/`, and add \
         `<script type=\"module\" src=\"/src/index.jsx\">` to its body; files with elements in them end in `.jsx` or `.tsx`."
            .to_owned()
    } else if !nested.is_empty() {
        let kind = if is_monorepo {
            "a monorepo"
        } else {
            "a folder with the app inside"
        };
        format!(
            "It looks like {kind}: build {} instead.",
            nested.join(" or ")
        )
    } else if is_monorepo {
        "It looks like a monorepo: build the folder of one of its apps.".to_owned()
    } else if folder.join("package.json").is_file() {
        "It has a `package.json`, but no page: add `index.html` with `<script type=\"module\" src=\"/src/main.tsx\">`."
            .to_owned()
    } else {
        "A web project has an `index.html` with `<script type=\"module\" src=\"/src/main.tsx\">`."
            .to_owned()
    };
    format!(
        "{} has no `index.html`: it is no web project. {what}",
        folder.display()
    )
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Folders one or two levels below that have a page.
fn pages_inside(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let has_page = |path: &Path| path.join("index.html").is_file();
    for name in NESTS {
        let inside = folder.join(name);
        if has_page(&inside) {
            found.push(format!("`{name}`"));
        }
        let entries = fs::read_dir(&inside).into_iter().flatten().flatten();
        let mut deeper: Vec<String> = entries
            .filter(|entry| has_page(&entry.path()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .map(|below| format!("`{name}/{below}`"))
            .collect();
        deeper.sort();
        found.extend(deeper);
    }
    found.truncate(MOST_NAMED);
    found
}
