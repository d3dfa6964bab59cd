//! What did not stop a build: warnings of Vite, remarks on settings, and what TypeScript prints.

use overskill::{build::Diagnostic, project::ProjectPath};

use super::{Explainer, said::without_colours};
use crate::{locate, worker::Note};

/// A warning that no author can do anything about.
pub(super) fn is_of_vite(warning: &str) -> bool {
    [
        "did not pass the `from` option",
        "[SOURCEMAP_BROKEN]",
        "[PLUGIN_TIMINGS]",
    ]
    .iter()
    .any(|said| warning.contains(said))
        // How a package is written is not the app's to mend.
        || (warning.contains("[MODULE_LEVEL_DIRECTIVE]") && warning.contains("node_modules/"))
}

impl Explainer<'_> {
    pub(super) fn warning(&mut self, warning: &str) -> Diagnostic {
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
        let diagnostic = Diagnostic::error("vite", self.clean(text.trim())).as_warning();
        if let Some((tag, _)) = text.split_once(" can't be bundled without type=\"module\"")
            && let [_, _, _, page, ..] = quoted.as_slice()
            && let Ok(path) = page.trim_start_matches('/').parse()
        {
            let address = quoted.get(1).copied().unwrap_or_default();
            let position = self
                .source(&path)
                .and_then(|source| locate::text(source, address, "<script"));
            let message = format!(
                "`{}>` is left as it is, and what it names is not built.",
                tag.split('>').next().unwrap_or_default()
            );
            let diagnostic = Diagnostic::error("html", message)
                .as_warning()
                .advising("Write `type=\"module\"` into it, or keep the file in `public/`.");
            return self.place(diagnostic, path, position);
        }
        diagnostic
    }

    pub(super) fn note(&mut self, note: &Note) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(&note.code, self.clean(&note.message)).as_warning();
        if let Some(suggestion) = &note.suggestion {
            diagnostic = diagnostic.advising(self.clean(suggestion));
        }
        match note.path.parse() {
            Ok(path) => self.place(diagnostic, path, Some((note.line, note.column))),
            Err(_) => diagnostic,
        }
    }

    /// `src/App.tsx(12,5): error TS2322: …`, continued on indented lines.
    pub(super) fn types(&mut self, output: &str) -> Vec<Diagnostic> {
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
}
