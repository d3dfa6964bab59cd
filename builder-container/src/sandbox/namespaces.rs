//! Bubblewrap's arguments. The root is an empty memory file system into which the view is bound, then made read-only:
//! what a program can fill is its own folder and a `/tmp` of a fixed size.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::Path,
};

use super::view::{DEVICES, View};

/// Bytes of `/tmp`.
const TMP: u64 = 64 * 1024 * 1024;

/// Everything before `--setenv`, `--seccomp` and the program.
pub(super) fn arguments(view: &View, folder: &Path, proc: bool) -> Vec<OsString> {
    let mut arguments = Arguments(Vec::new());
    // A user namespace also where root could do without: inside, nobody has a capability.
    arguments.add([
        "--unshare-all",
        "--unshare-user",
        "--die-with-parent",
        "--cap-drop",
        "ALL",
        "--hostname",
        "build",
    ]);
    arguments.add(["--uid", "1000", "--gid", "1000"]);
    for path in View::system() {
        match fs::read_link(path) {
            Ok(target) => arguments.add([
                OsStr::new("--symlink"),
                target.as_os_str(),
                path.as_os_str(),
            ]),
            Err(_) => arguments.bind("--ro-bind", path),
        }
    }
    for device in DEVICES {
        arguments.bind("--dev-bind", Path::new(device));
    }
    arguments.add([if proc { "--proc" } else { "--dir" }, "/proc"]);
    arguments.add(["--size", &TMP.to_string(), "--tmpfs", "/tmp"]);
    // Whatever bind it may lie in, the rest of the state folder is covered.
    arguments.add([OsStr::new("--tmpfs"), view.state.as_os_str()]);
    arguments.add([
        OsStr::new("--symlink"),
        view.packages.as_os_str(),
        view.link.as_os_str(),
    ]);
    for path in view.readable() {
        arguments.bind("--ro-bind", path);
    }
    arguments.bind("--bind", folder);
    for path in [view.state.as_path(), Path::new("/")] {
        arguments.add([OsStr::new("--remount-ro"), path.as_os_str()]);
    }
    arguments.add([OsStr::new("--chdir"), folder.as_os_str()]);
    arguments.0
}

struct Arguments(Vec<OsString>);

impl Arguments {
    fn add<T: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = T>) {
        self.0
            .extend(arguments.into_iter().map(|one| one.as_ref().to_owned()));
    }

    fn bind(&mut self, how: &str, path: &Path) {
        self.add([OsStr::new(how), path.as_os_str(), path.as_os_str()]);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn only_the_workers_own_folder_can_be_written() {
        let view = View {
            node: PathBuf::from("/n/node"),
            packages: PathBuf::from("/t/node_modules"),
            extras: Some(PathBuf::from("/e/node_modules")),
            scripts: PathBuf::from("/s/run"),
            link: PathBuf::from("/s/node_modules"),
            installs: PathBuf::from("/s/installs"),
            state: PathBuf::from("/s"),
            more: vec![PathBuf::from("/etc/fonts")],
        };
        let arguments = arguments(&view, Path::new("/s/workers/1"), true);
        let writable: Vec<_> = arguments
            .windows(2)
            .filter(|pair| pair[0] == "--bind")
            .map(|pair| pair[1].to_str().unwrap())
            .collect();
        assert_eq!(writable, ["/s/workers/1"]);
        // The root is made read-only after the last mount.
        let at = |what: &str| arguments.iter().rposition(|one| one == what).unwrap();
        assert!(at("--remount-ro") > at("--bind"));
        assert_eq!(arguments[at("--remount-ro") + 1], "/");
    }
}
