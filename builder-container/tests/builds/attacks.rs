//! Everything of `overskill-attack`, which `cargo xtask attack builder` runs as well.

use std::process::Command;

use serde_json::Value;

use crate::client::{extras, node, state, toolchain};

/// Runs it; its exit status and its table.
fn attack(words: &[&str]) -> (i32, Value) {
    let state = state();
    let output = Command::new(env!("CARGO_BIN_EXE_overskill-attack"))
        .args(words)
        .args([
            "--json",
            "--builder",
            env!("CARGO_BIN_EXE_overskill-builder"),
            "--toolchain",
        ])
        .arg(toolchain())
        .arg("--extras")
        .arg(extras())
        .arg("--state")
        .arg(&state)
        .arg("--node")
        .arg(node())
        .output()
        .unwrap();
    let _ = std::fs::remove_dir_all(state);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let table = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (output.status.code().unwrap(), table)
}

/// Lets a group loose, at the strongest level that holds here, and builds a neighbour's app now and then; where everything is tested, at the others as well, and after each
/// attack.
fn contained(group: &str, least: usize) {
    let full = std::env::var("OVERSKILL_TEST_DEPTH").is_ok_and(|depth| depth == "full");
    let mut words = vec!["--group", group];
    if !full {
        words.extend(["--level", "auto", "--neighbour", "6"]);
    }
    let (code, table) = attack(&words);
    let rows = table["attacks"].as_array().unwrap();
    let escaped: Vec<_> = rows.iter().filter(|row| row["contained"] != true).collect();
    assert_eq!(escaped, Vec::<&Value>::new());
    assert_eq!(code, 0);
    assert!(rows.len() >= least, "{} attacks", rows.len());
    assert!(rows.iter().all(|row| {
        row["evidence"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    }));
}

#[test]
fn hostile_sources_are_contained() {
    contained("sources", 36);
}

#[test]
fn workers_that_were_taken_over_are_contained() {
    contained("workers", 34);
}

#[test]
fn hostile_requests_are_contained() {
    contained("requests", 30);
}

#[test]
fn hostile_clients_are_contained() {
    contained("clients", 11);
}

/// What the table is worth: without a sandbox it says so.
#[test]
fn without_a_sandbox_it_is_said_that_they_get_out() {
    for name in ["files", "environment", "network"] {
        let (code, table) = attack(&["--level", "none", "--only", name]);
        assert_eq!(code, 1, "{table}");
        assert_eq!(table["contained"], false);
        let level = table["attacks"][0]["level"].as_str().unwrap();
        assert!(level.starts_with("none"), "{level}");
    }
}
