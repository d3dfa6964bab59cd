//! An app's Worker at an address of its own: what is added to the script of its artifact set, and what it is given.

use std::fmt::Write as _;

use super::{
    Artifact, ArtifactSet, Environment, Module, ModuleKind, PAGE, Runtime, WATCHED_MILLIS,
    is_immutable, is_of_functions, sealed_as,
};
use crate::{
    build::media_type, digest::Digest, ids::AppId, project::ProjectPath, sorted::SortedMap,
    time::Timestamp,
};

/// Where the files of an app are put on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// In a bucket of R2, which the Workers of all apps read.
    R2,
    /// Beside each version of its Worker, as static assets of that version alone.
    Assets,
}

impl Storage {
    /// By its name, `r2` or `assets`. With the former, there has to be a `bucket`.
    ///
    /// # Errors
    /// With what to set.
    pub fn parse(name: &str, bucket: &str) -> Result<Self, String> {
        match name.trim() {
            "r2" if bucket.trim().is_empty() => Err(
                "CLOUDFLARE_FILES is `r2`, and no bucket is set: set CLOUDFLARE_BUCKET to its name, or CLOUDFLARE_FILES to `assets`"
                    .to_owned(),
            ),
            "r2" => Ok(Self::R2),
            "assets" => Ok(Self::Assets),
            other => Err(format!(
                "CLOUDFLARE_FILES is `{other}`; there is: r2, assets"
            )),
        }
    }
}

/// The module whose default export answers.
pub const MAIN: &str = "own.js";
const OWN: &str = include_str!("own.js");
const EARLIER: &str = "earlier.js";
const OUTBOUND: (&str, &str) = ("outbound.js", include_str!("outbound.js"));

/// Where the platform hears at an app's address what its own Worker has counted.
pub const ANSWERS_PATH: &str = "/_answers";
/// The binding that says until when it counts, and proves that it did.
pub const ANSWERS: &str = "ANSWERS";
/// For how long it counts after its upload: the switch comes a while later.
const COUNTED_MILLIS: u64 = WATCHED_MILLIS + 60_000;

/// What its proof is sealed as, with the deployment in it. No variable has such a name.
#[must_use]
pub fn proof_of(app: &AppId, environment: Environment) -> String {
    sealed_as(app, environment, "answers")
}

/// What the binding says.
#[must_use]
pub fn counts(now: Timestamp, proof: &str) -> String {
    format!("{} {proof}", now.after(COUNTED_MILLIS).0)
}

/// The key of a file in the bucket.
#[must_use]
pub fn key(app: &AppId, hash: &Digest) -> String {
    format!("{}{hash}", prefix(app))
}

/// What the keys of an app's files begin with, which its Worker is told as `FILES_AT`.
#[must_use]
pub fn prefix(app: &AppId) -> String {
    format!("apps/{app}/")
}

/// How static assets are served: never around the Worker, at their path or not at all.
#[must_use]
pub fn asset_config() -> serde_json::Value {
    serde_json::json!({ "html_handling": "none", "not_found_handling": "none", "run_worker_first": true })
}

/// The files of a set that the Worker asks for: not the page, which is in the script, and not what functions are made of.
pub fn files(set: &ArtifactSet) -> impl Iterator<Item = (&ProjectPath, &Artifact)> {
    let entries = set.entries.iter();
    entries.filter(|(path, _)| path.as_str() != PAGE && !is_of_functions(path))
}

/// A file that the Worker may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// What it is called in the app.
    pub path: &'a ProjectPath,
    /// What it is.
    pub artifact: &'a Artifact,
    /// Which set has it: 0 is the one that is served, and from 1 on they are the earlier ones.
    pub set: usize,
}

/// All files that the Worker may ask for, each once, by where it stands among the static assets: `/<sha256>`.
#[must_use]
pub fn held<'a>(set: &'a ArtifactSet, earlier: &[&'a ArtifactSet]) -> SortedMap<String, Held<'a>> {
    let own = files(set).map(|(path, artifact)| (0, path, artifact));
    let mut all = SortedMap::default();
    for (set, path, artifact) in own.chain(before(set, earlier)) {
        let held = Held {
            path,
            artifact,
            set,
        };
        all.entry(format!("/{}", artifact.hash)).or_insert(held);
    }
    all
}

/// The files of earlier sets whose names have the hash of their content in them, as the newest set that has each: which it is, from 1 on.
fn before<'a>(
    set: &'a ArtifactSet,
    earlier: &[&'a ArtifactSet],
) -> Vec<(usize, &'a ProjectPath, &'a Artifact)> {
    let mut known: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for (number, one) in earlier.iter().enumerate() {
        for (path, artifact) in &one.entries {
            let is_new = is_immutable(path)
                && !set.entries.contains_key(path)
                && !known.contains(&path.as_str());
            if is_new {
                known.push(path.as_str());
                all.push((number + 1, path, artifact));
            }
        }
    }
    all
}

/// The modules that stand around those of the set. `earlier` are the sets that were live before, the newest first.
#[must_use]
pub fn modules(set: &ArtifactSet, earlier: &[&ArtifactSet]) -> Vec<Module> {
    let module = |name: &'static str, text: &str| Module {
        name: name.into(),
        kind: ModuleKind::EsModule,
        bytes: text.into(),
    };
    vec![
        module(MAIN, OWN),
        module(EARLIER, &listed(set, earlier)),
        module(OUTBOUND.0, OUTBOUND.1),
    ]
}

