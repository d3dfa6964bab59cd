//! What of a built app goes into its Worker's script: `{"id","files":{path: base64}}` →
//! `{"id","script_bytes","script_gzip_bytes","embedded":[path],"external":[path],"band","secrets":[{"path","rule","what","line"}]}`, the paths in
//! their order.
//!
//! With secrets in it, an app is not published: `"ok":false` and `"error"` are there besides. `script_bytes` is the sum of all module parts as uploaded, which the budget is about; `script_gzip_bytes` that of each of them in gzip. What
//! cannot be published is answered with `{"id","ok":false,"error"}`. With `--modules` there is the script as well: `"modules": [{"name",
//! "kind","base64"}]`, the main one first. With `--what-if BYTES`, once or more, there is what other budgets would come to: `"what_if":
//! [{"budget","script_bytes","embedded":[path],"external":[path],"band"}]`, in the order in which they were asked for; of a budget that the page
//! and the functions alone are over, `{"budget","error"}`.

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
        Artifact, ArtifactSet, BUDGET, Band, Critical, Function, FunctionName, PAGE, Part, Plan,
        is_of_functions,
        secrets::{self, Leak},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    id: Value,
    files: BTreeMap<String, String>,
}

/// What is told besides.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The script itself.
    modules: bool,
    /// Other budgets, in bytes.
    what_if: Vec<usize>,
}

impl Options {
    /// Reads `--modules` and `--what-if BYTES`.
    ///
    /// # Errors
    /// For any other word, and for bytes that are no number.
    pub(crate) fn of(mut words: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        loop {
            words = match words {
                [] => return Ok(options),
                ["--modules", rest @ ..] => {
                    options.modules = true;
                    rest
                }
                ["--what-if", bytes, rest @ ..] => {
                    let budget = bytes.parse();
                    options.what_if.push(budget.with_context(|| {
                        format!("--what-if {bytes}: give a budget in bytes, such as 1024000")
                    })?);
                    rest
                }
                [other, ..] => bail!(
                    "engine publish has no `{other}` here; it takes --modules and --what-if BYTES"
                ),
            };
        }
    }
}

/// The answer to one line.
pub(crate) fn answer(line: &[u8], options: &Options) -> Value {
    let case: Case = match serde_json::from_slice(line) {
        Ok(case) => case,
        Err(error) => {
            return json!({ "id": null, "ok": false, "error": format!("not a case: {error}") });
        }
    };
    let answer = published(&case, options);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return json!({ "id": case.id, "ok": false, "error": format!("{error:#}") }),
    };
    let told: Vec<String> = answer.secrets.iter().map(Leak::to_string).collect();
    let mut answer = json!(answer);
    if let Some(answer) = answer.as_object_mut().filter(|_| !told.is_empty()) {
        answer.insert("ok".to_owned(), json!(false));
        answer.insert("error".to_owned(), json!(told.join("; ")));
    }
    answer
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
    #[serde(skip_serializing_if = "Option::is_none")]
    what_if: Option<Value>,
}

fn published<'c>(case: &'c Case, options: &Options) -> Result<Answer<'c>> {
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
    let plan = Plan::of(&set, page, functions, parts)?;
    let script = plan.script(BUDGET)?;
    let mut script_gzip_bytes = 0;
    for module in &script.modules {
        script_gzip_bytes += gzip(&module.bytes)?.len();
    }
    let secrets = files
        .iter()
        .flat_map(|(path, content)| secrets::scan(path, content))
        .collect();
    let (embedded, external) = divided(&files, &script.inside);
    let modules = script.modules.iter().map(|module| {
        json!({ "name": module.name, "kind": module.kind, "base64": STANDARD.encode(&module.bytes) })
    });
    Ok(Answer {
        id: &case.id,
        script_bytes: script.report.script_bytes,
        script_gzip_bytes,
        embedded,
        external,
        band: script.report.band,
        secrets,
        modules: options.modules.then(|| modules.collect()),
        what_if: (!options.what_if.is_empty()).then(|| {
            let budgets = options.what_if.iter();
            budgets
                .map(|budget| what_if(&plan, &files, *budget))
                .collect()
        }),
    })
}

