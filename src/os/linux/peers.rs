//! Linux: who holds the other end of a connection, by the tables of sockets in `/proc/net` and the
//! descriptors in `/proc/PID/fd` (proc(5)), which everybody may read of processes of his own.
//!
//! ```text
//!   127.0.0.1:9000 ↔ 127.0.0.1:41000     a row with these ends the other way round ─► its inode
//!   inode 4242                           a descriptor of some process that says socket:[4242]
//! ```
//! Sockets of another network namespace are in none of our tables, and a connection that its owner
//! has closed or not taken in yet has no inode.

mod diag;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::sought_peer::{FoundPeer, PeerCache, SoughtPeer, SoughtProcess, SoughtSocket};
use diag::{DiagAnswer, SocketDiag};

/// How long is looked through processes for what was asked at once.
const PATIENCE: Duration = Duration::from_millis(500);
/// Parents that are asked whether they hold the same socket.
const ANCESTORS: usize = 8;
/// A name that the kernel may have cut (`TASK_COMM_LEN` less one).
const CUT_NAME: usize = 15;
/// State of a socket that listens.
const LISTENS: u8 = 0x0A;

type End = (IpAddr, u16);

/// A row of a `/proc/net` table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SocketRow {
    local: End,
    remote: End,
    state: u8,
    uid: u32,
    inode: u64,
}

/// What the tables say about a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Picked {
    /// The sockets it can be, and whether they listen there.
    Sockets {
        rows: Vec<SocketRow>,
        listens: bool,
    },
    Gone,
}

/// Looks for all of these at once; the answers stand in the same order.
pub(crate) fn look_for_peers(cache: &mut PeerCache, sought: &[SoughtPeer]) -> Vec<FoundPeer> {
    let socket = |it: &SoughtPeer| match it {
        SoughtPeer::Socket(socket) => Some(*socket),
        SoughtPeer::Process(_) => None,
    };
    let sockets: Vec<SoughtSocket> = sought.iter().filter_map(socket).collect();
    let mut found = look_for_sockets(cache, &sockets).into_iter();
    let mut told = |it: &SoughtPeer| match it {
        SoughtPeer::Socket(_) => found.next().unwrap_or(FoundPeer::Gone),
        SoughtPeer::Process(process) => look_at_process(cache, *process),
    };
    sought.iter().map(&mut told).collect()
}

/// What is known of a process whose number and user were told.
fn look_at_process(cache: &mut PeerCache, sought: SoughtProcess) -> FoundPeer {
    let user = cache.user(sought.uid, name_of_user);
    match sought.pid.map(|pid| (pid, program(pid))) {
        Some((pid, Some(program))) => {
            FoundPeer::Process { pid, program, user, listens: sought.is_dialled }
        }
        Some((_, None)) => FoundPeer::Gone,
        None => FoundPeer::Unseen { is_ours: user.0 == rustix::process::geteuid().as_raw(), user },
    }
}

/// The same by the addresses of their sockets.
fn look_for_sockets(cache: &mut PeerCache, sought: &[SoughtSocket]) -> Vec<FoundPeer> {
    if sought.is_empty() {
        return Vec::new();
    }
    let diag = SocketDiag::open().filter(|_| sought.iter().any(|it| it.is_tcp));
    let asked = |it: &SoughtSocket| ask(diag.as_ref()?, it);
    let asked: Vec<Option<Picked>> = sought.iter().map(asked).collect();
    let of = |is_tcp| {
        let left = sought.iter().zip(&asked).filter(|(_, asked)| asked.is_none());
        left.map(|(it, _)| it).filter(move |it| it.is_tcp == is_tcp)
    };
    let tcp = table_rows("tcp", of(true));
    let udp = table_rows("udp", of(false));
    let rows = |it: &SoughtSocket| pick(if it.is_tcp { &tcp } else { &udp }, it);
    let picked: Vec<Picked> =
        sought.iter().zip(asked).map(|(it, asked)| asked.unwrap_or_else(|| rows(it))).collect();
    let inodes = picked.iter().flat_map(|it| match it {
        Picked::Sockets { rows, .. } => rows.iter().map(|row| row.inode).collect(),
        Picked::Gone => Vec::new(),
    });
    let (holders, is_whole) = holders(cache, inodes.collect());
    let told = |it: Picked| match it {
        Picked::Sockets { rows, listens } => tell(cache, &rows, listens, &holders, is_whole),
        Picked::Gone => FoundPeer::Gone,
    };
    picked.into_iter().map(told).collect()
}

/// What the kernel says of one socket; `None` where the tables have to be read.
fn ask(diag: &SocketDiag, sought: &SoughtSocket) -> Option<Picked> {
    let ours = sought.local.filter(|_| sought.is_tcp)?;
    let end = |address: SocketAddr| (address.ip().to_canonical(), address.port());
    match diag.tcp(end(sought.peer), end(ours)) {
        DiagAnswer::Socket(row) if row.inode != 0 => {
            Some(Picked::Sockets { rows: vec![row], listens: false })
        }
        // Who listens there is in the table.
        DiagAnswer::Socket(_) if sought.is_dialled => None,
        DiagAnswer::Socket(_) | DiagAnswer::Nothing => Some(Picked::Gone),
        DiagAnswer::Unsaid => None,
    }
}

