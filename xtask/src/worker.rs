//! From the root package to the modules that workerd runs: `build/index.js`, `build/index_bg.wasm`, and
//! the parser in `build/syntax.wasm`. Does what the program `worker-build` does, with its library linked instead
//! of installed; the JavaScript around the wasm is ours (`src/edge/shim.js`, `src/edge/standing.js`, `src/edge/syntax.js`). No wasm-opt: on a
//! 3.2 MiB Worker it took more than a minute and, names aside, the result was larger after gzip.

pub(crate) mod assets;
mod order;
pub(crate) mod parser;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::node::Node;
use crate::toolchain::{TARGET, Toolchain};
use crate::{hash, place, process, progress};

/// What workerd runs; the entry first.
const MODULES: [&str; 3] = ["index.js", "index_bg.wasm", "syntax.wasm"];
/// The JavaScript around the wasm: the folder in `src`, and the file.
const SHIMS: [(&str, &str); 4] = [
    ("edge", "shim.js"),
    ("edge", "standing.js"),
    ("edge", "syntax.js"),
    ("publish", "outbound.js"),
];
/// Most bytes the Worker may have after gzip, all modules together.
pub(crate) const GZIP_BUDGET: u64 = 1536 * 1024;
/// Changes when the steps after cargo change, so that old output is not taken for new.
const RECIPE: &str = "wasm-bindgen 0.2.130, esbuild, 6";

/// What cargo made for the Worker.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    /// The root package.
    pub(crate) worker: PathBuf,
    /// The parser.
    pub(crate) parser: PathBuf,
}

/// Sizes of the built Worker in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// All modules as they are.
    pub(crate) raw: u64,
    /// All modules, each gzipped.
    pub(crate) gzip: u64,
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            to,
            "{} raw, {} gzip",
            progress::bytes(self.raw),
            progress::bytes(self.gzip)
        )
    }
}

/// Builds the Worker; steps whose input did not change are skipped.
///
/// # Errors
/// When the Rust code does not compile or a step after it fails.
pub(crate) fn build(toolchain: &Toolchain, node: &Node) -> Result<Sizes> {
    finish(&compile(toolchain)?, node)?;
    sizes()
}

/// From compiled wasm to the modules; skipped when the input did not change.
///
/// # Errors
/// When wasm-bindgen or esbuild fails, or the parser's module wants something of its host.
pub(crate) fn finish(compiled: &Compiled, node: &Node) -> Result<()> {
    let start = Instant::now();
    let out = place::worker_build();
    let stamp = stamp(compiled)?;
    let stamp_file = out.join(".stamp");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) && modules_present() {
        return Ok(());
    }
    let staging = place::target()?.join("worker");
    bind(&compiled.worker, &staging)?;
    for (folder, name) in SHIMS {
        fs::copy(shim(folder, name), staging.join(name))?;
    }
    bundle(node, &staging)?;
    parser::check(&compiled.parser)?;
    write_gathered(&compiled.parser, &staging.join("out/syntax.wasm"))?;
    fs::create_dir_all(&out)?;
    // The stamp goes first and returns last: a build cut off half-way is never taken for a whole one.
    if stamp_file.exists() {
        fs::remove_file(&stamp_file)?;
    }
    assets::replace(node, &out)?;
    for name in MODULES {
        let new = out.join(format!("{name}.new"));
        fs::copy(staging.join("out").join(name), &new)?;
        fs::rename(&new, out.join(name))?;
    }
    fs::write(&stamp_file, &stamp)?;
    progress::done(
        &format!("Worker bound and bundled: {}", sizes()?),
        start.elapsed(),
    );
    Ok(())
}

/// Names the output: it changes with whatever goes in.
fn stamp(compiled: &Compiled) -> Result<String> {
    let mut parts = vec![RECIPE.as_bytes().to_vec()];
    for wasm in [&compiled.worker, &compiled.parser] {
        parts.push(fs::read(wasm).with_context(|| format!("cargo left no {}", wasm.display()))?);
    }
    for (folder, name) in SHIMS {
        let shim = shim(folder, name);
        parts.push(fs::read(&shim).with_context(|| format!("{} is missing", shim.display()))?);
    }
    for file in assets::sources()? {
        parts.push(fs::read(&file)?);
    }
    parts.push(assets::foundation()?.into_bytes());
    parts.push(fs::read(place::root().join("package-lock.json"))?);
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Ok(hash::hex(&parts))
}

