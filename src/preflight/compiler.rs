//! What TypeScript is told: the settings of `tsconfig.json` that decide where imports lead and whether they stay.

use serde_json::Value;

use super::location;

/// The files that are read, the first one's settings first.
pub const FILES: [&str; 3] = ["tsconfig.json", "tsconfig.app.json", "jsconfig.json"];

/// The settings of a project. What `extends` names is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiler {
    /// `paths`: what is written before the `*`, and the folders it may mean.
    pub aliases: Vec<Alias>,
    /// Whether imports stay although nothing uses their names.
    pub verbatim: bool,
    /// Whether JavaScript files are the compiler's as well, so that they may use its `paths`.
    pub allow_js: bool,
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
    /// Reads the settings from the texts of [`FILES`]; one that is missing or malformed counts as empty.
    pub fn of<'t>(text: impl Fn(&str) -> Option<&'t str>) -> Self {
        let mut compiler = Self::default();
        for path in FILES {
            if let Some(options) = text(path).and_then(compiler_options) {
                compiler.take(&options);
            }
        }
        compiler
    }

    fn take(&mut self, options: &Value) {
        let is_on = |name: &str| options.get(name).and_then(Value::as_bool) == Some(true);
        self.verbatim |= is_on("verbatimModuleSyntax") || is_on("preserveValueImports");
        self.allow_js |= is_on("allowJs") || is_on("checkJs");
        let base = options
            .get("baseUrl")
            .and_then(Value::as_str)
            .unwrap_or(".");
        let paths = options.get("paths").and_then(Value::as_object);
        for (pattern, targets) in paths.into_iter().flatten() {
            let targets = targets
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let targets: Vec<String> = targets
                .filter_map(|target| location::join("", &format!("{base}/{target}")))
                .collect();
            let (before, after) = match pattern.split_once('*') {
                Some((before, after)) => (before.to_owned(), Some(after.to_owned())),
                None => (pattern.clone(), None),
            };
            // `*` alone is a search path, which Vite does not take for packages.
            let known = self.aliases.iter().any(|alias| alias.before == before);
            if !before.is_empty() && !known {
                self.aliases.push(Alias {
                    before,
                    after,
                    targets,
                });
            }
        }
    }
}

fn compiler_options(text: &str) -> Option<Value> {
    let config: Value = serde_json::from_str(&plain_json(text)).ok()?;
    config.get("compilerOptions").cloned()
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
    fn what_leads_out_is_no_alias_and_what_is_malformed_says_nothing() {
        let of = |text| Compiler::of(|path| (path == "tsconfig.json").then_some(text));
        let compiler = of(
            r#"{ "compilerOptions": { "paths": { "a/*": ["../x/*", "./y/*"], "b": 1, "*": ["./z/*"] } } }"#,
        );
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
