//! Opens what a worker has left behind. It may have put anything in place of anything: a link to another job in place of a
//! source, a pipe that nobody writes to in place of a file. So no link is followed on the way, nothing but plain files is
//! read, and no more of one than it may have.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use overskill::project::ProjectPath;
use rustix::fs::{CWD, Mode, OFlags, openat};

/// The plain file at `path` in `folder`, and its length in bytes. The way to `folder` is the supervisor's own; `folder`
/// itself, and what is in it, may have been replaced.
///
/// # Errors
/// When a part of the way is a link, or the end of it no plain file.
pub(crate) fn open(folder: &Path, path: &ProjectPath) -> io::Result<(File, u64)> {
    let inside = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = inside | OFlags::DIRECTORY | OFlags::PATH;
    let mut here = openat(CWD, folder, directory, Mode::empty())?;
    let (folders, name) = match path.as_str().rsplit_once('/') {
        Some((folders, name)) => (folders, name),
        None => ("", path.as_str()),
    };
    for name in folders.split('/').filter(|name| !name.is_empty()) {
        here = openat(&here, name, directory, Mode::empty())?;
    }
    // A pipe is not waited for: it is opened, and then refused.
    let plain = inside | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(openat(&here, name, plain, Mode::empty())?);
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata.len()))
    } else {
        Err(io::Error::other(format!("{path} is not a plain file")))
    }
}

/// The content of a plain file that has at most `most` bytes. See [`open`].
///
/// # Errors
/// As [`open`], and when it is longer.
pub(crate) fn read(folder: &Path, path: &ProjectPath, most: u64) -> io::Result<Vec<u8>> {
    let (file, length) = open(folder, path)?;
    let mut content = Vec::new();
    if length <= most {
        file.take(most + 1).read_to_end(&mut content)?;
    }
    if length > most || content.len() as u64 > most {
        return Err(io::Error::other(format!(
            "{path} has more than {most} bytes"
        )));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn nothing_but_plain_files_on_a_way_of_folders() {
        let root = std::env::temp_dir().join(format!("overskill-beneath-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let app = root.join("app");
        fs::create_dir_all(app.join("a/b")).unwrap();
        fs::write(app.join("a/b/file"), "12345").unwrap();
        fs::write(app.join("top"), "1").unwrap();
        symlink("a", app.join("link")).unwrap();
        symlink("a/b/file", app.join("link-file")).unwrap();
        symlink("/dev/zero", app.join("endless")).unwrap();
        symlink("app", root.join("link-app")).unwrap();
        rustix::fs::mknodat(
            CWD,
            app.join("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::RWXU,
            0,
        )
        .unwrap();
        let read = |folder: &str, path: &str, most| {
            super::read(&root.join(folder), &path.parse().unwrap(), most)
                .map_err(|error| error.to_string())
        };
        assert_eq!(read("app", "a/b/file", 5), Ok(b"12345".to_vec()));
        assert_eq!(read("app", "top", 5), Ok(b"1".to_vec()));
        assert!(
            read("app", "a/b/file", 4)
                .unwrap_err()
                .contains("more than 4 bytes")
        );
        assert!(
            read("app", "pipe", 5)
                .unwrap_err()
                .contains("not a plain file")
        );
        assert!(
            read("app", "a", 5)
                .unwrap_err()
                .contains("not a plain file")
        );
        for path in ["link/b/file", "link-file", "endless", "none", "top/file"] {
            read("app", path, 5).unwrap_err();
        }
        read("link-app", "top", 5).unwrap_err();
        fs::remove_dir_all(root).unwrap();
    }
}
