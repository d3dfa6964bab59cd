//! Whether what the app links to has a route.
//!
//! A link is checked against every route of the app, wherever it is defined. Where paths are computed, or routes are
//! loaded from somewhere, nothing is said.

use std::cell::Cell;

use super::{App, Severity, finding::Finding, nearest::nearest, reach::segment};
use crate::sorted::SortedSet;

/// The most segments of a path that are looked at.
const MOST_SEGMENTS: usize = 32;
/// The most comparisons of segments in one check. What is left after that is not looked at.
const MOST_STEPS: u32 = 1_000_000;

/// A route with the file that defines it.
struct Route<'a> {
    file: &'a str,
    segments: Vec<&'a str>,
}

/// Reports the links that lead to no page.
pub(super) fn check<'a>(app: &App<'a, '_>, findings: &mut Vec<Finding<'a>>) {
    // What is not built defines no routes and shows no links. Links of the same file to the same place are one.
    let files = || {
        app.tree
            .iter()
            .filter(|(path, _)| app.reach.is_in_browser(path))
    };
    if files().any(|(_, file)| has_computed_routes(file.content)) {
        return;
    }
    let routes: Vec<Route<'a>> = files()
        .flat_map(|(path, file)| {
            let routes = file.facts.routes.iter();
            routes.map(|route| Route {
                file: path,
                segments: segments(&route.path),
            })
        })
        .collect();
    if routes.is_empty() {
        return;
    }
    let known: SortedSet<String> = routes
        .iter()
        .filter(|route| {
            !route
                .segments
                .iter()
                .any(|part| part.starts_with(':') || *part == "*")
        })
        .map(|route| format!("/{}", route.segments.join("/")))
        .collect();
    let steps = Cell::new(MOST_STEPS);
    for (path, file) in files() {
        for link in &file.facts.links {
            let to = link.to.split(['?', '#']).next().unwrap_or_default();
            if !to.starts_with('/')
                || to.starts_with("//")
                || is_open(to)
                || is_file(app, to)
                || leads(to, &routes, &steps)
            {
                continue;
            }
            findings.push(Finding {
                path,
                start: link.start,
                severity: Severity::Warning,
                code: "missing_route",
                message: format!("No route leads to `{}`.", link.to),
                suggestion: app.advice(|| {
                    Some(match nearest(to, known.iter().map(String::as_str)) {
                        Some(meant) => {
                            format!("Did you mean `{meant}`? Otherwise add a route for it.")
                        }
                        None => "Add a route for it, or link to one that is there.".to_owned(),
                    })
                }),
            });
        }
    }
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .take(MOST_SEGMENTS)
        .collect()
}

/// Whether a link begins with an expression: then it may lead anywhere.
fn is_open(to: &str) -> bool {
    to.starts_with("/*")
}

/// Whether a link is to a file that is served as it is.
fn is_file(app: &App<'_, '_>, to: &str) -> bool {
    app.tree.contains_key(format!("public{to}").as_str())
}

