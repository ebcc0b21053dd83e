//! What every listener has in common looks the same whatever it speaks.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use wirebench::engine::command::CloseMode;
use wirebench::engine::event::Phase;
use wirebench::model::endpoint::Bind;
use wirebench::model::failure::FailureKind;
use wirebench::model::id::SessionId;
use wirebench::model::plan::{
    AnswerPlan, HttpListenerPlan, Plan, PlanBody, TcpListenerPlan, UdpListenerPlan,
};
use wirebench::model::record::{Direction, Record, RecordKind};
use wirebench::model::tls::{ClientTls, ListenerTls};
use wirebench::model::trust::{TrustedCertificates, Verify};

use super::bench::{Bench, echo, tcp, tcp_listener, text, udp_listener};

/// Something every listener takes in.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// One listener of each protocol that accepts connections. The HTTP one takes its time to answer.
fn listeners(bind: &Bind, tls: &ListenerTls) -> [Plan; 2] {
    let answer = AnswerPlan {
        status: 200,
        headers: Vec::new(),
        body: PlanBody::Bytes(Bytes::new()),
        delay: Duration::from_secs(60),
        more: wirebench::model::http_answer::AnswerMore::default(),
    };
    let (bind, tls) = (bind.clone(), tls.clone());
    let stream = TcpListenerPlan { bind: bind.clone(), tls: tls.clone(), ..tcp_listener(echo()) };
    let http = HttpListenerPlan {
        contract: None,
        mocks: false,
        bind,
        tls,
        socket: wirebench::model::socket_options::SocketOptions::default(),
        rules: Vec::new(),
        answer,
    };
    [Plan::TcpListener(stream), Plan::HttpListener(http)]
}

fn anywhere() -> Bind {
    Bind::Address("127.0.0.1:0".parse().unwrap())
}

