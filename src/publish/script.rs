//! The app's Worker: a fixed script, a generated list of files, and the page. Everything else stays outside, by hash.

use std::{borrow::Cow, fmt::Write as _};

use serde::{Deserialize, Serialize};

use super::{
    ArtifactSet, Function, FunctionName, PAGE, SizeReport, functions::is_of_functions, html,
};
use crate::{
    build::{Diagnostic, media_type},
    digest::Digest,
    project::ProjectPath,
    sorted::{SortedMap, SortedSet},
};

/// What a script may have by default: 900 KB, the sum of all its modules as uploaded.
pub const BUDGET: usize = 921_600;

const MAIN: &str = "worker.js";
const LIST: &str = "files.js";
const FUNCTIONS: &str = "functions.js";
/// The most that a part takes in the list of files, in bytes.
const LISTED_BYTES: usize = 96;
const WORKER: &str = include_str!("worker.js");

/// What a module is to the runtime that loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// JavaScript.
    EsModule,
    /// A string.
    Text,
    /// Bytes.
    Data,
    /// WebAssembly. No app has any; the platform does.
    Wasm,
}

/// One part of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name; others import it as `./<name>`.
    pub name: Cow<'static, str>,
    /// What it is.
    pub kind: ModuleKind,
    /// Its content. UTF-8 unless it is [`ModuleKind::Data`] or [`ModuleKind::Wasm`].
    pub bytes: Vec<u8>,
}

/// An app's Worker, ready to be loaded or uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The module whose default export answers requests.
    pub main: &'static str,
    /// All modules, the main one first.
    pub modules: Vec<Module>,
    /// How large it is, and what was left outside.
    pub report: SizeReport,
    /// The files beside the page that are in it.
    pub inside: Vec<ProjectPath>,
}

/// A file that is to be in the script, as long as there is room: what the page needs first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which of the set.
    pub path: ProjectPath,
    /// Its content, or that in gzip; nothing where it is too large to be looked at, and stays outside.
    pub bytes: Option<Vec<u8>>,
    /// Whether it is in gzip (RFC 1952).
    pub is_gzip: bool,
}

/// Why an artifact set cannot be published. The sentence is fit for a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The build put no page out.
    #[error("the build made no `index.html`; an app needs one in its top folder")]
    NoPage,
    /// The page is not the one that the set names.
    #[error("the page does not have the content that the artifact set names")]
    OtherPage,
    /// The page is not UTF-8.
    #[error("`index.html` is not UTF-8")]
    PageEncoding,
    /// Over the budget.
    #[error(
        "the app's script has {script_bytes} bytes, {budget} are allowed; the largest part is `{largest}` with {largest_bytes}"
    )]
    OverBudget {
        /// The sum of all modules, in bytes.
        script_bytes: usize,
        /// What it may be, in bytes.
        budget: usize,
        /// The name of the largest module.
        largest: Cow<'static, str>,
        /// Its length in bytes.
        largest_bytes: usize,
    },
}

/// All that a script may have in it, before a budget decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'a> {
    set: &'a ArtifactSet,
    /// The page, the functions, and what is around them: these are in it in any case.
    modules: Vec<Module>,
    /// The most important first, each once, all of the set.
    parts: Vec<Part>,
}

/// What a budget makes of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The sum of all modules, in bytes.
    pub script_bytes: usize,
    /// The parts that are in it, in their order.
    pub inside: Vec<ProjectPath>,
}

