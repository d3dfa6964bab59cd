//! The output folder → what is published. Written by a worker that may have run anything: nothing is followed, nothing
//! but plain files is taken, and every limit is checked before a byte is read.

use std::{fs, io, path::Path};

use overskill::{
    build::{ArtifactLimits, Diagnostic, is_vendor},
    project::ProjectPath,
};

/// A file that may be published.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where it is served.
    pub(crate) path: ProjectPath,
    /// Its length in bytes.
    pub(crate) size: u64,
}

/// What a build put out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// What makes the app, ordered by path.
    pub(crate) files: Vec<Found>,
    /// Source maps, ordered by path. Nobody who opens the app needs one: no limit is theirs.
    pub(crate) maps: Vec<Found>,
}

/// Lists the output.
///
/// # Errors
/// The inner error is one of the sources: too much, or something that is not a file with a usable name.
pub(crate) fn collect(
    out: &Path,
    limits: &ArtifactLimits,
) -> io::Result<Result<Output, Diagnostic>> {
    if !out.symlink_metadata().is_ok_and(|out| out.is_dir()) {
        return Ok(Err(Diagnostic::error(
            "output",
            "the folder of built files is gone, or something else is in its place",
        )));
    }
    let (mut found, mut maps) = (Vec::new(), Vec::new());
    let mut folders = vec![String::new()];
    let mut total = 0_u64;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(out.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Ok(Err(refused(
                    &format!("{}/", entry.path().display()),
                    "its name is not UTF-8",
                )));
            };
            let path = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            let parsed = match path.parse::<ProjectPath>() {
                Ok(parsed) => parsed,
                Err(error) => return Ok(Err(refused(&path, &error.to_string()))),
            };
            // Of the entry itself, not of what a link points to.
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(path);
                if folders.len() > limits.files {
                    return Ok(Err(too_many(limits)));
                }
                continue;
            }
            if is_vendor(&parsed) {
                return Ok(Err(refused(&path, "its folder is for vendor modules")));
            }
            if !metadata.is_file() {
                return Ok(Err(refused(&path, "it is not a plain file")));
            }
            if path.ends_with(".js.map") {
                maps.push(Found {
                    path: parsed,
                    size: metadata.len(),
                });
                continue;
            }
            total += metadata.len();
            if metadata.len() > limits.file_bytes {
                let message = format!(
                    "it has {} bytes, at most {} are allowed",
                    metadata.len(),
                    limits.file_bytes
                );
                return Ok(Err(refused(&path, &message)));
            }
            if found.len() >= limits.files {
                return Ok(Err(too_many(limits)));
            }
            if total > limits.total_bytes {
                return Ok(Err(too_large(limits)));
            }
            found.push(Found {
                path: parsed,
                size: metadata.len(),
            });
        }
    }
    for list in [&mut found, &mut maps] {
        list.sort_by(|a, b| a.path.cmp(&b.path));
    }
    if !found.iter().any(|file| file.path.as_str() == "index.html") {
        return Ok(Err(Diagnostic::error(
            "output",
            "the build put out no index.html",
        )));
    }
    Ok(Ok(Output { files: found, maps }))
}

/// Adds the maps for which there is room beside `modules` vendor modules of so many bytes together.
pub(crate) fn add_fitting(
    found: &mut Vec<Found>,
    maps: Vec<Found>,
    modules: usize,
    bytes: u64,
    limits: &ArtifactLimits,
) {
    let mut total = bytes + found.iter().map(|file| file.size).sum::<u64>();
    for map in maps {
        let fits = map.size <= limits.file_bytes && total + map.size <= limits.total_bytes;
        if fits && found.len() + modules < limits.files {
            total += map.size;
            found.push(map);
        }
    }
}

/// What is wrong when so many vendor modules of so many bytes together come to these.
pub(crate) fn too_much_with(
    found: &[Found],
    modules: usize,
    bytes: u64,
    limits: &ArtifactLimits,
) -> Option<Diagnostic> {
    let own: u64 = found.iter().map(|file| file.size).sum();
    if found.len() + modules > limits.files {
        Some(too_many(limits))
    } else if own + bytes > limits.total_bytes {
        Some(too_large(limits))
    } else {
        None
    }
}

fn refused(path: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        "output",
        format!("the built file `{path}` cannot be published: {why}"),
    )
}

fn too_large(limits: &ArtifactLimits) -> Diagnostic {
    Diagnostic::error(
        "output",
        format!(
            "the built files have more than {} bytes together",
            limits.total_bytes
        ),
    )
}