/// Who holds one of these sockets: one process, or it is not said who.
fn tell(
    cache: &mut PeerCache,
    rows: &[SocketRow],
    listens: bool,
    holders: &HashMap<u64, u32>,
    is_whole: bool,
) -> FoundPeer {
    let pids: BTreeSet<Option<u32>> =
        rows.iter().map(|row| holders.get(&row.inode).copied()).collect();
    let (Some(row), Some(pid), 1) = (rows.first(), pids.first().copied(), pids.len()) else {
        return FoundPeer::Shared;
    };
    let user = cache.user(row.uid, name_of_user);
    match pid.map(|pid| (pid, program(pid))) {
        Some((pid, Some(program))) => FoundPeer::Process { pid, program, user, listens },
        Some((_, None)) => FoundPeer::Gone,
        None if rows.len() > 1 => FoundPeer::Shared,
        None if !is_whole => FoundPeer::Late,
        None => FoundPeer::Unseen { is_ours: user.0 == rustix::process::geteuid().as_raw(), user },
    }
}

/// The rows of both families whose port one of the peers has.
fn table_rows<'a>(name: &str, sought: impl Iterator<Item = &'a SoughtSocket>) -> Vec<SocketRow> {
    let ports: HashSet<u16> = sought.map(|it| it.peer.port()).collect();
    if ports.is_empty() {
        return Vec::new();
    }
    // An IPv4 address may be one of a socket of IPv6. Without IPv6 there is no such table.
    let tables = [format!("/proc/net/{name}"), format!("/proc/net/{name}6")];
    let texts = tables.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts.flat_map(|text| rows_of(&text, &ports)).collect()
}

/// The rows of a table that have one of these ports on their own side.
fn rows_of(table: &str, ports: &HashSet<u16>) -> Vec<SocketRow> {
    const IS_BIG: bool = cfg!(target_endian = "big");
    let row = |line: &str| {
        let mut columns = line.split_whitespace();
        let local = columns.nth(1)?;
        let port = u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()?;
        if !ports.contains(&port) {
            return None;
        }
        Some(SocketRow {
            local: end(local, IS_BIG)?,
            remote: end(columns.next()?, IS_BIG)?,
            state: u8::from_str_radix(columns.next()?, 16).ok()?,
            uid: columns.nth(3)?.parse().ok()?,
            inode: columns.nth(1)?.parse().ok()?,
        })
    };
    table.lines().skip(1).filter_map(row).collect()
}

/// `0100007F:2328`: the address in words of 32 bits, each as the processor reads it, and the port.
fn end(text: &str, is_big: bool) -> Option<End> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    if ![8, 32].contains(&address.len()) {
        return None;
    }
    let words = address.as_bytes().chunks(8).map(|digits| {
        let word = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        Some(if is_big { word.to_be_bytes() } else { word.to_le_bytes() })
    });
    let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.concat();
    let ip = match (<[u8; 4]>::try_from(&*bytes), <[u8; 16]>::try_from(&*bytes)) {
        (Ok(v4), _) => IpAddr::V4(Ipv4Addr::from(v4)),
        (_, Ok(v6)) => IpAddr::V6(Ipv6Addr::from(v6)),
        _ => return None,
    };
    Some((ip.to_canonical(), port))
}

/// The sockets that the peer's can be.
fn pick(rows: &[SocketRow], sought: &SoughtSocket) -> Picked {
    let peer = (sought.peer.ip().to_canonical(), sought.peer.port());
    let ours = sought.local.map(|local| (local.ip().to_canonical(), local.port()));
    let one = |row: &SocketRow| Picked::Sockets { rows: vec![*row], listens: false };
    if !sought.is_tcp {
        return pick_datagrams(rows, peer, ours);
    }
    let is_it = |row: &&SocketRow| row.local == peer && Some(row.remote) == ours;
    match rows.iter().find(is_it) {
        Some(row) if row.inode != 0 => one(row),
        // It waits to be taken in: its owner to be is who listens.
        Some(_) if sought.is_dialled => {
            let is_there = |row: &&SocketRow| row.state == LISTENS && is_bound(row.local, peer);
            listeners(rows.iter().filter(is_there).copied().collect())
        }
        Some(_) | None => Picked::Gone,
    }
}

fn listeners(rows: Vec<SocketRow>) -> Picked {
    if rows.is_empty() { Picked::Gone } else { Picked::Sockets { rows, listens: true } }
}

