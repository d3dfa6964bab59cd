//! Mutation testing: small faults are put into a file, one at a time, and a test must notice each.
//!
//! `tests/mutants.json` lists the files that are tested so, with the digest that they had then and the mutants that
//! survived, each with the reason why no test can or need notice it. The full checks test every mutant of every listed
//! file; `cargo xtask mutants` tests those of files that changed since and writes the list anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{hash, place, process, progress, tool};

/// The release of cargo-mutants that makes the mutants: another one may make others.
const RELEASE: &str = "27.1.0";
/// The room whose tests are a program of their own as well, `tests/machine`.
const MACHINE: &str = "generation::";
const LIST: &str = "tests/mutants.json";
/// A mutant that makes the tests hang is noticed after this many seconds.
const TIME_LIMIT: &str = "180";
/// How many are tested at a time, each in a copy of the tree.
const JOBS: &str = "2";

/// What is known of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Digest of the file, and of the tests beside it, when its mutants were tested.
    digest: String,
    /// How many mutants there were.
    mutants: usize,
    /// Those that no test noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    survivors: Vec<Survivor>,
}

/// A mutant that no test notices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    /// What was changed, in the words of cargo-mutants, without its place.
    mutant: String,
    /// Why that need not be noticed.
    why: String,
}

type List = BTreeMap<String, Entry>;

/// Tests every mutant of every listed file and compares the survivors with the list; says what was done.
///
/// # Errors
/// When a mutant survives that is not listed, a listed one has no reason, or a listed file is gone.
pub(crate) fn check() -> Result<String> {
    let list = read()?;
    for (file, entry) in &list {
        if let Some(bare) = entry
            .survivors
            .iter()
            .find(|survivor| survivor.why.trim().is_empty())
        {
            bail!(
                "{LIST}: {file}: say why `{}` may survive, or write the test that notices it",
                bare.mutant
            );
        }
    }
    let tool = tool::installed("mutants", RELEASE)?;
    let files: Vec<&str> = list.keys().map(String::as_str).collect();
    let results = run(&tool, &files)?;
    let tested: usize = results.values().map(|results| results.mutants).sum();
    let unknown: Vec<String> = list
        .iter()
        .filter_map(|(file, entry)| Some((file, entry, results.get(file.as_str())?)))
        .flat_map(|(file, entry, results)| {
            let unlisted = unlisted(&results.survivors, &entry.survivors);
            unlisted
                .into_iter()
                .map(move |mutant| format!("{file}: {mutant}"))
        })
        .collect();
    if !unknown.is_empty() {
        bail!(
            "{} of {tested} mutants survived and are not in {LIST}:\n  {}\nwrite the test that notices them, or explain them: `cargo xtask mutants FILE…`",
            unknown.len(),
            unknown.join("\n  ")
        );
    }
    Ok(format!(
        "{tested} mutants of {} files tested, none survived that is not explained",
        list.len()
    ))
}