fn too_many(limits: &ArtifactLimits) -> Diagnostic {
    Diagnostic::error(
        "output",
        format!("the build put out more than {} files", limits.files),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a folder under the system's temporary one, and removes it.
    struct Out(std::path::PathBuf);

    impl Out {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir()
                .join(format!("overskill-collect-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("assets")).unwrap();
            fs::write(path.join("index.html"), "<p/>").unwrap();
            fs::write(path.join("assets/b.js"), "12").unwrap();
            Self(path)
        }

        fn collect(&self, limits: &ArtifactLimits) -> Result<Vec<String>, String> {
            collect(&self.0, limits)
                .unwrap()
                .map(|out| out.files.iter().map(|file| file.path.to_string()).collect())
                .map_err(|diagnostic| diagnostic.message)
        }
    }

    impl Drop for Out {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn plain_files_are_listed_in_order() {
        let out = Out::new("plain");
        assert_eq!(
            out.collect(&ArtifactLimits::DEFAULT),
            Ok(vec!["assets/b.js".into(), "index.html".into()])
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let out = Out::new("else");
        std::os::unix::fs::symlink("/etc/passwd", out.0.join("assets/link.txt")).unwrap();
        assert!(
            out.collect(&ArtifactLimits::DEFAULT)
                .unwrap_err()
                .contains("assets/link.txt")
        );
        fs::remove_file(out.0.join("assets/link.txt")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(out.0.join("socket")).unwrap();
        assert!(
            out.collect(&ArtifactLimits::DEFAULT)
                .unwrap_err()
                .contains("not a plain file")
        );
        fs::remove_file(out.0.join("socket")).unwrap();
        let vendor = out.0.join(overskill::build::VENDOR_FOLDER);
        fs::create_dir(&vendor).unwrap();
        fs::write(vendor.join("react.js"), "").unwrap();
        assert!(
            out.collect(&ArtifactLimits::DEFAULT)
                .unwrap_err()
                .contains("vendor modules")
        );
        fs::remove_dir_all(vendor).unwrap();
        fs::write(out.0.join("a\\b"), "").unwrap();
        assert!(
            out.collect(&ArtifactLimits::DEFAULT)
                .unwrap_err()
                .contains("backslash")
        );
    }

    #[test]
    fn what_has_taken_the_folders_place_is_not_followed() {
        let out = Out::new("place");
        let link = out.0.with_extension("link");
        std::os::unix::fs::symlink(&out.0, &link).unwrap();
        for instead in [&link, &out.0.join("index.html"), &out.0.join("none")] {
            let refused = collect(instead, &ArtifactLimits::DEFAULT)
                .unwrap()
                .unwrap_err();
            assert!(refused.message.contains("in its place"), "{refused:?}");
        }
        fs::remove_file(link).unwrap();
    }

    #[test]
    fn a_map_is_never_too_much() {
        let out = Out::new("maps");
        for name in ["a.js.map", "b.js.map"] {
            fs::write(out.0.join("assets").join(name), "12345").unwrap();
        }
        // A file of the app's own that is called so is no map of what was built.
        fs::write(out.0.join("site.map"), "1").unwrap();
        let limits = ArtifactLimits {
            files: 5,
            total_bytes: 14,
            file_bytes: 5,
        };
        let with_room_for = |modules, bytes, limits: &ArtifactLimits| {
            let Output { mut files, maps } = collect(&out.0, limits).unwrap().unwrap();
            assert_eq!((files.len(), maps.len()), (3, 2));
            add_fitting(&mut files, maps, modules, bytes, limits);
            files.len() - 3
        };
        assert_eq!(with_room_for(0, 0, &limits), 1);
        assert_eq!(with_room_for(0, 3, &limits), 0);
        assert_eq!(with_room_for(2, 0, &limits), 0);
        let more = ArtifactLimits {
            total_bytes: 17,
            ..limits
        };
        assert_eq!(with_room_for(0, 0, &more), 2);
        let small = ArtifactLimits {
            file_bytes: 4,
            ..more
        };
        assert_eq!(with_room_for(0, 0, &small), 0);
    }

    #[test]
    fn limits_hold() {
        let out = Out::new("limits");
        let limits = ArtifactLimits {
            files: 2,
            total_bytes: 6,
            file_bytes: 4,
        };
        assert!(out.collect(&limits).is_ok());
        let found = collect(&out.0, &limits).unwrap().unwrap().files;
        assert_eq!(too_much_with(&found, 0, 0, &limits), None);
        let message = |modules, bytes| too_much_with(&found, modules, bytes, &limits);
        assert!(message(1, 0).unwrap().message.contains("2 files"));
        assert!(message(0, 1).unwrap().message.contains("6 bytes"));
        for (limits, message) in [
            (
                ArtifactLimits {
                    files: 1,
                    ..limits.clone()
                },
                "more than 1 files",
            ),
            (
                ArtifactLimits {
                    total_bytes: 5,
                    ..limits.clone()
                },
                "more than 5 bytes together",
            ),
            (
                ArtifactLimits {
                    file_bytes: 3,
                    ..limits
                },
                "at most 3 are allowed",
            ),
        ] {
            assert!(
                out.collect(&limits).unwrap_err().contains(message),
                "{message}"
            );
        }
        fs::remove_file(out.0.join("index.html")).unwrap();
        assert!(
            out.collect(&ArtifactLimits::DEFAULT)
                .unwrap_err()
                .contains("no index.html")
        );
    }
}
