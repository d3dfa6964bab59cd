//! What the build reads: the files that `index.html` leads to, as Vite bundles them.

use overskill_syntax::{Import, ImportKind, ImportedName, Language};

use super::{
    Tree,
    location::{folder, join},
    resolve::{Resolved, Resolver, Way},
    written::{self, Asset},
};
use crate::sorted::SortedSet;

/// The most `**` in a pattern.
const MOST_STARS: usize = 4;

/// The files that the build reads.
#[derive(Debug, Default)]
pub(super) struct Reach<'a> {
    /// Those that end up in the browser.
    browser: SortedSet<&'a str>,
    /// Those that the tools read: settings, and what the Vite config imports.
    tools: SortedSet<&'a str>,
}

impl<'a> Reach<'a> {
    /// Follows the imports of a tree. Without an `index.html` the build has no beginning that could be known: then every
    /// file counts as read.
    pub(super) fn of(tree: &'a Tree<'a>, resolver: &Resolver<'a>) -> Self {
        let mut reach = Self::default();
        let settings = ["package.json", "tsconfig.json"];
        let is_tool = |path: &&str| path.starts_with("vite.config.") || settings.contains(path);
        let tools = tree.keys().copied().filter(|path| is_tool(path)).collect();
        reach.tools = follow(tools, tree, resolver);
        reach.browser = if tree.contains_key("index.html") {
            follow(vec!["index.html"], tree, resolver)
        } else {
            tree.keys()
                .copied()
                .filter(|path| !reach.tools.contains(path))
                .collect()
        };
        reach
    }

    /// Whether a fault in this file fails the build.
    pub(super) fn is_read(&self, path: &str) -> bool {
        self.browser.contains(path) || self.tools.contains(path)
    }

    /// Whether this file runs in the browser.
    pub(super) fn is_in_browser(&self, path: &str) -> bool {
        self.browser.contains(path)
    }
}

fn follow<'a>(
    mut open: Vec<&'a str>,
    tree: &'a Tree<'a>,
    resolver: &Resolver<'a>,
) -> SortedSet<&'a str> {
    let mut read = SortedSet::new();
    while let Some(path) = open.pop() {
        let Some(file) = tree.get(path) else {
            continue;
        };
        if !read.insert(path) {
            continue;
        }
        for import in &file.facts.imports {
            let loads = Loads::of(path, file.content, import, resolver);
            let built = matches!(loads, Loads::Module | Loads::Sheet);
            if let Some(way) = loads.way().filter(|_| built)
                && let Resolved::File { path: next, query } =
                    resolver.resolve(&written::importer(path, import), &import.from, way)
                && !is_only_named(query)
            {
                open.push(next);
            }
        }
        if file.content.contains("import.meta.glob") {
            let patterns = written::globs(file.content);
            open.extend(
                tree.keys()
                    .filter(|other| is_globbed(path, &patterns, other)),
            );
        }
    }
    read
}

/// What an import makes the build do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loads {
    /// Read a module.
    Module,
    /// Read a style sheet.
    Sheet,
    /// Point at a file, which stays as it is.
    Points,
    /// Nothing: it is gone once types are stripped.
    Types,
    /// Nothing: it is left to the browser, or is no file.
    Nothing,
}

impl Loads {
    /// What this import does.
    pub(super) fn of(path: &str, content: &str, import: &Import, resolver: &Resolver<'_>) -> Self {
        if import.kind == ImportKind::Asset {
            return match written::asset(path, content, import) {
                Asset::Sheet => Self::Sheet,
                Asset::ModuleScript | Asset::SheetLink | Asset::Worker => Self::Module,
                Asset::Url | Asset::Markup | Asset::Address => Self::Points,
                Asset::Elsewhere => Self::Nothing,
            };
        }
        if written::is_ignored(content, import) {
            return Self::Nothing;
        }
        if import.type_only {
            let stays = resolver.config.compiler.verbatim && written::marks_names(content, import);
            return if stays { Self::Module } else { Self::Types };
        }
        let static_names = import.kind == ImportKind::Static && !import.names.is_empty();
        let stays = !static_names
            || import
                .names
                .iter()
                .any(|name| is_kept(path, import, name, resolver));
        if stays { Self::Module } else { Self::Types }
    }

