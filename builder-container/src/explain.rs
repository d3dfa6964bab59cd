//! What Vite, Rolldown, Tailwind and TypeScript say → diagnostics: one shape, paths of the project, positions in the
//! source, no colours, no folders of this machine.

mod said;
mod warnings;

use std::{collections::HashMap, path::Path};

use overskill::{
    build::{Diagnostic, Mode, Severity, TypeCheck},
    config::Limits,
    project::ProjectPath,
};

use crate::{
    beneath,
    check::{merge, merge_types, runs_elsewhere},
    dependencies::instead_of,
    foreign,
    inspect::files,
    locate,
    toolchain::Toolchain,
    worker::{Finding, Findings, Missing, Task},
};
pub(crate) use said::package_name;
use said::{
    headline, missing_export, position_in_frame, unresolved_by_tailwind, without_colours,
    without_place,
};
use warnings::is_of_vite;

/// What the id of a module begins with that stands in for a prebuilt package (`externals.mjs`).
const STAND_IN: &str = "\0overskill:vendor:";

/// Explains what a worker found in the sources at `root`, together with what was found beside it.
/// `packages` is the folder of those that are not baked.
pub(crate) fn explain(
    findings: &Findings,
    task: Task,
    root: &Path,
    toolchain: &Toolchain,
    packages: Option<&Path>,
    checked: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut explainer = Explainer {
        root,
        toolchain,
        packages,
        sources: HashMap::new(),
    };
    let mut found = Vec::new();
    // Vite stops at the first JSON that is none, and does not say which; preflight has read all.
    let told = |one: &Diagnostic| {
        let json = one
            .path
            .as_ref()
            .is_some_and(|path| path.extension() == "json");
        json && one.severity == Severity::Error
    };
    let json_is_told = checked.iter().any(told);
    found.extend(
        findings
            .missing
            .iter()
            .filter_map(|missing| explainer.missing(missing)),
    );
    for finding in &findings.errors {
        if !(json_is_told && is_of_json(&finding.message)) {
            found.extend(explainer.finding(finding));
        }
    }
    let mut diagnostics = merge(findings.ok, found, checked);
    if !findings.ok
        && diagnostics
            .iter()
            .all(|one| one.severity == Severity::Warning)
    {
        // What is missing is missing in a package: nothing of the app's to point at.
        diagnostics.extend(findings.missing.iter().map(|missing| {
            Diagnostic::error(
                "unresolved_import",
                format!("Cannot resolve `{}`.", missing.specifier),
            )
        }));
    }
    for warning in findings.warnings.iter().filter(|one| !is_of_vite(one)) {
        let warning = explainer.warning(warning);
        // Preflight has told of it with its place.
        let told = |one: &Diagnostic| {
            one.code.as_deref() == Some("unresolved_import")
                && warning.path.is_none()
                && one
                    .message
                    .split('`')
                    .nth(1)
                    .is_some_and(|name| warning.message.starts_with(name))
        };
        if !diagnostics.iter().any(told) {
            diagnostics.push(warning);
        }
    }
    diagnostics.extend(findings.notes.iter().map(|note| explainer.note(note)));
    let types = findings.types.iter();
    let types =
        types
            .flat_map(|output| explainer.types(output))
            .chain(findings.types_failure.iter().map(|why| {
                Diagnostic::error("types", format!("The types were not checked: {why}."))
            }))
            // Their own tools check those.
            .filter(|one| !one.path.as_ref().is_some_and(runs_elsewhere))
            .map(|diagnostic| match task.type_check {
                TypeCheck::Block if task.mode == Mode::Production => diagnostic,
                _ => diagnostic.as_warning(),
            })
            .collect();
    merge_types(&mut diagnostics, types);
    // Vite reads files at the same time: their order is a coincidence.
    diagnostics.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
    Diagnostic::settled(diagnostics)
}

