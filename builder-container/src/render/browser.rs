//! Which Chromium, and what of the system it needs to see.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// By these names it is looked for.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// Where packages put the program that a script on `PATH` starts.
const PROGRAMS: [&str; 4] = [
    "/usr/lib/chromium/chromium",
    "/usr/lib/chromium-browser/chromium-browser",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
];
/// Fonts, and which of them stands for which.
const FONTS: [&str; 5] = [
    "/usr/share/fontconfig",
    "/etc/fonts",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/var/cache/fontconfig",
];

/// What the operator wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// One that is installed, if there is one.
    #[default]
    Auto,
    /// None.
    Off,
    /// This one.
    At(PathBuf),
}

impl From<&str> for Choice {
    fn from(text: &str) -> Self {
        match text {
            "auto" => Self::Auto,
            "off" => Self::Off,
            path => Self::At(PathBuf::from(path)),
        }
    }
}

/// A Chromium.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The program itself, no script that starts it.
    pub(super) program: PathBuf,
}

impl Browser {
    /// Finds it; the error says why there is none.
    pub(super) fn find(choice: &Choice) -> Result<Self, String> {
        let named = match choice {
            Choice::Off => return Err("it was turned off".to_owned()),
            Choice::At(path) => path.clone(),
            Choice::Auto => on_path().ok_or("there is no Chromium on PATH")?,
        };
        let found = program(&named).ok_or_else(|| format!("{} is no program", named.display()))?;
        Ok(Self { program: found })
    }

    /// What must be seen for it to run, besides what every program sees.
    pub(super) fn needs(&self) -> Vec<PathBuf> {
        let own = self.program.parent().map(Path::to_owned);
        let fonts = FONTS
            .into_iter()
            .map(PathBuf::from)
            .filter(|path| path.is_dir());
        own.into_iter().chain(fonts).collect()
    }
}

fn on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

/// The program behind a name. Debian's `chromium` is a script.
fn program(named: &Path) -> Option<PathBuf> {
    let real = named.canonicalize().ok().filter(|path| path.is_file())?;
    let mut start = [0; 2];
    let script = fs::File::open(&real)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start))
        .is_ok()
        && start == *b"#!";
    if !script {
        return Some(real);
    }
    PROGRAMS
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_read() {
        assert_eq!(Choice::from("auto"), Choice::Auto);
        assert_eq!(Choice::from("off"), Choice::Off);
        assert_eq!(Choice::from("/x/chrome"), Choice::At("/x/chrome".into()));
        assert_eq!(
            Browser::find(&Choice::Off).unwrap_err(),
            "it was turned off"
        );
        let missing = Browser::find(&Choice::At("/nowhere/chrome".into())).unwrap_err();
        assert!(missing.contains("/nowhere/chrome"), "{missing}");
    }

    #[test]
    fn a_program_is_found_behind_its_script() {
        let folder = env::temp_dir().join(format!("browser-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (binary, script) = (folder.join("binary"), folder.join("script"));
        fs::write(&binary, b"\x7fELF").unwrap();
        fs::write(&script, b"#!/bin/sh").unwrap();
        assert_eq!(program(&binary), binary.canonicalize().ok());
        assert_ne!(program(&script), script.canonicalize().ok());
        fs::remove_dir_all(folder).unwrap();
    }
}
