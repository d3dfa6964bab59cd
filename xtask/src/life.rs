//! Tells a running process from a later one that was given the same id.

use std::fs;

/// What no two processes with the same id have in common: the machine's start and their own. `None` when the process has ended, even if nobody
/// has asked for its status yet.
pub(crate) fn of(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    // proc_pid_stat(5): the second field is a name in parentheses, in which anything may stand.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let ended = ["Z", "X"].contains(&fields.next()?);
    let start = fields.nth(18)?;
    (!ended).then(|| format!("{} {start}", boot.trim()))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn a_life_ends_with_its_process() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let life = super::of(child.id());
        assert!(life.is_some());
        assert_eq!(super::of(child.id()), life);
        child.kill().unwrap();
        // Not waited for yet: what is left is no process that could do anything.
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert_eq!(super::of(child.id()), None);
        child.wait().unwrap();
    }
}
