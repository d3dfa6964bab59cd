//! What several have found → each mistake once, with the better text.

use overskill::build::{Diagnostic, Severity};

use crate::foreign::is_foreign;

/// What two finders mean by different codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Syntax,
    Import,
    Export,
    Name,
    Other(&'a str),
}

/// TypeScript's codes for what the others find as well.
const IMPORTS: [&str; 3] = ["TS2307", "TS2792", "TS7016"];
const EXPORTS: [&str; 10] = [
    "TS2305", "TS2614", "TS2724", "TS2459", "TS2460", "TS1192", "TS2613", "TS1484", "TS1361",
    "TS1362",
];
const NAMES: [&str; 4] = ["TS2304", "TS2552", "TS2503", "TS18004"];

impl<'a> Kind<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        match diagnostic.code.as_deref().unwrap_or_default() {
            "syntax" | "css" | "json" | "duplicate" | "html" => Self::Syntax,
            "unresolved_import" | "unknown_package" | "undeclared_package" | "outside"
            | "unsupported_file" | "svg_component" => Self::Import,
            "missing_export" | "type_import" => Self::Export,
            "undefined_name" => Self::Name,
            code if IMPORTS.contains(&code) => Self::Import,
            code if EXPORTS.contains(&code) => Self::Export,
            code if NAMES.contains(&code) => Self::Name,
            code if is_syntax_of_typescript(code) => Self::Syntax,
            code => Self::Other(code),
        }
    }
}

/// TypeScript's own syntax errors are those from 1000 to 1999, and those of JSX from 17000 on; of names declared twice,
/// a few more.
fn is_syntax_of_typescript(code: &str) -> bool {
    let number = code.strip_prefix("TS").and_then(|rest| rest.parse().ok());
    number.is_some_and(|number: u32| {
        (1000..2000).contains(&number)
            || (17000..17100).contains(&number)
            || [2300, 2451].contains(&number)
    })
}

/// What the build found, and what preflight did. When the build went through, preflight's findings are warnings, and
/// those that the build has disproved are gone.
pub(crate) fn merge(
    built: bool,
    found: Vec<Diagnostic>,
    checked: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let checked = checked
        .into_iter()
        .filter(|one| !(built && is_disproved(one)))
        .map(|one| if built { one.as_warning() } else { one })
        .map(with_effect);
    let mut all = found;
    let unsupported = |one: &Diagnostic| one.code.as_deref() == Some("unsupported_file");
    let checked: Vec<Diagnostic> = checked.collect();
    if checked.iter().any(unsupported) {
        // A file that is told of where it is imported is taken for what it is not.
        let is_foreign = |one: &Diagnostic| one.path.as_ref().is_some_and(is_foreign);
        all.retain(|one| !is_foreign(one));
    }
    for one in checked {
        match all.iter_mut().find(|other| is_same(other, &one)) {
            // Whoever built knows more of packages and of what lies outside.
            Some(other) if is_of_the_builder(other) => {}
            Some(other) => {
                let severity = other.severity.min(one.severity);
                *other = Diagnostic { severity, ..one };
            }
            None => all.push(one),
        }
    }
    all
}

/// Adds what TypeScript says beside the rest: nothing of what is known, and nothing of files that do not parse.
pub(crate) fn merge_types(all: &mut Vec<Diagnostic>, types: Vec<Diagnostic>) {
    let known = all.len();
    for one in types {
        let told = all.get(..known).unwrap_or_default().iter().any(|other| {
            let unread = Kind::of(other) == Kind::Syntax
                && other.severity == Severity::Error
                && other.path == one.path;
            unread || is_same(other, &one)
        });
        if !told {
            all.push(one);
        }
    }
}

/// Says what a warning comes to, where nothing but the running page would.
fn with_effect(mut one: Diagnostic) -> Diagnostic {
    if one.severity == Severity::Warning && one.code.as_deref() == Some("undefined_name") {
        one.message
            .push_str(" It builds, and throws a ReferenceError when a browser gets there.");
    }
    one
}

/// Whether a build that went through shows that this is not so, or does no harm.
fn is_disproved(one: &Diagnostic) -> bool {
    let code = one.code.as_deref().unwrap_or_default();
    // What is imported is there, and what is only a type is gone.
    let harmless = ["type_import", "undeclared_package", "unknown_package"].contains(&code);
    let fails = [
        "syntax",
        "duplicate",
        "unresolved_import",
        "unsupported_file",
        "outside",
        "missing_export",
    ];
    harmless || (one.severity == Severity::Error && fails.contains(&code))
}

fn is_of_the_builder(one: &Diagnostic) -> bool {
    matches!(one.code.as_deref(), Some("unknown_package" | "outside"))
}

/// Whether two say the same of one line.
pub(super) fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let kind = Kind::of(one);
    if one.path != other.path || one.path.is_none() || kind != Kind::of(other) {
        return false;
    }
    // A reader of JSON stops at its first fault, each at what it takes for that.
    let json = kind == Kind::Syntax
        && one
            .path
            .as_ref()
            .is_some_and(|path| path.extension() == "json");
    if one.line != other.line && !json {
        return false;
    }
    match kind {
        Kind::Syntax => true,
        Kind::Import | Kind::Other(_) => share_a_name(&one.message, &other.message),
        // Of a line with several names, each is a matter of its own.
        Kind::Export | Kind::Name => match (name_in(one), name_in(other)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        },
    }
}

