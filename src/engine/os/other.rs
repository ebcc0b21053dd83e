//! Systems where this is not known how: what it would tell is not shown.

use std::io;
use std::net::SocketAddr;

use socket2::Socket;
use tokio::net::UdpSocket;

pub(crate) const FAMILY_NOT_SUPPORTED: Option<i32> = None;

pub(crate) fn port_owner(_transport: &str, _port: u16) -> Option<String> {
    None
}

pub(crate) fn granted_buffer(reported: usize) -> usize {
    reported
}

pub(crate) fn kernel_drops(_socket: &UdpSocket) -> Option<u64> {
    None
}

pub(crate) fn keep_reports(_socket: &Socket, _address: SocketAddr) {}

pub(crate) fn undelivered(_socket: &UdpSocket, _limit: usize) -> Vec<(SocketAddr, io::Error)> {
    Vec::new()
}

pub(crate) fn bind_device(_socket: &Socket, _interface: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn host_name() -> Option<String> {
    None
}
