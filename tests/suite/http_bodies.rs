//! Bodies that are large, endless, coded or bombs, as the client receives them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::timeout;
use wirebench::engine::command::{CloseMode, Command};
use wirebench::engine::event::Event;
use wirebench::model::exchange::ExchangeState;
use wirebench::model::failure::FailureKind;
use wirebench::model::plan::Plan;
use wirebench::model::record::{RECORD_KEEPS, RecordKind};
use wirebench::model::view::{
    SearchDirection, SearchQuery, ViewMode, ViewPart, ViewQuery, WideEncoding,
};

use super::harness::peers::tcp_peer;
use super::http::{Bench, DEADLINE, Outcome, Step, peer, plan, posting};

async fn coded(bench: &mut Bench, coding: &str, body: &[u8]) -> Outcome {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let reply = [head.as_bytes(), body].concat();
    bench.get(&peer(vec![vec![Step::Head, Step::Write(reply)]])).await
}

fn gzip(bytes: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for part in bytes {
        encoder.write_all(&part).unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn codings_are_undone_and_what_stops_them_is_said() {
    let mut bench = Bench::new();
    let text = b"hello hello hello".to_vec();
    let packed = gzip(std::iter::once(text.clone()));
    let outcome = coded(&mut bench, "gzip", &packed).await;
    assert_eq!(bench.response_body(&outcome).await, text);
    let body = outcome.exchange().response.as_ref().unwrap().body.clone();
    assert_eq!((body.encoded_len, body.decoded_len), (packed.len() as u64, 17));
    assert_eq!((body.codings, body.decode_error), (vec!["gzip".to_owned()], None));
    let raw = bench.bytes(body.id, ViewPart::Raw).await;
    assert!(raw.ends_with(&packed));

    for (coding, bytes, kept, words) in [
        ("gzip", &packed[..packed.len() - 8], &text[..], "cut off"),
        ("gzip", b"not gzip at all", b"not gzip at all", "gzip"),
        ("quantum", b"as it came", b"as it came", "unknown content coding"),
    ] {
        let outcome = coded(&mut bench, coding, bytes).await;
        assert!(outcome.done.is_ok(), "{:?}", outcome.done);
        assert_eq!(bench.response_body(&outcome).await, kept, "{words}");
        let body = &outcome.exchange().response.as_ref().unwrap().body;
        let error = body.decode_error.clone().unwrap_or_default();
        assert!(error.contains(words) && body.complete, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_stops_at_the_bound_and_its_raw_bytes_go_on() {
    let mut bench = Bench::new();
    let bomb = gzip((0..300).map(|_| vec![0; 1 << 20]));
    let outcome = coded(&mut bench, "gzip", &bomb).await;
    assert!(outcome.done.is_ok());
    let body = &outcome.exchange().response.as_ref().unwrap().body;
    assert_eq!((body.encoded_len, body.decoded_len), (bomb.len() as u64, 256 << 20));
    assert!(body.decode_error.as_ref().unwrap().contains("256 MiB"));
}

/// A peer that sends without end once the head of the request is in; returns its address.
fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let part = vec![b'e'; 1 << 20];
        while stream.write_all(&part).is_ok() {}
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cancelled_at_once_and_stays_readable() {
    let mut bench = Bench::new();
    let session = bench.open(Plan::Http(plan("GET", &endless())));
    loop {
        if let Event::Progress { encoded, .. } = bench.fact().await
            && encoded > 16 << 20
        {
            break;
        }
    }
    let asked = Instant::now();
    bench.handle.command(Command::Close { id: session, how: CloseMode::Reset }).unwrap();
    let outcome = bench.finish(session).await;
    let took = asked.elapsed();
    println!("cancelled in {took:?}");
    assert!(took < Duration::from_millis(200), "{took:?}");
    assert_eq!(outcome.failure().kind, FailureKind::Cancelled);
    let body = &outcome.exchange().response.as_ref().unwrap().body;
    assert!(body.encoded_len > 16 << 20);
    let bytes = bench.bytes(body.id, ViewPart::Decoded).await;
    assert!(bytes.len() > 15 << 20 && bytes.iter().all(|byte| *byte == b'e'));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_gets_the_first_mebibyte_and_the_true_length() {
    let mut bench = Bench::new();
    let body = vec![b'x'; 5 << 20];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let reply = [head.as_bytes(), &body].concat();
    let total = reply.len();
    let outcome = bench.get(&peer(vec![vec![Step::Head, Step::Write(reply)]])).await;
    let received = outcome
        .records
        .iter()
        .filter(|record| record.kind == RecordKind::Data && !record.data.starts_with(b"GET"));
    let (kept, true_length) = received.fold((0, 0), |(kept, length), record| {
        (kept + record.data.len(), length + record.original_len as usize)
    });
    // The request is short and its records are not counted; the peer's are all there.
    assert_eq!((kept, true_length), (RECORD_KEEPS, total));
    assert!(bench.response_body(&outcome).await == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_show_while_the_body_is_still_on_its_way() {
    let mut bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let session = bench.open(Plan::Http(plan("GET", &url)));
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n[1,").unwrap();
    let body = loop {
        if let Event::Exchange(exchange) = bench.fact().await
            && let Some(response) = exchange.response
        {
            break response.body.id;
        }
    };
    let part = ViewPart::Decoded;
    let query = ViewQuery::new(body, part, ViewMode::Pretty, 0, 10);
    bench.handle.view(query).unwrap();
    let mut seen = Vec::new();
    for more in ["2,", "3]"] {
        stream.write_all(more.as_bytes()).unwrap();
        loop {
            let event = bench.events.urgent.recv().await.unwrap();
            let Event::View(view) = event else { continue };
            seen = view.lines.iter().map(|line| line.bytes.clone()).collect::<Vec<_>>();
            let last = more.trim_end_matches([',', ']']);
            if seen.iter().any(|line| line.starts_with(last.as_bytes())) {
                break;
            }
        }
    }
    assert_eq!(seen[..2], ["[", "1,"]);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    loop {
        let event = bench.events.urgent.recv().await.unwrap();
        if let Event::View(view) = event
            && view.complete
        {
            assert_eq!(view.lines.len(), 5);
            break;
        }
    }
    assert_eq!(bench.finish(session).await.exchange().state, ExchangeState::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_in_utf_16_is_shown_and_searched_as_characters_and_kept_as_it_came() {
    let mut bench = Bench::new();
    let text = (0..5000).map(|n| format!("Zeile {n} ÄÖ\r\n")).collect::<Vec<_>>().concat();
    let mut body = vec![0xff, 0xfe];
    body.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let reply = [head.as_bytes(), &body].concat();
    let outcome = bench.get(&peer(vec![vec![Step::Head, Step::Write(reply)]])).await;
    assert!(bench.response_body(&outcome).await == body);
    let id = outcome.exchange().response.as_ref().unwrap().body.id;
    let (part, mode) = (ViewPart::Decoded, ViewMode::Wide(WideEncoding::Utf16Le));
    bench.handle.view(ViewQuery::new(id, part, mode, 4998, 2)).unwrap();
    loop {
        let event = timeout(DEADLINE, bench.events.urgent.recv()).await.unwrap().unwrap();
        let Event::View(view) = event else { continue };
        if view.complete {
            assert_eq!(view.total_lines, 5000);
            let lines: Vec<&[u8]> = view.lines.iter().map(|line| &*line.bytes).collect();
            assert_eq!(lines, ["Zeile 4998 ÄÖ".as_bytes(), "Zeile 4999 ÄÖ".as_bytes()]);
            break;
        }
    }
    let query = SearchQuery {
        body: id,
        part,
        mode,
        text: "zeile 1234 äö".into(),
        from: 0,
        direction: SearchDirection::Forward,
    };
    bench.handle.command(Command::Search(query)).unwrap();
    loop {
        let event = timeout(DEADLINE, bench.events.urgent.recv()).await.unwrap().unwrap();
        if let Event::Found(found) = event {
            assert_eq!(found.hit.map(|(line, _)| line), Some(1234));
            break;
        }
    }
}

/// The peer answers early, and what its answer unpacks to keeps a decoder busy for much longer than
/// the rest of the request takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_on_while_its_response_waits_for_the_decoder() {
    const ZEROS: usize = if cfg!(debug_assertions) { 64 << 20 } else { 240 << 20 };
    const UPLOAD: usize = 8 << 20;
    let noise = (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
    let packed = gzip([vec![0; ZEROS], noise.collect()].into_iter());
    let (go, head_seen) = std::sync::mpsc::channel();
    let head_seen = std::sync::Mutex::new(head_seen);
    let peer = tcp_peer(move |mut stream| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            packed.len()
        )
        .into_bytes();
        answer.extend_from_slice(&packed);
        let mut writer = stream.try_clone().unwrap();
        let answering = std::thread::spawn(move || writer.write_all(&answer));
        // From here on there is something to decode.
        head_seen.lock().unwrap().recv().unwrap();
        let mut left = UPLOAD;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            left -= stream.read(&mut buffer).unwrap();
        }
        answering.join().unwrap().unwrap();
    });
    let mut bench = Bench::new();
    let plan = posting(&format!("http://{peer}/"), &vec![b'u'; UPLOAD]);
    let id = bench.open(Plan::Http(plan));
    let exchange = loop {
        match bench.fact().await {
            Event::Exchange(exchange) if exchange.state == ExchangeState::Complete => {
                break exchange;
            }
            Event::Exchange(exchange) if exchange.response.is_some() => {
                let _ = go.send(());
            }
            Event::Done { outcome, .. } => panic!("{outcome:?}"),
            _ => {}
        }
    };
    assert_eq!(exchange.conn.session, id);
    let body = &exchange.response.as_ref().unwrap().body;
    assert_eq!((body.decoded_len, body.complete), (ZEROS as u64 + 300_000, true));
    let (sent, total) = (exchange.timing.send.unwrap(), exchange.timing.total);
    assert!(sent < total / 2, "the request was out after {sent:?} of {total:?}");
}
