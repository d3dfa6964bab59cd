//! What the builder is compared with: `vite build` in a folder of its own, with React's and Tailwind's plugins.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use overskill::build::Mode;
use overskill_builder::client::AnyError;

use crate::arguments::{Arguments, Shell};

/// What a person would write, and in development what the builder does: readable, with maps.
const CONFIGURATION: &str = r#"import { fileURLToPath } from "node:url"
import tailwind from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig(({ mode }) => ({
  plugins: [react(), tailwind()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: mode === "development" ? { minify: false, sourcemap: true } : {},
}))
"#;

/// Names of what is no source.
const NO_SOURCES: [&str; 3] = ["node_modules", "dist", ".git"];

/// A folder that Vite builds.
#[derive(Debug)]
pub(crate) struct Bare {
    folder: PathBuf,
    node: PathBuf,
}

impl Bare {
    /// Copies the sources to a folder with a link to the packages and a configuration of its own.
    pub(crate) fn prepare(arguments: &Arguments, shell: &Shell) -> Result<Self, AnyError> {
        let folder = arguments.state.join("bare").join(&shell.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        copy(&shell.folder, &folder)?;
        // Beside the sources, as the builder has it: Tailwind would follow a link among them and look for class names there.
        let link = arguments.state.join("bare/node_modules");
        if !link.exists() {
            symlink(
                arguments.toolchain.join("node_modules").canonicalize()?,
                link,
            )?;
        }
        fs::write(folder.join("bench.config.mjs"), CONFIGURATION)?;
        Ok(Self {
            folder,
            node: arguments.node.clone(),
        })
    }

    /// Builds once; how long the process took.
    pub(crate) fn build(&self, mode: Mode) -> Result<Duration, AnyError> {
        let mut command = Command::new(&self.node);
        command
            .arg(self.folder.join("../node_modules/vite/bin/vite.js"))
            .args([
                "build",
                "--config",
                "bench.config.mjs",
                "--logLevel",
                "error",
            ])
            // What was built before is no source either.
            .args([
                "--outDir",
                "../out",
                "--emptyOutDir",
                "--mode",
                mode.as_str(),
            ])
            .current_dir(&self.folder)
            .env_remove("NODE_ENV")
            .stdin(Stdio::null());
        let begun = Instant::now();
        let output = command.output()?;
        let time = begun.elapsed();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("bare Vite failed ({}): {said}", output.status).into());
        }
        Ok(time)
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if NO_SOURCES.iter().any(|one| name == *one) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
