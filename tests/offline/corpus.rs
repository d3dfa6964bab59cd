//! The corpus: every folder of `cases` is played and compared as a whole.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::player::{Player, Turn};

#[test]
fn every_case_comes_out_as_expected() {
    let cases = std::env::var_os("CASES").map(PathBuf::from);
    let cases =
        cases.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offline/cases"));
    let mut folders: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let mut different = Vec::new();
    for folder in &folders {
        let played = play(folder);
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &played).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != played {
            different.push(format!("{}:\n{played}", folder.display()));
        }
    }
    assert!(!folders.is_empty());
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        folders.len(),
        different.join("\n")
    );
}

/// Of the changes that later messages make to files which are there, how many are edits and not whole files.
#[test]
fn later_changes_are_edits() {
    let (mut edits, mut all) = (0, 0);
    for case in
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offline/cases")).unwrap()
    {
        let folder = case.unwrap().path();
        if !folder.join("2.txt").exists() {
            continue;
        }
        let mut player = Player::new();
        for number in 1.. {
            let Ok(message) = fs::read_to_string(folder.join(format!("{number}.txt"))) else {
                break;
            };
            let before = player.files();
            let turn = player.say(message.trim_end());
            if number == 1 {
                continue;
            }
            for call in turn.changes() {
                let path = call.input.get("path").and_then(|path| path.as_str());
                let there = path.is_some_and(|path| before.contains_key(path));
                let counts = there && call.name != "delete_file";
                all += usize::from(counts);
                edits += usize::from(counts && call.name == "edit_lines");
            }
        }
    }
    assert!(all >= 50, "{all}");
    assert!(edits * 10 >= all * 9, "{edits} of {all}");
}

fn play(folder: &Path) -> String {
    let mut player = Player::new();
    let before = player.files();
    let mut out = String::new();
    for number in 1.. {
        let Ok(message) = fs::read_to_string(folder.join(format!("{number}.txt"))) else {
            break;
        };
        let turn = player.say(message.trim_end());
        assert!(
            turn.calls.iter().all(|(_, result)| result.ok),
            "{}: {:?}",
            folder.display(),
            turn.calls
        );
        tell(&mut out, &message, &turn);
    }
    for (path, text) in changed(&before, &player.files()) {
        writeln!(out, "=== {path}\n{text}").unwrap();
    }
    if let Some(root) = std::env::var_os("KEEP") {
        keep(
            &Path::new(&root).join(folder.file_name().unwrap()),
            &player.files(),
        );
    }
    out
}

fn tell(out: &mut String, message: &str, turn: &Turn) {
    writeln!(out, "> {}\n", message.trim_end().replace('\n', "\n> ")).unwrap();
    for call in turn.changes() {
        let place = call
            .input
            .get("path")
            .or_else(|| call.input.get("name"))
            .and_then(|place| place.as_str());
        let tables = call
            .input
            .get("tables")
            .and_then(|tables| tables.as_array());
        let place = match (place, tables) {
            (None, Some(tables)) => tables.iter().map(table).collect::<Vec<_>>().join(", "),
            (place, _) => place.unwrap_or("?").to_owned(),
        };
        writeln!(out, "{} {place}", call.name).unwrap();
    }
    writeln!(out, "\n{}\n", turn.answer).unwrap();
}

/// `recipes (title text, cook uuid of cooks)`
fn table(table: &Value) -> String {
    let word = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let columns = table["columns"].as_array().unwrap().iter().map(|column| {
        let to = column["references"].as_str().map(|to| format!(" of {to}"));
        format!(
            "{} {}{}",
            word(column, "name"),
            word(column, "type"),
            to.unwrap_or_default()
        )
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    format!("{} ({columns})", word(table, "name"))
}

/// The app's own files in full; of the foundation's, the lines that are new.
fn changed(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in after {
        match before.get(path) {
            None if path.starts_with("src/resources/") => found.push((path.clone(), text.clone())),
            Some(old) if old != text => {
                let new: Vec<String> = text
                    .lines()
                    .filter(|line| !old.lines().any(|known| known == *line))
                    .map(|line| format!("+{line}"))
                    .collect();
                found.push((path.clone(), new.join("\n") + "\n"));
            }
            _ => {}
        }
    }
    found
}

/// Writes an app to disk, to be built by hand.
fn keep(folder: &Path, files: &BTreeMap<String, String>) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}
