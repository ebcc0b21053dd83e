//! One socket asked for by its two ends (`NETLINK_SOCK_DIAG`, `sock_diag(7)`): a few microseconds, where the
//! table of all is milliseconds of walking through the kernel's hash. Not every kernel has it.

use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};

use super::{End, LISTENS, SocketRow};

/// `SOCK_DIAG_BY_FAMILY`, a request and its answer.
const BY_FAMILY: u16 = 20;
/// `NLMSG_ERROR`.
const ERROR: u16 = 2;
/// `NLM_F_REQUEST`.
const REQUEST: u16 = 1;
/// `ENOENT`: there is no such socket.
const NO_SUCH: i32 = -2;
const TCP: u8 = 6;
const IPV4: u8 = 2;
const IPV6: u8 = 10;
/// Bytes of a header, of a question behind it, of an answer.
const HEADER: usize = 16;
const QUESTION: usize = 56;
const ANSWER: usize = 72;

/// What the kernel says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DiagAnswer {
    Socket(SocketRow),
    /// There is no such socket.
    Nothing,
    /// It cannot say.
    Unsaid,
}

/// A way to ask the kernel.
pub(super) struct SocketDiag(OwnedFd);

impl SocketDiag {
    /// `None` where there is none.
    pub(super) fn open() -> Option<Self> {
        let (family, kind) = (AddressFamily::Netlink, SockType::Raw);
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        socket(family, kind, flags, SockProtocol::NetlinkSockDiag).ok().map(SocketDiag)
    }

    /// The TCP socket with these ends of its own.
    pub(super) fn tcp(&self, local: End, remote: End) -> DiagAnswer {
        let answer = self.ask(&question(local, remote));
        let answer = answer.as_deref().and_then(|answer| answer_in(answer, local, remote));
        answer.unwrap_or(DiagAnswer::Unsaid)
    }

    fn ask(&self, asked: &[u8]) -> Option<Vec<u8>> {
        let fd = self.0.as_raw_fd();
        if send(fd, asked, MsgFlags::empty()).ok()? != asked.len() {
            return None;
        }
        let mut answer = vec![0; 4096];
        let length = recv(fd, &mut answer, MsgFlags::empty()).ok()?;
        answer.truncate(length);
        Some(answer)
    }
}

/// The question, as `linux/inet_diag.h` lays it out.
fn question(local: End, remote: End) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + QUESTION);
    out.extend(((HEADER + QUESTION) as u32).to_ne_bytes());
    out.extend(BY_FAMILY.to_ne_bytes());
    out.extend(REQUEST.to_ne_bytes());
    out.extend([0; 8]);
    let is_v4 = local.0.is_ipv4() && remote.0.is_ipv4();
    out.extend([if is_v4 { IPV4 } else { IPV6 }, TCP, 0, 0]);
    // In any state.
    out.extend(u32::MAX.to_ne_bytes());
    out.extend(local.1.to_be_bytes());
    out.extend(remote.1.to_be_bytes());
    for ip in [local.0, remote.0] {
        let mut bytes = [0; 16];
        match ip {
            IpAddr::V4(ip) if is_v4 => bytes[..4].copy_from_slice(&ip.octets()),
            IpAddr::V4(ip) => bytes = ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => bytes = ip.octets(),
        }
        out.extend(bytes);
    }
    // On any interface, without a cookie.
    out.extend([0; 4]);
    out.extend([0xFF; 8]);
    out
}

/// The socket an answer names. Without one that is connected the kernel names who listens.
fn answer_in(answer: &[u8], local: End, remote: End) -> Option<DiagAnswer> {
    let number = |at: usize| {
        let bytes = answer.get(at..at + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    if kind == ERROR {
        return (number(HEADER)?.cast_signed() == NO_SUCH).then_some(DiagAnswer::Nothing);
    }
    if kind != BY_FAMILY || answer.len() < HEADER + ANSWER {
        return None;
    }
    let state = *answer.get(HEADER + 1)?;
    let (uid, inode) = (number(HEADER + 64)?, number(HEADER + 68)?.into());
    Some(if state == LISTENS {
        DiagAnswer::Nothing
    } else {
        DiagAnswer::Socket(SocketRow { local, remote, state, uid, inode })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> End {
        let address: std::net::SocketAddr = text.parse().unwrap();
        (address.ip(), address.port())
    }

    #[test]
    fn a_question_has_both_ends_in_the_order_of_the_network() {
        let asked = question(end("127.0.0.1:41000"), end("10.1.2.3:80"));
        assert_eq!(asked.len(), 72);
        assert_eq!(asked[16..18], [IPV4, TCP]);
        assert_eq!(asked[24..32], [0xA0, 0x28, 0, 80, 127, 0, 0, 1]);
        assert_eq!(asked[44..48], [10, 1, 2, 3]);
        assert_eq!(asked[60..], [0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        let asked = question(end("[::1]:41000"), end("127.0.0.1:80"));
        assert_eq!((asked[16], asked[43], asked[54]), (IPV6, 1, 0xFF), "mapped");
    }

    #[test]
    fn an_answer_is_a_socket_none_or_no_answer() {
        let (local, remote) = (end("127.0.0.1:41000"), end("127.0.0.1:80"));
        let mut answer = vec![0; HEADER + ANSWER];
        answer[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
        answer[17] = 1;
        answer[80..84].copy_from_slice(&1000_u32.to_ne_bytes());
        answer[84..88].copy_from_slice(&4242_u32.to_ne_bytes());
        let row = SocketRow { local, remote, state: 1, uid: 1000, inode: 4242 };
        assert_eq!(answer_in(&answer, local, remote), Some(DiagAnswer::Socket(row)));
        answer[17] = LISTENS;
        assert_eq!(answer_in(&answer, local, remote), Some(DiagAnswer::Nothing));
        assert_eq!(answer_in(&answer[..40], local, remote), None);
        let mut error = vec![0; 36];
        error[4..6].copy_from_slice(&ERROR.to_ne_bytes());
        assert_eq!(answer_in(&error, local, remote), None);
        error[16..20].copy_from_slice(&NO_SUCH.to_ne_bytes());
        assert_eq!(answer_in(&error, local, remote), Some(DiagAnswer::Nothing));
        assert_eq!(answer_in(b"", local, remote), None);
    }
}