impl<'a> Plan<'a> {
    /// For the Worker that serves `set`, whose page is `page`, with all of its functions. Parts are given with the most important first.
    ///
    /// # Errors
    /// When there is no page, it is not the set's, or no text.
    pub fn of(
        set: &'a ArtifactSet,
        page: &[u8],
        functions: Vec<Function>,
        parts: Vec<Part>,
    ) -> Result<Self, PublishError> {
        let artifact = set.page().ok_or(PublishError::NoPage)?;
        if artifact.hash != Digest::of(page) {
            return Err(PublishError::OtherPage);
        }
        let page = std::str::from_utf8(page).map_err(|_| PublishError::PageEncoding)?;
        let (before, after) = page.split_at(config_place(page));
        let module = |name: &'static str, kind, bytes: &str| Module {
            name: name.into(),
            kind,
            bytes: bytes.into(),
        };
        let mut modules = vec![
            module(MAIN, ModuleKind::EsModule, WORKER),
            module(LIST, ModuleKind::EsModule, &list(set, &[])),
            module("index.before.html", ModuleKind::Text, before),
            module("index.after.html", ModuleKind::Text, after),
            module(FUNCTIONS, ModuleKind::EsModule, &named(&functions)),
        ];
        modules.extend(functions.into_iter().map(|Function { name, code }| Module {
            name: function_module(&name).into(),
            kind: ModuleKind::EsModule,
            bytes: code,
        }));
        let mut known = SortedSet::new();
        let is_new =
            |part: &Part| set.entries.contains_key(&part.path) && known.insert(part.path.clone());
        Ok(Self {
            set,
            modules,
            parts: parts.into_iter().filter(is_new).collect(),
        })
    }

    /// What would be in the script within so many bytes: of the parts, each for which there is room when its turn comes.
    ///
    /// # Errors
    /// When it is over the budget without any part.
    pub fn split(&self, budget: usize) -> Result<Split, PublishError> {
        let chosen = self.chosen(budget)?;
        let parts = chosen.iter().filter_map(|part| part.bytes.as_ref());
        let bytes: usize = parts.map(Vec::len).sum();
        // The list is another with parts in it.
        let listed = list(self.set, &chosen).len() - list(self.set, &[]).len();
        Ok(Split {
            script_bytes: self.least_bytes() + listed + bytes,
            inside: chosen.iter().map(|part| part.path.clone()).collect(),
        })
    }

    /// Generates the Worker.
    ///
    /// # Errors
    /// When it is over the budget without any part.
    pub fn script(&self, budget: usize) -> Result<Script, PublishError> {
        let split = self.split(budget)?;
        let chosen = self.chosen(budget)?;
        let mut modules = self.modules.clone();
        if let Some(module) = modules.iter_mut().find(|module| module.name == LIST) {
            module.bytes = list(self.set, &chosen).into();
        }
        let contents = chosen.iter().filter_map(|part| part.bytes.clone());
        modules.extend(contents.enumerate().map(|(number, bytes)| Module {
            name: part_name(number).into(),
            kind: ModuleKind::Data,
            bytes,
        }));
        Ok(Script {
            main: MAIN,
            modules,
            report: SizeReport::of(self, &split, budget),
            inside: split.inside,
        })
    }

    /// What it is for.
    pub(super) const fn set(&self) -> &'a ArtifactSet {
        self.set
    }

    /// What the page needs first, the most important first.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The script without any part, in bytes.
    fn least_bytes(&self) -> usize {
        let modules = self.modules.iter();
        modules.map(|module| module.bytes.len()).sum()
    }

    fn chosen(&self, budget: usize) -> Result<Vec<&Part>, PublishError> {
        let script_bytes = self.least_bytes();
        if script_bytes > budget {
            let largest = self.modules.iter().max_by_key(|module| module.bytes.len());
            return Err(PublishError::OverBudget {
                script_bytes,
                budget,
                largest: largest.map_or(MAIN.into(), |module| module.name.clone()),
                largest_bytes: largest.map_or(0, |module| module.bytes.len()),
            });
        }
        let mut left = budget - script_bytes;
        let mut has_room = |part: &&Part| {
            let size = part.bytes.as_ref().map(|bytes| bytes.len() + LISTED_BYTES);
            let Some(rest) = size.and_then(|size| left.checked_sub(size)) else {
                return false;
            };
            left = rest;
            true
        };
        Ok(self.parts.iter().filter(|part| has_room(part)).collect())
    }
}

/// Generates the Worker that serves `set`, whose page is `page`, with all of its functions, within `budget` bytes. Of the parts, the most important first, each is in it that
/// there is room for; the others stay outside like all else.
///
/// # Errors
/// When there is no page, it is not the set's, or the script is over the budget without any part.
pub fn worker_script(
    set: &ArtifactSet,
    page: &[u8],
    functions: Vec<Function>,
    parts: Vec<Part>,
    budget: usize,
) -> Result<Script, PublishError> {
    Plan::of(set, page, functions, parts)?.script(budget)
}

/// The name of the module with a part's content.
fn part_name(number: usize) -> String {
    format!("part-{number}.bin")
}

