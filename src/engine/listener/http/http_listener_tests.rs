//! What takes too long for a test outside: here [`STALL`](super::connection::STALL) is short.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::engine::command::Command;
use crate::engine::event::{Event, Phase};
use crate::engine::{Engine, EngineConfig, EngineHandle, Events};
use crate::model::endpoint::Bind;
use crate::model::exchange::{Exchange, ExchangeState};
use crate::model::id::SessionId;
use crate::model::plan::{AnswerPlan, HttpListenerPlan, Plan, PlanBody};
use crate::model::secrets::Secrets;
use crate::model::tls::ListenerTls;

async fn listen() -> (EngineHandle, Events, SocketAddr) {
    let (handle, mut events) = Engine::start(EngineConfig::default());
    let body = PlanBody::Bytes(Bytes::new());
    let answer = AnswerPlan {
        status: 200,
        headers: Vec::new(),
        body,
        delay: Duration::ZERO,
        more: crate::model::http_answer::AnswerMore::default(),
    };
    let bind = Bind::Address("127.0.0.1:0".parse().unwrap());
    let plan = HttpListenerPlan {
        contract: None,
        mocks: false,
        bind,
        tls: ListenerTls::Off,
        rules: Vec::new(),
        answer,
        socket: crate::model::socket_options::SocketOptions::default(),
    };
    let plan = Box::new(Plan::HttpListener(plan));
    handle.command(Command::Open { id: SessionId(1), plan, secrets: Secrets::default() }).unwrap();
    loop {
        let event = events.facts.recv().await.unwrap();
        if let Event::Phase { phase: Phase::Listening { addresses, .. }, .. } = event {
            return (handle, events, addresses[0].inet().unwrap());
        }
    }
}

async fn ended(events: &mut Events) -> Exchange {
    loop {
        let event = timeout(Duration::from_secs(10), events.facts.recv()).await.unwrap();
        if let Some(Event::Exchange(exchange)) = event
            && exchange.state != ExchangeState::Active
        {
            return *exchange;
        }
    }
}

#[tokio::test]
async fn a_request_that_stalls_is_answered_408_and_shown() {
    let (_handle, mut events, address) = listen().await;
    for (begun, words) in [
        ("GET / HTTP/1.1\r\nA: b\r\n", "the head was incomplete after 0.2 s (22 bytes)"),
        (
            "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
            "after 3 of 9 body bytes",
        ),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
        let exchange = ended(&mut events).await;
        assert!(exchange.warnings[0].contains(words), "{:?}", exchange.warnings);
        assert!(begun.as_bytes().starts_with(&exchange.request.head.raw));
    }
}