fn shim(folder: &str, name: &str) -> PathBuf {
    place::root().join("src").join(folder).join(name)
}

/// Whether all modules of an earlier build are there.
pub(crate) fn modules_present() -> bool {
    MODULES
        .iter()
        .all(|name| place::worker_build().join(name).is_file())
        && place::worker_build().join(assets::FOLDER).is_dir()
}

/// Compiles the root package and the parser for the wasm target; returns the files cargo made.
///
/// # Errors
/// When one does not compile.
pub(crate) fn compile(toolchain: &Toolchain) -> Result<Compiled> {
    let start = Instant::now();
    progress::begin("compiling the Worker (release, wasm32)");
    process::show(toolchain.cargo().args([
        "build",
        "--release",
        "--target",
        TARGET,
        "--package",
        "overskill",
        "--lib",
    ]))?;
    let parser = parser::compile(toolchain)?;
    progress::done("Worker compiled", start.elapsed());
    Ok(Compiled {
        worker: place::target()?.join(TARGET).join("release/overskill.wasm"),
        parser,
    })
}

fn bind(wasm: &Path, staging: &Path) -> Result<()> {
    if staging.exists() {
        fs::remove_dir_all(staging)?;
    }
    fs::create_dir_all(staging)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("index")
        .module(true)?
        .typescript(false)
        // Names are a seventh of the Worker after gzip; a panic says its file and line without them.
        .remove_name_section(true)
        .remove_producers_section(true)
        .reset_state_function(true)
        .force_enable_abort_handler(true);
    bindgen
        .generate(staging)
        .context("wasm-bindgen could not bind the Worker")
}

fn bundle(node: &Node, staging: &Path) -> Result<()> {
    let esbuild = place::root().join("node_modules/esbuild/bin/esbuild");
    let mut command: Command = node.command();
    command.current_dir(staging).arg(esbuild).args([
        "shim.js",
        "--bundle",
        "--format=esm",
        "--target=esnext",
        "--external:./index_bg.wasm",
        "--external:./syntax.wasm",
        "--external:cloudflare:*",
        "--minify-whitespace",
        "--minify-syntax",
        "--log-level=warning",
        "--outfile=out/index.js",
    ]);
    process::quiet(&mut command)?;
    write_gathered(
        &staging.join("index_bg.wasm"),
        &staging.join("out/index_bg.wasm"),
    )?;
    let bundle = staging.join("out/index.js");
    let text = fs::read_to_string(&bundle)?;
    // workerd gives a module of type CompiledWasm as a WebAssembly.Module, but does not know the phase syntax.
    let plain = text.replace("import source ", "import ");
    if !plain.contains("./index_bg.wasm") {
        bail!(
            "the bundled shim does not import the wasm module: does src/edge/shim.js import ./index.js?"
        );
    }
    if !plain.contains("./syntax.wasm") {
        bail!(
            "the bundle does not import the parser's module: does src/edge/syntax.js import ./syntax.wasm, and anything import that?"
        );
    }
    fs::write(&bundle, plain)?;
    Ok(())
}

/// Writes a wasm module with its functions in the order that gzip likes best.
fn write_gathered(from: &Path, to: &Path) -> Result<()> {
    let gathered =
        order::gather(&fs::read(from)?).with_context(|| format!("reading {}", from.display()))?;
    fs::write(to, gathered)?;
    Ok(())
}

/// Sizes of the modules that were built last.
///
/// # Errors
/// When they cannot be read.
pub(crate) fn sizes() -> Result<Sizes> {
    let mut sizes = Sizes { raw: 0, gzip: 0 };
    for name in MODULES {
        let bytes = fs::read(place::worker_build().join(name))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&bytes)?;
        sizes.raw += bytes.len() as u64;
        sizes.gzip += encoder.finish()?.len() as u64;
    }
    Ok(sizes)
}
