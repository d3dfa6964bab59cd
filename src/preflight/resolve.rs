//! Where an import leads, as Vite finds it.

use std::cell::Cell;

use overskill_syntax::Language;

use super::{
    Tree, Vendor,
    config::Config,
    location::{self, folder, join},
};
use crate::sorted::{SortedMap, SortedSet};

mod meant;
mod packages;

/// What Vite tries in turn when a path names no file.
const EXTENSIONS: [&str; 7] = [".mjs", ".js", ".mts", ".ts", ".jsx", ".tsx", ".json"];

/// The modules of Node that a browser does not have. With `node:` before it any name counts.
const BUILTINS: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// How something is imported, as far as it matters for where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From a script, to be run.
    Script,
    /// From a script, for its types alone.
    Types,
    /// From a style sheet, another one.
    Sheet,
    /// A file that is only pointed at.
    Address,
}

/// Where an import leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved<'a> {
    /// A file of the app.
    File {
        /// Its path.
        path: &'a str,
        /// What follows the `?`.
        query: &'a str,
    },
    /// A file of `public/`, which is served as it is.
    Public,
    /// A module of a package.
    Package {
        /// The name of the package.
        name: &'a str,
    },
    /// A module of Node.
    Builtin,
    /// Somewhere else, or what plugins make of it.
    Elsewhere,
    /// Nowhere.
    Missing(Missing),
}

/// Why an import leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// There is no such file; perhaps this path was meant, written as an import.
    File(Option<String>),
    /// The file is there, written with other capitals.
    Case(String),
    /// It leads out of the project.
    Outside,
    /// `@/` is for files that the compiler is told of.
    Alias(String),
    /// The package is not in `package.json`; perhaps this one was meant.
    Package(Option<String>),
    /// The package is only there because of another one.
    Transitive(String),
    /// The package does not offer this; perhaps this was meant.
    Subpath(Option<String>),
    /// The package has only types there.
    TypesOnly,
    /// A module that only a plugin could make, and there is none.
    Virtual,
}

