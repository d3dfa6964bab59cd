//! What an app wants, by its `package.json`, read as data: no script, no file and no address in it counts.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use overskill::{build::Diagnostic, project::ProjectPath};
use serde_json::{Map, Value, json};

use super::{
    lock::Lock,
    range::{allows, is_of_registry},
};
use crate::{
    explain::package_name,
    inspect::files,
    locate::{Position, json_key},
};

/// The file that says it.
pub(super) const FILE: &str = "package.json";
/// The file that says in which versions.
pub(super) const LOCK_FILE: &str = "package-lock.json";
/// Where an app may list packages.
const SECTIONS: [&str; 2] = ["dependencies", "devDependencies"];
/// What of `package.json` a lock file repeats.
pub(super) const IN_LOCK_FILE: [&str; 7] = [
    "name",
    "version",
    "license",
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
];
/// The longest name of a package, in bytes, as the registry has it.
const LONGEST_NAME: usize = 214;
/// What builds comes with the builder, in its version, whatever an app says.
const TOOLS: [&str; 17] = [
    "@tailwindcss/aspect-ratio",
    "@tailwindcss/container-queries",
    "@tailwindcss/forms",
    "@tailwindcss/postcss",
    "@tailwindcss/typography",
    "@tailwindcss/vite",
    "@vitejs/plugin-react",
    "@vitejs/plugin-react-swc",
    "autoprefixer",
    "eslint",
    "postcss",
    "prettier",
    "tailwindcss",
    "tailwindcss-animate",
    "typescript",
    "vite",
    "vitest",
];

/// Two of one of these in an app do not work together.
const SINGLETONS: [&str; 2] = ["react", "react-dom"];

/// Packages that an app wants.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// `package.json` as it is written.
    text: String,
    /// The same, read.
    project: Map<String, Value>,
    /// Name → range, of what is to be resolved.
    pub(super) packages: BTreeMap<String, String>,
    /// Name → version, of what is baked in a version that the app takes.
    pub(super) baked: BTreeMap<String, String>,
    /// Whether that is all of `package.json`: then a lock file for it is one for the app.
    whole: bool,
    /// The app's own lock file.
    pub(super) lock: Option<Vec<u8>>,
}

