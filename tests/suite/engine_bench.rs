//! A bench for engine tests: one engine, its events collected, waits with a deadline.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::timeout;
use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::engine::event::{Event, Phase, Summary};
use wirebench::engine::{Engine, EngineConfig, EngineHandle, Events};
use wirebench::model::end_address::EndAddress;
use wirebench::model::endpoint::Endpoint;
use wirebench::model::failure::{Failure, FailureKind};
use wirebench::model::fault::{FaultEffect, FaultFrom, FaultPlan, FaultWhen};
use wirebench::model::id::{ConnId, SessionId};
use wirebench::model::plan::{
    AnswerPart, Plan, RulePlan, TcpListenerPlan, TcpPlan, UdpListenerPlan, UdpPlan, WhenPlan,
};
use wirebench::model::record::{ConnInfo, Direction, LossTotals, Record, RecordKind};
use wirebench::model::secrets::Secrets;
use wirebench::model::tls::{ClientTls, ListenerTls};

/// Longest wait of any test for any event.
pub const DEADLINE: Duration = Duration::from_secs(10);

pub struct Bench {
    pub handle: EngineHandle,
    pub events: Events,
    /// Everything received so far, in order.
    pub records: Vec<Record>,
    pub conns: Vec<ConnInfo>,
    pub phases: Vec<(SessionId, Phase)>,
    pub lost: Option<LossTotals>,
    pub refused: Vec<Failure>,
    pub done: Vec<(SessionId, Result<Summary, Failure>)>,
    pub others: Vec<Event>,
    next: u64,
}

impl Bench {
    pub fn start() -> Self {
        Self::with(EngineConfig::default())
    }

    pub fn with(config: EngineConfig) -> Self {
        let (handle, events) = Engine::start(config);
        Bench {
            handle,
            events,
            records: Vec::new(),
            conns: Vec::new(),
            phases: Vec::new(),
            lost: None,
            refused: Vec::new(),
            done: Vec::new(),
            others: Vec::new(),
            next: 0,
        }
    }

    pub fn open(&mut self, plan: Plan) -> SessionId {
        self.next += 1;
        let id = SessionId(self.next);
        self.order(&Command::Open { id, plan: Box::new(plan), secrets: Secrets::default() });
        id
    }

    /// Hands an order over, again while the queue is full.
    fn order(&self, command: &Command) {
        let until = Instant::now() + DEADLINE;
        while let Err(failure) = self.handle.command(command.clone()) {
            assert_eq!(failure.kind, FailureKind::Busy);
            assert!(Instant::now() < until, "the queue stays full");
            std::thread::yield_now();
        }
    }

    pub fn send(&self, to: Recipient, data: &'static [u8]) {
        self.order(&Command::Send { to, data: Bytes::from_static(data) });
    }

    pub fn end(&self, conn: ConnId, how: CloseMode) {
        self.order(&Command::End { conn, how });
    }

    pub fn close(&self, id: SessionId, how: CloseMode) {
        self.order(&Command::Close { id, how });
    }

    /// Takes one event in and checks what must always hold.
    pub async fn step(&mut self) {
        let event = timeout(DEADLINE, self.events.facts.recv()).await;
        let event = event.unwrap_or_else(|_| panic!("nothing happened; so far {self}"));
        self.keep(event.expect("the engine runs"));
    }

    pub fn keep(&mut self, event: Event) {
        let over: HashSet<SessionId> = self.done.iter().map(|(id, _)| *id).collect();
        match event {
            Event::Traffic(batch) => {
                assert!(batch.records.len() <= 512, "a batch is bounded");
                self.conns.extend(batch.conns);
                for record in &batch.records {
                    assert!(!over.contains(&record.conn.session), "no record follows Done");
                    assert!(
                        self.conns.iter().any(|info| info.id == record.conn),
                        "{record:?} was never introduced"
                    );
                }
                self.records.extend(batch.records);
                self.lost = batch.lost.last().copied().or(self.lost);
            }
            Event::Phase { id, phase, .. } => {
                assert!(!over.contains(&id), "no phase follows Done");
                self.phases.push((id, phase));
            }
            Event::Refused { failure, .. } => self.refused.push(failure),
            Event::Done { id, outcome, .. } => {
                assert!(!over.contains(&id), "exactly one Done");
                self.done.push((id, outcome));
            }
            other => self.others.push(other),
        }
    }

    pub async fn until(&mut self, what: &str, seen: impl Fn(&Bench) -> bool) {
        let waiting = async {
            while !seen(self) {
                let event = self.events.facts.recv().await.expect("the engine runs");
                self.keep(event);
            }
        };
        let waited = timeout(DEADLINE, waiting).await;
        assert!(waited.is_ok(), "waited in vain for {what}; so far {self}");
    }

    /// The addresses a listener is bound to.
    pub async fn listening(&mut self, id: SessionId) -> Vec<SocketAddr> {
        let find = |bench: &Bench| {
            bench.phases.iter().find_map(|(of, phase)| match phase {
                Phase::Listening { addresses, .. } if *of == id => {
                    Some(addresses.iter().filter_map(EndAddress::inet).collect::<Vec<_>>())
                }
                _ => None,
            })
        };
        self.until("Listening", |bench| find(bench).is_some()).await;
        find(self).unwrap()
    }

