//! npm's ranges of versions, as far as it must be known whether a version that is there satisfies one. What the registry
//! has for a range, npm finds.

use semver::{Version, VersionReq};

/// The longest range, in bytes.
const LONGEST: usize = 256;

/// Whether a text asks for something of the registry: a range, a version or a tag, and not a file, a folder, a
/// repository or an address.
pub(super) fn is_of_registry(spec: &str) -> bool {
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, ' ' | '.' | '-' | '+' | '_')
            || "^~<>=|*".contains(c)
    };
    spec.len() <= LONGEST && spec.chars().all(allowed)
}

/// Whether the version satisfies the range. Any does that no number is asked of; a tag other than `latest` is known to
/// the registry alone, and satisfied by none.
pub(super) fn allows(spec: &str, version: &str) -> bool {
    let Ok(version) = Version::parse(version) else {
        return false;
    };
    spec.split("||").any(|part| {
        requirement(part.trim()).is_some_and(|requirement| match requirement {
            Requirement::Any => true,
            Requirement::Of(requirement) => requirement.matches(&version),
        })
    })
}

enum Requirement {
    Any,
    Of(VersionReq),
}

/// What stands between two `||`.
fn requirement(part: &str) -> Option<Requirement> {
    if matches!(part, "" | "*" | "x" | "X" | "latest") {
        return Some(Requirement::Any);
    }
    let comparators = match part.split_once(" - ") {
        Some((from, to)) => vec![
            format!(">={}", number(from.trim())),
            format!("<={}", number(to.trim())),
        ],
        None => comparators(part),
    };
    let all = comparators.join(", ");
    VersionReq::parse(&all).ok().map(Requirement::Of)
}

/// `>= 1.2 <3` → `>=1.2`, `<3`. A bare version is that one version.
fn comparators(part: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = String::new();
    for word in part.split_whitespace() {
        let bare = word.trim_start_matches(['^', '~', '<', '>', '=']);
        let operator = word.get(..word.len() - bare.len()).unwrap_or_default();
        open.push_str(operator);
        if bare.is_empty() {
            continue;
        }
        let operator = match std::mem::take(&mut open) {
            none if none.is_empty() => "=".to_owned(),
            ruby if ruby == "~>" => "~".to_owned(),
            other => other,
        };
        found.push(format!("{operator}{}", number(bare)));
    }
    found
}

/// Without what says nothing: `v1.x` → `1`.
fn number(text: &str) -> &str {
    let mut rest = text.trim_start_matches(['v', '=']);
    while let Some(shorter) = [".x", ".X", ".*"]
        .iter()
        .find_map(|end| rest.strip_suffix(end))
    {
        rest = shorter;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_satisfy_ranges_as_with_npm() {
        for (spec, version, expected) in [
            ("1.2.3", "1.2.3", true),
            ("1.2.3", "1.2.4", false),
            ("=1.2.3", "1.2.3", true),
            ("v1.2.3", "1.2.3", true),
            ("^1.2.3", "1.9.0", true),
            ("^1.2.3", "2.0.0", false),
            ("^0.2.3", "0.3.0", false),
            ("~1.2.3", "1.2.9", true),
            ("~1.2.3", "1.3.0", false),
            ("1.2", "1.2.9", true),
            ("1.x", "1.9.9", true),
            ("1.x", "2.0.0", false),
            ("1", "1.4.0", true),
            (">=1.2 <3", "2.9.9", true),
            (">= 1.2 < 3", "3.0.0", false),
            ("1.2.3 - 2.3", "2.3.9", true),
            ("1.2.3 - 2.3", "2.4.0", false),
            ("^16.8 || ^17 || ^18", "17.0.2", true),
            ("^16.8 || ^17 || ^18", "19.0.0", false),
            ("", "1.0.0", true),
            ("*", "1.0.0", true),
            ("latest", "1.0.0", true),
            ("next", "1.0.0", false),
            ("^1.0.0", "1.1.0-beta.1", false),
            ("npm:react@19", "19.0.0", false),
            ("^1.0.0", "no version", false),
        ] {
            assert_eq!(allows(spec, version), expected, "{spec} {version}");
        }
    }

    #[test]
    fn only_what_the_registry_has_is_of_it() {
        for spec in [
            "^1.2.3",
            "1 - 2",
            ">=1 || *",
            "latest",
            "1.0.0-beta.1+x",
            "",
        ] {
            assert!(is_of_registry(spec), "{spec}");
        }
        for spec in [
            "git+ssh://git@host/x.git",
            "file:../x",
            "link:x",
            "workspace:*",
            "https://host/x.tgz",
            "user/repository",
            "npm:react@19",
            "./x",
            "1\n2",
        ] {
            assert!(!is_of_registry(spec), "{spec}");
        }
        assert!(!is_of_registry(&"1".repeat(300)));
    }
}