fn leads(to: &str, routes: &[Route<'_>], steps: &Cell<u32>) -> bool {
    let wanted = segments(to);
    routes
        .iter()
        .any(|route| is_a_page(&route.segments) && matches(&wanted, &route.segments, steps))
        || routes.iter().any(|parent| {
            // What another file defines may stand below this route.
            let above: Vec<&str> = parent
                .segments
                .iter()
                .copied()
                .filter(|part| *part != "*")
                .collect();
            let below = wanted.get(above.len()..).unwrap_or_default();
            let starts = wanted
                .get(..above.len())
                .is_some_and(|start| !above.is_empty() && matches(start, &above, steps));
            starts
                && routes.iter().any(|route| {
                    route.file != parent.file
                        && is_a_page(&route.segments)
                        && matches(below, &route.segments, steps)
                })
        })
}

/// A route for all else shows that there is nothing.
fn is_a_page(route: &[&str]) -> bool {
    route != ["*"]
}

/// Whether a link, in which `*` stands for anything, may lead to a route. When it took too long to say so, it does.
fn matches(link: &[&str], route: &[&str], steps: &Cell<u32>) -> bool {
    let Some(left) = steps.get().checked_sub(1) else {
        return true;
    };
    steps.set(left);
    let Some((part, rest)) = route.split_first() else {
        // An expression may add nothing.
        return link.iter().all(|part| *part == "*");
    };
    if *part == "*" {
        return true;
    }
    if part.ends_with('?') && matches(link, rest, steps) {
        return true;
    }
    let Some((wanted, after)) = link.split_first() else {
        return false;
    };
    let part = part.trim_end_matches('?');
    if wanted.contains('*') {
        let same = part.starts_with(':') || segment(wanted, part);
        // The expression may hold several segments, and a query as well.
        let open = wanted.ends_with('*')
            && (*wanted == "*" || part.starts_with(wanted.split('*').next().unwrap_or_default()));
        return (same && matches(after, rest, steps)) || (open && matches(link, rest, steps));
    }
    (part.starts_with(':') || part.eq_ignore_ascii_case(wanted)) && matches(after, rest, steps)
}

/// Whether routes are made by more than what is written: then no list of them is whole.
fn has_computed_routes(content: &str) -> bool {
    let defines = [
        "RouteObject",
        "createBrowserRouter",
        "createHashRouter",
        "createMemoryRouter",
        "useRoutes",
        "<Route",
    ];
    if !defines.iter().any(|word| content.contains(word)) {
        return false;
    }
    if content.contains("patchRoutesOnNavigation") || content.contains("import.meta.glob") {
        return true;
    }
    content.match_indices("path").any(|(at, word)| {
        let before = content
            .get(..at)
            .and_then(|before| before.chars().next_back());
        let rest = content
            .get(at + word.len()..)
            .unwrap_or_default()
            .trim_start();
        let is_word = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
        let value = match (rest.strip_prefix(':'), rest.strip_prefix("={")) {
            (Some(value), _) | (None, Some(value)) => value.trim_start(),
            // A shorthand property.
            (None, None) => {
                return !is_word
                    && rest.starts_with([',', '}'])
                    && before.is_none_or(|c| c != '"' && c != '\'');
            }
        };
        let template = value.starts_with('`')
            && value
                .split('`')
                .nth(1)
                .is_some_and(|text| text.contains("${"));
        // A type says `path: string`.
        !is_word && !value.starts_with(['"', '\'', '`']) && !value.starts_with("string")
            || (!is_word && template)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_matched_as_the_router_does() {
        for (link, route, expected) in [
            ("/", "/", true),
            ("/recipes", "/recipes", true),
            ("/Recipes/", "/recipes", true),
            ("/recipes/7", "/recipes/:id", true),
            ("/recipes/7/edit", "/recipes/:id", false),
            ("/recipes", "/recipes/:id", false),
            ("/recipes", "/recipes/:id?", true),
            ("/en/about", "/:lang?/about", true),
            ("/about", "/:lang?/about", true),
            ("/docs/a/b", "/docs/*", true),
            ("/docs", "/docs/*", true),
            ("/recipes/*", "/recipes/:id", true),
            ("/recipes/*", "/recipes/:id/edit", true),
            ("/recipes/*/edit", "/recipes/:id/edit", true),
            ("/recipes/*/edit", "/recipes/:id", false),
            ("/recipes*", "/recipes", true),
            ("/recipes*", "/recipes/:id", true),
            ("/rec*", "/about", false),
            ("/recipes/*", "/recipes", true),
            ("/*", "/about", true),
            ("/recipe", "/recipes", false),
        ] {
            assert_eq!(
                matches(&segments(link), &segments(route), &Cell::new(1_000)),
                expected,
                "{link} {route}"
            );
        }
    }

    #[test]
    fn matching_ends() {
        let link = "/*".repeat(32);
        let route = "/:a?".repeat(31) + "/b";
        let steps = Cell::new(10_000);
        assert!(matches(&segments(&link), &segments(&route), &steps));
        // Every choice of 31 optional segments would have to be tried: it counts as leading there.
        let other = "/a".repeat(20) + "/c";
        let steps = Cell::new(10_000);
        assert!(matches(&segments(&other), &segments(&route), &steps));
        assert_eq!(steps.get(), 0);
    }

    #[test]
    fn computed_routes_are_seen() {
        for (content, expected) in [
            (
                "const r: RouteObject[] = [{ path: \"a\", element: <A /> }]",
                false,
            ),
            (
                "const r: RouteObject[] = [{ path: name, element: <A /> }]",
                true,
            ),
            ("<Route path={x} element={<A />} />", true),
            (
                "<Route path={\"x\"} element={<A />} /><Route path='/a'/>",
                false,
            ),
            ("<Route path={`/a/${b}`} />", true),
            ("<Route path={`/a`} />", false),
            ("things.map(({ path }) => <Route path=\"x\" />)", true),
            ("interface X { path: string }\nuseRoutes([])", false),
            ("location.path, { path: name }", false),
            ("const { pathname } = useLocation()\nuseRoutes(x)", false),
        ] {
            assert_eq!(has_computed_routes(content), expected, "{content}");
        }
    }
}