/// Whether Vite has no compiler for a style sheet.
fn lacks_preprocessor(text: &str) -> bool {
    text.contains("Preprocessor dependency \"")
}

/// What to say when the time was up.
pub(crate) fn time_is_up(mode: Mode, limit: std::time::Duration) -> Diagnostic {
    Diagnostic::error(
        "timeout",
        format!("The {} build was stopped after {} s.", mode.as_str(), limit.as_secs_f32().ceil()),
    )
    .advising("Look for a very large file, a very large list of Tailwind classes, or an import that pulls in too much.")
}

/// What to say when memory ran out.
pub(crate) fn memory_is_up() -> Diagnostic {
    Diagnostic::error("memory", "The build needed more memory than it may have.").advising(
        "Look for a very large file, a very large list of Tailwind classes, or an import that pulls in too much.",
    )
}

/// What to say when it wrote too much.
pub(crate) fn files_are_up() -> Diagnostic {
    Diagnostic::error(
        "output",
        "The build wrote more, or larger, files than it may.",
    )
    .advising(
        "Look for a large file that is imported in many places, or inlined into many modules.",
    )
}

/// Whether somebody complains of JSON that is none: Vite's own plugin, or the resolver, which reads `package.json`.
fn is_of_json(message: &str) -> bool {
    message.contains("builtin:vite-json") || message.contains("JSONError {")
}

struct Explainer<'a> {
    root: &'a Path,
    toolchain: &'a Toolchain,
    packages: Option<&'a Path>,
    sources: HashMap<ProjectPath, String>,
}

