//! A compiler with the wasm target where rustup cannot download one: Debian's `rustc-web`, unpacked into
//! the tool cache (nothing is installed, root is not needed), and its standard library compiled once.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{TARGET, Toolchain};
use crate::{place, process, progress};

/// What is unpacked; what these depend on and the machine lacks is found in apt's own lists.
const PACKAGES: [&str; 4] = [
    COMPILER,
    "libstd-rust-web-dev",
    "rust-web-src",
    "rust-web-clippy",
];
const COMPILER: &str = "rustc-web";
/// The oldest Rust that compiles the workspace.
const NEEDED: &str = env!("CARGO_PKG_RUST_VERSION");
/// Dependencies that a machine with any Rust has already under some name.
const PRESENT_ANYWAY: [&str; 4] = ["gcc", "libc-dev", "binutils", "libc6"];
const UPDATE_LIMIT: Duration = Duration::from_secs(180);
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(900);
const PACKAGE_LIMIT: Duration = Duration::from_secs(120);
const DONE: &str = ".done";
/// Content of the file that says that all is there; changes when what is made changes.
const RECIPE: &str = "compiler, lints, standard library";

fn folder() -> Result<PathBuf> {
    Ok(place::tool_cache()?.join("wasm-debian"))
}

/// The compiler, if it was made before and is not too old for the workspace by now.
///
/// # Errors
/// When the tool cache has no place.
pub(crate) fn present() -> Result<Option<Toolchain>> {
    let folder = folder()?;
    if !fs::read_to_string(folder.join(DONE)).is_ok_and(|recipe| recipe == RECIPE) {
        return Ok(None);
    }
    let version = process::quiet(Command::new(folder.join("rustc")).arg("--version"));
    let version = version.unwrap_or_default();
    let version = version.strip_prefix("rustc ").unwrap_or(&version);
    Ok(check_age(version).is_ok().then(|| toolchain(&folder)))
}

fn toolchain(folder: &Path) -> Toolchain {
    Toolchain {
        env: vec![("RUSTC".into(), folder.join("rustc").into())],
        clippy: Some(folder.join("clippy-driver")),
    }
}

/// Major and minor number at the start of a version such as `1.96.0+dfsg1-1~deb12u2`.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().splitn(3, '.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Refuses a compiler that the workspace is too new for.
fn check_age(version: &str) -> Result<()> {
    if release(version) < release(NEEDED) {
        bail!(
            "{COMPILER} is {} and Rust {NEEDED} or newer is needed: are Debian's security updates among apt's sources?",
            version.trim()
        );
    }
    Ok(())
}

/// The compiler, made when it was not made before.
///
/// # Errors
/// When apt is not there, cannot download, or the standard library does not compile.
pub(crate) fn ensure() -> Result<Toolchain> {
    if let Some(there) = present()? {
        return Ok(there);
    }
    for tool in ["apt-get", "apt-cache", "dpkg", "dpkg-query"] {
        if process::find(tool).is_none() {
            bail!("no `{tool}`: this is not Debian");
        }
    }
    let folder = folder()?;
    // Half of an earlier attempt is worth nothing.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("debs"))?;
    progress::step("Debian's rustc-web (packages)", || download(&folder))?;
    progress::step("standard library for wasm32 (compiling)", || {
        compile_std(&folder)
    })?;
    try_out(&folder).context("the compiler that was made of Debian's packages does not compile")?;
    fs::remove_dir_all(folder.join("debs"))?;
    fs::write(folder.join(DONE), RECIPE)?;
    Ok(toolchain(&folder))
}

/// `apt-get` with lists and caches of its own below the folder; what it downloads comes into `debs` there.
///
/// # Errors
/// When their folders cannot be made.
fn apt_get(folder: &Path) -> Result<Command> {
    fs::create_dir_all(folder.join("apt/lists/partial"))?;
    fs::create_dir_all(folder.join("apt/cache/archives/partial"))?;
    Ok(apt(folder, "apt-get"))
}

