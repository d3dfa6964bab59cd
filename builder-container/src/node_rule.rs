//! Which Node will do: one with `module.registerHooks`, which the builder's worker stands on. Shared with `xtask`, so
//! that the Node it takes or fetches is one the builder accepts. Knows versions, starts nothing.

/// What is needed, in words.
pub(crate) const NEEDED: &str = "22.15 or newer, 23.0 to 23.4 excepted";

/// Whether a version such as `22.15.1` or `v24.0.0` will do; `None` when it is no version.
pub(crate) fn suffices(version: &str) -> Option<bool> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return None;
    };
    Some(match major {
        22 => minor >= 15,
        23 => minor >= 5,
        _ => major > 23,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_with_the_hooks_will_do() {
        for version in ["22.15.0", "v22.23.3", "23.5.0", "24.0.0", "v100.1.0"] {
            assert_eq!(suffices(version), Some(true), "{version}");
        }
        for version in [
            "18.20.4", "v20.20.2", "22.0.0", "22.14.9", "23.0.0", "v23.4.0",
        ] {
            assert_eq!(suffices(version), Some(false), "{version}");
        }
        for version in ["", "v", "24", "x.y.z"] {
            assert_eq!(suffices(version), None, "{version}");
        }
    }
}