/// The name that is not exported, or not defined: the first that is quoted, and the last of what TypeScript says of an
/// export, which begins with the module.
fn name_in(one: &Diagnostic) -> Option<&str> {
    if one.message.contains("no default export") {
        return Some("default");
    }
    let quoted = quoted(&one.message);
    match one.code.as_deref() {
        Some("TS2305" | "TS2614" | "TS2724") => quoted.get(1).copied(),
        _ => quoted.first().copied(),
    }
}

/// Whether two messages quote the same, or one a package and the other a part of it. Who quotes nothing speaks of all.
fn share_a_name(one: &str, other: &str) -> bool {
    let (one, other) = (quoted(one), quoted(other));
    let alike = |a: &&str| {
        other.iter().any(|b| {
            let part = |long: &str, short: &str| {
                long.strip_prefix(short)
                    .is_some_and(|rest| rest.starts_with('/'))
            };
            a == b || part(a, b) || part(b, a)
        })
    };
    one.is_empty() || other.is_empty() || one.iter().any(alike)
}

/// What a message quotes, quotes of its own taken off: `'"./a"'` of TypeScript is `./a`.
fn quoted(message: &str) -> Vec<&str> {
    let mark = if message.contains('`') { '`' } else { '\'' };
    let parts = message.split(mark).skip(1).step_by(2);
    parts.map(|part| part.trim_matches('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, code: &str, message: &str) -> Diagnostic {
        Diagnostic::error(code, message)
            .in_file("src/a.ts".parse().unwrap())
            .at("a\nb\nc\n", line, Some(1))
    }

    fn told(all: &[Diagnostic]) -> Vec<String> {
        all.iter()
            .map(|one| format!("{:?} {} {}", one.severity, one.line.unwrap(), one.message))
            .collect()
    }

    #[test]
    fn what_two_have_found_is_told_once() {
        let built = vec![
            at(1, "syntax", "Unexpected token"),
            at(2, "unknown_package", "The package `x` is not available."),
            at(3, "missing_export", "`y` is not exported by `src/b.ts`."),
        ];
        let checked = vec![
            at(1, "syntax", "Unexpected token."),
            at(
                2,
                "unknown_package",
                "The package `x` is not in package.json.",
            ),
            at(3, "missing_export", "`y` is not exported by `./b`.").as_warning(),
            at(3, "missing_export", "`z` is not exported by `./b`."),
        ];
        let mut all = merge(false, built, checked);
        let types = vec![
            at(3, "TS2305", "Module '\"./b\"' has no exported member 'y'."),
            at(2, "TS2322", "Type 'a' is not assignable to type 'b'."),
        ];
        let before = all.clone();
        merge_types(&mut all, types);
        // The file does not parse: what TypeScript makes of it follows from that.
        assert_eq!(all, before);
        assert_eq!(
            told(&all),
            [
                "Error 1 Unexpected token.",
                "Error 2 The package `x` is not available.",
                "Error 3 `y` is not exported by `./b`.",
                "Error 3 `z` is not exported by `./b`.",
            ]
        );
    }

    #[test]
    fn what_a_build_disproves_is_not_told() {
        let checked = vec![
            at(
                1,
                "unresolved_import",
                "`~/x` leads to no file of the project.",
            ),
            at(2, "undefined_name", "The component `X` is not defined."),
        ];
        assert_eq!(
            told(&merge(true, Vec::new(), checked)),
            [
                "Warning 2 The component `X` is not defined. It builds, and throws a ReferenceError when a browser gets there."
            ]
        );
    }

    #[test]
    fn a_default_export_has_two_names() {
        let built = vec![at(1, "missing_export", "`default` is not exported by `x`.")];
        let checked = vec![at(1, "missing_export", "`x` has no default export.")];
        let mut all = merge(false, built, checked);
        merge_types(
            &mut all,
            vec![at(1, "TS1192", "Module '\"x\"' has no default export.")],
        );
        assert_eq!(told(&all), ["Error 1 `x` has no default export."]);
    }

    #[test]
    fn types_are_told_beside_the_rest() {
        let mut all = vec![
            at(1, "undefined_name", "`x` is not defined."),
            at(
                2,
                "unresolved_import",
                "`./b` leads to no file of the project.",
            ),
        ];
        let types = vec![
            at(1, "TS2304", "Cannot find name 'x'."),
            at(1, "TS2304", "Cannot find name 'Y'."),
            at(
                2,
                "TS2307",
                "Cannot find module './b' or its corresponding type declarations.",
            ),
            at(3, "TS2322", "Type 'a' is not assignable to type 'b'."),
        ];
        merge_types(&mut all, types);
        assert_eq!(
            told(&all[2..]),
            [
                "Error 1 Cannot find name 'Y'.",
                "Error 3 Type 'a' is not assignable to type 'b'."
            ]
        );
    }
}