/// One package of Debian's, unpacked into `<folder>/root`: nothing is installed, and root is not needed.
///
/// # Errors
/// Where there is no Debian, or no such package.
pub(crate) fn unpack(package: &str, folder: &Path) -> Result<()> {
    for tool in ["apt-get", "dpkg"] {
        if process::find(tool).is_none() {
            bail!("no `{tool}`: this is not Debian");
        }
    }
    // Half of an earlier attempt is worth nothing.
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let debs = folder.join("debs");
    fs::create_dir_all(&debs)?;
    let download = ["download", "-q", package];
    let mut known = Command::new("apt-get");
    known.current_dir(&debs).args(download);
    // The machine's own lists may be missing or too old.
    if process::quiet_within(&mut known, PACKAGE_LIMIT).is_err() {
        process::quiet_within(apt_get(folder)?.args(["update", "-q"]), UPDATE_LIMIT)?;
        process::quiet_within(apt_get(folder)?.args(download), PACKAGE_LIMIT)?;
    }
    let root = folder.join("root");
    for entry in fs::read_dir(&debs)? {
        process::quiet(Command::new("dpkg").arg("-x").arg(entry?.path()).arg(&root))?;
    }
    fs::remove_dir_all(debs)?;
    if folder.join("apt").exists() {
        fs::remove_dir_all(folder.join("apt"))?;
    }
    Ok(())
}

/// apt with lists and caches of its own, so that it works without root and without `apt-get update` before.
fn apt(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    let lists = folder.join("apt/lists");
    command.current_dir(folder.join("debs"));
    for (key, value) in [
        ("Dir::State::Lists", lists.as_path()),
        ("Dir::Cache", &folder.join("apt/cache")),
        ("APT::Sandbox::User", Path::new("")),
    ] {
        command.arg("-o").arg(format!("{key}={}", value.display()));
    }
    command
}

fn download(folder: &Path) -> Result<String> {
    let start = Instant::now();
    process::quiet_within(apt_get(folder)?.args(["update", "-q"]), UPDATE_LIMIT)?;
    // What apt would take, asked before half a gigabyte is on its way.
    let record = show(folder, COMPILER)?;
    check_age(field(&record, "Version:").next().unwrap_or_default())?;
    let names = with_dependencies(folder)?;
    process::quiet_within(
        apt(folder, "apt-get").args(["download", "-q"]).args(&names),
        DOWNLOAD_LIMIT,
    )?;
    let root = folder.join("root");
    for entry in fs::read_dir(folder.join("debs"))? {
        process::quiet(Command::new("dpkg").arg("-x").arg(entry?.path()).arg(&root))?;
    }
    fs::remove_dir_all(folder.join("apt"))?;
    let llvm = names
        .iter()
        .find_map(|name| name.strip_prefix("lld-"))
        .unwrap_or("?");
    wrap_compiler(folder, llvm)?;
    Ok(format!(
        "{} packages in {}",
        names.len(),
        progress::seconds(start.elapsed())
    ))
}

/// The packages and what they need that is not installed. The linker is not among the dependencies of
/// `rustc-web`: it is the `lld` of the LLVM that the compiler itself is linked with.
fn with_dependencies(folder: &Path) -> Result<BTreeSet<String>> {
    let status = process::quiet(Command::new("dpkg-query").args([
        "-W",
        "-f",
        "${db:Status-Status} ${Package}\\n",
    ]))?;
    let installed: BTreeSet<&str> = status
        .lines()
        .filter_map(|line| line.strip_prefix("installed "))
        .collect();
    let mut names = BTreeSet::new();
    let mut open: Vec<String> = PACKAGES.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = open.pop() {
        if !names.insert(name.clone()) {
            continue;
        }
        if let Some(version) = name.strip_prefix("libllvm") {
            open.push(format!("lld-{version}"));
        }
        let record = show(folder, &name)?;
        open.extend(
            dependencies(&record)
                .into_iter()
                .filter_map(|alternatives| {
                    let there = alternatives
                        .iter()
                        .any(|name| installed.contains(name) || PRESENT_ANYWAY.contains(name));
                    if there {
                        None
                    } else {
                        alternatives.first().map(|name| (*name).to_owned())
                    }
                }),
        );
    }
    Ok(names)
}

/// The record of the version of a package that apt would take.
fn show(folder: &Path, name: &str) -> Result<String> {
    process::quiet(apt(folder, "apt-cache").args(["show", "--no-all-versions", name]))
        .with_context(|| format!("apt knows no package {name}"))
}

/// What a record says under a name, which ends with its colon.
fn field<'record>(record: &'record str, name: &str) -> impl Iterator<Item = &'record str> {
    record
        .lines()
        .filter_map(move |line| line.strip_prefix(name))
}