/// Finds files and packages for one tree.
pub(super) struct Resolver<'a> {
    tree: &'a Tree<'a>,
    vendor: &'a Vendor,
    pub(super) config: Config,
    lower: SortedMap<String, &'a str>,
    folders: SortedSet<&'a str>,
    /// How often it is still looked for what was meant.
    advices: Cell<usize>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(tree: &'a Tree<'a>, vendor: &'a Vendor) -> Self {
        let mut folders = SortedSet::new();
        for path in tree.keys() {
            let mut above = folder(path);
            while !above.is_empty() && folders.insert(above) {
                above = folder(above);
            }
        }
        Self {
            tree,
            vendor,
            config: Config::of(tree),
            lower: tree
                .keys()
                .map(|path| (path.to_lowercase(), *path))
                .collect(),
            folders,
            advices: Cell::new(0),
        }
    }

    /// From here on it is looked for what was meant, this often: that costs more than to find that something is wrong.
    pub(super) fn allow_advices(&self, advices: usize) {
        self.advices.set(advices);
    }

    /// Whether it may be looked for once more.
    pub(super) fn may_advise(&self) -> bool {
        let left = self.advices.get();
        self.advices.set(left.saturating_sub(1));
        left > 0
    }

    /// Where a specifier in `importer` leads.
    pub(super) fn resolve(&self, importer: &str, specifier: &'a str, way: Way) -> Resolved<'a> {
        let scheme = specifier
            .split_once(':')
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("node") => return Resolved::Builtin,
            Some("virtual") if self.config.has_own_plugins() => return Resolved::Elsewhere,
            Some("virtual") => return Resolved::Missing(Missing::Virtual),
            Some(
                "http" | "https" | "data" | "blob" | "about" | "mailto" | "tel" | "javascript",
            ) => return Resolved::Elsewhere,
            _ if specifier.starts_with("//") || specifier.starts_with('\0') => {
                return Resolved::Elsewhere;
            }
            _ if way == Way::Address && specifier.starts_with(['#', '%', '{']) => {
                return Resolved::Elsewhere;
            }
            _ => {}
        }
        let cut = specifier
            .char_indices()
            .skip(1)
            .find(|(_, c)| matches!(c, '?' | '#'));
        let (plain, query) = match cut {
            Some((at, mark)) => {
                let (plain, rest) = specifier.split_at(at);
                (
                    plain,
                    if mark == '?' {
                        rest.get(1..).unwrap_or_default()
                    } else {
                        ""
                    },
                )
            }
            None => (specifier, ""),
        };
        if plain.is_empty() {
            return Resolved::Missing(Missing::File(None));
        }
        let found = |path: &'a str| Resolved::File { path, query };
        let bare = !(plain.starts_with('/') || is_relative(plain));
        let is_page = Language::of(importer) == Some(Language::Html);
        if !bare || way == Way::Address || is_page {
            return self.by_path(importer, plain, way, &found);
        }
        if way == Way::Sheet
            && let Some(path) = join(folder(importer), plain).and_then(|path| self.sheet(&path))
        {
            return found(path);
        }
        if let Some(paths) = self.config.alias(plain) {
            return self.by_alias(importer, plain, way, &paths, &found);
        }
        let base = self.config.compiler.base.as_deref();
        if let Some(path) = base.and_then(|base| join(base, plain))
            && let Some(path) = self.file(&path, way, plain.ends_with('/'))
        {
            return found(path);
        }
        self.package(plain, way)
    }

    fn by_path(
        &self,
        importer: &str,
        plain: &str,
        way: Way,
        found: &dyn Fn(&'a str) -> Resolved<'a>,
    ) -> Resolved<'a> {
        let rooted = plain.starts_with('/');
        let Some(path) = join(if rooted { "" } else { folder(importer) }, plain) else {
            return Resolved::Missing(Missing::Outside);
        };
        let ends_in_folder = plain.ends_with('/') || matches!(name_of(plain), "." | "..");
        if let Some(file) = self.file(&path, way, ends_in_folder) {
            return found(file);
        }
        if rooted && way != Way::Sheet && self.tree.contains_key(format!("public/{path}").as_str())
        {
            return Resolved::Public;
        }
        Resolved::Missing(self.misses(importer, plain, &path, way))
    }

    fn by_alias(
        &self,
        importer: &str,
        plain: &str,
        way: Way,
        paths: &[String],
        found: &dyn Fn(&'a str) -> Resolved<'a>,
    ) -> Resolved<'a> {
        let ends_in_folder = plain.ends_with('/');
        let hit = paths
            .iter()
            .find_map(|path| self.file(path, way, ends_in_folder));
        let script = matches!(
            Language::of(importer),
            Some(Language::JavaScript | Language::Jsx)
        );
        match hit {
            Some(path)
                if script && !self.config.compiler.allow_js && !self.config.sets_aliases() =>
            {
                let written = location::relative(folder(importer), without_extension(path));
                Resolved::Missing(Missing::Alias(written))
            }
            Some(path) => found(path),
            None if self.config.has_own_alias(plain) => Resolved::Elsewhere,
            None => {
                let path = paths.first().map(String::as_str).unwrap_or_default();
                Resolved::Missing(self.misses(importer, plain, path, way))
            }
        }
    }

    /// The file that a path means.
    fn file(&self, path: &str, way: Way, ends_in_folder: bool) -> Option<&'a str> {
        if way == Way::Sheet {
            return self.sheet(path);
        }
        if !ends_in_folder && let Some(file) = self.exact(path) {
            return Some(file);
        }
        if way == Way::Address {
            return None;
        }
        let as_file = || {
            let compiled = [
                (".js", ".ts"),
                (".js", ".tsx"),
                (".jsx", ".tsx"),
                (".jsx", ".ts"),
                (".mjs", ".mts"),
            ];
            let compiled = compiled
                .iter()
                .filter_map(|(from, to)| Some(format!("{}{to}", path.strip_suffix(from)?)));
            let added = EXTENSIONS.iter().map(|ending| format!("{path}{ending}"));
            compiled.chain(added).find_map(|path| self.exact(&path))
        };
        let types = || {
            let stem = path
                .strip_suffix(".js")
                .or_else(|| path.strip_suffix(".mjs"))
                .unwrap_or(path);
            let endings = [
                format!("{stem}.d.ts"),
                format!("{stem}.d.mts"),
                format!("{path}/index.d.ts"),
            ];
            endings.iter().find_map(|path| self.exact(path))
        };
        let file = (!ends_in_folder)
            .then(as_file)
            .flatten()
            .or_else(|| self.index(path));
        if way == Way::Types {
            file.or_else(types)
        } else {
            file
        }
    }

    /// The file that stands for a folder.
    fn index(&self, path: &str) -> Option<&'a str> {
        if !path.is_empty() && !self.folders.contains(path) {
            return None;
        }
        let inside = |name: &str| join(path, name).and_then(|path| self.exact(&path));
        let manifest = inside("package.json").and_then(|path| self.tree.get(path));
        let manifest: Option<serde_json::Value> =
            manifest.and_then(|file| crate::json::from_str(file.content).ok());
        let main = manifest.and_then(|manifest| {
            let entry = |key: &str| manifest.get(key).and_then(|entry| inside(entry.as_str()?));
            entry("module").or_else(|| entry("main"))
        });
        main.or_else(|| {
            EXTENSIONS
                .iter()
                .find_map(|ending| inside(&format!("index{ending}")))
        })
    }

    fn sheet(&self, path: &str) -> Option<&'a str> {
        self.exact(path)
            .or_else(|| self.exact(&format!("{path}.css")))
    }

    fn exact(&self, path: &str) -> Option<&'a str> {
        self.tree.get_key_value(path).map(|(path, _)| *path)
    }
}

/// A path without its extension, if it is one of a script.
pub(super) fn without_extension(path: &str) -> &str {
    let script = Language::of(path).is_some_and(Language::is_script);
    match path.rsplit_once('.') {
        Some((stem, _)) if script => stem.strip_suffix(".d").unwrap_or(stem),
        _ => path,
    }
}

fn name_of(path: &str) -> &str {
    location::name(path)
}

fn is_relative(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../")
}
