//! A look at the whole app: its outline for the model, what a new file repeats, and what a step has broken.
//!
//! Works on contents that are there. What was not loaded is left out, so the caller loads what [`wanted`] names.

use std::rc::Rc;

use overskill_syntax::{Facts, Language};

use super::tools::{Change, Outcome, Workbench};
use crate::{
    build::{Diagnostic, Severity},
    data::schema,
    digest::Digest,
    facts::Known,
    preflight::{self, File, Tree, Vendor},
    project::{FileEntry, Manifest, ProjectPath},
    search::{self, Alike, Outlined, Source},
    sorted::SortedMap,
    template::Foundation,
};

/// Most bytes of source files of one version that are looked at together. What the parser says of them takes as much again, and
/// the contents of two versions are there at once; a Worker has 128 MiB for everything.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// How many findings a model is told at once.
const TOLD: usize = 10;
/// How many declarations that are alike are named of one file.
const ALIKE: usize = 3;

/// The contents that a look at these files needs and that are not there, by hash, each once. Where only the outline is
/// wanted, files that the parser has read before are not needed. None of an app that is too large.
#[must_use]
pub fn wanted(
    manifests: &[&Manifest],
    there: &SortedMap<Digest, Vec<u8>>,
    needed: impl Fn(&ProjectPath, &FileEntry) -> bool,
) -> Vec<Digest> {
    let manifests = manifests.iter().filter(|manifest| fits(manifest));
    let files = manifests.flat_map(|manifest| manifest.iter());
    let mut hashes: Vec<Digest> = files
        .filter(|(path, entry)| !entry.binary && needed(path, entry))
        .map(|(_, entry)| entry.hash)
        .filter(|hash| !there.contains_key(hash))
        .collect();
    crate::sorted::sort(&mut hashes);
    hashes.dedup();
    hashes
}

/// Whether the parser reads a file of this name.
#[must_use]
pub fn is_parsed(path: &ProjectPath) -> bool {
    Language::of(path.as_str()).is_some()
}

/// The bytes of an app's source files together.
fn source_bytes(manifest: &Manifest) -> u64 {
    let files = manifest.iter().filter(|(path, _)| is_parsed(path));
    files.map(|(_, entry)| entry.size).sum()
}

/// Whether an app is looked at as a whole.
#[must_use]
pub fn fits(manifest: &Manifest) -> bool {
    source_bytes(manifest) <= MAX_BYTES
}

/// Files with their contents and what the parser says of them.
struct Surveyed<'a>(Vec<(&'a str, &'a str, Rc<Facts>)>);

impl<'a> Surveyed<'a> {
    fn of(
        manifest: &'a Manifest,
        contents: &'a SortedMap<Digest, Vec<u8>>,
        syntax: &Known<'_>,
    ) -> Self {
        let files = manifest.iter().filter_map(|(path, entry)| {
            let content = match contents.get(&entry.hash) {
                Some(content) if !entry.binary => std::str::from_utf8(content).ok()?,
                _ if entry.binary || !is_parsed(path) => "",
                _ => return None,
            };
            let facts = if entry.binary {
                Rc::default()
            } else {
                syntax.of(path.as_str(), entry.hash, || Some(content))?
            };
            Some((path.as_str(), content, facts))
        });
        Self(files.collect())
    }

    fn tree(&self) -> Tree<'_> {
        let files = self.0.iter().map(|(path, content, facts)| {
            let facts = facts.as_ref();
            (*path, File { content, facts })
        });
        files.collect()
    }

    fn sources(&self) -> Vec<Source<'_>> {
        let sources = self.0.iter().map(|(path, content, facts)| Source {
            path,
            content,
            facts,
        });
        sources.collect()
    }
}

/// The files of an app that its outline tells of: those that are not the foundation's as they are in every app.
#[must_use]
pub fn own_files(manifest: &Manifest, foundation: &Foundation) -> Manifest {
    let mut own = manifest.clone();
    let shared: Vec<ProjectPath> = own
        .iter()
        .filter(|(path, entry)| foundation.is_shared(path, &entry.hash))
        .map(|(path, _)| path.clone())
        .collect();
    for path in &shared {
        own.remove(path);
    }
    own
}

/// The outline of an app's own files for a model, at most [`search::MAX_OUTLINE_BYTES`] long, and which of the foundation's are not
/// there any more. Of a file whose content is not there and that the parser has not read before, it has the path alone.
#[must_use]
pub fn outline(
    manifest: &Manifest,
    contents: &SortedMap<Digest, Vec<u8>>,
    foundation: &Foundation,
    syntax: &Known<'_>,
) -> String {
    let content = |hash: &Digest| std::str::from_utf8(contents.get(hash)?).ok();
    let own = own_files(manifest, foundation);
    let files: Vec<(&str, Option<Rc<Facts>>)> = own
        .iter()
        .map(|(path, entry)| {
            let facts = syntax.of(path.as_str(), entry.hash, || content(&entry.hash));
            (path.as_str(), facts.filter(|_| is_parsed(path)))
        })
        .collect();
    let mut text = outlined(&files, search::MAX_OUTLINE_BYTES);
    let gone: Vec<&ProjectPath> = foundation
        .shared_files()
        .map(|(path, ..)| path)
        .filter(|path| manifest.get(path).is_none())
        .collect();
    if !gone.is_empty() {
        text.push_str("\nDeleted:\n");
        for path in gone {
            text.push_str(path.as_str());
            text.push('\n');
        }
    }
    text
}

