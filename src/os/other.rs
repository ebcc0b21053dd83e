//! Systems where this is not known how: what it would tell is not shown.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use socket2::Socket;
use tokio::net::UdpSocket;

use super::sought_peer::{FoundPeer, PeerCache, SoughtPeer};
use super::undelivered::Undelivered;

pub(crate) const FAMILY_NOT_SUPPORTED: Option<i32> = None;

/// Whether certificates are verified by webpki, whose errors tell an unknown issuer from the rest; other
/// systems verify by themselves.
pub(crate) const VERIFIES_BY_WEBPKI: bool = false;

/// What opens files with the program for their kind.
pub(crate) const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
pub(crate) const OPENER_NEEDS_DISPLAY: bool = !cfg!(target_os = "macos");

/// Whether `read_at_hand` can tell.
pub(crate) const READS_AT_HAND: bool = false;

/// No system but Linux can be asked for what is there.
pub(crate) fn read_at_hand(_input: impl AsFd, _room: &mut [u8]) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The same of what can be written.
pub(crate) fn write_at_hand(_output: impl AsFd, _bytes: &[u8]) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// This program, to be started once more.
pub(crate) fn own_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("wirebench"))
}

/// Nobody's name is known.
pub(crate) fn port_owner(_transport: &str, _port: u16) -> Option<String> {
    None
}

/// Nobody's name is known.
pub(crate) fn program_name(_pid: u32) -> Option<String> {
    None
}

/// Nobody tells.
pub(crate) fn look_for_peers(_cache: &mut PeerCache, sought: &[SoughtPeer]) -> Vec<FoundPeer> {
    vec![FoundPeer::Untold; sought.len()]
}

/// Always `None`: what is mounted over a file is noticed with the next change.
pub(crate) fn mounts() -> Option<Vec<u8>> {
    None
}

/// Always empty: nobody tells.
pub(crate) fn links() -> Vec<String> {
    Vec::new()
}

/// The number of the link with this name, as the system reads it in an address (RFC 4007, section 11).
pub(crate) fn link_number(name: &str) -> Option<u32> {
    let mut found = (format!("fe80::1%{name}"), 0).to_socket_addrs().ok()?;
    found.find_map(|address| match address {
        SocketAddr::V6(address) => Some(address.scope_id()).filter(|number| *number != 0),
        SocketAddr::V4(_) => None,
    })
}

/// Bytes of receive buffer, taken as the system reports them.
pub(crate) fn granted_buffer(reported: usize) -> usize {
    reported
}

/// Always `None`: datagrams the kernel dropped are not counted.
pub(crate) fn kernel_drops(_socket: &UdpSocket) -> Option<u64> {
    None
}

/// The same.
pub(crate) fn kernel_drops_of_all<'a>(
    _sockets: impl Iterator<Item = &'a UdpSocket>,
) -> Option<u64> {
    None
}

/// Nothing is asked of the system; refused datagrams are not reported.
pub(crate) fn keep_reports(_socket: &Socket, _address: SocketAddr) {}

/// Always empty: there are no reports.
pub(crate) fn undelivered(_socket: &UdpSocket, _limit: usize) -> Vec<Undelivered> {
    Vec::new()
}

/// Always `None`: other processes cannot be told here.
pub(crate) fn beacon(_address: SocketAddr) -> Option<OwnedFd> {
    None
}

/// Always `false`.
pub(crate) fn has_beacon(_address: SocketAddr) -> bool {
    false
}

/// Always fails with `Unsupported`.
pub(crate) fn bind_device(_socket: &Socket, _interface: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Always `None`.
pub(crate) fn host_name() -> Option<String> {
    None
}

/// Always `false`: nobody tells.
pub(crate) fn is_ignored(_signal: i32) -> bool {
    false
}

/// Nothing: nobody says that its signal is not to be heard.
pub(crate) fn take_terminal(_terminal: impl AsFd) {}

/// Whether there is a process of this number.
pub(crate) fn is_running(process: u32) -> bool {
    let pid = rustix::process::Pid::from_raw(process.cast_signed());
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// Nobody tells.
pub(crate) fn children(_process: u32) -> Vec<u32> {
    Vec::new()
}