/// What was recorded of a session or one of its connections, without what differs each time.
fn told(record: &Record, address: SocketAddr, peer: SocketAddr) -> String {
    let text = text(record).replace(&address.to_string(), "HERE");
    let text = text.replace(&peer.to_string(), "THERE");
    let took = text.find(" in ").map_or(text.len(), |at| at);
    format!("{:?} {:?} {}", record.kind, record.direction, &text[..took])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_recorded_in_the_same_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut all = Vec::new();
    let mut bench = Bench::start();
    for plan in listeners(&Bind::Address(taken.local_addr().unwrap()), &ListenerTls::Off) {
        let id = bench.open(plan);
        let failure = bench.outcome(id).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::AddressInUse);
        let own = bench.records.iter().filter(|record| record.conn == id.itself());
        let own: Vec<_> = own.map(|record| (record.kind, text(record))).collect();
        assert_eq!(own, [(RecordKind::Failed, failure.to_string())]);
        all.push(failure);
    }
    assert_eq!(all[0], all[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_opened_right_behind_the_end_of_another_gets_its_port() {
    let port = crate::harness::peers::free_port();
    let bind = Bind::Address(SocketAddr::from(([127, 0, 0, 1], port)));
    let mut bench = Bench::start();
    let udp = UdpListenerPlan { bind: bind.clone(), ..udp_listener(echo()) };
    let [tcp, http] = listeners(&bind, &ListenerTls::Off);
    for plan in [tcp, http, Plan::UdpListener(udp)] {
        let mut before = bench.open(plan.clone());
        for _ in 0..100 {
            bench.listening(before).await;
            bench.close(before, CloseMode::Close);
            before = bench.open(plan.clone());
        }
        bench.listening(before).await;
        bench.close(before, CloseMode::Close);
        bench.outcome(before).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn binding_accepting_and_securing_are_told_in_the_same_words() {
    let mut all = Vec::new();
    for plan in listeners(&anywhere(), &ListenerTls::Generated) {
        let mut bench = Bench::start();
        let id = bench.open(plan);
        let address = bench.listening(id).await[0];
        let mut client = tcp(address);
        client.tls = ClientTls::On {
            verify: Verify::Off,
            trust: TrustedCertificates::default(),
            sni: String::new(),
            choices: wirebench::model::tls::TlsChoices::default(),
        };
        let client = bench.open(Plan::Tcp(client));
        let (peer, _) = bench.connected(client).await;
        let own = |bench: &Bench| -> Vec<String> {
            let own = bench.records.iter().filter(|record| record.conn.session == id);
            own.map(|record| told(record, address, peer)).collect()
        };
        bench.until("secured", |bench| own(bench).len() == 3).await;
        all.push(own(&bench));
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0][0], "Bound Local listening on HERE (TLS)");
    assert_eq!(all[0][1], "Accepted Received accepted from THERE");
    assert!(all[0][2].starts_with("Secured Local TLSv1.3 "), "{all:?}");
}

/// The count of open and refused connections becomes this.
async fn clients(bench: &mut Bench, id: SessionId, wanted: (u32, u32)) {
    let wanted = (id, Phase::Clients { open: wanted.0, refused: wanted.1 });
    bench.until("the count", |bench| bench.phases.contains(&wanted)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_reset_shown_and_counted_in_the_same_words() {
    for plan in listeners(&anywhere(), &ListenerTls::Off) {
        let mut bench = Bench::start();
        let is_http = matches!(plan, Plan::HttpListener(_));
        let id = bench.open(plan);
        let address = bench.listening(id).await[0];
        // Busy, each in its own way: nothing of it may make room.
        let busy: Vec<TcpStream> = (0..256)
            .map(|_| {
                let mut client = TcpStream::connect(address).unwrap();
                std::io::Write::write_all(&mut client, REQUEST).unwrap();
                client
            })
            .collect();
        let begun = |bench: &Bench| {
            let data = bench.records.iter().filter(|record| {
                record.kind == RecordKind::Data && record.direction == Direction::Received
            });
            data.count() == 256
        };
        bench.until("256 busy connections", begun).await;
        let mut refused = TcpStream::connect(address).unwrap();
        let peer = refused.local_addr().unwrap();
        clients(&mut bench, id, (256, 1)).await;
        let said = bench.kind(id, RecordKind::Failed).await;
        assert_eq!(said.conn, id.itself());
        assert_eq!(text(&said), format!("refused {peer}: 256 connections are open already"));
        refused.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut told = String::new();
        let read = refused.read_to_string(&mut told);
        let in_words = told.starts_with("HTTP/1.1 503 ");
        assert!(in_words || read.is_err(), "it is reset, or told in HTTP: {told}");
        assert_eq!(in_words, is_http);
        if is_http {
            // More than are waited for, and each says nothing at first.
            let many: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
            clients(&mut bench, id, (256, 21)).await;
            for mut refused in many {
                refused.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                // It may be closed already; what it was told is still there.
                let _ = std::io::Write::write_all(&mut refused, REQUEST);
                let mut told = [0; 13];
                refused.read_exact(&mut told).unwrap();
                assert_eq!(&told, b"HTTP/1.1 503 ");
            }
        }
        drop(busy);
        bench.close(id, CloseMode::Reset);
        assert_eq!(bench.outcome(id).await.unwrap().ended, "stopped by us");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_never_finish_their_handshake_make_room_for_one_that_does() {
    for plan in listeners(&anywhere(), &ListenerTls::Generated) {
        let mut bench = Bench::start();
        let id = bench.open(plan);
        let address = bench.listening(id).await[0];
        let silent: Vec<_> = (0..256).map(|_| TcpStream::connect(address).unwrap()).collect();
        clients(&mut bench, id, (256, 0)).await;
        // Who came just now keeps the place.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let mut client = tcp(address);
        let (trust, sni) = (TrustedCertificates::default(), String::new());
        client.tls = ClientTls::On {
            verify: Verify::Off,
            trust,
            sni,
            choices: wirebench::model::tls::TlsChoices::default(),
        };
        let client = bench.open(Plan::Tcp(client));
        bench.connected(client).await;
        let gone = "closed to make room for another connection: the handshake was not finished";
        bench
            .until("who made room", |bench| bench.records.iter().any(|record| text(record) == gone))
            .await;
        drop(silent);
        bench.close(id, CloseMode::Reset);
        bench.outcome(id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_400_quick_clients_none_is_refused_although_none_lets_go() {
    for plan in listeners(&anywhere(), &ListenerTls::Off) {
        let (plan, request) = match plan {
            Plan::HttpListener(mut plan) => {
                plan.answer.delay = Duration::ZERO;
                (Plan::HttpListener(plan), REQUEST)
            }
            other => (other, &b"hi"[..]),
        };
        let is_http = matches!(plan, Plan::HttpListener(_));
        let mut bench = Bench::start();
        let id = bench.open(plan);
        let address = bench.listening(id).await[0];
        let mut held = Vec::new();
        for _ in 0..400 {
            let mut client = TcpStream::connect(address).unwrap();
            client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            std::io::Write::write_all(&mut client, request).unwrap();
            if !is_http {
                client.shutdown(std::net::Shutdown::Write).unwrap();
            }
            client.read_exact(&mut [0; 2]).unwrap();
            held.push(client);
        }
        bench.until("400 clients", |bench| accepted(bench, id).len() == 400).await;
        let refused = bench
            .phases
            .iter()
            .filter(|(_, phase)| matches!(phase, Phase::Clients { refused, .. } if *refused > 0));
        assert_eq!(refused.count(), 0);
        bench.close(id, CloseMode::Reset);
        bench.outcome(id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_while_the_shell_is_behind() {
    for plan in listeners(&anywhere(), &ListenerTls::Off) {
        let mut bench = Bench::start();
        let id = bench.open(plan);
        let address = bench.listening(id).await[0];
        // Nobody takes facts now, until well over 4 MiB of them wait.
        let mut floods: Vec<_> = (0..12).map(|_| flood(address)).collect();
        let (mut quiet, piece) = (0, vec![b'x'; 65536]);
        while quiet < 20 {
            quiet += 1;
            for flood in &mut floods {
                if std::io::Write::write(flood, &piece).is_ok() {
                    quiet = 0;
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let late: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let taking = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        bench.until("the newcomers", |bench| accepted(bench, id).len() == 20).await;
        let times = accepted(&bench, id);
        let after = times.iter().filter(|at| u128::from(**at) > taking.as_nanos()).count();
        // One may have been let in before the shell was behind.
        assert!(after >= 7, "{after} of 8 came in when the shell took facts again");
        drop(late);
        bench.close(id, CloseMode::Reset);
        bench.outcome(id).await.unwrap();
    }
}

/// A client that sends without end.
fn flood(address: SocketAddr) -> TcpStream {
    let mut flood = TcpStream::connect(address).unwrap();
    let head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n";
    std::io::Write::write_all(&mut flood, head).unwrap();
    flood.set_nonblocking(true).unwrap();
    flood
}

/// When connections were let in, in nanoseconds of the clock.
fn accepted(bench: &Bench, id: SessionId) -> Vec<u64> {
    let of_listener = bench.records.iter().filter(|record| record.conn.session == id);
    let accepted = of_listener.filter(|record| record.kind == RecordKind::Accepted);
    accepted.map(|record| record.at.0).collect()
}