/// The module that names the files of earlier sets whose names have the hash of their content in them.
fn listed(set: &ArtifactSet, earlier: &[&ArtifactSet]) -> String {
    let mut out = String::from(
        "// What pages that were opened before may still ask for.\nexport const earlier = new Map([\n",
    );
    for (_, path, artifact) in before(set, earlier) {
        // JSON strings are JavaScript strings, and writing to a string cannot fail.
        let _ = writeln!(
            out,
            "  [{}, {{ hash: \"{}\", type: {} }}],",
            serde_json::Value::from(format!("/{path}")),
            artifact.hash,
            serde_json::Value::from(media_type(path.as_str()))
        );
    }
    out.push_str("]);\n");
    out
}

/// The texts that the Worker is given, by name.
#[must_use]
pub fn texts(told: &Runtime) -> Vec<(String, String)> {
    let vars = told.vars().into_iter();
    let vars = vars.map(|(name, text)| (name.to_owned(), text));
    let hosts = ("ALLOWED_HOSTS".to_owned(), told.told.hosts.join(" "));
    vars.chain([hosts]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        build::Mode,
        publish::{Artifact, Told},
    };

    fn set(paths: &[&str]) -> ArtifactSet {
        let entries = paths.iter().map(|path| {
            let artifact = Artifact {
                hash: Digest::of(path.as_bytes()),
                size: 1,
            };
            (path.parse().unwrap(), artifact)
        });
        ArtifactSet {
            mode: Mode::Production,
            source_digest: Digest::of(b""),
            toolchain_digest: Digest::of(b""),
            entries: entries.collect(),
        }
    }

    #[test]
    fn pages_that_were_opened_before_find_their_files() {
        let now = set(&["index.html", "assets/same-A1b2C3d4.js", "logo.svg"]);
        let before = set(&[
            "index.html",
            "assets/same-A1b2C3d4.js",
            "assets/old-X1y2Z3w4.css",
            "logo.svg",
        ]);
        let modules = modules(&now, &[&before, &before]);
        let [main, earlier, _] = &modules[..] else {
            panic!("{modules:?}")
        };
        assert_eq!(main.name, MAIN);
        let text = String::from_utf8(earlier.bytes.clone()).unwrap();
        let hash = Digest::of(b"assets/old-X1y2Z3w4.css");
        let line = format!(
            "  [\"/assets/old-X1y2Z3w4.css\", {{ hash: \"{hash}\", type: \"text/css; charset=utf-8\" }}],"
        );
        assert_eq!(
            text.lines()
                .filter(|one| one.starts_with("  ["))
                .collect::<Vec<_>>(),
            [line]
        );
    }

    #[test]
    fn the_worker_counts_as_long_as_it_is_watched_and_a_moment_longer() {
        let app = "abcdefgh".parse().unwrap();
        assert_eq!(counts(Timestamp(1_000), "v1.x"), "661000 v1.x");
        assert_eq!(
            proof_of(&app, Environment::Staging),
            "app:abcdefgh:staging:answers"
        );
        assert!(OWN.contains(ANSWERS_PATH) && OWN.contains(ANSWERS));
    }

    #[test]
    fn the_worker_is_told_where_its_files_are() {
        let told = Runtime {
            app_id: "abcdefgh".parse().unwrap(),
            environment: Environment::Production,
            version: 3,
            set: Digest::of(b"set"),
            console_origin: None,
            origin: "https://recipes.example".to_owned(),
            told: Told {
                hosts: vec!["a.example".to_owned(), "b.example".to_owned()],
                ..Told::default()
            },
        };
        let texts = texts(&told);
        let names: Vec<_> = texts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "DIGEST",
                "FRAME_ANCESTORS",
                "PUBLIC",
                "VERSION",
                "ALLOWED_HOSTS"
            ]
        );
        let hash = Digest::of(b"x");
        assert_eq!(key(&told.app_id, &hash), format!("apps/abcdefgh/{hash}"));
        assert_eq!(prefix(&told.app_id), "apps/abcdefgh/");
        assert_eq!(texts[4].1, "a.example b.example");
    }

    #[test]
    fn each_file_stands_once_among_the_assets_with_the_newest_set_that_has_it() {
        let now = set(&[
            "index.html",
            "assets/same-A1b2C3d4.js",
            "logo.svg",
            "overskill-functions/key.js",
        ]);
        let newer = set(&[
            "index.html",
            "assets/same-A1b2C3d4.js",
            "assets/b-X1y2Z3w4.css",
        ]);
        let older = set(&["assets/a-Q1y2Z3w4.js", "assets/b-X1y2Z3w4.css", "old.svg"]);
        let held = held(&now, &[&newer, &older]);
        let mut told: Vec<_> = held
            .iter()
            .map(|(at, one)| {
                assert_eq!(*at, format!("/{}", one.artifact.hash));
                (one.path.as_str(), one.set)
            })
            .collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                ("assets/a-Q1y2Z3w4.js", 2),
                ("assets/b-X1y2Z3w4.css", 1),
                ("assets/same-A1b2C3d4.js", 0),
                ("logo.svg", 0)
            ]
        );
    }

    #[test]
    fn where_files_go_is_said_by_name() {
        assert_eq!(Storage::parse("r2", "files"), Ok(Storage::R2));
        assert_eq!(Storage::parse("assets", ""), Ok(Storage::Assets));
        let without = Storage::parse("r2", " ").unwrap_err();
        assert!(
            without.contains("set CLOUDFLARE_BUCKET") && without.contains("`assets`"),
            "{without}"
        );
        for wrong in ["", "R2", "kv"] {
            assert_eq!(
                Storage::parse(wrong, "files").unwrap_err(),
                format!("CLOUDFLARE_FILES is `{wrong}`; there is: r2, assets")
            );
        }
    }
}
