//! The state folder: writable, with room, with a token; and the ports.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

pub(crate) use super::kept::secret;
use super::{
    Record,
    kept::{self, kept},
};
use crate::progress;

/// Free space in bytes below which nothing is started.
pub(crate) const LEAST_FREE: u64 = 1024 * 1024 * 1024;
/// The workspace of the development token.
pub(crate) const WORKSPACE: &str = "local";
/// Where the ports begin that are looked through for a free one.
const LOWEST_PORT: u16 = 20_000;
/// Where Linux begins to give ports to connections, unless it is told otherwise.
const EPHEMERAL_PORTS: u16 = 32_768;

/// Checks that a state folder can be used. The caller holds its lock.
///
/// # Errors
/// When the folder is not writable or its disk is nearly full.
pub(crate) fn check(state: &Path) -> Result<()> {
    let probe = state.join("write-check");
    fs::write(&probe, b"x")
        .and_then(|()| fs::remove_file(&probe))
        .with_context(|| {
            format!(
                "cannot write in {}: choose another folder with --state",
                state.display()
            )
        })?;
    let disk = rustix::fs::statvfs(state)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < LEAST_FREE {
        bail!(
            "only {} free on the disk of {}: free some, or choose another folder with --state",
            progress::bytes(free),
            state.display()
        );
    }
    Ok(())
}

/// Everything that a stack puts into its state folder; the lock and the record, which outlive a wipe, are not listed.
const OWN: [&str; 15] = [
    "builder",
    "builder-port",
    "data",
    "data-port",
    "data-secret",
    "data-secret.new",
    "dev.log",
    "logs",
    "stack.json.new",
    "token",
    "token.new",
    "workerd",
    "workerd.new",
    "workerd.pid",
    "write-check",
];

/// Refuses a folder that is neither empty nor the state folder of a stack: it is about to be wiped.
///
/// # Errors
/// When the folder is somebody else's, or cannot be read.
pub(crate) fn ours(state: &Path) -> Result<()> {
    let unreadable = || format!("cannot read {}", state.display());
    let mut entries = match fs::read_dir(state) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(unreadable)?,
    };
    // Any program may have a `token` or `logs`. Nobody else has our record, or tokens that begin like ours.
    if Record::read(state).is_some() || old_token(state).is_some() {
        return Ok(());
    }
    let strange = entries.find_map(|entry| match entry {
        // What a deployment has put there stays.
        Ok(entry)
            if ["lock", "deploy"]
                .iter()
                .any(|name| entry.file_name() == *name) =>
        {
            None
        }
        found => Some(found.map(|entry| entry.file_name())),
    });
    match strange.transpose().with_context(unreadable)? {
        None => Ok(()),
        Some(name) => bail!(
            "{} is no state folder of OverSkill (it holds {}): --fresh would empty it, so choose another with --state",
            state.display(),
            name.to_string_lossy()
        ),
    }
}

