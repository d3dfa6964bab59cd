//! What an app's own settings say about its imports: `package.json`, `tsconfig.json`, the Vite config.

use serde_json::Value;

use super::{
    Tree, Vendor,
    compiler::{Alias, Compiler},
    location,
};
use crate::sorted::SortedMap;

/// How much of a Vite config is looked at, in bytes.
const LONGEST_CONFIG: usize = 32 * 1024;

/// The settings of one tree.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// The packages of `package.json` with their versions as written. `None` when there is no such file or it cannot be
    /// read: then those of the foundation count.
    pub(super) packages: Option<SortedMap<String, String>>,
    /// What TypeScript is told.
    pub(super) compiler: Compiler,
    /// The text of the Vite config; it may hold aliases of its own.
    vite: String,
}

impl Config {
    /// Reads the settings of a tree.
    pub(super) fn of(tree: &Tree<'_>) -> Self {
        let text = |path: &str| tree.get(path).map(|file| file.content);
        let mut config = Self {
            packages: text("package.json").and_then(packages),
            ..Self::default()
        };
        config.compiler = Compiler::of(text);
        let aliases = &mut config.compiler.aliases;
        let found = aliases.iter().any(|alias| alias.before == "@/");
        if !found {
            // What nearly every Vite config or TypeScript config of such an app says.
            aliases.push(Alias {
                before: "@/".to_owned(),
                after: Some(String::new()),
                targets: vec!["src/*".to_owned()],
            });
        }
        for extension in ["ts", "js", "mts", "mjs"] {
            let content = text(&format!("vite.config.{extension}")).unwrap_or_default();
            let end = content.floor_char_boundary(LONGEST_CONFIG);
            config.vite.push_str(content.get(..end).unwrap_or_default());
        }
        config
    }

    /// What an alias makes of a specifier: the paths to try. `None` when it is none.
    pub(super) fn alias(&self, specifier: &str) -> Option<Vec<String>> {
        let mut found: Option<(&Alias, &str)> = None;
        for alias in &self.compiler.aliases {
            let star = match &alias.after {
                Some(after) => specifier
                    .strip_prefix(alias.before.as_str())
                    .and_then(|rest| rest.strip_suffix(after.as_str())),
                None => (specifier == alias.before).then_some(""),
            };
            let longer = |(other, _): &(&Alias, &str)| alias.before.len() > other.before.len();
            if let Some(star) = star
                && found.as_ref().is_none_or(longer)
            {
                found = Some((alias, star));
            }
        }
        let (alias, star) = found?;
        let paths = alias
            .targets
            .iter()
            .filter_map(|target| location::join("", &target.replacen('*', star, 1)));
        Some(paths.collect())
    }

    /// Whether the Vite config has an alias for the beginning of this specifier. Where that leads is not known here.
    pub(super) fn has_own_alias(&self, specifier: &str) -> bool {
        let first = specifier.split('/').next().unwrap_or(specifier);
        let quoted = |quote: char| self.vite.contains(&format!("{quote}{first}{quote}"));
        self.vite.contains("alias")
            && (quoted('"') || quoted('\'') || self.vite.contains(&format!("{first}:")))
    }

    /// Whether the Vite config sets `alias` at all.
    pub(super) fn sets_aliases(&self) -> bool {
        self.vite.contains("alias")
    }

    /// Whether plugins may be at work that the foundation does not have: they may load any kind of file.
    pub(super) fn has_own_plugins(&self) -> bool {
        let known = [
            "vite",
            "@vitejs/plugin-react",
            "@vitejs/plugin-react-swc",
            "@tailwindcss/vite",
        ];
        let of_vite = |name: &String| {
            (name.contains("vite") || name.contains("rollup") || name.contains("unplugin"))
                && !known.contains(&name.as_str())
        };
        self.packages
            .as_ref()
            .is_some_and(|packages| packages.keys().any(of_vite))
    }

    /// Whether a package is declared; without a `package.json` those of the foundation are.
    pub(super) fn declares(&self, vendor: &Vendor, name: &str) -> bool {
        match &self.packages {
            Some(packages) => packages.contains_key(name),
            None => vendor.package(name).is_some(),
        }
    }

