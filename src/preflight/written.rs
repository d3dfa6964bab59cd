//! How an import is written, where the facts do not say: read from the text around it.

use std::borrow::Cow;

use overskill_syntax::{Import, ImportKind, Language};

/// What an import of the kind [`ImportKind::Asset`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asset {
    /// `@import`, `@reference`, `composes` and their like in CSS: another style sheet, or nothing works.
    Sheet,
    /// `url(…)` in CSS.
    Url,
    /// `<script type="module" src="…">`.
    ModuleScript,
    /// `<link rel="stylesheet" href="…">`.
    SheetLink,
    /// Anything else that HTML loads.
    Markup,
    /// `<a href="…">` and what else is no file of the build.
    Elsewhere,
    /// `new Worker(new URL("…", import.meta.url))`.
    Worker,
    /// `new URL("…", import.meta.url)`.
    Address,
}

/// How far back the text before a place is looked at, in bytes.
const LOOK_BACK: usize = 1_000;

/// The text before a place.
pub(super) fn just_before(content: &str, start: usize) -> &str {
    let end = content.floor_char_boundary(start);
    let start = content.ceil_char_boundary(end.saturating_sub(LOOK_BACK));
    content.get(start..end).unwrap_or_default()
}

/// What an asset is for, by what stands before it.
pub(super) fn asset(path: &str, content: &str, import: &Import) -> Asset {
    let before = just_before(content, import.start);
    match Language::of(path) {
        Some(Language::Css) => {
            let statement = before.rsplit(['{', '}', ';']).next().unwrap_or_default();
            if statement.trim_start().starts_with("composes") {
                return if path.to_ascii_lowercase().ends_with(".module.css") {
                    Asset::Sheet
                } else {
                    Asset::Elsewhere
                };
            }
            let rules = ["@import", "@reference", "@plugin", "@config"];
            if rules.iter().any(|rule| statement.contains(rule)) {
                Asset::Sheet
            } else {
                Asset::Url
            }
        }
        Some(Language::Html) => {
            // A static or dynamic import of an inline script is of another kind and does not come here.
            let length = before.len() - before.rfind('<').unwrap_or_default();
            let tag = content.get(import.start - length..).unwrap_or_default();
            let tag = tag
                .get(..tag.find('>').unwrap_or(tag.len()))
                .unwrap_or_default();
            markup(&tag.to_ascii_lowercase())
        }
        _ => {
            let call = before.trim_end_matches(['"', '\'', '`']).trim_end();
            let call = call.strip_suffix('(').unwrap_or(call).trim_end();
            let outer = call.strip_suffix("URL").map_or("", str::trim_end);
            let outer = outer.strip_suffix("new").map_or("", str::trim_end);
            let outer = outer.strip_suffix('(').map_or("", str::trim_end);
            if outer.ends_with("Worker") {
                Asset::Worker
            } else {
                Asset::Address
            }
        }
    }
}

/// Whether a place of a page is in a script.
pub(super) fn in_script(content: &str, place: usize) -> bool {
    let before = content
        .get(..place)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let last = |tag: &str| before.rfind(tag);
    last("<script").is_some_and(|open| last("</script").is_none_or(|end| end < open))
}

/// Whose imports an import is one of: of a page's modules, those of a script that stands in its place.
pub(super) fn importer<'p>(path: &'p str, import: &Import) -> Cow<'p, str> {
    if import.kind != ImportKind::Asset && Language::of(path) == Some(Language::Html) {
        Cow::Owned(format!("{path}.js"))
    } else {
        Cow::Borrowed(path)
    }
}

fn markup(tag: &str) -> Asset {
    let name: String = tag
        .chars()
        .skip(1)
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let says = |word: &str| tag.contains(word);
    match name.as_str() {
        "script" if says("type=\"module\"") || says("type='module'") || says("type=module") => {
            Asset::ModuleScript
        }
        "link" if says("stylesheet") => Asset::SheetLink,
        "link"
            if says("canonical")
                || says("alternate")
                || says("preconnect")
                || says("dns-prefetch") =>
        {
            Asset::Elsewhere
        }
        "a" | "area" | "base" | "form" | "iframe" | "meta" => Asset::Elsewhere,
        _ => Asset::Markup,
    }
}

/// Whether a static import marks each name as a type but not the whole: `import { type A } from "./a"`. Where imports
/// are kept as written, such a one still loads the file.
pub(super) fn marks_names(content: &str, import: &Import) -> bool {
    if import.kind != ImportKind::Static || !import.type_only {
        return false;
    }
    import.names.iter().any(|name| {
        let before = just_before(content, name.start).trim_end();
        before
            .strip_suffix("type")
            .is_some_and(|before| before.trim_end().ends_with(['{', ',']))
    })
}

