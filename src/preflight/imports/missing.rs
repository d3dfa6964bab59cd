//! What to say of an import that leads nowhere.

use super::{One, package_of};
use crate::preflight::{Severity, finding::Finding, reach::Loads, resolve::Missing};

/// What is wrong, and what to do about it.
struct Said {
    code: &'static str,
    message: String,
    suggestion: String,
}

impl<'a> One<'a, '_> {
    pub(super) fn missing(&self, missing: Missing) -> Finding<'a> {
        let severity = match missing {
            Missing::Transitive(_) => Severity::Warning,
            _ => self.severity(),
        };
        let from = &self.import.from;
        let said = match missing {
            Missing::Package(_)
            | Missing::Transitive(_)
            | Missing::Subpath(_)
            | Missing::TypesOnly
            | Missing::Virtual => of_package(from, missing),
            _ => self.of_file(from, missing),
        };
        self.finding(severity, said.code, said.message, Some(said.suggestion))
    }

    fn of_file(&self, from: &str, missing: Missing) -> Said {
        let nothing = match self.loads {
            Loads::Sheet => "style sheet",
            _ => "file",
        };
        let nowhere = format!("`{from}` leads to no {nothing} of the project");
        let (code, message, suggestion) = match missing {
            Missing::Case(actual) => (
                "unresolved_import",
                format!("{nowhere}: capitals count."),
                format!("Write `{actual}`, as the file is called."),
            ),
            Missing::Outside => (
                "outside",
                format!(
                    "`{from}` leads out of the project: only its own files and the available packages can be built in."
                ),
                "Move what it needs into the project.".to_owned(),
            ),
            Missing::Alias(relative) => (
                "unresolved_import",
                format!(
                    "`{from}` leads nowhere from a JavaScript file: the paths of tsconfig.json count in TypeScript only."
                ),
                format!("Write `{relative}`, or make this file TypeScript."),
            ),
            Missing::File(Some(meant)) => (
                "unresolved_import",
                format!("{nowhere}."),
                did_you_mean(&meant),
            ),
            _ => (
                "unresolved_import",
                format!("{nowhere}."),
                "Create that file, or correct the path.".to_owned(),
            ),
        };
        Said {
            code,
            message,
            suggestion,
        }
    }
}

fn of_package(from: &str, missing: Missing) -> Said {
    let package = package_of(from);
    let (code, message, suggestion) = match missing {
        Missing::Transitive(other) => (
            "undeclared_package",
            format!(
                "The package `{package}` is not in package.json: it is only there because `{other}` needs it."
            ),
            format!("Add `{package}` to the dependencies."),
        ),
        Missing::Subpath(meant) => (
            "unresolved_import",
            format!("The package `{package}` is available, but it has no `{from}`."),
            match meant {
                Some(meant) => did_you_mean(&meant),
                None => format!("Import from `{package}` itself."),
            },
        ),
        Missing::TypesOnly => (
            "unresolved_import",
            format!("`{from}` has types only: there is nothing to run."),
            "Import it with `import type`.".to_owned(),
        ),
        Missing::Virtual => (
            "unresolved_import",
            format!(
                "`{from}` is a module that only a plugin of the build could make, and none does."
            ),
            "Do without it.".to_owned(),
        ),
        Missing::Package(Some(meant)) => (
            "unknown_package",
            format!("The package `{package}` is not in package.json."),
            did_you_mean(&meant),
        ),
        _ => (
            "unknown_package",
            format!("The package `{package}` is not in package.json."),
            "Do without it, or add it to the dependencies first.".to_owned(),
        ),
    };
    Said {
        code,
        message,
        suggestion,
    }
}

fn did_you_mean(meant: &str) -> String {
    format!("Did you mean `{meant}`?")
}
