//! Linux: `/proc`, the error queue of UDP sockets (ip(7)).

mod peers;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use rustix::io::{Errno, ReadWriteFlags};
use rustix::process::{getpgrp, test_kill_process_group};
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use socket2::Socket;
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::undelivered::{IcmpReport, Undelivered};
pub(crate) use peers::{look_for_peers, program as program_name};

/// `EAFNOSUPPORT`: the machine has no such address family.
pub(crate) const FAMILY_NOT_SUPPORTED: Option<i32> = Some(97);
/// A bind failure may not take longer than a key press.
const PATIENCE: Duration = Duration::from_millis(40);

/// What opens files with the program for their kind, which shows them on a display.
pub(crate) const OPENER: &str = "xdg-open";
pub(crate) const OPENER_NEEDS_DISPLAY: bool = true;

/// Whether `read_at_hand` can tell.
pub(crate) const READS_AT_HAND: bool = true;

/// Reads what the system has without waiting for anything: of a pipe what was written, of a file what is
/// in memory. "Would block" where that is nothing, "unsupported" where it cannot tell.
pub(crate) fn read_at_hand(input: impl AsFd, room: &mut [u8]) -> io::Result<usize> {
    // From where the last read ended, as read(2) does.
    const ON: u64 = u64::MAX;
    let mut room = [IoSliceMut::new(room)];
    Ok(rustix::io::preadv2(input, &mut room, ON, ReadWriteFlags::NOWAIT)?)
}

/// Writes what the system takes without waiting for anything: into a pipe as much as it has room for.
/// "Would block" where that is nothing, "unsupported" where it cannot tell.
pub(crate) fn write_at_hand(output: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    // To where the last write ended, as write(2) does.
    const ON: u64 = u64::MAX;
    let bytes = [IoSlice::new(bytes)];
    Ok(rustix::io::pwritev2(output, &bytes, ON, ReadWriteFlags::NOWAIT)?)
}

/// This program, to be started once more; also when the file it was started from was replaced.
pub(crate) fn own_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// `python3 (pid 4711)`, or `None` when it cannot be read. `transport` is `tcp` or `udp`.
pub(crate) fn port_owner(transport: &str, port: u16) -> Option<String> {
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
        let pid = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some(pid) = pid
            && holds_one(&process.path(), &inodes)
        {
            if pid == std::process::id() {
                return Some("another session of this program".to_owned());
            }
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (pid {pid})", name.trim()));
        }
    }
    None
}

/// What is mounted where, for this program; two that differ mean that a name may stand for something
/// else by now.
pub(crate) fn mounts() -> Option<Vec<u8>> {
    fs::read("/proc/self/mountinfo").ok()
}

/// Names of the links that have a link-local address, or of all but the loopback; 8 at most.
pub(crate) fn links() -> Vec<String> {
    const SHOWN: usize = 8;
    const LINK_LOCAL: &str = "20";
    let table = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let of_table = table.lines().filter_map(|line| {
        let mut columns = line.split_whitespace().skip(3);
        (columns.next() == Some(LINK_LOCAL)).then(|| columns.nth(1)).flatten()
    });
    let mut found: Vec<String> = of_table.map(str::to_owned).collect();
    if found.is_empty() {
        let all = fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
        let names = all.filter_map(|link| link.file_name().into_string().ok());
        found = names.filter(|name| name != "lo").collect();
    }
    found.sort();
    found.dedup();
    found.truncate(SHOWN);
    found
}

/// The number of the link with this name (RFC 4007, section 11).
pub(crate) fn link_number(name: &str) -> Option<u32> {
    nix::net::if_::if_nametoindex(name).ok()
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

/// The columns of the sockets in a `/proc/net` table.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().skip(1).map(|line| line.split_whitespace().collect())
}

/// Sockets of a `/proc/net` table bound to the port; of TCP only those that listen (state 0A).
fn inodes_of(table: &str, transport: &str, port: u16) -> Vec<u64> {
    let suffix = format!(":{port:04X}");
    let inode = |row: Vec<&str>| {
        let listens = transport != "tcp" || *row.get(3)? == "0A";
        let is_it = row.get(1)?.ends_with(&suffix) && listens;
        row.get(9).filter(|_| is_it)?.parse().ok().filter(|inode| *inode != 0)
    };
    rows(table).filter_map(inode).collect()
}

/// Bytes of receive buffer the system granted. It reports twice that, to account for its own
/// bookkeeping (socket(7)).
pub(crate) fn granted_buffer(reported: usize) -> usize {
    reported / 2
}

