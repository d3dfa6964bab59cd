//! Whether what an import names is exported where it leads.

use overskill_syntax::{ImportKind, ImportedName};

use super::One;
use crate::preflight::{
    Severity, exports::Found, finding::Finding, names::exporters, nearest::nearest, reach::is_kept,
    written,
};

/// The most names that are listed as advice.
const MOST_NAMES: usize = 8;

impl<'a> One<'a, '_> {
    pub(super) fn names(
        &self,
        findings: &mut Vec<Finding<'a>>,
        find: impl Fn(&str) -> Found<'a>,
        target: Option<&'a str>,
    ) {
        if written::is_required(self.file.content, self.import) {
            return;
        }
        let wanted = self.import.names.iter().filter(|name| name.imported != "*");
        for name in wanted {
            let kept = is_kept(self.path, self.import, name, self.app.resolver);
            let finding = match find(&name.imported) {
                Found::Value(_) | Found::Unknown => None,
                Found::Type => self.only_type(name, kept, self.graded(kept)),
                Found::UnseenType => {
                    let fails = self.fails_in_page(name, kept);
                    self.only_type(
                        name,
                        kept,
                        if fails {
                            Severity::Error
                        } else {
                            Severity::Warning
                        },
                    )
                }
                Found::Missing => Some(self.not_exported(name, kept, target)),
                Found::Undefined => Some(self.undefined(name, kept)),
                Found::Ambiguous(one, other) => Some(self.ambiguous(name, kept, one, other)),
                Found::Circle => Some(self.circle(name, kept)),
            };
            findings.extend(finding);
        }
    }

    fn at_name(
        &self,
        name: &ImportedName,
        severity: Severity,
        code: &'static str,
        message: String,
        suggestion: Option<String>,
    ) -> Finding<'a> {
        Finding {
            path: self.path,
            start: name.start,
            severity,
            code,
            message,
            suggestion,
        }
    }

    /// Whether a name is used in the browser, where it is undefined.
    fn fails_in_page(&self, name: &ImportedName, kept: bool) -> bool {
        let used = kept && name.used && self.import.kind == ImportKind::Static;
        used && self.app.reach.is_in_browser(self.path)
    }

    fn graded(&self, kept: bool) -> Severity {
        if kept {
            self.app.failing(self.path)
        } else {
            Severity::Warning
        }
    }

    /// A type that is imported as if it were a value.
    fn only_type(
        &self,
        name: &ImportedName,
        kept: bool,
        severity: Severity,
    ) -> Option<Finding<'a>> {
        if !kept {
            return None;
        }
        let imported = &name.imported;
        let message = format!(
            "`{imported}` is only a type in `{}`: there is nothing of it at run time.",
            self.import.from
        );
        let suggestion = match self.import.kind {
            ImportKind::ReExport => format!(
                "Write `export type {{ {imported} }} from \"{}\"`.",
                self.import.from
            ),
            _ if imported == "default" => format!(
                "Write `import type {} from \"{}\"`.",
                name.local, self.import.from
            ),
            _ => format!(
                "Write `import type {{ {imported} }} from \"{}\"`.",
                self.import.from
            ),
        };
        Some(self.at_name(name, severity, "type_import", message, Some(suggestion)))
    }

    fn not_exported(
        &self,
        name: &ImportedName,
        kept: bool,
        target: Option<&'a str>,
    ) -> Finding<'a> {
        let imported = &name.imported;
        let from = &self.import.from;
        let shown = target.unwrap_or(from);
        let message = if imported == "default" {
            format!("`{shown}` has no default export.")
        } else {
            format!("`{imported}` is not exported by `{shown}`.")
        };
        self.at_name(
            name,
            self.graded(kept),
            "missing_export",
            message,
            self.app.advice(|| self.meant(name, target)),
        )
    }

    /// What to do about a name that is not exported there.
    fn meant(&self, name: &ImportedName, target: Option<&'a str>) -> Option<String> {
        let from = &self.import.from;
        let types = !is_kept(self.path, self.import, name, self.app.resolver);
        let names: Vec<&str> = match target {
            Some(path) => self.app.exports.names(path, types).into_iter().collect(),
            None => self
                .app
                .resolver
                .entry(from)
                .map(|entry| entry.all(types).collect())
                .unwrap_or_default(),
        };
        if name.imported == "default" {
            let same = names.iter().find(|other| **other == name.local);
            let named = same
                .copied()
                .or_else(|| nearest(&name.local, names.iter().copied()));
            let only = if let [only] = names.as_slice() {
                Some(*only)
            } else {
                None
            };
            return Some(match named.or(only) {
                Some(named) => format!("Write `import {{ {named} }} from \"{from}\"`."),
                None => "Import what it exports by its name, in braces.".to_owned(),
            });
        }
        let default = target.is_some_and(|path| {
            let exports = self.app.tree.get(path).map(|file| &file.facts.exports);
            exports.is_some_and(|exports| {
                exports.iter().any(|export| {
                    export.name == "default" && (export.local == name.imported || names.is_empty())
                })
            })
        });
        if default {
            return Some(format!(
                "It is the default export: write `import {} from \"{from}\"`.",
                name.local
            ));
        }
        if let Some(other) = exporters(self.app, self.path, &name.imported)
            .into_iter()
            .find(|other| other != from)
        {
            return Some(format!(
                "Write `import {{ {} }} from \"{other}\"`.",
                name.imported
            ));
        }
        if let Some(meant) = nearest(&name.imported, names.iter().copied()) {
            return Some(format!("Did you mean `{meant}`?"));
        }
        let shown: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        Some(match shown.as_slice() {
            [] => "Export it there, or import it from where it is.".to_owned(),
            few if few.len() <= MOST_NAMES => format!("What it exports: {}.", few.join(", ")),
            _ => "Import something that it exports.".to_owned(),
        })
    }

    /// A name that a CommonJS package does not have: the build does not notice, the page does.
    fn undefined(&self, name: &ImportedName, kept: bool) -> Finding<'a> {
        let fails = self.fails_in_page(name, kept);
        let severity = if fails {
            Severity::Error
        } else {
            Severity::Warning
        };
        let message = format!(
            "`{}` is not exported by `{}`.",
            name.imported, self.import.from
        );
        self.at_name(
            name,
            severity,
            "missing_export",
            message,
            self.app.advice(|| self.meant(name, None)),
        )
    }

    fn ambiguous(&self, name: &ImportedName, kept: bool, one: &str, other: &str) -> Finding<'a> {
        let message = format!(
            "`{}` comes from both `{one}` and `{other}`, which `{}` passes on.",
            name.imported, self.import.from
        );
        let suggestion = format!(
            "Import it from one of the two, or rename one of the two exports called `{}`.",
            name.imported
        );
        self.at_name(
            name,
            self.graded(kept),
            "ambiguous_export",
            message,
            Some(suggestion),
        )
    }

    fn circle(&self, name: &ImportedName, kept: bool) -> Finding<'a> {
        let message = format!(
            "`{}` is passed on in a circle: no file defines it.",
            name.imported
        );
        let suggestion = "Export it from the file that defines it.".to_owned();
        self.at_name(
            name,
            self.graded(kept),
            "missing_export",
            message,
            Some(suggestion),
        )
    }
}