/// The outline of the foundation's files that are the same in every app.
#[must_use]
pub fn shared_outline(foundation: &Foundation, syntax: &Known<'_>) -> String {
    let files: Vec<(&str, Option<Rc<Facts>>)> = foundation
        .shared_files()
        .map(|(path, entry, content)| {
            let facts = syntax.of(path.as_str(), entry.hash, || Some(content));
            (path.as_str(), facts.filter(|_| is_parsed(path)))
        })
        .collect();
    outlined(&files, search::MAX_OUTLINE_BYTES)
}

fn outlined(files: &[(&str, Option<Rc<Facts>>)], most: usize) -> String {
    let files: Vec<Outlined<'_>> = files
        .iter()
        .map(|(path, facts)| Outlined {
            path,
            facts: facts.as_deref(),
        })
        .collect();
    search::outline(&files, most)
}

/// What is wrong with the app now and was not before; of an app that is too large, that it was not looked at.
#[must_use]
pub fn introduced(
    before: &Manifest,
    now: &Manifest,
    contents: &SortedMap<Digest, Vec<u8>>,
    syntax: &Known<'_>,
) -> Vec<Diagnostic> {
    if !fits(before) || !fits(now) {
        return vec![too_large(source_bytes(before).max(source_bytes(now)))];
    }
    let before = Surveyed::of(before, contents, syntax);
    let now = Surveyed::of(now, contents, syntax);
    let tree = now.tree();
    let tables = tree
        .get(schema::FILE)
        .map(|file| schema::declared(file.facts));
    preflight::check(
        &tree,
        Some(&before.tree()),
        tables.as_deref(),
        Vendor::foundation(),
    )
}

fn too_large(bytes: u64) -> Diagnostic {
    let message = format!(
        "The source files of the app are {} KiB together. Above {} KiB an app is not checked as a whole before it is built.",
        bytes.div_ceil(1024),
        MAX_BYTES / 1024
    );
    let mut finding = Diagnostic::error("unchecked", message).as_warning();
    finding.suggestion =
        Some("Keep data that is no source in `public/`, and load it from there.".to_owned());
    finding
}

/// What a model is told of findings; nothing when there are none.
#[must_use]
pub fn told(findings: &[Diagnostic]) -> Option<String> {
    if findings.is_empty() {
        return None;
    }
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let errors = errors.count();
    let warnings = findings.len() - errors;
    let mut lines = vec![format!(
        "Checked the app with this step's changes: {errors} errors, {warnings} warnings that were not there before."
    )];
    lines.extend(findings.iter().take(TOLD).map(finding));
    if findings.len() > TOLD {
        lines.push(format!("… and {} more", findings.len() - TOLD));
    }
    Some(lines.join("\n"))
}

fn finding(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = match (&diagnostic.path, diagnostic.line) {
        (Some(path), Some(line)) => format!("{path}:{line}: "),
        (Some(path), None) => format!("{path}: "),
        (None, _) => String::new(),
    };
    let advice = diagnostic.suggestion.as_ref();
    let advice = advice.map_or_else(String::new, |advice| format!(" {advice}"));
    format!("{place}{severity}: {}{advice}", diagnostic.message)
}

/// What there is already that is like what new files declare, a line for each.
#[must_use]
pub fn repeated(
    written: &[ProjectPath],
    manifest: &Manifest,
    contents: &SortedMap<Digest, Vec<u8>>,
    syntax: &Known<'_>,
) -> Vec<(ProjectPath, Vec<String>)> {
    let files = Surveyed::of(manifest, contents, syntax);
    let all = files.sources();
    let (new, old): (Vec<Source<'_>>, Vec<Source<'_>>) = all
        .into_iter()
        .partition(|source| written.iter().any(|path| path.as_str() == source.path));
    let found = new.iter().filter_map(|source| {
        let path = written.iter().find(|path| path.as_str() == source.path)?;
        let mut likest: Vec<(String, Alike)> = source
            .facts
            .declarations
            .iter()
            .flat_map(|new| {
                let alike = search::alike(new, source.path, &old);
                alike.into_iter().map(|alike| (new.name.clone(), alike))
            })
            .collect();
        crate::sorted::sort_by_key(&mut likest, |(_, alike)| std::cmp::Reverse(alike.score));
        let lines: Vec<String> = likest
            .iter()
            .take(ALIKE)
            .map(|(name, alike)| format!("{name} is like what exists: {alike}"))
            .collect();
        (!lines.is_empty()).then(|| (path.clone(), lines))
    });
    found.collect()
}

