//! What decides how TypeScript is read: settings of ours, and of an app's own the few that say where its imports lead
//! (`paths`, `baseUrl`), whether they stay (`verbatimModuleSyntax`) and how strict it is (`strict` and its parts), read as data.

use std::collections::BTreeMap;

use overskill::{
    preflight::compiler::{Alias, Compiler},
    project::ProjectPath,
};
use overskill_syntax::Language;
use serde_json::{Map, Value, json};

/// The settings where an app has none of its own.
pub(crate) const TSCONFIG: &str = include_str!("../tsconfig.json");

/// Whether a file would decide over TypeScript: Vite takes the nearest `tsconfig.json`, wherever it lies.
pub(crate) fn is_configuration(path: &ProjectPath) -> bool {
    let name = path
        .as_str()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    (name.starts_with("tsconfig") || name.starts_with("jsconfig")) && name.ends_with(".json")
}

/// The `tsconfig.json` that stands in for an app's own files, by their paths. `names` are the files and folders in a folder.
pub(crate) fn configuration(
    own: &BTreeMap<String, Vec<u8>>,
    names: impl Fn(&str) -> Vec<String>,
) -> String {
    let Ok(mut all) = serde_json::from_str::<Value>(TSCONFIG) else {
        return TSCONFIG.to_owned();
    };
    if let Some(options) = all
        .get_mut("compilerOptions")
        .and_then(Value::as_object_mut)
        .filter(|_| !own.is_empty())
    {
        adopt(options, own, names);
    }
    all.to_string()
}

fn adopt(
    options: &mut Map<String, Value>,
    own: &BTreeMap<String, Vec<u8>>,
    names: impl Fn(&str) -> Vec<String>,
) {
    let compiler = Compiler::of(|path| std::str::from_utf8(own.get(path)?).ok());
    options.insert("verbatimModuleSyntax".to_owned(), json!(compiler.verbatim));
    for (name, value) in &compiler.strictness {
        options.insert((*name).to_owned(), json!(value));
    }
    let Some(paths) = options.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    // Neither Vite nor TypeScript has a `baseUrl` any more: what lies there is named one by one.
    for base in compiler.base.iter() {
        let folder = if base.is_empty() {
            ".".to_owned()
        } else {
            format!("./{base}")
        };
        for name in names(base).into_iter().filter(|name| is_importable(name)) {
            let stem = name
                .rsplit_once('.')
                .map_or(name.as_str(), |(stem, _)| stem);
            let script = Language::of(&name).is_some_and(Language::is_script);
            let import = if script { stem } else { &name };
            paths.insert(import.to_owned(), json!([format!("{folder}/{import}")]));
            if !name.contains('.') {
                paths.insert(format!("{name}/*"), json!([format!("{folder}/{name}/*")]));
            }
        }
    }
    for alias in compiler.aliases.iter().filter(|alias| leads_in(alias)) {
        let pattern = match &alias.after {
            Some(after) => format!("{}*{after}", alias.before),
            None => alias.before.clone(),
        };
        let targets = alias.targets.iter().map(|target| format!("./{target}"));
        paths.insert(pattern, targets.collect());
    }
}

/// Whether what lies in the folder of `baseUrl` may be meant by its name alone.
fn is_importable(name: &str) -> bool {
    let tool = name.contains(".config.") || name.contains(".d.");
    let hidden = name.starts_with('.') || name == "node_modules" || name.contains('*');
    !tool && !hidden && name != "index.html"
}

/// Whether an alias is for names, and not for paths, which lead where they lead.
fn leads_in(alias: &Alias) -> bool {
    !alias.targets.is_empty() && !alias.before.starts_with(['/', '.', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typescript_is_configured_here_alone() {
        for (path, expected) in [
            ("tsconfig.json", true),
            ("src/TSConfig.app.json", true),
            ("jsconfig.json", true),
            ("src/tsconfig.ts", false),
            ("src/my-tsconfig.json", false),
        ] {
            assert_eq!(is_configuration(&path.parse().unwrap()), expected, "{path}");
        }
    }

    fn options(own: &[(&str, &str)]) -> Value {
        let own = own
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let names = |folder: &str| match folder {
            "app" => ["parts", "App.tsx", "logo.svg", "vite.config.ts", ".git"]
                .map(str::to_owned)
                .to_vec(),
            _ => Vec::new(),
        };
        let all: Value = serde_json::from_str(&configuration(&own.collect(), names)).unwrap();
        all["compilerOptions"].clone()
    }

    #[test]
    fn an_app_says_where_its_imports_lead_and_nothing_else() {
        let ours = options(&[]);
        assert_eq!(ours["verbatimModuleSyntax"], true);
        let text = r#"{
          // comments are usual here
          "extends": "./nowhere.json",
          "compilerOptions": {
            "jsx": "preserve", "baseUrl": "app", "strict": false, "strictNullChecks": true, "noUnusedLocals": true,
            "paths": {
              "~/*": ["./*", "../lib/*"], "config": ["./settings.ts"],
              "out/*": ["../../x/*"], "/*": ["./*"], "./*": ["./x/*"], "*": ["./y/*"]
            },
          },
        }"#;
        let theirs = options(&[("tsconfig.json", text)]);
        assert_eq!(
            theirs["paths"],
            json!({
                "@/*": ["./src/*"],
                "~/*": ["./app/*", "./lib/*"],
                "parts": ["./app/parts"],
                "parts/*": ["./app/parts/*"],
                "App": ["./app/App"],
                "logo.svg": ["./app/logo.svg"],
                "config": ["./app/settings.ts"],
            })
        );
        assert_eq!(theirs["verbatimModuleSyntax"], false);
        assert_eq!(
            (&theirs["strict"], &theirs["strictNullChecks"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(theirs["noUnusedLocals"], Value::Null);
        for (name, value) in ours.as_object().unwrap() {
            assert!(
                ["paths", "verbatimModuleSyntax", "strict"].contains(&name.as_str())
                    || theirs[name] == *value,
                "{name}"
            );
        }
        assert_eq!(theirs["extends"], Value::Null);
        // What cannot be read says nothing.
        let broken = options(&[("tsconfig.json", "{"), ("jsconfig.json", "\u{0}")]);
        assert_eq!(broken["paths"], ours["paths"]);
    }
}