/// Datagrams the kernel dropped because the receive buffer was full, since the bind.
pub(crate) fn kernel_drops(socket: &UdpSocket) -> Option<u64> {
    let is_ipv4 = socket.local_addr().ok()?.is_ipv4();
    let table = if is_ipv4 { "/proc/net/udp" } else { "/proc/net/udp6" };
    drops_of(&fs::read_to_string(table).ok()?, rustix::fs::fstat(socket).ok()?.st_ino)
}

/// Datagrams the kernel dropped of all these sockets, by one look at its tables.
pub(crate) fn kernel_drops_of_all<'a>(sockets: impl Iterator<Item = &'a UdpSocket>) -> Option<u64> {
    let mut inodes = BTreeSet::new();
    for socket in sockets {
        inodes.insert(rustix::fs::fstat(socket).ok()?.st_ino);
    }
    let mut total = 0;
    for table in ["/proc/net/udp", "/proc/net/udp6"] {
        // Without IPv6 there is no such table, and no such socket.
        let Ok(table) = fs::read_to_string(table) else { continue };
        for row in rows(&table) {
            let is_one = row.get(9).and_then(|inode| inode.parse().ok());
            if is_one.is_some_and(|inode: u64| inodes.remove(&inode)) {
                total += row.get(12)?.parse::<u64>().ok()?;
            }
        }
    }
    inodes.is_empty().then_some(total)
}

/// The drops column of the socket with this inode.
fn drops_of(table: &str, inode: u64) -> Option<u64> {
    let is_it = |row: &Vec<&str>| row.get(9).is_some_and(|found| found.parse() == Ok(inode));
    rows(table).find(is_it)?.get(12)?.parse().ok()
}

/// Room for one error report with the address of the router that sent it.
const CONTROL: usize = 256;

/// Asks the system to keep reports of datagrams that came back (ip(7), `IP_RECVERR`).
pub(crate) fn keep_reports(socket: &Socket, address: SocketAddr) {
    // Without it only the words for a refused datagram are missing.
    let _ = if address.is_ipv4() {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)
    } else {
        setsockopt(socket, sockopt::Ipv6RecvErr, &true)
    };
}

/// Reports of datagrams that came back, at most `limit`: whom they were for, and why.
pub(crate) fn undelivered(socket: &UdpSocket, limit: usize) -> Vec<Undelivered> {
    let mut reports = Vec::new();
    for _ in 0..limit {
        match socket.try_io(Interest::ERROR, || next_report(socket)) {
            Ok(report) => reports.extend(report),
            Err(_) => break,
        }
    }
    reports
}

/// `SO_EE_ORIGIN_LOCAL`: the datagram never left (recvmsg(2), ip(7)).
const FROM_HERE: u8 = 1;
/// `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6`: a message of the network says so.
const FROM_NETWORK: [u8; 2] = [2, 3];

fn next_report(socket: &UdpSocket) -> io::Result<Option<Undelivered>> {
    let mut payload = [0; 1];
    let mut parts = [IoSliceMut::new(&mut payload)];
    let mut control = vec![0; CONTROL];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let Some(to) = message.address.as_ref().and_then(address) else { return Ok(None) };
    let mut errors = message.cmsgs().map_err(io::Error::from)?;
    let found = errors.find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, from) => Some((error, from.and_then(v4_address))),
        ControlMessageOwned::Ipv6RecvErr(error, from) => Some((error, from.and_then(v6_address))),
        _ => None,
    });
    // Whoever sent one that never left was told so at once.
    let found = found.filter(|(error, _)| error.ee_origin != FROM_HERE);
    Ok(found.map(|(error, from)| {
        let number = i32::try_from(error.ee_errno).unwrap_or_default();
        let report = FROM_NETWORK.contains(&error.ee_origin).then(|| IcmpReport {
            is_v6: error.ee_origin == FROM_NETWORK[1],
            kind: error.ee_type,
            code: error.ee_code,
            mtu: error.ee_info,
            from,
        });
        Undelivered { to, error: io::Error::from_raw_os_error(number), report }
    }))
}

/// Whoever sent a report, when that is told.
fn v4_address(from: libc::sockaddr_in) -> Option<IpAddr> {
    let ip = Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr));
    (!ip.is_unspecified()).then_some(ip.into())
}

/// The same for IPv6.
fn v6_address(from: libc::sockaddr_in6) -> Option<IpAddr> {
    let ip = Ipv6Addr::from(from.sin6_addr.s6_addr);
    (!ip.is_unspecified()).then_some(ip.into())
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    storage.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into())
}