impl Explainer<'_> {
    fn missing(&mut self, missing: &Missing) -> Option<Diagnostic> {
        let importer = self.project_path(&missing.importer)?;
        // The alias comes resolved.
        let specifier = match self.relative(&missing.specifier) {
            Some(path) => path
                .strip_prefix("src/")
                .map_or_else(|| format!("/{path}"), |path| format!("@/{path}")),
            None => missing.specifier.clone(),
        };
        let position = self
            .source(&importer)
            .and_then(|source| locate::import(source, &specifier));
        let diagnostic = match package_name(&specifier) {
            Some(_) if specifier.starts_with("virtual:") || specifier.starts_with("~icons/") => {
                Diagnostic::error(
                    "unresolved_import",
                    format!("`{specifier}` is a module that only a plugin of the build could make, and none does."),
                )
                .advising("Do without it.")
            }
            // A pattern that matched, or a name in pieces: what it found there is not for its author to read.
            None if position.is_none() => {
                return Some(self.strays(importer, None, "", missing.outside));
            }
            None if missing.outside => {
                return Some(self.strays(importer, position, &specifier, true));
            }
            None => Diagnostic::error(
                "unresolved_import",
                format!("`{specifier}` leads to no file of the project."),
            ),
            Some(package) if self.has(package) => Diagnostic::error(
                "unresolved_import",
                format!("The package `{package}` is available, but it has no `{specifier}`."),
            ),
            Some(package) => Diagnostic::error(
                "unknown_package",
                format!("The package `{package}` is not in package.json."),
            )
            .advising(self.instead_of(package)),
        };
        Some(self.place(diagnostic, importer, position))
    }

    fn has(&self, package: &str) -> bool {
        let installed = |folder: &Path| folder.join(package).join("package.json").is_file();
        self.toolchain.has(package) || self.packages.is_some_and(installed)
    }

    /// What to do about a package that nobody declared.
    fn instead_of(&self, package: &str) -> String {
        instead_of(package, self.toolchain.packages.iter().map(String::as_str))
    }

    /// Something that is named in `path` and is not the project's.
    fn strays(
        &mut self,
        path: ProjectPath,
        position: Option<locate::Position>,
        specifier: &str,
        outside: bool,
    ) -> Diagnostic {
        let subject = if specifier.is_empty() {
            "Something that is named here".to_owned()
        } else {
            format!("`{specifier}`")
        };
        let position = position.or_else(|| {
            let source = self.source(&path)?;
            ["import.meta.glob", "new URL", "import("]
                .into_iter()
                .find_map(|call| locate::text(source, call, call))
        });
        let diagnostic = if outside {
            Diagnostic::error(
                "outside",
                format!(
                    "{subject} leads out of the project: only its own files and the available packages can be built in."
                ),
            )
        } else {
            Diagnostic::error(
                "unresolved_import",
                format!("{subject} leads to no file of the project."),
            )
        };
        self.place(diagnostic, path, position)
    }

    fn finding(&mut self, finding: &Finding) -> Vec<Diagnostic> {
        let text = without_colours(&finding.message);
        if is_of_json(&text) {
            let broken = self.broken_json();
            if !broken.is_empty() {
                return broken;
            }
        }
        vec![self.one(finding, &text)]
    }

    fn one(&mut self, finding: &Finding, text: &str) -> Diagnostic {
        if finding.code.as_deref() == Some("OUTSIDE") {
            let path = finding
                .file
                .as_deref()
                .and_then(|file| self.project_path(file));
            let position = finding.line.map(|line| (line, finding.column.unwrap_or(1)));
            return match path {
                Some(path) => self.strays(path, position, text, true),
                None => Diagnostic::error(
                    "outside",
                    "A file outside of the project is asked for: only its own files and the available packages can be built in.",
                ),
            };
        }
        let named = position_in_frame(text);
        let path = finding
            .file
            .as_deref()
            .and_then(|file| self.project_path(file))
            .or_else(|| named.as_ref().and_then(|(path, _)| path.parse().ok()));
        let message = match (finding.code.as_deref(), missing_export(text)) {
            (Some("MISSING_EXPORT"), Some(name)) => {
                let exporter = finding
                    .exporter
                    .as_deref()
                    .map_or_else(String::new, |file| self.module_name(file));
                format!("`{name}` is not exported by `{exporter}`.")
            }
            _ if lacks_preprocessor(text) => {
                "A style sheet that needs another compiler is imported here.".to_owned()
            }
            _ => match unresolved_by_tailwind(text) {
                Some(specifier) => format!("`{specifier}` leads to no style sheet."),
                None => without_place(&self.clean(&headline(text))).to_owned(),
            },
        };
        let mut diagnostic = Diagnostic::error(code(finding, text), message);
        if lacks_preprocessor(text) {
            diagnostic.code = Some("unsupported_file".to_owned());
            diagnostic = diagnostic.advising(foreign::STYLES);
        }
        let Some(path) = path else { return diagnostic };
        let position = match (finding.line, finding.column) {
            (Some(line), column) => Some((line, column.unwrap_or(1))),
            _ => named
                .map(|(_, position)| position)
                .or_else(|| self.position_in_style(&path, text)),
        };
        self.place(diagnostic, path, position)
    }

    /// Tailwind says what is wrong, not where.
    fn position_in_style(&mut self, path: &ProjectPath, message: &str) -> Option<locate::Position> {
        let source = self.source(path)?;
        let named = message.split(['`', '\'']).nth(1).unwrap_or_default();
        if message.contains("Missing closing") || message.contains("Missing opening") {
            locate::lone_brace(source)
        } else if message.contains("unknown utility class") {
            locate::text(source, named, "@apply")
        } else if let Some(specifier) = unresolved_by_tailwind(message) {
            locate::import(source, specifier)
        } else if lacks_preprocessor(message) {
            [".scss", ".sass", ".less", ".styl"]
                .iter()
                .find_map(|ending| locate::text(source, ending, "@import"))
        } else {
            None
        }
    }

    /// Vite does not even say which file: every one that is not JSON, but for those that the build does not take as JSON.
    fn broken_json(&mut self) -> Vec<Diagnostic> {
        let all = files(self.root).unwrap_or_default();
        let json = all
            .into_iter()
            .filter(|path| path.extension() == "json" && !path.as_str().starts_with("public/"));
        json.filter_map(|path| {
            let source = self.source(&path)?.to_owned();
            let error = serde_json::from_str::<serde::de::IgnoredAny>(&source).err()?;
            let position = (
                u32::try_from(error.line()).ok()?,
                u32::try_from(error.column()).ok()?,
            );
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            let diagnostic = Diagnostic::error("json", format!("Not JSON: {said}."));
            Some(self.place(diagnostic, path, Some(position)))
        })
        .take(Diagnostic::MAX_PER_BUILD)
        .collect()
    }

    fn place(
        &mut self,
        diagnostic: Diagnostic,
        path: ProjectPath,
        position: Option<locate::Position>,
    ) -> Diagnostic {
        let diagnostic = diagnostic.in_file(path.clone());
        match (position, self.source(&path)) {
            (Some((line, column)), Some(source)) => diagnostic.at(source, line, Some(column)),
            _ => diagnostic,
        }
    }

    fn source(&mut self, path: &ProjectPath) -> Option<&str> {
        if !self.sources.contains_key(path) {
            // The worker could have replaced it, and named many.
            let most = Limits::DEFAULT.text_file_bytes as u64;
            let held: u64 = self.sources.values().map(|text| text.len() as u64).sum();
            if held > Limits::DEFAULT.total_bytes {
                return None;
            }
            let bytes = beneath::read(self.root, path, most).ok()?;
            self.sources
                .insert(path.clone(), String::from_utf8_lossy(&bytes).into_owned());
        }
        self.sources.get(path).map(String::as_str)
    }

    /// The project's path of a module id.
    fn project_path(&self, id: &str) -> Option<ProjectPath> {
        let id = id.split('?').next().unwrap_or_default();
        self.relative(id)?.parse().ok()
    }

    fn relative<'a>(&self, id: &'a str) -> Option<&'a str> {
        id.strip_prefix(self.root.to_str()?)?.strip_prefix('/')
    }

    /// A module's name for people: the path in the project, or the package.
    fn module_name(&self, id: &str) -> String {
        if let Some(path) = self.project_path(id) {
            return path.to_string();
        }
        if let Some(specifier) = id.strip_prefix(STAND_IN) {
            return package_name(specifier).unwrap_or(specifier).to_owned();
        }
        match id.rsplit_once("/node_modules/") {
            Some((_, inside)) => package_name(inside).unwrap_or(inside).to_owned(),
            None => self.clean(id),
        }
    }

    /// Without the folders of this machine.
    fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let worker = self.root.parent();
        let state = worker.and_then(Path::parent).and_then(Path::parent);
        let baked = Some(self.toolchain.node_modules.as_path());
        // What is inside another comes before it.
        for (folder, name) in [
            (Some(self.root), ""),
            (self.packages, "node_modules/"),
            (baked, "node_modules/"),
            (worker, ""),
            (state, ""),
        ] {
            if let Some(folder) = folder.and_then(Path::to_str) {
                text = text
                    .replace(&format!("{folder}/"), name)
                    .replace(folder, ".");
            }
        }
        text
    }
}

fn code(finding: &Finding, text: &str) -> &'static str {
    let plugin = finding.plugin.as_deref().unwrap_or_default();
    match finding.code.as_deref() {
        Some("MISSING_EXPORT") => "missing_export",
        Some("UNRESOLVED_IMPORT" | "UNRESOLVED_ENTRY") => "unresolved_import",
        Some("PARSE_ERROR") => "syntax",
        Some("FUNCTION") => "function",
        _ if unresolved_by_tailwind(text).is_some() => "unresolved_import",
        _ if text.contains("builtin:vite-transform") => "syntax",
        _ if plugin.contains("tailwind") || plugin.contains("css") => "css",
        _ if plugin.contains("html") => "html",
        _ => "build",
    }
}
