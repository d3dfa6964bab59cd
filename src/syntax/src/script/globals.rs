//! The names that are defined everywhere in a browser.

use std::sync::LazyLock;

static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = include_str!("globals.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

/// Whether a browser defines a name. Names of Node, such as `process`, it does not.
pub(super) fn is_defined(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{NAMES, is_defined};

    #[test]
    fn the_list_is_sorted_and_knows_the_browser() {
        assert!(NAMES.is_sorted());
        for name in [
            "window",
            "Array",
            "undefined",
            "arguments",
            "fetch",
            "structuredClone",
            "URL",
            "Promise",
        ] {
            assert!(is_defined(name), "{name}");
        }
        for name in [
            "React",
            "process",
            "Buffer",
            "require",
            "module",
            "HTMLElementt",
        ] {
            assert!(!is_defined(name), "{name}");
        }
    }
}
