//! What Vite, Rolldown, Tailwind and TypeScript say → diagnostics: one shape, paths of the project, positions in the
//! source, no colours, no folders of this machine.

mod said;

use std::{collections::HashMap, path::Path};

use overskill::{
    build::{Diagnostic, Mode, TypeCheck},
    config::Limits,
    project::ProjectPath,
};

use crate::{
    beneath,
    inspect::files,
    locate,
    toolchain::Toolchain,
    worker::{Finding, Findings, Missing, Task},
};
use said::{
    headline, missing_export, package_name, position_in_frame, unresolved_by_tailwind,
    without_colours,
};

/// What the id of a module begins with that stands in for a prebuilt package (`externals.mjs`).
const STAND_IN: &str = "\0overskill:vendor:";

/// Explains what a worker found in the sources at `root`.
pub(crate) fn explain(
    findings: &Findings,
    task: Task,
    root: &Path,
    toolchain: &Toolchain,
) -> Vec<Diagnostic> {
    let mut explainer = Explainer {
        root,
        toolchain,
        sources: HashMap::new(),
    };
    let mut diagnostics = Vec::new();
    diagnostics.extend(
        findings
            .missing
            .iter()
            .filter_map(|missing| explainer.missing(missing)),
    );
    diagnostics.extend(
        findings
            .errors
            .iter()
            .map(|finding| explainer.finding(finding)),
    );
    // Vite reads files at the same time: their order is a coincidence.
    diagnostics.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
    if !findings.ok && diagnostics.is_empty() {
        // What is missing is missing in a package: nothing of the app's to point at.
        diagnostics.extend(findings.missing.iter().map(|missing| {
            Diagnostic::error(
                "unresolved_import",
                format!("Cannot resolve `{}`.", missing.specifier),
            )
        }));
    }
    diagnostics.extend(
        findings
            .warnings
            .iter()
            .map(|warning| explainer.warning(warning)),
    );
    diagnostics.extend(
        findings
            .types
            .iter()
            .flat_map(|output| explainer.types(output))
            .chain(findings.types_failure.iter().map(|why| {
                Diagnostic::error("types", format!("The types were not checked: {why}."))
            }))
            .map(|diagnostic| match task.type_check {
                TypeCheck::Block => diagnostic,
                TypeCheck::Report | TypeCheck::Off => diagnostic.as_warning(),
            }),
    );
    Diagnostic::settled(diagnostics)
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

struct Explainer<'a> {
    root: &'a Path,
    toolchain: &'a Toolchain,
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
            Some(package) if self.toolchain.has(package) => Diagnostic::error(
                "unresolved_import",
                format!("The package `{package}` is available, but it has no `{specifier}`."),
            ),
            Some(package) => Diagnostic::error(
                "unknown_package",
                format!("The package `{package}` is not available."),
            )
            .advising(format!(
                "Do without it, or use one of: {}.",
                self.toolchain.packages.join(", ")
            )),
        };
        Some(self.place(diagnostic, importer, position))
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

    fn finding(&mut self, finding: &Finding) -> Diagnostic {
        let text = without_colours(&finding.message);
        if finding.code.as_deref() == Some("OUTSIDE") {
            let path = finding
                .file
                .as_deref()
                .and_then(|file| self.project_path(file));
            let position = finding.line.map(|line| (line, finding.column.unwrap_or(1)));
            return match path {
                Some(path) => self.strays(path, position, &text, true),
                None => Diagnostic::error(
                    "outside",
                    "A file outside of the project is asked for: only its own files and the available packages can be built in.",
                ),
            };
        }
        if text.contains("builtin:vite-json")
            && let Some(diagnostic) = self.broken_json()
        {
            return diagnostic;
        }
        let named = position_in_frame(&text);
        let path = finding
            .file
            .as_deref()
            .and_then(|file| self.project_path(file))
            .or_else(|| named.as_ref().and_then(|(path, _)| path.parse().ok()));
        let message = match (finding.code.as_deref(), missing_export(&text)) {
            (Some("MISSING_EXPORT"), Some(name)) => {
                let exporter = finding
                    .exporter
                    .as_deref()
                    .map_or_else(String::new, |file| self.module_name(file));
                format!("`{name}` is not exported by `{exporter}`.")
            }
            _ => match unresolved_by_tailwind(&text) {
                Some(specifier) => format!("`{specifier}` leads to no style sheet."),
                None => self.clean(&headline(&text)),
            },
        };
        let diagnostic = Diagnostic::error(code(finding, &text), message);
        let Some(path) = path else { return diagnostic };
        let position = match (finding.line, finding.column) {
            (Some(line), column) => Some((line, column.unwrap_or(1))),
            _ => named
                .map(|(_, position)| position)
                .or_else(|| self.position_in_style(&path, &text)),
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
        } else {
            None
        }
    }

    /// Vite does not even say which file.
    fn broken_json(&mut self) -> Option<Diagnostic> {
        let all = files(self.root).ok()?;
        all.into_iter()
            .filter(|path| path.extension() == "json")
            .find_map(|path| {
                let source = self.source(&path)?.to_owned();
                let error = serde_json::from_str::<serde::de::IgnoredAny>(&source).err()?;
                let position = (
                    u32::try_from(error.line()).ok()?,
                    u32::try_from(error.column()).ok()?,
                );
                let message = format!(
                    "Not JSON: {}.",
                    error
                        .to_string()
                        .split(" at line ")
                        .next()
                        .unwrap_or_default()
                );
                Some(self.place(Diagnostic::error("json", message), path, Some(position)))
            })
    }

    fn warning(&mut self, warning: &str) -> Diagnostic {
        let text = without_colours(warning);
        let quoted: Vec<_> = text.split('"').collect();
        if let [_, module, verdict, importer, ..] = quoted.as_slice()
            && verdict.contains("externalized for browser compatibility")
            && let Some(path) = self.project_path(importer)
        {
            let message =
                format!("`{module}` is a module of Node: it does not exist in a browser.");
            let position = self
                .source(&path)
                .and_then(|source| locate::import(source, module));
            return self
                .place(Diagnostic::error("node_module", message), path, position)
                .as_warning();
        }
        Diagnostic::error("vite", self.clean(text.trim())).as_warning()
    }

    /// `src/App.tsx(12,5): error TS2322: …`, continued on indented lines.
    fn types(&mut self, output: &str) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> = Vec::new();
        for line in without_colours(output).lines() {
            if let Some((place, rest)) = line.split_once("): error ")
                && let Some((path, position)) = place.rsplit_once('(')
                && let Some((row, column)) = position.split_once(',')
                && let (Ok(row), Ok(column)) = (row.parse(), column.parse())
                && let Ok(path) = path.parse::<ProjectPath>()
            {
                let (code, message) = rest.split_once(": ").unwrap_or(("TS", rest));
                let diagnostic = Diagnostic::error(code, self.clean(message));
                diagnostics.push(self.place(diagnostic, path, Some((row, column))));
            } else if line.starts_with(char::is_whitespace)
                && let Some(last) = diagnostics.last_mut()
                && last.message.len() + line.len() < Diagnostic::MAX_MESSAGE_BYTES
            {
                last.message.push('\n');
                last.message.push_str(line);
            }
            if diagnostics.len() > Diagnostic::MAX_PER_BUILD {
                break;
            }
        }
        diagnostics
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
            // The worker could have replaced it.
            let most = Limits::DEFAULT.binary_file_bytes as u64;
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
        let packages = Some(self.toolchain.node_modules.as_path());
        // What is inside another comes before it.
        for (folder, name) in [
            (Some(self.root), ""),
            (packages, "node_modules/"),
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
        _ if text.contains("builtin:vite-transform") => "syntax",
        _ if plugin.contains("tailwind") || plugin.contains("css") => "css",
        _ if plugin.contains("html") => "html",
        _ => "build",
    }
}
