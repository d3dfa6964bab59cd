//! What runs on behalf of a builder, from `/proc`.

use std::fs;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) pid: i32,
    /// Its process group.
    pub(crate) group: i32,
    /// Its arguments.
    pub(crate) line: String,
}

/// Every living process.
pub(crate) fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read(entry.path().join("stat")).ok()?;
            let stat = String::from_utf8_lossy(&stat).into_owned();
            // State, parent, group, after a name that may hold anything.
            let (_, fields) = stat.rsplit_once(") ")?;
            let fields: Vec<_> = fields.split(' ').collect();
            if ["Z", "X"].contains(fields.first()?) {
                return None;
            }
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            Some(Process {
                pid,
                group: fields.get(2)?.parse().ok()?,
                line: String::from_utf8_lossy(&line).replace('\0', " "),
            })
        })
        .collect()
}

/// Those among whose arguments a text is.
pub(crate) fn naming(text: &str) -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let mut found = all();
    found.retain(|process| process.pid != own && process.line.contains(text));
    found
}
