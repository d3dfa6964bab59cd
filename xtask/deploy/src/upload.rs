//! The Worker as it is uploaded: its modules, its files, what it is given, and a tag by which the account knows all of that again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use hmac::{Hmac, Mac};
use overskill::cloudflare::{Binding, Bindings, Upload};
use overskill::publish::{Module, ModuleKind};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::assets::{self, Assets};
use crate::configuration::Configuration;
use crate::secrets::Secrets;
use crate::variables::{self, Texts};

/// The Worker's binding to the dispatch namespace that apps are deployed into.
const DISPATCHER: &str = "DISPATCHER";
/// How long a tag is: Cloudflare takes 25 characters.
const TAG_LENGTH: usize = 24;

/// What was built.
pub(crate) struct Built {
    pub(crate) modules: Vec<Module>,
    pub(crate) assets: Assets,
}

/// Reads it. The modules are all that lie beside the main one.
///
/// # Errors
/// When something is missing, or is no module.
pub(crate) fn built(root: &Path, plan: &Configuration) -> Result<Built> {
    let main = root.join(&plan.main);
    let folder = main.parent().context("the main module lies nowhere")?;
    let unreadable = || format!("cannot read {}: is the Worker built?", folder.display());
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() || name.starts_with('.') {
            continue;
        }
        let kind = match name.rsplit_once('.') {
            Some((_, "js")) => ModuleKind::EsModule,
            Some((_, "wasm")) => ModuleKind::Wasm,
            _ => bail!("{} is no module", entry.path().display()),
        };
        let bytes = fs::read(entry.path())?;
        modules.push(Module {
            name: name.into(),
            kind,
            bytes,
        });
    }
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    let assets = assets::read(&root.join(&plan.assets.directory))?;
    Ok(Built { modules, assets })
}

/// What is uploaded, but for the tag, the token of the files, and migrations.
///
/// # Errors
/// When the main module is not among the modules.
pub(crate) fn upload(
    plan: &Configuration,
    built: &Built,
    texts: &Texts,
    secrets: &Secrets,
) -> Result<Upload> {
    let main = plan.main.file_name().unwrap_or_default().to_string_lossy();
    if !built.modules.iter().any(|module| module.name == main) {
        bail!("{main} is not there: is the Worker built?");
    }
    Ok(Upload {
        main: main.into_owned(),
        modules: built.modules.clone(),
        bindings: bindings(plan, texts, secrets),
        compatibility_date: plan.compatibility_date.clone(),
        compatibility_flags: plan.compatibility_flags.clone(),
        more: Map::new(),
    })
}

fn bindings(plan: &Configuration, texts: &Texts, secrets: &Secrets) -> Bindings {
    let mut all = Bindings::new();
    let mut add = |name: &str, binding| all.push((name.to_owned(), binding));
    for (name, text) in texts {
        add(name, Binding::Text(text.clone()));
    }
    for object in &plan.durable_objects.bindings {
        add(
            &object.name,
            Binding::DurableObjects(object.class_name.clone()),
        );
    }
    for producer in &plan.queues.producers {
        add(&producer.binding, Binding::Queue(producer.queue.clone()));
    }
    for bucket in &plan.r2_buckets {
        add(
            &bucket.binding,
            Binding::R2Bucket(bucket.bucket_name.clone()),
        );
    }
    for loader in &plan.worker_loaders {
        add(&loader.binding, Binding::WorkerLoader);
    }
    if let Some(namespace) = variables::namespace(texts) {
        add(DISPATCHER, Binding::DispatchNamespace(namespace.to_owned()));
    }
    add(&plan.assets.binding, Binding::Assets);
    for (name, text) in secrets.given.iter().chain(&secrets.made) {
        add(name, Binding::Secret(text.clone()));
    }
    all
}

/// By what the account knows an upload again. Secrets that are made are none of it: they are sent once. Of those that are given it has a keyed hash,
/// the key being the API token: nobody learns anything of one from it.
///
/// # Errors
/// None that a token brings about.
pub(crate) fn tag(
    plan: &Configuration,
    upload: &Upload,
    assets: &Assets,
    made: &Texts,
    token: &str,
) -> Result<String> {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for module in &upload.modules {
        part(module.name.as_bytes());
        part(&module.bytes);
    }
    for (path, asset) in assets {
        part(path.as_bytes());
        part(asset.hash.as_bytes());
    }
    part(
        json!([
            upload.compatibility_date,
            upload.compatibility_flags,
            plan.assets.config
        ])
        .to_string()
        .as_bytes(),
    );
    let mut keyed = Hmac::<Sha256>::new_from_slice(token.as_bytes())?;
    for (name, binding) in &upload.bindings {
        match binding {
            Binding::Secret(_) if made.contains_key(name) => {}
            Binding::Secret(text) => {
                keyed.update(&(text.len() as u64).to_le_bytes());
                keyed.update(text.as_bytes());
                part(format!("secret {name}").as_bytes());
            }
            open => part(format!("{name} {open:?}").as_bytes()),
        }
    }
    part(&keyed.finalize().into_bytes());
    let hex: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(hex.get(..TAG_LENGTH).unwrap_or(&hex).to_owned())
}

