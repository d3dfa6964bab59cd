//! From the root package to the two modules that workerd runs: `build/index.js` and `build/index_bg.wasm`.
//! Does what the program `worker-build` does, with its library linked instead of installed;
//! the JavaScript around the wasm is ours (`src/edge/shim.js`). No wasm-opt: on a 3.2 MiB Worker it took
//! more than a minute and, names aside, the result was larger after gzip.

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

/// Most bytes the Worker may have after gzip, both modules together.
pub(crate) const GZIP_BUDGET: u64 = 1536 * 1024;
/// Changes when the steps after cargo change, so that old output is not taken for new.
const RECIPE: &str = "wasm-bindgen 0.2.130, esbuild, 1";

/// Sizes of the built Worker in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Both modules as they are.
    pub(crate) raw: u64,
    /// Both modules, each gzipped.
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

/// From compiled wasm to the two modules; skipped when the input did not change.
///
/// # Errors
/// When wasm-bindgen or esbuild fails.
pub(crate) fn finish(wasm: &Path, node: &Node) -> Result<()> {
    let start = Instant::now();
    let out = place::worker_build();
    let shim = place::root().join("src/edge/shim.js");
    let wasm_bytes = fs::read(wasm).with_context(|| format!("cargo left no {}", wasm.display()))?;
    let shim_bytes = fs::read(&shim).with_context(|| format!("{} is missing", shim.display()))?;
    let lock = fs::read(place::root().join("package-lock.json"))?;
    let stamp = hash::hex(&[RECIPE.as_bytes(), &wasm_bytes, &shim_bytes, &lock]);
    let stamp_file = out.join(".stamp");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) && modules_present() {
        return Ok(());
    }
    let staging = place::target()?.join("worker");
    bind(wasm, &staging)?;
    fs::copy(&shim, staging.join("shim.js"))?;
    bundle(node, &staging)?;
    fs::create_dir_all(&out)?;
    // The stamp goes first and returns last: a build cut off half-way is never taken for a whole one.
    if stamp_file.exists() {
        fs::remove_file(&stamp_file)?;
    }
    for name in ["index_bg.wasm", "index.js"] {
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

/// Whether both modules of an earlier build are there.
pub(crate) fn modules_present() -> bool {
    ["index.js", "index_bg.wasm"]
        .iter()
        .all(|name| place::worker_build().join(name).is_file())
}

/// Compiles the root package for the wasm target; returns the file cargo made.
///
/// # Errors
/// When it does not compile.
pub(crate) fn compile(toolchain: &Toolchain) -> Result<PathBuf> {
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
    progress::done("Worker compiled", start.elapsed());
    Ok(place::target()?.join(TARGET).join("release/overskill.wasm"))
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
        "--external:cloudflare:*",
        "--minify-whitespace",
        "--minify-syntax",
        "--log-level=warning",
        "--outfile=out/index.js",
    ]);
    process::quiet(&mut command)?;
    fs::copy(
        staging.join("index_bg.wasm"),
        staging.join("out/index_bg.wasm"),
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
    fs::write(&bundle, plain)?;
    Ok(())
}

/// Sizes of the modules that were built last.
///
/// # Errors
/// When they cannot be read.
pub(crate) fn sizes() -> Result<Sizes> {
    let mut sizes = Sizes { raw: 0, gzip: 0 };
    for name in ["index.js", "index_bg.wasm"] {
        let bytes = fs::read(place::worker_build().join(name))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&bytes)?;
        sizes.raw += bytes.len() as u64;
        sizes.gzip += encoder.finish()?.len() as u64;
    }
    Ok(sizes)
}
