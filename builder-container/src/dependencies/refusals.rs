//! What its author reads when a package cannot be had.

use overskill::build::Diagnostic;
use serde_json::{Map, Value};

use super::{
    advice::{did_you_mean, nearest},
    lock::Foreign,
    npm::{Failure, Said},
    policy::Policy,
    wanted::{LOCK_FILE, Wanted},
};

/// Of a lock file that was not followed.
const NOT_FOLLOWED: &str = "lock_file";

/// What is wrong with a package, not yet said where; `None` when nothing is.
pub(super) fn of(name: &str, spec: &str, said: &Said, baked: &[&str]) -> Option<Diagnostic> {
    Some(match said {
        Said::Found { .. } | Said::Failed { .. } => return None,
        Said::Unknown => unknown(name, baked),
        Said::NoVersion { latest } => {
            let wrong = Diagnostic::error(
                "unknown_version",
                format!("The registry has no version of `{name}` that `{spec}` allows."),
            );
            match latest {
                Some(latest) => wrong.advising(format!(
                    "The newest that may be used is `{latest}`: ask for `^{latest}`."
                )),
                None => wrong.advising("It has no version that may be used: do without it."),
            }
        }
        Said::Young {
            version,
            from,
            older,
        } => {
            let wrong = Diagnostic::error(
                "young_package",
                format!("`{name}` {version} was published too recently to be trusted."),
            );
            let wait = from.as_ref().map_or_else(
                || "wait a day".to_owned(),
                |from| format!("wait until {from} (UTC)"),
            );
            match older {
                Some(older) => wrong.advising(format!("Use `{older}`, or {wait}.")),
                None => wrong.advising(format!(
                    "It has no older version: do without it, or {wait}."
                )),
            }
        }
    })
}

/// There is no such package.
pub(super) fn unknown(name: &str, baked: &[&str]) -> Diagnostic {
    let names = nearest(name, baked.iter().copied());
    Diagnostic::error(
        "unknown_package",
        format!("The registry has no package `{name}`."),
    )
    .advising(did_you_mean(
        &names,
        "Correct the name, or remove it from package.json and do without it.",
    ))
}

/// It is none of those that may be installed.
pub(super) fn not_allowed(name: &str, policy: &Policy, baked: &[&str]) -> Diagnostic {
    let allowed: Vec<&str> = policy.allowed().chain(baked.iter().copied()).collect();
    let names: Vec<String> = nearest(name, allowed.iter().copied())
        .into_iter()
        .filter(|name| allowed.contains(&name.as_str()))
        .collect();
    Diagnostic::error(
        "package_not_allowed",
        format!("The package `{name}` is not one of those that may be installed here."),
    )
    .advising(did_you_mean(&names, "Do without it."))
}

/// What the lock file locks is not what the registry has.
pub(super) fn altered(name: &str, version: &str) -> Diagnostic {
    in_lock_file(Diagnostic::error(
        "altered_package",
        format!("{LOCK_FILE} locks `{name}` {version} with other content than the registry has."),
    ))
    .advising(format!(
        "Remove {LOCK_FILE}: packages are resolved anew then."
    ))
}

/// A package needs something from elsewhere.
pub(super) fn foreign(foreign: &Foreign) -> Diagnostic {
    Diagnostic::error("foreign_package", elsewhere(foreign))
        .advising("One of the packages needs it so: do without that package.")
}

/// That something would not come from the registry.
pub(super) fn elsewhere(Foreign { name, origin }: &Foreign) -> String {
    format!("`{name}` would come from somewhere else than the registry: {origin}.")
}

/// A warning of what of the lock file was resolved anew, by the reasons; `None` when there is none.
pub(super) fn not_followed(reasons: &[String]) -> Option<Diagnostic> {
    let (first, others) = reasons.split_first()?;
    let more = match others.len() {
        0 => String::new(),
        1 => " So is one other package.".to_owned(),
        count => format!(" So are {count} other packages."),
    };
    let warning = Diagnostic::error(NOT_FOLLOWED, format!("{LOCK_FILE} is not followed where it cannot be: {first} What it stands for is resolved anew.{more}"))
        .advising("Nothing is to be done: the lock file that this build has written says what was taken instead.");
    Some(in_lock_file(warning).as_warning())
}

/// Whether a warning is one of a lock file that was not followed.
pub(super) fn is_of_lock_file(warning: &Diagnostic) -> bool {
    warning.code.as_deref() == Some(NOT_FOLLOWED)
}

fn in_lock_file(diagnostic: Diagnostic) -> Diagnostic {
    match LOCK_FILE.parse() {
        Ok(path) => diagnostic.in_file(path),
        Err(_) => diagnostic,
    }
}

/// Too much for one app.
pub(super) fn too_much(what: &str) -> Diagnostic {
    Diagnostic::error("too_many_packages", format!("The packages of this app are too many: {what}."))
        .advising("Do without the largest of them: a package that brings many others, or a whole set of icons or components.")
}

