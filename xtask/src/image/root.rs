//! A root folder as the image would have it, on this machine's libraries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::dockerfile::{Act, Image, Step};
use crate::node::{self, Node};
use crate::{hash, place, process, progress, sandbox};

/// What of this machine stands in for the base image.
const BASE: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc"];
/// What runs inside, beside the entry point.
const SCRIPT: &str = include_str!("try.mjs");
/// What a caller sends, and the image knows the hash of.
const TOKEN: &str = "a token of the image";

/// Where the stages have left what they made.
pub(super) struct Assembled {
    /// The folder of programs and packages.
    root: PathBuf,
    /// The program that sends a folder to a builder.
    sender: PathBuf,
}

/// Performs the stages.
///
/// # Errors
/// When one fails.
pub(super) fn assemble(node: &Node, steps: &[Step]) -> Result<Assembled> {
    let target = place::target()?;
    let root = target.join("image");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let programs = root.join("bin");
    fs::create_dir_all(&programs)?;
    // Where the next steps work.
    let mut folder = root.clone();
    for step in steps {
        match &step.act {
            Act::Compile => progress::step("the supervisor, as it is released", || {
                let words = [
                    "build",
                    "--locked",
                    "--release",
                    "--package",
                    "overskill-builder",
                    "--bins",
                ];
                process::quiet(place::cargo().args(words))?;
                Ok("supervisor compiled".to_owned())
            })?,
            Act::Install(words) => progress::step("the packages, from the lock file", || {
                process::quiet(node::npm(node, &folder)?.args(words))?;
                Ok("packages installed".to_owned())
            })?,
            Act::Copy => {
                let words: Vec<_> = step.text.split(' ').skip(1).collect();
                if let Some(("./", files)) = words.split_last().map(|(last, rest)| (*last, rest)) {
                    for file in files {
                        let file = place::root().join(file);
                        let name = file.file_name().context("COPY names no file")?;
                        fs::copy(&file, folder.join(name))?;
                    }
                }
            }
            Act::Property => {
                if let Some(path) = step.text.strip_prefix("WORKDIR /") {
                    folder = root.join(path);
                    fs::create_dir_all(&folder)?;
                }
            }
            Act::Base => {}
        }
    }
    let release = target.join("release");
    fs::copy(
        release.join("overskill-builder"),
        programs.join("overskill-builder"),
    )
    .context("the image does not compile the supervisor")?;
    Ok(Assembled {
        root,
        sender: release.join("overskill-build"),
    })
}

/// Runs the entry point as the image would, asks how it is as the image would, and builds an app through it.
///
/// # Errors
/// When one of them fails.
pub(super) fn try_out(node: &Node, image: &Image, assembled: &Assembled) -> Result<String> {
    let (user, group) = image
        .user
        .split_once(':')
        .context("USER must name a group too")?;
    let bwrap = sandbox::program().context("there is no bubblewrap to make a root with")?;
    let state = assembled.root.join("state");
    fs::create_dir_all(&state)?;
    let check = assembled.root.join("check");
    fs::create_dir_all(&check)?;
    fs::copy(&assembled.sender, check.join("overskill-build"))?;
    fs::write(check.join("try.mjs"), SCRIPT)?;
    let mut command = Command::new(&bwrap);
    command.env_clear();
    // Only loopback, which has nobody else.
    command.args([
        "--unshare-user",
        "--unshare-pid",
        "--unshare-net",
        "--die-with-parent",
        "--new-session",
    ]);
    command.args(["--uid", user, "--gid", group]);
    for path in BASE.iter().map(Path::new).filter(|path| path.exists()) {
        bind(&mut command, "--ro-bind", path, path);
    }
    let local = Path::new("/usr/local/bin");
    command.arg("--tmpfs").arg(local);
    bind(
        &mut command,
        "--ro-bind",
        &node.program,
        &local.join("node"),
    );
    bind(&mut command, "--ro-bind", &bwrap, &local.join("bwrap"));
    let supervisor = assembled.root.join("bin/overskill-builder");
    bind(
        &mut command,
        "--ro-bind",
        &supervisor,
        &local.join("overskill-builder"),
    );
    for name in ["toolchain", "extras"] {
        let folder = assembled.root.join(name);
        bind(
            &mut command,
            "--ro-bind",
            &folder,
            &Path::new("/").join(name),
        );
    }
    bind(&mut command, "--ro-bind", &check, Path::new("/check"));
    bind(
        &mut command,
        "--ro-bind",
        &place::root().join("builder-container/tests/shell"),
        Path::new("/app"),
    );
    command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
    for volume in &image.volumes {
        bind(&mut command, "--bind", &state, Path::new(volume));
    }
    command.args(["--remount-ro", "/usr/local/bin", "--remount-ro", "/"]);
    for (name, value) in [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("BUILDER_TOKEN_HASH", &hash::hex(&[TOKEN.as_bytes()])),
    ] {
        command.args(["--setenv", name, value]);
    }
    let order = serde_json::json!({
        "entry": image.entry,
        "health": image.health,
        "port": image.port,
        "token": TOKEN,
        "user": [user, group],
        "volumes": image.volumes,
    });
    command
        .args(["--", "node", "/check/try.mjs"])
        .arg(order.to_string());
    progress::begin("the entry point, in a root that cannot be written");
    let seen = process::quiet(&mut command)?;
    let Some(line) = seen.lines().last() else {
        bail!("nothing was seen");
    };
    Ok(line.to_owned())
}

fn bind(command: &mut Command, how: &str, from: &Path, to: &Path) {
    command.arg(how).arg(from).arg(to);
}