    pub async fn connected(&mut self, id: SessionId) -> (SocketAddr, SocketAddr) {
        let find = |bench: &Bench| {
            bench.phases.iter().find_map(|(of, phase)| match phase {
                Phase::Connected { local, peer } if *of == id => local.inet().zip(peer.inet()),
                _ => None,
            })
        };
        self.until("Connected", |bench| find(bench).is_some()).await;
        find(self).unwrap()
    }

    /// Bytes of the data records of a session: sent and received.
    pub fn totals(&self, id: SessionId) -> (u64, u64) {
        let sum = |direction| -> u64 {
            let data = self.records.iter().filter(|record| {
                record.conn.session == id
                    && record.kind == RecordKind::Data
                    && record.direction == direction
            });
            data.map(|record| record.original_len).sum()
        };
        (sum(Direction::Sent), sum(Direction::Received))
    }

    pub async fn outcome(&mut self, id: SessionId) -> Result<Summary, Failure> {
        self.until("Done", |bench| bench.done.iter().any(|(of, _)| *of == id)).await;
        self.done.iter().find(|(of, _)| *of == id).unwrap().1.clone()
    }

    pub async fn record(&mut self, what: &str, wanted: impl Fn(&Record) -> bool) -> Record {
        self.until(what, |bench| bench.records.iter().any(&wanted)).await;
        self.records.iter().find(|record| wanted(record)).unwrap().clone()
    }

    pub async fn kind(&mut self, id: SessionId, kind: RecordKind) -> Record {
        self.record(&format!("{kind:?}"), |r| r.kind == kind && r.conn.session == id).await
    }

    /// All bytes of a direction on one connection so far.
    pub fn bytes(&self, conn: ConnId, direction: Direction) -> Vec<u8> {
        self.data(conn, direction).flat_map(|record| record.data.to_vec()).collect()
    }

    pub fn data(&self, conn: ConnId, direction: Direction) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| {
            record.conn == conn && record.direction == direction && record.kind == RecordKind::Data
        })
    }

    pub async fn received(&mut self, conn: ConnId, expected: &[u8]) {
        let what = format!("{} on {conn}", expected.escape_ascii());
        self.until(&what, |bench| bench.bytes(conn, Direction::Received).len() >= expected.len())
            .await;
        assert_eq!(self.bytes(conn, Direction::Received), expected);
    }
}

impl std::fmt::Display for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "phases {:?}", self.phases)?;
        for record in self.records.iter().rev().take(20).rev() {
            let data: Vec<u8> = record.data.iter().copied().take(120).collect();
            let text = data.escape_ascii();
            writeln!(f, "{} {:?} {:?} {text}", record.conn, record.direction, record.kind)?;
        }
        writeln!(f, "refused {:?}\ndone {:?}", self.refused, self.done)
    }
}

pub fn text(record: &Record) -> String {
    String::from_utf8_lossy(&record.data).into_owned()
}

pub fn tcp(peer: SocketAddr) -> TcpPlan {
    TcpPlan {
        endpoint: Endpoint::new(peer.ip().to_string(), peer.port()),
        tls: ClientTls::Off,
        steps: Vec::new(),
        connect_timeout: Duration::from_secs(10),
        socket: wirebench::model::socket_options::SocketOptions::default(),
        client: wirebench::model::socket_options::ClientOptions::default(),
    }
}

pub fn tcp_listener(rules: Vec<RulePlan>) -> TcpListenerPlan {
    TcpListenerPlan {
        bind: "127.0.0.1:0".parse().unwrap(),
        tls: ListenerTls::Off,
        greeting: Bytes::new(),
        rules,
        socket: wirebench::model::socket_options::SocketOptions::default(),
    }
}

pub fn udp(peer: SocketAddr) -> UdpPlan {
    let endpoint = Endpoint::new(peer.ip().to_string(), peer.port());
    UdpPlan {
        endpoint,
        client: wirebench::model::socket_options::ClientOptions::default(),
        steps: Vec::new(),
        socket: wirebench::model::socket_options::DatagramOptions::default(),
        any_peer: false,
    }
}

pub fn udp_listener(rules: Vec<RulePlan>) -> UdpListenerPlan {
    UdpListenerPlan {
        bind: "127.0.0.1:0".parse().unwrap(),
        rules,
        socket: wirebench::model::socket_options::DatagramOptions::default(),
        answer_rate: 1_000,
    }
}

pub fn echo() -> Vec<RulePlan> {
    vec![RulePlan {
        id: 1,
        when: WhenPlan::Always,
        send: vec![AnswerPart::Message],
        delay: Duration::ZERO,
    }]
}

pub fn answer(when: &'static str, send: &'static str) -> RulePlan {
    RulePlan {
        id: 1,
        when: WhenPlan::Contains(Bytes::from_static(when.as_bytes())),
        send: vec![AnswerPart::Literal(Bytes::from_static(send.as_bytes()))],
        delay: Duration::ZERO,
    }
}

/// A client that waits no longer than [`DEADLINE`].
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// The next client, waited for no longer than [`DEADLINE`] by each read.
pub fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// A fault that is always done.
pub fn fault(from: FaultFrom, effect: FaultEffect) -> FaultPlan {
    FaultPlan {
        from,
        effect,
        first: None,
        every: None,
        chance: 100,
        when: FaultWhen::default(),
        after: Duration::ZERO,
        lasts: None,
    }
}

/// A wait of always the same length.
pub fn delay(millis: u64) -> FaultEffect {
    FaultEffect::Delay { delay: Duration::from_millis(millis), jitter: Duration::ZERO }
}
