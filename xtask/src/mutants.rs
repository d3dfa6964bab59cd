//! Mutation testing: small faults are put into a file, one at a time, and a test must notice each.
//!
//! `tests/mutants.json` lists the files that are tested so, with the digest that they had then and the mutants that
//! survived, each with the reason why no test can or need notice it. The checks test the mutants of files that changed
//! since; `cargo xtask mutants` tests them all and writes the list anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{hash, place, process, progress};

/// The release of cargo-mutants that makes the mutants: another one may make others.
const RELEASE: &str = "27.1.0";
const LIST: &str = "tests/mutants.json";
/// How many mutants of changed files the usual checks test; they take about ten seconds each.
const SAMPLE: usize = 40;
/// A mutant that makes the tests hang is noticed after this many seconds.
const TIME_LIMIT: &str = "300";

/// What is known of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Digest of the file, and of the tests beside it, when its mutants were tested.
    digest: String,
    /// Integration tests that judge it, besides the package's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tests: Vec<String>,
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

/// How much of the changed or listed files is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A sample of the mutants of changed files.
    Changed,
    /// Every mutant of every listed file.
    All,
}

/// Tests mutants and compares the survivors with the list; says what was done.
///
/// # Errors
/// When a mutant survives that is not listed, a listed one has no reason, or a listed file is gone.
pub(crate) fn check(extent: Extent) -> Result<String> {
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
    let mut chosen = Vec::new();
    for (file, entry) in &list {
        if extent == Extent::All || fingerprint(file)? != entry.digest {
            chosen.push((file, entry));
        }
    }
    let listed: usize = list.values().map(|entry| entry.mutants).sum();
    let surviving: usize = list.values().map(|entry| entry.survivors.len()).sum();
    if chosen.is_empty() {
        return Ok(format!(
            "none of {} files changed since their {listed} mutants were tested; {surviving} survive, each explained",
            list.len()
        ));
    }
    let tool = tool()?;
    let total: usize = chosen.iter().map(|(_, entry)| entry.mutants).sum();
    let parts = match extent {
        Extent::Changed => total.div_ceil(SAMPLE).max(1),
        Extent::All => 1,
    };
    let mut tested = 0;
    let mut unknown = Vec::new();
    for (file, entry) in &chosen {
        // The digest draws the part: other content, another part.
        let drawn = usize::from_str_radix(fingerprint(file)?.get(..4).unwrap_or_default(), 16)?;
        let results = run(&tool, file, &entry.tests, Some((drawn % parts, parts)))?;
        tested += results.mutants;
        unknown.extend(
            unlisted(&results.survivors, &entry.survivors)
                .into_iter()
                .map(|mutant| format!("{file}: {mutant}")),
        );
    }
    if !unknown.is_empty() {
        bail!(
            "{} of {tested} mutants survived and are not in {LIST}:\n  {}\nwrite the test that notices them, or explain them: `cargo xtask mutants FILE…`",
            unknown.len(),
            unknown.join("\n  ")
        );
    }
    Ok(format!(
        "{tested} mutants of {} of {} files tested, none survived that is not explained",
        chosen.len(),
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
    let tool = tool()?;
    let mut unexplained = 0;
    for file in files {
        let known = list.remove(&file).unwrap_or_default();
        let digest = fingerprint(&file)?;
        progress::begin(&format!("mutants of {file}"));
        let results = run(&tool, &file, &known.tests, None)?;
        let survivors = explained(results.survivors, known.survivors);
        for survivor in survivors.iter().filter(|survivor| survivor.why.is_empty()) {
            unexplained += 1;
            println!("  survives: {}", survivor.mutant);
        }
        println!("  {} mutants, {} survive", results.mutants, survivors.len());
        let entry = Entry {
            digest,
            tests: known.tests,
            mutants: results.mutants,
            survivors,
        };
        list.insert(file, entry);
        let text = serde_json::to_string_pretty(&list)? + "\n";
        fs::write(place::root().join(LIST), text)?;
    }
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
struct Results {
    mutants: usize,
    survivors: Vec<String>,
}

fn run(tool: &Path, file: &str, tests: &[String], part: Option<(usize, usize)>) -> Result<Results> {
    let output = place::target()?
        .join("mutants")
        .join(file.replace('/', "-"));
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
        .args([
            "--no-shuffle",
            "--colors",
            "never",
            "--timeout",
            TIME_LIMIT,
            "--file",
            file,
            "--output",
        ])
        .arg(&output);
    if let Some((index, parts)) = part {
        command.args([
            "--shard",
            &format!("{index}/{parts}"),
            "--sharding",
            "round-robin",
        ]);
    }
    command
        .args(["--", "--lib"])
        .args(tests.iter().flat_map(|test| ["--test", test]));
    let ran = process::capture(&mut command)?;
    // 2: some survived; 3: some ran into the time limit, which is noticing.
    if !matches!(ran.status.code(), Some(0 | 2 | 3)) {
        bail!(
            "the mutants of {file} could not be tested\n{}",
            process::tail(&ran)
        );
    }
    let outcome = |name: &str| -> Result<Vec<String>> {
        let path = output.join("mutants.out").join(name);
        let text =
            fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))?;
        Ok(text
            .lines()
            .map(|line| without_place(line).to_owned())
            .collect())
    };
    let survivors = outcome("missed.txt")?;
    let mutants = survivors.len() + outcome("caught.txt")?.len() + outcome("timeout.txt")?.len();
    Ok(Results { mutants, survivors })
}

/// `src/a.rs:12:5: replace …` → `replace …`.
fn without_place(line: &str) -> &str {
    line.splitn(4, ':').nth(3).map_or(line, str::trim)
}

/// cargo-mutants: the machine's if it is of the right release, else one in the tool cache.
fn tool() -> Result<PathBuf> {
    let fits = |program: &Path| {
        process::quiet(Command::new(program).args(["mutants", "--version"]))
            .is_ok_and(|text| text.trim().ends_with(RELEASE))
    };
    if let Some(found) = process::find("cargo-mutants").filter(|program| fits(program)) {
        return Ok(found);
    }
    let folder = place::tool_cache()?.join(format!("cargo-mutants-{RELEASE}"));
    let program = folder.join("bin/cargo-mutants");
    if !fits(&program) {
        progress::step("installing cargo-mutants", || {
            let version = format!("cargo-mutants@{RELEASE}");
            let mut cargo = place::cargo();
            cargo
                .env_remove("CARGO_TARGET_DIR")
                .args(["install", "--locked", &version, "--root"])
                .arg(&folder);
            process::quiet(&mut cargo)?;
            Ok("cargo-mutants".to_owned())
        })?;
    }
    Ok(program)
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