    /// How the import is resolved, if it is.
    pub(super) fn way(self) -> Option<Way> {
        match self {
            Self::Module => Some(Way::Script),
            Self::Types => Some(Way::Types),
            Self::Sheet => Some(Way::Sheet),
            Self::Points => Some(Way::Address),
            Self::Nothing => None,
        }
    }
}

/// Whether an imported name is still there once types are stripped.
pub(super) fn is_kept(
    path: &str,
    import: &Import,
    name: &ImportedName,
    resolver: &Resolver<'_>,
) -> bool {
    if import.type_only || name.type_only {
        return false;
    }
    let typed = matches!(
        Language::of(path),
        Some(Language::TypeScript | Language::Tsx | Language::Declarations)
    );
    import.kind != ImportKind::Static || !typed || resolver.config.compiler.verbatim || name.used
}

/// Whether a query asks for a file's text or address, so that nothing in it is built.
pub(super) fn is_only_named(query: &str) -> bool {
    query
        .split('&')
        .any(|part| matches!(part.split('=').next(), Some("raw" | "url")))
}

/// Whether patterns of `import.meta.glob` in `importer` match a path: `*` within a segment, `**` over several.
fn is_globbed(importer: &str, patterns: &[&str], path: &str) -> bool {
    let matches = |pattern: &str| {
        let base = if pattern.starts_with('/') {
            ""
        } else {
            folder(importer)
        };
        let pattern = match pattern.strip_prefix("@/") {
            Some(rest) => join("src", rest),
            None => join(base, pattern),
        };
        pattern.is_some_and(|pattern| alternatives(&pattern).iter().any(|one| glob(one, path)))
    };
    let (excluded, included): (Vec<&str>, Vec<&str>) = patterns
        .iter()
        .partition(|pattern| pattern.starts_with('!'));
    included.iter().any(|pattern| matches(pattern))
        && !excluded
            .iter()
            .any(|pattern| matches(pattern.trim_start_matches('!')))
}

/// A pattern with `{a,b}` as several without.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some((before, (inside, after))) = pattern
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return vec![pattern.to_owned()];
    };
    let expanded = inside
        .split(',')
        .take(16)
        .map(|one| format!("{before}{one}{after}"));
    expanded.take(16).collect()
}

fn glob(pattern: &str, path: &str) -> bool {
    // Each may stand for any number of folders: more of them cost more than they say.
    if pattern.matches("**").count() > MOST_STARS {
        return false;
    }
    match (pattern.split_once('/'), path.split_once('/')) {
        (Some(("**", rest)), _) => {
            glob(rest, path)
                || path
                    .split_once('/')
                    .is_some_and(|(_, below)| glob(pattern, below))
        }
        (Some((first, rest)), Some((folder, below))) => segment(first, folder) && glob(rest, below),
        (None, None) => segment(pattern, path),
        _ => false,
    }
}

/// Whether one segment matches: `*` stands for anything in it.
pub(super) fn segment(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_paths() {
        for (importer, patterns, path, expected) in [
            ("src/main.ts", &["./g/*.ts"][..], "src/g/a.ts", true),
            ("src/main.ts", &["./g/*.ts"], "src/g/h/a.ts", false),
            ("src/main.ts", &["./**/*.{ts,tsx}"], "src/g/h/a.tsx", true),
            ("src/main.ts", &["./**/*.ts"], "src/a.ts", true),
            (
                "src/main.ts",
                &["/src/pages/*.tsx", "!**/x.tsx"],
                "src/pages/a.tsx",
                true,
            ),
            (
                "src/main.ts",
                &["@/pages/*.tsx", "!./pages/x.tsx"],
                "src/pages/x.tsx",
                false,
            ),
            ("src/main.ts", &["../../*.ts"], "a.ts", false),
        ] {
            assert_eq!(
                is_globbed(importer, patterns, path),
                expected,
                "{patterns:?} {path}"
            );
        }
        assert!(segment("a*b*c", "axxbyyc") && !segment("a*b*c", "ac") && !segment("a", "ab"));
    }
}
