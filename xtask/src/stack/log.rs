//! A child's log: a file that the child itself writes, so that it never waits for a reader; bounded while it writes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result};

use crate::process;

/// Most bytes in a log. As many again are kept beside it, in a file that ends in `.old`.
const LIMIT: u64 = 16 * 1024 * 1024;
/// Bytes from a log's end that are looked at for its last lines.
const TAIL: u64 = 64 * 1024;

/// Opens a log for a child. It must append, or what [`bound`] cuts off would come back as a hole.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Moves what is in a log beside it when it has grown too long, whether somebody writes it or not. Lines that are written
/// at that very moment may get lost.
///
/// # Errors
/// When the file cannot be read or written.
pub(crate) fn bound(path: &Path) -> io::Result<()> {
    bound_to(path, LIMIT)
}

fn bound_to(path: &Path, limit: u64) -> io::Result<()> {
    let length = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?.len(),
    };
    if length <= limit {
        return Ok(());
    }
    let log = OpenOptions::new().read(true).write(true).open(path)?;
    let mut old = File::create(path.with_extension("log.old"))?;
    // Not to its end: a child that writes fast would be chased for ever.
    io::copy(&mut end_of(&log, limit)?, &mut old)?;
    log.set_len(0)
}

fn end_of(log: &File, most: u64) -> io::Result<impl Read> {
    let length = log.metadata()?.len();
    let mut log = log;
    log.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    Ok(log.take(most))
}

/// The last lines of a log; none when it cannot be read.
pub(crate) fn tail(path: &Path) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|log| end_of(&log, TAIL)?.read_to_end(&mut bytes));
    // What could be read before an error is still worth showing.
    let _partial = read;
    process::last_lines(&String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;

    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("overskill-{name}-{}.log", std::process::id()))
    }

    #[test]
    fn a_log_is_cut_while_it_is_written() {
        let path = path("bound");
        let mut child = open(&path).unwrap();
        child.write_all(b"one two three").unwrap();
        bound_to(&path, 13).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one two three");
        child.write_all(b" four").unwrap();
        bound_to(&path, 13).unwrap();
        child.write_all(b"five").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"five");
        let old = path.with_extension("log.old");
        assert_eq!(fs::read(&old).unwrap(), b"wo three four");
        fs::remove_file(&path).unwrap();
        fs::remove_file(&old).unwrap();
        bound_to(&path, 13).unwrap();
    }

    #[test]
    fn the_tail_of_a_long_log_is_its_end() {
        let path = path("tail");
        let mut text = "filler\n".repeat(100_000);
        text.push_str("the last line\n");
        fs::write(&path, text).unwrap();
        assert!(tail(&path).ends_with("the last line"));
        fs::remove_file(&path).unwrap();
        assert_eq!(tail(&path), "");
    }
}