/// The dependencies in a package's record, each with its alternatives.
fn dependencies(record: &str) -> Vec<Vec<&str>> {
    let fields = field(record, "Depends:").chain(field(record, "Pre-Depends:"));
    let name = |text: &'_ str| -> usize { text.find([' ', '(', ':']).unwrap_or(text.len()) };
    fields
        .flat_map(|field| field.split(','))
        .map(|one| {
            one.split('|')
                .filter_map(|alternative| {
                    let alternative = alternative.trim();
                    alternative
                        .get(..name(alternative))
                        .filter(|name| !name.is_empty())
                })
                .collect()
        })
        .collect()
}

/// A `rustc` and a `clippy-driver` that find their libraries and their linker below the folder.
fn wrap_compiler(folder: &Path, llvm: &str) -> Result<()> {
    let usr = folder.join("root/usr");
    let libraries: Vec<String> = fs::read_dir(usr.join("lib"))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().contains("-linux-"))
        })
        .chain([usr.join(format!("lib/llvm-{llvm}/lib"))])
        .map(|path| path.display().to_string())
        .collect();
    for program in ["rustc", "clippy-driver"] {
        let wrapper = folder.join(program);
        let script = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n",
            libraries.join(":"),
            usr.join("bin").join(program).display()
        );
        fs::write(&wrapper, script)?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    }
    let wrapper = folder.join("rustc");
    let version = process::quiet(Command::new(&wrapper).arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc names no host")?;
    let linkers = usr.join("lib/rustlib").join(host).join("bin");
    fs::create_dir_all(&linkers)?;
    let linker = linkers.join("rust-lld");
    if fs::symlink_metadata(&linker).is_ok() {
        fs::remove_file(&linker)?;
    }
    std::os::unix::fs::symlink(usr.join(format!("lib/llvm-{llvm}/bin/lld")), &linker)?;
    Ok(())
}

fn compile_std(folder: &Path) -> Result<String> {
    let start = Instant::now();
    let sources = fs::read_dir(folder.join("root/usr/src"))?
        .flatten()
        .map(|entry| entry.path().join("library"))
        .find(|path| path.join("sysroot/Cargo.toml").is_file())
        .context("rust-web-src holds no library/sysroot")?;
    let target = folder.join("std-target");
    let mut command = place::cargo();
    command
        .current_dir(&sources)
        .args([
            "build",
            "--release",
            "--target",
            TARGET,
            "--features",
            "panic-unwind",
            "--manifest-path",
        ])
        .arg(sources.join("sysroot/Cargo.toml"))
        .env("RUSTC", folder.join("rustc"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env(
            "RUSTFLAGS",
            "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes",
        )
        .env("CARGO_TARGET_DIR", &target);
    process::quiet(&mut command)?;
    let sysroot = process::quiet(Command::new(folder.join("rustc")).args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]))?;
    let libraries = PathBuf::from(sysroot.trim());
    if libraries.exists() {
        fs::remove_dir_all(&libraries)?;
    }
    fs::create_dir_all(&libraries)?;
    let mut copied = 0;
    for entry in fs::read_dir(target.join(TARGET).join("release/deps"))?.flatten() {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rlib")
        {
            fs::copy(entry.path(), libraries.join(entry.file_name()))?;
            copied += 1;
        }
    }
    if copied == 0 {
        bail!("cargo left no libraries in {}", target.display());
    }
    fs::remove_dir_all(&target)?;
    Ok(format!(
        "standard library for wasm32 in {}",
        progress::seconds(start.elapsed())
    ))
}

/// Compiles and links a small library with what was made.
fn try_out(folder: &Path) -> Result<()> {
    let (source, made) = (folder.join("trial.rs"), folder.join("trial.wasm"));
    fs::write(
        &source,
        "#[unsafe(no_mangle)]\npub extern \"C\" fn digits(n: u32) -> usize { n.to_string().len() }\n",
    )?;
    let mut command = Command::new(folder.join("rustc"));
    command
        .args(["--edition=2024", "--crate-type=cdylib", "-O", "--target"])
        .arg(TARGET)
        .arg("-o")
        .args([&made, &source]);
    process::quiet(&mut command)?;
    if !fs::read(&made)?.starts_with(b"\0asm") {
        bail!("{} is no WebAssembly", made.display());
    }
    fs::remove_file(&source)?;
    fs::remove_file(&made)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_older_than_the_workspace_is_refused() {
        let error = check_age(" 1.85.0+dfsg3-1~deb12u3")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("1.85.0") && error.contains(NEEDED),
            "{error}"
        );
        assert!(check_age("").is_err());
        assert!(check_age(NEEDED).is_ok());
        assert!(check_age("1.196.0+dfsg1-1~deb12u2").is_ok());
        assert!(check_age("2.0.0 (abc 2030-01-01)").is_ok());
    }

    #[test]
    fn dependencies_with_alternatives_and_versions() {
        let record = "Package: x\nDepends: libc6 (>= 2.34), a | b (= 1), c:any\nRecommends: z\n";
        assert_eq!(
            dependencies(record),
            vec![vec!["libc6"], vec!["a", "b"], vec!["c"]]
        );
    }
}