/// `import x = require("…")`, which takes all that a module is.
pub(super) fn is_required(content: &str, import: &Import) -> bool {
    let before = just_before(content, import.start);
    let before = before.trim_end_matches(['"', '\'']).trim_end();
    before
        .strip_suffix('(')
        .is_some_and(|before| before.trim_end().ends_with("require"))
}

/// `import(/* @vite-ignore */ "…")`: left to the browser.
pub(super) fn is_ignored(content: &str, import: &Import) -> bool {
    let before = just_before(content, import.start);
    let call = before
        .rfind("import(")
        .and_then(|start| before.get(start..));
    import.kind == ImportKind::Dynamic && call.is_some_and(|call| call.contains("@vite-ignore"))
}

/// The texts in the calls of `import.meta.glob` in a file.
pub(super) fn globs(content: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, call) in content.match_indices("import.meta.glob") {
        let rest = content.get(start + call.len()..).unwrap_or_default();
        let Some(arguments) = rest.find('(').and_then(|open| rest.get(open + 1..)) else {
            continue;
        };
        let end = arguments.find([')', '{']).unwrap_or(arguments.len());
        let end = match arguments.get(..end) {
            // A brace may stand in a pattern.
            Some(before) if before.matches(['"', '\'', '`']).count() % 2 == 1 => {
                arguments.find(')').unwrap_or(arguments.len())
            }
            _ => end,
        };
        let texts = arguments
            .get(..end)
            .unwrap_or_default()
            .split(['"', '\'', '`']);
        found.extend(texts.skip(1).step_by(2));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(content: &str, from: &str, kind: ImportKind) -> Import {
        let start = content.find(from).unwrap();
        Import {
            from: from.to_owned(),
            kind,
            type_only: false,
            names: Vec::new(),
            start,
            end: start + from.len(),
        }
    }

    #[test]
    fn assets_are_told_apart() {
        for (path, content, expected) in [
            ("a.css", "@import 'HERE' layer(a);", Asset::Sheet),
            (
                "a.css",
                "a { b: c }\n/* x */ @import url(HERE);",
                Asset::Sheet,
            ),
            ("a.css", "a { background: url(HERE) }", Asset::Url),
            (
                "a.module.css",
                ".a { composes: b from 'HERE' }",
                Asset::Sheet,
            ),
            ("a.css", ".a { composes: b from 'HERE' }", Asset::Elsewhere),
            (
                "a.html",
                "<script\n type=\"module\" src=\"HERE\">",
                Asset::ModuleScript,
            ),
            (
                "a.html",
                "<script src=\"HERE\" type=module>",
                Asset::ModuleScript,
            ),
            ("a.html", "<p><script src=\"HERE\">", Asset::Markup),
            (
                "a.html",
                "<link rel=\"stylesheet\" href=\"HERE\">",
                Asset::SheetLink,
            ),
            ("a.html", "<link rel=\"icon\" href=\"HERE\">", Asset::Markup),
            ("a.html", "<a href=\"HERE\">", Asset::Elsewhere),
            (
                "a.ts",
                "new Worker(new URL(\"HERE\", import.meta.url))",
                Asset::Worker,
            ),
            (
                "a.ts",
                "f(new URL( 'HERE', import.meta.url))",
                Asset::Address,
            ),
        ] {
            let import = import(content, "HERE", ImportKind::Asset);
            assert_eq!(asset(path, content, &import), expected, "{content}");
        }
    }

    #[test]
    fn calls_are_told_apart() {
        let required = "import x = require( \"HERE\")";
        assert!(is_required(
            required,
            &import(required, "HERE", ImportKind::Static)
        ));
        let plain = "import x from \"HERE\"";
        assert!(!is_required(
            plain,
            &import(plain, "HERE", ImportKind::Static)
        ));
        let ignored = "import(/* @vite-ignore */ \"HERE\")";
        assert!(is_ignored(
            ignored,
            &import(ignored, "HERE", ImportKind::Dynamic)
        ));
        let other = "import(/* @vite-ignore */ x)\nimport(\"HERE\")";
        assert!(!is_ignored(
            other,
            &import(other, "HERE", ImportKind::Dynamic)
        ));
    }

    #[test]
    fn patterns_are_read() {
        let content = "const a = import.meta.glob('./g/*.ts', { eager: true })\nimport.meta.glob<X>([\"./{a,b}/*\", '!./x'])\nimport.meta.glob";
        assert_eq!(globs(content), ["./g/*.ts", "./{a,b}/*", "!./x"]);
    }
}