/// Marks an address for all processes that can reach it, until it is dropped: an abstract Unix
/// socket (unix(7)), which belongs to the same network namespace and ends with its process, however
/// that ends. `None` when the mark is there already or the system has no descriptor for it.
pub(crate) fn beacon(address: SocketAddr) -> Option<OwnedFd> {
    let socket = UnixDatagram::bind_addr(&beacon_name(address)?).ok()?;
    // Nobody has anything to say to it.
    let _ = socket.shutdown(Shutdown::Both);
    Some(socket.into())
}

/// Whether any process has set the mark of this address.
pub(crate) fn has_beacon(address: SocketAddr) -> bool {
    let Some(name) = beacon_name(address) else { return false };
    UnixDatagram::unbound().is_ok_and(|socket| socket.connect_addr(&name).is_ok())
}

fn beacon_name(address: SocketAddr) -> Option<UnixAddress> {
    UnixAddress::from_abstract_name(format!("wirebench/answers/udp/{address}")).ok()
}

/// Sends and receives through this network interface only (`SO_BINDTODEVICE`, socket(7)).
pub(crate) fn bind_device(socket: &Socket, interface: &str) -> io::Result<()> {
    socket.bind_device(Some(interface.as_bytes()))
}

/// The machine's own name as the file has it, line end included; `None` when unreadable.
pub(crate) fn host_name() -> Option<String> {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
}

/// Whether certificates are verified by webpki, whose errors tell an unknown issuer from the rest; other
/// systems verify by themselves.
pub(crate) const VERIFIES_BY_WEBPKI: bool = true;

/// Whether a signal was set to be ignored by whoever started us (proc(5), `SigIgn`).
pub(crate) fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// Takes a terminal back that a program we started had made its own and did not give back, as an
/// interactive shell that was killed. One that another living program has stays its.
pub(crate) fn take_terminal(terminal: impl AsFd) {
    let (own, terminal) = (getpgrp(), terminal.as_fd());
    let is_left = tcgetpgrp(terminal)
        .is_ok_and(|group| group != own && test_kill_process_group(group) == Err(Errno::SRCH));
    if !is_left {
        return;
    }
    // From the background only who does not hear the answer may ask for it (tcsetpgrp(3)).
    let blocked = SigSet::from(nix::sys::signal::Signal::SIGTTOU);
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK);
    // What cannot be had is noticed by the first change of its settings.
    let _ = tcsetpgrp(terminal, own);
    if let Ok(before) = before {
        let _ = before.thread_set_mask();
    }
}

/// Whether a process lives; one that nobody has asked for its end does not (proc(5), `stat`).
pub(crate) fn is_running(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    state.is_some_and(|state| !"ZX".contains(state))
}

/// Numbers of the processes that a process started and that live.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP_TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1\n   1: 0100007F:2328 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4343 1\n";

    #[test]
    fn a_pipe_takes_what_it_has_room_for_and_nobody_waits() {
        use std::io::Read as _;
        let (mut reader, writer) = io::pipe().unwrap();
        let mut written = 0;
        let full = loop {
            match write_at_hand(&writer, &[b'x'; 10_000]) {
                Ok(count) => written += count,
                Err(error) => break error.kind(),
            }
        };
        // Older systems cannot tell of pipes.
        if full == io::ErrorKind::Unsupported {
            return;
        }
        assert!(full == io::ErrorKind::WouldBlock && written > 10_000, "{full:?} {written}");
        let mut read = vec![0; written];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(write_at_hand(&writer, b"more").unwrap(), 4);
        drop(reader);
        assert_eq!(write_at_hand(&writer, b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn only_the_listening_socket_of_the_port_counts() {
        assert_eq!(inodes_of(TCP_TABLE, "tcp", 9000), [4242]);
        assert_eq!(inodes_of(TCP_TABLE, "tcp", 9001), Vec::<u64>::new());
        assert_eq!(inodes_of(TCP_TABLE, "udp", 9000), [4242, 4343]);
    }

    #[test]
    fn a_broken_table_is_no_trouble() {
        assert_eq!(inodes_of("x\n1: 2\n\n", "tcp", 1), Vec::<u64>::new());
    }

    const UDP_TABLE: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n  100: 0100007F:2328 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 0000000000000000 12\n  101: 0100007F:2329 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 78 2 0000000000000000 0\n";

    #[test]
    fn drops_are_found_by_inode() {
        assert_eq!(drops_of(UDP_TABLE, 77), Some(12));
        assert_eq!(drops_of(UDP_TABLE, 78), Some(0));
        assert_eq!(drops_of(UDP_TABLE, 79), None);
        assert_eq!(drops_of("", 77), None);
    }
}
