//! An app's Worker at an address of its own: what is added to the script of its artifact set, and what it is given.

use std::fmt::Write as _;

use super::{
    ArtifactSet, Environment, Module, ModuleKind, Runtime, WATCHED_MILLIS, is_immutable, sealed_as,
};
use crate::{build::media_type, digest::Digest, ids::AppId, time::Timestamp};

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

fn prefix(app: &AppId) -> String {
    format!("apps/{app}/")
}

/// The modules that stand around those of the set. `earlier` are the sets that were live before, the newest first.
#[must_use]
pub fn modules(set: &ArtifactSet, earlier: &[ArtifactSet]) -> Vec<Module> {
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
fn listed(set: &ArtifactSet, earlier: &[ArtifactSet]) -> String {
    let mut out = String::from(
        "// What pages that were opened before may still ask for.\nexport const earlier = new Map([\n",
    );
    let mut known: Vec<&str> = Vec::new();
    let entries = earlier.iter().flat_map(|set| &set.entries);
    for (path, artifact) in entries {
        let is_new = is_immutable(path)
            && !set.entries.contains_key(path)
            && !known.contains(&path.as_str());
        if is_new {
            known.push(path.as_str());
            // JSON strings are JavaScript strings, and writing to a string cannot fail.
            let _ = writeln!(
                out,
                "  [{}, {{ hash: \"{}\", type: {} }}],",
                serde_json::Value::from(format!("/{path}")),
                artifact.hash,
                serde_json::Value::from(media_type(path.as_str()))
            );
        }
    }
    out.push_str("]);\n");
    out
}

/// The texts that the Worker is given, by name.
#[must_use]
pub fn texts(told: &Runtime) -> Vec<(String, String)> {
    let vars = told.vars().into_iter();
    let vars = vars.map(|(name, text)| (name.to_owned(), text));
    let more = [
        ("FILES_AT", prefix(&told.app_id)),
        ("ALLOWED_HOSTS", told.told.hosts.join(" ")),
    ];
    vars.chain(more.map(|(name, text)| (name.to_owned(), text)))
        .collect()
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
        let modules = modules(&now, &[before.clone(), before]);
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
                "FILES_AT",
                "ALLOWED_HOSTS"
            ]
        );
        let hash = Digest::of(b"x");
        assert_eq!(key(&told.app_id, &hash), format!("apps/abcdefgh/{hash}"));
        assert_eq!(texts[4].1, "apps/abcdefgh/");
        assert_eq!(texts[5].1, "a.example b.example");
    }
}
