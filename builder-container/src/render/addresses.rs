//! Pages that the sources name: `path: "about"` of a route object, `path="/about"` of a `Route`.

use std::{fs, io, path::Path};

use crate::inspect::files;

/// Addresses that are told. The browser loads fewer, and finds some more by itself.
const MOST: usize = 30;
/// Bytes of a source that is looked through.
const SOURCE: u64 = 256 * 1024;

/// Addresses of pages that need no parameters, in the order of the sources.
pub(super) fn addresses(sources: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for path in files(sources)? {
        let file = sources.join(path.as_str());
        let script = matches!(
            path.extension(),
            "js" | "jsx" | "ts" | "tsx" | "mjs" | "mts"
        );
        if !script || fs::metadata(&file)?.len() > SOURCE {
            continue;
        }
        let source = fs::read(&file)?;
        for address in routes(&String::from_utf8_lossy(&source)) {
            if !found.contains(&address) {
                found.push(address);
            }
            if found.len() == MOST {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

fn routes(source: &str) -> impl Iterator<Item = String> {
    source.match_indices("path").filter_map(|(offset, word)| {
        let before = source.get(..offset)?.chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-')) {
            return None;
        }
        let rest = source.get(offset + word.len()..)?.trim_start();
        let rest = rest.strip_prefix(':').or_else(|| rest.strip_prefix('='))?;
        let rest = rest.trim_start().trim_start_matches('{').trim_start();
        let quote = rest
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'))?;
        let (path, _) = rest.get(1..)?.split_once(quote)?;
        address(path)
    })
}

/// The address of a route, if it is one for everybody: plain letters, no parameters.
fn address(route: &str) -> Option<String> {
    let path = route.trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
    (!path.is_empty() && path.len() <= 64 && path.chars().all(plain)).then(|| format!("/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_in_objects_and_elements() {
        let source = r#"
            { index: true }, { path: "dashboard", element: <X /> }, { path:'/auth/callback' }
            <Route path="about" /> <Route path={"/team/"} /> <Route path="recipes/:id" /> <Route path="*" />
            const filepath = "no"; file.path = "no"; <path d="M1" />; { path: name, "path": "quoted" }
            { path: "/" } { path: "/a b" }
        "#;
        let found: Vec<_> = routes(source).collect();
        assert_eq!(found, ["/dashboard", "/auth/callback", "/about", "/team"]);
    }
}