/// What goes along: the tag, the files by their token, migrations that are due.
pub(crate) fn more(
    plan: &Configuration,
    tag: &str,
    files: &str,
    migrations: Option<&Value>,
) -> Map<String, Value> {
    let annotations = json!({ "workers/message": "cargo xtask deploy", "workers/tag": tag });
    let assets = json!({ "jwt": files, "config": plan.assets.config });
    let mut more = Map::from_iter([
        ("annotations".to_owned(), annotations),
        ("assets".to_owned(), assets),
    ]);
    if let Some(migrations) = migrations {
        more.insert("migrations".to_owned(), migrations.clone());
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::tests::ours;

    fn secrets(given: &str) -> Secrets {
        let given = Texts::from([("OPENAI_API_KEY".to_owned(), given.to_owned())]);
        Secrets {
            given,
            made: Texts::new(),
        }
    }

    fn tagged(code: &str, text: &str, secret: &str, token: &str) -> String {
        let plan = ours();
        let module = Module {
            name: "index.js".into(),
            kind: ModuleKind::EsModule,
            bytes: code.into(),
        };
        let built = Built {
            modules: vec![module],
            assets: Assets::new(),
        };
        let texts = Texts::from([("MODEL".to_owned(), text.to_owned())]);
        let upload = upload(&plan, &built, &texts, &secrets(secret)).unwrap();
        tag(&plan, &upload, &built.assets, &Texts::new(), token).unwrap()
    }

    #[test]
    fn a_tag_is_of_all_that_is_uploaded() {
        let one = tagged("code", "offline", "key", "token");
        assert_eq!(one, tagged("code", "offline", "key", "token"));
        assert_eq!(one.len(), TAG_LENGTH);
        for other in [
            tagged("other", "offline", "key", "token"),
            tagged("code", "gpt", "key", "token"),
            tagged("code", "offline", "other", "token"),
            tagged("code", "offline", "key", "other"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_secret_that_is_made_is_not_sent_again_for_the_tag() {
        let plan = ours();
        let module = Module {
            name: "index.js".into(),
            kind: ModuleKind::EsModule,
            bytes: Vec::new(),
        };
        let built = Built {
            modules: vec![module],
            assets: Assets::new(),
        };
        let tagged = |secrets: &Secrets| {
            let upload = upload(&plan, &built, &plan.vars, secrets).unwrap();
            tag(&plan, &upload, &built.assets, &secrets.made, "token").unwrap()
        };
        let again = secrets("key");
        let made = Texts::from([("SEAL_KEYS".to_owned(), "first:x".to_owned())]);
        let first = Secrets {
            given: again.given.clone(),
            made,
        };
        assert_eq!(tagged(&first), tagged(&again));
    }

    #[test]
    fn everything_of_the_file_is_bound() {
        let plan = ours();
        let bound = bindings(&plan, &plan.vars, &secrets("key"));
        let names: Vec<&str> = bound.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "CONVERSATIONS",
            "HOSTNAMES",
            "BUILDS",
            "BLOBS",
            "ASSETS",
            "LOADER",
            "CONSOLE",
            "BUDGET",
            "OPENAI_API_KEY",
        ] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        let migrations = json!({ "new_tag": "v1", "steps": [] });
        let more = more(&plan, "t", "jwt", Some(&migrations));
        let config = json!({ "html_handling": "none", "run_worker_first": true });
        assert_eq!(more["assets"], json!({ "jwt": "jwt", "config": config }));
        assert_eq!(more["annotations"]["workers/tag"], "t");
        assert_eq!(more["migrations"], migrations);
    }

    #[test]
    fn what_was_not_built_is_not_uploaded() {
        let error = built(Path::new("/nowhere"), &ours()).err().unwrap();
        assert!(format!("{error:#}").contains("is the Worker built?"));
        let none = Built {
            modules: Vec::new(),
            assets: Assets::new(),
        };
        let error = upload(&ours(), &none, &Texts::new(), &secrets("k")).unwrap_err();
        assert!(
            error.to_string().contains("index.js is not there"),
            "{error}"
        );
    }
}
