use std::collections::BTreeSet;

use super::*;
use crate::{
    digest::Digest,
    project::{FileEntry, Manifest},
};

const HOSTILE: &str =
    r#"</script><img src=x onerror=alert(1)> "quoted" 'single' `tick` ${x} back\slash & 🍲 <!--"#;

fn text(files: &[(ProjectPath, Vec<u8>)], path: &str) -> String {
    let (_, content) = files
        .iter()
        .find(|(file, _)| file.as_str() == path)
        .unwrap();
    String::from_utf8(content.clone()).unwrap()
}

#[test]
fn a_hostile_name_stays_where_it_is_written() {
    let files = foundation(HOSTILE).unwrap();
    for (path, content) in &files {
        let content = String::from_utf8_lossy(content);
        assert!(
            !content.contains(PLACEHOLDER),
            "{path} still holds the placeholder"
        );
        assert!(!content.contains(HOSTILE), "{path} holds the name as it is");
        assert!(!content.contains("</script><img"), "{path} holds markup");
    }
    let page = text(&files, "index.html");
    assert!(page.contains(
        "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; &quot;quoted&quot; &#39;single&#39;"
    ));
    let identity = text(&files, "src/app/identity.ts");
    let line = identity
        .lines()
        .find(|line| line.trim_start().starts_with("name:"))
        .unwrap();
    assert_eq!(line, identity_line(HOSTILE));
    let literal = line
        .trim()
        .strip_prefix("name: ")
        .unwrap()
        .strip_suffix(',')
        .unwrap();
    assert_eq!(serde_json::from_str::<String>(literal).unwrap(), HOSTILE);
}

#[test]
fn a_name_of_several_lines_is_refused() {
    for bad in ["a\nb", "a\rb", "a\u{2028}b", "a\0b", "a\u{85}b"] {
        assert_eq!(foundation(bad), Err(NameError::Control), "{bad:?}");
        assert_eq!(
            name(bad, &Limits::DEFAULT),
            Err(NameError::Control),
            "{bad:?}"
        );
    }
    assert_eq!(name(" \n ", &Limits::DEFAULT), Err(NameError::Empty));
    assert_eq!(
        name(&"ü".repeat(81), &Limits::DEFAULT),
        Err(NameError::TooLong { limit: 80 })
    );
    assert_eq!(
        name(&format!(" {} ", "ü".repeat(80)), &Limits::DEFAULT),
        Ok("ü".repeat(80).as_str())
    );
}

#[test]
fn the_foundation_fits_an_app() {
    let files = foundation(&"W".repeat(80)).unwrap();
    assert_eq!(
        files.len(),
        FOUNDATION.len(),
        "every embedded path is a project path"
    );
    let mut manifest = Manifest::default();
    for (path, content) in files {
        manifest
            .put(path, FileEntry::of(&content), &Limits::DEFAULT)
            .unwrap();
    }
    assert!(
        manifest.total_bytes() < Limits::DEFAULT.total_bytes / 10,
        "{} bytes",
        manifest.total_bytes()
    );
}

#[test]
fn the_placeholder_stands_only_where_it_is_escaped() {
    for (path, content) in FOUNDATION {
        let content = String::from_utf8_lossy(content);
        for (at, _) in content.match_indices(PLACEHOLDER) {
            match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
                "html" => {}
                "ts" | "tsx" => {
                    assert!(
                        content[..at].ends_with('"'),
                        "{path}: not in a double-quoted string"
                    );
                    assert!(
                        content[at + PLACEHOLDER.len()..].starts_with('"'),
                        "{path}: more than the name in the string"
                    );
                }
                _ => panic!("{path} holds the placeholder, but is not rendered"),
            }
        }
    }
}

/// The build script does not watch the top folder, so a file added there could be missed.
#[test]
fn what_is_embedded_is_what_the_folder_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/foundation");
    let in_folder: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_file())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            !name.starts_with('.') && !name.ends_with(".tsbuildinfo") && !name.ends_with(".log")
        })
        .collect();
    let embedded: BTreeSet<String> = FOUNDATION
        .iter()
        .map(|(path, _)| (*path).to_owned())
        .chain([BESIDE.0.to_owned()])
        .filter(|path| !path.contains('/') && !path.starts_with('.'))
        .collect();
    assert_eq!(embedded, in_folder, "touch build.rs");
    let (path, entry) = beside().unwrap();
    let content = std::fs::read(format!("{folder}/{path}")).unwrap();
    assert_eq!(FileEntry::of(&content), entry, "touch build.rs");
    assert!(is_shared(path.as_str(), &entry.hash) && shared(&entry.hash).is_none());
}

#[test]
fn what_every_app_has_is_told_from_what_carries_its_name() {
    let ours = |name| {
        let files = foundation(name).unwrap();
        files
            .into_iter()
            .map(|(path, content)| (path, Digest::of(&content)))
            .collect::<Vec<_>>()
    };
    let (one, other) = (ours("One"), ours("Other"));
    for ((path, hash), (_, again)) in one.iter().zip(&other) {
        assert_eq!(hash == again, shared(hash).is_some(), "{path}");
        if let Some(content) = shared(hash) {
            assert_eq!(Digest::of(content), *hash);
        }
    }
    assert!(all_shared().count() > one.len() / 2);
}