impl Wanted {
    /// Reads the sources. Either what is wanted, or what is wrong with how it is said.
    pub(super) fn read(sources: &Path, base: &Lock) -> io::Result<Result<Self, Vec<Diagnostic>>> {
        let Some(text) = read(&sources.join(FILE))? else {
            return Ok(Ok(Self::default()));
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let all = OnceCell::new();
        let imported = |name: &str| {
            if all.get().is_none() {
                // Set once; nobody else does.
                let _ = all.set(named(sources)?);
            }
            Ok(all
                .get()
                .is_some_and(|all: &BTreeSet<String>| all.contains(name)))
        };
        let mut wanted = match Self::of(text, base, imported)? {
            Ok(wanted) => wanted,
            Err(wrong) => return Ok(Err(wrong)),
        };
        if !wanted.packages.is_empty() {
            wanted.lock = read(&sources.join(LOCK_FILE))?;
        }
        Ok(Ok(wanted))
    }

    /// Reads a `package.json`. `imported` says whether a package is named by a source.
    pub(super) fn of(
        text: String,
        base: &Lock,
        imported: impl Fn(&str) -> io::Result<bool>,
    ) -> io::Result<Result<Self, Vec<Diagnostic>>> {
        let plain = text.trim_start_matches('\u{feff}');
        let project = match serde_json::from_str::<Value>(plain) {
            Ok(Value::Object(project)) => project,
            Ok(_) => {
                let wrong = Diagnostic::error("json", "package.json is no JSON object.");
                return Ok(Err(vec![place(wrong, plain, Some((1, 1)))]));
            }
            Err(error) => {
                let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
                let said = error.to_string();
                let said = said.split(" at line ").next().unwrap_or_default();
                let position = (number(error.line()), number(error.column()));
                let wrong = Diagnostic::error("json", format!("Not JSON: {said}."));
                return Ok(Err(vec![place(wrong, plain, Some(position))]));
            }
        };
        let mut wanted = Self {
            text: plain.to_owned(),
            project,
            whole: true,
            ..Self::default()
        };
        let mut wrong = Vec::new();
        for section in SECTIONS {
            let Some(listed) = wanted
                .project
                .get(section)
                .and_then(Value::as_object)
                .cloned()
            else {
                continue;
            };
            for (name, spec) in &listed {
                if let Err(diagnostic) = wanted.take(section, name, spec, base, &imported)? {
                    wrong.push(diagnostic);
                }
            }
        }
        for other in ["optionalDependencies", "peerDependencies"] {
            let listed = wanted.project.get(other).and_then(Value::as_object);
            wanted.whole &= listed.is_none_or(Map::is_empty);
        }
        Ok(if wrong.is_empty() {
            Ok(wanted)
        } else {
            Err(wrong)
        })
    }

    fn take(
        &mut self,
        section: &str,
        name: &str,
        spec: &Value,
        base: &Lock,
        imported: impl Fn(&str) -> io::Result<bool>,
    ) -> io::Result<Result<(), Diagnostic>> {
        if self.packages.contains_key(name) || self.baked.contains_key(name) {
            return Ok(Ok(()));
        }
        let baked = base
            .top(name)
            .filter(|version| spec.as_str().is_some_and(|spec| allows(spec, version)));
        if let Some(version) = baked {
            self.baked.insert(name.to_owned(), version.to_owned());
            return Ok(Ok(()));
        }
        let needed = !TOOLS.contains(&name)
            && (section == "dependencies" || name.starts_with("@types/") || imported(name)?);
        if !needed {
            self.whole = false;
            return Ok(Ok(()));
        }
        if !is_name(name) {
            let wrong = Diagnostic::error("package_name", format!("`{name}` cannot be the name of a package."))
                .advising("Names are lower-case letters, digits, `-`, `.` and `_`, with `@scope/` before them if need be.");
            return Ok(Err(self.at(wrong, name)));
        }
        match spec.as_str() {
            Some(spec) if is_of_registry(spec) => {
                self.packages.insert(name.to_owned(), spec.to_owned());
                Ok(Ok(()))
            }
            _ => {
                let wrong = Diagnostic::error(
                    "foreign_package",
                    format!("`{name}` would come from somewhere else than the registry: {spec}."),
                )
                .advising(format!(
                    "Packages come from the registry alone. Give a version, such as `\"{name}\": \"^1.0.0\"`, or do without it."
                ));
                Ok(Err(self.at(wrong, name)))
            }
        }
    }

    /// The diagnostic, where `package.json` lists the package.
    pub(super) fn at(&self, diagnostic: Diagnostic, name: &str) -> Diagnostic {
        let position = SECTIONS
            .iter()
            .find_map(|section| json_key(&self.text, section, name));
        place(diagnostic, &self.text, position)
    }

    /// The project that npm resolves: what is wanted, what is baked in just its version, and of what may be there only
    /// once the baked version where the app does not say.
    pub(super) fn to_resolve(&self, base: &Lock) -> Value {
        let mut project = json!({ "name": "app", "version": "0.0.0", "private": true });
        for section in SECTIONS {
            let listed = self.project.get(section).and_then(Value::as_object);
            let mut kept: Map<String, Value> = listed
                .into_iter()
                .flat_map(Map::keys)
                .filter_map(|name| {
                    let spec = self.baked.get(name).or_else(|| self.packages.get(name))?;
                    Some((name.clone(), Value::from(spec.as_str())))
                })
                .collect();
            if section == "dependencies" {
                for name in SINGLETONS.into_iter().filter(|name| !self.lists(name)) {
                    if let Some(version) = base.top(name) {
                        kept.insert(name.to_owned(), Value::from(version));
                    }
                }
            }
            if let Some(project) = project.as_object_mut() {
                project.insert(section.to_owned(), Value::Object(kept));
            }
        }
        project
    }

    fn lists(&self, name: &str) -> bool {
        self.baked.contains_key(name) || self.packages.contains_key(name)
    }

    /// Whether a lock file of what is wanted is one of the app.
    pub(super) fn is_whole(&self) -> bool {
        self.whole && SINGLETONS.into_iter().all(|name| self.lists(name))
    }

    /// What is asked for and by whom, as it is written: it stands in the lock file.
    pub(super) fn specs(&self) -> String {
        let listed: Vec<Value> = IN_LOCK_FILE
            .iter()
            .map(|key| self.project.get(*key).cloned().unwrap_or_default())
            .collect();
        format!("{} {}", Value::from(listed), self.whole)
    }

    /// `package.json`, read.
    pub(super) fn project(&self) -> &Map<String, Value> {
        &self.project
    }
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn place(diagnostic: Diagnostic, text: &str, position: Option<Position>) -> Diagnostic {
    let Ok(path) = FILE.parse::<ProjectPath>() else {
        return diagnostic;
    };
    let diagnostic = diagnostic.in_file(path);
    match position {
        Some((line, column)) => diagnostic.at(text, line, Some(column)),
        None => diagnostic,
    }
}

/// Whether the registry could have a package of this name.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_' | '~')
    };
    let part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '_']) && part.chars().all(allowed);
    name.len() <= LONGEST_NAME
        && match name.strip_prefix('@') {
            Some(scoped) => scoped
                .split_once('/')
                .is_some_and(|(scope, name)| part(scope) && part(name)),
            None => part(name),
        }
}