/// What another budget would come to.
fn what_if(plan: &Plan<'_>, files: &BTreeMap<ProjectPath, Vec<u8>>, budget: usize) -> Value {
    match plan.split(budget) {
        Ok(split) => {
            let (embedded, external) = divided(files, &split.inside);
            json!({
                "budget": budget,
                "script_bytes": split.script_bytes,
                "embedded": embedded,
                "external": external,
                "band": Band::of(split.script_bytes, budget),
            })
        }
        Err(error) => json!({ "budget": budget, "error": error.to_string() }),
    }
}

/// The paths of the files in the script, and of those outside.
fn divided(
    files: &BTreeMap<ProjectPath, Vec<u8>>,
    inside: &[ProjectPath],
) -> (Vec<ProjectPath>, Vec<ProjectPath>) {
    let is_inside = |path: &ProjectPath| {
        path.as_str() == PAGE || is_of_functions(path) || inside.contains(path)
    };
    files.keys().cloned().partition(is_inside)
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
        bytes: Some(bytes),
        is_gzip,
    })
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Vec<u8> {
        let script = "x".repeat(2_000);
        let files = [
            (
                "index.html",
                "<html><head><script src=\"/a.js\"></script></head></html>",
            ),
            ("a.js", script.as_str()),
            ("late.png", "png"),
        ];
        let files: BTreeMap<&str, String> = files
            .into_iter()
            .map(|(path, content)| (path, STANDARD.encode(content)))
            .collect();
        serde_json::to_vec(&json!({ "id": 7, "files": files })).unwrap()
    }

    #[test]
    fn the_answer_has_its_keys_and_others_only_where_they_are_asked_for() {
        let keys = |words: &[&str]| -> Vec<String> {
            let told = answer(&case(), &Options::of(words).unwrap());
            told.as_object().unwrap().keys().cloned().collect()
        };
        let mut expected = vec![
            "id",
            "script_bytes",
            "script_gzip_bytes",
            "embedded",
            "external",
            "band",
            "secrets",
        ];
        expected.sort_unstable();
        let mut plain = keys(&[]);
        plain.sort_unstable();
        assert_eq!(plain, expected);
        assert!(keys(&["--modules"]).contains(&"modules".to_owned()));
        assert!(keys(&["--what-if", "1"]).contains(&"what_if".to_owned()));
        for words in [&["--what-if"][..], &["--what-if", "many"], &["--other"]] {
            assert!(Options::of(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn what_has_a_secret_in_it_is_refused_by_file_and_rule() {
        let secret = ["sk_", "live_", "51HG7dXK2mQpL9vR4tYw8Zb3"].concat();
        let files = json!({
            "index.html": STANDARD.encode("<p>hi</p>"),
            "assets/a.js": STANDARD.encode(format!("const k=\"{secret}\"")),
        });
        let line = json!({ "id": 1, "files": files }).to_string();
        let told = answer(line.as_bytes(), &Options::default());
        assert_eq!(told["ok"], json!(false));
        assert!(
            told["error"].as_str().unwrap().contains("assets/a.js"),
            "{told}"
        );
        assert_eq!(told["secrets"][0]["path"], json!("assets/a.js"));
        assert!(!told.to_string().contains(&secret));
    }

    #[test]
    fn another_budget_comes_to_other_files() {
        let plain = answer(&case(), &Options::default());
        let bytes = plain["script_bytes"].as_u64().unwrap();
        let tight = (bytes - 1).to_string();
        let words = [
            "--what-if",
            "1024000",
            "--what-if",
            &tight,
            "--what-if",
            "100",
        ];
        let told = answer(&case(), &Options::of(&words).unwrap());
        let [large, tight, none] = &told["what_if"].as_array().unwrap()[..] else {
            panic!("{told}");
        };
        assert_eq!(
            (&large["script_bytes"], &large["embedded"], &large["band"]),
            (
                &plain["script_bytes"],
                &json!(["a.js", "index.html"]),
                &json!("healthy")
            )
        );
        assert_eq!(
            (&tight["embedded"], &tight["external"], &tight["band"]),
            (
                &json!(["index.html"]),
                &json!(["a.js", "late.png"]),
                &json!("critical")
            )
        );
        assert_eq!(none["budget"], 100);
        assert!(
            none["error"].as_str().unwrap().contains("100 are allowed"),
            "{none}"
        );
    }
}