/// Tests every mutant of these files, or of those that changed, and writes the list anew. Reasons are kept.
///
/// # Errors
/// When the mutants cannot be tested.
pub(crate) fn update(files: &[String]) -> Result<ExitCode> {
    let mut list = read()?;
    let changed = |(file, entry): (&String, &Entry)| match fingerprint(file) {
        Ok(digest) if digest == entry.digest => None,
        _ => Some(file.clone()),
    };
    let files = if files.is_empty() {
        list.iter().filter_map(changed).collect()
    } else {
        files.to_vec()
    };
    if files.is_empty() {
        println!("no listed file has changed; name one to test it again");
        return Ok(ExitCode::SUCCESS);
    }
    let tool = tool::installed("mutants", RELEASE)?;
    let mut unexplained = 0;
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    progress::begin(&format!("mutants of {}", names.join(", ")));
    let digests: Vec<String> = files
        .iter()
        .map(|file| fingerprint(file))
        .collect::<Result<_>>()?;
    let mut results = run(&tool, &names)?;
    for (file, digest) in files.iter().zip(digests) {
        let known = list.remove(file).unwrap_or_default();
        let results = results.remove(file).unwrap_or_default();
        let survivors = explained(results.survivors, known.survivors);
        for survivor in survivors.iter().filter(|survivor| survivor.why.is_empty()) {
            unexplained += 1;
            println!("  survives: {}", survivor.mutant);
        }
        println!(
            "  {file}: {} mutants, {} survive",
            results.mutants,
            survivors.len()
        );
        let entry = Entry {
            digest,
            mutants: results.mutants,
            survivors,
        };
        list.insert(file.clone(), entry);
    }
    let text = serde_json::to_string_pretty(&list)? + "\n";
    fs::write(place::root().join(LIST), text)?;
    println!("{unexplained} survive without a reason in {LIST}");
    Ok(if unexplained == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read() -> Result<List> {
    let path = place::root().join(LIST);
    let text = fs::read(&path).with_context(|| format!("{LIST} cannot be read"))?;
    serde_json::from_slice(&text).with_context(|| format!("{LIST} is malformed"))
}

/// The digest of a file together with the tests that lie beside it.
fn fingerprint(file: &str) -> Result<String> {
    let path = place::root().join(file);
    let own =
        fs::read(&path).with_context(|| format!("{LIST} names {file}, which cannot be read"))?;
    let tests = fs::read(path.with_extension("").join("tests.rs")).unwrap_or_default();
    Ok(hash::hex(&[&own, &tests]))
}

/// Survivors that are listed fewer times than they were found.
fn unlisted(found: &[String], listed: &[Survivor]) -> Vec<String> {
    let mut left: Vec<&str> = listed
        .iter()
        .map(|survivor| survivor.mutant.as_str())
        .collect();
    let is_new = |mutant: &&String| match left.iter().position(|known| known == mutant) {
        Some(place) => {
            left.swap_remove(place);
            false
        }
        None => true,
    };
    found.iter().filter(is_new).cloned().collect()
}

/// The survivors with the reasons that were known.
fn explained(found: Vec<String>, mut known: Vec<Survivor>) -> Vec<Survivor> {
    let mut survivors: Vec<Survivor> = found
        .into_iter()
        .map(
            |mutant| match known.iter().position(|old| old.mutant == mutant) {
                Some(place) => known.swap_remove(place),
                None => Survivor {
                    mutant,
                    why: String::new(),
                },
            },
        )
        .collect();
    survivors.sort();
    survivors
}

/// What became of a file's mutants.
#[derive(Debug, Default, PartialEq, Eq)]
struct Results {
    mutants: usize,
    survivors: Vec<String>,
}

/// Tests the mutants of files by the unit tests of the files' rooms.
fn run(tool: &Path, files: &[&str]) -> Result<BTreeMap<String, Results>> {
    let output = place::target()?.join("mutants");
    fs::create_dir_all(&output)?;
    let cargo = place::cargo();
    let mut command = Command::new(tool);
    command.current_dir(place::root()).envs(
        cargo
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    // Every copy of the tree has a target folder of its own.
    command
        .env_remove("CARGO_TARGET_DIR")
        .env("OVERSKILL_TEST_DEPTH", "least")
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    command
        .args([
            "mutants",
            "--package",
            "overskill",
            "--no-default-features",
            "--baseline",
            "skip",
        ])
        .args(["--no-shuffle", "--colors", "never", "--jobs", JOBS])
        .args(["--timeout", TIME_LIMIT, "--output"])
        .arg(&output)
        .args(files.iter().flat_map(|file| ["--file", file]));
    let rooms: BTreeSet<String> = files.iter().filter_map(|file| room(file)).collect();
    command.args(["--", "--lib"]);
    if rooms.iter().any(|room| room == MACHINE) {
        // Its own tests stand in a module of its name.
        command.args(["--test", "machine"]);
    }
    command.arg("--").args(rooms);
    let ran = process::capture(&mut command)?;
    // 2: some survived; 3: some ran into the time limit, which is noticing.
    if !matches!(ran.status.code(), Some(0 | 2 | 3)) {
        bail!(
            "the mutants of {} could not be tested\n{}",
            files.join(", "),
            process::tail(&ran)
        );
    }
    let outcome = |name: &str| {
        let path = output.join("mutants.out").join(name);
        fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))
    };
    let noticed = [outcome("caught.txt")?, outcome("timeout.txt")?].concat();
    Ok(by_file(&outcome("missed.txt")?, &noticed))
}

/// The results by file, from the tool's lists of mutants that survived and of those that were noticed.
fn by_file(missed: &str, noticed: &str) -> BTreeMap<String, Results> {
    let mut results: BTreeMap<String, Results> = BTreeMap::new();
    let lines = missed.lines().map(|line| (line, true));
    for (line, survives) in lines.chain(noticed.lines().map(|line| (line, false))) {
        let file = line.split(':').next().unwrap_or_default();
        let results = results.entry(file.to_owned()).or_default();
        results.mutants += 1;
        if survives {
            results.survivors.push(without_place(line).to_owned());
        }
    }
    results
}

/// The tests that judge a file: those of its room. `src/edit/lines.rs` and `src/edit.rs` → `edit::`.
fn room(file: &str) -> Option<String> {
    let inside = Path::new(file).strip_prefix("src").ok()?;
    let name = inside.iter().next().map(Path::new)?.file_stem()?;
    Some(format!("{}::", name.to_str()?))
}

/// `src/a.rs:12:5: replace …` → `replace …`.
fn without_place(line: &str) -> &str {
    line.splitn(4, ':').nth(3).map_or(line, str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(mutants: &[(&str, &str)]) -> Vec<Survivor> {
        let survivor = |(mutant, why): &(&str, &str)| Survivor {
            mutant: (*mutant).to_owned(),
            why: (*why).to_owned(),
        };
        mutants.iter().map(survivor).collect()
    }

    #[test]
    fn a_mutant_is_known_without_its_place() {
        assert_eq!(
            without_place("src/a.rs:12:5: replace f -> bool with true"),
            "replace f -> bool with true"
        );
        assert_eq!(
            without_place("src/a.rs:1:2: replace A::f with B::g"),
            "replace A::f with B::g"
        );
    }

    #[test]
    fn results_are_told_by_file() {
        let noticed = "src/b.rs:1:1: replace f with ()\nsrc/a.rs:2:1: replace g with ()\n";
        let results = by_file("src/a.rs:1:1: replace == with != in f\n", noticed);
        let of = |mutants, survivors: &[&str]| Results {
            mutants,
            survivors: survivors.iter().map(|&mutant| mutant.to_owned()).collect(),
        };
        assert_eq!(results["src/a.rs"], of(2, &["replace == with != in f"]));
        assert_eq!(results["src/b.rs"], of(1, &[]));
        assert_eq!(room("src/edit/lines.rs").as_deref(), Some("edit::"));
        assert_eq!(room("src/edit.rs").as_deref(), Some("edit::"));
        assert_eq!(room("README.md"), None);
    }

    #[test]
    fn a_survivor_counts_as_often_as_it_is_listed() {
        let found = ["a", "a", "b"].map(str::to_owned);
        assert_eq!(unlisted(&found, &listed(&[("a", "x")])), ["a", "b"]);
        assert_eq!(
            unlisted(&found, &listed(&[("a", "x"), ("b", "y"), ("a", "z")])),
            Vec::<String>::new()
        );
    }

    #[test]
    fn reasons_are_kept_and_what_is_noticed_now_is_forgotten() {
        let found = vec!["b".to_owned(), "new".to_owned()];
        assert_eq!(
            explained(found, listed(&[("a", "x"), ("b", "y")])),
            listed(&[("b", "y"), ("new", "")])
        );
    }

    #[test]
    fn every_listed_file_is_there() {
        for file in read().unwrap().keys() {
            fingerprint(file).unwrap();
        }
    }
}
