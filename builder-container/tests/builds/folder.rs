//! `overskill-build DIR`, as a program: what it prints, and its exit status.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::client::{node, state, toolchain};

/// A folder with the small app in it, and some files more. Removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(more: &[(&str, &[u8])]) -> Self {
        let folder = Self(state());
        for (path, content) in crate::client::shell(&[]) {
            folder.write(&path, &content);
        }
        for (path, content) in more {
            folder.write(path, content);
        }
        folder
    }

    fn write(&self, path: &str, content: &[u8]) {
        let file = self.0.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn build(folder: &Path, toolchain: &Path, words: &[&str]) -> (i32, String) {
    let state = state();
    let output = Command::new(env!("CARGO_BIN_EXE_overskill-build"))
        .arg(folder)
        .args(words)
        .arg("--toolchain")
        .arg(toolchain)
        .arg("--state")
        .arg(&state)
        .arg("--node")
        .arg(node())
        .output()
        .unwrap();
    let _ = fs::remove_dir_all(&state);
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text)
}

/// Builds a folder with the packages of the tests.
pub(crate) fn build_at(folder: &Path) -> (i32, String) {
    build(folder, &toolchain(), &[])
}

#[test]
fn a_folder_is_built_and_written() {
    let app = Folder::new(&[
        ("node_modules/x/index.js", b"no source"),
        (".git/HEAD", b"x"),
    ]);
    std::os::unix::fs::symlink("/etc/hostname", app.0.join("link")).unwrap();
    let out = Folder(state());
    let words = [
        "--json",
        "--mode",
        "production",
        "--out",
        out.0.to_str().unwrap(),
    ];
    let (code, said) = build(&app.0, &toolchain(), &words);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, &said["status"]),
        (0, &Value::from("built")),
        "{said}"
    );
    let artifacts = said["artifacts"].as_array().unwrap();
    assert_eq!(said["report"]["artifacts"], artifacts.len());
    for artifact in artifacts {
        let written = fs::metadata(out.0.join(artifact["path"].as_str().unwrap())).unwrap();
        assert_eq!(artifact["size"], written.len());
    }
    assert_eq!(
        said["left_out"],
        serde_json::json!(["link: no regular file"])
    );
    // What is there is not written over.
    let (code, said) = build(&app.0, &toolchain(), &words);
    assert_eq!(code, 3);
    assert!(said.contains("is not empty"), "{said}");
}

#[test]
fn what_the_author_can_mend_is_told_where_it_is() {
    let app = Folder::new(&[(
        "src/pages/Home.tsx",
        b"import { x } from './nowhere'\nexport const Home = () => x\n",
    )]);
    let (code, said) = build(&app.0, &toolchain(), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("error src/pages/Home.tsx:1:"), "{said}");
    assert!(
        said.contains("./nowhere") && said.contains("not built, after"),
        "{said}"
    );
}

#[test]
fn what_is_over_a_limit_or_no_web_project_is_another_matter() {
    let large = vec![b'x'; 600 * 1024];
    let app = Folder::new(&[("src/large.ts", &large)]);
    let (code, said) = build(&app.0, &toolchain(), &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("src/large.ts"), "{said}");
    let none = Folder(state());
    none.write("main.py", b"print()");
    let (code, said) = build(&none.0, &toolchain(), &["--json"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no `index.html`"), "{said}");
}

#[test]
fn what_is_not_the_folders_fault_is_said_to_be_ours() {
    let app = Folder::new(&[]);
    let (code, said) = build(&app.0, &app.0, &[]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("by the builder's fault"), "{said}");
    let (code, said) = build(&app.0.join("nowhere"), &toolchain(), &["--json"]);
    assert_eq!(code, 3);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&said["status"], &said["exit"]),
        (&Value::from("fault"), &Value::from(3))
    );
}
