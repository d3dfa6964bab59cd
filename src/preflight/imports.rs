//! Whether imports lead somewhere, and whether what they name is exported there.

use overskill_syntax::{Import, ImportKind, Language};

use super::{
    App, File, Severity,
    finding::Finding,
    form::Form,
    location,
    reach::{Loads, is_kept},
    resolve::Resolved,
    written::{self, Asset},
};

mod missing;
mod names;

/// Reports the imports of one file that are wrong.
pub(super) fn check<'a>(
    app: &App<'a, '_>,
    path: &'a str,
    file: &'a File<'a>,
    findings: &mut Vec<Finding<'a>>,
) {
    for import in &file.facts.imports {
        let loads = Loads::of(path, file.content, import, app.resolver);
        let Some(way) = loads.way() else {
            continue;
        };
        let one = One {
            app,
            path,
            file,
            import,
            loads,
        };
        match app
            .resolver
            .resolve(&written::importer(path, import), &import.from, way)
        {
            Resolved::Missing(missing) => findings.push(one.missing(missing)),
            Resolved::Builtin => findings.extend(one.builtin()),
            Resolved::File { path, query } => {
                let form = Form::of(path, query);
                if let Some(finding) = one.form(path, form) {
                    findings.push(finding);
                } else if one.names_are_checked(path, form) {
                    one.names(
                        findings,
                        |name| app.exports.find(path, query, name),
                        Some(path),
                    );
                }
            }
            Resolved::Package { .. } => {
                one.names(
                    findings,
                    |name| app.exports.in_package(&import.from, name),
                    None,
                );
            }
            Resolved::Public | Resolved::Elsewhere => {}
        }
    }
}

/// One import of one file.
struct One<'a, 'c> {
    app: &'c App<'a, 'c>,
    path: &'a str,
    file: &'a File<'a>,
    import: &'a Import,
    loads: Loads,
}

impl<'a> One<'a, '_> {
    fn finding(
        &self,
        severity: Severity,
        code: &'static str,
        message: String,
        suggestion: Option<String>,
    ) -> Finding<'a> {
        // The quote belongs to the text: compilers point at it.
        let before = self
            .file
            .content
            .get(..self.import.start)
            .unwrap_or_default();
        let quoted = before.ends_with(['"', '\'', '`']);
        Finding {
            path: self.path,
            start: self.import.start - usize::from(quoted),
            severity,
            code,
            message,
            suggestion,
        }
    }

    /// How bad it is when this import leads nowhere.
    fn severity(&self) -> Severity {
        match self.loads {
            Loads::Module | Loads::Sheet => {
                let link = self.import.kind == ImportKind::Asset
                    && written::asset(self.path, self.file.content, self.import)
                        == Asset::SheetLink;
                // A style sheet that HTML links to may be missing.
                if link {
                    Severity::Warning
                } else {
                    self.app.failing(self.path)
                }
            }
            Loads::Points | Loads::Types | Loads::Nothing => Severity::Warning,
        }
    }

    /// A module of Node: Vite puts an empty object in its place, so that the build goes through.
    fn builtin(&self) -> Option<Finding<'a>> {
        if self.loads != Loads::Module || !self.app.reach.is_in_browser(self.path) {
            return None;
        }
        let message = format!(
            "`{}` is a module of Node, which a browser does not have: all that it exports is undefined there.",
            self.import.from
        );
        let suggestion =
            "Use what browsers have instead, such as fetch, crypto.randomUUID or URL.".to_owned();
        Some(self.finding(Severity::Warning, "node_module", message, Some(suggestion)))
    }

    /// What is wrong with importing a file of this form at all.
    fn form(&self, target: &str, form: Form) -> Option<Finding<'a>> {
        if self.loads == Loads::Types || self.loads == Loads::Points {
            return None;
        }
        let from = &self.import.from;
        let config = &self.app.resolver.config;
        match form {
            Form::Preprocessed(package) => {
                let names = [
                    package,
                    if package == "sass" {
                        "sass-embedded"
                    } else {
                        package
                    },
                ];
                if names
                    .iter()
                    .any(|name| config.declares(self.app.vendor, name))
                {
                    return None;
                }
                let message = format!(
                    "`{from}` needs the package `{package}`, which is not in package.json."
                );
                let suggestion = "Write the styles as plain CSS, which may be nested.".to_owned();
                Some(self.finding(
                    self.severity(),
                    "unknown_package",
                    message,
                    Some(suggestion),
                ))
            }
            Form::Foreign if self.import.kind != ImportKind::Asset && !config.has_own_plugins() => {
                let has_names = self
                    .import
                    .names
                    .iter()
                    .any(|name| is_kept(self.path, self.import, name, self.app.resolver));
                let severity = if has_names {
                    self.severity()
                } else {
                    Severity::Warning
                };
                let message = format!("`{target}` is imported as a script, which it is not.");
                let suggestion =
                    format!("Import its text with `{from}?raw`, or its address with `{from}?url`.");
                Some(self.finding(severity, "unsupported_file", message, Some(suggestion)))
            }
            _ => None,
        }
    }

    fn names_are_checked(&self, target: &str, form: Form) -> bool {
        // Types of other files than scripts come from declarations that stand elsewhere.
        let typed_only = self.loads == Loads::Types && form != Form::Script;
        let own = target == self.path;
        !typed_only && !own && self.import.kind != ImportKind::Asset
    }
}

/// The package that a specifier names.
fn package_of(specifier: &str) -> &str {
    let plain = specifier
        .split(['?', '#'])
        .next()
        .filter(|plain| !plain.is_empty())
        .unwrap_or(specifier);
    let segments = if plain.starts_with('@') { 2 } else { 1 };
    let end = plain
        .match_indices('/')
        .nth(segments - 1)
        .map_or(plain.len(), |(at, _)| at);
    plain.get(..end).unwrap_or(plain)
}

/// How a file of the app is imported elsewhere: by `@/` where that leads to it.
pub(super) fn specifier(importer: &str, target: &str) -> String {
    let plain = super::resolve::without_extension(target);
    let plain = plain.strip_suffix("/index").unwrap_or(plain);
    let script = matches!(
        Language::of(importer),
        Some(Language::JavaScript | Language::Jsx)
    );
    match plain.strip_prefix("src/") {
        Some(rest) if !script => format!("@/{rest}"),
        _ => location::relative(location::folder(importer), plain),
    }
}