/// Forgets what a stack has put there, lock and record excepted; leaves what it does not know. The caller holds the lock.
///
/// # Errors
/// When something cannot be removed.
pub(crate) fn wipe(state: &Path) -> Result<()> {
    for name in OWN {
        let path = state.join(name);
        let removed = match fs::symlink_metadata(&path) {
            Err(error) => Err(error),
            Ok(entry) if entry.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The development token, made at the first start. Readable by its owner alone.
///
/// # Errors
/// When it can be neither read nor made.
pub(crate) fn token(state: &Path) -> Result<String> {
    kept(state, "token", &format!("osk_{WORKSPACE}_"), secret)
}

/// What the keys of the database are made of, made at the first start. Readable by its owner alone.
///
/// # Errors
/// When it can be neither read nor made.
pub(crate) fn data_secret(state: &Path) -> Result<String> {
    kept(state, "data-secret", "", secret)
}

fn old_token(state: &Path) -> Option<String> {
    kept::read(state, "token", &format!("osk_{WORKSPACE}_"))
}

/// The port to listen on: the one asked for when it is free, any free one for 0.
///
/// # Errors
/// When the port is in use or not allowed; names the port and `--port`.
pub(crate) fn free_port(wanted: u16) -> Result<u16> {
    // A stack that was stopped a moment ago may hold its port a little longer than its process.
    for _ in 0..20 {
        if is_free(wanted) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bind(wanted)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .err()
        .is_none_or(|error| error.kind() != std::io::ErrorKind::AddrInUse)
}

fn bind(wanted: u16) -> Result<u16> {
    if wanted == 0 {
        return unclaimed();
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)) {
        Ok(listener) => Ok(listener.local_addr()?.port()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("port {wanted} is in use: stop what listens there, or choose another with --port")
        }
        Err(error) => Err(error)
            .with_context(|| format!("cannot listen on port {wanted}: choose another with --port")),
    }
}

/// A free port for a program that binds it later: below those that the kernel gives to connections (and to whoever asks for port 0),
/// any of which can be taken in between.
///
/// # Errors
/// When there is none.
fn unclaimed() -> Result<u16> {
    let below = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse().ok())
        .unwrap_or(EPHEMERAL_PORTS);
    let mut source = fs::File::open("/dev/urandom").context("no /dev/urandom")?;
    let room = below.saturating_sub(LOWEST_PORT);
    for _ in 0..100 {
        let mut random = [0_u8; 2];
        source.read_exact(&mut random)?;
        let Some(offset) = u16::from_le_bytes(random).checked_rem(room) else {
            break;
        };
        let port = LOWEST_PORT.saturating_add(offset);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .context("no free port")?
        .local_addr()?
        .port())
}

/// The port of a child: the one of the last start when it is free, else a new one.
///
/// # Errors
/// When there is no free port or it cannot be noted down.
pub(crate) fn port_of(child: &str, state: &Path) -> Result<u16> {
    let path = state.join(format!("{child}-port"));
    let last = fs::read_to_string(&path)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0);
    let port = bind(last).or_else(|_in_use| bind(0))?;
    fs::write(&path, format!("{port}\n"))?;
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named_with_its_option() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = free_port(port).unwrap_err().to_string();
        assert!(
            error.contains(&port.to_string()) && error.contains("--port"),
            "{error}"
        );
    }

    #[test]
    fn a_port_for_later_is_none_that_the_kernel_may_give_away_meanwhile() {
        for _ in 0..20 {
            let port = free_port(0).unwrap();
            assert!(
                (LOWEST_PORT..EPHEMERAL_PORTS).contains(&port),
                "{port} is one that a connection may get"
            );
        }
    }

    #[test]
    fn a_token_is_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("overskill-token-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let first = token(&folder).unwrap();
        assert_eq!(first.len(), "osk_local_".len() + kept::SECRET_LENGTH);
        assert_eq!(token(&folder).unwrap(), first);
        let mode = fs::metadata(folder.join("token"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn only_a_state_folder_is_wiped_and_only_of_what_is_ours() {
        let folder = std::env::temp_dir().join(format!("overskill-fresh-{}", std::process::id()));
        ours(&folder).unwrap();
        fs::create_dir_all(folder.join("deploy")).unwrap();
        ours(&folder).unwrap();
        fs::remove_dir_all(folder.join("deploy")).unwrap();
        fs::create_dir_all(folder.join("logs")).unwrap();
        let error = ours(&folder).unwrap_err().to_string();
        assert!(error.contains("it holds logs"), "{error}");
        fs::write(folder.join("token"), "a token of somebody else").unwrap();
        assert!(ours(&folder).is_err());
        fs::remove_file(folder.join("token")).unwrap();

        token(&folder).unwrap();
        fs::write(folder.join("lock"), "").unwrap();
        fs::write(folder.join("thesis.txt"), "years of work").unwrap();
        ours(&folder).unwrap();
        wipe(&folder).unwrap();
        let mut left: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["lock", "thesis.txt"]);
        assert!(ours(&folder).is_err());

        fs::remove_file(folder.join("thesis.txt")).unwrap();
        ours(&folder).unwrap();
        Record::default().write(&folder).unwrap();
        fs::create_dir_all(folder.join("workerd")).unwrap();
        ours(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}
