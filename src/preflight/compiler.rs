//! What TypeScript is told: the settings of `tsconfig.json` that decide where imports lead and whether they stay.
//!
//! `extends` and `references` are followed to files of the project, not to packages.

use serde_json::Value;

use super::location;
use crate::sorted::SortedMap;

/// The files that are read, the first one's settings first.
pub const FILES: [&str; 3] = ["tsconfig.json", "tsconfig.app.json", "jsconfig.json"];
/// The settings that say how strictly types are looked at.
const STRICTNESS: [&str; 8] = [
    "strict",
    "noImplicitAny",
    "noImplicitThis",
    "strictBindCallApply",
    "strictFunctionTypes",
    "strictNullChecks",
    "strictPropertyInitialization",
    "useUnknownInCatchVariables",
];
/// The most files that one leads to over `extends`, one after the other.
const LONGEST_CHAIN: usize = 8;
/// The most files that are read in all.
const MOST_FILES: usize = 32;

/// The settings of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiler {
    /// `paths`: what is written before the `*`, and the folders it may mean.
    pub aliases: Vec<Alias>,
    /// `baseUrl`: the folder in which imports that name no package are looked for, empty for the project's.
    pub base: Option<String>,
    /// Whether imports stay although nothing uses their names.
    pub verbatim: bool,
    /// Whether JavaScript files are the compiler's as well, so that they may use its `paths`.
    pub allow_js: bool,
    /// How strictly types are looked at: `strict` and its parts, as far as the app says.
    pub strictness: SortedMap<&'static str, bool>,
}

/// One of `paths`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// What is written before the `*`, or all of it.
    pub before: String,
    /// What is written after the `*`; `None` when there is no `*`.
    pub after: Option<String>,
    /// Where it leads, from the project's folder on, `*` included. Never out of it.
    pub targets: Vec<String>,
}

impl Compiler {
    /// Reads the settings from the texts of [`FILES`] and of what they name; one that is missing or malformed counts as
    /// empty.
    pub fn of<'t>(text: impl Fn(&str) -> Option<&'t str>) -> Self {
        let mut compiler = Self::default();
        let mut open: Vec<String> = FILES.iter().rev().map(|path| (*path).to_owned()).collect();
        let mut seen: Vec<String> = Vec::new();
        while let Some(path) = open.pop() {
            if seen.contains(&path) || seen.len() == MOST_FILES {
                continue;
            }
            if let Some(config) = text(&path).and_then(parse) {
                compiler.take(&Options::of(&config, &path, &text, LONGEST_CHAIN));
                let references = config.get("references").and_then(Value::as_array);
                let named = references
                    .into_iter()
                    .flatten()
                    .filter_map(|reference| reference.get("path")?.as_str());
                // What is for the tools that run in Node says nothing of the app.
                let named = named.filter(|name| !name.contains(".node"));
                open.extend(named.filter_map(|name| file_of(&path, name, "/tsconfig.json")));
            }
            seen.push(path);
        }
        compiler
    }

    fn take(&mut self, options: &Options) {
        self.verbatim |= options.verbatim;
        self.allow_js |= options.allow_js;
        for (name, value) in &options.strictness {
            self.strictness.entry(name).or_insert(*value);
        }
        if self.base.is_none() {
            self.base.clone_from(&options.base);
        }
        let paths = options.paths.as_object();
        for (pattern, targets) in paths.into_iter().flatten() {
            let targets = targets
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let targets: Vec<String> = targets
                .filter_map(|target| location::join(&options.paths_base, target))
                .collect();
            let (before, after) = match pattern.split_once('*') {
                Some((before, after)) => (before.to_owned(), Some(after.to_owned())),
                None => (pattern.clone(), None),
            };
            let known = self.aliases.iter().any(|alias| alias.before == before);
            if before.is_empty() {
                // `*` alone is a search path.
                let folder = targets.iter().find_map(|target| target.strip_suffix('*'));
                if self.base.is_none() {
                    self.base = folder.map(|folder| folder.trim_end_matches('/').to_owned());
                }
            } else if !known {
                self.aliases.push(Alias {
                    before,
                    after,
                    targets,
                });
            }
        }
    }
}

/// The options of one file with what it extends.
#[derive(Debug, Default)]
struct Options {
    verbatim: bool,
    allow_js: bool,
    strictness: SortedMap<&'static str, bool>,
    base: Option<String>,
    paths: Value,
    /// From where the targets of `paths` are meant.
    paths_base: String,
}

impl Options {
    fn of<'t>(
        config: &Value,
        path: &str,
        text: &impl Fn(&str) -> Option<&'t str>,
        left: usize,
    ) -> Self {
        let mut options = Self::default();
        let extended = match config.get("extends") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => Vec::new(),
        };
        for name in extended
            .into_iter()
            .filter(|name| left > 0 && name.starts_with('.'))
        {
            if let Some(parent) = file_of(path, name, ".json")
                && let Some(config) = text(&parent).and_then(parse)
            {
                options.override_by(Self::of(&config, &parent, text, left - 1));
            }
        }
        let own = config.get("compilerOptions").cloned().unwrap_or_default();
        let is_on = |name: &str| own.get(name).and_then(Value::as_bool) == Some(true);
        let folder = location::folder(path);
        let base = own.get("baseUrl").and_then(Value::as_str);
        let base = base.and_then(|base| location::join(folder, base));
        let paths = own.get("paths").cloned().unwrap_or_default();
        options.override_by(Self {
            verbatim: is_on("verbatimModuleSyntax") || is_on("preserveValueImports"),
            allow_js: is_on("allowJs") || is_on("checkJs"),
            strictness: STRICTNESS
                .into_iter()
                .filter_map(|name| Some((name, own.get(name)?.as_bool()?)))
                .collect(),
            paths_base: base
                .clone()
                .or_else(|| options.base.clone())
                .unwrap_or_else(|| folder.to_owned()),
            base,
            paths,
        });
        options
    }

    fn override_by(&mut self, other: Self) {
        self.verbatim |= other.verbatim;
        self.allow_js |= other.allow_js;
        self.strictness.extend(other.strictness);
        if other.base.is_some() {
            self.base = other.base;
        }
        if other.paths.is_object() {
            self.paths = other.paths;
            self.paths_base = other.paths_base;
        }
    }
}