/// The name of the module with a function.
fn function_module(name: &FunctionName) -> String {
    format!("function-{name}.js")
}

/// The module that names every function. Each is read when it is asked for first.
fn named(functions: &[Function]) -> String {
    let mut out =
        String::from("// What answers at /api/<name>.\nexport const functions = new Map([\n");
    for Function { name, .. } in functions {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "  [\"{name}\", () => import(\"./{}\")],",
            function_module(name)
        );
    }
    out.push_str("]);\n");
    out
}

/// The digest of a script: files, and all code around them. What a deployment of it is told is no part of it.
#[must_use]
pub fn code_id(script: &Script) -> Digest {
    let modules = script.modules.iter();
    Digest::of_parts(modules.flat_map(|module| [module.name.as_bytes(), module.bytes.as_slice()]))
}

/// Where the runtime configuration goes: into the head, before every script of the app.
fn config_place(page: &str) -> usize {
    let tags = html::tags(page);
    let place = |name: &str| tags.iter().find(|tag| tag.name == name).map(|tag| tag.end);
    place("head").or_else(|| place("html")).unwrap_or_else(|| {
        let doctype = page.trim_start_matches('\u{feff}').trim_start();
        let has_one = doctype
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
        if has_one {
            page.find('>').map_or(0, |end| end + 1)
        } else {
            0
        }
    })
}

/// The module that names every file beside the page. Those inside the script, and whether they are in gzip there, have theirs by the numbers of
/// their modules.
fn list(set: &ArtifactSet, inside: &[&Part]) -> String {
    let mut out = String::from("// What this Worker serves beside its page.\n");
    // Writing to a string cannot fail.
    for number in 0..inside.len() {
        let _ = writeln!(out, "import part{number} from \"./{}\";", part_name(number));
    }
    let numbers: SortedMap<&ProjectPath, (usize, bool)> = inside
        .iter()
        .enumerate()
        .map(|(number, part)| (&part.path, (number, part.is_gzip)))
        .collect();
    let _ = writeln!(out, "export const mode = \"{}\";", set.mode.as_str());
    out.push_str("export const files = new Map([\n");
    for (path, artifact) in &set.entries {
        if path.as_str() == PAGE || is_of_functions(path) {
            continue;
        }
        // JSON strings are JavaScript strings.
        let path_literal = serde_json::Value::from(format!("/{path}"));
        let type_literal = serde_json::Value::from(media_type(path.as_str()));
        let _ = write!(
            out,
            "  [{path_literal}, {{ hash: \"{}\", size: {}, type: {type_literal}, immutable: {}",
            artifact.hash,
            artifact.size,
            is_immutable(path)
        );
        if let Some((number, is_gzip)) = numbers.get(path) {
            let _ = write!(out, ", part: part{number}, gzip: {is_gzip}");
        }
        out.push_str(" }],\n");
    }
    out.push_str("]);\n");
    out
}

/// What is wrong with a file of the app's own that is served as it is, under a name that only a bundler gives: nobody would see that it has changed.
#[must_use]
pub fn misnamed(path: &ProjectPath) -> Option<Diagnostic> {
    let served: ProjectPath = path.as_str().strip_prefix("public/")?.parse().ok()?;
    let message = format!(
        "`{path}` is named as what is built is, with a hash at the end of its name, and browsers would keep it for a year: a change of it would reach \
         nobody. Put it into another folder, such as `public/files`, or give it a name that ends otherwise."
    );
    is_immutable(&served).then(|| Diagnostic::error("publish", message).in_file(path.clone()))
}

/// Whether the bundler put a hash of the content into the file's name, as in `assets/index-B1xZ_9aQ.js`. A name that
/// only looks a little like it is revalidated instead: slower, never stale. No file of the app's own has such a name ([`misnamed`]).
#[must_use]
pub fn is_immutable(path: &ProjectPath) -> bool {
    let Some(name) = path.as_str().strip_prefix("assets/") else {
        return false;
    };
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let hash = stem
        .len()
        .checked_sub(9)
        .and_then(|at| stem.get(at..))
        .and_then(|end| end.strip_prefix('-'));
    hash.is_some_and(|hash| {
        hash.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            && hash
                .bytes()
                .any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests;