/// A datagram with this source comes from a socket that is bound to it: from one that is connected to
/// us rather than from one that is to nobody, and from that rather than from one that is to others.
fn pick_datagrams(rows: &[SocketRow], peer: End, ours: Option<End>) -> Picked {
    let rank = |row: &SocketRow| {
        let is_ours =
            |(ip, port): End| row.remote.1 == port && (row.remote.0 == ip || ip.is_unspecified());
        match row.remote {
            _ if ours.is_some_and(is_ours) => 0,
            (ip, 0) if ip.is_unspecified() => 1,
            _ => 2,
        }
    };
    let bound = rows.iter().filter(|row| row.inode != 0 && is_bound(row.local, peer));
    let mut bound: Vec<(u8, SocketRow)> = bound.map(|row| (rank(row), *row)).collect();
    let Some(best) = bound.iter().map(|(rank, _)| *rank).min() else { return Picked::Gone };
    bound.retain(|(rank, _)| *rank == best);
    Picked::Sockets { rows: bound.into_iter().map(|(_, row)| row).collect(), listens: false }
}

/// Whether a socket that is bound here has this address: the same, or any of its port.
fn is_bound(own: End, wanted: End) -> bool {
    let any = match own.0 {
        IpAddr::V4(ip) => ip.is_unspecified() && wanted.0.is_ipv4(),
        // Unless it was told otherwise it takes IPv4, too.
        IpAddr::V6(ip) => ip.is_unspecified(),
    };
    own.1 == wanted.1 && (own.0 == wanted.0 || any)
}

/// The processes that hold these sockets, and whether all processes were looked at that had to be:
/// first those that held what was asked for last, then the youngest.
fn holders(cache: &mut PeerCache, inodes: BTreeSet<u64>) -> (HashMap<u64, u32>, bool) {
    let (now, mut found, mut wanted) = (Instant::now(), HashMap::new(), BTreeSet::new());
    for inode in inodes {
        match cache.holder(inode, now) {
            Some(pid) => drop(found.insert(inode, pid)),
            None => drop(wanted.insert(inode)),
        }
    }
    let recent: Vec<u32> = cache.recent.iter().copied().collect();
    let others = || {
        let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pid = |it: fs::DirEntry| it.file_name().to_str()?.parse::<u32>().ok();
        let mut pids: Vec<u32> = listed.filter_map(pid).collect();
        // Numbers begin anew at the end.
        let newest = newest_pid().unwrap_or(u32::MAX);
        pids.sort_unstable_by_key(|pid| (*pid > newest, Reverse(*pid)));
        pids
    };
    for pids in [Box::new(|| recent) as Box<dyn FnOnce() -> Vec<u32>>, Box::new(others)] {
        if wanted.is_empty() {
            break;
        }
        for pid in pids() {
            if wanted.is_empty() {
                break;
            }
            if now.elapsed() > PATIENCE {
                return (found, false);
            }
            let held = sockets_of(pid);
            if let Some(inode) = held.iter().find(|inode| wanted.contains(inode)) {
                let (pid, held) = eldest(pid, *inode, held);
                found.extend(held.iter().filter(|it| wanted.remove(it)).map(|it| (*it, pid)));
                cache.held(pid, &held, now);
            }
        }
    }
    (found, true)
}

/// The number that was given last, which `/proc/loadavg` ends with.
fn newest_pid() -> Option<u32> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    load.split_whitespace().last()?.parse().ok()
}

/// The eldest of the ancestors that hold the socket, too, as who made it and its children do.
fn eldest(mut pid: u32, inode: u64, mut held: Vec<u64>) -> (u32, Vec<u64>) {
    for _ in 0..ANCESTORS {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let Some(parent) = parent_in(&stat) else { break };
        let of_parent = sockets_of(parent);
        if !of_parent.contains(&inode) {
            break;
        }
        (pid, held) = (parent, of_parent);
    }
    (pid, held)
}

/// The parent that a `/proc/PID/stat` names; the name of the program in it may hold anything.
fn parent_in(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok().filter(|pid| *pid != 0)
}

/// The inodes of the sockets a process holds; none of one we may not look at.
fn sockets_of(pid: u32) -> Vec<u64> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| socket_in(&fs::read_link(file.path()).ok()?)).collect()
}

/// `socket:[4242]`
fn socket_in(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The name of a program; `None` when it has ended.
pub(crate) fn program(pid: u32) -> Option<String> {
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    let name = String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned();
    let file = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let file = file.as_deref().and_then(Path::file_name).map(|it| it.to_string_lossy());
    Some(match file {
        Some(file) if name.len() == CUT_NAME && file.starts_with(&name) => {
            file.trim_end_matches(" (deleted)").to_owned()
        }
        _ => name,
    })
}

fn name_of_user(uid: u32) -> Option<String> {
    user_in(&fs::read_to_string("/etc/passwd").ok()?, uid)
}

/// The name that a table of users (passwd(5)) has for a number.
fn user_in(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut columns = line.split(':');
        let name = columns.next().filter(|name| !name.is_empty())?;
        (columns.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod peers_tests;
