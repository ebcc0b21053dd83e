//! Who holds a port: read from `/proc`, so it works without root for programs of the same user.
//!
//! Only called when a bind has failed. Bounded in time, because a machine may run thousands of
//! programs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// A bind failure may not take longer than a key press.
const PATIENCE: Duration = Duration::from_millis(40);

/// `python3 (pid 4711)`, or `None` when it cannot be read. `transport` is `tcp` or `udp`.
pub(crate) fn of_port(transport: &str, port: u16) -> Option<String> {
    let inodes: Vec<u64> = [transport.to_owned(), format!("{transport}6")]
        .iter()
        .filter_map(|table| fs::read_to_string(format!("/proc/net/{table}")).ok())
        .flat_map(|table| inodes_of(&table, transport, port))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let until = Instant::now() + PATIENCE;
    let processes = fs::read_dir("/proc").ok()?;
    for process in processes.flatten() {
        if Instant::now() > until {
            return None;
        }
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        if holds_one(&process.path(), &inodes) {
            if pid == std::process::id() {
                return Some("another session of this program".to_owned());
            }
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (pid {pid})", name.trim()));
        }
    }
    None
}

fn holds_one(process: &Path, inodes: &[u64]) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files.flatten().any(|file| {
        let Ok(target) = fs::read_link(file.path()) else { return false };
        let text = target.to_string_lossy();
        let inode = text.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        inode.and_then(|inode| inode.parse().ok()).is_some_and(|inode| inodes.contains(&inode))
    })
}

/// Sockets of a `/proc/net` table bound to the port; of TCP only those that listen (state 0A).
fn inodes_of(table: &str, transport: &str, port: u16) -> Vec<u64> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            let local = columns.nth(1)?;
            let state = columns.nth(1)?;
            let inode = columns.nth(5)?;
            let listens = transport != "tcp" || state == "0A";
            (local.ends_with(&suffix) && listens).then(|| inode.parse().ok()).flatten()
        })
        .filter(|inode| *inode != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1\n   1: 0100007F:2328 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4343 1\n";

    #[test]
    fn only_the_listening_socket_of_the_port_counts() {
        assert_eq!(inodes_of(TABLE, "tcp", 9000), [4242]);
        assert_eq!(inodes_of(TABLE, "tcp", 9001), Vec::<u64>::new());
        assert_eq!(inodes_of(TABLE, "udp", 9000), [4242, 4343]);
    }

    #[test]
    fn a_broken_table_is_no_trouble() {
        assert_eq!(inodes_of("x\n1: 2\n\n", "tcp", 1), Vec::<u64>::new());
    }
}
