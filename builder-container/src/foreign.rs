//! What the sources of an app that did not start from our foundation ask for, and the builder does not have: files that
//! need another compiler, and values of an environment.

use std::collections::BTreeSet;

use overskill::{build::Diagnostic, project::ProjectPath};
use overskill_syntax::{Facts, FaultKind, Import, Language, Native, Parser as _};

/// Names of the environment that Vite itself gives a value.
const GIVEN: [&str; 6] = ["MODE", "BASE_URL", "PROD", "DEV", "SSR", "LEGACY"];
/// How a value of the environment is asked for.
const ENVIRONMENT: &str = "import.meta.env.";
/// The most names of the environment that are told.
const MOST_NAMES: usize = 20;

/// Files by ending, what they are, and what to do instead.
const KINDS: [(&str, &str, &str); 9] = [
    (".vue", "a component of Vue", VUE),
    (".svelte", "a component of Svelte", VUE),
    (".astro", "a component of Astro", VUE),
    (
        ".mdx",
        "a text with components in it",
        "Write it as a component in a `.tsx` file.",
    ),
    (".scss", "a style sheet of Sass", STYLES),
    (".sass", "a style sheet of Sass", STYLES),
    (".less", "a style sheet of Less", STYLES),
    (".styl", "a style sheet of Stylus", STYLES),
    (
        ".graphql",
        "a query of GraphQL",
        "Write the query as a text in a script, or import it with `?raw`.",
    ),
];
const VUE: &str = "Apps are built with React, or with no framework: write it as a React component.";
/// What to do instead of a style sheet for another compiler.
pub(crate) const STYLES: &str =
    "Write it as plain CSS in a `.css` file: rules may be nested, and `--name` holds a value.";

/// The code of an address that is taken for a component: it builds, and throws where it is drawn.
pub(crate) const SVG_COMPONENT: &str = "svg_component";

/// What one file asks for, by its imports: added to what others ask for, until that is more than is told.
pub(crate) fn check(path: &str, text: &str, facts: &Facts, found: &mut Vec<Diagnostic>) {
    if !Language::of(path)
        .is_some_and(|language| language.is_script() || language == Language::Html)
    {
        return;
    }
    for import in &facts.imports {
        if found.len() >= Diagnostic::MAX_PER_BUILD {
            return;
        }
        if let Some(diagnostic) = unsupported(import) {
            found.push(placed(
                diagnostic,
                path,
                text,
                import.start.saturating_sub(1),
            ));
        }
    }
}

fn unsupported(import: &Import) -> Option<Diagnostic> {
    let from = import.from.as_str();
    let (plain, query) = from.split_once('?').unwrap_or((from, ""));
    let asks = |word: &str| query.split('&').any(|part| part == word);
    if asks("raw") || asks("url") || import.type_only {
        return None;
    }
    if asks("react") && plain.ends_with(".svg") {
        let message = format!("`{from}` is not a component: no plugin makes one of an `.svg`.");
        let advice = format!(
            "Show it with `<img src={{…}} />` and import `{plain}`, or write the `<svg>` as a component."
        );
        return Some(Diagnostic::error(SVG_COMPONENT, message).advising(advice));
    }
    let (_, what, advice) = KINDS.iter().find(|(ending, ..)| plain.ends_with(ending))?;
    let message = format!("`{from}` is {what}, which the builder does not compile.");
    Some(Diagnostic::error("unsupported_file", message).advising(*advice))
}

/// Whether a file needs another compiler.
pub(crate) fn is_foreign(path: &ProjectPath) -> bool {
    KINDS
        .iter()
        .any(|(ending, ..)| path.as_str().ends_with(ending))
}

/// The names of the environment that all files together ask for, each where it is asked for first.
pub(crate) fn environment<'t>(files: impl Iterator<Item = (&'t str, &'t str)>) -> Vec<Diagnostic> {
    let mut seen: BTreeSet<&str> = GIVEN.into_iter().collect();
    let mut found = Vec::new();
    for (path, text) in
        files.filter(|(path, _)| Language::of(path).is_some_and(Language::is_script))
    {
        for (start, _) in text.match_indices(ENVIRONMENT) {
            let rest = text.get(start + ENVIRONMENT.len()..).unwrap_or_default();
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if name.is_empty() || !seen.insert(name) || found.len() == MOST_NAMES {
                continue;
            }
            let message = format!(
                "`{ENVIRONMENT}{name}` is undefined: `.env` files are not read, and a build is given no values."
            );
            let diagnostic = Diagnostic::error("environment", message).as_warning().advising(
                "Write what is no secret into the sources. A secret never belongs into what a browser loads.",
            );
            found.push(placed(diagnostic, path, text, start));
        }
    }
    found
}

/// Says so where a script fails to parse for no other reason than that it holds elements and its name does not say so.
pub(crate) fn name_elements(path: &str, text: &str, facts: &mut Facts) {
    let Some(stem) = path
        .strip_suffix(".js")
        .or_else(|| path.strip_suffix(".ts"))
    else {
        return;
    };
    let is_syntax = |kind| kind == FaultKind::Syntax;
    if !facts.faults.iter().any(|fault| is_syntax(fault.kind)) {
        return;
    }
    let ending = path.get(stem.len()..).unwrap_or_default();
    let renamed = format!("{path}x");
    let as_elements = Native.facts(&renamed, text);
    if as_elements.faults.iter().any(|fault| is_syntax(fault.kind)) {
        return;
    }
    let first = facts
        .faults
        .iter()
        .find(|fault| is_syntax(fault.kind))
        .cloned();
    if let Some(mut fault) = first {
        fault.message = format!("There are elements in this file, whose name ends in `{ending}`");
        fault.help = Some(format!("Rename it to `{renamed}`"));
        facts.imports = as_elements.imports;
        facts.faults = vec![fault];
    }
}

fn placed(diagnostic: Diagnostic, path: &str, text: &str, start: usize) -> Diagnostic {
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |rest| rest.chars().count())
        + 1;
    let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
    let diagnostic = diagnostic.at(text, number(line), Some(number(column)));
    match path.parse() {
        Ok(path) => diagnostic.in_file(path),
        Err(_) => diagnostic,
    }
}
