use super::*;
use crate::{
    digest::Digest,
    project::{FileEntry, Manifest, ProjectPath},
    sorted::{SortedMap, SortedSet},
};

const HOSTILE: &str =
    r#"</script><img src=x onerror=alert(1)> "quoted" 'single' `tick` ${x} back\slash & 🍲 <!--"#;

fn foundation(name: &str) -> Result<Vec<(ProjectPath, Vec<u8>)>, NameError> {
    Foundation::committed().named(name)
}

/// The files as they are in the folder.
fn in_folder() -> SortedMap<String, String> {
    fn collect(folder: &std::path::Path, prefix: &str, files: &mut SortedMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let left_out = ["node_modules", "dist", "coverage"].contains(&name.as_str())
                || name.starts_with('.')
                || [".tsbuildinfo", ".log", "~"]
                    .iter()
                    .any(|end| name.ends_with(end));
            let path = format!("{prefix}{name}");
            if left_out {
            } else if entry.file_type().unwrap().is_dir() {
                collect(&entry.path(), &format!("{path}/"), files);
            } else {
                files.insert(path, std::fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    let mut files = SortedMap::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/foundation");
    collect(root.as_ref(), "", &mut files);
    files
}

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
        in_folder().len(),
        "every path is a project path"
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
    for (path, content) in in_folder() {
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
    let in_folder = in_folder();
    let paths = foundation("Name")
        .unwrap()
        .into_iter()
        .map(|(path, _)| path);
    let embedded: SortedSet<String> = paths.map(String::from).collect();
    assert_eq!(
        embedded,
        in_folder.keys().cloned().collect(),
        "touch build.rs"
    );
    for (path, entry, text) in Foundation::committed().shared_files() {
        assert_eq!(in_folder[path.as_str()], text, "{path}: touch build.rs");
        assert_eq!(*entry, FileEntry::of(text.as_bytes()));
    }
}

#[test]
fn what_stands_beside_the_worker_reads_as_what_is_embedded() {
    let json = serde_json::to_string(&in_folder()).unwrap();
    let read = Foundation::read(&json).unwrap();
    assert_eq!(read.named(HOSTILE), foundation(HOSTILE));
    let files = |foundation: &Foundation| {
        let files = foundation.shared_files();
        let files: Vec<_> = files
            .map(|(path, entry, _)| (path.clone(), *entry))
            .collect();
        files
    };
    assert_eq!(files(&read), files(Foundation::committed()));
    for bad in [
        "",
        "[]",
        &json[..json.len() / 2],
        r#"{"../x":""}"#,
        r#"{"x":1}"#,
    ] {
        assert!(Foundation::read(bad).is_err(), "{bad:.40}");
    }
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
    let foundation = Foundation::committed();
    for ((path, hash), (_, again)) in one.iter().zip(&other) {
        assert_eq!(hash == again, foundation.is_shared(path, hash), "{path}");
        let content = foundation.shared(hash);
        assert_eq!(hash == again, content.is_some(), "{path}");
        assert!(content.is_none_or(|content| Digest::of(content.as_bytes()) == *hash));
    }
    let carrying = foundation.carrying("One").unwrap();
    assert_eq!(
        carrying.len() + foundation.shared_files().count(),
        one.len()
    );
    let all = foundation.named("One").unwrap();
    assert!(carrying.iter().all(|file| all.contains(file)));
    let lock = "package-lock.json".parse().unwrap();
    assert!(foundation.shared_files().any(|(path, ..)| *path == lock));
    assert!(!foundation.is_shared(&lock, &Digest::of(b"another")));
}