/// Looks at what the tools of a step have made of the app: what a model should hear of it is added to the results, and
/// the findings come back. Nothing when no file was changed.
pub fn inspect(
    outcomes: &mut [Outcome],
    before: &Manifest,
    bench: &Workbench<'_>,
) -> Option<Vec<Diagnostic>> {
    let changed = outcomes
        .iter()
        .rposition(|outcome| !outcome.changes.is_empty())?;
    let fresh = |change: &Change| change.entry.is_some() && before.get(&change.path).is_none();
    let mut written: Vec<ProjectPath> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.changes)
        .filter(|change| fresh(change))
        .map(|change| change.path.clone())
        .collect();
    if !fits(&bench.manifest) {
        written.clear();
    }
    for (path, lines) in repeated(&written, &bench.manifest, &bench.contents, bench.syntax) {
        let wrote =
            |outcome: &&mut Outcome| outcome.changes.iter().any(|change| change.path == path);
        if let Some(outcome) = outcomes.iter_mut().find(wrote) {
            outcome.result.content.push('\n');
            outcome.result.content.push_str(&lines.join("\n"));
        }
    }
    let findings = introduced(before, &bench.manifest, &bench.contents, bench.syntax);
    if let (Some(told), Some(outcome)) = (told(&findings), outcomes.get_mut(changed)) {
        outcome.result.content.push_str("\n\n");
        outcome.result.content.push_str(&told);
    }
    Some(findings)
}

#[cfg(test)]
mod tests {
    use overskill_syntax::Native;

    use super::{
        super::tools::{Answers, Dialect, Intent, Views},
        *,
    };
    use crate::{config::Limits, edit::tokens::Ledger, llm::message::ToolResult};

    /// An app with this many bytes of a style sheet, in files of half a MiB, and a picture's worth of data beside it.
    fn app(bytes: u64) -> Manifest {
        let mut manifest = Manifest::default();
        let mut put = |path: String, size| {
            let hash = Digest::of(path.as_bytes());
            let entry = FileEntry {
                hash,
                size,
                binary: false,
            };
            let path: ProjectPath = path.parse().unwrap();
            manifest.put(path, entry, &Limits::DEFAULT).unwrap();
        };
        let half = 512 * 1024;
        for number in 0..bytes / half {
            put(format!("src/{number}.css"), half);
        }
        put("src/rest.css".to_owned(), bytes % half);
        put("public/data.txt".to_owned(), half);
        manifest
    }

    #[test]
    fn the_foundation_is_told_once_for_all_apps_and_of_an_app_only_what_is_its_own() {
        let syntax = Known::new(&Native);
        let foundation = Foundation::committed();
        let told = shared_outline(foundation, &syntax);
        assert!(told.contains(" App.tsx: App{}"), "{told}");
        assert!(!told.contains('…'), "{told}");
        let (mut manifest, mut contents) = (Manifest::default(), SortedMap::new());
        for (path, content) in foundation.named("Recipes").unwrap() {
            let entry = FileEntry::of(&content);
            manifest.put(path, entry, &Limits::DEFAULT).unwrap();
            contents.insert(entry.hash, content);
        }
        let own = outline(&manifest, &contents, foundation, &syntax);
        assert_eq!(own.lines().count(), 3, "{own}");
        assert!(own.contains("identity.ts"), "{own}");
        manifest.remove(&"src/app/App.tsx".parse().unwrap());
        let own = outline(&manifest, &contents, foundation, &syntax);
        assert!(own.ends_with("\nDeleted:\nsrc/app/App.tsx\n"), "{own}");
    }

    #[test]
    fn an_app_that_is_too_large_is_not_loaded_and_the_model_hears_that_it_was_not_checked() {
        let (largest, larger) = (app(MAX_BYTES), app(MAX_BYTES + 1));
        assert!(fits(&largest) && !fits(&larger));
        let all = |_: &ProjectPath, _: &FileEntry| true;
        assert_eq!(wanted(&[&largest], &SortedMap::new(), all).len(), 10);
        assert_eq!(wanted(&[&larger], &SortedMap::new(), all).len(), 0);
        let syntax = Known::new(&Native);
        let outline = outline(&larger, &SortedMap::new(), Foundation::committed(), &syntax);
        assert!(outline.contains(" rest.css"), "{outline}");

        let entry = larger.get(&"src/rest.css".parse().unwrap()).copied();
        let mut outcomes = [Outcome {
            result: ToolResult {
                call: "call".to_owned(),
                ok: true,
                content: "written".to_owned(),
            },
            changes: vec![Change {
                path: "src/rest.css".parse().unwrap(),
                entry,
            }],
            renamed: None,
            asked: None,
            receipts: Vec::new(),
            saving: None,
        }];
        let bench = Workbench {
            packages: Answers::new(),
            tables: SortedMap::new(),
            manifest: larger,
            contents: SortedMap::new(),
            views: Views::default(),
            ledger: Ledger::default(),
            dialect: Dialect::EditLines,
            intent: Intent::Auto,
            syntax: &syntax,
            limits: Limits::DEFAULT,
        };
        let findings = inspect(&mut outcomes, &largest, &bench).unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warning);
        let [outcome] = outcomes;
        let said = outcome.result.content;
        assert!(
            said.contains("4097 KiB together") && said.contains("Above 4096 KiB"),
            "{said}"
        );
    }
}
