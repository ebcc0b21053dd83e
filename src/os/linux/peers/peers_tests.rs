use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use super::*;

/// As a little-endian machine writes them: a listener, both ends of a connection to it, one that waits
/// to be taken in, one that its owner closed.
const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0000000000000000 100 0 0 10 0
   1: 0100007F:2328 0100007F:A028 01 00000000:00000000 00:00000000 00000000  1000        0 4343 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:A028 0100007F:2328 01 00000000:00000000 00:00000000 00000000   501        0 4444 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:2328 0100007F:A029 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 30 10 -1
   4: 0100007F:A029 0100007F:2328 06 00000000:00000000 03:0000176A 00000000     0        0 0 3 0000000000000000
";
/// The same of IPv6: `::1`, and an IPv4 address in a socket of IPv6.
const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:A02A 00000000000000000000000001000000:2328 01 00000000:00000000 00:00000000 00000000  1000        0 5151 1 0000000000000000 20 4 30 10 -1
   1: 0000000000000000FFFF00000100007F:A02B 0000000000000000FFFF00000100007F:2328 01 00000000:00000000 00:00000000 00000000  1000        0 5252 1 0000000000000000 20 4 30 10 -1
";

fn tcp(local: &str, peer: &str, is_dialled: bool) -> SoughtSocket {
    let local = local.parse().ok();
    SoughtSocket { is_tcp: true, local, peer: peer.parse().unwrap(), is_dialled }
}

/// The inodes that are picked, and whether they listen.
fn inodes(rows: &[SocketRow], sought: &SoughtSocket) -> Option<(Vec<u64>, bool)> {
    match pick(rows, sought) {
        Picked::Sockets { rows, listens } => {
            Some((rows.iter().map(|row| row.inode).collect(), listens))
        }
        Picked::Gone => None,
    }
}

fn all(table: &str) -> Vec<SocketRow> {
    rows_of(table, &(0..=u16::MAX).collect())
}

#[test]
fn addresses_are_read_as_either_processor_writes_them() {
    let v4: End = ("192.0.2.7".parse().unwrap(), 9000);
    assert_eq!(end("070200C0:2328", false), Some(v4));
    assert_eq!(end("C0000207:2328", true), Some(v4));
    let v6: End = ("2001:db8::1".parse().unwrap(), 443);
    assert_eq!(end("B80D0120000000000000000001000000:01BB", false), Some(v6));
    assert_eq!(end("20010DB8000000000000000000000001:01BB", true), Some(v6));
    let mapped: End = ("127.0.0.1".parse().unwrap(), 80);
    assert_eq!(end("0000000000000000FFFF00000100007F:0050", false), Some(mapped));
    assert_eq!(end("00000000000000000000FFFF7F000001:0050", true), Some(mapped));
    for broken in ["", ":", "0100007F", "0100007F:XYZ", "01007F:2328", "0100007Fé:2328"] {
        assert_eq!(end(broken, false), None, "{broken}");
    }
}

#[test]
fn the_peer_of_a_connection_is_the_row_with_its_ends_the_other_way_round() {
    if cfg!(target_endian = "big") {
        return;
    }
    let rows = [all(TCP), all(TCP6)].concat();
    let accepted = |local, peer| inodes(&rows, &tcp(local, peer, false));
    assert_eq!(accepted("127.0.0.1:9000", "127.0.0.1:41000"), Some((vec![4444], false)));
    assert_eq!(accepted("[::1]:9000", "[::1]:41002"), Some((vec![5151], false)));
    assert_eq!(accepted("127.0.0.1:9000", "127.0.0.1:41003"), Some((vec![5252], false)));
    assert_eq!(
        accepted("[::ffff:127.0.0.1]:9000", "[::ffff:127.0.0.1]:41000"),
        Some((vec![4444], false))
    );
    assert_eq!(accepted("127.0.0.1:9000", "127.0.0.1:41001"), None, "closed by its owner");
    assert_eq!(accepted("127.0.0.1:9001", "127.0.0.1:41000"), None, "of another connection");
}

#[test]
fn what_is_not_taken_in_yet_is_held_by_who_listens() {
    if cfg!(target_endian = "big") {
        return;
    }
    let rows = all(TCP);
    let dialled = |local| inodes(&rows, &tcp(local, "127.0.0.1:9000", true));
    assert_eq!(dialled("127.0.0.1:41000"), Some((vec![4343], false)));
    assert_eq!(dialled("127.0.0.1:41001"), Some((vec![4242], true)));
    assert_eq!(dialled("127.0.0.1:41002"), None);
}