/// Whether a place in a lock file is one of a tool that comes with the builder, or inside of it.
pub(super) fn is_tool(location: &str) -> bool {
    let top = location.trim_start_matches("node_modules/");
    let top = top.split("/node_modules/").next().unwrap_or(top);
    TOOLS.contains(&top)
}

/// The packages that stand in quotes in a source that is built. The settings of tools, at the top, are not built.
fn named(sources: &Path) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for path in files(sources)? {
        let built = matches!(
            path.extension(),
            "ts" | "tsx" | "mts" | "js" | "jsx" | "mjs" | "css" | "html"
        );
        let setting = !path.as_str().contains('/') && path.as_str().contains(".config.");
        if !built || setting {
            continue;
        }
        let text = fs::read(sources.join(path.as_str()))?;
        for quoted in String::from_utf8_lossy(&text).split(['"', '\'', '`', '\n']) {
            if let Some(name) = package_name(quoted).filter(|name| is_name(name)) {
                found.insert(name.to_owned());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Lock {
        let file = serde_json::json!({ "lockfileVersion": 3, "packages": {
            "node_modules/react": { "version": "19.3.1" },
            "node_modules/vite": { "version": "8.3.8" },
        }});
        Lock::parse(file.to_string().as_bytes()).unwrap()
    }

    fn wanted(text: &str) -> Result<Wanted, Vec<Diagnostic>> {
        Wanted::of(
            text.to_owned(),
            &base(),
            |name| Ok(name == "tw-animate-css"),
        )
        .unwrap()
    }

    #[test]
    fn what_is_baked_and_what_only_tools_need_is_not_resolved() {
        let wanted = wanted(
            r#"{ "dependencies": { "react": "^19.0.0", "recharts": "^3", "vite": "^5" },
                 "devDependencies": { "eslint": "^9", "@types/lodash": "*", "tw-animate-css": "1.0.0", "left-out": "1", "vite": "^8" } }"#,
        )
        .unwrap();
        let names: Vec<_> = wanted.packages.keys().map(String::as_str).collect();
        assert_eq!(names, ["@types/lodash", "recharts", "tw-animate-css"]);
        assert_eq!(
            wanted.baked.get("react").map(String::as_str),
            Some("19.3.1")
        );
        assert!(!wanted.whole);
        assert!(
            self::wanted(r#"{ "dependencies": { "react": "19.3.1", "recharts": "3" } }"#)
                .unwrap()
                .whole
        );
    }

    #[test]
    fn what_is_wrong_is_told_where_it_stands() {
        let told = wanted("{\n  \"dependencies\": {\n    \"mine\": \"git+ssh://git@host/mine.git\",\n    \"Wrong Name\": \"1\",\n    \"number\": 3\n  }\n}\n").unwrap_err();
        let told: Vec<_> = told
            .iter()
            .map(|one| {
                (
                    one.code.as_deref().unwrap(),
                    one.line.unwrap(),
                    one.column.unwrap(),
                )
            })
            .collect();
        // In the order in which they stand.
        assert_eq!(
            told,
            [
                ("foreign_package", 3, 5),
                ("package_name", 4, 5),
                ("foreign_package", 5, 5)
            ]
        );
        for (text, line) in [("{\n  \"a\": 1,\n}", 3), ("[]", 1), ("", 1)] {
            let told = wanted(text).unwrap_err();
            assert_eq!(
                (told[0].code.as_deref(), told[0].line),
                (Some("json"), Some(line)),
                "{text}"
            );
        }
    }

    #[test]
    fn names_are_those_of_the_registry() {
        for name in [
            "react",
            "@radix-ui/react-dialog",
            "d3-array",
            "lodash.get",
            "x_y",
        ] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "React",
            "../x",
            "@x",
            "@/x",
            "@x/",
            ".x",
            "a/b",
            "a b",
            "--flag=\"",
            "@a/b/c",
        ] {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_name(&"a".repeat(215)));
    }
}
