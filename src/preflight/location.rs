//! Paths inside a project as texts: joined, taken apart, and written as an import would write them.

/// The folder of a path; empty for the root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last segment of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What follows the last dot of the last segment, or nothing.
pub(super) fn extension(path: &str) -> &str {
    name(path)
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
}

/// `relative` seen from `folder`. `None` when it leaves the project.
pub(super) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut segments: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            _ => segments.push(part),
        }
    }
    Some(segments.join("/"))
}

/// How a file in `folder` writes the path of another: `./a`, `../lib/b`.
pub(super) fn relative(folder: &str, path: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = path.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.len() - shared;
    let mut text = if up == 0 {
        "./".to_owned()
    } else {
        "../".repeat(up)
    };
    text.push_str(&to.into_iter().skip(shared).collect::<Vec<_>>().join("/"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_written() {
        for (from, written, expected) in [
            ("src/pages", "./Home", Some("src/pages/Home")),
            ("src/pages", "../lib//x", Some("src/lib/x")),
            ("src", "..", Some("")),
            ("src", "../..", None),
            ("", "./a", Some("a")),
        ] {
            assert_eq!(join(from, written).as_deref(), expected, "{from} {written}");
        }
        for (from, path, expected) in [
            ("src/pages", "src/pages/Home", "./Home"),
            ("src/pages", "src/lib/x", "../lib/x"),
            ("", "src/a", "./src/a"),
            ("a/b", "c", "../../c"),
        ] {
            assert_eq!(relative(from, path), expected);
        }
        assert_eq!(
            (folder("a/b.c"), name("a/b.c"), extension("a/b.c")),
            ("a", "b.c", "c")
        );
        assert_eq!((folder("b"), name("b"), extension("b")), ("", "b", ""));
    }
}