#[test]
fn a_datagram_comes_from_a_socket_that_is_bound_to_its_source() {
    let end = |text: &str| {
        let address: SocketAddr = text.parse().unwrap();
        (address.ip(), address.port())
    };
    let row = |local: &str, remote: &str, inode| SocketRow {
        local: end(local),
        remote: end(remote),
        state: 7,
        uid: 0,
        inode,
    };
    let rows = [
        row("0.0.0.0:5000", "0.0.0.0:0", 1),
        row("127.0.0.1:5000", "127.0.0.1:9000", 2),
        row("127.0.0.1:5000", "127.0.0.1:9001", 3),
        row("127.0.0.2:5000", "0.0.0.0:0", 4),
        row("[::]:6000", "[::]:0", 5),
        row("[::1]:7000", "[::1]:53", 6),
    ];
    let found = |local: &str, peer: &str| {
        let (local, peer) = (local.parse().ok(), peer.parse().unwrap());
        let sought = SoughtSocket { is_tcp: false, local, peer, is_dialled: false };
        inodes(&rows, &sought).map(|(inodes, _)| inodes)
    };
    assert_eq!(found("127.0.0.1:9000", "127.0.0.1:5000"), Some(vec![2]), "connected to us");
    assert_eq!(found("0.0.0.0:9001", "127.0.0.1:5000"), Some(vec![3]), "we are bound to all");
    assert_eq!(found("127.0.0.1:8000", "127.0.0.1:5000"), Some(vec![1]), "connected to nobody");
    assert_eq!(found("127.0.0.1:8000", "127.0.0.2:5000"), Some(vec![1, 4]), "either");
    assert_eq!(found("127.0.0.1:8000", "127.0.0.1:6000"), Some(vec![5]), "a socket of both");
    assert_eq!(found("[::1]:8000", "[::1]:7000"), Some(vec![6]), "connected, and sends elsewhere");
    assert_eq!(found("127.0.0.1:8000", "127.0.0.1:5001"), None);
}

#[test]
fn broken_tables_are_no_trouble() {
    for table in
        ["", "x", "head\n1: 2\n\n", "head\n 0: 0100007F:2328 0100007F:A028 01 0:0 0:0 0 x 0 1"]
    {
        assert_eq!(all(table), [], "{table}");
    }
    assert_eq!(parent_in("7 (a ) R b) S 3 7 7"), Some(3));
    assert_eq!(parent_in("7 (init) S 0 7 7"), None);
    assert_eq!(parent_in(""), None);
    assert_eq!(socket_in(Path::new("socket:[77]")), Some(77));
    assert_eq!(socket_in(Path::new("pipe:[77]")), None);
}

#[test]
fn users_have_the_name_of_the_table() {
    let passwd = "root:x:0:0:root:/root:/bin/sh\n\n# a remark\nann:x:1000:1000::/home/ann:/bin/sh\nbroken\n:x:7:7\n";
    let name = |uid| user_in(passwd, uid);
    assert_eq!(name(0).as_deref(), Some("root"));
    assert_eq!(name(1000).as_deref(), Some("ann"));
    assert_eq!([name(7), name(8)], [None, None]);
}

#[test]
fn our_own_sockets_are_found_by_our_own_number() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (here, there) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
    let sought = [
        SoughtSocket { is_tcp: true, local: Some(there), peer: here, is_dialled: false },
        SoughtSocket { is_tcp: true, local: Some(here), peer: there, is_dialled: true },
        SoughtSocket {
            is_tcp: false,
            local: None,
            peer: datagrams.local_addr().unwrap(),
            is_dialled: false,
        },
    ];
    let mut cache = PeerCache::default();
    let mut look = || look_for_sockets(&mut cache, &sought);
    let found = look();
    let whose = |found: &FoundPeer| match found {
        FoundPeer::Process { pid, listens, .. } => Some((*pid, *listens)),
        _ => None,
    };
    let us = std::process::id();
    assert!(newest_pid().is_some());
    let expected = [Some((us, false)), Some((us, true)), Some((us, false))];
    assert_eq!(found.iter().map(whose).collect::<Vec<_>>(), expected, "{found:?}");
    let (accepted, _) = listener.accept().unwrap();
    assert_eq!(whose(&look()[1]), Some((us, false)));
    drop((client, accepted));
    assert_eq!(look()[0], FoundPeer::Gone);
}