/// The file that another one names; with `ending` where it names none.
fn file_of(path: &str, name: &str, ending: &str) -> Option<String> {
    let named = location::join(location::folder(path), name)?;
    Some(if named.ends_with(".json") {
        named
    } else {
        format!("{named}{ending}")
    })
}

fn parse(text: &str) -> Option<Value> {
    crate::json::from_str(&plain_json(text)).ok()
}

/// JSON without comments and without commas before a closing bracket.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    let mut quoted = false;
    while let Some(next) = characters.next() {
        match next {
            '\\' if quoted => {
                plain.push(next);
                plain.extend(characters.next());
                continue;
            }
            '"' => quoted = !quoted,
            '/' if !quoted && characters.peek() == Some(&'/') => {
                characters.by_ref().find(|c| *c == '\n');
                plain.push('\n');
                continue;
            }
            '/' if !quoted && characters.peek() == Some(&'*') => {
                let mut star = false;
                characters.next();
                characters
                    .by_ref()
                    .find(|c| std::mem::replace(&mut star, *c == '*') && *c == '/');
                continue;
            }
            '}' | ']' if !quoted => {
                let end = plain.trim_end().len();
                if plain.get(..end).is_some_and(|before| before.ends_with(',')) {
                    plain.truncate(end - 1);
                }
            }
            _ => {}
        }
        plain.push(next);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_with_comments_is_read() {
        let text = "// a\n{ \"a\": \"//x /* \\\" , }\", /* b , ** */ \"b\": [1, 2,\n], }\n// end";
        let value: Value = serde_json::from_str(&plain_json(text)).unwrap();
        assert_eq!(
            value,
            serde_json::json!({ "a": "//x /* \" , }", "b": [1, 2] })
        );
    }

    #[test]
    fn files_that_are_named_are_followed() {
        let files = [
            (
                "tsconfig.json",
                r#"{ "files": [], "references": [{ "path": "./tsconfig.web.json" }, { "path": "tsconfig.node.json" }, { "path": "lib" }] }"#,
            ),
            (
                "tsconfig.web.json",
                r#"{ "extends": ["./config/tsconfig.base"], "compilerOptions": { "verbatimModuleSyntax": true } }"#,
            ),
            (
                "config/tsconfig.base.json",
                r#"{ "extends": "@tsconfig/vite", "compilerOptions": { "baseUrl": "../app", "paths": { "~/*": ["./*"] } } }"#,
            ),
            (
                "tsconfig.node.json",
                r#"{ "compilerOptions": { "paths": { "node/*": ["./*"] } } }"#,
            ),
            (
                "lib/tsconfig.json",
                r#"{ "extends": "./tsconfig.json", "compilerOptions": { "paths": { "lib/*": ["./src/*"] } } }"#,
            ),
            (
                "jsconfig.json",
                r#"{ "compilerOptions": { "checkJs": true, "paths": { "*": ["./src/*"] } } }"#,
            ),
        ];
        let compiler = Compiler::of(|path| {
            let mut all = files.iter();
            all.find(|(name, _)| *name == path).map(|(_, text)| *text)
        });
        let aliases: Vec<_> = compiler
            .aliases
            .iter()
            .map(|alias| (alias.before.as_str(), alias.targets.join(" ")))
            .collect();
        assert_eq!(
            aliases,
            [("lib/", "lib/src/*".to_owned()), ("~/", "app/*".to_owned())]
        );
        assert_eq!(compiler.base.as_deref(), Some("app"));
        assert!(compiler.verbatim && compiler.allow_js);
        let circle = Compiler::of(|_| {
            Some(r#"{ "extends": "./tsconfig.json", "references": [{ "path": "." }] }"#)
        });
        assert_eq!(circle, Compiler::default());
    }

    #[test]
    fn what_leads_out_is_no_alias_and_what_is_malformed_says_nothing() {
        let of = |text| Compiler::of(|path| (path == "tsconfig.json").then_some(text));
        let compiler = of(
            r#"{ "compilerOptions": { "paths": { "a/*": ["../x/*", "./y/*"], "b": 1, "*": ["./z/*"] } } }"#,
        );
        assert_eq!(compiler.base.as_deref(), Some("z"));
        assert_eq!(
            compiler
                .aliases
                .iter()
                .map(|alias| (alias.before.as_str(), alias.targets.as_slice()))
                .collect::<Vec<_>>(),
            [("a/", ["y/*".to_owned()].as_slice()), ("b", [].as_slice())]
        );
        for text in ["", "[", "[]", "{}", r#"{ "compilerOptions": 1 }"#] {
            assert_eq!(of(text), Compiler::default(), "{text}");
        }
    }
}