/// What npm says it failed at. `None` when no author can mend that.
pub(super) fn of_npm(failure: &Failure, wanted: &Wanted, baked: &[&str]) -> Option<Diagnostic> {
    let code = failure.code.as_deref().unwrap_or_default();
    let (name, spec) = named(failure).unwrap_or_default();
    let needed = |wrong: Diagnostic| {
        if wanted.packages.contains_key(&name) {
            wanted.at(wrong, &name)
        } else {
            let mut wrong = wrong;
            wrong.suggestion = Some("One of the packages in package.json needs it: use another version of that, or do without.".to_owned());
            wrong
        }
    };
    match code {
        "E404" | "E403" | "E451" | "ENOVERSIONS" if !name.is_empty() => Some(needed(unknown(&name, baked))),
        "ETARGET" if !name.is_empty() => Some(needed(Diagnostic::error(
            "unknown_version",
            format!("The registry has no version of `{name}` that `{spec}` allows and that is old enough to be trusted."),
        ))),
        "EINTEGRITY" => Some(Diagnostic::error(
            "altered_package",
            "A package has other content than the registry said it has.",
        ).advising(format!("Remove {LOCK_FILE} if there is one; else use another version of the package that was added last."))),
        "TAR_BAD_ARCHIVE" | "TAR_ABORT" | "Z_DATA_ERROR" | "Z_BUF_ERROR" => Some(
            Diagnostic::error(
                "broken_package",
                format!("A package cannot be unpacked: {}.", first_line(&failure.summary)),
            )
            .advising("Use another version of the package that was added last, or another package."),
        ),
        "EBADPLATFORM" => Some(Diagnostic::error(
            "unfit_package",
            format!("A package is made for other machines: {}.", first_line(&failure.summary)),
        ).advising("Use one that runs in a browser.")),
        "EUNSUPPORTEDPROTOCOL" | "EINVALIDPACKAGENAME" | "EINVALIDTAGNAME" => Some(Diagnostic::error(
            "foreign_package",
            format!("A package would come from somewhere else than the registry: {}.", first_line(&failure.summary)),
        ).advising("One of the packages needs it so: do without that package.")),
        _ if code.starts_with("EALLOW") => Some(Diagnostic::error(
            "foreign_package",
            format!("A package needs something that is not in the registry: {}.", first_line(&failure.summary)),
        ).advising("One of the packages in package.json needs it so: do without that package.")),
        _ => None,
    }
}

/// A warning of packages that were made for other versions of each other.
pub(super) fn unfit(failure: &Failure) -> Diagnostic {
    // `Found: react@19.3.1` and `peer react@"^18" from x@1.0.0`.
    let line = |start: &str| {
        failure
            .detail
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with(start))
    };
    let said = match (line("peer "), line("Found: ")) {
        (Some(peer), Some(found)) => {
            let (needs, by) = peer
                .trim_start_matches("peer ")
                .split_once(" from ")
                .unwrap_or((peer, "a package"));
            format!(
                "{by} was made for {}, this app has {}",
                needs.replace('"', ""),
                found.trim_start_matches("Found: ")
            )
        }
        _ => first_line(&failure.summary).to_owned(),
    };
    Diagnostic::error("unfit_package", format!("Packages do not fit each other: {said}."))
        .advising("It was built all the same. If it does not work, use another version of the package, or another one.")
        .as_warning()
}

fn first_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
}

/// The package that npm's error is about, with what was asked for.
fn named(failure: &Failure) -> Option<(String, String)> {
    let text = match failure.code.as_deref() {
        Some("ETARGET") => {
            let (_, rest) = failure
                .summary
                .split_once("No matching version found for ")?;
            let rest = rest.split(" with a date before").next().unwrap_or(rest);
            rest.trim_end_matches('.')
        }
        _ => failure.detail.split('\'').nth(1)?,
    };
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@');
    Some(match at {
        Some((at, _)) => {
            let (name, spec) = text.split_at(at);
            (name.to_owned(), spec.trim_start_matches('@').to_owned())
        }
        None => (text.to_owned(), String::new()),
    })
}

/// `package.json` with one more package.
pub(super) fn with(project: &Map<String, Value>, name: &str, spec: &str) -> String {
    let mut project = project.clone();
    let section = project
        .entry("dependencies")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(section) = section.as_object_mut() {
        section.insert(name.to_owned(), Value::from(spec));
    }
    Value::Object(project).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str, summary: &str, detail: &str) -> Failure {
        Failure {
            code: Some(code.to_owned()),
            summary: summary.to_owned(),
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn npms_errors_name_packages() {
        let scoped = failure(
            "E404",
            "Not Found",
            "The requested resource '@a/b@^1.0.0' could not be found",
        );
        assert_eq!(
            named(&scoped),
            Some(("@a/b".to_owned(), "^1.0.0".to_owned()))
        );
        let target = failure(
            "ETARGET",
            "No matching version found for date-fns@^9 || 8.1 with a date before 12/1/2024, 12:00:00 AM.",
            "",
        );
        assert_eq!(
            named(&target),
            Some(("date-fns".to_owned(), "^9 || 8.1".to_owned()))
        );
    }

    #[test]
    fn what_no_author_can_mend_is_not_told_them() {
        let wanted = Wanted::default();
        for code in ["ECONNREFUSED", "ENOTFOUND", "ENOSPC", "E500", ""] {
            assert_eq!(
                of_npm(&failure(code, "x", "x"), &wanted, &[]),
                None,
                "{code}"
            );
        }
        let told = of_npm(&failure("EALLOWREMOTE", "no", ""), &wanted, &[]).unwrap();
        assert_eq!(told.code.as_deref(), Some("foreign_package"));
    }

    #[test]
    fn versions_that_do_not_fit_are_told() {
        let told = unfit(&failure(
            "ERESOLVE",
            "unable to resolve dependency tree",
            "While resolving: app@0.0.0\nFound: react@19.3.1\nnode_modules/react\n  react@\"19.3.1\" from the root project\n\nCould not resolve dependency:\npeer react@\"^16.8.5 || ^17.0.0\" from react-beautiful-dnd@13.1.1\n",
        ));
        assert_eq!(
            told.message,
            "Packages do not fit each other: react-beautiful-dnd@13.1.1 was made for react@^16.8.5 || ^17.0.0, this app has react@19.3.1."
        );
    }
}