    /// The packages that are declared.
    pub(super) fn declared<'c>(&'c self, vendor: &'c Vendor) -> Vec<&'c str> {
        match &self.packages {
            Some(packages) => packages.keys().map(String::as_str).collect(),
            None => vendor.names().collect(),
        }
    }

    /// Whether the list of what a package exports is about the version that is declared: the same first number.
    pub(super) fn is_version(&self, package: &str, version: &str) -> bool {
        let Some(packages) = &self.packages else {
            return true;
        };
        let Some(declared) = packages.get(package) else {
            return true;
        };
        let first = |text: &str| {
            let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
            digits
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '^' | '~' | '=' | 'v');
        match declared.as_str() {
            "" | "*" | "latest" => true,
            declared if declared.chars().all(plain) => first(declared) == first(version),
            _ => false,
        }
    }
}

fn packages(text: &str) -> Option<SortedMap<String, String>> {
    let manifest: Value = crate::json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let lists = [
        "peerDependencies",
        "optionalDependencies",
        "devDependencies",
        "dependencies",
    ];
    let found = lists
        .into_iter()
        .filter_map(|list| manifest.get(list).and_then(Value::as_object))
        .flatten()
        .map(|(name, version)| {
            let version = version.as_str().unwrap_or_default();
            (name.clone(), version.to_owned())
        })
        .collect();
    Some(found)
}

#[cfg(test)]
mod tests {
    use overskill_syntax::Facts;

    use super::*;
    use crate::preflight::File;

    fn config(files: &[(&str, &str)]) -> Config {
        let facts = Facts::default();
        let tree: Tree<'_> = files
            .iter()
            .map(|(path, content)| {
                (
                    *path,
                    File {
                        content,
                        facts: &facts,
                    },
                )
            })
            .collect();
        Config::of(&tree)
    }

    #[test]
    fn paths_of_the_compiler_are_aliases() {
        let config = config(&[(
            "tsconfig.json",
            r#"{ "compilerOptions": { "baseUrl": "src", "verbatimModuleSyntax": true, // x
               "paths": { "@/*": ["./*"], "@/ui/*": ["parts/*", "../shared/*"], "config": ["settings.ts"], "*": ["x/*"] }, } }"#,
        )]);
        assert!(config.compiler.verbatim && !config.compiler.allow_js);
        assert_eq!(config.alias("@/a/b"), Some(vec!["src/a/b".to_owned()]));
        assert_eq!(
            config.alias("@/ui/x"),
            Some(vec!["src/parts/x".to_owned(), "shared/x".to_owned()])
        );
        assert_eq!(
            config.alias("config"),
            Some(vec!["src/settings.ts".to_owned()])
        );
        assert_eq!(config.alias("configs"), None);
        assert_eq!(config.alias("react"), None);
    }

    #[test]
    fn without_settings_the_usual_ones_count() {
        let config = config(&[]);
        assert_eq!(config.alias("@/a"), Some(vec!["src/a".to_owned()]));
        assert!(!config.compiler.verbatim);
        let declares = |name: &str| config.declares(Vendor::foundation(), name);
        assert!(declares("react") && declares("vite") && !declares("csstype"));
    }

    #[test]
    fn the_version_decides_whether_the_list_counts() {
        let config = config(&[(
            "package.json",
            r#"{ "dependencies": { "a": "^7.1.0", "b": "~6.0", "c": "latest", "d": "npm:x@7", "e": ">=7 <9" } }"#,
        )]);
        let same = ["a", "b", "c", "d", "e", "f"].map(|name| config.is_version(name, "7.18.5"));
        assert_eq!(same, [true, false, true, false, false, true]);
    }

    #[test]
    fn aliases_of_vite_are_seen() {
        let config = config(&[("vite.config.ts", "resolve: { alias: { '~': x, lib: y } }")]);
        assert!(config.has_own_alias("~/a") && config.has_own_alias("lib"));
        assert!(!config.has_own_alias("other/a"));
    }
}
