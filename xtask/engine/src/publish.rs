//! What of a built app goes into its Worker's script: `{"id","files":{path: base64}}` →
//! `{"id","script_bytes","script_gzip_bytes","embedded":[path],"external":[path],"band","secrets":[{"path","rule","what","line"}]}`, the paths in
//! their order.
//!
//! `script_bytes` is the sum of all module parts as uploaded, which the budget is about; `script_gzip_bytes` that of each of them in gzip. What
//! cannot be published is answered with `{"id","ok":false,"error"}`. With `--modules` there is the script as well: `"modules": [{"name",
//! "kind","base64"}]`, the main one first.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use overskill::{
    build::{ArtifactLimits, Mode},
    digest::Digest,
    project::ProjectPath,
    publish::{
        Artifact, ArtifactSet, BUDGET, Band, Critical, Function, FunctionName, PAGE, Part,
        is_of_functions,
        secrets::{self, Leak},
        worker_script,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    id: Value,
    files: BTreeMap<String, String>,
}

/// The answer to one line.
pub(crate) fn answer(line: &[u8], with_modules: bool) -> Value {
    let case: Case = match serde_json::from_slice(line) {
        Ok(case) => case,
        Err(error) => {
            return json!({ "id": null, "ok": false, "error": format!("not a case: {error}") });
        }
    };
    let answer = published(&case, with_modules);
    answer.map_or_else(
        |error| json!({ "id": case.id, "ok": false, "error": format!("{error:#}") }),
        |answer| json!(answer),
    )
}

#[derive(Serialize)]
struct Answer<'c> {
    id: &'c Value,
    script_bytes: usize,
    script_gzip_bytes: usize,
    embedded: Vec<ProjectPath>,
    external: Vec<ProjectPath>,
    band: Band,
    /// What of the files is not to be published. Names the rule and never the secret.
    secrets: Vec<Leak>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modules: Option<Value>,
}

fn published(case: &Case, with_modules: bool) -> Result<Answer<'_>> {
    let files = contents(&case.files)?;
    let entries = files.iter().map(|(path, content)| {
        let artifact = Artifact {
            hash: Digest::of(content),
            size: content.len() as u64,
        };
        (path.clone(), artifact)
    });
    let set = ArtifactSet {
        mode: Mode::Production,
        source_digest: Digest::of(b""),
        toolchain_digest: Digest::of(b""),
        entries: entries.collect(),
    };
    let page = files
        .iter()
        .find(|(path, _)| path.as_str() == PAGE)
        .map_or(&[][..], |(_, content)| content);
    let mut critical = Critical::of(&set, &String::from_utf8_lossy(page));
    while let Some((path, kind)) = critical.unread() {
        if let Some(content) = files.get(&path) {
            critical.read(&path, kind, &String::from_utf8_lossy(content));
        }
    }
    let parts: Vec<Part> = critical
        .found()
        .into_iter()
        .filter_map(|path| Some(part(files.get(&path)?, path)))
        .collect::<Result<_>>()?;
    let functions = files
        .iter()
        .filter_map(|(path, code)| {
            Some(Function {
                name: FunctionName::of(path)?,
                code: code.clone(),
            })
        })
        .collect();
    let script = worker_script(&set, page, functions, parts, BUDGET)?;
    let mut script_gzip_bytes = 0;
    for module in &script.modules {
        script_gzip_bytes += gzip(&module.bytes)?.len();
    }
    let secrets = files
        .iter()
        .flat_map(|(path, content)| secrets::scan(path, content))
        .collect();
    let is_inside = |path: &ProjectPath| {
        path.as_str() == PAGE || is_of_functions(path) || script.inside.contains(path)
    };
    let (embedded, external) = files.into_keys().partition(is_inside);
    let modules = script.modules.iter().map(|module| {
        json!({ "name": module.name, "kind": module.kind, "base64": STANDARD.encode(&module.bytes) })
    });
    Ok(Answer {
        id: &case.id,
        script_bytes: script.report.script_bytes,
        script_gzip_bytes,
        embedded,
        external,
        band: Band::of(script.report.script_bytes, BUDGET),
        secrets,
        modules: with_modules.then(|| modules.collect()),
    })
}

/// The files of a case, held to what a build may put out.
fn contents(files: &BTreeMap<String, String>) -> Result<BTreeMap<ProjectPath, Vec<u8>>> {
    let limits = ArtifactLimits::DEFAULT;
    if files.len() > limits.files {
        bail!("{} files, {} are allowed", files.len(), limits.files);
    }
    let mut total = 0;
    let mut contents = BTreeMap::new();
    for (path, text) in files {
        let parsed: ProjectPath = path.parse().with_context(|| format!("{path:?}"))?;
        let content = STANDARD
            .decode(text)
            .with_context(|| format!("{path}: its content is not base64"))?;
        let size = content.len() as u64;
        total += size;
        if size > limits.file_bytes || total > limits.total_bytes {
            bail!(
                "{path}: {size} bytes, and {total} with those before it; {} are allowed, {} together",
                limits.file_bytes,
                limits.total_bytes
            );
        }
        contents.insert(parsed, content);
    }
    Ok(contents)
}

/// A file as it goes into the script: in gzip where that is shorter.
fn part(content: &[u8], path: ProjectPath) -> Result<Part> {
    let short = gzip(content)?;
    let is_gzip = short.len() < content.len();
    let bytes = if is_gzip { short } else { content.to_vec() };
    Ok(Part {
        path,
        bytes,
        is_gzip,
    })
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}
